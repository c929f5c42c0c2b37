//! Holds every rule of kiln's against Burn's, as the table of derivatives says that they differ.
//!
//! `cargo test --workspace --release --test suite -- sources:: --nocapture` prints the distances.

use super::*;
use burn_autodiff::Autodiff;
use burn_backend::AutodiffBackend;
use burn_backend::ops::FloatTensorOps;
use burn_backend::tensor::FloatTensor;
use kiln_burn::{DerivativeRule, RuleReason, RuleSource, derivative_rules, vjp_by};
use serde_json::Value;
use std::collections::BTreeSet;
use std::panic::catch_unwind;

const DTYPES: [DType; 2] = [DType::F64, DType::F32];

/// The bounds on the distances of first and second derivatives from the truth, in units in the last place, of
/// the derivative and of what an input that is off by one moves it by. A rule has at most three functions of
/// 2 ulp and two roundings; its derivative has twice as many.
const BOUNDS: [f64; 2] = [8.0, 16.0];

fn rule(op: &Op) -> DerivativeRule {
    DerivativeRule::of(op).unwrap_or_else(|| panic!("{op:?} has no row"))
}

/// The reason for a rule that is not Burn's.
fn reason(op: &Op) -> Option<RuleReason> {
    match DerivativeRule::of(op)?.source {
        RuleSource::Burn => None,
        RuleSource::Composed(reason, _) | RuleSource::Kiln(reason, _) => Some(reason),
    }
}

fn elementwise() -> impl Iterator<Item = Op> {
    let unary = Unary::ALL.iter().map(|&f| Op::Unary(f));
    unary.chain(Binary::ALL.iter().map(|&f| Op::Binary(f)))
}

/// The elementwise ops whose rule is kiln's for this reason.
fn all_for(wanted: RuleReason) -> Vec<Op> {
    elementwise().filter(|op| reason(op) == Some(wanted)).collect()
}

fn reduce(kind: Reduction) -> Op {
    let axes = axes(&[0]);
    Op::Reduce { kind, axes }
}

/// The gradient of an op by a rule of this source.
fn gradient_by(source: RuleSource, op: &Op, types: &[ArrayType], given: &[bool]) -> Gradient {
    vjp_by(Some(source), op, types, &vec![true; types.len()], given).expect("a rule")
}

/// The first and the second derivative of an op by a rule of this source. The equations of the rule have the
/// rules of the table.
fn derivatives(source: RuleSource, op: &Op, types: &[ArrayType]) -> [Program; 2] {
    let first = gradient_by(source, op, types, &[true]).program;
    let second = reverse_by(&first, &|of, types, given| match of == op {
        true => gradient_by(source, of, types, given),
        false => vjp(of, types, &vec![true; types.len()], given).expect("plain ops only"),
    });
    [first, second]
}

/// The derivatives by kiln's rule, and those by Burn's.
fn both(op: &Op, types: &[ArrayType]) -> [[Program; 2]; 2] {
    [rule(op).source, RuleSource::Burn].map(|source| derivatives(source, op, types))
}

fn epsilon(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => f64::EPSILON,
        _ => f64::from(f32::EPSILON),
    }
}

fn rounded(dtype: DType, x: f64) -> f64 {
    match dtype {
        DType::F64 => x,
        _ => f64::from(x as f32),
    }
}

/// The distance of a number from another, in units in its last place and in `moved` times the precision.
fn off(dtype: DType, found: f64, wanted: f64, moved: f64) -> f64 {
    let [least, ..] = limits(dtype);
    match (found - wanted).abs() {
        _ if found == wanted || found.is_nan() && wanted.is_nan() => 0.0,
        apart if apart.is_finite() => {
            apart / ((epsilon(dtype) * wanted.abs()).max(least) + epsilon(dtype) * moved)
        }
        _ => f64::INFINITY,
    }
}

/// The least, the least normal and the greatest number of a dtype.
fn limits(dtype: DType) -> [f64; 3] {
    match dtype {
        DType::F64 => [f64::from_bits(1), f64::MIN_POSITIVE, f64::MAX],
        _ => [f32::from_bits(1), f32::MIN_POSITIVE, f32::MAX].map(f64::from),
    }
}

