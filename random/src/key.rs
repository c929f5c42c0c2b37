//! Random keys.

use crate::shape::lengths;
use kiln_core::sister::raise;
use kiln_core::sister::staged;
use kiln_core::tree::{Leaves, Path, Rebuild};
use kiln_core::{Array, DType, IntoNumbers, Tree, lax, numpy as np};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};
use std::fmt;

/// A random key, or an array of keys. Each key has two words.
///
/// Samplers and [`split`](Key::split) take a key by value, so one key is one draw. A second use is written
/// `key.clone()`. [`fold_in`](Key::fold_in) borrows the key. Use either `split` or `fold_in` with one key:
/// `key.fold_in(i)` is the `i`-th key of `key.split_n(n)`, as in JAX.
///
/// ```
/// use kiln::Key;
/// let key = Key::new(1);
/// assert_eq!(key.to_string(), "[0 1]");
/// let [key, subkey] = key.split();
/// assert_eq!(key.to_string(), "[ 507451445 1853169794]");
/// assert_eq!(subkey.to_string(), "[1948878966 4237131848]");
/// ```
///
/// ```compile_fail
/// use kiln::{Key, random};
/// let key = Key::new(1);
/// let x = random::normal(key, 3);
/// let y = random::normal(key, 3); // the key was used above: split it, or clone it
/// ```
#[derive(Clone)]
pub struct Key {
    /// `uint32` of shape `(.., 2)`.
    words: Array,
}

impl Key {
    /// Makes the key of a seed. Its words are the high and low 32 bits of the seed.
    ///
    /// JAX in its 32-bit mode cuts a seed to 32 bits first. For the key of that mode, pass
    /// `u64::from(seed as u32)`.
    ///
    /// ```
    /// use kiln::Key;
    /// assert_eq!(Key::new((1 << 32) + 5).to_words(), [[1, 5]]);
    /// ```
    #[track_caller]
    pub fn new(seed: u64) -> Key {
        Key {
            words: Array::new(vec![(seed >> 32) as u32, seed as u32], 2),
        }
    }

    /// Makes keys from their words: `uint32` of shape `(.., 2)`. This is JAX's `wrap_key_data`.
    ///
    /// # Panics
    /// When the array has another dtype or shape.
    ///
    /// ```
    /// use kiln::{Array, Key};
    /// let key = Key::from_words(Array::new(vec![0_u32, 42], 2));
    /// assert_eq!(key.to_words(), Key::new(42).to_words());
    /// ```
    #[track_caller]
    pub fn from_words(words: Array) -> Key {
        if !is_words(&words) {
            raise("key", not_words(&words))
        }
        Key { words }
    }

    /// Returns the words, `uint32` of shape `(.., 2)`. This is JAX's `key_data`.
    ///
    /// ```
    /// use kiln::Key;
    /// assert_eq!(Key::new(42).words().to_string(), "[ 0 42]");
    /// ```
    pub fn words(&self) -> &Array {
        &self.words
    }

    /// Returns the words of each key, in order.
    ///
    /// # Panics
    /// When the key belongs to a trace: it has no value.
    ///
    /// ```
    /// use kiln::Key;
    /// assert_eq!(Key::new(0).split_n(2).to_words(), [[1797259609, 2579123966], [928981903, 3453687069]]);
    /// ```
    #[track_caller]
    pub fn to_words(&self) -> Vec<[u32; 2]> {
        self.words
            .to_vec::<u32>()
            .chunks_exact(2)
            .map(|words| [words[0], words[1]])
            .collect()
    }

    /// Returns the shape of an array of keys, which is `()` for one key.
    ///
    /// ```
    /// use kiln::Key;
    /// assert_eq!(Key::new(0).shape().to_string(), "()");
    /// assert_eq!(Key::new(0).split_n((2, 3)).shape()[..], [2, 3]);
    /// ```
    pub fn shape(&self) -> kiln_core::Shape {
        self.words.shape()[..self.words.ndim() - 1].into()
    }

    /// Returns `N` new keys as a Rust array: `let [key, subkey] = key.split();`.
    ///
    /// # Panics
    /// When this is an array of keys.
    ///
    /// ```
    /// use kiln::Key;
    /// let [first, second, third] = Key::new(0).split();
    /// assert_eq!(third.to_string(), "[4146024105 2718843009]");
    /// # let _ = (first, second);
    /// ```
    #[track_caller]
    pub fn split<const N: usize>(self) -> [Key; N] {
        let words = self.one("split");
        let keys = staged("split", N, [words], |&n, words| {
            let pairs = pairs(&words[0], n);
            (0..n).map(|i| pairs.index(i)).collect::<Vec<Array>>()
        });
        let mut keys = keys.into_iter().map(|words| Key { words });
        std::array::from_fn(|_| keys.next().expect("N keys"))
    }

