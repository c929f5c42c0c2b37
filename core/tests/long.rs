//! Programs of 10^5 equations in a row, on a stack of 2 MB.

use kiln_core::{Array, grad, jit, jvp, numpy as np, program, vmap};
use std::time::Instant;

const STEPS: usize = 100_000;

/// A chain whose derivative is 1 - 2^-10 per step at 0.
fn chain(mut x: Array) -> Array {
    for _ in 0..STEPS / 2 {
        x = x.sin() * (1.0 - 1.0 / 1024.0);
    }
    x
}

fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test);
    thread.expect("a thread").join().expect("no overflow");
}

#[test]
fn long_programs_need_no_deep_stack() {
    on_a_small_stack(|| {
        assert!(program(chain, 0.0.into()).equations().len() >= STEPS);
        assert_eq!(jit(chain)(0.0.into()).item::<f32>(), 0.0);
        // (1 - 2^-10)^50000 is e^-48.85.
        let slope = jit(grad(chain))(0.0.into()).item::<f64>();
        assert!((slope.ln() + 48.852).abs() < 0.01, "{slope}");
        let tangent = jvp(chain, 0.0.into(), 1.0.into()).1.item::<f64>();
        assert!((tangent.ln() + 48.852).abs() < 0.01, "{tangent}");
        assert_eq!(vmap(chain, 0)(np::zeros(3)).to_vec::<f32>(), [0.0; 3]);
    });
}

type Chain<'a> = &'a dyn Fn(Array) -> Array;

/// The best of three runs, each of another chain, so that nothing is found in a cache.
fn seconds(steps: usize, run: &dyn Fn(Chain)) -> f64 {
    let chains = (1..=3).map(|salt| {
        let factor = 1.0 - f64::from(salt) / 1024.0;
        let chain = move |mut x: Array| {
            for _ in 0..steps / 2 {
                x = x.sin() * factor;
            }
            x
        };
        let start = Instant::now();
        run(&chain);
        start.elapsed().as_secs_f64()
    });
    chains.fold(f64::INFINITY, f64::min)
}

/// Four times as many equations take four times as long; half of what quadratic work would take is allowed.
#[test]
fn work_is_proportional_to_the_length_of_a_program() {
    type Run = Box<dyn Fn(Chain)>;
    let transformations: [(&str, Run); 5] = [
        ("record", Box::new(|f| drop(program(f, 0.0.into())))),
        ("grad", Box::new(|f| drop(program(grad(f), 0.0.into())))),
        (
            "jvp",
            Box::new(|f| drop(program(|x: Array| jvp(f, x.clone(), x), 0.0.into()))),
        ),
        ("vmap", Box::new(|f| drop(program(vmap(f, 0), np::zeros(3))))),
        ("compile", Box::new(|f| drop(jit(f)(0.0.into())))),
    ];
    for (name, run) in transformations {
        let (short, long) = (seconds(10_000, &run), seconds(40_000, &run));
        assert!(
            long < 8.0 * short,
            "{name}: {short} s, and {long} s for four times as many"
        );
    }
}
