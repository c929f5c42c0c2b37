//! Bounds on the distance of kiln's floats from JAX's, derived function by function.
//!
//! `u` is the error of one rounding relative to its result, `eps = 2 u`. Both libraries compute with rounding
//! errors, so a bound is the sum of two. Results without rounding, and results that both libraries round
//! correctly, are equal bit for bit.

use crate::support::compare::{Bound, eps, floats, ulp};
use crate::support::device::{is_exact, looseness};
use crate::support::{array, dtype, float, list, numbers, operand, text};
use kiln::DType;
use kiln::numpy::linalg;
use serde_json::Value;

/// kiln's elementary functions are within this many ulp of the truth (`backends/math/tests/ulp.rs`).
const KILN_ULP: f64 = 2.0;

/// The same bound on the device under test.
fn kiln_ulp() -> f64 {
    looseness() * KILN_ULP
}

/// The error of JAX in ulp on the inputs of the table, measured against a higher precision.
fn jax_ulp(name: &str, dtype: DType) -> f64 {
    match (name, dtype) {
        ("sinh" | "cosh", DType::F32) => 21.0,
        ("sinh" | "cosh", _) => 14.0,
        ("exp2", DType::F32) => 14.0,
        ("exp2", _) => 2.4,
        _ => 2.2,
    }
}

/// Returns the bound for each output of a row.
pub(crate) fn bounds(row: &Value) -> Vec<Bound> {
    let outputs = list(&row["outputs"]);
    outputs
        .iter()
        .map(|output| bound(text(row, "fn"), row, output))
        .collect()
}

/// Returns the bound of an elementary function on a device with an exponential, sine and cosine of its own
/// (`backends/burn/tests/lowering/common/device.rs`). The error of the exponential grows with its argument.
/// Beyond 8192 the sine and cosine may be anything. Returns nothing for other functions.
fn device_bound(name: &str, row: &Value, output: &Value, ulps: f64) -> Option<Bound> {
    let of = dtype(text(output, "dtype"));
    let more = |x: f64| match name {
        "exp" | "expm1" | "exp2" => Some(1.25 * x.abs()),
        "sinh" | "cosh" => Some(2.5 * x.abs()),
        "sin" | "cos" | "tan" => Some(if x.abs() > 8192.0 { f64::INFINITY } else { 0.0 }),
        _ => None,
    };
    let (x, y) = (values(&row["inputs"][0]), values(output));
    if x.len() != y.len() {
        return None;
    }
    let each = x
        .iter()
        .zip(&y)
        .map(|(&x, &y)| Some((ulps + more(x)?) * ulp(y, of)));
    each.collect::<Option<Vec<f64>>>().map(Bound::Each)
}

