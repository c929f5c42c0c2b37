//! Compares the derivatives of both modes with one another and with differences.

use super::outcome::{Outcome, compared, fault};
use crate::dice::Dice;
use crate::find::contains;
use crate::generate::Case;
use crate::values::{self, Wild, numbers, shaken};
use kiln::{Array, call, debug, jvp, vjp};
use kiln_program::{ArrayType, DType, Linalg, Op, Scalar};

pub(super) fn modes(case: &Case, dice: &mut Dice) -> Outcome {
    let Some(f) = Differentiable::of(case) else {
        return Outcome::Unusable;
    };
    let outcome = debug::capture(|| {
        let x = f.point();
        let y = f.value(x.clone());
        let (along, weights) = (directions(dice, &x), directions(dice, &y));
        let (values, forth) = forward(&f, &x, &along, &weights);
        let outcome = compared("the value under jvp", ("alone", &y), ("jvp", &values));
        if outcome != Outcome::Agrees || !has_reverse(case) {
            return outcome;
        }
        let (values, back) = backward(&f, &x, &along, &weights);
        let outcome = compared("the value under vjp", ("alone", &y), ("vjp", &values));
        if outcome != Outcome::Agrees {
            return outcome;
        }
        // One mode alone has zero times infinity only if an element that is masked or out of bounds is not
        // finite, as in JAX.
        if !(case.smooth && forth.size.is_finite() && back.size.is_finite()) {
            return Outcome::Unusable;
        }
        // The bound holds the rounding errors of some hundred operations on the terms of the sum. Slopes of
        // about 1 were added even if the sum vanishes, as in `1 - (1/3 + 1/3 + 1/3)`. If the function is
        // ill-conditioned, the bound also holds the effect on the derivative of changing the inputs by some
        // units in the last place.
        let size = (forth.size + back.size).max(largest(&along) * largest(&weights));
        let mut bound = 1e3 * f64::EPSILON * size;
        let gap = (forth.value - back.value).abs();
        if gap > bound {
            for _ in 0..3 {
                let x = shaken(dice, &x);
                let others = [
                    forward(&f, &x, &along, &weights).1,
                    backward(&f, &x, &along, &weights).1,
                ];
                let moved =
                    [(&others[0], &forth), (&others[1], &back)].map(|(x, y)| (x.value - y.value).abs());
                bound += 4.0 * moved[0].max(moved[1]);
            }
        }
        if bound.is_nan() {
            return Outcome::Unusable;
        }
        if gap <= bound {
            return Outcome::Agrees;
        }
        fault(
            "jvp and vjp",
            format!(
                "jvp {} vjp {}: they differ by {gap:e}, at most {bound:e} is rounding",
                forth.value, back.value
            ),
        )
    });
    outcome.0
}

pub(super) fn differences(case: &Case, dice: &mut Dice) -> Outcome {
    let Some(f) = Differentiable::of(case) else {
        return Outcome::Unusable;
    };
    // `stop_gradient` is constant for derivatives only. Eigenvectors of a repeated eigenvalue have no
    // derivative, and differences do not always show that.
    let has_none = |op: &Op| matches!(op, Op::StopGradient | Op::Linalg(Linalg::Eigh));
    if !case.smooth || contains(&case.program, &has_none) {
        return Outcome::Unusable;
    }
    let outcome = debug::capture(|| {
        let x = f.point();
        let y = f.value(x.clone());
        let (along, weights) = (directions(dice, &x), directions(dice, &y));
        let derivative = match has_reverse(case) {
            true => backward(&f, &x, &along, &weights).1,
            false => forward(&f, &x, &along, &weights).1,
        };
        let (middle, size) = inner(&y, &weights);
        let at = |h: f64| {
            let moved = x.iter().zip(&along).map(|(x, u)| {
                let (x, u, of) = (numbers(x), numbers(u), x.array_type());
                values::filled(&of, |i| Scalar::from_f64(DType::F64, x[i] + h * u[i]))
            });
            inner(&f.value(moved.collect()), &weights).0
        };
        // The slopes to both sides, for three steps h.
        let steps = [2.0_f64.powi(-11), 2.0_f64.powi(-14), 2.0_f64.powi(-17)];
        let slopes = steps.map(|h| [(at(h) - middle) / h, (middle - at(-h)) / h]);
        let central = slopes.map(|[right, left]| (right + left) / 2.0);
        let bent = slopes.map(|[right, left]| (right - left).abs());
        let all = slopes
            .iter()
            .flatten()
            .copied()
            .fold(size, |sum, x| sum + x.abs());
        if !all.is_finite() {
            return Outcome::Unusable;
        }
        // The noise is the rounding error of a slope. Values on the way are of about 1 even if the result is
        // smaller. From step to step the derivative of a smooth function moves by a 64th as much, and its
        // bend is an eighth.
        let noise = 1e3 * f64::EPSILON * size.max(1.0) / steps[2];
        let (far, near) = ((central[0] - central[1]).abs(), (central[1] - central[2]).abs());
        let smooth = near <= far / 16.0 + noise
            && far <= 1e-2 * central[2].abs() + noise
            && (0..2).all(|i| bent[i + 1] <= bent[i] / 4.0 + noise);
        // A derivative with 0 / 0 in it, such as that of atan2 at (0, 0), is NaN in JAX too, whatever it is
        // multiplied by.
        if !smooth || !derivative.size.is_finite() {
            return Outcome::Unusable;
        }
        let gap = (central[2] - derivative.value).abs();
        if gap <= far + 10.0 * noise {
            return Outcome::Agrees;
        }
        fault(
            "derivative and differences",
            format!("derivative {} differences {central:?}", derivative.value),
        )
    });
    outcome.0
}

