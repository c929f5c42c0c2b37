//! NumPy's functions against JAX's results.

#[allow(dead_code, reason = "each test uses a part of it")]
mod reference;

use kiln_core::numpy::{self as np, linalg};
use kiln_core::{Array, keep, with_x64};
use reference::{difference, dtype, operand, report, table};
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn list(value: &Value) -> Vec<isize> {
    match value {
        Value::Array(numbers) => numbers.iter().map(|n| n.as_i64().unwrap() as isize).collect(),
        value => vec![value.as_i64().unwrap() as isize],
    }
}

/// A plain number in the arguments.
fn number(value: &Value) -> Array {
    operand(&serde_json::json!({ "scalar": value }))
}

/// A function that kiln spells otherwise, or does not have: then its rows are not for this test.
fn call(name: &str, xs: &[Array], args: &Value) -> Option<Vec<Array>> {
    let int = |key: &str| args[key].as_i64().map(|n| n as isize);
    let shape = |key: &str| list(&args[key]);
    let (x, y) = (
        xs.first().cloned().unwrap_or(0.into()),
        xs.get(1).cloned().unwrap_or(0.into()),
    );
    let cast = |x: Array| match args["dtype"].as_str() {
        Some(name) => x.astype(dtype(name)),
        None => x,
    };
    let keepdims = args["keepdims"].as_bool().unwrap_or(false);
    let ddof = args["ddof"].as_f64();
    let all: Vec<isize> = (0..x.ndim() as isize).collect();
    macro_rules! reduce {
        ($all:ident $along:ident) => {
            match (&args["axis"], keepdims) {
                (Value::Null, false) => x.$all(),
                (Value::Null, true) => x.$along(keep(all)),
                (axis, false) => x.$along(list(axis)),
                (axis, true) => x.$along(keep(list(axis))),
            }
        };
    }
    macro_rules! ddof {
        ($f:ident) => {{
            let axes = if args["axis"].is_null() {
                all
            } else {
                list(&args["axis"])
            };
            if keepdims {
                x.$f(keep(axes), ddof.unwrap())
            } else {
                x.$f(axes, ddof.unwrap())
            }
        }};
    }
    let one = |x: Array| Some(vec![x]);
    match name {
        "zeros" => one(cast(np::zeros(shape("shape")))),
        "ones" => one(cast(np::ones(shape("shape")))),
        "full" => one(cast(np::full(shape("shape"), x))),
        "zeros_like" => one(cast(np::zeros_like(x))),
        "ones_like" => one(cast(np::ones_like(x))),
        // With a dtype, JAX converts the value to it alone.
        "full_like" if args["dtype"].is_null() => one(np::full_like(x, y)),
        "arange" if args["dtype"].is_null() => {
            let literal = |key: &str| (!args[key].is_null()).then(|| args[key].clone());
            let range = [literal("start"), literal("stop"), literal("step")];
            let float = |x: &Value| x.as_f64().unwrap();
            let whole = |x: &Value| x.as_i64().unwrap();
            one(match &range {
                [None, Some(stop), None] if stop.is_i64() => np::arange(whole(stop)),
                [None, Some(stop), None] => np::arange(float(stop)),
                [Some(start), Some(stop), None] if start.is_i64() && stop.is_i64() => {
                    np::arange((whole(start), whole(stop)))
                }
                [Some(start), Some(stop), None] => np::arange((float(start), float(stop))),
                [Some(start), Some(stop), Some(step)] if start.is_i64() && stop.is_i64() && step.is_i64() => {
                    np::arange((whole(start), whole(stop), whole(step)))
                }
                [Some(start), Some(stop), Some(step)] => np::arange((float(start), float(stop), float(step))),
                _ => return None,
            })
        }
        "linspace" if args["dtype"].is_null() => {
            let (start, stop, n) = (number(&args["start"]), number(&args["stop"]), int("num")?);
            let n = usize::try_from(n).ok()?;
            one(if args["endpoint"] == true {
                np::linspace(start, stop, n)
            } else {
                np::linspace_open(start, stop, n)
            })
        }
        "identity" => one(cast(np::identity(int("n")? as usize))),
        "eye" => {
            let n = int("N")? as usize;
            one(cast(np::eye(n, int("M").map_or(n, |m| m as usize), int("k")?)))
        }
        "meshgrid" if args["sparse"] == false && args["indexing"] == "xy" => {
            Some(np::meshgrid_xy(xs.to_vec()))
        }
        "meshgrid" if args["sparse"] == false => Some(np::meshgrid_ij(xs.to_vec())),
        "astype" => one(cast(x)),
        "add" => one(x + y),
        "subtract" => one(x - y),
        "multiply" => one(x * y),
        "divide" => one(x / y),
        "floor_divide" => one(x.floor_divide(y)),
        "remainder" => one(x % y),
        "power" => one(x.pow(y)),
        "maximum" => one(x.maximum(y)),
        "minimum" => one(x.minimum(y)),
        "arctan2" => one(x.arctan2(y)),
        "hypot" => one(x.hypot(y)),
        "bitwise_and" => one(x & y),
        "bitwise_or" => one(x | y),
        "bitwise_xor" => one(x ^ y),
        "left_shift" => one(x << y),
        "right_shift" => one(x >> y),
        "equal" => one(x.equal(y)),
        "not_equal" => one(x.not_equal(y)),
        "less" => one(x.lt(y)),
        "less_equal" => one(x.le(y)),
        "greater" => one(x.gt(y)),
        "greater_equal" => one(x.ge(y)),
        "logical_and" => one(x.logical_and(y)),
        "logical_or" => one(x.logical_or(y)),
        "logical_xor" => one(x.logical_xor(y)),
        "negative" => one(-x),
        "abs" => one(x.abs()),
        "sign" => one(x.sign()),
        "square" => one(x.square()),
        "floor" => one(x.floor()),
        "ceil" => one(x.ceil()),
        "trunc" => one(x.trunc()),
        "round" => one(x.round_to(int("decimals")? as i32)),
        "isnan" => one(x.isnan()),
        "isinf" => one(x.isinf()),
        "isfinite" => one(x.isfinite()),
        "logical_not" => one(x.logical_not()),
        "bitwise_not" => one(!x),
        "exp" => one(x.exp()),
        "expm1" => one(x.expm1()),
        "exp2" => one(x.exp2()),
        "log" => one(x.log()),
        "log1p" => one(x.log1p()),
        "log2" => one(x.log2()),
        "log10" => one(x.log10()),
        "sqrt" => one(x.sqrt()),
        "cbrt" => one(x.cbrt()),
        "reciprocal" => one(x.reciprocal()),
        "sin" => one(x.sin()),
        "cos" => one(x.cos()),
        "tan" => one(x.tan()),
        "arcsin" => one(x.arcsin()),
        "arccos" => one(x.arccos()),
        "arctan" => one(x.arctan()),
        "sinh" => one(x.sinh()),
        "cosh" => one(x.cosh()),
        "tanh" => one(x.tanh()),
        "arcsinh" => one(x.arcsinh()),
        "arccosh" => one(x.arccosh()),
        "arctanh" => one(x.arctanh()),
        "erf" => one(x.erf()),
        "erf_inv" => one(x.erf_inv()),
        "clip" if xs.len() == 3 => one(x.clip(y, &xs[2])),
        "where" if xs.len() == 3 => one(np::where_(x, y, &xs[2])),
        "sum" => one(reduce!(sum sum_axis)),
        "prod" => one(reduce!(prod prod_axis)),
        "mean" => one(reduce!(mean mean_axis)),
        "max" => one(reduce!(max max_axis)),
        "min" => one(reduce!(min min_axis)),
        "any" => one(reduce!(any any_axis)),
        "all" => one(reduce!(all all_axis)),
        "var" if ddof == Some(0.0) => one(reduce!(var var_axis)),
        "std" if ddof == Some(0.0) => one(reduce!(std std_axis)),
        "var" => one(ddof!(var_ddof)),
        "std" => one(ddof!(std_ddof)),
        // Of all elements with the rank kept: not in kiln.
        "argmax" | "argmin" if args["axis"].is_null() && keepdims => None,
        "argmax" => one(reduce!(argmax argmax_axis)),
        "argmin" => one(reduce!(argmin argmin_axis)),
        "cumsum" => one(int("axis").map_or_else(|| x.cumsum(), |axis| x.cumsum_axis(axis))),
        "cumprod" => one(int("axis").map_or_else(|| x.cumprod(), |axis| x.cumprod_axis(axis))),
        "reshape" => one(x.reshape(shape("shape"))),
        "transpose" if args["axes"].is_null() => one(x.t()),
        "transpose" => one(x.transpose(shape("axes"))),
        "swapaxes" => one(x.swapaxes(int("axis1")?, int("axis2")?)),
        "moveaxis" => one(x.moveaxis(shape("source"), shape("destination"))),
        "squeeze" if args["axis"].is_null() => one(x.squeeze()),
        "squeeze" => one(x.squeeze_axis(shape("axis"))),
        "expand_dims" => one(x.expand_dims(shape("axis"))),
        "broadcast_to" => one(x.broadcast_to(shape("shape"))),
        "concatenate" if !args["axis"].is_null() => one(np::concatenate(xs, int("axis")?)),
        "stack" => one(np::stack(xs, int("axis")?)),
        "flip" if args["axis"].is_null() => one(x.flip()),
        "flip" => one(x.flip_axis(shape("axis"))),
        "roll" if args["axis"].is_null() => one(x.roll(shape("shift")[0])),
        "roll" => one(x.roll_axis(shape("shift"), shape("axis"))),
        "tile" => one(x.tile(shape("reps"))),
        "repeat" => {
            let times = usize::try_from(int("repeats")?).ok()?;
            one(int("axis").map_or_else(|| x.repeat(times), |axis| x.repeat_axis(times, axis)))
        }
        "take" if args["mode"].is_null() && !args["axis"].is_null() => one(np::take(x, y, int("axis")?)),
        "take" if args["mode"].is_null() => one(np::take(x.ravel(), y, 0)),
        "sort" if args["descending"] == false => {
            one(int("axis").map_or_else(|| x.ravel().sort(), |axis| x.sort_axis(axis)))
        }
        "argsort" if args["descending"] == false => {
            one(int("axis").map_or_else(|| x.ravel().argsort(), |axis| x.argsort_axis(axis)))
        }
        "dot" => one(x.dot(y)),
        "matmul" => one(x.matmul(y)),
        "outer" => one(np::outer(x, y)),
        "allclose" if args["equal_nan"] == false => {
            one(np::isclose(x, y, args["rtol"].as_f64()?, args["atol"].as_f64()?).all())
        }
        "linalg.inv" => one(linalg::inv(x)),
        "linalg.eigh" => {
            let linalg::Eigh {
                eigenvalues,
                eigenvectors,
            } = linalg::eigh(x);
            Some(vec![eigenvalues, eigenvectors])
        }
        "diag" => one(np::diag(x, int("k")?)),
        "tril" => one(np::tril(x, int("k")?)),
        "triu" => one(np::triu(x, int("k")?)),
        "searchsorted" if args["side"] == "left" => one(np::searchsorted(x, y)),
        "searchsorted" => one(np::searchsorted_right(x, y)),
        _ => None,
    }
}

