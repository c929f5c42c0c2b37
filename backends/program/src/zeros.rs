//! Adds zeros for results that a program lacks.

use crate::op::Op;
use crate::program::{Program, Var};
use crate::rewrite::Rewrite;
use crate::scalar::Scalar;
use crate::shape::ArrayType;
use std::sync::Arc;

/// Returns the program with the results that `wanted` marks: zeros of these types for results that `present`
/// does not mark.
pub fn with_zeros(program: &Program, present: &[bool], wanted: &[bool], types: &[ArrayType]) -> Arc<Program> {
    let mut new = Rewrite::of(program);
    program.equations().iter().for_each(|equation| new.copy(equation));
    let results: Vec<Var> = program.outputs().iter().map(|&var| new.get(var)).collect();
    let (mut results, mut builder) = (results.into_iter(), new.builder);
    let mut outputs = Vec::new();
    for ((&present, &wanted), of) in present.iter().zip(wanted).zip(types) {
        let result = present.then(|| results.next().expect("one for each mark"));
        if !wanted {
            continue;
        }
        outputs.push(result.unwrap_or_else(|| {
            let zero = Op::Constant {
                value: Scalar::from_i64(of.dtype, 0),
                shape: of.shape.clone(),
            };
            builder.push(zero, &[]).expect("a constant")[0]
        }));
    }
    Arc::new(builder.finish(&outputs))
}
