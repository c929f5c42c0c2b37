//! Checks the number of kernels that programs become on a GPU, and their values.
#![cfg(feature = "wgpu")]

#[path = "suite/lowering/common/mod.rs"]
mod common;

use burn_backend::{Backend, BackendTypes, TensorData};
use burn_flex::Flex;
use burn_wgpu::Wgpu;
use common::*;
use kiln_burn::{Kernels, Launch, Tensor, launches, run};
use kiln_program::{
    ArrayType, Binary, Builder, Compare, DType, Op, Program, Reduction, Scalar, Scan, Shape, Unary, Var,
    While,
};
use std::sync::{Arc, Mutex, PoisonError};

fn results<B: Kernels>(program: &Program, inputs: &[TensorData], device: &B::Device) -> Vec<Tensor<B>> {
    let inputs = inputs.iter().map(|x| Tensor::from_data(x.clone(), device));
    run(program, inputs.collect(), device)
}

/// Checks a program's values against the host's, by their error relative to the value or to 1, and returns
/// the kernels that a second run launches.
fn counted(program: &Program, inputs: &[TensorData], tolerance: f64) -> Vec<Launch> {
    // Launches of all threads are counted.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let device = <Wgpu as BackendTypes>::Device::default();
    let expected = results::<Flex>(program, inputs, &Default::default());
    let got = results::<Wgpu>(program, inputs, &device);
    for (got, expected) in got.into_iter().zip(expected) {
        let (got, expected) = (got.into_data(), expected.into_data());
        assert_eq!((got.dtype(), got.shape()), (expected.dtype(), expected.shape()));
        for (x, y) in got.iter::<f64>().zip(expected.iter::<f64>()) {
            let near = (x - y).abs() <= tolerance * y.abs().max(1.0);
            assert!(near, "{program}\ngot {got}, expected {expected}");
        }
    }
    Wgpu::sync(&device).unwrap();
    launches(&device, || results::<Wgpu>(program, inputs, &device))
        .expect("the device works")
        .1
}

fn f32s(shape: &[usize]) -> ArrayType {
    ArrayType::new(DType::F32, Shape::from(shape))
}

fn push(b: &mut Builder, op: Op, inputs: &[Var]) -> Var {
    b.push(op, inputs).unwrap()[0]
}

fn unary(b: &mut Builder, f: Unary, x: Var) -> Var {
    push(b, Op::Unary(f), &[x])
}

fn binary(b: &mut Builder, f: Binary, x: Var, y: Var) -> Var {
    push(b, Op::Binary(f), &[x, y])
}

/// A number as broadcasting records it: a scalar, and its repetition.
fn number(b: &mut Builder, value: f32, shape: &[usize]) -> Var {
    let constant = Op::Constant {
        value: Scalar::from_f32(value),
        shape: Shape::scalar(),
    };
    let x = push(b, constant, &[]);
    broadcast(b, x, shape, &[])
}

fn broadcast(b: &mut Builder, x: Var, shape: &[usize], axes: &[usize]) -> Var {
    push(
        b,
        Op::Broadcast {
            shape: Shape::from(shape),
            axes: axes.into(),
        },
        &[x],
    )
}

fn reduce(b: &mut Builder, kind: Reduction, x: Var, axes: &[usize]) -> Var {
    push(
        b,
        Op::Reduce {
            kind,
            axes: axes.into(),
        },
        &[x],
    )
}

fn ramp(n: usize) -> TensorData {
    v((0..n).map(|i| i as f32 / n as f32).collect::<Vec<f32>>())
}

