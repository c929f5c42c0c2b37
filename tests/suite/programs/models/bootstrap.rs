//! The bootstrap of a Sharpe ratio.

use crate::programs::check;
use kiln::prelude::*;

/// Returns the percentiles `q` by linear interpolation.
fn percentile(x: &Array, q: [f64; 3]) -> Array {
    let n = x.size();
    np::interp(np::array(q) / 100 * (n - 1), np::arange(n), x.sort())
}

/// Returns the mean, the deviation and three percentiles of the ratio.
fn bootstrap() -> Vec<Array> {
    let (n, draws) = (50, 300);
    let x = 0.05 + 0.2 * random::normal(Key::new(0), n);
    let sharpe = |key: Key| {
        let s = random::choice(key, &x, n);
        s.mean() / s.std_with(|o| o.ddof(1))
    };
    let run = jit(|key: Key| {
        let s = vmap(sharpe)(key.split_n(draws));
        vec![s.mean(), s.std(), percentile(&s, [2.5, 50.0, 97.5])]
    });
    run(Key::new(1))
}

/// A ratio is a quotient of sums of 50 terms of both signs, seven times greater than the sum: √50 = 7
/// roundings, and seven times that.
#[test]
fn bootstrap_is_jaxs() {
    check("bootstrap", bootstrap, || vec![50.0, 50.0, 50.0]);
}
