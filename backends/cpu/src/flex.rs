//! What is not fused runs on Flex, Burn's CPU backend, through the lowering that serves every Burn backend.

use crate::Buffer;
use burn_flex::{Flex, FlexDevice};
use kiln_burn::{Tensor, lower};
use kiln_program::{ArrayType, DType, Op, infer};

/// Runs one op.
pub(crate) fn run(op: &Op, operands: Vec<Buffer>) -> Vec<Buffer> {
    let types: Vec<ArrayType> = operands.iter().map(|x| x.array_type().clone()).collect();
    let types: Vec<&ArrayType> = types.iter().collect();
    let outputs = infer(op, &types).expect("a program's equations type");
    let tensors = operands.into_iter().map(tensor).collect();
    let results = lower::<Flex>(op, tensors, &types, &FlexDevice);
    results
        .into_iter()
        .zip(&outputs)
        .map(|(x, of)| buffer(x).reshape(&of.shape))
        .collect()
}

fn tensor(buffer: Buffer) -> Tensor<Flex> {
    let dtype = buffer.array_type().dtype;
    let tensor = buffer.into_flex();
    match dtype {
        DType::Bool => Tensor::Bool(tensor),
        DType::F32 | DType::F64 => Tensor::Float(tensor),
        _ => Tensor::Int(tensor),
    }
}

/// Scalars come back as shape (1,).
fn buffer(tensor: Tensor<Flex>) -> Buffer {
    Buffer::from_flex(match tensor {
        Tensor::Float(x) | Tensor::Int(x) | Tensor::Bool(x) => x,
    })
}
