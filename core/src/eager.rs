//! Outside of a recording, a public function runs as a small program of its own, recorded on first use and kept.
//!
//! `np::var(&x)` is one fused program, the casts and broadcasts of `x + y` are within theirs: exactly what `jit` of the
//! function would run.

use crate::Array;
use crate::array::Repr;
use crate::config::{Switches, debug_nans_enabled};
use crate::debug::{under_way, watched};
use crate::error::raise;
use crate::place::{all_free, device_for, on};
use crate::recent::Recent;
use crate::record::{Recording, check_alive, is_recording, record};
use crate::transform::weight;
use crate::tree::{Arrays, Structure, Tree};
use kiln_backends::program::{ArrayType, Builder, DType, Op, Program, Shape};
use kiln_backends::{Data, Device, Executable};
use rustc_hash::FxHasher;
use smallvec::SmallVec;
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

/// What the program of a function depends on apart from the function: the types of its array arguments.
pub(crate) type Signature = SmallVec<[(DType, bool, Shape); 3]>;

/// Whether arrays have the types of a signature.
pub(crate) fn matches(signature: &Signature, arrays: &[Array]) -> bool {
    signature.len() == arrays.len()
        && signature.iter().zip(arrays).all(|((dtype, weak, shape), array)| {
            let kind = array.kind();
            *dtype == kind.dtype && *weak == kind.weak && shape == array.shape()
        })
}

pub(crate) fn hash_types(arrays: &[Array], state: &mut FxHasher) {
    for array in arrays {
        let kind = array.kind();
        state.write_usize(kind.dtype as usize * 2 + usize::from(kind.weak));
        array.shape().iter().for_each(|&n| state.write_usize(n));
    }
}

pub(crate) fn signature_of(arrays: &[Array]) -> Signature {
    arrays
        .iter()
        .map(|array| (array.dtype(), array.is_weak(), array.shape().clone()))
        .collect()
}

pub(crate) fn input_types(arrays: &[Array]) -> impl Iterator<Item = (ArrayType, bool)> {
    arrays.iter().map(|array| (array.array_type(), array.is_weak()))
}

/// A compiled function: what a call of it needs.
pub(crate) struct Compiled {
    device: Device,
    executable: Arc<Executable>,
    hidden: Vec<Data>,
    weak: SmallVec<[bool; 4]>,
    structure: Structure,
}

impl Compiled {
    /// Compiles a recorded function whose hidden inputs are all in memory.
    #[track_caller]
    pub(crate) fn new(
        op: &str,
        device: Device,
        program: &Program,
        hidden: &[Array],
        weak: &[bool],
        structure: Structure,
    ) -> Compiled {
        Compiled {
            device,
            executable: compile(op, program, device),
            hidden: hidden.iter().map(|array| on(op, device, array.clone())).collect(),
            weak: weak.into(),
            structure,
        }
    }

    /// Runs it; the memory of arguments that nobody else holds is reused.
    #[track_caller]
    pub(crate) fn run<R: Tree>(&self, op: &str, arguments: Arrays) -> R {
        // What comes of plain numbers alone is one.
        let free = self.hidden.is_empty() && all_free(&arguments);
        let mut data = Vec::with_capacity(arguments.len() + self.hidden.len());
        data.extend(arguments.into_iter().map(|array| on(op, self.device, array)));
        data.extend(self.hidden.iter().cloned());
        let results = execute(op, &self.executable, data);
        self.structure
            .rebuild(results.into_iter().zip(&self.weak).map(|(data, &weak)| {
                match free && data.array_type().shape.is_empty() {
                    true => Array::free(data, weak),
                    false => Array::concrete(data, weak),
                }
            }))
    }
}

#[track_caller]
fn execute(op: &str, executable: &Executable, inputs: Vec<Data>) -> Vec<Data> {
    match watched(|| executable.run(inputs)) {
        Ok(results) => results,
        Err(error) => raise(op, error),
    }
}

/// Runs a program where its inputs are; its results are not weak.
#[track_caller]
pub(crate) fn run_program(program: &Program, inputs: Arrays) -> Arrays {
    const OP: &str = "run";
    let device = device_for(&inputs);
    let inputs = inputs.into_iter().map(|array| on(OP, device, array)).collect();
    let results = execute(OP, &compile(OP, program, device), inputs);
    results
        .into_iter()
        .map(|data| Array::concrete(data, false))
        .collect()
}

/// Runs one op on a device.
#[track_caller]
pub(crate) fn run_op(op: &Op, device: Device, operands: Vec<Data>) -> Vec<Data> {
    let mut builder = Builder::new();
    let inputs: Vec<_> = operands
        .iter()
        .map(|x| builder.input(x.array_type().clone()))
        .collect();
    let outputs = builder.push(op.clone(), &inputs).expect("an op of a recording");
    let program = builder.finish(&outputs);
    execute(&op.name(), &compile(&op.name(), &program, device), operands)
}

