//! What transformations share: a program is read with arrays for its variables, and what is made of it is kept.

use crate::Array;
use crate::eager::run_program;
use crate::record::{Recording, bind, is_recording, record};
use crate::tree::Arrays;
use kiln_backends::program::{ArrayType, Equation, Op, Program, tidy};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, PoisonError};

/// A way to make a program of another one, with everything that the result depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum How {
    /// `(inputs, cotangents of the given outputs) -> cotangents` of those of the wanted inputs that have one.
    Backward { wanted: Vec<bool>, given: Vec<bool> },
    /// `(inputs, tangents of the given inputs) -> (outputs, tangents)` of those outputs that have one.
    Forward { given: Vec<bool> },
    /// `inputs -> outputs`, with a new first axis of length `size` on the given inputs and on those outputs that depend on them.
    Batch { given: Vec<bool>, size: usize },
}

/// What was made of a program.
#[derive(Clone)]
pub(crate) struct Derived {
    pub(crate) program: Arc<Program>,
    /// Which of the things that [`How`] names are among the results; or, for a batch, which results have the new axis.
    pub(crate) present: Arc<[bool]>,
}

/// What a transformation makes of a program: made by `make` in a recording of its own, tidied, and kept for the next time. `make` gets arrays of
/// the given types, and gives the results and [`Derived::present`].
pub(crate) fn derived(
    program: &Arc<Program>,
    how: How,
    types: impl FnOnce() -> Vec<ArrayType>,
    make: impl FnOnce(&[Array]) -> (Vec<Array>, Vec<bool>),
) -> Derived {
    type Made = FxHashMap<(Arc<Program>, How), Derived>;
    /// The cache holds this many programs; then it starts afresh.
    const CAPACITY: usize = 4096;
    static CACHE: Mutex<Option<Made>> = Mutex::new(None);
    let lock = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (program.clone(), how);
    if let Some(derived) = lock().get_or_insert_default().get(&key) {
        return derived.clone();
    }
    let mut present = Vec::new();
    let inputs = types().into_iter().map(|of| (of, false));
    let recorded = record(Recording::new("transformation", None), inputs, |inputs| {
        let (outputs, flags) = make(&inputs);
        present = flags;
        outputs
    });
    assert!(recorded.hidden.is_empty(), "a rule reads its inputs only");
    let derived = Derived {
        program: Arc::new(tidy(&recorded.program)),
        present: present.into(),
    };
    let mut guard = lock();
    let cache = guard.get_or_insert_default();
    if cache.len() >= CAPACITY {
        cache.clear();
    }
    cache.insert(key, derived.clone());
    derived
}

/// The results of a program: in a recording as one call, else by running it.
pub(crate) fn call(program: &Arc<Program>, inputs: Arrays) -> Arrays {
    if is_recording() {
        return bind_strong(Op::Call(program.clone()), &inputs);
    }
    run_program(program, inputs)
}

/// The results of an op, none of them weak: inside a program dtypes are explicit.
pub(crate) fn bind_strong(op: Op, inputs: &[Array]) -> Arrays {
    let operands: SmallVec<[&Array; 4]> = inputs.iter().collect();
    bind(op, &operands, &[])
}

/// Reads a program's equations one by one: `rule` gives the results of each for its operands.
pub(crate) fn read<V: Clone>(
    program: &Program,
    inputs: &[V],
    mut rule: impl FnMut(&Equation, &[V]) -> Vec<V>,
) -> Vec<V> {
    let mut values: Vec<V> = Vec::with_capacity(program.variables());
    values.extend_from_slice(inputs);
    for equation in program.equations() {
        let operands: SmallVec<[V; 4]> = equation
            .inputs
            .iter()
            .map(|var| values[var.index()].clone())
            .collect();
        let results = rule(equation, &operands);
        values.extend(results);
    }
    program
        .outputs()
        .iter()
        .map(|var| values[var.index()].clone())
        .collect()
}

/// Applies a program's equations to arrays.
pub(crate) fn evaluate(program: &Program, inputs: &[Array]) -> Vec<Array> {
    read(program, inputs, |equation, operands| {
        bind_strong(equation.op.clone(), operands).into_vec()
    })
}
