//! The way back: Burn's operations as equations.
//!
//! There is a function for each family of [`OperationIr`]. An operation that has no form as
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
            base::base(op, r)
        }
        OperationIr::Int(op) => numeric::int(op, r),
        OperationIr::Bool(op) => numeric::bool(op, r),
        OperationIr::NumericFloat(_, op) | OperationIr::NumericInt(_, op) => numeric::numeric(op, r)?,
        OperationIr::Float(_, op) => numeric::float(op, r)?,
        OperationIr::Module(op) => layers::layer(op, r)?,
        OperationIr::Activation(op) => activations::activation(op, r)?,
        OperationIr::Custom(op) => return refuse(&op.id, "is another crate's"),
        OperationIr::Distributed(op) => return refuse(op, "spans devices"),
        OperationIr::Init(_) | OperationIr::Drop(_) => {}
    }
    Ok(())
}

/// Refuses an operation.
fn refuse<T>(operation: &impl std::fmt::Debug, reason: &str) -> Result<T> {
    Err(Refused {
        operation: name(operation),
        reason: reason.into(),
    })
}

/// Returns the name of an operation: its variant, or its description.
fn name(operation: &impl std::fmt::Debug) -> String {
    let text = format!("{operation:?}");
    let name = text.trim_matches('"').split(['(', ' ', '{']).next();
    name.unwrap_or_default().trim_end_matches("OpIr").into()
}
