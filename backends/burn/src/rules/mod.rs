//! The derivatives that kiln writes instead of Burn. [`derivative_rules`] names them, with reasons.
//!
//! A rule is differentiated again for the second derivative. So its steps must keep their digits and their
//! range both as values and under differentiation. kiln's elementwise rules are products and quotients whose
//! partial products lie between 1 and the result, and sums of terms that do not cancel, neither here nor in
//! the product rule. The formulas are JAX's (`jax/_src/lax/lax.py`), unless these lose digits too.

mod arrays;
mod binary;
mod gamma;
mod rule;
mod table;
mod unary;

pub(crate) use rule::{Cotangents, Rule};
pub use table::{DerivativeRule, RuleReason, RuleSource, derivative_rules};

use kiln_program::{Op, Var};

/// Returns the cotangents of an op's operands by the rule written here. At least one result has a cotangent.
///
/// # Panics
/// When the rule is Burn's.
pub(crate) fn own(op: &Op, given: &[Option<Var>], rule: &mut Rule) -> Cotangents {
    // All ops except sorts have one result.
    let g = given.iter().copied().flatten().next().expect("a cotangent");
    match op {
        Op::Unary(f) => vec![Some(rule.unary(*f, g))],
        Op::Binary(f) => rule.binary(*f, g).map(Some).to_vec(),
        Op::Broadcast { shape, axes } => vec![Some(rule.broadcast(g, shape, axes))],
        Op::Reduce { axes, .. } => vec![Some(rule.extreme(op, g, axes))],
        Op::Sort { axis } => rule.sort(given, *axis),
        Op::Dot(dot) => rule.dot(dot, g),
        op => panic!("{} has no formula here, and its row says Kiln", op.name()),
    }
}
