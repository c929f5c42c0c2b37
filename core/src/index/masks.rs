//! Replaces arrays of bools in an index by arrays of the indices of their true elements.

use super::items::{Item, Items};
use crate::array::value::value_of;
use crate::array::{Array, Repr};
use crate::error::{check, raise};
use kiln_backends::program::{DType, Shape};

/// Replaces arrays of bools by arrays of the indices of their true elements. An ellipsis indexes `rest` axes.
#[track_caller]
pub(super) fn without_masks(op: &str, items: Items, shape: &Shape, rest: usize) -> Items {
    let mut expanded = Items::new();
    let mut axis = 0;
    for item in items {
        axis += match &item {
            Item::Ellipsis => rest,
            item => axes_taken(item),
        };
        expanded.extend(where_true(op, item, shape, axis));
    }
    expanded
}

/// Replaces an array of bools by arrays of indices, one for each of its axes. These are the axes of `shape`
/// before `end`. Other items are returned unchanged.
#[track_caller]
fn where_true(op: &str, item: Item, shape: &Shape, end: usize) -> Items {
    let Item::Array(mask) = &item else {
        return Items::from_iter([item]);
    };
    if mask.dtype() != DType::Bool {
        return Items::from_iter([item]);
    }
    // The trace of a derivative at a point knows the values.
    if let Repr::Tracer(tracer) = &mask.0
        && value_of(tracer).is_err()
    {
        raise(
            op,
            "the length of a selection by bools depends on values, which a trace does not have: use where_",
        )
    }
    let from = end - mask.ndim();
    let (whole, found) = (Shape::from(&shape[from..end]), mask.shape());
    check(*found == whole && from < end, op, || match end - from {
        1 => format!(
            "an array of bools of shape {found} for axis {from} of shape {shape}: they must be as long"
        ),
        _ => format!(
            "an array of bools of shape {found} for shape {whole}, axes {from}..{end} of shape {shape}"
        ),
    });
    let shape = found;
    let flat: Vec<usize> = mask
        .to_vec::<bool>()
        .into_iter()
        .enumerate()
        .filter(|(_, holds)| *holds)
        .map(|(i, _)| i)
        .collect();
    let strides = shape.strides();
    (0..shape.rank())
        .map(|axis| {
            let indices = flat
                .iter()
                .map(|i| (i / strides[axis] % shape[axis]) as i64)
                .collect();
            Item::Array(Array::new::<i64>(indices, flat.len()))
        })
        .collect()
}

/// Returns the number of axes that an item indexes.
pub(super) fn axes_taken(item: &Item) -> usize {
    match item {
        Item::NewAxis | Item::Ellipsis => 0,
        Item::Array(mask) if mask.dtype() == DType::Bool => mask.ndim(),
        _ => 1,
    }
}
