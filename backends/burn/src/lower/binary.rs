//! Elementwise functions of two and three operands, and comparisons.

use super::{Context, Route, device};
use crate::frames::together;
use crate::host::element::Element;
use crate::host::floats::{self, Float};
use crate::host::{integers, view, with_float, with_integer, zip};
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store, burn_scalar};
use burn_backend::tensor::{BoolTensor, FloatTensor, IntTensor};
use burn_backend::{BoolDType, Scalar as BurnScalar, TensorData, TensorMetadata};
use kiln_program::{Binary, Compare, DType, Scalar};

impl<B: Kernels> Context<'_, B> {
    pub(super) fn binary(&self, f: Binary, x: Tensor<B>, y: Tensor<B>) -> Tensor<B> {
        match (x, y) {
            (Tensor::Bool(x), Tensor::Bool(y)) => self.binary_bool(f, x, y),
            (x @ Tensor::Int(_), y) => {
                let dtype = x.dtype();
                if self.route == Route::Host {
                    let (x, y) = (x.into_data(), y.into_data());
                    let data = with_integer!(dtype, T => zip::<T, T>(&x, &y, integers::binary::<T>(f)));
                    return Tensor::from_data(data, self.device);
                }
                Tensor::Int(self.int(f, dtype, x.into_int(), y.into_int()))
            }
            (x, y) => {
                let dtype = x.dtype();
                if self.route == Route::Host
                    && let Some(data) = with_float!(dtype, T => floats::binary::<T>(f).map(|f| {
                        let (x, y) = (x.clone().into_data(), y.clone().into_data());
                        let mut out = vec![T::ZERO; x.num_elements()];
                        f(view(&x), view(&y), &mut out);
                        TensorData::new(out, x.shape().clone())
                    }))
                {
                    return Tensor::from_data(data, self.device);
                }
                let on_device = self.route == Route::Device && dtype == DType::F32;
                if on_device && f == Binary::Rem {
                    let shape = together(&[x.shape(), y.shape()]);
                    let [x, y] = [&x, &y].map(|x| x.clone().expand(&shape).into_float());
                    if let Some(rest) = B::remainder(&x, &y) {
                        return Tensor::Float(rest);
                    }
                }
                let (x, y) = (x.into_float(), y.into_float());
                let own = on_device
                    .then(|| device::binary::<B>(f, x.clone(), y.clone()))
                    .flatten();
                Tensor::Float(own.unwrap_or_else(|| self.float2(f, x, y)))
            }
        }
    }

    /// Returns `x * y + z`, rounded once on the host. On a device the compiler contracts the two or does not.
    pub(super) fn mul_add(&self, [x, y, z]: [Tensor<B>; 3]) -> Tensor<B> {
        if self.route != Route::Host {
            return Tensor::Float(B::float_add(
                B::float_mul(x.into_float(), y.into_float()),
                z.into_float(),
            ));
        }
        let data = with_float!(x.dtype(), T => {
            let (x, y, z) = (x.into_data(), y.into_data(), z.into_data());
            let pairs = view::<T>(&x).iter().zip(view::<T>(&y)).zip(view::<T>(&z));
            let values = pairs.map(|((&x, &y), &z)| <T as Float>::mul_add(x, y, z)).collect::<Vec<T>>();
            TensorData::new(values, x.shape().clone())
        });
        Tensor::from_data(data, self.device)
    }

    pub(super) fn compare(&self, f: Compare, x: Tensor<B>, y: Tensor<B>) -> Tensor<B> {
        type Floats<B> = fn(FloatTensor<B>, FloatTensor<B>, BoolDType) -> BoolTensor<B>;
        type Ints<B> = fn(IntTensor<B>, IntTensor<B>, BoolDType) -> BoolTensor<B>;
        let (floats, ints): (Floats<B>, Ints<B>) = match f {
            Compare::Eq => (B::float_equal, B::int_equal),
            Compare::Ne => (B::float_not_equal, B::int_not_equal),
            Compare::Lt => (B::float_lower, B::int_lower),
            Compare::Le => (B::float_lower_equal, B::int_lower_equal),
            Compare::Gt => (B::float_greater, B::int_greater),
            Compare::Ge => (B::float_greater_equal, B::int_greater_equal),
        };
        let bools = bool_store::<B>(self.device);
        Tensor::Bool(match (x, y) {
            (Tensor::Bool(x), Tensor::Bool(y)) => return self.compare_bool(f, x, y),
            (Tensor::Int(x), y) => ints(x, y.into_int(), bools),
            (x, y) => floats(x.into_float(), y.into_float(), bools),
        })
    }

    fn float2(&self, f: Binary, x: FloatTensor<B>, y: FloatTensor<B>) -> FloatTensor<B> {
        match f {
            Binary::Add => B::float_add(x, y),
            Binary::Sub => B::float_sub(x, y),
            Binary::Mul => B::float_mul(x, y),
            Binary::Div => B::float_div(x, y),
            Binary::Rem => self.remainder(x, y),
            Binary::Pow => B::float_powf(x, y),
            Binary::Max => self.extremum(x, y, B::float_greater),
            Binary::Min => self.extremum(x, y, B::float_lower),
            Binary::Atan2 => B::float_atan2(x, y),
            Binary::Hypot => self.hypot(x, y),
            _ => panic!("{f:?} is not defined for floats"),
        }
    }

    /// C's remainder from Burn's, which has the sign of the divisor: the remainder of the magnitudes with
    /// the dividend's sign.
    fn remainder(&self, x: FloatTensor<B>, y: FloatTensor<B>) -> FloatTensor<B> {
        let below = B::float_lower_elem(x.clone(), BurnScalar::Float(0.0), bool_store::<B>(self.device));
        let size = B::float_remainder(self.magnitude(x), self.magnitude(y));
        B::float_mask_where(size.clone(), below, B::float_neg(size))
    }

    /// Returns the greater or lesser; NaN if either is NaN. Under differentiation equal operands share the
    /// derivative.
    fn extremum(
        &self,
        x: FloatTensor<B>,
        y: FloatTensor<B>,
        better: impl Fn(FloatTensor<B>, FloatTensor<B>, BoolDType) -> BoolTensor<B>,
    ) -> FloatTensor<B> {
        let bools = bool_store::<B>(self.device);
        let left = better(x.clone(), y.clone(), bools);
        let right = better(y.clone(), x.clone(), bools);
        let otherwise = if self.route == Route::Gradient {
            // The operands are equal, or one is NaN, which the sum keeps.
            let half = BurnScalar::Float(0.5);
            B::float_add(
                B::float_mul_scalar(x.clone(), half),
                B::float_mul_scalar(y.clone(), half),
            )
        } else {
            let equal = B::float_equal(x.clone(), y.clone(), bools);
            B::float_mask_where(B::float_add(x.clone(), y.clone()), equal, x.clone())
        };
        B::float_mask_where(B::float_mask_where(otherwise, left, x), right, y)
    }

    /// Returns the hypotenuse, scaled by the greater of the magnitudes, so that squares neither overflow nor
    /// vanish.
    fn hypot(&self, x: FloatTensor<B>, y: FloatTensor<B>) -> FloatTensor<B> {
        let bools = bool_store::<B>(self.device);
        let (x, y) = (self.magnitude(x), self.magnitude(y));
        let large = self.extremum(x.clone(), y.clone(), B::float_greater);
        let small = self.extremum(x.clone(), y.clone(), B::float_lower);
        let zero = B::float_equal_elem(large.clone(), BurnScalar::Float(0.0), bools);
        let infinite = B::bool_or(B::float_is_inf(x, bools), B::float_is_inf(y, bools));
        let ratio = B::float_div(
            small,
            B::float_mask_fill(large.clone(), zero, BurnScalar::Float(1.0)),
        );
        let root = B::float_sqrt(B::float_add_scalar(
            B::float_mul(ratio.clone(), ratio),
            BurnScalar::Float(1.0),
        ));
        B::float_mask_fill(
            B::float_mul(large, root),
            infinite,
            BurnScalar::Float(f64::INFINITY),
        )
    }

    /// Returns a function of integers by Burn's ops, which wrap on devices.
    fn int(&self, f: Binary, dtype: DType, x: IntTensor<B>, y: IntTensor<B>) -> IntTensor<B> {
        let bools = bool_store::<B>(self.device);
        let number = |value: i64| burn_scalar(Scalar::from_i64(dtype, value));
        match f {
            Binary::Add => B::int_add(x, y),
            Binary::Sub => B::int_sub(x, y),
            Binary::Mul => B::int_mul(x, y),
            Binary::Div => {
                let zero = B::int_equal_elem(y.clone(), number(0), bools);
                B::int_mask_fill(self.quotient(dtype, x, y), zero, number(-1))
            }
            Binary::Rem => {
                let zero = B::int_equal_elem(y.clone(), number(0), bools);
                let whole = B::int_mul(self.quotient(dtype, x.clone(), y.clone()), y);
                B::int_mask_where(B::int_sub(x.clone(), whole), zero, x)
            }
            Binary::Pow => self.int_power(dtype, x, y),
            Binary::Max => {
                let right = B::int_greater(y.clone(), x.clone(), bools);
                B::int_mask_where(x, right, y)
            }
            Binary::Min => {
                let right = B::int_lower(y.clone(), x.clone(), bools);
                B::int_mask_where(x, right, y)
            }
            Binary::And => B::bitwise_and(x, y),
            Binary::Or => B::bitwise_or(x, y),
            Binary::Xor => B::bitwise_xor(x, y),
            Binary::Shl | Binary::Shr => {
                let width = dtype.size() as i64 * 8;
                let mut beyond = B::int_greater_equal_elem(y.clone(), number(width), bools);
                if dtype.is_signed() {
                    beyond = B::bool_or(beyond, B::int_lower_elem(y.clone(), number(0), bools));
                }
                if f == Binary::Shl {
                    let y = B::int_mask_fill(y, beyond.clone(), number(0));
                    return B::int_mask_fill(B::bitwise_left_shift(x, y), beyond, number(0));
                }
                let y = B::int_mask_fill(y, beyond.clone(), number(width - 1));
                let shifted = B::bitwise_right_shift(x, y);
                if dtype.is_signed() {
                    shifted
                } else {
                    B::int_mask_fill(shifted, beyond, number(0))
                }
            }
            Binary::Atan2 | Binary::Hypot => panic!("{f:?} is not defined for integers"),
        }
    }

    /// Returns the quotient. It is arbitrary for a divisor of 0, and wraps for the least integer over -1.
    fn quotient(&self, dtype: DType, x: IntTensor<B>, y: IntTensor<B>) -> IntTensor<B> {
        let bools = bool_store::<B>(self.device);
        let number = |value: i64| burn_scalar(Scalar::from_i64(dtype, value));
        let mut unsafe_divisor = B::int_equal_elem(y.clone(), number(0), bools);
        if !dtype.is_signed() {
            return B::int_div(x, B::int_mask_fill(y, unsafe_divisor, number(1)));
        }
        let minus = B::int_equal_elem(y.clone(), number(-1), bools);
        unsafe_divisor = B::bool_or(unsafe_divisor, minus.clone());
        let divided = B::int_div(x.clone(), B::int_mask_fill(y, unsafe_divisor, number(1)));
        let negated = B::int_add_scalar(
            B::bitwise_not(B::int_mask_fill(x, B::bool_not(minus.clone()), number(0))),
            number(1),
        );
        B::int_mask_where(divided, minus, negated)
    }

    /// Returns the power by square and multiply, one step for each bit of the exponent.
    fn int_power(&self, dtype: DType, x: IntTensor<B>, y: IntTensor<B>) -> IntTensor<B> {
        let bools = bool_store::<B>(self.device);
        let number = |value: i64| burn_scalar(Scalar::from_i64(dtype, value));
        let bits = dtype.size() * 8 - usize::from(dtype.is_signed());
        let mut product = B::int_full(x.shape(), number(1), self.device, x.dtype().into());
        let mut base = x.clone();
        for bit in 0..bits {
            let mask = B::bitwise_and_scalar(y.clone(), number(1i64 << bit));
            let odd = B::int_not_equal_elem(mask, number(0), bools);
            product = B::int_mask_where(product.clone(), odd, B::int_mul(product, base.clone()));
            base = B::int_mul(base.clone(), base);
        }
        if dtype.is_signed() {
            // A reciprocal is 0, except for 1 and -1, whose powers are their own reciprocals.
            let negative = B::int_lower_elem(y, number(0), bools);
            let [one, minus_one] = [1, -1].map(|unit| B::int_equal_elem(x.clone(), number(unit), bools));
            let none = self.and(negative, self.not(self.or(one, minus_one)));
            product = B::int_mask_fill(product, none, number(0));
        }
        product
    }
}
