//! Checks the order of additions, which the page `order.md` of the book fixes, on every path of the CPU's
//! engine.

use crate::support::hash::{bytes, fnv1a64};
use crate::support::{Report, flag, rows, text};
use kiln::prelude::*;
use kiln::{call, grad, keep, lax, numpy as np, random, vmap, vmap_in_axes, with_x64};
use kiln_backends::program::{Builder, Op, Reduction};
use serde_json::Value;
use std::sync::Arc;

/// Combines elements in the documented order: first the elements up to the largest power of two below the
/// length, then the rest, then both.
fn tree(x: &[f32], f: fn(f32, f32) -> f32) -> f32 {
    match x {
        [x] => *x,
        _ => {
            let (left, right) = x.split_at(x.len().next_power_of_two() / 2);
            f(tree(left, f), tree(right, f))
        }
    }
}

/// Returns numbers of both signs and many magnitudes, so that few orders give the same bits.
fn numbers(seed: u64, shape: &[usize]) -> Array {
    let [key, other] = Key::new(seed).split();
    random::normal(key, shape) * (3 * random::normal(other, shape)).exp()
}

/// Returns factors near 1.
fn factors(seed: u64, shape: &[usize]) -> Array {
    1 + random::normal(Key::new(seed), shape) * 0.01
}

#[track_caller]
fn same(x: &Array, y: &Array) {
    assert_eq!(x.shape(), y.shape());
    assert!(bytes(x) == bytes(y), "{x:?} and {y:?}");
}

const LENGTHS: [usize; 24] = [
    1, 2, 3, 5, 7, 8, 15, 16, 17, 63, 64, 65, 100, 255, 256, 257, 1000, 1023, 1024, 1025, 4097, 16_384,
    16_385, 70_001,
];

#[test]
fn sums_and_products() {
    for n in LENGTHS {
        let (x, y) = (numbers(1, &[n]), factors(2, &[n]));
        let (sum, product) = (tree(&x.to_vec(), |x, y| x + y), tree(&y.to_vec(), |x, y| x * y));
        assert_eq!(x.sum().item::<f32>().to_bits(), sum.to_bits(), "sum of {n}");
        assert_eq!(
            y.prod().item::<f32>().to_bits(),
            product.to_bits(),
            "product of {n}"
        );
        let fused = jit(|x: Array| (&x + 0.0).sum())(x.clone());
        assert_eq!(fused.item::<f32>().to_bits(), sum.to_bits(), "fused sum of {n}");
    }
}

/// Adding the sums of blocks gives the bits of the whole sum, if the length of a block is a power of two.
#[test]
fn blocks() {
    for n in [2, 64, 128, 1000, 1024, 2048, 40_000, 1 << 20] {
        let x = numbers(3, &[n]);
        for block in [1, 2, 16, 64, 512, 1024, 1 << 14]
            .into_iter()
            .filter(|block| *block < n)
        {
            let whole = n / block * block;
            let mut sums = vec![x.index(..whole).reshape((-1, block as isize)).sum_axis(1)];
            if whole < n {
                sums.push(x.index(whole..).sum().reshape(1));
            }
            same(&np::concatenate(sums).sum(), &x.sum());
        }
    }
}

/// The order does not depend on the axes, or on their place in memory.
#[test]
fn axes() {
    for shape in [
        [3, 5, 7],
        [70, 3, 2],
        [2, 3, 700],
        [300, 70, 3],
        [1, 2000, 65],
        [65, 1, 40],
        [5, 0, 3],
    ] {
        let x = numbers(4, &shape);
        let moved = jit(|x: Array| x.transpose((2, 0, 1)))(x.clone());
        let sums = |x: &Array, n: usize| -> Vec<f32> {
            x.to_vec::<f32>()
                .chunks(n)
                .map(|row| tree(row, |x, y| x + y))
                .collect()
        };
        for axis in 0..3 {
            let rows = x.moveaxis(axis as isize, -1);
            if x.size() > 0 {
                assert_eq!(
                    x.sum_axis(axis).to_vec::<f32>(),
                    sums(&rows, shape[axis]),
                    "{shape:?}, axis {axis}"
                );
            }
            same(&moved.transpose((1, 2, 0)).sum_axis(axis), &x.sum_axis(axis));
        }
        if x.size() > 0 {
            let rows = x.transpose((1, 0, 2));
            assert_eq!(
                x.sum_axis((0, 2)).to_vec::<f32>(),
                sums(&rows, shape[0] * shape[2]),
                "{shape:?}"
            );
        }
    }
}

