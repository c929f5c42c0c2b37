//! Running sums and products.

use super::{Cumulative, combined};
use crate::arguments::Number;
use crate::array::Array;
use crate::bind::bind_one;
use crate::config::default_int;
use crate::eager::staged;
use crate::error::axis_of;
use kiln_backends::program::{DType, Op, Reduction};

#[track_caller]
fn cumulative(op: &'static str, kind: Reduction, x: &Array, options: Cumulative) -> Array {
    let dtype = options.dtype.unwrap_or(match x.dtype() {
        DType::Bool => default_int(),
        dtype => dtype,
    });
    let (x, axis) = match options.axis {
        Some(axis) => (x.clone(), axis),
        None => (x.ravel(), 0),
    };
    let axis = axis_of(op, axis, x.ndim());
    staged(op, (kind, axis, dtype), [x], |&(kind, axis, dtype), x| {
        let op = Op::Cumulative {
            kind,
            axis,
            reverse: false,
        };
        combined(&x[0], dtype, |x| bind_one(op, &[x], false))
    })
}

/// Declares a running reduction as methods. A row holds an array, its result for the flattened array, and its
/// result along the first axis.
macro_rules! running {
    ($($(#[$doc:meta])* $name:ident $along:ident $with:ident ($x:expr) -> $flat:literal, $first:literal $kind:ident;)*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// The array is flattened. The result has one axis.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($name), "().to_string(), ", stringify!($flat), ");")]
                /// ```
                #[track_caller]
                pub fn $name(&self) -> Array {
                    cumulative(stringify!($name), Reduction::$kind, self, Cumulative::default())
                }

                $(#[$doc])*
                ///
                /// The elements are combined along one axis. The result has the array's shape.
                ///
                /// # Panics
                /// When the axis is out of bounds.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($along), "(0).to_string(), ", stringify!($first), ");")]
                /// ```
                #[track_caller]
                pub fn $along(&self, axis: impl Number) -> Array {
                    let options = Cumulative { axis: Some(axis.number()), ..Cumulative::default() };
                    cumulative(stringify!($name), Reduction::$kind, self, options)
                }

                $(#[$doc])*
                ///
                /// This method takes the optional arguments of
                /// [`options::Cumulative`](kiln_core::options::Cumulative).
                ///
                /// # Panics
                /// When the axis is out of bounds.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($with), "(|o| o.axis(0)).to_string(), ", stringify!($first), ");")]
                /// ```
                #[track_caller]
                pub fn $with(&self, options: impl FnOnce(Cumulative) -> Cumulative) -> Array {
                    cumulative(stringify!($name), Reduction::$kind, self, options(Cumulative::default()))
                }
            )*
        }
    };
}

running! {
    /// Returns the running sum of the elements, in the array's dtype. The running sum of bools has the
    /// default integer dtype.
    cumsum cumsum_axis cumsum_with([[1, 2], [3, 4]]) -> "[ 1  3  6 10]", "[[1 2]\n [4 6]]" Sum;
    /// Returns the running product of the elements, in the array's dtype.
    cumprod cumprod_axis cumprod_with([[1, 2], [3, 4]]) -> "[ 1  2  6 24]", "[[1 2]\n [3 8]]" Prod;
}
