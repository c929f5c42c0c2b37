//! Tests the messages of indexing, updates, and reads of elements.

use super::{BOUNDS, call, matrix, refused};
use kiln::prelude::*;
use kiln::{Item, numpy as np, s};

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
fn values_that_do_not_broadcast() {
    let (x, y) = (&matrix(), &np::ones(4));
    refused([
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
fn dtypes() {
    let x = &np::ones(2);
    refused([
        (
            call!(np::take_axis(x, x, 0)),
            "take: indices are float32, not integers",
        ),
        (call!(x.index(x)), "index: an array of float32 cannot be an index"),
        (
            call!(x.at(x).set(0)),
            "at: an array of float32 cannot be an index",
        ),
    ]);
}

#[test]
fn indices_along_an_axis() {
    let x = &matrix();
    refused([
        (call!(np::take_axis(x, 0, 2)), &format!("take: {BOUNDS}")[..]),
        (
            call!(np::take_along_axis(x, np::array([[0], [1], [2]]), 1)),
            "take_along_axis: an array of shape (2, 3) and indices of shape (3, 1): they may differ on axis 1",
        ),
        (
            call!(np::take_along_axis(x, x, 1)),
            "take_along_axis: indices are float32, not integers",
        ),
    ]);
}

#[test]
fn elements() {
    let y = &np::ones(4);
    refused([
        (call!(np::ones(()).len()), "len: a scalar has no axes"),
        (call!(y.item::<f32>()), "item: shape (4,) has 4 elements, not one"),
        (
            call!(y.to_vec::<f64>()),
            "to_vec: the elements are float32, not float64: use astype first",
        ),
    ]);
}
