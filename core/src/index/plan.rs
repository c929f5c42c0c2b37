//! Checks an index against a shape, and reads and writes by it.
//!
//! An index is read in two steps: integers, slices and new axes become slices, reversals and reshapes. The
//! remaining arrays of indices become one gather. A write is one scatter. For it, slices become arrays of
//! indices as well.

use super::items::{Item, Items};
use crate::Array;
use crate::array::Repr;
use crate::eager::staged;
use crate::error::{broadcast_shapes, check, plural, raise};
use crate::primitive::{broadcast, broadcast_along, cast, iota, reshape, reverse, slice, transpose};
use crate::promote::Kind;
use crate::trace::{bind_one, value_of};
use crate::tree::Arrays;
use kiln_backends::program::Few;
use kiln_backends::program::{Axes, DType, Op, OutOfBounds, Shape, Update};

/// An index that was checked against a shape.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    /// One part for every axis of the array and every new axis, in the index's order.
    parts: Few<AxisIndex, 4>,
    /// The shape that the arrays of indices broadcast to, if there are any.
    indices: Option<Shape>,
    /// The number of result axes before those of the arrays of indices. These axes stand in the position of
    /// the arrays if the arrays are adjacent, else first.
    place: usize,
}

/// The index of one axis.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum AxisIndex {
    /// One index of the next axis, which is removed.
    Integer(usize),
    /// `len` indices of the next axis from `start`, `step` apart, backwards if `reversed`. `start` is the
    /// lowest.
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

/// Checks an index and returns its arrays apart. Arrays of bools become the indices of their true elements.
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
    let mut expanded = Items::new();
    let mut axis = 0;
    for item in items {
        axis += match &item {
            Item::Ellipsis => rank - taken,
            item => axes_taken(item),
        };
        expanded.extend(where_true(op, item, shape, axis));
    }
    let items = expanded;
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

/// Returns the number of axes that an item indexes.
fn axes_taken(item: &Item) -> usize {
    match item {
        Item::NewAxis | Item::Ellipsis => 0,
        Item::Array(mask) if mask.dtype() == DType::Bool => mask.ndim(),
        _ => 1,
    }
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

/// Python's rule for slices: negative bounds are counted from the end, and bounds are clamped to the axis.
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
    /// Returns the elements that the index selects.
    pub(crate) fn read(&self, x: &Array, indices: &[Array], mode: OutOfBounds) -> Array {
        if self.parts.is_empty() {
            return x.clone();
        }
        // Slices and integers, on the array's own axes.
        let (mut start, mut stop, mut by, mut reversed) =
            (Axes::new(), Axes::new(), Axes::new(), Axes::new());
        let mut shape: Few<usize, 4> = Few::new();
        let mut axes = Axes::new();
        for part in &self.parts {
            let axis = start.len();
            let (from, to, step) = match *part {
                AxisIndex::NewAxis => {
                    shape.push(1);
                    continue;
                }
                AxisIndex::Integer(at) => (at, at + 1, 1),
                AxisIndex::Slice {
                    start,
                    len,
                    step,
                    reversed: backwards,
                } => {
                    if backwards {
                        reversed.push(axis);
                    }
                    shape.push(len);
                    (
                        start,
                        if len == 0 {
                            start
                        } else {
                            start + (len - 1) * step + 1
                        },
                        step,
                    )
                }
                AxisIndex::Array => {
                    axes.push(shape.len());
                    shape.push(x.shape()[axis]);
                    (0, x.shape()[axis], 1)
                }
            };
            start.push(from);
            stop.push(to);
            by.push(step);
        }
        let basic = reverse(&slice(x, &start, &stop, &by), reversed);
        let basic = reshape(&basic, &Shape::from(&shape[..]));
        let Some(common) = &self.indices else { return basic };
        // The arrays of indices become one gather.
        let indices: Vec<Array> = indices
            .iter()
            .zip(&axes)
            .map(|(index, &axis)| broadcast(&wrapped(index, shape[axis]), common))
            .collect();
        let operands: Few<&Array, 4> = std::iter::once(&basic).chain(&indices).collect();
        let read = bind_one(
            Op::Gather {
                axes: axes.clone(),
                batch: 0,
                mode,
            },
            &operands,
            basic.is_weak(),
        );
        // The gather puts the axes of the arrays of indices first.
        let place = self.place;
        let rank = common.rank();
        let order: Axes = (rank..rank + place)
            .chain(0..rank)
            .chain(rank + place..read.ndim())
            .collect();
        transpose(&read, &order)
    }

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

    /// Returns `x` with its selected elements updated. `updates` broadcasts to [`shape`](Plan::shape).
    pub(crate) fn write(
        &self,
        kind: Update,
        x: &Array,
        updates: &Array,
        indices: &[Array],
        mode: OutOfBounds,
    ) -> Array {
        // All indices are out of bounds, and there is no nearest element.
        if x.size() == 0 {
            return x.clone();
        }
        let common = self.indices.clone().unwrap_or_default();
        let place = self.place;
        // The scatter's indices form a grid over the common axes and the axes of slices that are not whole.
        // Whole axes are the window of the scatter.
        let mut grid: Vec<usize> = common.to_vec();
        let (mut axes, mut sources) = (Axes::new(), Vec::new());
        let (mut outer, mut through): (Axes, Axes) = ((place..place + common.rank()).collect(), Axes::new());
        let (mut axis, mut position, mut arrays) = (0, 0, indices.iter());
        // Returns the axis of `updates` for a position that does not count the common axes.
        let seat = |position: usize| {
            if position >= place {
                position + common.rank()
            } else {
                position
            }
        };
        let mut new_axes = Axes::new();
        for part in &self.parts {
            match *part {
                AxisIndex::NewAxis => {
                    new_axes.push(seat(position));
                    position += 1;
                    continue;
                }
                AxisIndex::Integer(at) => {
                    axes.push(axis);
                    sources.push(AxisSource::At(at));
                }
                AxisIndex::Slice {
                    start,
                    len,
                    step,
                    reversed,
                } => {
                    if (start, len, step, reversed) == (0, x.shape()[axis], 1, false) {
                        through.push(seat(position));
                    } else {
                        axes.push(axis);
                        sources.push(AxisSource::Along {
                            dimension: grid.len(),
                            start,
                            step,
                            reversed,
                        });
                        outer.push(seat(position));
                        grid.push(len);
                    }
                    position += 1;
                }
                AxisIndex::Array => {
                    let index = arrays.next().expect("an array for every part that wants one");
                    sources.push(AxisSource::Index(wrapped(index, x.shape()[axis])));
                    axes.push(axis);
                }
            }
            axis += 1;
        }
        // New axes have length 1 and are dropped. The common axes come first.
        let shape = self.shape();
        let order: Axes = outer.iter().chain(&through).copied().collect();
        let updates = transpose(
            &broadcast(updates, &shape),
            &order.iter().chain(&new_axes).copied().collect::<Axes>(),
        );
        let updates = reshape(&updates, &order.iter().map(|&axis| shape[axis]).collect());
        if axes.is_empty() {
            return whole(kind, x, &updates);
        }
        let grid = Shape::from(grid);
        let indices: Vec<Array> = sources
            .iter()
            .map(|source| source.indices(&grid, &common))
            .collect();
        let wide = indices.iter().any(|index| index.dtype() == DType::I64);
        let dtype = if wide { DType::I64 } else { DType::I32 };
        let indices: Vec<Array> = indices
            .iter()
            .map(|index| cast(index, Kind::strong(dtype)))
            .collect();
        let operands: Few<&Array, 6> = [x, &updates].into_iter().chain(&indices).collect();
        bind_one(
            Op::Scatter {
                kind,
                axes,
                batch: 0,
                mode,
            },
            &operands,
            x.is_weak(),
        )
    }
}

