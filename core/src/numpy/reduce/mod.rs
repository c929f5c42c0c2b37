//! Reductions over axes.
//!
//! Every reduction has three forms: `x.sum()` over all axes, `x.sum_axis(axes)` over some, and
//! `x.sum_with(..)` with every optional argument. `axes` is a number or a list of numbers. Negative numbers
//! count from the last axis. `x.sum_axis(keep(axes))` keeps the reduced axes with length 1.

mod argmax;
mod keywords;
pub(crate) mod nan;
mod running;

pub use keywords::{Any, Argmax, Cumulative, Max, Mean, Sum, Var};

use super::arithmetic::where_;
use super::promoted::truth;
use crate::arguments::{IntoAxes, Numbers, reduced_axes};
use crate::array::Array;
use crate::config::default_int;
use crate::eager::{Pure, staged};
use crate::error::{broadcast_shapes, check};
use crate::primitive::{binary, cast, divided, number_like, reduce, reshape, unary};
use crate::promote::{Kind, accumulator, inexact};
use kiln_backends::program::{Axes, Binary, DType, Reduction, Shape, Unary};
use std::hash::Hash;

/// The axes that a reduction removes, all if there are none, and a flag that keeps them with length 1.
type Reduced = (Option<Numbers>, bool);

/// Stages a reduction. `f` takes its parameter, the operand and the axes in increasing order, and removes the
/// axes.
#[track_caller]
fn reduction<P: Hash + Eq + Send + Sync + 'static>(
    op: &'static str,
    x: &Array,
    (axes, kept): Reduced,
    needs_elements: bool,
    parameter: P,
    f: impl Fn(&P, &Array, &Axes) -> Array + Copy + Send + Sync + 'static,
) -> Array {
    let axes = reduced_axes(op, axes, x.shape(), needs_elements);
    let parameters = (axes, kept, parameter, Pure(f));
    staged(op, parameters, [x.clone()], |(axes, kept, parameter, f), x| {
        let result = (f.0)(parameter, &x[0], axes);
        if *kept {
            reshape(&result, &with_ones(x[0].shape(), axes))
        } else {
            result
        }
    })
}

/// Returns a shape with length 1 along some axes.
fn with_ones(shape: &Shape, axes: &Axes) -> Shape {
    shape
        .iter()
        .enumerate()
        .map(|(axis, &n)| if axes.contains(&axis) { 1 } else { n })
        .collect()
}

fn count(shape: &Shape, axes: &Axes) -> f64 {
    axes.iter().map(|&axis| shape[axis] as f64).product()
}

/// Combines the elements of an array in a dtype. Bools are combined as integers.
fn combined(x: &Array, dtype: DType, combine: impl FnOnce(&Array) -> Array) -> Array {
    match dtype {
        DType::Bool => truth(&combine(&cast(x, Kind::strong(default_int())))),
        _ => combine(&cast(x, Kind::strong(dtype))),
    }
}

/// Returns an array with `instead` at the elements that a mask leaves out.
#[track_caller]
fn masked(op: &str, x: Array, mask: Option<&Array>, instead: impl Into<Array>) -> Array {
    let Some(mask) = mask else { return x };
    check(mask.dtype() == DType::Bool, op, || {
        format!("where_ is {}, it is an array of bools", mask.array_type())
    });
    let common = broadcast_shapes(op, mask.shape(), x.shape());
    check(common == *x.shape(), op, || {
        format!(
            "a mask of shape {} for an array of shape {}",
            mask.shape(),
            x.shape()
        )
    });
    let instead = instead.into().astype(x.dtype());
    where_(mask.clone(), x, instead)
}

#[track_caller]
fn in_dtype(x: &Array, dtype: Option<DType>) -> Array {
    match dtype {
        Some(dtype) => x.astype(dtype),
        None => x.clone(),
    }
}

/// Checks the option `initial`.
#[track_caller]
fn check_initial(op: &str, initial: Option<&Array>) {
    if let Some(initial) = initial {
        check(initial.ndim() == 0, op, || {
            format!("initial has shape {}, it is a scalar", initial.shape())
        });
    }
}

