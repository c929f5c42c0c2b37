//! Elementwise ops, constants and casts.

use super::common::*;
use burn_backend::TensorData;
use kiln_program::{Binary, Compare, DType, Op, Scalar, Shape, Unary};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

fn f32s(x: &[f64]) -> TensorData {
    v(x.iter().map(|&x| x as f32).collect::<Vec<_>>())
}

/// Adds rows for a function of `f64` in both widths.
fn unary(rows: &mut Vec<Row>, f: Unary, tolerance: f64, x: &[f64], of: impl Fn(f64) -> f64) {
    let single: Vec<f64> = x.iter().map(|&x| f64::from(x as f32)).collect();
    let expected: Vec<f64> = single.iter().map(|&x| of(x)).collect();
    rows.push(row(Op::Unary(f), vec![f32s(x)], f32s(&expected)).within(tolerance * 2f64.powi(-24)));
    let expected: Vec<f64> = x.iter().map(|&x| of(x)).collect();
    rows.push(row(Op::Unary(f), vec![v(x)], v(expected)).within(tolerance * 2f64.powi(-53)));
}

#[test]
fn unary_floats() {
    let mut rows = Vec::new();
    let plain = [
        0.5, -0.5, 2.0, -2.0, 1.0, -1.0, 3.25, -7.5, 0.0, -0.0, INF, -INF, NAN,
    ];
    unary(&mut rows, Unary::Neg, 0.0, &plain, |x| -x);
    unary(&mut rows, Unary::Floor, 0.0, &plain, f64::floor);
    unary(&mut rows, Unary::Ceil, 0.0, &plain, f64::ceil);
    unary(&mut rows, Unary::Trunc, 0.0, &plain, f64::trunc);
    unary(&mut rows, Unary::Sqrt, 0.0, &plain, f64::sqrt);
    let nonzero = &plain[..8];
    unary(&mut rows, Unary::Abs, 0.0, nonzero, f64::abs);
    unary(&mut rows, Unary::Abs, 0.0, &[0.0, INF, -INF, NAN], f64::abs);
    let sign = |x: f64| if x == 0.0 || x.is_nan() { x } else { x.signum() };
    unary(&mut rows, Unary::Sign, 0.0, &plain, sign);
    let halves = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, 2.6, 1e9, -0.0, INF, NAN];
    unary(&mut rows, Unary::Round, 0.0, &halves, f64::round_ties_even);
    unary(
        &mut rows,
        Unary::Rsqrt,
        3.0,
        &[0.5, 2.0, 9.0, 0.0, INF, -1.0],
        |x| 1.0 / x.sqrt(),
    );
    unary(
        &mut rows,
        Unary::Cbrt,
        4.0,
        &[8.0, -27.0, 1e30, -1e-30, 0.3, 0.0, INF, -INF, NAN],
        f64::cbrt,
    );
    unary(
        &mut rows,
        Unary::Exp,
        3.0,
        &[1.0, -1.0, 20.0, -20.0, 0.0, INF, -INF, 1000.0],
        f64::exp,
    );
    unary(
        &mut rows,
        Unary::Exp2,
        3.0,
        &[1.0, -1.5, 20.25, 100.5, 0.0, INF, -INF],
        f64::exp2,
    );
    let small = [
        1e-30, -1e-30, 1e-8, -1e-8, 0.3, -0.3, 0.99, -0.99, 1.5, -1.5, 20.0, -20.0, 0.0, INF, -INF, NAN,
    ];
    unary(&mut rows, Unary::Expm1, 8.0, &small, f64::exp_m1);
    unary(
        &mut rows,
        Unary::Log,
        3.0,
        &[1.0, 0.5, 1e-30, 1e30, 0.0, INF, -1.0, NAN],
        f64::ln,
    );
    unary(
        &mut rows,
        Unary::Log2,
        4.0,
        &[1.0, 0.5, 1024.0, 1e30, 0.0, INF, -1.0],
        f64::log2,
    );
    unary(
        &mut rows,
        Unary::Log10,
        4.0,
        &[1.0, 0.5, 1000.0, 1e30, 0.0, INF, -1.0],
        f64::log10,
    );
    unary(
        &mut rows,
        Unary::Log1p,
        3.0,
        &[1e-20, -1e-20, 0.5, -0.5, 1e20, -1.0, INF, -2.0],
        f64::ln_1p,
    );
    let angles = [0.5, -0.5, 1.0, 10.0, -100.0, 0.0, INF, NAN];
    unary(&mut rows, Unary::Sin, 4.0, &angles, f64::sin);
    unary(&mut rows, Unary::Cos, 4.0, &angles, f64::cos);
    unary(&mut rows, Unary::Tan, 4.0, &angles, f64::tan);
    let unit = [0.5, -0.5, 1.0, -1.0, 1e-10, 0.0, 2.0, NAN];
    unary(&mut rows, Unary::Asin, 4.0, &unit, f64::asin);
    unary(&mut rows, Unary::Acos, 4.0, &unit, f64::acos);
    unary(&mut rows, Unary::Atan, 4.0, &plain, f64::atan);
    unary(
        &mut rows,
        Unary::Sinh,
        6.0,
        &[0.5, -3.0, 1e-10, 20.0, INF, NAN],
        f64::sinh,
    );
    unary(
        &mut rows,
        Unary::Cosh,
        6.0,
        &[0.5, -3.0, 1e-10, 20.0, INF, NAN],
        f64::cosh,
    );
    unary(
        &mut rows,
        Unary::Tanh,
        6.0,
        &[0.5, -3.0, 1e-10, 20.0, INF, -INF, NAN],
        f64::tanh,
    );
    unary(&mut rows, Unary::Asinh, 8.0, &[0.5, 3.0, 20.0, INF], f64::asinh);
    unary(
        &mut rows,
        Unary::Acosh,
        8.0,
        &[1.5, 3.0, 20.0, INF, 0.5],
        f64::acosh,
    );
    unary(
        &mut rows,
        Unary::Atanh,
        8.0,
        &[0.5, -0.5, 0.9, 1.0, 2.0],
        f64::atanh,
    );
    let logistic = |x: f64| {
        if x > 0.0 {
            1.0 / (1.0 + (-x).exp())
        } else {
            x.exp() / (1.0 + x.exp())
        }
    };
    unary(
        &mut rows,
        Unary::Logistic,
        6.0,
        &[0.0, 1.0, -1.0, 30.0, -30.0, -80.0, INF, NAN],
        logistic,
    );
    unary(
        &mut rows,
        Unary::Erf,
        4.0,
        &[0.5, -0.5, 1e-10, 2.0, -6.0, INF, NAN],
        libm::erf,
    );
    unary(&mut rows, Unary::Erfc, 4.0, &[0.5, -0.5, 0.0], libm::erfc);
    check(rows);
    let mut rows = Vec::new();
    unary(
        &mut rows,
        Unary::Erfc,
        4.0,
        &[3.0, 8.0, INF, -INF, NAN],
        libm::erfc,
    );
    // 4! and the half-integers' sqrt(pi) and -2 sqrt(pi); the poles.
    let root = std::f64::consts::PI.sqrt();
    let (x, y) = (
        [5.0, 0.5, -0.5, 1e10, 0.0, -1.0, INF],
        [24f64.ln(), root.ln(), (2.0 * root).ln()],
    );
    let lgamma = |at: f64| match x.iter().position(|&x| x == at) {
        Some(i) if i < 3 => y[i],
        Some(3) => 220_258_509_288.810_58,
        _ => INF,
    };
    unary(&mut rows, Unary::Lgamma, 4.0, &x, lgamma);
    let digamma = |x: f64| {
        if x == 1.0 {
            -0.577_215_664_901_532_9
        } else if x == 0.0 {
            NAN
        } else {
            x
        }
    };
    unary(&mut rows, Unary::Digamma, 4.0, &[1.0, 0.0, INF, NAN], digamma);
    check(rows.into_iter().map(|row| row.on(RUNNING)).collect());
}

