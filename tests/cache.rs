//! Tests of the caches: which calls add an entry, and how many bytes the entries take.

use kiln::prelude::*;
use kiln::{cache_info, clear_caches, grad, hessian, jvp, lax, numpy as np, program, random, vmap};
use kiln_backends::cpu::Executable;
use kiln_backends::program::Program;
use kiln_backends::program::sister::{lift, put_back};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs one test at a time, because all threads of the process share the caches. The test has a thread of its
/// own, which ends with all that it kept.
fn alone(test: impl FnOnce() + Send + 'static) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(panic) = std::thread::spawn(test).join() {
        std::panic::resume_unwind(panic);
    }
}

/// Returns numbers that are all different. None of them is a literal of the functions below, and none is
/// folded.
fn numbers(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(|i| 1.53 + i as f64 / 7.0)
}

/// Calls `f` with new numbers. They must leave no more entries than the first two numbers.
fn leaves_nothing(name: &str, n: usize, f: impl Fn(f64)) {
    let mut numbers = numbers(n);
    numbers.by_ref().take(2).for_each(&f);
    let before = cache_info();
    numbers.for_each(&f);
    let after = cache_info();
    assert_eq!(after.entries, before.entries, "{name}: entries");
    assert_eq!(after.bytes, before.bytes, "{name}: bytes");
}

#[test]
fn a_new_number_is_no_new_entry_in_eager_calls() {
    alone(|| {
        let x = np::linspace(0.5, 2.0, 5);
        let check = |name: &str, f: &dyn Fn(f64) -> Array| {
            leaves_nothing(name, 30, |c| {
                f(c);
            });
        };
        check("mul", &|c| &x * c);
        check("div", &|c| &x / c);
        check("div of", &|c| c / &x);
        check("add", &|c| &x + c);
        check("sub", &|c| c - &x);
        check("rem", &|c| np::remainder(&x, c));
        check("pow", &|c| x.pow(c));
        check("power of", &|c| np::power(c, &x));
        check("lt", &|c| x.lt(c));
        check("where_", &|c| np::where_(x.gt(c), c, &x));
        check("clip", &|c| x.clip(-c, c));
        check("maximum", &|c| np::maximum(&x, c));
        check("isclose", &|c| np::isclose_with(&x, 1, |o| o.rtol(c).atol(c)));
        check("full", &|c| np::full(4, c));
        check("full_like", &|c| np::full_like(&x, c));
        check("linspace", &|c| np::linspace(-c, c, 6));
        check("arange", &|c| np::arange((c, c + 2.5, 1.0)));
        check("array", &|c| np::array([c, 1.0]));
        check("normal", &|c| c * random::normal(Key::new(0), 3));
        check("exponential", &|c| random::exponential(Key::new(0), 3) / c);
        check("poisson", &|c| random::poisson(Key::new(0), c, 3));
        check("sin", &|c| Array::from(c).sin());
    });
}

#[test]
fn a_new_number_is_no_new_entry_in_transformations() {
    alone(|| {
        let x = np::linspace(0.5, 2.0, 5);
        leaves_nothing("grad", 20_000, |c| {
            grad(move |x: Array| (x * c).sin())(0.5.into());
        });
        leaves_nothing("grad of an array", 100, |c| {
            grad(move |x: Array| ((&x * c).sin() / (x + c)).pow(c).sum())(x.clone());
        });
        leaves_nothing("grad of grad", 100, |c| {
            grad(grad(move |x: Array| (x * c).tanh()))(0.5.into());
        });
        leaves_nothing("grad of a loop", 100, |c| {
            grad(move |x: Array| lax::fori_loop(0, 3, |_, y: Array| y.cos() * c, x))(0.5.into());
        });
        leaves_nothing("grad of a branch", 100, |c| {
            let f = move |x: Array| lax::cond(x.gt(1), |x: Array| x * c, |x: Array| x / c, x.clone());
            grad(f)(0.5.into());
        });
        leaves_nothing("jvp", 100, |c| {
            jvp(|x: Array| x.exp() * c, x.clone(), x.clone());
        });
        leaves_nothing("hessian", 100, |c| {
            hessian(move |x: Array| (x * c).sin().sum())(x.clone());
        });
        leaves_nothing("vmap", 100, |c| {
            vmap(move |x: Array| x * c)(x.clone());
        });
        leaves_nothing("vmap of grad", 100, |c| {
            vmap(grad(move |x: Array| (x * c).sin()))(x.clone());
        });
        leaves_nothing("jit", 100, |c| {
            jit(move |x: Array| (x * c).sum())(x.clone());
        });
        leaves_nothing("jit of grad", 100, |c| {
            jit(grad(move |x: Array| (x * c).sin().sum()))(x.clone());
        });
        leaves_nothing("grad of jit", 100, |c| {
            grad(jit(move |x: Array| (x * c).sin().sum()))(x.clone());
        });
        leaves_nothing("while_loop", 100, |c| {
            lax::while_loop(|y: &Array| y.lt(100.0 * c), |y| y * 2.5 + c, Array::from(0.5));
        });
    });
}

