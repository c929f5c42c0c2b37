//! Programs of 10^5 equations in a row, on a stack of 2 MB.

use kiln_core::{Array, grad, jit, jvp, lax, numpy as np, program, vmap};
use std::rc::Rc;

const STEPS: usize = 100_000;

/// A chain with a derivative of 1 - 2^-10 per step at 0.
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
        assert_eq!(vmap(chain)(np::zeros(3)).to_vec::<f32>(), [0.0; 3]);
    });
}

/// Nested choices. The first branch is taken at each level.
fn nested(depth: usize, x: Array) -> Array {
    match depth {
        0 => x,
        _ => lax::cond(x.sum().gt(0), |x| nested(depth - 1, x) + 1, |x: Array| -x, x),
    }
}

#[test]
fn nested_choices_take_time_in_their_depth() {
    // Work that grows with the cube of the depth would take hours.
    const DEPTH: usize = 1000;
    fn loops(depth: usize, x: Array) -> Array {
        match depth {
            0 => x,
            _ => lax::fori_loop(0, 1, |i, x: Array| loops(depth - 1, x + i), x),
        }
    }
    let test = || {
        let y = jit(|x| nested(DEPTH, x))(np::ones(40));
        assert_eq!(y.to_vec::<f32>(), [1.0 + DEPTH as f32; 40]);
        // If each level asked the inner ones again for their needs, the time would double with each level.
        assert_eq!(jit(|x| loops(40, x))(np::ones(3)).to_vec::<f32>(), [1.0; 3]);
        let slope = grad(|x: Array| nested(DEPTH / 2, x).sum())(np::ones(40));
        assert_eq!(slope.to_vec::<f32>(), [1.0; 40]);
    };
    on_a_large_stack(test);
}

fn on_a_large_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(512 << 20).spawn(test);
    thread.unwrap().join().unwrap();
}

/// Functions that call one function in several places: there are 2^40 paths to the innermost.
#[test]
fn shared_functions_are_compiled_once() {
    const DEPTH: usize = 40;
    type Shared = Rc<dyn Fn(Array) -> Array>;
    let deep = |wrap: fn(Shared) -> Shared| {
        (0..DEPTH).fold(Rc::new(|x: Array| x.sin()) as Shared, |inner, _| {
            wrap(Rc::new(jit(move |x: Array| inner(x))))
        })
    };
    let twice_chosen = |f: Shared| -> Shared {
        Rc::new(move |x: Array| {
            let (a, b) = (f.clone(), f.clone());
            lax::cond(x.sum().gt(0), move |x| a(x) + 1, move |x| b(x) - 1, x)
        })
    };
    let twice_looped = |f: Shared| -> Shared {
        Rc::new(move |x: Array| {
            let (a, b) = (f.clone(), f.clone());
            let x = lax::fori_loop(0, 1, move |_, x| a(x), x);
            lax::fori_loop(0, 0, move |_, x| b(x), x)
        })
    };
    on_a_large_stack(move || {
        for n in [3, 2000] {
            let f = deep(twice_chosen);
            let y = jit(move |x| f(x))(np::ones(n));
            // Each of the additions is off by half an ulp of 32 at most.
            let off = y.index(0).item::<f32>() - (1_f32.sin() + DEPTH as f32);
            assert!(off.abs() < DEPTH as f32 * 2e-6, "{off}");
            let f = deep(twice_chosen);
            let slope = grad(move |x: Array| f(x).sum())(np::ones(n));
            assert!((slope.index(0).item::<f32>() - 1_f32.cos()).abs() < 1e-6);
            let f = deep(twice_looped);
            let y = jit(move |x| f(x))(np::ones(n));
            assert_eq!(y.to_vec::<f32>(), np::ones(n).sin().to_vec::<f32>());
        }
    });
}

/// Ops on 24 axes of length 2, which are 2^24 elements.
#[test]
fn many_short_axes() {
    const AXES: usize = 24;
    const N: i32 = 1 << AXES;
    let x = np::arange(N).reshape([2; AXES]);
    let all: Vec<isize> = (0..AXES as isize).collect();
    let flipped = x.flip().reshape(N);
    assert!(flipped.equal(np::arange(N).flip()).all().item::<bool>());
    let odd: Vec<isize> = all.iter().copied().filter(|axis| axis % 2 == 1).collect();
    let sums = x.sum_axis(odd.clone()).to_vec::<i32>();
    let backwards = x
        .transpose(all.iter().rev().copied().collect::<Vec<_>>())
        .reshape(N)
        .to_vec::<i32>();
    for i in (0..N as u32).step_by(99_991) {
        assert_eq!(backwards[i as usize] as u32, i.reverse_bits() >> (32 - AXES));
    }
    // The bits of the odd axes take both values: half of their sum is the mean of those terms.
    let within: u32 = odd.iter().map(|axis| 1 << (AXES as u32 - 1 - *axis as u32)).sum();
    for (i, &sum) in sums.iter().enumerate().step_by(97) {
        let spread = (0..AXES / 2)
            .map(|bit| ((i as u32 >> bit) & 1) << (2 * bit + 1))
            .sum::<u32>();
        let terms = 1_u32 << odd.len();
        assert_eq!(
            sum as u32,
            terms.wrapping_mul(spread).wrapping_add(terms / 2 * within)
        );
    }
}

/// Measures in a process of its own for [`long_programs_take_little_memory`].
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
            .args(["--exact", "long::memory_of_long_programs", "--nocapture"])
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
