//! Models of Burn against kiln, in one program.

mod layers;
mod operations;
