//! Maps one row of the table, a function of arrays, in every way, and compares the result with a loop.

use kiln::{Array, DType, Device, grad, jvp, numpy as np, vmap_in_axes, with_default_device};
use std::rc::Rc;

/// The sizes of batches. Inputs hold the greatest.
const SIZES: [usize; 3] = [3, 1, 0];

/// Returns true if arrays are on the CPU. There kernels cost nothing to compile, so that every axis and every
/// choice of batched inputs is tried. Elsewhere a batch is along the first axis only, for the choices in
/// [`masks`]. `vmap` moves any other axis there before the rule of an op sees it.
fn on_cpu() -> bool {
    Device::default() == Device::cpu()
}

/// Returns the sets of batched inputs among `n`, in bits. On the CPU they are all sets. Elsewhere they are
/// the full set, and the first input alone.
fn masks(n: usize) -> Vec<usize> {
    let all = (1 << n) - 1;
    if on_cpu() {
        (1..=all).collect()
    } else if n == 1 {
        vec![all]
    } else {
        vec![1, all]
    }
}

/// A function of the arrays of one element.
pub(crate) type Function = Rc<dyn Fn(&[Array]) -> Vec<Array>>;

/// The bound on the distance of a result from the loop's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    /// Equal bits; NaN is NaN.
    Exact,
    /// This much, times the greatest magnitude of the result.
    Relative(f64),
}

/// The derivative by an unmapped input adds the contributions of all elements in one sum, not element by
/// element: at most 24 terms of 2^-24 each, which are up to 5 times the result.
const DERIVATIVE: Bound = Bound::Relative(120.0 / (1 << 24) as f64);

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
        f: Rc::new(f),
        bound,
    }
}

impl Row {
    /// Returns the gradient of the sum of everything that the function returns, with respect to its float
    /// inputs. Returns nothing if it has no float inputs, or returns no floats.
    pub(crate) fn gradient(&self) -> Option<Row> {
        let f = self.f.clone();
        self.derivative("gradient", move |xs, floats| {
            let sum = |moving: Vec<Array>| total(&f(&with(xs, floats, moving)));
            grad(sum)(chosen(xs, floats))
        })
    }

    /// Returns the tangents of the results if the float inputs move by their sines. Multiples of the inputs
    /// would leave solutions and eigenvectors as they are, so that tangents were nothing but rounding.
    pub(crate) fn tangent(&self) -> Option<Row> {
        let f = self.f.clone();
        self.derivative("tangent", move |xs, floats| {
            let outputs = |moving: Vec<Array>| {
                let results = f(&with(xs, floats, moving)).into_iter();
                results.filter(|y| y.dtype().is_float()).collect::<Vec<Array>>()
            };
            let moving = chosen(xs, floats);
            let along = moving.iter().map(Array::sin).collect();
            jvp(outputs, moving, along).1
        })
    }

    fn derivative(&self, name: &str, of: impl Fn(&[Array], &[bool]) -> Vec<Array> + 'static) -> Option<Row> {
        let floats = self.floats();
        let first: Vec<Array> = self.inputs.iter().map(|x| x.index(0)).collect();
        if !floats.contains(&true) || (self.f)(&first).iter().all(|y| !y.dtype().is_float()) {
            return None;
        }
        Some(Row {
            name: format!("the {name} of {}", self.name),
            inputs: self.inputs.clone(),
            f: Rc::new(move |xs| of(xs, &floats)),
            bound: self.bound,
        })
    }

    fn floats(&self) -> Vec<bool> {
        self.inputs.iter().map(|x| x.dtype().is_float()).collect()
    }

