//! Functions with derivative rules by the user, `stop_gradient`, and `checkpoint`.

use crate::array::Array;
use crate::bind::bind;
use crate::lax::Consts;
use crate::trace::{Traced, is_tracing};
use crate::transform::zeros_like;
use crate::transformation::Transformation;
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::program::{ArrayType, Custom, CustomRule, Few, Op, Program};
use std::sync::Arc;

/// Returns the function `f` with a derivative rule in reverse mode by the user.
///
/// `forward` returns the value and the residuals. `backward` maps the residuals and the cotangent of the
/// value to the cotangent of the argument, a tree like the argument. Its leaves for arguments that are not
/// floats are ignored. Forward mode transposes the rule. Outside of transformations, `f` itself runs.
///
/// Arrays that the three functions capture are constants. Pass every array that is differentiated as an
/// argument.
///
/// # Panics
/// The returned function panics inside of a transformation when the value of `forward` has another structure,
/// shape or dtype than the value of `f`, or the cotangent has another structure, shape or dtype than the
/// argument.
///
/// ```
/// use kiln::{Array, custom_vjp, grad};
/// // log(1 + exp(x)), whose plain derivative is NaN for large x.
/// let softplus = custom_vjp(
///     |x: Array| x.exp().log1p(),
///     |x: Array| (x.exp().log1p(), x),
///     |x: Array, cotangent: Array| cotangent * x.logistic(),
/// );
/// assert_eq!(grad(softplus)(1000.0.into()).to_string(), "1.0");
/// ```
#[track_caller]
pub fn custom_vjp<T: Tree, U: Tree, R: Tree>(
    f: impl Fn(T) -> U,
    forward: impl Fn(T) -> (U, R),
    backward: impl Fn(R, U) -> T,
) -> impl Fn(T) -> U {
    let transformation = Transformation::new("custom_vjp");
    move |x| {
        if !is_tracing() {
            return f(x);
        }
        let x = transformation.leaves(Leaves::of(x));
        let function = transformation.trace_at(&x.arrays, |arrays| f(x.structure.rebuild(arrays)));
        let outputs = function.program.output_types();
        let mut residuals = Leaves::default();
        let first = transformation.trace_at(&x.arrays, |arrays| {
            let (value, kept) = forward(x.structure.rebuild(arrays));
            let value = transformation.matching("the value of forward", value, &function.structure, &outputs);
            residuals = transformation.leaves(Leaves::of(kept));
            value
                .into_iter()
                .chain(residuals.arrays.clone())
                .collect::<Vec<Array>>()
        });
        let kept = first.program.output_types().split_off(outputs.len());
        let kept = kept.into_iter().zip(residuals.arrays.iter().map(Array::is_weak));
        let given = outputs.iter().cloned().zip(function.weak.iter().copied());
        let second = transformation.trace(kept.chain(given), |mut arrays| {
            let cotangent: Arrays = arrays.drain(residuals.arrays.len()..).collect();
            let found = backward(
                residuals.structure.rebuild(arrays),
                function.structure.rebuild(cotangent),
            );
            transformation.derivative("the cotangent that backward returns", found, &x)
        });
        transformation.bind(&x, &function, &[&first, &second], |parts| {
            let [forward, backward] = parts.try_into().expect("two parts");
            CustomRule::Vjp { forward, backward }
        })
    }
}

/// Returns the function `f` with a derivative rule in forward mode by the user. The rule maps the argument
/// and its tangent to the value and its tangent. It is linear in the tangent. Reverse mode transposes the
/// rule.
///
/// Arrays that the two functions capture are constants. Pass every array that is differentiated as an
/// argument.
///
/// # Panics
/// The returned function panics inside of a transformation when a result of the rule has another structure,
/// shape or dtype than the value of `f`.
///
/// ```
/// use kiln::{Array, custom_jvp, grad};
/// let clipped = custom_jvp(|x: Array| x.clip(-1, 1), |x: Array, tangent: Array| (x.clip(-1, 1), tangent));
/// assert_eq!(grad(clipped)(5.0.into()).to_string(), "1.0"); // straight through
/// ```
#[track_caller]
pub fn custom_jvp<T: Tree, U: Tree>(f: impl Fn(T) -> U, rule: impl Fn(T, T) -> (U, U)) -> impl Fn(T) -> U {
    let transformation = Transformation::new("custom_jvp");
    move |x| {
        if !is_tracing() {
            return f(x);
        }
        let x = transformation.leaves(Leaves::of(x));
        let n = x.arrays.len();
        let function = transformation.trace_at(&x.arrays, |arrays| f(x.structure.rebuild(arrays)));
        let outputs = function.program.output_types();
        let types = || x.arrays.iter().map(|x| (x.array_type(), x.is_weak()));
        let traced = transformation.trace(types().chain(types()), |mut arrays| {
            let tangents: Arrays = arrays.drain(n..).collect();
            let (value, tangent) = rule(x.structure.rebuild(arrays), x.structure.rebuild(tangents));
            let value =
                transformation.matching("the value of the rule", value, &function.structure, &outputs);
            let tangent = transformation.matching(
                "the tangent that the rule returns",
                tangent,
                &function.structure,
                &outputs,
            );
            value.into_iter().chain(tangent).collect::<Vec<Array>>()
        });
        transformation.bind(&x, &function, &[&traced], |parts| {
            CustomRule::Jvp(parts[0].clone())
        })
    }
}

