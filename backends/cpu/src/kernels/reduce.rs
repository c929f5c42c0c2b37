//! Reductions, in an order fixed by the length alone.
//!
//! A run of elements is combined in [`LANES`] interleaved partial results, which are then combined pairwise: quick, and
//! closer to the exact sum than adding one by one.

use super::number::Number;
use super::with_type;
use crate::simd::{Kernel, dispatch};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::{DType, Reduction};

/// How many partial results a run has.
pub(crate) const LANES: usize = 64;

/// Fills with the element that a reduction starts from.
pub(crate) fn identity(kind: Reduction, dtype: DType, out: &mut [u8]) {
    if dtype == DType::Bool {
        return out.fill(u8::from(matches!(kind, Reduction::Prod | Reduction::Min)));
    }
    with_type!(dtype, T => {
        let start = match kind {
            Reduction::Sum => T::ZERO,
            Reduction::Prod => T::ONE,
            Reduction::Max => T::LEAST,
            Reduction::Min => T::GREATEST,
        };
        cast_slice_mut::<u8, T>(out).fill(start);
    });
}

/// Combines a run of elements into `LANES` partial results: element `i` into lane `i % LANES`.
pub(crate) fn reduce(kind: Reduction, dtype: DType, x: &[u8], lanes: &mut [u8]) {
    by_kind(kind, dtype, x, lanes, true);
}

/// Combines elements with accumulators one to one.
pub(crate) fn combine(kind: Reduction, dtype: DType, x: &[u8], into: &mut [u8]) {
    by_kind(kind, dtype, x, into, false);
}

/// Combines accumulators pairwise, in place, until the first holds the result. Their number is a power of two.
pub(crate) fn finish(kind: Reduction, dtype: DType, lanes: &mut [u8]) {
    let mut half = lanes.len() / 2;
    while half >= dtype.size() {
        let (into, from) = lanes[..2 * half].split_at_mut(half);
        combine(kind, dtype, from, into);
        half /= 2;
    }
}

fn by_kind(kind: Reduction, dtype: DType, x: &[u8], into: &mut [u8], folded: bool) {
    if dtype == DType::Bool {
        return match kind {
            Reduction::Sum | Reduction::Max => run::<u8>(x, into, folded, |x, y| x | y),
            Reduction::Prod | Reduction::Min => run::<u8>(x, into, folded, |x, y| x & y),
        };
    }
    with_type!(dtype, T => {
        let (x, into) = (cast_slice::<u8, T>(x), cast_slice_mut::<u8, T>(into));
        match kind {
            Reduction::Sum => run(x, into, folded, <T as Number>::add),
            Reduction::Prod => run(x, into, folded, <T as Number>::mul),
            Reduction::Max => run(x, into, folded, <T as Number>::max),
            Reduction::Min => run(x, into, folded, <T as Number>::min),
        }
    });
}

fn run<T: Copy>(x: &[T], into: &mut [T], folded: bool, f: impl Fn(T, T) -> T) {
    if folded {
        dispatch(Fold { x, lanes: into, f })
    } else {
        dispatch(Zip { x, into, f })
    }
}

struct Fold<'a, T, F> {
    x: &'a [T],
    lanes: &'a mut [T],
    f: F,
}

impl<T: Copy, F: Fn(T, T) -> T> Kernel for Fold<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let lanes: &mut [T; LANES] = self.lanes.try_into().expect("one accumulator a lane");
        let (rows, rest) = self.x.as_chunks::<LANES>();
        let mut partial = *lanes;
        for row in rows {
            for i in 0..LANES {
                partial[i] = (self.f)(partial[i], row[i]);
            }
        }
        for (i, &x) in rest.iter().enumerate() {
            partial[i] = (self.f)(partial[i], x);
        }
        *lanes = partial;
    }
}

struct Zip<'a, T, F> {
    x: &'a [T],
    into: &'a mut [T],
    f: F,
}

impl<T: Copy, F: Fn(T, T) -> T> Kernel for Zip<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (into, &x) in self.into.iter_mut().zip(self.x) {
            *into = (self.f)(*into, x);
        }
    }
}
