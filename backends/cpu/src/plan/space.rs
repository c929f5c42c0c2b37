//! The points that a kernel runs over.

use kiln_program::{Axes, Few, Shape};

/// The points that a kernel runs over. Its dims are the dims of `outer`, then those of `tile`. A tile holds
/// neighbouring points of the `tile` dims.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Space {
    pub(crate) kind: KernelKind,
    pub(crate) outer: Shape,
    pub(crate) tile: Shape,
}

/// The kind of a kernel. Kernels of one level run in the order of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum KernelKind {
    /// The kernel writes a value for each point, or reduces over all of them.
    Map,
    /// The kernel reduces the tile dims, for each point of the outer dims.
    Rows,
    /// The kernel reduces the outer dims, for each point of the tile dims.
    Columns,
}

impl Space {
    pub(crate) fn map(shape: &Shape) -> Space {
        Space {
            kind: KernelKind::Map,
            outer: Shape::scalar(),
            tile: shape.clone(),
        }
    }

    /// Returns the space of a reduction, and the dims of the operand's axes in it.
    pub(crate) fn reduction(shape: &Shape, axes: &Axes) -> (Space, Few<usize, 4>) {
        // Tiles shorter than this are not worth their overhead.
        const SHORT: usize = 64;
        if axes.len() == shape.rank() {
            return (Space::map(shape), (0..shape.rank()).collect());
        }
        let kept = shape.without(axes);
        let reduced: Shape = axes.iter().map(|&axis| shape[axis]).collect();
        let last_is_reduced = axes.contains(&(shape.rank() - 1));
        let rows = if last_is_reduced {
            reduced.size() >= SHORT || kept.size() < SHORT
        } else {
            kept.size() < SHORT
        };
        let (mut k, mut r) = if rows {
            (0, kept.rank())
        } else {
            (reduced.rank(), 0)
        };
        let dims = (0..shape.rank())
            .map(|axis| {
                let next = if axes.contains(&axis) { &mut r } else { &mut k };
                *next += 1;
                *next - 1
            })
            .collect();
        let space = if rows {
            Space {
                kind: KernelKind::Rows,
                outer: kept,
                tile: reduced,
            }
        } else {
            Space {
                kind: KernelKind::Columns,
                outer: reduced,
                tile: kept,
            }
        };
        (space, dims)
    }

    pub(crate) fn size(&self) -> usize {
        self.outer.size() * self.tile.size()
    }

    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.outer.iter().chain(self.tile.iter()).copied().collect()
    }
}
