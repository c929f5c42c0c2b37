//! Generates functions with a derivative of their own.

use super::maker::Maker;
use crate::every::RuleKind;
use crate::fault::caught;
use crate::find::contains;
use crate::values;
use kiln::{Array, call, jvp, program, vjp};
use kiln_program::{ArrayType, Custom, CustomRule, Op, Scalar, Var, Vars};
use std::sync::Arc;

impl Maker<'_> {
    /// Adds a function of floats with a custom rule. The rule is the derivative that the function has anyway.
    pub(super) fn custom(&mut self) -> Option<Vars> {
        let floats = |vars: Vec<Var>, maker: &Self| -> Vec<Var> {
            vars.into_iter()
                .filter(|&var| maker.of(var).dtype.is_float())
                .collect()
        };
        let inputs = floats(self.some(), self);
        let outputs: Vec<ArrayType> = self
            .result_types()
            .into_iter()
            .filter(|of| of.dtype.is_float())
            .collect();
        let types: Vec<ArrayType> = inputs.iter().map(|&var| self.of(var)).collect();
        let whole = Arc::new(self.within(types.clone(), &outputs)?);
        // A loop on a condition has no reverse mode. An effect would happen twice.
        if inputs.is_empty()
            || outputs.is_empty()
            || contains(&whole, &|op| matches!(op, Op::While(_) | Op::Effect(_)))
        {
            return None;
        }
        let zeros = |types: &[ArrayType]| -> Vec<Array> {
            types
                .iter()
                .map(|of| values::filled(of, |_| Scalar::from_i64(of.dtype, 0)))
                .collect()
        };
        let f = |x: Vec<Array>| call(&whole, x);
        let n = types.len();
        let kind = *self.dice.pick(RuleKind::ALL);
        // `Check::Modes` finds the faults of these transformations in programs with the same equations. So
        // they are not reported here.
        let rule = caught(|| match kind {
            RuleKind::Vjp => {
                let residuals = |x: Vec<Array>| -> Vec<Array> { f(x.clone()).into_iter().chain(x).collect() };
                let pull = |mut x: Vec<Array>| -> Vec<Array> {
                    let cotangents = x.split_off(n);
                    vjp(f, x).1(cotangents)
                };
                CustomRule::Vjp {
                    forward: Arc::new(program(residuals, zeros(&types))),
                    backward: Arc::new(program(pull, zeros(&[types.as_slice(), &outputs].concat()))),
                }
            }
            RuleKind::Jvp => {
                let push = |mut x: Vec<Array>| -> Vec<Array> {
                    let tangents = x.split_off(n);
                    let (y, t) = jvp(f, x, tangents);
                    y.into_iter().chain(t).collect()
                };
                CustomRule::Jvp(Arc::new(program(
                    push,
                    zeros(&[types.as_slice(), &types].concat()),
                )))
            }
        });
        let custom = Custom {
            program: whole,
            consts: 0,
            rule: rule.ok()?,
        };
        self.push(Op::Custom(Arc::new(custom)), &inputs)
    }
}
