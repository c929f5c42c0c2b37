//! The lecture's experiments with a clock, in its order: `cargo run --release --example lecture_timings`. `benches/lecture.py` runs them
//! next to JAX's and writes the tables of the book.

use kiln::prelude::*;
use kiln::{lax, numpy as np, random};
use std::hint::black_box;
use std::time::Instant;

fn f(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

fn surface((x, y): (Array, Array)) -> Array {
    (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2))
}

const PATHS: usize = 10_000_000;

fn price(key: Key) -> Array {
    let state = (np::full(PATHS, 10_f64.ln()), np::full(PATHS, 0), key);
    let update = |_, (s, h, key): (Array, Array, Key)| {
        let [key, subkey] = key.split();
        let z = random::normal(subkey, (2, PATHS));
        let s = s + 0.0001 + h.exp() * z.index(0);
        (s, 0.1 * h + 0.001 * z.index(1), key)
    };
    let (s, ..) = lax::fori_loop(0, 20, update, state);
    0.99_f64.powi(20) * np::maximum(s.exp() - 100, 0).mean()
}

fn main() {
    kiln::enable_x64(true);
    let timed = |name: &str, run: &dyn Fn() -> Array| {
        let start = Instant::now();
        black_box(run().block_until_ready());
        println!("{name}\t{}", start.elapsed().as_secs_f64());
    };
    {
        let (x, y) = (np::ones(50_000_000), np::ones(50_000_001));
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
        let x = np::linspace(-2, 2, 6000);
        let mesh = np::meshgrid(&x, &x);
        timed("6000 × 6000 points, mesh, first call", &|| f(mesh.clone()));
        timed("6000 × 6000 points, mesh, again", &|| f(mesh.clone()));
        let grid = vmap(vmap(&f, (None, Some(0))), (Some(0), None));
        timed("6000 × 6000 points, vmap, first call", &|| {
            grid((x.clone(), x.clone()))
        });
        timed("6000 × 6000 points, vmap, again", &|| {
            grid((x.clone(), x.clone()))
        });
    }
    let price = jit(price);
    timed("price from 10,000,000 paths, first call", &|| price(Key::new(1)));
    timed("price from 10,000,000 paths, again", &|| price(Key::new(1)));
}
