//! Compares every function of `numpy` with JAX's results: the rows of `reference/data/numpy.json`.

mod bounds;
mod call;
mod eigen;

use crate::support::compare::{difference, integers};
use crate::support::device::{has, on_cpu};
use crate::support::{Report, flag, list, numbers, operand, outcome, rows, text};
use bounds::bounds;
use call::{call, reasons};
use kiln::{Array, DType, numpy as np, with_x64};
use serde_json::Value;

fn inputs(row: &Value) -> Vec<Option<Array>> {
    list(&row["inputs"]).iter().map(operand).collect()
}

/// Runs a row. Returns its results, or the reason why kiln has no such call, or the message of a panic.
fn run(row: &Value) -> Result<Result<Vec<Array>, &'static str>, String> {
    outcome(row, || call(text(row, "fn"), &inputs(row), &row["args"]))
}

/// Returns the first difference between the results of a row and JAX's.
fn compare(row: &Value, results: &[Array]) -> Option<String> {
    let outputs = list(&row["outputs"]);
    if results.len() != outputs.len() {
        return Some(format!("gives {} arrays, not {}", results.len(), outputs.len()));
    }
    let bounds = on_cpu(|| with_x64(flag(row, "x64"), || bounds(row)));
    if text(row, "fn") == "linalg.eigh" {
        let [eigenvalues, eigenvectors] = results else {
            return Some("gives other than two arrays".into());
        };
        if !eigen::shapes(row, eigenvalues, eigenvectors) {
            return Some(format!("gives {eigenvalues:?}, {eigenvectors:?}"));
        }
        return difference(eigenvalues, &outputs[0], &bounds[0])
            .or_else(|| eigen::wrong(row, eigenvalues, eigenvectors));
    }
    results
        .iter()
        .zip(outputs)
        .zip(bounds)
        .find_map(|((result, output), bound)| difference(result, output, &bound))
}

/// Returns the row with results by kiln's rule, for integers to the power of an array of integers. XLA looks
/// at the low 6 bits of the exponent only, even if it is negative. kiln's rule is `1 / x^|n|` truncated for a
/// negative `n` (0, 1 or -1), and all bits of other exponents. The row must agree with the rule for exponents
/// from 0 to 63. The rule replaces its other results.
fn by_the_rule(row: &Value) -> Value {
    let mut row = row.clone();
    let exact = text(&row["outputs"][0], "dtype").contains("int");
    if text(&row, "fn") != "power" || !exact || row["inputs"][1].get("scalar").is_some() {
        return row;
    }
    let shape = numbers(&row["outputs"][0]["shape"]);
    let spread = |x: &Option<Array>| integers(&x.clone().unwrap().broadcast_to(&shape));
    let (bases, exponents) = match outcome(&row, || inputs(&row).iter().map(spread).collect::<Vec<_>>()) {
        Ok(operands) => (operands[0].clone(), operands[1].clone()),
        Err(message) => panic!("{message}"),
    };
    let bits: u32 = text(&row["outputs"][0], "dtype")
        .trim_start_matches(char::is_alphabetic)
        .parse()
        .unwrap();
    let signed = text(&row["outputs"][0], "dtype").starts_with("int");
    for (i, (base, exponent)) in bases.into_iter().zip(exponents).enumerate() {
        let power = whole_power(base, exponent, bits, signed);
        let output = &mut row["outputs"][0]["data"][i];
        let wanted = output
            .as_i64()
            .map(i128::from)
            .or(output.as_u64().map(i128::from))
            .unwrap();
        if (0..64).contains(&exponent) {
            assert_eq!(wanted, power, "{base}^{exponent}");
        }
        *output = if power < 0 {
            (power as i64).into()
        } else {
            (power as u64).into()
        };
    }
    row
}

