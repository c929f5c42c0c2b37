//! Programs that run long end when they are asked to, and leave everything as it was.

use kiln::numpy as np;
use kiln::prelude::*;
use kiln::{CancelToken, Interrupted, grad, interruptible, lax, random, value_and_grad, vmap};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
#[cfg(target_os = "linux")]
use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

/// Calls `f` on a thread. A call that does not end fails the test, and does not keep it waiting.
#[track_caller]
fn in_time<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        // Nobody receives the result of a call that ended late.
        let _ = sender.send(f());
    });
    match receiver.recv_timeout(Duration::from_secs(60)) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("the call does not end"),
        Err(RecvTimeoutError::Disconnected) => resume_unwind(thread.join().expect_err("a panic")),
    }
}

/// Cancels a token after some time. Returns the time at which it did.
fn press(token: &CancelToken, after: Duration) -> JoinHandle<Instant> {
    let token = token.clone();
    thread::spawn(move || {
        thread::sleep(after);
        token.cancel();
        Instant::now()
    })
}

const MOMENT: Duration = Duration::from_millis(30);

/// Cancels a call of `f` after a moment, and returns its result and the time that it took to return.
#[track_caller]
fn cancelled<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> (Result<T, Interrupted>, Duration) {
    in_time(|| {
        let token = CancelToken::new();
        let pressed = press(&token, MOMENT);
        let result = token.run(f);
        (result, pressed.join().expect("no panic").elapsed())
    })
}

/// Checks that a call that would run for minutes ends within a second.
#[track_caller]
fn ends<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) {
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
    ends("a recurrence", move || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| halves(x), x))(one())
    });
    ends("scalars", move || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |i, x| roots(x) + i, x))(one())
    });
    ends("a condition", move || lax::while_loop(never, halves, one()));
    ends("a few elements", move || {
        lax::fori_loop(0, LONG, |_, x| roots(x), np::ones(16))
    });
    ends("one tile", move || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| roots(x), x))(np::ones(500))
    });
    ends("tiles", move || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| roots(x), x))(many())
    });
    ends("many elements", move || {
        jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| sums(x), x))(many())
    });
    ends("a condition on many elements", move || {
        lax::while_loop(never, sums, many())
    });
    ends("an inner loop", move || {
        let inner = move |x: Array| lax::fori_loop(0, LONG, |i, x| roots(x) + i, x);
        jit(move |x: Array| lax::fori_loop(0, 10, |_, x| inner(x), x))(one())
    });
}

