//! Kernels of kiln's own on a GPU, against plain loops on the host.

use super::common::{a, compare, type_of, v};
use burn_backend::{Element, TensorData};
use burn_wgpu::Wgpu;
use kiln_burn::{Route, Tensor, lower_with};
use kiln_program::sister::unit_f32;
use kiln_program::{ArrayType, DType, Op, Reduction, Scalar, Shape, threefry2x32};

/// Runs an op on the GPU.
fn run(op: &Op, inputs: &[TensorData]) -> Vec<TensorData> {
    let device = Default::default();
    let types: Vec<ArrayType> = inputs.iter().map(type_of).collect();
    let types: Vec<&ArrayType> = types.iter().collect();
    let inputs = inputs
        .iter()
        .map(|x| Tensor::<Wgpu>::from_data(x.clone(), &device))
        .collect();
    let outputs = lower_with(Route::Device, op, inputs, &types, &device);
    outputs.into_iter().map(Tensor::into_data).collect()
}

fn values<T: Element>(x: &TensorData) -> &[T] {
    x.as_slice().expect("the dtype that the op gives")
}

/// Numbers that look random and are the same each time.
fn word(i: usize) -> u32 {
    threefry2x32([3, 4], [0, i as u32])[0]
}

#[test]
fn random_bits() {
    let shapes: [&[usize]; 8] = [
        &[],
        &[1],
        &[7],
        &[3, 5],
        &[65_537],
        &[257, 1031],
        &[1 << 22],
        &[2, 3, 4, 5],
    ];
    for shape in shapes {
        let size: usize = shape.iter().product();
        // Some counters cross 2^32 or 2^64 within the draw, at once or at its end.
        let end = 0_u64.wrapping_sub(size as u64);
        for first in [
            0,
            5,
            u64::from(u32::MAX),
            end & 0xFFFF_FFFF,
            7 << 32,
            u64::MAX,
            end,
        ] {
            let op = Op::RandomBits { shape: shape.into() };
            let got = run(
                &op,
                &[v::<u32>([7, 11]), v::<u32>([(first >> 32) as u32, first as u32])],
            );
            let (high, low) = (values::<u32>(&got[0]), values::<u32>(&got[1]));
            assert_eq!(high.len(), size);
            for i in 0..size {
                let counter = first.wrapping_add(i as u64);
                let wanted = threefry2x32([7, 11], [(counter >> 32) as u32, counter as u32]);
                assert_eq!([high[i], low[i]], wanted, "{shape:?}, counter {counter}");
            }
        }
    }
}

#[test]
fn random_bits_of_several_keys() {
    for (batch, size) in [(1, 1), (3, 1), (5, 1000), (70_000, 3)] {
        let keys: Vec<u32> = (0..2 * batch).map(word).collect();
        let first: Vec<u32> = (0..batch)
            .flat_map(|i| [i as u32 % 3, 0_u32.wrapping_sub(i as u32)])
            .collect();
        let op = Op::RandomBits { shape: [size].into() };
        let got = run(&op, &[a(keys.clone(), [batch, 2]), a(first.clone(), [batch, 2])]);
        let (high, low) = (values::<u32>(&got[0]), values::<u32>(&got[1]));
        for i in 0..batch * size {
            let first = [first[i / size * 2], first[i / size * 2 + 1]].map(u64::from);
            let counter = (first[0] << 32) + first[1] + (i % size) as u64;
            let key = [keys[i / size * 2], keys[i / size * 2 + 1]];
            let wanted = threefry2x32(key, [(counter >> 32) as u32, counter as u32]);
            assert_eq!([high[i], low[i]], wanted, "key {} of {batch}", i / size);
        }
    }
}

