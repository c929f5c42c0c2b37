//! Trees of arrays (JAX's pytrees), the arguments and results of transformed functions.
//!
//! [`jit`](crate::jit()), [`grad`](crate::grad()), [`vmap`](crate::vmap()) and [`lax`](crate::lax) take
//! functions from a tree to a tree. A function of several arguments takes a tuple. The functions of this
//! module take any tree by reference. They apply a function of arrays to each leaf:
//!
//! ```
//! use kiln::{Array, Tree, grad, numpy as np, tree};
//!
//! #[derive(Clone, Tree)]
//! struct Line {
//!     slope: Array,
//!     intercept: Array,
//! }
//!
//! let (x, y) = (np::arange(3), np::array([1.0, 3.0, 5.0]));
//! let loss = |line: Line| (line.slope * &x + line.intercept - &y).pow(2).mean();
//!
//! // Adam.
//! let mut line = Line { slope: 0.0.into(), intercept: 0.0.into() };
//! let (mut m, mut v) = (tree::zeros_like(&line), tree::zeros_like(&line));
//! for t in 1..=500 {
//!     let g = grad(&loss)(line.clone());
//!     m = tree::map2(&m, &g, |m, g| 0.9 * m + 0.1 * g);
//!     v = tree::map2(&v, &g, |v, g| 0.99 * v + 0.01 * g * g);
//!     let (a, b) = (1.0 - 0.9_f64.powi(t), 1.0 - 0.99_f64.powi(t));
//!     line = tree::map3(&line, &m, &v, |x, m, v| x - 0.1 * (m / a) / ((v / b).sqrt() + 1e-8));
//! }
//! assert!(np::allclose(line.slope, 2).item::<bool>());
//! ```
//!
//! | items | content |
//! |---|---|
//! | [`Tree`](trait@Tree) | the trait, and `#[derive(Tree)]` for structs and enums |
//! | [`Static`] | a value that is part of the traced function, and no array |
//! | [`map`](fn@map), [`map2`], [`map3`], [`map_with_path`], [`reduce`] | functions of each leaf |
//! | [`leaves`](fn@leaves), [`structure`](fn@structure), [`flatten`], [`unflatten`], [`paths`] | the leaves, and the structure |
//! | [`zeros_like`], [`ones_like`], [`full_like`] | new trees |
//! | [`add`], [`subtract`], [`scale`], [`add_scale`], [`sum`], [`vdot`], [`norm`] | arithmetic, as in `optax.tree` |
//! | [`all`], [`all_finite`] | tests of all elements |
//! | [`stack`], [`unstack`] | a list of trees as one tree with one more axis |
//! | [`ravel_pytree`] | a tree as a vector |
//! | [`Leafwise`], [`Blocks`] | trees of trees: the form of Jacobians |
//! | [`Leaves`], [`Rebuild`], [`Path`] | the types of implementations of [`Tree`](trait@Tree) by hand |
//!
//! Flattening a tree returns its arrays, the leaves, and its [`Structure`]. The structure is the data that
//! unflattening needs beyond the type: the lengths of vectors, the keys of maps, the variants of enums, and
//! static values.

#[doc(inline)]
pub use kiln_core::flatten_util::ravel_pytree;
#[doc(inline)]
pub use kiln_core::tree::{
    Arrays, Blocks, Leafwise, Leaves, Path, Rebuild, Static, Structure, Tree, flatten, leaves, map,
    map_with_path, map2, map3, paths, reduce, structure, unflatten,
};
#[doc(inline)]
pub use kiln_core::tree_math::{
    add, add_scale, all, all_finite, full_like, norm, ones_like, scale, stack, subtract, sum, unstack, vdot,
    zeros_like,
};
