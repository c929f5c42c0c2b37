//! The trees of this crate and of the standard library.

use super::{Leafwise, Leaves, Path, Rebuild, Tree};
use crate::array::Array;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

impl Tree for Array {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.arrays.push(self);
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Array {
        leaves.array()
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        paths.push(at.to_string());
    }
}

impl Leafwise for Array {
    type Each<X: Leafwise> = X;
    type Jacobian<U: Leafwise> = U;

    fn each<X: Leafwise>(_: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> X {
        next()
    }

    fn jacobian<U: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Array) -> U {
        leaves.with_leaves(&mut std::iter::repeat_with(next))
    }
}

/// The Jacobian with respect to a tree that is no array.
macro_rules! jacobian {
    () => {
        type Jacobian<U: Leafwise> = U::Each<Self>;

        fn jacobian<U: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Self) -> U::Each<Self> {
            U::each(leaves, next)
        }
    };
}

impl<T: Tree> Tree for Box<T> {
    fn flatten(self, leaves: &mut Leaves) {
        (*self).flatten(leaves);
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Box<T> {
        Box::new(T::rebuild(leaves))
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        (**self).paths(at, paths);
    }
}

impl<T: Leafwise> Leafwise for Box<T> {
    type Each<X: Leafwise> = Box<T::Each<X>>;
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        Box::new(T::each(leaves, next))
    }
}

impl<T: Tree> Tree for Option<T> {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.structure.length(usize::from(self.is_some()));
        if let Some(tree) = self {
            tree.flatten(leaves);
        }
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Option<T> {
        (leaves.length() == 1).then(|| T::rebuild(leaves))
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        if let Some(tree) = self {
            tree.paths(at, paths);
        }
    }
}

impl<T: Leafwise> Leafwise for Option<T> {
    type Each<X: Leafwise> = Option<T::Each<X>>;
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        (leaves.length() == 1).then(|| T::each(leaves, next))
    }
}

impl<T: Tree> Tree for Vec<T> {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.structure.length(self.len());
        self.into_iter().for_each(|tree| tree.flatten(leaves));
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Vec<T> {
        (0..leaves.length()).map(|_| T::rebuild(leaves)).collect()
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        for (i, tree) in self.iter().enumerate() {
            tree.paths(&Path::Element(at, i), paths);
        }
    }
}

impl<T: Leafwise> Leafwise for Vec<T> {
    type Each<X: Leafwise> = Vec<T::Each<X>>;
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        (0..leaves.length()).map(|_| T::each(leaves, next)).collect()
    }
}

impl<T: Tree, const N: usize> Tree for [T; N] {
    fn flatten(self, leaves: &mut Leaves) {
        self.into_iter().for_each(|tree| tree.flatten(leaves));
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> [T; N] {
        std::array::from_fn(|_| T::rebuild(leaves))
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        for (i, tree) in self.iter().enumerate() {
            tree.paths(&Path::Element(at, i), paths);
        }
    }
}

impl<T: Leafwise, const N: usize> Leafwise for [T; N] {
    type Each<X: Leafwise> = [T::Each<X>; N];
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        std::array::from_fn(|_| T::each(leaves, next))
    }
}

impl<T: Tree> Tree for BTreeMap<String, T> {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.structure.length(self.len());
        for (name, tree) in self {
            leaves.structure.name(name);
            tree.flatten(leaves);
        }
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> BTreeMap<String, T> {
        (0..leaves.length())
            .map(|_| (leaves.name(), T::rebuild(leaves)))
            .collect()
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        for (name, tree) in self {
            tree.paths(&Path::Field(at, name), paths);
        }
    }
}

impl<T: Leafwise> Leafwise for BTreeMap<String, T> {
    type Each<X: Leafwise> = BTreeMap<String, T::Each<X>>;
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        (0..leaves.length())
            .map(|_| (leaves.name(), T::each(leaves, next)))
            .collect()
    }
}

/// Leaves come in the order of the keys.
impl<T: Tree, S: BuildHasher + Default> Tree for HashMap<String, T, S> {
    fn flatten(self, leaves: &mut Leaves) {
        self.into_iter().collect::<BTreeMap<_, _>>().flatten(leaves);
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> HashMap<String, T, S> {
        BTreeMap::rebuild(leaves).into_iter().collect()
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        for (name, tree) in self.iter().collect::<BTreeMap<_, _>>() {
            tree.paths(&Path::Field(at, name), paths);
        }
    }
}

impl<T: Leafwise, S: BuildHasher + Default> Leafwise for HashMap<String, T, S> {
    type Each<X: Leafwise> = HashMap<String, T::Each<X>, S>;
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        BTreeMap::<String, T>::each(leaves, next).into_iter().collect()
    }
}

/// A tree without leaves.
impl Tree for () {
    fn flatten(self, _: &mut Leaves) {}

    fn rebuild(_: &mut Rebuild<'_>) -> Self {}

    fn paths(&self, _: &Path<'_>, _: &mut Vec<String>) {}
}

impl Leafwise for () {
    type Each<X: Leafwise> = ();
    jacobian!();

    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X> {
        let _ = (leaves, next);
    }
}

macro_rules! tuples {
    ($(($($name:ident $index:tt)*))*) => {$(
        impl<$($name: Tree),*> Tree for ($($name,)*) {
            fn flatten(self, leaves: &mut Leaves) {
                $(self.$index.flatten(leaves);)*
            }

            fn rebuild(leaves: &mut Rebuild<'_>) -> Self {
                ($($name::rebuild(leaves),)*)
            }

            fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
                $(self.$index.paths(&Path::Field(at, stringify!($index)), paths);)*
            }
        }

        impl<$($name: Leafwise),*> Leafwise for ($($name,)*) {
            type Each<X_: Leafwise> = ($($name::Each<X_>,)*);
            jacobian!();

            fn each<X_: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X_) -> Self::Each<X_> {
                ($($name::each(leaves, next),)*)
            }
        }
    )*};
}
tuples!(
    (A 0)(A 0 B 1)(A 0 B 1 C 2)(A 0 B 1 C 2 D 3)(A 0 B 1 C 2 D 3 E 4)(A 0 B 1 C 2 D 3 E 4 F 5)(A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
);
