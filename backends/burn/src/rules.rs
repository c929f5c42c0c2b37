//! Derivatives that kiln writes out, and the author of each derivative.
//!
//! [`Source`] names the author of the rule of every plain op: Burn's autodiff decorator if its rule is short
//! and accurate, JAX (`jax/_src/lax/lax.py`) if ops need a rule that Burn lacks or writes differently, kiln
//! if both lose digits or if Burn's ops of equal rank would leave reshapes behind.
//!
//! A rule is differentiated again for the second derivative. So its steps must keep their digits and their
//! range both as values and under differentiation. kiln's elementwise rules are products and quotients
//! whose partial products lie between 1 and the result, and sums of terms that do not cancel, neither here
//! nor in the product rule.

use kiln_program::{
    ArrayType, Axes, Binary, Builder, Compare, DType, Dot, Op, Reduction, Scalar, Shape, Unary, Var,
};
use std::f64::consts::{LN_2, LN_10, PI};

/// The author of the derivative of a plain op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Burn's autodiff decorator writes it.
    Burn,
    /// JAX's formula, written out. The values agree to the last bit if the functions in it do.
    Jax,
    /// A formula of kiln's own.
    Kiln,
}

/// The author of an op's rule.
pub(crate) fn source(op: &Op) -> Source {
    match op {
        Op::Unary(f) => match f {
            Unary::Neg | Unary::Exp | Unary::Sin | Unary::Cos | Unary::Sinh | Unary::Cosh | Unary::Tan => {
                Source::Burn
            }
            Unary::Abs
            | Unary::Sqrt
            | Unary::Rsqrt
            | Unary::Cbrt
            | Unary::Log
            | Unary::Log2
            | Unary::Log10
            | Unary::Log1p
            | Unary::Asin
            | Unary::Acos
            | Unary::Erf
            | Unary::Erfc
            | Unary::ErfInv
            | Unary::Lgamma => Source::Jax,
            // JAX: ln 2 times the result, which overflows before its product.
            Unary::Exp2
            // JAX: the result + 1, which is 0 below -37.
            | Unary::Expm1
            // JAX: (1 + t)(1 - t) for the result t, which is 0 from 19 on.
            | Unary::Tanh
            // JAX: s (1 - s) for the result s, which is 0 from 37 on.
            | Unary::Logistic
            // JAX: 1 + x^2 or x^2 - 1, which overflow.
            | Unary::Atan
            | Unary::Asinh
            | Unary::Acosh
            // JAX: a quotient by 1 + x and one by 1 - x, whose derivatives cancel at 0.
            | Unary::Atanh
            // JAX: Hurwitz's zeta function, for which there is no op.
            | Unary::Digamma => Source::Kiln,
            Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc | Unary::Not => {
                panic!("{f:?} has no derivative")
            }
        },
        Op::Binary(f) => match f {
            Binary::Add | Binary::Sub | Binary::Mul => Source::Burn,
            Binary::Rem | Binary::Pow | Binary::Max | Binary::Min => Source::Jax,
            // JAX: 1 / y^2 or 1 / (x^2 + y^2), which overflow and vanish.
            Binary::Div | Binary::Atan2 | Binary::Hypot => Source::Kiln,
            Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr => {
                panic!("{f:?} has no derivative")
            }
        },
        Op::Reduce {
            kind: Reduction::Max | Reduction::Min,
            ..
        }
        | Op::Sort { .. }
        | Op::Dot(_) => Source::Jax,
        Op::Broadcast { .. } => Source::Kiln,
        _ => Source::Burn,
    }
}

/// The result of a rule: a cotangent for each operand.
pub(crate) type Cotangents = Vec<Option<Var>>;

/// A rule's operands, and the builder that it writes to.
pub(crate) struct Rule<'a> {
    pub(crate) builder: &'a mut Builder,
    pub(crate) operands: &'a [Var],
    /// Marks the operands that want a cotangent.
    pub(crate) wanted: &'a [bool],
}

/// Two operands, sorted by magnitude.
struct Legs {
    /// True where the first operand is the greater in magnitude.
    first: Var,
    greater: Var,
    /// The lesser operand over the greater.
    ratio: Var,
    /// 1 + ratio^2.
    square: Var,
}

