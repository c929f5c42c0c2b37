//! Permutations, and choices from an array.

use crate::bits::bits;
use crate::continuous::gumbel_dtype;
use crate::integers::randint;
use crate::key::Key;
use crate::shape::lengths;
use crate::uniform::uniform_in;
use kiln_core::sister::{axis_of, raise, staged};
use kiln_core::{Array, IntoNumbers, Number, Shape, default_float, numpy as np, optional_arguments};

/// Returns the slices of an array along its first axis in random order, or the integers below a plain integer
/// `x` in random order.
///
/// # Panics
/// When the key is an array of keys, or `x` is a scalar but not a plain integer.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::permutation(Key::new(42), 10).to_string(), "[7 4 2 5 3 6 8 9 0 1]");
/// ```
#[track_caller]
pub fn permutation(key: Key, x: impl Into<Array>) -> Array {
    permutation_with(key, x, |o| o)
}

/// Returns the slices of an array along an axis in random order, or the integers below a plain integer `x` in
/// random order.
///
/// # Panics
/// When the key is an array of keys, `x` is a scalar but not a plain integer, or the axis is out of bounds.
///
/// ```
/// use kiln::{Key, numpy as np, random};
/// let x = np::arange(6).reshape((2, 3));
/// assert_eq!(random::permutation_axis(Key::new(42), x, 1).to_string(), "[[2 0 1]\n [5 3 4]]");
/// ```
#[track_caller]
pub fn permutation_axis(key: Key, x: impl Into<Array>, axis: impl Number) -> Array {
    permutation_with(key, x, |o| o.axis(axis))
}

optional_arguments! {
    /// The optional arguments of [`permutation`](crate::permutation_with).
    ///
    /// ```
    /// use kiln::{Key, numpy as np, random};
    /// let x = np::arange(6).reshape((2, 3));
    /// let rows = random::permutation_with(Key::new(42), x, |o| o.axis(1).independent(true));
    /// assert_eq!(rows.to_string(), "[[2 0 1]\n [4 5 3]]");
    /// ```
    Permutation {
        /// The axis of the slices: the first, if this is not given.
        axis(impl Number): isize = 0 => axis.number(); random::permutation_with(Key::new(42), [[1, 2, 3]], |o| o.axis(1)) => "[[3 1 2]]";
        /// A flag: if true, each list of elements along the axis has an order of its own. If false, whole
        /// slices are moved.
        independent(bool): bool = false => independent; random::permutation_with(Key::new(42), [[1, 2], [3, 4]], |o| o.independent(true)) => "[[3 4]\n [1 2]]";
    }
}

/// Returns the elements of an array in random order along an axis, or the integers below a plain integer `x`
/// in random order, with the optional arguments of [`options::Permutation`](crate::options::Permutation). The
/// result has the shape and dtype of the array.
///
/// # Panics
/// When the key is an array of keys, `x` is a scalar but not a plain integer, or the axis is out of bounds.
///
/// ```
/// use kiln::{Key, numpy as np, random};
/// let x = np::arange(6).reshape((3, 2));
/// let rows = random::permutation_with(Key::new(42), &x, |o| o.axis(0));
/// assert_eq!(rows.to_string(), "[[4 5]\n [0 1]\n [2 3]]");
/// let each = random::permutation_with(Key::new(42), &x, |o| o.axis(0).independent(true));
/// assert_eq!(each.to_string(), "[[4 5]\n [2 3]\n [0 1]]");
/// ```
#[track_caller]
pub fn permutation_with(
    key: Key,
    x: impl Into<Array>,
    options: impl FnOnce(Permutation) -> Permutation,
) -> Array {
    let Permutation { axis, independent } = options(Permutation::default());
    let x = pool("permutation", x.into());
    let axis = axis_of("permutation", axis, x.ndim());
    let inputs = [key.one("permutation"), x];
    let parameters = (axis, independent);
    staged(
        "permutation",
        parameters,
        inputs,
        |&(axis, independent), inputs| {
            let (key, x) = (Key::from_words(inputs[0].clone()), &inputs[1]);
            match independent {
                false => np::take_axis(x, shuffled(key, x.shape()[axis]), axis),
                true => shuffled_along(key, x, axis),
            }
        },
    )
}

/// Returns the integers below `n` in random order. The integers are sorted by random words, in several
/// rounds, so that it is improbable that two have the same words in all rounds.
fn shuffled(mut key: Key, n: usize) -> Array {
    let mut order = np::arange(n);
    for _ in 0..rounds(n) {
        let subkey;
        [key, subkey] = key.split();
        order = order.index(bits(subkey, n).argsort());
    }
    order
}

/// Sorts each list of elements along an axis by random words of its own.
fn shuffled_along(mut key: Key, x: &Array, axis: usize) -> Array {
    let mut x = x.clone();
    for _ in 0..rounds(x.size()) {
        let subkey;
        [key, subkey] = key.split();
        let order = bits(subkey, x.shape()).argsort_axis(axis);
        x = np::take_along_axis(x, order, axis);
    }
    x
}

/// Returns the number of rounds of sorting for `n` elements.
fn rounds(n: usize) -> usize {
    (3.0 * (n.max(1) as f64).ln() / f64::from(u32::MAX).ln()).ceil() as usize
}

