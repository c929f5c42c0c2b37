//! The table: a row for each function.

use super::check::{Bound, Row, bools, floats, integers, row};
use Bound::{Exact, Relative};
use kiln::numpy::{self as np, linalg};
use kiln::options::TakeMode;
use kiln::random;
use kiln::{Array, DType, Device, Ellipsis, Key, NewAxis, OutOfBounds, jit, keep, lax, s, step};
use kiln::{
    checkpoint, custom_jvp, custom_vjp, grad, hessian, hvp, jacfwd, jacrev, jvp, stop_gradient,
    value_and_grad, vmap,
};

/// Runs rows, and their derivatives in both modes. Fails with all errors.
fn check(rows: Vec<Row>) {
    check_forward_and(rows, true);
}

/// Runs rows as [`check`] does, without reverse mode.
fn check_forward(rows: Vec<Row>) {
    check_forward_and(rows, false);
}

fn check_forward_and(rows: Vec<Row>, reverse: bool) {
    let tangents: Vec<Row> = rows.iter().filter_map(Row::tangent).collect();
    let gradients: Vec<Row> = rows
        .iter()
        .filter(|_| reverse)
        .filter_map(Row::gradient)
        .collect();
    let all = rows.iter().chain(&tangents).chain(&gradients);
    let one = |row: &Row| row.check().and_then(|()| row.check_nested());
    let mut wrong: Vec<String> = all.filter_map(|row| one(row).err()).collect();
    if reverse {
        wrong.extend(rows.iter().filter_map(|row| row.check_gradient_of_map().err()));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The shape of one element: a matrix.
const M: &[usize] = &[2, 4];

/// Returns those of the dtypes that the device under test has.
fn had(dtypes: impl IntoIterator<Item = DType>) -> impl Iterator<Item = DType> {
    dtypes.into_iter().filter(|&dtype| Device::default().has(dtype))
}

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
            had(DType::ALL).map(|dtype| x.astype(dtype)).collect()
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
    // The operands broadcast against a matrix in every way.
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
            vec![
                np::isclose_with(x, y, |o| o.rtol(0.1).atol(0.1)),
                np::allclose(x, y),
            ]
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
        sum sum_axis Exact, x();  prod prod_axis Exact, x();  mean mean_axis Exact, x();  var var_axis Exact, x();
        std std_axis Exact, x();  max max_axis Exact, x();  min min_axis Exact, x();  any any_axis Exact, bools(M, 3);
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
        row("cumsum", [x()], Exact, |[x]| {
            vec![x.cumsum(), x.cumsum_axis(0), x.cumsum_axis(-1)]
        }),
        row("cumprod", [i()], Exact, |[x]| {
            vec![x.cumprod(), x.cumprod_axis(0), x.cumprod_axis(-1)]
        }),
        row("var_ddof", [x()], Exact, |[x]| {
            vec![
                x.var_with(|o| o.axis(0).ddof(1)),
                x.std_with(|o| o.axis(1).keepdims(true).ddof(1)),
            ]
        }),
    ]);
}

