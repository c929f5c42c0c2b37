//! Families of operations. Each operation is an equation or two.

use crate::recording::Recording;
use crate::tensor::kiln_dtype;
use burn_ir::{BinaryOpIr, ScalarIr, ScalarOpIr, TensorIr, UnaryOpIr};
use kiln_program::{ArgReduction, Axes, Binary, Compare, DType, Dot, Op, Reduction, Scalar, Unary, Var};

/// Burn's form of a number in a dtype.
pub(super) fn number(value: ScalarIr, dtype: DType) -> Scalar {
    match value {
        ScalarIr::Float(value) => Scalar::from_f64(dtype, value),
        ScalarIr::Int(value) => Scalar::from_i64(dtype, value),
        ScalarIr::UInt(value) => Scalar::from_i64(DType::U64, value as i64).cast(dtype),
        ScalarIr::Bool(value) => Scalar::from_bool(value).cast(dtype),
    }
}

impl Recording {
    /// Records an equation, the result of which is a tensor of Burn's.
    pub(super) fn equation(&mut self, op: Op, operands: &[Var], out: &TensorIr) {
        let y = self.push(op, operands);
        self.set(out, y);
    }

    pub(super) fn unary(&mut self, op: Op, x: &TensorIr, out: &TensorIr) {
        let x = self.get(x);
        self.equation(op, &[x], out);
    }

    pub(super) fn map(&mut self, f: Unary, op: &UnaryOpIr) {
        self.unary(Op::Unary(f), &op.input, &op.out);
    }

    /// Returns two operands, repeated to a common shape.
    pub(super) fn both(&mut self, op: &BinaryOpIr) -> [Var; 2] {
        [&op.lhs, &op.rhs].map(|x| {
            let x = self.get(x);
            self.fit(x, &op.out.shape)
        })
    }

    pub(super) fn binary(&mut self, f: Binary, op: &BinaryOpIr) {
        let [x, mut y] = self.both(op);
        if self.dtype(y) != self.dtype(x) {
            // The exponent of a float may be an integer.
            y = self.push(Op::Cast(self.dtype(x)), &[y]);
        }
        self.equation(Op::Binary(f), &[x, y], &op.out);
    }

    pub(super) fn binary_scalar(&mut self, f: Binary, op: &ScalarOpIr) {
        let x = self.get(&op.lhs);
        let y = self.scalar(op.rhs, x);
        self.equation(Op::Binary(f), &[x, y], &op.out);
    }

    pub(super) fn compare(&mut self, f: Compare, op: &BinaryOpIr) {
        let operands = self.both(op);
        self.equation(Op::Compare(f), &operands, &op.out);
    }

    pub(super) fn compare_scalar(&mut self, f: Compare, op: &ScalarOpIr) {
        let x = self.get(&op.lhs);
        let y = self.scalar(op.rhs, x);
        self.equation(Op::Compare(f), &[x, y], &op.out);
    }

    /// Returns a function of two arrays that are repeated to a common shape. Axes are aligned at the end.
    pub(super) fn zip(&mut self, f: Binary, x: Var, y: Var) -> Var {
        let (left, right) = (self.shape(x), self.shape(y));
        let rank = left.rank().max(right.rank());
        let length = |shape: &[usize], axis: usize| {
            (axis + shape.len())
                .checked_sub(rank)
                .map_or(1, |axis| shape[axis])
        };
        let shape: Vec<usize> = (0..rank)
            .map(|axis| match length(&left, axis) {
                1 => length(&right, axis),
                n => n,
            })
            .collect();
        let (x, y) = (self.fit(x, &shape), self.fit(y, &shape));
        self.push(Op::Binary(f), &[x, y])
    }

    /// Returns a function of an array and a number.
    pub(super) fn with(&mut self, f: Binary, x: Var, number: f64) -> Var {
        let number = self.scalar(ScalarIr::Float(number), x);
        self.push(Op::Binary(f), &[x, number])
    }

    /// Reduces along an axis, which stays with length 1.
    pub(super) fn over(&mut self, kind: Reduction, x: Var, axis: usize) -> Var {
        let axes = [axis].into_iter().collect();
        let mut shape = self.shape(x).to_vec();
        shape[axis] = 1;
        let y = self.push(Op::Reduce { kind, axes }, &[x]);
        self.reshape(y, &shape)
    }

    /// Returns the same number everywhere, with the type of `like`.
    pub(crate) fn scalar(&mut self, value: ScalarIr, like: Var) -> Var {
        let (dtype, shape) = (self.dtype(like), self.shape(like));
        self.constant(number(value, dtype), &shape)
    }

