//! The gradient of one op, as a program.
//!
//! The op is lowered onto Burn's autodiff decorator over the [`Recorder`].
//! [`backward`](AutodiffBackend::backward) is called, and the equations that the recorder wrote are the
//! gradient. The programs of `rules` replace the decorator for the ops whose [`RuleSource`] is kiln. Either
//! way the gradient consists of plain ops, so it can be differentiated again.

use crate::kernels::Kernels;
use crate::lower::{Route, lower_with};
use crate::recorder::{Recorder, input, output, record};
use crate::recording::Refused;
use crate::rules::{Cotangents, DerivativeRule, Rule, RuleReason, RuleSource, own};
use crate::tensor::Tensor;
use burn_autodiff::Autodiff;
use burn_backend::AutodiffBackend;
use burn_backend::ops::FloatTensorOps;
use kiln_program::sister::{Rewrite, tidy};
use kiln_program::{ArrayType, Builder, Op, Program, Shape, Var, infer};
use std::fmt;

type Differentiated = Autodiff<Recorder>;

impl Kernels for Differentiated {}

/// A vector-Jacobian product of one op.
#[derive(Clone, Debug)]
pub struct Gradient {
    /// `(operands, cotangents of the given results) -> cotangents` of the operands that have one.
    pub program: Program,
    /// True for each operand that has a cotangent. An operand has none if it is not wanted, does not have
    /// floats, or the given results do not depend on it.
    pub has: Vec<bool>,
    /// The source of the rule; none if nothing has a cotangent.
    pub source: Option<RuleSource>,
}

/// The reason why an op has no gradient here.
#[derive(Clone, PartialEq, Eq)]
pub enum GradientError {
    /// The op's operands do not type.
    Type(kiln_program::TypeError),
    /// The op is not plain: its user writes the rule.
    Structure {
        /// The op.
        op: String,
    },
    /// The lowering of the op calls an operation of Burn that has no form as equations.
    Refused(Refused),
}

impl fmt::Display for GradientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GradientError::Type(error) => error.fmt(f),
            GradientError::Structure { op } => write!(f, "{op}: has no gradient of its own"),
            GradientError::Refused(refused) => refused.fmt(f),
        }
    }
}

kiln_program::debug_by_display!(GradientError);

impl std::error::Error for GradientError {}

/// Returns the vector-Jacobian product of an op as a program, for operands of these types. `wanted` marks the
/// operands that want a cotangent, `given` marks the results that have one.
///
/// The conventions are JAX's. `abs` has derivative 1 at 0. Equal operands of `max` share the cotangent, and
/// so do all elements that attain a `reduce_max`. A select passes nothing to the branch that is not chosen.
///
/// ```
/// use kiln_burn::{RuleSource, vjp};
/// use kiln_program::{ArrayType, DType, Op, Unary};
/// let x = ArrayType::new(DType::F32, [3]);
/// let sin = vjp(&Op::Unary(Unary::Sin), &[x], &[true], &[true])?;
/// println!("{}", sin.program);
/// assert_eq!(sin.program.equations().len(), 2); // g * cos(x)
/// assert_eq!(sin.source, Some(RuleSource::Burn));
/// # Ok::<(), kiln_burn::GradientError>(())
/// ```
///
/// # Errors
/// When the op does not take operands of these types. When the op is not plain: callers write the rules of
/// gathers, scatters, decompositions, random bits and ops that hold programs.
pub fn vjp(
    op: &Op,
    operands: &[ArrayType],
    wanted: &[bool],
    given: &[bool],
) -> Result<Gradient, GradientError> {
    vjp_by(
        DerivativeRule::of(op).map(|rule| rule.source),
        op,
        operands,
        wanted,
        given,
    )
}