#[test]
fn shapes() {
    let x = || floats(M, -2.0, 2.0, 1);
    let scalar = || floats(&[], -2.0, 2.0, 2);
    check(vec![
        row("reshape", [x()], Exact, |[x]| {
            vec![x.reshape(8), x.reshape((4, -1)), x.ravel(), x.reshape((2, 1, 4))]
        }),
        row("reshape of a scalar", [scalar()], Exact, |[x]| {
            vec![x.reshape(1), x.expand_dims((0, 1))]
        }),
        row("transpose", [floats(&[2, 3, 1], 0.0, 1.0, 3)], Exact, |[x]| {
            vec![
                x.t(),
                x.transpose((1, 2, 0)),
                x.swapaxes(0, -1),
                x.moveaxis((0, 1), (-1, 0)),
            ]
        }),
        row("squeeze", [floats(&[2, 1, 1], 0.0, 1.0, 3)], Exact, |[x]| {
            vec![x.squeeze(), x.squeeze_axis(-1)]
        }),
        row("broadcast_to", [floats(&[4], 0.0, 1.0, 3)], Exact, |[x]| {
            vec![x.broadcast_to((3, 4)), x.broadcast_to((2, 1, 4))]
        }),
        row("full", [scalar()], Exact, |[x]| {
            vec![
                np::full((2, 3), x),
                np::full_like(np::ones(2), x),
                np::zeros_like(x),
            ]
        }),
        row("flip", [x()], Exact, |[x]| {
            vec![x.flip(), x.flip_axis(0), x.flip_axis(-1)]
        }),
        row("roll", [x()], Exact, |[x]| vec![x.roll(3), x.roll_axis(-1, 1)]),
        row("tile", [x()], Exact, |[x]| {
            vec![x.tile((2, 1)), x.repeat(2), x.repeat_axis(3, 0)]
        }),
        row(
            "concatenate",
            [x(), floats(&[1, 4], 0.0, 1.0, 4)],
            Exact,
            |[x, y]| {
                vec![
                    np::concatenate([x, y]),
                    np::concatenate([y, x, y]),
                    np::concatenate_axis([x, x], -1),
                ]
            },
        ),
        row("stack", [x(), x() + 1], Exact, |[x, y]| {
            vec![np::stack([x, y]), np::stack_axis([x, y], -1)]
        }),
        row(
            "meshgrid",
            [floats(&[2], 0.0, 1.0, 5), floats(&[3], 0.0, 1.0, 6)],
            Exact,
            |[x, y]| {
                let (a, b) = np::meshgrid(x, y);
                vec![a, b]
            },
        ),
        row("linspace", [scalar(), scalar() + 3], Exact, |[x, y]| {
            vec![
                np::linspace(x, y, 5),
                np::linspace_with(x, y, 5, |o| o.retstep()).1,
            ]
        }),
        row(
            "linspace of arrays",
            [floats(&[2], 0.0, 1.0, 5), floats(&[3, 1], 0.0, 1.0, 6)],
            Exact,
            |[x, y]| {
                let (numbers, step) = np::linspace_with(x, y, 4, |o| o.axis(1).endpoint(false).retstep());
                vec![numbers, step]
            },
        ),
        row("unstack", [floats(&[2, 3], 0.0, 1.0, 5)], Exact, |[x]| {
            let ([a, b], [c, ..]) = (np::unstack(x), np::unstack_axis::<3>(x, -1));
            vec![a, b, c]
        }),
        row(
            "compress",
            [bools(&[4], 3), floats(&[3, 2], 0.0, 1.0, 5)],
            Exact,
            |[p, x]| {
                let some = np::array([true, false, true]);
                vec![
                    np::compress_axis(some, x, 0),
                    np::compress_with(p, x, |o| o.axis(0).size(3).fill_value(7)),
                    np::compress_with(p, x, |o| o.axis(1).size(1)),
                    np::compress_with(p, x, |o| o.size(4).fill_value(0.5)),
                ]
            },
        ),
        row("nonzero", [bools(&[2, 3], 3)], Exact, |[p]| {
            np::nonzero_with(p, |o| o.size(5).fill_value([-1, 9]))
        }),
        row("diag", [floats(&[3], 0.0, 1.0, 7)], Exact, |[x]| {
            vec![np::diag(x), np::diag_with(x, |o| o.k(-1))]
        }),
        row("diagonal", [floats(&[3, 4], 0.0, 1.0, 8)], Exact, |[x]| {
            vec![np::diag(x), np::diag_with(x, |o| o.k(1))]
        }),
        row("triangles", [floats(&[3, 4], 0.0, 1.0, 9)], Exact, |[x]| {
            vec![np::tril(x), np::triu_with(x, |o| o.k(1))]
        }),
        row("constants", [x()], Exact, |[x]| {
            vec![np::arange(3) + x.sum(), np::identity(2), 1.into(), x.clone()]
        }),
        row("sort", [x()], Exact, |[x]| {
            vec![x.sort(), x.sort_axis(0), x.argsort(), x.argsort_axis(0)]
        }),
        row("sort with ties", [integers(&[6], 0, 3, 4)], Exact, |[x]| {
            vec![x.sort(), x.argsort()]
        }),
        row(
            "searchsorted",
            [floats(&[5], 0.0, 1.0, 3).sort(), floats(&[3], 0.0, 1.0, 4)],
            Exact,
            |[x, y]| {
                vec![
                    np::searchsorted(x, y),
                    np::searchsorted_with(x, y, |o| o.side(kiln::options::Side::Right)),
                ]
            },
        ),
    ]);
}

