//! Tests the messages of reductions, scans along an axis, sorts and searches.

use super::{BOUNDS, call, each_refused, matrix, refused};
use kiln::numpy as np;
use kiln::prelude::*;

#[test]
fn axes() {
    let x = &matrix();
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
    ];
    each_refused(calls, BOUNDS);
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
        (call!(x.max_axis((0, -2))), "max: axis 0 is given twice"),
        (call!(x.argmax_axis((0, 1))), "argmax: takes one axis, got [0, 1]"),
        (
            call!(np::nanmax_axis(np::ones(3), 1)),
            "nanmax: axis 1 is out of bounds…",
        ),
    ]);
}

#[test]
fn arrays_without_elements() {
    refused([
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
    ]);
}

#[test]
fn searches() {
    let x = &matrix();
    refused([(
        call!(np::searchsorted(x, 1)),
        "searchsorted: the sorted array has shape (2, 3), one axis is wanted",
    )]);
}
