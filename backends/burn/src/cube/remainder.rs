//! C's remainder, exact for every quotient. It is computed in integers, as floats would round.

use super::grid;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

pub(super) fn launch(x: &CubeTensor, y: &CubeTensor, out: &CubeTensor) {
    let units = out.meta.num_elements();
    let (count, dim, address) = grid(out, units, units);
    remainder::launch(
        &out.client,
        count,
        dim,
        address,
        x.clone().into_buffer_arg(),
        y.clone().into_buffer_arg(),
        out.clone().into_buffer_arg(),
    );
}

const SIGN: u32 = 0x8000_0000;
const INFINITY: u32 = 0x7F80_0000;

/// Returns the mantissa of a magnitude's bits, and the exponent of its unit plus 150.
#[cube]
fn parts(bits: u32) -> (u32, u32) {
    let exponent = bits >> 23;
    let fraction = bits & 0x7F_FFFF;
    let normal = exponent > 0;
    (
        select(normal, fraction | 0x80_0000, fraction),
        select(normal, exponent, 1u32),
    )
}

#[cube(launch, address_type = "dynamic")]
fn remainder(x: &[f32], y: &[f32], out: &mut [f32]) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let bits = u32::reinterpret(x[ABSOLUTE_POS]);
    let a = bits & !SIGN;
    let b = u32::reinterpret(y[ABSOLUTE_POS]) & !SIGN;
    // If `x` is below the divisor, which may be infinite, `x` is its own remainder.
    let mut result = bits;
    if a >= INFINITY || b > INFINITY || b == 0 {
        result = 0x7FC0_0000u32;
    } else if a >= b {
        let (m, exponent) = parts(a);
        let (divisor, unit) = parts(b);
        // m 2^distance modulo the divisor, eight bits at a time: a word holds these.
        let distance = exponent - unit;
        let mut rest = ((m % divisor) << (distance % 8)) % divisor;
        for _ in 0..distance / 8 {
            rest = (rest << 8) % divisor;
        }
        // The rest has up to 24 bits, and fewer for denormal numbers.
        let zeros = rest.leading_zeros() - 8;
        let shift = select(zeros < unit - 1, zeros, unit - 1);
        let magnitude = (rest << shift) + ((unit - shift - 1) << 23);
        result = (bits & SIGN) | select(rest == 0, 0u32, magnitude);
    }
    out[ABSOLUTE_POS] = f32::reinterpret(result);
}
