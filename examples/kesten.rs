//! A Kesten process, a model of the sizes of firms: `x' = a x + b` with random a and b. It runs for a million
//! firms over 500 years. The tail of the sizes is a power law, though no shock has a heavy tail.
//!
//! `cargo run --release --example kesten` runs it, `-- 100000` with the fewest firms that it takes.
//!
//! The exponent of the power law is the positive root of E[a^k] = 1 (Kesten 1973). With ln a normal, the root
//! is -2 mu / sigma^2. Hill's estimator finds the exponent in the sample.

use kiln::prelude::*;
use kiln::{Interrupted, interruptible, lax, numpy as np, random};

const YEARS: usize = 500;

fn main() -> Result<(), Interrupted> {
    // Ctrl-C ends the simulation, and a bar shows how far it is.
    kiln::interrupt_on_ctrl_c();
    let _bar = kiln::progress_bar();
    interruptible(run)
}

fn run() {
    // Growth and entry are lognormal, as in QuantEcon's "Kesten Processes and Firm Dynamics". Growth is more
    // random here.
    let (mu_a, sigma_a, mu_b, sigma_b): (f64, f64, f64, f64) = (-0.25, 0.5, 0.0, 0.5);
    let (mu_e, sigma_e, floor) = (0.0, 0.5, 1.0);

    let firms: usize = std::env::args()
        .nth(1)
        .map_or(1_000_000, |n| n.parse().expect("a number of firms"));

    // ANCHOR: simulate
    let simulate = jit(move |key: Key| {
        let start = np::full(firms, 1.0);
        let year = move |_, (x, key): (Array, Key)| {
            let [key, subkey] = key.split();
            let z = random::normal(subkey, (3, firms));
            let a = (mu_a + sigma_a * z.index(0)).exp();
            let b = (mu_b + sigma_b * z.index(1)).exp();
            let entrant = (mu_e + sigma_e * z.index(2)).exp();
            // A firm below the floor is replaced by an entrant.
            (np::where_(x.lt(floor), entrant, a * &x + b), key)
        };
        lax::fori_loop(0, YEARS, year, (start, key)).0
    });

    let sizes = simulate(Key::new(42)).sort();
    // ANCHOR_END: simulate
    println!(
        "mean size {:.3}, median {:.3}",
        sizes.mean().item::<f32>(),
        sizes.index((firms / 2) as i64).item::<f32>()
    );
    let size = |rank: usize| sizes.index((firms - rank) as i64);
    let top = 1000;
    let largest = sizes.index((firms - top) as i64..);
    let hill = 1 / (largest / size(top)).log().mean();
    println!(
        "tail exponent {:.2}, in theory {:.2}",
        hill.item::<f32>(),
        -2.0 * mu_a / sigma_a.powi(2)
    );
    println!("rank          size");
    for rank in [10, 100, 1_000, 10_000, 100_000] {
        println!("{rank:>7}  {:>8.2}", size(rank).item::<f32>());
    }
}
