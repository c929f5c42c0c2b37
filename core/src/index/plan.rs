//! Checks an index against a shape.

use super::items::{Item, Items};
use super::masks::{axes_taken, without_masks};
use crate::array::Array;
use crate::error::{broadcast_shapes, check, plural};
use crate::primitive::cast;
use crate::promote::Kind;
use crate::tree::Arrays;
use kiln_backends::program::{DType, Few, Shape};

/// An index that was checked against a shape.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    /// One part for every axis of the array and every new axis, in the index's order.
    pub(super) parts: Few<AxisIndex, 4>,
    /// The shape that the arrays of indices broadcast to, if there are any.
    pub(super) indices: Option<Shape>,
    /// The number of result axes before the axes of the arrays of indices. The axes have the position of the
    /// arrays if the arrays are adjacent, else they come first.
    pub(super) place: usize,
}

/// The index of one axis.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum AxisIndex {
    /// One index of the next axis, which is removed.
    Integer(usize),
    /// `len` indices of the next axis from `start`, `step` apart. `start` is the lowest. The order is
    /// backwards if `reversed`.
    Slice {
        start: usize,
        len: usize,
        step: usize,
        reversed: bool,
    },
    NewAxis,
    /// The next axis is indexed by the next array.
    Array,
}

/// Checks an index, and separates its arrays. Arrays of bools become the indices of their true elements.
#[track_caller]
pub(crate) fn plan(op: &str, shape: &Shape, items: Items) -> (Plan, Arrays) {
    let rank = shape.rank();
    let ellipses = items.iter().filter(|item| matches!(item, Item::Ellipsis)).count();
    check(ellipses <= 1, op, || "an index has one ellipsis at most");
    let taken: usize = items.iter().map(axes_taken).sum();
    check(taken <= rank, op, || {
        let axes = plural(rank, "axis", "axes");
        format!("{taken} indices for an array of {rank} {axes}, shape {shape}")
    });
    let items = without_masks(op, items, shape, rank - taken);
    // Next to arrays of indices, an integer counts as an array. Any other item between two arrays makes them
    // not adjacent, also an ellipsis that covers no axis.
    let is_index = |item: &Item| matches!(item, Item::Array(_) | Item::Integer(_));
    let first = items.iter().position(is_index).unwrap_or(0);
    let end = items.iter().rposition(is_index).map_or(0, |last| last + 1);
    let together = items[first..end].iter().all(is_index);
    let mut place = 0;
    let mut parts = Few::new();
    let mut arrays = Arrays::new();
    let mut indices: Option<Shape> = None;
    let mut axis = 0;
    let whole = |axis: usize| AxisIndex::Slice {
        start: 0,
        len: shape[axis],
        step: 1,
        reversed: false,
    };
    for (i, item) in items.into_iter().enumerate() {
        if i == first && together {
            place = parts.len();
        }
        match item {
            Item::Integer(at) => {
                let n = shape[axis] as isize;
                let index = if at < 0 { at + n } else { at };
                check((0..n).contains(&index), op, || {
                    format!("index {at} is out of bounds for axis {axis} of shape {shape}")
                });
                parts.push(AxisIndex::Integer(index as usize));
                axis += 1;
            }
            Item::Slice { start, stop, step } => {
                check(step != 0, op, || "the step of a slice is 0");
                parts.push(sliced(shape[axis] as isize, start, stop, step));
                axis += 1;
            }
            Item::Ellipsis => {
                parts.extend((axis..axis + rank - taken).map(whole));
                axis += rank - taken;
            }
            Item::NewAxis => parts.push(AxisIndex::NewAxis),
            Item::Array(index) => {
                check(index.dtype().is_integer(), op, || {
                    format!("an array of {} cannot be an index", index.dtype())
                });
                indices = Some(match &indices {
                    Some(shape) => broadcast_shapes(op, shape, index.shape()),
                    None => index.shape().clone(),
                });
                parts.push(AxisIndex::Array);
                let kind = index.kind();
                arrays.push(index.settled(op, kind));
                axis += 1;
            }
        }
    }
    parts.extend((axis..rank).map(whole));
    let plan = Plan {
        parts,
        indices,
        place,
    };
    (plan, arrays)
}

/// Applies Python's rule for slices: negative bounds are counted from the end, and bounds are clamped to the
/// axis.
fn sliced(n: isize, start: Option<isize>, stop: Option<isize>, step: isize) -> AxisIndex {
    let (low, high) = if step > 0 { (0, n) } else { (-1, n - 1) };
    let bound = |bound: Option<isize>, default: isize| match bound {
        Some(at) => (if at < 0 { at + n } else { at }).clamp(low, high),
        None => default,
    };
    let (first, end) = if step > 0 {
        (bound(start, low), bound(stop, high))
    } else {
        (bound(start, high), bound(stop, low))
    };
    let distance = if step > 0 { end - first } else { first - end };
    let (by, len) = (
        step.unsigned_abs(),
        distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs()),
    );
    let lowest = match (len, step > 0) {
        (0, _) => 0,
        (_, true) => first as usize,
        (_, false) => first as usize - (len - 1) * by,
    };
    AxisIndex::Slice {
        start: lowest,
        len,
        step: by,
        reversed: step < 0 && len > 1,
    }
}

impl Plan {
    /// Returns the shape of the selected elements.
    pub(crate) fn shape(&self) -> Shape {
        let mut shape: Vec<usize> = self
            .parts
            .iter()
            .filter_map(|part| match part {
                AxisIndex::NewAxis => Some(1),
                AxisIndex::Slice { len, .. } => Some(*len),
                _ => None,
            })
            .collect();
        if let Some(common) = &self.indices {
            shape.splice(self.place..self.place, common.iter().copied());
        }
        shape.into()
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan{}", self.shape())
    }
}

/// Converts indices to a dtype that holds them. Negative ones are counted from the end of an axis.
pub(super) fn wrapped(index: &Array, n: usize) -> Array {
    let dtype = match index.dtype() {
        DType::I64 | DType::U64 | DType::U32 => DType::I64,
        _ if n > i32::MAX as usize => DType::I64,
        _ => DType::I32,
    };
    let signed = index.dtype().is_signed();
    let index = cast(index, Kind::strong(dtype));
    match signed {
        true => crate::numpy::where_(index.lt(0), &index + n, &index),
        false => index,
    }
}
