//! Constants, counting, and conversions between dtypes.

use super::{Context, Route};
use crate::host;
use crate::host::element::Element;
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store, burn_scalar, float_dtype, int_dtype, physical};
use burn_backend::{Scalar as BurnScalar, TensorData, TensorMetadata};
use kiln_program::{DType, Scalar};

impl<B: Kernels> Context<'_, B> {
    /// Returns the same number everywhere: on the host one element that is repeated, on devices and in a
    /// recording a constant.
    pub(crate) fn constant(&self, value: Scalar, shape: &[usize]) -> Tensor<B> {
        // Flex cannot fill with numbers beyond i64.
        let beyond = value.dtype() == DType::U64 && value.as_i64() < 0;
        if self.route == Route::Host || beyond {
            return Tensor::full(value, shape, self.device);
        }
        let shape = physical(shape).into();
        match value.dtype() {
            DType::Bool if value.as_i64() != 0 => {
                Tensor::Bool(B::bool_ones(shape, self.device, bool_store::<B>(self.device)))
            }
            DType::Bool => Tensor::Bool(B::bool_zeros(shape, self.device, bool_store::<B>(self.device))),
            DType::F32 | DType::F64 => {
                let dtype = float_dtype(value.dtype());
                Tensor::Float(B::float_full(shape, burn_scalar(value), self.device, dtype))
            }
            dtype => Tensor::Int(B::int_full(
                shape,
                burn_scalar(value),
                self.device,
                int_dtype(dtype),
            )),
        }
    }

    /// Each element's index along an axis: by a kernel, or by one row of numbers that is repeated.
    pub(super) fn iota(&self, dtype: DType, shape: &[usize], axis: usize) -> Tensor<B> {
        if self.route == Route::Device
            && let Some(x) = B::iota(dtype, shape, axis, self.device)
        {
            return x;
        }
        let mut row = vec![1; shape.len()];
        row[axis] = shape[axis];
        self.count(shape[axis], dtype).reshape(&row).expand(shape)
    }

    /// Returns `0, 1, ...` as a vector that the host sends: `int_arange` lacks dtypes on some devices, and is
    /// wrong for large counts on others.
    fn count(&self, length: usize, dtype: DType) -> Tensor<B> {
        let data = host::with_type!(dtype, T => {
            TensorData::new((0..length).map(<T as Element>::from_index).collect::<Vec<T>>(), [length])
        });
        Tensor::from_data(data, self.device)
    }

    /// Casts the elements to another dtype.
    pub(super) fn cast(&self, x: Tensor<B>, to: DType) -> Tensor<B> {
        let from = x.dtype();
        if from == to {
            return x;
        }
        if self.route == Route::Host && !(from.is_float() && to.is_float()) {
            // Burn's conversions panic on some pairs in ndarray.
            return Tensor::from_data(host::cast::cast(&x.into_data(), from, to), self.device);
        }
        let bools = bool_store::<B>(self.device);
        match (x, to) {
            (Tensor::Float(x), DType::F32 | DType::F64) => Tensor::Float(B::float_cast(x, float_dtype(to))),
            (Tensor::Float(x), DType::Bool) => {
                Tensor::Bool(B::float_not_equal_elem(x, BurnScalar::Float(0.0), bools))
            }
            (Tensor::Float(x), _) => self.truncate(x, to),
            (Tensor::Int(x), DType::F32 | DType::F64) => Tensor::Float(B::int_into_float(x, float_dtype(to))),
            (Tensor::Int(x), DType::Bool) => {
                Tensor::Bool(B::int_not_equal_elem(x, BurnScalar::Int(0), bools))
            }
            (Tensor::Int(x), _) => Tensor::Int(B::int_cast(x, int_dtype(to))),
            // A choice is fused; Burn's conversions of bools are not.
            (Tensor::Bool(x), to) if self.route == Route::Device => {
                let [zero, one] = [0, 1]
                    .map(|value| self.constant(Scalar::from_i64(to, value), &vec![1; x.shape().num_dims()]));
                zero.mask_where(x, one)
            }
            (Tensor::Bool(x), DType::F32 | DType::F64) => {
                Tensor::Float(B::bool_into_float(x, float_dtype(to)))
            }
            (Tensor::Bool(x), _) => Tensor::Int(B::bool_into_int(x, int_dtype(to))),
        }
    }

    /// Casts floats to integers: truncates, saturates, and turns NaN to 0. Devices convert only
    /// numbers in range.
    fn truncate(&self, x: burn_backend::tensor::FloatTensor<B>, to: DType) -> Tensor<B> {
        let x = B::float_detach(x);
        let bools = bool_store::<B>(self.device);
        // Both bounds are powers of two, or zero, and so exact in floats. The upper bound is the first number
        // that does not fit.
        let (least, greatest, beyond) = host::with_integer!(to, T => (
            Scalar::from_f64(to, T::MIN as f64),
            if T::MIN == 0 { Scalar::from_i64(to, -1) } else { Scalar::from_i64(to, T::MAX as i64) },
            2f64.powi((T::BITS - u32::from(T::MIN != 0)) as i32),
        ));
        let low = BurnScalar::Float(least.as_f64());
        let above = B::float_greater_equal_elem(x.clone(), BurnScalar::Float(beyond), bools);
        let below = B::float_lower_elem(x.clone(), low, bools);
        let zero = BurnScalar::Float(0.0);
        let nan = self.not(self.is_number(x.clone()));
        let inside = B::float_mask_fill(x, self.or(self.or(above.clone(), below.clone()), nan), zero);
        let y = B::float_into_int(inside, int_dtype(to));
        let y = B::int_mask_fill(y, above, burn_scalar(greatest));
        Tensor::Int(B::int_mask_fill(y, below, burn_scalar(least)))
    }
}
