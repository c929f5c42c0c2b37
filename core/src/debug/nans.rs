//! Finds the op that made the first NaN. A check follows each op in a trace, and names the user's line.

use super::effects::{Found, listen};
use crate::config::debug_nans_enabled;
use crate::error::raise;
use crate::trace::is_deriving;
use kiln_backends::program::{Effect, Op, Program};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

/// Runs a program by calling `run`, and raises the NaN that one of its checks finds.
#[track_caller]
pub(crate) fn watched<R>(run: impl FnOnce() -> R) -> R {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(payload) => match payload.downcast::<Found>() {
            Ok(found) => raise(format!("{} ({})", found.op, found.at), "made a NaN (debug_nans)"),
            Err(payload) => resume_unwind(payload),
        },
    }
}

/// An op, and its line in the user's code.
type OpAndLine = (String, String);

thread_local! {
    /// The public function in progress, and the line that called it.
    static UNDER_WAY: RefCell<Option<OpAndLine>> = const { RefCell::new(None) };
}

/// Sets the op and the line to which new equations are attributed, until this value is dropped.
pub(crate) struct UnderWay(Option<OpAndLine>);

impl UnderWay {
    fn at(site: Option<OpAndLine>) -> UnderWay {
        UnderWay(UNDER_WAY.replace(site))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.set(self.0.take());
    }
}

/// Notes the public function that the user calls, unless another public function or a rule calls it.
#[track_caller]
pub(crate) fn under_way(op: &dyn Fn() -> String) -> Option<UnderWay> {
    if !debug_nans_enabled() || UNDER_WAY.with_borrow(Option::is_some) || is_deriving() {
        return None;
    }
    Some(UnderWay::at(Some((op(), Location::caller().to_string()))))
}

/// Attributes new equations to no user's line, for a rule that is cached.
pub(crate) fn nowhere() -> UnderWay {
    UnderWay::at(None)
}

/// Attributes the equations that a rule makes of an equation to the line of that equation.
pub(crate) fn made_for(program: &Program, equation: usize) -> Option<UnderWay> {
    if !debug_nans_enabled() {
        return None;
    }
    // The check of an equation follows it.
    match &program.equations().get(equation + 1)?.op {
        Op::Effect(Effect::CheckNan { op, at }) => Some(UnderWay::at(Some((op.clone(), at.clone())))),
        _ => None,
    }
}

/// Attributes new equations to the derivative of the op that they are attributed to.
pub(crate) fn derivative() -> Option<UnderWay> {
    let (op, at) = UNDER_WAY.with_borrow(Clone::clone)?;
    Some(UnderWay::at(Some((format!("the derivative of {op}"), at))))
}

/// Returns the check that follows an op in a trace while `debug_nans` is on.
pub(crate) fn nan_check(op: &Op) -> Option<Effect> {
    if !debug_nans_enabled() || !op.can_make_nan() {
        return None;
    }
    let (op, at) = UNDER_WAY.with_borrow(Clone::clone)?;
    listen();
    Some(Effect::CheckNan { op, at })
}