#[test]
fn erf_inv_has_xlas_values() {
    // Values of jax.scipy.special.erfinv: the inverse of erf, to the polynomial's own accuracy.
    let x = [0.5, -0.5, 0.9, 0.999, 1e-10, 0.0, 1.0, -1.0, 1.5, NAN];
    let y = [
        0.476_936_276_204_469_9,
        -0.476_936_276_204_469_9,
        1.163_087_153_676_674,
        2.326_753_765_513_525,
        8.862_269_254_527_58e-11,
        0.0,
        INF,
        -INF,
        NAN,
        NAN,
    ];
    check(vec![
        row(Op::Unary(Unary::ErfInv), vec![v(x)], v(y)).within(1e-14),
        row(Op::Unary(Unary::ErfInv), vec![f32s(&x)], f32s(&y)).within(3e-6),
    ]);
}

#[test]
fn unary_integers_and_bools() {
    let unary = |f, x, y| row(Op::Unary(f), vec![x], y);
    check(vec![
        unary(Unary::Neg, v([1i32, -5, 0]), v([-1i32, 5, 0])),
        unary(Unary::Neg, v([i32::MIN]), v([i32::MIN])).wrapping(),
        unary(Unary::Neg, v([1u8, 0]), v([255u8, 0])).wrapping(),
        unary(Unary::Neg, v([1u64]), v([u64::MAX])),
        unary(Unary::Abs, v([-3i16, 3]), v([3i16, 3])),
        unary(Unary::Abs, v([i64::MIN]), v([i64::MIN])).wrapping(),
        unary(Unary::Abs, v([200u8]), v([200u8])),
        unary(Unary::Sign, v([-3i8, 0, 3]), v([-1i8, 0, 1])),
        unary(Unary::Sign, v([0u32, 7, u32::MAX]), v([0u32, 1, 1])),
        unary(Unary::Not, v([0i32, -1]), v([-1i32, 0])),
        unary(Unary::Not, v([0u16, 1]), v([u16::MAX, u16::MAX - 1])),
        unary(Unary::Not, v([true, false]), v([false, true])),
        unary(Unary::Neg, s(2.5f32), s(-2.5f32)),
        unary(
            Unary::Neg,
            a(Vec::<f32>::new(), [0, 3]),
            a(Vec::<f32>::new(), [0, 3]),
        ),
        unary(Unary::Not, a(Vec::<bool>::new(), [0]), a(Vec::<bool>::new(), [0])),
    ]);
}

