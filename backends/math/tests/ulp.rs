//! Measured accuracy of the elementary functions, in units in the last place.
//!
//! f64 is compared with values of mpmath (tests/ulp/generate.py, committed), f32 with f64 functions
//! over a sample of all bit patterns. The error of a result is its distance from the true value
//! divided by the spacing of floats at the true value. Run with `--nocapture` for the tables.

use kiln_math::{Math, simd};

/// The bound in ulp that every function must keep.
const BOUND: f64 = 2.0;
/// Every STEP-th bit pattern of f32 is tried (an odd number, so that all low bits occur).
const STEP: usize = if cfg!(debug_assertions) { 40_009 } else { 4_093 };

type Unary<T> = fn(&[T], &mut [T]);
type Binary<T> = fn(&[T], &[T], &mut [T]);

/// Records of `arity` arguments, the rounded value, and the rest in 1/254 ulp.
struct Data {
    args: [Vec<f64>; 2],
    value: Vec<f64>,
    rest: Vec<f64>,
}

fn read(bytes: &[u8], arity: usize) -> Data {
    let mut d = Data {
        args: [vec![], vec![]],
        value: vec![],
        rest: vec![],
    };
    let float = |r: &[u8], i: usize| f64::from_le_bytes(r[8 * i..8 * i + 8].try_into().unwrap());
    for r in bytes.chunks_exact(8 * arity + 9) {
        for i in 0..arity {
            d.args[i].push(float(r, i));
        }
        d.value.push(float(r, arity));
        d.rest.push(r[8 * arity + 8] as i8 as f64 / 254.0);
    }
    assert!(d.value.len() > 500, "reference data is missing");
    d
}

fn spacing64(y: f64) -> f64 {
    let y = y.abs();
    if y < f64::MIN_POSITIVE {
        f64::from_bits(1)
    } else {
        f64::from_bits(y.to_bits() + 1) - y
    }
}

/// |got - (value + rest ulp)| in ulp of `value`.
fn error64(got: f64, value: f64, rest: f64) -> f64 {
    if got == value || (got.is_nan() && value.is_nan()) {
        return if value.is_finite() { rest.abs() } else { 0.0 };
    }
    if !value.is_finite() || !got.is_finite() {
        return f64::INFINITY;
    }
    ((got - value) / spacing64(value) - rest).abs()
}

/// The error of an f32, |got - value| in ulp of `value`.
fn error32(got: f32, value: f64) -> f64 {
    let rounded = value as f32;
    if got == rounded && !got.is_finite() || got.is_nan() && value.is_nan() {
        return 0.0;
    }
    if !rounded.is_finite() || !got.is_finite() {
        return f64::INFINITY;
    }
    let r = rounded.abs();
    let ulp = if r < f32::MIN_POSITIVE {
        f32::from_bits(1) as f64
    } else {
        (f32::from_bits(r.to_bits() + 1) as f64).min(3.5e38) - r as f64
    };
    (got as f64 - value).abs() / ulp
}

/// The largest error and its arguments.
#[derive(Clone, Copy)]
struct Worst {
    error: f64,
    at: [f64; 2],
    got: f64,
    want: f64,
}

impl Worst {
    const NONE: Worst = Worst {
        error: 0.0,
        at: [0.0; 2],
        got: 0.0,
        want: 0.0,
    };
    fn see(&mut self, error: f64, at: [f64; 2], got: f64, want: f64) {
        if error > self.error || error.is_nan() {
            *self = Worst { error, at, got, want };
        }
    }
}

fn report(name: &str, kind: &str, w: Worst, failed: &mut Vec<String>) {
    println!(
        "{name:9} {kind}  {:8.4} ulp at {:?}: {:e}, true {:e}",
        w.error, w.at, w.got, w.want
    );
    if w.error.is_nan() || w.error > BOUND {
        failed.push(format!("{name} {kind}: {} ulp at {:?}", w.error, w.at));
    }
}

