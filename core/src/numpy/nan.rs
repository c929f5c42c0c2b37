//! Reductions that skip NaN.

use super::arithmetic::where_;
use crate::arguments::IntoAxes;
use crate::array::Array;
use crate::eager::staged;

/// A row holds an array of shape (2, 2), its reduction over all axes, and over the first: the examples.
macro_rules! nan_reductions {
    ($(
        $(#[$doc:meta])*
        $name:ident $along:ident ($x:expr) -> $all:literal, $first:literal $reduce:ident $reduce_along:ident $neutral:expr, $nothing:tt;
    )*) => {$(
        $(#[$doc])*
        ///
        /// Over all axes: a scalar of the dtype of the plain reduction.
        ///
        #[doc = nan_reductions!(@panics $nothing)]
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!(
            "assert_eq!(np::", stringify!($name), "(", stringify!($x), ").to_string(), ", stringify!($all), ");"
        )]
        /// ```
        #[track_caller]
        pub fn $name(x: impl Into<Array>) -> Array {
            let x = x.into();
            or_nan($nothing, cleaned(&x, $neutral).$reduce(), || x.isnan().all())
        }

        $(#[$doc])*
        ///
        /// Over one axis or several, which are removed; [`keep`](crate::keep)`(axes)` keeps them with length
        /// 1.
        ///
        #[doc = nan_reductions!(@panics_along $nothing)]
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!(
            "assert_eq!(np::", stringify!($along), "(", stringify!($x), ", 0).to_string(), ", stringify!($first), ");"
        )]
        /// ```
        #[track_caller]
        pub fn $along(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
            let (x, axes) = (x.into(), Axes(axes.axes()));
            or_nan($nothing, cleaned(&x, $neutral).$reduce_along(axes.clone()), || x.isnan().all_axis(axes))
        }
    )*};
    (@panics true) => { "# Panics\nWhen the array has no elements." };
    (@panics false) => { "" };
    (@panics_along true) => {
        "# Panics\nWhen an axis is out of bounds or given twice, or there are no elements along it."
    };
    (@panics_along false) => { "# Panics\nWhen an axis is out of bounds or given twice." };
}

/// Axes that can be used twice.
#[derive(Clone)]
struct Axes((crate::arguments::Numbers, bool));

impl IntoAxes for Axes {
    fn axes(self) -> (crate::arguments::Numbers, bool) {
        self.0
    }
}

/// Replaces NaN by `neutral`.
fn cleaned(x: &Array, neutral: f64) -> Array {
    match x.dtype().is_float() {
        true => staged("nan", neutral.to_bits(), [x.clone()], |&neutral, x| {
            where_(x[0].isnan(), f64::from_bits(neutral), &x[0])
        }),
        false => x.clone(),
    }
}

/// Replaces the result by NaN if all reduced elements are NaN.
fn or_nan(wanted: bool, result: Array, all: impl FnOnce() -> Array) -> Array {
    match wanted && result.dtype().is_float() {
        true => where_(all(), f64::NAN, result),
        false => result,
    }
}

nan_reductions! {
    /// The sum of the elements that are not NaN; 0 if there is none.
    nansum nansum_axis([[1.0, np::NAN], [3.0, 4.0]]) -> "8.0", "[4. 4.]" sum sum_axis 0.0, false;
    /// The product of the elements that are not NaN; 1 if there is none.
    nanprod nanprod_axis([[1.0, np::NAN], [3.0, 4.0]]) -> "12.0", "[3. 4.]" prod prod_axis 1.0, false;
    /// The greatest element that is not NaN; NaN if there is none.
    nanmax nanmax_axis([[1.0, np::NAN], [3.0, np::NAN]]) -> "3.0", "[ 3. nan]" max max_axis f64::NEG_INFINITY, true;
    /// The least element that is not NaN; NaN if there is none.
    nanmin nanmin_axis([[1.0, np::NAN], [3.0, np::NAN]]) -> "1.0", "[ 1. nan]" min min_axis f64::INFINITY, true;
}

/// The mean of the elements that are not NaN, in floats; NaN if there is none.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::nanmean([1.0, np::NAN, 2.0]).to_string(), "1.5");
/// ```
#[track_caller]
pub fn nanmean(x: impl Into<Array>) -> Array {
    let x = x.into();
    match x.dtype().is_float() {
        true => cleaned(&x, 0.0).sum() / (!x.isnan()).sum(),
        false => x.mean(),
    }
}

/// Returns [`nanmean`] over one axis or several, which are removed; [`keep`](crate::keep)`(axes)` keeps them
/// with length 1.
///
/// # Panics
/// When an axis is out of bounds or given twice.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::nanmean_axis([[1.0, np::NAN], [3.0, np::NAN]], 0).to_string(), "[ 2. nan]");
/// ```
#[track_caller]
pub fn nanmean_axis(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
    let (x, axes) = (x.into(), Axes(axes.axes()));
    match x.dtype().is_float() {
        true => cleaned(&x, 0.0).sum_axis(axes.clone()) / (!x.isnan()).sum_axis(axes),
        false => x.mean_axis(axes),
    }
}
