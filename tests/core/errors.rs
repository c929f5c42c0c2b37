//! Errors come from the user's line and say what is wrong.

use kiln_core::{Array, DType, Static, jit, lax, numpy as np, program, s};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static PANICS: RefCell<Vec<(String, u32, String)>> = const { RefCell::new(Vec::new()) };
}

/// Returns the message of the panic of `f`, and asserts that it comes from the caller's line.
#[track_caller]
fn message<R>(f: impl FnOnce() -> R) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = take_hook();
        set_hook(Box::new(move |info| {
            if let Some(at) = info.location() {
                let text = info.payload_as_str().unwrap_or_default().to_string();
                PANICS.with_borrow_mut(|panics| panics.push((at.file().into(), at.line(), text)));
            }
            default(info);
        }));
    });
    let here = Location::caller();
    assert!(
        catch_unwind(AssertUnwindSafe(f)).is_err(),
        "no error at line {}",
        here.line()
    );
    let (file, line, text) = PANICS
        .with_borrow_mut(|panics| panics.pop())
        .expect("the hook saw the panic");
    // A call that rustfmt breaks up starts on a later line.
    let lines = here.line()..=here.line() + 3;
    assert!(
        file == here.file() && lines.contains(&line),
        "{text} comes from {file}:{line}, not line {}",
        here.line()
    );
    text
}

fn shaped(rows: usize, columns: usize) -> Array {
    np::ones((rows, columns))
}

#[test]
fn shapes() {
    let (x, y) = (shaped(2, 3), np::ones(4));
    assert_eq!(
        message(|| &x + &y),
        "add: shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4"
    );
    assert_eq!(
        message(|| 2 * (&x / &y)),
        "divide: shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4"
    );
    assert!(message(|| x.maximum(&y)).starts_with("maximum: shapes"));
    assert!(message(|| np::where_(&y, &x, 0)).starts_with("where_: shapes"));
    assert!(message(|| x.clip(0, &y)).starts_with("clip: shapes"));
    assert!(message(|| x.pow(&y)).starts_with("pow: shapes"));
    assert!(message(|| np::allclose(&x, &y)).starts_with("isclose: shapes"));
    assert_eq!(
        message(|| x.reshape((4, 2))),
        "reshape: shape (2, 3) has 6 elements: they do not fill shape (4, 2)"
    );
    assert!(message(|| x.reshape((-1, -1))).contains("more than one length open"));
    assert!(message(|| x.reshape((-1, 4))).contains("do not fill"));
    assert!(message(|| np::zeros((2, -1))).contains("negative"));
    assert!(message(|| x.broadcast_to((2, 2))).contains("does not broadcast"));
    assert!(message(|| np::full((2, 2), &y)).contains("does not broadcast"));
    assert_eq!(
        message(|| x.matmul(&y)),
        "matmul: shapes (2, 3) and (4,) do not go together: axis 1 is 3 against 4 on axis 0"
    );
    assert!(message(|| x.matmul(2)).contains("scalar"));
    assert!(message(|| np::ones(3).dot(&y)).starts_with("dot: shapes (3,) and (4,)"));
    assert!(message(|| np::concatenate([&x, &shaped(2, 4)])).contains("differ on axis 1, only axis 0 may"));
    assert!(message(|| np::stack([&x, &y])).contains("differ"));
    assert!(message(|| np::linalg::inv(&x)).starts_with("inv: shape (2, 3)"));
    assert!(message(|| np::linalg::eigh(&x)).starts_with("eigh: shape (2, 3)"));
    assert!(message(|| np::linalg::solve(shaped(2, 2), &y)).starts_with("solve: "));
    assert!(message(|| np::meshgrid(&x, &y)).starts_with("meshgrid: "));
    assert!(message(|| np::array(vec![vec![1], vec![1, 2]])).starts_with("array: "));
    assert!(message(|| Array::new(vec![1.0_f32], 2)).starts_with("array: "));
    assert!(message(|| np::arange((0, 1, 0))).starts_with("arange: the step is 0"));
}

#[test]
fn axes() {
    let x = shaped(2, 3);
    assert_eq!(
        message(|| x.sum_axis(2)),
        "sum: axis 2 is out of bounds for an array of 2 axes"
    );
    assert!(message(|| np::mean_axis(&x, -3)).starts_with("mean: axis -3"));
    assert!(message(|| x.max_axis((0, -2))).contains("given twice"));
    assert!(message(|| x.argmax_axis(5)).starts_with("argmax: axis 5"));
    assert!(message(|| x.sort_axis(2)).starts_with("sort: axis 2"));
    assert!(message(|| x.cumsum_axis(2)).starts_with("cumsum"));
    assert!(message(|| x.transpose(0)).contains("name every axis once"));
    assert!(message(|| x.swapaxes(0, 2)).starts_with("swapaxes"));
    assert!(message(|| x.moveaxis(0, 2)).starts_with("moveaxis"));
    assert!(message(|| x.squeeze_axis(0)).contains("has length 2, not 1"));
    assert!(message(|| x.expand_dims(4)).starts_with("expand_dims"));
    assert!(message(|| x.flip_axis(2)).starts_with("flip"));
    assert!(message(|| x.roll_axis(1, 2)).starts_with("roll"));
    assert!(message(|| np::concatenate_axis([&x, &x], 2)).starts_with("concatenate"));
    assert!(message(|| np::zeros(0).max()).contains("no elements"));
    assert!(message(|| np::zeros(0).argmin()).contains("no elements"));
}

