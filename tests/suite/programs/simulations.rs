//! Cross-sections of firms: loops that carry a key.

use super::check;
use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{default_int, lax, random};

type State = (Array, Array, Key);

/// Returns inventories after `periods`, and the number of times that they were filled up. An inventory of at
/// most 10 is filled up to 100 before demand.
fn inventories(x0: f64, periods: i32, key: Key, firms: usize) -> (Array, Array) {
    let body = |_: Array, (x, restocked, key): State| {
        let [key, subkey] = key.split();
        let demand = (1.0 + 0.5 * random::normal(subkey, firms)).exp();
        let low = x.le(10);
        let x = np::maximum(np::where_(&low, 100, x) - demand, 0);
        (x, restocked + low, key)
    };
    let init = (np::full(firms, x0), np::zeros(firms).astype(default_int()), key);
    let (x, restocked, _) = lax::fori_loop(0, periods, body, init);
    (x, restocked)
}

/// Each of 50 periods rounds an exponential of 2 + 2.2 ulp, relative to inventories of at most 100, and a
/// difference.
#[test]
fn inventory() {
    let run = jit(|key: Key| {
        let (x, _) = inventories(50.0, 50, key, 1000);
        vec![x.index(..4), x.mean()]
    });
    check("inventory", || run(Key::new(21)), || vec![50.0 * 5.0, 50.0 * 5.0]);
}

#[test]
fn how_often_firms_restock() {
    let frequency = |firms: usize| {
        let run = jit(move |key: Key| vec![inventories(70.0, 50, key, firms).1.gt(1).mean()]);
        run(Key::new(27))
    };
    // A mean of bools is a count, divided.
    check("restock frequency", || frequency(1000), || vec![1.0]);
    // Of a million firms in 50 periods, a few may be so close to 10 that the rounding of the exponential
    // decides.
    check(
        "restock frequency 1e6",
        || frequency(1_000_000),
        || vec![4e-6 / f64::from(f32::EPSILON)],
    );
}

/// All demand is drawn at once, and indexed by the loop's counter.
#[test]
fn how_often_firms_restock_by_index() {
    let run = jit(|key: Key| {
        let demand = (1.0 + 0.5 * random::normal(key, (50, 1000))).exp();
        let body = |i: Array, (x, restocked): (Array, Array)| {
            let low = x.le(10);
            let x = np::maximum(np::where_(&low, 100, x) - demand.index(i), 0);
            (x, restocked + low)
        };
        let init = (np::full(1000, 70.0), np::zeros(1000).astype(default_int()));
        vec![lax::fori_loop(0, 50, body, init).1.gt(1).mean()]
    });
    check("restock frequency indexed", || run(Key::new(27)), || vec![1.0]);
}

#[test]
fn firms_that_grow_and_are_replaced() {
    let run = jit(|key: Key| {
        let [first, second, third] = key.split();
        let shocks = |key: Key, mean: f64, sd: f64| (mean + sd * random::normal(key, (50, 1000))).exp();
        let (a, b, e) = (
            shocks(first, -0.5, 0.1),
            shocks(second, 0.0, 0.5),
            shocks(third, 0.0, 0.5),
        );
        let body = |t: Array, s: Array| np::where_(s.lt(1.0), e.index(&t), a.index(&t) * &s + b.index(&t));
        let s = lax::fori_loop(0, 50, body, np::full(1000, 1.0));
        vec![s.index(..3), s.mean(), s.max()]
    });
    // a is 0.6 on average. So the error of a period, 5 ulp for each of three exponentials, dies out as 1 /
    // (1 - 0.6). The mean is a sum of 1000 terms.
    check("kesten", || run(Key::new(123)), || vec![40.0, 100.0, 40.0]);
}
