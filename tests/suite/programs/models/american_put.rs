//! An American put by the regressions of Longstaff and Schwartz, with its delta.

use crate::programs::check;
use kiln::numpy::linalg;
use kiln::prelude::*;
use kiln::value_and_grad_with;

fn price((s, key): (Array, Key)) -> Array {
    let (n, steps, strike, r, sigma) = (2000, 10, 40.0, 0.06, 0.2_f64);
    let dt = 1.0 / f64::from(steps);
    let z = random::normal(key, (steps, n));
    let s = s
        * ((r - sigma.powi(2) / 2.0) * dt + sigma * dt.sqrt() * z)
            .cumsum_axis(0)
            .exp();
    let (cash, ()) = lax::scan_with(
        |cash, s| {
            let (cash, exercise) = (cash * (-r * dt).exp(), np::maximum(strike - &s, 0));
            let terms = np::vander_with(&s / strike, |o| o.n(4).increasing(true));
            let x = terms * s.lt(strike).index((.., NewAxis));
            let hold = x.matmul(linalg::solve(x.t().matmul(&x), x.t().matmul(&cash)));
            (np::where_(s.lt(strike) & exercise.gt(hold), exercise, cash), ())
        },
        np::maximum(strike - s.index(-1), 0),
        s.index(..-1),
        |o| o.reverse(true),
    );
    (-r * dt).exp() * cash.mean()
}

fn american_put() -> Vec<Array> {
    let price_and_delta = jit(value_and_grad_with(price, |o| o.argnums(Arg::<0>)));
    let (price, delta) = price_and_delta((36.0.into(), Key::new(0)));
    vec![price, delta]
}

/// A regression only decides when a path exercises. Both libraries decide alike on these paths. A price is
/// then a mean of 2000 payoffs, and a payoff is what is left of 40 against a price of the share of 36, whose
/// exponent is a sum of ten terms: 10 times √20 roundings. A delta is a mean of as many such quotients.
#[test]
fn american_put_is_jaxs() {
    check("american_put", american_put, || vec![100.0, 100.0]);
}
