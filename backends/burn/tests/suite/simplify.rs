//! Tests compositions that simplification makes one equation of: the number of equations that
//! remain, and their bits.

use burn_backend::TensorData;
use burn_flex::Flex;
use kiln_burn::{Tensor, run};
use kiln_program::sister::tidy;
use kiln_program::{ArrayType, Axes, Binary, Builder, Compare, DType, Op, Program, Reduction, Scalar, Unary};

fn axes(axes: &[usize]) -> Axes {
    Axes::from(axes)
}

fn reshape(shape: &[usize]) -> Op {
    Op::Reshape(shape.into())
}

fn broadcast(shape: &[usize], to: &[usize]) -> Op {
    Op::Broadcast {
        shape: shape.into(),
        axes: axes(to),
    }
}

fn pad(shape: &[usize], start: &[usize], step: &[usize]) -> Op {
    Op::Pad {
        shape: shape.into(),
        start: axes(start),
        step: axes(step),
    }
}

fn slice(start: &[usize], stop: &[usize], step: &[usize]) -> Op {
    Op::Slice {
        start: axes(start),
        stop: axes(stop),
        step: axes(step),
    }
}

fn cumsum(axis: usize, reverse: bool) -> Op {
    Op::Cumulative {
        kind: Reduction::Sum,
        axis,
        reverse,
    }
}

fn bits(program: &Program) -> Vec<Vec<u8>> {
    let device = Default::default();
    let inputs = program.inputs().map(|var| {
        let ArrayType { dtype, shape } = program.type_of(var);
        let n = shape.size();
        let data = match dtype {
            DType::Bool => TensorData::new((0..n).map(|i| i % 3 == 0).collect::<Vec<_>>(), shape.to_vec()),
            // Zeros of both signs, and sums that round.
            _ => TensorData::new(
                (0..n)
                    .map(|i| [0.1f32, -0.0, -2.7, 0.0, 1e-3][i % 5] * (i + 1) as f32)
                    .collect(),
                shape.to_vec(),
            ),
        };
        Tensor::<Flex>::from_data(data, &device)
    });
    let outputs = run(program, inputs.collect(), &device);
    outputs
        .into_iter()
        .map(|y| y.into_data().as_bytes().to_vec())
        .collect()
}

