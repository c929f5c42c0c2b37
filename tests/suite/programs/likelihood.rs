//! Maximum likelihood: the Poisson regression by Newton's method.

use super::check;
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{grad, jacfwd, jacrev, random};

fn poisson_regression(x: &Array, y: &Array, tolerance: f64) -> Vec<Array> {
    let log_likelihood = |b: Array| {
        let mean = x.matmul(b).exp();
        (y * mean.log() - &mean - (y + 1.0).lgamma()).sum()
    };
    let gradient = grad(log_likelihood);
    let step = jit(|b: Array| linalg::inv(jacfwd(&gradient)(b.clone())).matmul(gradient(b)));
    let mut b = np::full(x.shape()[1], 0.1);
    // The Hessian is symmetric, and reverse mode returns the same.
    let (forward, reverse) = (jacfwd(&gradient)(b.clone()), jacrev(&gradient)(b.clone()));
    assert!(
        np::isclose_with(&forward, reverse, |o| o.rtol(1e-12).atol(0.0))
            .all()
            .item::<bool>()
    );
    for n in 1.. {
        let by = step(b.clone());
        b -= &by;
        if by.abs().max().item::<f64>() <= tolerance {
            return vec![b, n.into()];
        }
        assert!(n < 100, "no convergence");
    }
    unreachable!()
}

#[test]
fn five_observations() {
    let program = || {
        let x = np::array([
            [1.0, 2.0, 5.0],
            [1.0, 1.0, 3.0],
            [1.0, 4.0, 2.0],
            [1.0, 5.0, 2.0],
            [1.0, 3.0, 1.0],
        ]);
        poisson_regression(&x, &np::array([1.0, 0.0, 1.0, 1.0, 0.0]), 1e-3)
    };
    // The last step is at most 1e-3. So the distance that is left is about its square, 1e-6 in both
    // libraries. They differ by roundings times the Hessian's condition, 500.
    check("mle", program, || vec![500.0 * 64.0, 0.0]);
}

/// The mean of each draw is an exponential that is a few ulp off JAX's. So one draw in some millions differs.
#[test]
fn half_a_million_draws() {
    let program = || {
        let key = Key::new(32);
        let x = random::normal(key.clone(), (500_000, 1));
        let y = random::poisson(key, (-2.5 + 0.25 * &x + 0.5 * x.pow(2)).exp(), (500_000, 1));
        let design = np::hstack([np::ones_like(&x), x.clone(), x.pow(2)]);
        let mut results = poisson_regression(&design, &y.index((.., 0)).astype(x.dtype()), 1e-5);
        results.push(y.sum());
        results
    };
    // Another draw changes the estimate by about 1 / 500 000.
    check("mle simulated", program, || vec![2e-6 / f64::EPSILON, 0.0, 0.0]);
}
