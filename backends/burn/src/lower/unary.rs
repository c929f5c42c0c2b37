//! Elementwise functions of one operand.

use super::{Context, Route, device};
use crate::host::floats;
use crate::host::{element::Element, integers, map, view, with_float, with_integer};
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store};
use burn_backend::tensor::{FloatTensor, IntTensor};
use burn_backend::{DType, Scalar, TensorData, TensorMetadata};
use kiln_program::Unary;
use std::f64::consts::{LN_2, LN_10};

impl<B: Kernels> Context<'_, B> {
    pub(super) fn unary(&self, f: Unary, x: Tensor<B>) -> Tensor<B> {
        match x {
            Tensor::Bool(x) => Tensor::Bool(self.not(x)),
            Tensor::Int(_) if self.route == Route::Host => {
                let dtype = x.dtype();
                let x = x.into_data();
                let data = with_integer!(dtype, T => map::<T, T>(&x, integers::unary::<T>(f)));
                Tensor::from_data(data, self.device)
            }
            Tensor::Int(x) => Tensor::Int(int::<B>(f, x)),
            Tensor::Float(_) if self.route == Route::Host || matches!(f, Unary::Lgamma | Unary::Digamma) => {
                self.float_on_host(f, x)
            }
            Tensor::Float(x) if self.route == Route::Device && x.dtype() == DType::F32 => {
                Tensor::Float(device::unary::<B>(f, x.clone()).unwrap_or_else(|| self.float(f, x)))
            }
            // Beyond 4, erfc is smaller than the rounding error of erf, and Burn has no erfc. So the host
            // computes it.
            Tensor::Float(_) if f == Unary::Erfc && self.route == Route::Device => self.float_on_host(f, x),
            Tensor::Float(x) => Tensor::Float(self.float(f, x)),
        }
    }

    fn float_on_host(&self, f: Unary, x: Tensor<B>) -> Tensor<B> {
        with_float!(x.dtype(), T => {
            let x = x.into_data();
            let mut y = vec![T::ZERO; x.num_elements()];
            floats::unary::<T>(f)(view(&x), &mut y);
            Tensor::from_data(TensorData::new(y, x.shape().clone()), self.device)
        })
    }

    /// Returns a function of floats by Burn. If Burn lacks it, it is composed so that it is accurate over the
    /// whole range. Its derivative need not be: [`derivative_rules`](crate::derivative_rules) says for which
    /// functions kiln has a rule of its own.
    fn float(&self, f: Unary, x: FloatTensor<B>) -> FloatTensor<B> {
        let bools = bool_store::<B>(self.device);
        let float = |value: f64| Scalar::Float(value);
        match f {
            Unary::Neg => B::float_neg(x),
            Unary::Abs => B::float_abs(x),
            Unary::Sign => {
                // Burn returns 0 for NaN and for -0.
                let zero = B::float_equal_elem(x.clone(), float(0.0), bools);
                let kept = B::bool_or(zero, B::float_is_nan(x.clone(), bools));
                B::float_mask_where(B::float_sign(x.clone()), kept, B::float_detach(x))
            }
            Unary::Floor => B::float_floor(x),
            Unary::Ceil => B::float_ceil(x),
            Unary::Round => {
                // -0.5 rounds to -0; some backends round it to 0.
                let rounded = B::float_round(x.clone());
                let zero = B::float_equal_elem(rounded.clone(), float(0.0), bools);
                B::float_mask_where(rounded, zero, B::float_mul_scalar(B::float_detach(x), float(0.0)))
            }
            Unary::Trunc => B::float_trunc(x),
            Unary::Sqrt => B::float_sqrt(x),
            Unary::Rsqrt => B::float_recip(B::float_sqrt(x)),
            Unary::Cbrt => self.cbrt(x),
            Unary::Exp => B::float_exp(x),
            Unary::Exp2 => {
                let dtype = x.dtype().into();
                B::float_powf(B::float_full(x.shape(), float(2.0), self.device, dtype), x)
            }
            Unary::Expm1 => self.expm1(x),
            Unary::Log => B::float_log(x),
            Unary::Log2 => B::float_div_scalar(B::float_log(x), float(LN_2)),
            Unary::Log10 => B::float_div_scalar(B::float_log(x), float(LN_10)),
            Unary::Log1p => B::float_log1p(x),
            Unary::Sin => B::float_sin(x),
            Unary::Cos => B::float_cos(x),
            Unary::Tan => B::float_tan(x),
            Unary::Asin => B::float_asin(x),
            Unary::Acos => B::float_acos(x),
            Unary::Atan => B::float_atan(x),
            Unary::Sinh => B::float_sinh(x),
            Unary::Cosh => B::float_cosh(x),
            Unary::Tanh => B::float_tanh(x),
            Unary::Asinh => B::float_asinh(x),
            Unary::Acosh => B::float_acosh(x),
            Unary::Atanh => B::float_atanh(x),
            Unary::Logistic => {
                // The exponent is negative, so that neither the exponential nor its derivative overflows.
                let e = B::float_exp(B::float_neg(self.magnitude(x.clone())));
                let positive = B::float_recip(B::float_add_scalar(e.clone(), float(1.0)));
                let negative = B::float_mul(e, positive.clone());
                let below = B::float_lower_elem(x, float(0.0), bools);
                B::float_mask_where(positive, below, negative)
            }
            Unary::Erf => B::float_erf(x),
            Unary::Erfc => B::float_add_scalar(B::float_neg(B::float_erf(x)), float(1.0)),
            Unary::ErfInv => self.erf_inv(x),
            Unary::Lgamma | Unary::Digamma => panic!("{f:?} goes through the host"),
            Unary::Not => panic!("not is not defined for floats"),
        }
    }

    /// Returns the absolute value as a choice: its derivative at 0 is 1, as in JAX. Burn's is 0.
    pub(super) fn magnitude(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let below = B::float_lower_elem(x.clone(), Scalar::Float(0.0), bool_store::<B>(self.device));
        B::float_mask_where(x.clone(), below, B::float_neg(x))
    }

    /// Returns the power 1/3 of the magnitude. One step of Newton's method recovers the digits that the
    /// rounded 1/3 costs.
    fn cbrt(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let bools = bool_store::<B>(self.device);
        let size = self.magnitude(x.clone());
        let y = B::float_powf_scalar(size.clone(), Scalar::Float(1.0 / 3.0));
        let step = B::float_sub(
            y.clone(),
            B::float_div(size.clone(), B::float_mul(y.clone(), y.clone())),
        );
        let better = B::float_sub(y.clone(), B::float_div_scalar(step, Scalar::Float(3.0)));
        let zero = B::float_equal_elem(size.clone(), Scalar::Float(0.0), bools);
        let kept = B::bool_or(zero, B::float_is_inf(size, bools));
        let root = B::float_mask_where(better, kept, y);
        let below = B::float_lower_elem(x, Scalar::Float(0.0), bools);
        B::float_mask_where(root.clone(), below, B::float_neg(root))
    }

    /// Returns `exp(x) - 1 = tanh(x / 2) (exp(x) + 1)`, which keeps all digits.
    fn expm1(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let far = B::float_greater_elem(
            B::float_abs(x.clone()),
            Scalar::Float(1.0),
            bool_store::<B>(self.device),
        );
        let half = B::float_mul_scalar(x.clone(), Scalar::Float(0.5));
        let e = B::float_exp(x);
        let plain = B::float_sub_scalar(e.clone(), Scalar::Float(1.0));
        let accurate = B::float_mul(B::float_tanh(half), B::float_add_scalar(e, Scalar::Float(1.0)));
        B::float_mask_where(accurate, far, plain)
    }

    /// Giles' polynomials by Burn's ops. The bits may differ from the host's if the device does
    /// not fuse `x * y + z`.
    fn erf_inv(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        let bools = bool_store::<B>(self.device);
        let dtype = x.dtype();
        let square = B::float_mul(x.clone(), B::float_neg(x.clone()));
        let w = B::float_neg(B::float_log1p(square));
        let root = B::float_sqrt(w.clone());
        let mut y = None;
        for piece in kiln_math::erf_inv::pieces(dtype == burn_backend::DType::F64) {
            let argument = if piece.root { root.clone() } else { w.clone() };
            let v = B::float_sub_scalar(argument, Scalar::Float(piece.centre));
            let (highest, others) = piece.coefficients.split_last().expect("a polynomial");
            let mut p = B::float_full(x.shape(), Scalar::Float(*highest), self.device, dtype.into());
            for &c in others.iter().rev() {
                p = B::float_add_scalar(B::float_mul(p, v.clone()), Scalar::Float(c));
            }
            y = Some(match y {
                None => p,
                Some(y) => {
                    let beyond = B::float_greater_equal_elem(w.clone(), Scalar::Float(piece.from), bools);
                    B::float_mask_where(y, beyond, p)
                }
            });
        }
        let y = B::float_mul(y.expect("there are pieces"), x.clone());
        let one = B::float_equal_elem(B::float_abs(x.clone()), Scalar::Float(1.0), bools);
        B::float_mask_where(
            y,
            one,
            B::float_mul_scalar(B::float_detach(x), Scalar::Float(f64::INFINITY)),
        )
    }
}

/// Returns a function of integers by Burn.
fn int<B: Kernels>(f: Unary, x: IntTensor<B>) -> IntTensor<B> {
    let unsigned = x.dtype().is_uint();
    match f {
        Unary::Neg if unsigned => B::int_add_scalar(B::bitwise_not(x), Scalar::Int(1)),
        Unary::Neg => B::int_neg(x),
        Unary::Abs if unsigned => x,
        Unary::Abs => B::int_abs(x),
        Unary::Sign if unsigned => B::int_clamp_max(x, Scalar::Int(1)),
        Unary::Sign => B::int_sign(x),
        Unary::Not => B::bitwise_not(x),
        _ => panic!("{f:?} is not defined for integers"),
    }
}
