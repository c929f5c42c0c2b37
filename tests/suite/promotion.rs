//! Compares dtypes and weakness of results with JAX: `reference/data/promotion.json`.

use crate::support::{Report, dtype, flag, outcome, rows, text, weak};
use kiln::{Array, DType, numpy as np};
use serde_json::Value;
use std::collections::HashMap;

/// Returns an operand: a plain number, or an array of shape (), strong or weak.
fn operand(description: &str) -> Array {
    match description {
        "python bool" => true.into(),
        "python int" => 1.into(),
        "python float" => 1.0.into(),
        array => {
            let one = |name: &str| np::ones(()).astype(dtype(name));
            array
                .strip_prefix("weak ")
                .map_or_else(|| one(array), |name| weak(&one(name)))
        }
    }
}

/// Describes a result as the table does. A bool's weakness means nothing.
fn describe(x: &Array) -> String {
    let weak = x.is_weak() && x.dtype() != DType::Bool;
    format!("{}{}", if weak { "weak " } else { "" }, x.dtype())
}

fn check(report: &mut Report, row: &Value, wanted: Option<&str>, f: impl Fn() -> Array) {
    let wanted = wanted.map(|wanted| if wanted == "weak bool" { "bool" } else { wanted });
    let wrong = match (outcome(row, || describe(&f())), wanted) {
        (Ok(found), Some(wanted)) => (found != wanted).then(|| format!("gives {found}, not {wanted}")),
        (Ok(found), None) => Some(format!("gives {found}, JAX refuses")),
        // kiln must refuse too, at the user's line and in its own words.
        (Err(message), None) => (!message.contains(": ")).then_some(message),
        (Err(message), Some(wanted)) => Some(format!("{message} instead of {wanted}")),
    };
    report.check(row, wrong);
}

fn binary(op: &str, x: Array, y: Array) -> Array {
    match op {
        "add" => x + y,
        "divide" => x / y,
        "floor_divide" => x.floor_divide(y),
        "power" => x.pow(y),
        "maximum" => x.maximum(y),
        "arctan2" => x.arctan2(y),
        "equal" => x.equal(y),
        "bitwise_and" => x & y,
        "left_shift" => x << y,
        "where" => np::where_(true, x, y),
        "dot" => x.dot(y),
        "concatenate" => np::concatenate([x.reshape(1), y.reshape(1)]),
        op => panic!("{op} is not in this test"),
    }
}

#[test]
fn pairs() {
    let rows = rows("promotion", "pairs");
    let key = |row: &Value| {
        (
            flag(row, "x64"),
            text(row, "left").to_string(),
            text(row, "right").to_string(),
        )
    };
    let sums: HashMap<_, _> = rows
        .iter()
        .filter(|row| row["op"] == "add")
        .map(|row| (key(row), row["result"].as_str()))
        .collect();
    let mut report = Report::default();
    for row in &rows {
        let [op, left, right] = ["op", "left", "right"].map(|key| text(row, key));
        // JAX refuses dot of a weak operand and a narrower one, an accident of its preferred_element_type.
        // kiln promotes as it does everywhere else.
        let wanted = match row["result"].as_str() {
            None if op == "dot" => sums[&key(row)],
            wanted => wanted,
        };
        check(&mut report, row, wanted, || {
            binary(op, operand(left), operand(right))
        });
    }
    report.finish(&[]);
}

fn unary(op: &str, x: &Array) -> Array {
    match op {
        "true_divide_by_itself" => x / x.clone(),
        "equal_to_itself" => x.equal(x),
        "power_2" => x.pow(2),
        "power_0.5" => x.pow(0.5),
        "astype_float32" => x.astype(DType::F32),
        "reshape" => x.reshape(1),
        "broadcast_to" => x.broadcast_to(2),
        "sort" => x.reshape(1).sort(),
        "argsort" => x.reshape(1).argsort(),
        "clip_1_2" => x.clip(1, 2),
        "clip_0.5_2.5" => x.clip(0.5, 2.5),
        "full" => np::full(2, x),
        "stack" => np::stack([x, x]),
        "index" => x.broadcast_to(2).index(0),
        "at_set" => x.broadcast_to(2).at(0).set(true),
        "allclose" => np::allclose(x, x),
        "linalg.inv" => np::linalg::inv(x.reshape((1, 1))),
        "sum" => x.sum(),
        "prod" => x.prod(),
        "mean" => x.mean(),
        "var" => x.var(),
        "std" => x.std(),
        "max" => x.max(),
        "min" => x.min(),
        "any" => x.any(),
        "all" => x.all(),
        "argmax" => x.argmax(),
        "argmin" => x.argmin(),
        "cumsum" => x.cumsum(),
        "cumprod" => x.cumprod(),
        "negative" => -x,
        "abs" => x.abs(),
        "sign" => x.sign(),
        "square" => x.square(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "trunc" => x.trunc(),
        "round" => x.round(),
        "reciprocal" => x.reciprocal(),
        "sqrt" => x.sqrt(),
        "cbrt" => x.cbrt(),
        "exp" => x.exp(),
        "expm1" => x.expm1(),
        "exp2" => x.exp2(),
        "log" => x.log(),
        "log1p" => x.log1p(),
        "log2" => x.log2(),
        "log10" => x.log10(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "tan" => x.tan(),
        "arcsin" => x.arcsin(),
        "arccos" => x.arccos(),
        "arctan" => x.arctan(),
        "sinh" => x.sinh(),
        "cosh" => x.cosh(),
        "tanh" => x.tanh(),
        "arcsinh" => x.arcsinh(),
        "arccosh" => x.arccosh(),
        "arctanh" => x.arctanh(),
        "erf" => x.erf(),
        "erf_inv" => x.erf_inv(),
        "isnan" => x.isnan(),
        "isfinite" => x.isfinite(),
        "logical_not" => x.logical_not(),
        "bitwise_not" => !x,
        "zeros_like" => np::zeros_like(x),
        "ones_like" => np::ones_like(x),
        // An array of an array is the array.
        "array" | "asarray" => x.clone(),
        "transpose" => x.t(),
        op => panic!("{op} is not in this test"),
    }
}

#[test]
fn functions_of_one_array() {
    let mut report = Report::default();
    for row in rows("promotion", "unary") {
        let (op, description) = (text(&row, "op"), text(&row, "operand"));
        check(&mut report, &row, row["result"].as_str(), || {
            unary(op, &operand(description))
        });
    }
    report.finish(&[]);
}
