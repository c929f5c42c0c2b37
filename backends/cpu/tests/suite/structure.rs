//! Loops, branches, effects and pads return the results of their equations one by one.

use kiln_cpu::{Buffer, Executable, interpreted, on_effect};
use kiln_program::sister::lift;
use kiln_program::{
    ArrayType, Axes, Binary, Builder, Compare, DType, Dot, Effect, Op, OutOfBounds, Program, Reduction,
    Scalar, Scan, Shape, Unary, Update, Var, While,
};
use std::cell::RefCell;
use std::sync::Arc;

fn of(dtype: DType, shape: &[usize]) -> ArrayType {
    ArrayType::new(dtype, shape)
}

fn axes(list: &[usize]) -> Axes {
    Axes::from(list)
}

fn push(b: &mut Builder, op: Op, inputs: &[Var]) -> Var {
    b.push(op, inputs).unwrap()[0]
}

fn number(b: &mut Builder, value: Scalar, shape: &[usize]) -> Var {
    push(
        b,
        Op::Constant {
            value,
            shape: shape.into(),
        },
        &[],
    )
}

/// Runs one op as a program of its own.
fn alone(op: &Op, operands: &[Buffer]) -> Vec<Buffer> {
    let mut single = Builder::new();
    let vars: Vec<Var> = operands
        .iter()
        .map(|x| single.input(x.array_type().clone()))
        .collect();
    let outputs = single.push(op.clone(), &vars).unwrap();
    Executable::compile(&single.finish(&outputs)).run(operands.to_vec())
}

/// Slice `i` along the first axis.
fn piece(x: &Buffer, i: usize) -> Buffer {
    let shape = &x.array_type().shape;
    let mut start: Axes = shape.iter().map(|_| 0).collect();
    let mut stop: Axes = shape.iter().copied().collect();
    (start[0], stop[0]) = (i, i + 1);
    let step = shape.iter().map(|_| 1).collect();
    let piece = alone(&Op::Slice { start, stop, step }, std::slice::from_ref(x)).remove(0);
    alone(&Op::Reshape(shape[1..].into()), &[piece]).remove(0)
}

/// Runs the equations one by one, each as a program of its own, and loops iteration by iteration.
fn one_by_one(program: &Program, inputs: &[Buffer]) -> Vec<Buffer> {
    let mut values: Vec<Buffer> = inputs.to_vec();
    for equation in program.equations() {
        let x: Vec<Buffer> = equation
            .inputs
            .iter()
            .map(|var| values[var.index()].clone())
            .collect();
        values.extend(match &equation.op {
            Op::Scan(scan) => trips(scan, &x),
            Op::While(w) => {
                let mut all = x.clone();
                while one_by_one(&w.condition, &all)[0].as_slice::<bool>()[0] {
                    let next = one_by_one(&w.body, &all);
                    all.truncate(w.consts);
                    all.extend(next);
                }
                all.split_off(w.consts)
            }
            Op::Cond(branches) => {
                let which = x[0].as_slice::<i32>()[0].clamp(0, branches.len() as i32 - 1);
                one_by_one(&branches[which as usize], &x[1..])
            }
            Op::Checkpoint(program) => one_by_one(program, &x),
            op => alone(op, &x),
        });
    }
    program
        .outputs()
        .iter()
        .map(|var| values[var.index()].clone())
        .collect()
}

fn trips(scan: &Scan, operands: &[Buffer]) -> Vec<Buffer> {
    let fixed = scan.consts + scan.carries;
    let mut carry = operands[scan.consts..fixed].to_vec();
    let stacked = scan.body.output_types().into_iter().skip(scan.carries);
    let mut ys: Vec<Vec<Buffer>> = stacked.clone().map(|_| vec![]).collect();
    for trip in 0..scan.length {
        let slice = if scan.reverse {
            scan.length - 1 - trip
        } else {
            trip
        };
        let xs = operands[fixed..].iter().map(|x| piece(x, slice));
        let inputs: Vec<Buffer> = operands[..scan.consts]
            .iter()
            .cloned()
            .chain(carry)
            .chain(xs)
            .collect();
        let mut outputs = one_by_one(&scan.body, &inputs);
        for (y, ys) in outputs.drain(scan.carries..).zip(&mut ys) {
            ys.push(y);
        }
        carry = outputs;
    }
    for (mut ys, of) in ys.into_iter().zip(stacked) {
        if scan.reverse {
            ys.reverse();
        }
        let shape: Shape = std::iter::once(scan.length)
            .chain(of.shape.iter().copied())
            .collect();
        let mut whole = Buffer::zeros(ArrayType::new(of.dtype, shape));
        let bytes: Vec<u8> = ys.iter().flat_map(|y| y.bytes().to_vec()).collect();
        whole.bytes_mut().unwrap().copy_from_slice(&bytes);
        carry.push(whole);
    }
    carry
}

/// Returns true if the bits are the same. All NaNs are alike.
pub(crate) fn same(x: &Buffer, y: &Buffer) -> bool {
    let floats = |x: f64, y: f64| x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan());
    x.array_type() == y.array_type()
        && match x.array_type().dtype {
            DType::F32 => {
                let pairs = x.as_slice::<f32>().iter().zip(y.as_slice::<f32>());
                pairs.into_iter().all(|(x, y)| floats((*x).into(), (*y).into()))
            }
            DType::F64 => {
                let pairs = x.as_slice::<f64>().iter().zip(y.as_slice::<f64>());
                pairs.into_iter().all(|(x, y)| floats(*x, *y))
            }
            _ => x.bytes() == y.bytes(),
        }
}

