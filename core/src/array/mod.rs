//! The handle that users hold.

pub(crate) mod new;
pub(crate) mod origin;
pub(crate) mod place;
pub(crate) mod value;

use crate::config::{default_float, default_int};
use crate::error::raise;
use crate::promote::Kind;
use kiln_backends::program::{ArrayType, DType, Scalar, Shape, Var};
use kiln_backends::{Data, DeviceError};
use origin::Origin;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::{Arc, LazyLock};

/// An n-dimensional array of numbers of one dtype. Arrays are immutable. A clone is cheap: it is another
/// handle on the same elements.
///
/// The functions of [`numpy`](crate::numpy) ([`array`](crate::numpy::array()),
/// [`zeros`](crate::numpy::zeros), [`linspace`](crate::numpy::linspace), ...) and samplers make arrays.
/// Rust's numbers and lists convert into arrays: `2.0.into()`, `[1, 2].into()`. Every function of arrays
/// takes any value that converts into an array.
///
/// Operators and methods take arrays by value or by reference. The result reuses the memory of an operand
/// that has no other handle. Operators work for every mix of arrays, references and plain numbers. A number
/// on the left is an `f64` or an `i32`. Comparisons are methods, such as [`lt`](Array::lt), because Rust's
/// comparison operators return a `bool`.
///
/// The methods are NumPy's. [`numpy`](crate::numpy) lists them by family, next to its functions. `Array` has
/// further methods:
///
/// | family | methods |
/// |---|---|
/// | properties | [`shape`](Array::shape), [`dtype`](Array::dtype), [`ndim`](Array::ndim), [`size`](Array::size), [`len`](Array::len), [`is_weak`](Array::is_weak), [`is_traced`](Array::is_traced) |
/// | elements as Rust's numbers | [`item`](Array::item), [`to_vec`](Array::to_vec) |
/// | parts | [`index`](Array::index), [`at`](Array::at) |
///
/// Arrays print like NumPy's arrays, digit for digit: `{}` is `print(x)`, and `{:?}` is `repr(x)` of JAX. The
/// flags of a format string apply. A scalar is formatted like a number in Python: `{:.3}` has three digits
/// after the point, `{:.2e}` an exponent, `{:+}` a sign, and `{:>12}` a width. In an array with axes, `{:.3}`
/// is NumPy's `precision=3` (at most three digits), `{:e}` prints all elements with an exponent, and a width
/// is the width of each element, which aligns the columns of a table.
/// [`set_printoptions`](crate::set_printoptions) sets the options that a format string does not set.
///
/// ```
/// use kiln::{Array, numpy as np};
/// let a = np::array([1.0, 3.2, -1.5]);
/// assert_eq!(a.to_string(), "[ 1.   3.2 -1.5]");
/// assert_eq!((1 - &a).abs().max().item::<f64>(), 2.5);
/// let mut total = Array::from(0);
/// total += &a; // another array behind the handle
/// assert_eq!(total.shape(), a.shape());
/// assert_eq!(format!("{:?}", 2 * &a), "Array([ 2. ,  6.4, -3. ], dtype=float32)");
/// assert_eq!(format!("{:.2}|{:>8.1}|{:e}", a.mean(), a.max(), a.min()), "0.90|     3.2|-1.5e+00");
/// assert_eq!(format!("{:6.1} {:.1}", a, &a / 3), "[   1.     3.2   -1.5] [ 0.3  1.1 -0.5]");
/// ```
#[derive(Clone)]
pub struct Array(pub(crate) Repr);

/// An array never changes, so a panic leaves no array half changed.
impl UnwindSafe for Array {}
impl RefUnwindSafe for Array {}

/// The contents of a handle.
#[derive(Clone)]
pub(crate) enum Repr {
    /// A number whose dtype is decided when it meets another operand.
    Literal(Literal),
    /// Elements in memory.
    Concrete(Arc<Concrete>),
    /// A variable of a program that is being traced.
    Tracer(Arc<Tracer>),
}

/// The reason why an array has no elements to read.
///
/// ```
/// use kiln::{Array, NoValue, jit, numpy as np};
/// jit(|x: Array| { assert!(matches!(x.try_buffer(), Err(NoValue::Traced(_)))); x })(np::ones(2));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoValue {
    /// The array belongs to a trace. The text names the trace and says what to do.
    Traced(String),
    /// The device failed while it computed the elements, or while it copied them to the host.
    Device(DeviceError),
}

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoValue::Traced(fact) => f.write_str(fact),
            NoValue::Device(error) => error.fmt(f),
        }
    }
}

kiln_backends::program::debug_by_display!(NoValue);

impl std::error::Error for NoValue {}

/// A number of Rust that has no dtype yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
}

pub(crate) struct Concrete {
    pub(crate) data: Data,
    pub(crate) weak: bool,
    /// True if the array may move to any device: a plain number, or an array made within a trace.
    pub(crate) free: bool,
}

pub(crate) struct Tracer {
    pub(crate) origin: Arc<Origin>,
    pub(crate) var: Var,
    pub(crate) of: ArrayType,
    pub(crate) weak: bool,
}