/// `3 x + sin x + cos x^2 - cos 2x - 0.4 x^2 x^1.5`, summed.
fn lecture(n: usize) -> Program {
    let mut b = Builder::new();
    let x = b.input(f32s(&[n]));
    let three = number(&mut b, 3.0, &[n]);
    let a = binary(&mut b, Binary::Mul, three, x);
    let sin = unary(&mut b, Unary::Sin, x);
    let a = binary(&mut b, Binary::Add, a, sin);
    let square = binary(&mut b, Binary::Mul, x, x);
    let cos = unary(&mut b, Unary::Cos, square);
    let a = binary(&mut b, Binary::Add, a, cos);
    let two = number(&mut b, 2.0, &[n]);
    let double = binary(&mut b, Binary::Mul, two, x);
    let cos = unary(&mut b, Unary::Cos, double);
    let a = binary(&mut b, Binary::Sub, a, cos);
    let factor = number(&mut b, 0.4, &[n]);
    let square = binary(&mut b, Binary::Mul, square, factor);
    let exponent = number(&mut b, 1.5, &[n]);
    let power = binary(&mut b, Binary::Pow, x, exponent);
    let last = binary(&mut b, Binary::Mul, square, power);
    let a = binary(&mut b, Binary::Sub, a, last);
    let sum = reduce(&mut b, Reduction::Sum, a, &[0]);
    b.finish(&[sum])
}

#[test]
fn the_lectures_function_is_a_kernel_and_a_reduction() {
    // WGSL allows sin and cos errors of 2^-11. A term has three of them, and is 1.1 in the mean.
    let launched = counted(&lecture(1000), &[ramp(1000)], 3.0 * 2f64.powi(-11));
    assert_eq!(launched.len(), 2, "{launched:#?}");
}

/// `cos(x^2 + y^2) / (1 + x^2 + y^2)` for each pair, as two nested `vmap`s record it.
fn grid(n: usize, max: bool) -> Program {
    let mut b = Builder::new();
    let (x, y) = (b.input(f32s(&[n])), b.input(f32s(&[n + 1])));
    let shape = [n, n + 1];
    let (xx, yy) = (
        binary(&mut b, Binary::Mul, x, x),
        binary(&mut b, Binary::Mul, y, y),
    );
    let (left, right) = (
        broadcast(&mut b, xx, &shape, &[0]),
        broadcast(&mut b, yy, &shape, &[1]),
    );
    let sum = binary(&mut b, Binary::Add, left, right);
    let cos = unary(&mut b, Unary::Cos, sum);
    let one = number(&mut b, 1.0, &[n]);
    let more = binary(&mut b, Binary::Add, one, xx);
    let more = broadcast(&mut b, more, &shape, &[0]);
    let below = binary(&mut b, Binary::Add, more, right);
    let mut z = binary(&mut b, Binary::Div, cos, below);
    if max {
        z = reduce(&mut b, Reduction::Max, z, &[0, 1]);
    }
    b.finish(&[z])
}

#[test]
fn a_grid_is_one_kernel() {
    let inputs = [ramp(80), ramp(81)];
    // The absolute error of the cosine is 2^-11, see above, and that of the rest is less.
    let launched = counted(&grid(80, false), &inputs, 2f64.powi(-10));
    assert_eq!(launched.len(), 1, "{launched:#?}");
    // The greatest, and a flag for a NaN.
    let launched = counted(&grid(80, true), &inputs, 2f64.powi(-10));
    assert!(launched.len() <= 3, "{launched:#?}");
}

/// A grid of arrays that are broadcast before anything is computed: `meshgrid`.
#[test]
fn a_mesh_is_not_in_memory() {
    let mut b = Builder::new();
    let (x, y) = (b.input(f32s(&[80])), b.input(f32s(&[81])));
    let (x, y) = (
        broadcast(&mut b, x, &[80, 81], &[0]),
        broadcast(&mut b, y, &[80, 81], &[1]),
    );
    let (xx, yy) = (
        binary(&mut b, Binary::Mul, x, x),
        binary(&mut b, Binary::Mul, y, y),
    );
    let sum = binary(&mut b, Binary::Add, xx, yy);
    let program = b.finish(&[sum]);
    let launched = counted(&program, &[ramp(80), ramp(81)], 2f64.powi(-22));
    assert_eq!(launched.len(), 1, "{launched:#?}");
}

