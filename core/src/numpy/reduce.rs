//! Reductions over axes.
//!
//! Every reduction has two forms: `x.sum()` over all axes and `x.sum_axis(axes)` over some. `axes` is a
//! number or a list of numbers; negative ones count from the last axis. `x.sum_axis(keep(axes))` keeps the
//! reduced axes with length 1.

use super::promoted::truth;
use crate::arguments::{IntoAxes, Numbers, axes_of};
use crate::array::Array;
use crate::bind::bind_one;
use crate::config::default_int;
use crate::eager::{Pure, staged};
use crate::error::{axis_of, check};
use crate::primitive::{binary, cast, divided, number_like, reduce, reshape, unary};
use crate::promote::{Kind, accumulator, inexact};
use kiln_backends::program::{ArgReduction, Axes, Binary, DType, Op, Reduction, Shape, Unary};

/// Stages a reduction. `f` takes the operand and the axes in increasing order, and removes the axes.
#[track_caller]
fn reduction(
    op: &'static str,
    x: &Array,
    axes: Option<(Numbers, bool)>,
    needs_elements: bool,
    f: impl Fn(&Array, &Axes) -> Array + Copy + Send + Sync + 'static,
) -> Array {
    let (axes, kept) = match axes {
        Some((numbers, kept)) => (axes_of(op, &numbers, x.ndim()), kept),
        None => ((0..x.ndim()).collect(), false),
    };
    check(
        !needs_elements || axes.iter().all(|&axis| x.shape()[axis] > 0),
        op,
        || {
            format!(
                "shape {} has no elements along the axes {:?}",
                x.shape(),
                &axes[..]
            )
        },
    );
    run(op, x.clone(), axes, kept, f)
}

