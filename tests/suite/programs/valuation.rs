//! Values of Markov decision problems: optimal savings, and the price of an asset.

use super::check;
use super::model::Model;
use super::tauchen::tauchen;
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{lax, random};

/// The three methods return one policy: the indices of the next wealth, whose sum is 3480.
#[test]
fn optimal_savings() {
    let program = || {
        let model = Model::new(30, 8);
        let (policy, v) = model.value_function_iteration();
        for other in [
            model.optimistic_policy_iteration(20),
            model.howard_policy_iteration(),
        ] {
            assert!(policy.equal(other).all().item::<bool>());
        }
        let (log_income, q) = tauchen(8, 0.9, 0.1);
        vec![policy.index(0), policy.sum(), v.index(0), log_income, q.index(0)]
    };
    // The grid is rounded a few times. A probability is the difference of two numbers up to 1, and so is off
    // by their roundings. Values come out of a contraction by 0.98, which multiplies the roundings of a
    // period by 1 / (1 - 0.98): 8 products, and two powers.
    check("savings", program, || vec![0.0, 0.0, 50.0 * 20.0, 8.0, 16.0]);
}

#[test]
fn the_price_of_an_asset() {
    let program = || {
        let (states, p) = tauchen(100, 0.9, 0.01);
        let growth = 0.01 - 2.5 * 0.01 + (0.04_f64.powi(2) + 2.5_f64.powi(2) * 0.02_f64.powi(2)) / 2.0;
        let k = 0.98 * (growth + (1.0 - 2.5) * states.expand_dims(1)).exp() * p;
        let b = random::normal(Key::new(1234), 100);
        let body = |_: Array, (b, _): (Array, Array)| {
            let kb = k.dot(&b);
            let radius = (&kb * &b).sum() / (&b * &b).sum();
            (&kb / linalg::norm(&kb), radius)
        };
        let (_, radius) = lax::fori_loop(0, 15, body, (b, np::zeros(())));
        assert!(radius.item::<f64>() < 1.0, "the price is infinite");
        let v = linalg::solve(np::identity(100) - &k, k.dot(np::ones(100)));
        vec![radius, v.index(..3), v.index(-3..)]
    };
    // The price is 15 products of 100 terms. The condition of I - K is below 200. The inverse of I - K sums
    // to the price-dividend ratio.
    check("price dividend", program, || {
        vec![1500.0, 200.0 * 100.0, 200.0 * 100.0]
    });
}
