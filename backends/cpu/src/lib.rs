//! The CPU engine: fused tile loops over Flex buffers.
//!
//! In the order of the data: [`Executable::compile`] simplifies a program, splits its loops (`loops`),
//! decides which ops run together (`plan`), and writes each kernel as instructions over tiles (`tile`).
//! [`Executable::run`] runs them with the loops of `kernels` and the functions of `kiln-math`, each compiled
//! for several instruction sets. An op that is not fused runs on its own (`single`), mostly by Burn's Flex.

#![cfg_attr(
    not(feature = "native"),
    allow(
        dead_code,
        unused_imports,
        reason = "machine code reads more of a loop than the interpreter"
    )
)]

mod buffer;
mod effects;
mod element;
mod executable;
mod kernels;
mod loops;
mod memory;
mod plan;
mod single;
mod slots;
mod spare;
mod threads;
mod tile;

pub use buffer::Buffer;
pub use effects::{Handler, happen, on_effect};
pub use element::Element;
pub use executable::Executable;
#[doc(hidden)]
pub use loops::small::interpreted;
pub use memory::OutOfMemory;
pub use threads::{ThreadsAreRunning, set_threads, start_threads, threads};
