//! Arithmetic of trees, leaf by leaf, for optimizers. `kiln::tree` shows these functions.

use crate::array::Array;
use crate::error::{check, raise};
use crate::numpy as np;
use crate::primitive::{reshape, slice_axis};
use crate::tree::{Arrays, Leaves, Tree, paths, same};

// The loops below are not closures, so that a panic has the user's line.

/// Returns a tree of zeros, with the shapes and dtypes of the leaves of a tree.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let (x, n) = tree::zeros_like(&(np::ones(2), np::arange(3)));
/// assert_eq!((x.to_string(), n.to_string()), ("[0. 0.]".into(), "[0 0 0]".into()));
/// ```
#[track_caller]
pub fn zeros_like<T: Tree + Clone>(tree: &T) -> T {
    full_like(tree, 0)
}

/// Returns a tree of ones, with the shapes and dtypes of the leaves of a tree.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::ones_like(&[np::arange(3)])[0].to_string(), "[1 1 1]");
/// ```
#[track_caller]
pub fn ones_like<T: Tree + Clone>(tree: &T) -> T {
    full_like(tree, 1)
}

/// Returns a tree that is filled with a value, with the shapes and dtypes of the leaves of a tree.
///
/// # Panics
/// When the value does not broadcast to the shape of a leaf.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::full_like(&[np::zeros(2)], 0.5)[0].to_string(), "[0.5 0.5]");
/// ```
#[track_caller]
pub fn full_like<T: Tree + Clone>(tree: &T, value: impl Into<Array>) -> T {
    let (
        value,
        Leaves {
            arrays, structure, ..
        },
    ) = (value.into(), Leaves::of(tree.clone()));
    let mut filled = Arrays::new();
    for x in &arrays {
        filled.push(np::full_like(x, &value));
    }
    structure.rebuild(filled)
}

/// Returns `a + b`, leaf by leaf.
///
/// # Panics
/// When the trees differ in structure, or the shapes of two leaves do not broadcast.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::add(&[np::ones(2)], &[np::arange(2)])[0].to_string(), "[1. 2.]");
/// ```
#[track_caller]
pub fn add<T: Tree + Clone>(a: &T, b: &T) -> T {
    let ([a, b], structure) = same("add", [a, b]);
    let mut sums = Arrays::new();
    for (a, b) in a.iter().zip(&b) {
        sums.push(a + b);
    }
    structure.rebuild(sums)
}

/// Returns `a - b`, leaf by leaf.
///
/// # Panics
/// When the trees differ in structure, or the shapes of two leaves do not broadcast.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::subtract(&[np::ones(2)], &[np::arange(2)])[0].to_string(), "[1. 0.]");
/// ```
#[track_caller]
pub fn subtract<T: Tree + Clone>(a: &T, b: &T) -> T {
    let ([a, b], structure) = same("subtract", [a, b]);
    let mut differences = Arrays::new();
    for (a, b) in a.iter().zip(&b) {
        differences.push(a - b);
    }
    structure.rebuild(differences)
}

/// Returns `scalar * tree`, leaf by leaf.
///
/// # Panics
/// When `scalar` is an array that does not broadcast with a leaf.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::scale(0.5, &[np::arange(3)])[0].to_string(), "[0.  0.5 1. ]");
/// ```
#[track_caller]
pub fn scale<T: Tree + Clone>(scalar: impl Into<Array>, tree: &T) -> T {
    let (
        scalar,
        Leaves {
            arrays, structure, ..
        },
    ) = (scalar.into(), Leaves::of(tree.clone()));
    let mut scaled = Arrays::new();
    for x in &arrays {
        scaled.push(&scalar * x);
    }
    structure.rebuild(scaled)
}

/// Returns `a + scalar * b`, leaf by leaf. A step of gradient descent is
/// `add_scale(&parameters, -rate, &gradient)`.
///
/// # Panics
/// When the trees differ in structure, or the shapes of two leaves do not broadcast.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::add_scale(&[np::ones(2)], -0.5, &[np::arange(2)])[0].to_string(), "[1.  0.5]");
/// ```
#[track_caller]
pub fn add_scale<T: Tree + Clone>(a: &T, scalar: impl Into<Array>, b: &T) -> T {
    let (scalar, ([a, b], structure)) = (scalar.into(), same("add_scale", [a, b]));
    let mut sums = Arrays::new();
    for (a, b) in a.iter().zip(&b) {
        sums.push(a + &scalar * b);
    }
    structure.rebuild(sums)
}

/// Returns the sum of all elements of all leaves, a scalar.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::sum(&(np::arange(3), vec![np::ones(2)])).to_string(), "5.0");
/// ```
#[track_caller]
pub fn sum<T: Tree + Clone>(tree: &T) -> Array {
    let mut sums = Arrays::new();
    for x in &Leaves::of(tree.clone()).arrays {
        sums.push(x.sum());
    }
    total(sums)
}

/// Returns the sum of the products of the elements of two trees, a scalar.
///
/// # Panics
/// When the trees differ in structure, or two leaves differ in size.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let x = (np::arange(3), np::ones((2, 2)));
/// assert_eq!(tree::vdot(&x, &x).to_string(), "9.0");
/// ```
#[track_caller]
pub fn vdot<T: Tree + Clone>(a: &T, b: &T) -> Array {
    let ([a, b], _) = same("vdot", [a, b]);
    let mut products = Arrays::new();
    for (a, b) in a.iter().zip(&b) {
        products.push(a.ravel().dot(b.ravel()));
    }
    total(products)
}

