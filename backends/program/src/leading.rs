//! Ops on operands with one more axis, the first.

use crate::op::Op;
use crate::shape::{ArrayType, Axes, Shape};

impl Shape {
    /// The shape of so many arrays of this shape, stacked along a new first axis.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3]).stacked(5)[..], [5, 2, 3]);
    /// ```
    pub fn stacked(&self, length: usize) -> Shape {
        before(length, self).into_iter().collect()
    }
}

impl ArrayType {
    /// The type of so many arrays of this type, stacked along a new first axis.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::{ArrayType, DType};
    /// assert_eq!(ArrayType::new(DType::F32, [2]).stacked(5).to_string(), "f32[5,2]");
    /// ```
    pub fn stacked(&self, length: usize) -> ArrayType {
        ArrayType::new(self.dtype, self.shape.stacked(length))
    }
}

impl Op {
    /// The op that does for each element of a new first axis of length `length` what this op does, if all
    /// operands have that axis and an op can do so. Ops that combine operands in other ways (gathers,
    /// contractions), that run programs or that have effects return `None`.
    ///
    /// ```
    /// use kiln_program::Op;
    /// assert_eq!(Op::Reverse([0].into()).with_leading_axis(5), Some(Op::Reverse([1].into())));
    /// ```
    pub fn with_leading_axis(&self, length: usize) -> Option<Op> {
        Some(match self {
            // Elementwise ops; the last axes are those of matrices; keys and counters are a batch.
            Op::Unary(_)
            | Op::Binary(_)
            | Op::Compare(_)
            | Op::Select
            | Op::MulAdd
            | Op::Cast(_)
            | Op::Uniform { .. }
            | Op::StopGradient
            | Op::Linalg(_)
            | Op::RandomBits { .. } => self.clone(),
            Op::Reshape(shape) => Op::Reshape(shape.stacked(length)),
            Op::Transpose(permutation) => Op::Transpose(before(0, &shifted(permutation))),
            Op::Broadcast { shape, axes } => Op::Broadcast {
                shape: shape.stacked(length),
                axes: before(0, &shifted(axes)),
            },
            Op::Slice { start, stop, step } => Op::Slice {
                start: before(0, start),
                stop: before(length, stop),
                step: before(1, step),
            },
            Op::Pad { shape, start, step } => Op::Pad {
                shape: shape.stacked(length),
                start: before(0, start),
                step: before(1, step),
            },
            Op::Reverse(axes) => Op::Reverse(shifted(axes)),
            Op::Concatenate { axis } => Op::Concatenate { axis: axis + 1 },
            // Each element writes into an array of its own.
            Op::Scatter {
                kind,
                axes,
                batch,
                mode,
            } => Op::Scatter {
                kind: *kind,
                axes: shifted(axes),
                batch: batch + 1,
                mode: *mode,
            },
            Op::Reduce { kind, axes } => Op::Reduce {
                kind: *kind,
                axes: shifted(axes),
            },
            Op::ArgReduce { kind, axis, dtype } => Op::ArgReduce {
                kind: *kind,
                axis: axis + 1,
                dtype: *dtype,
            },
            Op::Cumulative { kind, axis, reverse } => Op::Cumulative {
                kind: *kind,
                axis: axis + 1,
                reverse: *reverse,
            },
            Op::Sort { axis } => Op::Sort { axis: axis + 1 },
            Op::Constant { .. }
            | Op::Lifted { .. }
            | Op::Iota { .. }
            | Op::Gather { .. }
            | Op::Dot(_)
            | Op::Call(_)
            | Op::Checkpoint(_)
            | Op::Scan(_)
            | Op::While(_)
            | Op::Cond(_)
            | Op::Custom(_)
            | Op::Effect(_) => return None,
        })
    }
}

/// The parameter of the new axis, followed by those of the other axes.
fn before(first: usize, others: &[usize]) -> Axes {
    std::iter::once(first).chain(others.iter().copied()).collect()
}

fn shifted(axes: &[usize]) -> Axes {
    axes.iter().map(|axis| axis + 1).collect()
}
