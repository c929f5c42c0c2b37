//! Matrices of derivatives: one `jvp` or `vjp` for each element, all at once under `vmap`.

use crate::array::Array;
use crate::eager::staged;
use crate::grad::{Transformation, grad_at, jvp_at, linearize_at, vjp_at};
use crate::primitive::{cast, compare, iota, reshape, transpose};
use crate::promote::Kind;
use crate::tree::{Leaves, Tree};
use crate::vmap::each;
use kiln_backends::program::{Axes, Compare, DType, Shape};

/// Returns the derivatives of all elements of a function's value with respect to all elements of its
/// argument, in forward mode: leaves of shape `value.shape + argument.shape`. Best if the argument has fewer
/// elements than the value.
///
/// # Panics
/// The returned function panics when the argument or the value is not of floats.
///
/// ```
/// use kiln::{Array, jacfwd, numpy as np};
/// assert_eq!(jacfwd(|x: Array| x.pow(2))(np::array([1.0, 2.0])).to_string(), "[[2. 0.]\n [0. 4.]]");
/// ```
#[track_caller]
pub fn jacfwd<U: Tree>(f: impl Fn(Array) -> U) -> impl Fn(Array) -> U {
    let transformation = Transformation::new("jacfwd");
    move |x| columns(transformation, &f, x)
}

/// Returns the derivatives of all elements of a function's value with respect to all elements of its
/// argument, in reverse mode: a tree like the argument, with shapes `value.shape + leaf.shape`. Best if the
/// value has fewer elements than the argument.
///
/// # Panics
/// The returned function panics when a leaf of the argument or the value is not of floats, and when the
/// function has a `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Array, jacrev, numpy as np};
/// assert_eq!(jacrev(|x: Array| np::stack([x.sum(), x.prod()], 0))(np::array([2.0, 3.0])).to_string(), "[[1. 1.]\n [3. 2.]]");
/// ```
#[track_caller]
pub fn jacrev<T: Tree>(f: impl Fn(T) -> Array) -> impl Fn(T) -> T {
    let transformation = Transformation::new("jacrev");
    move |x| rows(transformation, &f, x)
}

/// Returns the derivatives of all elements of an array with respect to all elements of a tree: [`jacrev`].
///
/// # Panics
/// As [`jacrev`].
///
/// ```
/// use kiln::{Array, jacobian, numpy as np};
/// assert_eq!(jacobian(|x: Array| 3 * x)(np::ones(2)).to_string(), "[[3. 0.]\n [0. 3.]]");
/// ```
#[track_caller]
pub fn jacobian<T: Tree>(f: impl Fn(T) -> Array) -> impl Fn(T) -> T {
    let transformation = Transformation::new("jacobian");
    move |x| rows(transformation, &f, x)
}

/// Returns the second derivatives of a function whose value is a scalar, with shape
/// `argument.shape + argument.shape`: forward mode over reverse mode.
///
/// # Panics
/// As [`grad`](crate::grad()).
///
/// ```
/// use kiln::{Array, hessian, numpy as np};
/// assert_eq!(hessian(|x: Array| x.pow(3).sum())(np::array([1.0, 2.0])).to_string(), "[[ 6.  0.]\n [ 0. 12.]]");
/// ```
#[track_caller]
pub fn hessian(f: impl Fn(Array) -> Array) -> impl Fn(Array) -> Array {
    let transformation = Transformation::new("hessian");
    move |x| columns(transformation, &|x| grad_at(transformation, &f, x), x)
}

/// Returns the product of a function's second derivatives with a tree like its argument, without the matrix.
///
/// # Panics
/// As [`grad`](crate::grad()), and when the two trees differ in structure or types.
///
/// ```
/// use kiln::{Array, hvp, numpy as np};
/// assert_eq!(hvp(|x: Array| x.pow(3).sum(), np::array([1.0, 2.0]), np::ones(2)).to_string(), "[ 6. 12.]");
/// ```
#[track_caller]
pub fn hvp<T: Tree>(f: impl Fn(T) -> Array, x: T, v: T) -> T {
    let transformation = Transformation::new("hvp");
    jvp_at(transformation, |x| grad_at(transformation, &f, x), x, v).1
}

fn columns<U: Tree>(transformation: Transformation, f: &impl Fn(Array) -> U, x: Array) -> U {
    let x = transformation.leaves(Leaves::of(x)).arrays.remove(0);
    check_floats(transformation, "the argument", &x);
    let (shape, basis) = (x.shape().clone(), basis(transformation, &x));
    let (_, along) = linearize_at(transformation, f, x);
    let found = Leaves::of(each(transformation.name, transformation.location, along, basis));
    let columns = found.arrays.iter().map(|column| {
        check_floats(transformation, "the value", column);
        let order: Axes = (1..column.ndim()).chain([0]).collect();
        let whole: Shape = column.shape()[1..].iter().chain(shape.iter()).copied().collect();
        reshape(&transpose(column, &order), &whole)
    });
    found.structure.rebuild(columns.collect::<Vec<_>>())
}

fn rows<T: Tree>(transformation: Transformation, f: &impl Fn(T) -> Array, x: T) -> T {
    let x = transformation.leaves(Leaves::of(x));
    x.arrays
        .iter()
        .for_each(|leaf| check_floats(transformation, "the argument", leaf));
    let (value, pullback) = vjp_at(transformation, f, x.structure.rebuild::<T>(x.arrays));
    check_floats(transformation, "the value", &value);
    let basis = basis(transformation, &value);
    let found = Leaves::of(each(
        transformation.name,
        transformation.location,
        pullback,
        basis,
    ));
    let rows = found.arrays.iter().map(|row| {
        let whole = value.shape().iter().chain(&row.shape()[1..]).copied().collect();
        reshape(row, &whole)
    });
    found.structure.rebuild(rows.collect::<Vec<_>>())
}

#[track_caller]
fn check_floats(transformation: Transformation, what: &str, x: &Array) {
    if !x.dtype().is_float() {
        transformation.raise(format!(
            "{what} is {}: only floats have derivatives",
            x.array_type()
        ))
    }
}

/// Returns the unit arrays of `x`, stacked: one array like `x` for each element, with 1 at that element and 0
/// elsewhere.
fn basis(transformation: Transformation, x: &Array) -> Array {
    staged(&transformation.to_string(), (), [x.clone()], |(), x| {
        let x = &x[0];
        let square = Shape::from([x.size(), x.size()]);
        let diagonal = compare(
            Compare::Eq,
            &iota(DType::I64, square.clone(), 0),
            &iota(DType::I64, square, 1),
        );
        let ones = cast(&diagonal, Kind::strong(x.dtype()));
        let whole = std::iter::once(x.size()).chain(x.shape().iter().copied());
        reshape(&ones, &whole.collect())
    })
}