/// Returns the l2 norm of the whole tree: the square root of the sum of the squares of all elements, a
/// scalar.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let gradient = (np::full(2, 3.0), [np::full(2, 4.0)]);
/// let clipped = tree::scale(1 / np::maximum(1, tree::norm(&gradient) / 5), &gradient);
/// assert_eq!(tree::norm(&clipped).to_string(), "5.0");
/// ```
#[track_caller]
pub fn norm<T: Tree + Clone>(tree: &T) -> Array {
    let mut squares = Arrays::new();
    for x in &Leaves::of(tree.clone()).arrays {
        squares.push(x.square().sum());
    }
    total(squares).sqrt()
}

/// Returns true if all elements of all leaves are true or not 0. The result is a bool scalar.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert!(tree::all(&(np::ones(2), np::array(true))).item::<bool>());
/// assert!(!tree::all(&(np::arange(2), np::array(true))).item::<bool>());
/// ```
#[track_caller]
pub fn all<T: Tree + Clone>(tree: &T) -> Array {
    let mut every = Array::from(true);
    for x in &Leaves::of(tree.clone()).arrays {
        every &= x.all();
    }
    every
}

/// Returns true if no element of any leaf is infinite or NaN. The result is a bool scalar.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert!(tree::all_finite(&(np::ones(2), np::arange(3))).item::<bool>());
/// assert!(!tree::all_finite(&vec![np::ones(2) / 0.0]).item::<bool>());
/// ```
#[track_caller]
pub fn all_finite<T: Tree + Clone>(tree: &T) -> Array {
    let mut every = Array::from(true);
    for x in &Leaves::of(tree.clone()).arrays {
        every &= x.isfinite().all();
    }
    every
}

/// Returns the sum of scalars, 0 if there is none.
#[track_caller]
fn total(parts: Arrays) -> Array {
    let mut total = Array::from(0.0);
    for (i, part) in parts.into_iter().enumerate() {
        total = if i == 0 { part } else { total + part };
    }
    total
}

/// Stacks the leaves of trees of one structure. The leaves of the result have a new first axis of length
/// `trees.len()`.
///
/// # Panics
/// When there is no tree, or two trees differ in structure or in the shape of a leaf.
///
/// ```
/// use kiln::{Array, numpy as np, tree, vmap};
/// let models = [1.0, 2.0].map(|slope| (np::array(slope), np::zeros(3)));
/// let ensemble = tree::stack(&models);
/// assert_eq!(ensemble.1.shape()[..], [2, 3]);
/// let at_four = vmap(|(slope, offset): (Array, Array)| 4 * slope + offset.sum());
/// assert_eq!(at_four(ensemble).to_string(), "[4. 8.]");
/// ```
#[track_caller]
pub fn stack<T: Tree + Clone>(trees: &[T]) -> T {
    let Some(first) = trees.first() else {
        raise("stack", "there are no trees to stack")
    };
    let names = paths(first);
    let mut columns: Vec<Vec<Array>> = vec![Vec::with_capacity(trees.len()); names.len()];
    let Leaves { structure, .. } = Leaves::of(first.clone());
    for (i, tree) in trees.iter().enumerate() {
        let ([first, leaves], _) = same("stack", [first, tree]);
        for (j, (leaf, like)) in leaves.into_iter().zip(&first).enumerate() {
            check(leaf.shape() == like.shape(), "stack", || {
                format!(
                    "leaf{} is {} in the first tree and {} in tree {}",
                    spaced(&names[j]),
                    like.array_type(),
                    leaf.array_type(),
                    i + 1
                )
            });
            columns[j].push(leaf);
        }
    }
    structure.rebuild(columns.into_iter().map(|leaves| np::stack(leaves)))
}

/// Splits a tree along the first axis of its leaves into one tree for each index. [`stack`] is the inverse.
///
/// # Panics
/// When a leaf is a scalar, the first axes differ in length, or the tree has no leaf.
///
/// ```
/// use kiln::{Array, numpy as np, tree};
/// let points: Vec<(Array, Array)> = tree::unstack(&(np::arange(2), np::ones((2, 3))));
/// assert_eq!(points.len(), 2);
/// assert_eq!(points[1].0.to_string(), "1");
/// assert_eq!(points[1].1.to_string(), "[1. 1. 1.]");
/// ```
#[track_caller]
pub fn unstack<T: Tree + Clone>(tree: &T) -> Vec<T> {
    let names = paths(tree);
    let Leaves {
        arrays, structure, ..
    } = Leaves::of(tree.clone());
    let Some(first) = arrays.first() else {
        raise(
            "unstack",
            "the tree has no leaf, so the number of trees is not known",
        )
    };
    for (x, name) in arrays.iter().zip(&names) {
        check(x.ndim() > 0, "unstack", || {
            format!(
                "leaf{} is {}: it has no axis to split",
                spaced(name),
                x.array_type()
            )
        });
        check(x.shape()[0] == first.shape()[0], "unstack", || {
            format!(
                "leaf{} has {} elements along its first axis, and leaf{} has {}",
                spaced(name),
                x.shape()[0],
                spaced(&names[0]),
                first.shape()[0]
            )
        });
    }
    let part = |i: usize| {
        let leaves = arrays.iter().map(|x| {
            let shape = x.shape()[1..].iter().copied().collect();
            reshape(&slice_axis(x, 0, i, i + 1), &shape)
        });
        structure.rebuild(leaves)
    };
    (0..first.shape()[0]).map(part).collect()
}

/// Returns a path with a space before it, or nothing for a tree that is an array.
fn spaced(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!(" {path}"),
    }
}
