//! The closed set of operations.
//!
//! Operands of an elementwise op have equal shapes and dtypes: broadcasting and promotion are written out as
//! [`Op::Broadcast`] and [`Op::Cast`] by whoever traces the op.

use crate::formula::Formula;
use crate::functions::{ArgReduction, Binary, Compare, Linalg, OutOfBounds, Reduction, Unary, Update};
use crate::program::{Builder, Program};
use crate::{Axes, DType, Scalar, Shape};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// What an equation does. Each variant says its operands and results.
///
/// Serde writes an op without the programs that it holds: they are saved with the [`Program`] that it is in, each once.
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
    /// `(x) -> y`: to another dtype. Floats are truncated and saturated to integers, NaN becomes 0; integers wrap.
    Cast(DType),

    // Shape.
    /// `(x) -> y`: the same elements in row-major order.
    Reshape(Shape),
    /// `(x) -> y`: axis `i` of the result is axis `permutation[i]` of the operand.
    Transpose(#[serde(with = "crate::shape::axes")] Axes),
    /// `(x) -> y`: axis `i` of the operand is axis `axes[i]` of the result (in increasing order), where it has the
    /// same length or is repeated from length 1; the other axes of the result repeat it.
    Broadcast {
        /// The result's shape.
        shape: Shape,
        /// Where the operand's axes go.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
    },
    /// `(x) -> y`: elements `start, start + step, ...` below `stop` along each axis.
    Slice {
        /// First index, for each axis.
        #[serde(with = "crate::shape::axes")]
        start: Axes,
        /// End (exclusive), for each axis.
        #[serde(with = "crate::shape::axes")]
        stop: Axes,
        /// Step, at least 1, for each axis.
        #[serde(with = "crate::shape::axes")]
        step: Axes,
    },
    /// `(x) -> y`: the elements of `x` at `start, start + step, ...` along each axis of an array that is 0 elsewhere. What
    /// [`Op::Slice`] takes out, put back.
    Pad {
        /// The result's shape.
        shape: Shape,
        /// Where the first element goes, for each axis.
        #[serde(with = "crate::shape::axes")]
        start: Axes,
        /// Step, at least 1, for each axis.
        #[serde(with = "crate::shape::axes")]
        step: Axes,
    },
    /// `(x) -> y`: the elements in reverse order along these axes.
    Reverse(#[serde(with = "crate::shape::axes")] Axes),
    /// `(x, ...) -> y`: one after the other along an axis.
    Concatenate {
        /// The axis.
        axis: usize,
    },

    // Indexing by arrays.
    /// `(x, i, j, ...) -> y`: `y[b, k, r] = x[b, .., i[b, k], .., j[b, k], ..]`. There is one array of indices for each of
    /// `axes`, all of one shape; the first `batch` axes of `x` and of the indices go together. The result's axes
    /// are the batch, then the other axes of the indices, then the axes of `x` that are not indexed.
    Gather {
        /// The indexed axes of `x`, each at least `batch`.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
        /// How many leading axes are common to `x` and the indices.
        batch: usize,
        /// What an index out of bounds does.
        mode: OutOfBounds,
    },
    /// `(x, updates, i, j, ...) -> y`: `x` with `updates` (shaped like the result of the gather) written or combined
    /// at the places which that gather would read. Repeated places are combined in row-major order.
    Scatter {
        /// How an update meets what is there.
        kind: Update,
        /// As for the gather.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
        /// As for the gather.
        batch: usize,
        /// What an index out of bounds does.
        mode: OutOfBounds,
    },

    // Along axes.
    /// `(x) -> y`: `y` lacks the reduced axes.
    Reduce {
        /// What combines two elements.
        kind: Reduction,
        /// The axes that go, in increasing order.
        #[serde(with = "crate::shape::axes")]
        axes: Axes,
    },
    /// `(x) -> i`: the index of the first greatest or least element (a NaN counts as both) along an axis, which goes.
    ArgReduce {
        /// Whether the greatest or the least.
        kind: ArgReduction,
        /// The axis that goes.
        axis: usize,
        /// The result's dtype.
        dtype: DType,
    },
    /// `(x) -> y`: running reduction along an axis.
    Cumulative {
        /// What combines two elements.
        kind: Reduction,
        /// The axis.
        axis: usize,
        /// True if it runs from the end.
        reverse: bool,
    },
    /// `(key, x, ...) -> (key, x, ...)`: all operands permuted along an axis so that the first ascends. Stable; NaN comes
    /// last, zeros of both signs are equal.
    Sort {
        /// The axis.
        axis: usize,
    },

    // Contractions and decompositions.
    /// `(x, y) -> z`: sum of products over the contracted axes. The result's axes are the batch axes, the other
    /// axes of `x`, the other axes of `y`.
    Dot(Dot),
    /// Linear algebra over the last two axes.
    Linalg(Linalg),

    // Random bits.
    /// `(key: u32[b, 2], first: u32[b, 2]) -> (u32[b, shape], u32[b, shape])`: the two words of Threefry-2x32 under the key for the
    /// 64-bit counters `first + i`, where `i` is the row-major index within `shape`. The high word of `first` comes before the low one.
    RandomBits {
        /// The shape drawn for each key.
        shape: Shape,
    },
    /// `(high, low) -> x`: the floats on `[low, high)` that pairs of random words stand for, `u * (high - low) + low` rounded once,
    /// where `u` is a multiple of `2^-23` or `2^-52` on `[0, 1)`. Elementwise.
    Uniform {
        /// The least value; its dtype is the result's.
        low: Scalar,
        /// The end, of the same dtype.
        high: Scalar,
    },

    // Structure.
    /// `(inputs) -> outputs` of a program that is kept whole until it is compiled.
    Call(#[serde(skip, default = "later")] Arc<Program>),
    /// `(consts, init, xs) -> (carry, ys)`: a loop with a fixed number of iterations.
    Scan(Scan),
    /// `(consts, init) -> carry`: repeats while a condition on the carry holds.
    While(While),
    /// `(which: i32, inputs) -> outputs` of the program with that number, the nearest one where there is none; programs of equal
    /// types.
    Cond(#[serde(skip)] Vec<Arc<Program>>),

    // What transformations are told.
    /// `(x) -> x`, of which derivatives know nothing.
    StopGradient,
    /// `(inputs) -> outputs` of a program whose inside is computed again for its derivative, instead of kept.
    Checkpoint(#[serde(skip, default = "later")] Arc<Program>),
    /// `(consts, inputs) -> outputs` of a program whose derivative is given with it.
    Custom(Arc<Custom>),
    /// `(x, ...) -> ()`: something done for its own sake, in the order of the equations.
    Effect(Effect),

    /// `() -> a`: the same number everywhere, given when the program runs: a literal that [`lift`](crate::lift()) took out. Programs that
    /// users see have none, and it is not saved.
    #[serde(skip)]
    Lifted {
        /// How the number comes of those that are given.
        number: Formula,
        /// The result's shape.
        shape: Shape,
    },
}

/// The axes of a contraction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Contracted axes of the left operand, paired with `rhs_contract`.
    #[serde(with = "crate::shape::axes")]
    pub lhs_contract: Axes,
    /// Contracted axes of the right operand.
    #[serde(with = "crate::shape::axes")]
    pub rhs_contract: Axes,
    /// Batch axes of the left operand, paired with `rhs_batch`.
    #[serde(with = "crate::shape::axes")]
    pub lhs_batch: Axes,
    /// Batch axes of the right operand.
    #[serde(with = "crate::shape::axes")]
    pub rhs_batch: Axes,
}

/// A loop with a fixed number of iterations. The body maps `(consts, carry, x)` to `(carry, y)`, where `x` is a slice of each
/// of the `xs` along axis 0 and each `y` becomes a slice of one of the `ys`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scan {
    /// One iteration.
    #[serde(skip, default = "later")]
    pub body: Arc<Program>,
    /// The number of iterations.
    pub length: usize,
    /// How many operands are the same in each iteration.
    pub consts: usize,
    /// How many operands are carried from iteration to iteration.
    pub carries: usize,
    /// Whether the iterations go from the last slice to the first.
    pub reverse: bool,
}

impl Scan {
    /// Returns true where an iteration that leaves the carry as it is may be the last that does anything: the body chooses what to do, and
    /// gets nothing but the carry to choose by.
    pub fn settles(&self) -> bool {
        let chooses = |equation: &crate::Equation| matches!(equation.op, Op::Cond(_));
        self.body.equations().iter().any(chooses)
            && self.body.inputs().len() == self.consts + self.carries
            && !self.body.has_effect()
    }
}

/// A loop on a condition. Both programs take `(consts, carry)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct While {
    /// Gives one scalar bool.
    #[serde(skip, default = "later")]
    pub condition: Arc<Program>,
    /// Gives the next carry.
    #[serde(skip, default = "later")]
    pub body: Arc<Program>,
    /// How many operands are the same in each iteration.
    pub consts: usize,
}

/// A program with a derivative of its user's. Consts are constant for it; where a program below has cotangents or tangents of
/// something that is not floats, they are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Custom {
    /// What is computed.
    #[serde(skip, default = "later")]
    pub program: Arc<Program>,
    /// How many operands are constants.
    pub consts: usize,
    /// Its derivative.
    pub rule: CustomRule,
}

