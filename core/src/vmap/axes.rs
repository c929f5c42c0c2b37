//! The mapped axes: a tree of axes that is a prefix of a tree of arrays.

use crate::error::check;
use crate::tree::{Leaves, Tree};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;

/// The batch axes of a tree `T`: an axis for every leaf, or `None` for a leaf that is the same in the whole
/// batch. `in_axes` and `out_axes` take this trait. A number, `Some` number or `None` holds for all leaves.
/// If `T` is a tuple, an array, a vector or a map, there can be an axis for each part. For a struct with
/// `#[derive(Tree)]`, there can be a tuple with an axis for each field.
///
/// Negative axes count from the last axis. The axes of random keys are those of `Key::shape`, which does not
/// count their words.
///
/// ```
/// use kiln::{Array, numpy as np, vmap_in_axes};
/// let f = |(x, (y, z)): (Array, (Array, Array))| x * y + z;
/// let xs = np::arange(3);
/// assert_eq!(vmap_in_axes(f, (0, (None, 0)))((xs.clone(), (10.into(), xs))).to_string(), "[ 0 11 22]");
/// ```
///
/// ```
/// use kiln::{Array, Tree, numpy as np, vmap_in_axes};
///
/// #[derive(Tree)]
/// struct Line {
///     slope: Array,
///     intercept: Array,
/// }
///
/// let at = |(line, x): (Line, Array)| line.slope * x + line.intercept;
/// let line = Line { slope: np::arange(3), intercept: 1.into() };
/// assert_eq!(vmap_in_axes(at, ((0, None), None))((line, 10.into())).to_string(), "[ 1 11 21]");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say the axes of `{T}`",
    label = "kiln takes the axis of the batch here",
    note = "write one axis or `None` for all arrays, or a tuple with an axis or `None` for each part: `0`, `(0, None)`"
)]
pub trait BatchAxes<T: Tree> {
    /// Flattens the tree, and adds an axis for every leaf. [`vmap`](crate::vmap()) calls this method.
    ///
    /// ```
    /// use kiln::{Array, BatchAxes, numpy as np, tree::Leaves};
    /// let (mut leaves, mut axes) = (Leaves::default(), vec![]);
    /// let tree: (Array, Array) = (np::ones(2), np::ones(3));
    /// (0, None).flatten(tree, &mut leaves, &mut axes);
    /// assert_eq!(axes, [Some(0), None]);
    /// ```
    fn flatten(&self, tree: T, leaves: &mut Leaves, axes: &mut Vec<Option<isize>>);
}

/// One axis for all leaves.
impl<T: Tree> BatchAxes<T> for isize {
    fn flatten(&self, tree: T, leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
        Some(*self).flatten(tree, leaves, axes);
    }
}

/// One axis, or `None`, for all leaves.
impl<T: Tree> BatchAxes<T> for Option<isize> {
    fn flatten(&self, tree: T, leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
        let before = leaves.arrays.len();
        tree.flatten(leaves);
        axes.extend((before..leaves.arrays.len()).map(|_| *self));
    }
}

/// An axis for each element.
impl<T: Tree, A: BatchAxes<T>> BatchAxes<Vec<T>> for Vec<A> {
    /// # Panics
    /// When the number of axes is not the number of elements.
    fn flatten(&self, tree: Vec<T>, leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
        check(self.len() == tree.len(), "vmap", || {
            format!(
                "a vector of {} axes for one of {} elements",
                self.len(),
                tree.len()
            )
        });
        leaves.structure.length(tree.len());
        self.iter()
            .zip(tree)
            .for_each(|(axis, tree)| axis.flatten(tree, leaves, axes));
    }
}

/// An axis for each element.
impl<T: Tree, A: BatchAxes<T>, const N: usize> BatchAxes<[T; N]> for [A; N] {
    fn flatten(&self, tree: [T; N], leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
        self.iter()
            .zip(tree)
            .for_each(|(axis, tree)| axis.flatten(tree, leaves, axes));
    }
}

/// An axis for each entry.
impl<T: Tree, A: BatchAxes<T>> BatchAxes<BTreeMap<String, T>> for BTreeMap<String, A> {
    /// # Panics
    /// When the keys differ.
    fn flatten(&self, tree: BTreeMap<String, T>, leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
        check(self.keys().eq(tree.keys()), "vmap", || {
            let (axes, names) = (self.keys(), tree.keys());
            format!(
                "a map of axes for {:?}, and a map of {:?}",
                axes.collect::<Vec<_>>(),
                names.collect::<Vec<_>>()
            )
        });
        leaves.structure.length(tree.len());
        for (axis, (name, tree)) in self.values().zip(tree) {
            leaves.structure.name(name);
            axis.flatten(tree, leaves, axes);
        }
    }
}

/// One for each entry.
impl<T: Tree, A: BatchAxes<T>, S: BuildHasher + Default> BatchAxes<HashMap<String, T, S>>
    for HashMap<String, A, S>
{
    /// # Panics
    /// When the keys differ.
    fn flatten(&self, tree: HashMap<String, T, S>, leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
        let same = self.len() == tree.len() && self.keys().all(|name| tree.contains_key(name));
        check(same, "vmap", || {
            format!(
                "a map of axes for {:?}, and a map of {:?}",
                self.keys().collect::<BTreeSet<_>>(),
                tree.keys().collect::<BTreeSet<_>>()
            )
        });
        // The entries of a tree are in the order of their names.
        let sorted: BTreeMap<String, T> = tree.into_iter().collect();
        leaves.structure.length(sorted.len());
        for (name, tree) in sorted {
            let axis = &self[&name];
            leaves.structure.name(name);
            axis.flatten(tree, leaves, axes);
        }
    }
}

macro_rules! tuples {
    ($(($($axes:ident $tree:ident $index:tt)*))*) => {$(
        /// An axis for each part.
        impl<$($tree: Tree, $axes: BatchAxes<$tree>),*> BatchAxes<($($tree,)*)> for ($($axes,)*) {
            fn flatten(&self, tree: ($($tree,)*), leaves: &mut Leaves, axes: &mut Vec<Option<isize>>) {
                $(self.$index.flatten(tree.$index, leaves, axes);)*
            }
        }
    )*};
}
tuples!(
    (A T 0)(A T 0 B U 1)(A T 0 B U 1 C V 2)(A T 0 B U 1 C V 2 D W 3)(A T 0 B U 1 C V 2 D W 3 E X 4)(A T 0 B U 1 C V 2 D W 3 E X 4 F Y 5)
    (A T 0 B U 1 C V 2 D W 3 E X 4 F Y 5 G Z 6)(A T 0 B U 1 C V 2 D W 3 E X 4 F Y 5 G Z 6 H S 7)
    (A T 0 B U 1 C V 2 D W 3 E X 4 F Y 5 G Z 6 H S 7 I R 8)(A T 0 B U 1 C V 2 D W 3 E X 4 F Y 5 G Z 6 H S 7 I R 8 J Q 9)
);