#[test]
fn chains() {
    let negate = Op::Unary(Unary::Neg);
    let reverse = Op::Reverse(axes(&[0]));
    // A shape, ops one after the other, and the number of ops that remain.
    let rows: Vec<(&[usize], Vec<Op>, usize)> = vec![
        (&[3], vec![negate.clone(), negate], 0),
        (&[3], vec![reverse.clone(), reverse.clone()], 0),
        (&[3, 2], vec![reverse.clone(), Op::Reverse(axes(&[1]))], 2),
        (&[6], vec![reshape(&[2, 3]), reshape(&[3, 2])], 1),
        (&[1, 3], vec![Op::Transpose(axes(&[1, 0]))], 1),
        (&[1, 3], vec![Op::Transpose(axes(&[1, 0])), reshape(&[3])], 1),
        (
            &[2, 1, 3],
            vec![Op::Transpose(axes(&[1, 0, 2])), reshape(&[2, 1, 3])],
            0,
        ),
        (
            &[3],
            vec![broadcast(&[2, 3], &[1]), broadcast(&[4, 2, 3], &[1, 2])],
            1,
        ),
        (&[3], vec![reshape(&[1, 3]), broadcast(&[2, 3], &[0, 1])], 1),
        (&[], vec![reshape(&[1]), broadcast(&[2, 3], &[1])], 1),
        (&[1], vec![reshape(&[]), broadcast(&[2, 3], &[])], 1),
        // The result has no room for three axes.
        (&[1, 1, 3], vec![reshape(&[3]), broadcast(&[2, 3], &[1])], 2),
        (&[3], vec![broadcast(&[1, 2, 3], &[2]), reshape(&[2, 3])], 1),
        (&[3], vec![broadcast(&[1, 3], &[1]), reshape(&[3])], 0),
        // An axis that is split.
        (&[2], vec![broadcast(&[6, 2], &[1]), reshape(&[2, 3, 2])], 2),
        (
            &[3],
            vec![broadcast(&[2, 3], &[1]), Op::Transpose(axes(&[1, 0]))],
            1,
        ),
        (
            &[3, 4],
            vec![broadcast(&[3, 4, 2], &[0, 1]), Op::Transpose(axes(&[2, 0, 1]))],
            1,
        ),
        (
            &[3, 4],
            vec![broadcast(&[2, 3, 4], &[1, 2]), Op::Transpose(axes(&[0, 2, 1]))],
            2,
        ),
        (&[3], vec![pad(&[8], &[1], &[2]), slice(&[1], &[6], &[2])], 0),
        (&[3], vec![pad(&[8], &[1], &[2]), slice(&[1], &[8], &[2])], 2),
        (&[3], vec![pad(&[8], &[1], &[2]), slice(&[0], &[6], &[2])], 2),
        (&[3], vec![pad(&[3], &[0], &[1])], 0),
        (&[7], vec![reverse.clone(), cumsum(0, false), reverse.clone()], 1),
        (&[7], vec![reverse.clone(), cumsum(0, true), reverse.clone()], 1),
        (&[7, 2], vec![reverse.clone(), cumsum(1, false), reverse], 3),
    ];
    for (shape, ops, left) in rows {
        let mut builder = Builder::new();
        let mut x = builder.input(ArrayType::new(DType::F32, shape.to_vec()));
        for op in &ops {
            x = builder.push(op.clone(), &[x]).expect("the row types")[0];
        }
        let program = builder.finish(&[x]);
        let shorter = tidy(&program);
        assert_eq!(shorter.equations().len(), left, "{ops:?} on {shape:?}: {shorter}");
        assert_eq!(bits(&program), bits(&shorter), "{ops:?} on {shape:?}: {shorter}");
    }
}

#[test]
fn constants_that_decide() {
    let flag = |b: &mut Builder, value: bool| {
        let value = Scalar::from_bool(value);
        let shape = [3].into();
        b.push(Op::Constant { value, shape }, &[]).expect("a constant")[0]
    };
    for (f, value, constant) in [
        (Binary::And, true, false),
        (Binary::And, false, true),
        (Binary::Or, false, false),
        (Binary::Or, true, true),
    ] {
        for swap in [false, true] {
            let mut b = Builder::new();
            let x = b.input(ArrayType::new(DType::Bool, [3]));
            let c = flag(&mut b, value);
            let operands = if swap { [c, x] } else { [x, c] };
            let y = b.push(Op::Binary(f), &operands).expect("bools")[0];
            let program = b.finish(&[y]);
            let shorter = tidy(&program);
            assert_eq!(
                shorter.equations().len(),
                usize::from(constant),
                "{f:?} {value} {swap}: {shorter}"
            );
            assert_eq!(bits(&program), bits(&shorter));
        }
    }
    for (x, f, y, holds) in [
        (1.0, Compare::Eq, 1.0, true),
        (0.0, Compare::Eq, -0.0, true),
        (f64::NAN, Compare::Ne, f64::NAN, true),
        (f64::NAN, Compare::Le, f64::NAN, false),
        (1.0, Compare::Lt, 2.0, true),
        (1.0, Compare::Ge, 2.0, false),
    ] {
        let mut b = Builder::new();
        let [x, y] = [x, y].map(|value| {
            let value = Scalar::from_f64(DType::F32, value);
            let shape = [].into();
            b.push(Op::Constant { value, shape }, &[]).expect("a constant")[0]
        });
        let z = b.push(Op::Compare(f), &[x, y]).expect("floats")[0];
        let program = tidy(&b.finish(&[z]));
        let value = Scalar::from_bool(holds);
        let shape = [].into();
        assert_eq!(program.equations()[0].op, Op::Constant { value, shape }, "{f:?}");
    }
}
