//! The limits of a device: the dtypes that wgpu has, and the allowed error of an f32.

use kiln_program::{ArrayType, Binary, DType, Op, Unary};

/// Returns true if wgpu has the dtype. WGSL has no integers of 8 and 16 bits, and no f64; if a driver claims
/// f64, its functions are wrong.
pub fn has(of: &ArrayType) -> bool {
    matches!(
        of.dtype,
        DType::Bool | DType::F32 | DType::I32 | DType::U32 | DType::I64 | DType::U64
    )
}

/// The distance in ulp of the true value. Infinite for a wrong NaN, infinity or sign of zero.
///
/// A device may take denormal numbers for zeros: below the normal numbers the ulp is the least normal number.
/// A device may overflow if the value does within its error: an infinity counts as 2^128.
pub fn error(got: f32, truth: f64) -> f64 {
    let top = 128f64.exp2();
    let same = got.to_bits() == (truth as f32).to_bits();
    if same || got.is_nan() && truth.is_nan() {
        // The error of a rounded value is at most half an ulp.
        return if truth.is_finite() && truth.abs() < top {
            (f64::from(got) - truth).abs() / ulp(truth)
        } else {
            0.0
        };
    }
    if got.is_nan() || truth.is_nan() || truth == 0.0 && got == 0.0 || truth.is_infinite() && got.is_finite()
    {
        return f64::INFINITY;
    }
    let (got, truth) = (f64::from(got).clamp(-top, top), truth.clamp(-top, top));
    (got - truth).abs() / ulp(truth)
}

fn ulp(x: f64) -> f64 {
    let least = f64::from(f32::MIN_POSITIVE);
    let x = x.abs().min(f64::from(f32::MAX));
    if x < least {
        return least;
    }
    // The bits of the exponent alone: the power of two at or below.
    f64::from_bits(x.to_bits() & (0x7ff << 52)) * 2f64.powi(-23)
}

/// The allowed error in ulp of an elementwise function of f32 at these operands.
///
/// Exact results, WGSL's bounds, and the growth of an error with the operands are derived. The numbers in
/// [`measured`] are not derived: they are the maximum on lavapipe, where division and roots round
/// correctly and nothing is fused, and room for a device that is one or two ulp worse in those. They are
/// no promise of another GPU.
pub fn bound(op: &Op, x: &[f64]) -> f64 {
    match op {
        Op::Unary(f) => unary(*f, x[0]),
        Op::Binary(f) => binary(*f, x[0], x[1]),
        // A product and a sum. At worst they cancel to the product's rounding.
        Op::MulAdd => 0.5 + 0.5 * (x[0] * x[1] / (x[0] * x[1] + x[2])).abs().max(0.0),
        _ => panic!("{op:?} is not an elementwise function"),
    }
}

/// Marks a number of ulp that was measured on lavapipe.
fn measured(ulp: f64) -> f64 {
    ulp
}

/// The bound of the device's exponential: the power of a fraction, and the rounding of the exponent. A device
/// computes `2^(x log2(e))`. The product rounds to half an ulp of itself, the constant is off by a quarter of
/// one. That is at most `1.25 |x| 2^-24` of the result, which is `1.25 |x|` ulp. (WGSL asks for `3 + 2 |x|`.)
fn exp(x: f64) -> f64 {
    measured(3.5) + 1.25 * x.abs().min(128.0)
}

fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg | Unary::Abs | Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => {
            0.0
        }
        Unary::Not => panic!("not is not defined for floats"),
        // WGSL asks for 2 ulp of the inverse root, and 2.5 of a division. Both are correctly rounded on
        // lavapipe and CUDA.
        Unary::Sqrt => 4.5,
        Unary::Rsqrt => 7.0,
        // The last operation corrects: half an ulp, and the error of the step's own rounding.
        Unary::Cbrt => measured(1.5),
        Unary::Exp => exp(x),
        Unary::Exp2 => measured(4.0),
        // From ln 2 on `e^x - 1` is at least half of `e^x`, with the same absolute error.
        Unary::Expm1 => 2.0 * exp(x),
        Unary::Log => measured(3.0),
        // The error also has the rounding of `1 + x`, up to an ulp and a half of the logarithm at
        // the root of 2.
        Unary::Log1p => measured(4.5),
        // The error also has the roundings of the constant and of the product.
        Unary::Log2 | Unary::Log10 => measured(5.0),
        // The device's own functions. WGSL asks for 2^-11 only between -pi and pi, CUDA for 2 ulp everywhere.
        // Mesa's lose their digits beyond 8192, as measured.
        Unary::Sin | Unary::Cos | Unary::Tan if x.is_finite() && x.abs() > 8192.0 => f64::INFINITY,
        Unary::Sin | Unary::Cos => measured(2.5),
        Unary::Tan => measured(4.0),
        Unary::Asin => measured(4.0),
        Unary::Acos => measured(3.0),
        Unary::Atan => measured(4.0),
        // The square of the exponential of half the argument; next to 1 the difference adds a third.
        Unary::Cosh => 2.0 * exp(x / 2.0) + measured(2.0),
        Unary::Sinh => 1.35 * (2.0 * exp(x / 2.0) + measured(2.0)),
        // `u / (u + 2)` halves the error of `u`, and adds its own.
        Unary::Tanh => exp(0.0) + measured(3.0),
        Unary::Asinh => measured(5.0),
        Unary::Acosh => measured(4.0),
        Unary::Atanh => measured(3.0),
        // The exponential, a sum and a quotient; above 0 the exponential is the smaller part.
        Unary::Logistic => measured(3.0) + exp(x.min(0.0)),
        Unary::Erf => measured(3.0),
        // The rounding of the square counts as that of the exponent: `x^2` ulp more.
        Unary::Erfc => measured(4.0) + exp(x * x) + x * x,
        // Giles' polynomials against their values on the host. In `w = -log(1 - x^2)` the device may round
        // `x^2` or not, which is `2^-24 / (1 - x^2)` of `w`, and the result grows as the root of `w`.
        Unary::ErfInv => {
            let rest = (1.0 - x * x).abs().max(2f64.powi(-24));
            measured(8.0) + 1.0 / (rest * -rest.ln()).max(0.1)
        }
        // The host computes these.
        Unary::Lgamma | Unary::Digamma => 0.5,
    }
}

fn binary(f: Binary, x: f64, y: f64) -> f64 {
    match f {
        Binary::Add | Binary::Sub | Binary::Mul => 0.5,
        Binary::Div => 2.5,
        Binary::Rem | Binary::Max | Binary::Min => 0.0,
        // The exponent is `y log |x|`. The logarithm's 3 ulp and the product's half become as many times its
        // size in the result.
        Binary::Pow => {
            let exponent = (y * x.abs().ln()).abs().min(128.0);
            exp(exponent) + (measured(3.0) + 0.5) * exponent
        }
        Binary::Atan2 => measured(5.0),
        Binary::Hypot => measured(4.0),
        _ => panic!("{f:?} is not defined for floats"),
    }
}
