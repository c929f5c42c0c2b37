//! sin, cos and tan of huge arguments, one at a time.
//!
//! Payne and Hanek's reduction (SIGNUM Newsletter 18, 1983): of the product of x with 2/pi only the bits of
//! weight 2 to 2^-190 are formed, in integers. No f64 is closer to a multiple of pi/2 than 2^-62, so that the
//! remainder is good to 2^-70 of itself.

use super::real::div_pair;
use super::sin_cos::sin_cos_pairs;

/// 2/pi in words of 64 bits, the binary point after the first, which is 0.
#[rustfmt::skip]
const TWO_OVER_PI: [u64; 20] = [
    0, 0xa2f9836e4e441529,
    0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
];

/// (n mod 4, r, lo) with |x| = n pi/2 + r + lo and |r| <= pi/4, for finite |x| >= 1.
fn reduce(x: f64) -> (u8, f64, f64) {
    const HALF_PI: (f64, f64) = (std::f64::consts::FRAC_PI_2, 6.123233995736766e-17);
    const SCALE: f64 = f64::from_bits((1023 - 128) << 52);
    let bits = x.to_bits() & (u64::MAX >> 1);
    let m = (bits & ((1 << 52) - 1)) | (1 << 52);
    // x = m 2^e: the bit of 2/pi whose product with x has weight 2 is number e + 62 of the table.
    let first = (bits >> 52) as usize + 62 - 1075;
    let (word, shift) = (first / 64, first % 64);
    let window = |i: usize| {
        let two = ((TWO_OVER_PI[word + i] as u128) << 64) | TWO_OVER_PI[word + i + 1] as u128;
        (two << shift >> 64) as u64
    };
    let low = m as u128 * window(2) as u128;
    let mid = m as u128 * window(1) as u128 + (low >> 64);
    let high = m.wrapping_mul(window(0)).wrapping_add((mid >> 64) as u64);
    let product = (high as u128) << 64 | (mid as u64) as u128;
    // Two bits of n, then the fraction, read as signed: it rounds to the nearest.
    let fraction = (product << 2 | ((low as u64) >> 62) as u128) as i128;
    let n = (high >> 62) as u8 + (fraction < 0) as u8;
    let hi = fraction as f64;
    let lo = fraction.wrapping_sub(hi as i128) as f64;
    let (hi, lo) = (hi * SCALE, lo * SCALE);
    let r = hi * HALF_PI.0;
    let rl = hi.mul_add(HALF_PI.0, -r) + hi.mul_add(HALF_PI.1, lo * HALF_PI.0);
    (n % 4, r, rl)
}

/// sin(|x| + shift pi/2).
fn sin_shifted(x: f64, shift: u8) -> f64 {
    let (n, r, lo) = reduce(x);
    let ((s, sl), (c, cl)) = sin_cos_pairs(r, lo);
    match (n + shift) % 4 {
        0 => s + sl,
        1 => c + cl,
        2 => -(s + sl),
        _ => -(c + cl),
    }
}

pub(super) fn sin(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let s = sin_shifted(x, 0);
    if x < 0.0 { -s } else { s }
}

pub(super) fn cos(x: f64) -> f64 {
    if x.is_finite() {
        sin_shifted(x, 1)
    } else {
        f64::NAN
    }
}

pub(super) fn tan(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
    let (n, r, lo) = reduce(x);
    let ((s, sl), (c, cl)) = sin_cos_pairs(r, lo);
    let t = if n % 2 == 0 {
        div_pair(s, sl, c, cl)
    } else {
        div_pair(-c, -cl, s, sl)
    };
    if x < 0.0 { -t } else { t }
}
