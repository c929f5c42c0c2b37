//! Random bits: Threefry-2x32 over tiles of counters.

use super::Pattern;
use crate::simd::{Kernel, dispatch};
use kiln_program::{four_rounds, key_schedule, threefry2x32};

/// The two words for each counter `(hi, lo)` under the key `(k0, k1)`; all slices have one length. With `splat` the key and
/// the high word are the same everywhere, and only their first elements are read.
#[allow(clippy::too_many_arguments)]
pub(crate) fn random_bits(
    splat: bool,
    k0: &[u32],
    k1: &[u32],
    hi: &[u32],
    lo: &[u32],
    out0: &mut [u32],
    out1: &mut [u32],
) {
    if lo.is_empty() {
        return;
    }
    if splat {
        dispatch(Splat {
            key: [k0[0], k1[0]],
            hi: hi[0],
            lo,
            out0,
            out1,
        });
    } else {
        dispatch(Each {
            k0,
            k1,
            hi,
            lo,
            out0,
            out1,
        });
    }
}

/// Writes the counters `offset + pattern(start + i)` as two words each. Whether all have the same high word.
pub(crate) fn counters(offset: u64, pattern: &Pattern, start: usize, hi: &mut [u32], lo: &mut [u32]) -> bool {
    let mut same = true;
    let mut high = None;
    pattern.runs(start, lo.len(), |place, count, value, stride| {
        let first = offset.wrapping_add(value as u64);
        let last = first.wrapping_add((count as u64).saturating_sub(1).wrapping_mul(stride as u64));
        let (hi, lo) = (&mut hi[place..place + count], &mut lo[place..place + count]);
        same &= first >> 32 == last >> 32 && *high.get_or_insert(first >> 32) == first >> 32;
        if first >> 32 == last >> 32 {
            hi.fill((first >> 32) as u32);
            dispatch(Ramp {
                first: first as u32,
                stride: stride as u32,
                out: lo,
            });
        } else {
            for (i, (hi, lo)) in hi.iter_mut().zip(lo).enumerate() {
                let counter = first.wrapping_add((i as u64).wrapping_mul(stride as u64));
                (*hi, *lo) = ((counter >> 32) as u32, counter as u32);
            }
        }
    });
    same
}

struct Ramp<'a> {
    first: u32,
    stride: u32,
    out: &'a mut [u32],
}

impl Kernel for Ramp<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (i, out) in self.out.iter_mut().enumerate() {
            *out = self.first.wrapping_add((i as u32).wrapping_mul(self.stride));
        }
    }
}

struct Splat<'a> {
    key: [u32; 2],
    hi: u32,
    lo: &'a [u32],
    out0: &'a mut [u32],
    out1: &'a mut [u32],
}

impl Kernel for Splat<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let n = self.lo.len();
        let (lo, out0, out1) = (&self.lo[..n], &mut self.out0[..n], &mut self.out1[..n]);
        // Each round waits for the one before, and a processor looks only a hundred or two instructions ahead: all rounds of
        // one vector at a time leave it idle most of the time. Four rounds over a block keep it busy.
        let keys = key_schedule(self.key);
        let (los, lo) = lo.as_chunks::<BLOCK>();
        let (out0s, out0) = out0.as_chunks_mut::<BLOCK>();
        let (out1s, out1) = out1.as_chunks_mut::<BLOCK>();
        for ((lo, out0), out1) in los.iter().zip(out0s).zip(out1s) {
            for i in 0..BLOCK {
                let x = [self.hi.wrapping_add(keys[0]), lo[i].wrapping_add(keys[1])];
                [out0[i], out1[i]] = four_rounds::<0>(keys, x);
            }
            stage::<1>(keys, out0, out1);
            stage::<2>(keys, out0, out1);
            stage::<3>(keys, out0, out1);
            stage::<4>(keys, out0, out1);
        }
        for ((lo, out0), out1) in lo.iter().zip(out0).zip(out1) {
            [*out0, *out1] = threefry2x32(self.key, [self.hi, *lo]);
        }
    }
}

/// Counters that go through the rounds together.
const BLOCK: usize = 64;

#[inline(always)]
fn stage<const GROUP: usize>(keys: [u32; 3], x0: &mut [u32; BLOCK], x1: &mut [u32; BLOCK]) {
    for i in 0..BLOCK {
        [x0[i], x1[i]] = four_rounds::<GROUP>(keys, [x0[i], x1[i]]);
    }
}

struct Each<'a> {
    k0: &'a [u32],
    k1: &'a [u32],
    hi: &'a [u32],
    lo: &'a [u32],
    out0: &'a mut [u32],
    out1: &'a mut [u32],
}

impl Kernel for Each<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let n = self.lo.len();
        let (k0, k1, hi, lo) = (&self.k0[..n], &self.k1[..n], &self.hi[..n], &self.lo[..n]);
        let (out0, out1) = (&mut self.out0[..n], &mut self.out1[..n]);
        for i in 0..n {
            [out0[i], out1[i]] = threefry2x32([k0[i], k1[i]], [hi[i], lo[i]]);
        }
    }
}
