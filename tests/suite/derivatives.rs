//! Compares derivatives of every function with JAX's, with finite differences, and with each other in every
//! nesting: `reference/data/derivatives.json`.

mod ops;

use crate::support::compare::{eps, floats};
use crate::support::device::{has, is_exact, looseness, moved, on_cpu};
use crate::support::{Report, array, flag, float, list, rows, text};
use kiln::{Array, DType, grad, jit, jvp, numpy as np, vjp, vmap, with_x64};
use ops::op;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads an array of a row, on the CPU.
fn reference(value: &Value) -> Array {
    on_cpu(|| array(value))
}

/// The function of a row in one dtype, with its inputs, the cotangent of its value and the tangents of its
/// inputs.
struct Case<'a> {
    row: &'a Value,
    dtype: DType,
    xs: Vec<Array>,
    cotangent: Array,
    tangents: Vec<Array>,
}

/// The numbers of `weights` in derivatives_table.py.
fn weights(seed: usize, like: &Array) -> Array {
    let numbers = (0..like.size()).map(|i| (((i * 7 + seed * 3) % 12) as f64 - 5.5) / 4.0);
    Array::new(numbers.collect::<Vec<f64>>(), like.shape()).astype(like.dtype())
}

impl Case<'_> {
    fn new(row: &Value, dtype: DType) -> Case<'_> {
        let read = |x: &Value| on_cpu(|| array(x).astype(dtype));
        let xs: Vec<Array> = list(&row["inputs"]).iter().map(read).collect();
        let weights = |seed: usize, like: &Array| moved(on_cpu(|| weights(seed, like)));
        Case {
            row,
            dtype,
            cotangent: weights(1, &read(&row["outputs"][0])),
            tangents: xs.iter().enumerate().map(|(i, x)| weights(101 + i, x)).collect(),
            xs: xs.into_iter().map(moved).collect(),
        }
    }

    fn value(&self, xs: &[Array]) -> Array {
        op(text(self.row, "op"), xs)
    }

    fn pull(&self, xs: &[Array]) -> Vec<Array> {
        vjp(|xs: Vec<Array>| self.value(&xs), xs.to_vec()).1(self.cotangent.clone())
    }

    fn push(&self, xs: &[Array]) -> Array {
        jvp(
            |xs: Vec<Array>| self.value(&xs),
            xs.to_vec(),
            self.tangents.clone(),
        )
        .1
    }

    /// Returns the Hessian of the value, weighted by the cotangent, times the tangents: forward over reverse.
    fn second(&self, xs: &[Array]) -> Vec<Array> {
        jvp(
            |xs: Vec<Array>| self.pull(&xs),
            xs.to_vec(),
            self.tangents.clone(),
        )
        .1
    }

    /// Returns the bound on the distance of a result from exact arithmetic.
    ///
    /// A derivative of order d is a formula of at most 8 * 4^d elementary functions of 2 ulp each. Its inputs
    /// are rounded as often. So the result is within 16 * 4^d eps of its greatest element, for inputs that
    /// are off by as much. These inputs move the result by its condition times that. The table has the
    /// condition from the next derivative. Sums and eliminations are short: at most 12 elements, 3 rows.
    fn bound(&self, key: &str, i: usize) -> f64 {
        let order = ["outputs", "vjp", "hvp"]
            .iter()
            .position(|name| *name == key)
            .unwrap_or(1);
        let wanted = floats(&reference(&self.row[key][i]));
        // The condition of the value is the size of the first derivative. The jvp has it for the tangents,
        // none of which is less than 1/8.
        let condition = match key {
            "outputs" => 8.0 * greatest(&floats(&reference(&self.row["jvp"][0]))) * greatest(&all(&self.xs)),
            key => float(&self.row["condition"][key][i]),
        };
        looseness() * 16.0 * 4_f64.powi(order as i32) * eps(self.dtype) * (greatest(&wanted) + condition)
    }

    /// Returns the first difference between results and those of the row that is beyond `bounds` times the
    /// bound.
    fn compare(&self, key: &str, found: &[Array], bounds: f64) -> Option<String> {
        let wanted = list(&self.row[key]);
        if found.len() != wanted.len() {
            return Some(format!("{key}: {} arrays, not {}", found.len(), wanted.len()));
        }
        (0..found.len()).find_map(|i| {
            let wanted = reference(&wanted[i]);
            near(&found[i], &wanted, bounds * self.bound(key, i)).map(|wrong| format!("{key}[{i}] {wrong}"))
        })
    }
}