fn agree(program: &Program, inputs: &[Buffer]) {
    let executable = Executable::compile(program);
    let whole = executable.run(inputs.to_vec());
    let plain = one_by_one(program, inputs);
    let without_native = interpreted(|| Executable::compile(program)).run(inputs.to_vec());
    for (i, (whole, other)) in whole.iter().zip(&without_native).enumerate() {
        assert!(
            same(whole, other),
            "output {i} differs without machine code for\n{program}"
        );
    }
    let (lifted, numbers) = lift(&Arc::new(program.clone()));
    let of_lifted = Executable::compile(&lifted);
    assert_eq!(
        of_lifted.steps(),
        executable.steps(),
        "steps without literals of\n{program}"
    );
    let given = of_lifted.run_lifted(inputs.to_vec(), &numbers).unwrap();
    for (i, ((whole, plain), given)) in whole.iter().zip(&plain).zip(&given).enumerate() {
        assert!(same(whole, plain), "output {i} differs for\n{program}");
        assert!(
            same(whole, given),
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

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.roll(list.len())]
    }

    fn buffer(&mut self, of: &ArrayType) -> Buffer {
        let n = of.shape.size();
        let mut x = |scale: f64| (self.roll(2001) as f64 / 500.0 - 2.0) * scale;
        let shape = of.shape.clone();
        match of.dtype {
            DType::F32 => Buffer::from_vec((0..n).map(|_| x(1.0) as f32).collect(), shape),
            DType::F64 => Buffer::from_vec((0..n).map(|_| x(1.0)).collect(), shape),
            DType::I32 => Buffer::from_vec((0..n).map(|_| x(3.0) as i32).collect(), shape),
            DType::U32 => Buffer::from_vec((0..n).map(|_| x(1e9) as u32).collect(), shape),
            DType::Bool => Buffer::from_vec((0..n).map(|_| x(1.0) > 0.0).collect::<Vec<bool>>(), shape),
            other => panic!("no {other} here"),
        }
    }
}

const SHAPES: [&[usize]; 5] = [&[], &[4], &[2, 3], &[1], &[0]];
const DTYPES: [DType; 5] = [DType::F32, DType::F64, DType::I32, DType::Bool, DType::U32];

/// Adds an equation that fits the variables so far.
fn grow(b: &mut Builder, vars: &mut Vec<Var>, dice: &mut Dice, depth: usize) {
    let x = vars[vars.len() - 1 - dice.roll(vars.len().min(14))];
    let t = b.type_of(x).clone();
    let (rank, dtype, shape) = (t.shape.rank(), t.dtype, t.shape.clone());
    let axis = if rank > 0 { dice.roll(rank) } else { 0 };
    let like: Vec<Var> = vars.iter().copied().filter(|y| *b.type_of(*y) == t).collect();
    let y = *dice.one(&like);
    let typed = |b: &Builder, dtype: DType, shape: &[usize]| -> Vec<Var> {
        vars.iter()
            .copied()
            .filter(|x| *b.type_of(*x) == of(dtype, shape))
            .collect()
    };
    let kind = *dice.one(&[Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min]);
    let (op, inputs) = match dice.roll(22) {
        0 if dtype.is_float() => (
            Op::Unary(*dice.one(&[
                Unary::Sin,
                Unary::Tanh,
                Unary::Sqrt,
                Unary::Abs,
                Unary::Neg,
                Unary::Exp,
            ])),
            vec![x],
        ),
        1..=4 if dtype != DType::Bool => (
            Op::Binary(*dice.one(&[
                Binary::Add,
                Binary::Sub,
                Binary::Mul,
                Binary::Div,
                Binary::Max,
                Binary::Min,
            ])),
            vec![x, y],
        ),
        1..=2 => (
            Op::Binary(*dice.one(&[Binary::And, Binary::Or, Binary::Xor])),
            vec![x, y],
        ),
        3 if dtype == DType::Bool => (Op::Unary(Unary::Not), vec![x]),
        5 => (
            Op::Compare(*dice.one(&[Compare::Lt, Compare::Ge, Compare::Eq, Compare::Ne])),
            vec![x, y],
        ),
        6 => match typed(b, DType::Bool, &shape)[..] {
            [p, ..] => (Op::Select, vec![p, x, y]),
            [] => return,
        },
        7 => (Op::Cast(*dice.one(&DTYPES)), vec![x]),
        8 => {
            let by = dice.roll(3) + 1;
            let wide: Vec<usize> = shape.iter().map(|n| n * by + 1).collect();
            let op = Op::Pad {
                shape: wide.into(),
                start: shape.iter().map(|_| dice.roll(2)).collect(),
                step: shape.iter().map(|_| by).collect(),
            };
            // Back to a shape that other variables have.
            let y = push(b, op, &[x]);
            let stop: Axes = shape.iter().copied().collect();
            let (start, step) = (
                shape.iter().map(|_| 0).collect(),
                shape.iter().map(|_| 1).collect(),
            );
            (Op::Slice { start, stop, step }, vec![y])
        }
        9 if rank > 0 => (Op::Reverse(axes(&[axis])), vec![x]),
        10 if rank > 0 => (
            Op::Reduce {
                kind,
                axes: axes(&[axis]),
            },
            vec![x],
        ),
        11 => (
            Op::Reduce {
                kind,
                axes: (0..rank).collect(),
            },
            vec![x],
        ),
        12 => {
            let to = *dice.one(&SHAPES);
            let axes: Option<Axes> = (rank == 0).then(Axes::new);
            match axes {
                Some(axes) => (
                    Op::Broadcast {
                        shape: to.into(),
                        axes,
                    },
                    vec![x],
                ),
                None => (Op::Reshape(shape.clone()), vec![x]),
            }
        }
        13 if shape[..] == [2, 3] => {
            let y = push(b, Op::Transpose(axes(&[1, 0])), &[x]);
            (Op::Reshape(shape.clone()), vec![y])
        }
        14 if shape[..] == [4] => {
            let both = push(b, Op::Concatenate { axis: 0 }, &[x, y]);
            let cut = Op::Slice {
                start: axes(&[1]),
                stop: axes(&[8]),
                step: axes(&[2]),
            };
            (cut, vec![both])
        }
        15 if shape[..] == [4] => match typed(b, DType::I32, &[4])[..] {
            [i, ..] => {
                let mode = *dice.one(&[OutOfBounds::Clip, OutOfBounds::Fill]);
                (
                    Op::Gather {
                        axes: axes(&[0]),
                        batch: 0,
                        mode,
                    },
                    vec![x, i],
                )
            }
            [] => return,
        },
        16 if shape[..] == [2, 3] => match typed(b, DType::I32, &[])[..] {
            [i, .., j] => {
                let mode = *dice.one(&[OutOfBounds::Clip, OutOfBounds::Fill]);
                (
                    Op::Gather {
                        axes: axes(&[0, 1]),
                        batch: 0,
                        mode,
                    },
                    vec![x, i, j],
                )
            }
            _ => return,
        },
        17 if shape[..] == [4] => match typed(b, DType::I32, &[4])[..] {
            [i, ..] => {
                let kind = *dice.one(&[Update::Set, Update::Add, Update::Mul, Update::Min, Update::Max]);
                let mode = *dice.one(&[OutOfBounds::Clip, OutOfBounds::Fill]);
                (
                    Op::Scatter {
                        kind,
                        axes: axes(&[0]),
                        batch: 0,
                        mode,
                    },
                    vec![x, y, i],
                )
            }
            [] => return,
        },
        18 if dtype.is_float() && shape[..] == [2, 3] => {
            let dot = Dot {
                lhs_contract: axes(&[1]),
                rhs_contract: axes(&[1]),
                lhs_batch: axes(&[]),
                rhs_batch: axes(&[]),
            };
            let square = push(b, Op::Dot(dot), &[x, y]);
            (Op::Reshape([4].into()), vec![square])
        }
        19 if dtype == DType::U32 && shape[..] == [4] => {
            let keys = push(b, Op::Reshape([2, 2].into()), &[x]);
            let first = push(b, Op::Reshape([2, 2].into()), &[y]);
            let words = b
                .push(Op::RandomBits { shape: [2].into() }, &[keys, first])
                .unwrap();
            let flat = [0, 1].map(|i| push(b, Op::Reshape([4].into()), &[words[i]]));
            let (low, high) = (
                Scalar::from_f64(DType::F32, -1.0),
                Scalar::from_f64(DType::F32, 2.0),
            );
            vars.extend(flat);
            (Op::Uniform { low, high }, flat.to_vec())
        }
        20 if depth > 0 => match typed(b, DType::I32, &[])[..] {
            [.., which] => {
                let branches = (0..2).map(|_| {
                    Arc::new(inner(
                        dice,
                        &[t.clone(), t.clone()],
                        std::slice::from_ref(&t),
                        depth - 1,
                    ))
                });
                (Op::Cond(branches.collect()), vec![which, x, y])
            }
            [] => return,
        },
        21 if depth > 0 => {
            let length = *dice.one(&[0, 1, 3]);
            let body = inner(dice, &[t.clone(), t.clone()], std::slice::from_ref(&t), depth - 1);
            let op = Op::Scan(Scan {
                body: Arc::new(body),
                length,
                consts: 1,
                carries: 1,
                reverse: dice.roll(2) == 0,
            });
            (op, vec![x, y])
        }
        _ => return,
    };
    vars.extend(b.push(op, &inputs).unwrap());
}

