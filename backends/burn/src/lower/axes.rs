//! Reductions, arg-reductions and running reductions.

use super::{Context, Route, index_dtype};
use crate::host::axes::{self as loops, Lanes};
use crate::host::element::Element;
use crate::host::{update, view, with_type};
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store, burn_scalar, int_dtype, physical};
use burn_backend::tensor::FloatTensor;
use burn_backend::{Scalar as BurnScalar, TensorData};
use kiln_program::{ArgReduction, ArrayType, Binary, DType, Reduction, Scalar};

/// The longest axis that Burn's ops reduce at once. A device may have one unit do it all, and Mesa's software
/// drivers stop loops at 65,535 iterations. Backends on the host add one number after the other, which loses
/// a digit for each tenfold length.
pub(super) const LONGEST: usize = 1 << 14;

impl<B: Kernels> Context<'_, B> {
    /// Reduces over some axes. Neighbouring axes are merged.
    pub(super) fn reduce(&self, x: Tensor<B>, kind: Reduction, axes: &[usize], of: &ArrayType) -> Tensor<B> {
        let mut shape = x.shape();
        if axes.is_empty() {
            return x;
        }
        if shape.contains(&0) {
            return self.identity(kind, of);
        }
        let mut x = x;
        if self.route == Route::Gradient && kind == Reduction::Sum && x.dtype().is_float() {
            // Axes are reduced one by one and not merged, so that the derivative is a plain broadcast.
            let sum = axes
                .iter()
                .fold(x.into_float(), |x, &axis| B::float_sum_dim(x, axis));
            return Tensor::Float(sum).reshape(&of.shape);
        }
        let mut end = axes.len();
        while end > 0 {
            let mut start = end - 1;
            while start > 0 && axes[start - 1] + 1 == axes[start] {
                start -= 1;
            }
            let (first, last) = (axes[start], axes[end - 1]);
            let lanes = Lanes {
                outer: shape[..first].iter().product(),
                length: shape[first..=last].iter().product(),
                inner: shape[last + 1..].iter().product(),
            };
            x = self.reduce_lanes(x, kind, lanes);
            shape.drain(first..=last);
            end = start;
        }
        x.reshape(&of.shape)
    }

    /// Returns the result of an empty reduction.
    fn identity(&self, kind: Reduction, of: &ArrayType) -> Tensor<B> {
        let shape = physical(&of.shape);
        let size = shape.iter().product();
        let data = with_type!(of.dtype, T => TensorData::new(vec![loops::start::<T>(kind); size], shape));
        Tensor::from_data(data, self.device)
    }

    /// Reduces along the middle of three axes, whose lengths are not 0. The result has the other two.
    pub(super) fn reduce_lanes(&self, x: Tensor<B>, kind: Reduction, lanes: Lanes) -> Tensor<B> {
        let Lanes { outer, length, inner } = lanes;
        let additive = matches!(kind, Reduction::Sum | Reduction::Prod);
        if self.route == Route::Host && !(x.dtype().is_float() && additive) {
            // Burn's sums of integers check for overflow, and its extrema treat NaN in several ways.
            let dtype = x.dtype();
            let x = x.into_data();
            let data = with_type!(dtype, T => {
                TensorData::new(loops::reduce::<T>(view(&x), lanes, kind), [outer, inner])
            });
            return Tensor::from_data(data, self.device);
        }
        if self.route != Route::Gradient && length > LONGEST {
            return self.reduce_in_parts(x, kind, lanes);
        }
        let bools = bool_store::<B>(self.device);
        let y = match x.reshape(&[outer, length, inner]) {
            Tensor::Float(x) => Tensor::Float(match kind {
                Reduction::Sum => B::float_sum_dim(x, 1),
                Reduction::Prod if self.route == Route::Gradient => self.product(x),
                Reduction::Prod => B::float_prod_dim(x, 1),
                Reduction::Max | Reduction::Min => self.extreme(x, kind),
            }),
            Tensor::Int(x) => Tensor::Int(match kind {
                Reduction::Sum => B::int_sum_dim(x, 1),
                Reduction::Prod => B::int_prod_dim(x, 1),
                Reduction::Max => B::int_max_dim(x, 1),
                Reduction::Min => B::int_min_dim(x, 1),
            }),
            Tensor::Bool(x) => {
                let count = B::bool_into_int(x, int_dtype(DType::I32));
                let extreme = match kind {
                    Reduction::Sum | Reduction::Max => B::int_max_dim(count, 1),
                    Reduction::Prod | Reduction::Min => B::int_min_dim(count, 1),
                };
                Tensor::Bool(B::int_greater_elem(extreme, BurnScalar::Int(0), bools))
            }
        };
        y.reshape(&[outer, inner])
    }

    /// Reduces parts of a long axis, and then their results.
    fn reduce_in_parts(&self, x: Tensor<B>, kind: Reduction, lanes: Lanes) -> Tensor<B> {
        let Lanes { outer, length, inner } = lanes;
        let lanes = |outer, length| Lanes::of(outer, length, inner);
        if let Some(part) = (64..=LONGEST / 4).rev().find(|part| length % part == 0) {
            let parts = length / part;
            let x = self.reduce_lanes(x, kind, lanes(outer * parts, part));
            return self.reduce_lanes(x, kind, lanes(outer, parts));
        }
        let (x, cut) = (
            x.reshape(&[outer, length, inner]),
            length - length % (LONGEST / 4),
        );
        let [head, tail] = [(0, cut), (cut, length)].map(|(from, to)| {
            self.reduce_lanes(x.clone().narrow(1, from, to), kind, lanes(outer, to - from))
        });
        self.binary(combination(kind), head, tail)
    }

    /// Returns the product along axis 1 by halves. Its derivatives of all orders are right also if factors
    /// are 0. Burn's rule has no second derivative by a factor of 0.
    fn product(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let mut x = Tensor::<B>::Float(x);
        loop {
            let length = x.shape()[1];
            if length == 1 {
                return x.into_float();
            }
            let half = length / 2;
            let pairs = B::float_mul(
                x.clone().narrow(1, 0, half).into_float(),
                x.clone().narrow(1, half, 2 * half).into_float(),
            );
            x = if length % 2 == 1 {
                let last = x.narrow(1, length - 1, length);
                Tensor::concatenate(vec![Tensor::Float(pairs), last], 1)
            } else {
                Tensor::Float(pairs)
            };
        }
    }

    /// Returns the greatest or least along axis 1; NaN if an element is NaN.
    fn extreme(&self, x: FloatTensor<B>, kind: Reduction) -> FloatTensor<B> {
        let best = match kind {
            Reduction::Max => B::float_max_dim(x.clone(), 1),
            _ => B::float_min_dim(x.clone(), 1),
        };
        // The sum is NaN if there is a NaN among the elements, and else 0.
        let numbers = self.is_number(x.clone());
        let nan = B::float_sum_dim(B::float_mask_fill(x, numbers, BurnScalar::Float(0.0)), 1);
        B::float_mask_where(nan.clone(), self.is_number(nan), best)
    }

    /// Returns the index of the first extreme, or of the first NaN.
    pub(super) fn arg_reduce(&self, x: Tensor<B>, kind: ArgReduction, axis: usize, to: DType) -> Tensor<B> {
        let shape = x.shape();
        let lanes = Lanes::new(&shape, axis);
        let mut rest = shape.clone();
        rest.remove(axis);
        if self.route == Route::Host {
            // Burn's argmax differs between backends in its treatment of NaN and ties.
            let dtype = x.dtype();
            let x = x.into_data();
            let best = with_type!(dtype, T => loops::arg_reduce::<T>(view(&x), lanes, kind));
            let data = with_type!(to, T => {
                let values: Vec<T> = best.into_iter().map(<T as Element>::from_index).collect();
                TensorData::new(values, physical(&rest))
            });
            return Tensor::from_data(data, self.device);
        }
        let bools = bool_store::<B>(self.device);
        let cut = [lanes.outer, lanes.length, lanes.inner];
        let x = match x.reshape(&cut) {
            Tensor::Float(x) => Tensor::Float(B::float_detach(x)),
            Tensor::Bool(x) => Tensor::Int(B::bool_into_int(x, int_dtype(DType::I32))),
            x => x,
        };
        // The least index among the elements that attain the extreme. NaN equals nothing, and is the
        // extreme if there is one.
        let kind = match kind {
            ArgReduction::Max => Reduction::Max,
            ArgReduction::Min => Reduction::Min,
        };
        let best = self.reduce_lanes(x.clone(), kind, lanes);
        let best = best.reshape(&[lanes.outer, 1, lanes.inner]).expand(&cut);
        let hit = match (x, best) {
            (Tensor::Float(x), best) => {
                let nan = self.not(self.is_number(x.clone()));
                self.or(B::float_equal(x, best.into_float(), bools), nan)
            }
            (x, best) => B::int_equal(x.into_int(), best.into_int(), bools),
        };
        let dtype = index_dtype(lanes.length);
        let places = self.iota(dtype, &cut, 1).into_int();
        let last = burn_scalar(Scalar::from_i64(dtype, lanes.length as i64));
        let places = Tensor::Int(B::int_mask_fill(places, self.not(hit), last));
        self.cast(self.reduce_lanes(places, Reduction::Min, lanes), to)
            .reshape(&rest)
    }

    /// Computes a running reduction.
    pub(super) fn cumulative(&self, x: Tensor<B>, kind: Reduction, axis: usize, reverse: bool) -> Tensor<B> {
        let shape = x.shape();
        let additive = matches!(kind, Reduction::Sum | Reduction::Prod);
        let floats = x.dtype().is_float();
        if self.route == Route::Host && !(floats && additive) {
            // One loop for all dtypes, in place and in both directions; Burn's checks integers and drops NaN
            // from extrema.
            let data = with_type!(x.dtype(), T => update::<T>(x.into_data(), |values| {
                loops::cumulative(values, Lanes::new(&shape, axis), kind, reverse);
            }));
            return Tensor::from_data(data, self.device);
        }
        if self.route == Route::Device
            && let Some(y) = self.running(&x, kind, axis, reverse)
        {
            return y;
        }
        let x = if reverse { x.flip(&[axis]) } else { x };
        let y = match x {
            Tensor::Float(x) if kind == Reduction::Sum && self.route != Route::Device => {
                Tensor::Float(B::float_cumsum(x, axis))
            }
            Tensor::Float(x) if kind == Reduction::Prod && self.route == Route::Host => {
                Tensor::Float(B::float_cumprod(x, axis))
            }
            x => self.doubling(x, kind, axis),
        };
        if reverse { y.flip(&[axis]) } else { y }
    }

    /// Returns a running reduction by a kernel, if the backend has one.
    fn running(&self, x: &Tensor<B>, kind: Reduction, axis: usize, reverse: bool) -> Option<Tensor<B>> {
        if let Tensor::Bool(x) = x {
            // Sums of bools are `or`, products `and`.
            let kind = match kind {
                Reduction::Sum | Reduction::Max => Reduction::Max,
                Reduction::Prod | Reduction::Min => Reduction::Min,
            };
            let x = self.cast(Tensor::Bool(x.clone()), DType::I32);
            return Some(self.cast(B::cumulative(&x, kind, axis, reverse)?, DType::Bool));
        }
        B::cumulative(x, kind, axis, reverse)
    }

    /// Hillis and Steele's scan, in which each pass doubles the number of elements that an element has
    /// combined: n log n work in fused ops. Burn's scans on a GPU take quadratic work. The derivatives of
    /// all orders are right.
    fn doubling(&self, x: Tensor<B>, kind: Reduction, axis: usize) -> Tensor<B> {
        let f = combination(kind);
        let length = x.shape()[axis];
        let mut x = x;
        let mut seen = 1;
        while seen < length {
            let earlier = x.clone().narrow(axis, 0, length - seen);
            let tail = self.binary(f, earlier, x.clone().narrow(axis, seen, length));
            x = Tensor::concatenate(vec![x.narrow(axis, 0, seen), tail], axis);
            seen *= 2;
        }
        x
    }
}

/// Returns the function that combines two elements.
fn combination(kind: Reduction) -> Binary {
    match kind {
        Reduction::Sum => Binary::Add,
        Reduction::Prod => Binary::Mul,
        Reduction::Max => Binary::Max,
        Reduction::Min => Binary::Min,
    }
}
