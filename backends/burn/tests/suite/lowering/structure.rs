//! Whole programs: the interpreter, calls and loops.

use super::common::*;
use burn_backend::TensorData;
use burn_flex::Flex;
use kiln_burn::{Kernels, Tensor, run};
use kiln_program::{
    ArrayType, Axes, Binary, Builder, Compare, Custom, CustomRule, DType, Effect, Op, Program, Reduction,
    Scalar, Scan, Shape, Unary, Var, While,
};
use std::sync::Arc;

fn results<B: Kernels>(program: &Program, inputs: &[TensorData]) -> Vec<TensorData> {
    let device = B::Device::default();
    let inputs = inputs
        .iter()
        .map(|x| Tensor::<B>::from_data(x.clone(), &device))
        .collect();
    run(program, inputs, &device)
        .into_iter()
        .map(Tensor::into_data)
        .collect()
}

#[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
fn gives(program: &Program, inputs: &[TensorData], expected: &[TensorData]) {
    for got in [
        results::<Flex>(program, inputs),
        #[cfg(feature = "ndarray")]
        results::<burn_ndarray::NdArray>(program, inputs),
        #[cfg(feature = "wgpu")]
        results::<burn_wgpu::Wgpu>(program, inputs),
    ] {
        assert_eq!(got.len(), expected.len());
        for (got, expected) in got.iter().zip(expected) {
            compare(got, expected, 1e-6).unwrap_or_else(|message| panic!("{program}\n{message}"));
        }
    }
}

fn f32s(shape: &[usize]) -> ArrayType {
    ArrayType::new(DType::F32, Shape::from(shape))
}

fn push(b: &mut Builder, op: Op, inputs: &[Var]) -> Var {
    b.push(op, inputs).unwrap()[0]
}

/// `(x, y) -> x * y + y` of scalars.
fn multiply_add() -> Arc<Program> {
    let mut b = Builder::new();
    let (x, y) = (b.input(f32s(&[])), b.input(f32s(&[])));
    let product = push(&mut b, Op::Binary(Binary::Mul), &[x, y]);
    let sum = push(&mut b, Op::Binary(Binary::Add), &[product, y]);
    Arc::new(b.finish(&[sum]))
}

#[test]
fn values_may_repeat_and_be_unused() {
    let mut b = Builder::new();
    let (x, _unused) = (b.input(f32s(&[2])), b.input(f32s(&[0])));
    let square = push(&mut b, Op::Binary(Binary::Mul), &[x, x]);
    let _dead = push(&mut b, Op::Binary(Binary::Add), &[square, x]);
    let program = b.finish(&[square, x, square]);
    let (x, square) = (v([2.0f32, 3.0]), v([4.0f32, 9.0]));
    gives(
        &program,
        &[x.clone(), v(Vec::<f32>::new())],
        &[square.clone(), x, square],
    );
}

#[test]
fn inputs_are_not_written_to() {
    let mut b = Builder::new();
    let x = b.input(f32s(&[3]));
    let sums = Op::Cumulative {
        kind: Reduction::Sum,
        axis: 0,
        reverse: false,
    };
    let y = push(&mut b, sums, &[x]);
    let program = b.finish(&[y]);
    let device = Default::default();
    let x = Tensor::<Flex>::from_data(v([1.0f32, 2.0, 3.0]), &device);
    let first = run(&program, vec![x.clone()], &device).remove(0).into_data();
    let second = run(&program, vec![x.clone()], &device).remove(0).into_data();
    assert_eq!(first, second);
    assert_eq!(x.into_data(), v([1.0f32, 2.0, 3.0]));
}

#[test]
fn calls() {
    let mut b = Builder::new();
    let x = b.input(f32s(&[]));
    let y = push(&mut b, Op::Call(multiply_add()), &[x, x]);
    gives(&b.finish(&[y]), &[s(3.0f32)], &[v([12.0f32])]);
}

