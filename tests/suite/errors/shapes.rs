//! Tests the messages of functions that change shapes, move axes and join arrays.

use super::{BOUNDS, call, each_refused, matrix, refused};
use kiln::numpy as np;
use kiln::prelude::*;

#[test]
fn shapes() {
    let x = &matrix();
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
        (call!(x.tile(-1)), "tile: shape (-1,) has a negative length"),
        (
            call!(x.broadcast_to((2, 2))),
            "broadcast_to: shape (2, 3) does not broadcast to shape (2, 2)",
        ),
    ]);
}

#[test]
fn arrays_that_do_not_join() {
    let (x, y) = (&matrix(), &np::ones(4));
    let v = &np::ones(3);
    let none = Vec::<Array>::new;
    refused([
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
            call!(np::meshgrid(x, y)),
            "meshgrid: takes arrays with one axis, got shape (2, 3)",
        ),
        (
            call!(np::vstack([v, &np::ones(2)])),
            "vstack: shapes (1, 3) and (1, 2) differ on axis 1…",
        ),
    ]);
}

#[test]
fn axes() {
    let x = &matrix();
    let calls = [
        (call!(x.transpose((0, 2))), "transpose"),
        (call!(x.swapaxes(0, 2)), "swapaxes"),
        (call!(x.moveaxis(0, 2)), "moveaxis"),
        (call!(x.squeeze_axis(2)), "squeeze"),
        (call!(x.flip_axis(2)), "flip"),
        (call!(x.roll_axis(1, 2)), "roll"),
        (call!(x.repeat_axis(2, 2)), "repeat"),
        (call!(np::concatenate_axis([x, x], 2)), "concatenate"),
    ];
    each_refused(calls, BOUNDS);
    refused([
        (
            call!(x.expand_dims(4)),
            "expand_dims: axis 4 is out of bounds for an array of 3 axes",
        ),
        (
            call!(np::stack_axis([x, x], 3)),
            "stack: axis 3 is out of bounds for an array of 3 axes",
        ),
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
    ]);
}

/// No memory holds these lengths. A length is an argument here, or comes of two operands.
#[test]
fn lengths_that_memory_does_not_hold() {
    const MOST: usize = usize::MAX;
    let (x, v) = (&matrix(), &np::ones(3));
    let wide = || np::zeros((0, 3));
    let column = |x: &Array| x.broadcast_to((1_usize << 40, 1));
    refused([
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
    ]);
}

#[test]
fn rolls_by_any_number() {
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
