//! Compares reading and updating by index with JAX: `reference/data/indexing.json` and `at.json`.

use crate::support::compare::{Bound, difference};
use crate::support::device::{has_too_many_axes, on_cpu};
use crate::support::{Report, array, list, operand, outcome, rows, text};
use kiln::{Array, IntoItem, OutOfBounds, grad, jit, jvp, lax, numpy as np, step, vjp, vmap};
use kiln_core::{Item, Items};
use serde_json::Value;

/// Returns the index of a row.
fn index(row: &Value) -> Items {
    let bound = |x: &Value| x.as_i64().map(|x| x as isize);
    let item = |part: &Value| {
        let (kind, what) = part.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "int" => Item::Integer(bound(what).unwrap()),
            "slice" => Item::Slice {
                start: bound(&what[0]),
                stop: bound(&what[1]),
                step: bound(&what[2]).unwrap_or(1),
            },
            "ellipsis" => Item::Ellipsis,
            "newaxis" => Item::NewAxis,
            "array" | "bool_array" => Item::Array(array(what)),
            kind => panic!("{kind} is not in this test"),
        }
    };
    list(&row["index"]).iter().map(item).collect()
}

/// Compares the results bit for bit, also inside `jit` and `vmap`. Only sums and products of two elements
/// round here, and both libraries round them correctly.
fn check(report: &mut Report, row: &Value, f: impl Fn(&Array) -> Array) {
    let results = outcome(row, || {
        let x = array(&row["inputs"][0]);
        let batched = vmap(|x: Array| f(&x))(np::stack([&x, &x]));
        let jitted = jit(|x: Array| f(&x))(x.clone());
        [f(&x), jitted, batched.index(0), batched.index(1)]
    });
    let wrong = match results {
        Ok(results) => results
            .iter()
            .find_map(|result| difference(result, &row["outputs"][0], &Bound::Exact)),
        Err(message) if has_too_many_axes(&message) => return,
        Err(message) => Some(message),
    };
    report.check(row, wrong);
}

#[test]
fn reads() {
    let mut report = Report::default();
    for row in rows("indexing", "rows") {
        check(&mut report, &row, |x| x.index(index(&row)));
    }
    report.finish(&[]);
}

#[test]
fn updates() {
    let mut report = Report::default();
    for row in rows("at", "rows") {
        check(&mut report, &row, |x| {
            let place = match row["mode"].as_str() {
                None => x.at(index(&row)),
                Some("clip") => x.at(index(&row)).mode(OutOfBounds::Clip),
                // JAX's `fill` for reads and `drop` for writes are one mode.
                Some("fill" | "drop") => x.at(index(&row)).mode(OutOfBounds::Fill),
                Some(mode) => panic!("{mode} is not in this test"),
            };
            let value = || operand(&row["value"]).unwrap();
            match text(&row, "method") {
                "get" => place.get(),
                "apply" if row["fn"] == "negative" => place.apply(|x| -x),
                "set" => place.set(value()),
                "add" => place.add(value()),
                "multiply" => place.multiply(value()),
                "min" => place.min(value()),
                "max" => place.max(value()),
                method => panic!("{method} is not in this test"),
            }
        });
    }
    report.finish(&[]);
}

/// The bounds lie beyond every array. Their types hold more than `isize`.
#[test]
fn ranges_of_any_length() {
    let x = np::arange(5);
    let read = |index: Item| x.index(index).to_vec::<i32>();
    let (all, from_one) = ([0, 1, 2, 3, 4], [1, 2, 3, 4]);
    assert_eq!(read((0..usize::MAX).item()), all);
    assert_eq!(read((..usize::MAX).item()), all);
    assert_eq!(read((..=usize::MAX).item()), all);
    assert_eq!(read((isize::MIN..isize::MAX).item()), all);
    assert_eq!(read((1..=isize::MAX).item()), from_one);
    assert_eq!(read((1..=usize::MAX).item()), from_one);
    assert_eq!(read((1..=i64::MAX).item()), from_one);
    assert!(read((usize::MAX..).item()).is_empty());
    assert!(read((isize::MAX..=isize::MAX).item()).is_empty());
    assert_eq!(read(step(usize::MAX.., -2)), [4, 2, 0]);
    assert_eq!(read(step(.., isize::MAX)), [0]);
    assert_eq!(read(step(.., isize::MIN)), [4]);
    assert_eq!(x.at(3..usize::MAX).set(9).to_vec::<i32>(), [0, 1, 2, 9, 9]);
    assert_eq!(x.at(1..=usize::MAX).add(1).to_vec::<i32>(), [0, 2, 3, 4, 5]);
}

/// An update of an array without elements changes nothing. So the derivative by its values is 0.
#[test]
fn updates_of_empty_arrays_have_derivatives() {
    let update = |(x, value): (Array, Array)| x.at([0, 1]).add(value);
    let (x, value) = (np::zeros(0), np::ones(2));
    let (dx, dvalue) = vjp(update, (x.clone(), value.clone())).1(np::zeros(0));
    assert_eq!(
        (&dx.shape()[..], dvalue.to_vec::<f32>()),
        (&[0][..], vec![0.0; 2])
    );
    let (y, moved) = jvp(update, (x.clone(), value.clone()), (x.clone(), value.clone()));
    assert_eq!((&y.shape()[..], &moved.shape()[..]), (&[0][..], &[0][..]));
    let total = |value: Array| x.at([0, 1]).set(&value).sum() + (&value * &value).sum();
    assert_eq!(jit(grad(total))(value.clone()).to_vec::<f32>(), [2.0, 2.0]);
    let each = vmap(|value: Array| x.at([0, 1]).max(value))(np::ones((3, 2)));
    assert_eq!(each.shape()[..], [3, 0]);
}

/// Of two zeros the positive one is greater. An update in a loop takes another way through the engine than an
/// update by itself.
#[test]
fn updates_order_zeros_by_their_signs() {
    on_cpu(|| {
        let (x, values, at) = (np::array([0.0, -0.0]), np::array([-0.0, 0.0]), np::array([0, 1]));
        let max = |x: Array| x.at(&at).max(&values);
        let min = |x: Array| x.at(&at).min(&values);
        let looped = |f: &dyn Fn(Array) -> Array| {
            let step = |_, x: Array| f(x);
            lax::fori_loop(0, 3, step, x.clone())
        };
        // jax 0.10.2 has the same signs.
        for (greatest, least) in [(max(x.clone()), min(x.clone())), (looped(&max), looped(&min))] {
            let signs = |x: Array| {
                x.to_vec::<f32>()
                    .into_iter()
                    .map(f32::is_sign_negative)
                    .collect::<Vec<_>>()
            };
            assert_eq!((signs(greatest), signs(least)), (vec![false; 2], vec![true; 2]));
        }
    });
}

/// Tests the indices that the tables cannot hold. JAX clamps a plain integer that is out of bounds. kiln
/// refuses it, because it is a mistake.
#[test]
fn plain_integers_out_of_bounds_are_refused() {
    let x = kiln::numpy::arange(5);
    for at in [5, -6, 100] {
        let row = serde_json::json!({ "x64": false });
        let message = outcome(&row, || x.index(at)).err();
        assert_eq!(
            message,
            Some(format!(
                "index: index {at} is out of bounds for axis 0 of shape (5,)"
            ))
        );
        assert!(outcome(&row, || x.at(at).set(1)).is_err());
    }
}
