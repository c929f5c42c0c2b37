//! Running out of memory is an error at the user's line that names the op, and the process goes on.
//!
//! Each case runs in many processes, each with a little more address space than the one before. No process
//! may be aborted by an allocation that failed.
#![cfg(target_os = "linux")]

use kiln::{Array, Buffer, DType, Key, jit, lax, numpy as np, random};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;

/// 16 MiB of float32.
const N: usize = 1 << 22;
const SIDE: usize = 1 << 11;

type Case = (&'static str, fn(&Array) -> Array);

/// The first words of the last op's error, and a computation that takes more than a few MiB.
const CASES: &[Case] = &[
    ("matmul", |x| {
        x.reshape((SIDE, SIDE)).matmul(x.reshape((SIDE, SIDE)).t())
    }),
    ("multiply", |x| {
        let long = x.index(..2 * SIDE as isize);
        np::outer(&long, &long)
    }),
    ("sort", |x| x.sort()),
    ("sort", |x| np::zeros_like(x).sort()),
    ("sort", |x| x.reshape((SIDE, SIDE)).sort_axis(0)),
    ("argsort", |x| x.argsort()),
    ("take", |x| np::take_axis(x, (np::arange(N) * 7919) % N, 0)),
    ("take", |x| {
        np::take_axis(x.reshape((SIDE, SIDE)), np::arange(SIDE).flip(), 1)
    }),
    ("at", |x| x.at(np::arange(N).flip()).add(1.0)),
    ("cumsum", |x| np::broadcast_to(x, (6, N)).cumsum()),
    ("cumsum", |x| np::broadcast_to(x, (6, N)).cumsum_axis(0)),
    ("concatenate", |x| np::concatenate([x, x])),
    ("argmax", |x| {
        np::broadcast_to(x, (6, N)).reshape((6 * N, 1)).argmax_axis(1)
    }),
    ("solve", |x| {
        let a = x.index(..1 << 20).reshape((1 << 10, 1 << 10));
        np::linalg::solve(&a + np::identity(1 << 10) * 4.0, a)
    }),
    ("uniform", |_| random::uniform(Key::new(1), 6 * N)),
    ("bits", |_| random::bits(Key::new(1), 6 * N)),
    ("broadcast_to", |x| np::broadcast_to(x, (6, N)).sin()),
    ("add", |x| x + np::ones((6, 1))),
    ("zeros", |_| np::zeros(6 * N)),
    ("scan", |x| {
        let rows = x.reshape((SIDE, SIDE));
        let step = |c: Array, row: Array| (&c + &row, (0..6).map(|i| &c * i).collect::<Vec<_>>());
        lax::scan(step, np::zeros(SIDE), rows).1.remove(5)
    }),
    ("scan", |_| {
        lax::scan_n(|c: Array| (&c * 0.5 + 1.0, c), 0.5.into(), 6 * N).1
    }),
    ("jit", |x| jit(|x: Array| (x.sort() * 2.0).cumsum())(x.clone())),
    ("ones", |_| np::ones(6 * N)),
];

/// The file of the last panic.
static RAISED: Mutex<String> = Mutex::new(String::new());

/// Runs the one case that the environment names for this process, if it names one.
#[test]
fn one_case() {
    let Ok(number) = std::env::var("KILN_MEMORY_CASE") else {
        return;
    };
    let (name, f) = CASES[number.parse::<usize>().unwrap()];
    std::panic::set_hook(Box::new(|info| {
        eprintln!("{info}");
        *RAISED.lock().unwrap() = info.location().unwrap().file().into();
    }));
    let message = |payload: Box<dyn std::any::Any + Send>| match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(_) => "another payload".into(),
    };
    let x = match catch_unwind(|| np::arange(N).astype(DType::F32) + 0.5) {
        Ok(x) => x,
        Err(payload) => {
            let message = message(payload);
            // The stacks of threads take address space as well.
            let expected = message.contains("out of memory") || message.contains("cpu could not be started");
            return assert!(expected, "{message}");
        }
    };
    assert_eq!(kiln::threads(), 2);
    let before = x.sum().item::<f32>();
    match catch_unwind(AssertUnwindSafe(|| f(&x))) {
        Ok(y) => {
            drop(y);
            println!("\nin memory");
        }
        Err(payload) => {
            let message = message(payload);
            assert!(message.contains(": out of memory: an array "), "{message}");
            // A jitted function cannot know its caller. So its error says where it was made.
            let here = RAISED.lock().unwrap().ends_with("tests/memory.rs");
            let said = message.starts_with("jit (made at tests/memory.rs:");
            assert!(if name == "jit" { said } else { here }, "{message} {RAISED:?}");
            println!("\n{message}");
        }
    }
    // Other computations still work.
    assert_eq!(x.sum().item::<f32>(), before);
    assert_eq!((np::arange(3) + 1).to_vec::<i32>(), [1, 2, 3]);
}

