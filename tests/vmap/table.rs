//! A row a function.

use crate::check::{Bound, Row, bools, floats, integers, row};
use Bound::{Exact, Relative};
use kiln::numpy::{self as np, linalg};
use kiln::random;
use kiln::{Array, DType, Ellipsis, Key, NewAxis, OutOfBounds, keep, lax, s, step};

/// Runs rows; fails with all that is wrong.
fn check(rows: Vec<Row>) {
    let wrong: Vec<String> = rows.iter().filter_map(|row| row.check().err()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} wrong:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

/// A matrix as one element.
const M: &[usize] = &[2, 4];

#[test]
fn functions_of_one_array() {
    macro_rules! rows {
        ($($name:ident $low:literal $high:literal)*) => {
            vec![$(row(stringify!($name), [floats(M, $low, $high, 1)], Exact, |[x]| vec![x.$name()])),*]
        };
    }
    check(rows!(
        abs -2.0 2.0  sign -2.0 2.0  negative -2.0 2.0  floor -3.0 3.0  ceil -3.0 3.0  trunc -3.0 3.0  round -3.0 3.0
        square -2.0 2.0  reciprocal 0.1 2.0  sqrt 0.0 2.0  cbrt -2.0 2.0  exp -2.0 2.0  exp2 -2.0 2.0  expm1 -2.0 2.0
        log 0.1 2.0  log2 0.1 2.0  log10 0.1 2.0  log1p -0.9 2.0  sin -9.0 9.0  cos -9.0 9.0  tan -9.0 9.0
        arcsin -1.0 1.0  arccos -1.0 1.0  arctan -9.0 9.0  sinh -2.0 2.0  cosh -2.0 2.0  tanh -2.0 2.0
        arcsinh -2.0 2.0  arccosh 1.0 3.0  arctanh -0.9 0.9  erf -2.0 2.0  erfc -2.0 2.0  erf_inv -0.9 0.9
        lgamma 0.1 4.0  digamma 0.1 4.0  logistic -2.0 2.0  rsqrt 0.1 2.0  isnan -1.0 1.0  isinf -1.0 1.0
        isfinite -1.0 1.0  logical_not -1.0 1.0
    ));
    let i = || integers(M, -5, 9, 2);
    check(vec![
        row("bitwise_not", [i()], Exact, |[x]| vec![x.bitwise_not()]),
        row("integers", [i()], Exact, |[x]| {
            vec![-x, x.abs(), x.sign(), x.sin(), x.floor()]
        }),
        row("bools", [bools(M, 3)], Exact, |[x]| {
            vec![!x, x.logical_not(), x.abs(), x.sin()]
        }),
        row("round_to", [floats(M, -9.0, 9.0, 4)], Exact, |[x]| {
            vec![x.round_to(1)]
        }),
        row("nan", [floats(M, -1.0, 1.0, 5).sqrt()], Exact, |[x]| {
            vec![x.isnan(), x + 1, x.sign()]
        }),
        row("astype", [floats(M, -9.0, 9.0, 6)], Exact, |[x]| {
            DType::ALL.iter().map(|&dtype| x.astype(dtype)).collect()
        }),
        row("scalars", [floats(&[], -1.0, 1.0, 7)], Exact, |[x]| {
            vec![x.exp() * 2 + 1, x.pow(3), 2 - x]
        }),
    ]);
}

#[test]
fn functions_of_two_arrays() {
    macro_rules! rows {
        ($($name:ident $x:expr, $y:expr;)*) => {
            vec![$(row(stringify!($name), [$x, $y], Exact, |[x, y]| vec![x.$name(y)])),*]
        };
    }
    let x = || floats(M, -2.0, 2.0, 1);
    // Broadcast against a matrix in every way.
    let (same, vector, column, scalar) = (
        || floats(M, 0.5, 2.0, 2),
        || floats(&[4], 0.5, 2.0, 3),
        || floats(&[2, 1], 0.5, 2.0, 4),
        || floats(&[], 0.5, 2.0, 5),
    );
    let (i, j) = (|| integers(M, -5, 9, 6), || integers(&[4], 1, 5, 7));
    check(rows!(
        add x(), same();  add x(), vector();  add x(), column();  add x(), scalar();  add vector(), column();
        subtract x(), same();  subtract scalar(), x();  multiply x(), same();  multiply vector(), x();  divide x(), same();
        floor_divide x(), same();  remainder x(), same();  maximum x(), same();  minimum x(), vector();
        arctan2 x(), same();  hypot x(), same();  pow same(), x();  pow same(), scalar();
        equal x(), x();  not_equal x(), same();  less x(), same();  less_equal x(), vector();  greater x(), same();
        greater_equal x(), column();  logical_and x(), same();  logical_or x(), same();  logical_xor x(), same();
        add i(), j();  floor_divide i(), j();  remainder i(), j();  pow i(), j();  bitwise_and i(), j();  bitwise_or i(), j();
        bitwise_xor i(), j();  left_shift i(), j();  right_shift i(), j();  add i(), x();  divide i(), j();
        bitwise_and bools(M, 8), bools(&[4], 9);  bitwise_or bools(M, 8), bools(M, 9);
    ));
    check(vec![
        row("isclose", [x(), x()], Exact, |[x, y]| {
            vec![np::isclose(x, y, 0.1, 0.1), np::allclose(x, y)]
        }),
        row("clip", [x(), vector() - 2, scalar()], Exact, |[x, low, high]| {
            vec![x.clip(low, high), x.clip(-1, 1)]
        }),
        row("where_", [bools(M, 8), x(), vector()], Exact, |[p, x, y]| {
            vec![np::where_(p, x, y)]
        }),
        row(
            "where_ of a scalar",
            [bools(&[], 8), x(), same()],
            Exact,
            |[p, x, y]| vec![np::where_(p, x, y)],
        ),
        row("mul_add", [x(), same(), x()], Exact, |[x, y, z]| {
            vec![lax::mul_add(x, y, z)]
        }),
        row("pow by numbers", [same()], Exact, |[x]| {
            vec![x.pow(2), x.pow(-3), x.pow(1.5), x.pow(0)]
        }),
        row(
            "weak",
            [np::full((3, 2), 2), vector().index((.., ..2))],
            Exact,
            |[x, y]| vec![x + 1, x * y, x.exp()],
        ),
    ]);
}

#[test]
fn reductions() {
    // Sums of at most 8 numbers, added up in another order: 7 roundings of 2^-24 on either side.
    let sums = Relative(14.0 * 2f64.powi(-24));
    // Spreads are sums of squares of differences, which two roundings more make; the values are of their own size.
    let spreads = Relative(24.0 * 2f64.powi(-24));
    let x = || floats(M, 0.5, 2.0, 1);
    macro_rules! rows {
        ($($all:ident $along:ident $bound:expr, $x:expr;)*) => {
            vec![$(row(stringify!($all), [$x], $bound, |[x]| {
                vec![x.$all(), x.$along(0), x.$along(-1), x.$along((0, 1)), x.$along(keep(0)), x.$along(keep((0, 1)))]
            })),*]
        };
    }
    let i = || integers(M, -5, 9, 2);
    check(rows!(
        sum sum_axis sums, x();  prod prod_axis sums, x();  mean mean_axis sums, x();  var var_axis spreads, x();
        std std_axis spreads, x();  max max_axis Exact, x();  min min_axis Exact, x();  any any_axis Exact, bools(M, 3);
        all all_axis Exact, bools(M, 4);  sum sum_axis Exact, i();  prod prod_axis Exact, i();  max max_axis Exact, i();
        sum sum_axis Exact, floats(&[0, 2], 0.0, 1.0, 5);  all all_axis Exact, x();
    ));
    check(vec![
        row("argmax", [x()], Exact, |[x]| {
            vec![x.argmax(), x.argmax_axis(0), x.argmax_axis(keep(-1))]
        }),
        row("argmin", [i()], Exact, |[x]| {
            vec![x.argmin(), x.argmin_axis(0), x.argmin_axis(keep(-1))]
        }),
        row("cumsum", [x()], sums, |[x]| {
            vec![x.cumsum(), x.cumsum_axis(0), x.cumsum_axis(-1)]
        }),
        row("cumprod", [i()], Exact, |[x]| {
            vec![x.cumprod(), x.cumprod_axis(0), x.cumprod_axis(-1)]
        }),
        row("var_ddof", [x()], spreads, |[x]| {
            vec![x.var_ddof(0, 1.0), x.std_ddof(keep(1), 1.0)]
        }),
    ]);
}
