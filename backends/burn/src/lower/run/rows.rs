//! Cuts an array into the rows that the iterations of a loop read, and joins those that they return.

use super::alignment::Alignment;
use crate::kernels::Kernels;
use crate::lower::Route;
use crate::tensor::Tensor;
use crate::value::Value;
use kiln_program::{ArrayType, Var};

/// The results of the iterations of a loop, as rows of one array.
pub(super) struct Rows<B: Kernels> {
    reverse: bool,
    route: Route,
    last: Vec<Value<B>>,
    blocks: Vec<Tensor<B>>,
}

impl<B: Kernels> Rows<B> {
    pub(super) fn new(reverse: bool, route: Route) -> Rows<B> {
        let (last, blocks) = (vec![], vec![]);
        Rows {
            reverse,
            route,
            last,
            blocks,
        }
    }

    /// Adds the next row. On a device rows are soon joined: its memory takes longer to manage
    /// with each live array.
    pub(super) fn push(&mut self, axes: &Alignment<'_>, var: Var, y: Value<B>, device: &B::Device) {
        self.last.push(y);
        if self.last.len() == 64 && self.route == Route::Device && axes.program.type_of(var).shape.size() > 0
        {
            self.gather(axes, var, device);
        }
    }

    fn gather(&mut self, axes: &Alignment<'_>, var: Var, device: &B::Device) {
        let of = axes.program.type_of(var);
        let mut row = vec![1];
        row.extend_from_slice(&of.shape);
        let ys = self.last.drain(..).map(|y| axes.own(var, y));
        let mut rows: Vec<Tensor<B>> = ys.map(|y| y.whole(of, device).reshape(&row)).collect();
        if self.reverse {
            rows.reverse();
        }
        self.blocks.push(stack(rows, self.route));
    }

    /// Returns the rows of all iterations of a loop as one array.
    pub(super) fn finish(
        mut self,
        length: usize,
        axes: &Alignment<'_>,
        var: Var,
        device: &B::Device,
    ) -> Tensor<B> {
        let of = axes.program.type_of(var);
        let mut shape = vec![length];
        shape.extend_from_slice(&of.shape);
        let stacked = ArrayType::new(of.dtype, shape);
        if stacked.shape.size() == 0 {
            return Tensor::empty(&stacked, device);
        }
        if !self.last.is_empty() {
            self.gather(axes, var, device);
        }
        if self.reverse {
            self.blocks.reverse();
        }
        stack(self.blocks, self.route)
    }
}

/// Concatenates arrays. On a device one kernel writes each array, unless they are so few that one fused
/// kernel writes all. So a group is concatenated at a time.
fn stack<B: Kernels>(arrays: Vec<Tensor<B>>, route: Route) -> Tensor<B> {
    // With the result and a buffer of lengths this is the number of buffers that every device binds to a
    // kernel.
    const GROUP: usize = 6;
    if route != Route::Device || arrays.len() <= GROUP {
        return Tensor::concatenate(arrays, 0);
    }
    let mut arrays = arrays.into_iter();
    let mut groups = vec![];
    while arrays.len() > 0 {
        groups.push(Tensor::concatenate(arrays.by_ref().take(GROUP).collect(), 0));
    }
    Tensor::concatenate(groups, 0)
}

/// Returns the slice of an array at an index of its first axis: without this axis, but with it (of length 1)
/// on a device.
pub(super) fn row<B: Kernels>(
    x: &Tensor<B>,
    at: usize,
    of: &ArrayType,
    route: Route,
    device: &B::Device,
) -> Tensor<B> {
    let mut shape = of.shape.to_vec();
    shape[0] = 1;
    if route == Route::Device {
        if shape.contains(&0) {
            return Tensor::empty(&ArrayType::new(of.dtype, shape), device);
        }
        return crate::lower::row(x.clone(), 0, at, device);
    }
    shape.remove(0);
    if shape.contains(&0) {
        return Tensor::empty(&ArrayType::new(of.dtype, shape), device);
    }
    x.clone().narrow(0, at, at + 1).reshape(&shape)
}
