//! Generates elementwise ops.

use super::maker::Maker;
use kiln_program::{ArrayType, Binary, Compare, DType, Op, Scalar, Unary, Var, Vars};

impl Maker<'_> {
    pub(super) fn unary(&mut self) -> Option<Vars> {
        let f = *self.dice.pick(Unary::ALL);
        let x = self.taken_by(&Op::Unary(f), 1)?;
        let x = self.in_domain(f, x);
        self.push(Op::Unary(f), &[x])
    }

    /// Returns an operand at which the function is smooth, if the program must be smooth.
    fn in_domain(&mut self, f: Unary, x: Var) -> Var {
        if !self.style.smooth || !self.of(x).dtype.is_float() {
            return x;
        }
        let mut through = |f: Unary, x: Var| self.made(Op::Unary(f), &[x]);
        match f {
            Unary::Sqrt | Unary::Rsqrt | Unary::Log | Unary::Log2 | Unary::Log10 | Unary::Log1p => {
                through(Unary::Logistic, x)
            }
            Unary::Asin | Unary::Acos | Unary::Atanh | Unary::ErfInv => {
                let x = through(Unary::Logistic, x);
                let of = self.of(x);
                let most = self.number(Scalar::from_f64(DType::F64, 0.9), &of.shape);
                self.made(Op::Binary(Binary::Mul), &[x, most])
            }
            Unary::Acosh | Unary::Lgamma | Unary::Digamma => {
                let x = through(Unary::Logistic, x);
                let of = self.of(x);
                let least = self.number(Scalar::from_f64(DType::F64, 1.2), &of.shape);
                self.made(Op::Binary(Binary::Add), &[x, least])
            }
            Unary::Exp | Unary::Exp2 | Unary::Expm1 | Unary::Sinh | Unary::Cosh | Unary::Tan => {
                through(Unary::Tanh, x)
            }
            _ => x,
        }
    }

    pub(super) fn binary(&mut self) -> Option<Vars> {
        let f = *self.dice.pick(Binary::ALL);
        let x = self.taken_by(&Op::Binary(f), 2)?;
        let (of, base) = (self.of(x), f == Binary::Pow && self.style.smooth);
        let y = self.like(&of);
        let x = match base && of.dtype.is_float() {
            true => self.push(Op::Unary(Unary::Logistic), &[x])?[0],
            false => x,
        };
        let operands = if self.dice.chance(50) || base {
            [x, y]
        } else {
            [y, x]
        };
        self.push(Op::Binary(f), &operands)
    }

    pub(super) fn compare(&mut self) -> Option<Vars> {
        let x = self.any();
        let y = self.like(&self.of(x));
        let f = *self.dice.pick(Compare::ALL);
        self.push(Op::Compare(f), &[x, y])
    }

    pub(super) fn select(&mut self) -> Option<Vars> {
        let x = self.any();
        let of = self.of(x);
        let y = self.like(&of);
        let predicate = self.like(&ArrayType::new(DType::Bool, of.shape));
        self.push(Op::Select, &[predicate, x, y])
    }

    pub(super) fn mul_add(&mut self) -> Option<Vars> {
        let x = self.taken_by(&Op::MulAdd, 3)?;
        let of = self.of(x);
        let (y, z) = (self.like(&of), self.like(&of));
        self.push(Op::MulAdd, &[x, y, z])
    }

    /// Adds a cast of any variable.
    pub(super) fn cast_any(&mut self) -> Option<Vars> {
        let (x, dtype) = (self.any(), self.dtype());
        self.push(Op::Cast(dtype), &[x])
    }

    pub(super) fn uniform(&mut self) -> Option<Vars> {
        let shape = self.shape();
        let of = ArrayType::new(DType::U32, shape);
        let (x, y, dtype) = (self.like(&of), self.like(&of), self.float());
        let low = self.dice.unit() * 4.0 - 2.0;
        let [low, high] = [low, low + self.dice.unit() * 3.0].map(|bound| Scalar::from_f64(dtype, bound));
        self.push(Op::Uniform { low, high }, &[x, y])
    }
}
