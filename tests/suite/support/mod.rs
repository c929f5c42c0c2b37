//! Shared by the tests against JAX: reads the tables of `tests/reference/data`, makes arrays from their rows,
//! and compares results.

pub(crate) mod compare;
pub(crate) mod device;
pub(crate) mod hash;
pub(crate) mod memory;
pub(crate) mod mutated;

use kiln::{Array, DType, Device, numpy as np, with_x64};
use serde_json::Value;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Returns the path of a file of reference data.
pub(crate) fn path(file: &str) -> String {
    format!("{}/reference/data/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// Returns the rows of a list in a table.
pub(crate) fn rows(table: &str, list: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path(&format!("{table}.json"))).unwrap();
    match serde_json::from_str::<Value>(&text).unwrap()[list].take() {
        Value::Array(rows) => rows,
        _ => panic!("{table}.json has no list {list}"),
    }
}

pub(crate) fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} of {row} is no string"))
}

pub(crate) fn flag(row: &Value, key: &str) -> bool {
    row[key]
        .as_bool()
        .unwrap_or_else(|| panic!("{key} of {row} is no bool"))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

/// Returns a shape, or axes. A single number counts as a list of one.
pub(crate) fn numbers(value: &Value) -> Vec<isize> {
    let number = |n: &Value| {
        n.as_i64()
            .unwrap_or_else(|| panic!("{value} is no list of integers")) as isize
    };
    value
        .as_array()
        .map_or_else(|| vec![number(value)], |list| list.iter().map(number).collect())
}

pub(crate) fn dtype(name: &str) -> DType {
    DType::ALL
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .unwrap_or_else(|| panic!("no dtype {name}"))
}

/// Returns a float of the table. Some are strings: nan, inf and -0.0 (and all in display.json).
pub(crate) fn float(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        value => value.as_f64().unwrap_or_else(|| panic!("{value} is no float")),
    }
}

/// Returns the bits of an integer of at most 64 bits.
fn bits(value: &Value) -> u64 {
    value
        .as_i64()
        .map(|n| n as u64)
        .or(value.as_u64())
        .unwrap_or_else(|| panic!("{value} is no integer"))
}

/// Returns an array of a row. The table has enough digits that reading floats as f64 and rounding to f32 is
/// exact.
pub(crate) fn array(value: &Value) -> Array {
    let (data, shape) = (list(&value["data"]), numbers(&value["shape"]));
    macro_rules! elements {
        ($read:expr => $type:ty) => {
            Array::new(
                data.iter()
                    .map(|x| $read(x) as $type)
                    .collect::<Vec<$type>>(),
                &shape,
            )
        };
    }
    let strong = match dtype(text(value, "dtype")) {
        DType::Bool => Array::new(
            data.iter().map(|x| x.as_bool().unwrap()).collect::<Vec<_>>(),
            &shape,
        ),
        DType::I8 => elements!(bits => i8),
        DType::I16 => elements!(bits => i16),
        DType::I32 => elements!(bits => i32),
        DType::I64 => elements!(bits => i64),
        DType::U8 => elements!(bits => u8),
        DType::U16 => elements!(bits => u16),
        DType::U32 => elements!(bits => u32),
        DType::U64 => elements!(bits => u64),
        DType::F32 => elements!(float => f32),
        DType::F64 => elements!(float => f64),
    };
    if flag(value, "weak") {
        weak(&strong)
    } else {
        strong
    }
}

/// Returns the same elements with a weak dtype, which must be a default one. An array that is made like a
/// plain number is weak.
pub(crate) fn weak(strong: &Array) -> Array {
    let plain = if strong.dtype().is_float() {
        np::full((), 0.0)
    } else {
        np::full((), 0)
    };
    let weak = np::full_like(plain.broadcast_to(strong.shape()), strong);
    assert!(
        weak.is_weak() && weak.dtype() == strong.dtype(),
        "no weak array of {}",
        strong.dtype()
    );
    weak
}

/// Returns a plain number: bool, integer or float by its JSON literal.
pub(crate) fn scalar(value: &Value) -> Array {
    match value {
        Value::Bool(holds) => (*holds).into(),
        Value::Number(number) if !number.is_f64() => number.as_i64().unwrap().into(),
        other => float(other).into(),
    }
}

/// Returns an input of a row. null stands for None.
pub(crate) fn operand(value: &Value) -> Option<Array> {
    match value.get("scalar") {
        Some(number) => Some(scalar(number)),
        None if value.is_null() => None,
        None => Some(array(value)),
    }
}

/// Runs `f` with the row's 64-bit switch. Returns its result, or the message of its panic.
pub(crate) fn outcome<R>(row: &Value, f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(|| with_x64(flag(row, "x64"), f))).map_err(|panic| {
        match panic.downcast::<String>() {
            Ok(message) => *message,
            Err(panic) => panic
                .downcast_ref::<&str>()
                .map_or("a panic without a message".into(), ToString::to_string),
        }
    })
}

/// Returns the message of the panic of `f`.
pub(crate) fn message<R>(f: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("nothing was refused"),
        Err(panic) => *panic.downcast::<String>().expect("a message of kiln's"),
    }
}

/// Returns true if a message is the default device's refusal of a dtype that it does not have. The CPU has
/// them all.
pub(crate) fn refused(message: &str) -> bool {
    let device = Device::default();
    let refusal =
        |dtype: DType| !device.has(dtype) && message.contains(&format!("{device} has no {dtype}: "));
    DType::ALL.into_iter().any(refusal)
}

/// Returns a row as text without its results, which names it in a message.
pub(crate) fn name(row: &Value) -> String {
    let mut row = row.clone();
    for key in ["outputs", "fnv1a64", "first", "last", "str", "repr"] {
        row.as_object_mut().unwrap().remove(key);
    }
    row.to_string()
}

/// The rows of a table that were wrong, and the rows that were left out.
#[derive(Default)]
pub(crate) struct Report {
    rows: usize,
    wrong: Vec<String>,
    left_out: BTreeMap<&'static str, usize>,
}

impl Report {
    /// Counts a row, and keeps the error in it.
    pub(crate) fn check(&mut self, row: &Value, wrong: Option<String>) {
        self.rows += 1;
        if let Some(wrong) = wrong.filter(|wrong| !refused(wrong)) {
            self.wrong.push(format!("{}\n    {wrong}", name(row)));
        }
    }

    /// Counts a row that kiln does not have by design, for this reason.
    pub(crate) fn leave_out(&mut self, reason: &'static str) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    /// Fails if a row was wrong, or if other rows than these were left out.
    #[track_caller]
    pub(crate) fn finish(self, left_out: &[(&'static str, usize)]) {
        let (n, rows) = (self.wrong.len(), self.rows);
        let shown = std::env::var("ROWS").map_or(40, |n| n.parse().unwrap());
        assert!(
            n == 0,
            "{n} of {rows} rows are wrong:\n{}",
            self.wrong[..n.min(shown)].join("\n")
        );
        assert_eq!(self.left_out, left_out.iter().copied().collect(), "rows left out");
        assert!(rows > 0, "the table is empty");
    }
}
