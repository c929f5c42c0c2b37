//! Generates products and decompositions of matrices.

use super::maker::Maker;
use kiln_program::{
    ArrayType, Axes, Binary, Compare, DType, Dot, Linalg, Op, Scalar, Shape, Unary, Var, Vars, infer,
};

impl Maker<'_> {
    pub(super) fn dot(&mut self) -> Option<Vars> {
        let x = self.any();
        let of = self.of(x);
        let order = self.dice.permutation(of.shape.rank());
        let batch = if self.dice.chance(40) {
            self.dice.below(order.len() + 1)
        } else {
            0
        };
        let contract = self.dice.below(order.len() - batch + 1).min(2);
        let (lhs_batch, lhs_contract): (Axes, Axes) =
            (order[..batch].into(), order[batch..batch + contract].into());
        // The axes of the other operand, in random order.
        let mut axes: Vec<(Option<usize>, usize)> = order[..batch + contract]
            .iter()
            .map(|&i| (Some(i), of.shape[i]))
            .collect();
        for _ in 0..self.dice.below(3) {
            axes.push((None, self.length()));
        }
        let axes: Vec<(Option<usize>, usize)> = self
            .dice
            .permutation(axes.len())
            .into_iter()
            .map(|i| axes[i])
            .collect();
        let place = |i: &usize| {
            axes.iter()
                .position(|(axis, _)| *axis == Some(*i))
                .expect("it is there")
        };
        let (rhs_batch, rhs_contract) = (
            lhs_batch.iter().map(place).collect(),
            lhs_contract.iter().map(place).collect(),
        );
        let shape: Shape = axes.iter().map(|&(_, n)| n).collect();
        if shape.checked_size()? > self.style.class.limit() {
            return None;
        }
        let y = self.like(&ArrayType::new(of.dtype, shape));
        let dot = Dot {
            lhs_contract,
            rhs_contract,
            lhs_batch,
            rhs_batch,
        };
        // The limit is on the number of products, not only on the elements of the result.
        let result = infer(&Op::Dot(dot.clone()), &[&of, &self.of(y)]).ok()?;
        let terms: usize = dot.lhs_contract.iter().map(|&i| of.shape[i]).product();
        (result[0].shape.size() * terms < 2_000_000).then_some(())?;
        self.push(Op::Dot(dot), &[x, y])
    }

    pub(super) fn linalg(&mut self) -> Option<Vars> {
        let mut shape: Vec<usize> = (0..self.dice.below(3)).map(|_| self.dice.between(0, 3)).collect();
        let n = self.dice.between(0, 6);
        shape.extend([n, n]);
        let of = ArrayType::new(self.float(), shape.clone());
        let raw = self.like(&of);
        let f = *self.dice.pick(Linalg::ALL);
        // A derivative has no right digit if a system is nearly singular. So 8 is added to the diagonal,
        // which dominates rows of at most 6 numbers below 1.
        let dominant = self.style.smooth && f == Linalg::Solve;
        // Most matrices are far from singular.
        let a = match self.dice.chance(70) || dominant {
            true => self.regular(raw, &of, dominant),
            false => raw,
        };
        match f {
            // The derivative of eigh is that along symmetric matrices. So the matrix is made symmetric.
            Linalg::Eigh if self.style.smooth => {
                let mut order: Axes = (0..shape.len()).collect();
                order.swap(shape.len() - 2, shape.len() - 1);
                let turned = self.made(Op::Transpose(order), &[a]);
                let a = self.made(Op::Binary(Binary::Add), &[a, turned]);
                self.push(Op::Linalg(f), &[a])
            }
            Linalg::Eigh => self.push(Op::Linalg(f), &[a]),
            Linalg::Solve => {
                let last = shape.len() - 1;
                shape[last] = self.dice.between(0, 4);
                let b = self.like(&ArrayType::new(of.dtype, shape));
                self.push(Op::Linalg(f), &[a, b])
            }
        }
    }

    /// Returns a matrix that is mostly far from singular: `raw`, with large numbers added to its diagonal.
    fn regular(&mut self, raw: Var, of: &ArrayType, dominant: bool) -> Var {
        let rank = of.shape.rank();
        let [i, j] = [rank - 2, rank - 1].map(|axis| Op::Iota {
            dtype: DType::I32,
            shape: of.shape.clone(),
            axis,
        });
        let i = self.made(i, &[]);
        let j = self.made(j, &[]);
        let diagonal = self.made(Op::Compare(Compare::Eq), &[i, j]);
        let far = if dominant { 8.0 } else { 5.0 };
        let (far, zero) = (Scalar::from_f64(of.dtype, far), Scalar::from_f64(of.dtype, 0.0));
        let (far, zero) = (self.number(far, &of.shape), self.number(zero, &of.shape));
        let far = match self.dice.chance(50) && !dominant {
            true => self.cast(i, of.dtype),
            false => far,
        };
        let eye = self.made(Op::Select, &[diagonal, far, zero]);
        let raw = match self.style.smooth {
            true => self.made(Op::Unary(Unary::Tanh), &[raw]),
            false => raw,
        };
        self.made(Op::Binary(Binary::Add), &[raw, eye])
    }
}
