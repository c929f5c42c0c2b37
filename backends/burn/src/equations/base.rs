//! Layout, indexing, choices and comparisons of any kind of tensor.

use super::index::{self, along, columns, moved, slice, slice_assign};
use crate::recording::Recording;
use crate::tensor::kiln_dtype;
use burn_ir::{
    BaseOperationIr as Base, GatherNdOpIr, GatherOpIr, MaskFillOpIr, MaskWhereOpIr, RepeatDimOpIr,
    ScatterNdOpIr, ScatterOpIr, SelectAssignOpIr, SelectOpIr, UnfoldOpIr,
};
use kiln_program::{Axes, Binary, Compare, DType, Op, Reduction, Scalar, Shape, Var};

/// Records layout, indexing, choices and comparisons of any kind of tensor.
pub(super) fn base(op: &Base, r: &mut Recording) {
    match op {
        Base::Reshape(op) => {
            let y = r.reshape_to(&op.input, &op.out.shape);
            r.set(&op.out, y);
        }
        Base::SwapDims(op) => {
            let mut axes: Axes = (0..op.input.shape.num_dims()).collect();
            axes.swap(op.dim1, op.dim2);
            r.unary(Op::Transpose(axes), &op.input, &op.out);
        }
        Base::Permute(op) => r.unary(Op::Transpose(op.axes[..].into()), &op.input, &op.out),
        Base::Flip(op) => {
            let mut axes = Axes::from(&op.axes[..]);
            axes.sort_unstable();
            r.unary(Op::Reverse(axes), &op.input, &op.out);
        }
        Base::Expand(op) => {
            let x = r.get(&op.input);
            let y = r.fit(x, &op.out.shape);
            r.set(&op.out, y);
        }
        Base::Slice(op) => {
            let x = r.get(&op.tensor);
            let y = slice(r, x, &op.ranges);
            r.set(&op.out, y);
        }
        Base::SliceAssign(op) => {
            let (x, value) = (r.get(&op.tensor), r.get(&op.value));
            let y = slice_assign(r, x, value, &op.ranges);
            r.set(&op.out, y);
        }
        Base::Select(op) => select(op, r),
        Base::SelectAssign(op) => select_assign(op, r),
        Base::Gather(op) => gather(op, r),
        Base::Scatter(op) => scatter(op, r),
        Base::GatherNd(op) => gather_nd(op, r),
        Base::ScatterNd(op) => scatter_nd(op, r),
        Base::MaskWhere(op) => mask_where(op, r),
        Base::MaskFill(op) => mask_fill(op, r),
        Base::Equal(op) => r.compare(Compare::Eq, op),
        Base::NotEqual(op) => r.compare(Compare::Ne, op),
        Base::EqualElem(op) => r.compare_scalar(Compare::Eq, op),
        Base::NotEqualElem(op) => r.compare_scalar(Compare::Ne, op),
        Base::RepeatDim(op) => repeat(op, r),
        Base::Cat(op) => {
            let x: Vec<Var> = op.tensors.iter().map(|x| r.get(x)).collect();
            r.equation(Op::Concatenate { axis: op.dim }, &x, &op.out);
        }
        Base::Cast(op) => r.unary(Op::Cast(kiln_dtype(op.out.dtype)), &op.input, &op.out),
        Base::Empty(op) | Base::Zeros(op) => r.full(0, &op.out),
        Base::Ones(op) => r.full(1, &op.out),
        Base::All(op) => r.reduce_flags(Reduction::Prod, &op.input, None, &op.out),
        Base::Any(op) => r.reduce_flags(Reduction::Sum, &op.input, None, &op.out),
        Base::AllDim(op) => r.reduce_flags(Reduction::Prod, &op.input, Some(op.axis), &op.out),
        Base::AnyDim(op) => r.reduce_flags(Reduction::Sum, &op.input, Some(op.axis), &op.out),
        Base::Unfold(op) => unfold(op, r),
    }
}

/// Records the slices of an array at indices along an axis.
fn select(op: &SelectOpIr, r: &mut Recording) {
    let (x, indices) = (r.get(&op.tensor), r.get(&op.indices));
    let taken = r.push(index::gather([op.dim].into_iter().collect(), 0), &[x, indices]);
    let y = moved(r, taken, 0, op.dim);
    r.set(&op.out, y);
}

