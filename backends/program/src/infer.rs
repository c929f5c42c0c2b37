//! The shape and dtype rule of every op.

use crate::Program;
use crate::few::Few;
use crate::functions::{ArgReduction, Binary, Compare, Linalg, Unary};
use crate::op::{Custom, CustomRule, Dot, Op, Scan, While};
use crate::{ArrayType, Axes, DType, Shape};
use std::fmt;

/// The error of an equation that does not type: the op, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    op: String,
    message: String,
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.op, self.message)
    }
}

impl std::error::Error for TypeError {}

/// The types of an op's results.
pub type Types = Few<ArrayType, 2>;

/// The types of an op's results for operands of these types.
///
/// # Errors
/// Names the op and what does not fit: the number of operands, a shape, a dtype or an axis.
pub fn infer(op: &Op, operands: &[&ArrayType]) -> Result<Types, TypeError> {
    rule(op, operands).map_err(|message| TypeError {
        op: op.name(),
        message,
    })
}

fn rule(op: &Op, operands: &[&ArrayType]) -> Result<Types, String> {
    let one = |dtype: DType, shape: Shape| -> Result<Types, String> {
        let of = ArrayType { dtype, shape };
        match of.checked_bytes() {
            Some(_) => Ok([of].into()),
            None => Err(format!("shape {} has too many elements", of.shape)),
        }
    };
    match op {
        Op::Constant { value, shape } => {
            let [] = take(operands)?;
            one(value.dtype(), shape.clone())
        }
        Op::Lifted { number, shape } => {
            let [] = take(operands)?;
            one(number.dtype(), shape.clone())
        }
        Op::Iota { dtype, shape, axis } => {
            let [] = take(operands)?;
            axis_of(*axis, shape)?;
            check(*dtype != DType::Bool, || "cannot count in bool".into())?;
            one(*dtype, shape.clone())
        }
        Op::Unary(f) => {
            let [x] = take(operands)?;
            unary(*f, x.dtype)?;
            one(x.dtype, x.shape.clone())
        }
        Op::Binary(f) => {
            let [x, y] = take(operands)?;
            same(x, y)?;
            binary(*f, x.dtype)?;
            one(x.dtype, x.shape.clone())
        }
        Op::Compare(f) => {
            let [x, y] = take(operands)?;
            same(x, y)?;
            let _: Compare = *f;
            one(DType::Bool, x.shape.clone())
        }
        Op::Select => {
            let [predicate, x, y] = take(operands)?;
            same(x, y)?;
            check(predicate.dtype == DType::Bool, || {
                format!("the predicate is {}, not bool", predicate.dtype)
            })?;
            check(predicate.shape == x.shape, || {
                format!(
                    "predicate of shape {} for branches of shape {}",
                    predicate.shape, x.shape
                )
            })?;
            one(x.dtype, x.shape.clone())
        }
        Op::MulAdd => {
            let [x, y, z] = take(operands)?;
            same(x, y)?;
            same(x, z)?;
            check(x.dtype.is_float(), || format!("needs floats, got {}", x.dtype))?;
            one(x.dtype, x.shape.clone())
        }
        Op::Uniform { low, high } => {
            let [x, y] = take(operands)?;
            same(x, y)?;
            check(x.dtype == DType::U32, || format!("needs uint32, got {}", x.dtype))?;
            let dtype = low.dtype();
            check(dtype.is_float() && dtype == high.dtype(), || {
                format!("bounds are floats of one dtype, got {dtype} and {}", high.dtype())
            })?;
            one(dtype, x.shape.clone())
        }
        Op::Cast(dtype) => {
            let [x] = take(operands)?;
            one(*dtype, x.shape.clone())
        }
        Op::Reshape(shape) => {
            let [x] = take(operands)?;
            check(shape.checked_size() == Some(x.shape.size()), || {
                format!(
                    "shape {} has {} elements, shape {shape} has another number",
                    x.shape,
                    x.shape.size()
                )
            })?;
            one(x.dtype, shape.clone())
        }
        Op::Transpose(permutation) => {
            let [x] = take(operands)?;
            let mut sorted = permutation.clone();
            sorted.sort_unstable();
            check(sorted.iter().copied().eq(0..x.shape.rank()), || {
                format!(
                    "{permutation:?} is not a permutation of the axes of shape {}",
                    x.shape
                )
            })?;
            one(x.dtype, permutation.iter().map(|&axis| x.shape[axis]).collect())
        }
        Op::Broadcast { shape, axes } => {
            let [x] = take(operands)?;
            let fits = axes.len() == x.shape.rank()
                && axes.windows(2).all(|pair| pair[0] < pair[1])
                && axes
                    .iter()
                    .zip(x.shape.iter())
                    .all(|(&axis, &n)| axis < shape.rank() && (n == 1 || n == shape[axis]));
            check(fits, || {
                format!(
                    "shape {} does not broadcast to {shape} along axes {axes:?}",
                    x.shape
                )
            })?;
            one(x.dtype, shape.clone())
        }
        Op::Slice { start, stop, step } => {
            let [x] = take(operands)?;
            let rank = x.shape.rank();
            check(
                start.len() == rank && stop.len() == rank && step.len() == rank,
                || {
                    format!(
                        "{} starts, {} stops and {} steps for shape {}",
                        start.len(),
                        stop.len(),
                        step.len(),
                        x.shape
                    )
                },
            )?;
            let mut shape = Vec::with_capacity(rank);
            for axis in 0..rank {
                check(
                    start[axis] <= stop[axis] && stop[axis] <= x.shape[axis] && step[axis] > 0,
                    || {
                        format!(
                            "{}:{}:{} on axis {axis} of shape {}",
                            start[axis], stop[axis], step[axis], x.shape
                        )
                    },
                )?;
                shape.push((stop[axis] - start[axis]).div_ceil(step[axis]));
            }
            one(x.dtype, shape.into())
        }
        Op::Pad { shape, start, step } => {
            let [x] = take(operands)?;
            let rank = x.shape.rank();
            let fits = [shape.rank(), start.len(), step.len()] == [rank; 3]
                && (0..rank).all(|i| {
                    let last = x.shape[i]
                        .checked_sub(1)
                        .map(|n| n.checked_mul(step[i])?.checked_add(start[i]));
                    step[i] > 0 && last.is_none_or(|last| last.is_some_and(|last| last < shape[i]))
                });
            check(fits, || {
                format!(
                    "shape {} does not fit into {shape} from {start:?} by {step:?}",
                    x.shape
                )
            })?;
            one(x.dtype, shape.clone())
        }
        Op::Reverse(axes) => {
            let [x] = take(operands)?;
            axes_of(axes, &x.shape)?;
            one(x.dtype, x.shape.clone())
        }
        Op::Concatenate { axis } => {
            let (first, rest) = operands.split_first().ok_or("needs an operand")?;
            axis_of(*axis, &first.shape)?;
            let mut shape = first.shape.to_vec();
            for x in rest {
                let fits = x.dtype == first.dtype
                    && x.shape.rank() == shape.len()
                    && (0..shape.len()).all(|i| i == *axis || x.shape[i] == shape[i]);
                check(fits, || {
                    format!("{x} does not continue {first} along axis {axis}")
                })?;
                shape[*axis] = shape[*axis]
                    .checked_add(x.shape[*axis])
                    .ok_or("the result has too many elements")?;
            }
            one(first.dtype, shape.into())
        }
        Op::Gather { axes, batch, mode: _ } => {
            let (x, indices) = operands.split_first().ok_or("needs an operand")?;
            one(x.dtype, gathered(&x.shape, indices, axes, *batch)?)
        }
        Op::Scatter {
            kind: _,
            axes,
            batch,
            mode: _,
        } => {
            let [x, updates, indices @ ..] = operands else {
                return Err("needs an array and updates".into());
            };
            let shape = gathered(&x.shape, indices, axes, *batch)?;
            check(updates.dtype == x.dtype && updates.shape == shape, || {
                format!(
                    "updates are {updates}, the places written are {}",
                    ArrayType::new(x.dtype, shape.clone())
                )
            })?;
            one(x.dtype, x.shape.clone())
        }
        Op::Reduce { kind: _, axes } => {
            let [x] = take(operands)?;
            axes_of(axes, &x.shape)?;
            one(x.dtype, x.shape.without(axes))
        }
        Op::ArgReduce { kind, axis, dtype } => {
            let [x] = take(operands)?;
            let _: ArgReduction = *kind;
            axis_of(*axis, &x.shape)?;
            check(x.shape[*axis] > 0, || {
                format!("axis {axis} of shape {} is empty", x.shape)
            })?;
            check(dtype.is_integer(), || format!("an index cannot be {dtype}"))?;
            one(*dtype, x.shape.without(&[*axis]))
        }
        Op::Cumulative {
            kind: _,
            axis,
            reverse: _,
        } => {
            let [x] = take(operands)?;
            axis_of(*axis, &x.shape)?;
            one(x.dtype, x.shape.clone())
        }
        Op::Sort { axis } => {
            let (key, rest) = operands.split_first().ok_or("needs an operand")?;
            axis_of(*axis, &key.shape)?;
            for x in rest {
                check(x.shape == key.shape, || {
                    format!("shape {} beside a key of shape {}", x.shape, key.shape)
                })?;
            }
            Ok(operands.iter().map(|&x| x.clone()).collect())
        }
        Op::Dot(dot) => {
            let [x, y] = take(operands)?;
            check(x.dtype == y.dtype, || {
                format!("dtypes {} and {}", x.dtype, y.dtype)
            })?;
            one(x.dtype, contracted(dot, &x.shape, &y.shape)?)
        }
        Op::Linalg(f) => linalg(*f, operands),
        Op::RandomBits { shape } => {
            let [key, first] = take(operands)?;
            let (batch, words) = key.shape.split_at(key.shape.rank().saturating_sub(1));
            check(key.dtype == DType::U32 && words == [2], || {
                format!("a key is u32[..,2], got {key}")
            })?;
            check(first == key, || {
                format!("counters start at {first} for keys {key}")
            })?;
            let bits = one(DType::U32, batch.iter().chain(shape.iter()).copied().collect())?;
            Ok([bits[0].clone(), bits[0].clone()].into())
        }
        Op::Call(program) | Op::Checkpoint(program) => called(program, operands),
        Op::Scan(scan) => scanned(scan, operands),
        Op::While(w) => looped(w, operands),
        Op::Cond(branches) => {
            let (which, inputs) = operands.split_first().ok_or("needs the number of a branch")?;
            check(**which == ArrayType::new(DType::I32, []), || {
                format!("the number of a branch is {which}, not i32[]")
            })?;
            let types = called(branches.first().ok_or("needs a branch")?, inputs)?;
            for branch in &branches[1..] {
                let others = called(branch, inputs)?;
                check(others == types, || {
                    format!("branches give {types:?} and {others:?}")
                })?;
            }
            Ok(types)
        }
        Op::StopGradient => {
            let [x] = take(operands)?;
            Ok([x.clone()].into())
        }
        Op::Custom(custom) => customised(custom, operands),
        Op::Effect(_) => Ok(Few::new()),
    }
}