fn bound(name: &str, row: &Value, output: &Value) -> Bound {
    let of = dtype(text(output, "dtype"));
    if !of.is_float() {
        return Bound::Exact;
    }
    if !is_exact() {
        if let Some(bound) = device_bound(name, row, output, kiln_ulp() + jax_ulp(name, of)) {
            return bound;
        }
        // Of zeros of two signs a device returns either.
        if matches!(name, "maximum" | "minimum" | "max" | "min" | "clip") {
            return Bound::Within(0.0);
        }
    }
    let (eps, args) = (eps(of), &row["args"]);
    let relative = |factor: f64| Bound::Each(values(output).iter().map(|y| factor * y.abs()).collect());
    match name {
        "exp" | "expm1" | "exp2" | "log" | "log1p" | "log2" | "log10" | "cbrt" | "sin" | "cos" | "tan"
        | "arcsin" | "arccos" | "arctan" | "sinh" | "cosh" | "tanh" | "arcsinh" | "arccosh" | "arctanh"
        | "erf" | "arctan2" | "hypot" => Bound::Ulp(kiln_ulp() + jax_ulp(name, of)),
        // If the exponent is a plain integer, both libraries multiply in the same order: equal. If it is
        // negative, kiln multiplies n rounded reciprocals, with n - 1 roundings more, and JAX divides one by
        // the product, n roundings. Each rounding is at most one ulp. Other exponents are those of pow.
        "power" if let Some(exponent) = row["inputs"][1]["scalar"].as_i64() => match exponent {
            0.. => Bound::Exact,
            n => Bound::Ulp(3.0 * n.unsigned_abs() as f64 - 1.0),
        },
        "power" => Bound::Ulp(kiln_ulp() + jax_ulp(name, of)),
        // kiln has JAX's polynomial, bit for bit. In f64 its logarithm is that of libm, and the whole is
        // within 2 ulp.
        "erf_inv" if of == DType::F64 => Bound::Ulp(2.0),
        // kiln rounds once (0.5 ulp). JAX multiplies by the reciprocal of a divisor that is broadcast (1.3
        // ulp).
        "divide" => Bound::Ulp(1.8),
        // The product of n factors in two orders: (n - 1) u each.
        "prod" => relative(eps * (reduced(row) - 1.0).max(0.0)),
        "cumprod" => relative(eps * (along(row) - 1.0).max(0.0)),
        "var" => Bound::Each(values(output).iter().map(|&y| variance(row, y, eps)).collect()),
        // |sqrt(a) - sqrt(b)| <= |a - b| / sqrt(b) and <= sqrt(|a - b|), and two roundings.
        "std" => Bound::Each(
            values(output)
                .iter()
                .map(|&y| {
                    let apart = variance(row, y * y, eps);
                    (apart / y.abs()).min(apart.sqrt()) + eps * y.abs()
                })
                .collect(),
        ),
        "linspace" => linspace(args, eps),
        // f0 + slope (f1 - f0): XLA may round its product and sum as one. So the bound is u of each. The
        // product is at most twice the greatest |f|, the sum once.
        "interp" => Bound::Within(
            2.0 * eps
                * values(&row["inputs"][2])
                    .iter()
                    .fold(0.0_f64, |most, f| most.max(f.abs())),
        ),
        "linalg.inv" => inverse(row, output, eps),
        "linalg.solve" => solution(row, output, eps),
        // (sum |x|^p)^(1 / p): the errors of the terms and of the sum are divided by p. 1 / p is rounded,
        // times the logarithm of the sum.
        "linalg.vector_norm"
            if ![0.0, 1.0, 2.0].contains(&float(&args["ord"])) && float(&args["ord"]).is_finite() =>
        {
            let (order, power, n) = (
                float(&args["ord"]),
                kiln_ulp() + jax_ulp("pow", of),
                values(&row["inputs"][0]).len() as f64,
            );
            Bound::Each(
                values(output)
                    .iter()
                    .map(|y| eps * y * ((power + n) / order + power + (order * y.ln()).abs()))
                    .collect(),
            )
        }
        // Weyl: an eigenvalue moves by no more than the norm of the backward error. kiln's is within n u |A|.
        // JAX was measured 3.7 u |A| off the truth (LAPACK gives 5.8312531 for an eigenvalue of 5.83125443,
        // kiln 5.8312554).
        "linalg.eigh" => {
            Bound::Within(eps / 2.0 * (last_axis(output) + 3.7) * frobenius(&values(&row["inputs"][0])))
        }
        // Both libraries round once, or not at all. This holds for sums, means, running sums, dots and matrix
        // products as well. Their elements are multiples of 1/4 below 16 and the sums are short, so every
        // partial sum of products is exact in any order.
        _ => Bound::Exact,
    }
}

/// Returns the elements of an operand. 0 stands for those that are not finite.
fn values(value: &Value) -> Vec<f64> {
    let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
    operand(value)
        .map_or(Vec::new(), |x| floats(&x))
        .into_iter()
        .map(finite)
        .collect()
}

/// Returns the number of elements that a reduction combines to one.
fn reduced(row: &Value) -> f64 {
    let shape = numbers(
        &row["inputs"][0]
            .get("shape")
            .cloned()
            .unwrap_or(Value::Array(vec![])),
    );
    let length = |axis: isize| shape[(axis + shape.len() as isize) as usize % shape.len()] as f64;
    match &row["args"]["axis"] {
        Value::Null => shape.iter().map(|&n| n as f64).product(),
        axes => numbers(axes).into_iter().map(length).product(),
    }
}

