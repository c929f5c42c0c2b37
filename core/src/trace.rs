//! Traces functions: operations inside a transformation become equations of a program and are not computed.
//!
//! Each thread has a stack of traces. While the stack is not empty, every operation becomes an equation of
//! the innermost program, also an operation on concrete arrays. An array from outside the trace (in memory,
//! or of an outer trace) becomes a hidden input of the program, after its own inputs. Plain numbers become
//! constants.

use crate::array::origin::Origin;
use crate::array::{Array, Repr, Tracer};
use crate::error::raise;
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::Data;
use kiln_backends::program::{ArrayType, Builder, Effect, Equation, Few, Op, Program, Scalar, Shape, Var};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;

struct Trace {
    origin: Arc<Origin>,
    builder: Builder,
    /// Captured arrays that the program uses. While they are held, no other array gets their identity.
    hidden: Vec<Array>,
    /// The input for each captured array, by the array's identity.
    inputs: FxHashMap<(u64, usize), Var>,
    /// The arguments of the function, if it is traced at a point. Their values are known.
    arguments: Option<Arrays>,
    /// The values of the first variables, if a value was read. All values before the value that was read are
    /// included.
    values: Vec<Option<Data>>,
    /// The number of equations that these values come from.
    evaluated: usize,
}

thread_local! {
    static STACK: RefCell<Vec<Trace>> = const { RefCell::new(Vec::new()) };
}

/// A traced function.
pub(crate) struct Traced {
    pub(crate) program: Program,
    /// The arrays for the program's last inputs, after the function's own.
    pub(crate) hidden: Vec<Array>,
    /// The weakness of each result.
    pub(crate) weak: Few<bool, 4>,
    /// The structure of the results.
    pub(crate) structure: Structure,
}

/// Returns true if operations on this thread are traced.
pub(crate) fn is_tracing() -> bool {
    STACK.with_borrow(|stack| !stack.is_empty())
}

/// The name of traces that transformations make for themselves.
const DERIVING: &str = "transformation";

/// Returns true if a transformation made the innermost trace for itself: the user did not write its
/// operations.
pub(crate) fn is_deriving() -> bool {
    STACK.with_borrow(|stack| stack.last().is_some_and(|trace| trace.origin.name == DERIVING))
}

/// Traces the program that a transformation makes of another one.
pub(crate) fn trace_derived<U: Tree>(
    inputs: impl IntoIterator<Item = (ArrayType, bool)>,
    f: impl FnOnce(Arrays) -> U,
) -> Traced {
    trace(Origin::new(DERIVING, None), inputs, f)
}

/// Returns the types of arrays and their weakness.
pub(crate) fn input_types(arrays: &[Array]) -> impl Iterator<Item = (ArrayType, bool)> {
    arrays.iter().map(|array| (array.array_type(), array.is_weak()))
}

/// Traces a function of arrays of these types and weakness.
#[track_caller]
pub(crate) fn trace<U: Tree>(
    origin: Origin,
    inputs: impl IntoIterator<Item = (ArrayType, bool)>,
    f: impl FnOnce(Arrays) -> U,
) -> Traced {
    trace_leaves(origin, inputs.into_iter().collect(), None, &mut leaves_once(f))
}

/// Traces a function at a point. The function may read values that depend on known arguments.
#[track_caller]
pub(crate) fn trace_at<U: Tree>(origin: Origin, arguments: &[Array], f: impl FnOnce(Arrays) -> U) -> Traced {
    let types = input_types(arguments).collect();
    trace_leaves(origin, types, Some(arguments.into()), &mut leaves_once(f))
}

/// Returns a function of the form that [`trace_leaves`] takes.
pub(crate) fn leaves_once<U: Tree>(f: impl FnOnce(Arrays) -> U) -> impl FnMut(Arrays) -> Leaves {
    let mut f = Some(f);
    move |arrays| Leaves::of(f.take().expect("a function is traced once")(arrays))
}

