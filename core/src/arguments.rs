//! Arguments that have several forms: shapes and axes.

use crate::error::{axis_of, check, check_size, plural, raise};
use kiln_backends::program::{Axes, Few, Shape};

/// An integer of any type up to 64 bits, as a length or an axis.
///
/// ```
/// use kiln::Number;
/// assert_eq!(3usize.number(), 3);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an integer",
    label = "a length, a count or an axis is an integer"
)]
pub trait Number: Copy {
    /// Returns the number as an `isize`. A number beyond the range of `isize` becomes the nearest bound,
    /// because no array is so long.
    ///
    /// ```
    /// use kiln::Number;
    /// assert_eq!((-1_i32).number(), -1_isize);
    /// assert_eq!(usize::MAX.number(), isize::MAX);
    /// ```
    fn number(self) -> isize;
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            fn number(self) -> isize {
                (self as i128).clamp(isize::MIN as i128, isize::MAX as i128) as isize
            }
        }
    )*};
}
numbers!(usize, isize, i8, i16, i32, i64, u8, u16, u32, u64);

/// A number of any integer or float type of Rust, which converts to a float.
///
/// ```
/// use kiln::{IntoF64, numpy as np};
/// assert_eq!(3_usize.into_f64(), 3.0);
/// assert_eq!(np::array([1.0, 3.0]).std_with(|o| o.ddof(1_usize)).to_string(), "1.4142135");
/// ```
pub trait IntoF64: Copy {
    /// Returns the nearest `f64`.
    ///
    /// ```
    /// use kiln::IntoF64;
    /// assert_eq!((-1_i32).into_f64(), -1.0);
    /// ```
    fn into_f64(self) -> f64;
}

macro_rules! floats {
    ($($type:ty),*) => {$(
        impl IntoF64 for $type {
            fn into_f64(self) -> f64 {
                self as f64
            }
        }
    )*};
}
floats!(usize, isize, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

/// A list of [`Number`]s, as signed integers: lengths, or axes counted from either end.
///
/// ```
/// use kiln::IntoNumbers;
/// assert_eq!((2, -1).numbers()[..], [2, -1]);
/// ```
pub type Numbers = Few<isize, 4>;

/// A shape or a list of axes: a number, or a tuple, an array, a slice or a vector of numbers.
///
/// ```
/// use kiln::numpy as np;
/// let n = 3_usize;
/// assert_eq!(np::ones(n).shape()[..], [3]);
/// assert_eq!(np::ones((2, n)).shape()[..], [2, 3]);
/// assert_eq!(np::ones(vec![2; n]).shape()[..], [2, 2, 2]);
/// assert_eq!(np::ones((2, n)).reshape((n, -1)).shape()[..], [3, 2]);
/// assert_eq!(np::ones(()).ndim(), 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shape, nor a list of axes",
    label = "kiln takes a shape or axes here",
    note = "write an integer, or integers in parentheses: `np::zeros(3)`, `np::zeros((2, 3))`, `x.sum_axis((0, 1))`"
)]
pub trait IntoNumbers {
    /// Returns the numbers, in order.
    ///
    /// ```
    /// use kiln::IntoNumbers;
    /// assert_eq!([2, 3].numbers()[..], [2, 3]);
    /// ```
    fn numbers(self) -> Numbers;
}

impl<T: Number> IntoNumbers for T {
    fn numbers(self) -> Numbers {
        [self.number()].into()
    }
}

impl IntoNumbers for () {
    fn numbers(self) -> Numbers {
        Numbers::new()
    }
}

impl<T: Number, const N: usize> IntoNumbers for [T; N] {
    fn numbers(self) -> Numbers {
        self.iter().map(|n| n.number()).collect()
    }
}

impl<T: Number> IntoNumbers for &[T] {
    fn numbers(self) -> Numbers {
        self.iter().map(|n| n.number()).collect()
    }
}

impl<T: Number> IntoNumbers for Vec<T> {
    fn numbers(self) -> Numbers {
        self.as_slice().numbers()
    }
}

impl<T: Number> IntoNumbers for &Vec<T> {
    fn numbers(self) -> Numbers {
        self.as_slice().numbers()
    }
}

impl IntoNumbers for &Shape {
    fn numbers(self) -> Numbers {
        self[..].numbers()
    }
}

impl IntoNumbers for Shape {
    fn numbers(self) -> Numbers {
        self[..].numbers()
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Number),+> IntoNumbers for ($($name,)+) {
            #[allow(non_snake_case)]
            fn numbers(self) -> Numbers {
                let ($($name,)+) = self;
                [$($name.number()),+].into_iter().collect()
            }
        }
    )*};
}
tuples!((A)(A B)(A B C)(A B C D)(A B C D E)(A B C D E F)(A B C D E F G)(A B C D E F G H));

