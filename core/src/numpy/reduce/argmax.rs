//! The indices of extremes.

use super::{Argmax, Reduced, reduction, with_ones};
use crate::arguments::IntoAxes;
use crate::array::Array;
use crate::bind::bind_one;
use crate::config::default_int;
use crate::error::check;
use kiln_backends::program::{ArgReduction, Axes, Op};

/// Returns the index of an extreme along an axis, or in the flattened array.
#[track_caller]
fn index(op: &'static str, kind: ArgReduction, x: &Array, options: Argmax) -> Array {
    let Some(axis) = options.axis else {
        let axes: Axes = (0..x.ndim()).collect();
        check(x.size() > 0, op, || {
            format!("shape {} has no elements", x.shape())
        });
        let at = arg_axis(op, kind, &x.ravel(), (Some([0].into()), false));
        return if options.keepdims {
            at.reshape(with_ones(x.shape(), &axes))
        } else {
            at
        };
    };
    arg_axis(op, kind, x, (Some([axis].into()), options.keepdims))
}

#[track_caller]
fn arg_axis(op: &'static str, kind: ArgReduction, x: &Array, axes: Reduced) -> Array {
    reduction(op, x, axes, true, kind, |&kind, x, axes| {
        let op = Op::ArgReduce {
            kind,
            axis: axes[0],
            dtype: default_int(),
        };
        bind_one(op, &[x], false)
    })
}

/// Declares the index reductions as methods. A row holds an array, its index in the flattened array, and its
/// indices along the last axis.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident $along:ident $with:ident ($x:expr) -> $flat:literal, $last:literal $kind:ident;)*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// The array is flattened. The result is a scalar of the default integer dtype.
                ///
                /// # Panics
                /// When the array has no elements.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($name), "().to_string(), ", stringify!($flat), ");")]
                /// ```
                #[track_caller]
                pub fn $name(&self) -> Array {
                    index(stringify!($name), ArgReduction::$kind, self, Argmax::default())
                }

                $(#[$doc])*
                ///
                /// Along one axis, which is removed; [`keep`](crate::keep)`(axis)` keeps it with length 1.
                /// The result has the default integer dtype.
                ///
                /// # Panics
                /// When more than one axis is given, the axis is out of bounds, or there are no elements
                /// along it.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($along), "(-1).to_string(), ", stringify!($last), ");")]
                /// ```
                #[track_caller]
                pub fn $along(&self, axis: impl IntoAxes) -> Array {
                    let (axes, keepdims) = axis.axes();
                    check(axes.len() == 1, stringify!($name), || format!("takes one axis, got {:?}", &axes[..]));
                    index(stringify!($name), ArgReduction::$kind, self, Argmax { axis: Some(axes[0]), keepdims })
                }

                $(#[$doc])*
                ///
                /// With the optional arguments of [`options::Argmax`](kiln_core::options::Argmax). The result
                /// has the default integer dtype.
                ///
                /// # Panics
                /// When the axis is out of bounds, or there are no elements along it.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($with), "(|o| o.axis(-1)).to_string(), ", stringify!($last), ");")]
                /// ```
                #[track_caller]
                pub fn $with(&self, options: impl FnOnce(Argmax) -> Argmax) -> Array {
                    index(stringify!($name), ArgReduction::$kind, self, options(Argmax::default()))
                }
            )*
        }
    };
}

choices! {
    /// The index of the first greatest element, or of the first NaN.
    argmax argmax_axis argmax_with([[1, 5, 2], [7, 0, 7]]) -> "3", "[1 0]" Max;
    /// The index of the first least element, or of the first NaN.
    argmin argmin_axis argmin_with([[1, 5, 2], [7, 0, 7]]) -> "4", "[0 1]" Min;
}