fn check(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

fn take<'a, const N: usize>(operands: &[&'a ArrayType]) -> Result<[&'a ArrayType; N], String> {
    operands
        .try_into()
        .map_err(|_| format!("takes {N} operands, got {}", operands.len()))
}

fn same(x: &ArrayType, y: &ArrayType) -> Result<(), String> {
    check(x == y, || format!("operands {x} and {y} differ"))
}

fn axis_of(axis: usize, shape: &Shape) -> Result<(), String> {
    check(axis < shape.rank(), || {
        format!("axis {axis} is out of bounds for shape {shape}")
    })
}

fn axes_of(axes: &Axes, shape: &Shape) -> Result<(), String> {
    check(axes.windows(2).all(|pair| pair[0] < pair[1]), || {
        format!("axes {axes:?} do not increase")
    })?;
    axes.iter().try_for_each(|&axis| axis_of(axis, shape))
}

fn unary(f: Unary, dtype: DType) -> Result<(), String> {
    let fits = match f {
        Unary::Not => !dtype.is_float(),
        Unary::Neg | Unary::Abs | Unary::Sign => dtype != DType::Bool,
        _ => dtype.is_float(),
    };
    check(fits, || format!("is not defined for {dtype}"))
}

fn binary(f: Binary, dtype: DType) -> Result<(), String> {
    let fits = match f {
        Binary::Add | Binary::Mul | Binary::Max | Binary::Min => true,
        Binary::Sub | Binary::Div | Binary::Rem | Binary::Pow => dtype != DType::Bool,
        Binary::Atan2 | Binary::Hypot => dtype.is_float(),
        Binary::And | Binary::Or | Binary::Xor => !dtype.is_float(),
        Binary::Shl | Binary::Shr => dtype.is_integer(),
    };
    check(fits, || format!("is not defined for {dtype}"))
}

