//! The derivative of digamma.

use super::rule::Rule;
use kiln_program::{Compare, DType, Unary, Var};
use std::f64::consts::PI;

impl Rule<'_> {
    /// Returns the derivative of digamma. The asymptotic series is used where it holds to the last bit,
    /// `sum of 1 / (x + k)^2` leads up to there, and below 1/2 it is the reflection `pi^2 / sin(pi x)^2`.
    pub(super) fn trigamma(&mut self, x: Var) -> Var {
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
}
