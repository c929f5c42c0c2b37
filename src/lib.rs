//! kiln is [JAX](https://docs.jax.dev)'s way of programming in Rust: arrays that never change, keys instead
//! of hidden random state, and functions that are traced once per shape and dtype. On a CPU a traced function
//! runs as fused loops on all cores. On a GPU [Burn](https://burn.dev) runs it. Names are JAX's and NumPy's.
//! Keys, bits and uniforms are JAX's bit for bit.
//!
//! The book explains all of it with programs and their output. Its pages are Markdown in the repository, in
//! `book/pages`: `start.md` goes from an empty folder to the price of an option, `jax.md` and `numpy.md` are
//! tables of names, and `numbers.md`, `indexing.md` and `trees.md` show the parts of Rust that a Python user
//! meets. `mdbook serve book --open` shows the book as a site.
//!
//! ```
//! use kiln::prelude::*;
//!
//! // Arrays print as NumPy's do. Numbers have 32 bits. `enable_x64(true)` or a dtype changes that.
//! let x = np::linspace(0.0, 1.0, 3);
//! assert_eq!((2 * &x + 1).to_string(), "[1. 2. 3.]");
//! assert_eq!(x.at(0).set(5.0).to_string(), "[5.  0.5 1. ]"); // a new array
//!
//! // A key is used once. `split` makes new keys of it.
//! let [key, subkey] = Key::new(42).split();
//! let draws = random::normal(subkey, (1000, 3));
//!
//! // The first call traces the function for these shapes. Then it is one fused loop.
//! let loss = jit(|(w, x): (Array, Array)| (x.matmul(w).tanh() - 1).pow(2).mean());
//! let w = random::uniform(key, 3);
//! assert!(loss((w.clone(), draws.clone())).item::<f64>() > 0.0);
//!
//! // Transformations nest in any order: here the gradient for each row of a batch.
//! let slopes = jit(vmap_in_axes(grad(loss), (None, 0)));
//! assert_eq!(slopes((w, draws)).0.shape()[..], [1000, 3]);
//! ```
//!
//! # Where to look
//!
//! | items | content |
//! |---|---|
//! | [`Array`] | arrays: operators, methods, [`index`](Array::index) and [`at`](Array::at) |
//! | [`options`] | optional arguments: the forms `f`, `f_axis`, `f_dtype` and `f_with` of a function `f` |
//! | [`numpy`] | making arrays, and NumPy's functions; [`numpy::linalg`] |
//! | [`random`] | [`Key`]s and samplers |
//! | [`jit()`], [`program()`], [`call`], [`eval_shape`], [`shaped`] | compiled functions, and the programs, shapes and dtypes of functions |
//! | [`grad()`], [`value_and_grad`], [`vjp()`], [`jvp`], [`linearize`] | derivatives, to any order |
//! | [`jacobian()`], [`jacfwd`], [`jacrev`], [`hessian`], [`hvp`] | matrices of derivatives |
//! | [`custom_vjp`], [`custom_jvp`], [`stop_gradient`], [`checkpoint`], [`closure_convert`] | your own derivative rules, values without a derivative, and residuals that are computed again |
//! | [`derivative_rules`] | the source of the rule of each operation |
//! | [`vmap()`], [`vmap_in_axes`], [`vmap_with`], [`map_seq`] | functions of each element of a batch |
//! | [`lax`] | loops, choices and scans in traced functions |
//! | [`ir`] | the equations of a traced function |
//! | [`tree`], [`Tree`], [`Static`], [`flatten_util`] | the arguments and results of functions: structs, enums, tuples, lists and maps of arrays |
//! | [`enable_x64`], [`with_x64`] | 64 bits by default |
//! | [`set_printoptions`], [`with_printoptions`] | digits, widths and lines of printed arrays |
//! | [`mod@debug`], [`debug_print!`], [`debug_nans`] | values and NaNs of traced functions |
//! | [`Device`], [`devices`], [`Array::to_device`], [`limits`] | GPUs |
//! | [`progress()`], [`interruptible`], [`CancelToken`] | the progress of a long call, and its early end |
//! | [`threads`], [`set_threads`] | the threads of kernels |
//!
//! # Features
//!
//! All features but `native` are off by default.
//!
//! - `native`: loops over few elements become machine code, made by the crate Cranelift. Without it they are
//!   interpreted, and kiln builds faster.
//! - `cuda`: NVIDIA's GPUs.
//! - `wgpu`: any GPU, by Vulkan, Metal or DirectX 12.
//! - `ndarray`: Burn's older CPU backend as a device, for comparison.
//! - `import`: `kiln::burn` has models that are written with Burn's modules, as functions of arrays.
//! - `interop`: `kiln::io` reads and writes `.npy`, `.npz` and safetensors files. `kiln::export` saves traced
//!   functions. Arrays convert from and to those of the crate ndarray.
//! - `plot`: `kiln::plot` draws lines, scatters, histograms, heat maps and surfaces as SVG and PNG files.
//! - `progress-bar`: `kiln::progress_bar` shows a bar on the terminal while a program runs.
//! - `ctrl-c`: after `kiln::interrupt_on_ctrl_c`, Ctrl-C ends calls of [`interruptible`], not the process.
//!
//! # Missing
//!
//! JAX has these, and kiln does not:
//!
//! - sharding and several machines;
//! - complex numbers, `float16` and `bfloat16`;
//! - `fft`, convolutions, `einsum` and `tensordot`;
//! - `linalg.svd`, `qr`, `cholesky`, `det`, `slogdet`, `lstsq` and triangular solves;
//! - `median`, `percentile`, `histogram`, `unique` and `cov`;
//! - `jax.scipy` and sparse arrays, but `erf`, `erfc`, `erf_inv`, `lgamma` and `digamma` are in [`numpy`].
//!
//! Reverse mode through a [`while_loop`](lax::while_loop) is missing in JAX too.
//! [`while_loop_bounded`](lax::while_loop_bounded) has it. No GPU has run kiln so far: `wgpu` was tested on
//! Vulkan in software, and `cuda` was type-checked.
//!
//! # Errors
//!
//! A function checks its arguments when it is called. A wrong argument panics at the caller's line with the
//! function's name, the fact, and a hint:
//! `reshape: shape (6,) has 6 elements: they do not fill shape (4, 2)`. The section "Panics" of a
//! function lists the arguments that it refuses. The functions that read files and models return a `Result`.
//!
//! The repository's README has the set-up, whole programs to run, and measurements. Its ARCHITECTURE
//! describes the source tree.

