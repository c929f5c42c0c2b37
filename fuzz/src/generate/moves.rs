//! Generates the ops that move elements, along axes and into other shapes.

use super::maker::Maker;
use super::style::span;
use kiln_program::{ArrayType, Axes, Op, Shape, Vars};

impl Maker<'_> {
    pub(super) fn reshape(&mut self) -> Option<Vars> {
        let x = self.any();
        let shape = self.reshaped(&self.of(x).shape);
        self.push(Op::Reshape(shape.into()), &[x])
    }

    fn reshaped(&mut self, shape: &Shape) -> Vec<usize> {
        let mut lengths = shape.to_vec();
        for _ in 0..self.dice.between(1, 3) {
            let at = self.dice.between(0, lengths.len());
            match self.dice.below(4) {
                0 => lengths.insert(at, 1),
                1 if at + 1 < lengths.len() => {
                    let n = lengths.remove(at);
                    lengths[at] *= n;
                }
                2 if at < lengths.len() => {
                    let divisors: Vec<usize> = (1..=lengths[at].min(64))
                        .filter(|d| lengths[at].is_multiple_of(*d))
                        .collect();
                    if !divisors.is_empty() {
                        let d = *self.dice.pick(&divisors);
                        lengths[at] /= d;
                        lengths.insert(at + self.dice.below(2), d);
                    }
                }
                3 if at < lengths.len() && lengths[at] == 1 => {
                    lengths.remove(at);
                }
                _ => {}
            }
        }
        lengths
    }

    pub(super) fn transpose(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let rank = self.of(x).shape.rank();
        let order = self.dice.permutation(rank);
        self.push(Op::Transpose(order.into()), &[x])
    }

    pub(super) fn broadcast(&mut self) -> Option<Vars> {
        let x = self.any();
        let of = self.of(x).shape;
        let limit = self.style.class.limit();
        let (mut shape, mut axes) = (vec![], Axes::new());
        let mut size = of.size().max(1);
        for i in 0..=of.rank() {
            while self.dice.chance(25) {
                let n = self.length();
                let n = if size * n > limit { 1 } else { n };
                size *= n.max(1);
                shape.push(n);
            }
            if i < of.rank() {
                axes.push(shape.len());
                let wider = if of[i] == 1 && self.dice.chance(60) {
                    self.length()
                } else {
                    of[i]
                };
                let n = if of[i] == 1 && size * wider > limit {
                    1
                } else {
                    wider
                };
                if of[i] == 1 {
                    size *= n.max(1);
                }
                shape.push(n);
            }
        }
        let shape = shape.into();
        self.push(Op::Broadcast { shape, axes }, &[x])
    }

    pub(super) fn slice(&mut self) -> Option<Vars> {
        let x = self.any();
        let (mut start, mut stop, mut step) = (Axes::new(), Axes::new(), Axes::new());
        for &n in self.of(x).shape.iter() {
            let (a, b) = match self.dice.chance(30) {
                true => (0, n),
                false => (self.dice.between(0, n), self.dice.between(0, n)),
            };
            // Most slices are not empty.
            let (a, b) = if a == b && n > 0 && self.dice.chance(80) {
                (0, n)
            } else {
                (a, b)
            };
            start.push(a.min(b));
            stop.push(a.max(b));
            step.push(*self.dice.pick(&[1, 1, 1, 2, 2, 3, 5]));
        }
        self.push(Op::Slice { start, stop, step }, &[x])
    }

    pub(super) fn pad(&mut self) -> Option<Vars> {
        let x = self.any();
        let (mut shape, mut start, mut step) = (vec![], Axes::new(), Axes::new());
        for &n in self.of(x).shape.iter() {
            let (before, by, after) = (
                self.dice.below(3),
                *self.dice.pick(&[1, 1, 2, 3]),
                self.dice.below(3),
            );
            let taken = if n == 0 { 0 } else { (n - 1) * by + 1 };
            shape.push(before + taken + after);
            start.push(before);
            step.push(by);
        }
        let shape = shape.into();
        self.push(Op::Pad { shape, start, step }, &[x])
    }

    pub(super) fn reverse(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let axes = self.dice.subset(self.of(x).shape.rank());
        self.push(Op::Reverse(axes.into()), &[x])
    }

    pub(super) fn concatenate(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let of = self.of(x);
        let axis = self.dice.below(of.shape.rank());
        let mut operands = vec![x];
        for _ in 0..self.dice.below(4) {
            let mut shape = of.shape.to_vec();
            if self.dice.chance(40) {
                shape[axis] = self.length();
            }
            let other = ArrayType::new(of.dtype, shape);
            if span(&other.shape) <= self.style.class.limit() {
                operands.push(self.like(&other));
            }
        }
        self.push(Op::Concatenate { axis }, &operands)
    }
}
