//! The language of kiln.
//!
//! A function of arrays is traced once as a [`Program`]: a list of typed [`Equation`]s, each applying one
//! [`Op`] of a closed set. Every transformation maps a program to a program. Every device runs programs. In
//! reading order: [`DType`], [`Shape`] and [`Scalar`] describe values; [`Op`] is the set of operations;
//! [`infer`](infer()) returns the types of an op's results; [`Program`] and [`Builder`] hold equations
//! together; [`simplify`](simplify()) makes a program shorter.

// First, since a macro is known below its definition only.
#[macro_use]
mod errors;

mod dead;
mod dtype;
mod effects;
mod facts;
mod few;
mod formula;
mod functions;
mod hoist;
mod infer;
mod interrupt;
mod lift;
mod limits;
mod once;
mod op;
mod program;
mod progress;
mod rewrite;
mod saved;
mod scalar;
mod shape;
mod simplify;
mod text;
mod threefry;
mod uniform;
mod zeros;

pub use dtype::DType;
pub use facts::Class;
pub use few::{Few, IntoIter};
pub use formula::Formula;
pub use functions::{ArgReduction, Binary, Compare, Linalg, OutOfBounds, Reduction, Unary, Update};
pub use infer::{TypeError, Types, infer};
pub use interrupt::{CancelToken, Interrupted, interruptible};
pub use limits::{Limits, with_limits};
pub use op::{Custom, CustomRule, Dot, Effect, Op, Scan, While};
pub use program::{Builder, Equation, Lifted, Program, Var, Vars};
pub use progress::{Progress, progress};
pub use saved::{ReadError, SavedProgram};
pub use scalar::Scalar;
pub use shape::{ArrayType, Axes, Shape};
pub use simplify::simplify;
pub use threefry::threefry2x32;

/// The parts that kiln's other crates need: passes over programs. They may change with any version.
#[doc(hidden)]
pub mod sister {
    pub use crate::effects::{quiet, without_effects};
    pub use crate::interrupt::{Stop, interrupt_all};
    pub use crate::lift::{lift, put_back};
    pub use crate::once::{Found, once, remembering};
    pub use crate::progress::{Task, current};
    pub use crate::rewrite::Rewrite;
    pub use crate::shape::{inverse, paired};
    pub use crate::simplify::{simplify_around, tidy};
    pub use crate::threefry::{four_rounds, key_schedule};
    pub use crate::uniform::{uniform_program, unit_f32, unit_f64, width};
    pub use crate::zeros::with_zeros;
}
