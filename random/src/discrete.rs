//! Discrete distributions: events, categories and counts.

use crate::continuous::{float_dtype, gumbel_dtype};
use crate::dtype::check_integer;
use crate::key::Key;
use crate::shape::{fits, lengths};
use crate::uniform::uniform_in;
use kiln_core::sister::{axis_of, raise, staged};
use kiln_core::{
    Array, DType, IntoNumbers, Number, Numbers, Shape, default_int, lax, numpy as np, optional_arguments,
};
use std::f64::consts::PI;

/// Draws bools that are true with probability `p`. A bool is true if a uniform float is less than `p`. The
/// result has shape `shape`, to which `p` broadcasts.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or `p` does not broadcast to it.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::bernoulli(Key::new(42), 0.6, 4).to_string(), "[ True False False  True]");
/// assert_eq!(random::bernoulli(Key::new(42), [0, 1], 2).to_string(), "[False  True]");
/// ```
#[track_caller]
pub fn bernoulli(key: Key, p: impl Into<Array>, shape: impl IntoNumbers) -> Array {
    let (shape, p) = (lengths("bernoulli", shape), p.into());
    fits("bernoulli", "p", &p, &shape);
    let dtype = float_dtype(&p);
    let inputs = [key.one("bernoulli"), p.astype(dtype)];
    staged("bernoulli", (shape, dtype), inputs, |(shape, dtype), inputs| {
        uniform_in(Key::from_words(inputs[0].clone()), &shape[..], *dtype, 0, 1).lt(&inputs[1])
    })
}

/// Draws -1 or 1, equally likely, of shape `shape` and the default integer dtype.
///
/// # Panics
/// When the key is an array of keys, or the shape has a negative dimension.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::rademacher(Key::new(42), 4).to_string(), "[ 1 -1 -1 -1]");
/// ```
#[track_caller]
pub fn rademacher(key: Key, shape: impl IntoNumbers) -> Array {
    rademacher_dtype(key, shape, default_int())
}

/// Draws -1 or 1, equally likely, of an integer or float dtype.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or the dtype is bool or unsigned.
///
/// ```
/// use kiln::{DType, Key, random};
/// assert_eq!(random::rademacher_dtype(Key::new(42), 4, DType::I8).to_string(), "[ 1 -1 -1 -1]");
/// ```
#[track_caller]
pub fn rademacher_dtype(key: Key, shape: impl IntoNumbers, dtype: DType) -> Array {
    if dtype == DType::Bool || dtype.is_unsigned() {
        raise("rademacher", format!("the dtype is {dtype}, which has no -1"))
    }
    let shape = lengths("rademacher", shape);
    staged(
        "rademacher",
        (shape, dtype),
        [key.one("rademacher")],
        |(shape, dtype), key| {
            2 * bernoulli(Key::from_words(key[0].clone()), 0.5, &shape[..]).astype(*dtype) - 1
        },
    )
}

/// Draws numbers of trials to the first success, which has probability `p` in each trial. They are
/// `⌊log u / log(1 - p)⌋ + 1` of a uniform `u`.
///
/// The result has shape `shape`, to which `p` broadcasts, and the default integer dtype.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or `p` does not broadcast to it.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::geometric(Key::new(42), 0.3, 6).to_string(), "[3 2 2 2 3 2]");
/// ```
#[track_caller]
pub fn geometric(key: Key, p: impl Into<Array>, shape: impl IntoNumbers) -> Array {
    geometric_dtype(key, p, shape, default_int())
}

