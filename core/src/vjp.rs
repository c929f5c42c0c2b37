//! Derivatives along vectors: `vjp`, `jvp`, `linearize`, and their forms with an auxiliary result.

use crate::ad::forward::forward_of;
use crate::ad::partial::{linearized, split};
use crate::ad::{spread, zeros};
use crate::array::Array;
use crate::array::place::device_for;
use crate::auxiliary::{Auxiliary, HasAux, NoAux};
use crate::depend::Mode;
use crate::trace::Traced;
use crate::transformation::{Transformation, like, with_weakness};
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::program::ArrayType;
use kiln_backends::with_default_device;
use std::sync::Arc;

/// The optional arguments of [`vjp_with`](crate::vjp_with), [`jvp_with`](crate::jvp_with) and
/// [`linearize_with`](crate::linearize_with).
///
/// ```
/// use kiln::{Array, vjp_with};
/// let (y, pullback, twice) = vjp_with(|x: Array| (x.pow(2), 2 * x), 3.0.into(), |o| o.has_aux());
/// assert_eq!((y.to_string(), twice.to_string()), ("9.0".into(), "6.0".into()));
/// assert_eq!(pullback(1.0.into()).to_string(), "6.0");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a function with `_with` takes the options"]
pub struct Vjp<X>(pub(crate) X);