/// Zeros, the limits of a dtype, infinities, NaN, and numbers between them.
fn edges(dtype: DType) -> Floats {
    let [least, normal, greatest] = limits(dtype);
    let sizes = [
        0.0,
        least,
        normal,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        10.0,
        100.0,
        greatest,
        f64::INFINITY,
    ];
    let signed = sizes.iter().flat_map(|&x| [x, -x]);
    signed.chain([f64::NAN]).collect()
}

/// The edges as operands, all of them or all pairs, and the types of these.
fn grid(op: &Op, dtype: DType) -> (Vec<Floats>, Vec<ArrayType>) {
    let edges = edges(dtype);
    let points = if matches!(op, Op::Unary(_)) {
        vec![edges]
    } else {
        let pairs = edges.iter().flat_map(|&x| edges.iter().map(move |&y| (x, y)));
        let (x, y) = pairs.unzip();
        vec![x, y]
    };
    let types = points.iter().map(|x| ArrayType::new(dtype, [x.len()])).collect();
    (points, types)
}

// ---- the truth ----

/// Points of an op, and its derivatives there.
struct Truth {
    op: Op,
    dtype: DType,
    inputs: Vec<Floats>,
    /// For each order the derivatives by each operand, or by each pair of them, and for each point the sum of
    /// what relative changes of the inputs do to the derivative.
    orders: [Vec<(Floats, Floats)>; 2],
}

impl Truth {
    /// Derivatives by rules, in the order of `orders`.
    fn found(&self, rules: &[Program; 2]) -> [Vec<Floats>; 2] {
        let ones = vec![1.0; self.inputs[0].len()];
        let mut arguments = self.inputs.clone();
        arguments.push(ones.clone());
        let first = evaluate(&rules[0], &arguments);
        let n = self.inputs.len();
        let second = (0..n).flat_map(|i| {
            let mut arguments = arguments.clone();
            arguments.extend((0..n).map(|j| {
                if i == j {
                    ones.clone()
                } else {
                    vec![0.0; ones.len()]
                }
            }));
            let found = evaluate(&rules[1], &arguments);
            found[i..n].to_vec()
        });
        [first, second.collect()]
    }
}

fn float(x: &Value) -> f64 {
    match x {
        Value::String(text) => text.parse().expect("a float"),
        x => x.as_f64().expect("a float"),
    }
}

/// The values of mpmath in `tests/reference`, and those of `erf_inv`, which that table lacks.
fn truths() -> Vec<Truth> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/reference/data/tails.json"
    );
    let table: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the table")).expect("JSON");
    let list = |x: &Value| x.as_array().expect("a list").clone();
    let rows = list(&table["rows"]).into_iter().filter_map(|row| {
        let name = row["op"]
            .as_str()
            .expect("a name")
            .replace("arc", "a")
            .replace("divide", "div");
        let op = elementwise().find(|op| op.name() == name && reason(op).is_some())?;
        let floats = |x: &Value| list(x).iter().map(float).collect::<Floats>();
        let inputs: Vec<Floats> = list(&row["inputs"]).iter().map(|x| floats(&x["data"])).collect();
        let order = |key: &str| {
            let moved = list(&row[format!("{key}_moved")]);
            let values = list(&row[key]);
            values
                .iter()
                .zip(&moved)
                .map(|(x, moved)| (floats(&x["data"]), floats(moved)))
                .collect()
        };
        let orders = [order("first"), order("second")];
        let dtype = if row["x64"] == true {
            DType::F64
        } else {
            DType::F32
        };
        Some(Truth {
            op,
            dtype,
            inputs,
            orders,
        })
    });
    rows.chain(DTYPES.map(erf_inv)).collect()
}

/// The derivatives of the y for which erf(y) is a number, by Newton's method.
fn erf_inv(dtype: DType) -> Truth {
    let x: Floats = (-12..=12)
        .map(|i| rounded(dtype, libm::erf(f64::from(i) * 0.2)))
        .collect();
    let slope = |y: f64| std::f64::consts::PI.sqrt() / 2.0 * (y * y).exp();
    let y = x.iter().enumerate().map(|(i, &x)| {
        let mut y = (i as f64 - 12.0) * 0.2;
        for _ in 0..3 {
            let near_one = y > 1.0;
            y -= slope(y)
                * if near_one {
                    1.0 - x - libm::erfc(y)
                } else {
                    libm::erf(y) - x
                };
        }
        y
    });
    let y: Floats = y.collect();
    let first: Floats = y.iter().map(|&y| slope(y)).collect();
    let second: Floats = y.iter().map(|&y| 2.0 * y * slope(y) * slope(y)).collect();
    let third = y.iter().map(|&y| (2.0 + 8.0 * y * y) * slope(y).powi(3));
    let moved = |by: Vec<f64>| x.iter().zip(by).map(|(x, by)| (x * by).abs()).collect();
    let orders = [
        vec![(first, moved(second.clone()))],
        vec![(second.clone(), moved(third.collect()))],
    ];
    Truth {
        op: Op::Unary(Unary::ErfInv),
        dtype,
        inputs: vec![x],
        orders,
    }
}

