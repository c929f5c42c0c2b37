//! Facts about each op, for passes over programs and for their texts.
//!
//! [`Op::class`] puts every op in one class. A pass that treats all ops of a class alike asks for the class.
//! A pass that has a rule for each op matches on the op.

use crate::functions::{Unary, Update};
use crate::op::{Effect, Op};
use crate::shape::Axes;

/// The kinds of ops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The op has no operands: constants, lifted literals, `iota`.
    Source,
    /// An element of the result depends on the operands' elements at the same index.
    Elementwise,
    /// An element of the result is one element of the operand, or 0.
    Move,
    /// The result is the operands one after the other.
    Concatenate,
    /// The op reads or writes elements at arrays of indices.
    Index,
    /// The op combines the elements along axes to one element.
    Reduce,
    /// An element of the result depends on all elements along one axis: `argmax`, running reductions, sorts.
    Along,
    /// Contractions and decompositions.
    Linear,
    /// Random bits.
    Random,
    /// The op runs programs.
    Nested,
    /// The op has an effect and no results.
    Effect,
}

impl Op {
    /// Returns the class of the op.
    ///
    /// ```
    /// use kiln_program::{Class, Op, Unary};
    /// assert_eq!(Op::Unary(Unary::Exp).class(), Class::Elementwise);
    /// assert_eq!(Op::Reshape([6].into()).class(), Class::Move);
    /// ```
    pub fn class(&self) -> Class {
        match self {
            Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. } => Class::Source,
            Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::MulAdd => Class::Elementwise,
            Op::Cast(_) | Op::Uniform { .. } | Op::StopGradient => Class::Elementwise,
            Op::Reshape(_) | Op::Transpose(_) | Op::Broadcast { .. } => Class::Move,
            Op::Slice { .. } | Op::Pad { .. } | Op::Reverse(_) => Class::Move,
            Op::Concatenate { .. } => Class::Concatenate,
            Op::Gather { .. } | Op::Scatter { .. } => Class::Index,
            Op::Reduce { .. } => Class::Reduce,
            Op::ArgReduce { .. } | Op::Cumulative { .. } | Op::Sort { .. } => Class::Along,
            Op::Dot(_) | Op::Linalg(_) => Class::Linear,
            Op::RandomBits { .. } => Class::Random,
            Op::Call(_) | Op::Checkpoint(_) | Op::Custom(_) => Class::Nested,
            Op::Scan(_) | Op::While(_) | Op::Cond(_) => Class::Nested,
            Op::Effect(_) => Class::Effect,
        }
    }

    /// Returns true if an element of the result depends only on the operands' elements at the same index.
    pub fn is_elementwise(&self) -> bool {
        self.class() == Class::Elementwise
    }

    /// Returns true if the derivative is 0 everywhere that it exists.
    ///
    /// ```
    /// use kiln_program::{Op, Unary};
    /// assert!(Op::Unary(Unary::Floor).is_flat());
    /// assert!(!Op::Unary(Unary::Abs).is_flat());
    /// ```
    pub fn is_flat(&self) -> bool {
        match self {
            Op::Unary(f) => matches!(
                f,
                Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc | Unary::Not
            ),
            Op::Cast(to) => !to.is_float(),
            Op::Compare(_) | Op::Uniform { .. } | Op::StopGradient | Op::ArgReduce { .. } => true,
            op => matches!(op.class(), Class::Source | Class::Random | Class::Effect),
        }
    }

    /// Returns true if the op can make a NaN from operands without one. Ops that hold programs return false:
    /// the ops of their programs can.
    ///
    /// ```
    /// use kiln_program::{Op, Unary};
    /// assert!(Op::Unary(Unary::Log).can_make_nan());
    /// assert!(!Op::Unary(Unary::Abs).can_make_nan());
    /// ```
    #[doc(hidden)]
    pub fn can_make_nan(&self) -> bool {
        match self {
            Op::Unary(f) => !matches!(f, Unary::Not | Unary::Neg | Unary::Abs | Unary::Sign),
            Op::Binary(_) | Op::MulAdd | Op::Cumulative { .. } => true,
            // Reads out of bounds may return NaN, writes may add infinities.
            op => matches!(op.class(), Class::Index | Class::Reduce | Class::Linear),
        }
    }

    /// Returns the op's name in the text of a program.
    pub fn name(&self) -> String {
        fn lower(name: impl std::fmt::Debug) -> String {
            let mut out = String::new();
            for c in format!("{name:?}").chars() {
                if c.is_uppercase() && !out.is_empty() {
                    out.push('_');
                }
                out.extend(c.to_lowercase());
            }
            out
        }
        match self {
            Op::Unary(op) => lower(op),
            Op::Binary(op) => lower(op),
            Op::Compare(op) => lower(op),
            Op::Reduce { kind, .. } => format!("reduce_{}", lower(kind)),
            Op::ArgReduce { kind, .. } => format!("arg{}", lower(kind)),
            Op::Cumulative { kind, .. } => format!("cum{}", lower(kind)),
            Op::Scatter {
                kind: Update::Set, ..
            } => "scatter".into(),
            Op::Scatter { kind, .. } => format!("scatter_{}", lower(kind)),
            Op::Linalg(op) => lower(op),
            Op::Constant { .. } => "constant".into(),
            Op::Iota { .. } => "iota".into(),
            Op::Select => "select".into(),
            Op::MulAdd => "mul_add".into(),
            Op::Cast(_) => "cast".into(),
            Op::Reshape(_) => "reshape".into(),
            Op::Transpose(_) => "transpose".into(),
            Op::Broadcast { .. } => "broadcast".into(),
            Op::Slice { .. } => "slice".into(),
            Op::Pad { .. } => "pad".into(),
            Op::Reverse(_) => "reverse".into(),
            Op::Concatenate { .. } => "concatenate".into(),
            Op::Gather { .. } => "gather".into(),
            Op::Sort { .. } => "sort".into(),
            Op::Dot(_) => "dot".into(),
            Op::RandomBits { .. } => "random_bits".into(),
            Op::Uniform { .. } => "uniform".into(),
            Op::Call(_) => "call".into(),
            Op::Scan(_) => "scan".into(),
            Op::While(_) => "while".into(),
            Op::Cond(_) => "cond".into(),
            Op::StopGradient => "stop_gradient".into(),
            Op::Checkpoint(_) => "checkpoint".into(),
            Op::Custom(_) => "custom".into(),
            Op::Effect(Effect::Print(_)) => "debug_print".into(),
            Op::Effect(Effect::CheckNan { .. }) => "check_nan".into(),
            Op::Lifted { .. } => "lifted".into(),
        }
    }

    /// Returns the op's parameters, as the text of a program shows them after the name. They do not include
    /// the programs that the op holds.
    pub(crate) fn parameters(&self) -> String {
        match self {
            Op::Lifted { number, shape } => format!("[{shape} {number:?}]"),
            Op::Cast(dtype) => format!("[{}]", dtype.short()),
            Op::Reshape(shape) | Op::RandomBits { shape } => format!("[{shape}]"),
            Op::Transpose(permutation) => format!("[{permutation:?}]"),
            Op::Broadcast { shape, axes } => format!("[{shape} axes={axes:?}]"),
            Op::Slice { start, stop, step } => {
                let bounds = start.iter().zip(&stop[..]).zip(&step[..]);
                let axes: Vec<String> = bounds
                    .map(|((start, stop), step)| match step {
                        1 => format!("{start}:{stop}"),
                        step => format!("{start}:{stop}:{step}"),
                    })
                    .collect();
                format!("[{}]", axes.join(", "))
            }
            Op::Pad { shape, start, step } => format!("[{shape} start={start:?} step={step:?}]"),
            Op::Reverse(axes) | Op::Reduce { axes, .. } => format!("[axes={axes:?}]"),
            Op::Iota { axis, .. } | Op::Concatenate { axis } | Op::Sort { axis } => format!("[axis={axis}]"),
            Op::ArgReduce { axis, dtype, .. } => format!("[axis={axis} {}]", dtype.short()),
            Op::Gather { axes, batch, mode }
            | Op::Scatter {
                axes, batch, mode, ..
            } => {
                let mode = format!("{mode:?}").to_lowercase();
                format!("[axes={axes:?} batch={batch} mode={mode}]")
            }
            Op::Cumulative { axis, reverse, .. } => format!("[axis={axis} reverse={reverse}]"),
            Op::Dot(dot) => format!(
                "[contract=({:?}, {:?}) batch=({:?}, {:?})]",
                dot.lhs_contract, dot.rhs_contract, dot.lhs_batch, dot.rhs_batch
            ),
            Op::Uniform { low, high } => format!("[{low}, {high}]"),
            Op::Effect(Effect::Print(text)) => format!("[{text:?}]"),
            Op::Effect(Effect::CheckNan { op, at }) => format!("[{op} {at}]"),
            Op::Scan(scan) => {
                let reverse = if scan.reverse { " reverse" } else { "" };
                format!(
                    "[length={} consts={} carries={}{reverse}]",
                    scan.length, scan.consts, scan.carries
                )
            }
            Op::While(w) => format!("[consts={}]", w.consts),
            Op::Custom(custom) => format!("[consts={}]", custom.consts),
            Op::Constant { .. } | Op::Unary(_) | Op::Binary(_) | Op::Compare(_) => String::new(),
            Op::Select | Op::MulAdd | Op::StopGradient | Op::Linalg(_) => String::new(),
            Op::Call(_) | Op::Checkpoint(_) | Op::Cond(_) => String::new(),
        }
    }

    /// Returns the op that applies this op to each slice of operands with a new first axis of length
    /// `length`. It returns `None` for ops that combine operands in other ways (gathers, contractions), that
    /// run programs, or that have effects.
    ///
    /// ```
    /// use kiln_program::Op;
    /// assert_eq!(Op::Reverse([0].into()).with_leading_axis(5), Some(Op::Reverse([1].into())));
    /// ```
    pub fn with_leading_axis(&self, length: usize) -> Option<Op> {
        let mut op = self.clone();
        match &mut op {
            Op::Reshape(shape) => *shape = shape.stacked(length),
            Op::Transpose(axes) => *axes = before(0, &shifted(axes)),
            Op::Broadcast { shape, axes } => {
                (*shape, *axes) = (shape.stacked(length), before(0, &shifted(axes)));
            }
            Op::Slice { start, stop, step } => {
                (*start, *stop, *step) = (before(0, start), before(length, stop), before(1, step));
            }
            Op::Pad { shape, start, step } => {
                (*shape, *start, *step) = (shape.stacked(length), before(0, start), before(1, step));
            }
            Op::Reverse(axes) | Op::Reduce { axes, .. } => *axes = shifted(axes),
            Op::Concatenate { axis } | Op::Sort { axis } => *axis += 1,
            Op::ArgReduce { axis, .. } | Op::Cumulative { axis, .. } => *axis += 1,
            // Each element writes into an array of its own.
            Op::Scatter { axes, batch, .. } => (*axes, *batch) = (shifted(axes), *batch + 1),
            // The last axes are those of matrices; keys and counters are a batch.
            Op::Linalg(_) | Op::RandomBits { .. } => {}
            Op::Gather { .. } | Op::Dot(_) => return None,
            Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::MulAdd => {}
            Op::Cast(_) | Op::Uniform { .. } | Op::StopGradient => {}
            Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. } => return None,
            Op::Call(_) | Op::Checkpoint(_) | Op::Custom(_) | Op::Effect(_) => return None,
            Op::Scan(_) | Op::While(_) | Op::Cond(_) => return None,
        }
        Some(op)
    }
}

/// Returns the parameter of the new axis, followed by those of the other axes.
fn before(first: usize, others: &[usize]) -> Axes {
    std::iter::once(first).chain(others.iter().copied()).collect()
}

fn shifted(axes: &[usize]) -> Axes {
    axes.iter().map(|axis| axis + 1).collect()
}
