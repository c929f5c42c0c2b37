//! The closed set of operations.
//!
//! Operands of an elementwise op have equal shapes and dtypes. Tracing writes broadcasting and promotion as
//! the ops [`Op::Broadcast`] and [`Op::Cast`].

use crate::dtype::DType;
use crate::few::Few;
use crate::formula::Formula;
use crate::functions::{ArgReduction, Binary, Compare, Linalg, OutOfBounds, Reduction, Unary, Update};
use crate::program::{Builder, Program};
use crate::scalar::Scalar;
use crate::shape::{Axes, Shape};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The operation of an equation. Each variant documents its operands and results.
///
/// Serde writes an op without the programs that it holds. The [`Program`] of the op saves each of these
/// programs once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Op {
    // Without operands.
    /// `() -> a`: the same number everywhere.
    Constant {
        /// The number, whose dtype is the result's.
        value: Scalar,
        /// The result's shape.
        shape: Shape,
    },
    /// `() -> a`: each element is its own index along `axis`.
    Iota {
        /// The result's dtype.
        dtype: DType,
        /// The result's shape.
        shape: Shape,
        /// The axis along which it counts.
        axis: usize,
    },

    // Elementwise.
    /// `(x) -> y`.
    Unary(Unary),
    /// `(x, y) -> z`.
    Binary(Binary),
    /// `(x, y) -> bool`.
    Compare(Compare),
    /// `(predicate, on_true, on_false) -> x`; both branches are evaluated.
    Select,
    /// `(x, y, z) -> x * y + z`, rounded once. Floats.
    MulAdd,
    /// `(x) -> y`: the elements in another dtype. Floats are truncated and saturated to integers, and NaN
    /// becomes 0. Integers wrap.
    Cast(DType),

    // Shape.
    /// `(x) -> y`: the same elements in row-major order.
    Reshape(Shape),
    /// `(x) -> y`: axis `i` of the result is axis `permutation[i]` of the operand.
    Transpose(#[serde(with = "crate::shape::axes")] Axes),
    /// `(x) -> y`: axis `i` of the operand is axis `axes[i]` of the result. `axes` are in increasing order.
    /// An axis of length 1 may be repeated to any length. The other axes of the result repeat the operand.
    Broadcast {
        /// The result's shape.
        shape: Shape,
        /// The axis of the result for each axis of the operand.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
    },
    /// `(x) -> y`: elements `start, start + step, ...` below `stop` along each axis.
    Slice {
        /// The first index, for each axis.
        #[serde(with = "crate::shape::axes")]
        start: Axes,
        /// The stop, for each axis. It is not included.
        #[serde(with = "crate::shape::axes")]
        stop: Axes,
        /// The step, at least 1, for each axis.
        #[serde(with = "crate::shape::axes")]
        step: Axes,
    },
    /// `(x) -> y`: an array that is 0 except at `start, start + step, ...` along each axis, where it has the
    /// elements of `x`. The inverse of [`Op::Slice`].
    Pad {
        /// The result's shape.
        shape: Shape,
        /// The index of the first element, for each axis.
        #[serde(with = "crate::shape::axes")]
        start: Axes,
        /// The step, at least 1, for each axis.
        #[serde(with = "crate::shape::axes")]
        step: Axes,
    },
    /// `(x) -> y`: the elements in reverse order along these axes.
    Reverse(#[serde(with = "crate::shape::axes")] Axes),
    /// `(x, ...) -> y`: the operands one after the other along an axis.
    Concatenate {
        /// The axis.
        axis: usize,
    },

    // Indexing by arrays.
    /// `(x, i, j, ...) -> y`: `y[b, k, r] = x[b, .., i[b, k], .., j[b, k], ..]`. There is one array of
    /// indices for each of `axes`, all of one shape. The first `batch` axes of `x` and of the indices are
    /// common batch axes. The result's axes are the batch, then the other axes of the indices, then the axes
    /// of `x` that are not indexed.
    Gather {
        /// The indexed axes of `x`, each at least `batch`.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
        /// The number of leading axes that `x` and the indices have in common.
        batch: usize,
        /// The treatment of an index that is out of bounds.
        mode: OutOfBounds,
    },
    /// `(x, updates, i, j, ...) -> y`: `x` with `updates` written or combined at the elements that a gather
    /// at these indices reads. `updates` has the shape of the gather's result. Updates of one element are
    /// combined in row-major order.
    Scatter {
        /// The function that combines an update with the element that is there.
        kind: Update,
        /// The same as for the gather.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
        /// The same as for the gather.
        batch: usize,
        /// The treatment of an index that is out of bounds.
        mode: OutOfBounds,
    },

    // Along axes.
    /// `(x) -> y`: a reduction over axes. `y` lacks the reduced axes.
    Reduce {
        /// The function that combines two elements.
        kind: Reduction,
        /// The reduced axes, in increasing order.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
    },
    /// `(x) -> i`: the index of the first greatest or least element along an axis. The result lacks the axis.
    /// A NaN counts as both.
    ArgReduce {
        /// The greatest element or the least.
        kind: ArgReduction,
        /// The axis that the result lacks.
        axis: usize,
        /// The result's dtype.
        dtype: DType,
    },
    /// `(x) -> y`: the running reduction along an axis.
    Cumulative {
        /// The function that combines two elements.
        kind: Reduction,
        /// The axis.
        axis: usize,
        /// True if the reduction runs from the end.
        reverse: bool,
    },
    /// `(key, x, ...) -> (key, x, ...)`: all operands permuted along an axis so that the first ascends. The
    /// sort is stable. NaN comes last, and zeros of both signs are equal.
    Sort {
        /// The axis.
        axis: usize,
    },

    // Contractions and decompositions.
    /// `(x, y) -> z`: the sum of products over the contracted axes. The result's axes are the batch axes, the
    /// other axes of `x`, and the other axes of `y`.
    Dot(Dot),
    /// Linear algebra of the matrices in the last two axes.
    Linalg(Linalg),

    // Random bits.
    /// `(key: u32[b, 2], first: u32[b, 2]) -> (u32[b, shape], u32[b, shape])`: the two words of Threefry-2x32
    /// under the key for the 64-bit counters `first + i`, where `i` is the row-major index within `shape`.
    /// The high word of `first` comes before the low one.
    RandomBits {
        /// The shape drawn for each key.
        shape: Shape,
    },
    /// `(high, low) -> x`: the floats on `[low, high)` of pairs of random words, element by element. They are
    /// `u * (high - low) + low`, rounded once, where `u` is a multiple of `2^-23` or `2^-52` on `[0, 1)`.
    Uniform {
        /// The least value. Its dtype is the result's.
        low: Scalar,
        /// The end, of the same dtype.
        high: Scalar,
    },

    // Structure.
    /// `(inputs) -> outputs` of a program that stays whole until it is compiled.
    Call(#[serde(skip, default = "later")] Arc<Program>),
    /// `(consts, init, xs) -> (carry, ys)`: a loop with a fixed number of iterations.
    Scan(Scan),
    /// `(consts, init) -> carry`: a loop that repeats while a condition on the carry is true.
    While(While),
    /// `(which: i32, inputs) -> outputs` of the program with the number `which`. The number is clamped to the
    /// valid numbers. All programs have equal types.
    Cond(#[serde(skip)] Vec<Arc<Program>>),

    // Instructions to transformations.
    /// `(x) -> x`, with the derivative 0.
    StopGradient,
    /// `(inputs) -> outputs` of a program whose derivative computes the residuals again instead of keeping
    /// them.
    Checkpoint(#[serde(skip, default = "later")] Arc<Program>),
    /// `(consts, inputs) -> outputs` of a program with a derivative by the user.
    Custom(Arc<Custom>),
    /// `(x, ...) -> ()`: a side effect. Effects run in the order of the equations.
    Effect(Effect),

    /// `() -> a`: the same number everywhere, passed when the program runs. It is a literal that `lift`
    /// removed from the program. Programs that users see have none. The op is not saved.
    #[serde(skip)]
    Lifted {
        /// The formula that computes the number from the numbers that are passed.
        number: Formula,
        /// The result's shape.
        shape: Shape,
    },
}

/// The axes of a contraction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// The contracted axes of the left operand, paired with `rhs_contract`.
    #[serde(with = "crate::shape::axes")]
    pub lhs_contract: Axes,
    /// The contracted axes of the right operand.
    #[serde(with = "crate::shape::axes")]
    pub rhs_contract: Axes,
    /// The batch axes of the left operand, paired with `rhs_batch`.
    #[serde(with = "crate::shape::axes")]
    pub lhs_batch: Axes,
    /// The batch axes of the right operand.
    #[serde(with = "crate::shape::axes")]
    pub rhs_batch: Axes,
}

/// A loop with a fixed number of iterations. The body maps `(consts, carry, x)` to `(carry, y)`, where `x` is
/// a slice of each of the `xs` along axis 0 and each `y` becomes a slice of one of the `ys`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scan {
    /// One iteration.
    #[serde(skip, default = "later")]
    pub body: Arc<Program>,
    /// The number of iterations.
    pub length: usize,
    /// The number of operands that are the same in each iteration.
    pub consts: usize,
    /// The number of carries.
    pub carries: usize,
    /// True if the iterations run from the last slice to the first.
    pub reverse: bool,
}

impl Scan {
    /// Returns true if the loop may stop at the first iteration that leaves the carry as it is. All later
    /// iterations repeat that iteration. The body of such a loop reads only consts and the carry, has no
    /// effect, and chooses between branches.
    pub fn settles(&self) -> bool {
        let chooses = |equation: &crate::program::Equation| matches!(equation.op, Op::Cond(_));
        self.body.equations().iter().any(chooses)
            && self.body.inputs().len() == self.consts + self.carries
            && !self.body.has_effect()
    }
}

/// A loop on a condition. Both programs take `(consts, carry)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct While {
    /// Returns one scalar bool.
    #[serde(skip, default = "later")]
    pub condition: Arc<Program>,
    /// Returns the next carry.
    #[serde(skip, default = "later")]
    pub body: Arc<Program>,
    /// The number of operands that are the same in each iteration.
    pub consts: usize,
}

/// A program with a derivative that its user wrote. The derivative treats the consts as constant. Cotangents
/// and tangents of values that are not floats are ignored in the programs below.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Custom {
    /// The program that computes the function.
    #[serde(skip, default = "later")]
    pub program: Arc<Program>,
    /// The number of operands that are constants.
    pub consts: usize,
    /// The derivative.
    pub rule: CustomRule,
}