/// A random program with inputs and results of these types.
fn inner(dice: &mut Dice, inputs: &[ArrayType], outputs: &[ArrayType], depth: usize) -> Program {
    let mut b = Builder::new();
    let mut vars: Vec<Var> = inputs.iter().map(|of| b.input(of.clone())).collect();
    for dtype in DTYPES {
        let value = Scalar::from_f64(dtype, 0.5 + dice.roll(2) as f64);
        vars.push(number(&mut b, value, SHAPES[dice.roll(3)]));
    }
    for _ in 0..8 + dice.roll(12) {
        grow(&mut b, &mut vars, dice, depth);
    }
    let outputs: Vec<Var> = outputs
        .iter()
        .map(|of| {
            let fits: Vec<Var> = vars.iter().copied().filter(|var| b.type_of(*var) == of).collect();
            fits[fits.len() - 1 - dice.roll(fits.len().min(3))]
        })
        .collect();
    b.finish(&outputs)
}

#[test]
fn random_loops_give_what_their_trips_give() {
    for seed in 0..1000 {
        let mut dice = Dice(seed);
        let length = [0, 1, 5, 70, 130][seed as usize % 5];
        let pick = |dice: &mut Dice| of(DTYPES[dice.roll(5)], SHAPES[dice.roll(5)]);
        let consts: Vec<ArrayType> = (0..2).map(|_| pick(&mut dice)).collect();
        let carries: Vec<ArrayType> = (0..1 + dice.roll(3)).map(|_| pick(&mut dice)).collect();
        let slices: Vec<ArrayType> = (0..dice.roll(3)).map(|_| pick(&mut dice)).collect();
        let inputs: Vec<ArrayType> = [&consts[..], &carries, &slices].concat();
        let mut outputs = carries.clone();
        outputs.extend((0..dice.roll(3)).map(|_| dice.one(&inputs).clone()));
        let body = inner(&mut dice, &inputs, &outputs, 2);
        let mut b = Builder::new();
        let stacked = |of: &ArrayType| {
            let shape: Shape = std::iter::once(length).chain(of.shape.iter().copied()).collect();
            ArrayType::new(of.dtype, shape)
        };
        let types: Vec<ArrayType> = consts
            .iter()
            .chain(&carries)
            .cloned()
            .chain(slices.iter().map(stacked))
            .collect();
        let vars: Vec<Var> = types.iter().map(|of| b.input(of.clone())).collect();
        let scan = Scan {
            body: Arc::new(body),
            length,
            consts: consts.len(),
            carries: carries.len(),
            reverse: dice.roll(2) == 0,
        };
        let results = b.push(Op::Scan(scan), &vars).unwrap();
        let inputs: Vec<Buffer> = types.iter().map(|of| dice.buffer(of)).collect();
        agree(&b.finish(&results), &inputs);
    }
}