/// The executable of a program on a device, shared by all that record the same one.
#[track_caller]
fn compile(op: &str, program: &Program, device: Device) -> Arc<Executable> {
    /// How many equations the programs of the cache hold, for each device.
    const LIMIT: usize = 1 << 17;
    type Executables = Recent<Program, Arc<Executable>>;
    static CACHES: Mutex<BTreeMap<Device, Executables>> = Mutex::new(BTreeMap::new());
    let with = |f: &mut dyn FnMut(&mut Executables)| {
        let mut caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
        f(caches.entry(device).or_insert_with(|| Recent::new(LIMIT)));
    };
    let mut found = None;
    with(&mut |cache| found = cache.get(program).cloned());
    if let Some(executable) = found {
        return executable;
    }
    let executable = match Executable::compile(program, device) {
        Ok(executable) => Arc::new(executable),
        Err(error) => raise(op, error),
    };
    with(&mut |cache| cache.insert(program.clone(), executable.clone(), weight(program)));
    executable
}

struct Entry {
    function: TypeId,
    parameters: Box<dyn Any>,
    signature: Signature,
    switches: Switches,
    device: Device,
    /// Where it was called, if what is recorded says so.
    at: Option<&'static Location<'static>>,
    compiled: Compiled,
}

thread_local! {
    /// As many functions as a program is likely to call.
    static CACHE: RefCell<Recent<u64, SmallVec<[Rc<Entry>; 1]>>> = RefCell::new(Recent::new(4096));
}

/// Runs `build(parameters, inputs)`: in a recording as it is, else as a program that is recorded and compiled once for
/// every combination of parameters, types of inputs and 64-bit switch.
///
/// `build` must capture nothing, so that its type is its identity. Check arguments before: inside, errors do not come from
/// the user's line. Plain numbers among the inputs take the dtype that they have on their own.
///
/// ```
/// use kiln_core::{Array, eager::staged, numpy as np};
/// fn scaled_norm(x: &Array, power: i32) -> Array {
///     staged("scaled_norm", power, [x.clone()], |&power, x| (&x[0] * &x[0]).sum().sqrt() * 10_f64.powi(power))
/// }
/// assert_eq!(scaled_norm(&np::array([3.0, 4.0]), 1).to_string(), "50.0");
/// ```
#[track_caller]
pub fn staged<P, R, F>(op: &str, parameters: P, inputs: impl IntoIterator<Item = Array>, build: F) -> R
where
    P: Hash + Eq + 'static,
    R: Tree,
    F: Fn(&P, &[Array]) -> R + 'static,
{
    const { assert!(size_of::<F>() == 0, "a staged function captures nothing") };
    let mut inputs: Arrays = inputs.into_iter().collect();
    for input in &mut inputs {
        if let Repr::Literal(number) = input.0 {
            *input = input.clone().settled(op, number.kind());
        }
    }
    check_alive(op, &inputs);
    let _under_way = under_way(|| op.into());
    if is_recording() {
        return build(&parameters, &inputs);
    }
    let switches = Switches::now();
    let device = device_for(&inputs);
    let at = if debug_nans_enabled() {
        Some(Location::caller())
    } else {
        None
    };
    let function = TypeId::of::<F>();
    let mut state = FxHasher::default();
    function.hash(&mut state);
    parameters.hash(&mut state);
    hash_types(&inputs, &mut state);
    device.hash(&mut state);
    let hash = state.finish();
    let found = CACHE.with_borrow_mut(|cache| {
        let entries = cache.get(&hash)?;
        let entry = entries.iter().find(|entry| {
            entry.function == function
                && entry.switches == switches
                && entry.device == device
                && entry.at == at
                && entry.parameters.downcast_ref::<P>() == Some(&parameters)
                && matches(&entry.signature, &inputs)
        });
        entry.cloned()
    });
    let entry = found.unwrap_or_else(|| {
        let recorded = record(Recording::new("eager", None), input_types(&inputs), |inputs| {
            build(&parameters, &inputs)
        });
        let entry = Rc::new(Entry {
            function,
            parameters: Box::new(parameters),
            signature: signature_of(&inputs),
            switches,
            device,
            at,
            compiled: Compiled::new(
                op,
                device,
                &recorded.program,
                &recorded.hidden,
                &recorded.weak,
                recorded.structure,
            ),
        });
        CACHE.with_borrow_mut(|cache| match cache.get(&hash) {
            Some(entries) => entries.push(entry.clone()),
            None => cache.insert(hash, SmallVec::from_elem(entry.clone(), 1), 1),
        });
        entry
    });
    entry.compiled.run(op, inputs)
}

/// A function that captures nothing as a parameter of [`staged`]: its type says all.
#[derive(Clone, Copy)]
pub(crate) struct Pure<F>(pub(crate) F);

impl<F> PartialEq for Pure<F> {
    fn eq(&self, _: &Self) -> bool {
        const { assert!(size_of::<F>() == 0, "a staged function captures nothing") };
        true
    }
}

impl<F> Eq for Pure<F> {}

impl<F> Hash for Pure<F> {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
