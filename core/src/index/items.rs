//! The parts of an index.

use crate::arguments::Number;
use crate::array::Array;
use crate::convert::{Nested, array};
use crate::error::{check, raise};
use kiln_backends::program::Few;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

/// One part of an index: for one axis, none, or several. [`IntoItem`] converts to this type.
///
/// ```
/// use kiln::{Item, numpy as np};
/// let axis = 1;
/// let mut index = vec![Item::Slice { start: None, stop: None, step: 1 }; 2];
/// index[axis] = Item::Integer(0);
/// assert_eq!(np::array([[1, 2], [3, 4]]).index(&index[..]).to_string(), "[1 3]");
/// ```
#[derive(Clone, Debug)]
pub enum Item {
    /// One index. The axis is removed. Negative numbers count from the end.
    Integer(isize),
    /// Indices from a start up to a stop, `step` apart. The stop is not included.
    Slice {
        /// The first index. The default is the end of the axis that the step leads away from.
        start: Option<isize>,
        /// The stop. The default is the end of the axis that the step leads to.
        stop: Option<isize>,
        /// The distance of the indices. It is not 0.
        step: isize,
    },
    /// All axes that the other parts do not index, whole.
    Ellipsis,
    /// A new axis of length 1.
    NewAxis,
    /// An array of integers, the indices, or an array of bools, which is true at the indices.
    Array(Array),
}

/// All axes that the other parts of an index do not index, whole. This is Python's `...`.
///
/// ```
/// use kiln::{Ellipsis, numpy as np};
/// assert_eq!(np::arange(4).reshape((2, 2)).index((Ellipsis, 0)).to_string(), "[0 2]");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ellipsis;

/// A new axis of length 1 in an index. This is `np.newaxis`.
///
/// ```
/// use kiln::{NewAxis, numpy as np};
/// assert_eq!(np::arange(3).index((.., NewAxis)).shape()[..], [3, 1]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NewAxis;

/// A part of an index: a number, a range, [`step`], [`Ellipsis`], [`NewAxis`], or an array or a list of
/// integers or of bools.
///
/// ```
/// use kiln::{Array, IntoItem, numpy as np};
/// fn column(x: &Array, which: impl IntoItem) -> Array {
///     x.index((.., which))
/// }
/// let x = np::array([[1, 2, 3], [4, 5, 6]]);
/// assert_eq!(column(&x, -1).to_string(), "[3 6]");
/// assert_eq!(column(&x, 1..).to_string(), "[[2 3]\n [5 6]]");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an index of an axis",
    label = "kiln takes the index of an axis here",
    note = "write an integer, a range such as `1..`, `step`, `NewAxis`, `Ellipsis`, or an array or a list of integers or bools"
)]
pub trait IntoItem {
    /// Returns the part of the index.
    ///
    /// ```
    /// use kiln::{IntoItem, Item};
    /// assert!(matches!((1..).item(), Item::Slice { start: Some(1), stop: None, step: 1 }));
    /// ```
    fn item(self) -> Item;
}

/// Returns a range with a step: `step(1..5, 2)` is Python's `1:5:2`. The step may be negative.
///
/// A range with a negative step goes from `start` down to `stop`. The stop is not included.
///
/// # Panics
/// When the step is 0, or `range` is not a range.
///
/// ```
/// use kiln::{numpy as np, step};
/// assert_eq!(np::arange(6).index(step(1.., 2)).to_string(), "[1 3 5]");
/// assert_eq!(np::arange(4).index(step(.., -1)).to_string(), "[3 2 1 0]");
/// ```
#[track_caller]
pub fn step(range: impl IntoItem, by: isize) -> Item {
    check(by != 0, "step", || "the step is 0");
    match range.item() {
        Item::Slice { start, stop, step: 1 } => Item::Slice {
            start,
            stop,
            step: by,
        },
        item => raise("step", format!("takes a range, got {item:?}")),
    }
}

/// Makes an index with steps: `s![.., 0, 1..; 2]` is Python's `[:, 0, 1::2]`.
///
/// ```
/// use kiln::{numpy as np, s};
/// let x = np::arange(12).reshape((3, 4));
/// assert_eq!(x.index(s![1, ..; -1]).to_string(), "[7 6 5 4]");
/// ```
#[macro_export]
macro_rules! s {
    ($($range:expr $(; $step:expr)?),* $(,)?) => {
        [$($crate::s!(@item $range $(; $step)?)),*].as_slice()
    };
    (@item $range:expr) => { $crate::IntoItem::item($range) };
    (@item $range:expr; $step:expr) => { $crate::step($range, $step) };
}

