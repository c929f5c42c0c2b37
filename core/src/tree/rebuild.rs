//! Rebuilds (unflattens) a tree from new leaves and a structure.

use super::Tree;
use super::structure::{Misfit, TreePart};
use crate::array::Array;
use std::panic::resume_unwind;

/// New leaves and a structure. [`Tree::rebuild`] reads them in the order in which [`Tree::flatten`] added
/// them.
///
/// ```
/// use kiln::{Array, Tree, jit, numpy as np, tree::{Leaves, Path, Rebuild}};
///
/// struct Series {
///     name: String,
///     lag: usize,
///     parts: Vec<Array>,
/// }
///
/// impl Tree for Series {
///     fn flatten(self, leaves: &mut Leaves) {
///         leaves.structure.name(self.name);
///         leaves.structure.value(self.lag);
///         leaves.structure.length(self.parts.len());
///         leaves.arrays.extend(self.parts);
///     }
///
///     fn rebuild(leaves: &mut Rebuild<'_>) -> Series {
///         Series {
///             name: leaves.name(),
///             lag: leaves.value(),
///             parts: (0..leaves.length()).map(|_| leaves.array()).collect(),
///         }
///     }
///
///     fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
///         paths.extend((0..self.parts.len()).map(|i| Path::Element(at, i).to_string()));
///     }
/// }
///
/// let doubled = jit(|s: Series| Series { parts: s.parts.into_iter().map(|x| 2 * x).collect(), ..s });
/// let series = Series { name: "output".into(), lag: 4, parts: vec![np::arange(2), np::ones(1)] };
/// let series = doubled(series);
/// assert_eq!(series.parts[0].to_string(), "[0 2]");
/// assert_eq!((series.name.as_str(), series.lag), ("output", 4));
/// ```
pub struct Rebuild<'a> {
    pub(super) arrays: &'a mut dyn Iterator<Item = Array>,
    pub(super) parts: std::slice::Iter<'a, TreePart>,
    /// True if the structure may not fit the type.
    pub(super) in_doubt: bool,
}

impl Rebuild<'_> {
    /// Ends the rebuilding at the first part that does not fit. A tree in the place of that part would have
    /// no end: the first variant of an enum may hold the enum itself.
    #[cold]
    fn misfit(&self) -> ! {
        // Nobody catches the payload of a process that aborts, and the panic has a text.
        if self.in_doubt && cfg!(panic = "unwind") {
            resume_unwind(Box::new(Misfit));
        }
        panic!("a tree is rebuilt in the order in which it was flattened")
    }

    /// Returns the next leaf.
    ///
    /// # Panics
    /// When there is no leaf left: the `Tree` reads more leaves than it added.
    pub fn array(&mut self) -> Array {
        match self.arrays.next() {
            Some(array) => array,
            None => self.misfit(),
        }
    }

    /// Returns the next number that [`Structure::length`](super::Structure::length) added.
    ///
    /// # Panics
    /// When the next part is of another kind.
    pub fn length(&mut self) -> usize {
        // A length from a file is limited by the number of parts that are left.
        let most = match self.in_doubt {
            false => usize::MAX,
            true => self.arrays.size_hint().0.saturating_add(self.parts.len()),
        };
        match self.parts.next() {
            Some(TreePart::Length(n)) if *n <= most => *n,
            _ => self.misfit(),
        }
    }

    /// Returns the next name that [`Structure::name`](super::Structure::name) added.
    ///
    /// # Panics
    /// When the next part is of another kind.
    pub fn name(&mut self) -> String {
        match self.parts.next() {
            Some(TreePart::Name(name)) => name.clone(),
            _ => self.misfit(),
        }
    }

    /// Returns the next number that [`Structure::variant`](super::Structure::variant) added, which is less
    /// than `variants`.
    ///
    /// # Panics
    /// When the next part is of another kind.
    pub fn variant(&mut self, variants: usize) -> usize {
        match self.parts.next() {
            Some(TreePart::Variant(variant)) if *variant < variants => *variant,
            _ => self.misfit(),
        }
    }

    /// Returns the next value that [`Structure::value`](super::Structure::value) added.
    ///
    /// # Panics
    /// When the next part is of another kind.
    pub fn value<T: Clone + 'static>(&mut self) -> T {
        let value = match self.parts.next() {
            Some(TreePart::Static(value)) => value.0.as_any().downcast_ref::<T>(),
            _ => None,
        };
        match value {
            Some(value) => value.clone(),
            None => self.misfit(),
        }
    }

    /// Returns a tree of the next parts, with each leaf replaced by a number.
    pub(super) fn skeleton<T: Tree>(&mut self) -> T {
        self.with_leaves(&mut std::iter::repeat_with(|| Array::from(0)))
    }

    /// Returns a tree of the next parts, with new leaves.
    pub(super) fn with_leaves<T: Tree>(&mut self, arrays: &mut dyn Iterator<Item = Array>) -> T {
        let mut rebuild = Rebuild {
            arrays,
            parts: self.parts.clone(),
            in_doubt: self.in_doubt,
        };
        let tree = T::rebuild(&mut rebuild);
        let read = self.parts.len() - rebuild.parts.len();
        self.parts = self.parts.as_slice()[read..].iter();
        tree
    }
}
