//! Reductions that skip NaN.

use super::{Any, Max, Mean, Sum, Var, extreme, logical, masked, mean, total, variance};
use crate::arguments::IntoAxes;
use crate::array::Array;
use crate::numpy::arithmetic::where_;
use kiln_backends::program::Reduction;

/// Declares reductions that skip NaN. A row holds an array of shape (2, 2), its reduction over all axes, and
/// its reduction over the first axis, for the examples. It ends with the function that computes the reduction
/// from its options.
macro_rules! nan_reductions {
    ($(
        $(#[$doc:meta])*
        $name:ident $along:ident $with:ident $options:ident ($x:expr) -> $all:literal, $first:literal $needs_elements:tt $by:ident($($kind:expr)?);
    )*) => {$(
        $(#[$doc])*
        ///
        /// The reduction is over all axes. The result is a scalar with the dtype of the reduction that does
        /// not skip NaN.
        ///
        #[doc = nan_reductions!(@panics $needs_elements)]
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!(
            "assert_eq!(np::", stringify!($name), "(", stringify!($x), ").to_string(), ", stringify!($all), ");"
        )]
        /// ```
        #[track_caller]
        pub fn $name(x: impl Into<Array>) -> Array {
            $by(stringify!($name), $($kind,)? x.into(), $options::default())
        }

        $(#[$doc])*
        ///
        /// The reduction is over one axis or several, and removes them. [`keep`](crate::keep)`(axes)` keeps
        /// them with length 1.
        ///
        #[doc = nan_reductions!(@panics_along $needs_elements)]
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!(
            "assert_eq!(np::", stringify!($along), "(", stringify!($x), ", 0).to_string(), ", stringify!($first), ");"
        )]
        /// ```
        #[track_caller]
        pub fn $along(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
            let (axes, keepdims) = axes.axes();
            let options = $options { axis: Some(axes), keepdims, ..$options::default() };
            $by(stringify!($name), $($kind,)? x.into(), options)
        }

        $(#[$doc])*
        ///
        #[doc = concat!("It takes the optional arguments of [`options::", stringify!($options), "`](kiln_core::options::", stringify!($options), ").")]
        ///
        #[doc = nan_reductions!(@panics_along $needs_elements)]
        ///
        /// ```
        /// use kiln::numpy as np;
        #[doc = concat!("let along = np::", stringify!($with), "(", stringify!($x), ", |o| o.axis(0));")]
        #[doc = concat!("assert_eq!(along.to_string(), ", stringify!($first), ");")]
        /// ```
        #[track_caller]
        pub fn $with(x: impl Into<Array>, options: impl FnOnce($options) -> $options) -> Array {
            $by(stringify!($name), $($kind,)? x.into(), options($options::default()))
        }
    )*};
    (@panics true) => { "# Panics\nWhen the array has no elements." };
    (@panics false) => { "" };
    (@panics_along true) => {
        "# Panics\nWhen an axis is out of bounds or given twice, or there are no elements along it."
    };
    (@panics_along false) => { "# Panics\nWhen an axis is out of bounds or given twice." };
}

nan_reductions! {
    /// Returns the sum of the elements that are not NaN, or 0 if there is none.
    nansum nansum_axis nansum_with Sum ([[1.0, np::NAN], [3.0, 4.0]]) -> "8.0", "[4. 4.]" false nan_total(Reduction::Sum);
    /// Returns the product of the elements that are not NaN, or 1 if there is none.
    nanprod nanprod_axis nanprod_with Sum ([[1.0, np::NAN], [3.0, 4.0]]) -> "12.0", "[3. 4.]" false nan_total(Reduction::Prod);
    /// Returns the greatest element that is not NaN, or NaN if there is none.
    nanmax nanmax_axis nanmax_with Max ([[1.0, np::NAN], [3.0, np::NAN]]) -> "3.0", "[ 3. nan]" true nan_extreme(Reduction::Max);
    /// Returns the least element that is not NaN, or NaN if there is none.
    nanmin nanmin_axis nanmin_with Max ([[1.0, np::NAN], [3.0, np::NAN]]) -> "1.0", "[ 1. nan]" true nan_extreme(Reduction::Min);
    /// Returns the mean of the elements that are not NaN, or NaN if there is none. It is a float.
    nanmean nanmean_axis nanmean_with Mean ([[1.0, np::NAN], [3.0, np::NAN]]) -> "2.0", "[ 2. nan]" false nan_mean();
    /// Returns the variance of the elements that are not NaN, or NaN if there is none. It is a float.
    nanvar nanvar_axis nanvar_with Var ([[1.0, np::NAN], [3.0, np::NAN]]) -> "1.0", "[ 1. nan]" false nan_variance(false);
    /// Returns the standard deviation of the elements that are not NaN, or NaN if there is none. It is a
    /// float.
    nanstd nanstd_axis nanstd_with Var ([[1.0, np::NAN], [5.0, np::NAN]]) -> "2.0", "[ 2. nan]" false nan_variance(true);
}

/// Replaces NaN by `neutral`.
#[track_caller]
fn cleaned(op: &str, x: Array, neutral: f64) -> Array {
    match x.dtype().is_float() {
        true => {
            let mask = !x.isnan();
            masked(op, x, Some(&mask), neutral)
        }
        false => x,
    }
}

/// Returns the mask of the elements that are not NaN and that a mask selects.
fn numbers(x: &Array, mask: Option<Array>) -> Option<Array> {
    match (x.dtype().is_float(), mask) {
        (true, Some(mask)) => Some(!x.isnan() & mask),
        (true, None) => Some(!x.isnan()),
        (false, mask) => mask,
    }
}

#[track_caller]
fn nan_total(op: &'static str, kind: Reduction, x: Array, options: Sum) -> Array {
    let neutral = if kind == Reduction::Prod { 1.0 } else { 0.0 };
    total(op, kind, &cleaned(op, x, neutral), options)
}

#[track_caller]
fn nan_extreme(op: &'static str, kind: Reduction, x: Array, options: Max) -> Array {
    let over = Any {
        axis: options.axis.clone(),
        keepdims: options.keepdims,
        where_: None,
    };
    let least = if kind == Reduction::Max {
        f64::NEG_INFINITY
    } else {
        f64::INFINITY
    };
    let may_be_nan = options.initial.is_none() && x.dtype().is_float();
    let found = extreme(op, kind, &cleaned(op, x.clone(), least), options);
    match may_be_nan {
        true => where_(logical(op, Reduction::Min, &x.isnan(), over), f64::NAN, found),
        false => found,
    }
}

#[track_caller]
fn nan_mean(op: &'static str, x: Array, mut options: Mean) -> Array {
    options.where_ = numbers(&x, options.where_);
    mean(op, &x, options)
}

#[track_caller]
fn nan_variance(op: &'static str, root: bool, x: Array, mut options: Var) -> Array {
    options.where_ = numbers(&x, options.where_);
    variance(op, root, &x, options)
}