/// Draws [`geometric`] numbers of an integer dtype.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, a parameter does not broadcast to
/// it, or the dtype is not an integer.
///
/// ```
/// use kiln::{DType, Key, random};
/// assert_eq!(random::geometric_dtype(Key::new(42), 0.3, 6, DType::I64).to_string(), "[3 2 2 2 3 2]");
/// ```
#[track_caller]
pub fn geometric_dtype(key: Key, p: impl Into<Array>, shape: impl IntoNumbers, dtype: DType) -> Array {
    check_integer("geometric", dtype);
    let (shape, p) = (lengths("geometric", shape), p.into());
    fits("geometric", "p", &p, &shape);
    let float = float_dtype(&p);
    let inputs = [key.one("geometric"), p.astype(float)];
    staged(
        "geometric",
        (shape, float, dtype),
        inputs,
        |(shape, float, dtype), inputs| {
            let u = uniform_in(Key::from_words(inputs[0].clone()), &shape[..], *float, 0, 1);
            let u = np::where_(u.equal(0), 1, u);
            ((u.log() / (-&inputs[1]).log1p()).floor() + 1).astype(*dtype)
        },
    )
}

/// Draws indices along the last axis of `logits`, with probabilities proportional to the exponentials of the
/// logits. A draw is the index of the greatest sum of a logit and Gumbel noise.
///
/// The result has the default integer dtype, and the shape of `logits` without the axis. There is one draw
/// for each list of logits.
///
/// # Panics
/// When the key is an array of keys, or `logits` is a scalar or has no element along the axis.
///
/// ```
/// use kiln::{Key, numpy as np, random};
/// let logits = np::array([[0.1, 0.9], [0.9, 0.1]]).log();
/// assert_eq!(random::categorical(Key::new(0), logits).to_string(), "[1 0]");
/// ```
#[track_caller]
pub fn categorical(key: Key, logits: impl Into<Array>) -> Array {
    categorical_with(key, logits, |o| o)
}

optional_arguments! {
    /// The optional arguments of [`categorical`](crate::categorical_with).
    ///
    /// ```
    /// use kiln::{Key, numpy as np, random};
    /// let logits = np::array([0.1, 0.2, 0.7]).log();
    /// assert_eq!(random::categorical_with(Key::new(0), logits, |o| o.shape(5)).to_string(), "[1 2 2 1 2]");
    /// ```
    Categorical {
        /// The axis of the logits: the last, if this is not given.
        axis(impl Number): isize = -1 => axis.number(); random::categorical_with(Key::new(0), np::zeros((1, 3)), |o| o.axis(0)) => "[0 0 0]";
        /// The shape of the draws, to which the shape of `logits` without the axis broadcasts.
        shape(impl IntoNumbers): Option<Numbers> = None => Some(shape.numbers()); random::categorical_with(Key::new(0), np::zeros(1), |o| o.shape((2, 2))) => "[[0 0]\n [0 0]]";
        /// A flag: if false, no index is drawn twice from one list of logits.
        replace(bool): bool = true => replace; random::categorical_with(Key::new(0), np::zeros(3), |o| o.shape(3).replace(false)) => "[1 0 2]";
    }
}