/// Loops whose carries are swapped, dropped, passed on, returned twice, constant or slices,
/// between fused equations.
#[test]
fn random_carries_are_what_trips_make_of_them() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        for _ in 0..4 {
            dice.roll(2);
        }
        let n = [1, 31, 32, 64, 2000][seed as usize % 5];
        let shape: &[usize] = if n % 2 == 0 && dice.roll(3) == 0 {
            &[2, n / 2]
        } else {
            &[n]
        };
        let t = of(DType::F32, shape);
        let mut b = Builder::new();
        let inputs: Vec<ArrayType> = vec![t.clone(); 2];
        let mut vars: Vec<Var> = inputs.iter().map(|of| b.input(of.clone())).collect();
        for _ in 0..2 + dice.roll(5) {
            let [x, y] = [0; 2].map(|_| *dice.one(&vars));
            if dice.roll(2) == 0 {
                vars.push(plain(&mut b, &mut dice, x, y));
                continue;
            }
            let (consts, carries) = (dice.roll(3), 1 + dice.roll(3));
            let length = *dice.one(&[0, 1, 2, 5, 70]);
            let long: Vec<usize> = std::iter::once(length).chain(shape.iter().copied()).collect();
            let every = axes(&(1..long.len()).collect::<Vec<_>>());
            let slices: Vec<Var> = (0..dice.roll(2))
                .map(|_| {
                    let op = Op::Broadcast {
                        shape: long[..].into(),
                        axes: every.clone(),
                    };
                    let same = push(&mut b, op, &[x]);
                    let by_trip = push(
                        &mut b,
                        Op::Iota {
                            dtype: DType::F32,
                            shape: long[..].into(),
                            axis: 0,
                        },
                        &[],
                    );
                    push(&mut b, Op::Binary(Binary::Mul), &[same, by_trip])
                })
                .collect();
            let mut body = Builder::new();
            let known: Vec<Var> = (0..consts + carries + slices.len())
                .map(|_| body.input(t.clone()))
                .collect();
            let results: Vec<Var> = (0..carries + dice.roll(2))
                .map(|_| match dice.roll(5) {
                    0 => number(&mut body, Scalar::from_f64(DType::F32, 0.5), shape),
                    1 => {
                        let [x, y] = [0; 2].map(|_| *dice.one(&known));
                        plain(&mut body, &mut dice, x, y)
                    }
                    // The variable unchanged: swapped, returned twice, or from outside.
                    _ => *dice.one(&known),
                })
                .collect();
            let scan = Scan {
                body: Arc::new(body.finish(&results)),
                length,
                consts,
                carries,
                reverse: dice.roll(2) == 0,
            };
            let mut operands: Vec<Var> = (0..consts + carries).map(|_| *dice.one(&vars)).collect();
            operands.extend(slices);
            let outputs = b.push(Op::Scan(scan), &operands).unwrap();
            vars.extend(&outputs[..carries]);
        }
        let outputs: Vec<Var> = (0..2)
            .map(|_| *dice.one(&vars))
            .chain([vars[vars.len() - 1]])
            .collect();
        let inputs: Vec<Buffer> = inputs.iter().map(|of| dice.buffer(of)).collect();
        agree(&b.finish(&outputs), &inputs);
    }
}

/// Adds an op on floats that is part of a kernel.
fn plain(b: &mut Builder, dice: &mut Dice, x: Var, y: Var) -> Var {
    match dice.roll(3) {
        0 => push(
            b,
            Op::Unary(*dice.one(&[Unary::Sin, Unary::Exp, Unary::Tanh])),
            &[x],
        ),
        1 => push(
            b,
            Op::Binary(*dice.one(&[Binary::Add, Binary::Mul, Binary::Sub])),
            &[x, y],
        ),
        _ => {
            // A kernel of another space, in between.
            let shape = b.type_of(x).shape.clone();
            let total = Op::Reduce {
                kind: Reduction::Max,
                axes: (0..shape.rank()).collect(),
            };
            let total = push(b, total, &[x]);
            let all = push(
                b,
                Op::Broadcast {
                    shape,
                    axes: Axes::new(),
                },
                &[total],
            );
            push(b, Op::Binary(Binary::Min), &[all, y])
        }
    }
}

/// `(c, x) -> c`, where each step is an op of the carry with a slice, a constant, or a number.
#[test]
fn recurrences_of_every_pair_of_ops() {
    let fs = [
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Div,
        Binary::Max,
        Binary::Min,
    ];
    let mut dice = Dice(7);
    for (f, g, swapped) in fs
        .iter()
        .flat_map(|f| fs.iter().flat_map(move |g| (0..4).map(move |s| (*f, *g, s))))
    {
        for (dtype, shape) in [
            (DType::F32, &[][..]),
            (DType::F64, &[]),
            (DType::F32, &[8]),
            (DType::F64, &[2, 2]),
        ] {
            let t = of(dtype, shape);
            let mut b = Builder::new();
            let (k, c, x) = (b.input(t.clone()), b.input(t.clone()), b.input(t.clone()));
            let half = number(&mut b, Scalar::from_f64(dtype, 0.75), shape);
            let order = |swapped: bool, x, y| if swapped { [y, x] } else { [x, y] };
            let other = *dice.one(&[k, x, half]);
            let once = push(&mut b, Op::Binary(f), &order(swapped & 1 == 1, c, other));
            let other = *dice.one(&[k, x, half]);
            let next = push(&mut b, Op::Binary(g), &order(swapped & 2 == 2, once, other));
            let outputs = [
                vec![next],
                vec![next, next],
                vec![next, c],
                vec![next, c, next],
                vec![once, once],
            ];
            let outputs = dice.one(&outputs).clone();
            let (length, reverse) = (*dice.one(&[0, 1, 17]), dice.roll(2) == 0);
            let body = Arc::new(b.finish(&outputs));
            let mut b = Builder::new();
            let stacked: Shape = std::iter::once(length).chain(shape.iter().copied()).collect();
            let types = [t.clone(), t, ArrayType::new(dtype, stacked)];
            let vars: Vec<Var> = types.iter().map(|of| b.input(of.clone())).collect();
            let scan = Scan {
                body,
                length,
                consts: 1,
                carries: 1,
                reverse,
            };
            let results = b.push(Op::Scan(scan), &vars).unwrap();
            let inputs: Vec<Buffer> = types.iter().map(|of| dice.buffer(of)).collect();
            agree(&b.finish(&results), &inputs);
        }
    }
}

