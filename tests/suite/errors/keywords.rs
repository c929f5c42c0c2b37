//! Tests the messages of optional arguments.

use super::{call, matrix, refused};
use kiln::options::TakeMode;
use kiln::prelude::*;
use kiln::{lax, numpy as np, random};

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
