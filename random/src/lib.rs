//! Counter-based random numbers: [`Key`]s, and samplers that turn a key into an array.
//!
//! There is no hidden state. A sampler consumes its key, so that no two draws share one by accident; to use a key
//! twice, clone it, to go on drawing, [`split`](Key::split) it. The numbers are JAX's (`jax_threefry_partitionable`, the default):
//! keys, bits and uniforms bit for bit for ever, `f32` normals as jax 0.10.2 on a CPU draws them.
//!
//! ```
//! use kiln_random as random;
//! let key = random::Key::new(42);
//! let [key, subkey] = key.split();
//! println!("{}", random::uniform(subkey, (2, 3)));
//! println!("{}", random::normal(key, 4));
//! ```

mod bits;
mod continuous;
mod discrete;
mod integers;
mod key;
mod normal;
mod sample;
mod shuffle;
mod uniform;

pub use bits::bits;
pub use continuous::{
    cauchy, cauchy_dtype, exponential, exponential_dtype, gumbel, gumbel_dtype, laplace, laplace_dtype,
    logistic, logistic_dtype, lognormal, pareto, rayleigh, truncated_normal, weibull_min,
};
pub use discrete::{bernoulli, categorical, geometric, poisson, rademacher};
pub use integers::{randint, randint_dtype};
pub use key::Key;
pub use normal::{normal, normal_dtype};
pub use sample::{Generator, sample};
pub use shuffle::{choice, permutation, permutation_axis};
pub use uniform::{uniform, uniform_between, uniform_dtype};
