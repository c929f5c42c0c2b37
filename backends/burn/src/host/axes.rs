//! Reductions, running reductions and arg-reductions along axes.

use super::element::Element;
use kiln_program::{ArgReduction, Reduction};

/// An array seen along one axis: the numbers of elements before it, on it and after it.
#[derive(Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) outer: usize,
    pub(crate) length: usize,
    pub(crate) inner: usize,
}

impl Lanes {
    pub(crate) fn of(outer: usize, length: usize, inner: usize) -> Lanes {
        Lanes { outer, length, inner }
    }

    pub(crate) fn new(shape: &[usize], axis: usize) -> Lanes {
        Lanes {
            outer: shape[..axis].iter().product(),
            length: shape[axis],
            inner: shape[axis + 1..].iter().product(),
        }
    }
}

/// Returns the start value of a reduction.
pub(crate) fn start<T: Element>(kind: Reduction) -> T {
    match kind {
        Reduction::Sum => T::ZERO,
        Reduction::Prod => T::ONE,
        Reduction::Max => T::LEAST,
        Reduction::Min => T::GREATEST,
    }
}

/// Combines the elements of each lane.
pub(crate) fn reduce<T: Element>(x: &[T], lanes: Lanes, kind: Reduction) -> Vec<T> {
    let start = start(kind);
    match kind {
        // The cases are written out so that each loop has its function inlined.
        Reduction::Sum => reduce_with(x, lanes, start, T::plus),
        Reduction::Prod => reduce_with(x, lanes, start, T::times),
        Reduction::Max => reduce_with(x, lanes, start, T::greater),
        Reduction::Min => reduce_with(x, lanes, start, T::lesser),
    }
}

fn reduce_with<T: Element>(x: &[T], lanes: Lanes, start: T, combine: impl Fn(T, T) -> T) -> Vec<T> {
    let Lanes { outer, length, inner } = lanes;
    let mut out = vec![start; outer * inner];
    if inner == 1 {
        // Several accumulators, so that steps need not wait for each other. This loop never sums floats, so
        // no result depends on the order.
        const WIDTH: usize = 16;
        for (out, lane) in out.iter_mut().zip(x.chunks(length.max(1))) {
            let mut sums = [start; WIDTH];
            let blocks = lane.chunks_exact(WIDTH);
            let rest = blocks.remainder();
            for block in blocks {
                for (sum, &x) in sums.iter_mut().zip(block) {
                    *sum = combine(*sum, x);
                }
            }
            *out = sums.iter().chain(rest).fold(start, |sum, &x| combine(sum, x));
        }
        return out;
    }
    for (i, row) in x.chunks(inner.max(1)).enumerate() {
        let start = i / length * inner;
        for (out, &x) in out[start..start + inner].iter_mut().zip(row) {
            *out = combine(*out, x);
        }
    }
    out
}

/// Computes the running reduction of each lane in place.
pub(crate) fn cumulative<T: Element>(x: &mut [T], lanes: Lanes, kind: Reduction, reverse: bool) {
    match kind {
        Reduction::Sum => cumulative_with(x, lanes, T::plus, reverse),
        Reduction::Prod => cumulative_with(x, lanes, T::times, reverse),
        Reduction::Max => cumulative_with(x, lanes, T::greater, reverse),
        Reduction::Min => cumulative_with(x, lanes, T::lesser, reverse),
    }
}

fn cumulative_with<T: Element>(x: &mut [T], lanes: Lanes, combine: impl Fn(T, T) -> T, reverse: bool) {
    let Lanes { length, inner, .. } = lanes;
    if length * inner == 0 {
        return;
    }
    for lane in x.chunks_mut(length * inner) {
        if inner == 1 && !reverse {
            let mut sum = lane[0];
            for x in &mut lane[1..] {
                sum = combine(sum, *x);
                *x = sum;
            }
        } else if reverse {
            for i in (0..length * inner - inner).rev() {
                lane[i] = combine(lane[i + inner], lane[i]);
            }
        } else {
            for i in inner..length * inner {
                lane[i] = combine(lane[i - inner], lane[i]);
            }
        }
    }
}

/// Returns the index of the first greatest or least element of each lane, or of the first NaN if there is
/// one.
pub(crate) fn arg_reduce<T: Element>(x: &[T], lanes: Lanes, kind: ArgReduction) -> Vec<usize> {
    match kind {
        ArgReduction::Max => arg_reduce_with(x, lanes, |new: T, best: T| best < new, T::greater),
        ArgReduction::Min => arg_reduce_with(x, lanes, |new: T, best: T| new < best, T::lesser),
    }
}

fn arg_reduce_with<T: Element>(
    x: &[T],
    lanes: Lanes,
    better: impl Fn(T, T) -> bool,
    combine: impl Fn(T, T) -> T + Copy,
) -> Vec<usize> {
    let Lanes { outer, length, inner } = lanes;
    let wins = |new: T, best: T| !best.is_nan() && (better(new, best) || new.is_nan());
    let mut out = vec![0; outer * inner];
    if inner == 1 {
        // Finds the extreme of each block, several elements at a time, and then the index within the first
        // block that has the best.
        const BLOCK: usize = 1024;
        for (out, lane) in out.iter_mut().zip(x.chunks(length)) {
            let extreme = |block: &[T]| {
                let one = Lanes::of(1, block.len(), 1);
                reduce_with(block, one, block[0], combine)[0]
            };
            let mut best = (0, extreme(&lane[..BLOCK.min(length)]));
            for (i, block) in lane.chunks(BLOCK).enumerate().skip(1) {
                let found = extreme(block);
                if wins(found, best.1) {
                    best = (i * BLOCK, found);
                }
            }
            let block = &lane[best.0..];
            *out = best.0
                + block
                    .iter()
                    .position(|&x| x == best.1 || x.is_nan() && best.1.is_nan())
                    .expect("found there");
        }
        return out;
    }
    for (lanes, out) in x.chunks(length * inner).zip(out.chunks_mut(inner)) {
        let mut best = lanes[..inner].to_vec();
        for (at, row) in lanes.chunks(inner).enumerate().skip(1) {
            for ((best, out), &new) in best.iter_mut().zip(&mut *out).zip(row) {
                if wins(new, *best) {
                    (*best, *out) = (new, at);
                }
            }
        }
    }
    out
}