/// A scan whose carry is `c * x + x`. It also returns each carry and each `x`; `k` is carried unchanged.
fn scanned(length: usize, reverse: bool) -> Program {
    let mut body = Builder::new();
    let (k, c, x) = (
        body.input(f32s(&[2])),
        body.input(f32s(&[])),
        body.input(f32s(&[])),
    );
    let next = push(&mut body, Op::Call(multiply_add()), &[c, x]);
    let wide = push(
        &mut body,
        Op::Broadcast {
            shape: [2].into(),
            axes: [].as_slice().into(),
        },
        &[next],
    );
    let row = push(&mut body, Op::Binary(Binary::Mul), &[wide, k]);
    let body = Arc::new(body.finish(&[next, next, row]));
    let mut b = Builder::new();
    let (k, c, xs) = (b.input(f32s(&[2])), b.input(f32s(&[])), b.input(f32s(&[length])));
    let out = b
        .push(
            Op::Scan(Scan {
                body,
                length,
                consts: 1,
                carries: 1,
                reverse,
            }),
            &[k, c, xs],
        )
        .unwrap();
    b.finish(&out)
}

#[test]
fn scans() {
    let k = v([1.0f32, 10.0]);
    let inputs = |x: &[f32]| vec![k.clone(), s(1.0f32), v(x)];
    // 1 * 2 + 2 = 4, 4 * 3 + 3 = 15; from the end 1 * 3 + 3 = 6, 6 * 2 + 2 = 14.
    let rows = a([4.0f32, 40.0, 15.0, 150.0], [2, 2]);
    gives(
        &scanned(2, false),
        &inputs(&[2.0, 3.0]),
        &[v([15.0f32]), v([4.0f32, 15.0]), rows],
    );
    let rows = a([14.0f32, 140.0, 6.0, 60.0], [2, 2]);
    gives(
        &scanned(2, true),
        &inputs(&[2.0, 3.0]),
        &[v([14.0f32]), v([14.0f32, 6.0]), rows],
    );
    let none = || v(Vec::<f32>::new());
    gives(
        &scanned(0, false),
        &inputs(&[]),
        &[v([1.0f32]), none(), a(Vec::<f32>::new(), [0, 2])],
    );
}

#[test]
fn while_loops() {
    // Collatz steps from n: (n, steps) while n is not 1.
    let int = || ArrayType::new(DType::I32, Shape::scalar());
    let constant = |b: &mut Builder, n| {
        push(
            b,
            Op::Constant {
                value: Scalar::from_i64(DType::I32, n),
                shape: Shape::scalar(),
            },
            &[],
        )
    };
    let mut c = Builder::new();
    let (one, n, _steps) = (c.input(int()), c.input(int()), c.input(int()));
    let more = push(&mut c, Op::Compare(Compare::Ne), &[n, one]);
    let condition = Arc::new(c.finish(&[more]));
    let mut b = Builder::new();
    let (one, n, steps) = (b.input(int()), b.input(int()), b.input(int()));
    let (two, three) = (constant(&mut b, 2), constant(&mut b, 3));
    let half = push(&mut b, Op::Binary(Binary::Div), &[n, two]);
    let triple = push(&mut b, Op::Binary(Binary::Mul), &[n, three]);
    let up = push(&mut b, Op::Binary(Binary::Add), &[triple, one]);
    let odd = push(&mut b, Op::Binary(Binary::Rem), &[n, two]);
    let odd = push(&mut b, Op::Cast(DType::Bool), &[odd]);
    let next = push(&mut b, Op::Select, &[odd, up, half]);
    let steps = push(&mut b, Op::Binary(Binary::Add), &[steps, one]);
    let body = Arc::new(b.finish(&[next, steps]));
    let mut b = Builder::new();
    let inputs = [b.input(int()), b.input(int()), b.input(int())];
    let out = b
        .push(
            Op::While(While {
                condition,
                body,
                consts: 1,
            }),
            &inputs,
        )
        .unwrap();
    let program = b.finish(&out);
    gives(&program, &[s(1i32), s(27i32), s(0i32)], &[v([1i32]), v([111i32])]);
    gives(&program, &[s(1i32), s(1i32), s(0i32)], &[v([1i32]), v([0i32])]);
}

