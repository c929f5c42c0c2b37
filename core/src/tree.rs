//! Trees of arrays: the arguments and results of transformed functions. JAX calls them pytrees.
//!
//! [`jit`](crate::jit()), [`grad`](crate::grad()), [`vmap`](crate::vmap()) and [`lax`](crate::lax) take
//! functions from a tree to a tree. A function of several arguments takes a tuple.
//!
//! | | |
//! |---|---|
//! | [`Tree`] | the trait, and `#[derive(Tree)]` for structs of trees |
//! | [`Static`] | a value that is part of the function, and not an array |
//! | [`paths`] | the names of a tree's arrays: `.weights[2]` |
//! | [`Leaves`], [`Structure`] | a flattened tree, for functions over any tree |
//! | [`Rebuild`], [`Path`] | for implementations of [`Tree`] by hand |
//!
//! A tree is flattened into its arrays, the leaves, and its [`Structure`]: the other data that unflattening
//! needs beyond the type (the lengths of vectors, the keys of maps, static values). So functions over any
//! tree are written:
//!
//! ```
//! use kiln::{Array, Tree, numpy as np, tree::Leaves};
//!
//! /// Every array of a tree, scaled.
//! fn scaled<T: Tree>(tree: T, by: f64) -> T {
//!     let leaves = Leaves::of(tree);
//!     leaves.structure.rebuild(leaves.arrays.into_iter().map(|x| x * by))
//! }
//!
//! let (x, ys) = scaled((np::ones(2), vec![np::arange(3)]), 0.5);
//! assert_eq!(x.to_string(), "[0.5 0.5]");
//! assert_eq!(ys[0].to_string(), "[0.  0.5 1. ]");
//! ```

use crate::array::Array;
use kiln_backends::program::Few;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

/// A few arrays: a vector that keeps up to four elements off the heap.
///
/// ```
/// use kiln::{numpy as np, tree::Arrays};
/// let arrays: Arrays = [np::ones(2), np::ones(3)].into_iter().collect();
/// assert_eq!(arrays.iter().map(|x| x.size()).sum::<usize>(), 5);
/// ```
pub type Arrays = Few<Array, 4>;

/// A pytree: a value made of arrays. Trees are an [`Array`], `()`, tuples, `Vec`, fixed-size arrays,
/// `Option`, `Box`, maps with `String` keys, [`Static`] values, and structs with `#[derive(Tree)]` of these.
///
/// ```
/// use kiln::{Array, Tree, jit, numpy as np};
///
/// #[derive(Tree)]
/// struct Line {
///     slope: Array,
///     intercept: Array,
/// }
///
/// let at = jit(|(line, x): (Line, Array)| line.slope * x + line.intercept);
/// assert_eq!(at((Line { slope: 2.0.into(), intercept: 1.0.into() }, np::arange(3))).to_string(), "[1. 3. 5.]");
/// ```
///
/// A type that is not a struct of trees implements the trait by hand, as here. Such a type flattens and
/// rebuilds its parts in the same order.
///
/// ```
/// use kiln::{Array, Tree, grad, tree::{Leaves, Path, Rebuild}};
///
/// enum Rate {
///     Constant(Array),
///     Linear { start: Array, slope: Array },
/// }
///
/// impl Tree for Rate {
///     fn flatten(self, leaves: &mut Leaves) {
///         match self {
///             Rate::Constant(rate) => {
///                 leaves.structure.length(1);
///                 rate.flatten(leaves);
///             }
///             Rate::Linear { start, slope } => {
///                 leaves.structure.length(2);
///                 (start, slope).flatten(leaves);
///             }
///         }
///     }
///
///     fn rebuild(leaves: &mut Rebuild<'_>) -> Rate {
///         match leaves.length() {
///             1 => Rate::Constant(leaves.array()),
///             _ => Rate::Linear { start: leaves.array(), slope: leaves.array() },
///         }
///     }
///
///     fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
///         match self {
///             Rate::Constant(rate) => rate.paths(at, paths),
///             Rate::Linear { start, slope } => {
///                 start.paths(&Path::Field(at, "start"), paths);
///                 slope.paths(&Path::Field(at, "slope"), paths);
///             }
///         }
///     }
/// }
///
/// let after_two_years = |rate: Rate| match rate {
///     Rate::Constant(rate) => (2 * rate).exp(),
///     Rate::Linear { start, slope } => (2 * start + 2 * slope).exp(),
/// };
/// let Rate::Linear { slope, .. } = grad(after_two_years)(Rate::Linear { start: 0.0.into(), slope: 0.0.into() }) else {
///     unreachable!("a gradient is a tree like its argument")
/// };
/// assert_eq!(slope.to_string(), "2.0");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an array nor a tree of arrays, which kiln takes and returns by value",
    label = "an array or a tree of arrays goes in and out here",
    note = "a struct whose fields are arrays becomes a tree by `#[derive(Tree)]` above it",
    note = "a plain number becomes an array by `.into()`, as in `0.into()` and `0.5.into()`",
    note = "for a reference, write `|x: Array|` instead of `|x: &Array|`, and `f(x.clone())` instead of `f(&x)`",
    note = "a value that is fixed while the function is traced goes into a tree as `Static(value)`"
)]
pub trait Tree: Sized {
    /// Flattens the tree: adds its arrays, and its structure beyond its type, to `leaves`, in order.
    ///
    /// ```
    /// use kiln::{Tree, numpy as np, tree::Leaves};
    /// let mut leaves = Leaves::default();
    /// (np::ones(2), vec![np::ones(3)]).flatten(&mut leaves);
    /// assert_eq!(leaves.arrays.len(), 2);
    /// ```
    fn flatten(self, leaves: &mut Leaves);