#[test]
fn dtypes() {
    let (holds, x) = (np::array([true]), np::ones(1));
    assert!(message(|| -&holds).starts_with("negative: is not defined for bool"));
    assert!(message(|| &holds - &holds).starts_with("subtract: is not defined for bool"));
    assert!(message(|| &x & 1).starts_with("bitwise_and: is not defined for float32"));
    assert!(message(|| &x << 1).starts_with("left_shift"));
    assert!(message(|| np::arange(3).pow(-1)).starts_with("pow: int32 cannot be raised to -1"));
    assert!(message(|| np::arange(3) + 3_000_000_000_000_i64).contains("does not fit"));
    assert!(message(|| np::array([3_000_000_000_i64])).contains("does not fit"));
    assert!(message(|| x.to_vec::<f64>()).contains("the elements are float32"));
    assert!(message(|| np::ones(2).item::<f32>()).contains("2 elements, not one"));
    assert!(message(|| np::take_axis(&x, &x, 0)).contains("not integers"));
}

#[test]
fn indices() {
    let x = shaped(2, 3);
    assert_eq!(
        message(|| x.index(2)),
        "index: index 2 is out of bounds for axis 0 of shape (2, 3)"
    );
    assert!(message(|| x.index((0, -4))).contains("index -4 is out of bounds for axis 1"));
    assert!(message(|| x.index((0, 0, 0))).contains("3 indices for an array of 2 axes"));
    assert!(message(|| x.index(&x)).contains("cannot be an index"));
    assert!(message(|| x.index(([0, 1], [0, 1, 2]))).contains("do not broadcast"));
    assert!(message(|| x.at(5).set(1)).contains("out of bounds"));
    assert!(message(|| x.at(0).set(np::ones(4))).contains("does not broadcast to the place's shape (3,)"));
    assert!(message(|| x.index(s![..; 0])).contains("the step is 0"));
    assert!(
        message(|| x.index([true, false, true])).contains("bools of shape (3,) for axis 0 of shape (2, 3)")
    );
    assert!(message(|| x.index((.., [true]))).contains("bools of shape (1,) for axis 1 of shape (2, 3)"));
    assert!(message(|| x.index(np::ones((3, 2)).gt(0))).contains("bools of shape (3, 2) for shape (2, 3)"));
}

#[test]
fn looking_at_a_tracer() {
    let f = jit(|x: Array| {
        let text = message(|| x.item::<f32>());
        assert!(
            text.starts_with("item: an array f32[] inside jit (made at "),
            "{text}"
        );
        let text = message(|| x.to_vec::<f32>());
        assert!(text.contains("has no value yet"), "{text}");
        assert!(message(|| np::arange(3).index(x.gt(0))).contains("where_"));
        assert_eq!(
            (format!("{x}"), format!("{x:?}")),
            ("Traced<f32[]>".into(), "Traced<f32[]>".into())
        );
        message(|| np::arange(3) + np::ones(2));
        x
    });
    f(np::ones(()));
}

#[test]
fn an_array_that_outlives_its_trace() {
    let kept = RefCell::new(None);
    jit(|x: Array| {
        *kept.borrow_mut() = Some(x.clone());
        x
    })(np::ones(2));
    let kept = kept.into_inner().unwrap();
    let text = message(|| &kept + 1);
    assert!(
        text.starts_with("add: an array f32[2] of jit (made at "),
        "{text}"
    );
    assert!(text.contains("is used outside of it"), "{text}");
    assert!(message(|| kept.sum()).starts_with("sum: "));
    assert!(message(|| kept.to_vec::<f32>()).starts_with("to_vec: "));
    assert!(message(|| kept.reshape((1, 2))).starts_with("reshape: "));
    jit(|x: Array| {
        assert!(message(|| x + &kept).starts_with("add: "));
    })(np::ones(2));
    // Another function returns the array. A jitted function cannot know its caller, and names the line that
    // made it.
    let text = message(|| program(|_: Array| kept.clone(), np::ones(2)));
    let wanted = "program: the function of program (made at tests/core/errors.rs:";
    assert!(text.starts_with(wanted), "{text}");
    assert!(
        text.contains("returns an array f32[2] of jit (made at tests/core/errors.rs:"),
        "{text}"
    );
    let text = message(|| lax::scan_n(|x: Array| (x, kept.clone()), np::ones(2), 3));
    assert!(
        text.starts_with("scan_n: the function of scan_n (made at tests/core/errors.rs:"),
        "{text}"
    );
    let jitted = jit(|_: Array| kept.clone());
    let text = catch_unwind(AssertUnwindSafe(|| jitted(np::ones(2)))).unwrap_err();
    let text = text.downcast::<String>().expect("a message");
    assert!(
        text.starts_with("jit: the function of jit (made at tests/core/errors.rs:"),
        "{text}"
    );
    assert!(
        text.contains("returns an array f32[2] of jit (made at tests/core/errors.rs:"),
        "{text}"
    );
}