/// Returns the vector-Jacobian product of an op by Burn's rule or by kiln's. Tests compare the two.
///
/// # Errors
/// The errors of [`vjp`].
pub fn vjp_by(
    source: Option<RuleSource>,
    op: &Op,
    operands: &[ArrayType],
    wanted: &[bool],
    given: &[bool],
) -> Result<Gradient, GradientError> {
    let types: Vec<&ArrayType> = operands.iter().collect();
    let results = infer(op, &types).map_err(GradientError::Type)?;
    assert_eq!(wanted.len(), operands.len(), "a flag for each operand");
    assert_eq!(given.len(), results.len(), "a flag for each result");
    // A result that is not of floats has no cotangent, and arrays without elements need none.
    let smooth = |of: &ArrayType| of.dtype.is_float() && of.shape.size() > 0;
    let wanted: Vec<bool> = wanted
        .iter()
        .zip(operands)
        .map(|(&wanted, of)| wanted && smooth(of))
        .collect();
    let flat = !results.iter().zip(given).any(|(of, &given)| given && smooth(of));
    let cotangents: Vec<&ArrayType> = results
        .iter()
        .zip(given)
        .filter(|(_, given)| **given)
        .map(|(of, _)| of)
        .collect();
    let Some(source) = source.filter(|_| !flat && wanted.contains(&true)) else {
        return Ok(none(operands, &cotangents));
    };
    if let RuleSource::Kiln(RuleReason::Structure, _) = source {
        return Err(GradientError::Structure { op: op.name() });
    }

    let mut builder = Builder::new();
    let x: Vec<Var> = operands.iter().map(|of| builder.input(of.clone())).collect();
    let g: Vec<Option<Var>> = results
        .iter()
        .zip(given)
        .map(|(of, &given)| given.then(|| builder.input(of.clone())))
        .collect();
    // The cotangent of a result that is not of floats is ignored.
    let floats: Vec<Option<Var>> = g
        .iter()
        .zip(&results)
        .map(|(g, of)| g.filter(|_| smooth(of)))
        .collect();
    let (found, program) = if let RuleSource::Kiln(..) = source {
        let mut rule = Rule {
            builder: &mut builder,
            operands: &x,
            wanted: &wanted,
        };
        let found: Cotangents = own(op, &floats, &mut rule)
            .into_iter()
            .zip(&wanted)
            .map(|(x, &wanted)| x.filter(|_| wanted))
            .collect();
        let outputs: Vec<Var> = found.iter().copied().flatten().collect();
        (found, builder.finish(&outputs))
    } else if op.is_elementwise() && results[0].shape.is_empty() {
        let one = |of: &ArrayType| ArrayType::new(of.dtype, [1]);
        let types: Vec<ArrayType> = operands.iter().map(one).collect();
        let types: Vec<&ArrayType> = types.iter().collect();
        let (found, program) =
            by_burn(op, &types, &wanted, &[one(&results[0])], given).map_err(GradientError::Refused)?;
        (found, for_scalars(&program))
    } else {
        by_burn(op, &types, &wanted, &results, given).map_err(GradientError::Refused)?
    };
    Ok(Gradient {
        program: tidy(&program),
        has: found.iter().map(Option::is_some).collect(),
        source: Some(source),
    })
}

/// Returns a gradient without cotangents.
fn none(operands: &[ArrayType], cotangents: &[&ArrayType]) -> Gradient {
    let mut builder = Builder::new();
    for of in operands.iter().chain(cotangents.iter().copied()) {
        builder.input(of.clone());
    }
    Gradient {
        program: builder.finish(&[]),
        has: vec![false; operands.len()],
        source: None,
    }
}

/// Returns the gradient by Burn's autodiff: the sum of the results times their cotangents is differentiated
/// backwards.
fn by_burn(
    op: &Op,
    types: &[&ArrayType],
    wanted: &[bool],
    results: &[ArrayType],
    given: &[bool],
) -> Result<(Cotangents, Program), Refused> {
    let device = Default::default();
    let (found, recording) = record(|| {
        let x: Vec<Tensor<Differentiated>> = types
            .iter()
            .zip(wanted)
            .map(|(of, &wanted)| match lifted(input(of)) {
                Tensor::Float(x) if wanted => Tensor::Float(x.require_grad()),
                x => x,
            })
            .collect();
        let g: Vec<_> = results
            .iter()
            .zip(given)
            .map(|(of, &given)| given.then(|| lifted(input(of))))
            .collect();
        let y = lower_with(Route::Gradient, op, x.clone(), types, &device);
        let products = y.into_iter().zip(g).filter_map(|pair| match pair {
            (Tensor::Float(y), Some(Tensor::Float(g))) if y.is_tracked() => {
                Some(Differentiated::float_sum(Differentiated::float_mul(y, g)))
            }
            _ => None,
        });
        let Some(root) = products.reduce(Differentiated::float_add) else {
            return vec![None; types.len()];
        };
        let mut gradients = Differentiated::backward(root);
        let found = x.iter().zip(types).map(|(x, of)| match x {
            Tensor::Float(x) => {
                let gradient = Differentiated::grad_remove(x, &mut gradients)?;
                output(&gradient, &of.shape)
            }
            _ => None,
        });
        found.collect()
    })?;
    let found: Cotangents = found;
    let outputs: Vec<Var> = found.iter().copied().flatten().collect();
    Ok((found, recording.finish(&outputs)))
}

/// Puts a recorded tensor under the decorator.
fn lifted(x: Tensor<Recorder>) -> Tensor<Differentiated> {
    match x {
        Tensor::Float(x) => Tensor::Float(Differentiated::from_inner(x)),
        Tensor::Int(x) => Tensor::Int(x),
        Tensor::Bool(x) => Tensor::Bool(x),
    }
}

/// Returns the gradient of an elementwise op for scalars, from the gradient for arrays of one element: Burn
/// has no scalars.
fn for_scalars(program: &Program) -> Program {
    let scalar = Shape::scalar();
    let mut new = Rewrite::with_inputs(program, []);
    for var in program.inputs() {
        let input = new
            .builder
            .input(ArrayType::new(program.type_of(var).dtype, scalar.clone()));
        new.define(&[var], [input]);
    }
    for equation in program.equations() {
        let op = match &equation.op {
            Op::Constant { value, .. } => Op::Constant {
                value: *value,
                shape: scalar.clone(),
            },
            Op::Reshape(_) | Op::Broadcast { .. } => Op::Reshape(scalar.clone()),
            op => op.clone(),
        };
        new.write(equation, op).expect("elementwise ops take any shape");
    }
    new.finish(program.outputs())
}
