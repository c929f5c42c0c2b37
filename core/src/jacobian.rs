//! Matrices of derivatives. One `jvp` or `vjp` for each element computes them, all at once under `vmap`.

use crate::array::Array;
use crate::eager::staged;
use crate::grad::{Transformation, grad_at, jvp_at, linearize_at, vjp_at};
use crate::primitive::{cast, compare, iota, reshape, slice_axis, transpose};
use crate::promote::Kind;
use crate::tree::{Arrays, Leafwise, Leaves, Structure, Tree, paths};
use crate::vmap::each;
use kiln_backends::program::{Axes, Compare, DType, Shape};

/// Returns a function that computes the Jacobian of `f` in forward mode: the derivatives of all elements of
/// the value with respect to all elements of the argument. Forward mode is faster if the argument has fewer
/// elements than the value.
///
/// The Jacobian is a tree like the value. Each leaf of it is replaced by a tree like the argument, as in JAX.
/// The type is `U::Each<T>` of [`Leafwise`]. The leaves have the shapes
/// `value_leaf.shape + argument_leaf.shape`. If the argument is an array, the Jacobian is a tree like the
/// value. If the value is an array, the Jacobian is a tree like the argument.
/// [`ravel_jacobian`](crate::flatten_util::ravel_jacobian) makes one matrix of a Jacobian.
///
/// # Panics
/// The returned function panics when a leaf of the argument or the value does not have floats.
///
/// ```
/// use kiln::{Array, jacfwd, numpy as np};
/// assert_eq!(jacfwd(|x: Array| x.pow(2))(np::array([1.0, 2.0])).to_string(), "[[2. 0.]\n [0. 4.]]");
///
/// let f = |(x, y): (Array, Array)| (&x * &y, x.sum());
/// let ((xy_x, xy_y), (sum_x, _)) = jacfwd(f)((np::array([1.0, 2.0]), 3.0.into()));
/// assert_eq!(xy_x.to_string(), "[[3. 0.]\n [0. 3.]]");
/// assert_eq!((xy_y.to_string(), sum_x.to_string()), ("[1. 2.]".into(), "[1. 1.]".into()));
/// ```
#[track_caller]
pub fn jacfwd<T: Leafwise, U: Leafwise>(f: impl Fn(T) -> U) -> impl Fn(T) -> T::Jacobian<U> {
    let transformation = Transformation::new("jacfwd");
    move |x| columns(transformation, &f, x)
}

/// Returns a function that computes the Jacobian of `f` in reverse mode: the derivatives of all elements of
/// the value with respect to all elements of the argument. Reverse mode is faster if the value has fewer
/// elements than the argument. The result has the form of the result of [`jacfwd`].
///
/// # Panics
/// The returned function panics when a leaf of the argument or the value does not have floats, or there is a
/// `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Array, jacrev, numpy as np};
/// assert_eq!(jacrev(|x: Array| np::stack([x.sum(), x.prod()]))(np::array([2.0, 3.0])).to_string(), "[[1. 1.]\n [3. 2.]]");
/// ```
#[track_caller]
pub fn jacrev<T: Leafwise, U: Leafwise>(f: impl Fn(T) -> U) -> impl Fn(T) -> T::Jacobian<U> {
    let transformation = Transformation::new("jacrev");
    move |x| rows(transformation, &f, x)
}

/// Returns a function that computes the Jacobian of `f` in reverse mode. [`jacrev`] is the same function.
///
/// # Panics
/// The returned function panics when a leaf of the argument or the value does not have floats, or there is a
/// `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Array, jacobian, numpy as np};
/// assert_eq!(jacobian(|x: Array| 3 * x)(np::ones(2)).to_string(), "[[3. 0.]\n [0. 3.]]");
/// ```
#[track_caller]
pub fn jacobian<T: Leafwise, U: Leafwise>(f: impl Fn(T) -> U) -> impl Fn(T) -> T::Jacobian<U> {
    let transformation = Transformation::new("jacobian");
    move |x| rows(transformation, &f, x)
}

