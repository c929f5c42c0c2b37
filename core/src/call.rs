//! Calls programs as functions of arrays.

use crate::array::Array;
use crate::error::raise;
use crate::promote::Kind;
use crate::trace::check_alive;
use crate::transform;
use crate::tree::Arrays;
use kiln_backends::program::{ArrayType, Program};
use std::sync::Arc;

/// Runs a program with these arrays, and returns its results. In a trace, the program becomes one op. The
/// program comes from [`program`](crate::program()), or from a file: see [`Program`].
///
/// # Panics
/// When the arrays do not have the types of the program's inputs.
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
    let mut settled = Arrays::new();
    for (i, (x, of)) in inputs.into_iter().zip(&types).enumerate() {
        settled.push(input("call", x, of, |given| {
            format!("input {i} of the program is {of}, got {given}")
        }));
    }
    let inputs = settled;
    check_alive("call", &inputs);
    transform::call(&"call", program, inputs).into_vec()
}

/// Converts an array to a program's input. A plain number takes the dtype of the input. Any other type is
/// refused.
#[track_caller]
pub(crate) fn input(op: &str, x: Array, of: &ArrayType, refusal: impl FnOnce(ArrayType) -> String) -> Array {
    let kind = Kind {
        dtype: of.dtype,
        weak: false,
    };
    let x = x.settled(op, kind);
    if x.array_type() != *of {
        raise(op, refusal(x.array_type()))
    }
    x
}
