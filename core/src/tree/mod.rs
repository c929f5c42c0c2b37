//! Trees of arrays: the trait, flattening and unflattening, and functions of each leaf.
//!
//! `kiln::tree` shows these items and the arithmetic of `tree_math`.

mod fixed;
mod impls;
mod leafwise;
mod leaves;
mod map;
mod path;
mod rebuild;
mod structure;

pub use fixed::Static;
pub use leafwise::{Blocks, Leafwise};
pub use leaves::Leaves;
pub(crate) use map::same;
pub use map::{flatten, leaves, map, map_with_path, map2, map3, reduce, structure, unflatten};
pub use path::{Path, paths};
pub use rebuild::Rebuild;
pub use structure::Structure;

use crate::array::Array;
use kiln_backends::program::Few;

/// A vector of arrays that keeps up to four arrays without an allocation.
///
/// ```
/// use kiln::{numpy as np, tree::Arrays};
/// let arrays: Arrays = [np::ones(2), np::ones(3)].into_iter().collect();
/// assert_eq!(arrays.iter().map(|x| x.size()).sum::<usize>(), 5);
/// ```
pub type Arrays = Few<Array, 4>;

/// A pytree: a value made of arrays. An [`Array`], `()`, tuples, `Vec`, fixed-size arrays, `Option`, `Box`,
/// maps with `String` keys, [`Static`] values, and structs and enums with `#[derive(Tree)]` are trees.
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
/// A type that has other parts than trees implements the trait by hand, as in this example. It flattens and
/// rebuilds its parts in the same order. Jacobians also need [`Leafwise`].
///
/// ```
/// use kiln::{Array, Tree, grad, tree::{Leaves, Path, Rebuild}};
///
/// /// A polynomial without its zero coefficients.
/// struct Polynomial(Vec<(usize, Array)>);
///
/// impl Tree for Polynomial {
///     fn flatten(self, leaves: &mut Leaves) {
///         leaves.structure.length(self.0.len());
///         for (power, coefficient) in self.0 {
///             leaves.structure.value(power);
///             leaves.arrays.push(coefficient);
///         }
///     }
///
///     fn rebuild(leaves: &mut Rebuild<'_>) -> Polynomial {
///         Polynomial((0..leaves.length()).map(|_| (leaves.value(), leaves.array())).collect())
///     }
///
///     fn paths(&self, at: &Path<'_>, paths: &mut Vec<String>) {
///         paths.extend(self.0.iter().map(|(power, _)| Path::Element(at, *power).to_string()));
///     }
/// }
///
/// let at_two = |p: Polynomial| p.0.into_iter().fold(0.into(), |sum: Array, (power, c)| sum + c * 2_i32.pow(power as u32));
/// let slopes = grad(at_two)(Polynomial(vec![(1, 0.5.into()), (10, 1.0.into())]));
/// assert_eq!(slopes.0[1].1.to_string(), "1024.0");
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
    /// Flattens the tree: adds its arrays and its structure to `leaves`, in order.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Tree, numpy as np};
    use std::collections::{BTreeMap, HashMap};

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

    #[derive(Debug, Tree)]
    enum Rate {
        Constant(Array),
        Linear { start: Array, slope: Array },
    }

    #[test]
    fn a_saved_structure_keeps_the_variant() {
        let linear = Rate::Linear {
            start: number(1),
            slope: number(2),
        };
        let leaves = Leaves::of(linear);
        let text = serde_json::to_string(&leaves.structure).unwrap();
        let read: Structure = serde_json::from_str(&text).unwrap();
        assert_eq!(read, leaves.structure);
        let rebuilt = read.try_rebuild::<Rate>(leaves.arrays.into_vec());
        assert!(matches!(rebuilt, Some(Rate::Linear { slope, .. }) if slope.item::<i32>() == 2));
        let constant = Leaves::of(Rate::Constant(number(1)));
        assert_ne!(constant.structure, read);
        let unknown: Structure = serde_json::from_str(&text.replace('1', "7")).unwrap();
        assert!(unknown.try_rebuild::<Rate>(vec![number(1), number(2)]).is_none());
        assert!(read.try_rebuild::<Rate>(vec![number(1)]).is_none());
        assert!(
            read.try_rebuild::<Vec<Array>>(vec![number(1), number(2)])
                .is_none()
        );
    }
}
