//! Compares a result with a row's output.

use super::array;
use super::device::on_cpu;
use kiln::{Array, DType};
use serde_json::Value;

/// The bound on the distance of an element from JAX's.
#[derive(Clone, Debug)]
pub(crate) enum Bound {
    /// The bits must be equal, but for the payload of NaN.
    Exact,
    /// This many units in the last place of JAX's element. A zero has the same sign.
    Ulp(f64),
    /// This distance, for every element.
    Within(f64),
    /// A distance for each element. The list is as long as the output.
    Each(Vec<f64>),
}

/// Returns the difference between a result and the output in the table: in dtype, weakness, shape or
/// elements. A bool's weakness means nothing.
pub(crate) fn difference(got: &Array, wanted: &Value, bound: &Bound) -> Option<String> {
    let weak = wanted["weak"] == true;
    let wanted = {
        let mut strong = wanted.clone();
        strong["weak"] = false.into();
        on_cpu(|| array(&strong))
    };
    let kind = |x: &Array, weak: bool| {
        let weak = weak && x.dtype() != DType::Bool;
        format!("{}{}{}", if weak { "weak " } else { "" }, x.dtype(), x.shape())
    };
    let (found, expected) = (kind(got, got.is_weak()), kind(&wanted, weak));
    if found != expected {
        return Some(format!("gives {found}, not {expected}"));
    }
    if !got.dtype().is_float() {
        let same = integers(got) == integers(&wanted);
        return (!same).then(|| format!("gives\n{got:?}, not\n{wanted:?}"));
    }
    let (found, expected) = (floats(got), floats(&wanted));
    let wrong = (0..found.len()).find(|&i| !close(found[i], expected[i], i, got.dtype(), bound))?;
    let (x, y) = (found[wrong], expected[wrong]);
    let ulps = (x - y).abs() / ulp(y, got.dtype());
    Some(format!(
        "gives {x:?}, not {y:?}, at {wrong} of {}: {ulps} ulp apart, {bound:.3?} allowed",
        found.len()
    ))
}

fn close(x: f64, y: f64, at: usize, dtype: DType, bound: &Bound) -> bool {
    if !x.is_finite() || !y.is_finite() {
        return (x.is_nan() && y.is_nan()) || x == y;
    }
    let signs = x != 0.0 || y != 0.0 || x.is_sign_negative() == y.is_sign_negative();
    match bound {
        Bound::Exact => x == y && signs,
        Bound::Ulp(ulps) => (x - y).abs() <= ulps * ulp(y, dtype) && signs,
        Bound::Within(most) => (x - y).abs() <= *most,
        Bound::Each(most) => (x - y).abs() <= most[at],
    }
}

/// Returns the distance from a float's magnitude to the next one up.
pub(crate) fn ulp(x: f64, dtype: DType) -> f64 {
    match dtype {
        DType::F32 => {
            let x = (x as f32).abs();
            f64::from(x.next_up()) - f64::from(x)
        }
        _ => x.abs().next_up() - x.abs(),
    }
}

/// Returns twice the greatest relative error of one rounding.
pub(crate) fn eps(dtype: DType) -> f64 {
    if dtype == DType::F32 {
        f32::EPSILON.into()
    } else {
        f64::EPSILON
    }
}

/// Returns the elements of an array of any dtype, rounded to f64.
pub(crate) fn floats(x: &Array) -> Vec<f64> {
    match x.dtype() {
        DType::F64 => x.to_vec(),
        DType::F32 => x.to_vec::<f32>().into_iter().map(f64::from).collect(),
        _ => integers(x).into_iter().map(|n| n as f64).collect(),
    }
}

/// Returns the elements of an array of integers or bools.
pub(crate) fn integers(x: &Array) -> Vec<i128> {
    macro_rules! elements {
        ($type:ty) => {
            x.to_vec::<$type>().into_iter().map(i128::from).collect()
        };
    }
    match x.dtype() {
        DType::Bool => elements!(bool),
        DType::I8 => elements!(i8),
        DType::I16 => elements!(i16),
        DType::I32 => elements!(i32),
        DType::I64 => elements!(i64),
        DType::U8 => elements!(u8),
        DType::U16 => elements!(u16),
        DType::U32 => elements!(u32),
        DType::U64 => elements!(u64),
        dtype => panic!("{dtype} is no integer"),
    }
}