fn whole_power(base: i128, exponent: i128, bits: u32, signed: bool) -> i128 {
    if exponent < 0 {
        return match base {
            1 => 1,
            -1 if exponent % 2 == 0 => 1,
            -1 => -1,
            _ => 0,
        };
    }
    let modulus = 1_u128 << bits;
    let (mut square, mut power, mut left) = (base.rem_euclid(1 << bits) as u128, 1_u128, exponent);
    while left > 0 {
        if left % 2 == 1 {
            power = power * square % modulus;
        }
        square = square * square % modulus;
        left /= 2;
    }
    let negative = signed && power >= modulus / 2;
    if negative {
        power as i128 - modulus as i128
    } else {
        power as i128
    }
}

#[test]
fn functions_give_what_jax_gives() {
    let mut report = Report::default();
    for row in rows("numpy", "rows") {
        let row = on_cpu(|| by_the_rule(&row));
        match run(&row) {
            Ok(Ok(results)) => report.check(&row, compare(&row, &results)),
            Ok(Err(reason)) => report.leave_out(reason),
            Err(message) => report.check(&row, Some(message)),
        }
    }
    report.finish(&[(reasons::REPEAT, 8)]);
}

/// Returns the name of one of JAX's functions in kiln's messages.
fn spoken<'a>(name: &'a str, row: &Value) -> &'a str {
    match name {
        "power" => "pow",
        "round" if row["args"]["decimals"] != 0 => "round_to",
        "linalg.inv" => "inv",
        "linalg.eigh" => "eigh",
        "linalg.solve" => "solve",
        "linalg.norm" => "norm",
        name => name,
    }
}

#[test]
fn functions_refuse_what_jax_refuses() {
    let mut report = Report::default();
    for row in rows("numpy", "errors") {
        let name = spoken(text(&row, "fn"), &row);
        match run(&row) {
            Ok(Ok(results)) => report.check(&row, Some(format!("gives {results:?}; JAX: {}", row["error"]))),
            Ok(Err(reason)) => report.leave_out(reason),
            Err(message) => {
                let plain = message.starts_with(&format!("{name}: ")) && !message.contains('\n');
                report.check(
                    &row,
                    (!plain).then(|| format!("{message:?} does not speak of {name}")),
                );
            }
        }
    }
    report.finish(&[(reasons::NEGATIVE_NUMBER, 2), (reasons::REPEAT, 2)]);
}

/// No integer is NaN, so the mean without NaN is the mean. Its dtype is JAX's: 64 bits come of 64 bits alone.
/// No sum wraps on the way.
#[test]
fn nanmean_of_integers_is_their_mean() {
    use DType::{Bool, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    for x64 in [false, true].into_iter().filter(|&x64| !x64 || has(F64)) {
        with_x64(x64, || {
            let wide = if x64 { F64 } else { F32 };
            let narrow = [Bool, I8, I16, I32, U8, U16, U32].map(|dtype| (dtype, F32));
            for (dtype, mean) in narrow.into_iter().chain([(I64, wide), (U64, wide)]) {
                if !(has(dtype) && has(mean)) {
                    continue;
                }
                let x = np::ones((2, 3)).astype(dtype);
                for found in [
                    np::nanmean(&x),
                    np::nanmean_axis(&x, 0),
                    np::nanmean_axis(&x, (0, 1)),
                ] {
                    assert_eq!(found.dtype(), mean, "{dtype}, x64 {x64}");
                    assert!(found.equal(1).all().item::<bool>(), "{dtype}: {found}");
                }
                assert!(np::nanmean(np::zeros(0).astype(dtype)).isnan().item::<bool>());
            }
            let greatest = np::full(4, i32::MAX).astype(I32);
            assert_eq!(np::nanmean(&greatest).item::<f64>(), 2_147_483_648.0);
            if has(U8) {
                assert_eq!(np::nanmean(np::full(3, 255).astype(U8)).item::<f64>(), 255.0);
            }
            assert_eq!(
                np::nanmean(np::full(4, i32::MIN).astype(I32)).item::<f64>(),
                -2_147_483_648.0
            );
            assert_eq!(
                np::nanmean_axis(np::stack([&greatest, &greatest]), 0).to_vec::<f32>(),
                [2_147_483_648.0; 4]
            );
        });
    }
}