#[test]
fn functions() {
    let table = table("numpy");
    let rows = table["rows"].as_array().unwrap();
    let (mut wrong, mut left_out) = (Vec::new(), BTreeMap::<String, usize>::new());
    for row in rows {
        let name = row["fn"].as_str().unwrap();
        let x64 = row["x64"].as_bool().unwrap();
        let result = catch_unwind(AssertUnwindSafe(|| {
            with_x64(x64, || {
                let inputs = row["inputs"].as_array().unwrap();
                // `clip` without one of its bounds is `maximum` or `minimum`.
                if inputs.iter().any(Value::is_null) {
                    return None;
                }
                call(
                    name,
                    &inputs.iter().map(operand).collect::<Vec<_>>(),
                    &row["args"],
                )
            })
        }));
        let wanted = row["outputs"].as_array().unwrap();
        let tolerance = if x64 { 1e-12 } else { 1e-5 };
        let what = match &result {
            Ok(None) => {
                *left_out.entry(name.into()).or_default() += 1;
                None
            }
            Ok(Some(results)) => {
                // XLA contracts multiplications and additions, which shows where they cancel.
                let absolute = if matches!(name, "linspace" | "linalg.eigh") {
                    tolerance
                } else {
                    0.0
                };
                results
                    .iter()
                    .zip(wanted)
                    .find_map(|(x, wanted)| difference(x, wanted, tolerance, absolute))
            }
            Err(error) => Some(error.downcast_ref::<String>().cloned().unwrap_or_default()),
        };
        if let Some(what) = what {
            wrong.push(format!(
                "{name} x64={x64} {} {}\n    {what}",
                row["inputs"], row["args"]
            ));
        }
    }
    println!("left out: {left_out:?}");
    report(rows.len(), &wrong);
}

#[test]
fn what_jax_refuses() {
    let table = table("numpy");
    let rows = table["errors"].as_array().unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        let name = row["fn"].as_str().unwrap();
        let x64 = row["x64"].as_bool().unwrap();
        let result = catch_unwind(AssertUnwindSafe(|| {
            with_x64(x64, || {
                let xs: Vec<Array> = row["inputs"].as_array().unwrap().iter().map(operand).collect();
                call(name, &xs, &row["args"]).is_some()
            })
        }));
        if let Ok(true) = result {
            wrong.push(format!(
                "{name} {} {}\n    {}",
                row["inputs"], row["args"], row["error"]
            ));
        }
    }
    report(rows.len(), &wrong);
}
