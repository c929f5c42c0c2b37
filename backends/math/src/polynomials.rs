//! Coefficients of polynomials in f32, lowest power first: for the CPU's kernels and for devices.
//!
//! Minimax fits by the Remez exchange algorithm in 200-bit arithmetic, each for the range that it names.

/// `exp(r) = 1 + r + r^2 Q(r)` for `|r| <= ln 2 / 2`, relative error 2^-27.
pub const EXP: &[f32] = &[0.5, 0.16666542, 0.041666284, 0.008366707, 0.0013946373];

/// `log(1 + f) = s (2 + s^2 L(s^2))` with `s = f / (2 + f)`, for `1 + f` between the roots of 1/2 and 2,
/// relative error 2^-34.
pub const LOG: &[f32] = &[0.66666776, 0.3997745, 0.29874405];

/// `asin(x) = x + x^3 P(x^2)` for `|x| <= 1/2`, relative error 2^-30.
pub const ASIN: &[f32] = &[
    0.1666666,
    0.0750051,
    0.044515863,
    0.031816546,
    0.014406169,
    0.037560835,
];

/// `atan(t) = t + t^3 A(t^2)` for `|t| <= tan(pi/8)`, relative error 2^-30.
pub const ATAN: &[f32] = &[-0.33333316, 0.1999848, -0.14243649, 0.105943695, -0.060789842];

/// `asinh(x) = x + x^3 P(x^2)` for `|x| <= 1/2`, relative error 2^-29.
pub const ASINH: &[f32] = &[-0.16666643, 0.074986644, -0.04438596, 0.028175863, -0.013248407];

/// `atanh(x) = x + x^3 P(x^2)` for `|x| <= 1/2`, relative error 2^-29.
pub const ATANH: &[f32] = &[
    0.333333, 0.20002586, 0.14221527, 0.11833682, 0.05099401, 0.17718709,
];

/// `erf(x) = x + x E(x^2)` for `|x| <= 1`, relative error 2^-29.
pub const ERF: &[f32] = &[
    0.12837917,
    -0.37612626,
    0.11283583,
    -0.026853723,
    0.0051881387,
    -8.0083543e-04,
    7.847207e-05,
];

/// `erf(x) = 1 - exp(-T(x - 1))` for `1 <= x <= 4`, relative error 2^-35.
pub const ERF_TAIL: &[f32] = &[
    1.8496056,
    2.6389675,
    0.84310704,
    0.041563552,
    -0.010046588,
    0.002012098,
    -2.8958896e-04,
    2.1697539e-05,
];

/// `erf(x) = 1 - R(x - 1.75)^2` for `1 <= x <= 4`, relative error 2^-28.
pub const ERF_ROOT: &[f32] = &[
    0.11544838,
    -0.22856538,
    0.173732,
    -0.04650942,
    -0.014474187,
    0.012640599,
    -0.0013672343,
    -0.0013199976,
    0.00044187525,
    4.1904914e-05,
    -4.377312e-05,
    6.3307966e-06,
];

/// `erfc(x) = exp(-x^2) P((x - 2) / (x + 2)) / x` for `x >= 1/2`, relative error 2^-27.
pub const ERFC: &[f32] = &[
    0.51079136,
    0.16721104,
    -0.20384455,
    0.1215137,
    -0.028971609,
    -0.0075017707,
    0.004752327,
    0.0010631983,
    -6.5908895e-04,
    -1.9158983e-04,
];
