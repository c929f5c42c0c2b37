//! Running reductions, in the order of XLA's: rows of 16 elements are scanned one after the other, their
//! totals are scanned in the same way, and each row is combined with the total before it.
//!
//! XLA rewrites a running reduction on a CPU so (`ReduceWindowRewriter`, with a base length of 16). So
//! `cumsum` has the bits of `jax.numpy.cumsum`, and the error grows with the logarithm of the length.
//! In reverse a row's results are sums from each element to the row's end, from the first to the last:
//! XLA computes them so.

use super::reduce::{identity, with_combine};
use super::{with_signed_type, with_type};
use bytemuck::{Pod, bytes_of_mut, cast_slice, cast_slice_mut};
use kiln_math::simd::{Kernel, dispatch};
use kiln_program::{DType, Reduction};
use rayon::prelude::*;

/// The number of elements in a row.
const ROW: usize = 16;
/// The number of elements that are worth waking another thread for.
const PARALLEL: usize = 1 << 16;

/// The lengths of the middle of three axes, along which the reduction runs, and of the last.
#[derive(Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) length: usize,
    pub(crate) inner: usize,
}

/// The running reduction of `x` along the middle of three axes.
pub(crate) fn cumulative(
    kind: Reduction,
    dtype: DType,
    reverse: bool,
    lanes: Lanes,
    x: &[u8],
    out: &mut [u8],
) {
    if x.is_empty() {
        return;
    }
    let scan = Scan {
        kind,
        dtype,
        width: lanes.inner,
        reverse,
    };
    let n = lanes.length * scan.bytes();
    if x.len() < scan.parallel() {
        x.chunks(n)
            .zip(out.chunks_mut(n))
            .for_each(|(x, out)| scan.run(x, out));
    } else {
        x.par_chunks(n)
            .zip(out.par_chunks_mut(n))
            .for_each(|(x, out)| scan.run(x, out));
    }
}

/// Returns the most bytes that a running reduction allocates: for each array along the axis. All of them may
/// run at once.
pub(crate) fn scratch(dtype: DType, lanes: Lanes, size: usize) -> usize {
    let rows = |length: usize| Some(length.div_ceil(ROW)).filter(|rows| *rows > 1);
    let totals: usize = std::iter::successors(rows(lanes.length), |&n| rows(n))
        .map(|rows| 2 * rows)
        .sum();
    let arrays = size / (lanes.length * lanes.inner).max(1);
    arrays * totals * lanes.inner * dtype.size()
}

/// A scan over elements that are `width` numbers each. Arrays come as bytes: one driver serves all dtypes.
#[derive(Clone, Copy)]
struct Scan {
    kind: Reduction,
    dtype: DType,
    width: usize,
    reverse: bool,
}

impl Scan {
    /// Returns the bytes of an element.
    fn bytes(self) -> usize {
        self.width * self.dtype.size()
    }

    /// Returns the number of bytes that are worth waking another thread for.
    fn parallel(self) -> usize {
        PARALLEL * self.dtype.size()
    }

    fn run(self, x: &[u8], out: &mut [u8]) {
        let (one, row) = (self.bytes(), ROW * self.bytes());
        let rows = x.len().div_ceil(row);
        if rows == 1 {
            return self.rows(x, None, out);
        }
        // Words, so that elements of any dtype are aligned.
        let words = || vec![0_u64; (rows * one).div_ceil(8)];
        let (mut totals, mut before) = (words(), words());
        let totals = &mut cast_slice_mut(&mut totals)[..rows * one];
        let before = &mut cast_slice_mut(&mut before)[..rows * one];
        // The number of rows that one thread takes.
        let many = (self.parallel() / row).max(1);
        if x.len() < self.parallel() {
            self.totals(x, totals);
        } else {
            x.par_chunks(many * row)
                .zip(totals.par_chunks_mut(many * one))
                .for_each(|(x, totals)| self.totals(x, totals));
        }
        self.run(totals, before);
        // Moves the result of each row to the next row in the direction of the scan.
        let others = (rows - 1) * one;
        if self.reverse {
            before.copy_within(one.., 0);
            identity(self.kind, self.dtype, &mut before[others..]);
        } else {
            before.copy_within(..others, one);
            identity(self.kind, self.dtype, &mut before[..one]);
        }
        if x.len() < self.parallel() {
            self.rows(x, Some(before), out);
        } else {
            x.par_chunks(many * row)
                .zip(before.par_chunks(many * one))
                .zip(out.par_chunks_mut(many * row))
                .for_each(|((x, before), out)| self.rows(x, Some(before), out));
        }
    }

