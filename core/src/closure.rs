//! Turns the arrays that a closure captures into arguments.

use crate::array::Array;
use crate::trace::{Traced, input_types};
use crate::transformation::{Transformation, with_weakness};
use crate::tree::{Arrays, Leaves, Tree};
use kiln_backends::program::ArrayType;
use std::sync::Arc;

/// Returns a function that takes the floats that `f` captures as a second argument, and these floats. This is
/// JAX's `closure_convert`.
///
/// A function with a rule by the user ([`custom_vjp`](crate::custom_vjp)) has derivatives with respect to its
/// arguments only. A solver that takes a function calls `closure_convert` first, so that the captured arrays
/// are among its arguments.
///
/// `f` is traced once, for arguments of the structure, shapes and dtypes of `example`. The values of
/// `example` are not used. Captured arrays of other dtypes, and plain numbers, stay in the function.
///
/// # Panics
/// When `f` reads the value of an array. The returned function panics when its first argument has another
/// structure, shape or dtype than `example`, or its second argument has other shapes or dtypes than the
/// captured arrays.
///
/// ```
/// use kiln::{Array, closure_convert, custom_vjp, grad, numpy as np, vjp};
///
/// /// The root of f, by Newton's method; its derivative is by the implicit function theorem.
/// fn root(f: impl Fn(Array) -> Array, start: Array) -> Array {
///     let (f, captured) = closure_convert(f, start.clone());
///     let newton = |(captured, mut x): (Vec<Array>, Array)| {
///         for _ in 0..20 {
///             x = &x - f((x.clone(), captured.clone())) / grad(|x| f((x, captured.clone())))(x.clone());
///         }
///         x
///     };
///     let solve = custom_vjp(
///         newton,
///         |(captured, start)| {
///             let x = newton((captured.clone(), start));
///             (x.clone(), (captured, x))
///         },
///         |(captured, x): (Vec<Array>, Array), cotangent: Array| {
///             let slope = grad(|x| f((x, captured.clone())))(x.clone());
///             let (_, pullback) = vjp(|captured| f((x.clone(), captured)), captured.clone());
///             (pullback(-cotangent / slope), np::zeros_like(&x))
///         },
///     );
///     solve((captured, start))
/// }
///
/// let square_root = |y: Array| root(move |x: Array| x.pow(2) - &y, 1.0.into());
/// assert_eq!(square_root(4.0.into()).to_string(), "2.0");
/// assert_eq!(grad(square_root)(4.0.into()).to_string(), "0.25");
/// ```
#[expect(clippy::type_complexity, reason = "a returned closure has no name")]
#[track_caller]
pub fn closure_convert<T: Tree, U: Tree>(
    f: impl Fn(T) -> U,
    example: T,
) -> (impl Fn((T, Vec<Array>)) -> U + Clone, Vec<Array>) {
    let transformation = Transformation::new("closure_convert");
    let example = transformation.leaves(Leaves::of(example));
    let traced = transformation.trace(input_types(&example.arrays), |x| f(example.structure.rebuild(x)));
    let Traced {
        program,
        hidden,
        weak,
        structure,
    } = traced;
    let program = Arc::new(program);
    let is_captured = |x: &&Array| x.dtype().is_float();
    let captured: Vec<Array> = hidden.iter().filter(is_captured).cloned().collect();
    let types: Vec<ArrayType> = example.arrays.iter().map(Array::array_type).collect();
    let captured_types: Vec<ArrayType> = captured.iter().map(Array::array_type).collect();
    let argument = example.structure;
    let structure_of_captured = Leaves::of(captured.clone()).structure;
    let converted = move |(x, captured): (T, Vec<Array>)| {
        let x = transformation.matching("the argument", x, &argument, &types);
        let given = transformation.matching(
            "the list of captured arrays, at ",
            captured,
            &structure_of_captured,
            &captured_types,
        );
        let mut given = given.into_iter();
        let hidden = hidden.iter().map(|x| match x.dtype().is_float() {
            true => given.next().expect("as many as there are floats"),
            false => x.clone(),
        });
        let inputs: Arrays = x.into_iter().chain(hidden).collect();
        let results = transformation.call(&program, inputs);
        structure.rebuild(with_weakness(results.into_vec(), &weak))
    };
    (converted, captured)
}
