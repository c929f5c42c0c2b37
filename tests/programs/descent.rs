//! Least squares by gradient descent, with the steps of Barzilai and Borwein.

use crate::check;
use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{grad, random};

fn descend(f: impl Fn(Array) -> Array, mut p: Array) -> Vec<Array> {
    let gradient = jit(grad(f));
    let mut d = gradient(p.clone());
    let (mut rate, mut moved, mut n) = (Array::from(0.1), f64::INFINITY, 0);
    while moved > 1e-5 && n < 1000 {
        let next = &p - rate * &d;
        let after = gradient(next.clone());
        let (by, change) = (&next - &p, &after - &d);
        rate = by.dot(&change).abs() / change.dot(&change);
        moved = by.abs().max().item();
        (p, d, n) = (next, after, n + 1);
    }
    vec![p]
}

fn sample() -> (Array, Array) {
    let key = Key::new(1234);
    let x = random::uniform(key.clone(), 100);
    let [_, subkey] = key.split();
    let y = 0.5 * &x + 1.0 + 0.1 * random::normal(subkey, 100);
    (x, y)
}

/// Descent stops where a step is at most 1e-5, and what is left is as large; in float64 both stop after the same step.
#[test]
fn a_line() {
    let program = || {
        let (x, y) = sample();
        descend(
            |p| (&y - p.index(0) * &x - p.index(1)).square().sum(),
            np::zeros(2),
        )
    };
    check("line fit", program, || {
        vec![if kiln::x64_enabled() { 1e4 } else { 1e-5 / 1.2e-7 }]
    });
}

/// The polynomial's least squares have a condition of 1e4, and a rate may be as small as the inverse of the greatest eigenvalue: a step of 1e-5 can
/// leave 1e-5 * 1e4 = 0.1 to go along the flattest direction. Where that happens first is decided by roundings.
#[test]
fn a_cubic() {
    let program = || {
        let (x, y) = sample();
        descend(|p| (&y - np::polyval(p, &x)).square().sum(), np::zeros(4))
    };
    check("cubic fit", program, || {
        let epsilon = if kiln::x64_enabled() { f64::EPSILON } else { 1.2e-7 };
        vec![0.1 / epsilon]
    });
}
