//! Derivatives of functions: `grad`, `vjp`, `jvp`, `linearize` and their variants.

use crate::ad::backward::backward;
use crate::ad::forward::forward;
use crate::ad::partial::{linearized, split};
use crate::ad::{spread, zeros};
use crate::argnums::{AllArguments, Arg, Argnums, Grad};
use crate::array::Array;
use crate::array::origin::Origin;
use crate::array::place::device_for;
use crate::cache::check_limit;
use crate::depend::{Mode, obstacle};
use crate::error::raise;
use crate::jit::settled;
use crate::loss::Loss;
use crate::trace::{Traced, check_alive, input_types, leaves_once, trace, trace_at, trace_leaves};
use crate::transform::{call, zeros_like};
use crate::tree::{Arrays, Leaves, Structure, Tree, paths};
use kiln_backends::program::{ArrayType, Program};
use kiln_backends::with_default_device;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Returns a function that computes the gradient of `f`, whose value is a float scalar, with respect to all
/// leaves of its argument.
///
/// The function takes one argument, a tuple or any other [`Tree`] of floats. The gradient has the structure,
/// shapes and dtypes of the argument. The returned function can be differentiated again, and
/// [`jit`](crate::jit()) and [`vmap`](crate::vmap()) take it. At ties, kinks and the edges of domains,
/// derivatives are JAX's. The derivative of `abs` at 0 is 1, the derivative of `maximum(x, 0)` at 0 is 0.5,
/// and the derivative of `sqrt` at 0 is infinite.
///
/// [`grad_with`] differentiates with respect to some of several arguments. If the function returns
/// `(value, auxiliary)`, the result is `(gradient, auxiliary)`. This is JAX's `has_aux`.
///
/// The function is traced at every call. Outside of `jit` and `vmap` it may read values:
/// `if x.item::<f32>() > 0.0`.
///
/// # Panics
/// The returned function panics when the value is not a float scalar, a leaf does not have floats, or there
/// is a `while_loop` between the argument and the value. To hold a leaf fixed, use [`grad_with`] or capture
/// the leaf.
///
/// ```
/// use kiln::{Array, grad, numpy as np};
/// let f_prime = grad(|x: Array| x.pow(2) / 2.0);
/// assert_eq!(f_prime(10.0.into()).to_string(), "10.0");
/// let (along_x, along_y) = grad(|(x, y): (Array, Array)| (x * y).sum())(([1.0, 2.0].into(), [3.0, 4.0].into()));
/// assert_eq!(along_x.to_string(), "[3. 4.]");
/// assert_eq!(along_y.to_string(), "[1. 2.]");
/// let second = grad(grad(|x: Array| x.sin()));
/// assert_eq!(second(1.0.into()).to_string(), "-0.841471");
/// // An auxiliary result.
/// let (gradient, doubled) = grad(|x: Array| ((&x * &x).sum(), 2 * x))(np::array([1.0, 2.0]));
/// assert_eq!(gradient.to_string(), "[2. 4.]");
/// assert_eq!(doubled.to_string(), "[2. 4.]");
/// ```
#[track_caller]
pub fn grad<T: Tree, L: Loss>(f: impl Fn(T) -> L) -> impl Fn(T) -> L::Gradient<T> {
    let transformation = Transformation::new("grad");
    move |x| {
        let (value, gradient) = transformation.gradient(|x, ()| f(x), x, ());
        L::with_gradient(value, gradient)
    }
}

pub(crate) fn grad_at<T: Tree>(transformation: Transformation, f: &impl Fn(T) -> Array, x: T) -> T {
    transformation.gradient(|x, ()| f(x), x, ()).1
}

