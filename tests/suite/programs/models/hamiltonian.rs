//! Hamiltonian Monte Carlo of a logistic regression: two chains under `vmap`, by the sampler of the example.

#[path = "../../../../examples/hamiltonian/sampler.rs"]
mod sampler;

use super::softplus;
use crate::programs::check;
use kiln::prelude::*;
use sampler::Sampler;

/// Returns the posterior means, and the statistic of Gelman and Rubin.
fn hamiltonian() -> Vec<Array> {
    let (n, d, steps, chains) = (100, 3, 60, 2);
    let [ka, kb, kc, kd] = Key::new(7).split();
    let x = random::normal(ka, (n, d));
    let y = random::uniform(kb, n).lt(x.matmul(np::arange(d) / 2 - 1).logistic());
    let log_posterior = |b: &Array| {
        let z = x.matmul(b);
        (&y * &z - softplus(&z)).sum() - 0.5 * b.pow(2).sum() / 10
    };
    let sampler = Sampler { step: 0.05, leaps: 5 };
    let chain = |(b, key): (Array, Key)| sampler.chain(log_posterior, b, key, steps);
    let b = jit(vmap(chain))((random::normal(kc, (chains, d)), kd.split_n(chains)));
    let b = b.index((.., 20..));
    let within = b.var_with(|o| o.axis(1).ddof(1)).mean_axis(0);
    let between = b.mean_axis(1).var_with(|o| o.axis(0).ddof(1));
    vec![b.mean_axis((0, 1)), (1 + between / within).sqrt().max()]
}

/// A leap adds a gradient, which is a sum of 100 terms, to a position, times 0.05: half of √100 roundings.
/// The energy is preserved, so an error grows as the root of the number of leaps, √300 = 17, and not faster.
/// Both libraries accept the same proposals. Positions are three times their mean.
#[test]
fn hamiltonian_is_jaxs() {
    check("hamiltonian", hamiltonian, || {
        vec![3.0 * 0.5 * 17.0, 3.0 * 0.5 * 17.0]
    });
}
