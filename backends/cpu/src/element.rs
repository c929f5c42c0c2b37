//! The Rust types of elements.

use burn_std::Bytes;
use kiln_program::DType;

/// A Rust type that is an array's element type: `bool`, `i8` to `i64`, `u8` to `u64`, `f32`, `f64`.
///
/// ```
/// use kiln::{Array, Element};
/// /// Every second element.
/// fn thinned<T: Element>(x: &Array) -> Vec<T> {
///     x.to_vec::<T>().into_iter().step_by(2).collect()
/// }
/// assert_eq!(thinned::<f32>(&kiln::numpy::linspace(0.0, 1.0, 5)), [0.0, 0.5, 1.0]);
/// ```
#[diagnostic::on_unimplemented(
    message = "no array has elements of the type `{Self}`",
    label = "kiln takes the type of an element here",
    note = "the types of elements are `bool`, `i8` to `i64`, `u8` to `u64`, `f32` and `f64`: write `x.item::<i64>() as usize` for a `usize`"
)]
pub trait Element: bytemuck::CheckedBitPattern + bytemuck::NoUninit + Send + Sync + 'static {
    /// The dtype of an array of these elements.
    ///
    /// ```
    /// use kiln::{DType, Element};
    /// assert_eq!(<f64 as Element>::DTYPE, DType::F64);
    /// ```
    const DTYPE: DType;

    /// Returns the elements' memory.
    #[doc(hidden)]
    fn into_bytes(elements: Vec<Self>) -> Bytes;
}

macro_rules! elements {
    ($($type:ty: $dtype:ident),*) => {$(
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
            fn into_bytes(elements: Vec<Self>) -> Bytes {
                Bytes::from_elems(elements)
            }
        }
    )*};
}

elements!(i8: I8, i16: I16, i32: I32, i64: I64, u8: U8, u16: U16, u32: U32, u64: U64, f32: F32, f64: F64);

impl Element for bool {
    const DTYPE: DType = DType::Bool;
    fn into_bytes(elements: Vec<bool>) -> Bytes {
        Bytes::from_elems(elements.into_iter().map(u8::from).collect::<Vec<u8>>())
    }
}
