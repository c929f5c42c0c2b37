//! Makes a kernel for a slice from a kernel for one element.
//!
//! A slice is cut into blocks of fixed size, whose loops vectorise without remainders; the last few elements
//! are padded to a smaller block. The fast path is wrong for some arguments. Blocks that have such arguments
//! compute them again, by another vector loop or one by one: a result depends on the element alone, never on
//! its neighbours or its position.

use crate::simd::{self, Kernel};
use std::cell::RefCell;
use std::marker::PhantomData;

/// Elements in a block. With 64, LLVM vectorises the loop of a trivial kernel before it could unroll it. With
/// 32, sqrt and floor become scalar code.
const BLOCK: usize = 64;
/// Elements in a block of a function of two arguments.
pub(super) const PAIRS: usize = 128;
/// Elements in a block that is done in stages. With 128, LLVM does not unroll the stages' loops, and keeps
/// their coefficients in registers.
const STAGED_BLOCK: usize = 128;
/// Elements in a block of the rest of a slice after its staged blocks.
const SMALL_BLOCK: usize = 32;
/// The number of arrays that a block may use between its stages.
pub(super) const SCRATCH: usize = 4;
/// Elements in a block at the end of a slice; the sizes of the other blocks are multiples of it.
pub(super) const TAIL: usize = 16;

/// An elementwise function of one argument. All methods must be `#[inline(always)]`, except `rare`.
pub(super) trait Unary<T> {
    /// Computes the function for every `x` that is not rare. The loop calls it for all elements.
    fn fast(x: T) -> T;
    /// True if an element can be rare.
    const HAS_RARE: bool = false;
    /// Returns true if `rare(x)` must replace `fast(x)`.
    #[inline(always)]
    fn is_rare(_x: T) -> bool {
        false
    }
    fn rare(x: T) -> T {
        Self::fast(x)
    }
    /// True if `block` is written in stages.
    const STAGED: bool = false;
    /// Computes a whole block. Long formulas are faster in stages: the processor looks only a hundred or
    /// two instructions ahead. If these are one vector's chain of dependent operations, the processor
    /// waits for most of them.
    #[inline(always)]
    fn block<const N: usize>(x: &[T; N], y: &mut [T; N], _scratch: &mut [[T; N]; SCRATCH])
    where
        T: Copy,
    {
        unary_block::<T, Self, N>(x, y)
    }
}

/// An elementwise function of two arguments, as [`Unary`].
pub(super) trait Binary<T> {
    /// The arrays that a block uses between its stages, of [`PAIRS`] elements.
    type Scratch: Default;
    fn fast(x: T, y: T) -> T;
    const HAS_RARE: bool = false;
    #[inline(always)]
    fn is_rare(_x: T, _y: T) -> bool {
        false
    }
    /// Computes `fast` of a whole block. As in [`Unary`], long formulas are faster in stages.
    #[inline(always)]
    fn block<const N: usize>(x: &[T; N], y: &[T; N], out: &mut [T; N], _scratch: &mut Self::Scratch)
    where
        T: Copy,
    {
        let half = if N == TAIL { 0 } else { N / 2 };
        for i in 0..N - half {
            out[i] = Self::fast(x[i], y[i]);
            if half > 0 {
                let j = i + half;
                out[j] = Self::fast(x[j], y[j]);
            }
        }
    }
    /// True if `rare` is branch-free, `#[inline(always)]` and worth a vector loop.
    const RARE_IS_VECTOR: bool = false;
    fn rare(x: T, y: T) -> T {
        Self::fast(x, y)
    }
}

struct UnaryLoop<'a, T, K> {
    x: &'a [T],
    y: &'a mut [T],
    kernel: PhantomData<K>,
}

#[inline(always)]
fn unary_block<T: Copy, K: Unary<T> + ?Sized, const N: usize>(x: &[T; N], y: &mut [T; N]) {
    let mut rare = false;
    // Two elements at a time, half a block apart, make two chains of dependent operations for the processor
    // to interleave: latency bounds these loops.
    let half = if N == TAIL { 0 } else { N / 2 };
    for i in 0..N - half {
        y[i] = K::fast(x[i]);
        rare |= K::is_rare(x[i]);
        if half > 0 {
            y[i + half] = K::fast(x[i + half]);
            rare |= K::is_rare(x[i + half]);
        }
    }
    if K::HAS_RARE && rare {
        redo_unary::<T, K>(x, y);
    }
}