/// `x -> f(x)` of two floats.
fn unary(f: Unary) -> Arc<Program> {
    let mut b = Builder::new();
    let x = b.input(f32s(&[2]));
    let y = push(&mut b, Op::Unary(f), &[x]);
    Arc::new(b.finish(&[y]))
}

#[test]
fn the_branch_with_the_nearest_number_runs() {
    let mut b = Builder::new();
    let (which, x) = (b.input(ArrayType::new(DType::I32, [])), b.input(f32s(&[2])));
    let branches = vec![unary(Unary::Neg), unary(Unary::Abs), unary(Unary::Sqrt)];
    let y = push(&mut b, Op::Cond(branches), &[which, x]);
    let program = b.finish(&[y]);
    for (which, expected) in [
        (0, [-4.0f32, -9.0]),
        (1, [4.0, 9.0]),
        (2, [2.0, 3.0]),
        (-5, [-4.0, -9.0]),
        (9, [2.0, 3.0]),
    ] {
        gives(&program, &[s(which), v([4.0f32, 9.0])], &[v(expected)]);
    }
}

#[test]
fn what_transformations_are_told_changes_no_value() {
    let mut b = Builder::new();
    let x = b.input(f32s(&[2]));
    b.push(Op::Effect(Effect::Print("{}".into())), &[x]).unwrap();
    let y = push(&mut b, Op::StopGradient, &[x]);
    let y = push(&mut b, Op::Checkpoint(unary(Unary::Neg)), &[y]);
    let custom = Custom {
        program: unary(Unary::Abs),
        consts: 0,
        rule: CustomRule::Jvp({
            let mut rule = Builder::new();
            let (x, moving) = (rule.input(f32s(&[2])), rule.input(f32s(&[2])));
            Arc::new(rule.finish(&[x, moving]))
        }),
    };
    let z = push(&mut b, Op::Custom(Arc::new(custom)), &[y]);
    gives(
        &b.finish(&[y, z]),
        &[v([2.0f32, 3.0])],
        &[v([-2.0f32, -3.0]), v([2.0f32, 3.0])],
    );
}

#[test]
fn pads() {
    let pad = |shape: &[usize], start: &[usize], step: &[usize]| Op::Pad {
        shape: shape.into(),
        start: Axes::from(start),
        step: Axes::from(step),
    };
    let rows = [
        row(pad(&[], &[], &[]), vec![s(2.0f32)], s(2.0f32)),
        row(pad(&[3], &[0], &[1]), vec![v([1i32, 2, 3])], v([1i32, 2, 3])),
        row(
            pad(&[6], &[1], &[2]),
            vec![v([1i32, 2, 3])],
            v([0i32, 1, 0, 2, 0, 3]),
        ),
        row(
            pad(&[4], &[3], &[7]),
            vec![v([true])],
            v([false, false, false, true]),
        ),
        row(
            pad(&[2], &[1], &[1]),
            vec![v(Vec::<f32>::new())],
            v([0.0f32, 0.0]),
        ),
        row(
            pad(&[3, 4], &[1, 0], &[1, 3]),
            vec![a([1.0f64, 2.0, 3.0, 4.0], [2, 2])],
            a(
                [0.0f64, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0],
                [3, 4],
            ),
        ),
        row(
            pad(&[2, 2, 3], &[0, 1, 1], &[1, 1, 1]),
            vec![a([1u8, 2, 3, 4], [2, 1, 2])],
            a([0u8, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4], [2, 2, 3]),
        ),
    ];
    check(rows.into());
}