#[test]
fn indexing() {
    let x = || floats(&[3, 4, 2], -2.0, 2.0, 1);
    // Some indices are out of bounds on either side.
    let (i, j) = (|| integers(&[3], -5, 6, 2), || integers(&[3], -6, 7, 3));
    let scalar = |seed| integers(&[], -3, 3, seed);
    check(vec![
        row("basic", [x()], Exact, |[x]| {
            vec![
                x.index(1),
                x.index((.., -1)),
                x.index((1, 1.., 0)),
                x.index((Ellipsis, 0)),
                x.index((.., NewAxis, 2)),
                x.index(step(.., -2)),
                x.index(s![.., 0..3; 2]),
            ]
        }),
        row("one array", [x(), i()], Exact, |[x, i]| {
            vec![x.index(i), x.index((.., i)), x.index((Ellipsis, i))]
        }),
        row("two arrays", [x(), i(), j()], Exact, |[x, i, j]| {
            vec![
                x.index((i, j)),
                x.index((i, .., j)),
                x.index((.., i, j)),
                x.index((i.expand_dims(-1), j)),
            ]
        }),
        row("scalars", [x(), scalar(4), scalar(5)], Exact, |[x, i, j]| {
            vec![
                x.index(i),
                x.index((i, j)),
                x.index((i, j, 1)),
                x.index((i, .., 1)),
                x.index((.., i)),
            ]
        }),
        row(
            "an array and a scalar",
            [x(), i(), scalar(5)],
            Exact,
            |[x, i, j]| vec![x.index((i, j)), x.index((j, .., i))],
        ),
        row("take", [x(), i()], Exact, |[x, i]| {
            vec![
                np::take_axis(x, i, 1),
                np::take_with(x, i, |o| o.axis(-1).mode(OutOfBounds::Clip)),
                np::take_axis(x, i.reshape((1, 3)), 0),
                np::take_with(x, i, |o| o.axis(1).mode(TakeMode::Wrap)),
                np::take_with(x, i, |o| o.axis(1).fill_value(0.5)),
                np::take_with(x, i.reshape((1, 3)), |o| o.axis(0).fill_value(0.5)),
            ]
        }),
        row("take_along_axis", [x(), i()], Exact, |[x, i]| {
            let i = i.reshape((3, 1, 1));
            vec![
                np::take_along_axis_with(x, &i, 1, |o| o.mode(OutOfBounds::Clip)),
                np::take_along_axis_with(x, &i, 1, |o| o.fill_value(0.5)),
                np::take_along_axis_with(x, i.reshape((1, 1, 3)), 2, |o| o.fill_value(-1)),
            ]
        }),
        row(
            "take of integers",
            [integers(&[4], 0, 9, 6), i()],
            Exact,
            |[x, i]| vec![np::take_axis(x, i, 0)],
        ),
        row("get", [x(), i()], Exact, |[x, i]| {
            vec![x.at(i).mode(OutOfBounds::Fill).get()]
        }),
        row(
            "set",
            [x(), integers(&[], -3, 3, 7), floats(&[4, 2], 0.0, 1.0, 8)],
            Exact,
            |[x, i, y]| {
                vec![
                    x.at(i).set(y),
                    x.at((1, ..)).set(y),
                    x.at((i, .., 0)).set(y.index((.., 0))),
                    x.at(0).set(1),
                ]
            },
        ),
        row(
            "add",
            [floats(&[4], 0.0, 1.0, 9), i(), floats(&[3], 0.0, 1.0, 8)],
            Exact,
            |[x, i, y]| {
                vec![
                    x.at(i).add(y),
                    x.at(i).multiply(y),
                    x.at(i).min(y),
                    x.at(i).max(y),
                    x.at(i).add(1),
                ]
            },
        ),
        row("two places", [x(), i(), j()], Exact, |[x, i, j]| {
            vec![
                x.at((i, j)).add(1),
                x.at((.., i, 0)).add(2),
                x.at((i, .., 1)).multiply(3),
            ]
        }),
        row("clipped", [floats(&[4], 0.0, 1.0, 9), i()], Exact, |[x, i]| {
            vec![
                x.at(i).mode(OutOfBounds::Clip).add(1),
                x.at(1..3).apply(|x| x * 2),
            ]
        }),
    ]);
}

