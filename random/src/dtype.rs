//! The dtypes of draws.

use kiln_core::DType;
use kiln_core::sister::raise;

/// Checks that a dtype is a float.
#[track_caller]
pub(crate) fn check_float(op: &str, dtype: DType) {
    if !dtype.is_float() {
        raise(op, format!("the dtype is {dtype}, not a float"))
    }
}

/// Checks that a dtype is an integer.
#[track_caller]
pub(crate) fn check_integer(op: &str, dtype: DType) {
    if !dtype.is_integer() {
        raise(op, format!("the dtype is {dtype}, not an integer"))
    }
}