    /// Returns an array of new keys, of shape `shape`, for `vmap` or for draws one after the other.
    ///
    /// # Panics
    /// When this is an array of keys, or the shape has a negative dimension.
    ///
    /// ```
    /// use kiln::Key;
    /// let keys = Key::new(0).split_n(3);
    /// assert_eq!(keys.shape()[..], [3]);
    /// assert_eq!(keys.unstack()[2].to_string(), "[4146024105 2718843009]");
    /// ```
    #[track_caller]
    pub fn split_n(self, shape: impl IntoNumbers) -> Key {
        let words = self.one("split_n");
        let shape = lengths("split_n", shape);
        let words = staged("split_n", shape, [words], |shape, words| pairs(&words[0], shape));
        Key { words }
    }

    /// Returns a new key from this key and a number, which is cut to 32 bits.
    ///
    /// # Panics
    /// When this is an array of keys, or `data` is not an integer scalar.
    ///
    /// ```
    /// use kiln::Key;
    /// let base = Key::new(42);
    /// let keys: Vec<Key> = (0..3).map(|i| base.fold_in(i)).collect();
    /// assert_eq!(keys[1].to_string(), "[  64467757 2916123636]");
    /// ```
    #[track_caller]
    pub fn fold_in(&self, data: impl Into<Array>) -> Key {
        let words = self.one("fold_in").clone();
        let data: Array = data.into();
        if !data.dtype().is_integer() || data.ndim() != 0 {
            raise(
                "fold_in",
                format!(
                    "the number is {} of shape {}, not an integer scalar",
                    data.dtype(),
                    data.shape()
                ),
            )
        }
        let counter = data.astype(DType::U32);
        let words = staged("fold_in", (), [words, counter], |(), x| {
            let first = beside(&np::zeros_like(&x[1]), &x[1]);
            let (high, low) = lax::random_bits(&x[0], &first, ());
            beside(&high, &low)
        });
        Key { words }
    }

    /// Returns the keys of an array of keys along its first axis.
    ///
    /// # Panics
    /// When this is one key.
    ///
    /// ```
    /// use kiln::Key;
    /// let keys = Key::new(0).split_n(3).unstack();
    /// assert_eq!(keys.len(), 3);
    /// ```
    #[track_caller]
    pub fn unstack(self) -> Vec<Key> {
        if self.words.ndim() < 2 {
            raise("unstack", "this is one key, not an array of keys")
        }
        (0..self.words.len())
            .map(|i| Key {
                words: self.words.index(i),
            })
            .collect()
    }

    /// Returns the words of one key. Panics if this is an array of keys.
    #[track_caller]
    pub(crate) fn one(&self, op: &str) -> Array {
        if self.words.ndim() != 1 {
            raise(
                op,
                format!(
                    "takes one key, this is an array of keys of shape {}: map over them, with vmap or unstack",
                    self.shape()
                ),
            )
        }
        self.words.clone()
    }
}

fn is_words(words: &Array) -> bool {
    words.dtype() == DType::U32 && words.shape().last() == Some(&2)
}

fn not_words(words: &Array) -> String {
    format!(
        "words are uint32 of shape (.., 2), this is {} of shape {}",
        words.dtype(),
        words.shape()
    )
}

/// Returns the words for the counters of `shape`, as pairs: shape `(*shape, 2)`.
fn pairs(words: &Array, shape: impl IntoNumbers) -> Array {
    let (high, low) = lax::random_bits(words, &zero(words), shape);
    beside(&high, &low)
}

/// Stacks two arrays along a new last axis. This is a select, not a concatenation, so that it is fused.
fn beside(first: &Array, second: &Array) -> Array {
    np::where_(
        np::arange(2).equal(0),
        first.expand_dims(-1),
        second.expand_dims(-1),
    )
}

/// Returns the first counter of a draw, for each of some keys.
pub(crate) fn zero(keys: &Array) -> Array {
    np::zeros_like(keys)
}

/// Writes the words, an array.
impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let words = Array::deserialize(deserializer)?;
        match is_words(&words) {
            true => Ok(Key { words }),
            false => Err(D::Error::custom(not_words(&words))),
        }
    }
}

impl Tree for Key {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.element(self.words, 1);
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Key {
        Key {
            words: leaves.array(),
        }
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        self.words.paths(at, paths);
    }
}

/// Prints the words as Python does.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.fmt(f)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.words)
    }
}
