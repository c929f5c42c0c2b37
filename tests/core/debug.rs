//! Prints and checks happen when the program runs.

use kiln_core::{
    Array, debug, debug_print, grad, hessian, jacfwd, jacrev, jit, jvp, lax, linearize, numpy as np, vjp,
    vmap, with_debug_nans,
};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// Returns the lines that `f` prints.
fn lines<R>(f: impl FnOnce() -> R) -> Vec<String> {
    debug::capture(f).1
}

#[test]
fn values_are_printed_as_they_display() {
    let x = np::array([1.0, 2.5]);
    assert_eq!(
        lines(|| debug_print!("x = {}, {} and {}", x, &x * 2, 1.5)),
        ["x = [1.  2.5], [2. 5.] and 1.5"]
    );
    assert_eq!(
        lines(|| debug_print!("nothing {{}} but text")),
        ["nothing {} but text"]
    );
    assert_eq!(
        lines(|| debug_print!("{{{}}}: ä", &x.gt(1))),
        ["{[False  True]}: ä"]
    );
    let f = jit(|x: Array| debug_print!("x = {}, {} and {}", x, &x * 2, 1.5));
    assert_eq!(lines(|| f(x.clone())), ["x = [1.  2.5], [2. 5.] and 1.5"]);
    // Every call prints, also a value that is not used.
    assert_eq!(lines(|| (f(x.clone()), f(np::arange(1)))).len(), 2);
}

#[test]
fn prints_come_in_the_order_of_the_program() {
    let f = |x: Array| {
        debug_print!("first {}", x);
        // A large reduction and a matrix product run at other times than small sums.
        let big = np::full(100_000, &x).sum();
        debug_print!("second {}", big);
        let (m, unused) = (np::ones((3, 3)).matmul(np::full((3, 3), &x)), x.sin());
        debug_print!("third");
        debug_print!("fourth {}", m.index((0, 0)));
        debug_print!("fifth {}", &x + 1);
        drop(unused);
        x
    };
    let expected = ["first 2.0", "second 200000.0", "third", "fourth 6.0", "fifth 3.0"];
    assert_eq!(lines(|| f(2.0.into())), expected);
    assert_eq!(lines(|| jit(f)(2.0.into())), expected);
    let twice = jit(move |x: Array| jit(f)(jit(f)(x)));
    assert_eq!(lines(|| twice(2.0.into())), [expected, expected].concat());
}

#[test]
fn loops_print_every_trip_and_branches_when_they_are_taken() {
    let f = |x: Array| {
        debug_print!("start");
        let (x, _) = lax::scan(
            |c: Array, x: Array| {
                debug_print!("{} + {}", c, x);
                (c + x, ())
            },
            x,
            np::array([1, 2, 3]),
        );
        debug_print!("end {}", x);
        x
    };
    let expected = ["start", "0 + 1", "1 + 2", "3 + 3", "end 6"];
    assert_eq!(lines(|| f(np::array(0))), expected);
    assert_eq!(lines(|| jit(f)(np::array(0))), expected);

    // Nothing reads the results of these loops.
    let f = jit(|n: Array| {
        lax::while_loop(
            |x: &Array| {
                debug_print!("test {}", x);
                x.lt(&n)
            },
            |x| {
                debug_print!("trip {}", x);
                x + 1
            },
            np::array(0),
        );
        lax::fori_loop(
            0,
            2,
            |i, _: Array| {
                lax::fori_loop(
                    0,
                    2,
                    |j, x: Array| {
                        debug_print!("{} {}", i, j);
                        x
                    },
                    0.into(),
                )
            },
            0.into(),
        );
    });
    let expected = [
        "test 0", "trip 0", "test 1", "trip 1", "test 2", "0 0", "0 1", "1 0", "1 1",
    ];
    assert_eq!(lines(|| f(2.into())), expected);

    let f = jit(|p: Array| {
        lax::cond(p, |()| debug_print!("yes"), |()| debug_print!("no"), ());
    });
    assert_eq!(
        lines(|| (f(true.into()), f(false.into()), f(true.into()))),
        ["yes", "no", "yes"]
    );
    // The number of prints is that of the iterations that run, not of `max_trips`; also with a carry that is
    // not small.
    for n in [1, 5000] {
        let f = jit(move |x: Array| {
            lax::while_loop_bounded(
                |x: &Array| x.max().lt(3),
                |x| {
                    debug_print!("{}", x.max());
                    x + 1
                },
                x,
                10,
            )
        });
        assert_eq!(lines(|| f(np::full(n, 1))), ["1", "2"]);
    }
}

