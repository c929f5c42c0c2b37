//! Runs ops that are not fused on Flex, Burn's CPU backend, through the lowering that serves
//! every Burn backend.

use crate::buffer::Buffer;
use crate::memory::{self, OutOfMemory};
use burn_flex::{Flex, FlexDevice};
use kiln_burn::{LONGEST_PRODUCT as LONGEST, Tensor, lower};
use kiln_program::{ArrayType, DType, Linalg, Op, infer};

/// Runs one op.
///
/// Flex ends the process when an allocation fails, so the memory that Flex will allocate is reserved before.
pub(crate) fn run(op: &Op, operands: Vec<Buffer>) -> Result<Vec<Buffer>, OutOfMemory> {
    let types: Vec<ArrayType> = operands.iter().map(|x| x.array_type().clone()).collect();
    let types: Vec<&ArrayType> = types.iter().collect();
    let outputs = infer(op, &types).expect("a program's equations type");
    let results = outputs.iter().map(bytes).fold(0, usize::saturating_add);
    let scratch = scratch(op, &types, &outputs);
    if !memory::reserve(results.saturating_add(scratch)) {
        let largest = outputs.iter().max_by_key(|of| bytes(of));
        let largest = largest.expect("an op that is not fused has results").clone();
        return Err(OutOfMemory::new(largest, scratch));
    }
    let tensors = operands.into_iter().map(tensor).collect();
    let results = lower::<Flex>(op, tensors, &types, &FlexDevice);
    Ok(results
        .into_iter()
        .zip(&outputs)
        .map(|(x, of)| buffer(x).reshape(&of.shape))
        .collect())
}

fn bytes(of: &ArrayType) -> usize {
    of.checked_bytes().unwrap_or(usize::MAX)
}

/// Returns the most bytes that the lowering of an op and Flex allocate at a time beside the results: copies
/// of operands that others hold or whose axes move, copies of results before they are moved, and tables of
/// indices and keys.
fn scratch(op: &Op, x: &[&ArrayType], y: &[ArrayType]) -> usize {
    /// Small allocations of the libraries, and the blocks of matrix products.
    const LITTLE: usize = 1 << 16;
    const BLOCKS: usize = 24 << 20;
    let all = |of: &[&ArrayType]| of.iter().map(|of| bytes(of)).fold(0, usize::saturating_add);
    let results = y.iter().map(bytes).fold(0, usize::saturating_add);
    let last = |axis: usize| axis + 1 == x[0].shape.rank();
    let moved = |axis: usize| {
        if last(axis) {
            0
        } else {
            all(x).saturating_add(results)
        }
    };
    let parts = match op {
        // Sums of blocks of a long contraction wait for the next ones.
        Op::Dot(dot) => {
            let k: usize = dot.lhs_contract.iter().map(|&axis| x[0].shape[axis]).product();
            let sums = (k / LONGEST)
                .checked_ilog2()
                .map_or(0, |levels| levels as usize + 2);
            [all(x), BLOCKS, results.saturating_mul(sums)]
        }
        // Keys, and the zeros and NaNs beside them.
        Op::Sort { axis } if x.len() == 1 => [moved(*axis), all(x).saturating_mul(2), 0],
        // The pairs of keys and indices of one lane, and the order.
        Op::Sort { axis } => [
            moved(*axis),
            all(x),
            x[0].shape.size().saturating_mul(4) + x[0].shape[*axis].saturating_mul(16),
        ],
        Op::Linalg(Linalg::Solve) => [all(x).saturating_mul(2), results, BLOCKS],
        Op::Linalg(Linalg::Eigh) => [all(x).saturating_mul(8), 0, BLOCKS],
        _ => [results, 0, 0],
    };
    parts.into_iter().fold(LITTLE, usize::saturating_add)
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

/// Converts a tensor to a buffer. Scalars have shape (1,).
fn buffer(tensor: Tensor<Flex>) -> Buffer {
    Buffer::from_flex(match tensor {
        Tensor::Float(x) | Tensor::Int(x) | Tensor::Bool(x) => x,
    })
}
