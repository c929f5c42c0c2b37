//! A program in fused kernels returns, bit for bit, the results of its equations one by one.

use kiln_cpu::{Buffer, Executable};
use kiln_program::sister::lift;
use kiln_program::{
    ArrayType, Axes, Binary, Builder, Compare, DType, Op, Program, Reduction, Scalar, Scan, Shape, Unary, Var,
};
use std::sync::Arc;

/// Runs the equations one by one, each as a program of its own.
fn one_by_one(program: &Program, inputs: &[Buffer]) -> Vec<Buffer> {
    let mut values: Vec<Buffer> = inputs.to_vec();
    for equation in program.equations() {
        let operands: Vec<Buffer> = equation
            .inputs
            .iter()
            .map(|var| values[var.index()].clone())
            .collect();
        if let Op::Scan(scan) = &equation.op {
            values.extend(trips(scan, &operands));
            continue;
        }
        let mut single = Builder::new();
        let vars: Vec<Var> = operands
            .iter()
            .map(|x| single.input(x.array_type().clone()))
            .collect();
        let outputs = single.push(equation.op.clone(), &vars).unwrap();
        values.extend(Executable::compile(&single.finish(&outputs)).run(operands));
    }
    program
        .outputs()
        .iter()
        .map(|var| values[var.index()].clone())
        .collect()
}

fn trips(scan: &Scan, operands: &[Buffer]) -> Vec<Buffer> {
    let consts = &operands[..scan.consts];
    let mut carry = operands[scan.consts..scan.consts + scan.carries].to_vec();
    assert_eq!(
        scan.body.output_types().len(),
        scan.carries,
        "this oracle stacks nothing"
    );
    for trip in 0..scan.length {
        let slice = if scan.reverse {
            scan.length - 1 - trip
        } else {
            trip
        };
        let xs = operands[scan.consts + scan.carries..].iter().map(|x| {
            let of = x.array_type();
            let mut b = Builder::new();
            let var = b.input(of.clone());
            let mut start: Axes = of.shape.iter().map(|_| 0).collect();
            let mut stop: Axes = of.shape.iter().copied().collect();
            (start[0], stop[0]) = (slice, slice + 1);
            let step = of.shape.iter().map(|_| 1).collect();
            let piece = b.push(Op::Slice { start, stop, step }, &[var]).unwrap()[0];
            let piece = b.push(Op::Reshape(of.shape[1..].into()), &[piece]).unwrap();
            Executable::compile(&b.finish(&piece))
                .run(vec![x.clone()])
                .remove(0)
        });
        let inputs: Vec<Buffer> = consts.iter().cloned().chain(carry.clone()).chain(xs).collect();
        carry = one_by_one(&scan.body, &inputs);
    }
    carry
}

fn agree(program: &Program, inputs: &[Buffer]) {
    let executable = Executable::compile(program);
    let fused = executable.run(inputs.to_vec());
    let plain = one_by_one(program, inputs);
    let (lifted, numbers) = lift(&Arc::new(program.clone()));
    let of_lifted = Executable::compile(&lifted);
    assert_eq!(
        of_lifted.steps(),
        executable.steps(),
        "steps without literals of\n{program}"
    );
    let given = of_lifted.run_lifted(inputs.to_vec(), &numbers).unwrap();
    for (i, ((fused, plain), given)) in fused.iter().zip(&plain).zip(&given).enumerate() {
        assert_eq!(fused.array_type(), plain.array_type());
        assert!(
            fused.bytes() == plain.bytes(),
            "output {i} differs for\n{program}"
        );
        assert!(
            given.bytes() == fused.bytes(),
            "output {i} differs without literals for\n{program}"
        );
    }
}

/// A small generator of numbers, so that every run tests the same programs.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn buffer(&mut self, of: &ArrayType) -> Buffer {
        let n = of.shape.size();
        let mut number = || self.roll(2001) as f64 / 500.0 - 2.0;
        match of.dtype {
            DType::F32 => Buffer::from_vec((0..n).map(|_| number() as f32).collect(), of.shape.clone()),
            DType::F64 => Buffer::from_vec((0..n).map(|_| number()).collect(), of.shape.clone()),
            DType::I32 => Buffer::from_vec(
                (0..n).map(|_| (number() * 9.0) as i32).collect(),
                of.shape.clone(),
            ),
            DType::Bool => Buffer::from_vec(
                (0..n).map(|_| number() > 0.0).collect::<Vec<bool>>(),
                of.shape.clone(),
            ),
            other => panic!("no {other} here"),
        }
    }
}

