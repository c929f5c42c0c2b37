//! The likelihood of a Gaussian process, and the length, scale and noise that fit thirty observations.

use crate::programs::check;
use kiln::numpy::linalg;
use kiln::prelude::*;

/// Returns the negative log-likelihood and its gradient, and the parameters after 20 steps with momentum. The
/// determinant is a product of eigenvalues. JAX's version has a Cholesky decomposition.
fn gaussian_process() -> Vec<Array> {
    let n = 30;
    let [first, second] = Key::new(5).split();
    let x = random::uniform(first, n).sort() * 10;
    let y = x.sin() + 0.1 * random::normal(second, n);
    let negative_log_likelihood = |p: Array| {
        let [length, scale, noise] = p.exp().unstack();
        let distance = (x.index((.., NewAxis)) - &x) / length;
        let k = scale * (-0.5 * distance.pow(2)).exp() + (noise + 1e-6) * np::identity(n);
        let quadratic = y.dot(linalg::solve(&k, &y));
        0.5 * (quadratic + linalg::eigh(k).eigenvalues.log().sum() + n as f64 * (2.0 * np::PI).ln())
    };
    let fit = jit(|p: Array| {
        let slope = grad(negative_log_likelihood);
        let m = np::zeros_like(&p);
        let body = |_, (p, m): (Array, Array)| {
            let m = 0.9 * m + slope(p.clone()) / n;
            (p - 0.05 * &m, m)
        };
        lax::fori_loop(0, 20, body, (p, m)).0
    });
    let p = np::array([0.0, 0.0, -3.0]);
    let (value, slope) = jit(value_and_grad(negative_log_likelihood))(p.clone());
    vec![value, slope, fit(p)]
}

/// The condition of the matrix is at most 30 / exp(-3) = 600. The value is a tenth of the terms of which it
/// is a difference, and 1 / √600 of an error along the least eigenvectors is left. The gradient has the whole
/// condition: it contains the inverse times a derivative. The fit adds 20 gradients times 0.05 / 30, with
/// momentum up to ten times that, to parameters of up to 4, half of the gradients' size.
#[test]
fn gaussian_process_is_jaxs() {
    check("gaussian_process", gaussian_process, || {
        vec![10.0 * 25.0, 600.0, 600.0 * 20.0 * 0.05 / 30.0 * 10.0 * 2.0]
    });
}
