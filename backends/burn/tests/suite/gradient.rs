//! Tests the gradient of every plain op: the length of its program, finite differences to the third order,
//! and JAX's conventions.

use burn_backend::TensorData;
use burn_flex::Flex;
use kiln_burn::{Gradient, Tensor, run, vjp};
use kiln_program::sister::tidy;
use kiln_program::{
    ArrayType, Axes, Binary, Builder, Compare, DType, Dot, Op, Program, Reduction, Scalar, Shape, Unary, Var,
    infer,
};

mod sources;

type Floats = Vec<f64>;

fn axes(axes: &[usize]) -> Axes {
    Axes::from(axes)
}

fn gradient(op: &Op, types: &[ArrayType]) -> Gradient {
    let results = infer(op, &types.iter().collect::<Vec<_>>())
        .expect("the row types")
        .len();
    vjp(op, types, &vec![true; types.len()], &vec![true; results]).expect("a plain op has a gradient")
}

/// The number of equations that compute. Constants cost nothing.
fn length(program: &Program) -> usize {
    let computes = |op: &Op| !matches!(op, Op::Constant { .. });
    program
        .equations()
        .iter()
        .filter(|equation| computes(&equation.op))
        .count()
}

fn floats(dtype: DType, shapes: &[&[usize]]) -> Vec<ArrayType> {
    shapes
        .iter()
        .map(|&shape| ArrayType::new(dtype, shape.to_vec()))
        .collect()
}

// ---- how long ----

