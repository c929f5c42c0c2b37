//! Functions of any tree, which apply a function of arrays to each leaf.
//!
//! The functions take trees by reference. A clone of a tree is cheap, because arrays are handles.

use super::{Arrays, Leaves, Structure, Tree, paths};
use crate::array::Array;
use crate::error::raise;

/// Applies a function to each leaf, and returns the tree of the results.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let (x, ys) = tree::map(&(np::ones(2), vec![np::arange(3)]), |x| x * 0.5);
/// assert_eq!(x.to_string(), "[0.5 0.5]");
/// assert_eq!(ys[0].to_string(), "[0.  0.5 1. ]");
/// ```
pub fn map<T: Tree + Clone>(tree: &T, f: impl FnMut(&Array) -> Array) -> T {
    let leaves = Leaves::of(tree.clone());
    leaves.structure.rebuild(leaves.arrays.iter().map(f))
}

/// Applies a function to each pair of leaves of two trees, and returns the tree of the results.
///
/// # Panics
/// When the trees differ in structure. The message names the first path that differs.
///
/// ```
/// use kiln::{Array, Tree, grad, numpy as np, tree};
///
/// #[derive(Clone, Tree)]
/// struct Line {
///     slope: Array,
///     intercept: Array,
/// }
///
/// let loss = |line: Line| (line.slope * np::arange(3) + line.intercept - 1).pow(2).mean();
/// let mut line = Line { slope: 0.0.into(), intercept: 0.0.into() };
/// for _ in 0..100 {
///     let gradient = grad(loss)(line.clone());
///     line = tree::map2(&line, &gradient, |x, g| x - 0.3 * g);
/// }
/// assert!(np::allclose(&line.intercept, 1).item::<bool>());
/// ```
#[track_caller]
pub fn map2<T: Tree + Clone>(a: &T, b: &T, mut f: impl FnMut(&Array, &Array) -> Array) -> T {
    let ([a, b], structure) = same("map2", [a, b]);
    structure.rebuild(a.iter().zip(&b).map(|(a, b)| f(a, b)))
}

/// Applies a function to each triple of leaves of three trees, and returns the tree of the results.
///
/// # Panics
/// When the trees differ in structure. The message names the first path that differs.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let [low, x, high] = [0, 7, 5].map(|n| vec![np::full(2, n)]);
/// let clipped = tree::map3(&low, &x, &high, |low, x, high| np::clip(x, low, high));
/// assert_eq!(clipped[0].to_string(), "[5 5]");
/// ```
#[track_caller]
pub fn map3<T: Tree + Clone>(a: &T, b: &T, c: &T, mut f: impl FnMut(&Array, &Array, &Array) -> Array) -> T {
    let ([a, b, c], structure) = same("map3", [a, b, c]);
    let triples = a.iter().zip(&b).zip(&c);
    structure.rebuild(triples.map(|((a, b), c)| f(a, b, c)))
}

/// Applies a function to each leaf and its path, and returns the tree of the results. [`paths`] has the form
/// of paths: `.layers[0].weights`.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let (weights, bias) = (np::ones(2), np::ones(1));
/// let decayed = tree::map_with_path(&(weights, bias), |path, x| if path == ".0" { 0.5 * x } else { x.clone() });
/// assert_eq!(decayed.0.to_string(), "[0.5 0.5]");
/// assert_eq!(decayed.1.to_string(), "[1.]");
/// ```
pub fn map_with_path<T: Tree + Clone>(tree: &T, mut f: impl FnMut(&str, &Array) -> Array) -> T {
    let paths = paths(tree);
    let leaves = Leaves::of(tree.clone());
    let named = paths.iter().zip(&leaves.arrays);
    leaves.structure.rebuild(named.map(|(path, x)| f(path, x)))
}

/// Combines the leaves of a tree by a function, one leaf after the other. `f` takes the result so far and a
/// leaf. `init` is the first result.
///
/// ```
/// use kiln::{numpy as np, tree};
/// let parameters = (np::ones((2, 3)), vec![np::ones(4)]);
/// assert_eq!(tree::reduce(&parameters, 0, |n, x| n + x.size()), 10);
/// ```
pub fn reduce<T: Tree + Clone, R>(tree: &T, init: R, f: impl FnMut(R, &Array) -> R) -> R {
    Leaves::of(tree.clone()).arrays.iter().fold(init, f)
}