/// Returns the number of elements along the axis of a running reduction.
fn along(row: &Value) -> f64 {
    reduced(row)
}

/// The mean m is right up to u |m| in kiln and 2 u |m| in JAX (its sum is exact). If the centre is off by d,
/// the sum of squared distances grows by n d^2 and nothing else, because the distances from the true mean add
/// up to 0. Distance and square take 3 roundings, the sum n - 1, the division 1 or 2: (n + 3) u and (n + 4) u
/// of the variance v.
fn variance(row: &Value, v: f64, eps: f64) -> f64 {
    let (n, u) = (reduced(row), eps / 2.0);
    let largest = values(&row["inputs"][0])
        .iter()
        .fold(0.0_f64, |most, x| most.max(x.abs()));
    let free = n - row["args"]["ddof"].as_f64().unwrap();
    let off = if free > 0.0 {
        (1.0 + 4.0) * (u * largest).powi(2) * n / free
    } else {
        0.0
    };
    (2.0 * n + 7.0) * u * v + off
}

/// start (1 - a) + stop a with a = i / n, rounded once in kiln and twice in JAX (a product with a
/// reciprocal). In units of u (|start| + |stop|) the errors are 2 and 3 for the first term, 2 and 3 for the
/// second, 1 and 1 for the sum: not more than 3 and 4. The step has fewer: 1 and 2 for the difference, 2 and
/// 1 for the division.
fn linspace(args: &Value, eps: f64) -> Bound {
    let ends: f64 = ["start", "stop"].map(|key| greatest(&args[key])).iter().sum();
    Bound::Within(3.5 * eps * ends)
}

/// Returns the greatest magnitude in nested lists of numbers.
fn greatest(value: &Value) -> f64 {
    match value {
        Value::Array(items) => items.iter().map(greatest).fold(0.0, f64::max),
        number => number.as_f64().unwrap().abs(),
    }
}

fn last_axis(output: &Value) -> f64 {
    numbers(&output["shape"]).last().map_or(0.0, |&n| n as f64)
}

fn frobenius(elements: &[f64]) -> f64 {
    elements.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Higham, Accuracy and Stability of Numerical Algorithms, theorem 9.4: a column of the inverse solves (A +
/// E) x = e with |E| <= 3 n u |L| |U|. Partial pivoting (|l| <= 1, so rows of U at most double)
/// gives | |L| |U| | <= (2^n - 1) |A| in the maximum norm. So an inverse X is off by 3 n (2^n - 1)
/// u |A| |X|^2, here twice. The norm of a batch is the greatest of its matrices.
fn inverse(row: &Value, output: &Value, eps: f64) -> Bound {
    let n = last_axis(output);
    let norm = |value: &Value| {
        let rows = values(value);
        rows.chunks((n as usize).max(1))
            .map(|row| row.iter().map(|x| x.abs()).sum())
            .fold(0.0, f64::max)
    };
    let (a, x) = (norm(&row["inputs"][0]), norm(output));
    Bound::Within(3.0 * n * (n.exp2() - 1.0) * eps * a * x * x)
}

/// As for the inverse, a solution x is off by 3 n (2^n - 1) u |A| |A^-1| |x|, here twice. |A^-1| is from
/// kiln's own inverse, which is right up to a factor of 2 in any case.
fn solution(row: &Value, output: &Value, eps: f64) -> Bound {
    let a = array(&row["inputs"][0]);
    let n = a.shape().last().map_or(0.0, |&n| n as f64);
    let size = |elements: &[f64]| elements.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let inverse = size(&floats(&linalg::inv(&a)));
    let factor = 3.0 * n * (n.exp2() - 1.0) * eps * 2.0;
    Bound::Within(factor * (n * size(&floats(&a))) * (n * inverse) * size(&values(output)))
}
