//! The volatilities that the prices of two hundred options imply, by Newton's method.

use super::cdf;
use crate::programs::check;
use kiln::prelude::*;
use kiln::value_and_grad;

fn black_scholes(sigma: &Array, k: &Array, t: &Array) -> Array {
    let (s, r) = (100.0, 0.02);
    let sd = sigma * t.sqrt();
    let d1 = ((s / k).log() + (r + sigma.pow(2) / 2) * t) / &sd;
    s * cdf(&d1) - k * (-r * t).exp() * cdf(d1 - sd)
}

fn implied_volatility() -> Vec<Array> {
    let n = 200;
    let [a, b, c] = Key::new(0).split();
    let k = 100 * (0.2 * (random::uniform(a, n) - 0.5)).exp();
    let t = 0.25 + random::uniform(b, n);
    let sigma = 0.1 + 0.4 * random::uniform(c, n);
    let invert = |(price, k, t): (Array, Array, Array)| {
        let price_at = value_and_grad(|x: Array| black_scholes(&x, &k, &t));
        let step = |_, x: Array| {
            let (value, slope) = price_at(x.clone());
            (x - (value - &price) / slope).clip(1e-3, 3)
        };
        lax::fori_loop(0, 20, step, np::array(0.3))
    };
    let price = black_scholes(&sigma, &k, &t);
    vec![jit(vmap(invert))((price, k, t))]
}

/// A price is a difference of numbers of up to 100, each with ten roundings. The least slope of a price is
/// about 5: the volatility moves by 100 / 5 of their relative error. Volatilities are at most 0.5.
#[test]
fn implied_volatility_is_jaxs() {
    check("implied_volatility", implied_volatility, || {
        vec![4.0 * 20.0 / 0.5]
    });
}
