#![doc = include_str!("../README.md")]

pub use kiln_backends::{Progress, ThreadsAreRunning, progress, set_threads, threads};
pub use kiln_core::{
    Array, ArrayType, At, BatchAxes, Buffer, DType, Element, Ellipsis, IntoAxes, IntoIndex, IntoItem,
    IntoNumbers, Item, Items, Keep, Lists, NewAxis, Number, Numbers, OutOfBounds, Program, Shape, Static,
    Tree, Vmap, call, checkpoint, custom_jvp, custom_vjp, debug, debug_nans, debug_nans_enabled, debug_print,
    default_float, default_int, enable_x64, grad, grad_aux, grad_first, hessian, hvp, jacfwd, jacobian,
    jacrev, jit, jvp, keep, lax, linearize, map_seq, numpy, program, s, simplify, step, stop_gradient, tree,
    value_and_grad, value_and_grad_aux, value_and_grad_first, vjp, vmap, vmap_with, with_debug_nans,
    with_x64, x64_enabled,
};
pub use kiln_random as random;
pub use kiln_random::Key;

#[cfg(feature = "import")]
pub mod burn;
#[cfg(feature = "interop")]
pub mod export;
#[cfg(feature = "interop")]
pub mod io;
#[cfg(feature = "interop")]
pub use kiln_core::NdarrayError;
/// The crate whose arrays are made from [`Array`]s and turned into them, by `From` and `TryFrom`.
#[cfg(feature = "interop")]
pub use ndarray;

/// What most programs use: `use kiln::prelude::*;`.
pub mod prelude {
    pub use crate::{Array, DType, Ellipsis, Key, NewAxis, Static, Tree, jit, keep, step, vmap};
}
