//! Measures the cost of a call besides its arithmetic: `cargo bench --bench overhead`.

#[path = "../examples/option_pricing/src/model.rs"]
mod model;

use criterion::{Criterion, criterion_group, criterion_main};
use kiln::prelude::*;
use kiln::{grad, numpy as np, program};
use kiln_backends::cpu::Executable;
use model::{Estimator, Model};
use std::hint::black_box;

const MODEL: Model = Model {
    steps: 20,
    beta: 0.99,
    strike: 100.0,
    mu: 0.0001,
    rho: 0.1,
    nu: 0.001,
    s0: 10.0,
    h0: 0.0,
};

fn calls(c: &mut Criterion) {
    let (x, y) = (np::ones(8), np::linspace(0.0, 1.0, 8));
    c.bench_function("eager add of 8 elements", |b| {
        b.iter(|| black_box(&x) + black_box(&y))
    });
    let add = jit(|(x, y): (Array, Array)| x + y);
    c.bench_function("jitted add of 8 elements", |b| {
        b.iter(|| add((black_box(&x).clone(), black_box(&y).clone())))
    });
    let sums = jit(|x: Array| (x.sin() + x.cos()).sum());
    c.bench_function("jitted sum of sin + cos of 8 elements", |b| {
        b.iter(|| sums(black_box(&x).clone()))
    });
}

fn compilation(c: &mut Criterion) {
    let price = |key: Key| MODEL.price(key, 10_000_000, Estimator::Plain);
    c.bench_function("trace the option pricer", |b| {
        b.iter(|| program(price, Key::new(1)))
    });
    let traced = program(price, Key::new(1));
    c.bench_function("compile the option pricer", |b| {
        b.iter(|| Executable::compile(black_box(&traced)))
    });
}

/// Traces, differentiates and compiles programs of 10,000 to 40,000 equations. Each program has a number of
/// its own, so that no cache holds any part of it.
fn transformations(c: &mut Criterion) {
    let mut salt = 0.0;
    let mut long = |steps: usize| {
        salt += 1.0;
        let start = salt;
        move |x: Array| (0..steps / 2).fold(x * start, |x, i| x.sin() * (1.0 + i as f64 / 1e6))
    };
    for steps in [10_000, 20_000, 40_000] {
        c.bench_function(
            &format!("trace, differentiate and compile {steps} equations"),
            |b| b.iter(|| Executable::compile(&program(grad(long(steps)), 0.5.into()))),
        );
    }
    let slope = grad(|x: Array| x.pow(2) / 2.0);
    c.bench_function("eager grad of a function of one number", |b| {
        b.iter(|| slope(black_box(10.0).into()))
    });
}

criterion_group! {
    name = long;
    config = Criterion::default().sample_size(10);
    targets = transformations
}
criterion_group!(benches, calls, compilation);
criterion_main!(benches, long);
