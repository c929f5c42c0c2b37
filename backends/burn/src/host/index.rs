//! Indices into several axes as one linear index, and scatters.

use super::element::Element;
use kiln_program::Update;

/// Where the elements at some indices lie along merged axes.
pub(crate) struct Linear {
    /// One index for each place, moved into bounds.
    pub(crate) at: Vec<i64>,
    /// Which places were within bounds to begin with.
    pub(crate) within: Vec<bool>,
}

impl Linear {
    /// The first index of each place: `count` indices for each of `batch` blocks of `block` elements.
    pub(crate) fn start(batch: usize, count: usize, block: usize) -> Linear {
        let at = (0..batch).flat_map(|b| std::iter::repeat_n((b * block) as i64, count)).collect();
        Linear { at, within: vec![true; batch * count] }
    }

    /// Adds the indices along one axis of some length, whose neighbours are `stride` apart.
    pub(crate) fn add<T: Element>(&mut self, indices: &[T], length: usize, stride: usize) {
        let last = length as i64 - 1;
        for ((at, within), index) in self.at.iter_mut().zip(&mut self.within).zip(indices) {
            let index = index.index();
            let clamped = index.clamp(0, last.max(0));
            *within &= index == clamped && last >= 0;
            *at += clamped * stride as i64;
        }
    }
}

/// An array of shape `[outer, axis, inner]` for each of `batch` blocks, as a scatter sees it.
#[derive(Clone, Copy)]
pub(crate) struct Blocks {
    pub(crate) batch: usize,
    pub(crate) outer: usize,
    pub(crate) axis: usize,
    pub(crate) inner: usize,
}

/// Combines updates (shaped `[places, outer, inner]`) with the elements at the places, in order; those out of bounds are skipped
/// unless they are to be moved into bounds.
pub(crate) fn scatter<T: Element>(
    x: &mut [T],
    updates: &[T],
    places: &Linear,
    blocks: Blocks,
    clip: bool,
    kind: Update,
) {
    match kind {
        Update::Set => scatter_with(x, updates, places, blocks, clip, |_, new| new),
        Update::Add => scatter_with(x, updates, places, blocks, clip, T::plus),
        Update::Mul => scatter_with(x, updates, places, blocks, clip, T::times),
        Update::Min => scatter_with(x, updates, places, blocks, clip, T::lesser),
        Update::Max => scatter_with(x, updates, places, blocks, clip, T::greater),
    }
}

fn scatter_with<T: Element>(
    x: &mut [T],
    updates: &[T],
    places: &Linear,
    blocks: Blocks,
    clip: bool,
    combine: impl Fn(T, T) -> T,
) {
    let Blocks { batch, outer, axis, inner } = blocks;
    if axis == 0 || batch * outer * inner == 0 {
        return;
    }
    let mut rows = updates.chunks(inner);
    for (&at, &within) in places.at.iter().zip(&places.within) {
        // `at` counts along the merged batch and indexed axes.
        let (b, i) = (at as usize / axis, at as usize % axis);
        for o in 0..outer {
            let row = rows.next().expect("updates for each place");
            if within || clip {
                let start = ((b * outer + o) * axis + i) * inner;
                for (x, &new) in x[start..start + inner].iter_mut().zip(row) {
                    *x = combine(*x, new);
                }
            }
        }
    }
}