/// The bits of the host's fused multiply-add: by fused ops if products are exact, by a kernel otherwise.
#[test]
fn uniform() {
    let size = (1 << 16) + 3;
    let mut words: [Vec<u32>; 2] = [
        (0..size).map(word).collect(),
        (size..2 * size).map(word).collect(),
    ];
    // The least and greatest units, and some near them.
    for (i, unit) in [0, 1, 2, 3, (1 << 23) - 1, (1 << 23) - 2, 1 << 22]
        .into_iter()
        .enumerate()
    {
        words[0][i] = unit << 9;
        words[1][i] = 0;
    }
    let next = |x: f32| f32::from_bits(x.to_bits() + 1);
    let bounds = [
        (0.0, 1.0),
        (-1.0_f32.next_down(), 1.0),
        (0.0, 0.1),
        (-1.0, 1.0),
        (-0.1, 0.1),
        (-1.0, 2.0),
        (1.0, 4.0),
        (-7.3, 5.1),
        (5.1, 7.3),
        (-5.1, -1.7),
        (1.0, next(next(next(1.0)))),
        (-1.0, -0.999_999_94),
        (1e-20, 3.0),
        (-1e-20, 3.0),
        (-1e-6, 3.0),
        (1e-6, 0.7),
        (-1e6, 0.7),
        (-3.0, 1e-30),
        (-4.0, -1e-7),
        (-1e-9, 2e-9),
        (1e-30, 1.7e-30),
        (-1e30, 2e30),
        (16_777_216.0, 16_777_222.0),
        (-0.3, 16_777_222.0),
        (-f32::MAX / 4.0, f32::MAX / 3.0),
        (f32::from_bits(3), 0.3),
        (2.0, 1.0),
        (3.0, 3.0),
    ];
    for (low, high) in bounds {
        let op = Op::Uniform {
            low: Scalar::from_f32(low),
            high: Scalar::from_f32(high),
        };
        let got = run(&op, &[v(words[0].clone()), v(words[1].clone())]);
        for (i, x) in values::<f32>(&got[0]).iter().enumerate() {
            let unit = unit_f32([words[0][i], words[1][i]]);
            let wanted = unit.mul_add(high - low, low).max(low);
            assert!(
                x.to_bits() == wanted.to_bits(),
                "{low:e} to {high:e}: {unit} became {x:e}, not {wanted:e}"
            );
        }
    }
}

#[test]
fn iota() {
    let shapes: [&[usize]; 7] = [
        &[1],
        &[131],
        &[70_001],
        &[3, 5],
        &[257, 2, 131],
        &[2, 3, 4, 5, 2],
        &[(1 << 24) + 3],
    ];
    for shape in shapes {
        for axis in 0..shape.len() {
            for dtype in [DType::I32, DType::U32, DType::F32] {
                let op = Op::Iota {
                    dtype,
                    shape: shape.into(),
                    axis,
                };
                let got = run(&op, &[]).remove(0);
                let inner: usize = shape[axis + 1..].iter().product();
                let wanted = (0..shape.iter().product()).map(|i: usize| i / inner % shape[axis]);
                let equal = match dtype {
                    DType::I32 => wanted.eq(values::<i32>(&got).iter().map(|&x| x as usize)),
                    DType::U32 => wanted.eq(values::<u32>(&got).iter().map(|&x| x as usize)),
                    _ => wanted.map(|i| i as f32).eq(values::<f32>(&got).iter().copied()),
                };
                assert!(equal, "{dtype} {shape:?} along {axis}");
            }
        }
    }
}

/// A loop along an axis, in another type.
fn loops<T: Copy, U: Copy>(
    x: &[T],
    shape: &[usize],
    axis: usize,
    reverse: bool,
    to: impl Fn(T) -> U,
    f: impl Fn(U, U) -> U,
) -> Vec<U> {
    let inner: usize = shape[axis + 1..].iter().product();
    let length = shape[axis];
    let mut out: Vec<U> = x.iter().map(|&x| to(x)).collect();
    for lane in 0..x.len() / length {
        let at = |i: usize| {
            let i = if reverse { length - 1 - i } else { i };
            lane / inner * length * inner + lane % inner + i * inner
        };
        for i in 1..length {
            out[at(i)] = f(out[at(i - 1)], out[at(i)]);
        }
    }
    out
}

/// Shapes and axes: one element, primes, whole blocks and one beyond, several levels of blocks, many short
/// lanes.
const SHAPES: [(&[usize], usize); 13] = [
    (&[1], 0),
    (&[2], 0),
    (&[63], 0),
    (&[64], 0),
    (&[65], 0),
    (&[4096], 0),
    (&[4099], 0),
    (&[300_007], 0),
    (&[3, 131, 5], 1),
    (&[3, 131, 5], 0),
    (&[70_001, 3], 1),
    (&[2, 70_001, 3], 1),
    (&[5, 4099], 1),
];