#[test]
fn products_and_systems() {
    // If one operand is mapped, one larger product adds up in another order. Either side has 5 products and
    // roundings of 2^-24, against the sum of magnitudes. For numbers of one sign that sum is the result.
    let products = Relative(10.0 * 2f64.powi(-24));
    // The matrices are diagonally dominant, of condition below 10 and growth below 2. Either side has 3 rows
    // of elimination and substitution.
    let solutions = Relative(200.0 * 2f64.powi(-24));
    let p = |shape: &[usize], seed| floats(shape, 0.5, 2.0, seed);
    let dominant = || floats(&[3, 3], 0.0, 1.0, 1) + np::identity(3) * 4;
    check(vec![
        row("vectors", [p(&[5], 1), p(&[5], 2)], products, |[x, y]| {
            vec![x.dot(y), np::outer(x, y)]
        }),
        row(
            "matrix and vector",
            [p(&[2, 5], 1), p(&[5], 2)],
            products,
            |[x, y]| vec![x.dot(y), x.matmul(y)],
        ),
        row(
            "vector and matrix",
            [p(&[5], 1), p(&[5, 2], 2)],
            products,
            |[x, y]| vec![x.dot(y), x.matmul(y)],
        ),
        row("matrices", [p(&[2, 5], 1), p(&[5, 3], 2)], products, |[x, y]| {
            vec![x.dot(y), x.matmul(y)]
        }),
        row(
            "batches",
            [p(&[2, 2, 5], 1), p(&[2, 5, 3], 2)],
            products,
            |[x, y]| vec![x.matmul(y), x.dot(y)],
        ),
        row(
            "a batch and a matrix",
            [p(&[2, 2, 5], 1), p(&[5, 3], 2)],
            products,
            |[x, y]| vec![x.matmul(y), x.dot(y)],
        ),
        row(
            "integers",
            [integers(&[2, 5], -4, 4, 1), integers(&[5, 3], -4, 4, 2)],
            Exact,
            |[x, y]| vec![x.dot(y)],
        ),
        row(
            "solve",
            [dominant(), p(&[3], 2), p(&[3, 2], 3)],
            solutions,
            |[a, b, c]| vec![linalg::solve(a, b), linalg::solve(a, c)],
        ),
        row(
            "solve over axes",
            [dominant().expand_dims(1).repeat_axis(2, 1), p(&[2, 3, 2], 3)],
            solutions,
            |[a, b]| vec![linalg::solve(a, b)],
        ),
        row("inv", [dominant()], solutions, |[a]| vec![linalg::inv(a)]),
        row("eigh", [dominant()], Exact, |[a]| {
            let linalg::Eigh {
                eigenvalues,
                eigenvectors,
            } = linalg::eigh(a);
            vec![eigenvalues, eigenvectors]
        }),
    ]);
}

#[test]
fn draws() {
    let keys = || Key::new(3).split_n(3).words().clone();
    let key = |words: &Array| Key::from_words(words.clone());
    check(vec![
        row("normal", [keys()], Exact, move |[k]| {
            vec![random::normal(key(k), 3), random::normal(key(k), ())]
        }),
        row(
            "uniform",
            [keys(), floats(&[2], 0.0, 1.0, 1)],
            Exact,
            move |[k, x]| {
                vec![
                    random::uniform(key(k), (2, 3)),
                    random::uniform_with(key(k), 2, |o| o.minval(x).maxval(3)),
                ]
            },
        ),
        row("uniform floats of 64 bits", [keys()], Exact, move |[k]| {
            let wide = Device::default().has(DType::F64);
            let dtype = if wide { DType::F64 } else { DType::F32 };
            vec![random::uniform_with(key(k), 3, |o| {
                o.minval(-1).maxval(1).dtype(dtype)
            })]
        }),
        row(
            "orders",
            [keys(), floats(&[3, 2], 0.0, 1.0, 1)],
            Exact,
            move |[k, x]| {
                let each = |axis| random::permutation_with(key(k), x, |o| o.axis(axis).independent(true));
                vec![
                    random::permutation(key(k), x),
                    random::permutation_axis(key(k), x, 1),
                    each(0),
                    each(1),
                ]
            },
        ),
        row(
            "categories",
            [keys(), floats(&[2, 3], 0.0, 1.0, 1)],
            Exact,
            move |[k, x]| {
                vec![
                    random::categorical_with(key(k), x, |o| o.shape((4, 2))),
                    random::categorical_with(key(k), x, |o| o.shape((3, 2)).replace(false)),
                    random::categorical_with(key(k), x, |o| o.axis(0).shape((1, 3)).replace(false)),
                ]
            },
        ),
        row("bits", [keys()], Exact, move |[k]| {
            had([DType::U8, DType::U16, DType::U32, DType::U64])
                .map(|dtype| random::bits_dtype(key(k), 3, dtype))
                .collect()
        }),
        row("split", [keys(), integers(&[], 0, 9, 2)], Exact, move |[k, i]| {
            let [first, second] = key(k).split();
            let folded = key(k).fold_in(i);
            [first, second, folded, key(k).split_n((2, 2))]
                .map(|key| key.words().clone())
                .into()
        }),
        row(
            "random_bits",
            [keys(), integers(&[2], 0, 9, 2)],
            Exact,
            |[k, first]| {
                let (x, y) = lax::random_bits(k, &first.astype(DType::U32), (2, 2));
                vec![lax::fixed_uniform(&x, &y, DType::F32, 0.0, 2.0), x, y]
            },
        ),
    ]);
}