/// Returns a function that computes the gradient with respect to some of the arguments. The option `argnums`
/// of [`options::Grad`](Grad) names them. Without the option, this is [`grad`]. The other arguments are held
/// fixed, and their leaves may have any dtype.
///
/// # Panics
/// The returned function panics when the value is not a float scalar, a leaf of a named argument does not
/// have floats, or there is a `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Arg, Array, grad_with, numpy as np};
/// let loss = |(w, x, y): (Array, Array, Array)| (w * x - y).pow(2).mean();
/// let slope = grad_with(loss, |o| o.argnums(Arg::<0>));
/// assert_eq!(slope((0.0.into(), np::arange(3), np::array([0.0, 2.0, 4.0]))).to_string(), "-6.666667");
/// ```
#[track_caller]
pub fn grad_with<T: Tree, L: Loss, A: Argnums<T>>(
    f: impl Fn(T) -> L,
    options: impl FnOnce(Grad<AllArguments>) -> Grad<A>,
) -> impl Fn(T) -> L::Gradient<A::Wanted> {
    let transformation = Transformation::new("grad");
    let Grad(_) = options(Grad(AllArguments));
    move |x| {
        let (wanted, rest) = A::split(x);
        let (value, gradient) = transformation.gradient(|x, rest| f(A::join(x, rest)), wanted, rest);
        L::with_gradient(value, gradient)
    }
}

/// Returns a function that computes the value of `f` and its gradient. This costs little more than [`grad`].
/// If the function returns `(value, auxiliary)`, the result is `((value, auxiliary), gradient)`.
///
/// # Panics
/// The returned function panics when the value is not a float scalar, a leaf does not have floats, or there
/// is a `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Array, numpy as np, value_and_grad};
/// let (value, gradient) = value_and_grad(|x: Array| x.pow(2))(3.0.into());
/// assert_eq!(value.to_string(), "9.0");
/// assert_eq!(gradient.to_string(), "6.0");
/// let f = |x: Array| ((&x * &x).sum(), x.max());
/// let ((value, largest), gradient) = value_and_grad(f)(np::array([1.0, 2.0]));
/// assert_eq!(value.to_string(), "5.0");
/// assert_eq!(largest.to_string(), "2.0");
/// assert_eq!(gradient.to_string(), "[2. 4.]");
/// ```
#[track_caller]
pub fn value_and_grad<T: Tree, L: Loss>(f: impl Fn(T) -> L) -> impl Fn(T) -> (L, T) {
    let transformation = Transformation::new("value_and_grad");
    move |x| transformation.gradient(|x, ()| f(x), x, ())
}

/// Returns a function that computes the value of `f` and its gradient with respect to some of the arguments.
/// The option `argnums` of [`options::Grad`](Grad) names them.
///
/// # Panics
/// The returned function panics when the value is not a float scalar, a leaf of a named argument does not
/// have floats, or there is a `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Arg, Array, numpy as np, value_and_grad_with};
/// let loss = |(w, (x, y)): (Array, (Array, Array))| (w * x - y).pow(2).sum();
/// let data = (np::arange(3), np::array([0.0, 2.0, 4.0]));
/// let (value, gradient) = value_and_grad_with(loss, |o| o.argnums(Arg::<0>))((1.5.into(), data));
/// assert_eq!(value.to_string(), "1.25");
/// assert_eq!(gradient.to_string(), "-5.0");
/// ```
#[track_caller]
pub fn value_and_grad_with<T: Tree, L: Loss, A: Argnums<T>>(
    f: impl Fn(T) -> L,
    options: impl FnOnce(Grad<AllArguments>) -> Grad<A>,
) -> impl Fn(T) -> (L, A::Wanted) {
    let transformation = Transformation::new("value_and_grad");
    let Grad(_) = options(Grad(AllArguments));
    move |x| {
        let (wanted, rest) = A::split(x);
        transformation.gradient(|x, rest| f(A::join(x, rest)), wanted, rest)
    }
}

/// Returns the value of a function, and its pullback, which maps cotangents of the value to cotangents of the
/// argument.
///
/// Cotangents of value leaves that are not floats are ignored. Cotangents of argument leaves that are not
/// floats are zeros. The pullback holds the residuals of the forward pass, and can be called many times.
///
/// # Panics
/// When there is a `while_loop` between the argument and the value. The pullback panics when a cotangent has
/// another structure, shape or dtype than the value.
///
/// ```
/// use kiln::{Array, numpy as np, vjp};
/// let (y, pullback) = vjp(|x: Array| x.sin(), np::zeros(2));
/// assert_eq!(y.to_string(), "[0. 0.]");
/// assert_eq!(pullback(np::array([1.0, 2.0])).to_string(), "[1. 2.]");
/// ```
#[track_caller]
pub fn vjp<T: Tree, U: Tree>(f: impl Fn(T) -> U, primals: T) -> (U, impl Fn(U) -> T) {
    vjp_at(Transformation::new("vjp"), f, primals)
}

