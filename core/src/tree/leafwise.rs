//! Trees of trees: the form of Jacobians.

use super::{Leaves, Path, Rebuild, Tree, paths};
use crate::error::raise;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Index;

/// A tree whose leaves can be replaced by other trees. The functions [`jacobian`](crate::jacobian()),
/// [`jacfwd`](crate::jacfwd), [`jacrev`](crate::jacrev) and [`hessian`](crate::hessian) take and return such
/// trees.
///
/// All trees of the library implement this trait, and so do all types with `#[derive(Tree)]`. The example
/// implements it by hand, for a type that implements [`Tree`] by hand.
///
/// ```
/// use kiln::{Array, Tree, hessian, tree::{Blocks, Leafwise, Leaves, Path, Rebuild}};
///
/// struct Point(Array, Array);
///
/// impl Tree for Point {
///     fn flatten(self, leaves: &mut Leaves) {
///         leaves.arrays.extend([self.0, self.1]);
///     }
///
///     fn rebuild(leaves: &mut Rebuild<'_>) -> Point {
///         Point(leaves.array(), leaves.array())
///     }
///
///     fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
///         paths.extend(["x", "y"].map(|name| Path::Field(at, name).to_string()));
///     }
/// }
///
/// impl Leafwise for Point {
///     type Each<X: Leafwise> = Blocks<Point, X>;
///     type Jacobian<U: Leafwise> = U::Each<Point>;
///
///     fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Blocks<Point, X> {
///         Blocks::each(leaves, next)
///     }
///
///     fn jacobian<U: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Point) -> U::Each<Point> {
///         U::each(leaves, next)
///     }
/// }
///
/// let h = hessian(|p: Point| p.0.pow(2) * p.1)(Point(3.0.into(), 5.0.into()));
/// assert_eq!(h["x"].0.to_string(), "10.0");
/// assert_eq!(h["x"].1.to_string(), "6.0");
/// ```
pub trait Leafwise: Tree {
    /// The type of this tree with each leaf replaced by an `X`: `(X, Vec<X>)` for `(Array, Vec<Array>)`, and
    /// [`Blocks`] for a type with `#[derive(Tree)]`.
    type Each<X: Leafwise>: Leafwise;

    /// The type of the derivatives of a `U` with respect to this tree: `U::Each<Self>`, as in JAX. For an
    /// [`Array`](crate::Array) it is `U`.
    type Jacobian<U: Leafwise>: Leafwise;

    /// Builds [`Each`](Leafwise::Each) from the parts of a structure and the trees that `next` returns.
    fn each<X: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Self::Each<X>;

    /// Builds [`Jacobian`](Leafwise::Jacobian) from the parts of the structure of a `U` and the trees that
    /// `next` returns, one for each leaf of the `U`.
    fn jacobian<U: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Self) -> Self::Jacobian<U>;
}

/// A tree of type `T` with each leaf replaced by an `X`. The index is the path of the leaf.
///
/// ```
/// use kiln::{Array, Tree, hessian, numpy as np};
///
/// #[derive(Tree)]
/// struct Line {
///     slope: Array,
///     intercept: Array,
/// }
///
/// let square = |line: Line| (line.slope.pow(2) * &line.intercept).sum();
/// let h = hessian(square)(Line { slope: np::array([1.0, 2.0]), intercept: 3.0.into() });
/// assert_eq!(h["slope"].slope.to_string(), "[[6. 0.]\n [0. 6.]]");
/// assert_eq!(h["slope"].intercept.to_string(), "[2. 4.]");
/// assert_eq!(h.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["slope", "intercept"]);
/// ```
pub struct Blocks<T, X> {
    /// The path of each leaf, without the dot at its beginning.
    paths: Vec<String>,
    each: Vec<X>,
    of: PhantomData<fn() -> T>,
}

impl<T, X> Blocks<T, X> {
    /// Returns an iterator over the leaves: the path without its first dot, and the tree that replaces the
    /// leaf.
    ///
    /// ```
    /// use kiln::{Array, Tree, jacfwd, numpy as np};
    /// #[derive(Tree)]
    /// struct Pair(Array, Array);
    /// let j = jacfwd(|x: (Array, Array)| Pair(&x.0 * &x.1, x.0))((2.0.into(), 3.0.into()));
    /// for (path, (along_x, along_y)) in j.iter() {
    ///     println!("{path}: {along_x} {along_y}");
    /// }
    /// assert_eq!(j["0"].1.to_string(), "2.0");
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &X)> {
        self.paths.iter().map(String::as_str).zip(&self.each)
    }
}

impl<T: Tree, X> Blocks<T, X> {
    /// Builds blocks from the parts of a structure of `T` and the trees that `next` returns. This is the
    /// method [`Leafwise::each`] of `T`.
    pub fn each(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> X) -> Blocks<T, X> {
        let paths: Vec<String> = paths(&leaves.skeleton::<T>())
            .into_iter()
            .map(|path| path.trim_start_matches('.').to_string())
            .collect();
        Blocks {
            each: paths.iter().map(|_| next()).collect(),
            paths,
            of: PhantomData,
        }
    }
}

/// The index is the path of a leaf, with or without the dot at its beginning.
impl<T, X> Index<&str> for Blocks<T, X> {
    type Output = X;

    /// # Panics
    /// When there is no such leaf.
    #[track_caller]
    fn index(&self, path: &str) -> &X {
        let name = path.trim_start_matches('.');
        match self.paths.iter().position(|path| path == name) {
            Some(i) => &self.each[i],
            None => raise(
                "index",
                format!("no leaf {path:?}: the leaves are {}", self.paths.join(", ")),
            ),
        }
    }
}

impl<T, X: Clone> Clone for Blocks<T, X> {
    fn clone(&self) -> Blocks<T, X> {
        Blocks {
            paths: self.paths.clone(),
            each: self.each.clone(),
            of: PhantomData,
        }
    }
}

impl<T, X: fmt::Debug> fmt::Debug for Blocks<T, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<T, X: Tree> Tree for Blocks<T, X> {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.structure.length(self.each.len());
        for (path, tree) in self.paths.into_iter().zip(self.each) {
            leaves.structure.name(path);
            tree.flatten(leaves);
        }
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Blocks<T, X> {
        let parts = (0..leaves.length()).map(|_| (leaves.name(), X::rebuild(leaves)));
        let (paths, each) = parts.collect();
        Blocks {
            paths,
            each,
            of: PhantomData,
        }
    }

    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
        for (path, tree) in self.iter() {
            tree.paths(&Path::Field(at, path), paths);
        }
    }
}

impl<T, X: Leafwise> Leafwise for Blocks<T, X> {
    type Each<Y: Leafwise> = Blocks<T, X::Each<Y>>;
    type Jacobian<U: Leafwise> = U::Each<Self>;

    fn each<Y: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Y) -> Self::Each<Y> {
        let parts = (0..leaves.length()).map(|_| (leaves.name(), X::each(leaves, next)));
        let (paths, each) = parts.collect();
        Blocks {
            paths,
            each,
            of: PhantomData,
        }
    }

    fn jacobian<U: Leafwise>(leaves: &mut Rebuild<'_>, next: &mut dyn FnMut() -> Self) -> U::Each<Self> {
        U::each(leaves, next)
    }
}