#[test]
fn kernels_sorts_and_eager_calls_end() {
    ends("a sum of 10^10 numbers", move || {
        jit(|key: Key| random::normal(key, 10_000_000_000_usize).sum())(Key::new(0))
    });
    ends("sums of columns", move || {
        jit(|key: Key| random::normal(key, (100_000_000, 100)).sum_axis(0))(Key::new(0))
    });
    ends("a sort of many rows", move || np::zeros((50_000, 1000)).sort());
    ends("calls one after the other", move || {
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
    ends("grad", move || grad(to(20_000_000))(one()));
    ends("jit of grad", move || jit(grad(to(20_000_000)))(one()));
    ends("vmap", move || vmap(while_small)(np::linspace(0.0, 1.0, 300)));
    ends("jit of vmap of grad", move || {
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
    let again = sums.clone();
    assert!(cancelled(move || again(i32::MAX.into())).0.is_err());
    let (after, again) = sums(1000.into());
    assert_eq!((before.item::<i32>(), after.item::<i32>()), (499_500, 499_500));
    assert_eq!(limit.item::<f32>().to_bits(), again.item::<f32>().to_bits());

    // The derivative runs in two loops, of which the first is ended.
    let f = |x: Array| lax::scan(|c: Array, x: Array| ((c * &x).sin() + &x, x), 0.5.into(), x).0;
    let slope = jit(value_and_grad(f));
    let (short, long) = (np::linspace(0.0, 1.0, 1000), np::linspace(0.0, 1.0, 30_000_000));
    let (value, gradient) = slope(short.clone());
    let again = slope.clone();
    assert!(cancelled(move || again(long)).0.is_err());
    let (value_again, gradient_again) = slope(short);
    assert_eq!(value.item::<f32>(), value_again.item::<f32>());
    assert_eq!(gradient.to_vec::<f32>(), gradient_again.to_vec::<f32>());
}

#[test]
fn arrays_that_others_hold_stay_as_they_are() {
    let x = np::arange(1_000_000);
    let long = jit(|x: Array| lax::fori_loop(0, LONG, |i, x: Array| &x + i + x.min() % 2, x));
    let held = x.clone();
    assert!(cancelled(move || long(held)).0.is_err());
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
    let panicked = catch_unwind(|| interruptible(|| np::ones(2).reshape(3)));
    let message = panicked.unwrap_err();
    assert!(
        message
            .downcast_ref::<String>()
            .is_some_and(|text| text.starts_with("reshape: "))
    );
}

/// A program that would run for minutes.
fn long() -> Array {
    let halves = |x: Array| (x * 0.5).sqrt() + 1.0;
    jit(move |x: Array| lax::fori_loop(0, LONG, |_, x| halves(x), x))(one())
}

#[test]
fn code_that_catches_the_unwinding_returns_or_ends_at_the_next_call() {
    let caught = || catch_unwind(AssertUnwindSafe(long)).is_err();
    let (returned, _) = cancelled(move || caught().then_some(7));
    assert_eq!(returned, Ok(Some(7)));
    let (ended, _) = cancelled(move || caught() && np::ones(3).sum().item::<f32>() > 0.0);
    assert_eq!(ended, Err(Interrupted));
}

#[test]
fn a_destructor_computes_while_a_call_ends() {
    struct Guard(mpsc::Sender<Vec<i32>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            // Many tiles, none of which may be skipped.
            let x = np::arange(1 << 20) * 3;
            let _ = self.0.send(x.to_vec());
        }
    }
    let (sender, receiver) = mpsc::channel();
    ends("a call with a guard", move || {
        let _guard = Guard(sender);
        long()
    });
    let found = receiver.recv().expect("the destructor has run");
    assert!(found.iter().enumerate().all(|(i, &x)| x == 3 * i as i32));
}

#[test]
fn nested_calls_end_with_their_own_token() {
    let (inner, outer) = in_time(|| {
        let (inner, outer) = (CancelToken::new(), CancelToken::new());
        let result = outer.run(|| {
            let pressed = press(&inner, MOMENT);
            assert_eq!(inner.run(long).unwrap_err(), Interrupted);
            pressed.join().expect("no panic");
            jit(|x: Array| lax::fori_loop(0, 1000, |i, x: Array| x + i, x))(0.into()).item::<i32>()
        });
        assert_eq!(result, Ok(499_500), "the outer call goes on");
        let new = CancelToken::new();
        let pressed = press(&outer, MOMENT);
        let mut returned = false;
        let result = outer.run(|| {
            let _ = new.run(long);
            returned = true;
        });
        pressed.join().expect("no panic");
        assert_eq!((result, returned), (Err(Interrupted), false), "both calls end");
        (inner.is_cancelled(), new.is_cancelled())
    });
    assert_eq!((inner, outer), (true, false));
}

#[test]
fn a_token_that_was_cancelled_before_runs_nothing() {
    let double = jit(|x: Array| 2 * x);
    let token = CancelToken::new();
    assert_eq!(token.run(|| double(2.into()).item::<i32>()), Ok(4));
    token.cancel();
    let mut called = false;
    let result = token.run(|| {
        called = true;
        double(3.into()).item::<i32>()
    });
    assert_eq!((result, called), (Err(Interrupted), false));
    assert_eq!(double(4.into()).item::<i32>(), 8);
}

/// A call that returns a value has skipped no tile, and skipped tiles of memory that a program reuses are in
/// no array of another call.
#[test]
fn tiles_that_were_skipped_are_in_no_result() {
    const N: usize = 1 << 22;
    let f = jit(|x: Array| ((x + 1) * 3 - 7) * 5);
    let off = jit(|x: Array| (x - (np::arange(N) * 15 - 20)).abs().max());
    let wrong = |x: Array| off(x).item::<i32>();
    assert_eq!(wrong(f(np::arange(N))), 0);
    let mut ended = 0;
    for i in 0..40 {
        // Nobody else holds the argument of the first call, so its memory is that of the result.
        let (moved, held) = (np::arange(N), np::arange(N));
        let token = CancelToken::new();
        let pressed = press(&token, Duration::from_micros(100 * i));
        let results = [token.run(|| f(moved)), token.run(|| f(held.clone()))];
        pressed.join().expect("no panic");
        for result in results {
            match result {
                Ok(x) => assert_eq!(wrong(x), 0),
                Err(Interrupted) => ended += 1,
            }
        }
        assert_eq!((&held - np::arange(N)).max().item::<i32>(), 0, "others hold it");
        assert_eq!(wrong(f(held)), 0);
    }
    assert!(ended > 0, "no call ended early");
}

const CHILD: &str = "KILN_TEST_CTRL_C";

/// Starts the test of this name once more, in a process of its own, and waits until that process is in a call
/// of `f`. Processes in the background of a script ignore Ctrl-C, so `signal` tells the process not to.
#[cfg(target_os = "linux")]
fn child(test: &str, signal: &str, f: impl FnOnce()) -> Child {
    if env::var_os(CHILD).is_some() {
        let installs = signal.starts_with("--default");
        let found = [kiln::interrupt_on_ctrl_c(), kiln::interrupt_on_ctrl_c()];
        assert_eq!(found, [installs; 2], "is the handler installed?");
        let result = interruptible(|| {
            println!("ready");
            f();
        });
        std::process::exit(i32::from(result != Err(Interrupted)));
    }
    let mut child = Command::new("env")
        .arg(signal)
        .arg(env::current_exe().expect("a path"))
        .args(["--exact", &format!("interrupt::{test}"), "--nocapture"])
        .env(CHILD, "1")
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

/// Waits for a process to end, and returns its status. A process that does not end is killed.
#[cfg(target_os = "linux")]
#[track_caller]
fn status(mut child: Child) -> Option<i32> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().expect("a status") {
            return status.code();
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("a process of this test");
    panic!("the process does not end");
}

#[cfg(target_os = "linux")]
fn sleep_for_ever() {
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_a_call() {
    let child = child("ctrl_c_ends_a_call", "--default-signal=INT", || drop(long()));
    press_ctrl_c(&child);
    assert_eq!(status(child), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_ctrl_c_ends_the_process() {
    let mut child = child(
        "a_second_ctrl_c_ends_the_process",
        "--default-signal=INT",
        sleep_for_ever,
    );
    press_ctrl_c(&child);
    thread::sleep(Duration::from_millis(100));
    assert!(child.try_wait().expect("a status").is_none(), "it runs on");
    press_ctrl_c(&child);
    assert_eq!(status(child), Some(130));
}

/// kiln says that its handler is not installed, and the call goes on.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_ignores_ctrl_c_goes_on_to_ignore_it() {
    let child = child(
        "a_process_that_ignores_ctrl_c_goes_on_to_ignore_it",
        "--ignore-signal=INT",
        || thread::sleep(Duration::from_millis(500)),
    );
    press_ctrl_c(&child);
    assert_eq!(status(child), Some(1), "the call returned its value");
}