/// Traces a function of arrays. It is compiled once, for all functions: only [`leaves_once`] depends on the
/// types of their results.
#[track_caller]
pub(crate) fn trace_leaves(
    origin: Origin,
    inputs: Few<(ArrayType, bool), 4>,
    at: Option<Arrays>,
    f: &mut dyn FnMut(Arrays) -> Leaves,
) -> Traced {
    /// Pops the trace from the stack, also on unwind.
    struct Pop(usize);
    impl Drop for Pop {
        fn drop(&mut self) {
            STACK.with_borrow_mut(|stack| stack.truncate(self.0));
        }
    }

    let origin = Arc::new(origin);
    let mut builder = Builder::new();
    let arguments: Arrays = inputs
        .into_iter()
        .map(|(of, weak)| {
            let var = builder.input(of.clone());
            Array(Repr::Tracer(Arc::new(Tracer {
                origin: origin.clone(),
                var,
                of,
                weak,
            })))
        })
        .collect();
    let trace = Trace {
        origin,
        builder,
        hidden: Vec::new(),
        inputs: FxHashMap::default(),
        arguments: at,
        values: Vec::new(),
        evaluated: 0,
    };
    let pop = Pop(STACK.with_borrow_mut(|stack| {
        stack.push(trace);
        stack.len() - 1
    }));
    let leaves = f(arguments);
    let weak = leaves.arrays.iter().map(Array::is_weak).collect();
    let outputs: Result<Vec<Var>, String> =
        STACK.with_borrow_mut(|stack| leaves.arrays.iter().map(|array| variable(stack, array)).collect());
    let trace = STACK
        .with_borrow_mut(|stack| stack.pop())
        .expect("the trace pushed above");
    std::mem::forget(pop);
    match outputs {
        Ok(outputs) => Traced {
            program: trace.builder.finish(&outputs),
            hidden: trace.hidden,
            weak,
            structure: leaves.structure,
        },
        Err(message) => {
            let trace = &trace.origin;
            raise(
                trace.name,
                format!("the function of {} returns {message}", trace.describe()),
            )
        }
    }
}

/// Returns the variable of the innermost trace for an array.
fn variable(stack: &mut [Trace], array: &Array) -> Result<Var, String> {
    let (innermost, outer) = stack.split_last_mut().expect("only called while tracing");
    match &array.0 {
        Repr::Literal(number) => {
            let value = number.scalar(array.dtype());
            return push(
                &mut innermost.builder,
                Op::Constant {
                    value,
                    shape: Shape::scalar(),
                },
                &[],
            )
            .map(|outputs| outputs[0]);
        }
        Repr::Tracer(tracer) if tracer.origin.id == innermost.origin.id => return Ok(tracer.var),
        Repr::Tracer(tracer) => {
            if outer.iter().all(|trace| trace.origin.id != tracer.origin.id) {
                return Err(tracer.origin.ended(&tracer.of));
            }
        }
        Repr::Concrete(_) => {}
    }
    let Trace {
        builder,
        hidden,
        inputs,
        ..
    } = innermost;
    Ok(*inputs.entry(array.identity()).or_insert_with(|| {
        hidden.push(array.clone());
        builder.input(array.array_type())
    }))
}

/// The inputs of a trace with their arrays, its equations that were not run yet, and its known values.
type Known = (Vec<(Var, Array)>, Vec<Equation>, Values);

/// Takes the known values out of the trace of a variable. Returns `None` if the trace has ended, or its
/// function is not traced at a point.
pub(crate) fn take_values(tracer: &Tracer) -> Option<Known> {
    STACK.with_borrow_mut(|stack| {
        let depth = stack
            .iter()
            .rposition(|trace| trace.origin.id == tracer.origin.id)?;
        let trace = &mut stack[depth];
        let arguments = trace.arguments.as_ref()?.iter().chain(&trace.hidden).cloned();
        let inputs = trace.builder.inputs().iter().copied().zip(arguments).collect();
        let equations = trace.builder.equations()[trace.evaluated..].to_vec();
        let values = Values {
            depth,
            found: std::mem::take(&mut trace.values),
            evaluated: trace.evaluated,
        };
        Some((inputs, equations, values))
    })
}

/// The known values of a trace, moved out of the trace, and moved back on drop.
pub(crate) struct Values {
    depth: usize,
    pub(crate) found: Vec<Option<Data>>,
    pub(crate) evaluated: usize,
}

impl Values {
    pub(crate) fn get(&self, var: Var) -> Option<Data> {
        self.found.get(var.index()).cloned().flatten()
    }

    pub(crate) fn put(&mut self, var: Var, value: Data) {
        if self.found.len() <= var.index() {
            self.found.resize(var.index() + 1, None);
        }
        self.found[var.index()] = Some(value);
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|stack| {
            let trace = &mut stack[self.depth];
            trace.values = std::mem::take(&mut self.found);
            trace.evaluated = self.evaluated;
        });
    }
}

fn push(builder: &mut Builder, op: Op, inputs: &[Var]) -> Result<Few<Var, 3>, String> {
    builder.push(op, inputs).map_err(|error| error.to_string())
}

impl Origin {
    /// Returns true if the trace is in progress on this thread.
    pub(crate) fn in_progress(&self) -> bool {
        STACK.with_borrow(|stack| stack.iter().rev().any(|trace| trace.origin.id == self.id))
    }

    /// Returns the reason why an array of this trace has no value.
    pub(crate) fn no_value(&self, of: &ArrayType) -> String {
        let trace = self.describe();
        match self.in_progress() {
            true => format!(
                "an array {of} inside {trace} has no value yet, it is being traced: return it and look at the result, \
                 or choose with where_"
            ),
            false => self.ended(of),
        }
    }
}

