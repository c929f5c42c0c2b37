//! Conversions between arrays and Rust's numbers and lists, nested lists (`lists`), and the arrays of the
//! crate ndarray.

mod lists;
#[cfg(feature = "ndarray")]
pub(crate) mod ndarray;

pub use lists::Lists;

use crate::arguments::Numbers;
use crate::array::Array;
use crate::config::{default_float, default_int, hold_x64};
use crate::error::raise;
use crate::numpy::shape::stacked;
use crate::sealed::Sealed;
use kiln_backends::program::{DType, Shape};
use kiln_backends::{Buffer, Element};

/// A Rust number that converts into an element of an array.
///
/// An `f64` becomes an element of the default float dtype, like a float of Python. An `i32`, `i64`, `isize`
/// or `usize` becomes an element of the default integer dtype. The other types keep their dtype.
///
/// ```
/// use kiln::{DType, numpy::{self as np, ListItem}};
/// assert_eq!(f64::dtype(), DType::F32);
/// assert_eq!(u8::dtype(), DType::U8);
/// assert_eq!(np::array([1_u8, 2]).dtype(), DType::U8);
/// ```
pub trait ListItem: Sealed + Copy {
    /// The type of the element before it takes the dtype.
    type Element: Element;

    /// Returns the dtype of an array of such numbers.
    ///
    /// ```
    /// use kiln::{DType, numpy::ListItem, with_x64};
    /// assert_eq!(i32::dtype(), DType::I32);
    /// assert_eq!(with_x64(true, i32::dtype), DType::I64);
    /// ```
    fn dtype() -> DType;

    /// Returns the number as an element, or `None` if the dtype cannot hold it.
    ///
    /// ```
    /// use kiln::numpy::ListItem;
    /// assert_eq!(3_usize.element(), Some(3_i64));
    /// assert_eq!(3_000_000_000_i64.element(), None); // int32 does not hold it
    /// ```
    fn element(self) -> Option<Self::Element>;
}

macro_rules! exact {
    ($($type:ty: $dtype:ident),*) => {$(
        impl ListItem for $type {
            type Element = $type;
            fn dtype() -> DType {
                DType::$dtype
            }
            fn element(self) -> Option<$type> {
                Some(self)
            }
        }
    )*};
}
exact!(bool: Bool, i8: I8, i16: I16, u8: U8, u16: U16, u32: U32, u64: U64, f32: F32);

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl ListItem for $type {
            type Element = i64;
            fn dtype() -> DType {
                default_int()
            }
            fn element(self) -> Option<i64> {
                let number = i64::try_from(self).ok()?;
                (default_int() == DType::I64 || i32::try_from(number).is_ok()).then_some(number)
            }
        }
    )*};
}
integers!(i32, i64, isize, usize);

impl ListItem for f64 {
    type Element = f64;
    fn dtype() -> DType {
        default_float()
    }
    fn element(self) -> Option<f64> {
        Some(self)
    }
}

/// The innermost values of nested lists: numbers, or [`Array`]s of one shape.
///
/// ```
/// use kiln::{Array, numpy::{self as np, Innermost, Nested}};
/// fn transposed<T: Innermost>(rows: impl Nested<Item = T>) -> Array {
///     np::array(rows).t()
/// }
/// assert_eq!(transposed([[1, 2], [3, 4]]).to_string(), "[[1 3]\n [2 4]]");
/// assert_eq!(transposed([np::zeros(2), np::ones(2)]).to_string(), "[[0. 1.]\n [0. 1.]]");
/// ```
pub trait Innermost: Sealed + Clone {
    /// Makes an array of the values in row-major order.
    #[doc(hidden)]
    #[track_caller]
    fn array(values: Vec<Self>, shape: Shape) -> Array;
}

impl<T: ListItem> Innermost for T {
    #[track_caller]
    fn array(values: Vec<T>, shape: Shape) -> Array {
        let elements: Option<Vec<_>> = values.iter().map(|number| number.element()).collect();
        let Some(elements) = elements else {
            raise(
                "array",
                "an integer does not fit in int32: use Array::new, array_dtype, or enable_x64(true)",
            )
        };
        from_elements(elements, shape, T::dtype())
    }
}