/// The cotangents of an op's operands by the rule written here. At least one result has a cotangent.
///
/// # Panics
/// When the rule is Burn's.
pub(crate) fn own(op: &Op, given: &[Option<Var>], rule: &mut Rule) -> Cotangents {
    // All ops except sorts have one result.
    let g = given.iter().copied().flatten().next().expect("a cotangent");
    match op {
        Op::Unary(f) => vec![Some(rule.unary(*f, g))],
        Op::Binary(f) => rule.binary(*f, g).map(Some).to_vec(),
        Op::Broadcast { shape, axes } => vec![Some(rule.broadcast(g, shape, axes))],
        Op::Reduce { axes, .. } => vec![Some(rule.extreme(op, g, axes))],
        Op::Sort { axis } => rule.sort(given, *axis),
        Op::Dot(dot) => rule.dot(dot, g),
        op => panic!("{}: its rule is Burn's", op.name()),
    }
}

impl Rule<'_> {
    /// The derivative of each function of one operand, times `g`.
    fn unary(&mut self, f: Unary, g: Var) -> Var {
        let x = self.operands[0];
        // The result itself.
        let y = |rule: &mut Self| rule.map(f, x);
        match f {
            Unary::Abs => {
                let zero = self.number(x, 0.0);
                let above = self.compare(Compare::Ge, x, zero);
                let minus = self.map(Unary::Neg, g);
                self.select(above, g, minus)
            }
            Unary::Sqrt => {
                let (half, y) = (self.number(x, 0.5), y(self));
                let d = self.div(half, y);
                self.mul(g, d)
            }
            Unary::Rsqrt => {
                let (half, y) = (self.number(x, -0.5), y(self));
                let d = self.div(y, x);
                let d = self.mul(half, d);
                self.mul(g, d)
            }
            Unary::Cbrt => {
                let (third, y) = (self.number(x, 1.0 / 3.0), y(self));
                let d = self.reciprocal_square(y);
                let d = self.mul(third, d);
                self.mul(g, d)
            }
            Unary::Exp2 => {
                // The square of 2^(x/2), which does not overflow before the product with ln 2.
                let (ln, half) = (self.number(x, LN_2), self.number(x, 0.5));
                let half = self.mul(x, half);
                let root = self.map(f, half);
                let d = self.mul(ln, root);
                let d = self.mul(d, root);
                self.mul(g, d)
            }
            Unary::Expm1 => {
                let d = self.map(Unary::Exp, x);
                self.mul(g, d)
            }
            Unary::Log => self.div(g, x),
            Unary::Log2 | Unary::Log10 => {
                let ln = self.number(x, if f == Unary::Log2 { LN_2 } else { LN_10 });
                let g = self.div(g, ln);
                self.div(g, x)
            }
            Unary::Log1p => {
                let one = self.number(x, 1.0);
                let d = self.add(x, one);
                self.div(g, d)
            }
            Unary::Tanh => {
                let d = self.sech_squared(x);
                self.mul(g, d)
            }
            Unary::Logistic => {
                let (half, quarter) = (self.number(x, 0.5), self.number(x, 0.25));
                let half = self.mul(x, half);
                let d = self.sech_squared(half);
                let d = self.mul(quarter, d);
                self.mul(g, d)
            }
            Unary::Asin | Unary::Acos => {
                let (one, square) = (self.number(x, 1.0), self.mul(x, x));
                let d = self.sub(one, square);
                let mut d = self.map(Unary::Rsqrt, d);
                if f == Unary::Acos {
                    d = self.map(Unary::Neg, d);
                }
                self.mul(g, d)
            }
            Unary::Atan => {
                // The square of asinh's.
                let (one, root) = (self.number(x, 1.0), self.root_of_square_and_one(x));
                let cosine = self.div(one, root);
                let d = self.mul(cosine, cosine);
                self.mul(g, d)
            }
            Unary::Asinh => {
                let root = self.root_of_square_and_one(x);
                self.div(g, root)
            }
            Unary::Acosh => {
                let one = self.number(x, 1.0);
                let [below, above] = [self.sub(x, one), self.add(x, one)];
                let [below, above] = [below, above].map(|leg| self.map(Unary::Sqrt, leg));
                let root = self.mul(below, above);
                self.div(g, root)
            }
            Unary::Atanh => {
                // 1 - x^2, rounded once.
                let (one, minus) = (self.number(x, 1.0), self.map(Unary::Neg, x));
                let d = self.push(Op::MulAdd, &[x, minus, one]);
                self.div(g, d)
            }
            Unary::Erf | Unary::Erfc => {
                let sign = if f == Unary::Erf { 2.0 } else { -2.0 };
                let (scale, square) = (self.number(x, sign / PI.sqrt()), self.mul(x, x));
                let d = self.map(Unary::Neg, square);
                let d = self.map(Unary::Exp, d);
                let d = self.mul(g, d);
                self.mul(scale, d)
            }
            Unary::ErfInv => {
                let (scale, y) = (self.number(x, PI.sqrt() / 2.0), y(self));
                let square = self.mul(y, y);
                let d = self.map(Unary::Exp, square);
                let d = self.mul(g, d);
                self.mul(scale, d)
            }
            Unary::Lgamma => {
                let d = self.map(Unary::Digamma, x);
                self.mul(g, d)
            }
            Unary::Digamma => {
                let d = self.trigamma(x);
                self.mul(g, d)
            }
            f => panic!("{f:?}: its rule is Burn's"),
        }
    }

    /// `1 / cosh^2`. Around 0 it is `1 - tanh^2`, whose derivative is odd; in the tails it is computed
    /// by an exponential.
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

    /// `sqrt(1 + x^2)`, for any x.
    fn root_of_square_and_one(&mut self, x: Var) -> Var {
        let one = self.number(x, 1.0);
        self.push(Op::Binary(Binary::Hypot), &[one, x])
    }

    /// The cotangents of both operands; only the wanted ones are read later.
    fn binary(&mut self, f: Binary, g: Var) -> [Var; 2] {
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
                let Legs {
                    first,
                    greater,
                    ratio,
                    square,
                } = self.legs(x, y);
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
                let Legs {
                    first,
                    greater,
                    ratio,
                    square,
                } = self.legs(x, y);
                let cosine = self.map(Unary::Rsqrt, square);
                let sign = self.map(Unary::Sign, greater);
                let large = self.mul(sign, cosine);
                let small = self.mul(ratio, large);
                // At the origin the legs share the cotangent, as equal operands of a maximum do.
                let (zero, half) = (self.number(x, 0.0), self.number(x, 0.5));
                let origin = self.compare(Compare::Eq, greater, zero);
                let [left, right] = [self.select(first, large, small), self.select(first, small, large)];
                [left, right].map(|d| {
                    let d = self.select(origin, half, d);
                    self.mul(g, d)
                })
            }
            f => panic!("{f:?}: its rule is Burn's"),
        }
    }

    fn legs(&mut self, x: Var, y: Var) -> Legs {
        let sizes = [x, y].map(|leg| self.map(Unary::Abs, leg));
        let first = self.compare(Compare::Ge, sizes[0], sizes[1]);
        let greater = self.select(first, x, y);
        let lesser = self.select(first, y, x);
        let ratio = self.div(lesser, greater);
        let one = self.number(x, 1.0);
        let square = self.push(Op::MulAdd, &[ratio, ratio, one]);
        Legs {
            first,
            greater,
            ratio,
            square,
        }
    }

    /// `y x^(y-1)`, which is NaN for `0^0`, and `log(x) x^y`, with a logarithm of 0 for a base of 0.
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

    /// The derivative of digamma. The asymptotic series is used where it holds to the last bit, `sum of 1 /
    /// (x + k)^2` leads up to there, and below 1/2 it is the reflection `pi^2 / sin(pi x)^2`.
    fn trigamma(&mut self, x: Var) -> Var {
        let double = self.builder.type_of(x).dtype == DType::F64;
        let (half, one, pi) = (self.number(x, 0.5), self.number(x, 1.0), self.number(x, PI));
        let below = self.compare(Compare::Lt, x, half);
        let mirrored = self.sub(one, x);
        let t = self.select(below, mirrored, x);
        let steps = if double { 10 } else { 4 };
        let mut sum = self.reciprocal_square(t);
        for k in 1..steps {
            let shift = self.number(x, f64::from(k));
            let term = self.add(t, shift);
            let term = self.reciprocal_square(term);
            sum = self.add(sum, term);
        }
        let shift = self.number(x, f64::from(steps));
        let z = self.add(t, shift);
        let inverse = self.div(one, z);
        let square = self.mul(inverse, inverse);
        // Bernoulli's numbers B_2n.
        const BERNOULLI: [f64; 9] = [
            1.0 / 6.0,
            -1.0 / 30.0,
            1.0 / 42.0,
            -1.0 / 30.0,
            5.0 / 66.0,
            -691.0 / 2730.0,
            7.0 / 6.0,
            -3617.0 / 510.0,
            43867.0 / 798.0,
        ];
        let terms = if double { 9 } else { 4 };
        let mut series = self.number(x, BERNOULLI[terms - 1]);
        for &b in BERNOULLI[..terms - 1].iter().rev() {
            let b = self.number(x, b);
            series = self.mul(series, square);
            series = self.add(series, b);
        }
        // 1/z + 1/(2 z^2) + series / z^3.
        let series = self.mul(series, inverse);
        let series = self.add(series, half);
        let series = self.mul(series, square);
        let series = self.add(series, inverse);
        let right = self.add(sum, series);
        // Whole multiples of pi are subtracted first. Above 1/2 nothing reads the mirror; there 1/2 keeps it
        // away from its poles.
        let nearest = self.map(Unary::Round, x);
        let rest = self.sub(x, nearest);
        let rest = self.select(below, rest, half);
        let angle = self.mul(pi, rest);
        let sine = self.map(Unary::Sin, angle);
        let ratio = self.div(pi, sine);
        let mirror = self.mul(ratio, ratio);
        let left = self.sub(mirror, right);
        self.select(below, left, right)
    }

    /// The sum over the repeated axes.
    fn broadcast(&mut self, g: Var, shape: &Shape, axes: &Axes) -> Var {
        let from = self.builder.type_of(self.operands[0]).shape.clone();
        let kept = |axis: usize| {
            axes.iter()
                .position(|&a| a == axis)
                .is_some_and(|i| from[i] == shape[axis])
        };
        let repeated: Axes = (0..shape.rank()).filter(|&axis| !kept(axis)).collect();
        let sum = if repeated.is_empty() {
            g
        } else {
            let kind = Reduction::Sum;
            self.push(Op::Reduce { kind, axes: repeated }, &[g])
        };
        self.reshape(sum, &from)
    }

    /// All elements that attain the extreme share the cotangent.
    fn extreme(&mut self, op: &Op, g: Var, axes: &Axes) -> Var {
        let x = self.operands[0];
        let ArrayType { dtype, shape } = self.builder.type_of(x).clone();
        let best = self.push(op.clone(), &[x]);
        let best = self.spread(best, &shape, axes);
        let attains = self.compare(Compare::Eq, x, best);
        let attains = self.push(Op::Cast(dtype), &[attains]);
        let kind = Reduction::Sum;
        let axes = axes.clone();
        let count = self.push(
            Op::Reduce {
                kind,
                axes: axes.clone(),
            },
            &[attains],
        );
        let share = self.div(g, count);
        let share = self.spread(share, &shape, &axes);
        self.mul(share, attains)
    }

    /// Brings the cotangents back to the places that their elements came from.
    fn sort(&mut self, given: &[Option<Var>], axis: usize) -> Cotangents {
        let shape = self.builder.type_of(self.operands[0]).shape.clone();
        let dtype = match i32::try_from(shape[axis]) {
            Ok(_) => DType::I32,
            Err(_) => DType::I64,
        };
        let places = self.push(Op::Iota { dtype, shape, axis }, &[]);
        let key = self.operands[0];
        let order = self
            .builder
            .push(Op::Sort { axis }, &[key, places])
            .expect("a key and its places")[1];
        let back: Vec<Var> = [order]
            .into_iter()
            .chain(given.iter().copied().flatten())
            .collect();
        let back = self
            .builder
            .push(Op::Sort { axis }, &back)
            .expect("cotangents of the results");
        let mut back = back.into_iter().skip(1);
        given.iter().map(|g| g.and_then(|_| back.next())).collect()
    }

    /// Each operand's cotangent is the contraction of the other operand with the result's cotangent, over the
    /// other operand's free axes.
    fn dot(&mut self, dot: &Dot, g: Var) -> Cotangents {
        let (x, y) = (self.operands[0], self.operands[1]);
        let free = |rule: &Self, var: Var, batch: &Axes, contract: &Axes| -> Axes {
            let rank = rule.builder.type_of(var).shape.rank();
            (0..rank)
                .filter(|axis| !batch.contains(axis) && !contract.contains(axis))
                .collect()
        };
        let left = free(self, x, &dot.lhs_batch, &dot.lhs_contract);
        let right = free(self, y, &dot.rhs_batch, &dot.rhs_contract);
        let batch: Axes = (0..dot.lhs_batch.len()).collect();
        let first: Axes = (batch.len()..batch.len() + left.len()).collect();
        let second: Axes = (batch.len() + left.len()..batch.len() + left.len() + right.len()).collect();
        let mut cotangents = vec![None, None];
        if self.wanted[0] {
            let product = Dot {
                lhs_contract: second,
                rhs_contract: right.clone(),
                lhs_batch: batch.clone(),
                rhs_batch: dot.rhs_batch.clone(),
            };
            let z = self.push(Op::Dot(product), &[g, y]);
            // Its axes: the batch, the free axes of x, and the contracted axes of y, in y's order.
            let order = dot.lhs_batch.iter().chain(&left).copied();
            cotangents[0] = Some(self.back(z, order, &dot.rhs_contract, &dot.lhs_contract));
        }
        if self.wanted[1] {
            let product = Dot {
                lhs_contract: first,
                rhs_contract: left,
                lhs_batch: batch,
                rhs_batch: dot.lhs_batch.clone(),
            };
            let z = self.push(Op::Dot(product), &[g, x]);
            let order = dot.rhs_batch.iter().chain(&right).copied();
            cotangents[1] = Some(self.back(z, order, &dot.lhs_contract, &dot.rhs_contract));
        }
        cotangents
    }

    /// Permutes a product's axes to the operand's order: first `order`, then the axes contracted with
    /// `theirs`, in their order.
    fn back(&mut self, z: Var, order: impl Iterator<Item = usize>, theirs: &Axes, ours: &Axes) -> Var {
        let mut pairs: Vec<(usize, usize)> = theirs.iter().copied().zip(ours.iter().copied()).collect();
        pairs.sort_unstable();
        let mut permutation = Axes::from_elem(0, self.builder.type_of(z).shape.rank());
        let axes = order.chain(pairs.into_iter().map(|(_, axis)| axis));
        axes.enumerate().for_each(|(from, axis)| permutation[axis] = from);
        self.push(Op::Transpose(permutation), &[z])
    }

    fn push(&mut self, op: Op, inputs: &[Var]) -> Var {
        self.builder.push(op, inputs).expect("a rule's equations type")[0]
    }

    fn map(&mut self, f: Unary, x: Var) -> Var {
        self.push(Op::Unary(f), &[x])
    }

    fn add(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Add), &[x, y])
    }

    fn sub(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Sub), &[x, y])
    }

    fn mul(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Mul), &[x, y])
    }

    fn div(&mut self, x: Var, y: Var) -> Var {
        self.push(Op::Binary(Binary::Div), &[x, y])
    }

    fn compare(&mut self, f: Compare, x: Var, y: Var) -> Var {
        self.push(Op::Compare(f), &[x, y])
    }

    fn select(&mut self, predicate: Var, x: Var, y: Var) -> Var {
        self.push(Op::Select, &[predicate, x, y])
    }

    fn number(&mut self, like: Var, value: f64) -> Var {
        let ArrayType { dtype, shape } = self.builder.type_of(like).clone();
        let value = Scalar::from_f64(dtype, value);
        self.push(Op::Constant { value, shape }, &[])
    }

    fn reciprocal_square(&mut self, x: Var) -> Var {
        let one = self.number(x, 1.0);
        let inverse = self.div(one, x);
        self.mul(inverse, inverse)
    }

    fn reshape(&mut self, x: Var, shape: &Shape) -> Var {
        self.push(Op::Reshape(shape.clone()), &[x])
    }

    /// Repeats the result of a reduction along the reduced axes.
    fn spread(&mut self, x: Var, shape: &Shape, reduced: &Axes) -> Var {
        let axes = (0..shape.rank()).filter(|axis| !reduced.contains(axis)).collect();
        let shape = shape.clone();
        self.push(Op::Broadcast { shape, axes }, &[x])
    }
}