    /// Rebuilds a tree from new leaves, in the order in which [`flatten`](Tree::flatten) added them.
    /// [`Structure::rebuild`] calls this method.
    ///
    /// ```
    /// use kiln::{Array, numpy as np, tree::Leaves};
    /// let leaves = Leaves::of(vec![np::ones(2), np::ones(3)]);
    /// let doubled: Vec<Array> = leaves.structure.rebuild(leaves.arrays.iter().map(|x| 2 * x));
    /// assert_eq!(doubled[1].to_string(), "[2. 2. 2.]");
    /// ```
    fn rebuild(leaves: &mut Rebuild<'_>) -> Self;

    /// Adds the path of every leaf to `paths`, in order. `at` is the path of this tree.
    /// [`paths`](crate::tree::paths()) calls this method.
    ///
    /// ```
    /// use kiln::{numpy as np, tree::paths};
    /// assert_eq!(paths(&(np::ones(2), vec![np::ones(3)])), [".0", ".1[0]"]);
    /// ```
    fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>);
}

/// A flattened tree.
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
    /// Adds a leaf whose last `axes` axes are part of its elements, as the words of a random key are.
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

/// The data of a tree beyond its leaves and its type: the lengths of vectors, the keys of maps, static
/// values. The cache of [`jit`](crate::jit()) compares and hashes structures, and a function is traced again
/// for every other structure. A structure without static values can be saved.
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
    parts: Vec<TreePart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum TreePart {
    Length(usize),
    Name(String),
    #[serde(skip)]
    Static(StaticPart),
}

impl Structure {
    /// Adds the number of parts of a tree that is not in its type. [`Rebuild::length`] returns it.
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

    /// Adds a name, as the key of a map. [`Rebuild::name`] returns it.
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

    /// Adds a value that is part of the function, as [`Static`] does. [`Rebuild::value`] returns it.
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

    /// Rebuilds a tree of this structure from arrays.
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
        let mut arrays = arrays.into_iter();
        T::rebuild(&mut Rebuild {
            arrays: &mut arrays,
            parts: self.parts.iter(),
            doubt: None,
        })
    }

    /// Rebuilds a tree as [`rebuild`](Structure::rebuild) does. Returns `None` if the structure is damaged,
    /// or that of another type of tree.
    pub(crate) fn try_rebuild<T: Tree>(&self, arrays: Vec<Array>) -> Option<T> {
        let mut arrays = arrays.into_iter();
        let mut leaves = Rebuild {
            arrays: &mut arrays,
            parts: self.parts.iter(),
            doubt: Some(true),
        };
        let tree = T::rebuild(&mut leaves);
        let fits = leaves.doubt == Some(true) && leaves.parts.len() == 0;
        (fits && arrays.len() == 0).then_some(tree)
    }

    /// Returns true if there are static values.
    pub(crate) fn has_values(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, TreePart::Static(_)))
    }
}

