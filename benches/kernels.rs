//! The throughput of single kernels, on arrays in the second-level cache: `cargo bench --bench kernels`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kiln::prelude::*;
use kiln::{numpy as np, random, with_x64};
use std::hint::black_box;

const N: usize = 16 * 1024;

/// A name, and a function of positive arguments below 1.
type Row = (&'static str, fn(&Array) -> Array);

const ELEMENTARY: &[Row] = &[
    ("exp", Array::exp),
    ("log", Array::log),
    ("sin", Array::sin),
    ("tanh", Array::tanh),
    ("erf", Array::erf),
    ("erf_inv", Array::erf_inv),
    ("pow", |x| x.pow(x)),
    ("sum", Array::sum),
];

fn elementary(c: &mut Criterion) {
    let mut group = c.benchmark_group("elementary");
    group.throughput(Throughput::Elements(N as u64));
    for x64 in [false, true] {
        with_x64(x64, || {
            let x = np::linspace(0.01, 0.99, N);
            for (name, f) in ELEMENTARY {
                group.bench_function(BenchmarkId::new(*name, x.dtype()), |b| {
                    b.iter(|| f(black_box(&x)))
                });
            }
        });
    }
}

fn draws(c: &mut Criterion) {
    let mut group = c.benchmark_group("draws");
    group.throughput(Throughput::Elements(N as u64));
    for x64 in [false, true] {
        with_x64(x64, || {
            let dtype = kiln::default_float();
            let key = Key::new(1);
            group.bench_function(BenchmarkId::new("uniform", dtype), |b| {
                b.iter(|| random::uniform(black_box(&key).clone(), N))
            });
            group.bench_function(BenchmarkId::new("normal", dtype), |b| {
                b.iter(|| random::normal(black_box(&key).clone(), N))
            });
        });
    }
}

criterion_group!(benches, elementary, draws);
criterion_main!(benches);