/// The axes of a reduction: any [`IntoNumbers`], or [`keep`] of it, which keeps the axes with length 1.
///
/// ```
/// use kiln::{keep, numpy as np};
/// let x = np::ones((2, 3, 4));
/// assert_eq!(x.sum_axis(-1).shape()[..], [2, 3]);
/// assert_eq!(x.sum_axis((0, 2)).shape()[..], [3]);
/// assert_eq!(x.sum_axis(keep((0, 2))).shape()[..], [1, 3, 1]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an axis, nor a list of axes",
    label = "kiln takes axes here",
    note = "write an integer, or integers in parentheses, also within `keep`: `0`, `(0, 1)`, `keep(-1)`"
)]
pub trait IntoAxes {
    /// Returns the axes, and true if the reduction keeps them.
    ///
    /// ```
    /// use kiln::IntoAxes;
    /// assert_eq!((&0.axes().0[..], 0.axes().1), (&[0][..], false));
    /// ```
    fn axes(self) -> (Numbers, bool);
}

impl<T: IntoNumbers> IntoAxes for T {
    fn axes(self) -> (Numbers, bool) {
        (self.numbers(), false)
    }
}

/// The axes of a reduction that keeps them with length 1. [`keep`] returns this type.
///
/// ```
/// use kiln::{IntoAxes, keep};
/// let (axes, kept) = keep((0, 1)).axes();
/// assert_eq!((&axes[..], kept), (&[0, 1][..], true));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Keep<T>(T);

/// Returns axes that a reduction keeps with length 1, so that the result broadcasts against the operand. This
/// is NumPy's `keepdims`.
///
/// ```
/// use kiln::{keep, numpy as np};
/// let x = np::array([[1.0, 2.0], [3.0, 4.0]]);
/// assert_eq!((&x - x.mean_axis(keep(1))).to_string(), "[[-0.5  0.5]\n [-0.5  0.5]]");
/// ```
pub fn keep<T: IntoNumbers>(axes: T) -> Keep<T> {
    Keep(axes)
}

impl<T: IntoNumbers> IntoAxes for Keep<T> {
    fn axes(self) -> (Numbers, bool) {
        (self.0.numbers(), true)
    }
}

/// Returns a number of elements, rows or items from the user's argument.
///
/// # Panics
/// When the number is negative.
#[track_caller]
pub(crate) fn count_of(op: &str, n: impl Number) -> usize {
    let n = n.number();
    match usize::try_from(n) {
        Ok(n) => n,
        Err(_) => raise(op, format!("{n} is a negative number of elements")),
    }
}

/// Formats numbers as a Python tuple.
fn tuple(numbers: &[isize]) -> String {
    match numbers {
        [n] => format!("({n},)"),
        _ => format!(
            "({})",
            numbers
                .iter()
                .map(isize::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

/// Returns a shape from the user's argument. `op` is the name of the function in messages.
///
/// # Panics
/// When a dimension of the shape is negative, or memory could not hold the elements.
#[track_caller]
pub fn shape_of(op: &str, shape: impl IntoNumbers) -> Shape {
    let numbers = shape.numbers();
    if numbers.iter().any(|&n| n < 0) {
        raise(op, format!("shape {} has a negative length", tuple(&numbers)))
    }
    let shape: Shape = numbers.iter().map(|&n| n as usize).collect();
    check_size(op, &shape);
    shape
}

/// Returns axes in increasing order. Panics if an axis is given twice.
#[track_caller]
pub(crate) fn axes_of(op: &str, numbers: &[isize], rank: usize) -> Axes {
    let mut axes = Axes::new();
    for &axis in numbers {
        let axis = axis_of(op, axis, rank);
        check(!axes.contains(&axis), op, || {
            format!("axis {axis} is given twice")
        });
        axes.push(axis);
    }
    axes.sort_unstable();
    axes
}

/// Returns the axes of a reduction in increasing order: all, if none are given. Panics if one has no elements
/// and the reduction needs some.
#[track_caller]
pub(crate) fn reduced_axes(op: &str, axes: Option<Numbers>, shape: &Shape, needs_elements: bool) -> Axes {
    let axes = match axes {
        Some(numbers) => axes_of(op, &numbers, shape.rank()),
        None => (0..shape.rank()).collect(),
    };
    check(
        !needs_elements || axes.iter().all(|&axis| shape[axis] > 0),
        op,
        || format!("shape {shape} has no elements along the axes {:?}", &axes[..]),
    );
    axes
}

/// Returns the shape of a reshape. One length may be -1: it is computed from the number of elements.
#[track_caller]
pub(crate) fn reshaped(op: &str, from: &Shape, numbers: &[isize]) -> Shape {
    let unknown = numbers.iter().filter(|&&n| n == -1).count();
    check(unknown <= 1, op, || {
        format!("shape {} leaves more than one length open", tuple(numbers))
    });
    check(numbers.iter().all(|&n| n >= -1), op, || {
        format!("shape {} has a negative length", tuple(numbers))
    });
    let lengths = numbers.iter().filter(|&&n| n != -1).map(|&n| n as usize);
    let known = lengths.clone().collect::<Shape>().checked_size();
    let size = from.size();
    let fits = match (known, unknown) {
        (Some(known), 1) => known > 0 && size.is_multiple_of(known),
        (known, _) => known == Some(size),
    };
    let known = known.unwrap_or(usize::MAX);
    check(fits, op, || {
        let elements = plural(size, "element", "elements");
        format!(
            "shape {from} has {size} {elements}: they do not fill shape {}",
            tuple(numbers)
        )
    });
    numbers
        .iter()
        .map(|&n| if n == -1 { size / known } else { n as usize })
        .collect()
}
