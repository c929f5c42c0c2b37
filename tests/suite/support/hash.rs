//! Hashes arrays, for results that are too large to keep.

use kiln::{Array, DType};

/// Returns the bytes of the elements, each little-endian.
pub(crate) fn bytes(x: &Array) -> Vec<u8> {
    macro_rules! bytes {
        ($type:ty) => {
            x.to_vec::<$type>()
                .into_iter()
                .flat_map(<$type>::to_le_bytes)
                .collect()
        };
    }
    match x.dtype() {
        DType::U8 => bytes!(u8),
        DType::U16 => bytes!(u16),
        DType::U32 => bytes!(u32),
        DType::U64 => bytes!(u64),
        DType::I32 => bytes!(i32),
        DType::F32 => bytes!(f32),
        DType::F64 => bytes!(f64),
        dtype => panic!("no hashes of {dtype}"),
    }
}

/// Returns the 64-bit FNV-1a hash.
pub(crate) fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