/// A function of a case's float inputs, and its point.
struct Differentiable<'a> {
    case: &'a Case,
    floats: Vec<usize>,
}

impl<'a> Differentiable<'a> {
    fn of(case: &'a Case) -> Option<Differentiable<'a>> {
        let is_float = |of: &ArrayType| of.dtype.is_float() && of.shape.size() > 0;
        let types = case.program.input_types();
        let floats: Vec<usize> = (0..types.len()).filter(|&i| is_float(&types[i])).collect();
        let any = case.program.output_types().iter().any(is_float);
        (any && !floats.is_empty()).then_some(Differentiable { case, floats })
    }

    fn point(&self) -> Vec<Array> {
        self.floats.iter().map(|&i| self.case.inputs[i].clone()).collect()
    }

    /// Returns the float results.
    fn value(&self, x: Vec<Array>) -> Vec<Array> {
        let mut inputs = self.case.inputs.clone();
        for (&i, x) in self.floats.iter().zip(x) {
            inputs[i] = x;
        }
        let mut results = call(&self.case.program, inputs);
        results.retain(|y| y.dtype().is_float());
        results
    }
}

fn directions(dice: &mut Dice, like: &[Array]) -> Vec<Array> {
    like.iter()
        .map(|x| values::array(dice, &x.array_type(), Wild::Smooth))
        .collect()
}

/// The derivative of a function at a point along a direction, weighted: one number, by one mode.
struct Derivative {
    value: f64,
    /// The sum of the magnitudes of the terms of `value`.
    size: f64,
}

fn forward(f: &Differentiable, x: &[Array], along: &[Array], weights: &[Array]) -> (Vec<Array>, Derivative) {
    let (y, tangents) = jvp(|x| f.value(x), x.to_vec(), along.to_vec());
    let (value, size) = inner(&tangents, weights);
    (y, Derivative { value, size })
}

fn backward(f: &Differentiable, x: &[Array], along: &[Array], weights: &[Array]) -> (Vec<Array>, Derivative) {
    let (y, pull) = vjp(|x| f.value(x), x.to_vec());
    let (value, size) = inner(&pull(weights.to_vec()), along);
    (y, Derivative { value, size })
}

/// Returns the sum of products, and the sum of their magnitudes.
fn inner(x: &[Array], y: &[Array]) -> (f64, f64) {
    let products = x
        .iter()
        .zip(y)
        .flat_map(|(x, y)| numbers(x).into_iter().zip(numbers(y)));
    products.fold((0.0, 0.0), |(sum, size), (x, y)| {
        (sum + x * y, size + (x * y).abs())
    })
}

/// The largest magnitude.
fn largest(x: &[Array]) -> f64 {
    x.iter().flat_map(numbers).fold(0.0, |most, x| most.max(x.abs()))
}

/// Returns true if a case has a reverse mode: it has none if it holds a loop on a condition.
fn has_reverse(case: &Case) -> bool {
    !contains(&case.program, &|op| matches!(op, Op::While(_)))
}