/// The derivative of a [`Custom`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CustomRule {
    /// A rule in reverse mode.
    Vjp {
        /// `(consts, inputs) -> (outputs, residuals)`.
        #[serde(skip, default = "later")]
        forward: Arc<Program>,
        /// `(consts, residuals, cotangents of the outputs) -> cotangents of the inputs`.
        #[serde(skip, default = "later")]
        backward: Arc<Program>,
    },
    /// A rule in forward mode:
    /// `(consts, inputs, tangents of the inputs) -> (outputs, tangents of the outputs)`, linear in the
    /// tangents.
    Jvp(#[serde(skip, default = "later")] Arc<Program>),
}

/// The effect of an equation without results.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Prints a text. Each `{}` in the text is replaced by the next operand.
    Print(String),
    /// Fails when there is a NaN among the operands.
    CheckNan {
        /// The op that computed them.
        op: String,
        /// The line in the user's code.
        at: String,
    },
}

/// Returns a program that stands for one that is not read yet.
fn later() -> Arc<Program> {
    Arc::new(Builder::new().finish(&[]))
}

impl Op {
    /// Returns the programs that the op runs.
    pub fn programs(&self) -> Vec<&Arc<Program>> {
        match self {
            Op::Call(program) | Op::Checkpoint(program) => vec![program],
            Op::Scan(scan) => vec![&scan.body],
            Op::While(w) => vec![&w.condition, &w.body],
            Op::Cond(branches) => branches.iter().collect(),
            Op::Custom(custom) => vec![&custom.program],
            _ => vec![],
        }
    }

