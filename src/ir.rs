//! The programs of traced functions: [`Program::equations`], and the types of equations.
//!
//! ```
//! use kiln::ir::{Binary, Op, Unary};
//! use kiln::{Array, numpy as np, program};
//! let traced = program(|x: Array| x.sin() * &x, np::ones(3));
//! let ops: Vec<&Op> = traced.equations().iter().map(|equation| &equation.op).collect();
//! assert_eq!(ops, [&Op::Unary(Unary::Sin), &Op::Binary(Binary::Mul)]);
//! let product = &traced.equations()[1];
//! assert_eq!(traced.type_of(product.outputs[0]).to_string(), "f32[3]");
//! ```
//!
//! New versions of kiln add ops. So a match on [`Op`] or on one of the enums of functions needs a wildcard.

pub use kiln_core::{ArrayType, DType, OutOfBounds, Program, Shape};
pub use kiln_program::{
    ArgReduction, Axes, Binary, Builder, Compare, Custom, CustomRule, Dot, Effect, Equation, Few, Linalg, Op,
    Reduction, Scalar, Scan, TypeError, Types, Unary, Update, Var, Vars, While, infer,
};
