//! Random bits: Threefry-2x32 over tiles of counters.

use super::Pattern;
use bytemuck::cast_slice_mut;
use kiln_math::simd::{Kernel, dispatch};
use kiln_program::sister::{four_rounds, key_schedule, unit_f32, unit_f64, width};
use kiln_program::{DType, Scalar, threefry2x32};

/// The counters of a tile.
#[derive(Clone, Copy)]
pub(crate) enum Counters<'a> {
    /// `first`, `first + 1`, ... below the high word `hi`, all under one key.
    Run {
        key: [u32; 2],
        hi: u32,
        first: u32,
        n: usize,
    },
    /// One for each element, under its own key or the only one.
    Each {
        k0: &'a [u32],
        k1: &'a [u32],
        hi: &'a [u32],
        lo: &'a [u32],
    },
}

/// The two words of each counter.
pub(crate) fn random_bits(counters: Counters, out0: &mut [u32], out1: &mut [u32]) {
    draw(counters, Words { out0, out1 });
}

/// The uniform floats of each counter, at least `low` and below `high`.
pub(crate) fn random_uniform(counters: Counters, low: Scalar, high: Scalar, out: &mut [u8]) {
    match low.dtype() {
        DType::F32 => draw(counters, Floats::<f32>::new(low, high, out)),
        _ => draw(counters, Floats::<f64>::new(low, high, out)),
    }
}

/// The uniform floats of pairs of words.
pub(crate) fn uniform(low: Scalar, high: Scalar, x0: &[u32], x1: &[u32], out: &mut [u8]) {
    match low.dtype() {
        DType::F32 => convert(x0, x1, Floats::<f32>::new(low, high, out)),
        _ => convert(x0, x1, Floats::<f64>::new(low, high, out)),
    }
}

fn convert(x0: &[u32], x1: &[u32], finish: impl Finish) {
    dispatch(Convert { x0, x1, finish });
}

fn draw(counters: Counters, finish: impl Finish) {
    match counters {
        Counters::Run { key, hi, first, n } => dispatch(Run {
            key,
            hi,
            first,
            n,
            finish,
        }),
        Counters::Each { k0, k1, hi, lo } => dispatch(Each {
            k0,
            k1,
            hi,
            lo,
            finish,
        }),
    }
}

/// Returns the high word and the first low word of the counters `offset + pattern(start + i)`, `i < n`.
/// `None` unless they count up by one under one high word.
pub(crate) fn run_of_counters(offset: u64, pattern: &Pattern, start: usize, n: usize) -> Option<(u32, u32)> {
    let first = offset.wrapping_add(start as u64);
    let last = first.wrapping_add(n as u64);
    (pattern.is_contiguous() && first >> 32 == last >> 32).then_some(((first >> 32) as u32, first as u32))
}

/// Writes the counters `offset + pattern(start + i)` as two words each.
pub(crate) fn counters(offset: u64, pattern: &Pattern, start: usize, hi: &mut [u32], lo: &mut [u32]) {
    pattern.runs(start, lo.len(), |place, count, value, stride| {
        let first = offset.wrapping_add(value as u64);
        let words = hi[place..place + count]
            .iter_mut()
            .zip(&mut lo[place..place + count]);
        for (i, (hi, lo)) in words.enumerate() {
            let counter = first.wrapping_add((i as u64).wrapping_mul(stride as u64));
            (*hi, *lo) = ((counter >> 32) as u32, counter as u32);
        }
    });
}

/// Consumes the words. `#[inline(always)]`, as everything below a dispatch.
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

/// The number of counters whose words are held before they are finished.
const BLOCK: usize = 128;
/// The number of counters of a block, evenly spaced, that go through the rounds together. Each operation of a
/// round waits for the one before. A processor looks only a hundred or two instructions ahead, so it needs
/// several counters side by side. The words of more than these do not stay in registers.
const TOGETHER: usize = 4;

/// A block of words, aligned so that no store of a vector touches two cache lines.
#[repr(align(64))]
struct Block([u32; BLOCK]);

struct Run<F> {
    key: [u32; 2],
    hi: u32,
    first: u32,
    n: usize,
    finish: F,
}

impl<F: Finish> Kernel for Run<F> {
    type Out = ();
    #[inline(always)]
    fn run(mut self) {
        let keys = key_schedule(self.key);
        let high = self.hi.wrapping_add(keys[0]);
        let (mut x0, mut x1) = (Block([0; BLOCK]), Block([0; BLOCK]));
        for start in (0..self.n).step_by(BLOCK) {
            let low = self.first.wrapping_add(start as u32).wrapping_add(keys[1]);
            for i in 0..BLOCK / TOGETHER {
                let place = |j: usize| i + j * (BLOCK / TOGETHER);
                let mut a = [high; TOGETHER];
                let mut b: [u32; TOGETHER] = std::array::from_fn(|j| low.wrapping_add(place(j) as u32));
                four_rounds::<0, TOGETHER>(keys, &mut a, &mut b);
                four_rounds::<1, TOGETHER>(keys, &mut a, &mut b);
                four_rounds::<2, TOGETHER>(keys, &mut a, &mut b);
                four_rounds::<3, TOGETHER>(keys, &mut a, &mut b);
                four_rounds::<4, TOGETHER>(keys, &mut a, &mut b);
                for j in 0..TOGETHER {
                    (x0.0[place(j)], x1.0[place(j)]) = (a[j], b[j]);
                }
            }
            let n = BLOCK.min(self.n - start);
            self.finish.put(start, &x0.0[..n], &x1.0[..n]);
        }
    }
}

struct Each<'a, F> {
    k0: &'a [u32],
    k1: &'a [u32],
    hi: &'a [u32],
    lo: &'a [u32],
    finish: F,
}

impl<F: Finish> Kernel for Each<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(mut self) {
        let (mut x0, mut x1) = ([0; BLOCK], [0; BLOCK]);
        for start in (0..self.lo.len()).step_by(BLOCK) {
            let n = BLOCK.min(self.lo.len() - start);
            let part = |x: &[u32]| -> [u32; BLOCK] {
                let mut block = [x[0]; BLOCK];
                if x.len() > 1 {
                    block[..n].copy_from_slice(&x[start..start + n]);
                }
                block
            };
            let (k0, k1, hi, lo) = (part(self.k0), part(self.k1), part(self.hi), part(self.lo));
            for i in 0..BLOCK {
                [x0[i], x1[i]] = threefry2x32([k0[i], k1[i]], [hi[i], lo[i]]);
            }
            self.finish.put(start, &x0[..n], &x1[..n]);
        }
    }
}
