//! Tracing: operations inside a transformation are recorded in a program instead of computed.
//!
//! Each thread has a stack of traces. While the stack is not empty, every operation becomes an equation of
//! the innermost program, also an operation on concrete arrays. An array from outside the trace (in memory,
//! or of an outer trace) becomes a hidden input of the program, after its own inputs. Plain numbers become
//! constants.

use crate::array::Array;
use crate::array::{Repr, Tracer};
use crate::debug::{nan_check, under_way};
use crate::eager::{input_types, run_op, run_structure, staged};
use crate::error::raise;
use crate::place::{device_of, on, or_default};
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::program::{ArrayType, Builder, Few, Op, Program, Scalar, Shape, Var, quiet};
use kiln_backends::{Data, Device};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a trace. The arrays of the trace keep it, also after the trace has ended.
#[derive(Debug)]
pub(crate) struct Origin {
    id: u64,
    /// The name of the transformation that traces, such as `jit`.
    name: &'static str,
    /// The user's line that made the transformation. `None` for kiln's own traces.
    location: Option<&'static Location<'static>>,
}

impl Origin {
    pub(crate) fn new(name: &'static str, location: Option<&'static Location<'static>>) -> Origin {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Origin {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name,
            location,
        }
    }

    /// Formats as `jit (made at src/main.rs:3:9)`.
    fn describe(&self) -> String {
        match self.location {
            Some(at) => format!(
                "{} (made at {}:{}:{})",
                self.name,
                at.file(),
                at.line(),
                at.column()
            ),
            None => self.name.into(),
        }
    }

    /// Returns the reason why an array of this trace has no value.
    pub(crate) fn no_value(&self, of: &ArrayType) -> String {
        let trace = self.describe();
        match STACK.with_borrow(|stack| stack.iter().any(|trace| trace.origin.id == self.id)) {
            true => format!(
                "an array {of} inside {trace} has no value yet, it is being traced: return it and look at the result, \
                 or choose with where_"
            ),
            false => self.ended(of),
        }
    }

    fn ended(&self, of: &ArrayType) -> String {
        let trace = self.describe();
        format!("an array {of} of {trace} is used outside of it: only what the function returns has a value")
    }
}

struct Trace {
    origin: Arc<Origin>,
    builder: Builder,
    /// Captured arrays that the program uses. While they are held, no other array gets their identity.
    hidden: Vec<Array>,
    /// The input for each captured array, by the array's identity.
    inputs: FxHashMap<(u64, usize), Var>,
    /// The arguments of the function, if it is traced at a point: their values are known.
    arguments: Option<Arrays>,
    /// The values of the first variables, if a value was looked at. All values before the one looked at are
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

/// Returns true if the innermost trace is a transformation's own: the user did not write its operations.
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

/// Traces a function of arrays of these types and weakness.
#[track_caller]
pub(crate) fn trace<U: Tree>(
    origin: Origin,
    inputs: impl IntoIterator<Item = (ArrayType, bool)>,
    f: impl FnOnce(Arrays) -> U,
) -> Traced {
    trace_leaves(origin, inputs.into_iter().collect(), None, &mut once(f))
}

/// Traces a function at a point: the function may look at values that depend on known arguments.
#[track_caller]
pub(crate) fn trace_at<U: Tree>(origin: Origin, arguments: &[Array], f: impl FnOnce(Arrays) -> U) -> Traced {
    let types = input_types(arguments).collect();
    trace_leaves(origin, types, Some(arguments.into()), &mut once(f))
}

/// Returns a function as [`trace_leaves`] takes it.
fn once<U: Tree>(f: impl FnOnce(Arrays) -> U) -> impl FnMut(Arrays) -> Leaves {
    let mut f = Some(f);
    move |arrays| Leaves::of(f.take().expect("a function is traced once")(arrays))
}

/// Traces a function of arrays. It is compiled once, for all functions: only [`once`] depends on the types
/// of their results.
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

/// Returns the value of a variable of a trace at a point: runs the equations that were traced so far. Values
/// are cached, so each equation runs once.
#[track_caller]
pub(crate) fn value_of(tracer: &Tracer) -> Result<Data, String> {
    let depth = STACK.with_borrow(|stack| {
        let found = stack
            .iter()
            .rposition(|trace| trace.origin.id == tracer.origin.id);
        found.filter(|&depth| stack[depth].arguments.is_some())
    });
    let Some(depth) = depth else {
        return Err(tracer.origin.no_value(&tracer.of));
    };
    // The stack is not borrowed while an equation runs.
    let (inputs, equations, mut values) = STACK.with_borrow_mut(|stack| {
        let trace = &mut stack[depth];
        let arguments = trace.arguments.iter().flatten().chain(&trace.hidden).cloned();
        let inputs: Vec<(Var, Array)> = trace.builder.inputs().iter().copied().zip(arguments).collect();
        let equations = trace.builder.equations()[trace.evaluated..].to_vec();
        let values = Values {
            depth,
            found: std::mem::take(&mut trace.values),
            evaluated: trace.evaluated,
        };
        (inputs, equations, values)
    });
    if let Some(value) = values.get(tracer.var) {
        return Ok(value);
    }
    let device = device_of(inputs.iter().map(|(_, array)| array));
    let (outer, concrete): (Vec<_>, Vec<_>) = inputs.into_iter().partition(|(_, array)| array.is_traced());
    let found = values.found.iter().flatten().next().map(Data::device);
    let mut known = vec![];
    for (var, array) in outer {
        if let (None, Repr::Tracer(tracer)) = (values.get(var), &array.0) {
            known.push((var, value_of(tracer)?));
        }
    }
    let first = known.first().map(|(_, data)| data.device());
    let device = or_default(device.or(found).or(first));
    // The values that were found before are all on one device.
    if found.is_some_and(|found| found != device) {
        for data in values.found.iter_mut().flatten() {
            *data = along(device, data.clone());
        }
    }
    for (var, data) in known {
        values.put(var, along(device, data));
    }
    for (var, array) in concrete {
        if values.get(var).is_none() {
            values.put(var, on("look", device, array));
        }
    }
    for equation in &equations {
        // An effect happens when the function runs.
        if !matches!(equation.op, Op::Effect(_)) {
            let operands = equation
                .inputs
                .iter()
                .map(|var| values.get(*var).expect("defined before"));
            let results = run_op(&quiet(&equation.op), device, operands.collect());
            for (var, value) in equation.outputs.iter().zip(results) {
                values.put(*var, value);
            }
        }
        values.evaluated += 1;
    }
    Ok(values.get(tracer.var).expect("all so far was run"))
}

/// Moves a known value to the device of the others. Only a scalar may move.
fn along(device: Device, data: Data) -> Data {
    let array = match data.array_type().shape.is_empty() {
        true => Array::free(data, false),
        false => Array::concrete(data, false),
    };
    on("look", device, array)
}

/// The known values of a trace, moved out of the trace, and moved back on drop.
struct Values {
    depth: usize,
    found: Vec<Option<Data>>,
    evaluated: usize,
}

impl Values {
    fn get(&self, var: Var) -> Option<Data> {
        self.found.get(var.index()).cloned().flatten()
    }