#[cold]
#[inline(never)]
fn redo_unary<T: Copy, K: Unary<T> + ?Sized>(x: &[T], y: &mut [T]) {
    for (x, y) in x.iter().zip(y) {
        if K::is_rare(*x) {
            *y = K::rare(*x);
        }
    }
}

impl<T: Copy + Default, K: Unary<T>> Kernel for UnaryLoop<'_, T, K> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        assert!(self.x.len() == self.y.len(), "slices differ in length");
        let nothing = &mut [[T::default(); BLOCK]; SCRATCH];
        unary_blocks::<T, K, BLOCK>(self.x, self.y, nothing);
    }
}

/// Returns the function of one element.
#[inline(always)]
pub(super) fn one<T: Copy, K: Unary<T>>(x: T) -> T {
    if K::HAS_RARE && K::is_rare(x) {
        K::rare(x)
    } else {
        K::fast(x)
    }
}

/// Returns the function of two elements.
#[inline(always)]
pub(super) fn one_of_two<T: Copy, K: Binary<T>>(x: T, y: T) -> T {
    if K::HAS_RARE && K::is_rare(x, y) {
        K::rare(x, y)
    } else {
        K::fast(x, y)
    }
}

struct StagedLoop<'a, T, K> {
    x: &'a [T],
    y: &'a mut [T],
    scratch: &'a mut Scratch<T>,
    kernel: PhantomData<K>,
}

impl<T: Copy + Default, K: Unary<T>> Kernel for StagedLoop<'_, T, K> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        assert!(self.x.len() == self.y.len(), "slices differ in length");
        let (xs, x) = self.x.as_chunks::<STAGED_BLOCK>();
        let (ys, y) = self.y.as_chunks_mut::<STAGED_BLOCK>();
        unary_blocks::<T, K, STAGED_BLOCK>(xs.as_flattened(), ys.as_flattened_mut(), &mut self.scratch.0);
        if !x.is_empty() {
            // The rest makes smaller blocks.
            let scratch = &mut [[T::default(); SMALL_BLOCK]; SCRATCH];
            unary_blocks::<T, K, SMALL_BLOCK>(x, y, scratch);
        }
    }
}

#[inline(always)]
fn unary_blocks<T: Copy + Default, K: Unary<T>, const N: usize>(
    x: &[T],
    y: &mut [T],
    scratch: &mut [[T; N]; SCRATCH],
) {
    let (xs, x) = x.as_chunks::<N>();
    let (ys, y) = y.as_chunks_mut::<N>();
    for (x, y) in xs.iter().zip(ys) {
        K::block(x, y, scratch);
    }
    for (x, y) in x.chunks(TAIL).zip(y.chunks_mut(TAIL)) {
        // The padding repeats an element, so that padding alone never makes a block rare.
        let mut padded = [x[0]; TAIL];
        padded[..x.len()].copy_from_slice(x);
        let mut out = padded;
        K::block(&padded, &mut out, &mut [padded; SCRATCH]);
        y.copy_from_slice(&out[..x.len()]);
    }
}

/// The arrays that blocks use between their stages. Each thread has one: filling them with zeros for each
/// slice would take a part of the time.
#[repr(align(64))]
pub(super) struct Scratch<T>([[T; STAGED_BLOCK]; SCRATCH]);

pub(super) trait WithScratch: Copy + Default {
    fn with_scratch(f: impl FnOnce(&mut Scratch<Self>));
}

macro_rules! with_scratch {
    ($($t:ident)*) => {$(
        impl WithScratch for $t {
            fn with_scratch(f: impl FnOnce(&mut Scratch<$t>)) {
                thread_local! {
                    static HERE: RefCell<Scratch<$t>> = const { RefCell::new(Scratch([[0.0; STAGED_BLOCK]; SCRATCH])) };
                }
                HERE.with_borrow_mut(f);
            }
        }
    )*};
}
with_scratch!(f32 f64);

