//! Reductions, in one order: neighbours are combined in pairs, then the results of neighbours, until one is
//! left. If their number is odd, the last one moves up unchanged.
//!
//! The order depends on the number of elements alone. So a row and a column have the same sum, and `2^k`
//! neighbours that start at a multiple of `2^k` are combined before anything else joins them. [`tree`] and
//! [`fold`] combine the elements of a row, [`Stack`] and [`fold_rows`] combine rows element by element.

use super::{with_signed_type, with_type};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_math::Number;
use kiln_math::simd::{self, Kernel, Level, dispatch};
use kiln_program::{DType, Reduction};

/// Runs the body with the type name `$t` for the elements' type, and `$f` for the function that combines two
/// elements. The compiler knows `$f`.
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
            match $kind {
                Reduction::Sum => with_signed_type!($dtype, $t => {
                    let $f = <$t as kiln_math::Number>::add;
                    $body
                }),
                Reduction::Prod => with_signed_type!($dtype, $t => {
                    let $f = <$t as kiln_math::Number>::mul;
                    $body
                }),
                Reduction::Max => with_type!($dtype, $t => {
                    let $f = <$t as kiln_math::Number>::max;
                    $body
                }),
                Reduction::Min => with_type!($dtype, $t => {
                    let $f = <$t as kiln_math::Number>::min;
                    $body
                }),
            }
        }
    };
}

pub(super) use with_combine;

/// Fills `out` with the result of an empty reduction.
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

/// Combines the elements of `x`, from one to [`MOST`] of them, into the element `out`.
pub(crate) fn tree(kind: Reduction, dtype: DType, x: &[u8], out: &mut [u8]) {
    identity(kind, dtype, out);
    with_combine!(kind, dtype, T, f => {
        let total = dispatch(Tree { x: cast_slice::<u8, T>(x), any_order: any_order(kind), f });
        // The sum of negative zeros is 0, as NumPy's is.
        let out = &mut cast_slice_mut::<u8, T>(out)[0];
        *out = f(*out, total);
    });
}

/// Combines any number of elements, at least one, into the first of them. The others are overwritten.
pub(crate) fn fold(kind: Reduction, dtype: DType, x: &mut [u8]) {
    with_combine!(kind, dtype, T, f => {
        let x: &mut [T] = cast_slice_mut(x);
        let mut n = x.len();
        while n > 1 {
            let blocks = n.div_ceil(TREE);
            for i in 0..blocks {
                let x_of_block = &x[i * TREE..n.min((i + 1) * TREE)];
                x[i] = dispatch(Tree { x: x_of_block, any_order: any_order(kind), f });
            }
            n = blocks;
        }
    });
}

/// `into[i] = f(into[i], x[i])`: `into` comes before `x`.
pub(crate) fn combine(kind: Reduction, dtype: DType, x: &[u8], into: &mut [u8]) {
    with_combine!(kind, dtype, T, f => {
        dispatch(Zip { x: cast_slice::<u8, T>(x), into: cast_slice_mut::<u8, T>(into), f });
    });
}

/// Combines rows of `bytes` bytes each, at least one, into the first of them. The others are overwritten.
pub(crate) fn fold_rows(kind: Reduction, dtype: DType, x: &mut [u8], bytes: usize) {
    let mut rows = x.len() / bytes.max(1);
    while rows > 1 {
        for i in 0..rows / 2 {
            let (into, from) = x[2 * i * bytes..].split_at_mut(bytes);
            combine(kind, dtype, &from[..bytes], into);
            x.copy_within(2 * i * bytes..(2 * i + 1) * bytes, i * bytes);
        }
        if rows % 2 == 1 {
            x.copy_within((rows - 1) * bytes..rows * bytes, rows / 2 * bytes);
        }
        rows = rows.div_ceil(2);
    }
}

/// The most elements that are combined at once.
const TREE: usize = 1024;

/// The most elements that [`tree`] combines.
pub(crate) const MOST: usize = 16 * TREE;

/// Returns true if a result does not depend on the order: a maximum is one of its operands, or NaN.
fn any_order(kind: Reduction) -> bool {
    matches!(kind, Reduction::Max | Reduction::Min)
}

struct Tree<'a, T, F> {
    x: &'a [T],
    any_order: bool,
    f: F,
}

