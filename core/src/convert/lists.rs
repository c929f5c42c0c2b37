//! Converts arrays to nested lists of Rust.

use crate::array::Array;
use crate::error::{plural, raise};
use kiln_backends::Element;

/// A Rust type into which the elements of an array can be copied: a number of its dtype, or vectors of
/// numbers, nested once for each axis.
///
/// ```
/// use kiln_core::{Array, Lists, numpy as np};
/// fn first<L: Lists>(x: &Array) -> Option<L> {
///     x.to_nested::<Vec<L>>().into_iter().next()
/// }
/// let x = np::arange(6).reshape((2, 3));
/// assert_eq!(first::<Vec<i32>>(&x), Some(vec![0, 1, 2]));
/// assert_eq!(<Vec<Vec<i32>>>::RANK, 2);
/// ```
pub trait Lists: Sized {
    /// The type of the innermost numbers.
    type Element: Element;

    /// The depth of the nesting: 0 for a number.
    const RANK: usize;

    /// Builds lists of these lengths, outermost first, from the next elements.
    fn take(elements: &mut std::slice::Iter<'_, Self::Element>, lengths: &[usize]) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Lists for $type {
            type Element = $type;
            const RANK: usize = 0;

            fn take(elements: &mut std::slice::Iter<'_, $type>, _: &[usize]) -> $type {
                *elements.next().expect("as many elements as the shape says")
            }
        }
    )*};
}
numbers!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl<T: Lists> Lists for Vec<T> {
    type Element = T::Element;
    const RANK: usize = T::RANK + 1;

    fn take(elements: &mut std::slice::Iter<'_, T::Element>, lengths: &[usize]) -> Vec<T> {
        (0..lengths[0])
            .map(|_| T::take(elements, &lengths[1..]))
            .collect()
    }
}

impl Array {
    /// Copies the elements into nested vectors, one level for each axis. This is the inverse of
    /// [`numpy::array`](crate::numpy::array()).
    ///
    /// # Panics
    /// When the array belongs to a trace: it has no value. When the innermost numbers do not have the array's
    /// dtype. When the depth of the vectors differs from the number of axes.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// let rows = np::arange(6).reshape((2, 3)).to_nested::<Vec<Vec<i32>>>();
    /// assert_eq!(rows, [[0, 1, 2], [3, 4, 5]]);
    /// ```
    #[track_caller]
    pub fn to_nested<L: Lists>(&self) -> L {
        let buffer = self.look("to_nested");
        let of = buffer.array_type();
        if of.dtype != L::Element::DTYPE {
            raise(
                "to_nested",
                format!(
                    "the elements are {}, not {}: use astype first",
                    of.dtype,
                    L::Element::DTYPE
                ),
            )
        }
        if of.shape.rank() != L::RANK {
            raise(
                "to_nested",
                format!(
                    "shape {} has {} {}, the lists are nested {} deep",
                    of.shape,
                    of.shape.rank(),
                    plural(of.shape.rank(), "axis", "axes"),
                    L::RANK
                ),
            )
        }
        L::take(&mut buffer.as_slice().iter(), &of.shape)
    }
}

#[cfg(test)]
mod tests {
    use crate::numpy as np;

    #[test]
    fn lists_there_and_back() {
        let rows = vec![vec![1_u8, 2], vec![3, 4], vec![5, 6]];
        assert_eq!(np::array(rows.clone()).to_nested::<Vec<Vec<u8>>>(), rows);
        let deep = vec![vec![vec![true, false]], vec![vec![false, true]]];
        assert_eq!(np::array(deep.clone()).to_nested::<Vec<Vec<Vec<bool>>>>(), deep);
        assert_eq!(np::array(2.5_f32).to_nested::<f32>(), 2.5);
    }

    #[test]
    fn empty_axes() {
        assert!(np::zeros((0, 3)).to_nested::<Vec<Vec<f32>>>().is_empty());
        assert_eq!(
            np::zeros((2, 0)).to_nested::<Vec<Vec<f32>>>(),
            [Vec::<f32>::new(), vec![]]
        );
    }
}