/// The shape that a gather returns: batch, the rest of the indices' shape, the axes not indexed.
fn gathered(shape: &Shape, indices: &[&ArrayType], axes: &Axes, batch: usize) -> Result<Shape, String> {
    axes_of(axes, shape)?;
    check(indices.len() == axes.len() && !axes.is_empty(), || {
        format!("{} arrays of indices for {} axes", indices.len(), axes.len())
    })?;
    let index = &indices[0].shape;
    for i in indices {
        check(i.dtype.is_integer(), || {
            format!("indices are {}, not integers", i.dtype)
        })?;
        check(i.shape == *index, || {
            format!("indices of shapes {index} and {}", i.shape)
        })?;
    }
    let together =
        batch <= index.rank() && axes.iter().all(|&axis| axis >= batch) && shape[..batch] == index[..batch];
    check(together, || {
        format!("indices of shape {index} do not share {batch} batch axes with shape {shape}")
    })?;
    let rest = (batch..shape.rank())
        .filter(|axis| !axes.contains(axis))
        .map(|axis| shape[axis]);
    Ok(index.iter().copied().chain(rest).collect())
}

fn contracted(dot: &Dot, x: &Shape, y: &Shape) -> Result<Shape, String> {
    let pairs = [
        (&dot.lhs_contract, &dot.rhs_contract),
        (&dot.lhs_batch, &dot.rhs_batch),
    ];
    for (left, right) in pairs {
        check(left.len() == right.len(), || {
            format!("axes {left:?} paired with {right:?}")
        })?;
        for (&i, &j) in left.iter().zip(right) {
            axis_of(i, x)?;
            axis_of(j, y)?;
            check(x[i] == y[j], || {
                format!(
                    "axis {i} of shape {x} is {}, axis {j} of shape {y} is {}",
                    x[i], y[j]
                )
            })?;
        }
    }
    let free = |shape: &Shape, contract: &Axes, batch: &Axes| -> Result<Vec<usize>, String> {
        let mut used: Axes = contract.iter().chain(batch).copied().collect();
        used.sort_unstable();
        axes_of(&used, shape)?;
        Ok(shape.without(&used).to_vec())
    };
    let mut shape: Vec<usize> = dot.lhs_batch.iter().map(|&axis| x[axis]).collect();
    shape.extend(free(x, &dot.lhs_contract, &dot.lhs_batch)?);
    shape.extend(free(y, &dot.rhs_contract, &dot.rhs_batch)?);
    Ok(shape.into())
}

