//! Counter-based random numbers: [`Key`]s, and samplers that turn a key into an array. This is `jax.random`.
//!
//! There is no hidden state. A sampler consumes its key, so no two draws share a key by accident. Clone a key
//! to use it twice, and [`split`](Key::split) it to draw more. The numbers are JAX's
//! (`jax_threefry_partitionable`, the default). Keys, bits and uniforms are JAX's bit for bit, in every
//! version. `f32` normals are those of jax 0.10.2 on a CPU.
//!
//! ```
//! use kiln::{Key, random};
//! let key = Key::new(42);
//! let [key, subkey] = key.split();
//! let x = random::uniform(subkey, (2, 3));
//! assert_eq!(x.to_string(), "[[0.72766423 0.78786755 0.18169427]\n [0.26263022 0.11072934 0.20263076]]");
//! let y = random::normal(key, 4);
//! assert_eq!(y.to_string(), "[ 0.07592554 -0.48634264  1.2903206   0.5196119 ]");
//! ```
//!
//! | family | functions |
//! |---|---|
//! | keys | [`Key::new`], [`Key::split`], [`Key::split_n`] for an array of keys, [`Key::fold_in`] for the key of a number |
//! | uniform | [`uniform`], [`randint`], [`bits`] |
//! | continuous | [`normal`], [`truncated_normal`], [`lognormal`], [`exponential`], [`gumbel`], [`laplace`], [`logistic`], [`cauchy`], [`pareto`], [`rayleigh`], [`weibull_min`] |
//! | discrete | [`bernoulli`], [`categorical`], [`poisson`], [`geometric`], [`rademacher`] |
//! | from an array | [`choice`], [`permutation`] |
//! | anything else | [`sample`]: the distributions of the crate `rand_distr`, computed on the host |
//!
//! A shape has the forms of [`zeros`](kiln_core::numpy::zeros): a number, a tuple, or `()` for a scalar. A
//! sampler takes its parameters before the shape, and [`randint`] takes its bounds after it, as in JAX.
//! Parameters broadcast to the shape. Draws have the default dtype. A function with `_dtype` takes another
//! dtype, and a function with `_with` takes optional arguments, which [`kiln_core::options`] describes.
//!
//! Samplers run in [`jit`](kiln_core::jit()) and loops like any function. They fuse with the ops that read
//! the draws, and fused draws need no memory. Under [`vmap`](kiln_core::vmap()), each element of the batch
//! draws the numbers that its key draws alone:
//!
//! ```
//! use kiln::{Key, random, vmap};
//! let keys = Key::new(0).split_n(3);
//! let draws = vmap(|key: Key| random::normal(key, 2))(keys.clone());
//! assert_eq!(draws.shape()[..], [3, 2]);
//! let last = keys.unstack().remove(2);
//! assert_eq!(draws.index(2).to_vec::<f32>(), random::normal(last, 2).to_vec::<f32>());
//! ```

mod bits;
mod continuous;
mod discrete;
mod dtype;
mod integers;
mod key;
mod normal;
mod sample;
mod shape;
mod shuffle;
mod uniform;

pub use bits::{bits, bits_dtype};
pub use continuous::{
    cauchy, cauchy_dtype, exponential, exponential_dtype, gumbel, gumbel_dtype, laplace, laplace_dtype,
    logistic, logistic_dtype, lognormal, lognormal_dtype, pareto, pareto_dtype, rayleigh, rayleigh_dtype,
    truncated_normal, truncated_normal_dtype, weibull_min, weibull_min_dtype,
};
pub use discrete::{
    bernoulli, categorical, categorical_with, geometric, geometric_dtype, poisson, poisson_dtype, rademacher,
    rademacher_dtype,
};
pub use integers::{randint, randint_dtype};
pub use key::Key;
pub use normal::{normal, normal_dtype};
pub use sample::{Generator, sample};
pub use shuffle::{choice, choice_with, permutation, permutation_axis, permutation_with};
pub use uniform::{uniform, uniform_dtype, uniform_with};

/// The optional arguments of samplers.
pub mod options {
    pub use crate::discrete::Categorical;
    pub use crate::shuffle::{Choice, Permutation};
    pub use crate::uniform::Uniform;
}