/// The first derivatives of the ops whose reason is accuracy, in forms that do not leave the range at edges.
fn formulas(op: &Op) -> fn(f64, f64) -> [f64; 2] {
    let Op::Binary(f) = op else {
        let Op::Unary(f) = op else {
            panic!("{op:?} has no formula")
        };
        return match f {
            Unary::Cbrt => |x, _| [x.cbrt().powi(-2) / 3.0; 2],
            Unary::Exp2 => |x, _| [std::f64::consts::LN_2 * x.exp2(); 2],
            Unary::Expm1 => |x, _| [x.exp(); 2],
            Unary::Log2 => |x, _| [std::f64::consts::LN_2.recip() / x; 2],
            Unary::Log10 => |x, _| [std::f64::consts::LN_10.recip() / x; 2],
            Unary::Atan => |x, _| [1.0 / x.hypot(1.0) / x.hypot(1.0); 2],
            Unary::Tanh => |x, _| [x.cosh().powi(-2); 2],
            Unary::Asinh => |x, _| [1.0 / x.hypot(1.0); 2],
            Unary::Acosh => |x, _| [1.0 / ((x - 1.0).sqrt() * (x + 1.0).sqrt()); 2],
            Unary::Atanh => |x, _| [1.0 / ((1.0 - x) * (1.0 + x)); 2],
            Unary::Logistic => |x, _| [(x / 2.0).cosh().powi(-2) / 4.0; 2],
            // Known at 0 and at the ends alone.
            Unary::ErfInv => |x, _| match x.abs() {
                0.0 => [std::f64::consts::PI.sqrt() / 2.0; 2],
                1.0 => [f64::INFINITY; 2],
                _ => [f64::NAN; 2],
            },
            f => panic!("{f:?} has no formula"),
        };
    };
    match f {
        Binary::Div => |x, y| [1.0 / y, -(x / y) / y],
        Binary::Atan2 => |x, y| [cosine(y, x) / x.hypot(y), -cosine(x, y) / x.hypot(y)],
        Binary::Hypot => |x, y| [cosine(x, y), cosine(y, x)],
        f => panic!("{f:?} has no formula"),
    }
}

/// A leg over the hypotenuse.
fn cosine(x: f64, y: f64) -> f64 {
    match x.abs().max(y.abs()) {
        size if size > 0.0 && size.is_finite() => x / size / (x / size).hypot(y / size),
        _ => x / x.hypot(y),
    }
}

// ---- the reasons ----

