//! Generates gathers and scatters.

use super::maker::Maker;
use super::style::span;
use kiln_program::{ArrayType, Axes, Binary, DType, Op, OutOfBounds, Scalar, Update, Var, Vars, infer};

/// The axes and indices at which a gather reads or a scatter writes.
struct Indexing {
    axes: Axes,
    batch: usize,
    mode: OutOfBounds,
    indices: Vec<Var>,
}

impl Maker<'_> {
    pub(super) fn gather(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let place = self.place(x);
        let operands: Vec<Var> = [x].into_iter().chain(place.indices).collect();
        let (axes, batch, mode) = (place.axes, place.batch, place.mode);
        self.push(Op::Gather { axes, batch, mode }, &operands)
    }

    pub(super) fn scatter(&mut self) -> Option<Vars> {
        let x = self.with_axes(1)?;
        let place = self.place(x);
        let of = self.of(x);
        let (axes, batch, mode) = (place.axes, place.batch, place.mode);
        let read = Op::Gather {
            axes: axes.clone(),
            batch,
            mode,
        };
        let types: Vec<ArrayType> = [of]
            .into_iter()
            .chain(place.indices.iter().map(|&var| self.of(var)))
            .collect();
        let written = infer(&read, &types.iter().collect::<Vec<_>>()).expect("a place")[0].clone();
        if span(&written.shape) > self.style.class.limit() {
            return None;
        }
        let updates = self.like(&written);
        let operands: Vec<Var> = [x, updates].into_iter().chain(place.indices).collect();
        let kind = *self.dice.pick(Update::ALL);
        self.push(
            Op::Scatter {
                kind,
                axes,
                batch,
                mode,
            },
            &operands,
        )
    }

    /// Picks some elements of an array with axes, for a gather or a scatter.
    fn place(&mut self, x: Var) -> Indexing {
        let shape = self.of(x).shape;
        let batch = if self.dice.chance(30) {
            self.dice.below(shape.rank())
        } else {
            0
        };
        let mut axes: Axes = (batch..shape.rank()).filter(|_| self.dice.chance(50)).collect();
        if axes.is_empty() {
            axes.push(self.dice.between(batch, shape.rank() - 1));
        }
        let mut places = shape[..batch].to_vec();
        for _ in 0..self.dice.below(3) {
            places.push(*self.dice.pick(&[0, 1, 1, 2, 3, 5]));
        }
        let dtype = self.integer();
        let indices = axes.iter().map(|&axis| {
            let dtype = if self.dice.chance(80) {
                dtype
            } else {
                self.integer()
            };
            self.indices(dtype, &places, shape[axis])
        });
        let indices = indices.collect();
        let mode = *self.dice.pick(OutOfBounds::ALL);
        Indexing {
            axes,
            batch,
            mode,
            indices,
        }
    }

    /// Returns indices that are mostly below `n`.
    fn indices(&mut self, dtype: DType, shape: &[usize], n: usize) -> Var {
        let of = ArrayType::new(dtype, shape);
        let raw = match self.dice.chance(20) {
            true if of.shape.rank() > 0 => {
                let axis = self.dice.below(of.shape.rank());
                let shape = of.shape.clone();
                self.made(Op::Iota { dtype, shape, axis }, &[])
            }
            _ => self.like(&of),
        };
        if n == 0 || n > 100 || self.dice.chance(40) {
            return raw;
        }
        let modulus = self.number(Scalar::from_i64(dtype, n as i64), &of.shape);
        self.made(Op::Binary(Binary::Rem), &[raw, modulus])
    }
}
