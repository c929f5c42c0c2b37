//! Draws from the distributions of `rand_distr`.

use crate::key::Key;
use crate::shape::lengths;
use kiln_backends::with_default_device;
use kiln_core::sister::{raise, threefry2x32};
use kiln_core::{Array, Element, IntoNumbers};
use rand_core::TryRng;
use rand_distr::Distribution;
use rayon::prelude::*;
use std::convert::Infallible;

/// Draws an array from any distribution of the crate `rand_distr` (0.6), computed on the host. The result has
/// shape `shape` and the dtype of `T`, and is on the key's device.
///
/// Each element has a generator of its own. So the numbers depend on the key and the shape, and not on the
/// number of threads. JAX has no such function.
///
/// # Panics
/// Inside a trace (`jit`, loops), because a traced key has no value: draw outside and pass the array as an
/// argument, or use a sampler of this crate. When the key is an array of keys.
///
/// ```
/// use kiln::{DType, Key, random};
/// use rand_distr::StudentT;
/// let t = StudentT::new(4.0).unwrap();
/// let x = random::sample::<f64>(Key::new(0), &t, 100_000);
/// assert_eq!(x.dtype(), DType::F64);
/// assert!(x.mean().abs().item::<f64>() < 0.02);
/// assert!((x.var().item::<f64>() - 2.0).abs() < 0.2); // 4 / (4 - 2)
/// ```
#[track_caller]
pub fn sample<T: Element>(
    key: Key,
    distribution: &(impl Distribution<T> + Sync),
    shape: impl IntoNumbers,
) -> Array {
    let lengths = lengths("sample", shape);
    let words = key.one("sample");
    if words.is_traced() {
        raise(
            "sample",
            "draws on the host, and a key inside a trace has no value yet: draw outside and pass the array in",
        )
    }
    let device = words.device();
    let words = words.to_vec::<u32>();
    let key = [words[0], words[1]];
    let n: usize = lengths.iter().product();
    let draw = |i: usize| distribution.sample(&mut Generator::new(key, i as u64));
    let elements: Vec<T> = (0..n).into_par_iter().with_min_len(1024).map(draw).collect();
    with_default_device(device, || Array::new(elements, &lengths[..]))
}

/// The generator of one element, which [`sample`] passes to a distribution. It is Threefry for the counters
/// 0, 1, 2, ... under the element's key, which is that of [`split_n`](Key::split_n).
///
/// ```
/// use kiln::{Key, random::{Generator, sample}};
/// use rand_core::Rng;
/// use rand_distr::{Distribution, Open01};
///
/// /// The greater of two uniform floats.
/// struct Greater;
///
/// impl Distribution<f32> for Greater {
///     fn sample<R: Rng + ?Sized>(&self, generator: &mut R) -> f32 {
///         let [x, y]: [f32; 2] = std::array::from_fn(|_| Open01.sample(generator));
///         x.max(y)
///     }
/// }
/// let mean = sample::<f32>(Key::new(0), &Greater, 100_000).mean();
/// assert!((mean.item::<f32>() - 2.0 / 3.0).abs() < 0.01);
/// # fn generator(_: Generator) {}
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    key: [u32; 2],
    counter: u64,
    /// The second word of the last block, if it was not returned yet.
    left: Option<u32>,
}

impl Generator {
    fn new(key: [u32; 2], element: u64) -> Generator {
        let key = threefry2x32(key, [(element >> 32) as u32, element as u32]);
        Generator {
            key,
            counter: 0,
            left: None,
        }
    }

    fn block(&mut self) -> [u32; 2] {
        let words = threefry2x32(self.key, [(self.counter >> 32) as u32, self.counter as u32]);
        self.counter += 1;
        words
    }
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.left.take().unwrap_or_else(|| {
            let [first, second] = self.block();
            self.left = Some(second);
            first
        }))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let [high, low] = self.block();
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}
