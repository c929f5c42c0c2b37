//! Tauchen's method: approximates an autoregression by a Markov chain.

use kiln::Array;
use kiln::numpy as np;

/// Returns the states and the transition matrix of a chain of `n` states for `x' = rho x + sigma z`, where
/// `z` is standard normal. The states are evenly spaced over three standard deviations of the stationary
/// distribution on either side.
pub(crate) fn tauchen(n: usize, rho: f64, sigma: f64) -> (Array, Array) {
    let cdf = |x: Array| 0.5 * (1 + (x / 2_f64.sqrt()).erf());
    let top = 3.0 * sigma / (1.0 - rho * rho).sqrt();
    let states = np::linspace(-top, top, n);
    let half = (states.index(1) - states.index(0)) / 2;
    let distance = states.expand_dims(0) - rho * states.expand_dims(1);
    // A state takes the probability up to the middle between it and the next state. The last state takes the
    // rest.
    let below = cdf((distance + half) / sigma).at((.., -1)).set(1.0);
    let none = np::zeros_like(below.index((.., ..1)));
    (states, np::diff(np::concatenate_axis([none, below], 1)))
}