/// New leaves and a structure, which [`Tree::rebuild`] reads in the order in which [`Tree::flatten`] wrote.
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
    arrays: &'a mut dyn Iterator<Item = Array>,
    parts: std::slice::Iter<'a, TreePart>,
    /// `Some` if the structure may not fit the type: true as long as it fits. After the first part that does
    /// not fit, parts are empty.
    doubt: Option<bool>,
}

impl Rebuild<'_> {
    /// Returns `empty` in place of a missing part.
    fn otherwise<T>(&mut self, empty: T) -> T {
        assert!(
            self.doubt.is_some(),
            "a tree is rebuilt in the order in which it was flattened"
        );
        self.doubt = Some(false);
        empty
    }

    /// Returns the next leaf.
    ///
    /// # Panics
    /// When there is none: a `Tree` that reads more than it wrote.
    pub fn array(&mut self) -> Array {
        match self.arrays.next() {
            Some(array) => array,
            None => self.otherwise(Array::from(0)),
        }
    }

    /// Returns the next number that [`Structure::length`] added.
    ///
    /// # Panics
    /// When another part was added.
    pub fn length(&mut self) -> usize {
        // A length from a file is limited by the number of parts that are left.
        let most = match self.doubt {
            None => usize::MAX,
            Some(true) => self.arrays.size_hint().0 + self.parts.len(),
            Some(false) => 0,
        };
        match self.parts.next() {
            Some(TreePart::Length(n)) if *n <= most => *n,
            _ => self.otherwise(0),
        }
    }

    /// Returns the next name that [`Structure::name`] added.
    ///
    /// # Panics
    /// When another part was added.
    pub fn name(&mut self) -> String {
        match self.parts.next() {
            Some(TreePart::Name(name)) => name.clone(),
            _ => self.otherwise(String::new()),
        }
    }

    /// Returns the next value that [`Structure::value`] added.
    ///
    /// # Panics
    /// When another part was added.
    pub fn value<T: Clone + 'static>(&mut self) -> T {
        let value = match self.parts.next() {
            Some(TreePart::Static(value)) => value.0.as_any().downcast_ref::<T>(),
            _ => None,
        };
        value
            .expect("a tree is rebuilt in the order in which it was flattened")
            .clone()
    }
}