impl Literal {
    /// Returns the dtype that the number has without another operand. A bool is not weak.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Literal::Bool(_) => Kind {
                dtype: DType::Bool,
                weak: false,
            },
            Literal::Int(_) => Kind {
                dtype: default_int(),
                weak: true,
            },
            Literal::Float(_) => Kind {
                dtype: default_float(),
                weak: true,
            },
        }
    }

    /// Converts the number to a dtype. No digits are lost before this.
    pub(crate) fn scalar(self, dtype: DType) -> Scalar {
        match self {
            Literal::Bool(value) => Scalar::from_i64(dtype, i64::from(value)),
            Literal::Int(value) => Scalar::from_i64(dtype, value),
            Literal::Float(value) => Scalar::from_f64(dtype, value),
        }
    }
}

static SCALAR: LazyLock<Shape> = LazyLock::new(Shape::scalar);

impl Array {
    /// Returns the shape: the lengths of the axes.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).shape()[..], [2, 3]);
    /// ```
    pub fn shape(&self) -> &Shape {
        match &self.0 {
            Repr::Literal(_) => &SCALAR,
            Repr::Concrete(array) => &array.data.array_type().shape,
            Repr::Tracer(array) => &array.of.shape,
        }
    }

    /// Returns the dtype: the type of the elements.
    ///
    /// ```
    /// use kiln::{DType, numpy as np};
    /// assert_eq!(np::arange(3).dtype(), DType::I32);
    /// ```
    pub fn dtype(&self) -> DType {
        self.kind().dtype
    }

    /// Returns true if the dtype is weak, like the dtype of a plain number. A weak dtype is promoted to the
    /// dtype of the other operand.
    ///
    /// ```
    /// use kiln::{DType, numpy as np};
    /// let h = np::full(2, 0);
    /// assert!(h.is_weak());
    /// assert_eq!((h + np::ones(2)).dtype(), DType::F32);
    /// ```
    pub fn is_weak(&self) -> bool {
        self.kind().weak
    }

    /// Returns true if the array belongs to a trace, and so has no value.
    ///
    /// ```
    /// use kiln::{Array, jit, numpy as np};
    /// jit(|x: Array| { assert!(x.is_traced()); x })(np::ones(2));
    /// ```
    pub fn is_traced(&self) -> bool {
        matches!(self.0, Repr::Tracer(_))
    }

    /// Returns the number if the array is a plain number that has no dtype yet.
    #[doc(hidden)]
    pub fn plain_number(&self) -> Option<f64> {
        match self.0 {
            Repr::Literal(Literal::Bool(holds)) => Some(f64::from(u8::from(holds))),
            Repr::Literal(Literal::Int(number)) => Some(number as f64),
            Repr::Literal(Literal::Float(number)) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.0 {
            Repr::Literal(number) => number.kind(),
            Repr::Concrete(array) => Kind {
                dtype: array.data.array_type().dtype,
                weak: array.weak,
            },
            Repr::Tracer(array) => Kind {
                dtype: array.of.dtype,
                weak: array.weak,
            },
        }
    }

    /// Returns the dtype and shape.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).array_type().to_string(), "f32[2,3]");
    /// ```
    pub fn array_type(&self) -> ArrayType {
        ArrayType {
            dtype: self.dtype(),
            shape: self.shape().clone(),
        }
    }

    /// Returns the number of axes, which is 0 for a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).ndim(), 2);
    /// ```
    pub fn ndim(&self) -> usize {
        self.shape().rank()
    }

    /// Returns the number of elements, which is 1 for a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).size(), 6);
    /// ```
    pub fn size(&self) -> usize {
        self.shape().size()
    }

    /// Returns the number of bytes of all elements.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).nbytes(), 24);
    /// ```
    pub fn nbytes(&self) -> usize {
        self.size() * self.dtype().size()
    }

    /// Returns the length of the first axis. This is Python's `len(x)`.
    ///
    /// # Panics
    /// When the array is a scalar.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).len(), 2);
    /// ```
    #[track_caller]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        match self.shape().first() {
            Some(&n) => n,
            None => raise("len", "a scalar has no axes"),
        }
    }

    /// Returns the handle with another weakness.
    pub(crate) fn with_weak(self, weak: bool) -> Array {
        match self.0 {
            Repr::Concrete(array) if array.weak != weak => {
                let free = array.free;
                let data = match Arc::try_unwrap(array) {
                    Ok(array) => array.data,
                    Err(array) => array.data.clone(),
                };
                Array(Repr::Concrete(Arc::new(Concrete { data, weak, free })))
            }
            Repr::Tracer(array) if array.weak != weak => Array(Repr::Tracer(Arc::new(Tracer {
                origin: array.origin.clone(),
                var: array.var,
                of: array.of.clone(),
                weak,
            }))),
            repr => Array(repr),
        }
    }

    /// Returns the identity of the array, which is unique while the array is held. Clones have one identity.
    pub(crate) fn identity(&self) -> (u64, usize) {
        match &self.0 {
            Repr::Tracer(tracer) => (tracer.origin.id, tracer.var.index()),
            Repr::Concrete(concrete) => (0, Arc::as_ptr(concrete) as usize),
            Repr::Literal(_) => unreachable!("plain numbers are not told apart"),
        }
    }
}
