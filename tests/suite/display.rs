//! Compares `Display` and `Debug` of arrays with Python's `str` and `repr`: `reference/data/display.json`.

use crate::support::{Report, array, dtype, numbers, rows, text, weak};
use kiln::{Array, with_x64};
use serde_json::Value;

/// Returns a large array. Element i is `start + step ((i stride) mod modulus)`.
fn recipe(row: &Value) -> Array {
    let (how, shape) = (&row["recipe"], numbers(&row["shape"]));
    let [start, step] = ["start", "step"].map(|key| how[key].as_f64().unwrap());
    let [stride, modulus] = ["stride", "modulus"].map(|key| how[key].as_u64().unwrap());
    let n = shape.iter().product::<isize>() as u64;
    let elements: Vec<f64> = (0..n)
        .map(|i| start + step * (i * stride % modulus) as f64)
        .collect();
    let strong = Array::new(elements, &shape).astype(dtype(text(row, "dtype")));
    if row["weak"] == true {
        weak(&strong)
    } else {
        strong
    }
}

#[test]
fn arrays_print_as_in_python() {
    let mut report = Report::default();
    for row in rows("display", "cases") {
        // A weak array has a default dtype, so the row sets the 64-bit switch.
        let (shown, repr) = with_x64(text(&row, "dtype").ends_with("64"), || {
            let x = if row["recipe"].is_null() {
                array(&row)
            } else {
                recipe(&row)
            };
            (format!("{x}"), format!("{x:?}"))
        });
        let differs = |found: &str, key: &str| {
            (found != text(&row, key)).then(|| format!("{key} is\n{found}\nnot\n{}", text(&row, key)))
        };
        report.check(&row, differs(&shown, "str").or_else(|| differs(&repr, "repr")));
    }
    report.finish(&[]);
}
