//! Loops as machine code: each op against the interpreter, at the values where processors and kiln's rules
//! differ.

use crate::structure::same;
use kiln_cpu::{Buffer, Executable, interpreted};
use kiln_program::{ArrayType, Binary, Builder, Compare, DType, Op, Scalar, Scan, Unary};
use std::sync::Arc;

/// Numbers at the ends of dtypes, and those that C or a processor treats in a way of its own.
const NUMBERS: [f64; 38] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.0,
    7.0,
    8.0,
    15.0,
    16.0,
    31.0,
    32.0,
    63.0,
    64.0,
    100.25,
    127.0,
    128.0,
    -128.0,
    -129.0,
    255.0,
    256.0,
    32767.0,
    -32768.0,
    65535.0,
    2147483647.0,
    -2147483648.0,
    4294967295.0,
    9.3e18,
    -9.3e18,
    2e19,
    1e-310,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// Returns an array of this shape, whose elements are numbers of the list.
fn array(dtype: DType, shape: [usize; 2], number: impl Fn(usize) -> usize) -> Buffer {
    let mut out = Buffer::zeros(ArrayType::new(dtype, shape));
    let size = dtype.size();
    let bytes = out.bytes_mut().expect("a new buffer");
    for (i, bytes) in bytes.chunks_mut(size).enumerate() {
        // Numbers that are too large for the dtype saturate.
        let element = Scalar::from_f64(DType::F64, NUMBERS[number(i)]).cast(dtype);
        bytes.copy_from_slice(&element.to_le_bytes()[..size]);
    }
    out
}

/// The elements of a slice. So few are written out.
const WIDTH: usize = 2;

/// Checks an op on every number of the list, or on every pair of them: loops as machine code and interpreted
/// have the same bits. The third operand is the first.
fn check(op: &Op, operands: &[DType]) {
    let n = NUMBERS.len();
    let mut body = Builder::new();
    let slices: Vec<_> = operands
        .iter()
        .map(|&dtype| body.input(ArrayType::new(dtype, [WIDTH])))
        .collect();
    let Ok(result) = body.push(op.clone(), &slices) else {
        return;
    };
    let body = body.finish(&result);
    let mut b = Builder::new();
    let xs: Vec<_> = operands
        .iter()
        .map(|&dtype| b.input(ArrayType::new(dtype, [n, WIDTH])))
        .collect();
    // A loop of so few iterations is not distributed.
    let scan = Scan {
        body: Arc::new(body),
        length: n,
        consts: 0,
        carries: 0,
        reverse: false,
    };
    let results = b.push(Op::Scan(scan), &xs).expect("the types of the body");
    let program = b.finish(&results);
    let native = Executable::compile(&program);
    let plain = interpreted(|| Executable::compile(&program));
    if cfg!(all(feature = "native", target_arch = "x86_64")) {
        assert_eq!((native.native_loops(), plain.native_loops()), (1, 0), "{program}");
    }
    let pairs = if operands.len() == 1 { 1 } else { n / WIDTH };
    for pair in 0..pairs {
        let number = |operand: usize| {
            move |i: usize| {
                if operand == 1 {
                    WIDTH * pair + i % WIDTH
                } else {
                    i / WIDTH
                }
            }
        };
        let inputs: Vec<Buffer> = operands
            .iter()
            .enumerate()
            .map(|(i, &dtype)| array(dtype, [n, WIDTH], number(i)))
            .collect();
        let (found, wanted) = (native.run(inputs.clone()), plain.run(inputs));
        assert!(same(&found[0], &wanted[0]), "{program}\n{found:?}\n{wanted:?}");
    }
}

#[test]
fn ops_have_the_bits_of_the_interpreter() {
    for dtype in DType::ALL {
        for f in Unary::ALL {
            check(&Op::Unary(*f), &[dtype]);
        }
        for f in Binary::ALL {
            check(&Op::Binary(*f), &[dtype; 2]);
        }
        for f in Compare::ALL {
            check(&Op::Compare(*f), &[dtype; 2]);
        }
        for to in DType::ALL {
            check(&Op::Cast(to), &[dtype]);
        }
        check(&Op::Select, &[DType::Bool, dtype, dtype]);
        check(&Op::MulAdd, &[dtype; 3]);
    }
    for dtype in [DType::F32, DType::F64] {
        let [low, high] = [-1.5, 2.0].map(|bound| Scalar::from_f64(dtype, bound));
        check(&Op::Uniform { low, high }, &[DType::U32; 2]);
    }
}
