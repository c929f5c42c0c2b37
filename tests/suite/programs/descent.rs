//! Least squares by gradient descent, with the steps of Barzilai and Borwein.

use super::check;
use crate::support::compare::floats;
use crate::support::device::{has, on_cpu};
use crate::support::{array, flag, rows, text};
use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{grad, random, with_x64};

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

/// Descent stops after a step of at most 1e-5, and the distance that is left is as large. In float64 both
/// libraries stop after the same step.
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

/// Compares the losses, because the data do not determine the coefficients well.
///
/// Descent stops after a step of at most 1e-5 in each of the 4 coefficients. That step was the gradient times
/// a rate. The rate lies between the inverses of the greatest and the least eigenvalue of the curvature,
/// `most` and `least`. So the gradient's part along an eigenvalue e was at most step (1 / rate). Its part
/// after the step is |1 / rate - e| step <= most * step. The loss is above its least value by at most half
/// the sum of their squares over e: |step|^2 most^2 / (2 least). Gradients in float32 are off by 1e-5, which
/// is nothing beside it.
#[test]
fn a_cubic() {
    let mut found = 0;
    for row in rows("programs", "rows") {
        if text(&row, "program") != "cubic fit" {
            continue;
        }
        found += 1;
        if flag(&row, "x64") && !has(DType::F64) {
            continue;
        }
        let numbers = with_x64(flag(&row, "x64"), || {
            let (x, y) = sample();
            let p = descend(|p| (&y - np::polyval(p, &x)).square().sum(), np::zeros(4));
            [
                floats(&x),
                floats(&y),
                floats(&p[0]),
                on_cpu(|| floats(&array(&row["outputs"][0]))),
            ]
        });
        let check = || {
            let [x, y, p, wanted] = numbers.map(np::array);
            let terms = np::vander_with(&x, |o| o.n(4));
            let curvature = np::linalg::eigh(2 * terms.t().matmul(&terms)).eigenvalues;
            let [least, most] = [0, 3].map(|i| curvature.index(i).item::<f64>());
            let loss = |p: &Array| (&y - terms.matmul(p)).square().sum().item::<f64>();
            let above = 4.0 * 1e-5_f64.powi(2) * most.powi(2) / (2.0 * least);
            let apart = loss(&p) - loss(&wanted);
            assert!(
                apart.abs() <= above,
                "a loss {apart:e} from JAX's, {above:e} allowed"
            );
            // The bound is sharp enough: a thousandth of the loss moves the polynomial by a thirtieth of the
            // noise.
            assert!(above < 1e-3 * loss(&wanted), "{above:e} of {:e}", loss(&wanted));
        };
        on_cpu(|| with_x64(true, check));
    }
    assert_eq!(found, 2);
}