#[test]
fn loop_carries() {
    let text = message(|| lax::fori_loop(0, 3, |_, x: Array| x.astype(DType::F32), np::arange(2)));
    assert_eq!(
        text,
        "fori_loop: carry goes into the body as i32[2] and comes out as f32[2]: they must be equal"
    );
    let text = message(|| {
        lax::fori_loop(
            0,
            3,
            |_, (x, y): (Array, Array)| (x, y.sum()),
            (np::ones(2), np::ones(2)),
        )
    });
    assert!(
        text.contains("carry.1 goes into the body as f32[2] and comes out as f32[]"),
        "{text}"
    );
    assert!(
        message(|| lax::fori_loop(0, 2.5, |_, x: Array| x, np::ones(1))).contains("not an integer scalar")
    );
    let text = message(|| {
        lax::fori_loop(
            0,
            2,
            |_, xs: Vec<Array>| [xs.clone(), xs].concat(),
            vec![np::ones(1)],
        )
    });
    assert_eq!(
        text,
        "fori_loop: the carry goes into the body as (the counter: i32[], carry[0]: f32[1]) and comes out as \
         (the counter: i32[], carry[0]: f32[1], carry[1]: f32[1]): it must keep its structure"
    );
    let text = message(|| {
        lax::scan(
            |c: Array, x: Array| (c.astype(DType::F32) + &x, x),
            np::array(0),
            np::ones(3),
        )
    });
    assert_eq!(
        text,
        "scan: carry goes into the body as i32[] and comes out as f32[]: they must be equal"
    );
    let text = message(|| {
        lax::scan_n(
            |(x, y): (Array, Array)| ((y, x), ()),
            (np::ones(2), np::ones(3)),
            4,
        )
    });
    assert_eq!(
        text,
        "scan_n: carry.0 goes into the body as f32[2] and comes out as f32[3], and carry.1 goes into the body as f32[3] and \
         comes out as f32[2]: they must be equal"
    );
    let text = message(|| lax::scan_n(|n: Static<i32>| (Static(n.0 + 1), ()), Static(1), 4));
    assert_eq!(
        text,
        "scan_n: the carry comes out of the body with other static values than it went in with"
    );
    assert!(
        message(|| lax::while_loop(|x: &Array| x.sum().gt(0), |x| x.sum(), np::ones(2)))
            .starts_with("while_loop: carry goes into the body as f32[2] and comes out as f32[]")
    );
    assert!(
        message(|| lax::while_loop_bounded(|x: &Array| x.sum().gt(0), |x| x.sum(), np::ones(2), 3))
            .starts_with("while_loop_bounded: carry goes into the body as f32[2] and comes out as f32[]")
    );
    assert!(
        message(|| lax::while_loop(|x: &Array| x.clone(), |x| x, np::ones(()))).contains("not a bool scalar")
    );
}

#[test]
fn what_loops_run_over() {
    let f = |c: Array, (x, y): (Array, Array)| (c + x, y);
    assert_eq!(
        message(|| lax::scan(f, 0.into(), (np::arange(3), np::arange(4)))),
        "scan: xs.0 has length 3 along axis 0, xs.1 has length 4"
    );
    assert_eq!(
        message(|| lax::scan_with(f, 0.into(), (np::arange(3), 4.into()), |o| o.reverse(true))),
        "scan: xs.1 is a scalar: it has no axis to run along"
    );
    assert_eq!(
        message(|| lax::scan(|c: Array, ()| (c, ()), 0.into(), ())),
        "scan: xs holds no array that says how many iterations there are: give the option length"
    );
    assert_eq!(
        message(|| lax::scan_with(f, 0.into(), (np::arange(3), np::arange(3)), |o| o.length(4))),
        "scan: the option length is 4, xs.0 has length 3"
    );
    assert!(message(|| lax::map(|x: Array| x, np::array(1))).starts_with("map: xs is a scalar"));
    assert!(
        message(|| lax::associative_scan_with(|x: Array, y: Array| x + y, np::ones(3), |o| o.axis(1)))
            .starts_with("associative_scan: axis 1 is out of bounds")
    );
    let text = message(|| lax::associative_scan(|x: Array, y: Array| (x + y).sum(), np::ones(3)));
    assert_eq!(
        text,
        "associative_scan: result of the function is f32[], what it got is f32[1]: they must be equal"
    );
}

