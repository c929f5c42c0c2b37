//! Matrices of derivatives. One `jvp` or `vjp` for each element computes them, all at once under `vmap`.

use crate::argnums::{AllArguments, Argnums, Args};
use crate::array::Array;
use crate::auxiliary::{Auxiliary, HasAux, NoAux};
use crate::eager::staged;
use crate::primitive::{cast, compare, iota, reshape, slice_axis, transpose};
use crate::promote::Kind;
use crate::transformation::Transformation;
use crate::tree::{Arrays, Leafwise, Leaves, Structure, Tree, paths};
use crate::vjp::{jvp_at, linearize_at, vjp_at};
use crate::vmap::each;
use kiln_backends::program::{Axes, Compare, DType, Shape};

/// The optional arguments of [`jacfwd_with`](crate::jacfwd_with), [`jacrev_with`](crate::jacrev_with),
/// [`jacobian_with`](crate::jacobian_with) and [`hessian_with`](crate::hessian_with).
///
/// ```
/// use kiln::{Arg, Array, jacrev_with, numpy as np};
/// let f = |(x, n): (Array, Array)| (x.pow(&n), n.sum());
/// let (along_x, total) = jacrev_with(f, |o| o.argnums(Arg::<0>).has_aux())((np::array([2.0, 3.0]), np::array([1, 2])));
/// assert_eq!(along_x.to_string(), "[[1. 0.]\n [0. 6.]]");
/// assert_eq!(total.to_string(), "3");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a function with `_with` takes the options"]
pub struct Jacobian<A, X>(A, X);

const DEFAULT: Jacobian<AllArguments, NoAux> = Jacobian(AllArguments, NoAux);

impl<A, X> Jacobian<A, X> {
    /// The arguments with respect to which the derivatives are taken: `Arg::<1>` is the second, and a tuple
    /// such as `(Arg::<0>, Arg::<2>)` is several. All other arguments are held fixed, and their leaves may
    /// have any dtype.
    ///
    /// ```
    /// use kiln::{Arg, Array, hessian_with};
    /// let power = |(x, n): (Array, Array)| x.pow(n);
    /// assert_eq!(hessian_with(power, |o| o.argnums(Arg::<0>))((2.0.into(), 3.into())).to_string(), "12.0");
    /// ```
    pub fn argnums<B: Args>(self, argnums: B) -> Jacobian<B, X> {
        Jacobian(argnums, self.1)
    }

    /// The function returns `(value, auxiliary)`, and the result is `(derivatives, auxiliary)`. The auxiliary
    /// result may be any tree. It is computed once, for the argument itself.
    ///
    /// ```
    /// use kiln::{Array, jacfwd_with, numpy as np};
    /// let f = |x: Array| (x.pow(2), x.argmax());
    /// let (slopes, largest) = jacfwd_with(f, |o| o.has_aux())(np::array([1.0, 2.0]));
    /// assert_eq!(slopes.to_string(), "[[2. 0.]\n [0. 4.]]");
    /// assert_eq!(largest.to_string(), "1");
    /// ```
    pub fn has_aux(self) -> Jacobian<A, HasAux> {
        Jacobian(self.0, HasAux)
    }
}

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
    jacfwd_with(f, |o| o)
}

/// Returns a function that computes the Jacobian of `f` in forward mode, with the optional arguments of
/// [`options::Jacobian`](Jacobian): the arguments with respect to which the derivatives are taken, and an
/// auxiliary result.
///
/// The result has the form of the result of [`jacfwd`]. With several arguments, each leaf of the value is
/// replaced by a tuple with one element for each of them. With the option `has_aux`, `f` returns
/// `(value, auxiliary)` and the result is `(jacobian, auxiliary)`.
///
/// # Panics
/// The returned function panics when a leaf of a named argument or the value does not have floats.
///
/// ```
/// use kiln::{Arg, Array, jacfwd_with, numpy as np};
/// let f = |(x, y, n): (Array, Array, Array)| (&x * &y * n, x.gt(y));
/// let jacobian = jacfwd_with(f, |o| o.argnums((Arg::<0>, Arg::<1>)).has_aux());
/// let ((along_x, along_y), greater) = jacobian((np::array([1.0, 2.0]), 1.5.into(), 2.into()));
/// assert_eq!(along_x.to_string(), "[[3. 0.]\n [0. 3.]]");
/// assert_eq!(along_y.to_string(), "[2. 4.]");
/// assert_eq!(greater.to_string(), "[False  True]");
/// ```
#[track_caller]
pub fn jacfwd_with<T: Tree, R, A, X>(
    f: impl Fn(T) -> R,
    options: impl FnOnce(Jacobian<AllArguments, NoAux>) -> Jacobian<A, X>,
) -> impl Fn(T) -> X::With<<A::Wanted as Leafwise>::Jacobian<X::Value>>
where
    A: Argnums<T, Wanted: Leafwise>,
    X: Auxiliary<R, Value: Leafwise>,
{
    let transformation = Transformation::new("jacfwd");
    let Jacobian(..) = options(DEFAULT);
    move |x| {
        let (x, f) = transformation.of_wanted::<A, _, _>(|x| X::split(f(x)), x);
        let (jacobian, aux) = columns(transformation, f, x);
        X::join(jacobian, aux)
    }
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
    jacrev_with(f, |o| o)
}