#[test]
fn binary_floats() {
    let x = [1.0, -2.0, 0.0, INF, NAN, 1.0, 5.5, -5.5, 2.0];
    let y = [3.0, 0.5, -1.0, 2.0, 1.0, NAN, 2.0, 2.0, -2.0];
    let mut rows = Vec::new();
    let mut add = |f, tolerance: f64, of: fn(f64, f64) -> f64| {
        let z: Vec<f64> = x.iter().zip(&y).map(|(&x, &y)| of(x, y)).collect();
        rows.push(row(Op::Binary(f), vec![v(x), v(y)], v(z.clone())).within(tolerance * 2f64.powi(-53)));
        rows.push(row(Op::Binary(f), vec![f32s(&x), f32s(&y)], f32s(&z)).within(tolerance * 2f64.powi(-24)));
    };
    let max = |x: f64, y: f64| if x.is_nan() || y.is_nan() { NAN } else { x.max(y) };
    let min = |x: f64, y: f64| if x.is_nan() || y.is_nan() { NAN } else { x.min(y) };
    add(Binary::Add, 1.0, |x, y| x + y);
    add(Binary::Sub, 1.0, |x, y| x - y);
    add(Binary::Mul, 1.0, |x, y| x * y);
    add(Binary::Div, 1.0, |x, y| x / y);
    add(Binary::Rem, 1.0, |x, y| x % y);
    add(Binary::Pow, 4.0, f64::powf);
    add(Binary::Max, 0.0, max);
    add(Binary::Min, 0.0, min);
    add(Binary::Atan2, 4.0, f64::atan2);
    add(Binary::Hypot, 4.0, f64::hypot);
    let large = vec![v([3e300, 3e-300, 0.0]), v([4e300, 4e-300, 0.0])];
    rows.push(row(Op::Binary(Binary::Hypot), large, v([5e300, 5e-300, 0.0])).within(1e-15));
    let edge = vec![v([0.0, 0.0, 0.0, -8.0, 1.0]), v([0.0, 2.0, -1.0, 3.0, NAN])];
    rows.push(row(
        Op::Binary(Binary::Pow),
        edge,
        v([1.0, 0.0, INF, -512.0, 1.0]),
    ));
    rows.push(row(
        Op::Binary(Binary::Add),
        vec![s(1.5f32), s(2.0f32)],
        s(3.5f32),
    ));
    let three = vec![v([2.0f32, 1.0]), v([3.0f32, INF as f32]), v([1.0f32, 0.0])];
    rows.push(row(Op::MulAdd, three, v([7.0f32, INF as f32])));
    // The result is rounded once: the product's low half survives.
    let e = 2f64.powi(-30);
    rows.push(
        row(
            Op::MulAdd,
            vec![v([1.0 + e]), v([1.0 - e]), v([-1.0])],
            v([-e * e]),
        )
        .on(HOST),
    );
    check(rows);
}