#[track_caller]
pub(crate) fn vjp_at<T: Tree, U: Tree>(
    transformation: Transformation,
    f: impl Fn(T) -> U,
    primals: T,
) -> (U, impl Fn(U) -> T) {
    let primals = transformation.leaves(Leaves::of(primals));
    let traced = transformation.trace_at(&primals.arrays, |arrays| f(primals.structure.rebuild(arrays)));
    let program = Arc::new(traced.program);
    let n = primals.arrays.len();
    let wanted = floats(&program.input_types(), n);
    let outputs = program.output_types();
    let given = floats(&outputs, outputs.len());
    transformation.check_way(&program, &wanted, &given, Mode::Reverse);
    let parts = split(&program, &wanted, &given);
    let inputs: Arrays = primals.arrays.iter().chain(&traced.hidden).cloned().collect();
    let mut results = transformation.call(&parts.forward, inputs.clone()).into_vec();
    let kept = results.split_off(outputs.len());
    let residuals: Vec<Array> = parts
        .residuals
        .iter()
        .map(|&i| inputs[i].clone())
        .chain(kept)
        .collect();
    let value = traced.structure.rebuild(with_weakness(results, &traced.weak));
    let value_structure = traced.structure;
    let pullback = move |cotangent: U| {
        let cotangents = transformation.matching("the cotangent", cotangent, &value_structure, &outputs);
        let given = cotangents
            .into_iter()
            .zip(&given)
            .filter(|(_, given)| **given)
            .map(|(x, _)| x);
        let found = transformation.call(&parts.backward, residuals.iter().cloned().chain(given).collect());
        let found = spread(&parts.present, found);
        primals.structure.rebuild(like(&primals.arrays, found))
    };
    (value, pullback)
}

/// Returns the value of a function and its tangent, the derivative along the tangent of the argument.
///
/// Tangents of argument leaves that are not floats are ignored. Tangents of value leaves that are not floats
/// are zeros.
///
/// # Panics
/// When the tangent has another structure, shape or dtype than the argument.
///
/// ```
/// use kiln::{Array, jvp, numpy as np};
/// let (y, tangent) = jvp(|x: Array| x.sin(), np::zeros(2), np::array([1.0, 2.0]));
/// assert_eq!(y.to_string(), "[0. 0.]");
/// assert_eq!(tangent.to_string(), "[1. 2.]");
/// ```
#[track_caller]
pub fn jvp<T: Tree, U: Tree>(f: impl Fn(T) -> U, primals: T, tangents: T) -> (U, U) {
    jvp_at(Transformation::new("jvp"), f, primals, tangents)
}

#[track_caller]
pub(crate) fn jvp_at<T: Tree, U: Tree>(
    transformation: Transformation,
    f: impl Fn(T) -> U,
    primals: T,
    tangents: T,
) -> (U, U) {
    let primals = transformation.leaves(Leaves::of(primals));
    let types: Vec<ArrayType> = primals.arrays.iter().map(Array::array_type).collect();
    let tangents = transformation.matching("the tangent", tangents, &primals.structure, &types);
    let traced = transformation.trace_at(&primals.arrays, |arrays| f(primals.structure.rebuild(arrays)));
    let program = Arc::new(traced.program);
    let given = floats(&program.input_types(), types.len());
    transformation.check_way(&program, &given, &[], Mode::Forward);
    let derived = forward(&program, &given);
    let moving = tangents
        .into_iter()
        .zip(&given)
        .filter(|(_, given)| **given)
        .map(|(x, _)| x);
    let inputs = primals
        .arrays
        .into_iter()
        .chain(traced.hidden)
        .chain(moving)
        .collect();
    let mut values = transformation.call(&derived.program, inputs).into_vec();
    let tangents = spread(&derived.present, values.split_off(derived.present.len()));
    let tangents: Vec<Array> = like(&values, tangents).collect();
    let structure = &traced.structure;
    (
        structure.rebuild(with_weakness(values, &traced.weak)),
        structure.rebuild(with_weakness(tangents, &traced.weak)),
    )
}

