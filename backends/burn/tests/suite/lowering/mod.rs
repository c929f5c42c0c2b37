//! The lowering of ops and programs onto Burn's backends. This is one test program: each would compile
//! the backends anew.

mod axes;
mod common;
mod elementwise;
mod indexing;
#[cfg(feature = "wgpu")]
mod kernels;
mod structure;
#[cfg(feature = "wgpu")]
mod ulp;