#[test]
fn binary_integers() {
    let binary = |f, x, y, z| row(Op::Binary(f), vec![x, y], z);
    let (x, y) = (v([7i32, -7, 7, -7, 5, 0]), v([2i32, 2, -2, -2, 0, 0]));
    let mut rows = vec![
        binary(Binary::Add, v([1i32, -2]), v([3i32, 5]), v([4i32, 3])),
        binary(Binary::Sub, v([1i8]), v([3i8]), v([-2i8])),
        binary(Binary::Mul, v([-4i64]), v([5i64]), v([-20i64])),
        binary(Binary::Div, x.clone(), y.clone(), v([3i32, -3, -3, 3, -1, -1])).on(RUNNING),
        binary(
            Binary::Div,
            x.clone(),
            v([2i32, 2, -2, -2, 3, 4]),
            v([3i32, -3, -3, 3, 1, 0]),
        ),
        binary(Binary::Rem, x, y, v([1i32, -1, 1, -1, 5, 0])),
        binary(Binary::Div, v([i32::MIN]), v([-1i32]), v([i32::MIN])).wrapping(),
        binary(Binary::Rem, v([i32::MIN]), v([-1i32]), v([0i32])).wrapping(),
        binary(Binary::Div, v([7u8, 9]), v([2u8, 0]), v([3u8, 255])).on(RUNNING),
        binary(Binary::Div, v([u64::MAX]), v([2u64]), v([u64::MAX / 2])),
        binary(
            Binary::Rem,
            v([7u32, u32::MAX, 9]),
            v([2u32, 10, 0]),
            v([1u32, 5, 9]),
        ),
        binary(
            Binary::Pow,
            v([2i32, -3, 5]),
            v([10i32, 3, 0]),
            v([1024i32, -27, 1]),
        )
        .wrapping(),
        binary(
            Binary::Pow,
            v([2i32, 1, -1]),
            v([-1i32, -5, -1]),
            v([0i32, 1, -1]),
        )
        .wrapping(),
        binary(Binary::Pow, v([1u8, 0]), v([200u8, 0]), v([1u8, 1])),
        binary(Binary::Pow, v([1i16, 1]), v([5i16, -4]), v([1i16, 1])),
        binary(Binary::Pow, v([3u32]), v([40u32]), v([3u32.wrapping_pow(40)])).wrapping(),
        binary(Binary::Max, v([1i64, -5]), v([0i64, -4]), v([1i64, -4])),
        binary(Binary::Max, v([u64::MAX]), v([1u64]), v([u64::MAX])),
        binary(Binary::Min, v([200u8]), v([100u8]), v([100u8])),
        binary(Binary::And, v([12i32]), v([10i32]), v([8i32])),
        binary(Binary::Or, v([12u8]), v([10u8]), v([14u8])),
        binary(Binary::Xor, v([12u64]), v([10u64]), v([6u64])),
        binary(
            Binary::Shl,
            v([1i32, 1, 1, 1]),
            v([4i32, 31, 32, -1]),
            v([16i32, i32::MIN, 0, 0]),
        ),
        binary(
            Binary::Shr,
            v([-16i32, -16, 16, -16]),
            v([2i32, 32, 40, -1]),
            v([-4i32, -1, 0, -1]),
        ),
        binary(Binary::Shr, v([240u8, 240]), v([4u8, 8]), v([15u8, 0])),
        binary(Binary::Shl, v([1u64, 1]), v([63u64, 64]), v([1u64 << 63, 0])),
        binary(
            Binary::Add,
            v([true, true, false]),
            v([true, false, false]),
            v([true, true, false]),
        ),
        binary(
            Binary::Mul,
            v([true, true, false]),
            v([true, false, false]),
            v([true, false, false]),
        ),
        binary(
            Binary::Xor,
            v([true, true, false]),
            v([true, false, false]),
            v([false, true, false]),
        ),
        binary(Binary::Max, v([true, false]), v([false, false]), v([true, false])),
        binary(Binary::Min, v([true, false]), v([true, true]), v([true, false])),
    ];
    // Wrapping, in every dtype.
    macro_rules! wraps {
        ($($T:ty)*) => { $(
            let (x, y) = (<$T>::MAX - 1, <$T>::MAX / 3);
            rows.push(binary(Binary::Add, v([x]), v([y]), v([x.wrapping_add(y)])).wrapping());
            rows.push(binary(Binary::Sub, v([<$T>::MIN]), v([y]), v([<$T>::MIN.wrapping_sub(y)])).wrapping());
            rows.push(binary(Binary::Mul, v([x]), v([y]), v([x.wrapping_mul(y)])).wrapping());
        )* };
    }
    wraps!(i8 i16 i32 i64 u8 u16 u32 u64);
    check(rows);
}

