#![doc = include_str!("../README.md")]

pub use kiln_backends::{Progress, ThreadsAreRunning, progress, set_threads, threads};
pub use kiln_core::{
    Array, ArrayType, At, Buffer, DType, Element, Ellipsis, IntoAxes, IntoIndex, IntoItem, IntoNumbers, Item,
    Items, Keep, NewAxis, Number, Numbers, OutOfBounds, Program, Shape, Static, Tree, default_float,
    default_int, enable_x64, jit, keep, lax, numpy, program, s, simplify, step, tree, with_x64, x64_enabled,
};
pub use kiln_random as random;
pub use kiln_random::Key;

/// What most programs use: `use kiln::prelude::*;`.
pub mod prelude {
    pub use crate::{Array, DType, Ellipsis, Key, NewAxis, Static, Tree, jit, keep, step};
}
