//! Devices: what compiles and runs programs. For now there is one, the CPU.

pub use kiln_cpu::{
    Buffer, Element, Executable, Handler, Progress, ThreadsAreRunning, on_effect, progress, set_threads,
    threads,
};
pub use kiln_program as program;