#[test]
fn a_jitted_function_that_is_gone_leaves_what_it_compiled_and_no_traces() {
    alone(|| {
        let x = np::ones(3);
        let table = np::arange(3);
        let made = |n: usize| {
            let table = table.clone();
            let f = jit(move |x: Array| (0..n % 5).fold(x, |x, _| x * &table));
            f(x.clone());
            f
        };
        (0..5).for_each(|n| drop(made(n)));
        let before = cache_info();
        let functions: Vec<_> = (0..50).map(made).collect();
        assert_eq!(cache_info().entries, before.entries + 50);
        drop(functions);
        assert_eq!(cache_info(), before);
    });
}

#[test]
fn caches_are_cleared_and_fill_again() {
    alone(|| {
        let f = jit(|x: Array| x * 2.5);
        let slope = || grad(|x: Array| x.pow(2) / 2.0)(3.0.into()).item::<f64>();
        assert_eq!((f(np::ones(2)).to_vec::<f32>(), slope()), (vec![2.5; 2], 3.0));
        clear_caches();
        let info = cache_info();
        assert_eq!((info.entries, info.bytes), (0, 0));
        assert_eq!((f(np::ones(2)).to_vec::<f32>(), slope()), (vec![2.5; 2], 3.0));
        assert!(cache_info().entries > 3);
    });
}

#[test]
fn the_cache_of_a_thread_goes_with_it() {
    alone(|| {
        let work = || (np::arange(7).sum() * np::ones(7)).sin().to_vec::<f32>();
        std::thread::spawn(work).join().unwrap();
        let before = cache_info();
        for _ in 0..3 {
            std::thread::spawn(work).join().unwrap();
            assert_eq!(cache_info(), before);
        }
    });
}

/// Compares the results of a program with lifted literals and without.
fn agree(name: &str, program: Program, inputs: &[Array]) {
    let program = Arc::new(program);
    let (lifted, numbers) = lift(&program);
    assert!(!numbers.is_empty(), "{name}: there are literals in\n{program}");
    assert_eq!(put_back(&lifted, &numbers), program, "{name}");
    let inputs = || inputs.iter().map(|x| x.try_buffer().unwrap()).collect();
    let (whole, of_lifted) = (Executable::compile(&program), Executable::compile(&lifted));
    assert_eq!(whole.steps(), of_lifted.steps(), "{name}: steps of\n{program}");
    let (expected, found) = (
        whole.run(inputs()),
        of_lifted.run_lifted(inputs(), &numbers).unwrap(),
    );
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected.bytes(), found.bytes(), "{name}:\n{program}");
    }
}

