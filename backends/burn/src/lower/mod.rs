//! The lowering: maps one op to calls on a backend.

mod axes;
mod binary;
mod contract;
mod device;
mod index;
mod logic;
mod make;
mod number;
mod random;
pub(crate) mod run;
mod shape;
mod sort;
mod unary;

pub use contract::LONGEST_PRODUCT;

use crate::kernels::Kernels;
use crate::tensor::Tensor;
use crate::value::Value;
use kiln_program::{ArrayType, Compare, DType, Op, infer};

/// The purpose of a lowering. Each op has its best form for each purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The backend's memory is the host's. A routine of our own costs a pass. It replaces Burn's op if the op
    /// checks integers for overflow, means something else at an edge, or is slow.
    Host,
    /// Burn's ops are used if they exist or compose, and the host only for the rest.
    Device,
    /// Ops are lowered for a device, except that an op whose derivative [`vjp`](crate::vjp()) takes from Burn
    /// has the form whose derivative is JAX's, and is short.
    Gradient,
}

impl Route {
    /// Returns the route of a device; `Gradient` if the backend differentiates.
    pub fn of<B: Kernels>(device: &B::Device) -> Route {
        if B::ad_enabled(device) {
            Route::Gradient
        } else if matches!(B::name(device).as_str(), "flex" | "ndarray") {
            Route::Host
        } else {
            Route::Device
        }
    }
}

/// The device and the route of the rules.
pub(crate) struct Context<'a, B: Kernels> {
    pub(crate) device: &'a B::Device,
    pub(crate) route: Route,
}

/// Runs one op on a backend.
///
/// `types` are the operands' types, which primitives do not have in full: a scalar has shape `[1]`, as
/// operand and as result. Results may be strided views on backends that have them.
///
/// # Panics
/// When the operands do not have these types or the op does not take them, and when the device fails.
pub fn lower<B: Kernels>(
    op: &Op,
    inputs: Vec<Tensor<B>>,
    types: &[&ArrayType],
    device: &B::Device,
) -> Vec<Tensor<B>> {
    lower_with(Route::of::<B>(device), op, inputs, types, device)
}

/// Runs one op on a backend by a given route. Every route is right on every backend, except that only
/// [`Route::Host`] wraps integers if Burn was compiled with overflow checks.
///
/// # Panics
/// When the operands do not have these types or the op does not take them, and when the device fails.
pub fn lower_with<B: Kernels>(
    route: Route,
    op: &Op,
    inputs: Vec<Tensor<B>>,
    types: &[&ArrayType],
    device: &B::Device,
) -> Vec<Tensor<B>> {
    let outputs = infer(op, types).unwrap_or_else(|error| panic!("{error}"));
    if let Op::Effect(effect) = op {
        crate::effects::happen(effect, inputs, types);
        return vec![];
    }
    if op.programs().is_empty() && outputs.iter().all(|of| of.shape.size() == 0) {
        // Burn's ops disagree about arrays without elements, so none of them runs on one.
        return outputs.iter().map(|of| Tensor::empty(of, device)).collect();
    }
    // Arrays of rank 0 become `[1]`.
    let x = inputs
        .into_iter()
        .zip(types)
        .map(|(x, of)| if of.shape.is_empty() { x.reshape(&[1]) } else { x });
    lower_some(&Context { device, route }, op, x.collect(), types, &outputs)
}

