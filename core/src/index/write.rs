//! Writes by an index, as one scatter. Slices become arrays of indices for it.

use super::plan::{AxisIndex, Plan, wrapped};
use crate::array::Array;
use crate::bind::bind_one;
use crate::primitive::{broadcast, broadcast_along, cast, iota, reshape, transpose};
use crate::promote::Kind;
use kiln_backends::program::{Axes, DType, Few, Op, OutOfBounds, Shape, Update};

impl Plan {
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
        let Places {
            grid,
            axes,
            sources,
            outer,
            through,
            new_axes,
        } = self.places(x.shape(), &common, indices);
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

    /// Returns the positions that an index selects in an array of this shape.
    fn places(&self, shape: &Shape, common: &Shape, indices: &[Array]) -> Places {
        let place = self.place;
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
                    if (start, len, step, reversed) == (0, shape[axis], 1, false) {
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
                    sources.push(AxisSource::Index(wrapped(index, shape[axis])));
                    axes.push(axis);
                }
            }
            axis += 1;
        }
        Places {
            grid,
            axes,
            sources,
            outer,
            through,
            new_axes,
        }
    }
}

/// The positions that a write updates. The scatter's indices form a grid over the common axes and the axes of
/// slices that are not whole. Whole axes are the window of the scatter.
struct Places {
    /// The lengths of the grid's axes.
    grid: Vec<usize>,
    /// The indexed axes of the array, with a source of indices for each.
    axes: Axes,
    sources: Vec<AxisSource>,
    /// The axes of the updates that lie along the grid.
    outer: Axes,
    /// The axes of the updates that lie along whole axes of the array.
    through: Axes,
    /// The new axes of the updates.
    new_axes: Axes,
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
fn whole(kind: Update, x: &Array, updates: &Array) -> Array {
    let updates = broadcast(updates, x.shape());
    match kind {
        Update::Set => updates,
        Update::Add => x + updates,
        Update::Mul => x * updates,
        Update::Min => x.minimum(updates),
        Update::Max => x.maximum(updates),
    }
}