#[test]
fn loops_that_run_inside_a_tile_or_come_apart_print_too() {
    for (n, trips) in [(1, 200), (2000, 3)] {
        let f = jit(move |x: Array| {
            lax::fori_loop(
                0,
                trips,
                |i, x: Array| {
                    debug_print!("{}", x.index(0));
                    x * 0.5 + &i * 1.0
                },
                x,
            )
        });
        let lines = lines(|| f(np::ones(n)));
        assert_eq!(
            (lines.len() as i64, &lines[..2]),
            (trips, &["1.0".to_string(), "0.5".to_string()][..])
        );
    }
}

#[test]
fn places_and_values_must_go_together() {
    for f in [(|| debug_print!("{} {}", 1)) as fn(), || debug_print!("{}", 1, 2)] {
        let text = panic_of(f).expect("refused").1;
        assert!(
            text.starts_with("debug_print: ") && text.contains("places in"),
            "{text}"
        );
    }
}

thread_local! {
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Returns the line and the message of the panic of `f`.
fn panic_of<R>(f: impl FnOnce() -> R) -> Option<(String, String)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = take_hook();
        set_hook(Box::new(move |info| {
            let at = info
                .location()
                .map(|at| format!("{}:{}", at.file(), at.line()))
                .unwrap_or_default();
            LAST.set(Some((at, info.payload_as_str().unwrap_or_default().into())));
            default(info);
        }));
    });
    LAST.set(None);
    let result = catch_unwind(AssertUnwindSafe(f));
    result.err().and_then(|_| LAST.take())
}

type Function = Box<dyn Fn(Array) -> Array>;

/// A function, the op in it that makes the first NaN of a negative number, and its line.
macro_rules! case {
    ($op:literal, $f:expr) => {
        ($op, line!(), Box::new($f) as Function)
    };
}

#[test]
fn the_op_that_makes_the_first_nan_is_named_with_its_line() {
    let cases: Vec<(&str, u32, Function)> = vec![
        case!("log", |x: Array| x.log()),
        case!("sqrt", |x: Array| x.abs() + x.sqrt().log()),
        case!("divide", |x: Array| (&x - &x) / (&x - &x)),
        case!("var", |x: Array| (x * np::INF).var()),
        // The two arrays differ: a compiler for a GPU makes 0 of the difference of an array and itself.
        case!("add", |x: Array| &x * np::INF + x.abs() * np::INF),
        case!("log", |x: Array| lax::cond(
            x.sum().lt(0),
            |x: Array| x.log(),
            |x| x,
            x
        )),
        case!("sqrt", |x: Array| lax::fori_loop(0, 3, |_, x: Array| x.sqrt(), x)),
        case!("log", |x: Array| lax::scan(
            |c: Array, x: Array| (c + 1, x.log()),
            0.into(),
            x
        )
        .1),
        case!("arccos", |x: Array| lax::while_loop(
            |x: &Array| x.sum().lt(0),
            |x| x.arccos(),
            x - 1
        )),
        case!("log1p", |x: Array| jit(|x: Array| np::where_(
            x.gt(0),
            x.log1p(),
            0
        ))(x - 1)),
        case!("log", |x: Array| lax::map(
            |x: Array| x.log(),
            np::full((500, 3), x.sum())
        )),
    ];
    let x = || np::array([-1.0, -2.0]);
    for (op, line, f) in &cases {
        let text =
            |found: Option<(String, String)>| found.unwrap_or_else(|| panic!("nothing found at {line}"));
        // rustfmt may break a case into several lines.
        let places = || (*line..line + 7).map(|line| format!("{}:{line}", file!()));
        let named = |message: &str| {
            let of = |at| {
                message.starts_with(&format!("{op} ({at}:"))
                    && message.ends_with("): made a NaN (debug_nans)")
            };
            assert!(places().any(of), "{message}, not {op} at line {line}");
        };
        let (at, message) = text(panic_of(|| with_debug_nans(true, || f(x()))));
        named(&message);
        // Outside of transformations the panic also comes from that line. A jitted function cannot know its
        // caller's.
        assert!(
            *op == "log1p" || places().any(|place| place == at),
            "{at}: {message}"
        );
        let (_, message) = text(panic_of(|| with_debug_nans(true, || jit(f)(x()))));
        named(&message);
        assert!(panic_of(|| with_debug_nans(false, || (f(x()), jit(f)(x())))).is_none());
    }
}

#[test]
fn nothing_is_found_where_there_is_no_nan() {
    with_debug_nans(true, || {
        let f = |x: Array| (&x / 0).sqrt() + x.sum();
        let y = f(np::array([1.0, 2.0]));
        assert!(y.to_vec::<f32>()[0].is_infinite());
        jit(f)(np::array([1.0, 2.0]));
        // NaN that comes from outside is found at the first op that computes with it, at every call.
        for _ in 0..2 {
            let (_, message) = panic_of(|| np::array([np::NAN]).reshape((1, 1)) + 1).expect("found");
            assert!(
                message.starts_with("add (") && message.contains("): made a NaN"),
                "{message}"
            );
        }
    });
}