/// Halves a carry while its sum is large. Carries of every size run loops of all kinds.
#[test]
fn loops_on_conditions() {
    for n in [1, 4, 1000, 3000] {
        let t = of(DType::F32, &[n]);
        let sum = |b: &mut Builder, x| {
            push(
                b,
                Op::Reduce {
                    kind: Reduction::Sum,
                    axes: axes(&[0]),
                },
                &[x],
            )
        };
        let mut c = Builder::new();
        let (limit, x) = (c.input(of(DType::F32, &[])), c.input(t.clone()));
        let total = sum(&mut c, x);
        let more = push(&mut c, Op::Compare(Compare::Gt), &[total, limit]);
        let condition = Arc::new(c.finish(&[more]));
        let mut b = Builder::new();
        let (_limit, x) = (b.input(of(DType::F32, &[])), b.input(t.clone()));
        let half = number(&mut b, Scalar::from_f64(DType::F32, 0.5), &[n]);
        let next = push(&mut b, Op::Binary(Binary::Mul), &[x, half]);
        let body = Arc::new(b.finish(&[next]));
        let mut b = Builder::new();
        let inputs = [b.input(of(DType::F32, &[])), b.input(t)];
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
        for limit in [1.0f32, f32::INFINITY] {
            let inputs = [
                Buffer::from_vec(vec![limit], []),
                Buffer::from_vec(vec![10.0f32; n], [n]),
            ];
            agree(&program, &inputs);
        }
    }
}

thread_local! {
    static HAPPENED: RefCell<Vec<String>> = const { RefCell::new(vec![]) };
}

fn note(effect: &Effect, operands: &[Buffer]) {
    let Effect::Print(text) = effect else { return };
    let first = |x: &Buffer| match x.array_type().dtype {
        DType::F32 => format!("{:?}", x.as_slice::<f32>()[0]),
        DType::I32 => format!("{:?}", x.as_slice::<i32>()[0]),
        other => panic!("no {other} here"),
    };
    let values: Vec<String> = operands.iter().map(first).collect();
    HAPPENED.with_borrow_mut(|all| all.push(format!("{text} {}", values.join(" "))));
}

/// The effects that happen while a program runs.
fn effects(program: &Program, inputs: Vec<Buffer>) -> Vec<String> {
    on_effect(note);
    HAPPENED.take();
    Executable::compile(program).run(inputs);
    HAPPENED.take()
}

fn print(b: &mut Builder, text: &str, x: &[Var]) {
    b.push(Op::Effect(Effect::Print(text.into())), x).unwrap();
}

#[test]
fn effects_happen_in_the_order_of_the_program() {
    let n = 1 << 17;
    let mut b = Builder::new();
    let x = b.input(of(DType::F32, &[n]));
    let sum = |b: &mut Builder, x| {
        push(
            b,
            Op::Reduce {
                kind: Reduction::Sum,
                axes: axes(&[0]),
            },
            &[x],
        )
    };
    let total = sum(&mut b, x);
    print(&mut b, "a", &[total]);
    print(&mut b, "b", &[]);
    let wide = push(
        &mut b,
        Op::Broadcast {
            shape: [n].into(),
            axes: axes(&[]),
        },
        &[total],
    );
    let y = push(&mut b, Op::Binary(Binary::Div), &[x, wide]);
    let sorted = push(&mut b, Op::Sort { axis: 0 }, &[y]);
    print(&mut b, "c", &[sorted]);
    print(&mut b, "d", &[x]);
    let again = sum(&mut b, y);
    print(&mut b, "e", &[again, total]);
    // No result depends on any of this.
    let program = b.finish(&[]);
    let inputs = vec![Buffer::from_vec(vec![1.0f32; n], [n])];
    assert_eq!(
        effects(&program, inputs),
        ["a 131072.0", "b ", "c 7.6293945e-6", "d 1.0", "e 1.0 131072.0"].map(String::from)
    );
}