#[test]
fn loops() {
    let x = || floats(&[4], 0.5, 2.0, 1);
    check(vec![
        row("fori_loop", [x(), floats(&[], 0.5, 2.0, 2)], Exact, |[x, y]| {
            let step = |i: Array, (a, b): (Array, Array)| (a * y + i, b + 1);
            let (a, b) = lax::fori_loop(0, 3, step, (x.clone(), 0.into()));
            vec![a, b]
        }),
        row("a carry that is batched later", [x(), x()], Exact, |[x, y]| {
            let shift = |_: Array, (_, b, c): (Array, Array, Array)| (b, c, x.clone());
            let (a, b, c) = lax::fori_loop(0, 2, shift, (y.clone(), np::zeros(4), np::ones(4)));
            vec![a, b, c]
        }),
        row(
            "draws in a loop",
            [Key::new(3).split_n(3).words().clone()],
            Exact,
            |[words]| {
                let step = |_: Array, (key, sum): (Key, Array)| {
                    let [key, subkey] = key.split();
                    (key, sum + random::normal(subkey, 40))
                };
                let (key, sum) = lax::fori_loop(0, 3, step, (Key::from_words(words.clone()), np::zeros(40)));
                vec![key.words().clone(), sum]
            },
        ),
        row("jit", [x(), floats(&[], 0.5, 2.0, 2)], Exact, |[x, y]| {
            let f = kiln::jit(|(x, y): (Array, Array)| (x.sin() * &y, y));
            let (a, b) = f((x.clone(), y.clone()));
            vec![a, b]
        }),
    ]);
}

#[test]
fn loops_on_a_condition() {
    let x = || floats(&[4], 0.5, 2.0, 1);
    let n = |seed| integers(&[], -1, 4, seed);
    check_forward(vec![
        row(
            "a number of trips",
            [x(), integers(&[], 0, 5, 3)],
            Exact,
            |[x, n]| vec![lax::fori_loop(0, n, |i, a: Array| a * x + i, np::ones(4))],
        ),
        row(
            "while_loop",
            [x(), floats(&[], 3.0, 40.0, 4)],
            Exact,
            |[x, limit]| {
                let (n, x) = lax::while_loop(
                    |(_, x): &(Array, Array)| x.sum().lt(limit),
                    |(n, x)| (n + 1, x * 2),
                    (0.into(), x.clone()),
                );
                vec![n, x]
            },
        ),
        row(
            "a condition on the counter",
            [x(), integers(&[], 0, 5, 3)],
            Exact,
            |[x, n]| {
                let (_, y) = lax::while_loop(
                    |(i, _): &(Array, Array)| i.lt(3),
                    |(i, y)| (i + 1, y * x + n),
                    (0.into(), np::ones(4)),
                );
                vec![y]
            },
        ),
        row(
            "a loop in a loop",
            [x(), integers(&[], 0, 4, 3)],
            Exact,
            |[x, n]| {
                let inner = |i: Array, y: Array| lax::fori_loop(0, i + n, |_, y: Array| y * x + 1, y);
                vec![lax::fori_loop(0, 3, inner, np::ones(4))]
            },
        ),
        row("a loop in a branch", [n(3), x(), n(5)], Exact, |[n, x, m]| {
            let f = |x: Array| lax::fori_loop(0, m, |_, y: Array| y * 2, x);
            vec![lax::cond(n.gt(0), f, |x: Array| x - 1, x.clone())]
        }),
    ]);
}