#[test]
fn the_switch_is_part_of_what_a_jitted_function_is_traced_for() {
    let f = jit(|x: Array| x.log());
    let x = || np::array([-1.0]);
    assert!(f(x()).to_vec::<f32>()[0].is_nan());
    assert!(panic_of(|| with_debug_nans(true, || f(x()))).is_some());
    assert!(f(x()).to_vec::<f32>()[0].is_nan());
}

#[test]
fn prints_under_derivatives_and_batches() {
    let f = |x: Array| {
        debug_print!("x = {}", x);
        (&x * &x).sum()
    };
    assert_eq!(lines(|| grad(f)(3.0.into())), ["x = 3.0"]);
    assert_eq!(lines(|| jit(grad(f))(3.0.into())), ["x = 3.0"]);
    assert_eq!(lines(|| grad(grad(f))(3.0.into())), ["x = 3.0"]);
    assert_eq!(lines(|| jvp(f, 3.0.into(), 1.0.into())), ["x = 3.0"]);
    let x = np::array([1.0, 2.0]);
    assert_eq!(lines(|| vmap(f)(x.clone())), ["x = 1.0", "x = 2.0"]);
    assert_eq!(lines(|| jit(vmap(f))(x.clone())), ["x = 1.0", "x = 2.0"]);
    assert_eq!(lines(|| vmap(grad(f))(x)), ["x = 1.0", "x = 2.0"]);
}

#[test]
fn a_nan_that_a_derivative_makes_is_named_by_the_line_of_its_op() {
    // The value is finite, the derivative is infinity times zero.
    let (line, f) = (line!(), |x: Array| (x * 0.0).sqrt().sum());
    let wanted = format!("the derivative of sqrt ({}:{line}:", file!());
    let x = || np::array([1.0, 4.0]);
    type Of = Box<dyn Fn() -> Array>;
    let cases: Vec<(&str, Of)> = vec![
        ("grad", Box::new(move || grad(f)(x()))),
        ("jit of grad", Box::new(move || jit(grad(f))(x()))),
        ("vmap of grad", Box::new(move || vmap(grad(f))(x()))),
        ("grad of jit", Box::new(move || grad(jit(f))(x()))),
        ("jvp", Box::new(move || jvp(f, x(), x()).1)),
        (
            "scan",
            Box::new(move || {
                grad(move |x: Array| lax::scan(|c: Array, x: Array| (c + f(x), ()), 0.0.into(), x).0)(x())
            }),
        ),
    ];
    for (name, of) in &cases {
        let (_, message) =
            panic_of(|| with_debug_nans(true, of)).unwrap_or_else(|| panic!("{name}: nothing found"));
        // In the order of the program the product with zero may come first.
        let by_product = wanted.replacen("sqrt", "multiply", 1);
        assert!(
            message.starts_with(&wanted) || message.starts_with(&by_product),
            "{name}: {message}, not {wanted}"
        );
        assert!(panic_of(|| with_debug_nans(false, of)).is_none(), "{name}");
    }
    // A batch is checked as its elements are.
    let (line, f) = (line!(), |x: Array| x.log());
    let wanted = format!("log ({}:{line}:", file!());
    for f in [
        Box::new(vmap(f)) as Box<dyn Fn(Array) -> Array>,
        Box::new(jit(vmap(f))),
        Box::new(vmap(jit(f))),
    ] {
        let (_, message) = panic_of(|| with_debug_nans(true, || f(np::array([1.0, -1.0])))).expect("found");
        assert!(message.starts_with(&wanted), "{message}, not {wanted}");
    }
}

#[test]
fn what_runs_once_more_for_a_derivative_prints_once() {
    // One print for each of three iterations, and one of the call.
    let f = |x: Array| {
        let (y, _) = lax::scan_n(
            |c: Array| {
                debug_print!("trip {}", c);
                (c * 2.0, ())
            },
            x,
            3,
        );
        jit(|y: Array| {
            debug_print!("call {}", y);
            &y * &y
        })(y)
    };
    let expected = ["trip 1.0", "trip 2.0", "trip 4.0", "call 8.0"];
    let x = || Array::from(1.0);
    assert_eq!(lines(|| f(x())), expected);
    assert_eq!(lines(|| grad(f)(x())), expected);
    assert_eq!(lines(|| jvp(f, x(), x())), expected);
    assert_eq!(lines(|| vjp(f, x()).1(x())), expected);
    assert_eq!(lines(|| linearize(f, x()).1(x())), expected);
    assert_eq!(lines(|| jacfwd(f)(x())), expected);
    assert_eq!(lines(|| jacrev(f)(x())), expected);
    assert_eq!(lines(|| hessian(f)(x())), expected);
    // The value is looked at while it is traced.
    let looking = |x: Array| {
        let y = f(x);
        if y.item::<f32>() > 0.0 { y } else { -y }
    };
    assert_eq!(lines(|| grad(looking)(x())), expected);
}