fn greatest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(0.0, |most, x| most.max(x.abs()))
}

fn all(xs: &[Array]) -> Vec<f64> {
    xs.iter().flat_map(floats).collect()
}

fn inner(xs: &[Array], ys: &[Array]) -> f64 {
    all(xs).iter().zip(all(ys)).map(|(x, y)| x * y).sum()
}

/// Returns the difference between two arrays if it exceeds `bound`. Infinities and NaN must be the same.
fn near(found: &Array, wanted: &Array, bound: f64) -> Option<String> {
    if found.shape() != wanted.shape() {
        return Some(format!("has shape {}, not {}", found.shape(), wanted.shape()));
    }
    let (x, y) = (floats(found), floats(wanted));
    let close = |x: f64, y: f64| match x.is_finite() && y.is_finite() {
        true => (x - y).abs() <= bound,
        false => x == y || x.is_nan() && y.is_nan(),
    };
    let wrong = (0..x.len()).find(|&i| !close(x[i], y[i]))?;
    Some(format!(
        "is {x:?}, not {y:?}: {:e} apart, {bound:e} allowed",
        (x[wrong] - y[wrong]).abs()
    ))
}

/// Runs a check of every row of a list, in float64 and float32. Reports the differences that it returns.
fn each(list: &str, check: impl Fn(&Case) -> Option<String>) {
    let mut report = Report::default();
    for row in rows("derivatives", list) {
        for dtype in [DType::F64, DType::F32].into_iter().filter(|&dtype| has(dtype)) {
            let run = || with_x64(dtype == DType::F64, || check(&Case::new(&row, dtype)));
            let wrong = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().cloned();
                Some(text.unwrap_or_else(|| "a panic without a message".into()))
            });
            let mut shown = row.clone();
            for key in ["vjp", "jvp", "hvp", "condition", "inputs"] {
                shown.as_object_mut().unwrap().remove(key);
            }
            report.check(&shown, wrong.map(|wrong| format!("{dtype}: {wrong}")));
        }
    }
    report.finish(&[]);
}

#[test]
fn first_derivatives_are_jax_s_in_both_modes() {
    each("smooth", |case| {
        let xs = &case.xs;
        case.compare("outputs", &[case.value(xs)], 1.0)
            .or_else(|| case.compare("vjp", &case.pull(xs), 1.0))
            .or_else(|| case.compare("jvp", &[case.push(xs)], 1.0))
    });
}

/// Compares derivatives at kinks, ties and the ends of domains, value for value. A finite value is a product
/// with the weight, of at most 4 roundings.
#[test]
fn conventions_are_jax_s() {
    each("edges", |case| {
        if text(case.row, "op").contains("root") && !keeps_nan() {
            return None;
        }
        let compare = |key: &str, found: &[Array]| {
            list(&case.row[key]).iter().zip(found).find_map(|(wanted, x)| {
                let wanted = reference(wanted);
                let bound = looseness()
                    * 4.0
                    * eps(case.dtype)
                    * greatest(
                        &floats(&wanted)
                            .into_iter()
                            .filter(|y| y.is_finite())
                            .collect::<Vec<_>>(),
                    );
                near(x, &wanted, bound).map(|wrong| format!("{key} {wrong}"))
            })
        };
        compare("outputs", &[case.value(&case.xs)])
            .or_else(|| compare("vjp", &case.pull(&case.xs)))
            .or_else(|| compare("jvp", &[case.push(&case.xs)]))
    });
}

/// Returns true if 0 times NaN or infinity is NaN. The compiler of a GPU may take the product for 0.
fn keeps_nan() -> bool {
    is_exact()
}

/// The numbers of `with_nans` in derivatives_table.py.
fn with_nans(x: &Array) -> Array {
    let numbers = floats(x).into_iter().enumerate();
    let numbers = numbers.map(|(i, x)| if i % 4 % 3 == 0 { f64::NAN } else { x });
    moved(on_cpu(|| {
        Array::new(numbers.collect::<Vec<f64>>(), x.shape()).astype(x.dtype())
    }))
}