    pub(super) fn full(&mut self, value: i64, out: &TensorIr) {
        let y = self.constant(Scalar::from_i64(kiln_dtype(out.dtype), value), &out.shape);
        self.set(out, y);
    }

    pub(super) fn reshape_to(&mut self, x: &TensorIr, shape: &[usize]) -> Var {
        let x = self.get(x);
        self.reshape(x, shape)
    }

    pub(super) fn size(&mut self, x: &TensorIr) -> Var {
        let x = self.get(x);
        self.push(Op::Unary(Unary::Abs), &[x])
    }

    /// Reduces over some axes or all. Burn keeps reduced axes with length 1.
    pub(super) fn reduce(&mut self, kind: Reduction, x: &TensorIr, axes: Option<&[usize]>, out: &TensorIr) {
        let x = self.get(x);
        self.reduce_var(kind, x, axes, out);
    }

    pub(super) fn reduce_var(&mut self, kind: Reduction, x: Var, axes: Option<&[usize]>, out: &TensorIr) {
        let shape = self.shape(x);
        let mut axes: Axes = axes.map_or_else(|| (0..shape.rank()).collect(), Axes::from);
        axes.sort_unstable();
        // The sum of one number is that number.
        axes.retain(|axis| shape[*axis] != 1);
        let y = if axes.is_empty() {
            x
        } else {
            self.push(Op::Reduce { kind, axes }, &[x])
        };
        let y = self.reshape(y, &out.shape);
        self.set(out, y);
    }

    pub(super) fn mean(&mut self, x: &TensorIr, axes: Option<&[usize]>, out: &TensorIr) {
        self.reduce(Reduction::Sum, x, axes, out);
        let sum = self.get(out);
        let count = x.shape.num_elements() / out.shape.num_elements().max(1);
        let count = self.scalar(ScalarIr::Int(count as i64), sum);
        self.equation(Op::Binary(Binary::Div), &[sum, count], out);
    }

    /// Reduces by all or any. A number counts as true if it is not 0.
    pub(super) fn reduce_flags(
        &mut self,
        kind: Reduction,
        x: &TensorIr,
        axis: Option<usize>,
        out: &TensorIr,
    ) {
        let mut x = self.get(x);
        if self.dtype(x) != DType::Bool {
            let zero = self.scalar(ScalarIr::Int(0), x);
            x = self.push(Op::Compare(Compare::Ne), &[x, zero]);
        }
        self.reduce_var(kind, x, axis.as_ref().map(std::slice::from_ref), out);
    }

    pub(super) fn arg_reduce(&mut self, kind: ArgReduction, x: &TensorIr, axis: usize, out: &TensorIr) {
        let x = self.get(x);
        let dtype = kiln_dtype(out.dtype);
        let y = self.push(Op::ArgReduce { kind, axis, dtype }, &[x]);
        let y = self.reshape(y, &out.shape);
        self.set(out, y);
    }

    pub(super) fn cumulative(&mut self, kind: Reduction, x: &TensorIr, axis: usize, out: &TensorIr) {
        let reverse = false;
        self.unary(Op::Cumulative { kind, axis, reverse }, x, out);
    }
}

/// Products of the matrices in the last two axes. The other axes are a batch. If only the left operand has
/// a batch, all its rows are one product with the matrix on the right. Otherwise the operands are repeated
/// to the whole batch.
pub(super) fn matmul(r: &mut Recording, x: Var, y: Var, out: &[usize]) -> Var {
    let axis = |i: usize| -> Axes { [i].into_iter().collect() };
    let matrices = r.shape(y);
    let (batch, matrix) = matrices.split_at(matrices.rank() - 2);
    if batch.iter().all(|&n| n == 1) && r.shape(x).rank() == out.len() {
        let matrix = r.reshape(y, matrix);
        let dot = Dot {
            lhs_contract: axis(out.len() - 1),
            rhs_contract: axis(0),
            lhs_batch: Axes::new(),
            rhs_batch: Axes::new(),
        };
        return r.push(Op::Dot(dot), &[x, matrix]);
    }
    let batch = out.len() - 2;
    let [x, y] = [x, y].map(|x| {
        let shape = r.shape(x);
        let whole = [&out[..batch], &shape[shape.rank() - 2..]].concat();
        r.fit(x, &whole)
    });
    let dot = Dot {
        lhs_contract: axis(batch + 1),
        rhs_contract: axis(batch),
        lhs_batch: (0..batch).collect(),
        rhs_batch: (0..batch).collect(),
    };
    r.push(Op::Dot(dot), &[x, y])
}
