//! Two cheap ops in one loop, each rounded on its own: the value between them does not go through memory.

use super::Number;
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_math::simd::{Kernel, dispatch};
use kiln_program::{Binary, DType};

/// A loop over tiles of three operands. A marked operand is the same everywhere, and the loop reads only its
/// first [`BLOCK`] elements.
pub(crate) type Pair = fn([&[u8]; 3], [bool; 3], &mut [u8]);

/// Returns the loop for `second(first(x, y), z)`, or, if the first result is the `right` operand,
/// `second(z, first(x, y))`.
pub(crate) fn pair(first: Binary, second: Binary, right: bool, dtype: DType) -> Option<Pair> {
    match dtype {
        DType::F32 => pair_of::<f32>(first, second, right),
        DType::F64 => pair_of::<f64>(first, second, right),
        _ => None,
    }
}

fn pair_of<T: Number>(first: Binary, second: Binary, right: bool) -> Option<Pair> {
    macro_rules! second {
        ($first:expr) => {
            match (second, right) {
                (Binary::Add, _) => |x, splat, out| run::<T>(x, splat, out, |x, y, z| $first(x, y).add(z)),
                (Binary::Mul, _) => |x, splat, out| run::<T>(x, splat, out, |x, y, z| $first(x, y).mul(z)),
                (Binary::Sub, false) => {
                    |x, splat, out| run::<T>(x, splat, out, |x, y, z| $first(x, y).sub(z))
                }
                (Binary::Sub, true) => |x, splat, out| run::<T>(x, splat, out, |x, y, z| z.sub($first(x, y))),
                _ => return None,
            }
        };
    }
    Some(match first {
        Binary::Add => second!(T::add),
        Binary::Sub => second!(T::sub),
        Binary::Mul => second!(T::mul),
        _ => return None,
    })
}

fn run<T: Pod>(x: [&[u8]; 3], splat: [bool; 3], out: &mut [u8], f: impl Fn(T, T, T) -> T) {
    dispatch(Loop {
        x: x.map(cast_slice),
        splat,
        out: cast_slice_mut(out),
        f,
    })
}

/// The elements of a block. Of an operand that is the same everywhere the loop reads this many.
pub(crate) const BLOCK: usize = 64;

struct Loop<'a, T, F> {
    x: [&'a [T]; 3],
    splat: [bool; 3],
    out: &'a mut [T],
    f: F,
}

impl<T: Pod, F: Fn(T, T, T) -> T> Kernel for Loop<'_, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Loop { x, splat, out, f } = self;
        // The step is no condition in the loop: a condition would make a loop for each combination.
        let steps = splat.map(|splat| usize::from(!splat));
        let block = |i: usize, start: usize| -> &[T; BLOCK] {
            let start = steps[i] * start;
            x[i][start..start + BLOCK].try_into().expect("a block")
        };
        let n = out.len();
        let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
        for (number, out) in blocks.iter_mut().enumerate() {
            let start = number * BLOCK;
            each(block(0, start), block(1, start), block(2, start), out, &f);
        }
        for (place, out) in (n - rest.len()..n).zip(rest) {
            let [x, y, z] = std::array::from_fn(|i| x[i][steps[i] * place]);
            *out = f(x, y, z);
        }
    }
}

/// Applies the function to one block. The arguments of a function are known not to overlap.
#[inline(always)]
fn each<T: Copy>(
    x: &[T; BLOCK],
    y: &[T; BLOCK],
    z: &[T; BLOCK],
    out: &mut [T; BLOCK],
    f: &impl Fn(T, T, T) -> T,
) {
    for i in 0..BLOCK {
        out[i] = f(x[i], y[i], z[i]);
    }
}