fn measure64(f: Unary<f64>, data: &Data) -> Worst {
    let x = &data.args[0];
    let mut y = vec![0.0; x.len()];
    f(x, &mut y);
    let mut w = Worst::NONE;
    for i in 0..x.len() {
        w.see(
            error64(y[i], data.value[i], data.rest[i]),
            [x[i], 0.0],
            y[i],
            data.value[i],
        );
    }
    w
}

fn measure32(f: Unary<f32>, reference: fn(f64) -> f64) -> Worst {
    let patterns: Vec<f32> = (0..=u32::MAX).step_by(STEP).map(f32::from_bits).collect();
    let mut y = vec![0.0; patterns.len()];
    f(&patterns, &mut y);
    let mut w = Worst::NONE;
    for (&x, &y) in patterns.iter().zip(&y) {
        let want = reference(x as f64);
        w.see(error32(y, want), [x as f64, 0.0], y as f64, want);
    }
    w
}

macro_rules! data {
    ($name:ident, $arity:literal) => {
        read(include_bytes!(concat!("ulp/", stringify!($name), ".bin")), $arity)
    };
}

/// The f64 kernel at one point: the reference of f32 for functions that std lacks. It is checked above.
macro_rules! own {
    ($name:ident) => {
        |x| {
            let mut y = [0.0];
            <f64 as Math>::$name(&[x], &mut y);
            y[0]
        }
    };
}