/// Returns the value of a function at a point, and the linear function that maps tangents of the argument to
/// tangents of the value at the point.
///
/// This is [`jvp`] for many tangents at one point. Values that do not depend on the tangents are computed
/// once, except for those within loops and branches.
///
/// # Panics
/// The linear function panics when the tangent has another structure, shape or dtype than the argument.
///
/// ```
/// use kiln::{Array, linearize, numpy as np};
/// let (y, along) = linearize(|x: Array| x.exp(), np::zeros(2));
/// assert_eq!(y.to_string(), "[1. 1.]");
/// assert_eq!(along(np::array([1.0, 2.0])).to_string(), "[1. 2.]");
/// ```
#[track_caller]
pub fn linearize<T: Tree, U: Tree>(f: impl Fn(T) -> U, primals: T) -> (U, impl Fn(T) -> U) {
    linearize_at(Transformation::new("linearize"), f, primals)
}

#[track_caller]
pub(crate) fn linearize_at<T: Tree, U: Tree>(
    transformation: Transformation,
    f: impl Fn(T) -> U,
    primals: T,
) -> (U, impl Fn(T) -> U) {
    let primals = transformation.leaves(Leaves::of(primals));
    let types: Vec<ArrayType> = primals.arrays.iter().map(Array::array_type).collect();
    let traced = transformation.trace_at(&primals.arrays, |arrays| f(primals.structure.rebuild(arrays)));
    let program = Arc::new(traced.program);
    let given = floats(&program.input_types(), types.len());
    transformation.check_way(&program, &given, &[], Mode::Forward);
    let parts = linearized(&program, &given);
    let outputs = program.output_types();
    let inputs: Arrays = primals.arrays.into_iter().chain(traced.hidden).collect();
    let mut values = transformation.call(&parts.forward, inputs.clone()).into_vec();
    let kept = values.split_off(outputs.len());
    let residuals: Vec<Array> = parts
        .residuals
        .iter()
        .map(|&i| inputs[i].clone())
        .chain(kept)
        .collect();
    let device = device_for(&values);
    let (structure, weak) = (traced.structure, traced.weak);
    let value = structure.rebuild(with_weakness(values, &weak));
    let along = move |tangents: T| {
        let tangents = transformation.matching("the tangent", tangents, &primals.structure, &types);
        let moving = tangents
            .into_iter()
            .zip(&given)
            .filter(|(_, given)| **given)
            .map(|(x, _)| x);
        let found = transformation.call(&parts.backward, residuals.iter().cloned().chain(moving).collect());
        let tangents = spread(&parts.present, found).into_iter().zip(&outputs);
        let tangents = tangents
            .map(|(tangent, of)| tangent.unwrap_or_else(|| with_default_device(device, || zeros(of))))
            .collect();
        structure.rebuild(with_weakness(tangents, &weak))
    };
    (value, along)
}

/// Returns true for each float among the first `n` of these types. The other types belong to hidden inputs,
/// which are held fixed.
fn floats(types: &[ArrayType], n: usize) -> Vec<bool> {
    types
        .iter()
        .enumerate()
        .map(|(i, of)| i < n && of.dtype.is_float())
        .collect()
}

pub(crate) fn with_weakness(arrays: Vec<Array>, weak: &[bool]) -> impl Iterator<Item = Array> {
    arrays
        .into_iter()
        .zip(weak.to_vec())
        .map(|(x, weak)| x.with_weak(weak))
}

/// Returns derivatives with the types and weakness of the arrays that they belong to. A missing derivative is
/// zeros.
fn like<'a>(arrays: &'a [Array], found: Vec<Option<Array>>) -> impl Iterator<Item = Array> + 'a {
    arrays.iter().zip(found).map(|(x, found)| match found {
        Some(found) => found.with_weak(x.is_weak()),
        None => zeros_like(x),
    })
}

