//! Outside of a trace, a public function runs as a small program of its own, which is traced on first use and
//! cached.
//!
//! `np::var(&x)` is one fused program, and the program of `x + y` contains its casts and broadcasts. Each is
//! exactly the program that `jit` of the function would run.

use crate::array::Array;
use crate::array::new::settle_numbers;
use crate::array::origin::Origin;
use crate::array::place::{all_free, device_for, on};
use crate::cache::{Cache, Charge, Work, check_limit};
use crate::config::{Switches, debug_nans_enabled};
use crate::debug::nans::{under_way, watched};
use crate::error::raise;
use crate::trace::{Traced, check_alive, input_types, is_tracing, trace_leaves};
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::program::sister::lift;
use kiln_backends::program::{Builder, DType, Few, Op, Program, Scalar, Shape};
use kiln_backends::{Data, Device, Executable};
use rustc_hash::{FxBuildHasher, FxHasher};
use std::any::{Any, TypeId};
use std::fmt::Display;
use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::Location;
use std::sync::{Arc, LazyLock};

/// The types of a function's array arguments, which determine its program.
pub(crate) type Signature = Few<(DType, bool, Shape), 3>;

/// Returns true if arrays have the types of a signature.
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

/// A compiled function, with all values that a call of it needs.
pub(crate) struct Compiled {
    device: Device,
    executable: Lifted,
    hidden: Vec<Data>,
    weak: Few<bool, 4>,
}

impl Compiled {
    /// Compiles a traced function whose hidden inputs are all in memory.
    #[track_caller]
    pub(crate) fn new(
        op: &str,
        device: Device,
        program: &Arc<Program>,
        hidden: &[Array],
        weak: &[bool],
    ) -> Compiled {
        Compiled {
            device,
            executable: Lifted::compile(&op, program, device),
            hidden: all_on(op, device, hidden.iter().cloned()),
            weak: weak.into(),
        }
    }

    /// Runs the function, and returns its results' leaves. They reuse the memory of arguments that have no
    /// other handle. `op` is the function's name in errors.
    #[track_caller]
    pub(crate) fn run(&self, op: &dyn Display, arguments: Arrays) -> Arrays {
        // A result that depends on plain numbers only is not bound to a device.
        let free = self.hidden.is_empty() && all_free(&arguments);
        let mut data = all_on(op, self.device, arguments);
        data.extend(self.hidden.iter().cloned());
        let results = self.executable.run(op, data);
        let results = results.into_iter().zip(&self.weak);
        results.map(|(data, &weak)| result(data, free, weak)).collect()
    }
}

/// Returns the elements of arrays on a device. A closure would lose the caller's line.
#[track_caller]
fn all_on(op: impl Display, device: Device, arrays: impl IntoIterator<Item = Array>) -> Vec<Data> {
    let arrays = arrays.into_iter();
    let mut data = Vec::with_capacity(arrays.size_hint().0);
    for array in arrays {
        data.push(on(&op, device, array));
    }
    data
}

fn result(data: Data, free: bool, weak: bool) -> Array {
    match free && data.array_type().shape.is_empty() {
        true => Array::free(data, weak),
        false => Array::concrete(data, weak),
    }
}

/// An executable for all programs that differ only in their literals, and the literals of one program.
struct Lifted {
    compilation: Arc<Compilation>,
    numbers: Arc<[Scalar]>,
}

impl Lifted {
    #[track_caller]
    fn compile(op: &dyn Display, program: &Arc<Program>, device: Device) -> Lifted {
        let (program, numbers) = lift(program);
        Lifted {
            compilation: compile(op, program, device),
            numbers,
        }
    }

    #[track_caller]
    fn run(&self, op: impl Display, inputs: Vec<Data>) -> Vec<Data> {
        match watched(|| self.compilation.executable.run(inputs, &self.numbers)) {
            Ok(results) => results,
            Err(error) => raise(op, error),
        }
    }
}

