//! The values of variables while a program runs.

use crate::kernels::Kernels;
use crate::tensor::Tensor;
use burn_backend::TensorData;
use burn_flex::Flex;
use kiln_program::{ArrayType, DType, Scalar};

/// The most numbers that the host computes from numbers on the host: a kernel would not pay.
pub(crate) const FEW: usize = 64;

/// An array on the host or on the device. Axes of length 1 may stand for axes that repeat it.
#[derive(Clone)]
pub(crate) enum Value<B: Kernels> {
    /// On the device.
    There(Tensor<B>),
    /// A few numbers on the host: constants, and results of numbers on the host.
    Here(Tensor<Flex>),
}

impl<B: Kernels> Value<B> {
    pub(crate) fn number(value: Scalar, rank: usize) -> Value<B> {
        Value::Here(Tensor::full(value, &vec![1; rank], &Default::default()))
    }

    pub(crate) fn is_here(&self) -> bool {
        matches!(self, Value::Here(_))
    }

    /// Returns the number, if the value is one known number that repeats.
    pub(crate) fn as_number(&self) -> Option<Scalar> {
        let Value::Here(x) = self else { return None };
        if x.shape().iter().any(|&length| length != 1) {
            return None;
        }
        let data = x.clone().into_data();
        let bytes = data.as_bytes();
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        Some(Scalar::from_le_bytes(x.dtype(), word))
    }

    pub(crate) fn dtype(&self) -> DType {
        match self {
            Value::There(x) => x.dtype(),
            Value::Here(x) => x.dtype(),
        }
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        match self {
            Value::There(x) => x.shape(),
            Value::Here(x) => x.shape(),
        }
    }

    pub(crate) fn reshape(self, shape: &[usize]) -> Value<B> {
        match self {
            Value::There(x) => Value::There(x.reshape(shape)),
            Value::Here(x) => Value::Here(x.reshape(shape)),
        }
    }

    pub(crate) fn into_data(self) -> TensorData {
        match self {
            Value::There(x) => x.into_data(),
            Value::Here(x) => x.into_data(),
        }
    }

    /// Moves the value to the device, with all axes repeated.
    pub(crate) fn whole(self, of: &ArrayType, device: &B::Device) -> Tensor<B> {
        let x = match self {
            _ if of.shape.size() == 0 => return Tensor::empty(of, device),
            Value::There(x) => x,
            // The host repeats few numbers: kernels of ours would copy them first, to have the elements
            // side by side.
            Value::Here(_) if of.shape.size() <= FEW => {
                return Tensor::from_data(self.here(of).into_data(), device);
            }
            Value::Here(x) => Tensor::from_data(x.into_data(), device),
        };
        if of.shape.is_empty() {
            x
        } else {
            x.expand(&of.shape)
        }
    }

    /// Moves the value to the host, with all axes repeated. It is read if it is on the device.
    pub(crate) fn here(self, of: &ArrayType) -> Tensor<Flex> {
        let device = Default::default();
        if of.shape.size() == 0 {
            return Tensor::empty(of, &device);
        }
        let x = match self {
            Value::There(x) => Tensor::from_data(x.into_data(), &device),
            Value::Here(x) => x,
        };
        if of.shape.is_empty() {
            x
        } else {
            x.expand(&of.shape)
        }
    }
}
