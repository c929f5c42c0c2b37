//! Kernels over tiles: written as instructions, and run.

pub(crate) mod instruction;
pub(crate) mod kernel;
pub(crate) mod pairs;
pub(crate) mod registers;
pub(crate) mod run;
