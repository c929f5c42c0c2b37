//! The likelihood of a noisy autoregression by Kalman's filter, and its maximum by Adam.

use super::adam;
use crate::programs::check;
use kiln::prelude::*;

/// Returns the log-likelihood and its gradient, and the parameters after 50 steps.
fn kalman() -> Vec<Array> {
    let n = 100;
    let [first, second] = Key::new(3).split();
    let autoregression = |x: Array, e: Array| {
        let x = 0.9 * x + 0.5 * e;
        (x.clone(), x)
    };
    let (_, x) = lax::scan(autoregression, np::array(0.0), random::normal(first, n));
    let y = x + 0.3 * random::normal(second, n);
    let log_likelihood = |p: Array| {
        let [rho, q, noise] = p.unstack();
        let f = np::array([[rho.tanh(), 0.into()], [1.into(), 0.into()]]);
        let (q, noise) = (np::diag([q.exp(), 0.into()]), noise.exp());
        let h = np::array([1.0, 0.0]);
        let step = |(m, v): (Array, Array), y: Array| {
            let (m, v) = (f.matmul(m), f.matmul(v).matmul(f.t()) + &q);
            let (e, vh) = (y - h.dot(&m), v.matmul(&h));
            let s = h.dot(&vh) + &noise;
            let gain = &vh / &s;
            let term = -0.5 * ((2.0 * np::PI * &s).log() + e.pow(2) / s);
            ((m + &gain * e, v - np::outer(gain, vh)), term)
        };
        lax::scan(step, (np::zeros(2), np::identity(2)), y.clone())
            .1
            .sum()
    };
    let fit = jit(|p: Array| adam(|p| -log_likelihood(p) / n, 0.05, 50, p));
    let p = np::array([0.5, -1.0, -1.0]);
    let (value, slope) = jit(value_and_grad(log_likelihood))(p.clone());
    vec![value, slope, fit(p)]
}

/// A step of the filter has 30 roundings, and the filter forgets in about ten steps: √300 = 17. The
/// likelihood is a sum of 100 terms, and its gradient one of 100 terms of both signs, 10 times greater than
/// the sum. Adam divides a gradient by its size: 50 steps of 0.05 move the parameters by 2.5 of its relative
/// error.
#[test]
fn kalman_is_jaxs() {
    check("kalman", kalman, || vec![50.0, 170.0, 2.5 * 170.0]);
}
