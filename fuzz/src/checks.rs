//! The checks: each runs a program in two ways, whose results must agree.

use crate::dice::Dice;
use crate::fault::{Fault, caught};
use crate::find::contains;
use crate::generate::{Case, inputs};
use crate::one_by_one;
use crate::values::{self, Wild, buffer, row, same, stacked};
use clap::ValueEnum;
use kiln::{Array, Program, call, debug, jit, jvp, vjp, vmap};
use kiln_program::{ArrayType, DType, Linalg, Op};
use rayon::ThreadPool;
use std::sync::{Arc, LazyLock};

/// A way in which two results must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Check {
    /// A program that is compiled as a whole gives the bits of its equations run one by one. It prints the
    /// same lines.
    Jit,
    /// `vmap` gives the bits of a loop over the rows.
    Vmap,
    /// `vjp` and `jvp` return values with the bits of the function's. The derivatives of smooth programs
    /// agree in both modes.
    Modes,
    /// The derivative is that of central differences.
    Differences,
    /// One thread gives the bits of several.
    Threads,
    /// A program that is saved and read again is the same one; programs and arrays print.
    Saved,
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The results agree.
    Agrees,
    /// There was nothing to compare.
    Unusable,
    /// The results do not agree, or one way panicked.
    Fault(Fault),
}

fn fault(kind: &str, facts: impl Into<String>) -> Outcome {
    Outcome::Fault(Fault {
        kind: kind.into(),
        facts: facts.into(),
    })
}

impl Check {
    /// Runs the check; a panic is a fault.
    pub fn run(self, case: &Case, seed: u64) -> Outcome {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let outcome = caught(|| match self {
            Check::Jit => jitted(case),
            Check::Vmap => mapped(case, &mut dice),
            Check::Modes => modes(case, &mut dice),
            Check::Differences => differences(case, &mut dice),
            Check::Threads => threads(case),
            Check::Saved => saved(case),
        });
        outcome.unwrap_or_else(Outcome::Fault)
    }
}

/// Returns a fault for the first result that differs.
fn compared(kind: &str, left: (&str, &[Array]), right: (&str, &[Array])) -> Outcome {
    for (i, (x, y)) in left.1.iter().zip(right.1).enumerate() {
        if !same(x, y) {
            return fault(
                kind,
                format!(
                    "result {i}: {} {}\n          {} {}",
                    left.0,
                    shown(x),
                    right.0,
                    shown(y)
                ),
            );
        }
    }
    Outcome::Agrees
}

/// Returns an array as text, cut off if it is long.
pub fn shown(x: &Array) -> String {
    let (text, of) = (format!("{x:?}").replace('\n', ""), x.array_type());
    match text.char_indices().nth(600) {
        None => format!("{of} {text}"),
        Some((end, _)) => format!("{of} {} ...", &text[..end]),
    }
}

/// Copies arrays into memory that nobody else holds.
fn copies(arrays: &[Array]) -> Vec<Array> {
    arrays
        .iter()
        .map(|x| values::joined(x.array_type(), &[buffer(x).bytes()]))
        .collect()
}

fn jitted(case: &Case) -> Outcome {
    let (plain, said) = debug::capture(|| one_by_one::run(&case.program, &case.inputs));
    let whole = |inputs: Vec<Array>| call(&case.program, inputs);
    let (fused, lines) = debug::capture(|| jit(whole)(case.inputs.clone()));
    if lines != said {
        return fault(
            "printed lines",
            format!("one by one {said:?}\n          jit {lines:?}"),
        );
    }
    let outcome = compared("jit", ("one by one", &plain), ("jit", &fused));
    if outcome != Outcome::Agrees {
        return outcome;
    }
    // The program runs once more, into the memory of its inputs.
    let (reused, _) = debug::capture(|| whole(copies(&case.inputs)));
    compared("jit in place", ("one by one", &plain), ("jit in place", &reused))
}

