//! Uniform floats of any bounds: a product and a sum, rounded once.
//!
//! Some devices contract the two and some do not, and their `fma` need not be one. Integers are the same
//! everywhere: the exact result is a whole number of `2^grid`, of fewer than 52 bits. Two words hold it, and
//! it is rounded at the end.

use super::grid;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

pub(super) fn launch(high: &CubeTensor, low: &CubeTensor, out: &CubeTensor, least: f32, end: f32) {
    let units = out.meta.num_elements();
    let (count, dim, address) = grid(out, units, units);
    let Bounds {
        width,
        low: least_words,
        grid,
    } = Bounds::new(least, end);
    uniform::launch(
        &out.client,
        count,
        dim,
        address,
        high.clone().into_buffer_arg(),
        low.clone().into_buffer_arg(),
        out.clone().into_buffer_arg(),
        least,
        width,
        (least_words >> 32) as u32,
        least_words as u32,
        grid + 149,
        least < 0.0,
    );
}

/// Both bounds in units of `2^grid`.
struct Bounds {
    /// The exact width of a unit of `2^-23` on `[0, 1)`.
    width: u32,
    /// The magnitude of the lower bound. Bits below the grid set its last bit.
    low: u64,
    grid: i32,
}

impl Bounds {
    /// Returns the bounds for `low < high`, `low` not 0 and the width finite.
    ///
    /// Let the width be an odd number of `b` bits times `2^(p + 23)`, so that products are whole numbers of
    /// `2^p`. Let `low` be an odd number of at most 24 bits times `2^l`, whose first bit is that of `2^e`.
    ///
    /// If `l >= p`, the grid is `p`. Then `low` has at most 48 bits, since `p + 23 >= e - 24`: a width of at
    /// least `2^(e - 1)` has 24 bits, and a lesser width is exact and a multiple of the spacing of floats
    /// from `2^(e - 1)` on, where `high` then is.
    ///
    /// If `l < p`, the grid is `l`, but not finer than `p + b - 27`, so that products have 50 bits. Bits
    /// of `low` below the grid set its last bit. That is enough to round by: `low` is then below `2^23`
    /// units and a product at least `2^26`, so that the result has 26 bits. For a product of 0 the kernel
    /// returns `low` itself.
    fn new(low: f32, high: f32) -> Bounds {
        let (w, exponent) = odd(high - low);
        let (magnitude, l) = odd(low.abs());
        let p = exponent - 23;
        let finest = p + (w.ilog2() as i32 + 1) - 27;
        let grid = p.min(l.max(finest));
        let low = if l >= grid {
            u64::from(magnitude) << (l - grid)
        } else {
            u64::from(magnitude).checked_shr((grid - l) as u32).unwrap_or(0) | 1
        };
        Bounds {
            width: w << (p - grid),
            low,
            grid,
        }
    }
}

/// Returns a positive float as an odd number and a power of two.
fn odd(x: f32) -> (u32, i32) {
    let (exponent, fraction) = ((x.to_bits() >> 23) as i32, x.to_bits() & 0x7F_FFFF);
    let (mantissa, exponent) = if exponent == 0 {
        (fraction, -149)
    } else {
        (fraction | 0x80_0000, exponent - 150)
    };
    let zeros = mantissa.trailing_zeros();
    (mantissa >> zeros, exponent + zeros as i32)
}

#[cube(launch, address_type = "dynamic")]
fn uniform(
    high: &[u32],
    low: &[u32],
    out: &mut [f32],
    least: f32,
    width: u32,
    least1: u32,
    least0: u32,
    exponent: i32,
    #[comptime] negative: bool,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let unit = (high[ABSOLUTE_POS] ^ low[ABSOLUTE_POS]) >> 9;
    // unit * width + low in two words.
    let product1 = u32::mul_hi(unit, width);
    let product0 = unit * width;
    let mut x1 = product1 + least1;
    let mut x0 = product0 + least0;
    let mut sign = 0u32;
    if comptime!(negative) {
        x0 = product0 - least0;
        x1 = product1 - least1 - u32::cast_from(product0 < least0);
        sign = x1 >> 31;
        if sign == 1 {
            x0 = !x0 + 1;
            x1 = !x1 + u32::cast_from(x0 == 0);
        }
    } else {
        x1 += u32::cast_from(x0 < product0);
    }
    // The first bit moves to the top; the exponent is that of the 24th bit from there.
    let mut exponent = exponent + 40;
    if x1 == 0 {
        x1 = x0;
        x0 = 0u32;
        exponent -= 32;
    }
    let zeros = x1.leading_zeros();
    if zeros > 0 {
        x1 = (x1 << zeros) | (x0 >> (32 - zeros));
        x0 <<= zeros;
    }
    exponent -= i32::cast_from(zeros);
    // Rounds to the nearest, ties to even. A carry goes on into the exponent.
    let mantissa = x1 >> 8;
    let rest = u32::cast_from((x1 & 0x7F) | x0 != 0);
    let up = (x1 >> 7) & (rest | mantissa) & 1;
    let bits = (sign << 31) | ((u32::cast_from(exponent) << 23) + mantissa + up);
    // Numbers below the normal ones are 0, as on devices.
    let x = select(x1 == 0 || exponent < 0, 0f32, f32::reinterpret(bits));
    out[ABSOLUTE_POS] = select(unit == 0, least, x);
}
