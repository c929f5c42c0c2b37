//! Programs as functions of arrays.

use crate::error::raise;
use crate::promote::Kind;
use crate::record::check_alive;
use crate::tree::Arrays;
use crate::{Array, transform};
use kiln_backends::program::Program;
use std::sync::Arc;

/// The results of a program for these arrays: a function that came from elsewhere (from [`program`](crate::program()), or a file, see
/// [`Program`]), as one op of whatever is being recorded.
///
/// # Panics
/// When the arrays are not of the types of the program's inputs.
///
/// ```
/// use kiln::{Array, call, grad, numpy as np, program};
/// use std::sync::Arc;
/// let square = Arc::new(program(|x: Array| &x * &x, np::ones(3)));
/// assert_eq!(call(&square, [np::arange(3).astype(kiln::DType::F32)])[0].to_string(), "[0. 1. 4.]");
/// let slope = grad(move |x: Array| call(&square, [x]).remove(0).sum());
/// assert_eq!(slope(np::ones(3)).to_string(), "[2. 2. 2.]");
/// ```
#[track_caller]
pub fn call(program: &Arc<Program>, inputs: impl IntoIterator<Item = Array>) -> Vec<Array> {
    let types = program.input_types();
    let inputs: Vec<Array> = inputs.into_iter().collect();
    if inputs.len() != types.len() {
        raise(
            "call",
            format!("the program takes {} inputs, got {}", types.len(), inputs.len()),
        )
    }
    let settled = inputs.into_iter().zip(&types).enumerate().map(|(i, (x, of))| {
        let x = x.settled(
            "call",
            Kind {
                dtype: of.dtype,
                weak: false,
            },
        );
        if x.array_type() != *of {
            raise(
                "call",
                format!("input {i} of the program is {of}, got {}", x.array_type()),
            )
        }
        x
    });
    let inputs: Arrays = settled.collect();
    check_alive("call", &inputs);
    transform::call(program, inputs).into_vec()
}
