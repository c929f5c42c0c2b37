//! The derivatives of functions of one operand.

use super::rule::Rule;
use kiln_program::{Binary, Compare, Op, Unary, Var};
use std::f64::consts::{LN_2, LN_10, PI};

impl Rule<'_> {
    /// Returns the derivative of each function of one operand, times `g`.
    pub(super) fn unary(&mut self, f: Unary, g: Var) -> Var {
        let x = self.operands[0];
        // The result itself.
        let y = |rule: &mut Self| rule.map(f, x);
        let d = match f {
            Unary::Abs => {
                let zero = self.number(x, 0.0);
                let above = self.compare(Compare::Ge, x, zero);
                let minus = self.map(Unary::Neg, g);
                return self.select(above, g, minus);
            }
            Unary::Sqrt => {
                let (half, y) = (self.number(x, 0.5), y(self));
                self.div(half, y)
            }
            Unary::Rsqrt => {
                let (half, y) = (self.number(x, -0.5), y(self));
                let d = self.div(y, x);
                self.mul(half, d)
            }
            Unary::Cbrt => {
                let (third, y) = (self.number(x, 1.0 / 3.0), y(self));
                let d = self.reciprocal_square(y);
                self.mul(third, d)
            }
            Unary::Exp2 => {
                // The square of 2^(x/2), which does not overflow before the product with ln 2.
                let (ln, half) = (self.number(x, LN_2), self.number(x, 0.5));
                let half = self.mul(x, half);
                let root = self.map(f, half);
                let d = self.mul(ln, root);
                self.mul(d, root)
            }
            Unary::Expm1 => self.map(Unary::Exp, x),
            Unary::Log => return self.div(g, x),
            Unary::Log2 | Unary::Log10 => {
                let ln = self.number(x, if f == Unary::Log2 { LN_2 } else { LN_10 });
                let g = self.div(g, ln);
                return self.div(g, x);
            }
            Unary::Log1p => {
                let one = self.number(x, 1.0);
                let d = self.add(x, one);
                return self.div(g, d);
            }
            Unary::Tanh => self.sech_squared(x),
            Unary::Logistic => {
                let (half, quarter) = (self.number(x, 0.5), self.number(x, 0.25));
                let half = self.mul(x, half);
                let d = self.sech_squared(half);
                self.mul(quarter, d)
            }
            Unary::Asin | Unary::Acos => {
                let (one, square) = (self.number(x, 1.0), self.mul(x, x));
                let d = self.sub(one, square);
                let mut d = self.map(Unary::Rsqrt, d);
                if f == Unary::Acos {
                    d = self.map(Unary::Neg, d);
                }
                d
            }
            Unary::Atan => {
                // The square of asinh's.
                let (one, root) = (self.number(x, 1.0), self.root_of_square_and_one(x));
                let cosine = self.div(one, root);
                self.mul(cosine, cosine)
            }
            Unary::Asinh => {
                let root = self.root_of_square_and_one(x);
                return self.div(g, root);
            }
            Unary::Acosh => {
                let one = self.number(x, 1.0);
                let [below, above] = [self.sub(x, one), self.add(x, one)];
                let [below, above] = [below, above].map(|leg| self.map(Unary::Sqrt, leg));
                let root = self.mul(below, above);
                return self.div(g, root);
            }
            Unary::Atanh => {
                // 1 - x^2, rounded once.
                let (one, minus) = (self.number(x, 1.0), self.map(Unary::Neg, x));
                let d = self.push(Op::MulAdd, &[x, minus, one]);
                return self.div(g, d);
            }
            Unary::Erf | Unary::Erfc => {
                let sign = if f == Unary::Erf { 2.0 } else { -2.0 };
                let (scale, square) = (self.number(x, sign / PI.sqrt()), self.mul(x, x));
                let d = self.map(Unary::Neg, square);
                let d = self.map(Unary::Exp, d);
                let d = self.mul(g, d);
                return self.mul(scale, d);
            }
            Unary::ErfInv => {
                let (scale, y) = (self.number(x, PI.sqrt() / 2.0), y(self));
                let square = self.mul(y, y);
                let d = self.map(Unary::Exp, square);
                let d = self.mul(g, d);
                return self.mul(scale, d);
            }
            Unary::Lgamma => self.map(Unary::Digamma, x),
            Unary::Digamma => self.trigamma(x),
            f => panic!("{f:?} has no formula here, and its row says Kiln"),
        };
        self.mul(g, d)
    }

    /// Returns `1 / cosh^2`. Around 0 it is `1 - tanh^2`, whose derivative is odd; in the tails it is
    /// computed by an exponential.
    fn sech_squared(&mut self, x: Var) -> Var {
        let [half, one, two] = [0.5, 1.0, 2.0].map(|value| self.number(x, value));
        let t = self.map(Unary::Tanh, x);
        let square = self.mul(t, t);
        let near = self.sub(one, square);
        // 4 e / (1 + e)^2 with e = exp(-2|x|).
        let size = self.map(Unary::Abs, x);
        let twice = self.number(x, -2.0);
        let twice = self.mul(size, twice);
        let e = self.map(Unary::Exp, twice);
        let sum = self.add(one, e);
        let factor = self.div(two, sum);
        let far = self.mul(e, factor);
        let far = self.mul(far, factor);
        let inside = self.compare(Compare::Lt, size, half);
        self.select(inside, near, far)
    }

    /// Returns `sqrt(1 + x^2)`, for any x.
    fn root_of_square_and_one(&mut self, x: Var) -> Var {
        let one = self.number(x, 1.0);
        self.push(Op::Binary(Binary::Hypot), &[one, x])
    }
}