    /// The total of each row.
    fn totals(self, x: &[u8], totals: &mut [u8]) {
        let Scan {
            kind, dtype, width, ..
        } = self;
        with_combine!(kind, dtype, T, f => {
            let zero: T = zero(kind, dtype);
            let (x, totals) = (cast_slice(x), cast_slice_mut(totals));
            dispatch(Totals { zero, width, f, x, totals });
        });
    }

    /// Scans each row, and combines it with the total before it, if there is one.
    fn rows(self, x: &[u8], before: Option<&[u8]>, out: &mut [u8]) {
        let Scan {
            kind,
            dtype,
            width,
            reverse,
        } = self;
        with_combine!(kind, dtype, T, f => {
            let zero: T = zero(kind, dtype);
            let (x, before, out) = (cast_slice(x), before.map(cast_slice), cast_slice_mut(out));
            dispatch(Rows { zero, width, reverse, f, x, before, out });
        });
    }
}

/// Returns the result of an empty reduction.
fn zero<T: Pod>(kind: Reduction, dtype: DType) -> T {
    let mut zero = T::zeroed();
    identity(kind, dtype, bytes_of_mut(&mut zero));
    zero
}

struct Totals<'a, T, F> {
    zero: T,
    width: usize,
    f: F,
    x: &'a [T],
    totals: &'a mut [T],
}

impl<T: Copy, F: Fn(T, T) -> T> Kernel for Totals<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Totals { zero, width, f, .. } = self;
        let rows = self.x.chunks(ROW * width);
        if width == 1 {
            for (row, total) in rows.zip(self.totals) {
                *total = row.iter().fold(zero, |total, &x| f(total, x));
            }
            return;
        }
        for (row, total) in rows.zip(self.totals.chunks_mut(width)) {
            total.fill(zero);
            row.chunks(width).for_each(|x| add(total, x, &f));
        }
    }
}

struct Rows<'a, T, F> {
    zero: T,
    width: usize,
    reverse: bool,
    f: F,
    x: &'a [T],
    before: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Copy, F: Fn(T, T) -> T> Kernel for Rows<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Rows {
            zero,
            width,
            reverse,
            f,
            ..
        } = self;
        let rows = self.x.chunks(ROW * width).zip(self.out.chunks_mut(ROW * width));
        let add_before = |out: &mut [T], before: Option<&[T]>| match before {
            Some(before) => add(out, before, &f),
            None => out.iter_mut().for_each(|out| *out = f(*out, zero)),
        };
        for (number, (row, out)) in rows.enumerate() {
            let before = self.before.map(|before| &before[number * width..][..width]);
            let first = before.map_or(zero, |before| before[0]);
            match (width, reverse) {
                (1, false) => {
                    let mut total = zero;
                    for (out, &x) in out.iter_mut().zip(row) {
                        total = f(total, x);
                        *out = f(total, first);
                    }
                }
                (1, true) => {
                    let mut totals = [zero; ROW];
                    for (j, &x) in row.iter().enumerate() {
                        for total in &mut totals[..=j] {
                            *total = f(*total, x);
                        }
                    }
                    for (out, total) in out.iter_mut().zip(totals) {
                        *out = f(total, first);
                    }
                }
                (_, false) => {
                    // The previous element without the total before the row is not in memory, so the total is
                    // added afterwards.
                    for i in 0..row.len() / width {
                        let (done, rest) = out.split_at_mut(i * width);
                        let out = &mut rest[..width];
                        match done.len().checked_sub(width) {
                            Some(last) => out.copy_from_slice(&done[last..]),
                            None => out.fill(zero),
                        }
                        add(out, &row[i * width..(i + 1) * width], &f);
                    }
                    out.chunks_mut(width).for_each(|out| add_before(out, before));
                }
                (_, true) => {
                    for (i, out) in out.chunks_mut(width).enumerate() {
                        out.fill(zero);
                        row[i * width..].chunks(width).for_each(|x| add(out, x, &f));
                        add_before(out, before);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn add<T: Copy>(into: &mut [T], x: &[T], f: &impl Fn(T, T) -> T) {
    for (into, &x) in into.iter_mut().zip(x) {
        *into = f(*into, x);
    }
}