/// Returns a function that computes the Hessian of `f`, whose value is a scalar: its second derivatives, in
/// forward mode over reverse mode.
///
/// For an array, the Hessian has the shape `argument.shape + argument.shape`. For a tree, it is a tree like
/// the argument in which each leaf is replaced by a tree like the argument: `((xx, xy), (yx, yy))` for
/// `(x, y)`, and `h["x"].y` for a struct with the fields `x` and `y`.
/// [`ravel_jacobian`](crate::flatten_util::ravel_jacobian) makes one matrix of a Hessian.
///
/// # Panics
/// The returned function panics when the value is not a float scalar, a leaf of the argument does not have
/// floats, or there is a `while_loop` between the argument and the value.
///
/// ```
/// use kiln::{Array, Tree, flatten_util::ravel_jacobian, hessian, numpy as np};
/// assert_eq!(hessian(|x: Array| x.pow(3).sum())(np::array([1.0, 2.0])).to_string(), "[[ 6.  0.]\n [ 0. 12.]]");
///
/// #[derive(Clone, Tree)]
/// struct Normal {
///     mean: Array,
///     scale: Array,
/// }
///
/// let data = np::array([1.0, 2.0, 6.0]);
/// let loss = |p: Normal| (p.scale.log() + ((&data - p.mean) / p.scale).pow(2) / 2).sum();
/// let p = Normal { mean: 3.0.into(), scale: 2.0.into() };
/// let h = hessian(loss)(p.clone());
/// assert_eq!(h["mean"].mean.to_string(), "0.75");
/// assert_eq!(ravel_jacobian(h, &p, &p).to_string(), "[[0.75  0.   ]\n [0.    1.875]]");
/// ```
#[track_caller]
pub fn hessian<T: Leafwise>(f: impl Fn(T) -> Array) -> impl Fn(T) -> T::Jacobian<T> {
    let transformation = Transformation::new("hessian");
    move |x| columns(transformation, &|x| grad_at(transformation, &f, x), x)
}

/// Returns the product of the Hessian of a function with a tree like its argument, without computing the
/// Hessian.
///
/// # Panics
/// When the value is not a float scalar, a leaf of the argument does not have floats, there is a `while_loop`
/// between the argument and the value, or the two trees differ in structure, shapes or dtypes.
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

fn columns<T: Leafwise, U: Leafwise>(
    transformation: Transformation,
    f: &impl Fn(T) -> U,
    x: T,
) -> T::Jacobian<U> {
    let x = argument(transformation, paths(&x), Leaves::of(x));
    let basis = x.structure.rebuild::<T>(basis(transformation, &x.arrays));
    let shapes = shapes(&x.arrays);
    let (_, along) = linearize_at(transformation, f, x.structure.rebuild::<T>(x.arrays));
    let found = Leaves::of(each(transformation.name, transformation.location, along, basis));
    check_floats(transformation, "the value", &found.arrays);
    let blocks: Arrays = found
        .arrays
        .iter()
        .flat_map(|column| column_blocks(column, &shapes))
        .collect();
    nested::<T, U>(&x.structure, &found.structure, &mut blocks.into_iter())
}

fn rows<T: Leafwise, U: Leafwise>(
    transformation: Transformation,
    f: &impl Fn(T) -> U,
    x: T,
) -> T::Jacobian<U> {
    let x = argument(transformation, paths(&x), Leaves::of(x));
    let (value, pullback) = vjp_at(transformation, f, x.structure.rebuild::<T>(x.arrays));
    let value = Leaves::of(value);
    check_floats(transformation, "the value", &value.arrays);
    let shapes = shapes(&value.arrays);
    let basis = value.structure.rebuild::<U>(basis(transformation, &value.arrays));
    let found = Leaves::of(each(
        transformation.name,
        transformation.location,
        pullback,
        basis,
    ));
    let blocks = row_blocks(&found.arrays, &shapes);
    nested::<T, U>(&x.structure, &value.structure, &mut blocks.into_iter())
}