/// A derivative is NaN wherever JAX's is, in both modes, if some cotangents or some tangents of one input are
/// NaN.
#[test]
fn nan_spreads_as_in_jax() {
    if !keeps_nan() {
        return;
    }
    each("nans", |case| {
        let n = case.xs.len();
        let pulled = vjp(|xs: Vec<Array>| case.value(&xs), case.xs.clone()).1(with_nans(&case.cotangent));
        let pushed = (0..n).map(|i| {
            let mut tangents = case.tangents.clone();
            tangents[i] = with_nans(&tangents[i]);
            jvp(|xs: Vec<Array>| case.value(&xs), case.xs.clone(), tangents).1
        });
        let same = |key: &str, i: usize, x: &Array| {
            let (found, wanted) = (x.isnan(), reference(&case.row[key][i]));
            let equal = found.to_vec::<bool>() == wanted.to_vec::<bool>() && found.shape() == wanted.shape();
            (!equal).then(|| format!("{key}[{i}] is {x}, NaN is wanted at {wanted}"))
        };
        let pushed: Vec<Array> = pushed.collect();
        let derivatives = [("vjp", &pulled), ("jvp", &pushed)];
        let mut all = derivatives
            .iter()
            .flat_map(|(key, of)| of.iter().enumerate().map(move |(i, x)| (*key, i, x)));
        all.find_map(|(key, i, x)| same(key, i, x))
    });
}

/// Compares forward over reverse, reverse over reverse, reverse over forward, and forward over forward.
#[test]
fn second_derivatives_are_jax_s_in_every_nesting() {
    each("smooth", |case| {
        let (xs, ts, c) = (&case.xs, &case.tangents, &case.cotangent);
        let over_reverse = |xs: Vec<Array>| case.pull(&xs);
        let over_forward = |xs: Vec<Array>| case.push(&xs);
        let twice = jvp(over_forward, xs.clone(), ts.clone()).1;
        let along = inner(std::slice::from_ref(c), &[twice]);
        let wanted: Vec<Array> = list(&case.row["hvp"]).iter().map(reference).collect();
        let bound: f64 = (0..ts.len())
            .map(|i| case.bound("hvp", i) * floats(&ts[i]).iter().map(|t| t.abs()).sum::<f64>())
            .sum();
        let off = (along - inner(ts, &wanted)).abs();
        case.compare("hvp", &case.second(xs), 1.0)
            .or_else(|| case.compare("hvp", &vjp(over_reverse, xs.clone()).1(ts.clone()), 1.0))
            .or_else(|| case.compare("hvp", &vjp(over_forward, xs.clone()).1(c.clone()), 1.0))
            .or_else(|| {
                (off > bound).then(|| format!("forward over forward is off by {off:e}, {bound:e} allowed"))
            })
    });
}

/// Returns the central difference of `f` along the tangents, and the bounds on its errors.
///
/// With step h the difference is off by h^2 / 6 times the third derivative. Up to higher terms this is a
/// third of the distance from the difference with step 2 h. The bound allows all of that distance. The values
/// are right up to 64 eps of their size, which is divided by h. The inputs are too, and move the values by
/// the derivative itself.
fn central(case: &Case, f: impl Fn(&[Array]) -> Vec<Array>) -> (Vec<f64>, f64) {
    let h = 2_f64.powi(-13);
    let moved = |by: f64| -> Vec<f64> {
        let xs: Vec<Array> = case
            .xs
            .iter()
            .zip(&case.tangents)
            .map(|(x, t)| x + by * t)
            .collect();
        all(&f(&xs))
    };
    let difference = |h: f64| -> Vec<f64> {
        let (after, before) = (moved(h), moved(-h));
        after
            .iter()
            .zip(before)
            .map(|(y, x)| (y - x) / (2.0 * h))
            .collect()
    };
    let (narrow, wide) = (difference(h), difference(2.0 * h));
    let apart: Vec<f64> = narrow.iter().zip(&wide).map(|(x, y)| x - y).collect();
    let size = greatest(&moved(0.0)) + greatest(&narrow) * greatest(&all(&case.xs)).max(1.0);
    (narrow, greatest(&apart) + 64.0 * f64::EPSILON * size / h)
}

fn agree(name: &str, found: &[Array], (wanted, bound): (Vec<f64>, f64)) -> Option<String> {
    let found = all(found);
    let off = greatest(&found.iter().zip(&wanted).map(|(x, y)| x - y).collect::<Vec<_>>());
    let fails = off.is_nan() || off > bound || found.len() != wanted.len();
    fails.then(|| format!("{name}: {found:?}, differences {wanted:?}: {off:e} apart, {bound:e} allowed"))
}