// The trait and the macro are exported separately. The macro's own crate cannot have the example, because a
// proc macro and all crates that its tests need are built for the host.
pub use kiln_core::tree::Tree;
/// Makes a struct or an enum a [tree](trait@Tree) of its fields, each of which is a tree.
///
/// A field with `#[tree(static)]` is part of the structure, and not a leaf. [`jit`](jit()) traces the
/// function again for every other value of the field. Its type is `f32`, `f64`, or any type that implements
/// `Hash`, `Eq`, `Clone`, `Send` and `Sync`. The variant of an enum is part of the structure too.
///
/// For [`vmap`](vmap()), the axes of a struct are a tuple with an axis for each field that is a tree. An enum
/// takes one axis for all its leaves.
///
/// ```
/// use kiln::{Array, Tree, grad, numpy as np, vmap_in_axes};
///
/// #[derive(Clone, Tree)]
/// struct Power {
///     scale: Array,
///     #[tree(static)]
///     exponent: i32,
/// }
///
/// let at_two = |p: Power| p.scale * 2.0_f64.powi(p.exponent);
/// let p = Power { scale: 1.0.into(), exponent: 3 };
/// assert_eq!(grad(at_two)(p).scale.to_string(), "8.0");
/// let many = Power { scale: np::arange(3), exponent: 3 };
/// assert_eq!(vmap_in_axes(at_two, (0,))(many).to_string(), "[ 0.  8. 16.]");
///
/// #[derive(Clone, Tree)]
/// enum Rate {
///     Constant(Array),
///     Linear { start: Array, slope: Array },
/// }
///
/// let after_two_years = |rate: Rate| match rate {
///     Rate::Constant(rate) => (2 * rate).exp(),
///     Rate::Linear { start, slope } => (2 * start + 2 * slope).exp(),
/// };
/// let Rate::Linear { slope, .. } = grad(after_two_years)(Rate::Linear { start: 0.0.into(), slope: 0.0.into() }) else {
///     unreachable!("a gradient is a tree like its argument")
/// };
/// assert_eq!(slope.to_string(), "2.0");
/// ```
///
/// A field of plain Rust without the attribute does not compile:
///
/// ```compile_fail
/// #[derive(kiln::Tree)]
/// struct Power {
///     scale: kiln::Array,
///     exponent: f64, // f64 is not a tree: make the field an `Array`, .. or write #[tree(static)] above it
/// }
/// ```
pub use kiln_derive::Tree;