/// Runs a program on the device of its inputs. Its results are not weak. Errors begin with `by`.
#[track_caller]
pub(crate) fn run_program(by: &dyn Display, program: &Arc<Program>, inputs: Arrays) -> Arrays {
    let device = device_for(&inputs);
    let inputs = all_on(by, device, inputs);
    let results = Lifted::compile(by, program, device).run(by, inputs);
    results
        .into_iter()
        .map(|data| Array::concrete(data, false))
        .collect()
}

/// Runs an op that holds programs outside of a trace. A result without an entry in `weak` is not weak.
#[track_caller]
pub(crate) fn run_structure(op: &Op, operands: &[&Array], weak: &[bool]) -> Arrays {
    let name = public_name(op);
    let operands = settled(&name, operands.iter().map(|&x| x.clone()).collect());
    let device = device_for(&operands);
    let free = all_free(&operands);
    let operands = all_on(&name, device, operands);
    let weak = weak.iter().copied().chain(std::iter::repeat(false));
    let results = run_op(op, device, operands).into_iter().zip(weak);
    results.map(|(data, weak)| result(data, free, weak)).collect()
}

/// Runs one op on a device.
#[track_caller]
pub(crate) fn run_op(op: &Op, device: Device, operands: Vec<Data>) -> Vec<Data> {
    let mut builder = Builder::new();
    let inputs: Vec<_> = operands
        .iter()
        .map(|x| builder.input(x.array_type().clone()))
        .collect();
    let outputs = builder.push(op.clone(), &inputs).expect("an op of a trace");
    let program = Arc::new(builder.finish(&outputs));
    let name = public_name(op);
    Lifted::compile(&name, &program, device).run(&name, operands)
}

/// Returns the name of the function of `lax` that makes an op.
fn public_name(op: &Op) -> String {
    match op {
        Op::While(_) => "while_loop".into(),
        op => op.name(),
    }
}

/// The executable of a program on a device.
struct Compilation {
    program: Arc<Program>,
    device: Device,
    executable: Executable,
    _charge: Charge,
}

/// Compiles a program for a device. Equal programs share the result.
#[track_caller]
fn compile(op: &dyn Display, program: Arc<Program>, device: Device) -> Arc<Compilation> {
    static CACHE: LazyLock<Cache<Arc<Compilation>>> = LazyLock::new(Cache::new);
    let hash = FxBuildHasher.hash_one((&program, device));
    let is_it = |of: &Arc<Compilation>| of.device == device && of.program == program;
    if let Some(found) = CACHE.find(hash, is_it) {
        return found;
    }
    let _work = Work::begin();
    let executable = match Executable::compile(&program, device) {
        Ok(executable) => executable,
        Err(error) => raise(op, error),
    };
    // The bytes count while a handle on the executable exists, in this cache or elsewhere.
    let compilation = Arc::new(Compilation {
        _charge: Charge::new(executable.bytes() + program.bytes()),
        program,
        device,
        executable,
    });
    CACHE.insert(hash, compilation.clone(), 0);
    compilation
}

struct Entry {
    function: TypeId,
    parameters: Box<dyn Any + Send + Sync>,
    signature: Signature,
    switches: Switches,
    device: Device,
    /// The line of the call, if the trace depends on it.
    at: Option<&'static Location<'static>>,
    compiled: Compiled,
    /// The structure of the results.
    results: Structure,
}

thread_local! {
    static CACHE: Cache<Arc<Entry>> = Cache::new();
}