/// Compares first, second and third derivatives. The third is by reverse mode three times, and by forward
/// over forward over reverse.
#[test]
fn derivatives_are_those_of_finite_differences() {
    each("smooth", |case| {
        if case.dtype != DType::F64 {
            return None;
        }
        let (xs, ts) = (&case.xs, &case.tangents);
        let first = agree(
            "first",
            &[case.push(xs)],
            central(case, |xs| vec![case.value(xs)]),
        );
        let second = || agree("second", &case.second(xs), central(case, |xs| case.pull(xs)));
        let differences = || central(case, |xs| case.second(xs));
        let forward = || {
            let third = jvp(|xs: Vec<Array>| case.second(&xs), xs.clone(), ts.clone()).1;
            agree("third", &third, differences())
        };
        let reverse = || {
            let twice = |xs: Vec<Array>| vjp(|xs: Vec<Array>| case.pull(&xs), xs).1(ts.clone());
            agree(
                "third in reverse",
                &vjp(twice, xs.clone()).1(ts.clone()),
                differences(),
            )
        };
        first.or_else(second).or_else(forward).or_else(reverse)
    });
}

/// Compares jit of a derivative, and the derivative of a jitted function, with JAX's.
#[test]
fn jit_changes_nothing() {
    each("smooth", |case| {
        let (xs, ts) = (&case.xs, &case.tangents);
        let jitted = jit(|xs: Vec<Array>| case.value(&xs));
        let pull = jit(|xs: Vec<Array>| case.pull(&xs));
        let inside = |xs: Vec<Array>| vjp(&jitted, xs).1(case.cotangent.clone());
        case.compare("vjp", &pull(xs.clone()), 1.0)
            .or_else(|| case.compare("vjp", &inside(xs.clone()), 1.0))
            .or_else(|| case.compare("jvp", &[jit(|xs: Vec<Array>| case.push(&xs))(xs.clone())], 1.0))
            .or_else(|| case.compare("jvp", &[jvp(&jitted, xs.clone(), ts.clone()).1], 1.0))
            .or_else(|| case.compare("hvp", &jit(|xs: Vec<Array>| case.second(&xs))(xs.clone()), 1.0))
            .or_else(|| case.compare("hvp", &jvp(inside, xs.clone(), ts.clone()).1, 1.0))
    });
}

/// vmap of derivatives agrees with a loop over them. The derivative of a vmapped function agrees with the
/// vmapped derivative. The batch is of all inputs, and of each input alone.
#[test]
fn vmap_of_derivatives_and_derivatives_of_vmap() {
    each("smooth", |case| {
        let n = case.xs.len();
        let all_of_them: Vec<usize> = (0..n).collect();
        let subsets = std::iter::once(all_of_them).chain((0..n).filter(|_| n > 1).map(|i| vec![i]));
        subsets.into_iter().find_map(|batched| batch(case, &batched))
    });
}

