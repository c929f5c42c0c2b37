//! Conversions from and to the arrays of the crate ndarray, for any layout in memory.

use crate::array::Array;
use crate::error::raise;
use kiln_backends::program::{DType, Shape};
use kiln_backends::{Buffer, Element};
use ndarray::{ArrayBase, ArrayD, Data, Dimension, IxDyn};
use std::fmt;

/// Makes an array of the same elements. The elements of an owned array in row-major order are moved. Other
/// elements are copied.
///
/// ```
/// use kiln_core::Array;
/// use ndarray::{array, s};
/// let x = array![[1.0_f64, 2.0], [3.0, 4.0]];
/// assert_eq!(Array::from(x.t()).to_nested::<Vec<Vec<f64>>>(), [[1.0, 3.0], [2.0, 4.0]]);
/// assert_eq!(Array::from(x.slice(s![.., ..;-1])).to_nested::<Vec<Vec<f64>>>(), [[2.0, 1.0], [4.0, 3.0]]);
/// ```
impl<A: Element, S: Data<Elem = A>, D: Dimension> From<ArrayBase<S, D>> for Array {
    fn from(array: ArrayBase<S, D>) -> Array {
        let (shape, size) = (Shape::from(array.shape()), array.len());
        if !array.is_standard_layout() {
            return Array::from(&array);
        }
        // The vector of a slice still holds the rest of the larger array.
        let elements = match array.into_owned().into_raw_vec_and_offset() {
            (elements, _) if elements.len() == size => elements,
            (elements, offset) => {
                let start = offset.unwrap_or(0);
                elements[start..start + size].to_vec()
            }
        };
        Array::from_buffer(Buffer::from_vec(elements, shape))
    }
}

/// Copies the elements.
impl<A: Element, S: Data<Elem = A>, D: Dimension> From<&ArrayBase<S, D>> for Array {
    fn from(array: &ArrayBase<S, D>) -> Array {
        let elements: Vec<A> = array.iter().copied().collect();
        Array::from_buffer(Buffer::from_vec(elements, array.shape()))
    }
}

/// The reason why an array cannot be converted to a type of the crate ndarray.
///
/// ```
/// use kiln_core::{NdarrayError, numpy as np};
/// use ndarray::{Array1, Array2};
/// let x = np::arange(6).reshape((2, 3));
/// let error = Array2::<f64>::try_from(&x).unwrap_err();
/// assert_eq!(error.to_string(), "the elements are int32, not float64: use astype first");
/// let error = Array1::<i32>::try_from(&x).unwrap_err();
/// assert!(matches!(error, NdarrayError::Rank { wanted: 1, .. }));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NdarrayError {
    /// The elements have another dtype.
    Dtype {
        /// The array's dtype.
        found: DType,
        /// The requested dtype.
        wanted: DType,
    },
    /// The array has another number of axes.
    Rank {
        /// The array's shape.
        found: Shape,
        /// The requested number of axes.
        wanted: usize,
    },
}

impl fmt::Display for NdarrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NdarrayError::Dtype { found, wanted } => {
                write!(f, "the elements are {found}, not {wanted}: use astype first")
            }
            NdarrayError::Rank { found, wanted } => {
                write!(
                    f,
                    "shape {found} does not have {wanted} axes: ndarray::ArrayD takes any number"
                )
            }
        }
    }
}

kiln_backends::program::debug_by_display!(NdarrayError);

impl std::error::Error for NdarrayError {}

/// Copies the elements, in row-major order.
///
/// # Errors
/// When `A` is not the dtype, or `D` has another number of axes.
///
/// # Panics
/// When the array belongs to a trace: it has no value.
///
/// ```
/// use kiln_core::numpy as np;
/// use ndarray::{Array2, ArrayD};
/// let x = np::arange(6).reshape((2, 3));
/// assert_eq!(Array2::<i32>::try_from(&x)?.row(1).to_vec(), [3, 4, 5]);
/// assert_eq!(ArrayD::<i32>::try_from(&x)?.shape(), [2, 3]);
/// # Ok::<(), kiln_core::NdarrayError>(())
/// ```
impl<A: Element, D: Dimension> TryFrom<&Array> for ndarray::Array<A, D> {
    type Error = NdarrayError;

    #[track_caller]
    fn try_from(array: &Array) -> Result<ndarray::Array<A, D>, NdarrayError> {
        let buffer = array.look("try_from");
        let of = buffer.array_type();
        if of.dtype != A::DTYPE {
            return Err(NdarrayError::Dtype {
                found: of.dtype,
                wanted: A::DTYPE,
            });
        }
        let elements = buffer.as_slice().to_vec();
        let array = match ArrayD::from_shape_vec(IxDyn(&of.shape), elements) {
            Ok(array) => array,
            Err(error) => raise("try_from", format!("shape {}: {error}", of.shape)),
        };
        array.into_dimensionality().map_err(|_| NdarrayError::Rank {
            found: of.shape.clone(),
            wanted: D::NDIM.unwrap_or_default(),
        })
    }
}

/// Converts the array like a reference to it.
impl<A: Element, D: Dimension> TryFrom<Array> for ndarray::Array<A, D> {
    type Error = NdarrayError;

    #[track_caller]
    fn try_from(array: Array) -> Result<ndarray::Array<A, D>, NdarrayError> {
        Self::try_from(&array)
    }
}
