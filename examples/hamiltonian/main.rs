//! The posterior of a logistic regression by Hamiltonian Monte Carlo. A draw is a loop over gradients, a
//! chain is a `scan` over keys, and `vmap` runs all chains at once.
//!
//! `cargo run --release --example hamiltonian`, `-- --help` for options.

mod sampler;

use clap::Parser;
use kiln::prelude::*;
use sampler::Sampler;

/// Draws from the posterior of a logistic regression.
#[derive(Parser)]
struct Options {
    /// Chains, of which each begins somewhere else
    #[arg(long, default_value_t = 4)]
    chains: usize,
    /// Draws of each chain, of which the first fifth is left out
    #[arg(long, default_value_t = 1000)]
    draws: usize,
}

fn main() {
    let Options { chains, draws } = Options::parse();
    let [inputs, outcomes, starts, keys] = Key::new(0).split();
    let x = random::normal(inputs, (500, 4));
    let truth = np::array([-1.0, 0.0, 0.5, 2.0]);
    let y = random::uniform(outcomes, 500).lt(x.matmul(&truth).logistic());

    // The likelihood, and a normal prior of variance 10.
    let log_posterior = |b: &Array| {
        let z = x.matmul(b);
        (&y * &z - np::maximum(&z, 0) - (-z.abs()).exp().log1p()).sum() - b.pow(2).sum() / 20
    };
    let sampler = Sampler {
        step: 0.05,
        leaps: 10,
    };
    let chain = |(start, key): (Array, Key)| sampler.chain(log_posterior, start, key, draws);
    let b = jit(vmap(chain))((random::normal(starts, (chains, 4)), keys.split_n(chains)));
    let b = b.index((.., draws / 5..));

    let (mean, sd) = (b.mean_axis((0, 1)), b.std_axis((0, 1)));
    println!("truth      {truth:8.3}");
    println!("mean       {mean:8.3}");
    println!("deviation  {sd:8.3}");
    // The chains agree if the statistic of Gelman and Rubin is near 1.
    let within = b.var_with(|o| o.axis(1).ddof(1)).mean_axis(0);
    let between = b.mean_axis(1).var_with(|o| o.axis(0).ddof(1));
    println!("agreement  {:8.3}", (1 + between / within).sqrt());
}