fn batch(case: &Case, batched: &[usize]) -> Option<String> {
    // The second element of the batch is a little smaller, by a factor that float32 holds.
    let element = |k: usize, x: &Array| if k == 0 { x.clone() } else { x * 0.984375 };
    let whole = |chosen: &[Array]| -> Vec<Array> {
        let mut xs = case.xs.clone();
        for (&i, x) in batched.iter().zip(chosen) {
            xs[i] = x.clone();
        }
        xs
    };
    let chosen = |k: usize| -> Vec<Array> { batched.iter().map(|&i| element(k, &case.xs[i])).collect() };
    let (first, second) = (chosen(0), chosen(1));
    let stacked: Vec<Array> = first
        .iter()
        .zip(&second)
        .map(|(x, y)| np::stack([x, y]))
        .collect();
    let value = |xs: Vec<Array>| case.value(&whole(&xs));
    let pull = |xs: Vec<Array>| -> Vec<Array> { vjp(value, xs).1(case.cotangent.clone()) };
    let hvp = |xs: Vec<Array>| -> Vec<Array> {
        let ts = batched.iter().map(|&i| case.tangents[i].clone()).collect();
        jvp(pull, xs, ts).1
    };
    let looped = |f: &dyn Fn(Vec<Array>) -> Vec<Array>| -> Vec<Array> {
        let (x, y) = (f(first.clone()), f(second.clone()));
        x.iter().zip(&y).map(|(x, y)| np::stack([x, y])).collect()
    };
    // Both are right up to the bound of the whole derivative. The bound of the second element is like that of
    // the first.
    let bound = |key: &str, j: usize| 4.0 * case.bound(key, if key == "outputs" { 0 } else { batched[j] });
    let same = |what: &str, key: &str, found: Vec<Array>, wanted: Vec<Array>| {
        (0..wanted.len()).find_map(|j| {
            near(&found[j], &wanted[j], bound(key, j))
                .map(|wrong| format!("{what}, batched {batched:?}: {wrong}"))
        })
    };
    let pulled = looped(&pull);
    let of_vmap = |f: &dyn Fn(Vec<Array>) -> Array| -> Vec<Array> {
        let c = np::stack([&case.cotangent, &case.cotangent]);
        vjp(f, stacked.clone()).1(c)
    };
    let mapped = vmap(value);
    same(
        "vmap",
        "outputs",
        vec![mapped(stacked.clone())],
        looped(&|xs| vec![value(xs)]),
    )
    .or_else(|| same("vmap of vjp", "vjp", vmap(pull)(stacked.clone()), pulled.clone()))
    .or_else(|| {
        same(
            "jit of vmap of vjp",
            "vjp",
            jit(vmap(pull))(stacked.clone()),
            pulled.clone(),
        )
    })
    .or_else(|| same("vjp of vmap", "vjp", of_vmap(&mapped), pulled.clone()))
    .or_else(|| {
        same(
            "vjp of jit of vmap",
            "vjp",
            of_vmap(&jit(vmap(value))),
            pulled.clone(),
        )
    })
    .or_else(|| same("vmap of hvp", "hvp", vmap(hvp)(stacked.clone()), looped(&hvp)))
}

/// The mode of a derivative.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Reverse,
    Forward,
}

const MODES: [Mode; 2] = [Mode::Reverse, Mode::Forward];

/// Returns the derivative of an elementwise function by one of its operands.
fn derivative(mode: Mode, f: &dyn Fn(&[Array]) -> Array, xs: &[Array], by: usize) -> Array {
    let of = |x: Array| {
        let mut xs = xs.to_vec();
        xs[by] = x;
        f(&xs)
    };
    let (x, ones) = (xs[by].clone(), np::ones_like(&xs[by]));
    match mode {
        Mode::Reverse => vjp(of, x).1(ones),
        Mode::Forward => jvp(of, x, ones).1,
    }
}

/// Returns the elements of a derivative that are too far from a table of `tails_table.py`.
///
/// `ulps` bounds the sum of the errors of the rule's functions, of 2 ulp each, and of its roundings. It is 8
/// for a first derivative, of three functions and four roundings, and twice as many for a second. An input
/// that is off by an ulp moves the result by an ulp of `moved`. So does a rounding on the way.
fn far_off(ulps: f64, found: &Array, wanted: &Value, moved: &Value, dtype: DType) -> Option<String> {
    let (found, wanted) = (floats(found), floats(&reference(wanted)));
    let least = match dtype {
        DType::F64 => f64::from_bits(1),
        _ => f64::from(f32::from_bits(1)),
    };
    let moved = list(moved).iter().map(float);
    let rows = found.iter().zip(&wanted).zip(moved).enumerate();
    let worst = rows.map(|(i, ((&found, &wanted), moved))| {
        let ulp = (eps(dtype) * wanted.abs()).max(least) + eps(dtype) * moved;
        let off = if found == wanted {
            0.0
        } else {
            (found - wanted).abs() / ulp
        };
        (i, off, found, wanted)
    });
    let wrong = worst.filter(|(_, off, ..)| off.is_nan() || *off > ulps);
    let wrong: Vec<String> = wrong
        .map(|(i, off, found, wanted)| format!("[{i}] {found:e}, not {wanted:e} ({off:.1} ulp of both)"))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join(", "))
}

