//! Reads by an index, in two steps: integers, slices and new axes become slices, reversals and reshapes. The
//! remaining arrays of indices become one gather.

use super::plan::{AxisIndex, Plan, wrapped};
use crate::array::Array;
use crate::bind::bind_one;
use crate::eager::staged;
use crate::error::raise;
use crate::primitive::{broadcast, reshape, reverse, slice, transpose};
use crate::tree::Arrays;
use kiln_backends::program::{Axes, Few, Op, OutOfBounds, Shape};

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

impl Plan {
    /// Returns the elements that the index selects.
    pub(crate) fn read(&self, x: &Array, indices: &[Array], mode: OutOfBounds) -> Array {
        if self.parts.is_empty() {
            return x.clone();
        }
        // Slices and integers come first, on the array's own axes.
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
}