/// A transformation of a function, and the user's line that made it.
#[derive(Clone, Copy)]
pub(crate) struct Transformation {
    pub(crate) name: &'static str,
    pub(crate) location: &'static Location<'static>,
}

/// Formats as `grad (made at src/main.rs:3:9)`. The line of the call is not known, because a closure cannot
/// be `#[track_caller]`.
impl fmt::Display for Transformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (made at {})", self.name, self.location)
    }
}

impl Transformation {
    #[track_caller]
    pub(crate) fn new(name: &'static str) -> Transformation {
        check_limit();
        Transformation {
            name,
            location: Location::caller(),
        }
    }

    /// Raises an error with the line that made the function. The current call may come from another line.
    #[track_caller]
    pub(crate) fn raise(&self, fact: String) -> ! {
        raise(self, fact)
    }

    /// Returns the results of a program that the transformation made.
    #[track_caller]
    pub(crate) fn call(&self, program: &Arc<Program>, inputs: Arrays) -> Arrays {
        call(self, program, inputs)
    }

    #[track_caller]
    pub(crate) fn leaves(&self, leaves: Leaves) -> Leaves {
        let leaves = settled(leaves);
        check_alive(self.name, &leaves.arrays);
        leaves
    }

    /// Traces a function at a point.
    #[track_caller]
    pub(crate) fn trace_at<U: Tree>(&self, arrays: &[Array], f: impl FnOnce(Arrays) -> U) -> Traced {
        trace_at(Origin::new(self.name, Some(self.location)), arrays, f)
    }

    /// Traces a function of arrays that have no values.
    #[track_caller]
    pub(crate) fn trace<U: Tree>(
        &self,
        types: impl IntoIterator<Item = (ArrayType, bool)>,
        f: impl FnOnce(Arrays) -> U,
    ) -> Traced {
        trace(Origin::new(self.name, Some(self.location)), types, f)
    }

    #[track_caller]
    fn check_way(&self, program: &Program, moving: &[bool], results: &[bool], mode: Mode) {
        if let Some(reason) = obstacle(program, moving, results, mode) {
            self.raise(reason)
        }
    }

    /// Returns the leaves of a tree that must have this structure and these types.
    #[track_caller]
    pub(crate) fn matching(
        &self,
        what: &str,
        tree: impl Tree,
        structure: &Structure,
        types: &[ArrayType],
    ) -> Arrays {
        let names = paths(&tree);
        let leaves = self.leaves(Leaves::of(tree));
        if leaves.structure != *structure || leaves.arrays.len() != types.len() {
            self.raise(format!(
                "{what} has {} leaves, or another structure, for {} leaves",
                leaves.arrays.len(),
                types.len()
            ))
        }
        // A closure would lose the caller's line.
        let mut settled = Arrays::new();
        for ((x, of), name) in leaves.arrays.into_iter().zip(types).zip(names) {
            let found = x.array_type();
            let x = match x.is_weak() && of.dtype.is_float() && found.shape == of.shape {
                true => x.astype(of.dtype),
                false => x,
            };
            if of.dtype.is_float() && x.array_type() != *of {
                self.raise(format!("{what}{name} is {found}, it must be {of}"))
            }
            settled.push(x);
        }
        settled
    }

    /// Returns a function's result, and the gradient of its value with respect to its first argument.
    fn gradient<T: Tree, R: Tree, L: Loss>(&self, f: impl FnOnce(T, R) -> L, x: T, rest: R) -> (L, T) {
        let names = paths(&x);
        let (x, rest) = (self.leaves(Leaves::of(x)), self.leaves(Leaves::of(rest)));
        let n = x.arrays.len();
        let mut f = leaves_once(|mut arrays: Arrays| {
            let others = arrays.drain(n..).collect::<Arrays>();
            f(x.structure.rebuild(arrays), rest.structure.rebuild(others))
        });
        let found = self.gradient_of_leaves(names, &x.arrays, &rest.arrays, &mut f);
        drop(f);
        (
            found.structure.rebuild(found.results),
            x.structure.rebuild(found.gradient),
        )
    }

