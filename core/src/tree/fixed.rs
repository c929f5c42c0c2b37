//! Values that are part of a tree's structure.

use super::{Leafwise, Leaves, Path, Rebuild, Tree};
use std::hash::Hash;

/// A value that is no array and is part of the traced function: `jit` traces the function again for every
/// different value. This is JAX's `static_argnums`.
///
/// The type of the value can be compared, hashed and cloned. A static value has no leaves, so transformations
/// leave it unchanged.
///
/// ```
/// use kiln::{Array, Static, jit, numpy as np};
/// let power = jit(|(x, n): (Array, Static<i32>)| x.pow(n.0));
/// assert_eq!(power((np::arange(4), Static(2))).to_string(), "[0 1 4 9]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Static<T>(pub T);

impl<T: Hash + Eq + Clone + Send + Sync + 'static> Tree for Static<T> {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.structure.value(self.0);
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Static<T> {
        Static(leaves.value())
    }

    fn paths(&self, _: &Path<'_>, _: &mut Vec<String>) {}
}

impl<T: Hash + Eq + Clone + Send + Sync + 'static> Leafwise for Static<T> {
    type Each<X: Leafwise> = Static<T>;
    type Jacobian<U: Leafwise> = U::Each<Self>;

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, _: &mut dyn FnMut() -> X) -> Static<T> {
        Static::rebuild(leaves)
    }

    fn jacobian<U: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Self) -> U::Each<Self> {
        U::each(leaves, next)
    }
}