/// The order is the same in loops of every kind, and under `vmap`.
#[test]
fn loops_and_vmap() {
    for n in [3, 40, 65, 300, 1000, 3000] {
        let x = numbers(5, &[n, 9]);
        let step = |x: &Array| x * 0.5 + x.sum_axis(0) + x.sum_axis(keep(1)) + x.mean();
        let mut expected = x.clone();
        for _ in 0..3 {
            expected = step(&expected);
        }
        same(
            &lax::fori_loop(0, 3, |_, x: Array| step(&x), x.clone()),
            &expected,
        );
        same(
            &jit(|x: Array| lax::fori_loop(0, 3, |_, x: Array| step(&x), x))(x.clone()),
            &expected,
        );
        let batch = numbers(6, &[4, n, 9]);
        let each: Vec<Array> = (0..4).map(|i| step(&batch.index(i))).collect();
        same(&vmap(|x: Array| step(&x))(batch.clone()), &np::stack(&each));
        let last = np::moveaxis(&batch, 0, -1);
        same(&vmap_in_axes(|x: Array| step(&x), 2)(last), &np::stack(&each));
        same(
            &vmap(|x: Array| x.var())(batch.clone()),
            &np::stack((0..4).map(|i| batch.index(i).var())),
        );
    }
}

fn running(row: &Value) -> Array {
    let n = |key: &str| row[key].as_u64().unwrap() as usize;
    let (length, width) = (n("length"), n("width"));
    let wide = text(row, "dtype") == "float64";
    let shape: &[usize] = if width > 1 { &[length, width] } else { &[length] };
    let input = |i: usize| {
        let x = (i * 7919 % 1009 + 1) as f64;
        // Every step is rounded once, in the dtype.
        let round = |x: f64| if wide { x } else { f64::from(x as f32) };
        let x = round(x / 1009.0);
        match text(row, "fn") {
            "cumprod" => round(1.0 + round(x - 0.5) / 64.0),
            _ => x,
        }
    };
    let values: Vec<f64> = (0..length * width).map(input).collect();
    let x = match wide {
        true => Array::new(values, shape),
        false => Array::new(values.into_iter().map(|x| x as f32).collect(), shape),
    };
    let kind = match text(row, "fn") {
        "cumsum" => Reduction::Sum,
        _ => Reduction::Prod,
    };
    let mut builder = Builder::new();
    let input = builder.input(x.array_type());
    let (axis, reverse) = (0, flag(row, "reverse"));
    let output = builder
        .push(Op::Cumulative { kind, axis, reverse }, &[input])
        .unwrap();
    call(&Arc::new(builder.finish(&output)), [x]).remove(0)
}

/// Running sums have the bits of JAX's.
#[test]
fn running_sums() {
    let mut report = Report::default();
    for row in rows("running", "rows") {
        with_x64(text(&row, "dtype") == "float64", || {
            let hash = format!("{:016x}", fnv1a64(&bytes(&running(&row))));
            report.check(
                &row,
                (hash != text(&row, "fnv1a64")).then(|| "has another hash".into()),
            );
        });
    }
    report.finish(&[]);
}

#[test]
fn running_sums_of_rows_and_columns() {
    for n in [1, 16, 17, 40, 300, 5000] {
        let x = numbers(7, &[n, 6]);
        let each: Vec<Array> = (0..6).map(|i| x.index((.., i)).cumsum()).collect();
        let expected = np::stack_axis(&each, 1);
        same(&x.cumsum_axis(0), &expected);
        same(&x.t().cumsum_axis(1).t(), &expected);
        same(&vmap_in_axes(|x: Array| x.cumsum(), 1)(x.clone()).t(), &expected);
        let again = lax::fori_loop(0, 1, |_, x: Array| x.cumsum_axis(0), x.clone());
        same(&again, &expected);
    }
}

/// Long running sums keep their digits, and so do their derivatives. The right values are the exact ones, or
/// JAX's.
#[test]
fn long_running_sums() {
    assert_eq!(
        np::ones(20_000_000).cumsum().index(-1).item::<f32>(),
        20_000_000.0
    );
    assert_eq!(
        np::full(10_000_000, 0.1).cumsum().index(-1).item::<f32>(),
        1_000_000.2
    );
    let gradient = grad(|x: Array| x.cumsum().sum())(np::ones(20_000_000));
    assert_eq!(gradient.index(0).item::<f32>(), 20_000_000.0);
    assert_eq!(
        np::ones((2_000_000, 12))
            .cumsum_axis(0)
            .index((-1, 5))
            .item::<f32>(),
        2_000_000.0
    );
}

/// A choice with weights searches a running sum. It has the bits of JAX's.
#[test]
fn choices_with_weights() {
    for row in rows("running", "choices") {
        let n = |key: &str| row[key].as_u64().unwrap();
        let (count, draws) = (n("n") as usize, n("draws") as usize);
        let weights = random::uniform(Key::new(n("weights")), count);
        let drawn = random::choice_with(Key::new(n("key")), count, draws, |o| o.p(&weights));
        assert_eq!(format!("{:016x}", fnv1a64(&bytes(&drawn))), text(&row, "fnv1a64"));
    }
}

