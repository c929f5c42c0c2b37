//! Devices: what compiles and runs programs, for now one, the CPU; and the gradient of an op, which is Burn's.

pub use kiln_burn::{Gradient, GradientError, vjp};
pub use kiln_cpu::{
    Buffer, Element, Executable, Handler, Progress, ThreadsAreRunning, on_effect, progress, set_threads,
    threads,
};
pub use kiln_program as program;
