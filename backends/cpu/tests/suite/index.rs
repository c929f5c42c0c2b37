//! Gathers, scatters and arg-reductions against the loops of kiln-burn, over random shapes, dtypes, axes and
//! indices.

use burn_flex::{Flex, FlexDevice};
use kiln_burn::{Tensor, lower};
use kiln_cpu::{Buffer, Executable};
use kiln_program::{
    ArgReduction, ArrayType, Axes, Builder, DType, Op, OutOfBounds, Program, Scalar, Update, Var,
};

const DTYPES: [DType; 11] = [
    DType::F32,
    DType::F64,
    DType::F32,
    DType::Bool,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U32,
    DType::U64,
];

/// A small generator of numbers, so that every run tests the same ops.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())]
    }

    /// Returns an array of few values, so that there are ties. Floats have zeros of both signs, and each
    /// `rare`-th is infinite or NaN.
    fn buffer(&mut self, dtype: DType, shape: &[usize], rare: usize) -> Buffer {
        let mut buffer = Buffer::zeros(ArrayType::new(dtype, shape));
        for element in buffer.bytes_mut().unwrap().chunks_mut(dtype.size()) {
            let mut value = [-2.5, -1.0, -0.0, 0.0, 1.0, 3.0][self.roll(6)];
            if dtype.is_float() && self.roll(rare) == 0 {
                value = self.one(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
            }
            let value = match dtype {
                DType::Bool => Scalar::from_bool(value > 0.0),
                _ if dtype.is_float() => Scalar::from_f64(dtype, value),
                _ => Scalar::from_i64(dtype, value as i64),
            };
            element.copy_from_slice(&value.to_le_bytes()[..dtype.size()]);
        }
        buffer
    }

    /// Returns indices, a few of them out of bounds.
    fn indices(&mut self, dtype: DType, shape: &[usize], length: usize) -> Buffer {
        let mut buffer = Buffer::zeros(ArrayType::new(dtype, shape));
        for element in buffer.bytes_mut().unwrap().chunks_mut(dtype.size()) {
            let index = match self.roll(20) {
                0 => self.one(&[-1, length as i64, i64::MIN, i64::MAX, 1 << 32, -(1 << 32)]),
                _ => self.roll(length.max(1)) as i64,
            };
            let index = Scalar::from_i64(dtype, index);
            element.copy_from_slice(&index.to_le_bytes()[..dtype.size()]);
        }
        buffer
    }
}

fn program(op: &Op, operands: &[Buffer]) -> Program {
    let mut b = Builder::new();
    let vars: Vec<Var> = operands.iter().map(|x| b.input(x.array_type().clone())).collect();
    let outputs = b.push(op.clone(), &vars).unwrap();
    b.finish(&outputs)
}

/// Runs an op by the loops of kiln-burn.
fn on_burn(op: &Op, operands: &[Buffer]) -> Buffer {
    let types: Vec<&ArrayType> = operands.iter().map(Buffer::array_type).collect();
    let tensors = operands.iter().map(|x| {
        let tensor = x.clone().into_flex();
        match x.array_type().dtype {
            DType::Bool => Tensor::Bool(tensor),
            dtype if dtype.is_float() => Tensor::Float(tensor),
            _ => Tensor::Int(tensor),
        }
    });
    let result = lower::<Flex>(op, tensors.collect(), &types, &FlexDevice).remove(0);
    let (Tensor::Bool(x) | Tensor::Float(x) | Tensor::Int(x)) = result;
    let of = program(op, operands).output_types().remove(0);
    Buffer::from_flex(x).reshape(&of.shape)
}

/// The bits of the elements. All NaNs are one.
fn bits(x: &Buffer) -> Vec<u64> {
    match x.array_type().dtype {
        DType::F32 => {
            let values = x.as_slice::<f32>().iter();
            values
                .map(|x| if x.is_nan() { u64::MAX } else { x.to_bits().into() })
                .collect()
        }
        DType::F64 => {
            let values = x.as_slice::<f64>().iter();
            values
                .map(|x| if x.is_nan() { u64::MAX } else { x.to_bits() })
                .collect()
        }
        _ => x.bytes().iter().map(|&byte| byte.into()).collect(),
    }
}