fn cumulative(
    kind: Reduction,
    axis: usize,
    reverse: bool,
    x: &[impl Element],
    shape: &[usize],
) -> TensorData {
    let op = Op::Cumulative { kind, axis, reverse };
    run(&op, &[a(x, shape)]).remove(0)
}

#[test]
fn cumulative_integers() {
    for (shape, axis) in SHAPES {
        let words: Vec<u32> = (0..shape.iter().product()).map(word).collect();
        let signed: Vec<i32> = words.iter().map(|&x| x as i32).collect();
        for reverse in [false, true] {
            for kind in [Reduction::Sum, Reduction::Prod, Reduction::Max, Reduction::Min] {
                let f = |x: u32, y: u32| match kind {
                    Reduction::Sum => x.wrapping_add(y),
                    Reduction::Prod => x.wrapping_mul(y),
                    Reduction::Max => x.max(y),
                    Reduction::Min => x.min(y),
                };
                let got = cumulative(kind, axis, reverse, &words, shape);
                let wanted = loops(&words, shape, axis, reverse, |x| x, f);
                assert!(
                    values::<u32>(&got) == wanted,
                    "u32 {kind:?} {shape:?} along {axis}, reverse {reverse}"
                );
                let f = |x: i32, y: i32| match kind {
                    Reduction::Sum => x.wrapping_add(y),
                    Reduction::Prod => x.wrapping_mul(y),
                    Reduction::Max => x.max(y),
                    Reduction::Min => x.min(y),
                };
                let got = cumulative(kind, axis, reverse, &signed, shape);
                let wanted = loops(&signed, shape, axis, reverse, |x| x, f);
                assert!(
                    values::<i32>(&got) == wanted,
                    "i32 {kind:?} {shape:?} along {axis}, reverse {reverse}"
                );
            }
        }
    }
}

#[test]
fn cumulative_bools() {
    for (shape, axis) in SHAPES {
        let x: Vec<bool> = (0..shape.iter().product())
            .map(|i| word(i).is_multiple_of(5))
            .collect();
        for kind in [Reduction::Sum, Reduction::Prod] {
            let f = |x, y| if kind == Reduction::Sum { x | y } else { x & y };
            let got = cumulative(kind, axis, true, &x, shape);
            assert!(
                values::<bool>(&got) == loops(&x, shape, axis, true, |x| x, f),
                "{kind:?} {shape:?}"
            );
        }
    }
}

/// Extremes are elements: they are exact, the last of equal ones, and NaN from the first NaN on.
#[test]
fn cumulative_extremes() {
    for (shape, axis) in SHAPES {
        let number = |i| match word(i) % 4099 {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => -0.0,
            w => w as f32 - 2000.0,
        };
        let x: Vec<f32> = (0..shape.iter().product()).map(number).collect();
        for reverse in [false, true] {
            let max = |x: f32, y: f32| if x > y || x.is_nan() { x } else { y };
            let min = |x: f32, y: f32| if x < y || x.is_nan() { x } else { y };
            let got = cumulative(Reduction::Max, axis, reverse, &x, shape);
            let wanted = a(loops(&x, shape, axis, reverse, |x| x, max), shape);
            compare(&got, &wanted, 0.0).unwrap_or_else(|_| panic!("max {shape:?} along {axis}"));
            let got = cumulative(Reduction::Min, axis, reverse, &x, shape);
            let wanted = a(loops(&x, shape, axis, reverse, |x| x, min), shape);
            compare(&got, &wanted, 0.0).unwrap_or_else(|_| panic!("min {shape:?} along {axis}"));
        }
    }
}

/// The number of roundings on the way to an element of a lane: at each level a block's total and its running
/// total, each of up to 64 numbers.
fn roundings(length: usize) -> f64 {
    let mut length = length;
    let mut roundings = 0;
    loop {
        roundings += 2 * length.min(64);
        if length <= 64 {
            return f64::from(roundings as u32);
        }
        length = length.div_ceil(64);
    }
}

/// Half an ulp of `f32`: the relative error of one rounding.
const UNIT: f64 = 1.0 / (1 << 24) as f64;

