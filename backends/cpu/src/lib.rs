//! The CPU engine: fused tile loops over Flex buffers.
//!
//! In the order of the data: [`Executable::compile`] simplifies a program, takes its loops apart (`distribute`, `loops`), cuts it into
//! kernels (`cluster`, by way of index maps, `view`), and writes each as instructions over tiles (`kernel`, `pairs`,
//! `registers`). [`Executable::run`] runs them (`run`) with the loops of `kernels` and the functions of `math`, each compiled
//! for several instruction sets (`simd`). An op that is not fused
//! runs on its own (`single`), mostly by Burn's Flex (`flex`).

mod buffer;
mod cluster;
mod contract;
mod distribute;
mod effects;
mod element;
mod executable;
mod flex;
mod index;
mod kernel;
mod kernels;
mod loops;
pub mod math;
mod memory;
mod pad;
mod pairs;
mod recurrence;
mod registers;
mod run;
pub mod simd;
mod single;
mod slots;
mod small;
mod spare;
mod view;

pub use buffer::Buffer;
pub use effects::{Handler, happen, on_effect};
pub use element::Element;
pub use executable::Executable;
pub use memory::OutOfMemory;
pub use run::{Progress, ThreadsAreRunning, progress, set_threads, start_threads, threads};
