//! The tests of kiln-program, in one program.

mod lift;
mod loops;
mod saved;
mod structure;
