//! The tests of kiln-cpu, in one program.

mod fusion;
mod index;
mod long;
mod native;
mod structure;