fn linalg(f: Linalg, operands: &[&ArrayType]) -> Result<Types, String> {
    let a = operands.first().ok_or("needs a matrix")?;
    let rank = a.shape.rank();
    check(a.dtype.is_float(), || format!("needs floats, got {}", a.dtype))?;
    check(rank >= 2 && a.shape[rank - 1] == a.shape[rank - 2], || {
        format!("shape {} is not square", a.shape)
    })?;
    match f {
        Linalg::Solve => {
            let [a, b] = take(operands)?;
            let fits =
                b.dtype == a.dtype && b.shape.rank() == rank && b.shape[..rank - 1] == a.shape[..rank - 1];
            check(fits, || format!("right-hand side {b} for matrix {a}"))?;
            Ok([b.clone()].into())
        }
        Linalg::Eigh => {
            let [a] = take(operands)?;
            let values = ArrayType {
                dtype: a.dtype,
                shape: a.shape[..rank - 1].into(),
            };
            Ok([values, a.clone()].into())
        }
    }
}

fn passed(whom: &str, wanted: &[ArrayType], got: &[&ArrayType]) -> Result<(), String> {
    check(wanted.len() == got.len(), || {
        format!("{whom} takes {} inputs, got {}", wanted.len(), got.len())
    })?;
    for (i, (wanted, got)) in wanted.iter().zip(got).enumerate() {
        check(wanted == *got, || {
            format!("input {i} of {whom} is {wanted}, got {got}")
        })?;
    }
    Ok(())
}