#[test]
fn cumulative_sums() {
    let long: (&[usize], usize) = (&[10_000_000], 0);
    for (shape, axis) in SHAPES.into_iter().chain([long]) {
        let x: Vec<f32> = (0..shape.iter().product())
            .map(|i| word(i) as f32 / (1 << 31) as f32 - 0.9)
            .collect();
        for reverse in [false, true] {
            let got = cumulative(Reduction::Sum, axis, reverse, &x, shape);
            let wanted = loops(&x, shape, axis, reverse, f64::from, |x, y| x + y);
            // Each rounding is of a partial sum, no greater than the sum of magnitudes.
            let magnitude = loops(&x, shape, axis, reverse, |x| f64::from(x.abs()), |x, y| x + y);
            let bound = roundings(shape[axis]) * UNIT;
            for (i, (x, (y, m))) in values::<f32>(&got)
                .iter()
                .zip(wanted.iter().zip(&magnitude))
                .enumerate()
            {
                assert!(
                    (f64::from(*x) - y).abs() <= bound * m,
                    "{shape:?} at {i}: {x}, not {y}"
                );
            }
        }
    }
}

#[test]
fn cumulative_products() {
    for (shape, axis) in SHAPES {
        // Each second factor cancels the one before it, except for the sign, so that products stay
        // within range.
        let inner: usize = shape[axis + 1..].iter().product();
        let factor = |i: usize| {
            let along = i / inner % shape[axis];
            let x = 1.0 + word(along / 2) as f32 / (1_u64 << 32) as f32;
            if along.is_multiple_of(2) { x } else { -1.0 / x }
        };
        let x: Vec<f32> = (0..shape.iter().product()).map(factor).collect();
        for reverse in [false, true] {
            let got = cumulative(Reduction::Prod, axis, reverse, &x, shape);
            let wanted = loops(&x, shape, axis, reverse, f64::from, |x, y| x * y);
            // Relative errors of the factors' products add up, in any order; the second order is far
            // below twice that.
            let bound = 2.0 * UNIT * shape[axis] as f64;
            for (x, y) in values::<f32>(&got).iter().zip(&wanted) {
                assert!(
                    (f64::from(*x) - y).abs() <= bound * y.abs(),
                    "{shape:?}: {x}, not {y}"
                );
            }
        }
    }
}

/// A kernel's operands and results are ordinary values of the fusion stream: fused ops before and after,
/// views, and values that are read twice.
#[test]
fn among_other_ops() {
    let device = Default::default();
    let f32s = |shape: &[usize]| ArrayType::new(DType::F32, shape.to_vec());
    let x: Vec<f32> = (0..300 * 7).map(|i| (word(i) % 16) as f32).collect();
    let input = Tensor::<Wgpu>::from_data(a(x.clone(), [300, 7]), &device);
    let lower = |op: Op, x: Vec<Tensor<Wgpu>>, types: &[&ArrayType]| {
        lower_with(Route::Device, &op, x, types, &device).remove(0)
    };
    let of = f32s(&[300, 7]);
    let doubled = lower(
        Op::Binary(kiln_program::Binary::Add),
        vec![input.clone(), input],
        &[&of, &of],
    );
    let turned = lower(
        Op::Transpose([1, 0].into_iter().collect()),
        vec![doubled.clone()],
        &[&of],
    );
    let turned_of = f32s(&[7, 300]);
    let op = Op::Cumulative {
        kind: Reduction::Sum,
        axis: 1,
        reverse: false,
    };
    let sums = lower(op, vec![turned.clone()], &[&turned_of]);
    let y = lower(
        Op::Binary(kiln_program::Binary::Sub),
        vec![sums.clone(), turned],
        &[&turned_of, &turned_of],
    );
    let data = [y, sums].map(Tensor::into_data);
    let shape: Shape = [7, 300].into();
    let doubled: Vec<f32> = (0..7 * 300).map(|i| 2.0 * x[i % 300 * 7 + i / 300]).collect();
    let sums = loops(&doubled, &shape, 1, false, |x| x, |x, y| x + y);
    // Whole numbers: exact.
    assert_eq!(values::<f32>(&data[1]), sums);
    let before: Vec<f32> = sums.iter().zip(&doubled).map(|(x, y)| x - y).collect();
    assert_eq!(values::<f32>(&data[0]), before);
}