/// Returns a function that computes the Jacobian of `f` in reverse mode, with the optional arguments of
/// [`options::Jacobian`](Jacobian). The result has the form of the result of [`jacfwd_with`].
///
/// # Panics
/// The returned function panics when a leaf of a named argument or the value does not have floats, or there
/// is a `while_loop` between a named argument and the value.
///
/// ```
/// use kiln::{Arg, Array, jacrev_with, numpy as np};
/// let f = |(x, y): (Array, Array)| np::stack([(&x * &y).sum(), y.sum()]);
/// let along_y = jacrev_with(f, |o| o.argnums(Arg::<1>));
/// assert_eq!(along_y((np::array([2, 3]), np::ones(2))).to_string(), "[[2. 3.]\n [1. 1.]]");
///
/// // An auxiliary result beside a value that is a tuple.
/// let f = |x: Array| ((x.sum(), x.prod()), x.min());
/// let ((of_sum, of_product), least) = jacrev_with(f, |o| o.has_aux())(np::array([2.0, 3.0]));
/// assert_eq!((of_sum.to_string(), of_product.to_string()), ("[1. 1.]".into(), "[3. 2.]".into()));
/// assert_eq!(least.to_string(), "2.0");
/// ```
#[track_caller]
pub fn jacrev_with<T: Tree, R, A, X>(
    f: impl Fn(T) -> R,
    options: impl FnOnce(Jacobian<AllArguments, NoAux>) -> Jacobian<A, X>,
) -> impl Fn(T) -> X::With<<A::Wanted as Leafwise>::Jacobian<X::Value>>
where
    A: Argnums<T, Wanted: Leafwise>,
    X: Auxiliary<R, Value: Leafwise>,
{
    let transformation = Transformation::new("jacrev");
    let Jacobian(..) = options(DEFAULT);
    move |x| {
        let (x, f) = transformation.of_wanted::<A, _, _>(|x| X::split(f(x)), x);
        let (jacobian, aux) = rows(transformation, f, x);
        X::join(jacobian, aux)
    }
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
    jacobian_with(f, |o| o)
}

/// Returns a function that computes the Jacobian of `f` in reverse mode, with the optional arguments of
/// [`options::Jacobian`](Jacobian). [`jacrev_with`] is the same function.
///
/// # Panics
/// The returned function panics when a leaf of a named argument or the value does not have floats, or there
/// is a `while_loop` between a named argument and the value.
///
/// ```
/// use kiln::{Arg, Array, jacobian_with, numpy as np};
/// let line = |(slope, x): (Array, Array)| slope * x;
/// let along_slope = jacobian_with(line, |o| o.argnums(Arg::<0>));
/// assert_eq!(along_slope((3.0.into(), np::arange(3))).to_string(), "[0. 1. 2.]");
/// ```
#[track_caller]
pub fn jacobian_with<T: Tree, R, A, X>(
    f: impl Fn(T) -> R,
    options: impl FnOnce(Jacobian<AllArguments, NoAux>) -> Jacobian<A, X>,
) -> impl Fn(T) -> X::With<<A::Wanted as Leafwise>::Jacobian<X::Value>>
where
    A: Argnums<T, Wanted: Leafwise>,
    X: Auxiliary<R, Value: Leafwise>,
{
    let transformation = Transformation::new("jacobian");
    let Jacobian(..) = options(DEFAULT);
    move |x| {
        let (x, f) = transformation.of_wanted::<A, _, _>(|x| X::split(f(x)), x);
        let (jacobian, aux) = rows(transformation, f, x);
        X::join(jacobian, aux)
    }
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
    hessian_with(f, |o| o)
}