impl<T: Number, F: Fn(T, T) -> T> Kernel for Tree<'_, T, F> {
    type Out = T;
    #[inline(always)]
    fn run(self) -> T {
        let Tree { x, any_order, f } = self;
        if any_order {
            return lanes(x, &f);
        }
        if T::IS_ASSOCIATIVE {
            return x[1..].iter().fold(x[0], |total, &x| f(total, x));
        }
        let mut results = [x[0]; MOST / TREE];
        let (whole, rest) = x.as_chunks();
        let mut n = whole.len();
        for (block, out) in whole.iter().zip(&mut results) {
            *out = all(block, &f);
        }
        if !rest.is_empty() {
            results[n] = some(rest, &f);
            n += 1;
        }
        few(&mut results[..n], &f)
    }
}

/// Combines the elements in any order: first those that are a multiple of 64 apart.
#[inline(always)]
fn lanes<T: Copy>(x: &[T], f: &impl Fn(T, T) -> T) -> T {
    const LANES: usize = 64;
    let (rows, rest) = x.as_chunks::<LANES>();
    let Some((first, rows)) = rows.split_first() else {
        return x[1..].iter().fold(x[0], |total, &x| f(total, x));
    };
    let mut totals = *first;
    for row in rows {
        for (total, &x) in totals.iter_mut().zip(row) {
            *total = f(*total, x);
        }
    }
    for (total, &x) in totals.iter_mut().zip(rest) {
        *total = f(*total, x);
    }
    let level: [T; 32] = half(&totals, f);
    let level: [T; 16] = half(&level, f);
    let level: [T; 8] = half(&level, f);
    let level: [T; 4] = half(&level, f);
    f(f(level[0], level[1]), f(level[2], level[3]))
}

/// Combines fewer than [`TREE`] elements.
#[inline(always)]
fn some<T: Copy>(x: &[T], f: &impl Fn(T, T) -> T) -> T {
    let mut results = [x[0]; TREE / 16];
    if x.len() <= 16 {
        results[..x.len()].copy_from_slice(x);
        return few(&mut results[..x.len()], f);
    }
    let n = sixteenths(x, &mut results, f);
    let mut last = [x[0]; TREE / 256];
    let n = sixteenths(&results[..n], &mut last, f);
    few(&mut last[..n], f)
}

#[inline(always)]
fn all<T: Copy>(x: &[T; TREE], f: &impl Fn(T, T) -> T) -> T {
    let mut results = [x[0]; TREE / 16];
    for (block, out) in x.as_chunks::<256>().0.iter().zip(results.as_chunks_mut::<16>().0) {
        *out = sixteen(block, f);
    }
    let level: [T; 32] = half(&results, f);
    let level: [T; 16] = half(&level, f);
    let level: [T; 8] = half(&level, f);
    let level: [T; 4] = half(&level, f);
    f(f(level[0], level[1]), f(level[2], level[3]))
}

/// Combines each 16 neighbours.
#[inline(always)]
fn sixteen<T: Copy>(block: &[T; 256], f: &impl Fn(T, T) -> T) -> [T; 16] {
    // As many lanes as LLVM keeps in registers: in both cases three times as fast as the other choice.
    if size_of::<T>() == 8 && simd::level() < Level::Avx512 {
        let mut eighths = [block[0]; 32];
        for (square, out) in block
            .as_chunks::<64>()
            .0
            .iter()
            .zip(eighths.as_chunks_mut::<8>().0)
        {
            *out = rows_of(square.as_chunks().0, f);
        }
        half(&eighths, f)
    } else {
        rows_of(block.as_chunks().0, f)
    }
}

/// Combines each row of a square, whose side is a power of two.
#[inline(always)]
fn rows_of<T: Copy, const SIDE: usize>(square: &[[T; SIDE]], f: &impl Fn(T, T) -> T) -> [T; SIDE] {
    let mut level: [[T; SIDE]; SIDE] = std::array::from_fn(|i| square[i]);
    let mut n = SIDE;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            level[i] = neighbours(&level[2 * i], &level[2 * i + 1], f);
        }
    }
    level[0]
}

