//! Tests the messages of functions that make arrays.

use super::{call, matrix, panic_of, refused};
use crate::support::device::on_cpu;
use kiln::numpy as np;
use kiln::prelude::*;

#[test]
fn shapes() {
    refused([
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
    ]);
}

#[test]
fn fills_that_do_not_broadcast() {
    let (x, y) = (&matrix(), &np::ones(4));
    refused([
        (
            call!(np::linspace(x, y, 3)),
            "linspace: shapes (2, 3) and (4,) do not broadcast: axis -1 is 3 against 4",
        ),
        (
            call!(np::full((2, 2), y)),
            "full: a value of shape (4,) does not broadcast to shape (2, 2)",
        ),
        (
            call!(np::full_like(x, y)),
            "full_like: a value of shape (4,) does not broadcast to shape (2, 3)",
        ),
    ]);
}

#[test]
fn lists() {
    refused([
        (
            call!(np::array(vec![vec![1], vec![1, 2]])),
            "array: a list of 2 is beside one of another length, [2, 1] expected",
        ),
        (
            call!(Array::new(vec![1.0_f32], 2)),
            "array: 1 elements for shape (2,)",
        ),
        (
            call!(np::array([3_000_000_000_i64])),
            "array: an integer does not fit in int32: use Array::new, array_dtype, or enable_x64(true)",
        ),
    ]);
}

#[test]
fn ranges() {
    refused([
        (
            call!(np::arange(f64::NAN)),
            "arange: the bounds 0 and NaN and the step 1 must be finite",
        ),
        (call!(np::arange((0, 1, 0))), "arange: the step is 0"),
        (
            call!(np::arange(3_000_000_000_i64)),
            "arange: 3000000000 does not fit in int32: use int64, or enable_x64(true)",
        ),
    ]);
}

/// No memory holds these lengths.
#[test]
fn lengths_that_memory_does_not_hold() {
    const MOST: usize = usize::MAX;
    let v = &np::ones(3);
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
    ]);
}

/// A result that needs more memory than the host has is a panic that can be caught. The process does not end.
#[test]
fn out_of_memory() {
    let (file, _, message) = panic_of(|| on_cpu(|| drop(np::ones(1_usize << 50)))).expect("a panic");
    assert_eq!(file, file!());
    let wanted = "ones: out of memory: an array f32[1125899906842624] needs 4194304.0 GiB";
    assert!(message.starts_with(wanted), "{message}");
}
