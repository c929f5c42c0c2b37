//! The distribution of wealth when returns are random: its Lorenz curve, Gini coefficient and tail.

use crate::programs::check;
use kiln::prelude::*;

/// Returns the mean of wealth, the Gini coefficient, the share of the poorer half, and the slope of the upper
/// tail.
fn wealth() -> Vec<Array> {
    let (n, periods) = (20_000, 50);
    let y_mean =
        (0.1_f64.powi(2) / (1.0 - 0.5_f64.powi(2)) / 2.0).exp() + (1.0 + 0.2_f64.powi(2) / 2.0).exp();
    let cross_section = jit(|key: Key| {
        let [first, key] = key.split();
        let autoregression = |z: Array, e: Array| {
            let z = 0.5 * z + 0.1 * e;
            (z.clone(), z)
        };
        let (_, z) = lax::scan(autoregression, np::array(0.0), random::normal(first, periods));
        let (w, _) = lax::fori_loop(
            0,
            periods,
            |t, (w, key)| {
                let [key, sub] = key.split();
                let (u, ez) = (random::normal(sub, (2, n)), z.index(t).exp());
                let y = &ez + (1 + 0.2 * u.index(0)).exp();
                let interest = 0.05 * ez + (0.1 + 0.5 * u.index(1)).exp();
                (y + np::where_(w.lt(1), 0.0, interest * 0.75 * w), key)
            },
            (np::full(n, y_mean), key),
        );
        w
    });
    let statistics = jit(|w: Array| {
        let w = w.sort();
        let lorenz = w.cumsum() / w.sum();
        let gini = 2 * (np::arange(1..n + 1) * &w).sum() / (n * w.sum()) - (n + 1) as f64 / n as f64;
        let (x, y) = (w.index(-1000..).flip().log(), (np::arange(1..=1000) - 0.5).log());
        let x = &x - x.mean();
        [gini, lorenz.index(n / 2), x.dot(&y) / x.dot(&x)]
    });
    let w = cross_section(Key::new(1234));
    let mean = w.mean();
    [vec![mean], statistics(w).to_vec()].concat()
}

/// A period's growth, 0.9 on average, has ten roundings and three exponentials of 2 ulp, and ten periods are
/// remembered: 160 roundings. A sum of 20 000 terms has √20 000 = 140 of one term. The Gini coefficient is a
/// difference of such sums of twice its size, and the share of the poorer half a tenth of one. The slope is a
/// quotient of sums of 1000 terms, of which those of x y are of both signs.
#[test]
fn wealth_is_jaxs() {
    check("wealth", wealth, || vec![150.0, 300.0, 300.0, 150.0]);
}