/// Returns a sum or product. Integers are reduced in a wide dtype.
#[track_caller]
fn total(op: &'static str, kind: Reduction, x: &Array, options: Sum) -> Array {
    check_initial(op, options.initial.as_ref());
    let x = in_dtype(x, options.dtype);
    let neutral = i32::from(kind == Reduction::Prod);
    let x = masked(op, x, options.where_.as_ref(), neutral);
    let dtype = options.dtype.unwrap_or_else(|| accumulator(x.dtype()));
    let axes = (options.axis, options.keepdims);
    let found = reduction(op, &x, axes, false, (kind, dtype), |&(kind, dtype), x, axes| {
        combined(x, dtype, |x| reduce(kind, x, axes.clone()))
    });
    match (options.initial, kind) {
        (None, _) => found,
        (Some(initial), _) if dtype == DType::Bool => match kind {
            Reduction::Prod => found & initial.astype(dtype),
            _ => found | initial.astype(dtype),
        },
        (Some(initial), Reduction::Prod) => initial.astype(found.dtype()) * found,
        (Some(initial), _) => initial.astype(found.dtype()) + found,
    }
}

/// Returns a maximum or minimum.
#[track_caller]
fn extreme(op: &'static str, kind: Reduction, x: &Array, options: Max) -> Array {
    check_initial(op, options.initial.as_ref());
    check(
        options.where_.is_none() || options.initial.is_some(),
        op,
        || "where_ may leave no element: give the result for that case by initial",
    );
    let needs_elements = options.initial.is_none();
    let x = match &options.initial {
        Some(initial) => masked(op, x.clone(), options.where_.as_ref(), initial),
        None => x.clone(),
    };
    let axes = (options.axis, options.keepdims);
    let found = reduction(op, &x, axes, needs_elements, kind, |&kind, x, axes| {
        reduce(kind, x, axes.clone())
    });
    match (options.initial, kind) {
        (None, _) => found,
        (Some(initial), Reduction::Min) => found.minimum(initial.astype(x.dtype())),
        (Some(initial), _) => found.maximum(initial.astype(x.dtype())),
    }
}

/// Returns the logical sum or product.
#[track_caller]
fn logical(op: &'static str, kind: Reduction, x: &Array, options: Any) -> Array {
    let x = masked(
        op,
        x.clone(),
        options.where_.as_ref(),
        i32::from(kind == Reduction::Min),
    );
    let axes = (options.axis, options.keepdims);
    reduction(op, &x, axes, false, kind, |&kind, x, axes| {
        reduce(kind, &truth(x), axes.clone())
    })
}

/// Returns an array in the dtype in which its mean is computed.
fn in_floats(x: &Array) -> Array {
    let kind = Kind {
        weak: false,
        ..inexact(x.kind())
    };
    cast(x, kind)
}

fn mean_over(x: &Array, axes: &Axes) -> Array {
    let x = in_floats(x);
    let sum = reduce(Reduction::Sum, &x, axes.clone());
    divided(&sum, count(x.shape(), axes))
}

#[track_caller]
fn mean(op: &'static str, x: &Array, options: Mean) -> Array {
    let x = in_dtype(x, options.dtype);
    let axes = (options.axis, options.keepdims);
    let mean = match options.where_ {
        None => reduction(op, &x, axes, false, (), |(), x, axes| mean_over(x, axes)),
        Some(mask) => {
            let kept = masked(op, x.clone(), Some(&mask), 0);
            let sum = reduction(op, &kept, axes.clone(), false, (), |(), x, axes| {
                reduce(Reduction::Sum, &in_floats(x), axes.clone())
            });
            let n = chosen(op, &mask, &x, axes).astype(sum.dtype());
            sum / n
        }
    };
    match options.dtype {
        Some(dtype) => mean.astype(dtype),
        None => mean,
    }
}

/// Returns the number of elements along axes at which a mask is true.
#[track_caller]
fn chosen(op: &'static str, mask: &Array, x: &Array, axes: Reduced) -> Array {
    let mask = mask.broadcast_to(x.shape());
    reduction(op, &mask, axes, false, (), |(), mask, axes| {
        reduce(
            Reduction::Sum,
            &cast(&truth(mask), Kind::strong(default_int())),
            axes.clone(),
        )
    })
}

/// Returns the mean of squared distances from the mean. `ddof` is subtracted from the number of elements.
fn variance_over(x: &Array, axes: &Axes, ddof: f64) -> Array {
    let x = in_floats(x);
    let centre = reshape(&mean_over(&x, axes), &with_ones(x.shape(), axes));
    let distance = x.clone() - centre;
    let squares = binary(Binary::Mul, &distance, &distance);
    let squares = reduce(Reduction::Sum, &squares, axes.clone());
    let n = count(x.shape(), axes) - ddof;
    match n > 0.0 {
        true => divided(&squares, n),
        false => number_like(&squares, f64::NAN),
    }
}