#[test]
fn effects_happen_within_loops_and_in_the_branch_that_is_taken() {
    for n in [1, 5000] {
        let t = of(DType::F32, &[n]);
        let branch = |text: &str| {
            let mut b = Builder::new();
            let x = b.input(t.clone());
            print(&mut b, text, &[x]);
            Arc::new(b.finish(&[]))
        };
        let mut body = Builder::new();
        let (i, x) = (body.input(of(DType::I32, &[])), body.input(t.clone()));
        print(&mut body, "trip", &[i]);
        body.push(Op::Cond(vec![branch("even"), branch("odd")]), &[i, x])
            .unwrap();
        let y = push(&mut body, Op::Binary(Binary::Add), &[x, x]);
        let one = number(&mut body, Scalar::from_i64(DType::I32, 1), &[]);
        let other = push(&mut body, Op::Binary(Binary::Sub), &[one, i]);
        let body = Arc::new(body.finish(&[other, y]));
        let mut b = Builder::new();
        let inputs = [b.input(of(DType::I32, &[])), b.input(t.clone())];
        print(&mut b, "before", &[]);
        let scan = Scan {
            body,
            length: 3,
            consts: 0,
            carries: 2,
            reverse: false,
        };
        b.push(Op::Scan(scan), &inputs).unwrap();
        print(&mut b, "after", &[inputs[1]]);
        let program = b.finish(&[]);
        let happened = effects(
            &program,
            vec![
                Buffer::from_vec(vec![1], []),
                Buffer::from_vec(vec![1.0f32; n], [n]),
            ],
        );
        let expected = [
            "before ",
            "trip 1",
            "odd 1.0",
            "trip 0",
            "even 2.0",
            "trip 1",
            "odd 4.0",
            "after 1.0",
        ];
        assert_eq!(happened, expected.map(String::from), "{n} elements");
    }
}

/// An expensive branch that is not chosen does not run: it would never end.
#[test]
fn only_one_branch_runs() {
    let t = of(DType::F32, &[]);
    let forever = {
        let mut c = Builder::new();
        c.input(t.clone());
        let yes = number(&mut c, Scalar::from_bool(true), &[]);
        let condition = Arc::new(c.finish(&[yes]));
        let mut b = Builder::new();
        let x = b.input(t.clone());
        let body = Arc::new(b.finish(&[x]));
        let mut b = Builder::new();
        let x = b.input(t.clone());
        let out = b
            .push(
                Op::While(While {
                    condition,
                    body,
                    consts: 0,
                }),
                &[x],
            )
            .unwrap();
        Arc::new(b.finish(&out))
    };
    let quick = {
        let mut b = Builder::new();
        let x = b.input(t.clone());
        let y = push(&mut b, Op::Unary(Unary::Neg), &[x]);
        Arc::new(b.finish(&[y]))
    };
    let mut b = Builder::new();
    let (which, x) = (b.input(of(DType::I32, &[])), b.input(t));
    let y = push(&mut b, Op::Cond(vec![quick.clone(), forever, quick]), &[which, x]);
    let program = Executable::compile(&b.finish(&[y]));
    for which in [0, 2, -1, i32::MIN, 3, i32::MAX] {
        let out = program.run(vec![
            Buffer::from_vec(vec![which], []),
            Buffer::from_vec(vec![2.0f32], []),
        ]);
        assert_eq!(out[0].as_slice::<f32>(), [-2.0]);
    }
}

#[test]
fn a_checkpoint_is_its_program() {
    let mut inner = Builder::new();
    let x = inner.input(of(DType::F32, &[300]));
    let y = push(&mut inner, Op::Unary(Unary::Exp), &[x]);
    let z = push(
        &mut inner,
        Op::Reduce {
            kind: Reduction::Sum,
            axes: axes(&[0]),
        },
        &[y],
    );
    let inner = Arc::new(inner.finish(&[z, y]));
    let mut b = Builder::new();
    let x = b.input(of(DType::F32, &[300]));
    let twice = push(&mut b, Op::Binary(Binary::Add), &[x, x]);
    let out = b.push(Op::Checkpoint(inner), &[twice]).unwrap();
    let z = push(&mut b, Op::Unary(Unary::Log), &[out[0]]);
    let program = b.finish(&[z, out[1]]);
    agree(&program, &[Dice(1).buffer(&of(DType::F32, &[300]))]);
}

/// The elements of a small buffer as numbers.
fn numbers(x: &Buffer) -> Vec<f64> {
    let wide = alone(&Op::Cast(DType::F64), std::slice::from_ref(x)).remove(0);
    wide.as_slice::<f64>().to_vec()
}

#[test]
fn pads_of_every_rank_step_and_dtype() {
    // Shape, result's shape, start, step.
    type Case = (
        &'static [usize],
        &'static [usize],
        &'static [usize],
        &'static [usize],
    );
    let cases: [Case; 14] = [
        (&[], &[], &[], &[]),
        (&[3], &[3], &[0], &[1]),
        (&[3], &[8], &[2], &[1]),
        (&[3], &[8], &[1], &[3]),
        (&[1], &[4], &[3], &[9]),
        (&[0], &[4], &[2], &[1]),
        (&[0, 3], &[2, 5], &[0, 1], &[1, 1]),
        (&[2, 3], &[2, 3], &[0, 0], &[1, 1]),
        (&[2, 3], &[5, 4], &[1, 1], &[3, 1]),
        (&[2, 3], &[3, 8], &[0, 1], &[2, 3]),
        (&[1, 3, 2], &[4, 3, 5], &[2, 0, 1], &[1, 1, 2]),
        (&[2, 1, 2, 2], &[3, 2, 5, 2], &[1, 1, 1, 0], &[1, 1, 2, 1]),
        (&[700, 900], &[701, 902], &[1, 1], &[1, 1]),
        (&[700, 900], &[1400, 903], &[1, 2], &[2, 1]),
    ];
    for (from, to, start, step) in cases {
        for dtype in DType::ALL {
            let size: usize = from.iter().product();
            if size > 1000 && !matches!(dtype, DType::F32 | DType::Bool) {
                continue;
            }
            let x = Buffer::from_vec((0..size).map(|i| (i % 3) as f64).collect(), from);
            let x = alone(&Op::Cast(dtype), &[x]).remove(0);
            let op = Op::Pad {
                shape: to.into(),
                start: axes(start),
                step: axes(step),
            };
            let padded = alone(&op, std::slice::from_ref(&x)).remove(0);
            assert_eq!(*padded.array_type(), of(dtype, to));
            let mut expected = vec![0.0; to.iter().product()];
            let (shape, strides) = (Shape::from(from), Shape::from(to).strides());
            for (place, x) in numbers(&x).into_iter().enumerate() {
                let at = shape
                    .iter()
                    .zip(shape.strides())
                    .enumerate()
                    .map(|(axis, (&n, stride))| {
                        (start[axis] + place / stride % n * step[axis]) * strides[axis]
                    });
                expected[at.sum::<usize>()] = x;
            }
            assert!(numbers(&padded) == expected, "{from:?} in {to:?} of {dtype}");
        }
    }
}

