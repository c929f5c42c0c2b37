//! Merges an equation with the equations that define its operands.

use super::written::Written;
use crate::formula::Formula;
use crate::functions::{Binary, Unary};
use crate::op::Op;
use crate::program::{Equation, Var, Vars};
use crate::scalar::Scalar;
use crate::shape::Axes;

impl Written {
    /// Merges an equation with the one that defines its operand.
    pub(super) fn compose(&self, op: &Op, inputs: &[Var]) -> Option<(Op, Vars)> {
        let x = *inputs.first()?;
        if let Op::Transpose(permutation) = op
            && let shape = self.shape(x)
            && let long = permutation.iter().copied().filter(|&axis| shape[axis] != 1)
            && long
                .clone()
                .zip(long.skip(1))
                .all(|(before, after)| before < after)
        {
            // The transpose moves only axes of length 1.
            let shape = permutation.iter().map(|&axis| shape[axis]).collect();
            return Some((Op::Reshape(shape), [x].into_iter().collect()));
        }
        if let Op::Binary(f) = op
            && let Some(signed) = self.sign(*f, x, inputs[1])
        {
            return Some(signed);
        }
        let Equation {
            op: inner,
            inputs: from,
            ..
        } = self.defined(x)?;
        let op = match (op, inner) {
            (Op::Reshape(shape), Op::Reshape(_)) => Op::Reshape(shape.clone()),
            (Op::Transpose(outer), Op::Transpose(inner)) => {
                Op::Transpose(outer.iter().map(|&axis| inner[axis]).collect::<Axes>())
            }
            (Op::Broadcast { shape, axes }, Op::Broadcast { axes: inner, .. }) => Op::Broadcast {
                shape: shape.clone(),
                axes: inner.iter().map(|&axis| axes[axis]).collect(),
            },
            (Op::Broadcast { shape, axes }, Op::Reshape(through)) => {
                let places = same_but_for_ones(self.shape(from[0]), through)?;
                Op::Broadcast {
                    shape: shape.clone(),
                    axes: spread(self.shape(from[0]), &places, axes, shape)?,
                }
            }
            (Op::Reshape(shape), Op::Broadcast { shape: through, axes }) => {
                let places = same_but_for_ones(through, shape)?;
                let axes: Vec<Option<usize>> = axes.iter().map(|&axis| places[axis]).collect();
                let identity: Vec<usize> = (0..shape.rank()).collect();
                Op::Broadcast {
                    shape: shape.clone(),
                    axes: spread(self.shape(from[0]), &axes, &identity, shape)?,
                }
            }
            (Op::Transpose(permutation), Op::Broadcast { axes, .. }) => {
                let back = crate::shape::inverse(permutation);
                let axes: Axes = axes.iter().map(|&axis| back[axis]).collect();
                if !axes.windows(2).all(|pair| pair[0] < pair[1]) {
                    return None;
                }
                let shape = crate::infer::infer(op, &[self.builder.type_of(x)])
                    .ok()?
                    .remove(0)
                    .shape;
                Op::Broadcast { shape, axes }
            }
            (Op::Reverse(axes), Op::Cumulative { kind, axis, reverse }) if axes[..] == [*axis] => {
                let reversed = self.inner(from[0], |inner| inner == op)?;
                let op = Op::Cumulative {
                    kind: *kind,
                    axis: *axis,
                    reverse: !reverse,
                };
                return Some((op, [reversed].into_iter().collect()));
            }
            _ => return None,
        };
        Some((op, from.clone()))
    }

    /// Simplifies a float product with -1, or a float sum or difference with something negated, to an equal
    /// op with less work.
    fn sign(&self, f: Binary, x: Var, y: Var) -> Option<(Op, Vars)> {
        let dtype = self.builder.type_of(x).dtype;
        if !dtype.is_float() {
            return None;
        }
        let is_minus_one = |var: Var| self.constant(var) == Some(Scalar::from_i64(dtype, -1));
        let negated = |var: Var| self.inner(var, |inner| *inner == Op::Unary(Unary::Neg));
        let pair = |f: Binary, x: Var, y: Var| (Op::Binary(f), [x, y].into_iter().collect());
        let negative = |x: Var| (Op::Unary(Unary::Neg), [x].into_iter().collect());
        match f {
            Binary::Mul if is_minus_one(x) => Some(negative(y)),
            Binary::Mul if is_minus_one(y) => Some(negative(x)),
            Binary::Add => negated(y)
                .map(|y| pair(Binary::Sub, x, y))
                .or_else(|| negated(x).map(|x| pair(Binary::Sub, y, x))),
            Binary::Sub => negated(y).map(|y| pair(Binary::Add, x, y)),
            _ => None,
        }
    }

    /// Returns the factors of a float product with a constant that is negated before or after: the variable,
    /// and the constant.
    pub(super) fn negative_product(&self, op: &Op, inputs: &[Var]) -> Option<(Var, Formula)> {
        let product = |x: Var, y: Var| {
            self.number(y)
                .map(|y| (x, y))
                .or_else(|| self.number(x).map(|x| (y, x)))
        };
        let (x, factor) = match op {
            Op::Unary(Unary::Neg) => {
                let inner = self.defined(inputs[0])?;
                if inner.op != Op::Binary(Binary::Mul) {
                    return None;
                }
                product(inner.inputs[0], inner.inputs[1])?
            }
            Op::Binary(Binary::Mul) => {
                let (x, factor) = product(inputs[0], inputs[1])?;
                (self.inner(x, |inner| *inner == Op::Unary(Unary::Neg))?, factor)
            }
            _ => return None,
        };
        factor.dtype().is_float().then_some((x, factor))
    }
}

/// Maps each axis of the first shape to its axis in the second, if the shapes differ only by axes of
/// length 1.
fn same_but_for_ones(from: &[usize], to: &[usize]) -> Option<Vec<Option<usize>>> {
    let long = |shape: &[usize]| (0..shape.len()).filter(|&i| shape[i] != 1).collect::<Vec<_>>();
    let (before, after) = (long(from), long(to));
    let equal = before.len() == after.len() && before.iter().zip(&after).all(|(&i, &j)| from[i] == to[j]);
    let mut places = vec![None; from.len()];
    before.iter().zip(after).for_each(|(&i, j)| places[i] = Some(j));
    equal.then_some(places)
}

/// Axes of a broadcast from `from` to `shape`. An axis with a place goes to `axes[place]`. An axis of length
/// 1 without a place goes anywhere between its neighbours.
fn spread(from: &[usize], places: &[Option<usize>], axes: &[usize], shape: &[usize]) -> Option<Axes> {
    let mut out = Axes::new();
    let mut next = 0;
    for (i, &n) in from.iter().enumerate() {
        let axis = match places[i] {
            Some(place) => axes[place],
            None if n == 1 => next,
            None => return None,
        };
        if axis < next || axis >= shape.len() {
            return None;
        }
        out.push(axis);
        next = axis + 1;
    }
    Some(out)
}
