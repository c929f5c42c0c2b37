//! Programs of 10^5 equations in a row, on a stack of 2 MB.

use kiln_core::{Array, grad, jit, jvp, numpy as np, program, vmap};

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
