//! Indices: the values between brackets in Python.

pub(crate) mod at;
pub(crate) mod items;
pub(crate) mod plan;