/// The operand of a grid may be a result, or lie along both axes.
#[test]
fn parts_of_a_grid_keep_their_shapes() {
    let mut b = Builder::new();
    let x = b.input(f32s(&[5]));
    let xx = binary(&mut b, Binary::Mul, x, x);
    let (left, right) = (
        broadcast(&mut b, xx, &[5, 5], &[0]),
        broadcast(&mut b, xx, &[5, 5], &[1]),
    );
    let z = binary(&mut b, Binary::Sub, left, right);
    let column = push(&mut b, Op::Reshape([5, 1].as_slice().into()), &[xx]);
    let wide = broadcast(&mut b, column, &[5, 5], &[0, 1]);
    let flipped = push(&mut b, Op::Reverse([1].as_slice().into()), &[wide]);
    let total = reduce(&mut b, Reduction::Sum, wide, &[1]);
    let program = b.finish(&[z, xx, flipped, total, right]);
    counted(&program, &[ramp(5)], 2f64.powi(-22));
}

/// A column may be part of two grids of one height.
#[test]
fn grids_may_share_a_side() {
    let mut b = Builder::new();
    let (x, y, z) = (b.input(f32s(&[4])), b.input(f32s(&[5])), b.input(f32s(&[6])));
    let [xx, yy, zz] = [x, y, z].map(|x| binary(&mut b, Binary::Mul, x, x));
    let mut grids = vec![];
    for (n, row) in [(5, yy), (6, zz)] {
        let column = broadcast(&mut b, xx, &[4, n], &[0]);
        let row = broadcast(&mut b, row, &[4, n], &[1]);
        let doubled = binary(&mut b, Binary::Add, column, column);
        grids.push(binary(&mut b, Binary::Sub, doubled, row));
    }
    counted(&b.finish(&grids), &[ramp(4), ramp(5), ramp(6)], 2f64.powi(-22));
}

/// Bools do not cut a kernel.
#[test]
fn logic_is_fused() {
    let mut b = Builder::new();
    let (x, y) = (b.input(f32s(&[100])), b.input(f32s(&[100])));
    let half = number(&mut b, 0.5, &[100]);
    let low = push(&mut b, Op::Compare(Compare::Lt), &[x, half]);
    let other = push(&mut b, Op::Compare(Compare::Ne), &[x, y]);
    let mut both = binary(&mut b, Binary::And, low, other);
    for f in [Binary::Or, Binary::Xor] {
        both = binary(&mut b, f, both, other);
    }
    let both = unary(&mut b, Unary::Not, both);
    let chosen = push(&mut b, Op::Select, &[both, x, half]);
    let flags = push(&mut b, Op::Cast(DType::F32), &[both]);
    let z = binary(&mut b, Binary::Add, chosen, flags);
    let program = b.finish(&[z]);
    let launched = counted(&program, &[ramp(100), v(vec![0.25f32; 100])], 0.0);
    assert_eq!(launched.len(), 1, "{launched:#?}");
}

