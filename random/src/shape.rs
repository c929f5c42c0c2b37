//! The shapes of draws.

use kiln_core::sister::{raise, shape_of};
use kiln_core::{Array, IntoNumbers, Shape};

/// Returns a shape, and refuses negative dimensions.
#[track_caller]
pub(crate) fn lengths(op: &str, shape: impl IntoNumbers) -> Vec<usize> {
    shape_of(op, shape).to_vec()
}

/// Checks that a parameter broadcasts to the shape of the draws.
#[track_caller]
pub(crate) fn fits(op: &str, name: &str, parameter: &Array, shape: &[usize]) {
    let mut lengths = shape.iter().rev();
    let fits = parameter
        .shape()
        .iter()
        .rev()
        .all(|&n| lengths.next().is_some_and(|&m| n == 1 || n == m));
    if !fits {
        let (of, shape) = (parameter.shape(), Shape::from(shape));
        raise(
            op,
            format!("{name} of shape {of} does not broadcast to shape {shape}"),
        )
    }
}
