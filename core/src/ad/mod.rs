//! Automatic differentiation of programs.
//!
//! `backward` makes the program of cotangents, and `forward` the program of tangents. `partial` splits a
//! program into the equations that need neither, and the rest. The rule of a plain op is the gradient of one
//! equation through Burn's autodiff decorator, or a formula in [`kiln_backends::vjp`] (`plain`). A rule is a
//! small program that is cached. The rules of calls, loops, choices, rules by the user, indexing and
//! decompositions are in `rules`, written with array functions.

pub(crate) mod backward;
pub(crate) mod forward;
mod indexing;
mod linalg;
pub(crate) mod partial;
mod plain;
mod rules;
mod scan;

use crate::array::Array;
use crate::primitive::filled;
use kiln_backends::program::{ArrayType, Scalar};

/// Returns the marked items of a list.
pub(crate) fn chosen<T: Clone>(items: &[T], marked: &[bool]) -> Vec<T> {
    let kept = items.iter().zip(marked).filter(|(_, marked)| **marked);
    kept.map(|(item, _)| item.clone()).collect()
}

/// Puts items at the marked positions, in order.
pub(crate) fn spread<T>(marked: &[bool], items: impl IntoIterator<Item = T>) -> Vec<Option<T>> {
    let mut items = items.into_iter();
    marked
        .iter()
        .map(|&marked| if marked { items.next() } else { None })
        .collect()
}

/// Returns zeros of a type.
pub(crate) fn zeros(of: &ArrayType) -> Array {
    filled(Scalar::from_i64(of.dtype, 0), &of.shape, false)
}
