//! `vmap` against a plain loop over the batch.

mod axes;
mod check;
mod errors;
mod programs;
mod table;
