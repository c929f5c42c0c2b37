//! The parts that transformations share. A transformation reads a program with arrays for its variables, and
//! caches the program that it makes.

use crate::array::Array;
use crate::bind::bind;
use crate::cache::{Cache, Work};
use crate::debug::nans::{made_for, nowhere};
use crate::eager::run_program;
use crate::primitive::filled_like;
use crate::trace::{is_tracing, trace_derived};
use crate::tree::Arrays;
use kiln_backends::program::sister::{lift, put_back, tidy};
use kiln_backends::program::{ArrayType, Equation, Few, Op, Program, Scalar};
use rustc_hash::FxBuildHasher;
use std::any::Any;
use std::fmt::Display;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// A transformation of a program, with all of its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum How {
    /// `(inputs, cotangents of the given outputs) -> cotangents` of those wanted inputs that have one. The
    /// outputs come first, if `outputs` is set. Without it, no equation with an effect is run again.
    Backward {
        wanted: Vec<bool>,
        given: Vec<bool>,
        outputs: bool,
    },
    /// `(inputs, tangents of the given inputs) -> (outputs, tangents)`, with the tangents of the first
    /// `results` outputs that are not zero everywhere. If `apart` is set, no output waits for a tangent.
    Forward {
        given: Vec<bool>,
        results: usize,
        apart: bool,
    },
    /// A forward and a backward pass.
    Split { wanted: Vec<bool>, given: Vec<bool> },
    /// The outputs, and then the tangents of the first `results` outputs for the tangents of some inputs.
    Linearized { given: Vec<bool>, results: usize },
    /// `inputs -> outputs`, with a new first axis of length `size` on the given inputs and on those outputs
    /// that depend on them.
    Batch { given: Vec<bool>, size: usize },
}

/// The result of a transformation of a program.
#[derive(Clone)]
pub(crate) struct Derived {
    pub(crate) program: Arc<Program>,
    /// Marks the cotangents or tangents of [`How`] that are among the results. For a batch, marks the results
    /// with the new axis.
    pub(crate) present: Arc<[bool]>,
}

/// Returns the transformed program. `make` runs in a trace of its own, and the result is tidied and cached.
/// `make` takes the program, with its literals lifted, and arrays of the given types. It returns the results
/// and [`Derived::present`].
pub(crate) fn derived(
    program: &Arc<Program>,
    how: How,
    types: impl FnOnce() -> Vec<ArrayType>,
    make: impl FnOnce(&Arc<Program>, &[Array]) -> (Vec<Array>, Vec<bool>),
) -> Derived {
    derived_as(program, how, |program| {
        let mut present = Vec::new();
        let program = trace_program(&types(), |inputs| {
            let (outputs, flags) = make(program, inputs);
            present = flags;
            outputs
        });
        Derived {
            program: Arc::new(program),
            present: present.into(),
        }
    })
}

/// A value that is made of a program whose literals were lifted.
pub(crate) trait OfLifted: Clone + Send + Sync + 'static {
    /// Puts literals back into the programs of the value.
    fn put_back(self, numbers: &Arc<[Scalar]>) -> Self;

    /// Returns the number of bytes that the value takes.
    fn bytes(&self) -> usize;
}

impl OfLifted for Derived {
    fn put_back(self, numbers: &Arc<[Scalar]>) -> Derived {
        Derived {
            program: put_back(&self.program, numbers),
            ..self
        }
    }

    fn bytes(&self) -> usize {
        self.program.bytes()
    }
}

/// Caches like [`derived`], for any value that is made of a program. Programs that differ only in their
/// literals share the value.
pub(crate) fn derived_as<T: OfLifted>(
    program: &Arc<Program>,
    how: How,
    make: impl FnOnce(&Arc<Program>) -> T,
) -> T {
    struct Entry {
        of: Arc<Program>,
        how: How,
        /// A `Kept<T>`.
        made: Box<dyn Any + Send + Sync>,
    }
    static CACHE: LazyLock<Cache<Arc<Entry>>> = LazyLock::new(Cache::new);
    let (lifted, numbers) = lift(program);
    let hash = FxBuildHasher.hash_one((&lifted, &how));
    let is_it = |entry: &Arc<Entry>| entry.how == how && entry.of == lifted;
    let entry = CACHE.find(hash, is_it).unwrap_or_else(|| {
        let _work = Work::begin();
        let made = make(&lifted);
        let copies = if numbers.is_empty() { 1 } else { 2 };
        let bytes = size_of::<Entry>() + lifted.bytes() + copies * made.bytes();
        let entry = Arc::new(Entry {
            of: lifted.clone(),
            how: how.clone(),
            made: Box::new(Kept {
                made,
                last: Mutex::new(None),
            }),
        });
        CACHE.insert(hash, entry.clone(), bytes);
        entry
    });
    let kept = entry.made.downcast_ref::<Kept<T>>();
    kept.expect("one type for each way").with(&numbers)
}

/// A value made of a lifted program, and the same value with the last literals. The same function is often
/// differentiated again.
struct Kept<T> {
    made: T,
    last: Mutex<Option<(Arc<[Scalar]>, T)>>,
}

impl<T: OfLifted> Kept<T> {
    fn with(&self, numbers: &Arc<[Scalar]>) -> T {
        // A program without literals may have been lifted by the caller, who puts them back.
        if numbers.is_empty() {
            return self.made.clone();
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((of, made)) if of == numbers => made.clone(),
            _ => {
                let made = self.made.clone().put_back(numbers);
                *last = Some((numbers.clone(), made.clone()));
                made
            }
        }
    }
}

/// Traces a function for inputs of these types, and returns the tidied program. The function may read its
/// inputs only.
pub(crate) fn trace_program(types: &[ArrayType], f: impl FnOnce(&[Array]) -> Vec<Array>) -> Program {
    let inputs = types.iter().map(|of| (of.clone(), false));
    let _nowhere = nowhere();
    let traced = trace_derived(inputs, |inputs| f(&inputs));
    assert!(traced.hidden.is_empty(), "a rule reads its inputs only");
    tidy(&traced.program)
}

/// Returns zeros of an array's type and weakness.
pub(crate) fn zeros_like(x: &Array) -> Array {
    filled_like(x, Scalar::from_i64(x.dtype(), 0), x.is_weak())
}

/// Returns the results of a program. In a trace, the program becomes one call; otherwise it runs. Errors
/// begin with `by`.
#[track_caller]
pub(crate) fn call(by: &dyn Display, program: &Arc<Program>, inputs: Arrays) -> Arrays {
    if is_tracing() {
        return bind_strong(Op::Call(program.clone()), &inputs);
    }
    run_program(by, program, inputs)
}

/// Binds an op, with results that are not weak: inside a program dtypes are explicit.
pub(crate) fn bind_strong(op: Op, inputs: &[Array]) -> Arrays {
    let operands: Few<&Array, 4> = inputs.iter().collect();
    bind(op, &operands, &[])
}

/// Reads a program's equations one by one. `rule` maps an equation and its operands to its results.
pub(crate) fn read<V: Clone>(
    program: &Program,
    inputs: &[V],
    mut rule: impl FnMut(&Equation, &[V]) -> Vec<V>,
) -> Vec<V> {
    let mut values: Vec<V> = Vec::with_capacity(program.variables());
    values.extend_from_slice(inputs);
    for (i, equation) in program.equations().iter().enumerate() {
        let _made_for = made_for(program, i);
        let operands: Few<V, 4> = equation
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