#[test]
fn control_flow() {
    let x = || floats(&[4], 0.5, 2.0, 1);
    let n = |seed| integers(&[], -1, 4, seed);
    check(vec![
        row("scan", [x(), floats(&[3, 4], 0.5, 2.0, 2)], Exact, |[x, ys]| {
            let (last, all) = lax::scan(
                |carry: Array, y: Array| (&carry * &y, carry + y),
                x.clone(),
                ys.clone(),
            );
            let (sums, _) = lax::scan_with(
                |carry: Array, y: Array| (carry + y.max(), ()),
                0.into(),
                ys.clone(),
                |o| o.reverse(true),
            );
            vec![last, all, sums]
        }),
        row("cond", [n(3), x(), x() + 1], Exact, |[n, x, y]| {
            let f = |(x, y): (Array, Array)| (x.sin(), y);
            let g = |(x, y): (Array, Array)| (y.clone(), y * x);
            let (a, b) = lax::cond(n.gt(1), f, g, (x.clone(), y.clone()));
            vec![a, b]
        }),
        row("switch", [n(3), x(), x() + 1], Exact, |[n, x, y]| {
            let branches: [&dyn Fn(Array) -> Array; 3] = [&|x| x.sin(), &|x| x + y, &|_| np::ones(4)];
            vec![lax::switch(n, branches, x.clone())]
        }),
        row("select", [bools(&[], 3), x(), x() + 1], Exact, |[p, x, y]| {
            vec![lax::select(p, x, y)]
        }),
        row("map", [floats(&[3, 4], 0.5, 2.0, 2), x()], Exact, |[xs, y]| {
            let f = |x: Array| (x * y).max();
            vec![
                lax::map(f, xs.clone()),
                lax::map_with(f, xs.clone(), |o| o.batch_size(2)),
                lax::map_with(f, xs.clone(), |o| o.batch_size(0)),
            ]
        }),
        row(
            "associative_scan",
            [floats(&[5, 2], 0.5, 2.0, 2)],
            Exact,
            |[xs]| vec![lax::associative_scan(|x: Array, y: Array| x * y, xs.clone())],
        ),
        row(
            "while_loop_bounded",
            [x(), floats(&[], 3.0, 40.0, 4)],
            Exact,
            |[x, limit]| {
                vec![lax::while_loop_bounded(
                    |x: &Array| x.sum().lt(limit),
                    |x| x * 2,
                    x.clone(),
                    8,
                )]
            },
        ),
        row("a branch in a loop", [x(), n(5)], Exact, |[x, m]| {
            let step = |i: Array, x: Array| lax::cond(i.lt(m), |x: Array| x * 2, |x| x + 1, x);
            vec![lax::fori_loop(0, 3, step, x.clone())]
        }),
    ]);
}

/// An element, a function of the element and of a parameter of 4, and its derivatives by the element and by
/// the parameter.
type Choice<'a> = (f32, &'a dyn Fn(Array, Array) -> Array, f32, f32);