impl Innermost for Array {
    #[track_caller]
    fn array(values: Vec<Array>, shape: Shape) -> Array {
        let Some(inner) = values.first().map(|x| x.shape().clone()) else {
            return from_elements::<f64>(vec![], shape, default_float());
        };
        let whole: Shape = shape.iter().chain(inner.iter()).copied().collect();
        stacked("array", values.into(), 0).reshape(&whole)
    }
}

/// A value that converts into an array: a number, an [`Array`], or lists (arrays, slices, vectors) of numbers
/// or of [`Array`]s, nested to any depth.
///
/// ```
/// use kiln::{Array, numpy::{self as np, Nested}};
/// fn total(numbers: impl Nested<Item = f64>) -> Array {
///     np::array(numbers).sum()
/// }
/// assert_eq!(total([1.0, 2.0]).to_string(), "3.0");
/// assert_eq!(total(vec![vec![1.0, 2.0], vec![3.0, 4.0]]).to_string(), "10.0");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number, an array, nor a list of these",
    label = "kiln takes numbers, arrays or nested lists here",
    note = "lists are arrays, slices and vectors of one type of number: `[1.0, 2.0]`, `[[1, 2], [3, 4]]`, `vec![0.5; n]`, `[x, y]`"
)]
pub trait Nested {
    /// The type of the innermost values.
    type Item: Innermost;

    /// Adds the lengths of the lists, outermost first. The length at each level is that of its first list.
    ///
    /// ```
    /// use kiln::numpy::Nested;
    /// let mut lengths = kiln::Numbers::new();
    /// [[1, 2, 3], [4, 5, 6]].lengths(&mut lengths);
    /// assert_eq!(lengths[..], [2, 3]);
    /// ```
    fn lengths(&self, lengths: &mut Numbers);

    /// Adds the innermost values in order. `lengths` are the lengths of this list and of the lists in it. The
    /// error is the length of the first list that has another length.
    ///
    /// ```
    /// use kiln::numpy::Nested;
    /// let mut numbers = vec![];
    /// assert_eq!([[1, 2], [3, 4]].collect(&[2, 2], &mut numbers), Ok(()));
    /// assert_eq!(numbers, [1, 2, 3, 4]);
    /// assert_eq!(vec![vec![1, 2], vec![3]].collect(&[2, 2], &mut vec![]), Err(1));
    /// ```
    fn collect(&self, lengths: &[isize], numbers: &mut Vec<Self::Item>) -> Result<(), usize>;
}

macro_rules! innermost {
    ($($type:ty),*) => {$(
        impl Nested for $type {
            type Item = $type;

            fn lengths(&self, _: &mut Numbers) {}

            fn collect(&self, _: &[isize], numbers: &mut Vec<$type>) -> Result<(), usize> {
                numbers.push(self.clone());
                Ok(())
            }
        }
    )*};
}
innermost!(
    bool, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64, Array
);

impl<T: Nested> Nested for [T] {
    type Item = T::Item;

    fn lengths(&self, lengths: &mut Numbers) {
        lengths.push(self.len() as isize);
        if let Some(first) = self.first() {
            first.lengths(lengths);
        }
    }

    fn collect(&self, lengths: &[isize], numbers: &mut Vec<T::Item>) -> Result<(), usize> {
        if lengths[0] != self.len() as isize {
            return Err(self.len());
        }
        self.iter()
            .try_for_each(|inner| inner.collect(&lengths[1..], numbers))
    }
}

macro_rules! lists {
    ($(($($generics:tt)*) $type:ty;)*) => {$(
        impl<T: Nested, $($generics)*> Nested for $type {
            type Item = T::Item;

            fn lengths(&self, lengths: &mut Numbers) {
                self[..].lengths(lengths);
            }

            fn collect(&self, lengths: &[isize], numbers: &mut Vec<T::Item>) -> Result<(), usize> {
                self[..].collect(lengths, numbers)
            }
        }
    )*};
}
lists!(
    (const N: usize) [T; N];
    () Vec<T>;
);

impl<T: Nested + ?Sized> Nested for &T {
    type Item = T::Item;