/// The option pricer's loop, as `lax::fori_loop` records it.
fn pricer(steps: usize, n: usize) -> Program {
    let key = ArrayType::new(DType::U32, [2]);
    let mut b = Builder::new();
    let counter = b.input(ArrayType::new(DType::I32, Shape::scalar()));
    let [s, h, variance] = [(); 3].map(|()| b.input(f32s(&[n])));
    let keys = b.input(key.clone());
    let one = Op::Constant {
        value: Scalar::from_i64(DType::I32, 1),
        shape: Shape::scalar(),
    };
    let one = push(&mut b, one, &[]);
    let counter = binary(&mut b, Binary::Add, counter, one);
    let zero = Op::Constant {
        value: Scalar::from_i64(DType::U32, 0),
        shape: [2].into(),
    };
    let first = push(&mut b, zero, &[]);
    // The two keys of a split: the words of each are a row.
    let words = b
        .push(Op::RandomBits { shape: [2].into() }, &[keys, first])
        .unwrap();
    let places = push(
        &mut b,
        Op::Iota {
            dtype: DType::I32,
            shape: [2].into(),
            axis: 0,
        },
        &[],
    );
    let zero = Op::Constant {
        value: Scalar::from_i64(DType::I32, 0),
        shape: [2].into(),
    };
    let zero = push(&mut b, zero, &[]);
    let high = push(&mut b, Op::Compare(Compare::Eq), &[places, zero]);
    let high = broadcast(&mut b, high, &[2, 2], &[1]);
    let words = [0, 1].map(|i| {
        let column = push(&mut b, Op::Reshape([2, 1].as_slice().into()), &[words[i]]);
        broadcast(&mut b, column, &[2, 2], &[0, 1])
    });
    let split = push(&mut b, Op::Select, &[high, words[0], words[1]]);
    let row = |b: &mut Builder, x: Var, at: usize, n: usize| {
        let [start, stop, step] = [[at, 0], [at + 1, n], [1, 1]].map(|axes| axes.as_slice().into());
        let row = push(b, Op::Slice { start, stop, step }, &[x]);
        push(b, Op::Reshape([n].as_slice().into()), &[row])
    };
    let (keys, drawn) = (row(&mut b, split, 0, 2), row(&mut b, split, 1, 2));
    let bits = b
        .push(Op::RandomBits { shape: [2, n].into() }, &[drawn, first])
        .unwrap();
    let uniform = Op::Uniform {
        low: Scalar::from_f32(-0.999_999_94),
        high: Scalar::from_f32(1.0),
    };
    let uniform = push(&mut b, uniform, &bits);
    let z = unary(&mut b, Unary::ErfInv, uniform);
    let root = number(&mut b, 2f32.sqrt(), &[2, n]);
    let z = binary(&mut b, Binary::Mul, root, z);
    let volatility = unary(&mut b, Unary::Exp, h);
    let drift = number(&mut b, 0.0001, &[n]);
    let s = binary(&mut b, Binary::Add, s, drift);
    let noise = row(&mut b, z, 0, n);
    let noise = binary(&mut b, Binary::Mul, volatility, noise);
    let s = binary(&mut b, Binary::Add, s, noise);
    let persistence = number(&mut b, 0.1, &[n]);
    let h = binary(&mut b, Binary::Mul, persistence, h);
    let noise = row(&mut b, z, 1, n);
    let scale = number(&mut b, 0.001, &[n]);
    let noise = binary(&mut b, Binary::Mul, scale, noise);
    let h = binary(&mut b, Binary::Add, h, noise);
    let square = binary(&mut b, Binary::Mul, volatility, volatility);
    let variance = binary(&mut b, Binary::Add, variance, square);
    let body = Arc::new(b.finish(&[counter, s, h, variance, keys]));

    let mut b = Builder::new();
    let key = b.input(key);
    let zero = Op::Constant {
        value: Scalar::from_i64(DType::I32, 0),
        shape: Shape::scalar(),
    };
    let zero = push(&mut b, zero, &[]);
    let [s, h, variance] = [0.5, 0.1, 0.0].map(|value| number(&mut b, value, &[n]));
    let scan = Scan {
        body,
        length: steps,
        consts: 0,
        carries: 5,
        reverse: false,
    };
    let results = b.push(Op::Scan(scan), &[zero, s, h, variance, key]).unwrap();
    b.finish(&results)
}

#[test]
fn a_step_of_the_pricer_is_at_most_three_kernels() {
    // A device may round the square u^2 in log(1 - u^2) or not. That is an error of 2^-24 / (1 - u^2) of a
    // logarithm; a normal depends on the logarithm with a factor below 1/2 in the tail. Of 6000 draws hardly
    // one has 1 - u^2 below 2^-12: the error is 2^-13 a step, for three steps.
    let tolerance = 3.0 * 2f64.powi(-13);
    let launched = counted(&pricer(3, 1000), &[v(vec![1u32, 2])], tolerance);
    assert!(launched.len() <= 3 * 3, "{launched:#?}");
}