/// Runs a case in a process with so many KiB of address space.
fn run(case: usize, kib: usize) -> String {
    let program = std::env::current_exe().unwrap();
    let command = format!(
        "ulimit -v {kib}; exec {} --exact one_case --nocapture",
        program.display()
    );
    let out = Command::new("sh")
        .args(["-c", &command])
        .env("KILN_MEMORY_CASE", case.to_string())
        .env("RAYON_NUM_THREADS", "2")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(
        out.status.success(),
        "{} with {kib} KiB: {}\n{text}\n{errors}",
        CASES[case].0,
        out.status
    );
    text
}

#[test]
fn no_allocation_ends_the_process() {
    // A process that computes nothing yet needs less than the first step. Every case needs more than the
    // first step, and less than the last.
    let steps: Vec<usize> = (0..26)
        .map(|step| (48.0 * 1.14_f64.powi(step) * 1024.0) as usize)
        .collect();
    for (case, (name, _)) in CASES.iter().enumerate() {
        let found: Vec<String> = steps.iter().map(|&kib| run(case, kib)).collect();
        let ran_out = |text: &String| {
            let mut lines = text.lines();
            lines.any(|line| line.starts_with(name) && line.contains(": out of memory: an array "))
        };
        assert!(found.iter().any(ran_out), "{name} never runs out");
        assert!(
            found.last().unwrap().contains("\nin memory"),
            "{name} does not fit"
        );
    }
}

/// Returns the message of the panic of `f`.
fn raised(f: impl FnOnce() -> Array) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("there is not so much memory");
    *payload.downcast::<String>().expect("a message")
}

#[test]
fn what_no_machine_can_hold_is_an_error() {
    let column = np::ones((3_000_000, 1));
    let product = raised(|| column.matmul(np::ones((1, 3_000_000))));
    let wanted = "an array f32[3000000,3000000] needs 33527.6 GiB, and 47.0 MiB more while it is computed";
    assert!(
        product.starts_with(&format!("matmul: out of memory: {wanted}: at most ")),
        "{product}"
    );
    assert!(product.ends_with("iB can be allocated"), "{product}");
    let sum = raised(|| &column + np::ones((1, 30_000_000)));
    assert!(
        sum.starts_with("add: out of memory: an array f32[3000000,30000000] needs 335276.1 GiB: at most "),
        "{sum}"
    );
    let rows = raised(|| np::take_axis(column.t(), np::zeros(1 << 20).astype(DType::I32), 0));
    assert!(
        rows.starts_with("take: out of memory: an array f32[1048576,3000000] needs 11718.8 GiB"),
        "{rows}"
    );
    let stacked = raised(|| lax::scan_n(|c: Array| (c.clone(), c), column.clone(), 1 << 20).1);
    assert!(stacked.starts_with("scan: out of memory: "), "{stacked}");
    assert!(Buffer::try_zeros(column.array_type()).is_ok());
    assert_eq!(column.sum().item::<f32>(), 3_000_000.0);
}