#[track_caller]
fn variance(op: &'static str, root: bool, x: &Array, options: Var) -> Array {
    let x = in_dtype(x, options.dtype);
    let axes = (options.axis, options.keepdims);
    let Some(mask) = options.where_ else {
        let parameters = (options.ddof.to_bits(), root);
        return reduction(op, &x, axes, false, parameters, |&(ddof, root), x, axes| {
            let variance = variance_over(x, axes, f64::from_bits(ddof));
            if root {
                unary(Unary::Sqrt, &variance)
            } else {
                variance
            }
        });
    };
    let over = |keepdims| Mean {
        axis: axes.0.clone(),
        keepdims,
        where_: Some(mask.clone()),
        ..Mean::default()
    };
    // The distances of elements that are left out are 0: they may be NaN, and so would be their derivatives.
    let squares = masked(op, &x - mean(op, &x, over(true)), Some(&mask), 0).square();
    let n = chosen(op, &mask, &x, axes.clone()).astype(squares.dtype());
    let left = &n - options.ddof;
    let variance = where_(left.gt(0), mean(op, &squares, over(axes.1)) * n / left, f64::NAN);
    if root { variance.sqrt() } else { variance }
}

/// Declares a reduction as methods of `Array` and as functions in the table of NumPy names. A row holds an
/// array, its reduction over all axes, and its reduction over the first axis, for the examples. It ends with
/// the function that computes the reduction from its options.
macro_rules! reductions {
    ($(
        $(#[$doc:meta])*
        $name:ident $along:ident $with:ident $options:ident ($x:expr) -> $all:literal, $first:literal $needs_elements:tt $by:ident($($kind:expr)?);
    )*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// The reduction is over all axes. The result is a scalar.
                ///
                #[doc = reductions!(@panics $needs_elements)]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($name), "().to_string(), ", stringify!($all), ");")]
                /// ```
                #[track_caller]
                pub fn $name(&self) -> Array {
                    $by(stringify!($name), $($kind,)? self, $options::default())
                }

                $(#[$doc])*
                ///
                /// The reduction is over one axis or several, and removes them. [`keep`](crate::keep)`(axes)`
                /// keeps them with length 1. Negative axes count from the last.
                ///
                #[doc = reductions!(@panics_along $needs_elements)]
                ///
                /// ```
                /// use kiln::{keep, numpy as np};
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($along), "(0).to_string(), ", stringify!($first), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($along), "(keep(-1)).shape()[..], [2, 1]);")]
                /// ```
                #[track_caller]
                pub fn $along(&self, axes: impl IntoAxes) -> Array {
                    let (axes, keepdims) = axes.axes();
                    let options = $options { axis: Some(axes), keepdims, ..$options::default() };
                    $by(stringify!($name), $($kind,)? self, options)
                }

                $(#[$doc])*
                ///
                #[doc = concat!("It takes the optional arguments of [`options::", stringify!($options), "`](kiln_core::options::", stringify!($options), ").")]
                ///
                #[doc = reductions!(@panics_along $needs_elements)]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("let along = x.", stringify!($with), "(|o| o.axis(0).keepdims(true));")]
                /// assert_eq!(along.shape()[..], [1, 2]);
                #[doc = concat!("assert_eq!(along.ravel().to_string(), ", stringify!($first), ");")]
                /// ```
                #[track_caller]
                pub fn $with(&self, options: impl FnOnce($options) -> $options) -> Array {
                    $by(stringify!($name), $($kind,)? self, options($options::default()))
                }
            )*
        }

        /// The reductions by their NumPy names.
        pub(crate) mod named {
            use super::*;
            $(
                $(#[$doc])*
                ///
                /// The reduction is over all axes. The result is a scalar.
                ///
                #[doc = reductions!(@panics $needs_elements)]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!(
                    "assert_eq!(np::", stringify!($name), "(", stringify!($x), ").to_string(), ", stringify!($all), ");"
                )]
                /// ```
                #[track_caller]
                pub fn $name(x: impl Into<Array>) -> Array {
                    x.into().$name()
                }

                $(#[$doc])*
                ///
                /// The reduction is over one axis or several, and removes them. [`keep`](crate::keep)`(axes)`
                /// keeps them with length 1. Negative axes count from the last.
                ///
                #[doc = reductions!(@panics_along $needs_elements)]
                ///
                /// ```
                /// use kiln::{keep, numpy as np};
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(np::", stringify!($along), "(&x, 0).to_string(), ", stringify!($first), ");")]
                #[doc = concat!("assert_eq!(np::", stringify!($along), "(&x, keep((0, 1))).shape()[..], [1, 1]);")]
                /// ```
                #[track_caller]
                pub fn $along(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
                    x.into().$along(axes)
                }

                $(#[$doc])*
                ///
                #[doc = concat!("It takes the optional arguments of [`options::", stringify!($options), "`](kiln_core::options::", stringify!($options), ").")]
                ///
                #[doc = reductions!(@panics_along $needs_elements)]
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let along = np::", stringify!($with), "(", stringify!($x), ", |o| o.axis(0));")]
                #[doc = concat!("assert_eq!(along.to_string(), ", stringify!($first), ");")]
                /// ```
                #[track_caller]
                pub fn $with(x: impl Into<Array>, options: impl FnOnce($options) -> $options) -> Array {
                    x.into().$with(options)
                }
            )*
        }
    };
    (@panics true) => { "# Panics\nWhen the array has no elements." };
    (@panics false) => { "" };
    (@panics_along true) => {
        "# Panics\nWhen an axis is out of bounds or given twice, or there are no elements along it."
    };
    (@panics_along false) => { "# Panics\nWhen an axis is out of bounds or given twice." };
}

