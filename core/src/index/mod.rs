//! Indices: what is written between brackets in Python.

pub(crate) mod at;
pub(crate) mod items;
pub(crate) mod plan;
