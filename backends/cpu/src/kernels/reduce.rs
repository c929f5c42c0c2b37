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

/// Combines accumulators pairwise, neighbours first, until the first holds the result. Their number is a power of two.
///
/// So the first few elements are combined in their order: sums of short arrays are those that adding one by one gives.
pub(crate) fn finish(kind: Reduction, dtype: DType, lanes: &mut [u8]) {
    if dtype == DType::Bool {
        let bools = kind_of_bools(kind);
        return halve(lanes, bools);
    }
    with_type!(dtype, T => {
        let lanes = cast_slice_mut::<u8, T>(lanes);
        match kind {
            Reduction::Sum => halve(lanes, <T as Number>::add),
            Reduction::Prod => halve(lanes, <T as Number>::mul),
            Reduction::Max => halve(lanes, <T as Number>::max),
            Reduction::Min => halve(lanes, <T as Number>::min),
        }
    });
}

fn halve<T: Copy>(lanes: &mut [T], f: impl Fn(T, T) -> T) {
    let mut n = lanes.len();
    while n > 1 {
        n /= 2;
        for i in 0..n {
            lanes[i] = f(lanes[2 * i], lanes[2 * i + 1]);
        }
    }
}

fn kind_of_bools(kind: Reduction) -> fn(u8, u8) -> u8 {
    match kind {
        Reduction::Sum | Reduction::Max => |x, y| x | y,
        Reduction::Prod | Reduction::Min => |x, y| x & y,
    }
}

fn by_kind(kind: Reduction, dtype: DType, x: &[u8], into: &mut [u8], folded: bool) {
    if dtype == DType::Bool {
        return run::<u8>(x, into, folded, kind_of_bools(kind));
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