reductions! {
    /// Returns the sum of the elements, or 0 if there are none.
    ///
    /// Floats keep their dtype. Integers narrower than the default integer dtype are added in that dtype, and
    /// unsigned integers in the unsigned dtype of its width. The sum of bools is the number of true ones.
    sum sum_axis sum_with Sum([[1.0, 2.0], [3.0, 4.0]]) -> "10.0", "[4. 6.]" false total(Reduction::Sum);
    /// Returns the product of the elements, or 1 if there are none.
    ///
    /// Floats keep their dtype. Integers narrower than the default integer dtype are multiplied in that
    /// dtype.
    prod prod_axis prod_with Sum([[1.0, 2.0], [3.0, 4.0]]) -> "24.0", "[3. 8.]" false total(Reduction::Prod);
    /// Returns the mean of the elements, or NaN if there are none. The mean of integers is a float.
    mean mean_axis mean_with Mean([[1, 2], [3, 4]]) -> "2.5", "[2. 3.]" false mean();
    /// Returns the variance of the elements: the mean of their squared distances from their mean. It is a
    /// float.
    ///
    /// The option `ddof` of [`var_with`](Array::var_with) is subtracted from the number of elements in the
    /// divisor.
    var var_axis var_with Var([[1.0, 2.0], [3.0, 4.0]]) -> "1.25", "[1. 1.]" false variance(false);
    /// Returns the standard deviation of the elements: the square root of their variance. It is a float.
    ///
    /// The option `ddof` of [`std_with`](Array::std_with) is subtracted from the number of elements in the
    /// divisor.
    std std_axis std_with Var([[1.0, 2.0], [3.0, 4.0]]) -> "1.118034", "[1. 1.]" false variance(true);
    /// Returns the greatest element, or NaN if an element is NaN. It has the array's dtype.
    max max_axis max_with Max([[1, 2], [3, 4]]) -> "4", "[3 4]" true extreme(Reduction::Max);
    /// Returns the least element, or NaN if an element is NaN. It has the array's dtype.
    min min_axis min_with Max([[1, 2], [3, 4]]) -> "1", "[1 2]" true extreme(Reduction::Min);
    /// Returns true if any element is true or not 0. The result is a bool, and false if there are no
    /// elements.
    any any_axis any_with Any([[false, true], [false, false]]) -> "True", "[False  True]" false logical(Reduction::Max);
    /// Returns true if all elements are true or not 0. The result is a bool, and true if there are no
    /// elements.
    all all_axis all_with Any([[true, true], [true, false]]) -> "False", "[ True False]" false logical(Reduction::Min);
}

/// Old names, kept for one version.
impl Array {
    #[doc(hidden)]
    #[deprecated(note = "use `x.var_with(|o| o.axis(axes).ddof(ddof))`")]
    #[track_caller]
    pub fn var_ddof(&self, axes: impl IntoAxes, ddof: f64) -> Array {
        let (axes, keepdims) = axes.axes();
        self.var_with(|o| o.axis(&axes[..]).keepdims(keepdims).ddof(ddof))
    }

    #[doc(hidden)]
    #[deprecated(note = "use `x.std_with(|o| o.axis(axes).ddof(ddof))`")]
    #[track_caller]
    pub fn std_ddof(&self, axes: impl IntoAxes, ddof: f64) -> Array {
        let (axes, keepdims) = axes.axes();
        self.std_with(|o| o.axis(&axes[..]).keepdims(keepdims).ddof(ddof))
    }
}