/// `y[i] = K(x[i])`.
///
/// # Panics
///
/// If the slices differ in length.
#[inline]
pub(super) fn unary<T: WithScratch, K: Unary<T>>(x: &[T], y: &mut [T]) {
    let kernel = PhantomData;
    if K::STAGED {
        T::with_scratch(|scratch| {
            simd::dispatch(StagedLoop::<T, K> {
                x,
                y,
                scratch,
                kernel,
            })
        });
    } else {
        simd::dispatch(UnaryLoop::<T, K> { x, y, kernel });
    }
}

struct BinaryLoop<'a, T, K> {
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
    kernel: PhantomData<K>,
}

#[inline(always)]
fn binary_block<T: Copy, K: Binary<T>, const N: usize>(
    x: &[T; N],
    y: &[T; N],
    out: &mut [T; N],
    scratch: &mut K::Scratch,
) {
    K::block(x, y, out, scratch);
    let mut rare = false;
    for i in 0..N {
        rare |= K::is_rare(x[i], y[i]);
    }
    if K::HAS_RARE && rare {
        if K::RARE_IS_VECTOR {
            for i in 0..N {
                let r = K::rare(x[i], y[i]);
                out[i] = if K::is_rare(x[i], y[i]) { r } else { out[i] };
            }
        } else {
            redo_binary::<T, K>(x, y, out);
        }
    }
}

#[cold]
#[inline(never)]
fn redo_binary<T: Copy, K: Binary<T>>(x: &[T], y: &[T], out: &mut [T]) {
    for ((x, y), out) in x.iter().zip(y).zip(out) {
        if K::is_rare(*x, *y) {
            *out = K::rare(*x, *y);
        }
    }
}

impl<T: Copy, K: Binary<T>> Kernel for BinaryLoop<'_, T, K> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let n = self.out.len();
        assert!(self.x.len() == n && self.y.len() == n, "slices differ in length");
        binary_blocks::<T, K>(self.x, self.y, self.out, &mut K::Scratch::default());
    }
}

/// The slices have the same length.
#[inline(always)]
fn binary_blocks<T: Copy, K: Binary<T>>(x: &[T], y: &[T], out: &mut [T], scratch: &mut K::Scratch) {
    let (xs, x) = x.as_chunks::<PAIRS>();
    let (ys, y) = y.as_chunks::<PAIRS>();
    let (outs, out) = out.as_chunks_mut::<PAIRS>();
    for ((x, y), out) in xs.iter().zip(ys).zip(outs) {
        binary_block::<T, K, PAIRS>(x, y, out, scratch);
    }
    for ((x, y), out) in x.chunks(TAIL).zip(y.chunks(TAIL)).zip(out.chunks_mut(TAIL)) {
        let (mut px, mut py) = ([x[0]; TAIL], [y[0]; TAIL]);
        px[..x.len()].copy_from_slice(x);
        py[..y.len()].copy_from_slice(y);
        let mut po = px;
        binary_block::<T, K, TAIL>(&px, &py, &mut po, scratch);
        out.copy_from_slice(&po[..x.len()]);
    }
}

/// `out[i] = K(x[i], y[i])`.
///
/// # Panics
///
/// If the slices differ in length.
#[inline]
pub(super) fn binary<T: Copy, K: Binary<T>>(x: &[T], y: &[T], out: &mut [T]) {
    simd::dispatch(BinaryLoop::<T, K> {
        x,
        y,
        out,
        kernel: PhantomData,
    });
}

struct ScalarLoop<'a, T, K> {
    x: &'a [T],
    y: T,
    out: &'a mut [T],
    kernel: PhantomData<K>,
}

impl<T: Copy, K: Binary<T>> Kernel for ScalarLoop<'_, T, K> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let y = [self.y; PAIRS];
        let scratch = &mut K::Scratch::default();
        for (x, out) in self.x.chunks(PAIRS).zip(self.out.chunks_mut(PAIRS)) {
            binary_blocks::<T, K>(x, &y[..x.len()], out, scratch);
        }
    }
}

/// `out[i] = K(x[i], y)`, with the bits of [`binary`].
///
/// # Panics
///
/// If the slices differ in length.
#[inline]
pub(super) fn binary_scalar<T: Copy, K: Binary<T>>(x: &[T], y: T, out: &mut [T]) {
    assert!(x.len() == out.len(), "slices differ in length");
    simd::dispatch(ScalarLoop::<T, K> {
        x,
        y,
        out,
        kernel: PhantomData,
    });
}
