//! The tests of kiln-cpu, in one program.

mod fusion;
mod long;
mod native;
mod structure;