impl<N: Number> IntoItem for N {
    fn item(self) -> Item {
        Item::Integer(self.number())
    }
}

macro_rules! ranges {
    ($($type:ty, $range:ident => $start:expr, $stop:expr;)*) => {$(
        impl<N: Number> IntoItem for $type {
            fn item(self) -> Item {
                let $range = self;
                Item::Slice { start: $start, stop: $stop, step: 1 }
            }
        }
    )*};
}

/// Returns the stop after a last index. The stop after -1 is the end of the axis.
fn after(last: isize) -> Option<isize> {
    (last != -1).then_some(last.saturating_add(1))
}

ranges! {
    Range<N>, range => Some(range.start.number()), Some(range.end.number());
    RangeFrom<N>, range => Some(range.start.number()), None;
    RangeTo<N>, range => None, Some(range.end.number());
    RangeInclusive<N>, range => Some(range.start().number()), after(range.end().number());
    RangeToInclusive<N>, range => None, after(range.end.number());
}

impl IntoItem for RangeFull {
    fn item(self) -> Item {
        Item::Slice {
            start: None,
            stop: None,
            step: 1,
        }
    }
}

impl IntoItem for Ellipsis {
    fn item(self) -> Item {
        Item::Ellipsis
    }
}

impl IntoItem for NewAxis {
    fn item(self) -> Item {
        Item::NewAxis
    }
}

impl IntoItem for Item {
    fn item(self) -> Item {
        self
    }
}

impl IntoItem for Array {
    fn item(self) -> Item {
        Item::Array(self)
    }
}

impl IntoItem for &Array {
    fn item(self) -> Item {
        Item::Array(self.clone())
    }
}

impl<T: Nested> IntoItem for Vec<T> {
    fn item(self) -> Item {
        Item::Array(array(self))
    }
}

impl<T: Nested, const N: usize> IntoItem for [T; N] {
    fn item(self) -> Item {
        Item::Array(array(self))
    }
}

/// An index: one [`IntoItem`], a tuple of up to 8, or a slice of [`Item`]s. The macro [`s!`](crate::s!) makes
/// such a slice.
///
/// ```
/// use kiln::{Array, IntoIndex, numpy as np};
/// fn total(x: &Array, place: impl IntoIndex) -> i32 {
///     x.index(place).sum().item()
/// }
/// let x = np::array([[1, 2], [3, 4]]);
/// assert_eq!(total(&x, 0), 3);
/// assert_eq!(total(&x, (.., 1)), 6);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an index",
    label = "kiln takes an index here",
    note = "write an integer, a range such as `1..`, an array or a list of integers or bools, or a tuple with one of these for each axis"
)]
pub trait IntoIndex {
    /// Returns the parts of the index.
    ///
    /// ```
    /// use kiln::{Ellipsis, IntoIndex, Item};
    /// assert!(matches!((0, Ellipsis).items()[..], [Item::Integer(0), Item::Ellipsis]));
    /// ```
    fn items(self) -> Items;
}

/// The parts of an index, in order: the result of [`IntoIndex::items`].
///
/// ```
/// use kiln::IntoIndex;
/// assert_eq!((0, 1..).items().len(), 2);
/// ```
pub type Items = Few<Item, 4>;

impl<T: IntoItem> IntoIndex for T {
    fn items(self) -> Items {
        [self.item()].into_iter().collect()
    }
}

impl IntoIndex for &[Item] {
    fn items(self) -> Items {
        self.iter().cloned().collect()
    }
}

impl IntoIndex for Items {
    fn items(self) -> Items {
        self
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: IntoItem),*> IntoIndex for ($($name,)*) {
            #[allow(non_snake_case)]
            fn items(self) -> Items {
                let ($($name,)*) = self;
                [$($name.item()),*].into_iter().collect()
            }
        }
    )*};
}
tuples!(()(A)(A B)(A B C)(A B C D)(A B C D E)(A B C D E F)(A B C D E F G)(A B C D E F G H));
