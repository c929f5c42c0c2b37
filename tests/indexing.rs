//! Reading and updating by index against JAX: `reference/data/indexing.json` and `at.json`.

mod support;

use kiln::{Array, OutOfBounds};
use kiln_core::{Item, Items};
use serde_json::Value;
use support::compare::{Bound, difference};
use support::{Report, array, list, operand, outcome, rows, text};

/// The index of a row.
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

/// Nothing here rounds, but sums and products of two elements, which both libraries round correctly: all is equal.
fn check(report: &mut Report, row: &Value, f: impl Fn(&Array) -> Array) {
    let wrong = match outcome(row, || f(&array(&row["inputs"][0]))) {
        Ok(result) => difference(&result, &row["outputs"][0], &Bound::Exact),
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

/// The indices that tables cannot hold: JAX clamps a plain integer that is out of bounds, kiln refuses it, because it is a mistake.
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