/// The source of a scatter's indices for one axis.
enum AxisSource {
    At(usize),
    Along {
        dimension: usize,
        start: usize,
        step: usize,
        reversed: bool,
    },
    Index(Array),
}

impl AxisSource {
    fn indices(&self, grid: &Shape, common: &Shape) -> Array {
        match self {
            AxisSource::At(at) => Array::from(*at)
                .settled("at", Kind::strong(DType::I64))
                .astype(DType::I64)
                .broadcast_to(grid),
            AxisSource::Along {
                dimension,
                start,
                step,
                reversed,
            } => {
                let count = iota(DType::I64, grid.clone(), *dimension);
                match reversed {
                    true => Array::from(start + step * (grid[*dimension] - 1)) - count * *step,
                    false => count * *step + *start,
                }
            }
            AxisSource::Index(index) => {
                let first = common.rank() - index.ndim();
                broadcast_along(index, grid, (first..common.rank()).collect())
            }
        }
    }
}

/// Updates the whole array.
pub(crate) fn whole(kind: Update, x: &Array, updates: &Array) -> Array {
    let updates = broadcast(updates, x.shape());
    match kind {
        Update::Set => updates,
        Update::Add => x + updates,
        Update::Mul => x * updates,
        Update::Min => x.minimum(updates),
        Update::Max => x.maximum(updates),
    }
}

/// Converts indices to a dtype that holds them. Negative ones are counted from the end of an axis.
fn wrapped(index: &Array, n: usize) -> Array {
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

#[track_caller]
pub(crate) fn read(op: &str, x: &Array, plan: Plan, arrays: Arrays, mode: OutOfBounds) -> Array {
    if plan.indices.as_ref().is_some_and(|common| common.size() > 0) {
        let indexed = plan
            .parts
            .iter()
            .filter(|part| !matches!(part, AxisIndex::NewAxis));
        let empty = (0..x.ndim())
            .zip(indexed)
            .find(|&(axis, part)| *part == AxisIndex::Array && x.shape()[axis] == 0);
        if let Some((axis, _)) = empty {
            raise(
                op,
                format!("axis {axis} of shape {} has no elements to be indexed", x.shape()),
            )
        }
    }
    let operands: Arrays = std::iter::once(x.clone()).chain(arrays).collect();
    staged(op, (plan, mode), operands, |(plan, mode), xs| {
        plan.read(&xs[0], &xs[1..], *mode)
    })
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plan{}", self.shape())
    }
}