/// A random program over a few shapes, with all ops that the engine fuses.
fn random_program(dice: &mut Dice, equations: usize) -> Program {
    let shapes: [&[usize]; 7] = [&[], &[1], &[7], &[3, 7], &[70, 3], &[2, 3, 7], &[1500]];
    let mut b = Builder::new();
    let mut vars: Vec<Var> = vec![];
    for shape in shapes {
        for dtype in [DType::F32, DType::F64, DType::I32, DType::Bool] {
            if dice.roll(2) == 0 {
                vars.push(b.input(ArrayType::new(dtype, shape)));
            }
        }
    }
    vars.push(b.input(ArrayType::new(DType::F32, [3, 7])));
    for _ in 0..equations {
        let x = vars[vars.len() - 1 - dice.roll(vars.len().min(12))];
        let of = b.type_of(x).clone();
        let (rank, dtype) = (of.shape.rank(), of.dtype);
        let axis = if rank > 0 { dice.roll(rank) } else { 0 };
        let like: Vec<Var> = vars.iter().copied().filter(|y| *b.type_of(*y) == of).collect();
        let y = like[dice.roll(like.len())];
        let bools: Vec<Var> = vars
            .iter()
            .copied()
            .filter(|p| b.type_of(*p).dtype == DType::Bool && b.type_of(*p).shape == of.shape)
            .collect();
        let (op, inputs) = match dice.roll(16) {
            0 if dtype.is_float() => {
                let f = [Unary::Sin, Unary::Exp, Unary::Neg, Unary::Sqrt, Unary::Floor][dice.roll(5)];
                (Op::Unary(f), vec![x])
            }
            1 | 2 => {
                let f = [Binary::Add, Binary::Mul, Binary::Max, Binary::Min][dice.roll(4)];
                (Op::Binary(f), vec![x, y])
            }
            3 if dtype != DType::Bool => (Op::Binary([Binary::Sub, Binary::Div][dice.roll(2)]), vec![x, y]),
            4 => (
                Op::Compare([Compare::Lt, Compare::Eq, Compare::Ge][dice.roll(3)]),
                vec![x, y],
            ),
            5 if !bools.is_empty() => (Op::Select, vec![bools[dice.roll(bools.len())], x, y]),
            6 => (
                Op::Cast([DType::F32, DType::F64, DType::I32, DType::Bool][dice.roll(4)]),
                vec![x],
            ),
            7 if rank > 1 => (
                Op::Transpose((0..rank).map(|i| (i + 1) % rank).collect()),
                vec![x],
            ),
            8 if rank > 0 => (Op::Reverse([axis].into_iter().collect()), vec![x]),
            9 if rank > 0 => {
                let start: Axes = of.shape.iter().map(|&n| dice.roll(n.min(2))).collect();
                let step: Axes = of.shape.iter().map(|_| 1 + dice.roll(2)).collect();
                (
                    Op::Slice {
                        start,
                        stop: of.shape.iter().copied().collect(),
                        step,
                    },
                    vec![x],
                )
            }
            10 => {
                let mut shape = of.shape.to_vec();
                shape.insert(dice.roll(rank + 1), 3);
                let place = shape.iter().position(|&n| n == 3).unwrap();
                if of.shape.size() > 5000 {
                    continue;
                }
                let axes = (0..=rank).filter(|&i| i != place).collect();
                let fits = (0..=rank)
                    .filter(|&i| i != place)
                    .map(|i| shape[i])
                    .eq(of.shape.iter().copied());
                if !fits {
                    continue;
                }
                (
                    Op::Broadcast {
                        shape: shape.into(),
                        axes,
                    },
                    vec![x],
                )
            }
            11 => {
                let n = of.shape.size();
                let shape = match dice.roll(3) {
                    0 => Shape::from([n]),
                    1 if n.is_multiple_of(3) => Shape::from([3, n / 3]),
                    _ => Shape::from([n, 1]),
                };
                (Op::Reshape(shape), vec![x])
            }
            12 if rank > 0 => {
                let kind = [Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min][dice.roll(4)];
                let axes: Axes = (0..rank).filter(|&i| i == axis || dice.roll(2) == 0).collect();
                (Op::Reduce { kind, axes }, vec![x])
            }
            13 if rank > 0 => (
                Op::Iota {
                    dtype: DType::I32,
                    shape: of.shape.clone(),
                    axis,
                },
                vec![],
            ),
            14 => (
                Op::Constant {
                    value: Scalar::from_f64(DType::F32, [0.5, -0.5, 1.7, 2.0][dice.roll(4)]),
                    shape: of.shape.clone(),
                },
                vec![],
            ),
            15 if dtype.is_float() => (Op::MulAdd, vec![x, y, x]),
            _ => continue,
        };
        vars.extend(b.push(op, &inputs).unwrap());
    }
    let outputs: Vec<Var> = (0..3)
        .map(|i| vars[vars.len() - 1 - dice.roll(4).min(vars.len() - 1) * (i + 1) % vars.len()])
        .collect();
    b.finish(&outputs)
}

