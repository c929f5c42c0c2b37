//! The private supertrait of the traits that only kiln implements. Their methods are hidden and may change.

use crate::array::Array;
use std::ops::{Range, RangeInclusive};

/// A trait with this supertrait has no implementations outside of kiln, because nobody else can name it.
pub trait Sealed {}

macro_rules! sealed {
    ($($type:ty)*) => {$(impl Sealed for $type {})*};
}
sealed!(Array bool usize isize i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

impl<T> Sealed for Range<T> {}
impl<T> Sealed for RangeInclusive<T> {}

// No tuple is a type of the user's, whatever its elements are.
macro_rules! tuples {
    ($($($name:ident)+;)*) => {$(impl<$($name),+> Sealed for ($($name,)+) {})*};
}
tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}