/// Runs one op whose operands have at least one axis. Some of its results have elements.
fn lower_some<B: Kernels>(
    cx: &Context<'_, B>,
    op: &Op,
    mut x: Vec<Tensor<B>>,
    types: &[&ArrayType],
    outputs: &[ArrayType],
) -> Vec<Tensor<B>> {
    let Context { device, route } = *cx;
    let one = match op {
        Op::Constant { value, shape } => cx.constant(*value, shape),
        Op::Iota { dtype, shape, axis } => cx.iota(*dtype, shape, *axis),
        Op::Unary(f) => cx.unary(*f, first(x)),
        Op::Binary(f) => {
            let [x, y] = take(x);
            cx.binary(*f, x, y)
        }
        Op::Compare(f) => match take(x) {
            // Burn computes it by a comparison and an operation of logic.
            [x, y] if *f == Compare::Ne && route == Route::Device => {
                Tensor::Bool(cx.not(cx.compare(Compare::Eq, x, y).into_bool()))
            }
            [x, y] => cx.compare(*f, x, y),
        },
        Op::Select => {
            let [predicate, on_true, on_false] = take(x);
            on_false.mask_where(predicate.into_bool(), on_true)
        }
        Op::MulAdd => cx.mul_add(take(x)),
        Op::Cast(dtype) => cx.cast(first(x), *dtype),
        Op::Reshape(shape) => first(x).reshape(shape),
        Op::Transpose(permutation) if permutation.is_empty() => first(x),
        Op::Transpose(permutation) => first(x).permute(permutation),
        Op::Broadcast { shape, axes } => shape::broadcast(first(x), shape, axes),
        Op::Slice { start, stop, step } => shape::slice(first(x), start, stop, step, route, device),
        Op::Pad { shape, start, step } => shape::pad(first(x), shape, start, step, device),
        Op::Reverse(axes) if axes.is_empty() => first(x),
        Op::Reverse(axes) => first(x).flip(axes),
        Op::Concatenate { axis } => {
            x.retain(|x| x.shape()[*axis] > 0);
            Tensor::concatenate(x, *axis)
        }
        Op::Gather { axes, batch, mode } => cx.gather(x, types, axes, *batch, *mode),
        Op::Scatter {
            kind,
            axes,
            batch,
            mode,
        } => cx.scatter(x, types, *kind, axes, *batch, *mode),
        Op::Reduce { kind, axes } => cx.reduce(first(x), *kind, axes, &outputs[0]),
        Op::ArgReduce { kind, axis, dtype } => cx.arg_reduce(first(x), *kind, *axis, *dtype),
        Op::Cumulative { kind, axis, reverse } => cx.cumulative(first(x), *kind, *axis, *reverse),
        Op::Sort { axis } => return cx.sort(x, *axis),
        Op::Dot(dot) => {
            let [x, y] = take(x);
            cx.dot(dot, x, y, types, &outputs[0])
        }
        Op::Linalg(f) => return crate::linalg::linalg(*f, x, device),
        Op::Uniform { low, high } => cx.uniform(x, *low, *high, &types[0].shape),
        Op::RandomBits { shape } => return cx.random_bits(take(x), shape, &outputs[0].shape),
        Op::StopGradient => first(x),
        Op::Call(_) | Op::Checkpoint(_) | Op::Custom(_) | Op::Scan(_) | Op::While(_) | Op::Cond(_) => {
            let x = x.into_iter().map(Value::There).collect();
            let results = run::structure(op, x, types, route, device);
            let whole = results.into_iter().zip(outputs);
            return whole.map(|(x, of)| x.whole(of, device)).collect();
        }
        Op::Effect(_) => unreachable!("it has happened"),
        Op::Lifted { .. } => unreachable!("literals are put back before a program runs on a device"),
    };
    vec![one]
}

pub(crate) use shape::row;

/// Returns the integer type for indices below a bound. A narrow type is better for every backend except Flex.
fn index_dtype(bound: usize) -> DType {
    if i32::try_from(bound).is_ok() {
        DType::I32
    } else {
        DType::I64
    }
}

fn first<B: Kernels>(inputs: Vec<Tensor<B>>) -> Tensor<B> {
    let [x] = take(inputs);
    x
}

fn take<B: Kernels, const N: usize>(inputs: Vec<Tensor<B>>) -> [Tensor<B>; N] {
    inputs
        .try_into()
        .unwrap_or_else(|x: Vec<_>| panic!("the op takes {N} operands, got {}", x.len()))
}
