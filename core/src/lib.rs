//! The crate of kiln's user-facing types: arrays, traces, transformations, numpy and lax.
//!
//! The modules in reading order: an [`Array`] is a handle on elements, on a plain number, or on a variable of
//! a trace (`array`). [`Tree`]s hold arrays (`tree`). Inside a transformation, operations become equations of
//! a program (`trace`). Outside, they run as small cached programs (`eager`). `bind` does either for one op.
//! When the user reads a value of a trace, the trace runs its equations so far (`array/value`).
//! [`jit`](jit()) makes one program of a whole function, and derivatives are programs too (`ad`). `promote`
//! has the rules for dtypes. The rest is a library on top: operators and methods of arrays and [`numpy`]
//! (`numpy`), indices (`index`), [`lax`].

extern crate self as kiln_core;

#[macro_use]
mod keywords;

mod ad;
mod argnums;
mod arguments;
mod array;
mod auxiliary;
mod bind;
mod bits;
mod cache;
mod call;
mod closure;
mod config;
mod convert;
mod custom;
pub mod debug;
mod depend;
mod display;
mod eager;
mod error;
mod eval_shape;
pub mod flatten_util;
mod function;
mod grad;
mod index;
mod jacobian;
mod jit;
pub mod lax;
mod loss;
pub mod numpy;
pub mod options;
mod primitive;
mod promote;
mod saved;
mod sealed;
mod trace;
mod transform;
mod transformation;
pub mod tree;
pub mod tree_math;
mod vjp;
mod vmap;

pub use argnums::Arg;
pub use arguments::{IntoAxes, IntoF64, IntoNumbers, Keep, Number, Numbers, keep};
pub use array::{Array, NoValue};
pub use cache::{CacheInfo, cache_info, clear_caches};
pub use call::call;
pub use closure::closure_convert;
pub use config::{
    debug_nans, debug_nans_enabled, default_float, default_int, enable_x64, with_debug_nans, with_x64,
    x64_enabled,
};
pub use convert::Lists;
#[cfg(feature = "ndarray")]
pub use convert::ndarray::NdarrayError;
pub use custom::{checkpoint, custom_jvp, custom_vjp, stop_gradient};
pub use display::options::{PrintOptions, set_printoptions, with_printoptions};
pub use eval_shape::{eval_shape, shaped};
pub use grad::{grad, grad_with, value_and_grad, value_and_grad_with};
#[allow(deprecated)]
#[doc(hidden)]
pub use grad::{grad_aux, grad_first, value_and_grad_aux, value_and_grad_first};
pub use index::at::At;
pub use index::items::{Ellipsis, IntoIndex, IntoItem, Item, Items, NewAxis, step};
pub use index::rows::Rows;
pub use jacobian::{
    hessian, hessian_with, hvp, jacfwd, jacfwd_with, jacobian, jacobian_with, jacrev, jacrev_with,
};
pub use jit::{jit, program};
pub use kiln_backends::program::{ArrayType, DType, OutOfBounds, Program, Shape, simplify};
pub use kiln_backends::{Buffer, Element};
pub use kiln_derive::Tree;
pub use loss::Loss;
pub use tree::{Static, Tree};
pub use vjp::{jvp, jvp_with, linearize, linearize_with, vjp, vjp_with};
pub use vmap::{BatchAxes, map_seq, map_seq_in_axes, vmap, vmap_in_axes, vmap_with};

/// The parts that kiln's other crates need. They may change with any version.
#[doc(hidden)]
pub mod sister {
    pub use crate::arguments::shape_of;
    pub use crate::display::notebook::show;
    pub use crate::eager::staged;
    pub use crate::error::{axis_of, raise};
    pub use crate::function::{Form, Function};
    pub use crate::promote::{Kind, inexact, promote};
    pub use kiln_backends::program::{Limits, ReadError, SavedProgram, threefry2x32, with_limits};
}
