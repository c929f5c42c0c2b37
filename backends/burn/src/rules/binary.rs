//! The derivatives of functions of two operands.

use super::rule::Rule;
use kiln_program::{Binary, Compare, Op, Unary, Var};

impl Rule<'_> {
    /// Returns the cotangents of both operands; only the wanted ones are read later.
    pub(super) fn binary(&mut self, f: Binary, g: Var) -> [Var; 2] {
        let (x, y) = (self.operands[0], self.operands[1]);
        match f {
            Binary::Div => {
                // g / y and -(g / y) (x / y).
                let left = self.div(g, y);
                let minus = self.map(Unary::Neg, left);
                let quotient = self.div(x, y);
                [left, self.mul(minus, quotient)]
            }
            Binary::Rem => {
                let whole = self.div(x, y);
                let whole = self.map(Unary::Trunc, whole);
                let minus = self.map(Unary::Neg, g);
                [g, self.mul(minus, whole)]
            }
            Binary::Pow => self.power(x, y, g),
            Binary::Max | Binary::Min => {
                let (over, under) = match f {
                    Binary::Max => (Compare::Gt, Compare::Lt),
                    _ => (Compare::Lt, Compare::Gt),
                };
                // Equal operands share the cotangent. As in JAX the lesser one gets 0 times the cotangent,
                // which is NaN if the cotangent is.
                let (zero, half, one) = (self.number(g, 0.0), self.number(g, 0.5), self.number(g, 1.0));
                let equal = self.compare(Compare::Eq, x, y);
                let rest = self.select(equal, half, zero);
                [over, under].map(|better| {
                    let better = self.compare(better, x, y);
                    let share = self.select(better, one, rest);
                    self.mul(g, share)
                })
            }
            Binary::Atan2 => {
                // The derivative by a leg is the other leg over x^2 + y^2. For the greater leg m and the
                // ratio q these are 1 / (m (1 + q^2)) and q times that.
                let sizes = [x, y].map(|leg| self.map(Unary::Abs, leg));
                let [first, greater, ratio, square] = self.legs(x, y, sizes);
                let one = self.number(x, 1.0);
                let size = self.mul(greater, square);
                let large = self.div(one, size);
                let small = self.mul(ratio, large);
                let [left, right] = [self.select(first, small, large), self.select(first, large, small)];
                let right = self.map(Unary::Neg, right);
                [left, right].map(|d| self.mul(g, d))
            }
            Binary::Hypot => {
                // The derivatives are cosine and sine of the angle between the result and the greater leg.
                // The quotient of leg and result has a derivative that cancels.
                let sizes = [x, y].map(|leg| self.map(Unary::Abs, leg));
                let [first, greater, ratio, square] = self.legs(x, y, sizes);
                let cosine = self.map(Unary::Rsqrt, square);
                let sign = self.map(Unary::Sign, greater);
                let large = self.mul(sign, cosine);
                let small = self.mul(ratio, large);
                // At the origin the legs share the cotangent, as equal operands of a maximum do. The maximum
                // with a NaN is NaN, so that a NaN and a zero are no origin.
                let (zero, half) = (self.number(x, 0.0), self.number(x, 0.5));
                let largest = self.push(Op::Binary(Binary::Max), &sizes);
                let origin = self.compare(Compare::Eq, largest, zero);
                let [left, right] = [self.select(first, large, small), self.select(first, small, large)];
                [left, right].map(|d| {
                    let d = self.select(origin, half, d);
                    self.mul(g, d)
                })
            }
            f => panic!("{f:?} has no formula here, and its row says Kiln"),
        }
    }

    /// Returns two operands, sorted by their magnitudes `sizes`: the flag that the first is the greater, the
    /// greater, the ratio of the lesser to the greater, and 1 + ratio^2.
    fn legs(&mut self, x: Var, y: Var, sizes: [Var; 2]) -> [Var; 4] {
        let first = self.compare(Compare::Ge, sizes[0], sizes[1]);
        let greater = self.select(first, x, y);
        let lesser = self.select(first, y, x);
        let ratio = self.div(lesser, greater);
        let one = self.number(x, 1.0);
        let square = self.push(Op::MulAdd, &[ratio, ratio, one]);
        [first, greater, ratio, square]
    }

    /// Returns `y x^(y-1)`, which is NaN for `0^0`, and `log(x) x^y`, with a logarithm of 0 for a base of 0.
    fn power(&mut self, x: Var, y: Var, g: Var) -> [Var; 2] {
        let (zero, one) = (self.number(x, 0.0), self.number(x, 1.0));
        let no_base = self.compare(Compare::Eq, x, zero);
        let less = self.sub(y, one);
        let d = self.push(Op::Binary(Binary::Pow), &[x, less]);
        let d = self.mul(y, d);
        let left = self.mul(g, d);
        let base = self.select(no_base, one, x);
        let ln = self.map(Unary::Log, base);
        let power = self.push(Op::Binary(Binary::Pow), &[x, y]);
        let d = self.mul(ln, power);
        [left, self.mul(g, d)]
    }
}