/// Raises an error at the user's line if one of the arrays belongs to a trace that is not in progress on this
/// thread. Arrays with a shape and a dtype only pass.
#[track_caller]
pub(crate) fn check_alive_or_shaped(op: &str, arrays: &[Array]) {
    for array in arrays {
        if !matches!(&array.0, Repr::Tracer(tracer) if tracer.origin.is_shape) {
            check_alive(op, std::slice::from_ref(array));
        }
    }
}

/// Raises an error at the user's line if one of the arrays belongs to a trace that is not in progress on this
/// thread.
#[track_caller]
pub(crate) fn check_alive(op: &str, arrays: &[Array]) {
    for array in arrays {
        if let Repr::Tracer(tracer) = &array.0
            && !tracer.origin.in_progress()
        {
            raise(op, tracer.origin.ended(&tracer.of))
        }
    }
}

/// Adds an op as an equation to the innermost trace, and after it the check of its float results. A result
/// without an entry in `weak` is not weak.
///
/// # Panics
/// When the op does not take these operands.
#[track_caller]
pub(crate) fn trace_op(op: Op, operands: &[&Array], weak: &[bool], check: Option<Effect>) -> Arrays {
    let bound = STACK.with_borrow_mut(|stack| -> Result<Arrays, String> {
        let inputs = operands
            .iter()
            .map(|array| variable(stack, array))
            .collect::<Result<Few<Var, 4>, String>>()?;
        let trace = stack.last_mut().expect("a trace is under way");
        let outputs = push(&mut trace.builder, op, &inputs)?;
        if let Some(check) = check {
            let is_float = |var: &Var| trace.builder.type_of(*var).dtype.is_float();
            let floats: Few<Var, 2> = outputs.iter().copied().filter(is_float).collect();
            if !floats.is_empty() {
                push(&mut trace.builder, Op::Effect(check), &floats)?;
            }
        }
        let weak = weak.iter().copied().chain(std::iter::repeat(false));
        let tracer = outputs.iter().zip(weak).map(|(&var, weak)| {
            let of = trace.builder.type_of(var).clone();
            Array(Repr::Tracer(Arc::new(Tracer {
                origin: trace.origin.clone(),
                var,
                of,
                weak,
            })))
        });
        Ok(tracer.collect())
    });
    match bound {
        Ok(results) => results,
        Err(message) => panic!("{message}"),
    }
}

/// Returns a constant of the innermost trace: one value in a shape.
pub(crate) fn constant(value: Scalar, shape: Shape, weak: bool) -> Array {
    trace_op(Op::Constant { value, shape }, &[], &[weak], None).remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bind::bind;
    use crate::{jit, numpy as np};
    use kiln_backends::program::DType;

    fn types(n: usize) -> Vec<(ArrayType, bool)> {
        vec![(ArrayType::new(DType::F32, [2]), false); n]
    }

    fn origin() -> Origin {
        Origin::new("test", None)
    }

    #[test]
    fn everything_is_staged_and_arrays_from_outside_are_inputs_once() {
        let table = np::arange((1.0, 3.0));
        let again = table.clone();
        let traced = trace(origin(), types(1), |x| {
            let y = table.sin();
            assert!(is_tracing());
            (&x[0] * &table + y, &again - 0.5)
        });
        assert!(!is_tracing());
        assert_eq!(traced.hidden.len(), 1, "clones are one array");
        assert_eq!(traced.program.input_types().len(), 2);
        let text = traced.program.to_string();
        assert!(text.contains("sin b") && text.contains("0.5"), "{text}");
    }

    #[test]
    fn an_outer_variable_is_an_input_of_the_inner_program() {
        let outer = trace(origin(), types(1), |x| {
            let inner = trace(origin(), types(1), |y| &x[0] * &y[0] + &x[0]);
            assert_eq!((inner.hidden.len(), inner.program.input_types().len()), (1, 2));
            let operands = [&x[0], &inner.hidden[0]];
            bind(Op::Call(Arc::new(inner.program)), &operands, &inner.weak).remove(0)
        });
        assert!(outer.hidden.is_empty());
        assert_eq!(outer.program.input_types().len(), 1);
    }

    #[test]
    fn plain_numbers_keep_all_their_digits_until_they_meet_an_array() {
        let x = Array::new(vec![1.0_f64], 1);
        let third = 1.0 / 3.0;
        assert_eq!((&x * third).to_vec::<f64>(), [third]);
        assert_eq!(jit(|x: Array| x * third)(x).to_vec::<f64>(), [third]);
    }

    #[test]
    fn results_may_be_inputs_constants_or_outside_arrays() {
        let table = np::arange(2);
        let f = jit(|x: Array| (x.clone(), x, table.clone(), Array::from(7)));
        let (x, y, z, seven) = f(np::ones(2));
        assert_eq!(
            (x.to_vec::<f32>(), y.to_vec::<f32>()),
            (vec![1.0; 2], vec![1.0; 2])
        );
        assert_eq!(
            (z.to_vec::<i32>(), seven.item::<i32>(), seven.is_weak()),
            (vec![0, 1], 7, true)
        );
    }
}
