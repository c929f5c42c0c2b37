//! `vmap` against a plain loop over the batch.

#[path = "vmap/check.rs"]
mod check;
#[path = "vmap/table.rs"]
mod table;