#[track_caller]
fn run(
    op: &str,
    x: Array,
    axes: Axes,
    kept: bool,
    f: impl Fn(&Array, &Axes) -> Array + Copy + Send + Sync + 'static,
) -> Array {
    staged(op, (axes, kept, Pure(f)), [x], |(axes, kept, f), x| {
        let result = (f.0)(&x[0], axes);
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

/// Returns a sum or product. Integers are reduced in a wide dtype.
fn total(kind: Reduction, x: &Array, axes: &Axes) -> Array {
    let x = cast(x, Kind::strong(accumulator(x.dtype())));
    reduce(kind, &x, axes.clone())
}

fn mean(x: &Array, axes: &Axes) -> Array {
    let x = cast(
        x,
        Kind {
            weak: false,
            ..inexact(x.kind())
        },
    );
    let sum = reduce(Reduction::Sum, &x, axes.clone());
    divided(&sum, count(x.shape(), axes))
}

/// Returns the mean of squared distances from the mean. `ddof` is subtracted from the number of elements.
fn variance(x: &Array, axes: &Axes, ddof: f64) -> Array {
    let x = cast(
        x,
        Kind {
            weak: false,
            ..inexact(x.kind())
        },
    );
    let centre = reshape(&mean(&x, axes), &with_ones(x.shape(), axes));
    let distance = x.clone() - centre;
    let squares = reduce(
        Reduction::Sum,
        &binary(Binary::Mul, &distance, &distance),
        axes.clone(),
    );
    let n = count(x.shape(), axes) - ddof;
    match n > 0.0 {
        true => divided(&squares, n),
        false => number_like(&squares, f64::NAN),
    }
}

fn arg(kind: ArgReduction, x: &Array, axis: usize) -> Array {
    bind_one(
        Op::ArgReduce {
            kind,
            axis,
            dtype: default_int(),
        },
        &[x],
        false,
    )
}

/// Declares a reduction as methods of `Array` and as functions in the table of NumPy names. A row holds an
/// array, its reduction over all axes, and over the first: the examples of all four.
macro_rules! reductions {
    ($(
        $(#[$doc:meta])*
        $name:ident $along:ident ($x:expr) -> $all:literal, $first:literal $needs_elements:tt $body:expr;
    )*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// Over all axes: a scalar.
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
                    reduction(stringify!($name), self, None, $needs_elements, $body)
                }

                $(#[$doc])*
                ///
                /// Over one axis or several, which are removed; [`keep`](crate::keep)`(axes)` keeps them with
                /// length 1. Negative axes count from the last.
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
                    reduction(stringify!($name), self, Some(axes.axes()), $needs_elements, $body)
                }
            )*
        }

        /// The reductions by their NumPy names.
        pub(crate) mod named {
            use super::*;
            $(
                $(#[$doc])*
                ///
                /// Over all axes: a scalar.
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
                /// Over one axis or several, which are removed; [`keep`](crate::keep)`(axes)` keeps them with
                /// length 1. Negative axes count from the last.
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
    /// The sum of the elements; 0 if there are none.
    ///
    /// Floats keep their dtype. Integers narrower than the default one are added in the default dtype
    /// (unsigned ones in the unsigned dtype of its width). Bools are counted.
    sum sum_axis([[1.0, 2.0], [3.0, 4.0]]) -> "10.0", "[4. 6.]" false |x, axes| total(Reduction::Sum, x, axes);
    /// The product of the elements; 1 if there are none.
    ///
    /// Floats keep their dtype. Integers narrower than the default one are multiplied in the default dtype.
    prod prod_axis([[1.0, 2.0], [3.0, 4.0]]) -> "24.0", "[3. 8.]" false |x, axes| total(Reduction::Prod, x, axes);
    /// The mean of the elements, in floats for integers too; NaN if there are none.
    mean mean_axis([[1, 2], [3, 4]]) -> "2.5", "[2. 3.]" false mean;
    /// The variance of the elements, in floats: the mean of their squared distances from the mean.
    ///
    /// [`var_ddof`](Array::var_ddof) divides by less than the number of elements.
    var var_axis([[1.0, 2.0], [3.0, 4.0]]) -> "1.25", "[1. 1.]" false |x, axes| variance(x, axes, 0.0);
    /// The standard deviation of the elements, in floats: the square root of the variance.
    ///
    /// [`std_ddof`](Array::std_ddof) divides by less than the number of elements.
    std std_axis([[1.0, 2.0], [3.0, 4.0]]) -> "1.118034", "[1. 1.]" false |x, axes| unary(Unary::Sqrt, &variance(x, axes, 0.0));
    /// The greatest element, of the array's dtype; NaN if an element is NaN.
    max max_axis([[1, 2], [3, 4]]) -> "4", "[3 4]" true |x, axes| reduce(Reduction::Max, x, axes.clone());
    /// The least element, of the array's dtype; NaN if an element is NaN.
    min min_axis([[1, 2], [3, 4]]) -> "1", "[1 2]" true |x, axes| reduce(Reduction::Min, x, axes.clone());
    /// True if any element is true, or not 0: a bool; false without elements.
    any any_axis([[false, true], [false, false]]) -> "True", "[False  True]" false |x, axes| reduce(Reduction::Max, &truth(x), axes.clone());
    /// True if all elements are true, or not 0: a bool; true without elements.
    all all_axis([[true, true], [true, false]]) -> "False", "[ True False]" false |x, axes| reduce(Reduction::Min, &truth(x), axes.clone());
}

/// Declares the index reductions as methods. A row holds an array, its index in the flattened array, and its
/// indices along the last axis.
macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident $along:ident ($x:expr) -> $flat:literal, $last:literal $kind:ident;)*) => {
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
                    check(self.size() > 0, stringify!($name), || format!("shape {} has no elements", self.shape()));
                    staged(stringify!($name), (), [self.clone()], |(), x| {
                        arg(ArgReduction::$kind, &reshape(&x[0], &Shape::from([x[0].size()])), 0)
                    })
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
                    let axes = axis.axes();
                    check(axes.0.len() == 1, stringify!($name), || format!("takes one axis, got {:?}", &axes.0[..]));
                    reduction(stringify!($name), self, Some(axes), true, |x, axes| arg(ArgReduction::$kind, x, axes[0]))
                }
            )*
        }
    };
}

