//! Programs that run long end when they are asked to, and leave everything as it was.

use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{CancelToken, Interrupted, grad, interruptible, lax, random, value_and_grad, vmap};
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Cancels a call of `f` after a moment, and returns its result and the time that it took to return.
fn cancelled<T>(f: impl FnOnce() -> T) -> (Result<T, Interrupted>, Duration) {
    let token = CancelToken::new();
    let button = token.clone();
    let pressed = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        button.cancel();
        Instant::now()
    });
    let result = token.run(f);
    (result, pressed.join().expect("no panic").elapsed())
}

/// Checks that a call that would run for minutes ends within a second.
#[track_caller]
fn ends<T>(name: &str, f: impl FnOnce() -> T) {
    let (result, after) = cancelled(f);
    assert!(result.is_err(), "{name}: the call returned a value");
    assert!(after < Duration::from_secs(1), "{name}: ended after {after:?}");
}

const LONG: i64 = 2_000_000_000;

fn one() -> Array {
    np::array(1.0)
}

#[test]
fn every_kind_of_loop_ends() {
    let halves = |x: Array| x * 0.5 + 1.0;
    let roots = |x: Array| (x * 0.5).sqrt() + 1.0;
    let sums = |x: Array| (&x * 0.5).sqrt() + x.sum() * 1e-9;
    let never = |x: &Array| x.sum().lt(1e30);
    let many = || np::linspace(0.0, 1.0, 20_000);
    ends("a recurrence", || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| halves(x), x))(one())
    });
    ends("scalars", || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |i, x| roots(x) + i, x))(one())
    });
    ends("a condition", || lax::while_loop(never, halves, one()));
    ends("a few elements", || {
        lax::fori_loop(0, LONG, |_, x| roots(x), np::ones(16))
    });
    ends("one tile", || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| roots(x), x))(np::ones(500))
    });
    ends("tiles", || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| roots(x), x))(many())
    });
    ends("many elements", || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| sums(x), x))(many())
    });
    ends("a condition on many elements", || {
        lax::while_loop(never, sums, many())
    });
    ends("an inner loop", || {
        let inner = move |x: Array| lax::fori_loop(0, LONG, |i, x| roots(x) + i, x);
        jit(move |x: Array| lax::fori_loop(0, 10, |_, x| inner(x), x))(one())
    });
}

#[test]
fn kernels_sorts_and_eager_calls_end() {
    ends("a sum of 10^10 numbers", || {
        jit(|key: Key| random::normal(key, 10_000_000_000_usize).sum())(Key::new(0))
    });
    ends("sums of columns", || {
        jit(|key: Key| random::normal(key, (100_000_000, 100)).sum_axis(0))(Key::new(0))
    });
    ends("a sort of many rows", || np::zeros((50_000, 1000)).sort());
    ends("calls one after the other", || {
        let mut x = np::ones(3);
        loop {
            x = x.sin();
        }
    });
}

#[test]
fn transformed_programs_end() {
    let to = |n: i64| move |x: Array| lax::fori_loop(0, n, |i, x: Array| (x + i).sin(), x);
    let while_small = |x: Array| lax::while_loop(|x: &Array| x.lt(3.0), |x| x * 0.5 + 1.0, x);
    ends("grad", || grad(to(20_000_000))(one()));
    ends("jit of grad", || jit(grad(to(20_000_000)))(one()));
    ends("vmap", || vmap(while_small)(np::linspace(0.0, 1.0, 300)));
    ends("jit of vmap of grad", || {
        jit(vmap(grad(to(1_000_000))))(np::linspace(0.0, 1.0, 300))
    });
}

/// Calls a function that is ended early, and then again.
#[test]
fn a_function_that_was_ended_returns_the_same_numbers_afterwards() {
    // Sums the numbers from 0 to n - 1, and the powers of a third.
    let sums = jit(|n: Array| {
        let more = |(i, n, ..): &(Array, Array, Array, Array)| i.lt(n);
        let add = |(i, n, sum, x): (Array, Array, Array, Array)| (&i + 1, n, sum + i, x / 3.0 + 1.0);
        let (.., sum, x) = lax::while_loop(more, add, (0.into(), n, 0.into(), 0.0.into()));
        (sum, x)
    });
    let (before, limit) = sums(1000.into());
    assert!(cancelled(|| sums(i32::MAX.into())).0.is_err());
    let (after, again) = sums(1000.into());
    assert_eq!((before.item::<i32>(), after.item::<i32>()), (499_500, 499_500));
    assert_eq!(limit.item::<f32>().to_bits(), again.item::<f32>().to_bits());

    // The derivative runs in two loops, of which the first is ended.
    let f = |x: Array| lax::scan(|c: Array, x: Array| ((c * &x).sin() + &x, x), 0.5.into(), x).0;
    let slope = jit(value_and_grad(f));
    let (short, long) = (np::linspace(0.0, 1.0, 1000), np::linspace(0.0, 1.0, 30_000_000));
    let (value, gradient) = slope(short.clone());
    assert!(cancelled(|| slope(long)).0.is_err());
    let (value_again, gradient_again) = slope(short);
    assert_eq!(value.item::<f32>(), value_again.item::<f32>());
    assert_eq!(gradient.to_vec::<f32>(), gradient_again.to_vec::<f32>());
}