#[test]
fn programs_agree_with_and_without_literals() {
    alone(|| {
        let on_cpu = |x: Array| x.to_device(kiln::Device::cpu());
        type F = fn(Array) -> Array;
        let functions: [(&str, F); 22] = [
            ("mul", |x| x * 0.3),
            ("twice the same", |x| (&x * 0.3).sin() + (x * 0.3).cos()),
            ("negated", |x| -(&x * 0.3) + (-x) * 2.5),
            ("div", |x| &x / 0.3 + 2.7 / x),
            ("folded", |x| x * (Array::from(0.3) * 2.5 - 0.7) / -1.5),
            ("folded to another dtype", |x| {
                x.astype(DType::F64) * np::full((), 0.3)
            }),
            ("pow", |x| x.abs().pow(2.3)),
            ("compare", |x| np::where_(x.gt(0.3), &x * 1.7, -0.4)),
            ("literals compared", |x| {
                np::where_(Array::from(0.3).gt(0.2), &x * 1.7, -0.4)
            }),
            ("literals rounded", |x| {
                x * 0.3 * np::full((), 3.7).astype(DType::I32)
            }),
            ("clip", |x| x.clip(-0.3, 0.7)),
            ("sum", |x| (x * 0.3).sum() * 1.7),
            ("columns", |x| (x.reshape((100, 30)) * 0.3 + 1.2).sum_axis(0)),
            ("random", |x| {
                // The words of the key are literals. A key from outside would be an input of the program.
                let key = Key::from_words(np::full(2, 1).astype(DType::U32));
                x * 0.3 + 2.5 * random::normal(key, 3000)
            }),
            ("linspace", |x| x * np::linspace(0.3, 1.7, 3000)),
            ("recurrence", |x| {
                lax::fori_loop(0, 50, |_, y: Array| y * 0.3 + 1.7, x.sum())
            }),
            ("small loop", |x| {
                lax::fori_loop(0, 9, |i, y: Array| (y * 0.3).sin() * i + 1.7, x.index(..12))
            }),
            ("loop in tiles", |x| {
                lax::fori_loop(0, 9, |_, y: Array| (y * 0.3).sin() + 1.7, x)
            }),
            ("stacked", |x| {
                lax::scan(
                    |c: Array, x: Array| (c * 0.9 + &x, x * 1.1),
                    np::zeros(()) + 0.5,
                    x,
                )
                .1
            }),
            ("while", |x| {
                lax::while_loop(|y: &Array| y.lt(90.5), |y| y * 1.3 + 0.7, x.sum().abs())
            }),
            ("cond", |x| {
                lax::cond(x.sum().gt(0.1), |x: Array| x * 0.3, |x: Array| x / 0.3, x)
            }),
            ("nested jit", |x| {
                jit(|x: Array| jit(|x: Array| x * 0.3)(x) + 0.3)(x) * 0.3
            }),
        ];
        let x = on_cpu(np::linspace(-1.3, 1.4, 3000));
        for (name, f) in functions {
            agree(name, program(f, x.clone()), std::slice::from_ref(&x));
            if name != "while" {
                let slope = program(grad(move |x: Array| f(x).astype(DType::F32).sum()), x.clone());
                if !lift(&Arc::new(slope.clone())).1.is_empty() {
                    agree(
                        &format!("the gradient of {name}"),
                        slope,
                        std::slice::from_ref(&x),
                    );
                }
            }
        }
    });
}

#[test]
fn what_decides_about_a_program_stays_in_it() {
    alone(|| {
        let check = |f: fn(Array) -> Array, expected: &[f64]| {
            let (lifted, numbers) = lift(&Arc::new(program(f, np::ones(3))));
            let numbers: Vec<f64> = numbers.iter().map(|x| x.as_f64()).collect();
            assert_eq!(numbers, expected, "{lifted}");
        };
        check(|x| x * 2.0 + 0.5, &[2.0, 0.5]);
        check(|x| x * 2.0 * 2.0, &[2.0]);
        check(|x| x * 1.0 + 0.0 - -1.0 * np::full(3, f64::INFINITY), &[]);
        check(|x| x.pow(3) + x, &[]);
        check(|x| np::where_(Array::from(2.5).gt(1.5), x, 0), &[]);
        check(|x| x + np::full((), 2.5).astype(DType::I32), &[]);
        let shown = program(|x: Array| x * 2.5, np::ones(3)).to_string();
        assert!(shown.contains("2.5"), "{shown}");
    });
}

/// Runs a test in a new process with this `KILN_CACHE`. Returns the test's output.
fn in_a_process(test: &str, cache: &str) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    let output = command.env(ASKED, "1").env("KILN_CACHE", cache).output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

const ASKED: &str = "KILN_TEST_CACHE";

#[test]
fn the_environment_sets_the_limit() {
    if std::env::var(ASKED).is_ok() {
        match std::panic::catch_unwind(|| np::ones(3).sin()) {
            Ok(_) => println!("limit: {}.", cache_info().limit),
            Err(panic) => println!("limit: {}.", panic.downcast_ref::<String>().unwrap()),
        }
        return;
    }
    let ask = |cache: &str| in_a_process("the_environment_sets_the_limit", cache);
    let limits = [
        ("1000", 1000_usize),
        ("0", 0),
        ("7KB", 7 << 10),
        ("256MB", 256 << 20),
        ("2 gb", 2 << 30),
    ];
    for (text, bytes) in limits {
        let answer = ask(text);
        assert!(answer.contains(&format!("limit: {bytes}.")), "{text}: {answer}");
    }
    for text in ["", "much", "-1", "1.5MB", "64 apples", "99999999999999GB"] {
        let answer = ask(text);
        let fact = format!(
            "KILN_CACHE: {text:?} is not a size: set it to bytes, or to KB, MB or GB, as in KILN_CACHE=64MB"
        );
        assert!(answer.contains(&fact), "{text}: {answer}");
        // The panic is at the user's line.
        assert!(answer.contains("panicked at tests/cache.rs"), "{answer}");
    }
}