    /// Checks the gradient of the sum over a batch. A batched input has the gradients of the elements, an
    /// unbatched input their sum.
    pub(crate) fn check_gradient_of_map(&self) -> Result<(), String> {
        let Some(gradient) = self.gradient() else {
            return Ok(());
        };
        let floats = self.floats();
        let n = self.inputs.len();
        for mask in masks(n) {
            let batched: Vec<bool> = (0..n).map(|i| mask >> i & 1 == 1).collect();
            let axes: Vec<Option<isize>> = batched.iter().map(|&batched| batched.then_some(0)).collect();
            let inputs: Vec<Array> = self
                .inputs
                .iter()
                .zip(&batched)
                .map(|(x, &batched)| if batched { x.clone() } else { x.index(0) })
                .collect();
            let sum = |moving: Vec<Array>| {
                let inputs = with(&inputs, &floats, moving);
                total(&vmap_in_axes(|xs: Vec<Array>| (self.f)(&xs), axes.clone())(
                    inputs,
                ))
            };
            let found = grad(sum)(chosen(&inputs, &floats));
            let elements: Vec<Vec<Array>> =
                (0..3).map(|b| (gradient.f)(&self.element(b, &batched))).collect();
            for (i, (found, &batched)) in found.iter().zip(&chosen(&batched, &floats)).enumerate() {
                let each: Vec<&Array> = elements.iter().map(|gradients| &gradients[i]).collect();
                let wrong = match batched {
                    true => difference(found, &each, 3, self.bound),
                    false => {
                        let sum = each[0] + each[1] + each[2];
                        difference(&found.expand_dims(0), &[&sum], 1, DERIVATIVE)
                    }
                };
                if let Some(wrong) = wrong {
                    return Err(format!(
                        "{} of vmap with {axes:?}: result {i} {wrong}",
                        gradient.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks a map of a map, for every set of inputs that the inner map batches and every set that the outer
    /// map batches.
    pub(crate) fn check_nested(&self) -> Result<(), String> {
        let n = self.inputs.len();
        // Two batches of each input.
        let twice: Vec<Array> = self
            .inputs
            .iter()
            .map(|x| np::stack([x.clone(), x.flip_axis(0)]))
            .collect();
        let marks = |mask: usize| -> Vec<bool> { (0..n).map(|i| mask >> i & 1 == 1).collect() };
        let axes = |marked: &[bool]| -> Vec<Option<isize>> {
            marked.iter().map(|&marked| marked.then_some(0)).collect()
        };
        for (outer, inner) in masks(n)
            .into_iter()
            .flat_map(|outer| masks(n).into_iter().map(move |inner| (outer, inner)))
        {
            let (outer, inner) = (marks(outer), marks(inner));
            let part = |i: usize, a: Option<usize>, b: Option<usize>| -> Array {
                let x = match a {
                    Some(a) => twice[i].index(a),
                    None => twice[i].clone(),
                };
                match (a, b) {
                    (_, None) => x,
                    (Some(_), Some(b)) => x.index(b),
                    (None, Some(b)) => x.index((.., b)),
                }
            };
            let inputs: Vec<Array> = (0..n)
                .map(|i| part(i, (!outer[i]).then_some(0), (!inner[i]).then_some(0)))
                .collect();
            let within = vmap_in_axes(|xs: Vec<Array>| (self.f)(&xs), axes(&inner));
            let results = vmap_in_axes(within, axes(&outer))(inputs);
            for a in 0..2 {
                let by_loop: Vec<Vec<Array>> = (0..3)
                    .map(|b| {
                        let element = |i: usize| {
                            let (a, b) = (if outer[i] { a } else { 0 }, if inner[i] { b } else { 0 });
                            part(i, Some(a), Some(b))
                        };
                        (self.f)(&(0..n).map(element).collect::<Vec<Array>>())
                    })
                    .collect();
                for (i, result) in results.iter().enumerate() {
                    let wanted: Vec<&Array> = by_loop.iter().map(|results| &results[i]).collect();
                    if let Some(wrong) = difference(&result.index(a), &wanted, 3, self.bound) {
                        return Err(format!(
                            "{} within {inner:?}, without {outer:?}: result {i} {wrong}",
                            self.name
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn element(&self, b: usize, batched: &[bool]) -> Vec<Array> {
        let inputs = self.inputs.iter().zip(batched);
        inputs
            .map(|(x, &batched)| x.index(if batched { b } else { 0 }))
            .collect()
    }

    /// Checks every set of batched inputs, every axis from either end, and every size. On devices it checks
    /// the fewer cases that [`on_cpu`] names.
    pub(crate) fn check(&self) -> Result<(), String> {
        let n = self.inputs.len();
        for mask in masks(n) {
            let batched: Vec<bool> = (0..n).map(|i| mask >> i & 1 == 1).collect();
            for size in SIZES {
                self.check_batch(&batched, size)?;
            }
        }
        Ok(())
    }

    fn check_batch(&self, batched: &[bool], size: usize) -> Result<(), String> {
        // The loop runs at least once: the first element gives the types of an empty batch.
        let by_loop: Vec<Vec<Array>> = (0..size.max(1))
            .map(|b| (self.f)(&self.element(b, batched)))
            .collect();
        // In each turn every input takes the next of its axes.
        let ranks: Vec<usize> = self.inputs.iter().map(Array::ndim).collect();
        let turns = if size == 3 && on_cpu() {
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
            let results = vmap_in_axes(|xs: Vec<Array>| (self.f)(&xs), axes.clone())(inputs);
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

/// Returns the elements that are marked.
fn chosen<T: Clone>(all: &[T], marked: &[bool]) -> Vec<T> {
    let pairs = all.iter().zip(marked);
    pairs
        .filter(|(_, marked)| **marked)
        .map(|(x, _)| x.clone())
        .collect()
}

/// Returns all arrays, with new ones for those that are marked.
fn with(all: &[Array], marked: &[bool], new: Vec<Array>) -> Vec<Array> {
    let mut new = new.into_iter();
    let pairs = all.iter().zip(marked);
    pairs
        .map(|(x, &marked)| {
            if marked {
                new.next().expect("one for each mark")
            } else {
                x.clone()
            }
        })
        .collect()
}

/// Returns the sum of all floats.
fn total(arrays: &[Array]) -> Array {
    let floats = arrays.iter().filter(|y| y.dtype().is_float());
    floats.fold(Array::from(0.0), |sum, y| sum + y.astype(DType::F32).sum())
}

/// Returns the bound on the difference of a batch from its elements on a device other than the CPU, relative
/// to the greatest element. It is for floats alone. The device's compiler makes other kernels for a batch.
/// They contract products and sums or not, add in another order, and round functions in another way. A row is
/// some ten roundings, each of 2^-24, and a function of up to 9 ulp.
fn device_bound() -> f64 {
    if on_cpu() {
        0.0
    } else {
        20.0 * f64::from(f32::EPSILON)
    }
}

/// Returns the first difference between a batch and its elements.
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
    // Integers, bools and bits are equal everywhere.
    let (bound, device_bound) = match got.dtype().is_float() {
        true => (bound, device_bound()),
        false => (Bound::Exact, 0.0),
    };
    for (b, wanted) in elements.iter().enumerate().take(size) {
        let found = numbers(&got.index(b));
        let wanted = numbers(wanted);
        let greatest = wanted
            .iter()
            .filter(|y| y.is_finite())
            .fold(0.0, |most: f64, y| most.max(y.abs()));
        let same = |x: f64, y: f64| match bound {
            _ if x.is_nan() || y.is_nan() => x.is_nan() && y.is_nan(),
            Bound::Relative(bound) if y.is_finite() => (x - y).abs() <= (bound + device_bound) * greatest,
            Bound::Exact if y.is_finite() => x == y || (x - y).abs() <= device_bound * greatest,
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

/// Returns the elements as floats. 64-bit integers become their two halves, so that none loses digits.
fn numbers(x: &Array) -> Vec<f64> {
    let x = x.to_device(Device::cpu());
    with_default_device(Device::cpu(), || numbers_on_cpu(&x))
}

fn numbers_on_cpu(x: &Array) -> Vec<f64> {
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

/// Returns numbers without order on `[0, 1)`, the same in every run.
fn scattered(n: usize, seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n).map(move |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64
    })
}

/// Returns a batch of three arrays of `float32` on `[low, high)`.
pub(crate) fn floats(shape: &[usize], low: f64, high: f64, seed: u64) -> Array {
    let shape: Vec<usize> = std::iter::once(3).chain(shape.iter().copied()).collect();
    let n = shape.iter().product();
    let elements = scattered(n, seed)
        .map(|u| (low + u * (high - low)) as f32)
        .collect();
    Array::new::<f32>(elements, shape)
}

/// Returns a batch of three arrays of `int32` on `low..high`.
pub(crate) fn integers(shape: &[usize], low: i32, high: i32, seed: u64) -> Array {
    floats(shape, f64::from(low), f64::from(high), seed)
        .floor()
        .astype(DType::I32)
}

/// Returns a batch of three arrays of bools.
pub(crate) fn bools(shape: &[usize], seed: u64) -> Array {
    np::less(floats(shape, 0.0, 1.0, seed), 0.5)
}
