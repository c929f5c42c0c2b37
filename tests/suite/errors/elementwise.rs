//! Tests the messages of elementwise functions and operators: operands that do not broadcast, and dtypes.

use super::{call, each_refused, matrix, panic_of, refused};
use kiln::numpy as np;

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
    ];
    each_refused(
        calls,
        "shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4",
    );
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
    ]);
}

#[test]
fn a_failed_assignment_loses_nothing() {
    let mut x = np::ones(2);
    assert!(panic_of(|| x += np::ones(3)).is_some());
    assert_eq!(x.to_vec::<f32>(), [1.0, 1.0]);
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
            call!(np::isclose_with(x, x, |o| o.rtol(-1.0).atol(0.0))),
            "isclose: tolerances -1 and 0 must not be negative",
        ),
    ]);
}

#[test]
fn numbers_that_do_not_fit() {
    let x = np::arange(3);
    refused([
        (
            call!(np::arange(3) + 3_000_000_000_000_i64),
            "add: 3000000000000 does not fit in int32: use int64, or enable_x64(true)",
        ),
        (
            call!(&x + 3_000_000_000_i64),
            "add: 3000000000 does not fit in int32: use int64, or enable_x64(true)",
        ),
    ]);
}

#[test]
fn functions_on_a_line() {
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
    ]);
}
