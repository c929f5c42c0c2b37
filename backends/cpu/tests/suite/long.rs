//! Long programs of many shapes need no deep stack.

use kiln_cpu::{Buffer, Executable};
use kiln_program::{
    ArrayType, Axes, Binary, Builder, DType, Dot, Op, Program, Reduction, Scalar, Shape, Unary, Var,
};

fn f32s(shape: &[usize]) -> ArrayType {
    ArrayType::new(DType::F32, shape)
}

fn unary(b: &mut Builder, f: Unary, x: Var) -> Var {
    b.push(Op::Unary(f), &[x]).unwrap()[0]
}

fn binary(b: &mut Builder, f: Binary, x: Var, y: Var) -> Var {
    b.push(Op::Binary(f), &[x, y]).unwrap()[0]
}

fn sum(b: &mut Builder, axes: &[usize], x: Var) -> Var {
    let kind = Reduction::Sum;
    let axes = Axes::from(axes);
    b.push(Op::Reduce { kind, axes }, &[x]).unwrap()[0]
}

fn broadcast(b: &mut Builder, shape: &[usize], axes: &[usize], x: Var) -> Var {
    let (shape, axes) = (Shape::from(shape), Axes::from(axes));
    b.push(Op::Broadcast { shape, axes }, &[x]).unwrap()[0]
}

type Shaped = (&'static str, fn(usize) -> Program);

/// Programs with about the number of equations that is asked for.
const SHAPES: &[Shaped] = &[
    ("a chain of numbers", |n| chain(n, &[])),
    ("a chain of vectors", |n| chain(n, &[100])),
    ("a sum of inputs", |n| {
        let mut b = Builder::new();
        let xs: Vec<Var> = (0..n).map(|_| b.input(f32s(&[]))).collect();
        let total = xs
            .iter()
            .copied()
            .reduce(|x, y| binary(&mut b, Binary::Add, x, y));
        b.finish(&[total.unwrap()])
    }),
    ("a sum of functions of one value", |n| {
        let mut b = Builder::new();
        let x = b.input(f32s(&[10]));
        let x = unary(&mut b, Unary::Sin, x);
        let mut total = x;
        for i in 0..n / 3 {
            let value = Scalar::from_f64(DType::F32, i as f64);
            let shape = Shape::from([10]);
            let number = b.push(Op::Constant { value, shape }, &[]).unwrap()[0];
            let term = binary(&mut b, Binary::Mul, x, number);
            total = binary(&mut b, Binary::Add, total, term);
        }
        b.finish(&[total])
    }),
    ("everything computed is used at the end", |n| {
        let mut b = Builder::new();
        let mut x = b.input(f32s(&[]));
        let mut values = vec![];
        for _ in 0..n / 2 {
            x = unary(&mut b, Unary::Sin, x);
            values.push(x);
        }
        let total = values
            .into_iter()
            .reduce(|x, y| binary(&mut b, Binary::Sub, x, y));
        b.finish(&[total.unwrap()])
    }),
    ("each value used twice by the next", |n| {
        let mut b = Builder::new();
        let mut x = b.input(f32s(&[5]));
        for _ in 0..n / 2 {
            let y = unary(&mut b, Unary::Sin, x);
            x = binary(&mut b, Binary::Mul, x, y);
        }
        b.finish(&[x])
    }),
    ("slices of one value", |n| {
        let mut b = Builder::new();
        let x = b.input(f32s(&[1000]));
        let x = unary(&mut b, Unary::Sin, x);
        let mut total = None;
        for i in 0..n / 3 {
            let start = i % 990;
            let axes = |n: usize| Axes::from([n]);
            let op = Op::Slice {
                start: axes(start),
                stop: axes(start + 10),
                step: axes(1),
            };
            let piece = b.push(op, &[x]).unwrap()[0];
            let piece = unary(&mut b, Unary::Neg, piece);
            total = Some(match total {
                Some(total) => binary(&mut b, Binary::Add, total, piece),
                None => piece,
            });
        }
        b.finish(&[total.unwrap()])
    }),
    ("sums and broadcasts in turn", |n| {
        let mut b = Builder::new();
        let mut x = b.input(f32s(&[20, 5]));
        for i in 0..n / 4 {
            let axis = i % 2;
            let y = unary(&mut b, Unary::Exp, x);
            let total = sum(&mut b, &[axis], y);
            let total = broadcast(&mut b, &[20, 5], &[1 - axis], total);
            x = binary(&mut b, Binary::Div, y, total);
        }
        b.finish(&[x])
    }),
    ("sums of what sums are subtracted from", |n| {
        let mut b = Builder::new();
        let x = b.input(f32s(&[50]));
        let mut totals = vec![];
        let mut y = x;
        for _ in 0..n / 4 {
            let total = sum(&mut b, &[0], y);
            let all = broadcast(&mut b, &[50], &[], total);
            let z = binary(&mut b, Binary::Sub, x, all);
            y = unary(&mut b, Unary::Tanh, z);
            totals.push(total);
        }
        b.finish(&totals)
    }),
    ("products of matrices", |n| {
        let mut b = Builder::new();
        let a = b.input(f32s(&[3, 3]));
        let mut x = a;
        for _ in 0..n / 2 {
            let dot = Dot {
                lhs_contract: Axes::from([1]),
                rhs_contract: Axes::from([0]),
                lhs_batch: Axes::new(),
                rhs_batch: Axes::new(),
            };
            let y = b.push(Op::Dot(dot), &[x, a]).unwrap()[0];
            x = unary(&mut b, Unary::Tanh, y);
        }
        b.finish(&[x])
    }),
    ("many results", |n| {
        let mut b = Builder::new();
        let xs: Vec<Var> = (0..n / 2).map(|_| b.input(f32s(&[]))).collect();
        let ys: Vec<Var> = xs.iter().map(|&x| unary(&mut b, Unary::Sin, x)).collect();
        b.finish(&ys)
    }),
];

fn chain(n: usize, shape: &[usize]) -> Program {
    let mut b = Builder::new();
    let mut x = b.input(f32s(shape));
    for _ in 0..n {
        x = unary(&mut b, Unary::Sin, x);
    }
    b.finish(&[x])
}

#[test]
fn long_programs_compile_and_run_on_a_small_stack() {
    // Work that grew with the square of the length would take hours.
    const LENGTH: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
    let test = || {
        for (name, make) in SHAPES {
            let program = make(LENGTH);
            let inputs = program.input_types().into_iter().map(Buffer::zeros);
            let outputs = Executable::compile(&program).run(inputs.collect());
            assert_eq!(outputs.len(), program.outputs().len(), "{name}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(test);
    thread.unwrap().join().unwrap();
}