    /// Returns the programs that the op runs, and those that its derivative runs.
    pub fn held(&self) -> Few<&Arc<Program>, 3> {
        match self {
            Op::Call(program) | Op::Checkpoint(program) => [program].into(),
            Op::Scan(scan) => [&scan.body].into(),
            Op::While(w) => [&w.condition, &w.body].into(),
            Op::Cond(branches) => branches.iter().collect(),
            Op::Custom(custom) => match &custom.rule {
                CustomRule::Vjp { forward, backward } => [&custom.program, forward, backward].into(),
                CustomRule::Jvp(rule) => [&custom.program, rule].into(),
            },
            _ => Few::new(),
        }
    }

    /// Replaces the programs that the op holds, in the order of [`held`](Op::held). Returns true if the
    /// number fits.
    pub(crate) fn hold(&mut self, programs: Vec<Arc<Program>>) -> bool {
        if let Op::Cond(branches) = self {
            *branches = programs;
            return true;
        }
        let mut places: Few<&mut Arc<Program>, 3> = match self {
            Op::Call(program) | Op::Checkpoint(program) => [program].into(),
            Op::Scan(scan) => [&mut scan.body].into(),
            Op::While(w) => [&mut w.condition, &mut w.body].into(),
            Op::Custom(custom) => {
                let custom = Arc::make_mut(custom);
                match &mut custom.rule {
                    CustomRule::Vjp { forward, backward } => [&mut custom.program, forward, backward].into(),
                    CustomRule::Jvp(rule) => [&mut custom.program, rule].into(),
                }
            }
            _ => Few::new(),
        };
        let fits = places.len() == programs.len();
        places
            .iter_mut()
            .zip(programs)
            .for_each(|(place, program)| **place = program);
        fits
    }

    /// Returns the op with all programs that it holds replaced, also those of derivatives.
    pub(crate) fn with_programs(&self, mut f: impl FnMut(&Arc<Program>) -> Arc<Program>) -> Op {
        let mut op = self.clone();
        let programs: Vec<Arc<Program>> = self.held().into_iter().map(&mut f).collect();
        if !programs.is_empty() {
            op.hold(programs);
        }
        op
    }

    /// Returns the op whose result is one number everywhere.
    pub(crate) fn everywhere(number: Formula, shape: Shape) -> Op {
        match number {
            Formula::Known(value) => Op::Constant { value, shape },
            number => Op::Lifted { number, shape },
        }
    }

    /// Returns the number, if the result of the op is the same number everywhere. The number is known, or
    /// passed when the program runs.
    pub fn number(&self) -> Option<Formula> {
        match self {
            Op::Constant { value, .. } => Some(Formula::Known(*value)),
            Op::Lifted { number, .. } => Some(number.clone()),
            _ => None,
        }
    }

    /// Returns true if the op has a side effect.
    pub fn has_effect(&self) -> bool {
        matches!(self, Op::Effect(_)) || self.programs().iter().any(|program| program.has_effect())
    }
}
