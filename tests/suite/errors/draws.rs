//! Tests the messages of keys and of functions that draw.

use super::{call, each_refused, matrix, refused};
use kiln::numpy as np;
use kiln::prelude::*;

#[test]
fn keys() {
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
    each_refused(calls, many);
    refused([
        (
            call!(key().split_n(-1)),
            "split_n: shape (-1,) has a negative length",
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
fn draws() {
    let key = || Key::new(0);
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

/// No memory holds these lengths.
#[test]
fn lengths_that_memory_does_not_hold() {
    const MOST: usize = usize::MAX;
    let k = || Key::new(0);
    refused([
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