#[test]
fn what_an_element_does_not_take_has_no_part_in_its_derivative() {
    let root = |x: Array, a: Array| {
        lax::cond(
            x.gt(&a),
            |(x, a): (Array, Array)| (x - a).sqrt(),
            |(x, _)| x,
            (x, a),
        )
    };
    let captured = |x: Array, a: Array| lax::cond(x.gt(&a), |x: Array| (x - a.sqrt()).log(), |x| x, x);
    let jitted = |x: Array, a: Array| {
        let log = jit(|(x, a): (Array, Array)| (x - a).log());
        lax::cond(x.gt(&a), |(x, a): (Array, Array)| log((x, a)), |(x, _)| x, (x, a))
    };
    let shared = |x: Array, a: Array| lax::cond(x.gt(99), |x: Array| x * (&a - 4).sqrt(), |x| x, x);
    let product = |x: Array, a: Array| {
        let row = np::stack([a.clone(), a]);
        let f = |x: Array| row.dot(np::stack([(&x - 4).log(), (x - 4).log()]));
        lax::cond(x.gt(4), f, |x| x, x)
    };
    let table = |x: Array, a: Array| {
        let table = np::stack([a.clone(), a]);
        lax::cond(
            x.gt(4),
            |x: Array| (table.index(np::array(1)) * (x - 4)).sqrt(),
            |x| x,
            x,
        )
    };
    let switched = |x: Array, a: Array| {
        let branches: [&dyn Fn(Array) -> Array; 3] = [&|x| x, &|x| (x - &a).rsqrt(), &|x| (x - &a).sqrt()];
        lax::switch(x.gt(&a).astype(DType::I32) * 2, branches, x)
    };
    let bounded =
        |x: Array, a: Array| lax::while_loop_bounded(|x: &Array| x.gt(&a), |x| (x - &a).sqrt() + 3, x, 5);
    // The derivatives at x = 5 and a = 4. An element of the other branch has the derivative 1.
    let log_of_2 = 1.0 / (5.0 - 2.0);
    let rows: [Choice; 8] = [
        (5.0, &root, 0.5, -0.5),
        (5.0, &captured, log_of_2, -log_of_2 / 4.0),
        (5.0, &jitted, 1.0, -1.0),
        (5.0, &shared, 1.0, 0.0),
        // The function is 2 a log(x - 4).
        (5.0, &product, 8.0, 0.0),
        // The function is sqrt(a (x - 4)).
        (5.0, &table, 1.0, 0.25),
        (5.0, &switched, 0.5, -0.5),
        // The loop has one iteration: to 4, which is not beyond a.
        (5.0, &bounded, 0.5, -0.5),
    ];
    for (i, (x, f, dx, da)) in rows.into_iter().enumerate() {
        // Elements at and below the edge take the other branch.
        let xs = np::array([x, 4.0, -1.0]);
        let total = |(xs, a): (Array, Array)| vmap(|x: Array| f(x, a.clone()))(xs).sum();
        let argument = || (xs.clone(), Array::from(4.0));
        for (dxs, found) in [grad(total)(argument()), jit(grad(total))(argument())] {
            assert_eq!(dxs.to_vec::<f32>(), [dx, 1.0, 1.0], "row {i}");
            assert_eq!(found.item::<f32>(), da, "row {i}");
        }
        // The maps are nested, and each derivative is mapped.
        let nested = |xs: Array| vmap(vmap(|x: Array| f(x, 4.into())))(xs).sum();
        let twice = np::stack([&xs, &xs]);
        assert_eq!(
            grad(nested)(twice).index(1).to_vec::<f32>(),
            [dx, 1.0, 1.0],
            "row {i}"
        );
        let each = vmap(grad(|x: Array| f(x, 4.into())))(xs.clone());
        assert_eq!(each.to_vec::<f32>(), [dx, 1.0, 1.0], "row {i}");
        let (_, tangent) = jvp(
            |xs: Array| total((xs, 4.into())),
            xs.clone(),
            np::array([1.0, 0.0, 0.0]),
        );
        assert_eq!(tangent.item::<f32>(), dx, "row {i}");
        let second = grad(|xs: Array| grad(|xs: Array| total((xs, 4.into())))(xs).sum())(xs);
        assert!(
            second.to_vec::<f32>().iter().all(|x| x.is_finite()),
            "row {i}: {second}"
        );
    }
}