    fn lengths(&self, lengths: &mut Numbers) {
        (**self).lengths(lengths);
    }

    fn collect(&self, lengths: &[isize], numbers: &mut Vec<T::Item>) -> Result<(), usize> {
        (**self).collect(lengths, numbers)
    }
}

/// Makes an array from a number, or from lists of numbers with one axis for each level of lists. In a list of
/// [`Array`]s, a number is written `1.into()`. The axes of the lists come before the axes of the arrays.
///
/// Plain integers (`i32`, `i64`, `isize`, `usize`) and `f64` take the default dtypes: `int32` and `float32`,
/// or `int64` and `float64` in 64-bit mode. Other types keep their dtype. [`Array::new`] keeps every type.
///
/// # Panics
/// When lists at one level differ in length, arrays in them differ in shape, or an integer does not fit.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(format!("{:?}", np::array([1.0, 3.2, -1.5])), "Array([ 1. ,  3.2, -1.5], dtype=float32)");
/// assert_eq!(format!("{:?}", np::array([[1, 2], [3, 4]])), "Array([[1, 2],\n       [3, 4]], dtype=int32)");
/// assert_eq!(format!("{:?}", np::array(vec![true, false])), "Array([ True, False], dtype=bool)");
/// let x = np::array(0.5).sin();
/// assert_eq!(np::array([[1.into(), x.clone()], [-x, 1.into()]]).to_string(), "[[ 1.          0.47942555]\n [-0.47942555  1.        ]]");
/// ```
#[track_caller]
pub fn array<T: Nested>(nested: T) -> Array {
    let mut lengths = Numbers::new();
    nested.lengths(&mut lengths);
    let mut numbers = Vec::new();
    if let Err(length) = nested.collect(&lengths, &mut numbers) {
        raise(
            "array",
            format!(
                "a list of {length} is beside one of another length, {:?} expected",
                &lengths[..]
            ),
        )
    }
    let shape: Shape = lengths.iter().map(|&n| n as usize).collect();
    T::Item::array(numbers, shape)
}

/// Makes an array of a dtype from a number, or from lists of numbers. The numbers are read with 64 bits and
/// then converted, so that a `float64` has all its digits.
///
/// # Panics
/// When lists at one level differ in length, or arrays in them differ in shape.
///
/// ```
/// use kiln::{DType, numpy as np};
/// assert_eq!(np::array_dtype([0.1, 2.0], DType::F64).to_string(), "[0.1 2. ]");
/// assert_eq!(np::array_dtype([1, 2], DType::F32).to_string(), "[1. 2.]");
/// ```
#[track_caller]
pub fn array_dtype<T: Nested>(nested: T, dtype: DType) -> Array {
    let wide = hold_x64();
    let array = array(nested);
    drop(wide);
    array.astype(dtype)
}

/// Makes an array, and converts its elements to another dtype of their family.
#[track_caller]
fn from_elements<E: Element>(elements: Vec<E>, shape: Shape, dtype: DType) -> Array {
    let buffer = Buffer::from_vec(elements, shape);
    if dtype == E::DTYPE {
        return Array::placed("array", buffer);
    }
    let narrow = match dtype {
        DType::I32 => {
            let elements = buffer.as_slice::<i64>().iter().map(|&n| n as i32).collect();
            Buffer::from_vec::<i32>(elements, buffer.array_type().shape.clone())
        }
        _ => {
            let elements = buffer.as_slice::<f64>().iter().map(|&n| n as f32).collect();
            Buffer::from_vec::<f32>(elements, buffer.array_type().shape.clone())
        }
    };
    Array::placed("array", narrow)
}

impl<T: Nested> From<Vec<T>> for Array {
    #[track_caller]
    fn from(numbers: Vec<T>) -> Array {
        array(numbers)
    }
}

impl<T: Nested, const N: usize> From<[T; N]> for Array {
    #[track_caller]
    fn from(numbers: [T; N]) -> Array {
        array(numbers)
    }
}

impl<T: Nested> From<&[T]> for Array {
    #[track_caller]
    fn from(numbers: &[T]) -> Array {
        array(numbers)
    }
}
