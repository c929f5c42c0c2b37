//! A GARCH(1, 1) model by maximum likelihood, with standard errors from the Hessian.

use super::{adam, softplus};
use crate::programs::check;
use kiln::hessian;
use kiln::numpy::linalg;
use kiln::prelude::*;

fn unpack(p: &Array) -> [Array; 3] {
    let [w, a, b] = p.unstack();
    let a = a.logistic();
    let b = b.logistic() * (1 - &a);
    [softplus(&w), a, b]
}

/// Returns the parameters after 50 steps of Adam, and their standard errors.
fn garch() -> Vec<Array> {
    let n = 200;
    let simulate = |h: Array, z: Array| {
        let r = h.sqrt() * z;
        (0.05 + 0.1 * r.pow(2) + 0.85 * h, r)
    };
    let (_, r) = lax::scan(simulate, np::array(1.0), random::normal(Key::new(4), n));
    let negative_log_likelihood = |p: Array| {
        let [w, a, b] = unpack(&p);
        let step = |h: Array, r: Array| {
            let term = 0.5 * ((2.0 * np::PI * &h).log() + r.pow(2) / &h);
            (&w + &a * r.pow(2) + &b * h, term)
        };
        lax::scan(step, r.var(), r.clone()).1.mean()
    };
    let fit = jit(|p: Array| {
        let p = adam(negative_log_likelihood, 0.05, 50, p);
        let parameters = np::stack(unpack(&p));
        let information = n * hessian(negative_log_likelihood)(p);
        vec![parameters, np::diag(linalg::inv(information)).sqrt()]
    });
    fit(np::array([-2.0, -2.0, 1.0]))
}

/// A gradient is a mean of 200 terms of five roundings each, of both signs and ten times greater than the
/// mean: 10 √1000 = 316 roundings. Adam divides it by its size: 50 steps of 0.05 move the parameters by 2.5
/// of its relative error. The standard errors are the roots of the entries of an inverse: the matrix has such
/// entries as the gradient, and a condition of 100, of which the root takes a half.
#[test]
fn garch_is_jaxs() {
    check("garch", garch, || vec![2.5 * 316.0, 0.5 * 100.0 * 32.0]);
}
