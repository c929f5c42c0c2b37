//! The index of the first greatest or least element along an axis. A NaN counts as both.

use super::{Lanes, Number, with_type};
use bytemuck::cast_slice;
use kiln_math::simd::{Kernel, dispatch};
use kiln_program::{ArgReduction, DType};

/// The most results of a [`Search`].
pub(crate) const RESULTS: usize = 512;

/// Writes the indices of the best elements for the results from a given number on: one for each array along
/// the axis.
pub(crate) type Search = fn(&[u8], Lanes, usize, &mut [usize]);

/// Returns the loop of an arg-reduction.
pub(crate) fn search(kind: ArgReduction, dtype: DType) -> Search {
    with_type!(dtype, T => match kind {
        ArgReduction::Max => |x, lanes, first, out| run(x, lanes, first, out, |new: T, best| best < new),
        ArgReduction::Min => |x, lanes, first, out| run(x, lanes, first, out, |new: T, best| new < best),
    })
}

fn run<T: Number>(x: &[u8], lanes: Lanes, first: usize, out: &mut [usize], better: impl Fn(T, T) -> bool) {
    let x = cast_slice(x);
    if lanes.inner == 1 {
        dispatch(Rows {
            x: &x[first * lanes.length..],
            length: lanes.length,
            better,
            out,
        });
    } else {
        dispatch(Columns {
            x,
            lanes,
            first,
            better,
            out,
        });
    }
}

/// Searches rows one after the other.
struct Rows<'a, T, F> {
    x: &'a [T],
    length: usize,
    better: F,
    out: &'a mut [usize],
}

impl<T: Number, F: Fn(T, T) -> bool> Kernel for Rows<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Rows {
            x,
            length,
            better,
            out,
        } = self;
        let mut done = 0;
        if length < LANES {
            // Short rows side by side do not wait for each other's comparisons.
            let squares = x.chunks_exact(SIDE * length);
            for (out, rows) in out.as_chunks_mut::<SIDE>().0.iter_mut().zip(squares) {
                let column = |i: usize| -> [T; SIDE] { std::array::from_fn(|row| rows[row * length + i]) };
                let mut best = column(0);
                *out = [0; SIDE];
                for i in 1..length {
                    let new = column(i);
                    for row in 0..SIDE {
                        let wins = wins(new[row], best[row], &better);
                        best[row] = if wins { new[row] } else { best[row] };
                        out[row] = if wins { i } else { out[row] };
                    }
                }
                done += SIDE;
            }
        }
        let rows = x[done * length..].chunks_exact(length);
        for (out, row) in out[done..].iter_mut().zip(rows) {
            *out = best_of(row, &better);
        }
    }
}

/// The elements that are compared at once.
const LANES: usize = 32;
/// The short rows that are searched at once.
const SIDE: usize = 16;
/// The elements of a row whose extreme is found at a time.
const BLOCK: usize = 32 * LANES;

#[inline(always)]
fn is_nan<T: PartialEq>(x: T) -> bool {
    #[expect(clippy::eq_op, reason = "NaN alone differs from itself")]
    {
        x != x
    }
}

/// Returns true if a later element comes before the best so far.
#[inline(always)]
fn wins<T: Number>(new: T, best: T, better: &impl Fn(T, T) -> bool) -> bool {
    (better(new, best) | is_nan(new)) & !is_nan(best)
}

/// Returns the index of the best element: looks for the first block with the best extreme, and searches it.
#[inline(always)]
fn best_of<T: Number>(row: &[T], better: &impl Fn(T, T) -> bool) -> usize {
    if row.len() < LANES {
        let (mut at, mut best) = (0, row[0]);
        for (i, &x) in row.iter().enumerate() {
            if wins(x, best, better) {
                (at, best) = (i, x);
            }
        }
        return at;
    }
    let (mut start, mut best) = (0, row[0]);
    for (number, block) in row.chunks(BLOCK).enumerate() {
        let found = extreme(block, better);
        if wins(found, best, better) {
            (start, best) = (number * BLOCK, found);
        }
    }
    let block = &row[start..];
    let within = if is_nan(best) {
        position(block, is_nan)
    } else {
        position(block, |x| x == best)
    };
    start + within
}

/// Returns the best value: a NaN if there is one.
#[inline(always)]
fn extreme<T: Number>(block: &[T], better: &impl Fn(T, T) -> bool) -> T {
    // A NaN stays, because nothing is better.
    let pick = |best: T, new: T| {
        if better(new, best) | is_nan(new) {
            new
        } else {
            best
        }
    };
    let mut best = [block[0]; LANES];
    let (whole, rest) = block.as_chunks::<LANES>();
    for lanes in whole {
        for i in 0..LANES {
            best[i] = pick(best[i], lanes[i]);
        }
    }
    for (best, &new) in best.iter_mut().zip(rest) {
        *best = pick(*best, new);
    }
    let mut n = LANES;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            best[i] = pick(best[i], best[n + i]);
        }
    }
    best[0]
}

/// Returns the index of the first element with a property that one has.
#[inline(always)]
fn position<T: Copy>(x: &[T], has: impl Fn(T) -> bool) -> usize {
    let mut start = 0;
    for lanes in x.as_chunks::<LANES>().0 {
        if lanes.iter().fold(false, |any, &x| any | has(x)) {
            break;
        }
        start += LANES;
    }
    let within = x[start..].iter().position(|&x| has(x));
    start + within.expect("an element has the property")
}

/// Searches several neighbouring columns, row by row.
struct Columns<'a, T, F> {
    x: &'a [T],
    lanes: Lanes,
    first: usize,
    better: F,
    out: &'a mut [usize],
}

impl<T: Number, F: Fn(T, T) -> bool> Kernel for Columns<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Columns {
            x,
            lanes,
            first,
            better,
            out,
        } = self;
        let Lanes { length, inner } = lanes;
        let mut best = [T::ZERO; RESULTS];
        let mut done = 0;
        while done < out.len() {
            let (array, column) = ((first + done) / inner, (first + done) % inner);
            let n = (inner - column).min(out.len() - done);
            let (best, out) = (&mut best[..n], &mut out[done..done + n]);
            let row = |i: usize| &x[(array * length + i) * inner + column..][..n];
            best.copy_from_slice(row(0));
            out.fill(0);
            for i in 1..length {
                for ((best, out), &new) in best.iter_mut().zip(&mut *out).zip(row(i)) {
                    let wins = wins(new, *best, &better);
                    *best = if wins { new } else { *best };
                    *out = if wins { i } else { *out };
                }
            }
            done += n;
        }
    }
}