/// Asserts that the engine returns what kiln-burn does, on each number of threads, and leaves arrays that
/// others hold as they are.
fn check(op: &Op, operands: Vec<Buffer>) {
    let types: Vec<String> = operands.iter().map(|x| x.array_type().to_string()).collect();
    let expected = on_burn(op, &operands);
    let executable = Executable::compile(&program(op, &operands));
    let before: Vec<Vec<u8>> = operands.iter().map(|x| x.bytes().to_vec()).collect();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let result = pool.install(|| executable.run(operands.clone())).remove(0);
        assert_eq!(result.array_type(), expected.array_type(), "{op:?} of {types:?}");
        assert!(
            bits(&result) == bits(&expected),
            "{op:?} of {types:?} on {threads} threads"
        );
    }
    let after: Vec<Vec<u8>> = operands.iter().map(|x| x.bytes().to_vec()).collect();
    assert!(before == after, "{op:?} of {types:?} changed its operands");
    let result = executable.run(operands).remove(0);
    assert!(bits(&result) == bits(&expected), "{op:?} of {types:?} in place");
}

/// An op on indices, and the shapes of its array, its indices, and the elements that they select.
struct Case {
    x: Vec<usize>,
    places: Vec<usize>,
    selected: Vec<usize>,
    axes: Vec<usize>,
    batch: usize,
    mode: OutOfBounds,
}

fn case(dice: &mut Dice, is_large: bool) -> Case {
    let rank = 1 + dice.roll(4);
    let batch = dice.roll(2).min(rank - 1);
    let mut axes: Vec<usize> = (batch..rank).filter(|_| dice.roll(2) == 0).collect();
    if axes.is_empty() {
        axes.push(batch + dice.roll(rank - batch));
    }
    let mut x: Vec<usize> = (0..rank).map(|_| dice.one(&[1, 2, 3, 5, 8, 17])).collect();
    let mut places = x[..batch].to_vec();
    places.extend((0..dice.roll(3)).map(|_| dice.one(&[1, 2, 7, 20])));
    if is_large {
        x[axes[0]] *= dice.one(&[1, 10, 100]);
        places.push(dice.one(&[300, 3000]));
    } else if dice.roll(12) == 0 {
        x[dice.roll(rank)] = 0;
        places[..batch].copy_from_slice(&x[..batch]);
    }
    let rest = (batch..rank)
        .filter(|axis| !axes.contains(axis))
        .map(|axis| x[axis]);
    let selected = places.iter().copied().chain(rest).collect();
    Case {
        x,
        places,
        selected,
        axes,
        batch,
        mode: dice.one(&[OutOfBounds::Clip, OutOfBounds::Fill]),
    }
}

impl Case {
    /// Returns indices along each indexed axis, all of one dtype or each of its own.
    fn indices(&self, dice: &mut Dice) -> Vec<Buffer> {
        let dtypes = [
            DType::I32,
            DType::I64,
            DType::U8,
            DType::I8,
            DType::U64,
            DType::U32,
            DType::I16,
        ];
        let along = |&axis: &usize| {
            let dtype = dice.one(&dtypes);
            dice.indices(dtype, &self.places, self.x[axis])
        };
        self.axes.iter().map(along).collect()
    }

    fn is_small(&self) -> bool {
        self.selected.iter().product::<usize>() < 300_000 && self.x.iter().product::<usize>() < 300_000
    }
}

#[test]
fn gathers_are_those_of_burn() {
    let mut dice = Dice(1);
    for round in 0..if cfg!(miri) { 10 } else { 400 } {
        let case = case(&mut dice, round % 8 == 7);
        if !case.is_small() {
            continue;
        }
        let op = Op::Gather {
            axes: Axes::from(&case.axes[..]),
            batch: case.batch,
            mode: case.mode,
        };
        let dtype = dice.one(&DTYPES);
        let mut operands = vec![dice.buffer(dtype, &case.x, 10)];
        operands.extend(case.indices(&mut dice));
        check(&op, operands);
    }
}

