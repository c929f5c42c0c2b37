//! Products of matrices, and linear algebra.

use super::promoted::promoted;
use crate::array::Array;
use crate::bind::{bind, bind_one};
use crate::eager::staged;
use crate::error::{check, raise};
use crate::primitive::{broadcast, cast, reshape, transpose};
use crate::promote::{Kind, inexact, promote};
use kiln_backends::program::{Axes, Dot, Linalg, Op, Shape};

fn dot_op(lhs_contract: &[usize], rhs_contract: &[usize], batch: usize) -> Op {
    let batch: Axes = (0..batch).collect();
    Op::Dot(Dot {
        lhs_contract: lhs_contract.into(),
        rhs_contract: rhs_contract.into(),
        lhs_batch: batch.clone(),
        rhs_batch: batch,
    })
}

#[track_caller]
fn check_lengths(op: &str, x: &Array, y: &Array, right: usize) {
    let (left, (m, n)) = (x.ndim() - 1, (x.shape()[x.ndim() - 1], y.shape()[right]));
    check(m == n, op, || {
        format!(
            "shapes {} and {} do not go together: axis {left} is {m} against {n} on axis {right}",
            x.shape(),
            y.shape()
        )
    });
}

impl Array {
    /// Multiplies vectors, matrices, or a scalar and an array. For operands with more axes, the product sums
    /// over the last axis of the first operand and the second to last axis of the second: `(.., m, k)` and
    /// `(.., k, n)` become `(.., m, .., n)`. The result has the promoted dtype.
    ///
    /// # Panics
    /// When the summed axes differ in length.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let a = np::array([1.0, 3.2, -1.5]);
    /// assert_eq!(a.dot(&a).to_string(), "13.490001");
    /// ```
    #[track_caller]
    pub fn dot(&self, other: impl Into<Array>) -> Array {
        let other = other.into();
        if self.ndim() == 0 || other.ndim() == 0 {
            return self.multiply(other);
        }
        let ([x, y], kind) = promoted("dot", [self.clone(), other]);
        check_lengths("dot", &x, &y, y.ndim().max(2) - 2);
        staged("dot", kind, [x, y], |&kind, xs| {
            let (x, y) = (cast(&xs[0], kind), cast(&xs[1], kind));
            let op = dot_op(&[x.ndim() - 1], &[y.ndim().max(2) - 2], 0);
            bind_one(op, &[&x, &y], kind.weak)
        })
    }

    /// Multiplies matrices: `(.., m, k)` and `(.., k, n)` become `(.., m, n)`. Leading axes broadcast. A
    /// vector is a row on the left and a column on the right, and the result does not have that axis of
    /// length 1. The result has the promoted dtype. This is Python's `@`.
    ///
    /// # Panics
    /// When an operand is a scalar, the summed axes differ in length, or leading axes do not broadcast.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(format!("{:?}", np::ones((2, 2)).matmul(np::identity(2))), "Array([[1., 1.],\n       [1., 1.]], dtype=float32)");
    /// ```
    #[track_caller]
    pub fn matmul(&self, other: impl Into<Array>) -> Array {
        let ([x, y], kind) = promoted("matmul", [self.clone(), other.into()]);
        check(x.ndim() > 0 && y.ndim() > 0, "matmul", || {
            format!(
                "shapes {} and {}: a scalar is no matrix, use *",
                x.shape(),
                y.shape()
            )
        });
        check_lengths("matmul", &x, &y, y.ndim().max(2) - 2);
        let leading = |x: &Array| Shape::from(&x.shape()[..x.ndim().saturating_sub(2)]);
        crate::error::broadcast_shapes("matmul", &leading(&x), &leading(&y));
        staged("matmul", kind, [x, y], |&kind, xs| {
            product(&cast(&xs[0], kind), &cast(&xs[1], kind)).with_weak(kind.weak)
        })
    }
}