#[test]
fn arrays_that_others_hold_stay_as_they_are() {
    let x = np::arange(1_000_000);
    let long = jit(|x: Array| lax::fori_loop(0, LONG, |i, x: Array| &x + i + x.min() % 2, x));
    assert!(cancelled(|| long(x.clone())).0.is_err());
    assert_eq!(x.to_vec::<i32>(), (0..1_000_000).collect::<Vec<_>>());
    // The buffers that the ended call had are free again, and no result shares one.
    let (y, z) = (&x + 1, &x + 2);
    assert_eq!((&z - &y).sum().item::<i32>(), 1_000_000);
    assert_eq!(x.sum().item::<i32>(), (0..1_000_000_i64).sum::<i64>() as i32);
}

#[test]
fn a_trace_that_was_ended_is_no_longer_in_progress() {
    let ended = cancelled(|| {
        // The trace runs what it has so far when a value is looked at.
        grad(|x: Array| {
            let limit = lax::while_loop(|z: &Array| z.lt(3.0), |z| z * 0.5 + 1.0, x.clone());
            if limit.item::<f32>() > 0.0 { x } else { -x }
        })(one())
    });
    assert!(ended.0.is_err());
    assert_eq!(
        (np::ones(2) + 1).to_string(),
        "[2. 2.]",
        "no trace takes this call"
    );
}

#[test]
fn only_the_calls_of_the_token_end() {
    let sum = |n: i64| jit(move |x: Array| lax::fori_loop(0, n, |i, x: Array| x + i, x));
    let token = CancelToken::new();
    let (ended, other) = rayon::join(
        || token.run(|| sum(LONG)(np::zeros(100).astype(kiln::DType::I32))),
        || {
            let other = interruptible(|| sum(100_000)(0.into()).item::<i32>());
            token.cancel();
            other
        },
    );
    assert!(ended.is_err());
    assert_eq!(other, Ok((0..100_000_i64).sum::<i64>() as i32));
}

#[test]
fn a_panic_of_the_function_is_no_interruption() {
    let panicked = std::panic::catch_unwind(|| interruptible(|| np::ones(2).reshape(3)));
    let message = panicked.unwrap_err();
    assert!(
        message
            .downcast_ref::<String>()
            .is_some_and(|text| text.starts_with("reshape: "))
    );
}

const CHILD: &str = "KILN_TEST_CTRL_C";

/// The process that the tests below send Ctrl-C to. Without the variable it is no test.
#[test]
fn a_process_that_gets_ctrl_c() {
    let Ok(kind) = env::var(CHILD) else { return };
    kiln::interrupt_on_ctrl_c();
    let result = interruptible(|| {
        println!("ready");
        match kind.as_str() {
            "returns" => drop(lax::while_loop(|x: &Array| x.lt(3.0), |x| x * 0.5 + 1.0, one())),
            _ => loop {
                thread::sleep(Duration::from_secs(1));
            },
        }
    });
    assert_eq!(result, Err(Interrupted));
}

/// Starts that process, and waits until it is in the call. Processes in the background of a script ignore
/// Ctrl-C, so the child is told not to.
#[cfg(target_os = "linux")]
fn child(kind: &str) -> Child {
    let mut child = Command::new("env")
        .arg("--default-signal=INT")
        .arg(env::current_exe().expect("a path"))
        .args(["--exact", "interrupt::a_process_that_gets_ctrl_c", "--nocapture"])
        .env(CHILD, kind)
        .stdout(Stdio::piped())
        .spawn()
        .expect("env of GNU's coreutils");
    let lines = BufReader::new(child.stdout.as_mut().expect("a pipe")).lines();
    let ready = lines.map_while(Result::ok).any(|line| line.contains("ready"));
    assert!(ready, "the process ended");
    child
}

#[cfg(target_os = "linux")]
fn press_ctrl_c(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill").success());
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_a_call() {
    let mut child = child("returns");
    press_ctrl_c(&child);
    assert!(child.wait().expect("a status").success());
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_ctrl_c_ends_the_process() {
    let mut child = child("stays");
    press_ctrl_c(&child);
    thread::sleep(Duration::from_millis(100));
    assert!(child.try_wait().expect("a status").is_none(), "it runs on");
    press_ctrl_c(&child);
    assert_eq!(child.wait().expect("a status").code(), Some(130));
}