    fn put(&mut self, var: Var, value: Data) {
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

impl Array {
    /// Returns the identity of the array, which is unique while the array is held. Clones have one identity.
    pub(crate) fn identity(&self) -> (u64, usize) {
        match &self.0 {
            Repr::Tracer(tracer) => (tracer.origin.id, tracer.var.index()),
            Repr::Concrete(concrete) => (0, Arc::as_ptr(concrete) as usize),
            Repr::Literal(_) => unreachable!("plain numbers are not told apart"),
        }
    }
}

fn push(builder: &mut Builder, op: Op, inputs: &[Var]) -> Result<Few<Var, 3>, String> {
    builder.push(op, inputs).map_err(|error| error.to_string())
}

/// Raises an error at the user's line if one of the arrays belongs to a trace that is not in progress on this
/// thread.
#[track_caller]
pub(crate) fn check_alive(op: &str, arrays: &[Array]) {
    for array in arrays {
        if let Repr::Tracer(tracer) = &array.0 {
            let id = tracer.origin.id;
            if !STACK.with_borrow(|stack| stack.iter().rev().any(|trace| trace.origin.id == id)) {
                raise(op, tracer.origin.ended(&tracer.of))
            }
        }
    }
}

/// Applies an op to arrays whose types fit it. In a trace, the op becomes an equation; otherwise it runs. A
/// result without an entry in `weak` is not weak.
///
/// # Panics
/// When the op does not take these operands: public functions check before.
#[track_caller]
pub(crate) fn bind(op: Op, operands: &[&Array], weak: &[bool]) -> Arrays {
    let _under_way = under_way(&|| op.name());
    if !is_tracing() {
        // The op's programs have literals, and caches must not depend on them.
        if !op.programs().is_empty() {
            return run_structure(&op, operands, weak);
        }
        let name = label(&op);
        let operands: Arrays = operands.iter().map(|&x| x.clone()).collect();
        let results: Vec<Array> = staged(
            name,
            (op, Few::<bool, 4>::from(weak)),
            operands,
            |(op, weak), operands| {
                let operands: Few<&Array, 4> = operands.iter().collect();
                bind(op.clone(), &operands, weak).into_vec()
            },
        );
        return results.into();
    }
    let bound = STACK.with_borrow_mut(|stack| -> Result<Arrays, String> {
        let inputs = operands
            .iter()
            .map(|array| variable(stack, array))
            .collect::<Result<Few<Var, 4>, String>>()?;
        let trace = stack.last_mut().expect("a trace is under way");
        let check = nan_check(&op);
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

/// Returns the name, in errors, of an op without programs that a public function binds without a program of
/// its own.
fn label(op: &Op) -> &'static str {
    match op {
        Op::Broadcast { .. } => "broadcast_to",
        _ => "op",
    }
}

/// [`bind`] for an op with one result.
#[track_caller]
pub(crate) fn bind_one(op: Op, operands: &[&Array], weak: bool) -> Array {
    bind(op, operands, &[weak]).remove(0)
}

/// Returns a constant: one value in a shape.
pub(crate) fn constant(value: Scalar, shape: Shape, weak: bool) -> Array {
    bind_one(Op::Constant { value, shape }, &[], weak)
}

#[cfg(test)]
mod tests {
    use super::*;
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
