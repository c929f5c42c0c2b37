//! Makes the axes of a program and of its inputs shorter.

use crate::values;
use kiln::Array;
use kiln_program::{ArrayType, Axes, Builder, Op, Program, Scalar, Scan, Shape, TypeError, Var, Vars, While};
use std::sync::Arc;

/// Returns the program in which all axes of length `from` have length `to`.
pub(super) fn resized(program: &Program, from: usize, to: usize) -> Result<Program, TypeError> {
    let length = |n: usize| if n == from { to } else { n };
    let shape_of = |shape: &Shape| -> Shape { shape.iter().map(|&n| length(n)).collect() };
    let axes_of = |axes: &Axes| -> Axes { axes.iter().map(|&n| length(n)).collect() };
    let mut builder = Builder::new();
    let mut map: Vec<Var> = program
        .input_types()
        .iter()
        .map(|of| builder.input(ArrayType::new(of.dtype, shape_of(&of.shape))))
        .collect();
    for equation in program.equations() {
        let inner = |program: &Arc<Program>| resized(program, from, to).map(Arc::new);
        let op = match &equation.op {
            Op::Constant { value, shape } => Op::Constant {
                value: *value,
                shape: shape_of(shape),
            },
            Op::Iota { dtype, shape, axis } => Op::Iota {
                dtype: *dtype,
                shape: shape_of(shape),
                axis: *axis,
            },
            Op::Reshape(shape) => Op::Reshape(shape_of(shape)),
            Op::Broadcast { shape, axes } => Op::Broadcast {
                shape: shape_of(shape),
                axes: axes.clone(),
            },
            Op::Slice { start, stop, step } => Op::Slice {
                start: start.clone(),
                stop: axes_of(stop),
                step: step.clone(),
            },
            Op::Pad { shape, start, step } => Op::Pad {
                shape: shape_of(shape),
                start: start.clone(),
                step: step.clone(),
            },
            Op::RandomBits { shape } => Op::RandomBits {
                shape: shape_of(shape),
            },
            Op::Call(program) => Op::Call(inner(program)?),
            Op::Checkpoint(program) => Op::Checkpoint(inner(program)?),
            Op::Scan(scan) => Op::Scan(Scan {
                body: inner(&scan.body)?,
                length: length(scan.length),
                ..scan.clone()
            }),
            Op::While(w) => Op::While(While {
                condition: inner(&w.condition)?,
                body: inner(&w.body)?,
                consts: w.consts,
            }),
            Op::Cond(branches) => Op::Cond(branches.iter().map(inner).collect::<Result<_, _>>()?),
            op => op.clone(),
        };
        let operands: Vars = equation.inputs.iter().map(|var| map[var.index()]).collect();
        map.extend(builder.push(op, &operands)?);
    }
    let outputs: Vec<Var> = program.outputs().iter().map(|var| map[var.index()]).collect();
    Ok(builder.finish(&outputs))
}

/// Returns the elements of an array that have a place in a smaller one.
pub(super) fn cropped(x: &Array, of: &ArrayType) -> Array {
    let buffer = values::buffer(x);
    let (strides, size) = (x.shape().strides(), of.dtype.size());
    let own = of.shape.strides();
    values::filled(of, |i| {
        let place: usize = (0..own.len())
            .map(|axis| i / own[axis] % of.shape[axis] * strides[axis])
            .sum();
        let mut bytes = [0; 8];
        bytes[..size].copy_from_slice(&buffer.bytes()[place * size..][..size]);
        Scalar::from_le_bytes(of.dtype, bytes)
    })
}