fn called(program: &Program, operands: &[&ArrayType]) -> Result<Types, String> {
    passed("the program", &program.input_types(), operands)?;
    Ok(program.output_types().into())
}

fn customised(custom: &Custom, operands: &[&ArrayType]) -> Result<Types, String> {
    let outputs = called(&custom.program, operands)?;
    check(custom.consts <= operands.len(), || {
        format!("{} consts among {} operands", custom.consts, operands.len())
    })?;
    let (consts, inputs) = operands.split_at(custom.consts);
    let twice = |gives: &str, results: &[ArrayType], first: &[ArrayType], second: &[&ArrayType]| {
        let fits = results.len() == first.len() + second.len()
            && results
                .iter()
                .zip(first.iter().chain(second.iter().copied()))
                .all(|(x, y)| x == y);
        check(fits, || format!("{gives} gives {results:?}"))
    };
    match &custom.rule {
        CustomRule::Vjp { forward, backward } => {
            passed("the forward rule", &forward.input_types(), operands)?;
            let results = forward.output_types();
            check(results.starts_with(&outputs), || {
                format!("the forward rule gives {results:?}, the function {outputs:?}")
            })?;
            let residuals = results[outputs.len()..].iter().chain(&outputs);
            let given: Vec<&ArrayType> = consts.iter().copied().chain(residuals).collect();
            passed("the backward rule", &backward.input_types(), &given)?;
            twice("the backward rule", &backward.output_types(), &[], inputs)?;
        }
        CustomRule::Jvp(rule) => {
            let given: Vec<&ArrayType> = operands.iter().chain(inputs).copied().collect();
            passed("the rule", &rule.input_types(), &given)?;
            twice(
                "the rule",
                &rule.output_types(),
                &outputs,
                &outputs.iter().collect::<Vec<_>>(),
            )?;
        }
    }
    Ok(outputs)
}

fn scanned(scan: &Scan, operands: &[&ArrayType]) -> Result<Types, String> {
    let fixed = scan.consts.saturating_add(scan.carries);
    check(operands.len() >= fixed, || {
        format!("takes at least {fixed} operands, got {}", operands.len())
    })?;
    let mut inputs: Vec<ArrayType> = operands[..fixed].iter().map(|&x| x.clone()).collect();
    for x in &operands[fixed..] {
        check(x.shape.first() == Some(&scan.length), || {
            format!("{x} cannot be scanned in {} trips", scan.length)
        })?;
        inputs.push(ArrayType {
            dtype: x.dtype,
            shape: x.shape[1..].into(),
        });
    }
    passed(
        "the body",
        &scan.body.input_types(),
        &inputs.iter().collect::<Vec<_>>(),
    )?;
    let mut outputs = scan.body.output_types();
    carried(&outputs, &operands[scan.consts..fixed])?;
    for y in &mut outputs[scan.carries..] {
        y.shape = std::iter::once(scan.length)
            .chain(y.shape.iter().copied())
            .collect();
        check(y.checked_bytes().is_some(), || {
            format!("shape {} has too many elements", y.shape)
        })?;
    }
    Ok(outputs.into())
}

fn looped(w: &While, operands: &[&ArrayType]) -> Result<Types, String> {
    check(operands.len() >= w.consts, || {
        format!("takes at least {} operands, got {}", w.consts, operands.len())
    })?;
    passed("the condition", &w.condition.input_types(), operands)?;
    passed("the body", &w.body.input_types(), operands)?;
    let flag = w.condition.output_types();
    check(flag == [ArrayType::new(DType::Bool, [])], || {
        "the condition does not give one scalar bool".into()
    })?;
    let carry = &operands[w.consts..];
    carried(&w.body.output_types(), carry)?;
    check(w.body.output_types().len() == carry.len(), || {
        "the body gives more than the carry".into()
    })?;
    Ok(carry.iter().map(|&x| x.clone()).collect())
}

fn carried(outputs: &[ArrayType], carry: &[&ArrayType]) -> Result<(), String> {
    check(outputs.len() >= carry.len(), || {
        format!("{} carries, {} results", carry.len(), outputs.len())
    })?;
    for (i, (after, before)) in outputs.iter().zip(carry).enumerate() {
        check(after == *before, || {
            format!("carry {i} goes in as {before} and comes out as {after}")
        })?;
    }
    Ok(())
}
