//! Random bits: Threefry-2x32 over tiles of counters.

use super::Pattern;
use crate::simd::{Kernel, dispatch};
use bytemuck::cast_slice_mut;
use kiln_program::{DType, Scalar, four_rounds, key_schedule, threefry2x32, unit_f32, unit_f64, width};

/// Counters with their keys; all slices have one length. With `splat` the key and the high word are the same everywhere, and
/// only their first elements are read.
#[derive(Clone, Copy)]
pub(crate) struct Counters<'a> {
    pub(crate) splat: bool,
    pub(crate) k0: &'a [u32],
    pub(crate) k1: &'a [u32],
    pub(crate) hi: &'a [u32],
    pub(crate) lo: &'a [u32],
}

/// The two words of each counter.
pub(crate) fn random_bits(counters: Counters, out0: &mut [u32], out1: &mut [u32]) {
    draw(counters, Words { out0, out1 });
}

/// The uniform floats of each counter, from `low` below `high`.
pub(crate) fn random_uniform(counters: Counters, low: Scalar, high: Scalar, out: &mut [u8]) {
    match low.dtype() {
        DType::F32 => draw(counters, Floats::<f32>::new(low, high, out)),
        _ => draw(counters, Floats::<f64>::new(low, high, out)),
    }
}

/// The uniform floats of pairs of words.
pub(crate) fn uniform(low: Scalar, high: Scalar, x0: &[u32], x1: &[u32], out: &mut [u8]) {
    match low.dtype() {
        DType::F32 => dispatch(Convert {
            x0,
            x1,
            finish: Floats::<f32>::new(low, high, out),
        }),
        _ => dispatch(Convert {
            x0,
            x1,
            finish: Floats::<f64>::new(low, high, out),
        }),
    }
}

fn draw(counters: Counters, finish: impl Finish) {
    if counters.lo.is_empty() {
        return;
    }
    if counters.splat {
        dispatch(Splat {
            key: [counters.k0[0], counters.k1[0]],
            hi: counters.hi[0],
            lo: counters.lo,
            finish,
        });
    } else {
        dispatch(Each { counters, finish });
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

/// What becomes of the words. `#[inline(always)]`, as everything below a dispatch.
trait Finish {
    /// Takes the words for the elements from `start`.
    fn put(&mut self, start: usize, x0: &[u32], x1: &[u32]);
}

struct Words<'a> {
    out0: &'a mut [u32],
    out1: &'a mut [u32],
}

impl Finish for Words<'_> {
    #[inline(always)]
    fn put(&mut self, start: usize, x0: &[u32], x1: &[u32]) {
        self.out0[start..start + x0.len()].copy_from_slice(x0);
        self.out1[start..start + x1.len()].copy_from_slice(x1);
    }
}

struct Floats<'a, T> {
    low: T,
    width: T,
    out: &'a mut [T],
}

macro_rules! floats {
    ($($t:ident, $unit:ident;)*) => {$(
        impl<'a> Floats<'a, $t> {
            fn new(low: Scalar, high: Scalar, out: &'a mut [u8]) -> Self {
                Floats {
                    low: low.as_f64() as $t,
                    width: width(low, high).as_f64() as $t,
                    out: cast_slice_mut(out),
                }
            }
        }

        impl Finish for Floats<'_, $t> {
            #[inline(always)]
            fn put(&mut self, start: usize, x0: &[u32], x1: &[u32]) {
                let out = &mut self.out[start..start + x0.len()];
                for ((out, &x0), &x1) in out.iter_mut().zip(x0).zip(x1) {
                    let x = $unit([x0, x1]).mul_add(self.width, self.low);
                    *out = if x > self.low { x } else { self.low };
                }
            }
        }
    )*};
}

floats! {
    f32, unit_f32;
    f64, unit_f64;
}

struct Convert<'a, F> {
    x0: &'a [u32],
    x1: &'a [u32],
    finish: F,
}

impl<F: Finish> Kernel for Convert<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(mut self) {
        self.finish.put(0, self.x0, self.x1);
    }
}

/// Counters that go through the rounds together.
const BLOCK: usize = 64;

struct Splat<'a, F> {
    key: [u32; 2],
    hi: u32,
    lo: &'a [u32],
    finish: F,
}

impl<F: Finish> Kernel for Splat<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(mut self) {
        let keys = key_schedule(self.key);
        let high = self.hi.wrapping_add(keys[0]);
        let (los, rest) = self.lo.as_chunks::<BLOCK>();
        let (mut x0, mut x1) = ([0; BLOCK], [0; BLOCK]);
        for (number, lo) in los.iter().enumerate() {
            rounds(keys, high, lo, &mut x0, &mut x1);
            self.finish.put(number * BLOCK, &x0, &x1);
        }
        let n = rest.len();
        if n > 0 {
            let mut lo = [0; BLOCK];
            lo[..n].copy_from_slice(rest);
            rounds(keys, high, &lo, &mut x0, &mut x1);
            self.finish.put(los.len() * BLOCK, &x0[..n], &x1[..n]);
        }
    }
}

/// Each round waits for the one before, and a processor looks only a hundred or two instructions ahead: with all rounds of one
/// vector at a time it idles more than it works. A few rounds over a block keep it busy.
#[inline(always)]
fn rounds(keys: [u32; 3], high: u32, lo: &[u32; BLOCK], x0: &mut [u32; BLOCK], x1: &mut [u32; BLOCK]) {
    for i in 0..BLOCK {
        let x = [high, lo[i].wrapping_add(keys[1])];
        [x0[i], x1[i]] = four_rounds::<0>(keys, x);
    }
    for i in 0..BLOCK {
        let x = four_rounds::<1>(keys, [x0[i], x1[i]]);
        [x0[i], x1[i]] = four_rounds::<2>(keys, x);
    }
    for i in 0..BLOCK {
        let x = four_rounds::<3>(keys, [x0[i], x1[i]]);
        [x0[i], x1[i]] = four_rounds::<4>(keys, x);
    }
}

struct Each<'a, F> {
    counters: Counters<'a>,
    finish: F,
}

impl<F: Finish> Kernel for Each<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(mut self) {
        let Counters { k0, k1, hi, lo, .. } = self.counters;
        let (mut x0, mut x1) = ([0; BLOCK], [0; BLOCK]);
        for start in (0..lo.len()).step_by(BLOCK) {
            let n = BLOCK.min(lo.len() - start);
            let part = |x: &'_ [u32]| -> [u32; BLOCK] {
                let mut block = [0; BLOCK];
                block[..n].copy_from_slice(&x[start..start + n]);
                block
            };
            let (k0, k1, hi, lo) = (part(k0), part(k1), part(hi), part(lo));
            for i in 0..BLOCK {
                [x0[i], x1[i]] = threefry2x32([k0[i], k1[i]], [hi[i], lo[i]]);
            }
            self.finish.put(start, &x0[..n], &x1[..n]);
        }
    }
}