#[test]
fn programs_are_as_short_as_by_hand() {
    use Binary::*;
    use Unary::*;
    let mut rows: Vec<(Op, Vec<ArrayType>, usize)> = Vec::new();
    let unary = [
        (Neg, 1),       // -g
        (Abs, 3),       // select(x >= 0, g, -g)
        (Sqrt, 3),      // g (1/2 / y), y
        (Rsqrt, 4),     // g (-1/2 (y / x)), y
        (Cbrt, 5),      // g (1/3 (1 / y^2)), y
        (Exp, 2),       // g y, y
        (Exp2, 5),      // g ((ln 2 r) r), r = exp2(x / 2)
        (Expm1, 2),     // g exp(x)
        (Log, 1),       // g / x
        (Log2, 2),      // g / ln 2 / x
        (Log10, 2),     // g / ln 10 / x
        (Log1p, 2),     // g / (x + 1)
        (Sin, 2),       // g cos(x)
        (Cos, 3),       // g -sin(x)
        (Tan, 4),       // g (y^2 + 1), y
        (Asin, 4),      // g rsqrt(1 - x^2)
        (Acos, 5),      // g -rsqrt(1 - x^2)
        (Atan, 4),      // g c^2, c = 1 / hypot(1, x)
        (Sinh, 2),      // g cosh(x)
        (Cosh, 2),      // g sinh(x)
        (Tanh, 13),     // g select(|x| < 1/2, 1 - y^2, e w^2), y, e = exp(-2 |x|), w = 2 / (1 + e)
        (Asinh, 2),     // g / hypot(1, x)
        (Acosh, 6),     // g / (sqrt(x - 1) sqrt(x + 1))
        (Atanh, 3),     // g / mul_add(x, -x, 1)
        (Logistic, 15), // A quarter of that of tanh at x / 2.
        (Erf, 5),       // 2 / sqrt(pi) (g exp(-x^2))
        (Erfc, 5),
        (ErfInv, 5), // sqrt(pi) / 2 (g exp(y^2)), y
        (Lgamma, 2), // g digamma(x)
        (Sign, 0),
        (Floor, 0),
        (Ceil, 0),
        (Round, 0),
        (Trunc, 0),
    ];
    for (f, length) in unary {
        rows.push((Op::Unary(f), floats(DType::F32, &[&[3]]), length));
        rows.push((Op::Unary(f), floats(DType::F64, &[&[]]), length));
    }
    let binary = [
        (Add, 0),
        (Sub, 1), // g, -g
        (Mul, 2),
        (Div, 4),  // g / y; -(g / y) (x / y)
        (Rem, 4),  // g; -g trunc(x / y)
        (Pow, 10), // g (y pow(x, y - 1)); g (log(x or 1) pow(x, y))
        (Max, 8),  // g * select(x > y, 1, s), g * select(x < y, 1, s), s = select(x == y, 1 / 2, 0)
        (Min, 8),
        (Atan2, 15), // Legs 7; a = 1 / (m s), q a; two selects, -, two products with g.
        (Hypot, 19), // Legs 7; a = sign(m) rsqrt(s), q a; max, ==; two selects, and with 1/2; two products with g.
    ];
    for (f, length) in binary {
        rows.push((Op::Binary(f), floats(DType::F64, &[&[3], &[3]]), length));
        rows.push((Op::Binary(f), floats(DType::F32, &[&[], &[]]), length));
    }
    let f32s = |shapes: &[&[usize]]| floats(DType::F32, shapes);
    let sum = |over: &[usize]| Op::Reduce {
        kind: Reduction::Sum,
        axes: axes(over),
    };
    let dot = |lhs: &[usize], rhs: &[usize], batch: usize| {
        Op::Dot(Dot {
            lhs_contract: axes(lhs),
            rhs_contract: axes(rhs),
            lhs_batch: (0..batch).collect(),
            rhs_batch: (0..batch).collect(),
        })
    };
    let broadcast = |shape: &[usize], to: &[usize]| Op::Broadcast {
        shape: shape.into(),
        axes: axes(to),
    };
    let mut choice = f32s(&[&[3], &[3]]);
    choice.insert(0, ArrayType::new(DType::Bool, [3]));
    rows.extend([
        (Op::MulAdd, f32s(&[&[3], &[3], &[3]]), 2),
        (Op::Select, choice, 2),
        (Op::Cast(DType::F64), f32s(&[&[3]]), 1),
        (Op::Cast(DType::I32), f32s(&[&[3]]), 0),
        (Op::Compare(Compare::Lt), f32s(&[&[3], &[3]]), 0),
        (Op::Reshape([6].into()), f32s(&[&[2, 3]]), 1),
        (Op::Reshape([].into()), f32s(&[&[1, 1]]), 1),
        (Op::Reshape([1, 1].into()), f32s(&[&[]]), 1),
        (Op::Transpose(axes(&[1, 2, 0])), f32s(&[&[2, 3, 4]]), 1),
        (broadcast(&[2, 3], &[]), f32s(&[&[]]), 1),
        (broadcast(&[2, 3], &[1]), f32s(&[&[3]]), 1),
        (broadcast(&[2, 3], &[0, 1]), f32s(&[&[1, 3]]), 2), // The sum, and the axis of length 1.
        (
            Op::Slice {
                start: axes(&[1, 0]),
                stop: axes(&[4, 3]),
                step: axes(&[2, 1]),
            },
            f32s(&[&[4, 3]]),
            1,
        ),
        (
            Op::Pad {
                shape: [7].into(),
                start: axes(&[1]),
                step: axes(&[2]),
            },
            f32s(&[&[3]]),
            1,
        ),
        (Op::Reverse(axes(&[0])), f32s(&[&[4, 3]]), 1),
        (Op::Concatenate { axis: 0 }, f32s(&[&[2, 3], &[1, 3]]), 2),
        (sum(&[1]), f32s(&[&[2, 3, 4]]), 1),
        (sum(&[0, 2]), f32s(&[&[2, 3, 4]]), 1),
        (sum(&[0, 1, 2]), f32s(&[&[2, 3, 4]]), 1),
        (sum(&[0]), f32s(&[&[1]]), 1),
        // The extreme, a mask of the elements that attain it as numbers, their count, the share, and
        // its broadcast.
        (
            Op::Reduce {
                kind: Reduction::Max,
                axes: axes(&[1]),
            },
            f32s(&[&[2, 3]]),
            8,
        ),
        (cumulative(Reduction::Sum, 0, false), f32s(&[&[3, 2]]), 1),
        (cumulative(Reduction::Sum, 1, true), f32s(&[&[3, 2]]), 1),
        (Op::Sort { axis: 0 }, f32s(&[&[4]]), 3), // Places, sorted along, and back.
        (Op::Sort { axis: 1 }, f32s(&[&[2, 4], &[2, 4]]), 3),
        (dot(&[1], &[0], 0), f32s(&[&[2, 3], &[3, 4]]), 3), // One of the two has its axes in another order.
        (dot(&[2], &[1], 1), f32s(&[&[5, 2, 3], &[5, 3, 4]]), 3),
        (dot(&[0], &[0], 0), f32s(&[&[3], &[3]]), 2),
    ]);
    let mut wrong = Vec::new();
    for (op, types, expected) in rows {
        let program = gradient(&op, &types).program;
        if length(&program) != expected {
            wrong.push(format!(
                "{op:?}: {} instead of {expected}\n{program}",
                length(&program)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cumulative(kind: Reduction, axis: usize, reverse: bool) -> Op {
    Op::Cumulative { kind, axis, reverse }
}

#[test]
fn what_is_not_wanted_is_not_computed() {
    let types = floats(DType::F32, &[&[3], &[3]]);
    let mul = Op::Binary(Binary::Mul);
    let left = vjp(&mul, &types, &[true, false], &[true]).expect("a gradient");
    assert_eq!((left.has, length(&left.program)), (vec![true, false], 1));
    let none = vjp(&mul, &types, &[true, true], &[false]).expect("a gradient");
    assert_eq!((none.has, none.program.outputs().len()), (vec![false, false], 0));
    assert_eq!(none.program.inputs().len(), 2);
    // A sort of a key and a companion. Only the companion has a cotangent.
    let sort = vjp(&Op::Sort { axis: 0 }, &types, &[true, true], &[false, true]).expect("a gradient");
    assert_eq!(sort.has, [false, true]);
    // Integers, empty arrays and ops that are not plain.
    let ints = vec![ArrayType::new(DType::I32, [3]); 2];
    assert_eq!(gradient(&mul, &ints).has, [false, false]);
    assert_eq!(
        gradient(&mul, &floats(DType::F32, &[&[0], &[0]])).has,
        [false, false]
    );
    let stop = vjp(&Op::StopGradient, &types[..1], &[true], &[true]);
    assert!(stop.is_err_and(|error| error.to_string().contains("stop_gradient")));
}

// ---- finite differences ----

/// The program of a single op.
fn program(op: &Op, types: &[ArrayType]) -> Program {
    let mut builder = Builder::new();
    let inputs: Vec<Var> = types.iter().map(|of| builder.input(of.clone())).collect();
    let outputs = builder.push(op.clone(), &inputs).expect("the row types");
    builder.finish(&outputs)
}

/// Reverse mode over a program of plain ops: `(inputs, cotangents of the outputs of floats) -> cotangents of
/// the inputs of floats`. Missing cotangents are zeros.
fn reverse(program: &Program) -> Program {
    reverse_by(program, &|op, types, given| {
        vjp(op, types, &vec![true; types.len()], given).expect("plain ops only")
    })
}

/// Returns the gradient of an op for operands of these types, and the results that have a cotangent.
type RuleOf<'a> = &'a dyn Fn(&Op, &[ArrayType], &[bool]) -> Gradient;

/// Returns the program of a reverse pass, with the rules of `rule`.
fn reverse_by(program: &Program, rule: RuleOf) -> Program {
    let mut builder = Builder::new();
    let inputs: Vec<Var> = program
        .input_types()
        .into_iter()
        .map(|of| builder.input(of))
        .collect();
    let mut map = inputs.clone();
    for equation in program.equations() {
        let operands: Vec<Var> = equation.inputs.iter().map(|var| map[var.index()]).collect();
        map.extend(builder.push(equation.op.clone(), &operands).expect("as it was"));
    }
    let mut cotangents: Vec<Option<Var>> = vec![None; map.len()];
    let add = |builder: &mut Builder, cotangents: &mut Vec<Option<Var>>, var: Var, g: Var| {
        let slot = &mut cotangents[var.index()];
        *slot = Some(match *slot {
            None => g,
            Some(sum) => builder
                .push(Op::Binary(Binary::Add), &[sum, g])
                .expect("cotangents")[0],
        });
    };
    for &var in program.outputs() {
        if program.type_of(var).dtype.is_float() {
            let g = builder.input(program.type_of(var).clone());
            add(&mut builder, &mut cotangents, var, g);
        }
    }
    for equation in program.equations().iter().rev() {
        let given: Vec<bool> = equation
            .outputs
            .iter()
            .map(|var| cotangents[var.index()].is_some())
            .collect();
        let types: Vec<ArrayType> = equation
            .inputs
            .iter()
            .map(|&var| program.type_of(var).clone())
            .collect();
        let gradient = rule(&equation.op, &types, &given);
        let mut arguments: Vec<Var> = equation.inputs.iter().map(|var| map[var.index()]).collect();
        arguments.extend(equation.outputs.iter().filter_map(|var| cotangents[var.index()]));
        let mut found = gradient
            .program
            .inline(&mut builder, &arguments)
            .expect("its types")
            .into_iter();
        for (&var, has) in equation.inputs.iter().zip(gradient.has) {
            if has {
                add(
                    &mut builder,
                    &mut cotangents,
                    var,
                    found.next().expect("one a flag"),
                );
            }
        }
    }
    let outputs: Vec<Var> = program
        .inputs()
        .filter(|&var| program.type_of(var).dtype.is_float())
        .map(|var| {
            cotangents[var.index()].unwrap_or_else(|| {
                let ArrayType { dtype, shape } = program.type_of(var).clone();
                let value = Scalar::from_i64(dtype, 0);
                builder
                    .push(Op::Constant { value, shape }, &[])
                    .expect("a constant")[0]
            })
        })
        .collect();
    tidy(&builder.finish(&outputs))
}

/// Runs a program; all numbers are passed as `f64`.
fn evaluate(program: &Program, inputs: &[Floats]) -> Vec<Floats> {
    let device = Default::default();
    let tensors = program.inputs().zip(inputs).map(|(var, x)| {
        let ArrayType { dtype, shape } = program.type_of(var);
        let shape = shape.to_vec();
        Tensor::<Flex>::from_data(
            match dtype {
                DType::F32 => TensorData::new(x.iter().map(|&x| x as f32).collect(), shape),
                DType::F64 => TensorData::new(x.clone(), shape),
                DType::Bool => TensorData::new(x.iter().map(|&x| x != 0.0).collect::<Vec<bool>>(), shape),
                DType::I32 => TensorData::new(x.iter().map(|&x| x as i32).collect(), shape),
                dtype => panic!("no row has {dtype}"),
            },
            &device,
        )
    });
    let outputs = run(program, tensors.collect(), &device);
    outputs
        .into_iter()
        .map(|y| y.into_data().iter::<f64>().collect())
        .collect()
}

/// Numbers between 1/2 and 3/2, no two of them equal.
fn weights(n: usize, seed: usize) -> Floats {
    (0..n)
        .map(|i| 0.5 + ((i * 7 + seed * 3) as f64 * 0.618_033_988_75).fract())
        .collect()
}

/// Compares the gradient of `sum(outputs * weights)` with central differences, and does the same for the
/// gradient's gradient, up to an order.
fn differences(name: &str, program: &Program, inputs: &[Floats], orders: usize, failures: &mut Vec<String>) {
    let gradient = reverse(program);
    let smooth: Vec<Var> = program
        .outputs()
        .iter()
        .copied()
        .filter(|&var| program.type_of(var).dtype.is_float())
        .collect();
    let g: Vec<Floats> = smooth
        .iter()
        .enumerate()
        .map(|(i, &var)| weights(program.type_of(var).shape.size(), orders + 5 * i))
        .collect();
    let value = |inputs: &[Floats]| -> (f64, f64) {
        let outputs = evaluate(program, inputs);
        let outputs = outputs
            .iter()
            .zip(program.outputs())
            .filter(|(_, var)| smooth.contains(var))
            .map(|(y, _)| y);
        let terms = outputs
            .zip(&g)
            .flat_map(|(y, g)| y.iter().zip(g).map(|(y, g)| y * g));
        terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
    };
    let mut arguments = inputs.to_vec();
    arguments.extend(g.iter().cloned());
    let found = evaluate(&gradient, &arguments);
    let smooth_inputs = program
        .inputs()
        .filter(|&var| program.type_of(var).dtype.is_float());
    for (var, found) in smooth_inputs.zip(&found) {
        let input = var.index();
        for (i, &found) in found.iter().enumerate() {
            // The step that balances truncation, of order h^2, and the rounding of values, of order epsilon /
            // h.
            let x = inputs[input][i];
            let h = f64::EPSILON.cbrt() * x.abs().max(0.25);
            let at = |x: f64| {
                let mut inputs = inputs.to_vec();
                inputs[input][i] = x;
                value(&inputs)
            };
            let ((above, size), (below, _)) = (at(x + h), at(x - h));
            let difference = (above - below) / (2.0 * h);
            // Values are right to some ulp of the size of their terms; the points of the table keep third
            // derivatives below 10^4.
            let tolerance = 16.0 * f64::EPSILON * size.max(1.0) / h + 1e4 * h * h;
            let error = (found - difference).abs();
            if error.is_nan() || error > tolerance {
                failures.push(format!(
                    "{name}, order left {orders}, input {input}[{i}]: {found} against {difference} (within {tolerance:e})"
                ));
            }
        }
    }
    if orders > 1 {
        differences(name, &gradient, &arguments, orders - 1, failures);
    }
}

struct Smooth {
    op: Op,
    types: Vec<ArrayType>,
    inputs: Vec<Floats>,
}

/// Every op that has a gradient, at points where it is smooth.
fn table() -> Vec<Smooth> {
    use Unary::*;
    let mut rows = Vec::new();
    let mut push = |op: Op, shapes: &[&[usize]], inputs: &[&[f64]]| {
        let types = floats(DType::F64, shapes);
        let inputs = inputs.iter().map(|x| x.to_vec()).collect();
        rows.push(Smooth { op, types, inputs });
    };
    let all = &[0.3, -0.7, 1.9, -2.4][..];
    let positive = &[0.3, 0.9, 1.9, 4.5][..];
    let inside = &[0.3, -0.6, 0.75, -0.1][..];
    let unary: [(Unary, &[f64]); 30] = [
        (Neg, all),
        (Abs, all),
        (Sqrt, positive),
        (Rsqrt, positive),
        (Cbrt, &[0.9, -1.7, 1.9, -2.4]),
        (Exp, all),
        (Exp2, all),
        (Expm1, &[0.3, -0.7, 1e-9, -2.4]),
        (Log, positive),
        (Log2, positive),
        (Log10, positive),
        (Log1p, &[0.3, -0.5, 1e-9, 2.4]),
        (Sin, all),
        (Cos, all),
        (Tan, &[0.3, -0.7, 1.0, 2.4]),
        (Asin, inside),
        (Acos, inside),
        (Atan, all),
        (Sinh, all),
        (Cosh, all),
        (Tanh, all),
        (Asinh, all),
        (Acosh, &[1.5, 1.9, 3.0, 4.5]),
        (Atanh, &[0.3, -0.6, 0.5, -0.1]),
        (Logistic, all),
        (Erf, all),
        (Erfc, all),
        (ErfInv, &[0.3, -0.6, 0.5, -0.1]),
        (Lgamma, &[0.9, 1.7, 3.2, 30.0]),
        (Digamma, &[0.9, 1.7, -2.5, 30.0]),
    ];
    for (f, x) in unary {
        push(Op::Unary(f), &[&[4]], &[x]);
    }
    push(Op::Unary(Sin), &[&[]], &[&[0.4]]);
    let binary: [(Binary, &[f64], &[f64]); 10] = [
        (Binary::Add, all, positive),
        (Binary::Sub, all, positive),
        (Binary::Mul, all, positive),
        (Binary::Div, all, &[0.9, -0.8, 1.9, 4.5]),
        (Binary::Rem, &[5.3, -5.3, 5.3, 0.5], &[3.0, 3.0, -3.0, 2.0]),
        (Binary::Pow, positive, &[1.5, -2.0, 0.0, 3.0]),
        (Binary::Max, all, &[0.9, -0.8, 1.2, 4.5]),
        (Binary::Min, all, &[0.9, -0.8, 1.2, 4.5]),
        (Binary::Atan2, all, &[0.9, -0.8, 1.9, -4.5]),
        (Binary::Hypot, all, &[0.9, -0.8, 1.9, -4.5]),
    ];
    for (f, x, y) in binary {
        push(Op::Binary(f), &[&[4], &[4]], &[x, y]);
    }
    push(Op::Binary(Binary::Mul), &[&[], &[]], &[&[0.4], &[1.7]]);
    push(Op::MulAdd, &[&[4], &[4], &[4]], &[all, positive, inside]);

    let six = &[0.3, -0.7, 1.9, -2.4, 0.8, 1.1][..];
    push(Op::Reshape([3, 2].into()), &[&[2, 3]], &[six]);
    push(Op::Reshape([].into()), &[&[1, 1]], &[&[0.3]]);
    push(Op::Transpose(axes(&[1, 0])), &[&[2, 3]], &[six]);
    let broadcast = |shape: &[usize], to: &[usize]| Op::Broadcast {
        shape: Shape::from(shape),
        axes: axes(to),
    };
    push(broadcast(&[2, 3, 2], &[1]), &[&[3]], &[&six[..3]]);
    push(broadcast(&[2, 3], &[0, 1]), &[&[2, 1]], &[&six[..2]]);
    push(broadcast(&[2, 3], &[]), &[&[]], &[&six[..1]]);
    push(
        Op::Slice {
            start: axes(&[1, 0]),
            stop: axes(&[3, 2]),
            step: axes(&[1, 1]),
        },
        &[&[3, 2]],
        &[six],
    );
    push(
        Op::Slice {
            start: axes(&[1]),
            stop: axes(&[6]),
            step: axes(&[3]),
        },
        &[&[6]],
        &[six],
    );
    push(
        Op::Pad {
            shape: [4, 5].into(),
            start: axes(&[1, 0]),
            step: axes(&[2, 2]),
        },
        &[&[2, 3]],
        &[six],
    );
    push(Op::Reverse(axes(&[0, 1])), &[&[2, 3]], &[six]);
    push(
        Op::Concatenate { axis: 1 },
        &[&[2, 1], &[2, 3]],
        &[&six[..2], six],
    );
    let reduce = |kind, over: &[usize]| Op::Reduce {
        kind,
        axes: axes(over),
    };
    for kind in [Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min] {
        push(reduce(kind, &[0]), &[&[6]], &[six]);
        push(reduce(kind, &[1]), &[&[2, 3]], &[six]);
        push(reduce(kind, &[0, 2]), &[&[3, 2, 1]], &[six]);
        push(cumulative(kind, 0, false), &[&[3, 2]], &[six]);
        push(cumulative(kind, 0, true), &[&[6]], &[six]);
    }
    // Zeros among the factors.
    for zeros in [&[0.3, 0.0, 1.9, -2.4, 0.8][..], &[0.3, 0.0, 1.9, 0.0, 0.8]] {
        push(reduce(Reduction::Prod, &[0]), &[&[5]], &[zeros]);
        push(cumulative(Reduction::Prod, 0, false), &[&[5]], &[zeros]);
        push(cumulative(Reduction::Prod, 0, true), &[&[5]], &[zeros]);
    }
    push(Op::Sort { axis: 0 }, &[&[6]], &[six]);
    push(
        Op::Sort { axis: 0 },
        &[&[3, 2], &[3, 2]],
        &[six, &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]],
    );
    type Axes<'a> = &'a [usize];
    let dots: [(Axes, Axes, Axes, Axes, Axes, Axes); 5] = [
        (&[2, 3], &[3, 2], &[1], &[0], &[], &[]),
        (&[6], &[6], &[0], &[0], &[], &[]),
        (&[3, 2], &[2], &[1], &[0], &[], &[]),
        (&[2, 1, 3], &[1, 3, 2], &[2], &[1], &[1], &[0]),
        (&[3, 2], &[2, 3], &[0, 1], &[1, 0], &[], &[]),
    ];
    for (x, y, lhs_contract, rhs_contract, lhs_batch, rhs_batch) in dots {
        let dot = Dot {
            lhs_contract: axes(lhs_contract),
            rhs_contract: axes(rhs_contract),
            lhs_batch: axes(lhs_batch),
            rhs_batch: axes(rhs_batch),
        };
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        push(Op::Dot(dot), &[x, y], &[&six[..size(x)], &weights(size(y), 3)]);
    }
    let mut types = floats(DType::F64, &[&[4], &[4]]);
    types.insert(0, ArrayType::new(DType::Bool, [4]));
    let flags = vec![1.0, 0.0, 0.0, 1.0];
    rows.push(Smooth {
        op: Op::Select,
        types,
        inputs: vec![flags, all.to_vec(), positive.to_vec()],
    });
    rows
}

#[test]
fn gradients_of_three_orders_are_those_of_finite_differences() {
    let mut failures = Vec::new();
    for row in table() {
        differences(
            &format!("{:?}", row.op),
            &program(&row.op, &row.types),
            &row.inputs,
            3,
            &mut failures,
        );
    }
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn single_precision_is_double_precision_rounded() {
    let mut failures = Vec::new();
    for row in table() {
        let narrow: Vec<ArrayType> = row
            .types
            .iter()
            .map(|of| match of.dtype {
                DType::F64 => ArrayType::new(DType::F32, of.shape.clone()),
                _ => of.clone(),
            })
            .collect();
        let double = gradient(&row.op, &row.types).program;
        let single = gradient(&row.op, &narrow).program;
        let result = infer(&row.op, &row.types.iter().collect::<Vec<_>>()).expect("the row types");
        let mut inputs = row.inputs.clone();
        inputs.extend(
            result
                .iter()
                .enumerate()
                .map(|(i, of)| weights(of.shape.size(), i)),
        );
        for x in inputs.iter_mut().flatten() {
            *x = f64::from(*x as f32);
        }
        let (double, single) = (evaluate(&double, &inputs), evaluate(&single, &inputs));
        for (wanted, got) in double.iter().flatten().zip(single.iter().flatten()) {
            // A dozen roundings, each of half an ulp of terms that cancel by less than a factor of ten, and 4
            // ulp of a function.
            if (wanted - got).abs() > 64.0 * 2f64.powi(-24) * wanted.abs().max(1.0) {
                failures.push(format!("{:?}: {got} against {wanted}", row.op));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn casts_between_floats() {
    let wide = gradient(&Op::Cast(DType::F64), &floats(DType::F32, &[&[2]])).program;
    assert_eq!(wide.output_types(), floats(DType::F32, &[&[2]]));
    assert_eq!(
        evaluate(&wide, &[vec![1.0, 2.0], vec![0.5, 0.1]]),
        [[0.5, f64::from(0.1f32)]]
    );
}

// ---- JAX's conventions ----

#[test]
fn conventions_are_those_of_jax() {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    // The operands, the cotangents, and the derivatives that jax 0.10.2 returns for them.
    type Case = (Op, Vec<Floats>, Floats, Vec<Floats>);
    let unary = |f, x: f64, d: f64| -> Case { (Op::Unary(f), vec![vec![x]], vec![1.0], vec![vec![d]]) };
    let binary = |f, x: f64, y: f64, dx: f64, dy: f64| -> Case {
        (
            Op::Binary(f),
            vec![vec![x], vec![y]],
            vec![1.0],
            vec![vec![dx], vec![dy]],
        )
    };
    let reduce = |kind| Op::Reduce {
        kind,
        axes: axes(&[0]),
    };
    let rows = [
        unary(Unary::Abs, 0.0, 1.0),
        unary(Unary::Abs, -0.0, 1.0),
        unary(Unary::Abs, -2.0, -1.0),
        unary(Unary::Sqrt, 0.0, INF),
        unary(Unary::Cbrt, 0.0, INF),
        unary(Unary::Log, 0.0, INF),
        unary(Unary::Rsqrt, 0.0, -INF),
        unary(Unary::Digamma, 0.5, 4.934_802_200_544_68),
        unary(Unary::Digamma, -1.5, 9.379_246_644_989_122),
        binary(Binary::Max, 0.0, 0.0, 0.5, 0.5),
        binary(Binary::Min, 0.0, 0.0, 0.5, 0.5),
        binary(Binary::Max, 1.0, 0.0, 1.0, 0.0),
        binary(Binary::Max, NAN, 1.0, 0.0, 0.0),
        binary(Binary::Pow, 2.0, 0.0, 0.0, 2f64.ln()),
        binary(Binary::Pow, 0.0, 2.0, 0.0, 0.0),
        binary(Binary::Pow, 0.0, 1.0, 1.0, 0.0),
        binary(Binary::Pow, 0.0, -1.0, -INF, NAN),
        binary(Binary::Pow, 0.0, 0.5, INF, 0.0),
        binary(Binary::Pow, -2.0, 3.0, 12.0, NAN),
        // JAX's result for an exponent that is a float. If an integer exponent is 0, `power` of kiln's numpy
        // replaces a base of 0 first.
        binary(Binary::Pow, 0.0, 0.0, NAN, 0.0),
        binary(Binary::Hypot, 0.0, 0.0, 0.5, 0.5),
        binary(Binary::Hypot, 3.0, 0.0, 1.0, 0.0),
        binary(Binary::Hypot, NAN, 0.0, NAN, NAN),
        binary(Binary::Hypot, 0.0, NAN, NAN, NAN),
        binary(Binary::Rem, 5.0, 3.0, 1.0, -1.0),
        binary(Binary::Rem, -5.0, 3.0, 1.0, 1.0),
        (
            reduce(Reduction::Max),
            vec![vec![1.0, 3.0, 3.0]],
            vec![1.0],
            vec![vec![0.0, 0.5, 0.5]],
        ),
        (
            reduce(Reduction::Min),
            vec![vec![1.0, 3.0, 1.0]],
            vec![1.0],
            vec![vec![0.5, 0.0, 0.5]],
        ),
        (
            reduce(Reduction::Prod),
            vec![vec![0.0, 3.0, 0.0]],
            vec![1.0],
            vec![vec![0.0, 0.0, 0.0]],
        ),
        (
            reduce(Reduction::Prod),
            vec![vec![0.0, 3.0, 2.0]],
            vec![1.0],
            vec![vec![6.0, 0.0, 0.0]],
        ),
        (
            Op::Sort { axis: 0 },
            vec![vec![2.0, 1.0, 2.0, 1.0]],
            vec![1.0, 10.0, 100.0, 1000.0],
            vec![vec![100.0, 1.0, 1000.0, 10.0]],
        ),
    ];
    let mut failures = Vec::new();
    for (op, inputs, g, expected) in rows {
        let types: Vec<ArrayType> = inputs
            .iter()
            .map(|x| ArrayType::new(DType::F64, [x.len()]))
            .collect();
        let program = gradient(&op, &types).program;
        let mut arguments = inputs.clone();
        arguments.push(g);
        let got = evaluate(&program, &arguments);
        let same = |x: &f64, y: &f64| x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() < 1e-14 * y.abs();
        let fits = got
            .iter()
            .zip(&expected)
            .all(|(x, y)| x.iter().zip(y).all(|(x, y)| same(x, y)));
        if !fits {
            failures.push(format!("{op:?} at {inputs:?}: {got:?} instead of {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));

    // Nothing comes from the branch that is not chosen, also if its elements are NaN.
    let mut types = floats(DType::F64, &[&[2], &[2]]);
    types.insert(0, ArrayType::new(DType::Bool, [2]));
    let select = gradient(&Op::Select, &types).program;
    let got = evaluate(
        &select,
        &[vec![1.0, 0.0], vec![NAN, 1.0], vec![1.0, NAN], vec![5.0, 7.0]],
    );
    assert_eq!(got, [[5.0, 0.0], [0.0, 7.0]]);
}

#[test]
fn the_derivative_of_digamma_is_accurate() {
    // mpmath's psi(1, x).
    let table = [
        (0.1, 101.433_299_150_792_75),
        (0.5, 4.934_802_200_544_679),
        (1.0, 1.644_934_066_848_226_4),
        (2.5, 0.490_357_756_100_234_9),
        (10.0, 0.105_166_335_681_685_75),
        (1e3, 1.000_500_166_666_633_3e-3),
        (1e8, 1.000_000_005e-8),
        (-0.3, 13.945_160_267_805_722),
        (-3.75, 19.504_980_060_599_575),
    ];
    for (dtype, epsilon) in [(DType::F64, f64::EPSILON), (DType::F32, f64::from(f32::EPSILON))] {
        let program = gradient(&Op::Unary(Unary::Digamma), &floats(dtype, &[&[]])).program;
        for (x, expected) in table {
            let rounded = match dtype {
                DType::F32 => f64::from(x as f32),
                _ => x,
            };
            let got = evaluate(&program, &[vec![rounded], vec![1.0]])[0][0];
            // A dozen sums of numbers of one sign. In f32 x is rounded too: the derivative's relative
            // condition is about 2 and, by the poles, 10.
            let error = (got - expected).abs() / expected;
            assert!(
                error < 12.0 * epsilon,
                "{dtype} {x}: {got} instead of {expected}, {error:e}"
            );
        }
    }
}

#[test]
fn many_threads_at_once() {
    let op = Op::Reduce {
        kind: Reduction::Prod,
        axes: axes(&[0]),
    };
    let types = floats(DType::F32, &[&[9]]);
    let expected = gradient(&op, &types).program;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(gradient(&op, &types).program, expected);
                }
            });
        }
    });
}
