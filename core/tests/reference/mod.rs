//! Reads the reference data of `tests/reference/data`, and compares results with it.

use kiln_core::{Array, DType, Item, Items, numpy as np};
use serde_json::Value;

/// One of the tables.
pub(crate) fn table(name: &str) -> Value {
    let path = format!(
        "{}/../tests/reference/data/{name}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn dtype(name: &str) -> DType {
    DType::ALL
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .unwrap_or_else(|| panic!("dtype {name}"))
}

fn float(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        value => value.as_f64().unwrap(),
    }
}

fn integer(value: &Value) -> i64 {
    value
        .as_i64()
        .or(value.as_u64().map(|x| x as i64))
        .unwrap_or_else(|| panic!("integer {value}"))
}

/// An array of the table, or a plain number.
pub(crate) fn operand(value: &Value) -> Array {
    if let Some(scalar) = value.get("scalar") {
        return match scalar {
            Value::Bool(holds) => (*holds).into(),
            Value::Number(number) if number.is_i64() => number.as_i64().unwrap().into(),
            other => float(other).into(),
        };
    }
    let shape: Vec<usize> = value["shape"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_u64().unwrap() as usize)
        .collect();
    let data = value["data"].as_array().unwrap();
    let integers = || data.iter().map(integer);
    let floats = || data.iter().map(float);
    let array = match dtype(value["dtype"].as_str().unwrap()) {
        DType::Bool => Array::new(
            data.iter().map(|x| x.as_bool().unwrap()).collect::<Vec<_>>(),
            shape,
        ),
        DType::I8 => Array::new(integers().map(|x| x as i8).collect::<Vec<_>>(), shape),
        DType::I16 => Array::new(integers().map(|x| x as i16).collect::<Vec<_>>(), shape),
        DType::I32 => Array::new(integers().map(|x| x as i32).collect::<Vec<_>>(), shape),
        DType::I64 => Array::new(integers().collect::<Vec<_>>(), shape),
        DType::U8 => Array::new(integers().map(|x| x as u8).collect::<Vec<_>>(), shape),
        DType::U16 => Array::new(integers().map(|x| x as u16).collect::<Vec<_>>(), shape),
        DType::U32 => Array::new(integers().map(|x| x as u32).collect::<Vec<_>>(), shape),
        DType::U64 => Array::new(integers().map(|x| x as u64).collect::<Vec<_>>(), shape),
        DType::F32 => Array::new(floats().map(|x| x as f32).collect::<Vec<_>>(), shape),
        DType::F64 => Array::new(floats().collect::<Vec<_>>(), shape),
    };
    match value["weak"].as_bool() == Some(true) {
        // What is made from plain numbers alone is weak.
        true if array.dtype().is_float() => array
            .astype(DType::F64)
            .to_vec::<f64>()
            .into_iter()
            .weak(array.shape()),
        true => array
            .astype(DType::I64)
            .to_vec::<i64>()
            .into_iter()
            .weak(array.shape()),
        false => array,
    }
}

trait Weak {
    fn weak(self, shape: &kiln_core::Shape) -> Array;
}

impl<T: Into<Array>, I: Iterator<Item = T>> Weak for I {
    fn weak(self, shape: &kiln_core::Shape) -> Array {
        np::stack(self.map(|x| np::full((), x)), 0).reshape(shape)
    }
}

/// The index of a row.
pub(crate) fn index(value: &Value) -> Items {
    let bound = |x: &Value| x.as_i64().map(|x| x as isize);
    let item = |part: &Value| {
        let (kind, what) = part.as_object().unwrap().iter().next().unwrap();
        match kind.as_str() {
            "int" => Item::Integer(what.as_i64().unwrap() as isize),
            "slice" => Item::Slice {
                start: bound(&what[0]),
                stop: bound(&what[1]),
                step: bound(&what[2]).unwrap_or(1),
            },
            "ellipsis" => Item::Ellipsis,
            "newaxis" => Item::NewAxis,
            _ => Item::Array(operand(what)),
        }
    };
    value.as_array().unwrap().iter().map(item).collect()
}

/// What differs between a result and the one expected. Floats may differ by a `tolerance` relative to each element, or by an
/// `absolute` one relative to the greatest.
pub(crate) fn difference(got: &Array, wanted: &Value, tolerance: f64, absolute: f64) -> Option<String> {
    let expected = operand(&serde_json::json!({
        "dtype": wanted["dtype"], "shape": wanted["shape"], "weak": false, "data": wanted["data"]
    }));
    let weak = wanted["weak"].as_bool().unwrap();
    if (got.dtype(), got.is_weak()) != (expected.dtype(), weak) || got.shape() != expected.shape() {
        let kind = |weak: bool| if weak { "weak " } else { "" };
        return Some(format!(
            "{}{} instead of {}{}",
            kind(got.is_weak()),
            got.array_type(),
            kind(weak),
            expected.array_type()
        ));
    }
    if !got.dtype().is_float() {
        let numbers = |x: &Array| x.astype(DType::U64).to_vec::<u64>();
        return (numbers(got) != numbers(&expected)).then(|| format!("\n{got} instead of\n{expected}"));
    }
    let (x, y) = (
        got.astype(DType::F64).to_vec::<f64>(),
        expected.astype(DType::F64).to_vec::<f64>(),
    );
    let tolerance = if got.dtype() == DType::F32 {
        tolerance.max(5e-6)
    } else {
        tolerance
    };
    let greatest = y
        .iter()
        .map(|y| y.abs())
        .filter(|y| y.is_finite())
        .fold(0.0, f64::max);
    let same_sign = |x: f64, y: f64| x.is_sign_negative() == y.is_sign_negative();
    let close = |x: f64, y: f64| match x == 0.0 && y == 0.0 {
        true => same_sign(x, y),
        false => {
            (x.is_nan() && y.is_nan()) || x == y || (x - y).abs() <= tolerance * y.abs() + absolute * greatest
        }
    };
    let wrong = x.iter().zip(&y).position(|(&x, &y)| !close(x, y))?;
    Some(format!(
        "{} instead of {} at {wrong} of {}",
        x[wrong],
        y[wrong],
        got.array_type()
    ))
}

/// Fails with the first of the messages.
#[track_caller]
pub(crate) fn report(rows: usize, wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} of {rows} rows are wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(200)].join("\n")
    );
}