/// Runs `build(parameters, inputs)`. Within a trace, it runs as it is. Otherwise it runs as a program that is
/// traced and compiled once for every combination of parameters, types of inputs and 64-bit switch.
///
/// `build` must capture nothing, so that its type identifies it. Check arguments before the call: errors
/// inside do not show the user's line. Plain numbers among the inputs take their default dtype.
///
/// ```
/// use kiln_core::{Array, sister::staged, numpy as np};
/// fn scaled_norm(x: &Array, power: i32) -> Array {
///     staged("scaled_norm", power, [x.clone()], |&power, x| (&x[0] * &x[0]).sum().sqrt() * 10_f64.powi(power))
/// }
/// assert_eq!(scaled_norm(&np::array([3.0, 4.0]), 1).to_string(), "50.0");
/// ```
#[track_caller]
pub fn staged<P, R, F>(op: &str, parameters: P, inputs: impl IntoIterator<Item = Array>, build: F) -> R
where
    P: Hash + Eq + Send + Sync + 'static,
    R: Tree,
    F: Fn(&P, &[Array]) -> R + 'static,
{
    const { assert!(size_of::<F>() == 0, "a staged function captures nothing") };
    let inputs = settled(op, inputs.into_iter().collect());
    let _under_way = under_way(&|| op.into());
    if is_tracing() {
        return build(&parameters, &inputs);
    }
    let function = TypeId::of::<F>();
    let mut state = FxHasher::default();
    parameters.hash(&mut state);
    let key = Key::new(function, state, &inputs);
    let entry = match key.find(&inputs, &|of| of.downcast_ref() == Some(&parameters)) {
        Some(entry) => entry,
        None => {
            let traced = key.trace(&inputs, &mut |inputs| Leaves::of(build(&parameters, &inputs)));
            key.insert(op, &inputs, traced, Box::new(parameters), size_of::<P>())
        }
    };
    entry.results.rebuild(entry.compiled.run(&op, inputs))
}

/// Converts plain numbers to their default dtype, and refuses arrays of traces that have ended.
#[track_caller]
fn settled(op: &str, mut inputs: Arrays) -> Arrays {
    settle_numbers(op, &mut inputs);
    check_alive(op, &inputs);
    inputs
}

/// The part of an [`Entry`]'s key that needs no comparison of parameters and types.
struct Key {
    function: TypeId,
    switches: Switches,
    device: Device,
    at: Option<&'static Location<'static>>,
    hash: u64,
}

impl Key {
    #[track_caller]
    fn new(function: TypeId, mut state: FxHasher, inputs: &[Array]) -> Key {
        let device = device_for(inputs);
        let at = debug_nans_enabled().then_some(Location::caller());
        function.hash(&mut state);
        hash_types(inputs, &mut state);
        device.hash(&mut state);
        Key {
            function,
            switches: Switches::now(),
            device,
            at,
            hash: state.finish(),
        }
    }

    fn find(&self, inputs: &[Array], has_parameters: &dyn Fn(&dyn Any) -> bool) -> Option<Arc<Entry>> {
        let is_it = |entry: &Arc<Entry>| {
            entry.function == self.function
                && entry.switches == self.switches
                && entry.device == self.device
                && entry.at == self.at
                && has_parameters(&*entry.parameters)
                && matches(&entry.signature, inputs)
        };
        CACHE.with(|cache| cache.find(self.hash, is_it))
    }

    #[track_caller]
    fn trace(&self, inputs: &[Array], build: &mut dyn FnMut(Arrays) -> Leaves) -> (Traced, Work) {
        check_limit();
        let work = Work::begin();
        let types = input_types(inputs).collect();
        (trace_leaves(Origin::new("eager", None), types, None, build), work)
    }

    /// Compiles a trace and caches it. The work of tracing and compiling ends here.
    #[track_caller]
    fn insert(
        self,
        op: &str,
        inputs: &[Array],
        (traced, _work): (Traced, Work),
        parameters: Box<dyn Any + Send + Sync>,
        size: usize,
    ) -> Arc<Entry> {
        let program = Arc::new(traced.program);
        let entry = Arc::new(Entry {
            function: self.function,
            parameters,
            signature: signature_of(inputs),
            switches: self.switches,
            device: self.device,
            at: self.at,
            compiled: Compiled::new(op, self.device, &program, &traced.hidden, &traced.weak),
            results: traced.structure,
        });
        CACHE.with(|cache| cache.insert(self.hash, entry.clone(), size_of::<Entry>() + size));
        entry
    }
}

/// A function that captures nothing, as a parameter of [`staged`]. Its type identifies it.
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