#[test]
fn comparisons_and_select() {
    let mut rows = Vec::new();
    let mut add = |f, z: [bool; 4]| {
        let op = Op::Compare(f);
        let (x, y) = ([1.0, 2.0, 2.0, NAN], [2.0, 1.0, 2.0, NAN]);
        rows.push(row(op.clone(), vec![v(x), v(y)], v(z)));
        rows.push(row(op.clone(), vec![f32s(&x), f32s(&y)], v(z)));
        let ints = [z[0], z[1], z[2]];
        rows.push(row(op.clone(), vec![v([-1i32, 2, 2]), v([2i32, 1, 2])], v(ints)));
        rows.push(row(
            op.clone(),
            vec![v([1u64, u64::MAX, 2]), v([2u64, 1, 2])],
            v(ints),
        ));
        rows.push(row(op.clone(), vec![v([1u8, 255, 2]), v([2u8, 1, 2])], v(ints)));
        rows.push(row(
            op.clone(),
            vec![v([1u32, u32::MAX, 2]), v([2u32, 1, 2])],
            v(ints),
        ));
        rows.push(row(
            op,
            vec![v([false, true, true]), v([true, false, true])],
            v(ints),
        ));
    };
    add(Compare::Eq, [false, false, true, false]);
    add(Compare::Ne, [true, true, false, true]);
    add(Compare::Lt, [true, false, false, false]);
    add(Compare::Le, [true, false, true, false]);
    add(Compare::Gt, [false, true, false, false]);
    add(Compare::Ge, [false, true, true, false]);
    let p = v([true, false]);
    rows.push(row(
        Op::Select,
        vec![p.clone(), v([1.0f32, NAN as f32]), v([3.0f32, 4.0])],
        v([1.0f32, 4.0]),
    ));
    rows.push(row(
        Op::Select,
        vec![p.clone(), v([1u32, 2]), v([3u32, 4])],
        v([1u32, 4]),
    ));
    rows.push(row(
        Op::Select,
        vec![p, v([true, true]), v([false, false])],
        v([true, false]),
    ));
    rows.push(row(Op::Select, vec![s(true), s(1i8), s(2i8)], s(1i8)));
    check(rows);
}

