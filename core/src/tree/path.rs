//! The names of leaves: `.weights[2]`.

use super::Tree;
use std::fmt;

/// The path of a tree within another tree. It prints as `.0.weights[2]`, the name of an argument in errors.
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