fn mapped(case: &Case, dice: &mut Dice) -> Outcome {
    let types = case.program.input_types();
    if types.is_empty() {
        return Outcome::Unusable;
    }
    let size = *dice.pick(&[1, 2, 3, 5]);
    let mut along: Vec<bool> = types.iter().map(|_| dice.chance(65)).collect();
    if !along.contains(&true) {
        along[dice.below(types.len())] = true;
    }
    let mut rows: Vec<Vec<Array>> = vec![case.inputs.clone()];
    while rows.len() < size {
        let fresh = inputs(dice, &case.program, case.smooth);
        let row = fresh.into_iter().zip(&case.inputs).zip(&along);
        rows.push(
            row.map(|((fresh, x), &along)| if along { fresh } else { x.clone() })
                .collect(),
        );
    }
    let mut axes: Vec<Option<isize>> = vec![];
    let mut batch = vec![];
    for (i, of) in types.iter().enumerate() {
        if !along[i] {
            axes.push(None);
            batch.push(case.inputs[i].clone());
            continue;
        }
        let column: Vec<Array> = rows.iter().map(|row| row[i].clone()).collect();
        let stack = stacked(of, &column);
        let axis = if dice.chance(70) {
            0
        } else {
            dice.between(0, of.shape.rank())
        };
        axes.push(Some(axis as isize));
        batch.push(kiln::numpy::moveaxis(&stack, 0, axis as isize));
    }
    let whole = |inputs: Vec<Array>| call(&case.program, inputs);
    let ((each, all), _) = debug::capture(|| {
        let each: Vec<Vec<Array>> = rows.iter().cloned().map(whole).collect();
        (each, vmap(whole, axes.clone())(batch.clone()))
    });
    let exact = exact(&case.program, &along);
    for (i, all) in all.iter().enumerate() {
        for (k, each) in each.iter().enumerate() {
            let got = row(all, k);
            let agree = same(&got, &each[i])
                || (!exact[i]
                    && got.array_type() == each[i].array_type()
                    && (!case.smooth || near(&case.program, &rows[k], i, &got, &each[i], dice)));
            if !agree {
                let facts = format!(
                    "axes {axes:?} of {size}, row {k} of result {i}: loop {}\n          vmap {}",
                    shown(&each[i]),
                    shown(&got)
                );
                return fault("vmap", facts);
            }
        }
    }
    Outcome::Agrees
}

/// Returns true if two values of result `i` of a smooth program differ by rounding alone. The bound is the
/// rounding of some hundred operations relative to the greatest element, and the effect of changing the
/// inputs by some units in the last place.
fn near(program: &Arc<Program>, inputs: &[Array], i: usize, x: &Array, y: &Array, dice: &mut Dice) -> bool {
    // An integer that is computed from such floats may differ by more.
    if !x.dtype().is_float() {
        return true;
    }
    let (x, y) = (numbers(x), numbers(y));
    // NaN and infinities have no rounding error.
    let alike = |x: &f64, y: &f64| x.is_finite() && y.is_finite() || x == y || x.is_nan() && y.is_nan();
    if !x.iter().zip(&y).all(|(x, y)| alike(x, y)) {
        return false;
    }
    let gap = |x: &[f64]| {
        let gaps = x.iter().zip(&y).map(|(x, y)| (x - y).abs());
        gaps.filter(|gap| gap.is_finite()).fold(0.0, f64::max)
    };
    let sizes = y.iter().map(|y| y.abs()).filter(|size| size.is_finite());
    let mut bound = 1e3 * f64::EPSILON * sizes.fold(0.0, f64::max);
    let found = gap(&x);
    for _ in 0..3 {
        if found <= bound {
            return true;
        }
        let floats = inputs.iter().map(|x| match x.dtype() {
            DType::F64 => shaken(dice, std::slice::from_ref(x)).remove(0),
            _ => x.clone(),
        });
        let (moved, _) = debug::capture(|| call(program, floats.collect::<Vec<_>>()));
        bound += 4.0 * gap(&numbers(&moved[i]));
    }
    found <= bound
}

/// Returns for each result of a program, mapped over these inputs, if it must have the bits of a loop over
/// the rows. Sums add the elements of a row in the order of a row alone. Two kinds of results need not have
/// these bits. The product of a mapped matrix and an unmapped one is one larger product, whose order may
/// differ. Decompositions have an order of their own.
fn exact(program: &Program, mapped: &[bool]) -> Vec<bool> {
    let mut exact = vec![true; mapped.len()];
    // `may` is true for variables that may have the new axis, `must` for those that have it in any case. The
    // results of inner programs may be the same in all rows, so they are never in `must`.
    let [mut may, mut must] = [mapped.to_vec(), mapped.to_vec()];
    for equation in program.equations() {
        let operands = || equation.inputs.iter().map(|var| var.index());
        let float = |i: usize| program.type_of(equation.inputs[i]).dtype.is_float();
        let own = match &equation.op {
            Op::Dot(_) => !float(0) || operands().all(|i| must[i]) || !operands().any(|i| may[i]),
            Op::Linalg(_) => false,
            op => op.programs().iter().all(|inner| !has_products(inner)),
        };
        let all = own && operands().all(|i| exact[i]);
        let plain = equation.op.programs().is_empty();
        let [may_be, must_be] = [operands().any(|i| may[i]), plain && operands().any(|i| must[i])];
        for _ in &equation.outputs {
            exact.push(all);
            may.push(may_be);
            must.push(must_be);
        }
    }
    program.outputs().iter().map(|var| exact[var.index()]).collect()
}

