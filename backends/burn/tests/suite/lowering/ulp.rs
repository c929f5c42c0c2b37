//! Measured accuracy of f32 functions on a device, in units in the last place, against functions of f64.
//!
//! Run with `--nocapture` for the table: the worst error, and the worst share of the bound in
//! `common::device`.

use super::common::device::{self, bound, error};
use burn_backend::TensorData;
use burn_flex::Flex;
use burn_wgpu::Wgpu;
use kiln_burn::{Kernels, Route, Tensor, lower_with};
use kiln_program::{ArrayType, Binary, DType, Op, Unary};

/// Every STEP-th bit pattern of f32 is tried (an odd number, so that all low bits occur).
const STEP: usize = 10_007;
const INF: f32 = f32::INFINITY;
/// The numbers at which some function has a special value.
const SPECIAL: [f32; 22] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    1.5,
    -1.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1e-30,
    -1e-30,
    1e30,
    -1e30,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    INF,
    -INF,
    f32::NAN,
];

/// Bit patterns of all exponents, and evenly spaced numbers in the range where functions change most.
fn sweep() -> Vec<f32> {
    let mut x: Vec<f32> = (0..=u32::MAX).step_by(STEP).map(f32::from_bits).collect();
    x.extend((-200_000..200_000).map(|i| i as f32 * 1e-4));
    x.extend(SPECIAL);
    x
}

/// Pairs of any bits, of numbers that suit each other, and of all special ones.
fn pairs() -> [Vec<f32>; 2] {
    let pattern = |i: u32| f32::from_bits(i.wrapping_mul(2_654_435_761) ^ (i >> 3));
    let mut pairs: Vec<(f32, f32)> = (0..400_000)
        .map(|i| {
            let a = pattern(i);
            match i % 5 {
                0 => (a, pattern(i ^ 0x5a5a_5a5a)),
                1 => (a, (i % 400) as f32 / 10.0 - 20.0),
                2 => (a, f32::from_bits(a.to_bits() ^ (i & 0x00ff_ffff))),
                // Powers within the range.
                3 => (
                    a,
                    130.0 * ((i % 1000) as f32 / 500.0 - 1.0) / (a.abs().log2() + 0.01),
                ),
                _ => (
                    (i % 1999) as f32 / 100.0 - 5.0,
                    (i / 7 % 4001) as f32 / 100.0 - 20.0,
                ),
            }
        })
        .collect();
    pairs.extend(SPECIAL.iter().flat_map(|&x| SPECIAL.map(|y| (x, y))));
    // Denormal operands may count as zeros; the functions of one operand test them.
    pairs.retain(|(x, y)| !x.is_subnormal() && !y.is_subnormal());
    let (x, y) = pairs.into_iter().unzip();
    [x, y]
}

fn run<B: Kernels>(route: Route, ops: &[Op], inputs: &[&[f32]]) -> Vec<f32> {
    let device = Default::default();
    let shape = [inputs[0].len()];
    let of = ArrayType::new(DType::F32, shape);
    let mut x: Vec<Tensor<B>> = inputs
        .iter()
        .map(|x| Tensor::from_data(TensorData::new(x.to_vec(), shape), &device))
        .collect();
    for op in ops {
        let types = vec![&of; x.len()];
        x = lower_with(route, op, x, &types, &device);
    }
    x.remove(0).into_data().try_to_vec().expect("f32")
}

/// Runs an op on the device, prints the worst errors, and appends the errors that exceed the bound.
fn measure(op: Op, inputs: &[&[f32]], truth: impl Fn(&[f64]) -> f64, failed: &mut Vec<String>) {
    let got = run::<Wgpu>(Route::Device, std::slice::from_ref(&op), inputs);
    let (mut worst, mut share) = ((0.0, vec![]), (0.0, vec![]));
    let mut count = 0;
    for (i, &got) in got.iter().enumerate() {
        let x: Vec<f64> = inputs.iter().map(|x| f64::from(x[i])).collect();
        let bound = bound(&op, &x);
        let error = error_at(got, &x, &truth);
        if error > worst.0 {
            worst = (error, x.clone());
        }
        if error > share.0 * bound {
            share = (error / bound, x.clone());
        }
        if error > bound {
            count += 1;
            if count <= 5 {
                failed.push(format!(
                    "{op:?} at {x:?}: {got:e}, not {:e}: {error} ulp, not {bound}",
                    truth(&x)
                ));
            }
        }
    }
    println!(
        "{:12} {:10.3} ulp at {:?}; {:.3} of the bound at {:?}",
        format!("{op:?}"),
        worst.0,
        worst.1,
        share.0,
        share.1
    );
}

/// The error at an operand. A denormal operand may count as any number between zero and the
/// least normal number.
fn error_at(got: f32, x: &[f64], truth: impl Fn(&[f64]) -> f64) -> f64 {
    if let &[x] = x
        && (x as f32).is_subnormal()
    {
        let zero = truth(&[0f64.copysign(x)]);
        let least = truth(&[f64::from(f32::MIN_POSITIVE).copysign(x)]);
        if zero.min(least) <= f64::from(got) && f64::from(got) <= zero.max(least) {
            return 0.0;
        }
    }
    error(got, truth(x))
}

fn logistic(x: f64) -> f64 {
    if x > 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        x.exp() / (1.0 + x.exp())
    }
}

fn sign(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { x.signum() }
}

type Truth = fn(f64) -> f64;