/// Records the update of the slices of an array at indices along an axis.
fn select_assign(op: &SelectAssignOpIr, r: &mut Recording) {
    let (x, indices, value) = (r.get(&op.tensor), r.get(&op.indices), r.get(&op.value));
    let value = moved(r, value, op.dim, 0);
    let write = index::scatter(op.update, [op.dim].into_iter().collect(), 0);
    r.equation(write, &[x, value, indices], &op.out);
}

/// Records the elements of an array at an index for each element of the result, along an axis.
fn gather(op: &GatherOpIr, r: &mut Recording) {
    let (x, indices) = (r.get(&op.tensor), r.get(&op.indices));
    let (axes, batch, mut operands) = along(r, x, indices, op.dim);
    operands.insert(0, x);
    r.equation(index::gather(axes, batch), &operands, &op.out);
}

/// Records the update of the elements that [`gather`] takes.
fn scatter(op: &ScatterOpIr, r: &mut Recording) {
    let (x, indices, value) = (r.get(&op.tensor), r.get(&op.indices), r.get(&op.value));
    let (axes, batch, mut operands) = along(r, x, indices, op.dim);
    operands.splice(0..0, [x, value]);
    r.equation(index::scatter(op.update, axes, batch), &operands, &op.out);
}

/// Records the parts of an array at indices for its first axes.
fn gather_nd(op: &GatherNdOpIr, r: &mut Recording) {
    let (x, indices) = (r.get(&op.data), r.get(&op.indices));
    let mut operands = columns(r, indices);
    let read = index::gather((0..operands.len()).collect(), 0);
    operands.insert(0, x);
    r.equation(read, &operands, &op.out);
}

/// Records the update of the parts that [`gather_nd`] takes.
fn scatter_nd(op: &ScatterNdOpIr, r: &mut Recording) {
    let (x, indices, value) = (r.get(&op.data), r.get(&op.indices), r.get(&op.values));
    let mut operands = columns(r, indices);
    let write = index::scatter(op.reduction, (0..operands.len()).collect(), 0);
    operands.splice(0..0, [x, value]);
    r.equation(write, &operands, &op.out);
}

/// Records the choice between two arrays.
fn mask_where(op: &MaskWhereOpIr, r: &mut Recording) {
    let operands = [&op.mask, &op.value, &op.tensor].map(|x| {
        let x = r.get(x);
        r.fit(x, &op.out.shape)
    });
    r.equation(Op::Select, &operands, &op.out);
}

/// Records the choice between a number and an array.
fn mask_fill(op: &MaskFillOpIr, r: &mut Recording) {
    let mask = r.get(&op.mask);
    let mask = r.fit(mask, &op.out.shape);
    let x = r.get(&op.tensor);
    let value = r.scalar(op.value, x);
    r.equation(Op::Select, &[mask, value, x], &op.out);
}

/// Records the repetition of an array along an axis.
fn repeat(op: &RepeatDimOpIr, r: &mut Recording) {
    let x = r.get(&op.tensor);
    let mut shape = op.tensor.shape.to_vec();
    shape.insert(op.dim, op.times);
    let axes = (0..shape.len()).filter(|&axis| axis != op.dim).collect();
    let shape = Shape::from(shape);
    let tiled = r.push(Op::Broadcast { shape, axes }, &[x]);
    let y = r.reshape(tiled, &op.out.shape);
    r.set(&op.out, y);
}

/// Records the windows of an array along an axis.
fn unfold(op: &UnfoldOpIr, r: &mut Recording) {
    // Window w holds elements `w * step ..` of the axis. They are gathered, and become the last axis.
    let x = r.get(&op.input);
    let windows = op.out.shape[op.dim];
    let shape = [windows, op.size];
    let dtype = DType::I32;
    let [mut start, within] = [0, 1].map(|axis| {
        let shape = Shape::from(shape);
        r.push(Op::Iota { dtype, shape, axis }, &[])
    });
    let step = r.constant(Scalar::from_i64(dtype, op.step as i64), &shape);
    start = r.push(Op::Binary(Binary::Mul), &[start, step]);
    let indices = r.push(Op::Binary(Binary::Add), &[start, within]);
    let taken = r.push(index::gather([op.dim].into_iter().collect(), 0), &[x, indices]);
    let taken = moved(r, taken, 1, op.out.shape.num_dims() - 1);
    let y = moved(r, taken, 0, op.dim);
    r.set(&op.out, y);
}
