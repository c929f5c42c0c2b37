//! The structure of a tree: its data beyond its type and its leaves.

use super::{Rebuild, Tree};
use crate::array::Array;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// The data of a tree beyond its leaves and its type: the lengths of vectors, the keys of maps, and static
/// values. The cache of [`jit`](crate::jit()) compares and hashes structures. It traces a function again for
/// every other structure. A structure without static values can be saved.
///
/// ```
/// use kiln::{numpy as np, tree::Leaves};
/// let of = |n| Leaves::of(vec![np::ones(2); n]).structure;
/// assert_eq!(of(2), of(2));
/// assert_ne!(of(2), of(3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Structure {
    pub(super) parts: Vec<TreePart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum TreePart {
    Length(usize),
    Name(String),
    Variant(usize),
    #[serde(skip)]
    Static(StaticPart),
}

/// The payload of the unwinding that ends [`Structure::try_rebuild`].
pub(super) struct Misfit;

impl Structure {
    /// Adds the number of parts of a tree, such as the length of a vector. [`Rebuild::length`] returns it.
    ///
    /// ```
    /// use kiln::tree::{Leaves, Structure};
    /// let mut structure = Structure::default();
    /// structure.length(0);
    /// assert_eq!(structure, Leaves::of(Vec::<kiln::Array>::new()).structure);
    /// ```
    pub fn length(&mut self, n: usize) {
        self.parts.push(TreePart::Length(n));
    }

    /// Adds a name, such as the key of a map. [`Rebuild::name`] returns it.
    ///
    /// ```
    /// use kiln::tree::Structure;
    /// let [mut a, mut b] = [Structure::default(), Structure::default()];
    /// a.name("mean".into());
    /// b.name("variance".into());
    /// assert_ne!(a, b);
    /// ```
    pub fn name(&mut self, name: String) {
        self.parts.push(TreePart::Name(name));
    }

    /// Adds the number of an enum's variant. [`Rebuild::variant`] returns it.
    ///
    /// ```
    /// use kiln::tree::Structure;
    /// let [mut a, mut b] = [Structure::default(), Structure::default()];
    /// a.variant(0);
    /// b.variant(1);
    /// assert_ne!(a, b);
    /// ```
    pub fn variant(&mut self, variant: usize) {
        self.parts.push(TreePart::Variant(variant));
    }

    /// Adds a value that is part of the traced function. [`Static`](super::Static) adds its value so.
    /// [`Rebuild::value`] returns it.
    ///
    /// ```
    /// use kiln::{Static, tree::{Leaves, Structure}};
    /// let mut structure = Structure::default();
    /// structure.value(3);
    /// assert_eq!(structure, Leaves::of(Static(3)).structure);
    /// ```
    pub fn value<T: Hash + Eq + Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.parts.push(TreePart::Static(StaticPart(Arc::new(value))));
    }

    /// Rebuilds (unflattens) a tree of this structure from arrays.
    ///
    /// # Panics
    /// When there are fewer arrays than the tree had, or `T` is another type of tree.
    ///
    /// ```
    /// use kiln::{Array, numpy as np, tree::Leaves};
    /// let leaves = Leaves::of((np::ones(1), np::ones(2)));
    /// let (x, y): (Array, Array) = leaves.structure.rebuild([np::zeros(1), np::zeros(2)]);
    /// assert_eq!((x.size(), y.sum().item::<f32>()), (1, 0.0));
    /// ```
    pub fn rebuild<T: Tree>(&self, arrays: impl IntoIterator<Item = Array>) -> T {
        self.read(&mut arrays.into_iter(), T::rebuild)
    }

    /// Calls `f` with these arrays as the leaves and the parts of this structure.
    pub(crate) fn read<R>(
        &self,
        arrays: &mut dyn Iterator<Item = Array>,
        f: impl FnOnce(&mut Rebuild<'_>) -> R,
    ) -> R {
        f(&mut Rebuild {
            arrays,
            parts: self.parts.iter(),
            in_doubt: false,
        })
    }

    /// Rebuilds a tree of this structure from arrays. Returns `None` if the structure is damaged, or is that
    /// of another type of tree.
    pub(crate) fn try_rebuild<T: Tree>(&self, arrays: Vec<Array>) -> Option<T> {
        let mut arrays = arrays.into_iter();
        let mut leaves = Rebuild {
            arrays: &mut arrays,
            parts: self.parts.iter(),
            in_doubt: true,
        };
        // Nobody reads `leaves` after a misfit.
        match catch_unwind(AssertUnwindSafe(|| T::rebuild(&mut leaves))) {
            Ok(tree) => (leaves.parts.len() == 0 && arrays.len() == 0).then_some(tree),
            Err(payload) if payload.is::<Misfit>() => None,
            Err(payload) => resume_unwind(payload),
        }
    }

    /// Returns true if there are static values.
    pub(crate) fn has_values(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, TreePart::Static(_)))
    }
}

/// A static value of any type.
pub(super) trait StaticValue: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn equals(&self, other: &dyn Any) -> bool;
    fn hash_into(&self, state: &mut dyn Hasher);
}

impl<T: Hash + Eq + Send + Sync + 'static> StaticValue for T {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>().is_some_and(|other| self == other)
    }

    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }
}

#[derive(Clone)]
pub(super) struct StaticPart(pub(super) Arc<dyn StaticValue>);

impl fmt::Debug for StaticPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("static")
    }
}

impl PartialEq for StaticPart {
    fn eq(&self, other: &StaticPart) -> bool {
        self.0.equals(other.0.as_any())
    }
}

impl Eq for StaticPart {}

impl Hash for StaticPart {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}
