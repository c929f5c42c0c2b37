//! Operators, methods and functions of arrays, by family.

pub(crate) mod arithmetic;
pub(crate) mod creation;
pub(crate) mod elementwise;
pub(crate) mod index;
pub(crate) mod interpolate;
pub(crate) mod items;
pub(crate) mod linalg;
pub(crate) mod nan;
mod operators;
pub(crate) mod primitive;
mod promoted;
pub(crate) mod reduce;
pub(crate) mod shape;
pub(crate) mod sort;