#[test]
fn scatters_are_those_of_burn() {
    let mut dice = Dice(2);
    let kinds = [Update::Set, Update::Add, Update::Mul, Update::Min, Update::Max];
    for round in 0..if cfg!(miri) { 10 } else { 800 } {
        let case = case(&mut dice, round % 8 == 7);
        if !case.is_small() {
            continue;
        }
        let op = Op::Scatter {
            kind: dice.one(&kinds),
            axes: Axes::from(&case.axes[..]),
            batch: case.batch,
            mode: case.mode,
        };
        let dtype = dice.one(&DTYPES);
        let rare = dice.one(&[10, 1000]);
        let mut operands = vec![
            dice.buffer(dtype, &case.x, rare),
            dice.buffer(dtype, &case.selected, rare),
        ];
        operands.extend(case.indices(&mut dice));
        check(&op, operands);
    }
}

/// Sums of floats show the order in which updates of one element are added.
#[test]
fn many_updates_of_few_elements_are_added_in_order() {
    let mut dice = Dice(3);
    for (rows, width, count) in [
        (1, 1, 70_000),
        (10, 1, 100_000),
        (1000, 1, 70_000),
        (7, 3, 50_000),
    ] {
        let updates = (0..count * width).map(|i| (i as f32 * 0.7).sin()).collect();
        let operands = vec![
            Buffer::zeros(ArrayType::new(DType::F32, [rows, width])),
            Buffer::from_vec(updates, [count, width]),
            dice.indices(DType::I32, &[count], rows),
        ];
        let op = Op::Scatter {
            kind: Update::Add,
            axes: [0].into_iter().collect(),
            batch: 0,
            mode: OutOfBounds::Fill,
        };
        check(&op, operands);
    }
}

#[test]
fn arg_reductions_are_those_of_burn() {
    let mut dice = Dice(4);
    let lengths = [0, 1, 2, 3, 31, 32, 33, 64, 100, 600, 1024, 1025, 2500, 200_000];
    for round in 0..if cfg!(miri) { 10 } else { 600 } {
        let rank = 1 + dice.roll(3);
        let mut shape: Vec<usize> = (0..rank).map(|_| dice.one(&[0, 1, 2, 5, 16, 40, 700])).collect();
        let axis = dice.roll(rank);
        shape[axis] = lengths[1 + round % (lengths.len() - 1)];
        if shape.iter().product::<usize>() > 500_000 {
            continue;
        }
        let op = Op::ArgReduce {
            kind: dice.one(&[ArgReduction::Max, ArgReduction::Min]),
            axis,
            dtype: dice.one(&[DType::I32, DType::I64, DType::U32]),
        };
        // Rows with NaN, and rows without.
        let rare = dice.one(&[5, 300, 100_000_000]);
        let dtype = dice.one(&DTYPES);
        let operand = dice.buffer(dtype, &shape, rare);
        check(&op, vec![operand]);
    }
}

/// The best element at each place of a row, also if all others are equal or infinite.
#[test]
fn the_best_element_is_found_at_each_place() {
    for length in [1, 5, 31, 32, 33, 95, 1030] {
        for (rest, best) in [
            (0.0, 1.0),
            (f32::NEG_INFINITY, -1.0),
            (0.0, f32::NAN),
            (f32::INFINITY, f32::NAN),
        ] {
            let at = |i: usize, j: usize| {
                if i == j || i > j && i.is_multiple_of(7) {
                    best
                } else {
                    rest
                }
            };
            let x: Vec<f32> = (0..length)
                .flat_map(|j| (0..length).map(move |i| at(i, j)))
                .collect();
            for axis in [0, 1] {
                let op = Op::ArgReduce {
                    kind: ArgReduction::Max,
                    axis,
                    dtype: DType::I32,
                };
                check(&op, vec![Buffer::from_vec(x.clone(), [length, length])]);
            }
        }
    }
}
