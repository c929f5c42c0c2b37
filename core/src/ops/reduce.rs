//! Reductions over axes.
//!
//! Every reduction has two forms: `x.sum()` over all axes and `x.sum_axis(axes)` over some, where `axes` is a number or a list
//! of numbers, negative ones counted from the last axis. `x.sum_axis(keep(axes))` keeps the reduced axes with length 1.

use super::elementwise::truth;
use super::primitive::{binary, cast, divided, number_like, reduce, reshape, unary};
use crate::Array;
use crate::arguments::{IntoAxes, Numbers, axes_of};
use crate::config::default_int;
use crate::eager::{Pure, staged};
use crate::error::{axis_of, check};
use crate::promote::{Kind, accumulator, inexact};
use crate::record::bind_one;
use kiln_backends::program::{ArgReduction, Axes, Binary, DType, Op, Reduction, Shape, Unary};

/// A staged reduction: `f` sees the operand and the axes in increasing order, and leaves the axes out.
#[track_caller]
fn reduction(
    op: &'static str,
    x: &Array,
    axes: Option<(Numbers, bool)>,
    needs_elements: bool,
    f: impl Fn(&Array, &Axes) -> Array + Copy + 'static,
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
    f: impl Fn(&Array, &Axes) -> Array + Copy + 'static,
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

/// A shape with length 1 along some axes.
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

/// A sum or product, of integers in a wide dtype.
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

/// The mean of squared distances from the mean; `ddof` is taken off the number of elements.
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

macro_rules! reductions {
    ($(
        $(#[$doc:meta])*
        $name:ident $along:ident $needs_elements:literal $body:expr;
    )*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// # Panics
                /// When there is nothing to choose from.
                #[track_caller]
                pub fn $name(&self) -> Array {
                    reduction(stringify!($name), self, None, $needs_elements, $body)
                }

                $(#[$doc])*
                ///
                /// Over these axes; [`keep`](crate::keep)`(axes)` keeps them with length 1.
                ///
                /// # Panics
                /// When an axis is out of bounds or given twice, or there is nothing to choose from.
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
                /// # Panics
                /// As [the method](Array::$name).
                #[track_caller]
                pub fn $name(x: impl Into<Array>) -> Array {
                    x.into().$name()
                }

                $(#[$doc])*
                ///
                /// Over these axes; [`keep`](crate::keep)`(axes)` keeps them with length 1.
                ///
                /// # Panics
                /// As [the method](Array::$along).
                #[track_caller]
                pub fn $along(x: impl Into<Array>, axes: impl IntoAxes) -> Array {
                    x.into().$along(axes)
                }
            )*
        }
    };
}

reductions! {
    /// The sum of the elements; integers narrower than the default one are added up in it.
    ///
    /// ```
    /// use kiln_core::numpy as np;
    /// let x = np::array([[1.0, 2.0], [3.0, 4.0]]);
    /// println!("{} {}", x.sum(), x.sum_axis(0)); // 10.0 [4. 6.]
    /// ```
    sum sum_axis false |x, axes| total(Reduction::Sum, x, axes);
    /// The product of the elements; integers narrower than the default one are multiplied in it.
    prod prod_axis false |x, axes| total(Reduction::Prod, x, axes);
    /// The mean of the elements.
    mean mean_axis false mean;
    /// The variance of the elements: the mean of their squared distances from the mean.
    var var_axis false |x, axes| variance(x, axes, 0.0);
    /// The standard deviation of the elements.
    std std_axis false |x, axes| unary(Unary::Sqrt, &variance(x, axes, 0.0));
    /// The greatest element; NaN wins.
    max max_axis true |x, axes| reduce(Reduction::Max, x, axes.clone());
    /// The least element; NaN wins.
    min min_axis true |x, axes| reduce(Reduction::Min, x, axes.clone());
    /// Whether any element is true, or not 0.
    any any_axis false |x, axes| reduce(Reduction::Max, &truth(x), axes.clone());
    /// Whether all elements are true, or not 0.
    all all_axis false |x, axes| reduce(Reduction::Min, &truth(x), axes.clone());
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident $along:ident $kind:ident;)*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// The array is taken as flat.
                ///
                /// # Panics
                /// When there is nothing to choose from.
                #[track_caller]
                pub fn $name(&self) -> Array {
                    check(self.size() > 0, stringify!($name), || format!("shape {} has no elements", self.shape()));
                    staged(stringify!($name), (), [self.clone()], |(), x| {
                        arg(ArgReduction::$kind, &reshape(&x[0], &Shape::from([x[0].size()])), 0)
                    })
                }

                $(#[$doc])*
                ///
                /// Along one axis; [`keep`](crate::keep)`(axis)` keeps it with length 1.
                ///
                /// # Panics
                /// When the axis is out of bounds, or there is nothing to choose from.
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
    /// The index of the first greatest element; the first NaN wins.
    argmax argmax_axis Max;
    /// The index of the first least element; the first NaN wins.
    argmin argmin_axis Min;
}

macro_rules! running {
    ($($(#[$doc:meta])* $name:ident $along:ident $kind:ident;)*) => {
        impl Array {
            $(
                $(#[$doc])*
                ///
                /// The array is taken as flat.
                #[track_caller]
                pub fn $name(&self) -> Array {
                    self.ravel().$along(0)
                }

                $(#[$doc])*
                ///
                /// Along one axis.
                ///
                /// # Panics
                /// When the axis is out of bounds.
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
    /// The running sum.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::arange(5).cumsum()); // [ 0  1  3  6 10]
    /// ```
    cumsum cumsum_axis Sum;
    /// The running product.
    cumprod cumprod_axis Prod;
}

impl Array {
    /// The variance over these axes, where `ddof` is taken off the number of elements.
    ///
    /// # Panics
    /// When an axis is out of bounds or given twice.
    ///
    /// ```
    /// # use kiln_core::numpy as np;
    /// println!("{}", np::array([1.0, 2.0, 4.0]).var_ddof(0, 1.0)); // 2.3333333
    /// ```
    #[track_caller]
    pub fn var_ddof(&self, axes: impl IntoAxes, ddof: f64) -> Array {
        self.spread("var", axes.axes(), ddof, variance)
    }

    /// The standard deviation over these axes, where `ddof` is taken off the number of elements.
    ///
    /// # Panics
    /// When an axis is out of bounds or given twice.
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
        f: impl Fn(&Array, &Axes, f64) -> Array + 'static,
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