impl<X> Vjp<X> {
    /// The function returns `(value, auxiliary)`. The auxiliary result may be any tree, and has no
    /// derivative. Without this option, the function returns its value, and the auxiliary result is `()`.
    ///
    /// ```
    /// use kiln::{Array, jvp_with};
    /// let f = |x: Array| (x.sin(), x.gt(0));
    /// let (_, tangent, positive) = jvp_with(f, 0.0.into(), 2.0.into(), |o| o.has_aux());
    /// assert_eq!((tangent.to_string(), positive.item::<bool>()), ("2.0".into(), false));
    /// ```
    pub fn has_aux(self) -> Vjp<HasAux> {
        Vjp(HasAux)
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
    let (value, pullback, ()) = vjp_with(f, primals, |o| o);
    (value, pullback)
}

/// Returns the value of a function, its pullback, and its auxiliary result. The option `has_aux` of
/// [`options::Vjp`](Vjp) says that the function returns `(value, auxiliary)`.
///
/// The pullback is that of [`vjp`]: it maps cotangents of the value to cotangents of the argument. The
/// auxiliary result may be any tree. It has no cotangent.
///
/// # Panics
/// When there is a `while_loop` between the argument and the value. The pullback panics when a cotangent has
/// another structure, shape or dtype than the value.
///
/// ```
/// use kiln::{Array, numpy as np, vjp_with};
/// let f = |x: Array| (x.sin(), (x.argmax(), x.cos()));
/// let (y, pullback, (largest, cosines)) = vjp_with(f, np::zeros(2), |o| o.has_aux());
/// assert_eq!(y.to_string(), "[0. 0.]");
/// assert_eq!(pullback(np::array([1.0, 2.0])).to_string(), "[1. 2.]");
/// assert_eq!((largest.to_string(), cosines.to_string()), ("0".into(), "[1. 1.]".into()));
/// ```
#[track_caller]
pub fn vjp_with<T: Tree, R, X: Auxiliary<R>>(
    f: impl Fn(T) -> R,
    primals: T,
    options: impl FnOnce(Vjp<NoAux>) -> Vjp<X>,
) -> (X::Value, impl Fn(X::Value) -> T, X::Aux) {
    let Vjp(_) = options(Vjp(NoAux));
    vjp_at(Transformation::new("vjp"), move |x| X::split(f(x)), primals)
}

#[track_caller]
pub(crate) fn vjp_at<T: Tree, U: Tree, X: Tree>(
    transformation: Transformation,
    f: impl FnOnce(T) -> (U, X),
    primals: T,
) -> (U, impl Fn(U) -> T, X) {
    let primals = transformation.leaves(Leaves::of(primals));
    let (traced, value_structure, count) = traced_at(transformation, &primals, f);
    let program = Arc::new(traced.program);
    let n = primals.arrays.len();
    let wanted = floats(&program.input_types(), n);
    let outputs = program.output_types();
    let given = floats(&outputs, count);
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
    let (value, aux) = traced.structure.rebuild(with_weakness(results, &traced.weak));
    let pullback = move |cotangent: U| {
        let types = &outputs[..count];
        let cotangents = transformation.matching("the cotangent", cotangent, &value_structure, types);
        let given = cotangents
            .into_iter()
            .zip(&given)
            .filter(|(_, given)| **given)
            .map(|(x, _)| x);
        let found = transformation.call(&parts.backward, residuals.iter().cloned().chain(given).collect());
        let found = spread(&parts.present, found);
        primals.structure.rebuild(like(&primals.arrays, found))
    };
    (value, pullback, aux)
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
    let (value, tangent, ()) = jvp_with(f, primals, tangents, |o| o);
    (value, tangent)
}

/// Returns the value of a function, its tangent, and its auxiliary result. The option `has_aux` of
/// [`options::Vjp`](Vjp) says that the function returns `(value, auxiliary)`.
///
/// The tangent is that of [`jvp`]: the derivative of the value along the tangent of the argument. The
/// auxiliary result may be any tree. It has no tangent.
///
/// # Panics
/// When the tangent has another structure, shape or dtype than the argument.
///
/// ```
/// use kiln::{Array, jvp_with, numpy as np};
/// let f = |x: Array| (x.sin(), x.cos());
/// let (y, tangent, cosines) = jvp_with(f, np::zeros(2), np::array([1.0, 2.0]), |o| o.has_aux());
/// assert_eq!(y.to_string(), "[0. 0.]");
/// assert_eq!(tangent.to_string(), "[1. 2.]");
/// assert_eq!(cosines.to_string(), "[1. 1.]");
/// ```
#[track_caller]
pub fn jvp_with<T: Tree, R, X: Auxiliary<R>>(
    f: impl Fn(T) -> R,
    primals: T,
    tangents: T,
    options: impl FnOnce(Vjp<NoAux>) -> Vjp<X>,
) -> (X::Value, X::Value, X::Aux) {
    let Vjp(_) = options(Vjp(NoAux));
    jvp_at(Transformation::new("jvp"), |x| X::split(f(x)), primals, tangents)
}

#[track_caller]
pub(crate) fn jvp_at<T: Tree, U: Tree, X: Tree>(
    transformation: Transformation,
    f: impl FnOnce(T) -> (U, X),
    primals: T,
    tangents: T,
) -> (U, U, X) {
    let primals = transformation.leaves(Leaves::of(primals));
    let types: Vec<ArrayType> = primals.arrays.iter().map(Array::array_type).collect();
    let tangents = transformation.matching("the tangent", tangents, &primals.structure, &types);
    let (traced, value_structure, count) = traced_at(transformation, &primals, f);
    let program = Arc::new(traced.program);
    let given = floats(&program.input_types(), types.len());
    transformation.check_way(&program, &given, &[], Mode::Forward);
    let derived = forward_of(&program, &given, count, false);
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
    let tangents: Vec<Array> = like(&values[..count], tangents).collect();
    let (value, aux) = traced.structure.rebuild(with_weakness(values, &traced.weak));
    let tangent = value_structure.rebuild(with_weakness(tangents, &traced.weak));
    (value, tangent, aux)
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
    let (value, along, ()) = linearize_with(f, primals, |o| o);
    (value, along)
}

/// Returns the value of a function at a point, the linear function from tangents of the argument to tangents
/// of the value, and the auxiliary result. The option `has_aux` of [`options::Vjp`](Vjp) says that the
/// function returns `(value, auxiliary)`.
///
/// The linear function is that of [`linearize`]. The auxiliary result may be any tree. It has no tangent.
///
/// # Panics
/// The linear function panics when the tangent has another structure, shape or dtype than the argument.
///
/// ```
/// use kiln::{Array, linearize_with, numpy as np};
/// let f = |x: Array| (x.exp(), x.astype(kiln::DType::I32));
/// let (y, along, rounded) = linearize_with(f, np::zeros(2), |o| o.has_aux());
/// assert_eq!(y.to_string(), "[1. 1.]");
/// assert_eq!(along(np::array([1.0, 2.0])).to_string(), "[1. 2.]");
/// assert_eq!(rounded.to_string(), "[0 0]");
/// ```
#[track_caller]
pub fn linearize_with<T: Tree, R, X: Auxiliary<R>>(
    f: impl Fn(T) -> R,
    primals: T,
    options: impl FnOnce(Vjp<NoAux>) -> Vjp<X>,
) -> (X::Value, impl Fn(T) -> X::Value, X::Aux) {
    let Vjp(_) = options(Vjp(NoAux));
    linearize_at(Transformation::new("linearize"), move |x| X::split(f(x)), primals)
}

#[track_caller]
pub(crate) fn linearize_at<T: Tree, U: Tree, X: Tree>(
    transformation: Transformation,
    f: impl FnOnce(T) -> (U, X),
    primals: T,
) -> (U, impl Fn(T) -> U, X) {
    let primals = transformation.leaves(Leaves::of(primals));
    let types: Vec<ArrayType> = primals.arrays.iter().map(Array::array_type).collect();
    let (traced, value_structure, count) = traced_at(transformation, &primals, f);
    let program = Arc::new(traced.program);
    let given = floats(&program.input_types(), types.len());
    transformation.check_way(&program, &given, &[], Mode::Forward);
    let parts = linearized(&program, &given, count);
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
    let weak = traced.weak;
    let (value, aux) = traced.structure.rebuild(with_weakness(values, &weak));
    let along = move |tangents: T| {
        let tangents = transformation.matching("the tangent", tangents, &primals.structure, &types);
        let moving = tangents
            .into_iter()
            .zip(&given)
            .filter(|(_, given)| **given)
            .map(|(x, _)| x);
        let found = transformation.call(&parts.backward, residuals.iter().cloned().chain(moving).collect());
        let tangents = spread(&parts.present, found).into_iter().zip(&outputs[..count]);
        let tangents = tangents
            .map(|(tangent, of)| tangent.unwrap_or_else(|| with_default_device(device, || zeros(of))))
            .collect();
        value_structure.rebuild(with_weakness(tangents, &weak))
    };
    (value, along, aux)
}

/// Traces a function at a point. Its results are the leaves of the value, and then those of the auxiliary
/// tree. Returns the structure of the value and the number of its leaves, too.
fn traced_at<T: Tree, U: Tree, X: Tree>(
    transformation: Transformation,
    primals: &Leaves,
    f: impl FnOnce(T) -> (U, X),
) -> (Traced, Structure, usize) {
    let (mut structure, mut count) = (Structure::default(), 0);
    let traced = transformation.trace_at(&primals.arrays, |arrays| {
        let (value, aux) = f(primals.structure.rebuild(arrays));
        let value = Leaves::of(value);
        (structure, count) = (value.structure, value.arrays.len());
        (structure.rebuild::<U>(value.arrays), aux)
    });
    (traced, structure, count)
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