#[test]
fn unary_functions_keep_two_ulp() {
    let mut failed = vec![];
    macro_rules! check {
        ($($name:ident: $reference:expr;)*) => {$(
            report(stringify!($name), "f64", measure64(<f64 as Math>::$name, &data!($name, 1)), &mut failed);
            report(stringify!($name), "f32", measure32(<f32 as Math>::$name, $reference), &mut failed);
        )*};
    }
    check! {
        exp: f64::exp;
        expm1: f64::exp_m1;
        exp2: f64::exp2;
        logistic: |x| 1.0 / (1.0 + (-x).exp());
        log: f64::ln;
        log1p: f64::ln_1p;
        log2: f64::log2;
        log10: f64::log10;
        sin: f64::sin;
        cos: f64::cos;
        tan: f64::tan;
        asin: f64::asin;
        acos: f64::acos;
        atan: f64::atan;
        sinh: f64::sinh;
        cosh: f64::cosh;
        tanh: f64::tanh;
        asinh: f64::asinh;
        acosh: f64::acosh;
        atanh: f64::atanh;
        sqrt: f64::sqrt;
        rsqrt: |x| 1.0 / x.sqrt();
        cbrt: f64::cbrt;
        erf: own!(erf);
        erfc: own!(erfc);
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Every float of the last binades before sinh and cosh overflow, and of those around 1.
#[test]
fn hyperbolic_functions_keep_two_ulp_up_to_overflow() {
    let mut failed = vec![];
    let step = if cfg!(debug_assertions) { 101 } else { 1 };
    for (from, to) in [(80.0_f32, 89.5_f32), (0.5, 2.0)] {
        let x: Vec<f32> = (from.to_bits()..=to.to_bits())
            .step_by(step)
            .map(f32::from_bits)
            .collect();
        let mut y = vec![0.0; x.len()];
        type Row = (&'static str, Unary<f32>, fn(f64) -> f64);
        let table: [Row; 2] = [
            ("sinh", <f32 as Math>::sinh, f64::sinh),
            ("cosh", <f32 as Math>::cosh, f64::cosh),
        ];
        for (name, f, reference) in table {
            f(&x, &mut y);
            let mut w = Worst::NONE;
            for (&x, &y) in x.iter().zip(&y) {
                let want = reference(f64::from(x));
                w.see(error32(y, want), [f64::from(x), 0.0], f64::from(y), want);
            }
            report(name, "f32", w, &mut failed);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Pairs of a sample of bit patterns for base and exponent.
fn pairs32() -> (Vec<f32>, Vec<f32>) {
    let pattern = |i: u32| f32::from_bits(i.wrapping_mul(2_654_435_761) ^ (i >> 3));
    let n = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
    let (mut x, mut y) = (vec![], vec![]);
    for i in 0..n {
        let a = pattern(i);
        // Any bits at all, or magnitudes that suit each other.
        let b = match i % 4 {
            0 => pattern(i ^ 0x5a5a_5a5a),
            1 => (i % 400) as f32 / 10.0 - 20.0,
            2 => f32::from_bits(a.to_bits() ^ (i & 0x00ff_ffff)),
            _ => 130.0 * ((i % 1000) as f32 / 500.0 - 1.0) / (a.abs().log2() + 0.01),
        };
        x.push(a);
        y.push(b);
    }
    (x, y)
}

fn measure_pairs64(f: Binary<f64>, d: &Data) -> Worst {
    let [x, y] = &d.args;
    let mut out = vec![0.0; x.len()];
    f(x, y, &mut out);
    let mut w = Worst::NONE;
    for i in 0..x.len() {
        w.see(
            error64(out[i], d.value[i], d.rest[i]),
            [x[i], y[i]],
            out[i],
            d.value[i],
        );
    }
    w
}

fn measure_pairs32(f: Binary<f32>, reference: fn(f64, f64) -> f64) -> Worst {
    let (x, y) = pairs32();
    let mut out = vec![0.0; x.len()];
    f(&x, &y, &mut out);
    let mut w = Worst::NONE;
    for i in 0..x.len() {
        let (a, b) = (x[i] as f64, y[i] as f64);
        let want = reference(a, b);
        w.see(error32(out[i], want), [a, b], out[i] as f64, want);
    }
    w
}

#[test]
fn binary_functions_keep_two_ulp() {
    let mut failed = vec![];
    macro_rules! check {
        ($($name:ident: $reference:expr;)*) => {$(
            report(stringify!($name), "f64", measure_pairs64(<f64 as Math>::$name, &data!($name, 2)), &mut failed);
            report(stringify!($name), "f32", measure_pairs32(<f32 as Math>::$name, $reference), &mut failed);
        )*};
    }
    check! {
        pow: f64::powf;
        atan2: f64::atan2;
        hypot: f64::hypot;
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn rem_is_exact() {
    let (x, y) = pairs32();
    let mut out = vec![0.0; x.len()];
    <f32 as Math>::rem(&x, &y, &mut out);
    for i in 0..x.len() {
        let want = x[i] % y[i];
        assert!(
            same32(out[i], want),
            "{} % {} = {want}, got {}",
            x[i],
            y[i],
            out[i]
        );
    }
    let d = data!(atan2, 2);
    let mut out = vec![0.0; d.value.len()];
    <f64 as Math>::rem(&d.args[0], &d.args[1], &mut out);
    for (i, &got) in out.iter().enumerate() {
        let (x, y) = (d.args[0][i], d.args[1][i]);
        assert!(same64(got, x % y), "{x} % {y} = {}, got {got}", x % y);
    }
}

/// The same bits, or both NaN.
fn same32(a: f32, b: f32) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

fn same64(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// lgamma and digamma keep 4 ulp, next to their zeros too.
#[test]
fn gamma_functions_keep_four_ulp() {
    let check = |name: &str, f: Unary<f64>, narrow: Unary<f32>, d: &Data| {
        let x = &d.args[0];
        let mut y = vec![0.0; x.len()];
        f(x, &mut y);
        let mut w = Worst::NONE;
        for i in 0..x.len() {
            let (value, rest) = (d.value[i], d.rest[i]);
            w.see(error64(y[i], value, rest), [x[i], 0.0], y[i], value);
        }
        println!(
            "{name:15} f64 {:8.4} ulp at {:?}: {:e}, true {:e}",
            w.error, w.at, w.got, w.want
        );
        assert!(w.error <= 4.0, "{name} at {}: {} for {}", w.at[0], w.got, w.want);
        // f32 at the nearest floats, against f64, which is measured above.
        let narrowed: Vec<f32> = x.iter().map(|&x| x as f32).collect();
        let wide: Vec<f64> = narrowed.iter().map(|&x| x as f64).collect();
        let (mut reference, mut y) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        f(&wide, &mut reference);
        narrow(&narrowed, &mut y);
        for i in 0..x.len() {
            let error = error32(y[i], reference[i]);
            assert!(
                error <= 0.52,
                "{name} at {}: {} for {}",
                narrowed[i],
                y[i],
                reference[i]
            );
        }
    };
    let data = data!(lgamma, 1);
    check("lgamma", <f64 as Math>::lgamma, <f32 as Math>::lgamma, &data);
    let data = data!(digamma, 1);
    check("digamma", <f64 as Math>::digamma, <f32 as Math>::digamma, &data);
}

#[test]
fn erf_inv_is_jax() {
    let bytes = include_bytes!("ulp/erf_inv_f32.bin");
    let v: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes(c.try_into().unwrap()))
        .collect();
    let x: Vec<f32> = v.iter().step_by(2).copied().collect();
    let mut y = vec![0.0; x.len()];
    <f32 as Math>::erf_inv(&x, &mut y);
    for i in 0..x.len() {
        assert!(
            same32(y[i], v[2 * i + 1]),
            "{}: {} for {}",
            x[i],
            y[i],
            v[2 * i + 1]
        );
    }
    let bytes = include_bytes!("ulp/erf_inv_f64.bin");
    let v: Vec<f64> = bytes
        .chunks_exact(8)
        .map(|c| f64::from_le_bytes(c.try_into().unwrap()))
        .collect();
    let x: Vec<f64> = v.iter().step_by(2).copied().collect();
    let mut y = vec![0.0; x.len()];
    <f64 as Math>::erf_inv(&x, &mut y);
    let mut worst = 0.0f64;
    for i in 0..x.len() {
        worst = worst.max(error64(y[i], v[2 * i + 1], 0.0));
    }
    println!("erf_inv   f64  {worst:8.4} ulp from jax");
    assert!(worst <= 2.0);
}

/// `f(x)` is `want`, to the sign of zero; NaN for NaN. In both formats.
macro_rules! table {
    ($($f:ident($x:expr) = $want:expr;)*) => {$(
        let mut y = [0.0f64];
        <f64 as Math>::$f(&[$x], &mut y);
        assert!(same64(y[0], $want), "{}({:e}) = {:e}, not {:e}", stringify!($f), $x, y[0], $want);
        let mut y = [0.0f32];
        <f32 as Math>::$f(&[$x as f32], &mut y);
        let want = $want as f32;
        assert!(same32(y[0], want), "{}({:e}) = {:e}, not {:e} in f32", stringify!($f), $x, y[0], want);
    )*};
}

macro_rules! table2 {
    ($($f:ident($x:expr, $y:expr) = $want:expr;)*) => {$(
        let mut out = [0.0f64];
        <f64 as Math>::$f(&[$x], &[$y], &mut out);
        assert!(same64(out[0], $want), "{}({:e}, {:e}) = {:e}", stringify!($f), $x, $y, out[0]);
        let mut out = [0.0f32];
        <f32 as Math>::$f(&[$x as f32], &[$y as f32], &mut out);
        assert!(same32(out[0], $want as f32), "{}({:e}, {:e}) = {:e} in f32", stringify!($f), $x, $y, out[0]);
    )*};
}

#[test]
fn special_values() {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    table! {
        exp(0.0) = 1.0; exp(-0.0) = 1.0; exp(INF) = INF; exp(-INF) = 0.0; exp(1e3) = INF; exp(-1e3) = 0.0;
        expm1(0.0) = 0.0; expm1(-0.0) = -0.0; expm1(INF) = INF; expm1(-INF) = -1.0; expm1(1e-42) = 1e-42;
        exp2(3.0) = 8.0; exp2(-1.0) = 0.5; exp2(INF) = INF; exp2(-INF) = 0.0; exp2(0.0) = 1.0;
        logistic(0.0) = 0.5; logistic(INF) = 1.0; logistic(-INF) = 0.0;
        log(1.0) = 0.0; log(0.0) = -INF; log(-0.0) = -INF; log(INF) = INF; log(-1.0) = NAN; log(-INF) = NAN;
        log1p(0.0) = 0.0; log1p(-0.0) = -0.0; log1p(-1.0) = -INF; log1p(INF) = INF; log1p(-2.0) = NAN;
        log2(8.0) = 3.0; log2(0.0) = -INF; log2(INF) = INF; log2(-1.0) = NAN; log2(0.125) = -3.0;
        log10(1000.0) = 3.0; log10(0.0) = -INF; log10(INF) = INF; log10(-1.0) = NAN; log10(1.0) = 0.0;
        sqrt(4.0) = 2.0; sqrt(-0.0) = -0.0; sqrt(INF) = INF; sqrt(-1.0) = NAN;
        rsqrt(4.0) = 0.5; rsqrt(0.0) = INF; rsqrt(-0.0) = -INF; rsqrt(INF) = 0.0; rsqrt(-1.0) = NAN;
        cbrt(-8.0) = -2.0; cbrt(-0.0) = -0.0; cbrt(INF) = INF; cbrt(-INF) = -INF; cbrt(27.0) = 3.0;
        sin(0.0) = 0.0; sin(-0.0) = -0.0; sin(INF) = NAN; sin(-INF) = NAN; sin(1e-42) = 1e-42;
        cos(0.0) = 1.0; cos(-0.0) = 1.0; cos(INF) = NAN;
        tan(0.0) = 0.0; tan(-0.0) = -0.0; tan(INF) = NAN;
        asin(0.0) = 0.0; asin(-0.0) = -0.0; asin(1.0) = FRAC_PI_2; asin(-1.0) = -FRAC_PI_2; asin(1.5) = NAN;
        acos(1.0) = 0.0; acos(-1.0) = PI; acos(0.0) = FRAC_PI_2; acos(2.0) = NAN; acos(-INF) = NAN;
        atan(0.0) = 0.0; atan(-0.0) = -0.0; atan(INF) = FRAC_PI_2; atan(-INF) = -FRAC_PI_2; atan(1.0) = FRAC_PI_4;
        sinh(0.0) = 0.0; sinh(-0.0) = -0.0; sinh(INF) = INF; sinh(-INF) = -INF;
        cosh(0.0) = 1.0; cosh(-0.0) = 1.0; cosh(INF) = INF; cosh(-INF) = INF;
        tanh(0.0) = 0.0; tanh(-0.0) = -0.0; tanh(INF) = 1.0; tanh(-INF) = -1.0; tanh(1e-42) = 1e-42;
        asinh(0.0) = 0.0; asinh(-0.0) = -0.0; asinh(INF) = INF; asinh(-INF) = -INF;
        acosh(1.0) = 0.0; acosh(INF) = INF; acosh(0.5) = NAN; acosh(-INF) = NAN;
        atanh(0.0) = 0.0; atanh(-0.0) = -0.0; atanh(1.0) = INF; atanh(-1.0) = -INF; atanh(1.5) = NAN;
        erf(0.0) = 0.0; erf(-0.0) = -0.0; erf(INF) = 1.0; erf(-INF) = -1.0;
        erfc(0.0) = 1.0; erfc(INF) = 0.0; erfc(-INF) = 2.0;
        erf_inv(0.0) = 0.0; erf_inv(-0.0) = -0.0; erf_inv(1.0) = INF; erf_inv(-1.0) = -INF; erf_inv(1.5) = NAN;
        lgamma(1.0) = 0.0; lgamma(2.0) = 0.0; lgamma(INF) = INF; lgamma(-INF) = INF; lgamma(0.0) = INF; lgamma(-3.0) = INF;
        digamma(0.0) = NAN; digamma(-3.0) = NAN; digamma(INF) = INF;
        floor(-0.5) = -1.0; floor(-0.0) = -0.0; ceil(-0.5) = -0.0; trunc(-1.5) = -1.0; trunc(-0.5) = -0.0;
        round(0.5) = 0.0; round(1.5) = 2.0; round(2.5) = 2.0; round(-0.5) = -0.0; round(INF) = INF;
        sign(-3.0) = -1.0; sign(0.0) = 0.0; sign(-0.0) = -0.0; sign(INF) = 1.0;
        abs(-0.0) = 0.0; abs(-INF) = INF; neg(0.0) = -0.0;
    }
    macro_rules! nan {
        ($($f:ident)*) => { table! { $($f(NAN) = NAN;)* } };
    }
    nan!(exp expm1 exp2 logistic log log1p log2 log10 sqrt rsqrt cbrt sin cos tan asin acos atan sinh cosh tanh
        asinh acosh atanh erf erfc erf_inv lgamma digamma floor ceil round trunc sign abs neg);
    table2! {
        pow(NAN, 0.0) = 1.0; pow(1.0, NAN) = 1.0; pow(1.0, INF) = 1.0; pow(NAN, 2.5) = NAN; pow(2.5, NAN) = NAN;
        pow(-1.0, INF) = 1.0; pow(-1.0, -INF) = 1.0; pow(0.5, INF) = 0.0; pow(0.5, -INF) = INF;
        pow(2.0, INF) = INF; pow(2.0, -INF) = 0.0; pow(-2.0, INF) = INF; pow(-2.0, -INF) = 0.0;
        pow(0.0, -3.0) = INF; pow(-0.0, -3.0) = -INF; pow(-0.0, -2.0) = INF; pow(-0.0, -2.5) = INF;
        pow(0.0, 3.0) = 0.0; pow(-0.0, 3.0) = -0.0; pow(-0.0, 5.0) = -0.0; pow(-0.0, 2.5) = 0.0; pow(-0.0, 4.0) = 0.0;
        pow(0.0, INF) = 0.0; pow(0.0, -INF) = INF; pow(-0.0, -INF) = INF; pow(-0.0, -1.0) = -INF;
        pow(INF, 2.5) = INF; pow(INF, -2.5) = 0.0; pow(-INF, 3.0) = -INF; pow(-INF, 5.0) = -INF; pow(-INF, 4.0) = INF;
        pow(-INF, 2.5) = INF; pow(-INF, -3.0) = -0.0; pow(-INF, -4.0) = 0.0; pow(-INF, -2.5) = 0.0; pow(INF, INF) = INF;
        pow(-8.0, 5.0) = -32768.0; pow(-8.0, 0.3) = NAN; pow(-8.0, 0.5) = NAN; pow(2.0, 10.0) = 1024.0;
        pow(-0.0, 0.5) = 0.0; pow(-INF, 0.5) = INF; pow(-0.0, 1.5) = 0.0; pow(-INF, 1.5) = INF; pow(4.0, 1.5) = 8.0;
        pow(-3.0, 2.0) = 9.0; pow(-3.0, 3.0) = -27.0; pow(-3.0, 1.0) = -3.0; pow(-4.0, -1.0) = -0.25; pow(10.0, 1e6) = INF;
        atan2(0.0, 1.0) = 0.0; atan2(-0.0, 1.0) = -0.0; atan2(0.0, -1.0) = PI; atan2(-0.0, -1.0) = -PI;
        atan2(0.0, 0.0) = 0.0; atan2(0.0, -0.0) = PI; atan2(-0.0, -0.0) = -PI; atan2(1.0, 0.0) = FRAC_PI_2;
        atan2(-1.0, -0.0) = -FRAC_PI_2; atan2(INF, INF) = FRAC_PI_4; atan2(INF, -INF) = 3.0 * FRAC_PI_4;
        atan2(1.0, INF) = 0.0; atan2(-1.0, -INF) = -PI; atan2(NAN, 1.0) = NAN; atan2(1.0, NAN) = NAN;
        rem(5.5, 2.0) = 1.5; rem(-5.5, 2.0) = -1.5; rem(5.5, -2.0) = 1.5; rem(-4.0, 2.0) = -0.0; rem(1.0, 0.0) = NAN;
        rem(INF, 2.0) = NAN; rem(2.0, INF) = 2.0; rem(-2.0, INF) = -2.0; rem(-0.0, 2.0) = -0.0; rem(NAN, 1.0) = NAN;
        hypot(3.0, 4.0) = 5.0; hypot(INF, NAN) = INF; hypot(NAN, -INF) = INF; hypot(NAN, 1.0) = NAN; hypot(-0.0, 0.0) = 0.0;
    }
}

/// `pow_scalar`, short slices and any offset return the bits of the whole slice.
#[test]
fn results_depend_on_the_element_alone() {
    let d = data!(pow, 2);
    let x: Vec<f64> = d.args[0]
        .iter()
        .map(|x| x.abs())
        .chain([1.0, -0.0, -2.0, f64::NEG_INFINITY, f64::NAN])
        .collect();
    for y in [
        0.5,
        1.5,
        1.0,
        2.0,
        3.0,
        -1.0,
        2.5,
        -0.5,
        0.0,
        7.0,
        -2.0,
        0.3,
        f64::INFINITY,
        f64::NAN,
    ] {
        let (mut a, mut b) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        <f64 as Math>::pow(&x, &vec![y; x.len()], &mut a);
        <f64 as Math>::pow_scalar(&x, y, &mut b);
        assert!(
            a.iter().zip(&b).all(|(&a, &b)| same64(a, b)),
            "pow_scalar(_, {y})"
        );
    }
    let x: Vec<f64> = (0..200)
        .map(|i| (i as f64 - 100.0) * 1.37e3f64.powi(i % 5 - 2))
        .collect();
    macro_rules! check {
        ($($f:ident)*) => {$(
            let mut whole = vec![0.0; x.len()];
            <f64 as Math>::$f(&x, &mut whole);
            for n in [1, 3, 8, 16, 17, 33, 65, 100] {
                let mut part = vec![0.0; n];
                <f64 as Math>::$f(&x[7..7 + n], &mut part);
                assert!(part.iter().zip(&whole[7..]).all(|(&a, &b)| same64(a, b)), "{} of {n}", stringify!($f));
            }
        )*};
    }
    check!(exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh erf erfc erf_inv lgamma cbrt);
    // Blocks with and without negative arguments.
    let x: Vec<f32> = x
        .iter()
        .map(|&x| x as f32)
        .chain((1..200).map(|i| i as f32 / 7.0))
        .collect();
    macro_rules! check32 {
        ($($f:ident)*) => {$(
            let mut whole = vec![0.0; x.len()];
            <f32 as Math>::$f(&x, &mut whole);
            for (&x, &want) in x.iter().zip(&whole) {
                let mut y = [0.0];
                <f32 as Math>::$f(&[x], &mut y);
                assert!(same32(y[0], want), "{}({x}) = {}, {want} in the slice", stringify!($f), y[0]);
            }
        )*};
    }
    check32!(exp log log1p erf erfc erf_inv lgamma digamma);
}

/// A digest of the bits of every function over a sample of arguments; NaNs are alike.
fn digest() -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325u64;
    let mut mix = |v: u64| h = (h ^ v).wrapping_mul(0x100_0000_01b3);
    let n = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let x32: Vec<f32> = (0..n)
        .map(|i: u32| f32::from_bits(i.wrapping_mul(2_654_435_761)))
        .collect();
    let y32: Vec<f32> = x32.iter().rev().map(|x| x.abs().sqrt().sqrt() - 2.0).collect();
    let x64: Vec<f64> = (0..n as u64)
        .map(|i| f64::from_bits(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
        .collect();
    let y64: Vec<f64> = x32.iter().rev().map(|&x| x as f64).collect();
    let mid: Vec<f64> = (0..n).map(|i| i as f64 / n as f64 * 24.0 - 12.0).collect();
    let mid32: Vec<f32> = mid.iter().map(|&x| x as f32).collect();
    macro_rules! each {
        ($($f:ident)*) => {$(
            for x in [&x32, &mid32] {
                let mut out = vec![0.0; x.len()];
                <f32 as Math>::$f(x, &mut out);
                out.iter().for_each(|v| mix(if v.is_nan() { 1 } else { v.to_bits() as u64 }));
            }
            for x in [&x64, &mid, &y64] {
                let mut out = vec![0.0; x.len()];
                <f64 as Math>::$f(x, &mut out);
                out.iter().for_each(|v| mix(if v.is_nan() { 1 } else { v.to_bits() }));
            }
        )*};
    }
    each!(exp expm1 exp2 logistic log log1p log2 log10 sqrt rsqrt cbrt sin cos tan asin acos atan sinh cosh tanh
        asinh acosh atanh erf erfc erf_inv lgamma digamma floor ceil round trunc sign abs neg);
    macro_rules! each2 {
        ($($f:ident)*) => {$(
            let mut out = vec![0.0; x32.len()];
            <f32 as Math>::$f(&x32, &y32, &mut out);
            out.iter().for_each(|v| mix(if v.is_nan() { 1 } else { v.to_bits() as u64 }));
            for (x, y) in [(&x64, &y64), (&mid, &y64), (&y64, &mid)] {
                let mut out = vec![0.0; x.len()];
                <f64 as Math>::$f(x, y, &mut out);
                out.iter().for_each(|v| mix(if v.is_nan() { 1 } else { v.to_bits() }));
            }
        )*};
    }
    each2!(pow atan2 rem hypot);
    h
}

/// The version is chosen once for a process: this test starts itself again for each.
#[test]
fn versions_agree_bit_for_bit() {
    const CHILD: &str = "KILN_PRINT_DIGEST";
    if std::env::var_os(CHILD).is_some() {
        return println!("version {:?} {:016x}", simd::level(), digest());
    }
    let exe = std::env::current_exe().unwrap();
    let digests: Vec<String> = simd::supported()
        .iter()
        .map(|level| {
            let name = format!("{level:?}").to_lowercase();
            let out = std::process::Command::new(&exe)
                .args(["--exact", "versions_agree_bit_for_bit", "--nocapture"])
                .env("KILN_SIMD", &name)
                .env(CHILD, "1")
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&out.stdout);
            let start = text
                .find("version ")
                .unwrap_or_else(|| panic!("no digest from {name}: {text}"));
            let line = text[start..].lines().next().unwrap();
            assert!(
                line.contains(&format!("{level:?}")),
                "KILN_SIMD={name} was not obeyed"
            );
            line.rsplit(' ').next().unwrap().to_string()
        })
        .collect();
    assert!(digests.windows(2).all(|d| d[0] == d[1]), "{digests:?}");
}

#[test]
fn dispatch_runs_any_loop_in_every_version() {
    struct Dot<'a>(&'a [f64], &'a [f64]);
    impl simd::Kernel for Dot<'_> {
        type Out = f64;
        #[inline(always)]
        fn run(self) -> f64 {
            self.0.iter().zip(self.1).fold(0.0, |s, (a, b)| a.mul_add(*b, s))
        }
    }
    let x: Vec<f64> = (0..100).map(|i| 1.0 / (i + 1) as f64).collect();
    let want = simd::dispatch(Dot(&x, &x));
    for level in simd::supported() {
        assert_eq!(simd::run_at(level, Dot(&x, &x)), want);
    }
    let mut out = [0.0; 100];
    simd::map3(&x, &x, &x, &mut out, |a, b, c| a.mul_add(b, c));
    assert_eq!(out[4], 0.2f64.mul_add(0.2, 0.2));
}