/// Returns true if a program multiplies or decomposes matrices.
fn has_products(program: &Program) -> bool {
    contains(program, &|op| matches!(op, Op::Dot(_) | Op::Linalg(_)))
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

/// The elements as 64-bit floats.
fn numbers(x: &Array) -> Vec<f64> {
    match x.dtype() {
        DType::F32 => x.to_vec::<f32>().into_iter().map(f64::from).collect(),
        _ => x.to_vec(),
    }
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

/// Changes each element by at most 256 units in the last place, up or down.
fn shaken(dice: &mut Dice, x: &[Array]) -> Vec<Array> {
    x.iter()
        .map(|x| {
            let elements = numbers(x);
            values::filled(&x.array_type(), |i| {
                let by = (dice.unit() - 0.5) * 512.0 * f64::EPSILON;
                kiln_program::Scalar::from_f64(DType::F64, elements[i] * (1.0 + by))
            })
        })
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

/// Returns true if a case has a reverse mode: it has none if it holds a loop on a condition.
fn has_reverse(case: &Case) -> bool {
    !contains(&case.program, &|op| matches!(op, Op::While(_)))
}

fn modes(case: &Case, dice: &mut Dice) -> Outcome {
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
        if !case.smooth {
            return Outcome::Unusable;
        }
        // One mode alone has zero times infinity only if an element that is masked or out of bounds is not
        // finite, as in JAX.
        if !(forth.size.is_finite() && back.size.is_finite()) {
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

fn differences(case: &Case, dice: &mut Dice) -> Outcome {
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
                values::filled(&of, |i| {
                    kiln_program::Scalar::from_f64(DType::F64, x[i] + h * u[i])
                })
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
        if !smooth {
            return Outcome::Unusable;
        }
        // A derivative with 0 / 0 in it, such as that of atan2 at (0, 0), is NaN in JAX too, whatever it is
        // multiplied by.
        if !derivative.size.is_finite() {
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

fn threads(case: &Case) -> Outcome {
    static POOLS: LazyLock<[ThreadPool; 2]> = LazyLock::new(|| {
        [1, 3].map(|n| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .expect("a few threads")
        })
    });
    // Smaller arrays are not worth waking a thread for.
    let all = case.program.equations().iter();
    let mut sizes = case
        .program
        .inputs()
        .chain(all.flat_map(|equation| equation.outputs.iter().copied()))
        .map(|var| case.program.type_of(var).shape.size());
    if !sizes.any(|size| size >= 1 << 16) {
        return Outcome::Unusable;
    }
    let [one, three] = POOLS
        .each_ref()
        .map(|pool| pool.install(|| debug::capture(|| call(&case.program, copies(&case.inputs))).0));
    compared("threads", ("one", &one), ("three", &three))
}

fn saved(case: &Case) -> Outcome {
    let text = serde_json::to_string(&*case.program).expect("a program is text");
    let read: Program = match serde_json::from_str(&text) {
        Ok(read) => read,
        Err(error) => return fault("a saved program is refused", error.to_string()),
    };
    if read != *case.program || read.to_string() != case.program.to_string() {
        return fault("another program is read", read.to_string());
    }
    // As text, a large array takes many times its memory. So large arrays are left out.
    for x in case.inputs.iter().filter(|x| x.size() <= 1 << 22) {
        let text = serde_json::to_string(x).expect("an array is text");
        match serde_json::from_str::<Array>(&text) {
            Ok(read) if same(&read, x) && read.to_string() == x.to_string() => {}
            Ok(read) => return fault("another array is read", shown(&read)),
            Err(error) => return fault("a saved array is refused", error.to_string()),
        }
    }
    Outcome::Agrees
}
