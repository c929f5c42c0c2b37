//! Compares `vmap` with a plain loop over the batch.

#[path = "vmap/axes.rs"]
mod axes;
#[path = "vmap/check.rs"]
mod check;
#[path = "vmap/errors.rs"]
mod errors;
#[path = "vmap/programs.rs"]
mod programs;
#[path = "vmap/table.rs"]
mod table;
