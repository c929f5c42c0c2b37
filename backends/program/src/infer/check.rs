//! Checks that several rules share.

use crate::dtype::DType;
use crate::few::Few;
use crate::shape::{ArrayType, Axes, Shape};

/// The types of an op's results.
///
/// ```
/// use kiln::ir::{ArrayType, DType, Op, Types, Unary, infer};
/// let types: Types = infer(&Op::Unary(Unary::Exp), &[&ArrayType::new(DType::F32, [3])])?;
/// assert_eq!(types.len(), 1);
/// # Ok::<(), kiln::ir::TypeError>(())
/// ```
pub type Types = Few<ArrayType, 2>;

/// Returns the type of one result, if it is not too large.
pub(super) fn one(dtype: DType, shape: Shape) -> Result<Types, String> {
    let of = ArrayType { dtype, shape };
    match of.checked_bytes() {
        Some(_) => Ok([of].into()),
        None => Err(format!("shape {} has too many elements", of.shape)),
    }
}

/// Returns an error with this message, unless a condition holds.
pub(super) fn check(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

/// Returns an op's operands, if it has as many.
pub(super) fn take<'a, const N: usize>(operands: &[&'a ArrayType]) -> Result<[&'a ArrayType; N], String> {
    operands
        .try_into()
        .map_err(|_| format!("takes {N} operands, got {}", operands.len()))
}

/// Checks that two operands have the same type.
pub(super) fn same(x: &ArrayType, y: &ArrayType) -> Result<(), String> {
    check(x == y, || format!("operands {x} and {y} differ"))
}

/// Checks that a shape has an axis.
pub(super) fn axis_of(axis: usize, shape: &Shape) -> Result<(), String> {
    check(axis < shape.rank(), || {
        format!("axis {axis} is out of bounds for shape {shape}")
    })
}

/// Checks that a shape has these axes, and that they increase.
pub(super) fn axes_of(axes: &Axes, shape: &Shape) -> Result<(), String> {
    check(axes.windows(2).all(|pair| pair[0] < pair[1]), || {
        format!("axes {axes:?} do not increase")
    })?;
    axes.iter().try_for_each(|&axis| axis_of(axis, shape))
}
