//! Converts trees to vectors and back. This is JAX's `flatten_util`.
//!
//! A solver, a sampler or a matrix of second derivatives often needs one vector instead of a tree:
//! [`ravel_pytree`] returns it.

use crate::array::Array;
use crate::error::check;
use crate::numpy as np;
use crate::primitive::{cast, reshape, slice_axis};
use crate::promote::{Kind, promote};
use crate::transformation::Transformation;
use crate::tree::{Leaves, Tree};
use kiln_backends::program::{ArrayType, Shape};

/// Returns all elements of a tree in one vector, and the function that converts such a vector to a tree.
///
/// The vector has the leaves in the order of the tree, each in row-major order. Leaves of several dtypes are
/// promoted to one dtype, and the returned function converts the elements back. The vector of a tree without
/// leaves is empty.
///
/// # Panics
/// The returned function panics when its argument is not a vector of as many elements. For a tree of several
/// dtypes, it also panics when the argument has another dtype than the vector.
///
/// ```
/// use kiln::{Array, flatten_util::ravel_pytree, hessian, numpy as np};
/// let start = (np::array([1.0, 2.0]), np::array(3.0));
/// let loss = |(x, y): (Array, Array)| (x.pow(2) * y).sum();
/// let (flat, unravel) = ravel_pytree(&start);
/// assert_eq!(flat.to_string(), "[1. 2. 3.]");
/// assert_eq!(unravel(2 * &flat).1.to_string(), "6.0");
/// let h = hessian(|flat: Array| loss(unravel(flat)))(flat);
/// assert_eq!(h.to_string(), "[[6. 0. 2.]\n [0. 6. 4.]\n [2. 4. 0.]]");
/// ```
#[track_caller]
pub fn ravel_pytree<T: Tree + Clone>(tree: &T) -> (Array, impl Fn(Array) -> T + Clone + use<T>) {
    let transformation = Transformation::new("ravel_pytree");
    let Leaves {
        arrays, structure, ..
    } = transformation.leaves(Leaves::of(tree.clone()));
    let types: Vec<ArrayType> = arrays.iter().map(Array::array_type).collect();
    let flat = match arrays.is_empty() {
        true => np::zeros(0),
        false => {
            let dtype = promote(types.iter().map(|of| Kind::strong(of.dtype))).dtype;
            np::concatenate(arrays.iter().map(|x| cast(&x.ravel(), Kind::strong(dtype))))
        }
    };
    let (whole, mixed) = (flat.array_type(), types.iter().any(|of| of.dtype != flat.dtype()));
    let unravel = move |flat: Array| {
        if *flat.shape() != whole.shape || (mixed && flat.dtype() != whole.dtype) {
            transformation.raise(format!(
                "the vector is {}, the tree has {whole}",
                flat.array_type()
            ))
        }
        let mut start = 0;
        structure.rebuild(types.iter().map(|of| {
            let part = slice_axis(&flat, 0, start, start + of.shape.size());
            start += of.shape.size();
            let part = reshape(&part, &of.shape);
            if mixed { part.astype(of.dtype) } else { part }
        }))
    };
    (flat, unravel)
}

/// Returns a Jacobian as one matrix. A row belongs to an element of the value, and a column to an element of
/// the argument. Both are in the order of [`ravel_pytree`].
///
/// `jacobian` is the result of [`jacobian`](crate::jacobian()), [`jacfwd`](crate::jacfwd),
/// [`jacrev`](crate::jacrev) or [`hessian`](crate::hessian) for a function from trees like `argument` to
/// trees like `value`. For a Hessian, `value` and `argument` are both the argument of the function.
///
/// # Panics
/// When the blocks do not have the shapes of such a Jacobian.
///
/// ```
/// use kiln::{Array, flatten_util::ravel_jacobian, hessian, numpy as np};
/// let at = (np::array([1.0, 2.0]), np::array(3.0));
/// let h = hessian(|(x, y): (Array, Array)| (x.pow(2) * y).sum())(at.clone());
/// assert_eq!(ravel_jacobian(h, &at, &at).to_string(), "[[6. 0. 2.]\n [0. 6. 4.]\n [2. 4. 0.]]");
/// ```
#[track_caller]
pub fn ravel_jacobian<J: Tree, U: Tree + Clone, T: Tree + Clone>(
    jacobian: J,
    value: &U,
    argument: &T,
) -> Array {
    const NAME: &str = "ravel_jacobian";
    let shapes = |leaves: Leaves| -> Vec<Shape> { leaves.arrays.iter().map(|x| x.shape().clone()).collect() };
    let (rows, columns) = (
        shapes(Leaves::of(value.clone())),
        shapes(Leaves::of(argument.clone())),
    );
    let blocks = Leaves::of(jacobian).arrays;
    check(blocks.len() == rows.len() * columns.len(), NAME, || {
        format!(
            "the Jacobian has {} blocks, and a value of {} leaves and an argument of {} leaves make {}",
            blocks.len(),
            rows.len(),
            columns.len(),
            rows.len() * columns.len()
        )
    });
    if blocks.is_empty() {
        let size = |shapes: &[Shape]| -> usize { shapes.iter().map(Shape::size).sum() };
        return np::zeros((size(&rows), size(&columns)));
    }
    let mut matrix = Vec::with_capacity(rows.len());
    for (row, blocks) in rows.iter().zip(blocks.chunks(columns.len())) {
        let mut parts = Vec::with_capacity(columns.len());
        for (block, column) in blocks.iter().zip(&columns) {
            let wanted: Shape = row.iter().chain(column.iter()).copied().collect();
            check(*block.shape() == wanted, NAME, || {
                format!("a block has shape {} in the place of {wanted}", block.shape())
            });
            parts.push(reshape(block, &Shape::from([row.size(), column.size()])));
        }
        matrix.push(np::concatenate_axis(parts, 1));
    }
    np::concatenate(matrix)
}