#[test]
fn branches() {
    type Pair = (Array, Array);
    assert_eq!(
        message(|| lax::cond(np::array([true]), |x: Array| x, |x| x, np::ones(2))),
        "cond: the predicate is bool[1], not a scalar: reduce it with all or any, or choose between elements with select"
    );
    assert_eq!(
        message(|| lax::switch(1.5, [|x: Array| x], np::ones(2))),
        "switch: the index is f32[], not an integer scalar"
    );
    assert_eq!(
        message(|| lax::switch(0, Vec::<fn(Array) -> Array>::new(), np::ones(2))),
        "switch: there are no branches"
    );
    jit(|p: Array| {
        let (x, y) = (np::ones(2), np::ones(3));
        assert_eq!(
            message(|| lax::cond(
                &p,
                |(x, y): Pair| (x, y),
                |(x, y): Pair| (y.sum(), x.gt(0)),
                (x.clone(), y.clone())
            )),
            "cond: result.0 is f32[] from false_fn and f32[2] from true_fn, and result.1 is bool[2] from false_fn and f32[3] \
             from true_fn: they must be equal"
        );
        assert_eq!(
            message(|| lax::cond(&p, |x: Array| vec![x], |x| vec![x.clone(), x], x.clone())),
            "cond: false_fn returns (result[0]: f32[2], result[1]: f32[2]) and true_fn returns (result[0]: f32[2]): they must have \
             the same structure"
        );
        assert_eq!(
            message(|| lax::cond(&p, |()| Static(1), |()| Static(2), ())),
            "cond: false_fn and true_fn give different static values"
        );
        let fs: [fn(Array) -> Array; 3] = [|x| x, |x| x, |x| x.astype(DType::I32)];
        assert_eq!(
            message(|| lax::switch(p.astype(DType::I32), fs, x.clone())),
            "switch: result is f32[2] from branch 0 and i32[2] from branch 2: they must be equal"
        );
        p
    })(true.into());
    let x = np::array([1, 2]);
    assert_eq!(
        message(|| lax::select(&x.gt(1), &x, &np::ones(2))),
        "select: chooses between i32[2] and f32[2]: they must be equal"
    );
    assert_eq!(
        message(|| lax::select(&np::array([true]), &x, &x)),
        "select: the predicate is bool[1]: it must be bool, of shape (2,) or ()"
    );
}

#[test]
fn looking_inside_loops_and_branches() {
    type Case = (&'static str, Box<dyn Fn(Array) -> Array>);
    let look = |x: Array| -> Array {
        let here = std::panic::Location::caller().file();
        let text = message(|| x.item::<f32>());
        assert!(
            text.contains(&format!("(at {here}:")) || text.contains("(made at "),
            "{text}"
        );
        PANICS.with_borrow_mut(|panics| panics.push((String::new(), 0, text)));
        x
    };
    let cases: Vec<Case> = vec![
        (
            "scan",
            Box::new(move |x| lax::scan(|c: Array, x: Array| (look(c), x), x, np::ones(3)).0),
        ),
        (
            "scan_n",
            Box::new(move |x| lax::scan_n(|c: Array| (look(c), ()), x, 3).0),
        ),
        (
            "fori_loop",
            Box::new(move |x| lax::fori_loop(0, 2, |_, x: Array| look(x), x)),
        ),
        (
            "while_loop",
            Box::new(move |x| lax::while_loop(|x: &Array| look(x.clone()).lt(0), |x| x, x)),
        ),
        (
            "while_loop_bounded",
            Box::new(move |x| lax::while_loop_bounded(|x: &Array| x.lt(0), look, x, 2)),
        ),
        ("map", Box::new(move |x| lax::map(look, x.reshape(1)))),
    ];
    for (name, f) in &cases {
        f(np::ones(()));
        let (_, _, text) = PANICS
            .with_borrow_mut(|panics| panics.pop())
            .expect("what look saw");
        assert!(
            text.starts_with(&format!("item: an array f32[] inside {name} (")),
            "{text}"
        );
        assert!(text.contains(file!()), "{text}");
    }
    jit(move |x: Array| lax::cond(x.gt(0), look, |x| x, x))(np::ones(()));
    let (_, _, text) = PANICS
        .with_borrow_mut(|panics| panics.pop())
        .expect("what look saw");
    assert!(text.starts_with("item: an array f32[] inside cond ("), "{text}");
}