const FUNCTIONS: [(Unary, Truth); 32] = [
    (Unary::Neg, |x| -x),
    (Unary::Abs, f64::abs),
    (Unary::Sign, sign),
    (Unary::Floor, f64::floor),
    (Unary::Ceil, f64::ceil),
    (Unary::Round, f64::round_ties_even),
    (Unary::Trunc, f64::trunc),
    (Unary::Sqrt, f64::sqrt),
    (Unary::Rsqrt, |x| 1.0 / x.sqrt()),
    (Unary::Cbrt, f64::cbrt),
    (Unary::Exp, f64::exp),
    (Unary::Exp2, f64::exp2),
    (Unary::Expm1, f64::exp_m1),
    (Unary::Log, f64::ln),
    (Unary::Log1p, f64::ln_1p),
    (Unary::Log2, f64::log2),
    (Unary::Log10, f64::log10),
    (Unary::Sin, f64::sin),
    (Unary::Cos, f64::cos),
    (Unary::Tan, f64::tan),
    (Unary::Asin, f64::asin),
    (Unary::Acos, f64::acos),
    (Unary::Atan, f64::atan),
    (Unary::Sinh, f64::sinh),
    (Unary::Cosh, f64::cosh),
    (Unary::Tanh, f64::tanh),
    // std's function does not keep the sign of zero.
    (Unary::Asinh, |x| x.asinh().copysign(x)),
    (Unary::Acosh, f64::acosh),
    (Unary::Atanh, f64::atanh),
    (Unary::Logistic, logistic),
    (Unary::Erf, libm::erf),
    (Unary::Erfc, libm::erfc),
];

#[test]
fn functions_of_one_operand_keep_their_bounds() {
    let x = sweep();
    let mut failed = vec![];
    for (f, truth) in FUNCTIONS {
        measure(Op::Unary(f), &[&x], |x| truth(x[0]), &mut failed);
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The reference is the host's function: XLA's polynomials, however far they are from the true value.
#[test]
fn erf_inv_is_the_hosts() {
    let op = Op::Unary(Unary::ErfInv);
    let mut x: Vec<f32> = sweep();
    x.extend((1..20_000).map(|i| 1.0 - (i as f32 * 2f32.powi(-24))));
    let host = run::<Flex>(Route::Host, std::slice::from_ref(&op), &[&x]);
    let host: std::collections::HashMap<u64, f64> = x
        .iter()
        .zip(host)
        .map(|(&x, y)| (f64::from(x).to_bits(), f64::from(y)))
        .collect();
    let mut failed = vec![];
    measure(
        op,
        &[&x],
        |x| host.get(&x[0].to_bits()).copied().unwrap_or(0.0),
        &mut failed,
    );
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn functions_of_two_operands_keep_their_bounds() {
    let [x, y] = pairs();
    let nan = |x: f64, y: f64, f: fn(f64, f64) -> f64| {
        if x.is_nan() || y.is_nan() {
            f64::NAN
        } else {
            f(x, y)
        }
    };
    let mut failed = vec![];
    let mut check = |f, truth: &dyn Fn(f64, f64) -> f64| {
        measure(Op::Binary(f), &[&x, &y], |x| truth(x[0], x[1]), &mut failed)
    };
    check(Binary::Add, &|x, y| x + y);
    check(Binary::Sub, &|x, y| x - y);
    check(Binary::Mul, &|x, y| x * y);
    check(Binary::Div, &|x, y| x / y);
    // The first of equal zeros.
    check(Binary::Max, &|x, y| nan(x, y, |x, y| if y > x { y } else { x }));
    check(Binary::Min, &|x, y| nan(x, y, |x, y| if y < x { y } else { x }));
    check(Binary::Rem, &|x, y| x % y);
    check(Binary::Pow, &f64::powf);
    check(Binary::Atan2, &f64::atan2);
    check(Binary::Hypot, &f64::hypot);
    assert!(failed.is_empty(), "{failed:#?}");
}

/// One kernel for two functions returns the results of two kernels, except that the compiler may see that two
/// operations cancel.
#[test]
fn composed_functions_are_those_of_their_values() {
    let mut x: Vec<f32> = sweep()
        .into_iter()
        .step_by(19)
        .filter(|x| !x.is_subnormal())
        .collect();
    x.extend(SPECIAL);
    let mut failed = vec![];
    for (f, _) in FUNCTIONS {
        let first = run::<Wgpu>(Route::Device, &[Op::Unary(f)], &[&x]);
        for g in [
            Unary::Log1p,
            Unary::Sin,
            Unary::Exp,
            Unary::Atan,
            Unary::Neg,
            Unary::Floor,
        ] {
            let truth = FUNCTIONS.iter().find(|of| of.0 == g).expect("it is there").1;
            let fused = run::<Wgpu>(Route::Device, &[Op::Unary(f), Op::Unary(g)], &[&x]);
            for (i, (&got, &y)) in fused.iter().zip(&first).enumerate() {
                // The true value is -inf, but compilers take the inverse of a root for positive.
                if f == Unary::Rsqrt && x[i] == 0.0 {
                    continue;
                }
                // The first function's value within its bound.
                let slack = device::bound(&Op::Unary(f), &[f64::from(x[i])]) * 2f64.powi(-23);
                let y = f64::from(y);
                let bound = device::bound(&Op::Unary(g), &[y]);
                let spread = [slack, -slack].map(|slack| error(truth(y * (1.0 + slack)) as f32, truth(y)));
                let error = error(got, truth(y));
                if error > bound + spread[0].max(spread[1]) {
                    failed.push(format!(
                        "{g:?} of {f:?} at {:e}: {got:e}, apart {:e}",
                        x[i],
                        truth(y)
                    ));
                    break;
                }
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