/// Returns the leaves of a tree, in order.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::leaves(&(np::ones(2), vec![np::ones(3)])).len(), 2);
/// ```
pub fn leaves<T: Tree + Clone>(tree: &T) -> Vec<Array> {
    Leaves::of(tree.clone()).arrays.into_vec()
}

/// Returns the structure of a tree.
///
/// ```
/// use kiln::{numpy as np, tree};
/// assert_eq!(tree::structure(&vec![np::ones(2)]), tree::structure(&vec![np::zeros(3)]));
/// ```
pub fn structure<T: Tree + Clone>(tree: &T) -> Structure {
    Leaves::of(tree.clone()).structure
}

/// Returns the leaves of a tree, in order, and its structure. [`unflatten`] is the inverse.
///
/// ```
/// use kiln::{Array, numpy as np, tree};
/// let (leaves, structure) = tree::flatten(&vec![np::ones(2), np::ones(3)]);
/// let doubled: Vec<Array> = tree::unflatten(&structure, leaves.iter().map(|x| 2 * x));
/// assert_eq!(doubled[1].to_string(), "[2. 2. 2.]");
/// ```
pub fn flatten<T: Tree + Clone>(tree: &T) -> (Vec<Array>, Structure) {
    let leaves = Leaves::of(tree.clone());
    (leaves.arrays.into_vec(), leaves.structure)
}

/// Builds a tree from a structure and leaves.
///
/// # Panics
/// When the number of leaves is not that of the tree, and when the structure is that of another type.
///
/// ```
/// use kiln::{Array, numpy as np, tree};
/// let (leaves, structure) = tree::flatten(&(np::ones(2), np::ones(3)));
/// let (x, y): (Array, Array) = tree::unflatten(&structure, leaves);
/// assert_eq!((x.size(), y.size()), (2, 3));
/// ```
#[track_caller]
pub fn unflatten<T: Tree>(structure: &Structure, leaves: impl IntoIterator<Item = Array>) -> T {
    let leaves: Vec<Array> = leaves.into_iter().collect();
    let n = leaves.len();
    match structure.try_rebuild(leaves) {
        Some(tree) => tree,
        None => raise(
            "unflatten",
            format!(
                "{n} leaves and this structure do not make a {}: give the structure and the number of leaves that \
                 flatten returned for this type",
                std::any::type_name::<T>()
            ),
        ),
    }
}

/// Returns the leaves of trees of one structure, and the structure.
///
/// # Panics
/// When a tree has another structure than the first.
#[track_caller]
pub(crate) fn same<T: Tree + Clone, const N: usize>(op: &str, trees: [&T; N]) -> ([Arrays; N], Structure) {
    let leaves = trees.map(|tree| Leaves::of(tree.clone()));
    let other = leaves.iter().position(|tree| {
        tree.structure != leaves[0].structure || tree.arrays.len() != leaves[0].arrays.len()
    });
    if let Some(i) = other {
        raise(op, difference(i + 1, &paths(trees[0]), &paths(trees[i])))
    }
    let structure = leaves[0].structure.clone();
    (leaves.map(|tree| tree.arrays), structure)
}

/// Says what distinguishes the `number`-th tree from the first, by the paths of both.
pub(crate) fn difference(number: usize, first: &[String], other: &[String]) -> String {
    let missing = first.iter().find(|path| !other.contains(path));
    let more = other.iter().find(|path| !first.contains(path));
    match (missing, more) {
        (Some(path), _) => format!("tree {number} has no leaf {path}, which tree 1 has"),
        (None, Some(path)) => format!("tree {number} has a leaf {path}, which tree 1 does not have"),
        (None, None) => format!(
            "tree {number} has the leaves of tree 1, and other static values, variants or lengths: the trees must \
             have one structure"
        ),
    }
}
