//! Arellano's model of sovereign default.

use crate::programs::check;
use crate::programs::tauchen::tauchen;
use kiln::prelude::*;

/// Returns the mean value of default, the mean price of a bond, the mean of next period's assets, and the
/// number of iterations.
fn arellano() -> Vec<Array> {
    let (beta, gamma, r, theta, nb, ny) = (0.953, 2.0, 0.017, 0.282, 51, 7);
    let (log_y, q) = tauchen(ny, 0.945, 0.025);
    let y = log_y.exp();
    let b = np::linspace(-0.45, 0.45, nb);
    let y_default = np::minimum(0.969 * y.mean(), &y);
    let u = |c: &Array| c.pow(1.0 - gamma) / (1.0 - gamma);
    let zero = np::searchsorted(&b, 1e-10);
    let price = |vc: &Array, vd: &Array| (1 - (vc.index((.., NewAxis)).lt(vd) * &q).sum_axis(-1)) / (1.0 + r);
    let values = |vc: &Array, vd: &Array, price: &Array| {
        let c = y.index((.., NewAxis)) - price.t() * &b + b.index((.., NewAxis, NewAxis));
        let ev = (np::maximum(vc, vd).index((.., NewAxis)) * &q).sum_axis(-1).t();
        np::where_(c.gt(0), u(&c) + beta * ev, -np::INF)
    };
    let default = |vc: &Array, vd: &Array| {
        let w = theta * np::maximum(vc.index(&zero), vd) + (1.0 - theta) * vd;
        u(&y_default) + beta * (&q * w).sum_axis(1)
    };
    let solve = jit(|(vc, vd): (Array, Array)| {
        let (vc, vd, _, i) = lax::while_loop(
            |(_, _, err, i)| err.gt(1e-8) & i.lt(10000),
            |(vc, vd, _, i)| {
                let nc = values(&vc, &vd, &price(&vc, &vd)).max_axis(-1);
                let nd = default(&vc, &vd);
                let err = (&nc - vc).abs().max() + (&nd - vd).abs().max();
                (nc, nd, err, i + 1)
            },
            (vc, vd, np::array(1.0), np::array(0)),
        );
        let p = price(&vc, &vd);
        let assets = b.index(values(&vc, &vd, &p).argmax_axis(-1));
        vec![vd.mean(), p.mean(), assets.mean(), i]
    });
    solve((np::zeros((nb, ny)), np::zeros(ny)))
}

/// A contraction by 0.953 multiplies the roundings of a period, about 30 with its 7 products, by 21. Values
/// decide about default by their order alone. So prices are sums of 7 probabilities, each the difference of
/// numbers up to 1. The mean of assets is a sum of 357 terms whose size is 0.45: 40 times the result.
#[test]
fn arellano_is_jaxs() {
    check("arellano", arellano, || vec![6.0 * 21.0, 20.0, 40.0 * 20.0, 0.0]);
}