/// Returns a function that computes the Hessian of `f`, whose value is a scalar, with the optional arguments
/// of [`options::Jacobian`](Jacobian): the arguments with respect to which the derivatives are taken, and an
/// auxiliary result.
///
/// The Hessian has the form of the result of [`hessian`], with the named arguments as its argument. For
/// `(Arg::<0>, Arg::<2>)` it is `((xx, xz), (zx, zz))`. With the option `has_aux`, `f` returns
/// `(value, auxiliary)` and the result is `(hessian, auxiliary)`.
///
/// # Panics
/// The returned function panics when the value is not a float scalar, a leaf of a named argument does not
/// have floats, or there is a `while_loop` between a named argument and the value.
///
/// ```
/// use kiln::{Arg, Array, hessian_with};
/// let f = |(x, y, z): (Array, Array, Array)| (x.pow(2) * z.pow(3), y + 1);
/// let hessian = hessian_with(f, |o| o.argnums((Arg::<0>, Arg::<2>)).has_aux());
/// let (((xx, xz), (zx, zz)), next) = hessian((2.0.into(), 5.into(), 1.0.into()));
/// assert_eq!([xx, xz, zx, zz].map(|x| x.item::<f32>()), [2.0, 12.0, 12.0, 24.0]);
/// assert_eq!(next.to_string(), "6");
/// ```
#[track_caller]
pub fn hessian_with<T: Tree, R, A, X>(
    f: impl Fn(T) -> R,
    options: impl FnOnce(Jacobian<AllArguments, NoAux>) -> Jacobian<A, X>,
) -> impl Fn(T) -> X::With<<A::Wanted as Leafwise>::Jacobian<A::Wanted>>
where
    A: Argnums<T, Wanted: Leafwise>,
    X: Auxiliary<R, Value = Array>,
{
    let transformation = Transformation::new("hessian");
    let Jacobian(..) = options(DEFAULT);
    move |x| {
        let (x, f) = transformation.of_wanted::<A, _, _>(|x| X::split(f(x)), x);
        let gradient = |x| {
            let ((_, aux), gradient) = transformation.gradient(f, x);
            (gradient, aux)
        };
        let (hessian, aux) = columns(transformation, gradient, x);
        X::join(hessian, aux)
    }
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
    jvp_at(transformation, |x| (transformation.gradient(&f, x).1, ()), x, v).1
}

fn columns<T: Leafwise, U: Leafwise, X: Tree>(
    transformation: Transformation,
    f: impl FnOnce(T) -> (U, X),
    x: T,
) -> (T::Jacobian<U>, X) {
    let x = argument(transformation, x);
    let basis = x.structure.rebuild::<T>(basis(transformation, &x.arrays));
    let shapes = shapes(&x.arrays);
    let (value, along, aux) = linearize_at(transformation, f, x.structure.rebuild::<T>(x.arrays));
    let value = result(transformation, value);
    let found = Leaves::of(each(transformation.name, transformation.location, along, basis));
    let blocks: Arrays = found
        .arrays
        .iter()
        .flat_map(|column| column_blocks(column, &shapes))
        .collect();
    let jacobian = nested::<T, U>(&x.structure, &value.structure, &mut blocks.into_iter());
    (jacobian, aux)
}

fn rows<T: Leafwise, U: Leafwise, X: Tree>(
    transformation: Transformation,
    f: impl FnOnce(T) -> (U, X),
    x: T,
) -> (T::Jacobian<U>, X) {
    let x = argument(transformation, x);
    let (value, pullback, aux) = vjp_at(transformation, f, x.structure.rebuild::<T>(x.arrays));
    let value = result(transformation, value);
    let shapes = shapes(&value.arrays);
    let basis = value.structure.rebuild::<U>(basis(transformation, &value.arrays));
    let found = Leaves::of(each(
        transformation.name,
        transformation.location,
        pullback,
        basis,
    ));
    let blocks = row_blocks(&found.arrays, &shapes);
    let jacobian = nested::<T, U>(&x.structure, &value.structure, &mut blocks.into_iter());
    (jacobian, aux)
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

/// Returns the leaves of the argument, which must be floats.
fn argument(transformation: Transformation, x: impl Tree) -> Leaves {
    let names = paths(&x);
    let leaves = transformation.leaves(Leaves::of(x));
    let cure = "pass floats, or hold it fixed with the option argnums";
    check_floats(transformation, "argument", &names, &leaves.arrays, cure);
    leaves
}

/// Returns the leaves of the value, which must be floats.
fn result(transformation: Transformation, value: impl Tree) -> Leaves {
    let names = paths(&value);
    let leaves = Leaves::of(value);
    let cure = "return floats, and all else as auxiliary result with the option has_aux";
    check_floats(transformation, "value", &names, &leaves.arrays, cure);
    leaves
}

fn check_floats(transformation: Transformation, what: &str, names: &[String], arrays: &[Array], cure: &str) {
    if let Some((x, name)) = arrays.iter().zip(names).find(|(x, _)| !x.dtype().is_float()) {
        transformation.raise(format!(
            "the {what}{name} is {}: only floats have derivatives: {cure}",
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