#[test]
fn derivatives() {
    let x = || floats(&[4], 0.5, 2.0, 1);
    let y = || floats(&[4], 0.5, 2.0, 2);
    let f = |x: Array, y: &Array| (x.sin() * y + x.pow(3)).sum();
    check(vec![
        row("grad", [x(), y()], Exact, move |[x, y]| {
            vec![grad(|x: Array| f(x, y))(x.clone())]
        }),
        row("value_and_grad", [x(), y()], Exact, move |[x, y]| {
            let (value, (dx, dy)) = value_and_grad(|(x, y): (Array, Array)| f(x, &y))((x.clone(), y.clone()));
            vec![value, dx, dy]
        }),
        row("grad of grad", [floats(&[], 0.5, 2.0, 1)], Exact, |[x]| {
            vec![grad(grad(grad(|x: Array| x.pow(4) * x.exp())))(x.clone())]
        }),
        row("jvp", [x(), y()], Exact, move |[x, y]| {
            let (value, tangent) = jvp(|x: Array| f(x, y), x.clone(), y.clone());
            vec![value, tangent]
        }),
        row("jacobians", [x(), y()], Exact, |[x, y]| {
            let f = |x: Array| x.cumsum() * y;
            vec![jacfwd(f)(x.clone()), jacrev(f)(x.clone())]
        }),
        row("hessian", [x(), y()], Exact, |[x, y]| {
            vec![hessian(|x: Array| (x.pow(3) * y).sum() + x.cumsum().prod())(
                x.clone(),
            )]
        }),
        row("hvp", [x(), y()], Exact, move |[x, y]| {
            vec![hvp(|x: Array| f(x, y), x.clone(), y.clone())]
        }),
        row(
            "through a product",
            [floats(&[3, 4], 0.5, 2.0, 3), x()],
            Exact,
            |[w, x]| {
                vec![
                    grad(|w: Array| w.dot(x).pow(2).sum())(w.clone()),
                    grad(|x: Array| w.dot(x).pow(2).sum())(x.clone()),
                ]
            },
        ),
        row(
            "through indices",
            [x(), integers(&[3], -5, 6, 2)],
            Exact,
            |[x, i]| {
                let f = |x: Array| x.index(i).pow(2).sum() + x.at(i).multiply(3).sum();
                vec![grad(f)(x.clone())]
            },
        ),
        row("through a loop", [x(), y()], Exact, |[x, y]| {
            let f = |x: Array| lax::fori_loop(0, 3, |i, x: Array| x * y + i, x).sum();
            vec![grad(f)(x.clone())]
        }),
        row(
            "through a scan",
            [x(), floats(&[3, 4], 0.5, 2.0, 3)],
            Exact,
            |[x, ys]| {
                let f = |(x, ys): (Array, Array)| {
                    let (x, seen) = lax::scan(|x: Array, y: Array| (x.sin() * &y, x * y), x, ys);
                    x.sum() + seen.sum()
                };
                let (dx, dys) = grad(f)((x.clone(), ys.clone()));
                vec![dx, dys]
            },
        ),
        row(
            "through branches",
            [x(), integers(&[], -1, 2, 3)],
            Exact,
            |[x, n]| {
                vec![grad(|x: Array| {
                    lax::cond(n.gt(0), |x: Array| x.pow(2), |x| x.sin(), x).sum()
                })(x.clone())]
            },
        ),
        row(
            "through solve",
            [
                floats(&[3, 3], 0.0, 1.0, 1) + np::identity(3) * 4,
                floats(&[3], 0.5, 2.0, 2),
            ],
            Exact,
            |[a, b]| vec![grad(|a: Array| linalg::solve(a, b).sum())(a.clone())],
        ),
        row("checkpoint", [x(), y()], Exact, |[x, y]| {
            vec![grad(checkpoint(|x: Array| (x.sin() * y).sum()))(x.clone())]
        }),
        row("custom_vjp", [x(), y()], Exact, |[x, y]| {
            let f = custom_vjp(
                |(x, y): (Array, Array)| x * y,
                |(x, y): (Array, Array)| (&x * &y, (x, y)),
                |(x, y): (Array, Array), ct: Array| (2 * &ct * y, 3 * ct * x),
            );
            let (dx, dy) = grad(|(x, y): (Array, Array)| f((x, y)).sum())((x.clone(), y.clone()));
            vec![dx, dy]
        }),
        row("custom_jvp", [x(), y()], Exact, |[x, y]| {
            let f = custom_jvp(|x: Array| x.pow(2), |x: Array, dx: Array| (x.pow(2), 5 * x * dx));
            let (value, tangent) = jvp(&f, x.clone(), y.clone());
            vec![value, tangent, grad(|x: Array| f(x).sum())(x.clone())]
        }),
        row("stop_gradient", [x(), y()], Exact, |[x, y]| {
            vec![grad(|x: Array| (stop_gradient(x.sin()) * x * y).sum())(x.clone())]
        }),
    ]);
}
