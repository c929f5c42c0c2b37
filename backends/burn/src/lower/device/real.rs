//! A float array with operators, so that formulas look like formulas.

use crate::kernels::Kernels;
use crate::tensor::bool_store;
use burn_backend::tensor::{BoolTensor, FloatTensor};
use burn_backend::{Scalar, TensorMetadata};
use std::ops::{Add, Div, Mul, Neg, Sub};

#[derive(Clone)]
pub(super) struct Real<B: Kernels>(pub(super) FloatTensor<B>);

macro_rules! operator {
    ($($Op:ident $op:ident $arrays:ident $scalar:ident;)*) => { $(
        impl<B: Kernels> $Op for Real<B> {
            type Output = Real<B>;
            fn $op(self, y: Real<B>) -> Real<B> {
                Real(B::$arrays(self.0, y.0))
            }
        }
        impl<B: Kernels> $Op<Real<B>> for &Real<B> {
            type Output = Real<B>;
            fn $op(self, y: Real<B>) -> Real<B> {
                self.clone().$op(y)
            }
        }
        impl<B: Kernels> $Op<&Real<B>> for Real<B> {
            type Output = Real<B>;
            fn $op(self, y: &Real<B>) -> Real<B> {
                self.$op(y.clone())
            }
        }
        impl<B: Kernels> $Op for &Real<B> {
            type Output = Real<B>;
            fn $op(self, y: &Real<B>) -> Real<B> {
                self.clone().$op(y.clone())
            }
        }
        impl<B: Kernels> $Op<f32> for Real<B> {
            type Output = Real<B>;
            fn $op(self, y: f32) -> Real<B> {
                Real(B::$scalar(self.0, scalar(y)))
            }
        }
        impl<B: Kernels> $Op<f32> for &Real<B> {
            type Output = Real<B>;
            fn $op(self, y: f32) -> Real<B> {
                self.clone().$op(y)
            }
        }
    )* };
}

operator! {
    Add add float_add float_add_scalar;
    Sub sub float_sub float_sub_scalar;
    Mul mul float_mul float_mul_scalar;
    Div div float_div float_div_scalar;
}

impl<B: Kernels> Neg for Real<B> {
    type Output = Real<B>;
    fn neg(self) -> Real<B> {
        Real(B::float_neg(self.0))
    }
}

macro_rules! functions {
    ($($name:ident $burn:ident;)*) => { $(
        pub(super) fn $name(&self) -> Real<B> {
            Real(B::$burn(self.0.clone()))
        }
    )* };
}

macro_rules! comparisons {
    ($($name:ident $burn:ident;)*) => { $(
        pub(super) fn $name(&self, y: f32) -> BoolTensor<B> {
            B::$burn(self.0.clone(), scalar(y), bool_store::<B>(&self.0.device()))
        }
    )* };
}

impl<B: Kernels> Real<B> {
    functions! {
        abs float_abs;
        recip float_recip;
        sqrt float_sqrt;
        exp float_exp;
        log float_log;
        sin float_sin;
        cos float_cos;
    }

    comparisons! {
        lt float_lower_elem;
        gt float_greater_elem;
        eq float_equal_elem;
    }

    pub(super) fn greater(&self, y: &Real<B>) -> BoolTensor<B> {
        B::float_greater(self.0.clone(), y.0.clone(), bool_store::<B>(&self.0.device()))
    }

    pub(super) fn equal(&self, y: &Real<B>) -> BoolTensor<B> {
        B::float_equal(self.0.clone(), y.0.clone(), bool_store::<B>(&self.0.device()))
    }

    pub(super) fn square(&self) -> Real<B> {
        self * self
    }

    /// Returns another value where the mask holds.
    pub(super) fn or(self, mask: BoolTensor<B>, other: Real<B>) -> Real<B> {
        Real(B::float_mask_where(self.0, mask, other.0))
    }

    /// Returns a number where the mask holds.
    pub(super) fn fill(self, mask: BoolTensor<B>, value: f32) -> Real<B> {
        Real(B::float_mask_fill(self.0, mask, scalar(value)))
    }

    /// Returns the minimum of the number and `limit`; NaN stays.
    pub(super) fn limit(self, limit: f32) -> Real<B> {
        let above = self.gt(limit);
        self.fill(above, limit)
    }

    /// Returns a number that is not negative with the sign of `x`. A zero of `x` must be a zero of the
    /// result.
    pub(super) fn with_sign_of(self, x: &Real<B>) -> Real<B> {
        let negative = -self.clone();
        self.or(x.lt(0.0), negative)
    }

    /// Returns `x - floor(x / modulus) modulus`, exact for a modulus that is a power of two.
    pub(super) fn modulo(&self, modulus: f32) -> Real<B> {
        Real(B::float_remainder_scalar(self.0.clone(), scalar(modulus)))
    }

    /// Returns `c[0] + c[1] x + ...`
    pub(super) fn polynomial(&self, c: &[f32]) -> Real<B> {
        let [rest @ .., before, last] = c else {
            panic!("a polynomial of two coefficients at least")
        };
        let top = self * *last + *before;
        rest.iter().rev().fold(top, |p, &c| p * self + c)
    }
}

fn scalar(value: f32) -> Scalar {
    Scalar::Float(f64::from(value))
}