/// Computes `matmul` of operands of one dtype.
fn product(x: &Array, y: &Array) -> Array {
    let (m, n) = (x.ndim(), y.ndim());
    if m <= 2 && n <= 2 {
        return bind_one(dot_op(&[m - 1], &[n.max(2) - 2], 0), &[x, y], false);
    }
    // A vector and a batch of matrices need no batch axes.
    if n == 1 {
        return bind_one(dot_op(&[m - 1], &[0], 0), &[x, y], false);
    }
    if m == 1 {
        return bind_one(dot_op(&[0], &[n - 2], 0), &[x, y], false);
    }
    // All leading axes become one batch axis.
    let (rows, inner, columns) = (x.shape()[m - 2], x.shape()[m - 1], y.shape()[n - 1]);
    let leading = |x: &Array| Shape::from(&x.shape()[..x.ndim() - 2]);
    let batch = crate::error::broadcast_shapes("matmul", &leading(x), &leading(y));
    let flat = |x: &Array, rows: usize, columns: usize| {
        let full: Shape = batch.iter().copied().chain([rows, columns]).collect();
        reshape(&broadcast(x, &full), &Shape::from([batch.size(), rows, columns]))
    };
    let (x, y) = (flat(x, rows, inner), flat(y, inner, columns));
    let z = bind_one(dot_op(&[2], &[1], 1), &[&x, &y], false);
    reshape(&z, &batch.iter().copied().chain([rows, columns]).collect())
}

/// Returns the products of all pairs of elements of two flattened arrays. The result has shape
/// `(x.size(), y.size())` and the promoted dtype.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::outer([1, 2], [3, 4]).to_string(), "[[3 4]\n [6 8]]");
/// ```
#[track_caller]
pub fn outer(x: impl Into<Array>, y: impl Into<Array>) -> Array {
    x.into().reshape((-1, 1)) * y.into().reshape((1, -1))
}

/// Converts operands of linear algebra to one float dtype.
#[track_caller]
pub(crate) fn floats<const N: usize>(op: &str, operands: [Array; N]) -> ([Array; N], Kind) {
    let kind = inexact(promote(operands.iter().map(Array::kind)));
    let kind = Kind { weak: false, ..kind };
    (operands.map(|x| x.settled(op, kind)), kind)
}

#[track_caller]
fn check_square(op: &str, a: &Array) -> usize {
    let (rank, shape) = (a.ndim(), a.shape());
    if rank < 2 || shape[rank - 1] != shape[rank - 2] {
        raise(op, format!("shape {shape} is not that of square matrices"))
    }
    shape[rank - 1]
}

/// Returns the inverse of square matrices of shape `(.., n, n)`, in floats. The inverse of a singular matrix
/// holds infinities or NaN. They are not always in the same elements as JAX's.
///
/// # Panics
/// When the last two axes differ in length.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// assert_eq!(linalg::inv(np::identity(2) * 2).to_string(), "[[0.5 0. ]\n [0.  0.5]]");
/// ```
#[track_caller]
pub fn inv(a: impl Into<Array>) -> Array {
    let ([a], kind) = floats("inv", [a.into()]);
    let n = check_square("inv", &a);
    staged("inv", (kind, n), [a], |&(kind, n), a| {
        let a = cast(&a[0], kind);
        let one = cast(&super::creation::diagonal(n, n, 0), kind);
        let one = broadcast(&one, a.shape());
        bind_one(Op::Linalg(Linalg::Solve), &[&a, &one], false)
    })
}

