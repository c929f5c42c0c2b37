//! Bad input panics at the user's own line. The message names the function and the fact, and often says what
//! to do.

use crate::support::device::on_cpu;
use kiln::numpy::{self as np, linalg};
use kiln::options::TakeMode;
use kiln::prelude::*;
use kiln::{ArrayType, Item, flatten_util, hessian, jacfwd, jacrev, jvp, s, shaped, tree, vjp};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// A panic: file, line, message.
type Panic = (String, u32, String);

thread_local! {
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Returns the panic of `f` as the hook saw it on this thread.
fn panic_of(f: impl FnOnce()) -> Option<Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Some(at) = info.location() {
                let message = info.payload_as_str().unwrap_or_default().to_string();
                LAST.set(Some((at.file().into(), at.line(), message)));
            }
            before(info);
        }));
    });
    LAST.set(None);
    catch_unwind(AssertUnwindSafe(f)).err().and_then(|_| LAST.take())
}

/// A call that must panic, and its line.
struct Call<'a> {
    line: u32,
    f: Box<dyn FnOnce() + 'a>,
}

macro_rules! call {
    ($call:expr) => {
        Call {
            line: line!(),
            f: Box::new(|| {
                let _ = $call;
            }),
        }
    };
}

/// Checks that every call panics at its line with its message. A message with `…` is compared up to that
/// sign.
fn refused<'a, const N: usize>(cases: [(Call<'a>, &str); N]) {
    let mut wrong = Vec::new();
    for (Call { line, f }, message) in cases {
        let Some((file, at, found)) = panic_of(f) else {
            wrong.push(format!("line {line}: no panic, but wanted {message}"));
            continue;
        };
        let same = message
            .strip_suffix('…')
            .map_or(found == message, |start| found.starts_with(start));
        if !same {
            wrong.push(format!("line {line}: {found}\n    instead of {message}"));
        }
        if (file.as_str(), at) != (file!(), line) {
            wrong.push(format!("line {line}: panics at {file}:{at}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn matrix() -> Array {
    np::ones((2, 3))
}

#[test]
fn shapes_that_do_not_broadcast() {
    let (x, y) = (&matrix(), &np::ones(4));
    let (i, j) = (&np::full((2, 3), 1), &np::full(4, 1));
    let ([mut a, mut b], c) = ([x.clone(), x.clone()], y.clone());
    let calls = [
        (call!(x + y), "add"),
        (call!(2.0 * x + y), "add"),
        (call!(x.clone() + y.clone()), "add"),
        (call!(a += y), "add"),
        (call!(b /= c), "divide"),
        (call!(x - y), "subtract"),
        (call!(x * y), "multiply"),
        (call!(x / y), "divide"),
        (call!(x % y), "remainder"),
        (call!(i & j), "bitwise_and"),
        (call!(i | j), "bitwise_or"),
        (call!(i ^ j), "bitwise_xor"),
        (call!(i << j), "left_shift"),
        (call!(i >> j), "right_shift"),
        (call!(x.floor_divide(y)), "floor_divide"),
        (call!(x.pow(y)), "pow"),
        (call!(np::pow(x, y)), "pow"),
        (call!(x.maximum(y)), "maximum"),
        (call!(np::minimum(x, y)), "minimum"),
        (call!(np::arctan2(x, y)), "arctan2"),
        (call!(x.hypot(y)), "hypot"),
        (call!(x.equal(y)), "equal"),
        (call!(x.not_equal(y)), "not_equal"),
        (call!(x.lt(y)), "less"),
        (call!(x.le(y)), "less_equal"),
        (call!(x.gt(y)), "greater"),
        (call!(np::greater_equal(x, y)), "greater_equal"),
        (call!(x.logical_and(y)), "logical_and"),
        (call!(x.logical_or(y)), "logical_or"),
        (call!(x.logical_xor(y)), "logical_xor"),
        (call!(np::where_(true, x, y)), "where_"),
        (
            call!(np::isclose_with(x, y, |o| o.rtol(0.1).atol(0.1))),
            "isclose",
        ),
        (call!(np::linspace(x, y, 3)), "linspace"),
    ];
    for (call, name) in calls {
        refused([(
            call,
            &format!("{name}: shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4"),
        )]);
    }
    refused([
        (
            call!(np::where_(y, x, 0)),
            "where_: shapes (4,) and (2, 3) do not broadcast: axis -1 is 4 against 3",
        ),
        (
            call!(x.clip(0, y)),
            "clip: shapes (4,) and (2, 3) do not broadcast: axis -1 is 4 against 3",
        ),
        (
            call!(x.clip(y, 1)),
            "clip: shapes (4,) and (2, 3) do not broadcast: axis -1 is 4 against 3",
        ),
        (
            call!(x + np::ones((3, 3))),
            "add: shapes (2, 3) and (3, 3) do not broadcast: axis -2 is 2 against 3",
        ),
        (
            call!(np::allclose(x, y)),
            "isclose: shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4",
        ),
        (
            call!(x.broadcast_to((2, 2))),
            "broadcast_to: shape (2, 3) does not broadcast to shape (2, 2)",
        ),
        (
            call!(np::full((2, 2), y)),
            "full: a value of shape (4,) does not broadcast to shape (2, 2)",
        ),
        (
            call!(np::full_like(x, y)),
            "full_like: a value of shape (4,) does not broadcast to shape (2, 3)",
        ),
        (
            call!(x.at(0).set(y)),
            "at: a value of shape (4,) does not broadcast to the place's shape (3,)",
        ),
        (
            call!(x.at(..).add(y)),
            "at: a value of shape (4,) does not broadcast to the place's shape (2, 3)",
        ),
        (
            call!(x.at(0).apply(|_| y.clone())),
            "at: a value of shape (4,) does not broadcast to the place's shape (3,)",
        ),
    ]);
}

#[test]
fn shapes() {
    let (x, y) = (&matrix(), &np::ones(4));
    let (batch, other) = (np::ones((2, 3, 4)), np::ones((3, 4, 2)));
    let none = Vec::<Array>::new;
    refused([
        (
            call!(np::zeros(0).reshape((1usize << 32, 1usize << 32))),
            "reshape: shape (0,) has 0 elements: they do not fill shape (4294967296, 4294967296)",
        ),
        (
            call!(x.repeat(usize::MAX)),
            "repeat: 18446744073709551615 times shape (6,) has too many elements",
        ),
        (
            call!(np::arange(f64::NAN)),
            "arange: the bounds 0 and NaN and the step 1 must be finite",
        ),
        (
            call!(x.reshape((4, 2))),
            "reshape: shape (2, 3) has 6 elements: they do not fill shape (4, 2)",
        ),
        (
            call!(x.reshape(5)),
            "reshape: shape (2, 3) has 6 elements: they do not fill shape (5,)",
        ),
        (
            call!(x.reshape((-1, 4))),
            "reshape: shape (2, 3) has 6 elements: they do not fill shape (-1, 4)",
        ),
        (
            call!(np::reshape(x, (-1, -1))),
            "reshape: shape (-1, -1) leaves more than one length open",
        ),
        (
            call!(x.reshape((-2, 3))),
            "reshape: shape (-2, 3) has a negative length",
        ),
        (
            call!(np::zeros((2, -1))),
            "zeros: shape (2, -1) has a negative length",
        ),
        (call!(np::ones(-1)), "ones: shape (-1,) has a negative length"),
        (call!(np::full(-1, 0)), "full: shape (-1,) has a negative length"),
        (
            call!(np::zeros((1_usize << 40, 1_usize << 40))),
            "zeros: shape (1099511627776, 1099511627776) has too many…",
        ),
        (call!(x.tile(-1)), "tile: shape (-1,) has a negative length"),
        (
            call!(x.matmul(y)),
            "matmul: shapes (2, 3) and (4,) do not go together: axis 1 is 3 against 4 on axis 0",
        ),
        (
            call!(x.matmul(x)),
            "matmul: shapes (2, 3) and (2, 3) do not go together: axis 1 is 3 against 2 on axis 0",
        ),
        (
            call!(batch.matmul(&other)),
            "matmul: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3",
        ),
        (
            call!(x.matmul(2)),
            "matmul: shapes (2, 3) and (): a scalar is no matrix, use *",
        ),
        (
            call!(np::dot(y, x)),
            "dot: shapes (4,) and (2, 3) do not go together: axis 0 is 4 against 2 on axis 0",
        ),
        (
            call!(np::concatenate([x, y])),
            "concatenate: shapes (2, 3) and (4,) have different numbers of axes",
        ),
        (
            call!(np::concatenate([x, &np::ones((2, 4))])),
            "concatenate: shapes (2, 3) and (2, 4) differ on axis 1, only axis 0 may",
        ),
        (
            call!(np::concatenate([1, 2])),
            "concatenate: a scalar has no axes: use stack",
        ),
        (
            call!(np::concatenate(none())),
            "concatenate: needs at least one array",
        ),
        (call!(np::stack([x, y])), "stack: shapes (2, 3) and (4,) differ"),
        (call!(np::stack(none())), "stack: needs at least one array"),
        (
            call!(linalg::inv(x)),
            "inv: shape (2, 3) is not that of square matrices",
        ),
        (
            call!(linalg::eigh(y)),
            "eigh: shape (4,) is not that of square matrices",
        ),
        (
            call!(linalg::solve(np::eye(2), y)),
            "solve: a right-hand side of shape (4,) for matrices of shape (2, 2)",
        ),
        (
            call!(np::meshgrid(x, y)),
            "meshgrid: takes arrays with one axis, got shape (2, 3)",
        ),
        (
            call!(np::array(vec![vec![1], vec![1, 2]])),
            "array: a list of 2 is beside one of another length, [2, 1] expected",
        ),
        (
            call!(Array::new(vec![1.0_f32], 2)),
            "array: 1 elements for shape (2,)",
        ),
        (call!(np::arange((0, 1, 0))), "arange: the step is 0"),
        (
            call!(np::diag(&batch)),
            "diag: takes one axis or two, got shape (2, 3, 4)",
        ),
        (call!(np::tril(y)), "tril: takes matrices, got shape (4,)"),
        (
            call!(np::triu_with(y, |o| o.k(1))),
            "triu: takes matrices, got shape (4,)",
        ),
        (
            call!(np::searchsorted(x, 1)),
            "searchsorted: the sorted array has shape (2, 3), one axis is wanted",
        ),
        (
            call!(np::zeros(0).max()),
            "max: shape (0,) has no elements along the axes [0]",
        ),
        (
            call!(np::zeros((2, 0)).min_axis(1)),
            "min: shape (2, 0) has no elements along the axes [1]",
        ),
        (call!(np::zeros(0).argmin()), "argmin: shape (0,) has no elements"),
        (
            call!(np::zeros((0, 2)).argmax_axis(0)),
            "argmax: shape (0, 2) has no elements along the axes [0]",
        ),
        (call!(np::ones(()).len()), "len: a scalar has no axes"),
        (call!(y.item::<f32>()), "item: shape (4,) has 4 elements, not one"),
    ]);
}

#[test]
fn axes() {
    let x = &matrix();
    let bounds = "axis 2 is out of bounds for an array of 2 axes";
    let calls = [
        (call!(x.sum_axis(2)), "sum"),
        (call!(x.prod_axis(2)), "prod"),
        (call!(np::mean_axis(x, 2)), "mean"),
        (call!(x.var_axis((0, 2))), "var"),
        (call!(x.std_axis(keep(2))), "std"),
        (call!(x.var_with(|o| o.axis(2).ddof(1))), "var"),
        (call!(np::std_with(x, |o| o.axis(2).ddof(1))), "std"),
        (call!(x.max_axis(2)), "max"),
        (call!(x.min_axis(2)), "min"),
        (call!(x.any_axis(2)), "any"),
        (call!(x.all_axis(2)), "all"),
        (call!(x.argmax_axis(2)), "argmax"),
        (call!(np::argmin_axis(x, 2)), "argmin"),
        (call!(x.cumsum_axis(2)), "cumsum"),
        (call!(np::cumprod_axis(x, 2)), "cumprod"),
        (call!(x.sort_axis(2)), "sort"),
        (call!(x.argsort_axis(2)), "argsort"),
        (call!(x.transpose((0, 2))), "transpose"),
        (call!(x.swapaxes(0, 2)), "swapaxes"),
        (call!(x.moveaxis(0, 2)), "moveaxis"),
        (call!(x.squeeze_axis(2)), "squeeze"),
        (call!(x.flip_axis(2)), "flip"),
        (call!(x.roll_axis(1, 2)), "roll"),
        (call!(x.repeat_axis(2, 2)), "repeat"),
        (call!(np::take_axis(x, 0, 2)), "take"),
        (call!(np::concatenate_axis([x, x], 2)), "concatenate"),
    ];
    for (call, name) in calls {
        refused([(call, &format!("{name}: {bounds}"))]);
    }
    refused([
        (
            call!(x.sum_axis(-3)),
            "sum: axis -3 is out of bounds for an array of 2 axes",
        ),
        (
            call!(np::ones(2).sum_axis(1)),
            "sum: axis 1 is out of bounds for an array of 1 axis",
        ),
        (
            call!(np::ones(()).sort()),
            "sort: axis -1 is out of bounds for an array of 0 axes",
        ),
        (
            call!(x.expand_dims(4)),
            "expand_dims: axis 4 is out of bounds for an array of 3 axes",
        ),
        (
            call!(np::stack_axis([x, x], 3)),
            "stack: axis 3 is out of bounds for an array of 3 axes",
        ),
        (call!(x.max_axis((0, -2))), "max: axis 0 is given twice"),
        (call!(x.transpose((1, 1))), "transpose: axis 1 is given twice"),
        (
            call!(x.transpose(0)),
            "transpose: 1 axes for an array of shape (2, 3): name every axis once",
        ),
        (call!(x.moveaxis(0, (0, 1))), "moveaxis: 1 axes for 2 places"),
        (
            call!(x.squeeze_axis(0)),
            "squeeze: axis 0 of shape (2, 3) has length 2, not 1",
        ),
        (
            call!(x.unstack::<3>()),
            "unstack: axis 0 of shape (2, 3) has length 2: it does not fill a pattern of 3 arrays",
        ),
        (
            call!(np::unstack_axis::<2>(x, -1)),
            "unstack: axis -1 of shape (2, 3) has length 3: it does not fill a pattern of 2 arrays",
        ),
        (
            call!(np::array(1.0).unstack::<1>()),
            "unstack: axis 0 is out of bounds…",
        ),
        (call!(x.expand_dims((0, 0))), "expand_dims: axis 0 is given twice"),
        (call!(x.roll_axis((1, 2, 3), (0, 1))), "roll: 3 shifts for 2 axes"),
        (call!(x.argmax_axis((0, 1))), "argmax: takes one axis, got [0, 1]"),
    ]);
}

#[test]
fn dtypes() {
    let (x, holds) = (&np::ones(2), &np::array([true, false]));
    let (plain, bits) = ("use astype", "use astype, or the operators &, | and ^");
    let calls = [
        (call!(-holds), "negative", "bool", bits),
        (call!(holds - holds), "subtract", "bool", bits),
        (call!(holds.sign()), "sign", "bool", bits),
        (call!(holds.round()), "round", "bool", bits),
        (call!(holds.round_to(1)), "round_to", "bool", bits),
        (call!(x & 1), "bitwise_and", "float32", plain),
        (call!(x | x), "bitwise_or", "float32", plain),
        (call!(x ^ 1.5), "bitwise_xor", "float32", plain),
        (call!(!x), "bitwise_not", "float32", plain),
        (call!(x << 1), "left_shift", "float32", plain),
        (call!(1 >> x), "right_shift", "float32", plain),
    ];
    for (call, name, dtype, hint) in calls {
        refused([(call, &format!("{name}: is not defined for {dtype}: {hint}"))]);
    }
    refused([
        (
            call!(np::arange(3).pow(-1)),
            "pow: int32 cannot be raised to -1: a power of integers is an integer, use a float",
        ),
        (
            call!(np::arange(3).round_to(-1)),
            "round_to: integers cannot be rounded to tens",
        ),
        (
            call!(np::arange(3_000_000_000_i64)),
            "arange: 3000000000 does not fit in int32: use int64, or enable_x64(true)",
        ),
        (
            call!(np::arange(3) + 3_000_000_000_000_i64),
            "add: 3000000000000 does not fit in int32: use int64, or enable_x64(true)",
        ),
        (
            call!(np::array([3_000_000_000_i64])),
            "array: an integer does not fit in int32: use Array::new, array_dtype, or enable_x64(true)",
        ),
        (
            call!(x.to_vec::<f64>()),
            "to_vec: the elements are float32, not float64: use astype first",
        ),
        (
            call!(np::take_axis(x, x, 0)),
            "take: indices are float32, not integers",
        ),
        (call!(x.index(x)), "index: an array of float32 cannot be an index"),
        (
            call!(x.at(x).set(0)),
            "at: an array of float32 cannot be an index",
        ),
        (
            call!(np::isclose_with(x, x, |o| o.rtol(-1.0).atol(0.0))),
            "isclose: tolerances -1 and 0 must not be negative",
        ),
    ]);
}

#[test]
fn indices() {
    let (x, three) = (&matrix(), &np::array([true, false, true]));
    let still = || Item::Slice {
        start: None,
        stop: None,
        step: 0,
    };
    refused([
        (
            call!(x.index(2)),
            "index: index 2 is out of bounds for axis 0 of shape (2, 3)",
        ),
        (
            call!(x.index((0, -4))),
            "index: index -4 is out of bounds for axis 1 of shape (2, 3)",
        ),
        (
            call!(x.index((Ellipsis, 3))),
            "index: index 3 is out of bounds for axis 1 of shape (2, 3)",
        ),
        (
            call!(x.index((0, 0, 0))),
            "index: 3 indices for an array of 2 axes, shape (2, 3)",
        ),
        (
            call!(np::ones(3).index((.., 0))),
            "index: 2 indices for an array of 1 axis, shape (3,)",
        ),
        (
            call!(x.index((Ellipsis, Ellipsis))),
            "index: an index has one ellipsis at most",
        ),
        (
            call!(x.index(([0, 1], [0, 1, 2]))),
            "index: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3",
        ),
        (
            call!(np::ones((0, 3)).index([0])),
            "index: axis 0 of shape (0, 3) has no elements to be indexed",
        ),
        (
            call!(np::take_axis(np::ones(0), [0], 0)),
            "take: axis 0 of shape (0,) has no elements to be indexed",
        ),
        (
            call!(x.index(three)),
            "index: an array of bools of shape (3,) for axis 0 of shape (2, 3)…",
        ),
        (
            call!(x.index((.., [true, false]))),
            "index: an array of bools of shape (2,) for axis 1 of shape (2, 3)…",
        ),
        (
            call!(x.at(5).set(1)),
            "at: index 5 is out of bounds for axis 0 of shape (2, 3)",
        ),
        (
            call!(x.at((0, 0, 0)).get()),
            "at: 3 indices for an array of 2 axes, shape (2, 3)",
        ),
        (
            call!(x.index(usize::MAX)),
            "index: index 9223372036854775807 is out of bounds for axis 0 of shape (2, 3)",
        ),
        (
            call!(x.index((0, isize::MIN))),
            "index: index -9223372036854775808 is out of bounds for axis 1 of shape (2, 3)",
        ),
        (
            call!(x.at(usize::MAX).set(0)),
            "at: index 9223372036854775807 is out of bounds for axis 0 of shape (2, 3)",
        ),
        (
            call!(np::zeros((0, 2)).at([0]).get()),
            "get: axis 0 of shape (0, 2) has no elements to be indexed",
        ),
        (call!(x.index(still())), "index: the step of a slice is 0"),
        (call!(x.at(still()).set(0)), "at: the step of a slice is 0"),
        (call!(x.index((0, still()))), "index: the step of a slice is 0"),
        (call!(x.index(s![..; 0])), "step: the step is 0"),
        (call!(step(.., 0)), "step: the step is 0"),
        (call!(step(3, 2)), "step: takes a range, got Integer(3)"),
    ]);
}

#[test]
fn keys_and_draws() {
    let key = || Key::new(0);
    let many = "takes one key, this is an array of keys of shape (3,): map over them, with vmap or unstack";
    let keys = || key().split_n(3);
    let calls = [
        (call!(keys().split::<2>()), "split"),
        (call!(keys().split_n(2)), "split_n"),
        (call!(keys().fold_in(1)), "fold_in"),
        (call!(random::bits_dtype(keys(), 2, DType::U8)), "bits"),
        (call!(random::uniform(keys(), 2)), "uniform"),
        (call!(random::uniform_with(keys(), 2, |o| o)), "uniform"),
        (call!(random::normal(keys(), 2)), "normal"),
    ];
    for (call, name) in calls {
        refused([(call, &format!("{name}: {many}"))]);
    }
    refused([
        (
            call!(random::normal(key(), -1)),
            "normal: shape (-1,) has a negative length",
        ),
        (
            call!(random::uniform(key(), (2, -1))),
            "uniform: shape (2, -1) has a negative length",
        ),
        (
            call!(random::bits_dtype(key(), -2, DType::U8)),
            "bits: shape (-2,) has a negative length",
        ),
        (
            call!(key().split_n(-1)),
            "split_n: shape (-1,) has a negative length",
        ),
        (
            call!(random::normal_dtype(key(), 2, DType::I32)),
            "normal: the dtype is int32, not a float",
        ),
        (
            call!(random::uniform_dtype(key(), 2, DType::Bool)),
            "uniform: the dtype is bool, not a float",
        ),
        (
            call!(random::bits_dtype(key(), 2, DType::F32)),
            "bits: bits come as uint8, uint16, uint32 or uint64, not float32",
        ),
        (
            call!(random::uniform_with(key(), 3, |o| o
                .minval(np::ones(4))
                .maxval(5))),
            "uniform: minval of shape (4,) does not broadcast to shape (3,)",
        ),
        (
            call!(key().fold_in(1.5)),
            "fold_in: the number is float32 of shape (), not an integer scalar",
        ),
        (
            call!(key().unstack()),
            "unstack: this is one key, not an array of keys",
        ),
        (
            call!(Key::from_words(np::ones(2))),
            "key: words are uint32 of shape (.., 2), this is float32 of shape (2,)",
        ),
    ]);
}

#[test]
fn traces() {
    let kept = RefCell::new(None);
    jit(|x: Array| {
        refused([
            (
                call!(x.sum().item::<f32>()),
                "item: an array f32[] inside jit (made at …",
            ),
            (
                call!(x.to_vec::<f32>()),
                "to_vec: an array f32[2] inside jit (made at …",
            ),
            (
                call!(x.clone().block_until_ready()),
                "block_until_ready: an array f32[2] inside jit (made at …",
            ),
            (
                call!(np::arange(2).index(x.gt(0))),
                "index: the length of a selection by bools depends on values, which a trace does not have: use where_",
            ),
            // The check is made while tracing, and the panic is at the function's own line.
            (
                call!(&x + np::ones(3)),
                "add: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3",
            ),
            (
                call!(x.index(2)),
                "index: index 2 is out of bounds for axis 0 of shape (2,)",
            ),
        ]);
        kept.replace(Some(x.clone()));
        x + 1
    })(np::ones(2));
    let kept = &kept.into_inner().unwrap();
    refused([
        (call!(kept + 1), "add: an array f32[2] of jit (made at …"),
        (call!(kept.sum()), "sum: an array f32[2] of jit (made at …"),
        (
            call!(kept.reshape((2, 1))),
            "reshape: an array f32[2] of jit (made at …",
        ),
        (call!(kept.index(0)), "index: an array f32[2] of jit (made at …"),
        (
            call!(kept.to_vec::<f32>()),
            "to_vec: an array f32[2] of jit (made at …",
        ),
    ]);
}

#[test]
fn numbers_that_do_not_fit() {
    let x = np::arange(3);
    refused([
        (
            call!(&x + 3_000_000_000_i64),
            "add: 3000000000 does not fit in int32: use int64, or enable_x64(true)",
        ),
        (
            call!(lax::fori_loop(
                3_000_000_000_i64,
                3_000_000_003_i64,
                |i, x: Array| x + i,
                np::zeros(())
            )),
            "fori_loop: 3000000003 does not fit in int32: use int64, or enable_x64(true)",
        ),
    ]);
}

/// A result that needs more memory than the host has is a panic that can be caught. The process does not end.
#[test]
fn out_of_memory() {
    let (file, _, message) = panic_of(|| on_cpu(|| drop(np::ones(1_usize << 50)))).expect("a panic");
    assert!(file.ends_with("tests/suite/errors.rs"), "{file}");
    let wanted = "ones: out of memory: an array f32[1125899906842624] needs 4194304.0 GiB";
    assert!(message.starts_with(wanted), "{message}");
}

/// A returned function cannot know the line of its call. Its errors begin with the line that made it.
#[test]
fn out_of_memory_within_transformations() {
    let long = |x: Array| np::broadcast_to(x, 1_usize << 50).sin();
    let (x, ones) = (|| Array::from(1.0), || np::ones(1));
    let (same, many) = (|x: Array| x, || np::ones(1 << 25));
    type Case = (&'static str, u32, Box<dyn Fn()>);
    let cases: [Case; 6] = [
        ("jit", line!(), Box::new(move || drop(jit(long)(x())))),
        ("vmap", line!(), Box::new(move || drop(vmap(long)(ones())))),
        ("vjp", line!(), Box::new(move || drop(vjp(long, x()).0))),
        ("jvp", line!(), Box::new(move || drop(jvp(long, x(), x())))),
        ("jacfwd", line!(), Box::new(move || drop(jacfwd(same)(many())))),
        ("jacrev", line!(), Box::new(move || drop(jacrev(same)(many())))),
    ];
    for (name, line, f) in cases {
        let (_, _, message) = panic_of(|| on_cpu(f)).expect("a panic");
        let place = format!("{name} (made at tests/suite/errors.rs:{line}:");
        assert!(message.starts_with(&place), "{message}");
        assert!(message.contains("): out of memory: an array "), "{message}");
    }
}

/// The line of a call is known where nothing is returned to be called later.
#[test]
fn tangents_of_another_shape() {
    let refusal = "(made at tests/suite/errors.rs:";
    let jvp_of = || drop(jvp(|x: Array| x.sin(), np::ones(3), np::ones(2)));
    let (file, line, message) = panic_of(jvp_of).expect("a panic");
    assert_eq!((file.as_str(), line), ("tests/suite/errors.rs", line!() - 2));
    assert!(message.starts_with(&format!("jvp {refusal}")), "{message}");
    assert!(
        message.ends_with("): the tangent is f32[2], it must be f32[3]"),
        "{message}"
    );
}

#[test]
fn a_lone_integer_has_no_gradient() {
    let of = |x: Array| {
        let (_, _, message) = panic_of(|| drop(grad(|x: Array| x * 2)(x))).expect("a panic");
        let (place, fact) = message.split_once("): ").expect("the line that made it");
        assert!(
            place.starts_with("grad (made at tests/suite/errors.rs:"),
            "{place}"
        );
        fact.to_string()
    };
    assert_eq!(
        of(3.into()),
        "argument is i32[]: only floats have gradients: pass 3.0"
    );
    assert_eq!(
        of(np::arange(3)),
        "argument is i32[3]: only floats have gradients: pass floats, as x.astype(DType::F32)"
    );
}

/// A panic inside of a function that a transformation traces comes from the line inside.
#[test]
fn the_line_inside_of_a_transformed_function_comes_first() {
    let bad = |x: Array| (x + np::ones(3)).sum();
    let line = line!() - 1;
    for f in [
        Box::new(|x| drop(grad(bad)(x))) as Box<dyn Fn(Array)>,
        Box::new(|x| drop(vmap(bad)(np::stack([x])))),
        Box::new(|x| drop(jit(vmap(grad(bad)))(np::stack([x])))),
    ] {
        let (file, at, message) = panic_of(|| f(np::ones(2))).expect("a panic");
        assert_eq!((file.as_str(), at), ("tests/suite/errors.rs", line));
        assert_eq!(
            message,
            "add: shapes (2,) and (3,) do not broadcast: axis -1 is 2 against 3"
        );
    }
}

/// `unwrap` shows the `Debug` of an error.
#[test]
fn the_debug_of_an_error_is_its_text() {
    fn same<E: std::error::Error>(error: E) {
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(!error.to_string().is_empty());
    }
    same(kiln::plot::Plot::new().to_svg().unwrap_err());
    same(
        kiln::plot::Plot::new()
            .line([1.0], [2.0])
            .save("x.jpg")
            .unwrap_err(),
    );
    same(kiln::io::load("no such file").unwrap_err());
    same(kiln::export::Exported::from_bytes(&[1, 2, 3]).expect_err("no function"));
    same("tpu".parse::<kiln::Device>().unwrap_err());
    same(kiln::ThreadsAreRunning);
    same(kiln::Buffer::try_zeros(kiln::ArrayType::new(DType::U8, [1 << 60])).unwrap_err());
    same(ndarray::Array1::<f32>::try_from(np::arange(3)).unwrap_err());
    jit(|x: Array| {
        same(x.try_buffer().unwrap_err());
        x
    })(np::ones(2));
}

#[test]
fn unwrap_shows_the_text_of_an_error() {
    let plot = kiln::plot::Plot::new();
    let (_, _, message) = panic_of(|| drop(plot.to_svg().unwrap())).expect("a panic");
    let text = plot.to_svg().unwrap_err();
    assert_eq!(
        message,
        format!("called `Result::unwrap()` on an `Err` value: {text}")
    );
}

#[test]
fn a_failed_assignment_loses_nothing() {
    let mut x = np::ones(2);
    assert!(panic_of(|| x += np::ones(3)).is_some());
    assert_eq!(x.to_vec::<f32>(), [1.0, 1.0]);
}

#[test]
fn loops() {
    let (x, pair) = (&np::ones(2), || (np::ones(2), np::ones(2)));
    refused([
        (
            call!(lax::fori_loop(
                0,
                3,
                |_, x: Array| x.astype(DType::F32),
                np::arange(2)
            )),
            "fori_loop: carry goes into the body as i32[2] and comes out as f32[2]: they must be equal",
        ),
        (
            call!(lax::fori_loop(
                0,
                3,
                |_, (x, y): (Array, Array)| (x, y.sum()),
                pair()
            )),
            "fori_loop: carry.1 goes into the body as f32[2] and comes out as f32[]: they must be equal",
        ),
        (
            call!(lax::fori_loop(
                0,
                2,
                |_, x: Vec<Array>| [x.clone(), x].concat(),
                vec![x.clone()]
            )),
            "fori_loop: the carry goes into the body as (the counter: i32[], carry[0]: f32[2]) and comes out as (the counter: i32[], carry[0]: f32[2], carry[1]: f32[2]): it must keep its structure",
        ),
        (
            call!(lax::fori_loop(0, 2.5, |_, x: Array| x, x.clone())),
            "fori_loop: a bound is f32[], not an integer scalar",
        ),
        (
            call!(lax::while_loop(|x: &Array| x.sum(), |x| x, x.clone())),
            "while_loop: the condition returns f32[], not a bool scalar",
        ),
    ]);
}

/// No memory holds these lengths. A length is an argument here, or comes of two operands.
#[test]
fn lengths_that_memory_does_not_hold() {
    const MOST: usize = usize::MAX;
    let (x, v, k) = (&matrix(), &np::ones(3), || Key::new(0));
    let wide = || np::zeros((0, 3));
    let column = |x: &Array| x.broadcast_to((1_usize << 40, 1));
    refused([
        (
            call!(np::zeros(MOST)),
            "zeros: shape (9223372036854775807,) has too many elements",
        ),
        (
            call!(np::ones((2, MOST))),
            "ones: shape (2, 9223372036854775807)…",
        ),
        (call!(np::full(MOST, 1)), "full: shape (9223372036854775807,)…"),
        (call!(x.reshape(MOST)), "reshape: shape (2, 3) has 6 elements…"),
        (
            call!(x.reshape((MOST, 6))),
            "reshape: shape (2, 3) has 6 elements…",
        ),
        (
            call!(v.broadcast_to((MOST, 3))),
            "broadcast_to: shape (9223372036854775807, 3) has too many elements",
        ),
        (
            call!(v.tile(MOST)),
            "tile: shape (9223372036854775807,) has too many…",
        ),
        (
            call!(v.tile((1_usize << 30, 1_usize << 29))),
            "tile: (1073741824, 536870912) times shape (3,) has too many elements",
        ),
        (
            call!(wide().repeat_axis(MOST, 1)),
            "repeat: 18446744073709551615 times shape (0, 3) has too many elements",
        ),
        (call!(np::arange(MOST)), "arange: a bound does not fit in int64"),
        (
            call!(np::arange(1_i64 << 60)),
            "arange: 1152921504606846976 does not fit in int32…",
        ),
        (
            call!(np::arange((1_i64 << 60, 3))),
            "arange: 1152921504606846976 does not fit in int32…",
        ),
        (
            call!(np::arange((0, 3, 1_i64 << 60))),
            "arange: 1152921504606846976 does not fit in int32…",
        ),
        (
            call!(np::linspace(0, 1, MOST)),
            "linspace: shape (9223372036854775807,) has too many elements",
        ),
        (
            call!(np::linspace(v, 1, MOST / 16)),
            "linspace: shape (1152921504606846975, 3) has too many elements",
        ),
        (
            call!(np::linspace_with(0, 1, MOST, |o| o.endpoint(false))),
            "linspace: shape (9223372036854775807,)…",
        ),
        (
            call!(np::identity(MOST)),
            "identity: shape (9223372036854775807, 9223372036854775807) has too many elements",
        ),
        (
            call!(np::eye_with(MOST, |o| o.m(2))),
            "eye: shape (9223372036854775807, 2) has too many elements",
        ),
        (
            call!(np::vander_with(v, |o| o.n(MOST))),
            "vander: shape (3, 9223372036854775807) has too many elements",
        ),
        (
            call!(np::diag_with(v, |o| o.k(isize::MIN))),
            "diag: shape (9223372036854775811, 9223372036854775811) has too many elements",
        ),
        (
            call!(np::diag_with(v, |o| o.k(isize::MAX))),
            "diag: shape (9223372036854775810, …",
        ),
        (
            call!(lax::scan_n(|x: Array| (x.clone(), x), v.clone(), MOST / 2)),
            "scan_n: shape (9223372036854775807, 3) has too many elements",
        ),
        (
            call!(jit(|x: Array| lax::scan_n(
                |x: Array| (x.clone(), x),
                x,
                MOST / 9
            )
            .1)(v.clone())),
            "scan_n: shape (2049638230412172401, 3) has too many elements",
        ),
        (
            call!(jit(|x: Array| (column(&x) + column(&x).t()).sum())(np::ones(1))),
            "add: shape (1099511627776, 1099511627776) has too many elements",
        ),
        (
            call!(jit(|x: Array| np::where_(true, column(&x), column(&x).t()))(
                np::ones(1)
            )),
            "where_: shape (1099511627776, 1099511627776) has too many elements",
        ),
        (
            call!(random::uniform(k(), MOST)),
            "uniform: shape (9223372036854775807,)…",
        ),
        (
            call!(random::normal(k(), (MOST, 2))),
            "normal: shape (9223372036854775807, 2)…",
        ),
        (
            call!(random::bits(k(), MOST)),
            "bits: shape (9223372036854775807,)…",
        ),
        (call!(k().split_n(MOST)), "split_n: shape (9223372036854775807,)…"),
        (
            call!(random::choice(k(), 3, MOST)),
            "choice: shape (9223372036854775807,)…",
        ),
    ]);
}

/// A diagonal outside of a matrix is empty, however far away it is.
#[test]
fn diagonals_that_there_are_not() {
    let m = np::ones((2, 3));
    let all = |x: Array| x.to_vec::<f32>();
    for k in [isize::MIN, isize::MIN + 1, -2, 3, isize::MAX - 1, isize::MAX] {
        let (kept, dropped) = if k < 0 { ("triu", "tril") } else { ("tril", "triu") };
        let of = |name: &str| {
            all(if name == "triu" {
                np::triu_with(&m, |o| o.k(k))
            } else {
                np::tril_with(&m, |o| o.k(k))
            })
        };
        assert_eq!((of(kept), of(dropped)), (vec![1.0; 6], vec![0.0; 6]), "{k}");
        assert_eq!(all(np::eye_with(2, |o| o.m(3).k(k))), [0.0; 6], "{k}");
        assert_eq!(all(np::diagonal_with(&m, |o| o.offset(k))), [0.0; 0], "{k}");
        assert_eq!(all(np::diag_with(&m, |o| o.k(k))), [0.0; 0], "{k}");
        assert_eq!(all(np::trace_with(&m, |o| o.offset(k))), [0.0], "{k}");
    }
    let x = np::arange(5);
    let rolled = |by: isize| x.index(0).item::<i32>() as isize - by.rem_euclid(5);
    for by in [isize::MIN, isize::MAX] {
        assert_eq!(
            x.roll(by).index(0).item::<i32>() as isize,
            rolled(by).rem_euclid(5)
        );
        let twice = x.roll_axis((by, by), (0, 0)).index(0).item::<i32>() as isize;
        assert_eq!(twice, (2 * rolled(by)).rem_euclid(5));
    }
}

#[test]
fn functions_on_a_line_and_matrices() {
    let (x, v) = (&matrix(), &np::ones(3));
    refused([
        (
            call!(np::interp(v, v, np::ones(2))),
            "interp: xp of shape (3,) and fp of shape (2,): they are the points' coordinates, one axis each and at least one point",
        ),
        (
            call!(np::interp(v, np::ones(0), np::ones(0))),
            "interp: xp of shape (0,) and fp of shape (0,): …",
        ),
        (
            call!(np::interp_with(1.0, v, v, |o| o.left(v).right(0))),
            "interp: a value of shape (3,) outside for x of shape ()",
        ),
        (
            call!(np::polyval(1.0, v)),
            "polyval: p is a scalar, not a list of coefficients",
        ),
        (
            call!(np::polyval(x, np::ones(4))),
            "polyval: shapes (3,) and (4,) do not broadcast: axis -1 is 3 against 4",
        ),
        (call!(np::diff(1.0)), "diff: axis -1 is out of bounds…"),
        (
            call!(np::vander_with(x, |o| o.n(2))),
            "vander: takes one axis, got shape (2, 3)",
        ),
        (call!(np::trace(v)), "trace: takes matrices, got shape (3,)"),
        (call!(np::diagonal(v)), "diagonal: takes matrices, got shape (3,)"),
        (
            call!(np::take_along_axis(x, np::array([[0], [1], [2]]), 1)),
            "take_along_axis: an array of shape (2, 3) and indices of shape (3, 1): they may differ on axis 1",
        ),
        (
            call!(np::take_along_axis(x, x, 1)),
            "take_along_axis: indices are float32, not integers",
        ),
        (call!(linalg::norm_axis(x, 2)), "norm: axis 2 is out of bounds…"),
        (
            call!(linalg::vector_norm_with(np::ones(0), |o| o.ord(f64::INFINITY))),
            "vector_norm: shape (0,) has no elements along the axes [0]",
        ),
        (
            call!(np::vstack([v, &np::ones(2)])),
            "vstack: shapes (1, 3) and (1, 2) differ on axis 1…",
        ),
        (call!(np::nanmax_axis(v, 1)), "nanmax: axis 1 is out of bounds…"),
    ]);
}

#[test]
fn keywords() {
    let key = || Key::new(0);
    let (x, v) = (&matrix(), &np::ones(3));
    refused([
        (
            call!(np::take_with(x, 0, |o| o.axis(2))),
            "take: axis 2 is out of bounds for an array of 2 axes",
        ),
        (
            call!(x.take_with(0, |o| o.fill_value([1, 2]))),
            "take: fill_value has shape (2,), it is a scalar",
        ),
        (
            call!(np::take_with(np::ones(0), [0], |o| o.mode(TakeMode::Wrap))),
            "take: axis 0 of shape (0,) has no elements to be indexed",
        ),
        (
            call!(np::take_along_axis_with(v, [0], 0, |o| o.fill_value(v))),
            "take_along_axis: fill_value has shape (3,), it is a scalar",
        ),
        (
            call!(np::linspace_with(v, 1, 3, |o| o.axis(2))),
            "linspace: axis 2 is out of bounds for an array of 2 axes",
        ),
        (
            call!(np::linspace_with(v, [1, 2], 3, |o| o.retstep())),
            "linspace: shapes (3,) and (2,) do not broadcast…",
        ),
        (
            call!(np::nonzero_with(x, |o| o.fill_value([1, 2, 3]))),
            "nonzero: fill_value has shape (3,), it is one index, or 2 of them, one for each axis",
        ),
        (
            call!(np::flatnonzero_with(x, |o| o.fill_value([1, 2]))),
            "flatnonzero: fill_value has shape (2,), it is one index",
        ),
        (
            call!(np::compress(x, v)),
            "compress: a condition of shape (2, 3), it has one axis",
        ),
        (
            call!(np::compress([true, true], np::ones(1))),
            "compress: the condition is true at 1, and there are 1 slices",
        ),
        (
            call!(np::compress_with([true], v, |o| o.size(2))),
            "compress: size is 2, and there are 1 slices with a bool",
        ),
        (
            call!(v.compress_with([true], |o| o.fill_value([0, 1]))),
            "compress: fill_value has shape (2,), it is a scalar",
        ),
        (
            call!(np::compress_with([true], v, |o| o.axis(1))),
            "compress: axis 1 is out of bounds…",
        ),
        (
            call!(jit(|x: Array| np::compress(x.gt(0), &x))(v.clone())),
            "compress: the number of elements of bool[3] that are not 0 is the length of the result…",
        ),
        (
            call!(lax::map_with(|x: Array| x, v.clone(), |o| o.batch_size(-1))),
            "map: -1 is a negative number of elements",
        ),
        (
            call!(lax::map_with(|x: Array| x, np::ones(()), |o| o.batch_size(2))),
            "map: xs is a scalar: it has no axis to run along",
        ),
        (
            call!(random::permutation_with(key(), x, |o| o
                .axis(2)
                .independent(true))),
            "permutation: axis 2 is out of bounds for an array of 2 axes",
        ),
        (
            call!(random::categorical_with(key(), v, |o| o.shape(4).replace(false))),
            "categorical: 4 draws from 3 logits without replace",
        ),
        (
            call!(random::categorical_with(key(), np::ones((1, 3)), |o| o
                .shape((2, 5))
                .replace(false))),
            "categorical: logits of shape (1, 3) along axis 1 for draws of shape (2, 5): shape (1,) is its end…",
        ),
    ]);
}

#[test]
fn samplers() {
    let key = || Key::new(0);
    let keys = || Key::new(0).split_n(2);
    let (x, v) = (&matrix(), &np::ones(3));
    refused([
        (
            call!(random::randint(keys(), 2, 0, 5)),
            "randint: takes one key, this is an array of keys…",
        ),
        (
            call!(random::randint(key(), -2, 0, 5)),
            "randint: shape (-2,) has a negative length",
        ),
        (
            call!(random::randint(key(), 2, np::array([1, 2, 3]), 5)),
            "randint: minval of shape (3,) does not broadcast to shape (2,)",
        ),
        (
            call!(random::randint_dtype(key(), 2, 0, 5, DType::F32)),
            "randint: the dtype is float32, not an integer",
        ),
        (
            call!(random::permutation(key(), 1.5)),
            "permutation: takes a plain integer, or an array with at least one axis",
        ),
        (
            call!(random::permutation_axis(key(), x, 2)),
            "permutation: axis 2 is out of bounds for an array of 2 axes",
        ),
        (
            call!(random::choice(key(), 0, 1)),
            "choice: 1 draws from 0 elements",
        ),
        (
            call!(random::choice_with(key(), v, 4, |o| o.replace(false))),
            "choice: 4 draws from 3 elements without replace",
        ),
        (
            call!(random::choice_with(key(), 2, 4, |o| o.p(v))),
            "choice: p of shape (3,) for 2 elements: it has one probability for each",
        ),
        (
            call!(random::bernoulli(key(), v, 2)),
            "bernoulli: p of shape (3,) does not broadcast to shape (2,)",
        ),
        (
            call!(random::categorical_with(key(), x, |o| o.axis(1).shape(3))),
            "categorical: logits of shape (2, 3) along axis 1 for draws of shape (3,): shape (2,) broadcasts to it",
        ),
        (
            call!(random::categorical_with(key(), v, |o| o.axis(1).shape(()))),
            "categorical: axis 1 is out of bounds for an array of 1 axis",
        ),
        (
            call!(random::poisson(key(), v, (3, 1))),
            "poisson: lam of shape (3,) does not broadcast to shape (3, 1)",
        ),
        (
            call!(random::exponential(keys(), 2)),
            "exponential: takes one key…",
        ),
        (
            call!(random::gumbel_dtype(key(), 2, DType::I32)),
            "gumbel: the dtype is int32, not a float",
        ),
        (
            call!(random::lognormal(key(), v, 2)),
            "lognormal: sigma of shape (3,) does not broadcast to shape (2,)",
        ),
    ]);
}

#[test]
fn plots_that_do_not_fit() {
    use kiln::plot::Plot;
    let (p, q, r) = (Plot::new, Plot::new, Plot::new);
    let (x, y, z) = (&np::arange(3), &np::arange(4), &np::ones((3, 4)));
    let empty = &np::zeros(0);
    let order = &np::array([0.0, 2.0, 1.0]);
    let hole = &np::array([f64::INFINITY]);
    refused([
        (
            call!(p().line(x, y)),
            "plot: line has x of shape (3,) and y of shape (4,): give a y for each x",
        ),
        (
            call!(p().scatter(y, x)),
            "plot: scatter has x of shape (4,) and y of shape (3,): give a y for each x",
        ),
        (
            call!(p().line(x, z)),
            "plot: line wants y of one axis, not of shape (3, 4): take one row, or ravel it",
        ),
        (
            call!(p().line(2, x)),
            "plot: line wants x of one axis, not of shape (): take one row, or ravel it",
        ),
        (
            call!(p().scatter(empty, empty)),
            "plot: scatter has an empty x, of shape (0,): give at least one number",
        ),
        (
            call!(p().histogram(z, 3)),
            "plot: histogram wants samples of one axis, not of shape (3, 4): take one row, or ravel it",
        ),
        (
            call!(p().histogram(x, 0)),
            "plot: histogram has 0 bins: give between 1 and 100000",
        ),
        (
            call!(p().histogram_range(x, 2, 1.0..1.0)),
            "plot: histogram_range has the range 1.0..1.0: give a finite one from low to high",
        ),
        (
            call!(p().heat_map(x)),
            "plot: heat_map wants z of two axes, not of shape (3,): reshape it",
        ),
        (
            call!(p().heat_map(np::zeros((0, 2)))),
            "plot: heat_map has an empty z, of shape (0, 2): give at least one number",
        ),
        (
            call!(p().surface(y, x, z)),
            "plot: surface has z of shape (3, 4), where x of shape (4,) and y of shape (3,) ask for (4, 3): transpose z, as z[i, j] \
             is at x[i] and y[j]",
        ),
        (
            call!(p().heat_map_over(x, x, z)),
            "plot: heat_map_over has z of shape (3, 4), where x of shape (3,) and y of shape (3,) ask for (3, 3): z[i, j] is at x[i] \
             and y[j]",
        ),
        (
            call!(p().surface(order, y, z)),
            "plot: surface wants x to increase or to decrease, but x[1] is 2 and x[2] is 1: sort it, and z with it",
        ),
        (
            call!(p().heat_map_over(hole, y, np::ones((1, 4)))),
            "plot: heat_map_over has x with a number that is not finite: leave it out, and what z has there",
        ),
        (
            call!(p().surface(np::arange(1), y, np::ones((1, 4)))),
            "plot: surface has z of shape (1, 4): give at least two rows and two columns",
        ),
        (
            call!(p().line(x, x).surface(x, y, z)),
            "plot: a surface stands alone: make another Plot for the other series",
        ),
        (
            call!(q().surface(x, y, z).line(x, x)),
            "plot: a surface stands alone: make another Plot for the other series",
        ),
        (
            call!(q().heat_map(z).heat_map(z)),
            "plot: there is a heat map already: make another Plot for this one",
        ),
        (
            call!(r().label("f")),
            "plot: label comes before any series: put it after the one that it names",
        ),
        (
            call!(r().line(x, x).density()),
            "plot: density comes after a line: put it after a histogram",
        ),
        (
            call!(r().density()),
            "plot: density comes before any series: put it after a histogram",
        ),
        (
            call!(r().size(0, 400)),
            "plot: the size is 0 x 400: give sides between 100 and 10000 pixels",
        ),
        (
            call!(jit(|x: Array| drop(p().line(&x, &x)))(x.clone())),
            "plot: line has a traced x, i32[3]: return it from the function that is traced, and plot the result",
        ),
    ]);
}

#[derive(Clone, Tree)]
struct Model {
    weights: Vec<Array>,
    bias: Option<Array>,
    #[tree(static)]
    depth: usize,
}

fn model(layers: usize, has_bias: bool) -> Model {
    Model {
        weights: vec![np::ones(2); layers],
        bias: has_bias.then(|| np::ones(1)),
        depth: layers,
    }
}

#[test]
fn trees_of_different_structure() {
    let (two, three, biased) = (&model(2, false), &model(3, false), &model(2, true));
    let deep = &Model {
        depth: 7,
        ..two.clone()
    };
    let f = |x: &Array, _: &Array| x.clone();
    refused([
        (
            call!(tree::map2(two, biased, f)),
            "map2: tree 2 has a leaf .bias, which tree 1 does not have",
        ),
        (
            call!(tree::map3(three, three, two, |x, _, _| x.clone())),
            "map3: tree 3 has no leaf .weights[2], which tree 1 has",
        ),
        (
            call!(tree::add(two, deep)),
            "add: tree 2 has the leaves of tree 1, and other static values, variants or lengths: the trees must have \
             one structure",
        ),
        (
            call!(tree::vdot(biased, two)),
            "vdot: tree 2 has no leaf .bias, which tree 1 has",
        ),
        (
            call!(tree::stack(&[two.clone(), three.clone()])),
            "stack: tree 2 has a leaf .weights[2], which tree 1 does not have",
        ),
        (
            call!(tree::unflatten::<(Array, Array)>(
                &tree::structure(&((), ())),
                [matrix()]
            )),
            "unflatten: 1 leaves and this structure do not make a (kiln_core::array::Array, kiln_core::array::Array): \
             give the structure and the number of leaves that flatten returned for this type",
        ),
    ]);
}

/// A tree whose first variant holds trees of its own type.
#[derive(Clone, Tree)]
enum Node {
    Sum(Box<Node>, Box<Node>),
    Leaf(Array),
}

#[test]
fn structures_that_do_not_fit_a_type() {
    let leaf = || Box::new(Node::Leaf(1.into()));
    let (leaves, sum) = tree::flatten(&Node::Sum(leaf(), leaf()));
    let pair = tree::structure(&(np::ones(2), np::ones(2)));
    let says = |n: usize, of: &str| {
        format!(
            "unflatten: {n} leaves and this structure do not make a {of}: give the structure and the number of leaves \
             that flatten returned for this type"
        )
    };
    let node = std::any::type_name::<Node>();
    let fixed = "(kiln_core::array::Array, kiln_core::tree::fixed::Static<i32>)";
    refused([
        (
            call!(tree::unflatten::<Node>(&pair, leaves.clone())),
            &says(2, node)[..],
        ),
        (
            call!(tree::unflatten::<Node>(&sum, [Array::from(1)])),
            &says(1, node),
        ),
        (
            call!(tree::unflatten::<(Array, Static<i32>)>(&pair, [Array::from(1)])),
            &says(1, fixed),
        ),
        (
            call!(tree::unflatten::<(Array, Static<i32>)>(&sum, leaves.clone())),
            &says(2, fixed),
        ),
    ]);
    let Node::Sum(x, _) = tree::unflatten(&sum, leaves.iter().map(|x| x + 1)) else {
        panic!("another variant");
    };
    assert!(matches!(*x, Node::Leaf(x) if x.item::<i32>() == 2));
}

#[test]
fn leaves_that_do_not_fit() {
    let x = &(np::ones(2), np::ones((2, 3)));
    let y = &(np::ones(2), np::ones(4));
    let broadcast = "shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4";
    refused([
        (call!(tree::add(x, y)), &format!("add: {broadcast}")[..]),
        (call!(tree::subtract(x, y)), &format!("subtract: {broadcast}")),
        (call!(tree::add_scale(x, 2, y)), &format!("add: {broadcast}")),
        (
            call!(tree::stack(&[x.clone(), y.clone()])),
            "stack: leaf .1 is f32[2,3] in the first tree and f32[4] in tree 2",
        ),
        (
            call!(tree::stack::<Array>(&[])),
            "stack: there are no trees to stack",
        ),
        (
            call!(tree::unstack(&vec![np::ones(2), np::ones(3)])),
            "unstack: leaf [1] has 3 elements along its first axis, and leaf [0] has 2",
        ),
        (
            call!(tree::unstack(&np::array(1.0))),
            "unstack: leaf is f32[]: it has no axis to split",
        ),
        (
            call!(tree::unstack(&())),
            "unstack: the tree has no leaf, so the number of trees is not known",
        ),
        (
            call!(flatten_util::ravel_jacobian(matrix(), x, x)),
            "ravel_jacobian: the Jacobian has 1 blocks, and a value of 2 leaves and an argument of 2 leaves make 4",
        ),
        (
            call!(flatten_util::ravel_jacobian(matrix(), &matrix(), &matrix())),
            "ravel_jacobian: a block has shape (2, 3) in the place of (2, 3, 2, 3)",
        ),
    ]);
}

#[test]
fn arrays_with_a_shape_only() {
    let x = &shaped(ArrayType::new(DType::F32, [2]));
    let only = "an array f32[2] that has a shape and a dtype only: eval_shape and program take it";
    refused([
        (call!(x.sin()), &format!("sin: {only}")[..]),
        (call!(x + 1), &format!("add: {only}")),
        (call!(x.to_vec::<f32>()), &format!("to_vec: {only}")),
    ]);
}

#[test]
fn jacobians_of_integers() {
    let message = |f: &dyn Fn()| panic_of(f).expect("a panic").2;
    let found = message(&|| drop(jacfwd(|x: (Array, Array)| x.0)((np::ones(2), np::arange(2)))));
    assert!(
        found.starts_with("jacfwd (made at ")
            && found.ends_with("the argument.1 is i32[2]: only floats have derivatives"),
        "{found}"
    );
    let at = || model(2, true);
    let h = hessian(|m: Model| (m.weights[0].pow(2) * m.bias.unwrap()).sum())(at());
    let found = message(&|| drop(h["weight"].clone()));
    assert_eq!(
        found,
        "index: no leaf \"weight\": the leaves are weights[0], weights[1], bias"
    );
}