choices! {
    /// The index of the first greatest element, or of the first NaN.
    argmax argmax_axis([[1, 5, 2], [7, 0, 7]]) -> "3", "[1 0]" Max;
    /// The index of the first least element, or of the first NaN.
    argmin argmin_axis([[1, 5, 2], [7, 0, 7]]) -> "4", "[0 1]" Min;
}

/// Declares a running reduction as methods. A row holds an array, the result for the flattened array, and
/// along the first axis.
macro_rules! running {
    ($($(#[$doc:meta])* $name:ident $along:ident ($x:expr) -> $flat:literal, $first:literal $kind:ident;)*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// The array is flattened: the result has one axis.
                ///
                /// ```
                /// use kiln::numpy as np;
                #[doc = concat!("let x = np::array(", stringify!($x), ");")]
                #[doc = concat!("assert_eq!(x.", stringify!($name), "().to_string(), ", stringify!($flat), ");")]
                /// ```
                #[track_caller]
                pub fn $name(&self) -> Array {
                    self.ravel().$along(0)
                }

                $(#[$doc])*
                ///
                /// Along one axis, in the array's shape.
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
                pub fn $along(&self, axis: isize) -> Array {
                    let axis = axis_of(stringify!($name), axis, self.ndim());
                    staged(stringify!($name), axis, [self.clone()], |&axis, x| {
                        let dtype = if x[0].dtype() == DType::Bool { default_int() } else { x[0].dtype() };
                        let x = cast(&x[0], Kind::strong(dtype));
                        bind_one(Op::Cumulative { kind: Reduction::$kind, axis, reverse: false }, &[&x], false)
                    })
                }
            )*
        }
    };
}

running! {
    /// The running sum, of the array's dtype; bools are counted in the default integer dtype.
    cumsum cumsum_axis([[1, 2], [3, 4]]) -> "[ 1  3  6 10]", "[[1 2]\n [4 6]]" Sum;
    /// The running product, of the array's dtype.
    cumprod cumprod_axis([[1, 2], [3, 4]]) -> "[ 1  2  6 24]", "[[1 2]\n [3 8]]" Prod;
}

impl Array {
    /// Returns the variance over these axes, in floats. `ddof` is subtracted from the number of elements:
    /// with 1, this is the unbiased estimate from a sample. The result is NaN if nothing is left.
    ///
    /// # Panics
    /// When an axis is out of bounds or given twice.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([1.0, 2.0, 4.0]);
    /// assert_eq!(x.var_ddof(0, 1.0).to_string(), "2.3333333");
    /// assert_eq!(x.var().to_string(), "1.5555556");
    /// ```
    #[track_caller]
    pub fn var_ddof(&self, axes: impl IntoAxes, ddof: f64) -> Array {
        self.spread("var", axes.axes(), ddof, variance)
    }

    /// Returns the standard deviation over these axes, in floats: the square root of
    /// [`var_ddof`](Array::var_ddof).
    ///
    /// # Panics
    /// When an axis is out of bounds or given twice.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1.0, 2.0, 4.0]).std_ddof(0, 1.0).to_string(), "1.5275252");
    /// ```
    #[track_caller]
    pub fn std_ddof(&self, axes: impl IntoAxes, ddof: f64) -> Array {
        self.spread("std", axes.axes(), ddof, |x, axes, ddof| {
            unary(Unary::Sqrt, &variance(x, axes, ddof))
        })
    }

    #[track_caller]
    fn spread(
        &self,
        op: &'static str,
        (numbers, kept): (Numbers, bool),
        ddof: f64,
        f: impl Fn(&Array, &Axes, f64) -> Array + Send + Sync + 'static,
    ) -> Array {
        let axes = axes_of(op, &numbers, self.ndim());
        let parameters = (axes, kept, ddof.to_bits(), Pure(f));
        staged(op, parameters, [self.clone()], |(axes, kept, ddof, f), x| {
            let result = (f.0)(&x[0], axes, f64::from_bits(*ddof));
            if *kept {
                reshape(&result, &with_ones(x[0].shape(), axes))
            } else {
                result
            }
        })
    }
}
