//! `vmap` against a plain loop over the batch.

#[path = "vmap/check.rs"]
mod check;
mod support;
#[path = "vmap/table.rs"]
mod table;
