//! The tests of kiln-burn, in one program.

mod gradient;
mod lowering;
mod simplify;