/// Compares first and second derivatives in both modes and every nesting, under jit and vmap, from the
/// smallest arguments to the greatest. The table says why where JAX is off. The test runs on the CPU, because
/// the functions of other devices have an accuracy of their own.
#[test]
fn derivatives_keep_their_tails() {
    let mut report = Report::default();
    for row in rows("tails", "rows") {
        let double = flag(&row, "x64");
        let dtype = if double { DType::F64 } else { DType::F32 };
        let check = || {
            let xs: Vec<Array> = list(&row["inputs"]).iter().map(array).collect();
            let value = |xs: &[Array]| op(text(&row, "op"), xs);
            let scalars = |f: &dyn Fn(&[Array]) -> Array| vmap(|xs: Vec<Array>| f(&xs))(xs.clone());
            let compare = |order: &str, ulps: f64, k: usize, how: &str, found: Array| {
                let moved = &row[format!("{order}_moved")][k];
                far_off(ulps, &found, &row[order][k], moved, dtype)
                    .map(|wrong| format!("{order} derivative {k} by {how}: {wrong}"))
            };
            let mut wrong = Vec::new();
            for i in 0..xs.len() {
                for mode in MODES {
                    let first = |xs: &[Array]| derivative(mode, &value, xs, i);
                    wrong.extend(compare("first", 8.0, i, &format!("{mode:?}"), first(&xs)));
                    wrong.extend(compare(
                        "first",
                        8.0,
                        i,
                        &format!("jit of {mode:?}"),
                        jit(|xs: Vec<Array>| first(&xs))(xs.clone()),
                    ));
                    wrong.extend(compare(
                        "first",
                        8.0,
                        i,
                        &format!("vmap of {mode:?}"),
                        scalars(&first),
                    ));
                }
                for j in i..xs.len() {
                    for (outer, inner) in MODES
                        .into_iter()
                        .flat_map(|outer| MODES.map(|inner| (outer, inner)))
                    {
                        let first = |xs: &[Array]| derivative(inner, &value, xs, i);
                        let second = |xs: &[Array]| derivative(outer, &first, xs, j);
                        let how = format!("{outer:?} over {inner:?}");
                        wrong.extend(compare("second", 16.0, i + j, &how, second(&xs)));
                        wrong.extend(compare(
                            "second",
                            16.0,
                            i + j,
                            &format!("jit of {how}"),
                            jit(|xs: Vec<Array>| second(&xs))(xs.clone()),
                        ));
                        wrong.extend(compare(
                            "second",
                            16.0,
                            i + j,
                            &format!("vmap of {how}"),
                            scalars(&second),
                        ));
                    }
                }
            }
            wrong.into_iter().next()
        };
        let mut shown = row.clone();
        for key in ["inputs", "first", "second", "first_moved", "second_moved"] {
            shown.as_object_mut().unwrap().remove(key);
        }
        report.check(&shown, on_cpu(|| with_x64(double, check)));
    }
    report.finish(&[]);
}

/// Compares single derivatives in the tails with their formulas.
#[test]
fn tails_of_single_derivatives() {
    type Rows<'a> = &'a [(&'a str, f64, f64)];
    let off = |(name, x, wanted): &(&str, f64, f64), dtype: DType, second: bool| {
        let f = |x: Array| op(name, &[x]);
        let x = np::array(*x).astype(dtype);
        let found = if second { grad(grad(f))(x) } else { grad(f)(x) }.astype(DType::F64);
        let found: f64 = found.item();
        (found - wanted).abs() > 1e-7 * wanted.abs()
    };
    let first: Rows = &[
        ("tanh", 20.0, 1.69934170e-17),
        ("tanh", -300.0, 1.06015862e-260),
        ("logistic", 40.0, 4.24835426e-18),
        ("logistic", -40.0, 4.24835426e-18),
        ("expm1", -40.0, 4.24835426e-18),
        ("exp2", 1024.0000000000002, 1.24606593e308),
        ("arcsinh", 1e200, 1e-200),
        ("arccosh", 1e200, 1e-200),
    ];
    let second: Rows = &[
        ("tanh", 1e-300, -2e-300),
        ("logistic", 1e-300, -1.25e-301),
        ("arctanh", 1e-300, 2e-300),
        ("arctan", 1e100, -2e-300),
    ];
    on_cpu(|| {
        with_x64(true, || {
            assert_eq!(first.iter().find(|row| off(row, DType::F64, false)), None);
            assert_eq!(second.iter().find(|row| off(row, DType::F64, true)), None);
        });
        let narrow: Rows = &[
            ("arccosh", 1e22, 1e-22),
            ("arcsinh", -1e22, 1e-22),
            ("tanh", 40.0, 7.21940555e-35),
        ];
        assert_eq!(narrow.iter().find(|row| off(row, DType::F32, false)), None);
    });
}
