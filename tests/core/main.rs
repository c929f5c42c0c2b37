//! The tests of kiln-core, in one program.

mod control_flow;
mod debug;
mod errors;
mod grad;
mod long;
mod tour;