/// Draws [`categorical`] indices with the optional arguments of
/// [`options::Categorical`](crate::options::Categorical). The result has the default integer dtype.
///
/// Without `replace`, the draws of a list of logits are the indices of the greatest sums of a logit and
/// Gumbel noise, in descending order of the sums. The shape is the shape of the draws of one list, followed
/// by the shape of `logits` without the axis. The result has dtype `int32`, as in JAX.
///
/// # Panics
/// When the key is an array of keys, the axis is out of bounds or has no element, or the shape does not end
/// in that of the logits without the axis. Without `replace` also when a list has more draws than logits.
///
/// ```
/// use kiln::{Key, numpy as np, random};
/// let logits = np::array([0.1, 0.2, 0.7]).log();
/// assert_eq!(random::categorical_with(Key::new(0), &logits, |o| o.shape(5)).to_string(), "[1 2 2 1 2]");
/// let two = random::categorical_with(Key::new(0), &logits, |o| o.shape(2).replace(false));
/// assert_eq!(two.to_string(), "[1 0]");
/// ```
#[track_caller]
pub fn categorical_with(
    key: Key,
    logits: impl Into<Array>,
    options: impl FnOnce(Categorical) -> Categorical,
) -> Array {
    const OP: &str = "categorical";
    let Categorical { axis, shape, replace } = options(Categorical::default());
    let logits = logits.into();
    let axis = axis_of(OP, axis, logits.ndim());
    let mut batch = logits.shape().to_vec();
    let categories = batch.remove(axis);
    let shape = match shape {
        Some(shape) => lengths(OP, &shape[..]),
        None => batch.clone(),
    };
    let further = shape.len().checked_sub(batch.len());
    let fits = further.is_some_and(|further| {
        let mut ends = shape[further..].iter().zip(&batch);
        ends.all(|(&n, &m)| m == n || replace && m == 1)
    });
    if !fits || categories == 0 {
        let rule = if replace {
            "broadcasts to it"
        } else {
            "is its end, without replace"
        };
        raise(
            OP,
            format!(
                "logits of shape {} along axis {axis} for draws of shape {}: shape {} {rule}",
                logits.shape(),
                Shape::from(&shape[..]),
                Shape::from(&batch[..])
            ),
        )
    }
    let draws: usize = shape[..shape.len() - batch.len()].iter().product();
    if !replace && draws > categories {
        raise(
            OP,
            format!("{draws} draws from {categories} logits without replace"),
        )
    }
    let dtype = float_dtype(&logits);
    let inputs = [key.one(OP), logits.astype(dtype)];
    let parameters = (shape, axis, dtype, replace);
    staged(OP, parameters, inputs, |(shape, axis, dtype, replace), inputs| {
        let (key, logits) = (Key::from_words(inputs[0].clone()), &inputs[1]);
        let further = shape.len() + 1 - logits.ndim();
        if *replace {
            let mut noise = shape.clone();
            noise.insert(further + axis, logits.shape()[*axis]);
            let scores = gumbel_dtype(key, noise, *dtype) + logits;
            return scores.argmax_axis(further + axis);
        }
        // This is Gumbel's top k, as in `choice`.
        let scores = logits + gumbel_dtype(key, logits.shape(), *dtype);
        let order = scores.argsort_with(|o| o.axis(*axis).descending(true));
        let draws: usize = shape[..further].iter().product();
        order
            .moveaxis(*axis, 0)
            .index(..draws)
            .reshape(shape)
            .astype(DType::I32)
    })
}

/// Draws Poisson counts with mean `lam`. A count is -1 if `lam` is negative, infinite or NaN.
///
/// The result has shape `shape`, to which `lam` broadcasts, and the default integer dtype.
///
/// Means below 10 use Knuth's method, and others use Hörmann's transformed rejection, both in `float32`. The
/// rejection compares draws with logarithms. If JAX rounds a logarithm differently, a draw may differ from
/// JAX's.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, or `lam` does not broadcast to it.
///
/// ```
/// use kiln::{Key, random};
/// assert_eq!(random::poisson(Key::new(42), 3.5, 6).to_string(), "[6 2 2 2 5 3]");
/// ```
#[track_caller]
pub fn poisson(key: Key, lam: impl Into<Array>, shape: impl IntoNumbers) -> Array {
    poisson_dtype(key, lam, shape, default_int())
}

/// Draws [`poisson`] counts of an integer dtype.
///
/// # Panics
/// When the key is an array of keys, the shape has a negative dimension, a parameter does not broadcast to
/// it, or the dtype is not an integer.
///
/// ```
/// use kiln::{DType, Key, random};
/// assert_eq!(random::poisson_dtype(Key::new(42), 3.5, 6, DType::I64).to_string(), "[6 2 2 2 5 3]");
/// ```
#[track_caller]
pub fn poisson_dtype(key: Key, lam: impl Into<Array>, shape: impl IntoNumbers, dtype: DType) -> Array {
    check_integer("poisson", dtype);
    let (shape, lam) = (lengths("poisson", shape), lam.into());
    fits("poisson", "lam", &lam, &shape);
    let inputs = [key.one("poisson"), lam.astype(DType::F32).broadcast_to(&shape)];
    staged("poisson", (shape, dtype), inputs, |(shape, dtype), inputs| {
        let (key, lam) = (Key::from_words(inputs[0].clone()), &inputs[1]);
        let small = lam.isnan() | lam.lt(10);
        // Each method runs on the whole array, with a harmless mean for the elements of the other method.
        let few = knuth(key.clone(), &np::where_(&small, lam, 0), shape, *dtype);
        let many = rejection(key, &np::where_(&small, 1e5, lam), shape).astype(*dtype);
        np::where_(lam.equal(0), 0, np::where_(small, few, many))
    })
}

