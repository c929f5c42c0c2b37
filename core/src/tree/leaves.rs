//! Flattened trees.

use super::{Arrays, Structure, Tree};
use crate::array::Array;
use kiln_backends::program::Few;

/// A flattened tree: its leaves in order, and its structure.
///
/// ```
/// use kiln::{numpy as np, tree::Leaves};
/// let leaves = Leaves::of((np::ones(2), Some(np::ones(3))));
/// assert_eq!(leaves.arrays.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Leaves {
    /// The arrays, in order.
    pub arrays: Arrays,
    /// The structure of the tree.
    pub structure: Structure,
    /// The leaves whose last axes are part of an element, and the number of these axes.
    elements: Few<(usize, usize), 2>,
}

impl Leaves {
    /// Adds a leaf whose last `axes` axes are part of its elements, such as the words of a random key.
    /// [`vmap`](crate::vmap()) does not count these axes.
    ///
    /// ```
    /// use kiln::{Key, tree::Leaves};
    /// let mut leaves = Leaves::default();
    /// leaves.element(Key::new(0).words().clone(), 1); // what a key does
    /// assert_eq!(leaves.arrays[0].shape()[..], [2]);
    /// ```
    pub fn element(&mut self, array: Array, axes: usize) {
        self.elements.push((self.arrays.len(), axes));
        self.arrays.push(array);
    }

    /// Returns the number of a leaf's last axes that are part of its elements.
    pub(crate) fn element_axes(&self, leaf: usize) -> usize {
        let found = self.elements.iter().find(|(i, _)| *i == leaf);
        found.map_or(0, |(_, axes)| *axes)
    }

    /// Flattens a tree.
    ///
    /// ```
    /// use kiln::{Array, numpy as np, tree::Leaves};
    /// let leaves = Leaves::of(vec![np::ones(2), np::zeros(2)]);
    /// let sum: Vec<Array> = leaves.structure.rebuild(leaves.arrays.into_iter().map(|x| x + 1));
    /// assert_eq!(sum[1].to_string(), "[1. 1.]");
    /// ```
    pub fn of(tree: impl Tree) -> Leaves {
        let mut leaves = Leaves::default();
        tree.flatten(&mut leaves);
        leaves
    }
}
