//! Times the lecture's experiments: `cargo run --release --example lecture_f -- jit f32`.
//!
//! `lecture [f32] [scale]` runs all experiments in the lecture's order, one after the other. Its output makes
//! the tables of the book and of the GPUs (`benches/beside_jax/lecture.py`).
//!
//! The other experiments are those of `benches/beside_jax/against_jax.py`. `jit` and `eager` evaluate f at
//! 5e7 points, and `grad` its gradient. `grid` is the nested vmap on 6000 x 6000 points. `eager_grad` is the
//! gradient of a function of one number, traced in each call. `path` and `paths` are an autoregression of
//! 10^5 steps on one number and on four. `draws` is an autoregression that draws its noise in the loop.

use kiln::prelude::*;
use kiln::{grad, lax, numpy as np, random, vmap_in_axes, with_x64};
use std::hint::black_box;
use std::time::Instant;

fn f(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

fn surface((x, y): (Array, Array)) -> Array {
    (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2))
}

const STEPS: usize = 100_000;

/// Runs `c = 0.9 c + x` from zero. Returns the last `c`, and all of them.
fn path(x: Array) -> (Array, Array) {
    let start = np::zeros(&x.shape()[1..]);
    let step = |c: Array, x: Array| {
        let c = 0.9 * c + x;
        (c.clone(), c)
    };
    lax::scan(step, start, x)
}

/// Runs the recurrence of [`path`] on normal draws, from keys that are split one after the other.
fn draws(key: Key) -> ((Key, Array), Array) {
    let step = |(key, c): (Key, Array)| {
        let [key, subkey] = key.split();
        let c = 0.9 * c + random::normal(subkey, ());
        ((key, c.clone()), c)
    };
    lax::scan_n(step, (key, np::zeros(())), STEPS)
}

const PATHS: usize = 10_000_000;

/// The price of the lecture's exercise.
fn price(key: Key, paths: usize) -> Array {
    let state = (np::full(paths, 10_f64.ln()), np::full(paths, 0), key);
    let update = |_, (s, h, key): (Array, Array, Key)| {
        let [key, subkey] = key.split();
        let z = random::normal(subkey, (2, paths));
        let s = s + 0.0001 + h.exp() * z.index(0);
        (s, 0.1 * h + 0.001 * z.index(1), key)
    };
    let (s, ..) = lax::fori_loop(0, 20, update, state);
    0.99_f64.powi(20) * np::maximum(s.exp() - 100, 0).mean()
}

/// Returns the seconds of the first call, and of a later call: the median of several runs of `repeat` calls.
fn measure<T>(repeat: usize, mut call: impl FnMut() -> T) -> (f64, f64) {
    let mut time = |n: usize| {
        let start = Instant::now();
        (0..n).for_each(|_| drop(black_box(call())));
        start.elapsed().as_secs_f64() / n as f64
    };
    let first = time(1);
    let mut later: Vec<f64> = (0..5).map(|_| time(repeat)).collect();
    later.sort_by(f64::total_cmp);
    (first, later[2])
}

/// Prints the seconds of each experiment and the mean of its result. The sizes of arrays are multiplied by
/// `scale`, the edges of the grid by its root.
fn lecture(scale: f64) {
    let timed = |name: &str, run: &dyn Fn() -> Array| {
        let start = Instant::now();
        let result = black_box(run().block_until_ready());
        let seconds = start.elapsed().as_secs_f64();
        println!("{name}\t{seconds}\t{}", result.mean().item::<f64>());
    };
    let points = (50_000_000.0 * scale) as usize;
    let edge = (6000.0 * scale.sqrt()) as usize;
    {
        let (x, y) = (np::ones(points), np::ones(points + 1));
        timed("f, first call", &|| f(x.clone()));
        timed("f, again", &|| f(x.clone()));
        timed("f on another length, first call", &|| f(y.clone()));
        timed("f on another length, again", &|| f(y.clone()));
        timed("f on the first array again", &|| f(x.clone()));
        let f = jit(f);
        timed("f compiled, first call", &|| f(x.clone()));
        timed("f compiled, again", &|| f(x.clone()));
    }
    {
        let f = jit(surface);
        let x = np::linspace(-2, 2, 80);
        timed("80 × 80 points, two loops", &|| {
            let at = |i: usize| (0..80).map(|j| f((x.index(i), x.index(j))).item()).collect();
            let rows: Vec<Vec<f64>> = (0..80).map(at).collect();
            np::array(rows)
        });
        let mesh = np::meshgrid(&x, &x);
        timed("80 × 80 points, mesh, first call", &|| f(mesh.clone()));
        timed("80 × 80 points, mesh, again", &|| f(mesh.clone()));
        let x = np::linspace(-2, 2, edge);
        let mesh = np::meshgrid(&x, &x);
        timed("6000 × 6000 points, mesh, first call", &|| f(mesh.clone()));
        timed("6000 × 6000 points, mesh, again", &|| f(mesh.clone()));
        let grid = vmap_in_axes(vmap_in_axes(&f, (None, 0)), (0, None));
        timed("6000 × 6000 points, vmap, first call", &|| {
            grid((x.clone(), x.clone()))
        });
        timed("6000 × 6000 points, vmap, again", &|| {
            grid((x.clone(), x.clone()))
        });
    }
    let paths = (PATHS as f64 * scale) as usize;
    let price = jit(move |key: Key| price(key, paths));
    timed("price from 10,000,000 paths, first call", &|| price(Key::new(1)));
    timed("price from 10,000,000 paths, again", &|| price(Key::new(1)));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("lecture") {
        let scale = arguments.iter().find_map(|argument| argument.parse().ok());
        return with_x64(!has("f32"), || lecture(scale.unwrap_or(1.0)));
    }
    let (first, second) = with_x64(has("f64"), || {
        let points = || np::linspace(0.0, 10.0, 50_000_000);
        if has("eager") {
            let x = points();
            measure(1, || f(x.clone()))
        } else if has("grad") {
            let (x, f) = (points(), jit(grad(f)));
            measure(1, || f(x.clone()))
        } else if has("grid") {
            let axis = np::linspace(-2.0, 2.0, 6000);
            let rows = vmap_in_axes(surface, (None, 0));
            let all = jit(vmap_in_axes(rows, (0, None)));
            measure(1, || all((axis.clone(), axis.clone())))
        } else if has("path") || has("paths") {
            let x = random::normal(
                Key::new(1),
                if has("path") { vec![STEPS] } else { vec![STEPS, 4] },
            );
            let f = jit(path);
            measure(100, || f(x.clone()))
        } else if has("draws") {
            let f = jit(draws);
            measure(10, || f(Key::new(1)))
        } else if has("eager_grad") {
            let slope = grad(|x: Array| x.pow(2) / 2.0);
            measure(1000, || slope(10.0.into()))
        } else {
            let (x, f) = (points(), jit(f));
            measure(1, || f(x.clone()))
        }
    });
    println!("{{\"first_call_seconds\": {first}, \"second_call_seconds\": {second}}}");
}
