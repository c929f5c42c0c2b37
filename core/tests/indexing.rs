//! Reading and writing by index against JAX's results.

#[allow(dead_code, reason = "each test uses a part of it")]
mod reference;

use kiln_core::{Array, OutOfBounds, with_x64};
use reference::{difference, index, operand, report, table};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn check(name: &str, f: impl Fn(&Array, &Value) -> Array) {
    let table = table(name);
    let rows = table["rows"].as_array().unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        let result = catch_unwind(AssertUnwindSafe(|| {
            with_x64(row["x64"].as_bool().unwrap(), || {
                f(&operand(&row["inputs"][0]), row)
            })
        }));
        let what = match &result {
            Ok(result) => difference(result, &row["outputs"][0], 1e-6, 0.0),
            Err(error) => Some(error.downcast_ref::<String>().cloned().unwrap_or_default()),
        };
        if let Some(what) = what {
            let mut call = row.clone();
            call.as_object_mut().unwrap().remove("outputs");
            wrong.push(format!("{call}\n    {what}"));
        }
    }
    report(rows.len(), &wrong);
}

#[test]
fn reads() {
    check("indexing", |x, row| x.index(index(&row["index"])));
}

#[test]
fn updates() {
    check("at", |x, row| {
        let mut place = x.at(index(&row["index"]));
        match row["mode"].as_str() {
            Some("clip") => place = place.mode(OutOfBounds::Clip),
            Some("fill" | "drop") => place = place.mode(OutOfBounds::Fill),
            _ => {}
        }
        let value = || operand(&row["value"]);
        match row["method"].as_str().unwrap() {
            "get" => place.get(),
            "apply" => place.apply(|x| -x),
            "set" => place.set(value()),
            "add" => place.add(value()),
            "multiply" => place.multiply(value()),
            "min" => place.min(value()),
            "max" => place.max(value()),
            method => panic!("{method} is not in the test"),
        }
    });
}