/// An index into an axis of length 0 is out of bounds, also in a loop: a gather returns the fill value, a
/// scatter changes nothing.
#[test]
fn indices_into_empty_axes_are_nowhere() {
    for mode in [OutOfBounds::Fill, OutOfBounds::Clip] {
        for length in [1, 2, 5] {
            let mut b = Builder::new();
            let [x, total, i] = [(DType::F32, &[0, 4][..]), (DType::F32, &[3]), (DType::I32, &[3])]
                .map(|(dtype, shape)| b.input(of(dtype, shape)));
            let gather = Op::Gather {
                axes: axes(&[0, 1]),
                batch: 0,
                mode,
            };
            let found = push(&mut b, gather, &[x, i, i]);
            let scatter = Op::Scatter {
                kind: Update::Add,
                axes: axes(&[0, 1]),
                batch: 0,
                mode,
            };
            let updated = push(&mut b, scatter, &[x, total, i, i]);
            let sum = Op::Reduce {
                kind: Reduction::Sum,
                axes: axes(&[0, 1]),
            };
            let nothing = push(&mut b, sum, &[updated]);
            let everywhere = Op::Broadcast {
                shape: [3].as_slice().into(),
                axes: axes(&[]),
            };
            let nothing = push(&mut b, everywhere, &[nothing]);
            let total = push(&mut b, Op::Binary(Binary::Add), &[total, nothing]);
            let body = Arc::new(b.finish(&[total, found]));
            let mut b = Builder::new();
            let [x, total, i] = [(DType::F32, &[0, 4][..]), (DType::F32, &[3]), (DType::I32, &[3])]
                .map(|(dtype, shape)| b.input(of(dtype, shape)));
            let x = push(&mut b, Op::Unary(Unary::Neg), &[x]);
            let scan = Op::Scan(Scan {
                body,
                length,
                consts: 1,
                carries: 1,
                reverse: false,
            });
            // The indices are the same in each iteration.
            let i = push(
                &mut b,
                Op::Broadcast {
                    shape: [length, 3].as_slice().into(),
                    axes: axes(&[1]),
                },
                &[i],
            );
            let outputs = b.push(scan, &[x, total, i]).unwrap();
            let inputs = [
                Buffer::zeros(of(DType::F32, &[0, 4])),
                Buffer::from_vec(vec![1.0_f32, 2.0, 3.0], [3]),
                Buffer::from_vec(vec![0_i32, -1, 7], [3]),
            ];
            let program = b.finish(&outputs);
            agree(&program, &inputs);
            let results = Executable::compile(&program).run(inputs.to_vec());
            assert_eq!(results[0].as_slice::<f32>(), [1.0, 2.0, 3.0]);
            assert!(results[1].as_slice::<f32>().iter().all(|x| x.is_nan()));
        }
    }
}

/// An array with an empty axis has no elements, so its other axes may be longer than memory.
#[test]
fn empty_arrays_take_no_memory() {
    const LONG: usize = 1 << 40;
    let run = |op: Op, inputs: &[ArrayType]| {
        let mut b = Builder::new();
        let vars: Vec<Var> = inputs.iter().map(|of| b.input(of.clone())).collect();
        let outputs = b.push(op, &vars).unwrap();
        let inputs = inputs.iter().map(|of| Buffer::zeros(of.clone())).collect();
        Executable::compile(&b.finish(&outputs)).run(inputs).remove(0)
    };
    let dot = |x: [usize; 2], y: [usize; 2]| {
        let dot = Op::Dot(Dot {
            lhs_contract: axes(&[1]),
            rhs_contract: axes(&[0]),
            lhs_batch: axes(&[]),
            rhs_batch: axes(&[]),
        });
        run(dot, &[of(DType::F32, &x), of(DType::F32, &y)])
    };
    for (m, k, n) in [(0, LONG, 0), (0, 0, LONG), (LONG, 0, 0), (0, 7, 0)] {
        assert_eq!(dot([m, k], [k, n]).array_type(), &of(DType::F32, &[m, n]));
    }
    assert!(dot([5000, 0], [0, 3]).as_slice::<f32>().iter().all(|x| *x == 0.0));
    let gather = Op::Gather {
        axes: axes(&[1]),
        batch: 1,
        mode: OutOfBounds::Clip,
    };
    let found = run(gather, &[of(DType::F32, &[0, 3, LONG]), of(DType::I32, &[0, 2])]);
    assert_eq!(found.array_type(), &of(DType::F32, &[0, 2, LONG]));
    let gather = Op::Gather {
        axes: axes(&[1]),
        batch: 0,
        mode: OutOfBounds::Fill,
    };
    let found = run(gather, &[of(DType::F32, &[LONG, 3, 0]), of(DType::I32, &[2])]);
    assert_eq!(found.array_type(), &of(DType::F32, &[2, LONG, 0]));
    let scatter = Op::Scatter {
        kind: Update::Add,
        axes: axes(&[1]),
        batch: 1,
        mode: OutOfBounds::Fill,
    };
    let [x, updates] = [3, 2].map(|n| of(DType::F32, &[0, n, LONG]));
    let result = run(scatter, &[x.clone(), updates, of(DType::I32, &[0, 2])]);
    assert_eq!(result.array_type(), &x);
}