/// Counts the uniforms that can be multiplied before the product falls below `exp(-lam)`.
fn knuth(key: Key, lam: &Array, shape: &[usize], dtype: DType) -> Array {
    let least = -lam;
    let init = (np::zeros(shape).astype(dtype), np::zeros_like(lam), key);
    let (k, ..) = lax::while_loop(
        |(_, log_product, _): &(Array, Array, Key)| log_product.gt(&least).any(),
        |(k, log_product, key)| {
            let [key, subkey] = key.split();
            let k = np::where_(log_product.gt(&least), &k + 1, &k);
            let u = uniform_in(subkey, shape, DType::F32, 0, 1);
            (k, log_product + u.log(), key)
        },
        init,
    );
    k - 1
}

/// Returns the logarithm of the gamma function of numbers from 1, rounded as JAX rounds it in `float32`.
/// Draws are compared with the result. With a more accurate result, most draws of a mean of a million would
/// differ.
///
/// Lanczos' approximation of `Γ(z + 1)`: `log √(2π) + (z + 1/2) log t - t + log(sum)`, with
/// `t = z + 7 + 1/2`.
fn log_gamma(x: &Array) -> Array {
    const T: f64 = 7.5;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let z = x - 1;
    let sum = (1_i32..)
        .zip(COEFFICIENTS)
        .fold(np::full_like(&z, FIRST), |sum, (i, c)| sum + c / (&z + i));
    let log_t = T.ln() + (&z * (1.0 / T)).log1p();
    let factor = (&z + 0.5) - (T + &z) / &log_t;
    let log_root = np::full_like(&z, (2.0 * PI).ln() / 2.0);
    lax::mul_add(&factor, &log_t, &log_root) + sum.log()
}

/// Draws by the algorithm PTRS of Hörmann, "The transformed rejection method for generating Poisson random
/// variables" (1993).
fn rejection(key: Key, lam: &Array, shape: &[usize]) -> Array {
    let log_lam = lam.log();
    let b = 0.931 + 2.53 * lam.sqrt();
    let a = -0.059 + 0.02483 * &b;
    let inv_alpha = 1.1239 + 1.1328 / (&b - 3.4);
    let v_r = 0.9277 - 3.6224 / (&b - 2.0);
    // An element with an infinite mean would never be accepted, so it counts as accepted.
    let init = (np::full_like(lam, -1), lam.isinf(), key);
    let (k, ..) = lax::while_loop(
        |(_, accepted, _): &(Array, Array, Key)| !accepted.all(),
        |(out, accepted, key)| {
            let [key, first, second] = key.split();
            let u = uniform_in(first, shape, DType::F32, 0, 1) - 0.5;
            let v = uniform_in(second, shape, DType::F32, 0, 1);
            let us = 0.5 - u.abs();
            let k = (lax::mul_add(&(2 * &a / &us + &b), &u, lam) + 0.43).floor();
            let s = (&v * &inv_alpha / (&a / (&us * &us) + &b)).log();
            let t = -lam + &k * &log_lam - log_gamma(&(&k + 1));
            let at_once = us.ge(0.07) & v.le(&v_r);
            let never = k.lt(0) | (us.lt(0.013) & v.gt(&us));
            let accept = at_once | (!never & s.le(t));
            // A later acceptance replaces an earlier one while other elements still wait, as in JAX.
            (np::where_(&accept, k, out), accepted | accept, key)
        },
        init,
    );
    k
}