#[test]
fn casts() {
    let cast = |to, x, y| row(Op::Cast(to), vec![x], y);
    let floats = [1.9, -1.9, 300.0, -300.0, 1e30, -1e30, NAN, INF, -INF];
    let to = |f: fn(f64) -> i64| floats.map(f);
    let mut rows = vec![
        cast(
            DType::I8,
            v(floats),
            v(to(|x| i64::from(x as i8)).map(|x| x as i8)),
        ),
        cast(DType::I32, v(floats), v(floats.map(|x| x as i32))),
        cast(DType::I64, v(floats), v(floats.map(|x| x as i64))),
        cast(DType::U8, v(floats), v(floats.map(|x| x as u8))),
        cast(DType::U32, v(floats), v(floats.map(|x| x as u32))),
        cast(DType::U64, v(floats), v(floats.map(|x| x as u64))),
        cast(DType::I32, f32s(&floats), v(floats.map(|x| x as f32 as i32))),
        cast(DType::U64, f32s(&floats), v(floats.map(|x| x as f32 as u64))),
        cast(
            DType::Bool,
            v([0.0, -0.0, 0.5, NAN]),
            v([false, false, true, true]),
        ),
        cast(DType::F32, v([0.1, 1e300]), v([0.1f32, f32::INFINITY])),
        cast(DType::F64, v([0.1f32]), v([f64::from(0.1f32)])),
        cast(DType::F64, v([u64::MAX]), v([u64::MAX as f64])),
        cast(DType::F32, v([i32::MIN, 7]), v([i32::MIN as f32, 7.0])),
        cast(DType::U8, v([-1i32, 300]), v([255u8, 44])),
        cast(DType::I8, v([200u8]), v([-56i8])),
        cast(DType::I64, v([u64::MAX]), v([-1i64])),
        cast(DType::U32, v([1i64 << 32 | 5]), v([5u32])),
        cast(DType::Bool, v([0i16, -3]), v([false, true])),
        cast(DType::I32, v([true, false]), v([1i32, 0])),
        cast(DType::F32, v([true, false]), v([1.0f32, 0.0])),
        cast(DType::I32, s(2.5f32), s(2i32)),
        cast(
            DType::F32,
            a(Vec::<i32>::new(), [2, 0]),
            a(Vec::<f32>::new(), [2, 0]),
        ),
    ];
    // Small numbers, between all dtypes.
    macro_rules! pairs {
        ($from:ty: $($to:ty, $dtype:ident;)*) => { $(
            rows.push(cast(DType::$dtype, v([0 as $from, 1 as $from, 100 as $from]), v([0 as $to, 1 as $to, 100 as $to])));
        )* };
    }
    macro_rules! from {
        ($($from:ty)*) => { $(
            pairs!($from: i8, I8; i16, I16; i32, I32; i64, I64; u8, U8; u16, U16; u32, U32; u64, U64; f32, F32; f64, F64;);
        )* };
    }
    from!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
    check(rows);
}

#[test]
fn constants_and_counting() {
    let constant = |value, shape: Shape| Op::Constant { value, shape };
    let iota = |dtype, shape: Shape, axis| Op::Iota { dtype, shape, axis };
    check(vec![
        row(
            constant(Scalar::from_f64(DType::F32, 0.1), [2, 2].into()),
            vec![],
            a([0.1f32; 4], [2, 2]),
        ),
        row(
            constant(Scalar::from_f64(DType::F64, NAN), Shape::scalar()),
            vec![],
            s(NAN),
        ),
        row(
            constant(Scalar::from_i64(DType::U64, -1), [2].into()),
            vec![],
            v([u64::MAX; 2]),
        ),
        row(
            constant(Scalar::from_i64(DType::I8, -3), [1].into()),
            vec![],
            v([-3i8]),
        ),
        row(
            constant(Scalar::from_i64(DType::U32, -1), [1].into()),
            vec![],
            v([u32::MAX]),
        ),
        row(
            constant(Scalar::from_bool(true), [3].into()),
            vec![],
            v([true; 3]),
        ),
        row(
            constant(Scalar::from_bool(false), Shape::scalar()),
            vec![],
            s(false),
        ),
        row(
            constant(Scalar::from_f64(DType::F32, 1.0), [0].into()),
            vec![],
            v(Vec::<f32>::new()),
        ),
        row(
            iota(DType::I32, [2, 3].into(), 1),
            vec![],
            a([0i32, 1, 2, 0, 1, 2], [2, 3]),
        ),
        row(
            iota(DType::F32, [2, 3].into(), 0),
            vec![],
            a([0.0f32, 0.0, 0.0, 1.0, 1.0, 1.0], [2, 3]),
        ),
        row(iota(DType::U8, [3].into(), 0), vec![], v([0u8, 1, 2])),
        row(iota(DType::U32, [3].into(), 0), vec![], v([0u32, 1, 2])),
        row(
            iota(DType::I64, [0, 2].into(), 1),
            vec![],
            a(Vec::<i64>::new(), [0, 2]),
        ),
    ]);
}
