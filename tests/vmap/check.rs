//! One row of the table: a function of arrays, mapped in every way, against a loop.

use kiln::{Array, DType, numpy as np, vmap};

/// The sizes of batches; inputs hold the greatest.
const SIZES: [usize; 3] = [3, 1, 0];

/// A function of one element's arrays.
pub(crate) type Function = Box<dyn Fn(&[Array]) -> Vec<Array>>;

/// How far a result may be from the loop's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// Equal bits; NaN is NaN.
    Exact,
    /// This much, times the greatest magnitude of the result.
    Relative(f64),
}

pub(crate) struct Row {
    pub(crate) name: String,
    /// Batches of three along the first axis.
    pub(crate) inputs: Vec<Array>,
    pub(crate) f: Function,
    pub(crate) bound: Bound,
}

pub(crate) fn row<const N: usize>(
    name: &str,
    inputs: [Array; N],
    bound: Bound,
    f: impl Fn(&[Array; N]) -> Vec<Array> + 'static,
) -> Row {
    let f = move |xs: &[Array]| f(xs.try_into().expect("as many arrays as inputs"));
    Row {
        name: name.into(),
        inputs: inputs.into(),
        f: Box::new(f),
        bound,
    }
}

impl Row {
    /// Every combination of batched and unbatched inputs, every axis from either end, every size.
    pub(crate) fn check(&self) -> Result<(), String> {
        let n = self.inputs.len();
        for mask in 1..1_usize << n {
            let batched: Vec<bool> = (0..n).map(|i| mask >> i & 1 == 1).collect();
            for size in SIZES {
                self.check_batch(&batched, size)?;
            }
        }
        Ok(())
    }

    fn check_batch(&self, batched: &[bool], size: usize) -> Result<(), String> {
        let element = |b: usize| -> Vec<Array> {
            let inputs = self.inputs.iter().zip(batched);
            inputs
                .map(|(x, &batched)| x.index(if batched { b } else { 0 }))
                .collect()
        };
        // What the first element gives also says the types of an empty batch.
        let by_loop: Vec<Vec<Array>> = (0..size.max(1)).map(|b| (self.f)(&element(b))).collect();
        // Each input's axes run through all of theirs, in step.
        let ranks: Vec<usize> = self.inputs.iter().map(Array::ndim).collect();
        let turns = if size == 3 {
            ranks.iter().max().unwrap() * 2
        } else {
            1
        };
        for turn in 0..turns {
            let axes: Vec<Option<isize>> = (0..ranks.len())
                .map(|i| batched[i].then(|| (turn % (2 * ranks[i])) as isize - ranks[i] as isize))
                .collect();
            let inputs: Vec<Array> = (0..ranks.len())
                .map(|i| match axes[i] {
                    Some(axis) => self.inputs[i].index(..size).moveaxis(0, axis),
                    None => self.inputs[i].index(0),
                })
                .collect();
            let results = vmap(|xs: Vec<Array>| (self.f)(&xs), axes.clone())(inputs);
            let wrong = |what: String| Err(format!("{} of {size} along {axes:?}: {what}", self.name));
            if results.len() != by_loop[0].len() {
                return wrong(format!("{} results, not {}", results.len(), by_loop[0].len()));
            }
            for (i, result) in results.iter().enumerate() {
                let wanted: Vec<&Array> = by_loop.iter().map(|results| &results[i]).collect();
                if let Some(difference) = difference(result, &wanted, size, self.bound) {
                    return wrong(format!("result {i} {difference}"));
                }
            }
        }
        Ok(())
    }
}

/// What differs between a batch and its elements.
pub(crate) fn difference(got: &Array, elements: &[&Array], size: usize, bound: Bound) -> Option<String> {
    let first = elements[0];
    let shape: Vec<usize> = std::iter::once(size)
        .chain(first.shape().iter().copied())
        .collect();
    let kind = |dtype: DType, weak: bool, shape: &[usize]| format!("{dtype}{shape:?} weak={weak}");
    let found = kind(got.dtype(), got.is_weak(), got.shape());
    let wanted = kind(first.dtype(), first.is_weak(), &shape);
    if found != wanted {
        return Some(format!("is {found}, not {wanted}"));
    }
    for (b, wanted) in elements.iter().enumerate().take(size) {
        let found = numbers(&got.index(b));
        let wanted = numbers(wanted);
        let greatest = wanted
            .iter()
            .filter(|y| y.is_finite())
            .fold(0.0, |most: f64, y| most.max(y.abs()));
        let same = |x: f64, y: f64| match bound {
            _ if x.is_nan() || y.is_nan() => x.is_nan() && y.is_nan(),
            Bound::Relative(bound) if y.is_finite() => (x - y).abs() <= bound * greatest,
            _ => x.to_bits() == y.to_bits(),
        };
        if let Some(at) = (0..found.len()).find(|&at| !same(found[at], wanted[at])) {
            return Some(format!(
                "gives {:?} for element {b} at {at}, not {:?}, {bound:?}",
                found[at], wanted[at]
            ));
        }
    }
    None
}

/// Elements as floats; 64-bit integers as their two halves, so that none loses digits.
fn numbers(x: &Array) -> Vec<f64> {
    match x.dtype() {
        DType::I64 | DType::U64 => {
            let x = x.astype(DType::I64);
            let halves = [&x >> 32, &x & 0xffff_ffff_i64.into_array()];
            halves
                .iter()
                .flat_map(|half| half.astype(DType::F64).to_vec::<f64>())
                .collect()
        }
        _ => x.astype(DType::F64).to_vec(),
    }
}

trait IntoArray {
    fn into_array(self) -> Array;
}

impl IntoArray for i64 {
    fn into_array(self) -> Array {
        Array::new(vec![self], ())
    }
}

/// Numbers without order, the same in every run: in `[0, 1)`.
fn scattered(n: usize, seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n).map(move |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    })
}

/// A batch of three arrays of `float32` on `[low, high)`.
pub(crate) fn floats(shape: &[usize], low: f64, high: f64, seed: u64) -> Array {
    let shape: Vec<usize> = std::iter::once(3).chain(shape.iter().copied()).collect();
    let n = shape.iter().product();
    let elements = scattered(n, seed)
        .map(|u| (low + u * (high - low)) as f32)
        .collect();
    Array::new::<f32>(elements, shape)
}

/// A batch of three arrays of `int32` on `low..high`.
pub(crate) fn integers(shape: &[usize], low: i32, high: i32, seed: u64) -> Array {
    floats(shape, f64::from(low), f64::from(high), seed)
        .floor()
        .astype(DType::I32)
}

/// A batch of three arrays of bools.
pub(crate) fn bools(shape: &[usize], seed: u64) -> Array {
    np::less(floats(shape, 0.0, 1.0, seed), 0.5)
}