#[test]
fn random_programs() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let equations = 3 + dice.roll(25);
        let program = random_program(&mut dice, equations);
        let inputs: Vec<Buffer> = program.input_types().iter().map(|of| dice.buffer(of)).collect();
        agree(&program, &inputs);
    }
}

/// sum(sin(x) * x) is one kernel, also over many chunks.
#[test]
fn a_reduction_is_one_kernel() {
    let mut b = Builder::new();
    let x = b.input(ArrayType::new(DType::F64, [100_003]));
    let sin = b.push(Op::Unary(Unary::Sin), &[x]).unwrap()[0];
    let product = b.push(Op::Binary(Binary::Mul), &[sin, x]).unwrap()[0];
    let axes = [0].into_iter().collect();
    let sum = b
        .push(
            Op::Reduce {
                kind: Reduction::Sum,
                axes,
            },
            &[product],
        )
        .unwrap()[0];
    let program = b.finish(&[sum]);
    let x: Vec<f64> = (0..100_003).map(|i| f64::from(i) / 1e4).collect();
    let expected: f64 = x.iter().map(|x| x.sin() * x).sum();
    let executable = Executable::compile(&program);
    assert_eq!(executable.steps(), 1);
    let sum = executable
        .run(vec![Buffer::from_vec(x, [100_003])])
        .remove(0)
        .as_slice::<f64>()[0];
    // The error of 1e5 terms of at most 10, added one by one, is at most 1e5 * 5e5 * 2^-53.
    assert!(
        (sum - expected).abs() < 1e5 * 5e5 * f64::EPSILON,
        "{sum} against {expected}"
    );
    agree(
        &program,
        &[Buffer::from_vec(
            (0..100_003).map(|i| f64::from(i) / 1e4).collect(),
            [100_003],
        )],
    );
}

/// The draw of both rows of a (2, paths) array inside a loop, as the option pricer has it.
fn simulation(paths: usize, length: usize) -> Program {
    let key_type = ArrayType::new(DType::U32, [2]);
    let path_type = ArrayType::new(DType::F32, [paths]);
    let mut body = Builder::new();
    let i = body.input(ArrayType::new(DType::I32, []));
    let s = body.input(path_type.clone());
    let key = body.input(key_type.clone());
    let h = body.input(path_type.clone());
    let constant =
        |b: &mut Builder, value: Scalar, shape: Shape| b.push(Op::Constant { value, shape }, &[]).unwrap()[0];
    let zero = constant(&mut body, Scalar::from_i64(DType::U32, 0), Shape::from([2]));
    let words = body
        .push(
            Op::RandomBits {
                shape: Shape::from([2]),
            },
            &[key, zero],
        )
        .unwrap();
    let pairs: Vec<Var> = words
        .iter()
        .map(|&word| body.push(Op::Reshape(Shape::from([2, 1])), &[word]).unwrap()[0])
        .collect();
    let row = |b: &mut Builder, x: Var, row: usize, n: usize| {
        let slice = Op::Slice {
            start: [row, 0].into_iter().collect(),
            stop: [row + 1, n].into_iter().collect(),
            step: [1, 1].into_iter().collect(),
        };
        let piece = b.push(slice, &[x]).unwrap()[0];
        b.push(Op::Reshape(Shape::from([n])), &[piece]).unwrap()[0]
    };
    // The first key's words, then the second's, put side by side with a select.
    let side = body
        .push(
            Op::Iota {
                dtype: DType::I32,
                shape: Shape::from([2]),
                axis: 0,
            },
            &[],
        )
        .unwrap()[0];
    let zeros = constant(&mut body, Scalar::from_i64(DType::I32, 0), Shape::from([2]));
    let is_left = body.push(Op::Compare(Compare::Eq), &[side, zeros]).unwrap()[0];
    let key_of = |b: &mut Builder, which: usize| {
        let words: Vec<Var> = pairs
            .iter()
            .map(|&pair| {
                let word = row(b, pair, which, 1);
                b.push(
                    Op::Broadcast {
                        shape: Shape::from([2]),
                        axes: [0].into_iter().collect(),
                    },
                    &[word],
                )
                .unwrap()[0]
            })
            .collect();
        b.push(Op::Select, &[is_left, words[0], words[1]]).unwrap()[0]
    };
    let (next, sub) = (key_of(&mut body, 0), key_of(&mut body, 1));
    let bits = body
        .push(
            Op::RandomBits {
                shape: Shape::from([2, paths]),
            },
            &[sub, zero],
        )
        .unwrap();
    let bits = body.push(Op::Binary(Binary::Xor), &bits).unwrap()[0];
    let floats = body.push(Op::Cast(DType::F32), &[bits]).unwrap()[0];
    let scale = constant(
        &mut body,
        Scalar::from_f32(1.0 / 4294967296.0),
        Shape::from([2, paths]),
    );
    let z = body.push(Op::Binary(Binary::Mul), &[floats, scale]).unwrap()[0];
    let (z0, z1) = (row(&mut body, z, 0, paths), row(&mut body, z, 1, paths));
    let volatility = body.push(Op::Unary(Unary::Exp), &[h]).unwrap()[0];
    let shock = body.push(Op::Binary(Binary::Mul), &[volatility, z0]).unwrap()[0];
    let s = body.push(Op::Binary(Binary::Add), &[s, shock]).unwrap()[0];
    let half = constant(&mut body, Scalar::from_f32(0.5), Shape::from([paths]));
    let h = body.push(Op::MulAdd, &[h, half, z1]).unwrap()[0];
    let one = constant(&mut body, Scalar::from_i64(DType::I32, 1), Shape::scalar());
    let i = body.push(Op::Binary(Binary::Add), &[i, one]).unwrap()[0];
    let body = body.finish(&[i, s, next, h]);

    let mut b = Builder::new();
    let key = b.input(key_type);
    let start = constant(&mut b, Scalar::from_f32(2.0), Shape::from([paths]));
    let zero = constant(&mut b, Scalar::from_i64(DType::I32, 0), Shape::scalar());
    let scan = Scan {
        body: Arc::new(body),
        length,
        consts: 0,
        carries: 4,
        reverse: false,
    };
    let out = b.push(Op::Scan(scan), &[zero, start, key, start]).unwrap();
    let axes = [0].into_iter().collect();
    let sum = b
        .push(
            Op::Reduce {
                kind: Reduction::Sum,
                axes,
            },
            &[out[1]],
        )
        .unwrap()[0];
    let first = Op::Slice {
        start: [0].into_iter().collect(),
        stop: [5].into_iter().collect(),
        step: [1].into_iter().collect(),
    };
    let first = b.push(first, &[out[1]]).unwrap()[0];
    b.finish(&[sum, first, out[0], out[2]])
}