#[test]
fn all_caches_together_obey_the_limit() {
    if std::env::var(ASKED).is_ok() {
        let limit = cache_info().limit;
        // Two functions that count their traces.
        let counts = [Cell::new(0), Cell::new(0)];
        let [used, idle] = counts.each_ref().map(|count| {
            jit(move |x: Array| {
                count.set(count.get() + 1);
                x * 2.5
            })
        });
        idle(np::ones(2));
        for n in 1..300 {
            let x = np::ones(n);
            assert_eq!(used(np::ones(2)).to_vec::<f32>(), [2.5, 2.5]);
            let loss = move |x: Array| lax::fori_loop(0, n, |_, y: Array| y * 0.5, x).sum();
            assert_eq!(
                grad(loss)(x.clone()).index(0).item::<f64>(),
                0.5_f64.powi(n) as f32 as f64
            );
            vmap(|x: Array| x.sin())(x);
            let info = cache_info();
            // The bytes include programs that this thread and its functions can run, in a cache or not.
            assert!(info.bytes <= limit, "{info:?}");
        }
        idle(np::ones(2));
        // The cache dropped the function that was not used for longest.
        assert_eq!(counts.each_ref().map(Cell::get), [1, 2]);
        println!("obeyed");
        return;
    }
    let answer = in_a_process("all_caches_together_obey_the_limit", "300KB");
    assert!(answer.contains("obeyed"), "{answer}");
}

/// A function that is larger than the limit is compiled once. A derivative of nested loops makes each part
/// once.
#[test]
fn what_is_larger_than_the_limit_is_kept() {
    if std::env::var(ASKED).is_ok() {
        let count = Rc::new(Cell::new(0));
        let counted = count.clone();
        let long = jit(move |x: Array| {
            counted.set(counted.get() + 1);
            (0..2000).fold(x, |x, i| x.sin() * (0.9 + 1e-6 * f64::from(i)))
        });
        for _ in 0..5 {
            long(np::ones(2));
        }
        assert_eq!(count.get(), 1);
        assert!(cache_info().bytes > cache_info().limit);
        fn loops(depth: usize, x: Array) -> Array {
            match depth {
                0 => x.sin(),
                _ => lax::fori_loop(0, 2, |_, x: Array| loops(depth - 1, x), x),
            }
        }
        let slope = grad(|x: Array| loops(9, x).sum())(np::zeros(2));
        assert_eq!(slope.to_vec::<f32>(), [1.0, 1.0]);
        println!("kept");
        return;
    }
    for limit in ["0", "20KB"] {
        let answer = in_a_process("what_is_larger_than_the_limit_is_kept", limit);
        assert!(answer.contains("kept"), "{answer}");
    }
}

/// The bytes that the caches report are near the growth of the process, over many entries.
#[test]
#[cfg(target_os = "linux")]
fn estimates_are_near_the_memory_that_is_taken() {
    if std::env::var(ASKED).is_ok() {
        let resident = || -> f64 {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
        };
        let work = |n: usize| {
            let x = np::linspace(0.0, 1.0, n);
            let f = |x: Array| (x.sin() * &x + x.exp()).sum();
            f(x.clone());
            grad(f)(x.clone());
            jit(grad(f))(x.clone());
            vmap(|x: Array| lax::fori_loop(0, 3, |_, x: Array| x.cos() * 0.5, x))(x);
        };
        (1..50).for_each(work);
        let (memory, bytes) = (resident(), cache_info().bytes);
        (50..1500).for_each(work);
        let said = cache_info().bytes - bytes;
        println!("ratio {}.", (resident() - memory) / said as f64);
        return;
    }
    let answer = in_a_process("estimates_are_near_the_memory_that_is_taken", "1GB");
    let (_, rest) = answer.split_once("ratio ").expect(&answer);
    let ratio: f64 = rest.split_once(".\n").expect(&answer).0.parse().unwrap();
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}