/// See [`Custom`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CustomRule {
    /// In reverse mode.
    Vjp {
        /// `(consts, inputs) -> (outputs, residuals)`.
        #[serde(skip, default = "later")]
        forward: Arc<Program>,
        /// `(consts, residuals, cotangents of the outputs) -> cotangents of the inputs`.
        #[serde(skip, default = "later")]
        backward: Arc<Program>,
    },
    /// In forward mode: `(consts, inputs, tangents of the inputs) -> (outputs, tangents of the outputs)`, linear in the tangents.
    Jvp(#[serde(skip, default = "later")] Arc<Program>),
}

/// What an equation without results does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Prints a text, each `{}` in it replaced by the next operand.
    Print(String),
    /// Fails when there is a NaN among the operands.
    CheckNan {
        /// The op that computed them.
        op: String,
        /// The place in the user's code.
        at: String,
    },
}

/// What stands for a program that is not read yet.
fn later() -> Arc<Program> {
    Arc::new(Builder::new().finish(&[]))
}

impl Op {
    /// The op's name, as the text of a program shows it.
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

    /// The programs that the op runs.
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

    /// The programs that the op runs, and those that its derivative runs.
    pub fn held(&self) -> SmallVec<[&Arc<Program>; 3]> {
        match self {
            Op::Call(program) | Op::Checkpoint(program) => smallvec![program],
            Op::Scan(scan) => smallvec![&scan.body],
            Op::While(w) => smallvec![&w.condition, &w.body],
            Op::Cond(branches) => branches.iter().collect(),
            Op::Custom(custom) => match &custom.rule {
                CustomRule::Vjp { forward, backward } => smallvec![&custom.program, forward, backward],
                CustomRule::Jvp(rule) => smallvec![&custom.program, rule],
            },
            _ => smallvec![],
        }
    }