#[test]
fn loops_run_inside_the_tile() {
    let key = Buffer::from_vec(vec![7u32, 42], [2]);
    for (paths, length) in [(5000, 20), (40_001, 3), (33, 1), (100, 0)] {
        agree(&simulation(paths, length), std::slice::from_ref(&key));
    }
    // The shared loop, the simulation with its mean, and the first five paths once more: no path
    // is ever stored.
    assert!(Executable::compile(&simulation(5000, 20)).steps() <= 4);
}

#[test]
fn memory_is_reused_only_where_nobody_else_holds_it() {
    let mut b = Builder::new();
    let x = b.input(ArrayType::new(DType::F32, [3000]));
    let y = b.push(Op::Unary(Unary::Neg), &[x]).unwrap()[0];
    let reversed = b.push(Op::Reverse([0].into_iter().collect()), &[y]).unwrap()[0];
    let both = Executable::compile(&b.clone().finish(&[y]));
    let elements: Vec<f32> = (0..3000).map(|i| i as f32).collect();
    let held = Buffer::from_vec(elements.clone(), [3000]);
    let out = both.run(vec![held.clone()]).remove(0);
    assert_eq!(held.as_slice::<f32>(), elements);
    let address = held.bytes().as_ptr();
    let again = both.run(vec![held]).remove(0);
    assert_eq!(again.bytes().as_ptr(), address);
    assert_eq!(out.as_slice::<f32>(), again.as_slice::<f32>());
    agree(
        &b.finish(&[y, reversed, x]),
        &[Buffer::from_vec(elements, [3000])],
    );
}

#[test]
fn empty_arrays() {
    let mut b = Builder::new();
    let x = b.input(ArrayType::new(DType::F32, [0, 3]));
    let y = b.push(Op::Unary(Unary::Exp), &[x]).unwrap()[0];
    let axes = |axis: usize| [axis].into_iter().collect();
    let sum = |b: &mut Builder, axis| {
        b.push(
            Op::Reduce {
                kind: Reduction::Sum,
                axes: axes(axis),
            },
            &[y],
        )
        .unwrap()[0]
    };
    let (columns, rows) = (sum(&mut b, 0), sum(&mut b, 1));
    let all = Op::Reduce {
        kind: Reduction::Max,
        axes: [0, 1].into_iter().collect(),
    };
    let all = b.push(all, &[y]).unwrap()[0];
    let out = Executable::compile(&b.finish(&[y, columns, rows, all]))
        .run(vec![Buffer::from_vec::<f32>(vec![], [0, 3])]);
    assert!(out[0].as_slice::<f32>().is_empty());
    assert_eq!(out[1].as_slice::<f32>(), [0.0; 3]);
    assert!(out[2].as_slice::<f32>().is_empty());
    assert_eq!(out[3].as_slice::<f32>(), [f32::NEG_INFINITY]);
}
