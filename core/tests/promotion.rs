//! Dtypes and weakness of results against JAX's, from `tests/reference/data/promotion.json`.

use kiln_core::{Array, DType, numpy as np, with_x64};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn table() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/reference/data/promotion.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn dtype(name: &str) -> DType {
    DType::ALL
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .unwrap_or_else(|| panic!("dtype {name}"))
}

/// An operand: a plain number, or an array of shape ().
fn operand(description: &str) -> Array {
    match description {
        "python bool" => true.into(),
        "python int" => 1.into(),
        "python float" => 1.0.into(),
        // An array that is weak comes from a plain number.
        "weak int32" | "weak int64" => np::full((), 1),
        "weak float32" | "weak float64" => np::full((), 1.0),
        name => np::ones(()).astype(dtype(name)),
    }
}

fn describe(x: &Array) -> String {
    format!("{}{}", if x.is_weak() { "weak " } else { "" }, x.dtype())
}

/// Rows where kiln differs on purpose.
fn exempt(op: &str, left: &str, right: &str) -> bool {
    let weak = |x: &str| x.starts_with("weak") || x.starts_with("python");
    // JAX refuses to contract a weak integer with a narrow one; kiln promotes as everywhere.
    op == "dot" && (weak(left) || weak(right))
}

#[test]
fn pairs() {
    let mut wrong = Vec::new();
    for row in table()["pairs"].as_array().unwrap() {
        let [op, left, right] = ["op", "left", "right"].map(|key| row[key].as_str().unwrap());
        with_x64(row["x64"].as_bool().unwrap(), || {
            let (x, y) = (operand(left), operand(right));
            let one = |x: &Array| x.reshape(1);
            let result = catch_unwind(AssertUnwindSafe(|| match op {
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
                "concatenate" => np::concatenate([one(&x), one(&y)], 0),
                op => panic!("{op} is not in the test"),
            }));
            let got = result.ok().map(|x| describe(&x));
            let wanted = row["result"].as_str().map(String::from);
            if got != wanted && !(exempt(op, left, right) && wanted.is_none()) {
                wrong.push(format!(
                    "{op}({left}, {right}) x64={}: {got:?}, JAX gives {wanted:?}",
                    row["x64"]
                ));
            }
        });
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(60)].join("\n")
    );
}

#[test]
fn functions_of_one_array() {
    let mut wrong = Vec::new();
    for row in table()["unary"].as_array().unwrap() {
        let [op, description] = ["op", "operand"].map(|key| row[key].as_str().unwrap());
        with_x64(row["x64"].as_bool().unwrap(), || {
            let x = operand(description);
            let result = catch_unwind(AssertUnwindSafe(|| match op {
                "true_divide_by_itself" => &x / &x,
                "equal_to_itself" => x.equal(&x),
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
                "stack" => np::stack([&x, &x], 0),
                "index" => x.broadcast_to(2).index(0),
                "at_set" => x.broadcast_to(2).at(0).set(true),
                "allclose" => np::allclose(&x, &x),
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
                "array" | "asarray" => x,
                "transpose" => x.t(),
                op => panic!("{op} is not in the test"),
            }));
            let got = result.ok().map(|x| describe(&x));
            let wanted = row["result"].as_str().map(String::from);
            if got != wanted {
                wrong.push(format!(
                    "{op}({description}) x64={}: {got:?}, JAX gives {wanted:?}",
                    row["x64"]
                ));
            }
        });
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(60)].join("\n")
    );
}
