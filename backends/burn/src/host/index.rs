//! Linear indices from indices into several axes, and scatters.

use super::element::Element;
use kiln_program::Update;

/// Adds up linear indices along merged axes. An index out of bounds becomes negative, unless it is
/// moved into bounds.
pub(crate) struct Linear {
    pub(crate) at: Vec<i64>,
    /// True if indices are moved into bounds.
    pub(crate) clip: bool,
}

impl Linear {
    /// Returns the first linear indices: `count` indices in each of `batch` blocks of `block` elements.
    pub(crate) fn start(batch: usize, count: usize, block: usize, clip: bool) -> Linear {
        let at = match batch {
            1 => vec![0; count],
            _ => (0..batch)
                .flat_map(|b| std::iter::repeat_n((b * block) as i64, count))
                .collect(),
        };
        Linear { at, clip }
    }

    /// Adds the indices along one axis of length at least 1, whose neighbours are `stride` apart.
    pub(crate) fn add<T: Element>(&mut self, indices: &[T], length: usize, stride: usize) {
        let (last, stride) = (length as i64 - 1, stride as i64);
        if self.clip {
            for (at, index) in self.at.iter_mut().zip(indices) {
                *at += index.index().clamp(0, last) * stride;
            }
        } else {
            for (at, index) in self.at.iter_mut().zip(indices) {
                let index = index.index();
                let inside = *at >= 0 && 0 <= index && index <= last;
                *at = if inside { *at + index * stride } else { -1 };
            }
        }
    }
}

/// The array of a scatter: `[batch, outer, axis, inner]`. Each of `batch` blocks has shape
/// `[outer, axis, inner]`.
pub(crate) type Blocks = [usize; 4];

/// Combines updates (shaped `[places, outer, inner]`) with the elements at the places, in order. Negative
/// places are skipped.
pub(crate) fn scatter<T: Element>(x: &mut [T], updates: &[T], places: &[i64], blocks: Blocks, kind: Update) {
    match kind {
        Update::Set => scatter_with(x, updates, places, blocks, |_, new| new),
        Update::Add => scatter_with(x, updates, places, blocks, T::plus),
        Update::Mul => scatter_with(x, updates, places, blocks, T::times),
        Update::Min => scatter_with(x, updates, places, blocks, T::lesser),
        Update::Max => scatter_with(x, updates, places, blocks, T::greater),
    }
}

fn scatter_with<T: Element>(
    x: &mut [T],
    updates: &[T],
    places: &[i64],
    [batch, outer, axis, inner]: Blocks,
    combine: impl Fn(T, T) -> T,
) {
    if axis == 0 || batch * outer * inner == 0 {
        return;
    }
    if outer * inner == 1 {
        for (&at, &new) in places.iter().zip(updates) {
            if at >= 0 {
                let x = &mut x[at as usize];
                *x = combine(*x, new);
            }
        }
        return;
    }
    let mut rows = updates.chunks(inner);
    for &at in places {
        for o in 0..outer {
            let row = rows.next().expect("updates for each place");
            if at >= 0 {
                // The place counts along the merged batch and indexed axes.
                let at = at as usize;
                let from = if outer == 1 {
                    at
                } else {
                    (at / axis * outer + o) * axis + at % axis
                };
                for (x, &new) in x[from * inner..][..inner].iter_mut().zip(row) {
                    *x = combine(*x, new);
                }
            }
        }
    }
}