/// Combines the neighbours of `x`, then those of `y`: two shuffles and one vector of `f`.
#[inline(always)]
fn neighbours<T: Copy, const N: usize>(x: &[T; N], y: &[T; N], f: &impl Fn(T, T) -> T) -> [T; N] {
    let (mut even, mut odd) = (*x, *x);
    for i in 0..N / 2 {
        (even[i], odd[i]) = (x[2 * i], x[2 * i + 1]);
        (even[N / 2 + i], odd[N / 2 + i]) = (y[2 * i], y[2 * i + 1]);
    }
    std::array::from_fn(|i| f(even[i], odd[i]))
}

/// Combines each 16 neighbours, and the rest at the end; returns the number of results.
#[inline(always)]
fn sixteenths<T: Copy>(x: &[T], out: &mut [T], f: &impl Fn(T, T) -> T) -> usize {
    // Lengths that the compiler knows let it make every level of vectors.
    let (blocks, rest) = x.as_chunks::<256>();
    let (rows, few_left) = rest.as_chunks::<16>();
    for (block, out) in blocks.iter().zip(out.as_chunks_mut::<16>().0) {
        *out = sixteen(block, f);
    }
    let mut n = 16 * blocks.len();
    for row in rows {
        let level: [T; 8] = half(row, f);
        let level: [T; 4] = half(&level, f);
        out[n] = f(f(level[0], level[1]), f(level[2], level[3]));
        n += 1;
    }
    if !few_left.is_empty() {
        let mut left = [x[0]; 16];
        left[..few_left.len()].copy_from_slice(few_left);
        out[n] = few(&mut left[..few_left.len()], f);
        n += 1;
    }
    n
}

#[inline(always)]
fn half<T: Copy, const N: usize, const HALF: usize>(x: &[T; N], f: &impl Fn(T, T) -> T) -> [T; HALF] {
    const { assert!(N == 2 * HALF) };
    std::array::from_fn(|i| f(x[2 * i], x[2 * i + 1]))
}

/// Combines the elements in place.
#[inline(always)]
fn few<T: Copy>(x: &mut [T], f: &impl Fn(T, T) -> T) -> T {
    let mut n = x.len();
    while n > 1 {
        for i in 0..n / 2 {
            x[i] = f(x[2 * i], x[2 * i + 1]);
        }
        if n % 2 == 1 {
            x[n / 2] = x[n - 1];
        }
        n = n.div_ceil(2);
    }
    x[0]
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

/// Combines rows one after the other, as they come: block `k`, of `2^k` rows, waits for the next
/// block of that size.
#[derive(Default)]
pub(crate) struct Stack {
    blocks: Vec<Vec<u64>>,
    rows: usize,
}

impl Stack {
    /// Removes all rows.
    pub(crate) fn clear(&mut self) {
        self.rows = 0;
    }

    /// Adds the next row, as long as the others.
    pub(crate) fn push(&mut self, kind: Reduction, dtype: DType, x: &[u8]) {
        let level = self.rows.trailing_ones() as usize;
        while self.blocks.len() <= level {
            self.blocks.push(vec![]);
        }
        let words = x.len().div_ceil(8);
        if self.blocks[level].len() < words {
            self.blocks[level].resize(words, 0);
        }
        let (done, rest) = self.blocks.split_at_mut(level);
        let mut row = x;
        for block in &mut *done {
            let block = &mut cast_slice_mut(block)[..x.len()];
            combine(kind, dtype, row, block);
            row = block;
        }
        match done.last_mut() {
            None => cast_slice_mut(&mut rest[0])[..x.len()].copy_from_slice(x),
            Some(last) => std::mem::swap(last, &mut rest[0]),
        }
        self.rows += 1;
    }

    /// Writes the combination of all rows.
    pub(crate) fn finish(&mut self, kind: Reduction, dtype: DType, out: &mut [u8]) {
        identity(kind, dtype, out);
        let mut left: Option<&[u8]> = None;
        for (level, block) in self.blocks.iter_mut().enumerate() {
            if self.rows >> level & 1 == 1 {
                let block = &mut cast_slice_mut(block)[..out.len()];
                if let Some(left) = left {
                    combine(kind, dtype, left, block);
                }
                left = Some(block);
            }
        }
        if let Some(all) = left {
            combine(kind, dtype, all, out);
        }
        self.rows = 0;
    }
}
