//! Indices: the values between brackets in Python.

pub(crate) mod at;
pub(crate) mod items;
mod masks;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod rows;
mod write;
