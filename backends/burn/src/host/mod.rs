//! Routines on the host: they read the data of an array, run a plain loop over it, and write the result back.
//!
//! On a backend in the host's memory a routine costs a pass (and a copy if the array is shared). On a device
//! it is a transfer, there and back, and a synchronisation.

pub(crate) mod axes;
pub(crate) mod cast;
pub(crate) mod element;
pub(crate) mod floats;
pub(crate) mod index;
pub(crate) mod integers;
pub(crate) mod sort;

use burn_backend::TensorData;
use element::Element;

/// Runs a generic expression with the type name `$T` for the Rust type of a dtype.
macro_rules! with_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            kiln_program::DType::Bool => {
                type $T = bool;
                $body
            }
            dtype if dtype.is_float() => crate::host::with_float!(dtype, $T => $body),
            dtype => kiln_program::with_integer!(dtype, $T => $body),
        }
    };
}

/// As `with_type`, for floats only.
macro_rules! with_float {
    ($dtype:expr, $T:ident => $body:expr) => {
        if $dtype == kiln_program::DType::F64 {
            type $T = f64;
            $body
        } else {
            type $T = f32;
            $body
        }
    };
}

pub(crate) use kiln_program::with_integer;
pub(crate) use {with_float, with_type};

/// Returns the elements, without a copy.
pub(crate) fn view<T: Element>(data: &TensorData) -> &[T] {
    data.as_slice().expect("the type was matched to the data's dtype")
}

/// Returns the data after `f` changed its elements in place.
pub(crate) fn update<T: Element>(mut data: TensorData, f: impl FnOnce(&mut [T])) -> TensorData {
    if data.as_slice::<T>().is_ok() {
        f(data.as_mut_slice().expect("aligned, as the slice before"));
        return data;
    }
    // The bytes were not aligned.
    let shape = data.shape().clone();
    let mut values: Vec<T> = data
        .try_into_vec()
        .expect("the type was matched to the data's dtype");
    f(&mut values);
    TensorData::new(values, shape)
}

/// Returns an elementwise function of one array.
pub(crate) fn map<T: Element, U: Element>(x: &TensorData, f: impl Fn(T) -> U) -> TensorData {
    TensorData::new(
        view::<T>(x).iter().map(|&x| f(x)).collect::<Vec<U>>(),
        x.shape().clone(),
    )
}

/// Returns an elementwise function of two arrays.
pub(crate) fn zip<T: Element, U: Element>(
    x: &TensorData,
    y: &TensorData,
    f: impl Fn(T, T) -> U,
) -> TensorData {
    let values: Vec<U> = view::<T>(x)
        .iter()
        .zip(view::<T>(y))
        .map(|(&x, &y)| f(x, y))
        .collect();
    TensorData::new(values, x.shape().clone())
}
