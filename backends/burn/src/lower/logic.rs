//! Logic on bools. Burn's fusion has choices and comparisons of bools, but not its logical ops, which would
//! cut a kernel in two.

use super::{Context, Route};
use crate::kernels::Kernels;
use crate::tensor::Tensor;
use burn_backend::Scalar as BurnScalar;
use burn_backend::tensor::{BoolTensor, FloatTensor};
use kiln_program::{Binary, Compare};

impl<B: Kernels> Context<'_, B> {
    pub(super) fn not(&self, x: BoolTensor<B>) -> BoolTensor<B> {
        match self.route {
            Route::Device => B::bool_equal_elem(x, BurnScalar::Bool(false)),
            _ => B::bool_not(x),
        }
    }

    pub(super) fn and(&self, x: BoolTensor<B>, y: BoolTensor<B>) -> BoolTensor<B> {
        match self.route {
            Route::Device => B::bool_mask_where(x.clone(), x, y),
            _ => B::bool_and(x, y),
        }
    }

    pub(super) fn or(&self, x: BoolTensor<B>, y: BoolTensor<B>) -> BoolTensor<B> {
        match self.route {
            // Burn takes the choice before the mask, and with the last handle of `x` the mask is gone. So
            // this is not a choice of `x` where `x` holds.
            Route::Device => B::bool_mask_fill(y, x, BurnScalar::Bool(true)),
            _ => B::bool_or(x, y),
        }
    }

    pub(super) fn xor(&self, x: BoolTensor<B>, y: BoolTensor<B>) -> BoolTensor<B> {
        match self.route {
            Route::Device => self.not(B::bool_equal(x, y)),
            _ => B::bool_xor(x, y),
        }
    }

    /// Returns true for numbers, false for NaN.
    pub(super) fn is_number(&self, x: FloatTensor<B>) -> BoolTensor<B> {
        B::float_equal(x.clone(), x, crate::tensor::bool_store::<B>(self.device))
    }

    pub(super) fn binary_bool(&self, f: Binary, x: BoolTensor<B>, y: BoolTensor<B>) -> Tensor<B> {
        Tensor::Bool(match f {
            Binary::Add | Binary::Or | Binary::Max => self.or(x, y),
            Binary::Mul | Binary::And | Binary::Min => self.and(x, y),
            Binary::Xor => self.xor(x, y),
            _ => panic!("{f:?} is not defined for bools"),
        })
    }

    pub(super) fn compare_bool(&self, f: Compare, x: BoolTensor<B>, y: BoolTensor<B>) -> Tensor<B> {
        Tensor::Bool(match f {
            Compare::Eq => B::bool_equal(x, y),
            Compare::Ne => self.xor(x, y),
            Compare::Lt => self.and(self.not(x), y),
            Compare::Le => self.or(self.not(x), y),
            Compare::Gt => self.and(x, self.not(y)),
            Compare::Ge => self.or(x, self.not(y)),
        })
    }
}
