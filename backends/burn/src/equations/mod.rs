//! The way back: Burn's operations as equations.
//!
//! There is an exhaustive function for each family of [`OperationIr`]. An operation that has no form as
//! equations is refused by name. Every result has the shape that Burn infers.

mod activations;
mod base;
mod families;
mod index;
mod layers;
mod numeric;

use crate::recording::{Recording, Refused};
use burn_ir::OperationIr;

type Result<T> = std::result::Result<T, Refused>;

/// Records an operation.
///
/// # Errors
/// When it has no form as equations.
pub fn write(op: &OperationIr, r: &mut Recording) -> Result<()> {
    match op {
        OperationIr::BaseFloat(op) | OperationIr::BaseInt(op) | OperationIr::BaseBool(op) => {
            base::base(op, r);
            Ok(())
        }
        OperationIr::NumericFloat(_, op) | OperationIr::NumericInt(_, op) => numeric::numeric(op, r),
        OperationIr::Float(_, op) => numeric::float(op, r),
        OperationIr::Int(op) => {
            numeric::int(op, r);
            Ok(())
        }
        OperationIr::Bool(op) => {
            numeric::bool(op, r);
            Ok(())
        }
        OperationIr::Module(op) => layers::layer(op, r),
        OperationIr::Activation(op) => activations::activation(op, r),
        OperationIr::Custom(op) => refuse(&op.id, "is another crate's"),
        OperationIr::Distributed(op) => refuse(op, "spans devices"),
        OperationIr::Init(_) | OperationIr::Drop(_) => Ok(()),
    }
}

/// Refuses an operation. Its variant or its description is its name.
fn refuse<T>(operation: &impl std::fmt::Debug, reason: &str) -> Result<T> {
    let text = format!("{operation:?}");
    let name = text
        .trim_matches('"')
        .split(['(', ' ', '{'])
        .next()
        .unwrap_or_default();
    Err(Refused {
        operation: name.trim_end_matches("OpIr").into(),
        reason: reason.into(),
    })
}
