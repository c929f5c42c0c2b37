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
/// An argument may also be an array with a shape and a dtype only: a result of `eval_shape`, or an
/// [`ArrayType`] that `into()` converts. Such an array has [`shape`](Array::shape), [`dtype`](Array::dtype)
/// and [`size`](Array::size). [`program`](crate::program()) takes it too.
///
/// # Panics
/// When the function reads the value of an array, or the shapes and dtypes do not fit its operations.
///
/// ```
/// use kiln::{Array, ArrayType, DType, eval_shape, numpy as np};
/// let f = |(x, y): (Array, Array)| (x.matmul(&y), y.argmax());
/// let large = ArrayType::new(DType::F32, [1_000_000, 100]);
/// let (product, place) = eval_shape(f, (large.into(), np::ones((100, 1_000_000))));
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
    traced.structure.rebuild(types.map(|(of, weak)| shaped(of, weak)))
}

/// Returns an array that has a type and no elements.
fn shaped(of: ArrayType, weak: bool) -> Array {
    Array(Repr::Tracer(Arc::new(Tracer {
        origin: Arc::new(Origin::shape()),
        var: Builder::new().input(of.clone()),
        of,
        weak,
    })))
}

/// Makes an array with a shape and a dtype only, for [`eval_shape`] and [`program`](crate::program()). This
/// is JAX's `ShapeDtypeStruct`. Any other function refuses it.
///
/// ```
/// use kiln::{Array, ArrayType, DType};
/// let x: Array = ArrayType::new(DType::F32, [2, 3]).into();
/// assert_eq!((x.size(), x.dtype()), (6, DType::F32));
/// ```
impl From<ArrayType> for Array {
    fn from(of: ArrayType) -> Array {
        shaped(of, false)
    }
}
