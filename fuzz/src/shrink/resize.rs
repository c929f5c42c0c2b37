//! Makes the axes of a program and of its inputs shorter.

use crate::values;
use kiln::Array;
use kiln_program::{ArrayType, Builder, Op, Program, Scalar, Shape, TypeError, Var, Vars};
use std::sync::Arc;

/// Returns the program in which all axes of length `from` have length `to`.
pub(super) fn resized(program: &Program, from: usize, to: usize) -> Result<Program, TypeError> {
    let length = |n: usize| if n == from { to } else { n };
    let shape_of = |shape: &Shape| -> Shape { shape.iter().map(|&n| length(n)).collect() };
    let mut builder = Builder::new();
    let mut map: Vec<Var> = program
        .input_types()
        .iter()
        .map(|of| builder.input(ArrayType::new(of.dtype, shape_of(&of.shape))))
        .collect();
    for equation in program.equations() {
        let inner = |program: &Arc<Program>| resized(program, from, to).map(Arc::new);
        let mut op = equation.op.clone();
        match &mut op {
            Op::Constant { shape, .. }
            | Op::Iota { shape, .. }
            | Op::Reshape(shape)
            | Op::Broadcast { shape, .. }
            | Op::Pad { shape, .. }
            | Op::RandomBits { shape } => *shape = shape_of(shape),
            Op::Slice { stop, .. } => *stop = stop.iter().map(|&n| length(n)).collect(),
            Op::Call(program) | Op::Checkpoint(program) => *program = inner(program)?,
            Op::Scan(scan) => {
                scan.body = inner(&scan.body)?;
                scan.length = length(scan.length);
            }
            Op::While(w) => {
                w.condition = inner(&w.condition)?;
                w.body = inner(&w.body)?;
            }
            Op::Cond(branches) => *branches = branches.iter().map(inner).collect::<Result<_, _>>()?,
            _ => {}
        }
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