/// Builds a tree of trees from the structures of the argument and the value, and from the blocks in order.
fn nested<T: Leafwise, U: Leafwise>(
    argument: &Structure,
    value: &Structure,
    blocks: &mut dyn Iterator<Item = Array>,
) -> T::Jacobian<U> {
    let mut next = || argument.read(blocks, T::rebuild);
    value.read(&mut std::iter::empty(), |leaves| {
        T::jacobian::<U>(leaves, &mut next)
    })
}

/// Returns the leaves of the argument, which must be floats. `names` are their paths.
fn argument(transformation: Transformation, names: Vec<String>, leaves: Leaves) -> Leaves {
    let leaves = transformation.leaves(leaves);
    for (leaf, name) in leaves.arrays.iter().zip(names) {
        check_floats(
            transformation,
            &format!("the argument{name}"),
            std::slice::from_ref(leaf),
        );
    }
    leaves
}

fn check_floats(transformation: Transformation, what: &str, arrays: &[Array]) {
    if let Some(x) = arrays.iter().find(|x| !x.dtype().is_float()) {
        transformation.raise(format!(
            "{what} is {}: only floats have derivatives",
            x.array_type()
        ))
    }
}

fn shapes(arrays: &[Array]) -> Vec<Shape> {
    arrays.iter().map(|x| x.shape().clone()).collect()
}

/// Splits the first axis of an array into parts for the elements of arrays of these shapes.
fn parts<'a>(x: &Array, shapes: &'a [Shape]) -> impl Iterator<Item = (Array, &'a Shape)> {
    let mut start = 0;
    shapes.iter().map(move |shape| {
        let part = slice_axis(x, 0, start, start + shape.size());
        start += shape.size();
        (part, shape)
    })
}

/// Returns the blocks of one leaf of the value, for the leaves of an argument of these shapes. The first axis
/// of `column` counts the elements of the argument.
fn column_blocks(column: &Array, shapes: &[Shape]) -> Vec<Array> {
    let blocks = parts(column, shapes).map(|(part, shape)| {
        let order: Axes = (1..part.ndim()).chain([0]).collect();
        let whole: Shape = part.shape()[1..].iter().chain(shape.iter()).copied().collect();
        reshape(&transpose(&part, &order), &whole)
    });
    blocks.collect()
}

/// Returns all blocks for the leaves of a value of these shapes. There is a row for each leaf of the
/// argument. The first axis of a row counts the elements of the value.
fn row_blocks(rows: &[Array], shapes: &[Shape]) -> Arrays {
    let split = rows.iter().map(|row| parts(row, shapes).collect::<Vec<_>>());
    let split: Vec<Vec<(Array, &Shape)>> = split.collect();
    let blocks = (0..shapes.len()).flat_map(|i| {
        split.iter().map(move |row| {
            let (part, shape) = &row[i];
            let whole = shape.iter().chain(&part.shape()[1..]).copied().collect();
            reshape(part, &whole)
        })
    });
    blocks.collect()
}

/// Returns the unit trees of a tree of these leaves, stacked along the first axis. The tree for an element
/// has 1 at that element and 0 at all others.
fn basis(transformation: Transformation, leaves: &[Array]) -> Arrays {
    let built: Vec<Array> = staged(&transformation.to_string(), (), leaves.to_vec(), |(), leaves| {
        let n = leaves.iter().map(Array::size).sum();
        let mut start = 0;
        let basis = leaves.iter().map(|x| {
            let of = Shape::from([n, x.size()]);
            let column = match iota(DType::I64, of.clone(), 1) {
                column if start == 0 => column,
                column => column + start as i64,
            };
            let ones = compare(Compare::Eq, &iota(DType::I64, of, 0), &column);
            start += x.size();
            reshape(
                &cast(&ones, Kind::strong(x.dtype())),
                &std::iter::once(n).chain(x.shape().iter().copied()).collect(),
            )
        });
        basis.collect()
    });
    built.into()
}
