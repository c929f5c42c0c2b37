//! Tests the messages of products, linear algebra and functions of matrices.

use super::{call, matrix, refused};
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;

#[test]
fn products() {
    let (x, y) = (&matrix(), &np::ones(4));
    let (batch, other) = (np::ones((2, 3, 4)), np::ones((3, 4, 2)));
    refused([
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
    ]);
}

#[test]
fn decompositions_and_norms() {
    let (x, y) = (&matrix(), &np::ones(4));
    refused([
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
        (call!(linalg::norm_axis(x, 2)), "norm: axis 2 is out of bounds…"),
        (
            call!(linalg::vector_norm_with(np::ones(0), |o| o.ord(f64::INFINITY))),
            "vector_norm: shape (0,) has no elements along the axes [0]",
        ),
    ]);
}

#[test]
fn functions_of_matrices() {
    let (x, y, v) = (&matrix(), &np::ones(4), &np::ones(3));
    let batch = np::ones((2, 3, 4));
    refused([
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
            call!(np::vander_with(x, |o| o.n(2))),
            "vander: takes one axis, got shape (2, 3)",
        ),
        (call!(np::trace(v)), "trace: takes matrices, got shape (3,)"),
        (call!(np::diagonal(v)), "diagonal: takes matrices, got shape (3,)"),
    ]);
}

/// No memory holds these lengths.
#[test]
fn lengths_that_memory_does_not_hold() {
    const MOST: usize = usize::MAX;
    let v = &np::ones(3);
    refused([
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
}