/// Products and sums over axes of length 0 are zeros, also if operands are the same in each row.
#[test]
fn sums_of_no_products_are_zero() {
    for (batch, m, n) in [(4, 4, 1), (1, 1, 5), (3, 2, 2), (2, 300, 1)] {
        let mut b = Builder::new();
        let x = b.input(of(DType::F64, &[batch, 0]));
        let zeros = number(&mut b, Scalar::from_f64(DType::F64, 2.5), &[0, m, batch, n]);
        let dot = Op::Dot(Dot {
            lhs_contract: axes(&[0]),
            rhs_contract: axes(&[1]),
            lhs_batch: axes(&[2]),
            rhs_batch: axes(&[0]),
        });
        let product = push(&mut b, dot, &[zeros, x]);
        let results =
            Executable::compile(&b.finish(&[product])).run(vec![Buffer::zeros(of(DType::F64, &[batch, 0]))]);
        assert_eq!(results[0].as_slice::<f64>(), vec![0.0; batch * m * n]);
    }
}

/// A batch of contractions has the bits of each of its matrices: for one matrix and many, one batch axis and
/// two, at any place.
#[test]
fn a_batch_of_contractions_is_each_of_them() {
    let at = |permutation: &[usize], x: &Buffer| {
        alone(&Op::Transpose(axes(permutation)), std::slice::from_ref(x)).remove(0)
    };
    let numbers = |shape: &[usize], start: f64| {
        let n: usize = shape.iter().product();
        let values = (0..n).map(|i| (start + i as f64 * 0.7).sin());
        Buffer::from_vec(values.collect::<Vec<f64>>(), shape)
    };
    for (batch, shared, columns) in [(1, 32, 33), (2, 32, 33), (6, 40, 50)] {
        // x[b, i, k, j] and y[b, n, k]: the sum over k.
        let (x, y) = (
            numbers(&[batch, 2, shared, 2], 0.1),
            numbers(&[batch, columns, shared], 0.2),
        );
        let of = |lhs: &[usize], rhs: &[usize], lhs_batch: &[usize], rhs_batch: &[usize]| {
            Op::Dot(Dot {
                lhs_contract: axes(lhs),
                rhs_contract: axes(rhs),
                lhs_batch: axes(lhs_batch),
                rhs_batch: axes(rhs_batch),
            })
        };
        let one = of(&[1], &[1], &[], &[]);
        let each: Vec<Vec<u64>> = (0..batch)
            .map(|i| bits(&alone(&one, &[piece(&x, i), piece(&y, i)])[0]))
            .collect();
        let expected = each.concat();
        let first = alone(&of(&[2], &[2], &[0], &[0]), &[x.clone(), y.clone()]);
        assert_eq!(bits(&first[0]), expected, "{batch} first");
        let last = alone(&of(&[2], &[1], &[0], &[2]), &[x.clone(), at(&[1, 2, 0], &y)]);
        assert_eq!(bits(&last[0]), expected, "{batch} last");
        if batch % 2 == 0 {
            let split = |x: &Buffer| {
                let shape: Vec<usize> = [2, batch / 2]
                    .iter()
                    .chain(&x.array_type().shape[1..])
                    .copied()
                    .collect();
                alone(&Op::Reshape(shape[..].into()), std::slice::from_ref(x)).remove(0)
            };
            let two = alone(&of(&[3], &[3], &[0, 1], &[0, 1]), &[split(&x), split(&y)]);
            assert_eq!(bits(&two[0]), expected, "{batch} in two axes");
        }
    }
}

fn bits(x: &Buffer) -> Vec<u64> {
    x.as_slice::<f64>().iter().map(|x| x.to_bits()).collect()
}

/// Uniform floats are drawn at once only if nothing else reads the words, not even through a move.
#[test]
fn words_of_uniform_floats_are_read_elsewhere_too() {
    for moved in [
        Op::Reshape([1, 64].into()),
        Op::Slice {
            start: axes(&[2]),
            stop: axes(&[50]),
            step: axes(&[3]),
        },
        Op::Reverse(axes(&[0])),
    ] {
        let mut b = Builder::new();
        let (key, first) = (b.input(of(DType::U32, &[2])), b.input(of(DType::U32, &[2])));
        let words = b
            .push(Op::RandomBits { shape: [64].into() }, &[key, first])
            .unwrap();
        let [high, low] = [words[0], words[1]].map(|word| push(&mut b, moved.clone(), &[word]));
        let bounds = Op::Uniform {
            low: Scalar::from_f64(DType::F32, 0.5),
            high: Scalar::from_f64(DType::F32, 2.5),
        };
        let floats = push(&mut b, bounds, &[high, low]);
        let word = push(&mut b, Op::Cast(DType::F32), &[words[0]]);
        let word = push(&mut b, moved.clone(), &[word]);
        let product = push(&mut b, Op::Binary(Binary::Mul), &[floats, word]);
        let keys = [[1_u32, 2], [3, 4]].map(|words| Buffer::from_vec(words.to_vec(), [2]));
        agree(&b.finish(&[product]), &keys);
        agree(&both_orders(&moved), &keys);
    }
}

/// Uniform floats of words that nothing else reads: of the high and the low word, and of the low
/// and the high word.
fn both_orders(moved: &Op) -> Program {
    let mut b = Builder::new();
    let (key, first) = (b.input(of(DType::U32, &[2])), b.input(of(DType::U32, &[2])));
    let outputs: Vec<Var> = [[0, 1], [1, 0]]
        .into_iter()
        .map(|order| {
            let words = b
                .push(Op::RandomBits { shape: [64].into() }, &[key, first])
                .unwrap();
            let words = order.map(|i| push(&mut b, moved.clone(), &[words[i]]));
            let bounds = Op::Uniform {
                low: Scalar::from_f64(DType::F64, 0.5),
                high: Scalar::from_f64(DType::F64, 2.5),
            };
            push(&mut b, bounds, &words)
        })
        .collect();
    b.finish(&outputs)
}