/// Compares both rules with the truth. kiln's is nearer by more than the bound at some point, and at no point
/// farther by more than that.
#[test]
fn accuracy_is_gained() {
    let ops = all_for(RuleReason::Accuracy);
    let (mut gained, mut wrong) = (BTreeSet::new(), vec![]);
    for truth in truths().iter().filter(|truth| ops.contains(&truth.op)) {
        let (name, dtype, n) = (truth.op.name(), truth.dtype, truth.inputs[0].len());
        let types = vec![ArrayType::new(dtype, [n]); truth.inputs.len()];
        let [kiln, burn] = both(&truth.op, &types).map(|rules| truth.found(&rules));
        for order in 0..2 {
            let (mut worst, mut better) = ([0.0f64; 2], 0);
            for (k, (wanted, moved)) in truth.orders[order].iter().enumerate() {
                for i in 0..n {
                    let found = [kiln[order][k][i], burn[order][k][i]];
                    let far = found.map(|x| off(dtype, x, wanted[i], moved[i]));
                    let plain = found.map(|x| off(dtype, x, wanted[i], 0.0));
                    better += usize::from(plain[1] > plain[0] + BOUNDS[order]);
                    worst = [0, 1].map(|of| worst[of].max(far[of]));
                    if far[0] > far[1] + BOUNDS[order] {
                        let x: Floats = truth.inputs.iter().map(|x| x[i]).collect();
                        wrong.push(format!(
                            "{name} {dtype} at {x:?}, order {order}: {found:?}, not {}",
                            wanted[i]
                        ));
                    }
                }
            }
            let [kiln, burn] = worst;
            println!(
                "{name} {dtype}, order {}: off by {kiln:.2} and {burn:.2e}, better at {better} points",
                order + 1
            );
            if better > 0 {
                gained.insert(name.clone());
            }
        }
    }
    for op in &ops {
        for dtype in DTYPES {
            let (points, types) = grid(op, dtype);
            let first = gradient(op, &types).program;
            let ones = vec![1.0; points[0].len()];
            let found = evaluate(&first, &points.iter().cloned().chain([ones]).collect::<Vec<_>>());
            for i in 0..points[0].len() {
                let (x, y) = (points[0][i], points[points.len() - 1][i]);
                let wanted = formulas(op)(x, y).map(|wanted| rounded(dtype, wanted));
                // If the derivative by one leg leaves the range, it takes that by the other along.
                let left = |d: &f64| *d != 0.0 && !(limits(dtype)[1]..f64::INFINITY).contains(&d.abs());
                if points.len() == 2 && wanted.iter().any(left) {
                    continue;
                }
                for (found, wanted) in found.iter().zip(wanted) {
                    if !wanted.is_nan() && off(dtype, found[i], wanted, 0.0) > BOUNDS[0] {
                        wrong.push(format!(
                            "{op:?} {dtype} at ({x:e}, {y:e}): {}, not {wanted}",
                            found[i]
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let names: BTreeSet<String> = ops.iter().map(Op::name).collect();
    assert_eq!(gained, names);
}

/// The points at which the rules of an op differ, by the operand, the operands and the cotangent.
fn convention(op: &Op) -> fn(usize, f64, f64, f64) -> bool {
    match op {
        Op::Unary(Unary::Abs) => |_, x, _, _| x.is_nan() || x == 0.0,
        Op::Unary(Unary::Sqrt) => |_, x, _, _| x == f64::NEG_INFINITY || x == 0.0 && x.is_sign_negative(),
        Op::Binary(Binary::Pow) => |by, x, y, _| by == 1 && x == 0.0 && !y.is_nan(),
        Op::Binary(Binary::Max) => |by, x, y, g| {
            if by == 0 {
                passed_over(x, y, g)
            } else {
                passed_over(y, x, g)
            }
        },
        Op::Binary(Binary::Min) => |by, x, y, g| {
            if by == 0 {
                passed_over(-x, -y, g)
            } else {
                passed_over(-y, -x, g)
            }
        },
        op => panic!("{op:?}: name the points"),
    }
}

/// Returns true if Burn's cotangent of an operand of a maximum is not 0 times `g`, which kiln's is.
fn passed_over(x: f64, other: f64, g: f64) -> bool {
    match x.is_nan() || other.is_nan() {
        true => !g.is_nan(),
        false => x < other && !g.is_finite(),
    }
}

/// Compares the two rules at the edges. They differ at the points that are named, and nowhere else.
#[test]
fn conventions_differ_where_they_are_named() {
    let mut wrong = vec![];
    for op in all_for(RuleReason::Convention) {
        for dtype in DTYPES {
            let (points, types) = grid(&op, dtype);
            let [kiln, burn] = both(&op, &types);
            // Of other functions NaN hides the difference.
            let chooses = matches!(op, Op::Binary(Binary::Max | Binary::Min));
            let cotangents = [1.0, -0.7, f64::INFINITY, f64::NAN];
            for g in cotangents.into_iter().filter(|g| g.is_finite() || chooses) {
                let cotangent = vec![g; points[0].len()];
                let arguments: Vec<Floats> = points.iter().cloned().chain([cotangent]).collect();
                let [kiln, burn] = [&kiln, &burn].map(|rules| evaluate(&rules[0], &arguments));
                for by in 0..kiln.len() {
                    for i in 0..points[0].len() {
                        let (x, y) = (points[0][i], points[points.len() - 1][i]);
                        let (found, other) = (kiln[by][i], burn[by][i]);
                        let differ = off(dtype, found, other, 0.0) > 2.0 * BOUNDS[0];
                        if differ != convention(&op)(by, x, y, g) {
                            wrong.push(format!(
                                "{op:?} {dtype} by {by} at ({x:e}, {y:e}), g {g}: {found} and {other}"
                            ));
                        }
                    }
                }
            }
        }
    }
    for kind in [Reduction::Max, Reduction::Min] {
        let sign = if kind == Reduction::Max { 1.0 } else { -1.0 };
        for (x, same) in [
            ([1.0, 3.0, 2.0], true),
            ([1.0, 3.0, 3.0], false),
            ([0.0, 0.0, f64::NEG_INFINITY], false),
        ] {
            let x = x.map(|x| sign * x).to_vec();
            let (op, types) = (reduce(kind), floats(DType::F64, &[&[3]]));
            let [kiln, burn] = [rule(&op).source, RuleSource::Burn].map(|source| {
                let program = gradient_by(source, &op, &types, &[true]).program;
                evaluate(&program, &[x.clone(), vec![0.7]])
            });
            if (kiln == burn) != same {
                wrong.push(format!("{kind:?} of {x:?}: {kiln:?} and {burn:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares the two rules at all points. They agree, and kiln's is shorter.
#[test]
fn cost_is_saved_and_nothing_else() {
    let mut wrong = vec![];
    for op in all_for(RuleReason::Cost) {
        for dtype in DTYPES {
            let (points, types) = grid(&op, dtype);
            let [kiln, burn] = both(&op, &types);
            let lengths = [&kiln, &burn].map(|rules| rules.each_ref().map(length));
            println!(
                "{} {dtype}: {:?} equations, Burn's {:?}",
                op.name(),
                lengths[0],
                lengths[1]
            );
            if lengths[0] >= lengths[1] || lengths[0][1] >= lengths[1][1] {
                wrong.push(format!("{op:?}: {lengths:?} equations"));
            }
            for g in [1.0, -0.7] {
                let cotangent = vec![g; points[0].len()];
                let arguments: Vec<Floats> = points.iter().cloned().chain([cotangent]).collect();
                let [kiln, burn] = [&kiln, &burn].map(|rules| evaluate(&rules[0], &arguments));
                for (by, (kiln, burn)) in kiln.iter().zip(&burn).enumerate() {
                    for i in 0..kiln.len() {
                        if off(dtype, kiln[i], burn[i], 0.0) > 2.0 * BOUNDS[0] {
                            let x: Floats = points.iter().map(|x| x[i]).collect();
                            wrong.push(format!(
                                "{op:?} {dtype} by {by} at {x:?}: {} and {}",
                                kiln[i], burn[i]
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares the rules with the truth if the reason is another one than accuracy. All are near.
#[test]
fn other_rules_are_as_accurate() {
    let mut wrong = vec![];
    for truth in truths() {
        let mut sources = vec![("kiln", rule(&truth.op).source), ("Burn", RuleSource::Burn)];
        match reason(&truth.op) {
            Some(RuleReason::Accuracy) => continue,
            Some(RuleReason::Missing) => sources.truncate(1),
            _ => {}
        }
        let (name, dtype, n) = (truth.op.name(), truth.dtype, truth.inputs[0].len());
        let types = vec![ArrayType::new(dtype, [n]); truth.inputs.len()];
        for (author, source) in sources {
            let found = truth.found(&derivatives(source, &truth.op, &types));
            for order in 0..2 {
                for ((wanted, moved), found) in truth.orders[order].iter().zip(&found[order]) {
                    let far = (0..n).map(|i| off(dtype, found[i], wanted[i], moved[i]));
                    let far = far.fold(0.0, f64::max);
                    let line = format!(
                        "{name} {dtype}, order {}: {author}'s is off by {far:.2}",
                        order + 1
                    );
                    println!("{line}");
                    if far > BOUNDS[order] {
                        wrong.push(line);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Compares the two rules of sums and contractions of integers, which are exact.
#[test]
fn cost_is_saved_along_axes() {
    let broadcast = |shape: &[usize], to: &[usize]| Op::Broadcast {
        shape: shape.into(),
        axes: axes(to),
    };
    let dot = |lhs: &[usize], rhs: &[usize], batch: usize| {
        let batch = || (0..batch).collect();
        let (lhs_contract, rhs_contract) = (axes(lhs), axes(rhs));
        Op::Dot(Dot {
            lhs_contract,
            rhs_contract,
            lhs_batch: batch(),
            rhs_batch: batch(),
        })
    };
    let rows: [(Op, &[&[usize]]); 6] = [
        (broadcast(&[2, 3], &[]), &[&[]]),
        (broadcast(&[2, 3, 4], &[1]), &[&[3]]),
        (dot(&[1], &[0], 0), &[&[2, 3], &[3, 4]]),
        (dot(&[2], &[1], 1), &[&[5, 2, 3], &[5, 3, 4]]),
        (dot(&[0], &[0], 0), &[&[3], &[3]]),
        (dot(&[1], &[0], 0), &[&[2, 3], &[3]]),
    ];
    for (op, shapes) in rows {
        assert_eq!(reason(&op), Some(RuleReason::Cost), "{op:?}");
        let types = floats(DType::F32, shapes);
        let results = infer(&op, &types.iter().collect::<Vec<_>>()).expect("the row types");
        let integers = |of: &ArrayType| (0..of.shape.size()).map(|i| (i * 7 % 11) as f64 - 5.0).collect();
        let arguments: Vec<Floats> = types.iter().chain(&results).map(integers).collect();
        let [kiln, burn] = both(&op, &types).map(|[first, _]| first);
        assert_eq!(evaluate(&kiln, &arguments), evaluate(&burn, &arguments), "{op:?}");
        println!("{op:?}: {} equations, Burn's {}", length(&kiln), length(&burn));
        assert!(length(&kiln) < length(&burn), "{op:?}: {kiln}{burn}");
    }
}

/// Burn cannot differentiate an op that the host computes: the recorder has no values for the host.
#[test]
fn what_burn_lacks_is_missing() {
    let mut missing = all_for(RuleReason::Missing);
    missing.push(Op::Sort { axis: 0 });
    for op in missing {
        assert_eq!(reason(&op), Some(RuleReason::Missing), "{op:?}");
        let types = floats(DType::F32, &[&[3]]);
        let burn = catch_unwind(|| vjp_by(Some(RuleSource::Burn), &op, &types, &[true], &[true]));
        assert!(burn.is_err(), "{op:?}");
    }
}

// ---- Burn's rules of its own operations ----

type Once = Autodiff<Flex>;
type Twice = Autodiff<Once>;
type Function<'a> = &'a dyn Fn(FloatTensor<Twice>) -> FloatTensor<Twice>;

/// The gradient of `sum(f(x) g)`, and that of its sum times `h`, by Burn alone.
fn by_burn(f: Function, [x, g, h]: [&[f64]; 3]) -> [Floats; 2] {
    let device = Default::default();
    let tensor = |x: &[f64]| Once::float_from_data(TensorData::new(x.to_vec(), [x.len()]), &device);
    let x = tensor(x).require_grad();
    let inner = Twice::from_inner(x.clone()).require_grad();
    let products = Twice::float_mul(f(inner.clone()), Twice::from_inner(tensor(g)));
    let mut gradients = Twice::backward(Twice::float_sum(products));
    let first = Twice::grad_remove(&inner, &mut gradients).expect("a gradient");
    let mut gradients = Once::backward(Once::float_sum(Once::float_mul(first.clone(), tensor(h))));
    // A gradient that does not depend on x has none.
    let second = Once::grad_remove(&x, &mut gradients);
    let numbers = |x| Tensor::<Flex>::Float(x).into_data().iter::<f64>().collect();
    [Some(Once::inner(first)), second].map(|x| x.map_or(vec![], numbers))
}

/// The same by the rule of the table. The op has one operand.
fn by_table(op: &Op, [x, g, h]: [&[f64]; 3]) -> [Floats; 2] {
    let rules = derivatives(rule(op).source, op, &floats(DType::F64, &[&[x.len()]]));
    let mut arguments = vec![x.to_vec(), g.to_vec()];
    let first = evaluate(&rules[0], &arguments).remove(0);
    arguments.push(h.to_vec());
    [first, evaluate(&rules[1], &arguments).remove(0)]
}

/// Compares kiln's compositions with Burn's operations. The derivatives agree except for the second one by a
/// factor of 0, and the first one at ties.
#[test]
fn compositions_differ_where_they_are_named() {
    let near = |x: &f64, y: &f64| (x - y).abs() <= 1e-14 * y.abs().max(1.0);
    let (g, h) = ([0.7, 1.3, 0.9, 1.1], [1.2, 0.8, 1.4, 0.6]);
    let products: [(Op, Function, &[f64]); 2] = [
        (reduce(Reduction::Prod), &|x| Twice::float_prod_dim(x, 0), &g[..1]),
        (
            cumulative(Reduction::Prod, 0, false),
            &|x| Twice::float_cumprod(x, 0),
            &g,
        ),
    ];
    for (op, f, g) in products {
        assert_eq!(reason(&op), Some(RuleReason::Accuracy), "{op:?}");
        for (x, zero) in [([0.3, -0.7, 1.9, -2.4], None), ([0.3, 0.0, 1.9, -2.4], Some(1))] {
            let inputs = [&x[..], g, &h];
            let [found, other] = [by_table(&op, inputs), by_burn(f, inputs)];
            println!("{} of {x:?}: {:?}, Burn's {:?}", op.name(), found[1], other[1]);
            for i in 0..4 {
                assert!(
                    near(&found[0][i], &other[0][i]),
                    "{op:?} of {x:?}: {found:?}, Burn's {other:?}"
                );
                let same = near(&found[1][i], &other[1][i]);
                assert_eq!(
                    same,
                    zero != Some(i),
                    "{op:?} of {x:?}: {found:?}, Burn's {other:?}"
                );
            }
        }
    }
    let extremes: [(Reduction, Function); 2] = [
        (Reduction::Max, &|x| Twice::float_cummax(x, 0)),
        (Reduction::Min, &|x| Twice::float_cummin(x, 0)),
    ];
    for (kind, f) in extremes {
        let op = cumulative(kind, 0, false);
        assert_eq!(reason(&op), Some(RuleReason::Convention), "{op:?}");
        let sign = if kind == Reduction::Max { 1.0 } else { -1.0 };
        for (x, same) in [([1.0, 3.0, 2.0, 4.0], true), ([1.0, 3.0, 3.0, 2.0], false)] {
            let x = x.map(|x| sign * x);
            let inputs = [&x[..], &g, &h];
            let [found, other] = [by_table(&op, inputs), by_burn(f, inputs)];
            assert_eq!(
                found[0] == other[0],
                same,
                "{op:?} of {x:?}: {found:?}, Burn's {other:?}"
            );
        }
    }
}

/// The second derivative of Burn's own hypot has no digits if the other leg is small: it is y^2 / hypot^3.
#[test]
fn the_second_derivative_of_a_quotient_by_hypot_cancels() {
    let x = [1.0, 3.0];
    let hypot = |x| {
        let y = TensorData::new(vec![1e-10; 2], [2]);
        Twice::float_hypot(x, Twice::float_from_data(y, &Default::default()))
    };
    let [_, second] = by_burn(&hypot, [&x, &[1.0; 2], &[1.0; 2]]);
    for (x, second) in x.iter().zip(second) {
        let wanted = 1e-20 / x.powi(3);
        assert!((second - wanted).abs() > 0.5 * wanted, "at {x}: {second}");
    }
}

// ---- the rows ----

/// Every row is that of an op with its name. The tests above compare every rule that is not Burn's.
#[test]
fn rows_are_those_of_their_ops() {
    use Binary::{And, Or, Shl, Shr, Xor};
    let others = table()
        .into_iter()
        .map(|row| row.op)
        .chain([Op::Cast(DType::F32)]);
    // The tests of each reason take the elementwise functions from the table, and name these ops.
    let mut compared = BTreeSet::from(["broadcast", "dot", "sort", "reduce_max", "reduce_min"]);
    compared.extend(["reduce_prod", "cumprod", "cummax", "cummin"]);
    for op in elementwise().chain(others) {
        let Some(rule) = DerivativeRule::of(&op) else {
            let of_integers = matches!(op, Op::Binary(And | Or | Xor | Shl | Shr));
            assert!(op.is_flat() || of_integers, "{op:?}");
            continue;
        };
        assert_eq!(rule.op, op.name());
        assert!(derivative_rules().contains(&rule), "{rule}");
        if rule.source == RuleSource::Burn || matches!(op, Op::Unary(_) | Op::Binary(_)) {
            compared.insert(rule.op);
        }
    }
    for rule in derivative_rules() {
        println!("{rule}");
        let in_core = matches!(rule.source, RuleSource::Kiln(RuleReason::Structure, _));
        assert_ne!(in_core, compared.contains(rule.op), "{rule}");
    }
}
