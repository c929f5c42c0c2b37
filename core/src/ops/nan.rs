//! Reductions that leave NaN out.

use super::arithmetic::where_;
use crate::Array;
use crate::arguments::IntoAxes;
use crate::eager::staged;

macro_rules! nan_reductions {
    ($($(#[$doc:meta])* $name:ident $along:ident $reduce:ident $reduce_along:ident $neutral:expr, $nothing:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        /// When there is nothing to choose from.
        #[track_caller]
        pub fn $name(x: impl Into<Array>) -> Array {
            let x = x.into();
            or_nan($nothing, cleaned(&x, $neutral).$reduce(), || x.isnan().all())
        }

        $(#[$doc])*
        ///
        /// Over these axes; [`keep`](crate::keep)`(axes)` keeps them with length 1.
        ///
        /// # Panics
        /// When an axis is out of bounds or given twice, or there is nothing to choose from.
        #[track_caller]
        pub fn $along(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
            let (x, axes) = (x.into(), Axes(axes.axes()));
            or_nan($nothing, cleaned(&x, $neutral).$reduce_along(axes.clone()), || x.isnan().all_axis(axes))
        }
    )*};
}

/// Axes that are used twice.
#[derive(Clone)]
struct Axes((crate::Numbers, bool));

impl IntoAxes for Axes {
    fn axes(self) -> (crate::Numbers, bool) {
        self.0
    }
}

/// `neutral` in place of NaN.
fn cleaned(x: &Array, neutral: f64) -> Array {
    match x.dtype().is_float() {
        true => staged("nan", neutral.to_bits(), [x.clone()], |&neutral, x| {
            where_(x[0].isnan(), f64::from_bits(neutral), &x[0])
        }),
        false => x.clone(),
    }
}

/// NaN where all elements were.
fn or_nan(wanted: bool, result: Array, all: impl FnOnce() -> Array) -> Array {
    match wanted && result.dtype().is_float() {
        true => where_(all(), f64::NAN, result),
        false => result,
    }
}

nan_reductions! {
    /// The sum of the elements that are not NaN.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::nansum([1.0, f64::NAN, 2.0])); // 3.0
    /// ```
    nansum nansum_axis sum sum_axis 0.0, false;
    /// The product of the elements that are not NaN.
    nanprod nanprod_axis prod prod_axis 1.0, false;
    /// The greatest element that is not NaN; NaN if there is none.
    nanmax nanmax_axis max max_axis f64::NEG_INFINITY, true;
    /// The least element that is not NaN; NaN if there is none.
    nanmin nanmin_axis min min_axis f64::INFINITY, true;
}

/// The mean of the elements that are not NaN; NaN if there is none.
#[track_caller]
pub fn nanmean(x: impl Into<Array>) -> Array {
    let x = x.into();
    mean(&x, cleaned(&x, 0.0).sum(), |held| held.sum())
}

/// As [`nanmean`], over these axes; [`keep`](crate::keep)`(axes)` keeps them with length 1.
///
/// # Panics
/// When an axis is out of bounds or given twice.
#[track_caller]
pub fn nanmean_axis(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
    let (x, axes) = (x.into(), Axes(axes.axes()));
    mean(&x, cleaned(&x, 0.0).sum_axis(axes.clone()), |held| {
        held.sum_axis(axes)
    })
}

fn mean(x: &Array, sum: Array, count: impl FnOnce(Array) -> Array) -> Array {
    let held = !x.isnan();
    let count = count(held);
    match sum.dtype().is_float() {
        true => &sum / count.astype(sum.dtype()),
        false => sum / count,
    }
}