/// Draws from the slices of an array along its first axis, or from the integers below a plain integer `a`.
/// All are equally likely, and may be drawn again. The result has shape `(*shape, *a.shape()[1..])` and the
/// dtype of `a`.
///
/// # Panics
/// When the key is an array of keys, or there are no slices.
///
/// ```
/// use kiln::{Key, random};
/// let drawn = random::choice(Key::new(0), [1.0, 2.0, 5.0, 10.0], (2, 3));
/// assert_eq!(drawn.to_string(), "[[ 2.  1.  1.]\n [ 2. 10. 10.]]");
/// ```
#[track_caller]
pub fn choice(key: Key, a: impl Into<Array>, shape: impl IntoNumbers) -> Array {
    choice_with(key, a, shape, |o| o)
}

optional_arguments! {
    /// The optional arguments of [`choice`](crate::choice_with).
    ///
    /// ```
    /// use kiln::{Key, random};
    /// let drawn = random::choice_with(Key::new(0), 4, 2, |o| o.replace(false).p([0.1, 0.2, 0.3, 0.4]));
    /// assert_eq!(drawn.to_string(), "[1 0]");
    /// ```
    Choice {
        /// A flag: if false, no slice is drawn twice.
        replace(bool): bool = true => replace; random::choice_with(Key::new(0), 100, 3, |o| o.replace(false)) => "[ 0 36  1]";
        /// The probability of each slice. The probabilities need not add up to 1. All slices are equally
        /// likely if this is not given.
        p(impl Into<Array>): Option<Array> = None => Some(p.into()); random::choice_with(Key::new(0), 3, 4, |o| o.p([0.0, 1.0, 0.0])) => "[1 1 1 1]";
        /// The axis of the slices: the first, if this is not given.
        axis(impl Number): isize = 0 => axis.number(); random::choice_with(Key::new(0), np::array([[1, 2, 3]]), 2, |o| o.axis(1)) => "[[2 1]]";
    }
}

/// Draws from the slices of an array, or from the integers below a plain integer `a`, with the optional
/// arguments of [`options::Choice`](crate::options::Choice). The axes of `shape` replace the axis of the
/// slices.
///
/// # Panics
/// When the key is an array of keys, there are no slices, there are fewer slices than draws without
/// `replace`, `p` does not have one probability for each slice, or the axis is out of bounds.
///
/// ```
/// use kiln::{Key, numpy as np, random};
/// let faces = np::array([1.0, 2.0, 5.0, 10.0]);
/// let p = np::array([0.1, 0.2, 0.3, 0.4]);
/// assert_eq!(random::choice_with(Key::new(0), &faces, 2, |o| o.replace(false).p(&p)).to_string(), "[2. 1.]");
/// ```
#[track_caller]
pub fn choice_with(
    key: Key,
    a: impl Into<Array>,
    shape: impl IntoNumbers,
    options: impl FnOnce(Choice) -> Choice,
) -> Array {
    let Choice { replace, p, axis } = options(Choice::default());
    let a = pool("choice", a.into());
    let shape = lengths("choice", shape);
    let axis = axis_of("choice", axis, a.ndim());
    let (n, draws) = (a.shape()[axis], shape.iter().product::<usize>());
    if draws > 0 && (n == 0 || !replace && draws > n) {
        let hint = if replace { "" } else { " without replace" };
        raise("choice", format!("{draws} draws from {n} elements{hint}"))
    }
    if let Some(p) = &p
        && p.shape()[..] != [n]
    {
        raise(
            "choice",
            format!(
                "p of shape {} for {n} elements: it has one probability for each",
                p.shape()
            ),
        )
    }
    let inputs: Vec<Array> = [key.one("choice"), a].into_iter().chain(p).collect();
    staged(
        "choice",
        (shape, replace, axis),
        inputs,
        |(shape, replace, axis), inputs| {
            let (key, a) = (Key::from_words(inputs[0].clone()), &inputs[1]);
            let (n, draws) = (a.shape()[*axis], shape.iter().product::<usize>());
            let indices = match (inputs.get(2), replace) {
                _ if draws == 0 => np::arange(0),
                (None, true) => randint(key, draws, 0, n),
                (None, false) => shuffled(key, n).index(..draws),
                (Some(p), true) => {
                    let p = float(p);
                    let sums = p.cumsum();
                    let unit = uniform_in(key, draws, sums.dtype(), 0, 1);
                    np::searchsorted(&sums, sums.index(-1) * (1 - unit))
                }
                // This is Gumbel's top k:
                // https://timvieira.github.io/blog/post/2019/09/16/algorithms-for-sampling-without-replacement/
                (Some(p), false) => {
                    let p = float(p);
                    let scores = gumbel_dtype(key, n, p.dtype()) + p.log();
                    (-scores).argsort().index(..draws)
                }
            };
            let (before, after) = (&a.shape()[..*axis], &a.shape()[axis + 1..]);
            let of: Shape = before.iter().chain(shape).chain(after).copied().collect();
            np::take_axis(a, indices, *axis as isize).reshape(of)
        },
    )
}

/// Returns probabilities as floats.
fn float(p: &Array) -> Array {
    match p.dtype().is_float() {
        true => p.clone(),
        false => p.astype(default_float()),
    }
}

/// Returns the array to draw from: an array with axes, or the integers below a plain one.
#[track_caller]
fn pool(op: &str, x: Array) -> Array {
    if x.ndim() > 0 {
        return x;
    }
    if !x.dtype().is_integer() || x.is_traced() {
        raise(op, "takes a plain integer, or an array with at least one axis")
    }
    np::arange(x.item::<i64>().max(0))
}
