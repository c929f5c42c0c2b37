//! Programs of 10^5 equations in a row, on a stack of 2 MB.

use kiln_core::{Array, grad, jit, jvp, lax, numpy as np, program, vmap};

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

#[test]
fn nested_choices_take_time_in_their_depth() {
    // Work that grew with the cube of the depth would take hours.
    const DEPTH: usize = 1000;
    fn nested(depth: usize, x: Array) -> Array {
        match depth {
            0 => x,
            _ => lax::cond(x.sum().gt(0), |x| nested(depth - 1, x) + 1, |x: Array| -x, x),
        }
    }
    fn loops(depth: usize, x: Array) -> Array {
        match depth {
            0 => x,
            _ => lax::fori_loop(0, 1, |i, x: Array| loops(depth - 1, x + i), x),
        }
    }
    let test = || {
        let y = jit(|x| nested(DEPTH, x))(np::ones(40));
        assert_eq!(y.to_vec::<f32>(), [1.0 + DEPTH as f32; 40]);
        // Where each level asked its own again what they need, this would double with each.
        assert_eq!(jit(|x| loops(40, x))(np::ones(3)).to_vec::<f32>(), [1.0; 3]);
    };
    let thread = std::thread::Builder::new().stack_size(512 << 20).spawn(test);
    thread.unwrap().join().unwrap();
}

/// What a process of its own reads off for [`long_programs_take_little_memory`].
#[test]
#[cfg(target_os = "linux")]
fn memory_of_long_programs() {
    let Ok(case) = std::env::var("KILN_LONG_CASE") else {
        return;
    };
    let steps = |x: Array, n: usize| (0..n).fold(x, |x, i| (x + i as f64 * 1e-6).sin());
    let y = match &case[..] {
        "jit" => jit(move |x| steps(x, STEPS / 3))(np::ones(3)),
        "grad" => grad(move |x: Array| steps(x, STEPS / 3).sum())(np::ones(3)),
        _ => np::ones(3),
    };
    assert!(y.to_vec::<f32>()[0] <= 1.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    println!("\npeak {}", line.split_whitespace().nth(1).unwrap());
}

#[test]
#[cfg(target_os = "linux")]
fn long_programs_take_little_memory() {
    let peak = |case: &str| -> usize {
        let out = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "memory_of_long_programs", "--nocapture"])
            .env("KILN_LONG_CASE", case)
            .output()
            .unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("peak ")).unwrap();
        line.parse::<usize>().unwrap() / 1024
    };
    let (none, jitted, gradient) = (peak("none"), peak("jit"), peak("grad"));
    assert!(jitted - none < 300, "{jitted} MiB for 10^5 equations");
    assert!(gradient - none < 600, "{gradient} MiB for their gradient");
}
