//! Firms that fill up their inventories: a loop that carries a key.

use crate::programs::check;
use kiln::prelude::*;

/// Returns the mean and the deviation of inventories, and the number of firms that are about to order.
fn restocking() -> Vec<Array> {
    let (low, full, n, periods) = (10, 100, 2000, 100);
    let project = jit(|key: Key| {
        let init = (np::full(n, 50.0), key);
        let (x, _) = lax::fori_loop(
            0,
            periods,
            |_, (x, key)| {
                let [key, sub] = key.split();
                let demand = (1.0 + 0.5 * random::normal(sub, n)).exp();
                (np::maximum(np::where_(x.le(low), full, x) - demand, 0), key)
            },
            init,
        );
        vec![x.mean(), x.std(), x.le(low).sum()]
    });
    project(Key::new(10))
}

/// An inventory is what 30 differences, each with an exponential of 2 ulp and a normal of 2 ulp, leave of
/// 100. The mean is a sum of 2000 terms, so of √2000 = 45 roundings.
#[test]
fn restocking_is_jaxs() {
    check("restocking", restocking, || vec![100.0, 100.0, 0.0]);
}
