//! Results that a program lacks.

use crate::{ArrayType, Builder, Op, Program, Scalar, Var};
use std::sync::Arc;

/// A program whose results are those marked in `present`, made to give those of `wanted`: zeros of these types where it has none.
pub fn with_zeros(program: &Program, present: &[bool], wanted: &[bool], types: &[ArrayType]) -> Arc<Program> {
    let mut builder = Builder::new();
    let inputs: Vec<Var> = program
        .input_types()
        .into_iter()
        .map(|of| builder.input(of))
        .collect();
    let mut results = program
        .inline(&mut builder, &inputs)
        .expect("the program's own inputs")
        .into_iter();
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