/// Solves `a x = b` for `x`, in floats. The matrices `a` have shape `(.., n, n)`. The right side `b` is a
/// vector `(n,)` or columns `(.., n, m)`. Leading axes broadcast. The solution for a singular matrix holds
/// infinities or NaN.
///
/// # Panics
/// When `a` is not square, or the shape of `b` does not fit.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// assert_eq!(linalg::solve(np::array([[2.0, 0.0], [0.0, 4.0]]), [2.0, 2.0]).to_string(), "[1.  0.5]");
/// ```
#[track_caller]
pub fn solve(a: impl Into<Array>, b: impl Into<Array>) -> Array {
    let ([a, b], kind) = floats("solve", [a.into(), b.into()]);
    let n = check_square("solve", &a);
    let vector = b.ndim() == 1;
    let axis = if vector { 0 } else { b.ndim().wrapping_sub(2) };
    check(b.ndim() > 0 && b.shape()[axis] == n, "solve", || {
        format!(
            "a right-hand side of shape {} for matrices of shape {}",
            b.shape(),
            a.shape()
        )
    });
    let leading = |x: &Array| Shape::from(&x.shape()[..x.ndim() - 2]);
    if !vector {
        crate::error::broadcast_shapes("solve", &leading(&a), &leading(&b));
    }
    staged("solve", (kind, vector), [a, b], |&(kind, vector), xs| {
        let (a, b) = (cast(&xs[0], kind), cast(&xs[1], kind));
        let n = a.shape()[a.ndim() - 1];
        let b = if vector {
            reshape(&b, &Shape::from([n, 1]))
        } else {
            b
        };
        let leading = |x: &Array| Shape::from(&x.shape()[..x.ndim() - 2]);
        let batch = crate::error::broadcast_shapes("solve", &leading(&a), &leading(&b));
        let full = |x: &Array| -> Array {
            let shape = batch
                .iter()
                .copied()
                .chain(x.shape()[x.ndim() - 2..].iter().copied())
                .collect();
            broadcast(x, &shape)
        };
        let x = bind_one(Op::Linalg(Linalg::Solve), &[&full(&a), &full(&b)], false);
        match vector {
            true => reshape(&x, &Shape::from(&x.shape()[..x.ndim() - 1])),
            false => x,
        }
    })
}

/// The eigenvalues and eigenvectors of symmetric matrices, the result of [`eigh`].
///
/// ```
/// use kiln::numpy::{self as np, linalg::{self, Eigh}};
/// let Eigh { eigenvalues, eigenvectors } = linalg::eigh([[2.0, 0.0], [0.0, 1.0]]);
/// assert_eq!(eigenvalues.to_string(), "[1. 2.]");
/// assert_eq!(eigenvectors.shape()[..], [2, 2]);
/// ```
#[derive(Clone, Debug, kiln_derive::Tree)]
pub struct Eigh {
    /// The eigenvalues in ascending order, of shape `(.., n)`.
    pub eigenvalues: Array,
    /// The eigenvectors as columns, of shape `(.., n, n)`.
    pub eigenvectors: Array,
}

/// Returns the eigenvalues, in ascending order, and the eigenvectors of symmetric matrices of shape
/// `(.., n, n)`, in floats. A matrix that is not symmetric is replaced by the mean of the matrix and its
/// transpose. The eigenvectors have length 1. Their signs are not defined.
///
/// # Panics
/// When the last two axes differ in length.
///
/// ```
/// use kiln::numpy::{self as np, linalg};
/// let a = np::array([[2.0, 1.0], [1.0, 2.0]]);
/// let out = linalg::eigh(&a);
/// assert!(np::allclose(&out.eigenvalues, [1.0, 3.0]).item::<bool>());
/// assert!(np::allclose(a.matmul(&out.eigenvectors), &out.eigenvectors * &out.eigenvalues).item::<bool>());
/// ```
#[track_caller]
pub fn eigh(a: impl Into<Array>) -> Eigh {
    let ([a], kind) = floats("eigh", [a.into()]);
    check_square("eigh", &a);
    staged("eigh", kind, [a], |&kind, a| {
        let a = cast(&a[0], kind);
        let rank = a.ndim();
        let mut axes: Axes = (0..rank).collect();
        axes.swap(rank - 1, rank - 2);
        let symmetric = (&a + transpose(&a, &axes)) / 2;
        let [eigenvalues, eigenvectors] = bind(Op::Linalg(Linalg::Eigh), &[&symmetric], &[false, false])
            .into_vec()
            .try_into()
            .unwrap_or_else(|_| unreachable!("eigh has two results"));
        Eigh {
            eigenvalues,
            eigenvectors,
        }
    })
}