/// A loop over slices that returns slices: `c / 2 + x`, of a carry of ten elements.
fn filter(n: usize) -> Program {
    let mut b = Builder::new();
    let (c, x) = (b.input(f32s(&[10])), b.input(f32s(&[10])));
    let half = number(&mut b, 0.5, &[10]);
    let c = binary(&mut b, Binary::Mul, half, c);
    let c = binary(&mut b, Binary::Add, c, x);
    let body = Arc::new(b.finish(&[c, c]));
    let mut b = Builder::new();
    let (c, xs) = (b.input(f32s(&[10])), b.input(f32s(&[n, 10])));
    let scan = Scan {
        body,
        length: n,
        consts: 0,
        carries: 1,
        reverse: true,
    };
    let results = b.push(Op::Scan(scan), &[c, xs]).unwrap();
    b.finish(&results)
}

#[test]
fn loops_over_slices_take_less_than_a_kernel_a_trip() {
    let n = 200;
    let xs = a(vec![1.0f32; 10 * n], vec![n, 10]);
    let launched = counted(&filter(n), &[ramp(10), xs], 2f64.powi(-21));
    assert!(launched.len() <= n, "{}", launched.len());
}

/// A loop that counts does not wait for the device to read its end, and its iterations are fused.
#[test]
fn counting_loops_do_not_wait() {
    let counter = ArrayType::new(DType::I32, Shape::scalar());
    let constant = |value| Op::Constant {
        value: Scalar::from_i64(DType::I32, value),
        shape: Shape::scalar(),
    };
    let mut b = Builder::new();
    let (i, _) = (b.input(counter.clone()), b.input(f32s(&[100])));
    let end = push(&mut b, constant(20), &[]);
    let more = push(&mut b, Op::Compare(Compare::Lt), &[i, end]);
    let condition = Arc::new(b.finish(&[more]));
    let mut b = Builder::new();
    let (i, x) = (b.input(counter), b.input(f32s(&[100])));
    let one = push(&mut b, constant(1), &[]);
    let i = binary(&mut b, Binary::Add, i, one);
    let half = number(&mut b, 0.5, &[100]);
    let x = binary(&mut b, Binary::Mul, x, half);
    let body = Arc::new(b.finish(&[i, x]));
    let mut b = Builder::new();
    let x = b.input(f32s(&[100]));
    let zero = push(&mut b, constant(0), &[]);
    let results = b
        .push(
            Op::While(While {
                condition,
                body,
                consts: 0,
            }),
            &[zero, x],
        )
        .unwrap();
    let program = b.finish(&results);
    let launched = counted(&program, &[ramp(100)], 0.0);
    assert_eq!(launched.len(), 1, "{launched:#?}");
}

/// Carries of an inner loop stay on the host too if the outer loop carries them: only the
/// floats' part is launched.
#[test]
fn nested_loops_leave_integers_on_the_host() {
    let words = ArrayType::new(DType::U32, [2]);
    let mut b = Builder::new();
    let x = b.input(words.clone());
    let three = Op::Constant {
        value: Scalar::from_i64(DType::U32, 3),
        shape: [2].into(),
    };
    let three = push(&mut b, three, &[]);
    let x = binary(&mut b, Binary::Mul, x, three);
    let body = Arc::new(b.finish(&[x]));
    let scan = |body, length, carries| {
        Op::Scan(Scan {
            body,
            length,
            consts: 0,
            carries,
            reverse: false,
        })
    };
    let mut b = Builder::new();
    let (x, y) = (b.input(words.clone()), b.input(f32s(&[100])));
    let x = push(&mut b, scan(body, 2, 1), &[x]);
    let half = number(&mut b, 0.5, &[100]);
    let y = binary(&mut b, Binary::Mul, y, half);
    let body = Arc::new(b.finish(&[x, y]));
    let mut b = Builder::new();
    let (x, y) = (b.input(words), b.input(f32s(&[100])));
    let results = b.push(scan(body, 3, 2), &[x, y]).unwrap();
    let program = b.finish(&results);
    let launched = counted(&program, &[v(vec![1u32, 2]), ramp(100)], 0.0);
    assert_eq!(launched.len(), 1, "{launched:#?}");
}
