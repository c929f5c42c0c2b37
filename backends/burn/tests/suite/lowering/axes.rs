//! Ops along axes: reductions, running reductions, sorts, contractions, decompositions, random bits.

use super::common::*;
use burn_backend::TensorData;
use kiln_program::threefry2x32;
use kiln_program::{ArgReduction, Axes, DType, Dot, Linalg, Op, Reduction};

const NAN: f32 = f32::NAN;
const INF: f32 = f32::INFINITY;

fn reduce(kind: Reduction, axes: &[usize]) -> Op {
    Op::Reduce {
        kind,
        axes: Axes::from(axes),
    }
}

#[test]
fn reductions() {
    use Reduction::{Max, Min, Prod, Sum};
    let m = || a([1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    let cube = || a((0..8).map(f64::from).collect::<Vec<_>>(), [2, 2, 2]);
    let none = || a(Vec::<f32>::new(), [2, 0]);
    check(vec![
        row(reduce(Sum, &[0, 1]), vec![m()], s(21.0f32)),
        row(reduce(Sum, &[0]), vec![m()], v([5.0f32, 7.0, 9.0])),
        row(reduce(Sum, &[1]), vec![m()], v([6.0f32, 15.0])),
        row(reduce(Sum, &[]), vec![m()], m()),
        row(reduce(Sum, &[]), vec![s(1.0f32)], s(1.0f32)),
        row(reduce(Sum, &[0, 2]), vec![cube()], v([10.0, 18.0])),
        row(reduce(Max, &[0, 2]), vec![cube()], v([5.0, 7.0])),
        row(reduce(Prod, &[0, 1]), vec![cube()], v([0.0, 105.0])),
        row(reduce(Prod, &[1]), vec![m()], v([6.0f32, 120.0])),
        row(reduce(Prod, &[0]), vec![v([2.0f32, 0.0, 3.0])], s(0.0f32)),
        row(reduce(Max, &[0]), vec![v([1.0f32, NAN, 3.0])], s(NAN)),
        row(reduce(Min, &[0]), vec![v([NAN, 1.0f32, 3.0])], s(NAN)),
        row(reduce(Min, &[1]), vec![m()], v([1.0f32, 4.0])),
        row(reduce(Max, &[0]), vec![v([-INF, -INF])], s(-INF)),
        row(reduce(Sum, &[0]), vec![v([1i32, -2, 4])], s(3i32)),
        row(reduce(Sum, &[0]), vec![v([200u8, 100])], s(44u8)).wrapping(),
        row(reduce(Sum, &[0]), vec![v([i32::MAX, 1])], s(i32::MIN)).wrapping(),
        row(reduce(Sum, &[0]), vec![v([i64::MAX, 1])], s(i64::MIN)).wrapping(),
        row(reduce(Prod, &[0]), vec![v([3i64, 4])], s(12i64)),
        row(reduce(Max, &[0]), vec![v([3u64, u64::MAX])], s(u64::MAX)),
        row(reduce(Min, &[0]), vec![v([3u32, u32::MAX])], s(3u32)),
        row(
            reduce(Max, &[1]),
            vec![a([true, false, false, false], [2, 2])],
            v([true, false]),
        ),
        row(
            reduce(Min, &[1]),
            vec![a([true, false, true, true], [2, 2])],
            v([false, true]),
        ),
        row(reduce(Sum, &[0]), vec![v([true, true])], s(true)),
        row(reduce(Prod, &[0]), vec![v([true, false])], s(false)),
        row(reduce(Sum, &[1]), vec![none()], v([0.0f32, 0.0])),
        row(reduce(Prod, &[1]), vec![none()], v([1.0f32, 1.0])),
        row(reduce(Max, &[1]), vec![none()], v([-INF, -INF])),
        row(reduce(Min, &[0]), vec![v(Vec::<u8>::new())], s(255u8)),
        row(reduce(Max, &[0]), vec![v(Vec::<bool>::new())], s(false)),
        row(reduce(Sum, &[0]), vec![none()], v(Vec::<f32>::new())),
        row(
            reduce(Sum, &[1]),
            vec![a([1.0f32, 2.0], [2, 1])],
            v([1.0f32, 2.0]),
        ),
    ]);
}

/// Long axes: every number counts, and the error of sums of floats grows only with the lengths of the parts.
#[test]
fn long_reductions() {
    use Reduction::{Max, Min, Prod, Sum};
    let tenth = f64::from(0.1f32);
    let sum = |length: usize| {
        // Parts of at most 4096 elements, then the parts, then the rest: each addition rounds once.
        let additions = 4096 + length / 1000 + 1;
        row(
            reduce(Sum, &[0]),
            vec![v(vec![0.1f32; length])],
            s((tenth * length as f64) as f32),
        )
        .within(additions as f64 * f64::from(f32::EPSILON) / 2.0)
        .on(RUNNING)
    };
    let peak = |at: usize| {
        v((0..70_001)
            .map(|i| if i == at { 2.0f32 } else { 1.0 })
            .collect::<Vec<_>>())
    };
    // Four lanes in turn, each of another sign.
    let four = |kind: Reduction, expected: [i32; 4]| {
        let x = (0..4 * 70_001).map(|i| [1, -1, 2, -3][i % 2 + i / (2 * 70_001) * 2]);
        row(
            reduce(kind, &[1]),
            vec![a(x.collect::<Vec<i32>>(), [2, 70_001, 2])],
            a(expected, [2, 2]),
        )
        .on(RUNNING)
    };
    check(vec![
        sum(1_000_000),
        sum(1_000_003),
        row(reduce(Max, &[0]), vec![peak(70_000)], s(2.0f32)).on(RUNNING),
        row(reduce(Prod, &[0]), vec![peak(65_536)], s(2.0f32)).on(RUNNING),
        four(Sum, [70_001, -70_001, 140_002, -210_003]),
        four(Max, [1, -1, 2, -3]),
        four(Min, [1, -1, 2, -3]),
    ]);
}

#[test]
fn arg_reductions() {
    let arg = |kind, axis, dtype| Op::ArgReduce { kind, axis, dtype };
    let (max, min) = (ArgReduction::Max, ArgReduction::Min);
    let m = || a([1.0f32, 5.0, 5.0, 0.0, -1.0, -1.0], [2, 3]);
    check(vec![
        row(arg(max, 1, DType::I32), vec![m()], v([1i32, 0])),
        row(arg(min, 1, DType::I64), vec![m()], v([0i64, 1])),
        row(arg(max, 0, DType::U8), vec![m()], v([0u8, 0, 0])),
        row(arg(min, 0, DType::U32), vec![m()], v([1u32, 1, 1])),
        row(arg(max, 0, DType::I32), vec![v([1.0f32, NAN, 3.0, NAN])], s(1i32)),
        row(arg(min, 0, DType::I32), vec![v([1.0f64, f64::NAN, 0.0])], s(1i32)),
        row(arg(max, 0, DType::I32), vec![v([-INF, -INF])], s(0i32)),
        row(arg(max, 0, DType::I32), vec![v([3u64, u64::MAX])], s(1i32)),
        row(arg(min, 0, DType::I32), vec![v([3i8, -7, -7])], s(1i32)),
        row(arg(max, 0, DType::I32), vec![v([false, true, true])], s(1i32)),
        row(
            arg(max, 0, DType::I32),
            vec![a(Vec::<f32>::new(), [2, 0])],
            v(Vec::<i32>::new()),
        ),
        row(
            arg(max, 1, DType::I32),
            vec![a([4.0f32, 4.0], [2, 1])],
            v([0i32, 0]),
        ),
    ]);
}

#[test]
fn running_reductions() {
    use Reduction::{Max, Min, Prod, Sum};
    let cum = |kind, axis, reverse| Op::Cumulative { kind, axis, reverse };
    let m = || a([1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    check(vec![
        row(
            cum(Sum, 1, false),
            vec![m()],
            a([1.0f32, 3.0, 6.0, 4.0, 9.0, 15.0], [2, 3]),
        ),
        row(
            cum(Sum, 1, true),
            vec![m()],
            a([6.0f32, 5.0, 3.0, 15.0, 11.0, 6.0], [2, 3]),
        ),
        row(
            cum(Sum, 0, false),
            vec![m()],
            a([1.0f32, 2.0, 3.0, 5.0, 7.0, 9.0], [2, 3]),
        ),
        row(
            cum(Sum, 0, true),
            vec![m()],
            a([5.0f32, 7.0, 9.0, 4.0, 5.0, 6.0], [2, 3]),
        ),
        row(
            cum(Prod, 0, false),
            vec![v([2.0f64, 3.0, 0.0, 4.0])],
            v([2.0f64, 6.0, 0.0, 0.0]),
        ),
        row(
            cum(Max, 0, false),
            vec![v([2.0f32, NAN, 5.0])],
            v([2.0f32, NAN, NAN]),
        ),
        row(
            cum(Min, 0, true),
            vec![v([2.0f32, 3.0, 1.0, 5.0])],
            v([1.0f32, 1.0, 1.0, 5.0]),
        ),
        row(cum(Sum, 0, false), vec![v([1i32, -2, 4])], v([1i32, -1, 3])),
        row(cum(Sum, 0, false), vec![v([200u8, 100])], v([200u8, 44])).wrapping(),
        row(
            cum(Sum, 0, false),
            vec![v([i32::MAX, 1])],
            v([i32::MAX, i32::MIN]),
        )
        .wrapping(),
        row(
            cum(Max, 0, false),
            vec![v([1u64, u64::MAX, 3])],
            v([1u64, u64::MAX, u64::MAX]),
        ),
        row(
            cum(Sum, 0, false),
            vec![v([false, true, false])],
            v([false, true, true]),
        ),
        row(
            cum(Min, 0, false),
            vec![v([true, false, true])],
            v([true, false, false]),
        ),
        row(
            cum(Sum, 1, false),
            vec![a(Vec::<f32>::new(), [2, 0])],
            a(Vec::<f32>::new(), [2, 0]),
        ),
        row(cum(Sum, 0, true), vec![v([3.0f32])], v([3.0f32])),
    ]);
}

#[test]
fn sorts() {
    let sort = |axis, inputs: Vec<TensorData>, expected: Vec<TensorData>| Row {
        op: Op::Sort { axis },
        inputs,
        expected,
        tolerance: 0.0,
        routes: RUNNING,
        wraps: false,
    };
    let mut rows = vec![
        sort(
            0,
            vec![v([3.0f32, -1.0, NAN, INF, -INF])],
            vec![v([-INF, -1.0f32, 3.0, INF, NAN])],
        ),
        sort(
            0,
            vec![v([0.0f32, -0.0, -1.0, 0.0])],
            vec![v([-1.0f32, 0.0, -0.0, 0.0])],
        ),
        sort(
            0,
            vec![v([0.0f64, -0.0, -1.0, 0.0])],
            vec![v([-1.0f64, 0.0, -0.0, 0.0])],
        ),
        sort(
            1,
            vec![a([3i32, -1, 2, 0, 5, -7], [2, 3])],
            vec![a([-1i32, 2, 3, -7, 0, 5], [2, 3])],
        ),
        sort(
            0,
            vec![a([3i32, -1, 2, 0, 5, -7], [2, 3])],
            vec![a([0i32, -1, -7, 3, 5, 2], [2, 3])],
        ),
        sort(
            0,
            vec![v([u64::MAX, 1, 1 << 63])],
            vec![v([1u64, 1 << 63, u64::MAX])],
        ),
        sort(
            0,
            vec![v([i8::MAX, -1, i8::MIN])],
            vec![v([i8::MIN, -1, i8::MAX])],
        ),
        sort(0, vec![v([true, false, true])], vec![v([false, true, true])]),
        sort(0, vec![v(Vec::<f32>::new())], vec![v(Vec::<f32>::new())]),
        sort(0, vec![v([2.0f32])], vec![v([2.0f32])]),
    ];
    // With companions: stable, zeros equal, NaN last.
    let order = || v([0i32, 1, 2, 3, 4]);
    let with =
        |key: TensorData, sorted: TensorData, at: [i32; 5]| sort(0, vec![key, order()], vec![sorted, v(at)]);
    rows.extend([
        with(
            v([1.0f32, NAN, -0.0, 0.0, -2.0]),
            v([-2.0f32, -0.0, 0.0, 1.0, NAN]),
            [4, 2, 3, 0, 1],
        ),
        with(
            v([1.0f64, f64::NAN, 0.0, -0.0, -2.0]),
            v([-2.0f64, 0.0, -0.0, 1.0, f64::NAN]),
            [4, 2, 3, 0, 1],
        ),
        with(v([1i32, 0, 1, 0, -1]), v([-1i32, 0, 0, 1, 1]), [4, 1, 3, 0, 2]),
        with(
            v([i64::MAX, 0, i64::MIN, 0, -1]),
            v([i64::MIN, -1, 0, 0, i64::MAX]),
            [2, 4, 1, 3, 0],
        ),
        with(
            v([u32::MAX, 0, 7, 0, 1]),
            v([0u32, 0, 1, 7, u32::MAX]),
            [1, 3, 4, 2, 0],
        ),
        with(
            v([true, false, true, false, true]),
            v([false, false, true, true, true]),
            [1, 3, 0, 2, 4],
        ),
    ]);
    rows.push(sort(
        0,
        vec![
            a([3u8, 1, 2, 0], [2, 2]),
            a([0.5f32, 1.5, 2.5, 3.5], [2, 2]),
            a([true, false, false, true], [2, 2]),
        ],
        vec![
            a([2u8, 0, 3, 1], [2, 2]),
            a([2.5f32, 3.5, 0.5, 1.5], [2, 2]),
            a([false, true, true, false], [2, 2]),
        ],
    ));
    check(rows);
}

#[test]
fn contractions() {
    let dot = |lc: &[usize], rc: &[usize], lb: &[usize], rb: &[usize]| {
        Op::Dot(Dot {
            lhs_contract: lc.into(),
            rhs_contract: rc.into(),
            lhs_batch: lb.into(),
            rhs_batch: rb.into(),
        })
    };
    let x = || a([1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    let y = || a([1.0f32, 0.0, 2.0, -1.0, 0.0, 3.0], [3, 2]);
    let plain = || dot(&[1], &[0], &[], &[]);
    let cube = |n: i32| {
        a(
            (0..n).map(f64::from).collect::<Vec<_>>(),
            [2, 2, (n / 4) as usize],
        )
    };
    check(vec![
        row(plain(), vec![x(), y()], a([5.0f32, 7.0, 14.0, 13.0], [2, 2])),
        // Both transposed: x' y' = (y x)'.
        row(
            dot(&[0], &[1], &[], &[]),
            vec![x(), y()],
            a([1.0f32, -2.0, 12.0, 2.0, -1.0, 15.0, 3.0, 0.0, 18.0], [3, 3]),
        ),
        row(
            dot(&[0], &[0], &[], &[]),
            vec![v([1.0f32, 2.0]), v([3.0f32, 4.0])],
            s(11.0f32),
        ),
        row(
            dot(&[1], &[0], &[], &[]),
            vec![x(), v([1.0f32, 0.0, -1.0])],
            v([-2.0f32, -2.0]),
        ),
        row(
            dot(&[], &[], &[], &[]),
            vec![v([1.0f32, 2.0]), v([3.0f32, 4.0])],
            a([3.0f32, 4.0, 6.0, 8.0], [2, 2]),
        ),
        row(dot(&[], &[], &[], &[]), vec![s(2.0f32), s(3.0f32)], s(6.0f32)),
        row(dot(&[0, 1], &[1, 0], &[], &[]), vec![x(), y()], s(18.0f32)),
        // Batched: z[b, i, j] = sum_k x[b, i, k] y[b, k, j], and with the batch axis last.
        row(
            dot(&[2], &[1], &[0], &[0]),
            vec![cube(8), cube(8)],
            a([2.0, 3.0, 6.0, 11.0, 46.0, 55.0, 66.0, 79.0], [2, 2, 2]),
        ),
        row(
            dot(&[], &[], &[0], &[0]),
            vec![v([1.0f32, 2.0]), v([3.0f32, 4.0])],
            v([3.0f32, 8.0]),
        ),
        row(
            plain(),
            vec![a([1i32, 2, 3, 4], [2, 2]), a([0i32, 1, 1, 0], [2, 2])],
            a([2i32, 1, 4, 3], [2, 2]),
        ),
        row(
            plain(),
            vec![a([200u8, 1], [1, 2]), a([2u8, 1], [2, 1])],
            a([145u8], [1, 1]),
        )
        .wrapping(),
        row(
            plain(),
            vec![a([i32::MAX, 1], [1, 2]), a([2i32, 1], [2, 1])],
            a([-1i32], [1, 1]),
        )
        .wrapping(),
        row(
            plain(),
            vec![a([1i64 << 40, 1], [1, 2]), a([2i64, 1], [2, 1])],
            a([(1i64 << 41) + 1], [1, 1]),
        ),
        row(
            plain(),
            vec![a([true, false], [1, 2]), a([true, false, true, true], [2, 2])],
            a([true, false], [1, 2]),
        ),
        row(
            plain(),
            vec![a(Vec::<f32>::new(), [2, 0]), a(Vec::<f32>::new(), [0, 2])],
            a([0.0f32; 4], [2, 2]),
        ),
        row(
            plain(),
            vec![a(Vec::<f32>::new(), [0, 2]), a([1.0f32; 4], [2, 2])],
            a(Vec::<f32>::new(), [0, 2]),
        ),
    ]);
}

/// Long contractions. The numbers are whole and below 2^24, so that every order of additions has the same
/// result.
#[test]
fn long_contractions() {
    const N: usize = 300_001;
    let dot = |x_batch: &[usize], x: usize, y: usize| {
        Op::Dot(Dot {
            lhs_contract: [x].as_slice().into(),
            rhs_contract: [y].as_slice().into(),
            lhs_batch: x_batch.into(),
            rhs_batch: x_batch.into(),
        })
    };
    let ramp = |modulus: usize| (0..N).map(|i| i % modulus).collect::<Vec<_>>();
    let (x, y) = (ramp(7), ramp(5));
    let sum = |f: &dyn Fn(usize, usize) -> usize| x.iter().zip(&y).map(|(&x, &y)| f(x, y)).sum::<usize>();
    let products = [sum(&|x, y| x * y), sum(&|x, _| x), sum(&|_, y| y), N];
    let floats = |x: &[usize]| x.iter().map(|&x| x as f32).collect::<Vec<_>>();
    let integers = |x: &[usize]| x.iter().map(|&x| x as i32).collect::<Vec<_>>();
    // Rows of two arrays with a row of ones below each.
    let two = |x: &[usize]| [integers(x), vec![1; N]].concat();
    let one_true = |at: usize| v((0..N).map(|i| i == at).collect::<Vec<_>>());
    check(vec![
        row(
            dot(&[], 0, 0),
            vec![v(floats(&x)), v(floats(&y))],
            s(products[0] as f32),
        )
        .on(RUNNING),
        row(
            dot(&[], 1, 1),
            vec![a(two(&x), [2, N]), a(two(&y), [2, N])],
            a(integers(&products), [2, 2]),
        )
        .on(RUNNING),
        row(
            dot(&[0], 1, 1),
            vec![a(two(&x), [2, N]), a(two(&y), [2, N])],
            v(integers(&[products[0], products[3]])),
        )
        .on(RUNNING),
        row(dot(&[], 0, 0), vec![one_true(N - 1), one_true(N - 1)], s(true)).on(RUNNING),
        row(dot(&[], 0, 0), vec![one_true(70_000), one_true(N - 1)], s(false)).on(RUNNING),
    ]);
}

/// A contraction against its definition, over many arrangements of axes.
#[test]
fn contractions_against_loops() {
    let mut rows = Vec::new();
    let f = |i: usize, j: usize, k: usize, b: usize| (1 + i + 2 * k + 5 * b, 3 * j + k * k + b);
    let (ni, nj, nk, nb) = (2, 3, 4, 2);
    for x_order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for y_order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            // Axes of x are (b, i, k), of y (b, k, j), each laid out in the given order.
            let build = |order: [usize; 3], lengths: [usize; 3], at: &dyn Fn([usize; 3]) -> usize| {
                let shape = order.map(|axis| lengths[axis]);
                let mut values = Vec::new();
                for p in 0..shape[0] {
                    for q in 0..shape[1] {
                        for r in 0..shape[2] {
                            let mut index = [0; 3];
                            order.iter().zip([p, q, r]).for_each(|(&axis, n)| index[axis] = n);
                            values.push(at(index) as f64);
                        }
                    }
                }
                a(values, shape)
            };
            let x = build(x_order, [nb, ni, nk], &|[b, i, k]| f(i, 0, k, b).0);
            let y = build(y_order, [nb, nk, nj], &|[b, k, j]| f(0, j, k, b).1);
            let find = |order: [usize; 3], axis| order.iter().position(|&a| a == axis).unwrap();
            let op = Op::Dot(Dot {
                lhs_contract: [find(x_order, 2)].as_slice().into(),
                rhs_contract: [find(y_order, 1)].as_slice().into(),
                lhs_batch: [find(x_order, 0)].as_slice().into(),
                rhs_batch: [find(y_order, 0)].as_slice().into(),
            });
            let mut z = Vec::new();
            for b in 0..nb {
                for i in 0..ni {
                    for j in 0..nj {
                        z.push(
                            (0..nk)
                                .map(|k| (f(i, j, k, b).0 * f(i, j, k, b).1) as f64)
                                .sum::<f64>(),
                        );
                    }
                }
            }
            rows.push(row(op, vec![x, y], a(z, [nb, ni, nj])));
        }
    }
    check(rows);
}

#[test]
fn linear_algebra() {
    let solve = |a: TensorData, b: TensorData, x: TensorData| {
        row(Op::Linalg(Linalg::Solve), vec![a, b], x).within(1e-6)
    };
    let eigh = |a: TensorData, values: TensorData, vectors: TensorData| Row {
        op: Op::Linalg(Linalg::Eigh),
        inputs: vec![a],
        expected: vec![values, vectors],
        tolerance: 1e-6,
        routes: ALL,
        wraps: false,
    };
    let none = |shape: &[usize]| a(Vec::<f32>::new(), shape);
    check(vec![
        solve(
            a([0.0f32, 2.0, 1.0, 1.0], [2, 2]),
            a([2.0f32, 3.0], [2, 1]),
            a([2.0f32, 1.0], [2, 1]),
        ),
        solve(
            a([2.0f64, 0.0, 0.0, 4.0], [2, 2]),
            a([2.0f64, 4.0, 8.0, 4.0], [2, 2]),
            a([1.0f64, 2.0, 2.0, 1.0], [2, 2]),
        ),
        solve(
            a([2.0f32, 4.0], [2, 1, 1]),
            a([1.0f32, 1.0], [2, 1, 1]),
            a([0.5f32, 0.25], [2, 1, 1]),
        ),
        solve(
            a([NAN, 1.0, 1.0, 1.0], [2, 2]),
            a([1.0f32, 1.0], [2, 1]),
            a([NAN, NAN], [2, 1]),
        ),
        solve(a([1.0f32], [1, 1]), a([NAN], [1, 1]), a([NAN], [1, 1])),
        solve(a([0.0f32], [1, 1]), a([1.0f32], [1, 1]), a([INF], [1, 1])),
        solve(none(&[0, 0]), none(&[0, 3]), none(&[0, 3])),
        solve(none(&[0, 2, 2]), none(&[0, 2, 1]), none(&[0, 2, 1])),
        eigh(
            a([3.0f64, 0.0, 0.0, 1.0], [1, 2, 2]),
            a([1.0f64, 3.0], [1, 2]),
            a([0.0f64, 1.0, 1.0, 0.0], [1, 2, 2]),
        ),
        eigh(
            a([NAN, 0.0, 0.0, 1.0], [2, 2]),
            v([NAN, NAN]),
            a([NAN; 4], [2, 2]),
        ),
        eigh(a([5.0f32], [1, 1]), v([5.0f32]), a([1.0f32], [1, 1])),
        eigh(none(&[0, 0]), none(&[0]), none(&[0, 0])),
    ]);
}

/// A singular matrix returns no number that could be taken for a solution, and does not panic. The upper
/// triangle is not read.
#[test]
fn degenerate_matrices() {
    use burn_flex::Flex;
    use kiln_burn::{Tensor, lower};
    let run = |f, inputs: Vec<TensorData>| {
        let device = Default::default();
        let types: Vec<_> = inputs.iter().map(type_of).collect();
        let tensors = inputs
            .into_iter()
            .map(|x| Tensor::<Flex>::from_data(x, &device))
            .collect();
        lower(
            &Op::Linalg(f),
            tensors,
            &types.iter().collect::<Vec<_>>(),
            &device,
        )
    };
    let singular = a([1.0f32, 2.0, 2.0, 4.0], [2, 2]);
    let x = run(Linalg::Solve, vec![singular, a([1.0f32, 1.0], [2, 1])])
        .remove(0)
        .into_data();
    assert!(x.iter::<f32>().all(|x| !x.is_finite()), "{x}");
    let a3 = a([2.0f64, 99.0, 99.0, 1.0, 3.0, 99.0, 0.5, -1.0, 4.0], [3, 3]);
    let symmetric = [2.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 4.0];
    let out = run(Linalg::Eigh, vec![a3]);
    let [w, u] = [&out[0], &out[1]].map(|x| x.clone().into_data().iter::<f64>().collect::<Vec<_>>());
    assert!(w[0] <= w[1] && w[1] <= w[2]);
    for i in 0..3 {
        for j in 0..3 {
            let av: f64 = (0..3).map(|k| symmetric[3 * i + k] * u[3 * k + j]).sum();
            assert!((av - w[j] * u[3 * i + j]).abs() < 1e-12, "column {j}");
        }
    }
}

#[test]
fn random_bits() {
    let op = |shape: &[usize]| Op::RandomBits { shape: shape.into() };
    let words = |key, first: u32, n: u32| -> (Vec<u32>, Vec<u32>) {
        (0..n)
            .map(|i| threefry2x32(key, [0, first + i]))
            .map(|[high, low]| (high, low))
            .unzip()
    };
    let (high, low) = words([1, 2], 3, 4);
    let one = Row {
        op: op(&[2, 2]),
        inputs: vec![v([1u32, 2]), v([0u32, 3])],
        expected: vec![a(high, [2, 2]), a(low, [2, 2])],
        tolerance: 0.0,
        routes: ALL,
        wraps: false,
    };
    let (first, second) = (words([1, 2], 0, 3), words([7, 8], 9, 3));
    let batch = Row {
        op: op(&[3]),
        inputs: vec![a([1u32, 2, 7, 8], [2, 2]), a([0u32, 0, 0, 9], [2, 2])],
        expected: vec![
            a([first.0, second.0].concat(), [2, 3]),
            a([first.1, second.1].concat(), [2, 3]),
        ],
        tolerance: 0.0,
        routes: ALL,
        wraps: false,
    };
    let scalar = Row {
        op: op(&[]),
        inputs: vec![v([0u32, 0]), v([0u32, 0])],
        expected: vec![s(0x6b20_0159u32), s(0x99ba_4efeu32)],
        tolerance: 0.0,
        routes: ALL,
        wraps: false,
    };
    check(vec![one, batch, scalar]);
}
