//! Tests the messages of loops.

use super::{call, refused};
use kiln::numpy as np;
use kiln::prelude::*;

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

#[test]
fn numbers_that_do_not_fit() {
    refused([(
        call!(lax::fori_loop(
            3_000_000_000_i64,
            3_000_000_003_i64,
            |i, x: Array| x + i,
            np::zeros(())
        )),
        "fori_loop: 3000000003 does not fit in int32: use int64, or enable_x64(true)",
    )]);
}

/// No memory holds these lengths.
#[test]
fn lengths_that_memory_does_not_hold() {
    const MOST: usize = usize::MAX;
    let v = &np::ones(3);
    refused([
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
    ]);
}