pub use kiln_backends::{CancelToken, Interrupted, Progress, interruptible, progress};
pub use kiln_backends::{DerivativeRule, RuleReason, RuleSource, derivative_rules};
pub use kiln_backends::{
    Device, DeviceError, Launch, Limit, devices, limits, set_default_device, with_default_device,
};
pub use kiln_backends::{OutOfMemory, ThreadsAreRunning, set_threads, threads};
pub use kiln_core::{
    Arg, Array, ArrayType, At, BatchAxes, Buffer, CacheInfo, DType, Element, Ellipsis, IntoAxes, IntoF64,
    IntoIndex, IntoItem, IntoNumbers, Item, Items, Keep, Lists, Loss, NewAxis, NoValue, Number, Numbers,
    OutOfBounds, PrintOptions, Program, Rows, Shape, Static, cache_info, call, checkpoint, clear_caches,
    closure_convert, custom_jvp, custom_vjp, debug, debug_nans, debug_nans_enabled, debug_print,
    default_float, default_int, enable_x64, eval_shape, flatten_util, grad, grad_with, hessian, hessian_with,
    hvp, jacfwd, jacfwd_with, jacobian, jacobian_with, jacrev, jacrev_with, jit, jvp, jvp_with, keep, lax,
    linearize, linearize_with, map_seq, map_seq_in_axes, numpy, program, s, set_printoptions, shaped,
    simplify, step, stop_gradient, value_and_grad, value_and_grad_with, vjp, vjp_with, vmap, vmap_in_axes,
    vmap_with, with_debug_nans, with_printoptions, with_x64, x64_enabled,
};
#[allow(deprecated)]
#[doc(hidden)]
pub use kiln_core::{grad_aux, grad_first, value_and_grad_aux, value_and_grad_first};
#[doc(inline)]
pub use kiln_random as random;
pub use kiln_random::Key;

/// The optional arguments of functions.
///
/// A function `f` with optional arguments has a second form, `f_with`. Its last argument is a closure that
/// sets the keywords of NumPy or JAX: `x.std(axis=0, ddof=1)` is `x.std_with(|o| o.axis(0).ddof(1))`. The
/// closure takes and returns a struct of this module, with a method for each keyword. So a keyword that the
/// function does not have is a compile error, and editors list the keywords.
///
/// Common keywords also have a form without a closure: `f_axis(.., axis)`, `f_dtype(.., dtype)`, and
/// `vmap_in_axes(f, in_axes)`.
///
/// ```
/// use kiln::{DType, Key, numpy as np, random};
/// let x = np::array([[1.0, 2.0], [3.0, 6.0]]);
/// assert_eq!(x.sum().to_string(), "12.0");
/// assert_eq!(x.sum_axis(0).to_string(), "[4. 8.]");
/// assert_eq!(x.std_with(|o| o.axis(0).ddof(1)).round_to(3).to_string(), "[1.414 2.828]");
/// assert_eq!(np::zeros_dtype(2, DType::I32).to_string(), "[0 0]");
/// assert_eq!(random::choice_with(Key::new(0), 100, 3, |o| o.replace(false)).to_string(), "[ 0 36  1]");
/// ```
pub mod options {
    pub use kiln_core::options::*;
    pub use kiln_random::options::*;
}

pub mod ir;
pub mod tree;

#[cfg(feature = "import")]
pub mod burn;
#[cfg(feature = "interop")]
pub mod export;
#[cfg(feature = "interop")]
pub mod io;
#[cfg(feature = "interop")]
pub use kiln_core::NdarrayError;
/// The crate ndarray. Its arrays convert from and to [`Array`]s, by `From` and `TryFrom`.
#[cfg(feature = "interop")]
pub use ndarray;

#[cfg(feature = "plot")]
pub mod plot;

#[cfg(feature = "ctrl-c")]
mod ctrl_c;
#[cfg(feature = "ctrl-c")]
pub use ctrl_c::interrupt_on_ctrl_c;

#[cfg(feature = "progress-bar")]
mod progress_bar;
#[cfg(feature = "progress-bar")]
pub use progress_bar::{ProgressBar, progress_bar};

/// The names that most programs use.
///
/// ```
/// use kiln::prelude::*;
/// let double = jit(|x: Array| 2 * x);
/// assert_eq!(double([1, 2].into()).to_string(), "[2 4]");
/// ```
pub mod prelude {
    #[doc(no_inline)]
    pub use crate::{
        Arg, Array, DType, Ellipsis, Key, NewAxis, Static, Tree, grad, jit, keep, lax, numpy as np, random,
        step, value_and_grad, vmap, vmap_in_axes,
    };
}

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