    /// Does the work of [`gradient`](Transformation::gradient) for a function of the leaves. `names` are the
    /// names of the leaves `x`. This code is compiled once, for all functions.
    fn gradient_of_leaves(
        &self,
        names: Vec<String>,
        x: &[Array],
        rest: &[Array],
        f: &mut dyn FnMut(Arrays) -> Leaves,
    ) -> Gradient {
        for (leaf, name) in x.iter().zip(names) {
            if !leaf.dtype().is_float() {
                let cure = match (x.len(), leaf.ndim(), leaf.is_traced()) {
                    (1, 0, false) => format!("pass {:.1}", leaf.item::<f64>()),
                    (1, ..) => "pass floats, as x.astype(DType::F32)".into(),
                    _ => "hold it fixed with the option argnums, or capture it".into(),
                };
                self.raise(format!(
                    "argument{name} is {}: only floats have gradients: {cure}",
                    leaf.array_type()
                ))
            }
        }
        let n = x.len();
        let arrays: Arrays = x.iter().chain(rest).cloned().collect();
        let origin = Origin::new(self.name, Some(self.location));
        let types = input_types(&arrays).collect();
        let traced = trace_leaves(origin, types, Some(arrays.clone()), f);
        let program = Arc::new(traced.program);
        let outputs = program.outputs().len();
        let value = program.type_of(program.outputs()[0]).clone();
        if !value.dtype.is_float() || value.shape.rank() > 0 {
            self.raise(format!(
                "the function returns {value}, not a float scalar: use vjp, jacrev or jacfwd"
            ))
        }
        let wanted: Vec<bool> = (0..program.inputs().len()).map(|i| i < n).collect();
        let given: Vec<bool> = (0..outputs).map(|i| i == 0).collect();
        self.check_way(&program, &wanted, &given, Mode::Reverse);
        let derived = backward(&program, &wanted, &given, true);
        let one = Array::from(1.0).astype(value.dtype);
        let inputs = arrays.into_iter().chain(traced.hidden).chain([one]).collect();
        let mut results = self.call(&derived.program, inputs).into_vec();
        let gradient = spread(&derived.present, results.split_off(outputs));
        Gradient {
            results: with_weakness(results, &traced.weak).collect(),
            structure: traced.structure,
            gradient: like(x, gradient).collect(),
        }
    }
}

/// The results of a function with a gradient, and the gradient with respect to its first leaves.
struct Gradient {
    results: Arrays,
    /// The structure of the results.
    structure: Structure,
    gradient: Arrays,
}

#[doc(hidden)]
#[deprecated(note = "use `grad_with(f, |o| o.argnums(Arg::<0>))`")]
#[track_caller]
pub fn grad_first<T: Tree + Clone, R: Tree>(f: impl Fn((T, R)) -> Array) -> impl Fn((T, R)) -> T {
    grad_with(f, |o| o.argnums(Arg::<0>))
}

#[doc(hidden)]
#[deprecated(note = "use `value_and_grad_with(f, |o| o.argnums(Arg::<0>))`")]
#[track_caller]
pub fn value_and_grad_first<T: Tree + Clone, R: Tree>(
    f: impl Fn((T, R)) -> Array,
) -> impl Fn((T, R)) -> (Array, T) {
    value_and_grad_with(f, |o| o.argnums(Arg::<0>))
}

#[doc(hidden)]
#[deprecated(note = "use `grad`, which sees the auxiliary result in the function's type")]
#[track_caller]
pub fn grad_aux<T: Tree, X: Tree>(f: impl Fn(T) -> (Array, X)) -> impl Fn(T) -> (T, X) {
    grad(f)
}

#[doc(hidden)]
#[deprecated(note = "use `value_and_grad`, which sees the auxiliary result in the function's type")]
#[track_caller]
pub fn value_and_grad_aux<T: Tree, X: Tree>(f: impl Fn(T) -> (Array, X)) -> impl Fn(T) -> ((Array, X), T) {
    value_and_grad(f)
}
