//! Compares `Display` and `Debug` of arrays with Python's `str` and `repr`: `reference/data/display.json`.

use crate::support::{Report, array, dtype, numbers, rows, text, weak};
use kiln::{Array, PrintOptions, jit, numpy as np, with_printoptions, with_x64};
use serde_json::Value;
use std::cell::RefCell;

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

fn array_of(row: &Value) -> Array {
    if row["recipe"].is_null() {
        array(row)
    } else {
        recipe(row)
    }
}

/// Returns the print options of a row, changed as its `options` say.
fn options(row: &Value, mut o: PrintOptions) -> PrintOptions {
    for (name, value) in row["options"].as_object().into_iter().flatten() {
        let number = || value.as_u64().unwrap() as usize;
        o = match name.as_str() {
            "precision" => o.precision(number()),
            "threshold" => o.threshold(number()),
            "edgeitems" => o.edgeitems(number()),
            "linewidth" => o.linewidth(number()),
            "suppress" => o.suppress(value == true),
            "sign" => o.sign(value.as_str().unwrap().chars().next().unwrap()),
            _ => panic!("no option {name}"),
        };
    }
    o
}

fn print_as_in_python(key: &str) {
    let mut report = Report::default();
    for row in rows("display", key) {
        // A weak array has a default dtype, so the row sets the 64-bit switch.
        let (shown, repr) = with_x64(text(&row, "dtype").ends_with("64"), || {
            let x = array_of(&row);
            with_printoptions(|o| options(&row, o), || (format!("{x}"), format!("{x:?}")))
        });
        let differs = |found: &str, key: &str| {
            (found != text(&row, key)).then(|| format!("{key} is\n{found}\nnot\n{}", text(&row, key)))
        };
        report.check(&row, differs(&shown, "str").or_else(|| differs(&repr, "repr")));
    }
    report.finish(&[]);
}

#[test]
fn arrays_print_as_in_python() {
    print_as_in_python("cases");
}

#[test]
fn print_options_are_those_of_numpy() {
    print_as_in_python("options");
}

#[test]
fn the_flags_of_a_format_string_are_honoured() {
    let mut report = Report::default();
    for row in rows("display", "flags") {
        let x = array(&row);
        let p = row["precision"].as_u64().unwrap_or_default() as usize;
        let shown = match (
            row["format"].as_str(),
            row["exponent"] == true,
            row["plus"] == true,
        ) {
            (None, false, false) => format!("{x:.p$}"),
            (None, false, true) => format!("{x:+.p$}"),
            (None, true, false) => format!("{x:.p$e}"),
            (None, true, true) => format!("{x:+.p$e}"),
            (Some(".0f"), ..) => format!("{x:.0}"),
            (Some(".3f"), ..) => format!("{x:.3}"),
            (Some(".8f"), ..) => format!("{x:.8}"),
            (Some("+.2f"), ..) => format!("{x:+.2}"),
            (Some(".2e"), ..) => format!("{x:.2e}"),
            (Some("+.0e"), ..) => format!("{x:+.0e}"),
            (Some(">12.3f"), ..) => format!("{x:>12.3}"),
            (Some("<12.3f"), ..) => format!("{x:<12.3}"),
            (Some("^12.3f"), ..) => format!("{x:^12.3}"),
            (Some("012.3f"), ..) => format!("{x:012.3}"),
            (Some("+012.3f"), ..) => format!("{x:+012.3}"),
            (Some("12.2e"), ..) => format!("{x:12.2e}"),
            (Some("*>12.3f"), ..) => format!("{x:*>12.3}"),
            (Some(other), ..) => panic!("no format {other}"),
        };
        let expected = text(&row, "str");
        report.check(
            &row,
            (shown != expected).then(|| format!("{shown:?} not {expected:?}")),
        );
    }
    report.finish(&[]);
}

/// A table of scalars needs no `item`. In a table of arrays the width is that of an element.
#[test]
fn columns_of_a_table_line_up() {
    let x = np::array([1.0, 0.25, 100.0]);
    let line = format!(
        "{:<8}|{:>8}|{:8.2}|{:+}|{:e}",
        x.index(0),
        x.index(1),
        x.sum(),
        x.max(),
        x.min()
    );
    assert_eq!(line, "1.0     |    0.25|  101.25|+100.0|2.5e-01");
    assert_eq!(format!("{x:8.1}"), "[     1.       0.2    100. ]");
    assert_eq!(format!("{:8.1}", -&x), "[    -1.      -0.2   -100. ]");
    assert_eq!(format!("{x:.1?}"), "Array([  1. ,   0.2, 100. ], dtype=float32)");
    let n = np::arange((9, 12));
    assert_eq!(format!("{n:4}"), "[   9   10   11]");
    assert_eq!(format!("{n:+}"), "[ +9 +10 +11]");
    assert_eq!(format!("{n:04}"), "[0009 0010 0011]");
    assert_eq!(format!("{n:e}"), "[9.0e+00 1.0e+01 1.1e+01]");
    assert_eq!(
        format!("{:6}|{:e}|{:+}", n.sum(), n.sum(), n.sum()),
        "    30|3e+01|+30"
    );
    assert_eq!(
        format!("{:>6}|{:6}|", n.index(0).lt(3), n.lt(10)),
        " False|[  True  False  False]|"
    );
}

#[test]
fn an_array_that_outlives_its_trace_says_so() {
    let kept = RefCell::new(None);
    let line = line!() + 1;
    let f = jit(|x: Array| {
        *kept.borrow_mut() = Some(x.clone());
        assert_eq!(
            format!("{x} {x:?} {x:9.1}"),
            "Traced<f32[2]> Traced<f32[2]> Traced<f32[2]>"
        );
        x
    });
    f(np::ones(2));
    let kept = kept.take().unwrap();
    let expected =
        format!("Traced<f32[2]>, whose trace has ended: jit (made at tests/suite/display.rs:{line}:13)");
    assert_eq!(kept.to_string(), expected);
    assert_eq!(format!("{kept:?}"), expected);
}
