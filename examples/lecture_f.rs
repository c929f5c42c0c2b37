//! Times the lecture's f on 5e7 points: `cargo run --release --example lecture_f -- jit f32`.

use kiln::prelude::*;
use kiln::{numpy as np, with_x64};
use std::time::Instant;

fn f(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    with_x64(has("f64"), || {
        let f: Box<dyn Fn(Array) -> Array> = if has("eager") {
            Box::new(f)
        } else {
            Box::new(jit(f))
        };
        let x = np::linspace(0.0, 10.0, 50_000_000);
        let mut seconds: Vec<f64> = (0..6)
            .map(|_| {
                let start = Instant::now();
                f(x.clone()).block_until_ready();
                start.elapsed().as_secs_f64()
            })
            .collect();
        let first = seconds.remove(0);
        seconds.sort_by(f64::total_cmp);
        println!(
            "{{\"first_call_seconds\": {first}, \"second_call_seconds\": {}}}",
            seconds[2]
        );
    });
}
