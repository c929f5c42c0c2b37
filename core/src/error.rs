//! Raises errors: a panic at the user's line, with the text `op: fact: hint`.
//!
//! The public functions check all arguments before they trace or run anything. The functions are
//! `#[track_caller]`, and so are the helpers between them and [`raise`]. A closure is not: check before you
//! enter one.

use kiln_backends::program::Shape;
use std::fmt::Display;

/// Panics at the caller's line with `op: fact`.
#[track_caller]
#[cold]
pub fn raise(op: impl Display, fact: impl Display) -> ! {
    panic!("{op}: {fact}")
}

/// Raises `fact` unless the condition holds.
#[track_caller]
#[inline]
pub(crate) fn check<D: Display>(holds: bool, op: &str, fact: impl FnOnce() -> D) {
    if !holds {
        raise(op, fact())
    }
}

/// Returns the shape that operands broadcast to by NumPy's rule: axes are matched from the last, and a
/// missing axis or an axis of length 1 is repeated.
///
/// # Panics
/// When two shapes do not broadcast, or memory could not hold the elements.
#[track_caller]
pub(crate) fn broadcast_shapes(op: &str, x: &Shape, y: &Shape) -> Shape {
    if x == y {
        return x.clone();
    }
    let rank = x.rank().max(y.rank());
    let length = |shape: &Shape, from_last: usize| match from_last <= shape.rank() {
        true => shape[shape.rank() - from_last],
        false => 1,
    };
    let mut lengths: kiln_backends::program::Few<usize, 4> = kiln_backends::program::Few::from_elem(0, rank);
    for from_last in 1..=rank {
        let (a, b) = (length(x, from_last), length(y, from_last));
        lengths[rank - from_last] = match (a, b) {
            (a, b) if a == b => a,
            (1, n) | (n, 1) => n,
            _ => raise(
                op,
                format!("shapes {x} and {y} do not broadcast: axis -{from_last} is {a} against {b}"),
            ),
        };
    }
    let shape = Shape::from(&lengths[..]);
    check_size(op, &shape);
    shape
}

/// Returns the index of an axis that is counted from either end.
///
/// # Panics
/// When there is no such axis.
#[track_caller]
pub fn axis_of(op: &str, axis: isize, rank: usize) -> usize {
    let index = if axis < 0 { axis + rank as isize } else { axis };
    if index < 0 || index >= rank as isize {
        raise(
            op,
            format!(
                "axis {axis} is out of bounds for an array of {rank} {}",
                plural(rank, "axis", "axes")
            ),
        )
    }
    index as usize
}

pub(crate) fn plural<'a>(n: usize, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

/// Raises if memory could not hold so many elements.
#[track_caller]
pub(crate) fn check_size(op: &str, shape: &Shape) {
    check(fits_memory(shape), op, || {
        format!("shape {shape} has too many elements")
    });
}

/// Returns true if some memory could hold the elements.
pub(crate) fn fits_memory(shape: &Shape) -> bool {
    shape.checked_size().is_some_and(|n| n <= isize::MAX as usize / 8)
}