/// The path of a tree within another one. Prints as `.0.weights[2]`, the name of an argument in errors.
///
/// ```
/// use kiln::tree::Path;
/// let layers = Path::Field(&Path::Root, "layers");
/// assert_eq!(Path::Element(&layers, 2).to_string(), ".layers[2]");
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The outermost tree.
    Root,
    /// A field of a struct or tuple, or a value of a map.
    Field(&'a Path<'a>, &'a str),
    /// An element of a list.
    Element(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(outer, name) => write!(f, "{outer}.{name}"),
            Path::Element(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}

/// Returns the paths of a tree's leaves, in order.
///
/// ```
/// use kiln::tree::paths;
/// use kiln::numpy as np;
/// assert_eq!(paths(&(np::ones(2), vec![np::ones(1)])), [".0", ".1[0]"]);
/// ```
pub fn paths(tree: &impl Tree) -> Vec<String> {
    let mut paths = Vec::new();
    tree.paths(&Path::Root, &mut paths);
    paths
}

/// A value that is part of the function, and not an array: `jit` traces the function again for every
/// different value. JAX's `static_argnums`.
///
/// The value has any type that can be compared, hashed and cloned. A static value has no leaves:
/// transformations leave it unchanged.
///
/// ```
/// use kiln::{Array, Static, jit, numpy as np};
/// let power = jit(|(x, n): (Array, Static<i32>)| x.pow(n.0));
/// assert_eq!(power((np::arange(4), Static(2))).to_string(), "[0 1 4 9]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Static<T>(pub T);

/// A static value of any type.
trait StaticValue: Any + Send + Sync {
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
struct StaticPart(Arc<dyn StaticValue>);

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

impl<T: Hash + Eq + Clone + Send + Sync + 'static> Tree for Static<T> {
    fn flatten(self, leaves: &mut Leaves) {
        leaves.structure.value(self.0);
    }

    fn rebuild(leaves: &mut Rebuild<'_>) -> Static<T> {
        Static(leaves.value())
    }

    fn paths(&self, _: &Path<'_>, _: &mut Vec<String>) {}
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

/// A tree without leaves.
impl Tree for () {
    fn flatten(self, _: &mut Leaves) {}

    fn rebuild(_: &mut Rebuild<'_>) -> Self {}

    fn paths(&self, _: &Path<'_>, _: &mut Vec<String>) {}
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
    )*};
}
tuples!(
    (A 0)(A 0 B 1)(A 0 B 1 C 2)(A 0 B 1 C 2 D 3)(A 0 B 1 C 2 D 3 E 4)(A 0 B 1 C 2 D 3 E 4 F 5)(A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tree, numpy as np};

    #[derive(Clone, Debug, Tree)]
    struct Layer<W> {
        weights: W,
        bias: Option<Array>,
    }

    #[derive(Clone, Debug, Tree)]
    struct Pair(Array, Static<u8>);

    #[derive(Tree)]
    struct Nothing;

    fn number(i: usize) -> Array {
        Array::from(i)
    }

    /// Flattens a tree, and rebuilds it from the same leaves.
    fn again<T: Tree + Clone>(tree: &T) -> (Leaves, T) {
        let leaves = Leaves::of(tree.clone());
        let rebuilt = leaves.structure.rebuild(leaves.arrays.clone());
        (leaves, rebuilt)
    }

    fn values(leaves: &Leaves) -> Vec<i32> {
        leaves.arrays.iter().map(Array::item).collect()
    }

    #[test]
    fn leaves_come_in_order_and_go_back() {
        let layers = vec![
            Layer {
                weights: (number(1), [number(2), number(3)]),
                bias: None,
            },
            Layer {
                weights: (number(4), [number(5), number(6)]),
                bias: Some(number(7)),
            },
        ];
        let (leaves, rebuilt) = again(&layers);
        assert_eq!(values(&leaves), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(Leaves::of(rebuilt).structure, leaves.structure);
        let wanted = [
            "[0].weights.0",
            "[0].weights.1[0]",
            "[0].weights.1[1]",
            "[1].weights.0",
        ];
        assert_eq!(paths(&layers)[..4], wanted);
        assert_eq!(paths(&layers)[6], "[1].bias");
    }

    #[test]
    fn maps_are_in_the_order_of_their_keys() {
        let map: HashMap<String, Array> = ["b", "a", "c"]
            .map(|key| (key.to_string(), number(key.len())))
            .into();
        let (leaves, rebuilt) = again(&map);
        assert_eq!(paths(&map), [".a", ".b", ".c"]);
        assert_eq!((leaves.arrays.len(), rebuilt.len()), (3, 3));
        let other: BTreeMap<String, Array> = [("d".to_string(), number(1))].into();
        assert_ne!(Leaves::of(other).structure, leaves.structure);
    }

    #[test]
    fn structure_tells_static_values_and_lengths_apart() {
        let pair = |n| Leaves::of(Pair(number(0), Static(n))).structure;
        assert_eq!(pair(1), pair(1));
        assert_ne!(pair(1), pair(2));
        assert_ne!(
            Leaves::of(Static(1_u8)).structure,
            Leaves::of(Static(1_i8)).structure
        );
        assert_ne!(
            Leaves::of(vec![number(0)]).structure,
            Leaves::of(vec![number(0); 2]).structure
        );
        let Pair(x, Static(n)) = again(&Pair(number(5), Static(3))).1;
        assert_eq!((x.item::<i32>(), n), (5, 3));
        assert!(Leaves::of((Nothing, Box::new(()))).arrays.is_empty());
        assert_eq!(paths(&np::ones(1)), [""]);
    }
}