    /// Puts programs in the place of those that it holds, in the order of [`held`](Op::held). Whether it holds so many.
    pub(crate) fn hold(&mut self, programs: Vec<Arc<Program>>) -> bool {
        if let Op::Cond(branches) = self {
            *branches = programs;
            return true;
        }
        let mut places: SmallVec<[&mut Arc<Program>; 3]> = match self {
            Op::Call(program) | Op::Checkpoint(program) => smallvec![program],
            Op::Scan(scan) => smallvec![&mut scan.body],
            Op::While(w) => smallvec![&mut w.condition, &mut w.body],
            Op::Custom(custom) => {
                let custom = Arc::make_mut(custom);
                match &mut custom.rule {
                    CustomRule::Vjp { forward, backward } => {
                        smallvec![&mut custom.program, forward, backward]
                    }
                    CustomRule::Jvp(rule) => smallvec![&mut custom.program, rule],
                }
            }
            _ => smallvec![],
        };
        let fits = places.len() == programs.len();
        places
            .iter_mut()
            .zip(programs)
            .for_each(|(place, program)| **place = program);
        fits
    }

    /// The op with other programs: all that it holds, also those of derivatives.
    pub(crate) fn with_programs(&self, mut f: impl FnMut(&Arc<Program>) -> Arc<Program>) -> Op {
        let mut op = self.clone();
        let programs: Vec<Arc<Program>> = self.held().into_iter().map(&mut f).collect();
        if !programs.is_empty() {
            op.hold(programs);
        }
        op
    }

    /// The op whose result is a number everywhere.
    pub(crate) fn everywhere(number: Formula, shape: Shape) -> Op {
        match number {
            Formula::Known(value) => Op::Constant { value, shape },
            number => Op::Lifted { number, shape },
        }
    }

    /// The same number everywhere, if that is what the op gives: known, or given when the program runs.
    pub fn number(&self) -> Option<Formula> {
        match self {
            Op::Constant { value, .. } => Some(Formula::Known(*value)),
            Op::Lifted { number, .. } => Some(number.clone()),
            _ => None,
        }
    }

    /// Whether running it does something besides giving results.
    pub fn has_effect(&self) -> bool {
        matches!(self, Op::Effect(_)) || self.programs().iter().any(|program| program.has_effect())
    }
}
