//! The tests of kiln as its users see it, in one program:
//! `cargo test --workspace --release --test suite -- numpy::` runs those of one file.
//!
//! Tests that need a process of their own are beside it: `cache`, `memory`, `launches`.

mod auxiliary;
mod damaged;
mod derivatives;
mod devices;
mod display;
mod errors;
mod export;
mod house;
mod imports;
mod indexing;
mod interrupt;
mod io;
mod lecture;
mod ndarray;
mod numpy;
mod options;
mod order;
mod placement;
mod plot;
mod programs;
mod promotion;
mod random;
mod rustc;
mod saved;
mod support;
mod trees;
mod vmap;
