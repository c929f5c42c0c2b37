//! Gradients: `grad`, `value_and_grad` and their variants.

use crate::ad::backward::backward;
use crate::ad::spread;
use crate::argnums::{AllArguments, Arg, Argnums, Grad};
use crate::array::Array;
use crate::array::origin::Origin;
use crate::depend::Mode;
use crate::loss::Loss;
use crate::trace::{input_types, leaves_once, trace_leaves};
use crate::transformation::{Transformation, like, with_weakness};
use crate::tree::{Arrays, Leaves, Structure, Tree, paths};
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
    grad_with(f, |o| o)
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
        let (wanted, f) = transformation.of_wanted::<A, _, _>(&f, x);
        let (value, gradient) = transformation.gradient(f, wanted);
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
    value_and_grad_with(f, |o| o)
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
        let (wanted, f) = transformation.of_wanted::<A, _, _>(&f, x);
        transformation.gradient(f, wanted)
    }
}

impl Transformation {
    /// Returns a function's result, and the gradient of its value.
    pub(crate) fn gradient<T: Tree, L: Loss>(&self, f: impl FnOnce(T) -> L, x: T) -> (L, T) {
        let names = paths(&x);
        let x = self.leaves(Leaves::of(x));
        let mut f = leaves_once(|arrays: Arrays| f(x.structure.rebuild(arrays)));
        let found = self.gradient_of_leaves(names, &x.arrays, &mut f);
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
        let origin = Origin::new(self.name, Some(self.location));
        let traced = trace_leaves(origin, input_types(x).collect(), Some(x.into()), f);
        let program = Arc::new(traced.program);
        let outputs = program.outputs().len();
        let value = program.type_of(program.outputs()[0]).clone();
        if !value.dtype.is_float() || value.shape.rank() > 0 {
            self.raise(format!(
                "the function returns {value}, not a float scalar: use vjp, jacrev or jacfwd"
            ))
        }
        let wanted: Vec<bool> = (0..program.inputs().len()).map(|i| i < x.len()).collect();
        let given: Vec<bool> = (0..outputs).map(|i| i == 0).collect();
        self.check_way(&program, &wanted, &given, Mode::Reverse);
        let derived = backward(&program, &wanted, &given, true);
        let one = Array::from(1.0).astype(value.dtype);
        let inputs = x.iter().cloned().chain(traced.hidden).chain([one]).collect();
        let mut results = self.call(&derived.program, inputs).into_vec();
        let gradient = spread(&derived.present, results.split_off(outputs));
        Gradient {
            results: with_weakness(results, &traced.weak).collect(),
            structure: traced.structure,
            gradient: like(x, gradient).collect(),
        }
    }
}

/// The results of a function with a gradient, and its gradient.
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
