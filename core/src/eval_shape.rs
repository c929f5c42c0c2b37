//! Computes the shapes and dtypes of a function's results without the values.

use crate::array::origin::Origin;
use crate::array::{Array, Repr, Tracer};
use crate::cache::check_limit;
use crate::jit::{settled, traced};
use crate::trace::check_alive_or_shaped;
use crate::tree::{Leaves, Tree};
use kiln_backends::program::{ArrayType, Builder};
use std::panic::Location;
use std::sync::Arc;

/// Returns the result of a function without its values: each array of the result has a shape and a dtype
/// only. The function is traced once, and needs no memory for elements.
///
/// An argument may be an array with a shape and a dtype only, too: one that `eval_shape` or [`shaped`]
/// returned. Such an array answers [`shape`](Array::shape), [`dtype`](Array::dtype), [`size`](Array::size)
/// and their kin. [`program`](crate::program()) takes it.
///
/// # Panics
/// When the function reads the value of an array, or the shapes and dtypes do not fit its operations.
///
/// ```
/// use kiln::{Array, ArrayType, DType, eval_shape, numpy as np, shaped};
/// let f = |(x, y): (Array, Array)| (x.matmul(&y), y.argmax());
/// let large = shaped(ArrayType::new(DType::F32, [1_000_000, 100]));
/// let (product, place) = eval_shape(f, (large, np::ones((100, 1_000_000))));
/// assert_eq!(product.array_type().to_string(), "f32[1000000,1000000]");
/// assert_eq!(place.array_type().to_string(), "i32[]");
/// ```
#[track_caller]
pub fn eval_shape<T: Tree, U: Tree>(f: impl Fn(T) -> U, arguments: T) -> U {
    const NAME: &str = "eval_shape";
    check_limit();
    let leaves = settled(Leaves::of(arguments));
    check_alive_or_shaped(NAME, &leaves.arrays);
    let traced = traced(&f, NAME, Location::caller(), &leaves);
    let types = traced.program.output_types().into_iter().zip(traced.weak);
    traced
        .structure
        .rebuild(types.map(|(of, weak)| without_elements(of, weak)))
}

/// Returns an array with a shape and a dtype only, for [`eval_shape`] and [`program`](crate::program()):
/// JAX's `ShapeDtypeStruct`.
///
/// The array has no elements. Any other function panics when it takes the array.
///
/// ```
/// use kiln::{Array, ArrayType, DType, eval_shape, shaped};
/// let x = shaped(ArrayType::new(DType::F32, [2, 3]));
/// assert_eq!((x.size(), x.dtype()), (6, DType::F32));
/// assert_eq!(eval_shape(|x: Array| x.sum_axis(0), x).shape()[..], [3]);
/// ```
pub fn shaped(of: ArrayType) -> Array {
    without_elements(of, false)
}

fn without_elements(of: ArrayType, weak: bool) -> Array {
    Array(Repr::Tracer(Arc::new(Tracer {
        origin: Arc::new(Origin::shape()),
        var: Builder::new().input(of.clone()),
        of,
        weak,
    })))
}
