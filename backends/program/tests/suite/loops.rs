//! Tests of `simplify` on loops: it drops dead carries, slices and equations.

use kiln_program::{ArrayType, Binary, Builder, DType, Op, Program, Scan, simplify};
use std::sync::Arc;

/// A loop over the carries `a + b`, `b * b`, `c * x`. The program returns the results in `wanted`.
fn program(wanted: &[usize]) -> Program {
    let of = || ArrayType::new(DType::F32, [3]);
    let mut body = Builder::new();
    let [a, b, c, x] = [(); 4].map(|()| body.input(of()));
    let mut push = |f, x, y| body.push(Op::Binary(f), &[x, y]).unwrap()[0];
    let outputs = [
        push(Binary::Add, a, b),
        push(Binary::Mul, b, b),
        push(Binary::Mul, c, x),
    ];
    let body = body.finish(&outputs);

    let mut b = Builder::new();
    let start = [(); 3].map(|()| b.input(of()));
    let slices = b.input(ArrayType::new(DType::F32, [7, 3]));
    let scan = Scan {
        body: Arc::new(body),
        length: 7,
        consts: 0,
        carries: 3,
        reverse: false,
    };
    let results = b
        .push(Op::Scan(scan), &[start[0], start[1], start[2], slices])
        .unwrap();
    let outputs: Vec<_> = wanted.iter().map(|&i| results[i]).collect();
    b.finish(&outputs)
}

/// The numbers of carries, slices, and equations of an iteration that remain.
fn left(wanted: &[usize]) -> Option<(usize, usize, usize)> {
    let simple = simplify(&program(wanted));
    assert_eq!(simple.output_types(), program(wanted).output_types());
    assert_eq!(simple.input_types(), program(wanted).input_types());
    simple.equations().first().map(|equation| match &equation.op {
        Op::Scan(scan) => {
            let slices = equation.inputs.len() - scan.carries;
            (scan.carries, slices, scan.body.equations().len())
        }
        op => panic!("{op:?}"),
    })
}

#[test]
fn carries_that_nobody_reads_are_dropped() {
    assert_eq!(left(&[0, 1, 2]), Some((3, 1, 3)));
    assert_eq!(left(&[1]), Some((1, 0, 1)));
    assert_eq!(left(&[2]), Some((1, 1, 1)));
    assert_eq!(left(&[]), None);
}

#[test]
fn a_carry_that_another_reads_stays() {
    assert_eq!(left(&[0]), Some((2, 0, 2)));
}
