//! Iteration over the first axis of an array.

use crate::array::Array;
use crate::error::check;
use std::ops::Range;

/// An iterator over the slices of an array along its first axis. The loop `for row in &x` makes it.
///
/// In a trace the loop is unrolled: each iteration adds its own equations. [`vmap`](crate::vmap()) and
/// [`lax::scan`](crate::lax::scan) trace one function for all slices.
///
/// # Panics
/// The loop panics when the array is a scalar.
///
/// ```
/// use kiln::numpy as np;
/// let mut sums = vec![];
/// for row in &np::array([[1, 2], [3, 4]]) {
///     sums.push(row.sum().item::<i32>());
/// }
/// assert_eq!(sums, [3, 7]);
/// ```
#[derive(Clone, Debug)]
pub struct Rows {
    array: Array,
    left: Range<usize>,
}

impl Rows {
    fn at(&self, i: usize) -> Array {
        self.array.index(i)
    }
}

impl Iterator for Rows {
    type Item = Array;

    fn next(&mut self) -> Option<Array> {
        self.left.next().map(|i| self.at(i))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl DoubleEndedIterator for Rows {
    fn next_back(&mut self) -> Option<Array> {
        self.left.next_back().map(|i| self.at(i))
    }
}

impl ExactSizeIterator for Rows {}

impl IntoIterator for &Array {
    type Item = Array;
    type IntoIter = Rows;

    #[track_caller]
    fn into_iter(self) -> Rows {
        check(
            self.ndim() > 0,
            "into_iter",
            || "a scalar has no axis to go along",
        );
        Rows {
            array: self.clone(),
            left: 0..self.len(),
        }
    }
}

impl IntoIterator for Array {
    type Item = Array;
    type IntoIter = Rows;

    #[track_caller]
    fn into_iter(self) -> Rows {
        (&self).into_iter()
    }
}