/// A product with a vector is the sum of the products, however the contraction is written.
#[test]
fn products_with_vectors() {
    for (m, k) in [(1, 1), (3, 2), (4, 5), (7, 100), (100, 7), (3, 5000), (300, 300)] {
        let (x, y) = (numbers(8, &[m, k]), numbers(9, &[k]));
        let each: Vec<Array> = (0..m).map(|i| (x.index(i) * &y).sum()).collect();
        let expected = np::stack(&each);
        same(&x.matmul(&y), &expected);
        same(&x.dot(&y), &expected);
        same(&y.matmul(x.t()), &expected);
        same(&y.matmul(x.t()), &expected);
        same(&vmap(|x: Array| x.dot(&y))(x.clone()), &expected);
        let one = x.index(0);
        same(&one.dot(&y), &expected.index(0));
        same(
            &lax::fori_loop(0, 1, |_, _: Array| x.matmul(&y), expected.clone()),
            &expected,
        );
        // A batch of vectors.
        let ys = numbers(10, &[m, k]);
        let each: Vec<Array> = (0..m).map(|i| (x.index(i) * ys.index(i)).sum()).collect();
        same(
            &vmap_in_axes(|(x, y): (Array, Array)| x.dot(&y), (0, 0))((x.clone(), ys)),
            &np::stack(&each),
        );
    }
}

/// The products of a batch of matrices are those of one matrix, whatever the batch and its axis.
#[test]
fn products_of_matrices() {
    for (m, k, n) in [
        (2, 2, 2),
        (3, 4, 5),
        (8, 9, 2),
        (16, 16, 16),
        (17, 20, 18),
        (64, 300, 40),
    ] {
        for batch in [1, 2, 7, 60] {
            let (x, y) = (numbers(11, &[batch, m, k]), numbers(12, &[batch, k, n]));
            let each: Vec<Array> = (0..batch).map(|i| x.index(i).matmul(y.index(i))).collect();
            let expected = np::stack(&each);
            same(&x.matmul(&y), &expected);
            let f = |(x, y): (Array, Array)| x.matmul(&y);
            same(&vmap_in_axes(f, (0, 0))((x.clone(), y.clone())), &expected);
            let (a, b) = (np::moveaxis(&x, 0, 2), np::moveaxis(&y, 0, 1));
            same(&vmap_in_axes(f, (2, 1))((a, b)), &expected);
        }
    }
    // Short contractions are added in the order of sums.
    let (x, y) = (numbers(13, &[6, 11]), numbers(14, &[11, 5]));
    let each = (0..6).flat_map(|i| (0..5).map(move |j| (i, j)));
    let each: Vec<Array> = each.map(|(i, j)| (x.index(i) * y.index((.., j))).sum()).collect();
    same(&x.matmul(&y).ravel(), &np::stack(&each));
    // Long contractions are added in blocks of 4096.
    let (x, y) = (numbers(15, &[20, 12_000]), numbers(16, &[12_000, 30]));
    let part = |from: usize, to: usize| x.index((.., from..to)).matmul(y.index(from..to));
    let expected = part(0, 4096) + part(4096, 8192) + part(8192, 12_000);
    same(&x.matmul(&y), &expected);
}

/// Returns one digest of all results above that several threads compute.
fn digest() -> u64 {
    let x = numbers(17, &[300, 1000]);
    let (tall, square) = (numbers(18, &[100_000, 3]), numbers(19, &[400, 400]));
    let results = [
        x.sum(),
        x.sum_axis(0),
        x.sum_axis(1),
        tall.sum_axis(0),
        tall.prod_axis(1),
        tall.ravel().cumsum(),
        tall.cumsum_axis(0),
        square.matmul(&square),
        square.matmul(square.index(0)),
        numbers(20, &[3000, 8, 8]).matmul(numbers(21, &[3000, 8, 8])),
        random::normal(Key::new(3), 100_000).mean(),
    ];
    fnv1a64(&results.iter().flat_map(bytes).collect::<Vec<u8>>())
}

#[test]
fn any_number_of_threads() {
    const CHILD: &str = "KILN_TEST_DIGEST";
    if std::env::var_os(CHILD).is_some() {
        println!("digest {:016x}", digest());
        return;
    }
    let of = |threads: &str| {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "order::any_number_of_threads", "--nocapture"])
            .env(CHILD, "1")
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let at = text.find("digest ").unwrap_or_else(|| panic!("{text}"));
        text[at..at + 23].to_owned()
    };
    let expected = of("1");
    for threads in ["2", "3", "8"] {
        assert_eq!(of(threads), expected, "{threads} threads");
    }
}
