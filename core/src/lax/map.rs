//! Functions of each slice of arrays, in a loop.

use super::scan::{ScanOptions, Slices, run};
use crate::arguments::{Number, count_of};
use crate::primitive::{concatenate, reshape, slice_axis};
use crate::tree::{Leaves, Tree};
use crate::vmap::each;
use kiln_backends::program::Shape;
use std::panic::Location;

/// Calls `f` on each slice of `xs` along the first axis, one after the other. Returns the results stacked
/// along a new first axis.
///
/// `vmap` computes all slices at once. `map` needs memory for the intermediate values of one slice at a time.
/// [`map_with`] computes several slices at a time.
///
/// # Panics
/// When `xs` holds no array, a scalar, or arrays whose first axes differ in length.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// assert_eq!(lax::map(|row: Array| row.max(), np::array([[1, 5], [7, 3]])).to_string(), "[5 7]");
/// ```
#[track_caller]
pub fn map<X: Tree, Y: Tree>(f: impl Fn(X) -> Y, xs: X) -> Y {
    map_with(f, xs, |o| o)
}

optional_arguments! {
    /// The optional arguments of [`lax::map`](crate::lax::map_with).
    ///
    /// ```
    /// use kiln::{Array, lax, numpy as np};
    /// let squares = lax::map_with(|x: Array| x.square(), np::arange(5), |o| o.batch_size(2));
    /// assert_eq!(squares.to_string(), "[ 0  1  4  9 16]");
    /// ```
    MapOptions {
        /// The number of slices that are computed at once, as by `vmap`. It is 1 if this is not given, and 0
        /// stands for all slices.
        batch_size(impl Number): Option<usize> = None => Some(count_of("map", batch_size)); lax::map_with(|x: kiln::Array| x * 2, np::arange(3), |o| o.batch_size(2)) => "[0 2 4]";
    }
}

/// Computes [`map`] with the optional arguments of [`options::Map`](crate::options::Map).
///
/// With `batch_size`, each iteration of the loop computes a batch of slices at once. The slices that fill no
/// batch are computed at once after the loop. So `f` is traced a second time if there are any. The loop needs
/// memory for the intermediate values of one batch at a time. The results have the shapes and dtypes of
/// [`map`].
///
/// # Panics
/// When `xs` holds no array, a scalar, or arrays whose first axes differ in length, and when `batch_size` is
/// negative. With `batch_size` also when `f` reads values with `item` or `to_vec`.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// let x = np::arange(10).reshape((5, 2));
/// let sums = lax::map_with(|row: Array| row.sum(), x, |o| o.batch_size(3));
/// assert_eq!(sums.to_string(), "[ 1  5  9 13 17]");
/// ```
#[track_caller]
pub fn map_with<X: Tree, Y: Tree>(
    f: impl Fn(X) -> Y,
    xs: X,
    options: impl FnOnce(MapOptions) -> MapOptions,
) -> Y {
    const OP: &str = "map";
    let MapOptions { batch_size } = options(MapOptions::default());
    let xs = Slices::of(OP, xs, None);
    let made_at = Location::caller();
    let at_once = |xs: X| each(OP, made_at, &f, xs);
    let size = match batch_size {
        None => return run(OP, |(), x| ((), f(x)), (), xs, ScanOptions::default()).1,
        Some(0) => xs.length,
        Some(size) => size,
    };
    if size >= xs.length {
        return at_once(xs.structure.rebuild(xs.arrays));
    }
    let (batches, whole) = (xs.length / size, xs.length - xs.length % size);
    let part = |from, to| xs.arrays.iter().map(move |x| slice_axis(x, 0, from, to));
    let grouped = part(0, whole).map(|x| {
        let shape: Shape = [batches, size].iter().chain(&x.shape()[1..]).copied().collect();
        reshape(&x, &shape)
    });
    let grouped = Slices {
        arrays: grouped.collect(),
        structure: xs.structure.clone(),
        length: batches,
    };
    let ys: Y = run(
        OP,
        |(), xs| ((), at_once(xs)),
        (),
        grouped,
        ScanOptions::default(),
    )
    .1;
    let mut ys = Leaves::of(ys);
    for y in &mut ys.arrays {
        let shape: Shape = [whole].iter().chain(&y.shape()[2..]).copied().collect();
        *y = reshape(y, &shape);
    }
    if whole < xs.length {
        let rest = Leaves::of(at_once(xs.structure.rebuild(part(whole, xs.length))));
        for (y, rest) in ys.arrays.iter_mut().zip(rest.arrays) {
            *y = concatenate(&[y.clone(), rest], 0);
        }
    }
    ys.structure.rebuild(ys.arrays)
}
