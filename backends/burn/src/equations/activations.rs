//! Activation functions, in forms whose derivatives are right everywhere.

use super::{Result, refuse};
use crate::recording::Recording;
use burn_ir::{ActivationOperationIr as Activation, ScalarIr};
use kiln_program::{Binary, Compare, Op, Reduction, Unary, Var};
use std::f64::consts::SQRT_2;

/// Records an activation function.
pub(super) fn activation(op: &Activation, r: &mut Recording) -> Result<()> {
    let (out, y) = match op {
        Activation::Relu(op) => {
            let x = r.get(&op.input);
            let zero = r.scalar(ScalarIr::Int(0), x);
            let below = r.push(Op::Compare(Compare::Le), &[x, zero]);
            (&op.out, r.push(Op::Select, &[below, zero, x]))
        }
        Activation::LeakyRelu(op) => {
            let x = r.get(&op.lhs);
            let slope = r.scalar(op.rhs, x);
            (&op.out, bent(r, x, slope))
        }
        Activation::PRelu(op) => {
            let [x, slope] = r.both(op);
            (&op.out, bent(r, x, slope))
        }
        Activation::Gelu(op) => {
            let x = r.get(&op.input);
            let y = r.with(Binary::Div, x, SQRT_2);
            let y = r.push(Op::Unary(Unary::Erf), &[y]);
            let y = r.with(Binary::Add, y, 1.0);
            let y = r.zip(Binary::Mul, x, y);
            (&op.out, r.with(Binary::Div, y, 2.0))
        }
        Activation::Sigmoid(op) => {
            let x = r.get(&op.input);
            (&op.out, r.push(Op::Unary(Unary::Logistic), &[x]))
        }
        Activation::HardSigmoid(op) => {
            let x = r.get(&op.tensor);
            let (alpha, beta) = (r.scalar(op.alpha, x), r.scalar(op.beta, x));
            let y = r.zip(Binary::Mul, x, alpha);
            let y = r.zip(Binary::Add, y, beta);
            let y = r.with(Binary::Max, y, 0.0);
            (&op.out, r.with(Binary::Min, y, 1.0))
        }
        Activation::LogSigmoid(op) => {
            // -m - log(exp(-m) + exp(-x - m)), where m = max(-x, 0).
            let x = r.get(&op.input);
            let minus = r.push(Op::Unary(Unary::Neg), &[x]);
            let zero = r.scalar(ScalarIr::Int(0), x);
            let below = r.push(Op::Compare(Compare::Lt), &[minus, zero]);
            let m = r.push(Op::Select, &[below, zero, minus]);
            let minus_m = r.push(Op::Unary(Unary::Neg), &[m]);
            let rest = r.zip(Binary::Sub, minus, m);
            let [left, right] = [minus_m, rest].map(|x| r.push(Op::Unary(Unary::Exp), &[x]));
            let sum = r.zip(Binary::Add, left, right);
            let log = r.push(Op::Unary(Unary::Log), &[sum]);
            (&op.out, r.zip(Binary::Sub, minus_m, log))
        }
        Activation::Softmax(op) => {
            let x = r.get(&op.input);
            (&op.out, softmax(r, x, op.axis))
        }
        Activation::Softmin(op) => {
            let x = r.get(&op.input);
            let x = r.push(Op::Unary(Unary::Neg), &[x]);
            (&op.out, softmax(r, x, op.axis))
        }
        Activation::LogSoftmax(op) => {
            let x = r.get(&op.input);
            let x = below_greatest(r, x, op.axis);
            let e = r.push(Op::Unary(Unary::Exp), &[x]);
            let sum = r.over(Reduction::Sum, e, op.axis);
            let log = r.push(Op::Unary(Unary::Log), &[sum]);
            (&op.out, r.zip(Binary::Sub, x, log))
        }
        Activation::ReluBackward(op)
        | Activation::GeluBackward(op)
        | Activation::SigmoidBackward(op)
        | Activation::LogSigmoidBackward(op) => return refuse(op, "is part of a gradient of Burn's"),
    };
    r.set(out, y);
    Ok(())
}

/// Returns `x`, times `slope` below 0.
fn bent(r: &mut Recording, x: Var, slope: Var) -> Var {
    let zero = r.scalar(ScalarIr::Int(0), x);
    let below = r.push(Op::Compare(Compare::Lt), &[x, zero]);
    let scaled = r.zip(Binary::Mul, x, slope);
    r.push(Op::Select, &[below, scaled, x])
}

fn softmax(r: &mut Recording, x: Var, axis: usize) -> Var {
    let x = below_greatest(r, x, axis);
    let e = r.push(Op::Unary(Unary::Exp), &[x]);
    let sum = r.over(Reduction::Sum, e, axis);
    r.zip(Binary::Div, e, sum)
}

/// `x` less the greatest along an axis. The final result does not depend on the greatest, so the greatest
/// has no derivative.
fn below_greatest(r: &mut Recording, x: Var, axis: usize) -> Var {
    let greatest = r.over(Reduction::Max, x, axis);
    let greatest = r.push(Op::StopGradient, &[greatest]);
    r.zip(Binary::Sub, x, greatest)
}
