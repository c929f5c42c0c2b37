//! Five portfolios without short sales, by projected gradients.

use crate::programs::check;
use kiln::prelude::*;

/// Returns the mean return of the best portfolio for five aversions to risk, and the number of its assets.
fn portfolio() -> Vec<Array> {
    let n = 20;
    let [first, second] = Key::new(9).split();
    let mu = 0.05 + 0.05 * random::normal(first, n);
    let factors = 0.1 * random::normal(second, (n, 10));
    let sigma = factors.matmul(factors.t()) + 0.02 * np::identity(n);
    let project = |v: Array| {
        let u = v.sort().flip();
        let excess = u.cumsum() - 1;
        let k = u.gt(&excess / np::arange(1..n + 1)).sum();
        np::maximum(v - excess.index(&k - 1) / k, 0)
    };
    let solve = |gamma: Array| {
        let slope = grad(|w: Array| &gamma / 2 * w.dot(sigma.matmul(&w)) - mu.dot(w));
        let step = |_, w: Array| project(&w - 0.1 * slope(w.clone()) / &gamma);
        lax::fori_loop(0, 200, step, np::full(n, 1.0 / n as f64))
    };
    let w = jit(vmap(solve))(np::linspace(1, 20, 5));
    vec![w.matmul(&mu), w.gt(1e-6).sum_axis(1)]
}

/// A step forgets 0.1 times the least eigenvalue of sigma, 0.02, of an error: all 200 steps are remembered. A
/// step has about ten roundings, so that there are √2000 = 45.
#[test]
fn portfolio_is_jaxs() {
    check("portfolio", portfolio, || vec![2.0 * 45.0, 0.0]);
}