/// Returns a tree with the same values, which derivatives treat as constants.
///
/// ```
/// use kiln::{Array, grad, stop_gradient};
/// assert_eq!(grad(|x: Array| &x * stop_gradient(x.clone()))(3.0.into()).to_string(), "3.0");
/// ```
#[track_caller]
pub fn stop_gradient<T: Tree>(tree: T) -> T {
    let leaves = Transformation::new("stop_gradient").leaves(Leaves::of(tree));
    let stopped = leaves.arrays.into_iter().map(|x| match is_tracing() {
        true => bind(Op::StopGradient, &[&x], &[x.is_weak()]).remove(0),
        false => x,
    });
    leaves.structure.rebuild(stopped)
}

/// Returns the function `f` whose derivative recomputes the intermediate values. It needs less memory and
/// more work than a derivative that keeps them.
///
/// For a loop of n iterations, reverse mode keeps the residuals of n iterations. A loop of √n checkpointed
/// loops of √n iterations keeps √n carries, and the residuals of √n iterations at a time.
///
/// ```
/// use kiln::{Array, checkpoint, grad};
/// assert_eq!(grad(checkpoint(|x: Array| x.sin().sin()))(0.0.into()).to_string(), "1.0");
/// ```
#[track_caller]
pub fn checkpoint<T: Tree, U: Tree>(f: impl Fn(T) -> U) -> impl Fn(T) -> U {
    let transformation = Transformation::new("checkpoint");
    move |x| {
        if !is_tracing() {
            return f(x);
        }
        let x = transformation.leaves(Leaves::of(x));
        let traced = transformation.trace_at(&x.arrays, |arrays| f(x.structure.rebuild(arrays)));
        let operands: Few<&Array, 8> = x.arrays.iter().chain(&traced.hidden).collect();
        let results = bind(Op::Checkpoint(Arc::new(traced.program)), &operands, &traced.weak);
        traced.structure.rebuild(results)
    }
}

impl Transformation {
    /// Returns the leaves of a derivative with respect to a tree. The leaves must have the tree's structure
    /// and types. Leaves that are not floats become zeros.
    #[track_caller]
    fn derivative(&self, what: &str, tree: impl Tree, of: &Leaves) -> Vec<Array> {
        let types: Vec<ArrayType> = of.arrays.iter().map(Array::array_type).collect();
        let found = self.matching(what, tree, &of.structure, &types);
        let pairs = found.into_iter().zip(&of.arrays);
        pairs
            .map(|(found, x)| {
                if x.dtype().is_float() {
                    found
                } else {
                    zeros_like(x)
                }
            })
            .collect()
    }

    /// Binds a function with a rule, made of these traces, as one op of the current trace.
    fn bind<U: Tree>(
        &self,
        x: &Leaves,
        function: &Traced,
        parts: &[&Traced],
        rule: impl FnOnce(Vec<Arc<Program>>) -> CustomRule,
    ) -> U {
        let all = || std::iter::once(function).chain(parts.iter().copied());
        let mut consts = Consts::default();
        all().for_each(|traced| consts.add(&traced.hidden));
        let mut programs: Vec<Arc<Program>> = all()
            .map(|traced| Arc::new(consts.first(&traced.program, &traced.hidden, |_, outputs| outputs)))
            .collect();
        let custom = Custom {
            program: programs.remove(0),
            consts: consts.arrays.len(),
            rule: rule(programs),
        };
        let operands: Few<&Array, 8> = consts.arrays.iter().chain(&x.arrays).collect();
        let structure: &Structure = &function.structure;
        structure.rebuild(bind(Op::Custom(Arc::new(custom)), &operands, &function.weak))
    }
}
