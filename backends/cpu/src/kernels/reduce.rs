//! Reductions, in an order fixed by the length alone.
//!
//! A run of elements is combined in [`LANES`] interleaved partial results, which are then combined pairwise: quick, and
//! closer to the exact sum than adding one by one.

use super::number::Number;
use super::with_type;
use crate::simd::{Kernel, dispatch};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::{DType, Reduction};

/// Runs the body with `$t` standing for the elements' type and `$f` for the function that combines two, known when the loop is
/// compiled.
macro_rules! with_combine {
    ($kind:expr, $dtype:expr, $t:ident, $f:ident => $body:expr) => {
        if $dtype == DType::Bool {
            type $t = u8;
            match $kind {
                Reduction::Sum | Reduction::Max => {
                    let $f = |x: u8, y: u8| x | y;
                    $body
                }
                Reduction::Prod | Reduction::Min => {
                    let $f = |x: u8, y: u8| x & y;
                    $body
                }
            }
        } else {
            with_type!($dtype, $t => match $kind {
                Reduction::Sum => {
                    let $f = <$t as Number>::add;
                    $body
                }
                Reduction::Prod => {
                    let $f = <$t as Number>::mul;
                    $body
                }
                Reduction::Max => {
                    let $f = <$t as Number>::max;
                    $body
                }
                Reduction::Min => {
                    let $f = <$t as Number>::min;
                    $body
                }
            })
        }
    };
}

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
    with_combine!(kind, dtype, T, f => halve(cast_slice_mut::<u8, T>(lanes), f));
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

fn by_kind(kind: Reduction, dtype: DType, x: &[u8], into: &mut [u8], folded: bool) {
    with_combine!(kind, dtype, T, f => run::<T>(cast_slice(x), cast_slice_mut(into), folded, f));
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
