//! `jit` traces a function once for every kind of arguments, compiles the program, and runs it at every later
//! call.

use crate::array::new::settle_numbers;
use crate::array::origin::Origin;
use crate::array::place::device_for;
use crate::array::{Array, Repr};
use crate::bind::bind;
use crate::cache::{Cache, Work, check_limit};
use crate::config::Switches;
use crate::eager::{Compiled, Signature, hash_types, matches, signature_of};
use crate::trace::{
    Traced, check_alive, check_alive_or_shaped, input_types, is_tracing, trace, trace_leaves,
};
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::Device;
use kiln_backends::program::{Few, Op, Program};
use rustc_hash::{FxHashMap, FxHasher};
use std::any::TypeId;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

/// Returns a function that traces and compiles `f` once for every kind of arguments, and runs the compiled
/// program at every later call.
///
/// Arguments of one kind agree in structure, shapes, dtypes, weakness, static values and the 64-bit switch.
/// The trace fixes the values that the function reads from outside. A `println!` in the function prints
/// during the trace only. Results agree bit for bit with the results of `f`. Within another trace, the
/// function becomes one call in the program. All `jit`s of one function share their traces, and so do all
/// `jit`s of one closure that captures nothing.
///
/// # Panics
/// The returned function panics when `f` reads the values of a traced array, with `item` or `to_vec`.
///
/// ```
/// use kiln::{Array, jit, numpy as np};
/// use std::cell::Cell;
///
/// let a = Cell::new(1);
/// let f = jit(|x: Array| a.get() + x);
/// assert_eq!(f(np::ones(2)).to_string(), "[2. 2.]");
/// a.set(42);
/// assert_eq!(f(np::ones(2)).to_string(), "[2. 2.]");
/// assert_eq!(f(np::ones(3)).to_string(), "[43. 43. 43.]"); // a new shape is traced afresh
/// ```
#[track_caller]
pub fn jit<T: Tree, U: Tree, F: Fn(T) -> U>(f: F) -> impl Fn(T) -> U + Clone {
    let location = Location::caller();
    check_limit();
    let cache = if size_of::<F>() == 0 {
        // A notebook compiles a function that is written anew under the same type. Its code has another
        // address.
        let code: fn(&F, T) -> U = |f, arguments| f(arguments);
        shared_cache((typeid::of::<F>(), code as *const () as usize))
    } else {
        Arc::new(Traces(Cache::new()))
    };
    let f = Arc::new(f);
    move |arguments: T| cache.call(&*f, location, arguments)
}

/// Returns the program that `f` traces for these arguments, to print or inspect. Captured arrays are inputs
/// after the arguments. An argument may have a shape and a dtype only, see [`shaped`](crate::shaped()).
///
/// ```
/// use kiln::{Array, numpy as np, program};
/// let shown = program(|x: Array| x.sin() * 2, np::ones(3)).to_string();
/// let lines = [
///     "{ a:f32[3] =>",
///     "    b:f32[3] = sin a",
///     "    c:f32[3] = broadcast[(3,) axes=[]] 2.0",
///     "    d:f32[3] = mul b c",
///     "  in (d,) }",
/// ];
/// assert!(shown.lines().eq(lines), "{shown}");
/// ```
#[track_caller]
pub fn program<T: Tree, U: Tree>(f: impl Fn(T) -> U, arguments: T) -> Program {
    let location = Location::caller();
    let leaves = settled(Leaves::of(arguments));
    check_alive_or_shaped("program", &leaves.arrays);
    traced(&f, "program", location, &leaves).program
}

/// The traces of one function.
struct Traces(Cache<Arc<Entry>>);

struct Entry {
    signature: Signature,
    structure: Structure,
    switches: Switches,
    program: Arc<Program>,
    hidden: Vec<Array>,
    weak: Few<bool, 4>,
    /// The structure of the results.
    results: Structure,
    /// One compiled function for each device that a call ran on.
    compiled: Mutex<Few<OnDevice, 1>>,
}

/// A compiled function, and its device.
type OnDevice = (Device, Arc<Compiled>);

/// The type of a function without values, and the address of its code. Functions that share both are equal.
type Code = (TypeId, usize);

/// Returns the cache of all functions with this code.
fn shared_cache(function: Code) -> Arc<Traces> {
    static CACHES: Mutex<Option<FxHashMap<Code, Arc<Traces>>>> = Mutex::new(None);
    let mut caches = CACHES.lock().unwrap_or_else(PoisonError::into_inner);
    caches
        .get_or_insert_default()
        .entry(function)
        .or_insert_with(|| Arc::new(Traces(Cache::new())))
        .clone()
}

/// Converts plain numbers to their default dtype.
#[track_caller]
pub(crate) fn settled(mut leaves: Leaves) -> Leaves {
    settle_numbers("jit", &mut leaves.arrays);
    leaves
}

#[track_caller]
pub(crate) fn traced<T: Tree, U: Tree>(
    f: &impl Fn(T) -> U,
    name: &'static str,
    location: &'static Location<'static>,
    leaves: &Leaves,
) -> Traced {
    let origin = Origin::new(name, Some(location));
    let arguments = input_types(&leaves.arrays);
    trace(origin, arguments, |arguments| {
        f(leaves.structure.rebuild(arguments))
    })
}

impl Traces {
    #[track_caller]
    fn call<T: Tree, U: Tree>(
        &self,
        f: &impl Fn(T) -> U,
        location: &'static Location<'static>,
        arguments: T,
    ) -> U {
        let leaves = settled(Leaves::of(arguments));
        let (entry, work) = self.entry(location, &leaves, &mut |arguments| {
            Leaves::of(f(leaves.structure.rebuild(arguments)))
        });
        entry.results.rebuild(entry.apply(location, leaves.arrays, work))
    }

    /// Returns the trace for these arguments. A new trace is returned with its work in progress.
    #[track_caller]
    fn entry(
        &self,
        location: &'static Location<'static>,
        leaves: &Leaves,
        f: &mut dyn FnMut(Arrays) -> Leaves,
    ) -> (Arc<Entry>, Option<Work>) {
        check_alive("jit", &leaves.arrays);
        let switches = Switches::now();
        let mut state = FxHasher::default();
        leaves.structure.hash(&mut state);
        hash_types(&leaves.arrays, &mut state);
        let hash = state.finish();
        let is_it = |entry: &Arc<Entry>| {
            entry.switches == switches
                && entry.structure == leaves.structure
                && matches(&entry.signature, &leaves.arrays)
        };
        let mut work = None;
        let entry = self.0.find(hash, is_it).unwrap_or_else(|| {
            work = Some(Work::begin());
            let Traced {
                program,
                hidden,
                weak,
                structure,
            } = trace_leaves(
                Origin::new("jit", Some(location)),
                input_types(&leaves.arrays).collect(),
                None,
                f,
            );
            let entry = Arc::new(Entry {
                signature: signature_of(&leaves.arrays),
                structure: leaves.structure.clone(),
                switches,
                program: Arc::new(program),
                hidden,
                weak,
                results: structure,
                compiled: Mutex::default(),
            });
            // A function that captures an array of an outer trace belongs to that trace, and is not cached.
            let mut hidden = entry.hidden.iter();
            if hidden.all(|array| matches!(array.0, Repr::Concrete(_))) {
                let bytes = size_of::<Entry>() + entry.program.bytes();
                self.0.insert(hash, entry.clone(), bytes);
            }
            entry
        });
        (entry, work)
    }
}

impl Entry {
    /// Runs the function, or binds a call of it in the current trace. The `work` of a new trace ends after
    /// the compilation.
    #[track_caller]
    fn apply(&self, location: &'static Location<'static>, arguments: Arrays, work: Option<Work>) -> Arrays {
        let Entry { hidden, weak, .. } = self;
        if is_tracing() {
            let operands: Few<&Array, 8> = arguments.iter().chain(hidden).collect();
            return bind(Op::Call(self.program.clone()), &operands, weak);
        }
        let device = device_for(arguments.iter().chain(hidden));
        let lock = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lock()
            .iter()
            .find(|(of, _)| *of == device)
            .map(|(_, compiled)| compiled.clone());
        let compiled = found.unwrap_or_else(|| {
            let compiled = Arc::new(Compiled::new(
                &format!("jit (made at {location})"),
                device,
                &self.program,
                hidden,
                weak,
            ));
            lock().push((device, compiled.clone()));
            compiled
        });
        drop(work);
        // The line of the call is unknown here, because a closure cannot be `#[track_caller]`.
        compiled.run(&format_args!("jit (made at {location})"), arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, Static, numpy as np, with_x64};
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Returns the jitted `x + 1`, which counts its traces.
    fn counted(count: &Cell<usize>) -> impl Fn(Array) -> Array + Clone {
        jit(|x: Array| {
            count.set(count.get() + 1);
            x + 1
        })
    }

    #[test]
    fn one_trace_for_one_kind_of_arguments() {
        let count = Cell::new(0);
        let f = counted(&count);
        f(np::ones(2));
        f(np::zeros(2));
        assert_eq!(count.get(), 1);
        f(np::ones(3));
        f(np::arange(3));
        assert_eq!(count.get(), 3);
        f(np::full(3, 1));
        assert_eq!(count.get(), 4, "a weak argument is another kind");
        with_x64(true, || f(Array::new(vec![1.0_f32, 1.0], 2)));
        assert_eq!(count.get(), 5, "and so is the 64-bit switch");
        f.clone()(np::ones(2));
        assert_eq!(count.get(), 5, "a clone shares the traces");
    }

    #[test]
    fn structure_and_static_values_are_part_of_the_key() {
        let count = Cell::new(0);
        let f = jit(|(xs, n): (Vec<Array>, Static<i32>)| {
            count.set(count.get() + 1);
            xs.into_iter().fold(Array::from(0), |sum, x| sum + x.pow(n.0))
        });
        let xs = |n: usize| (0..n).map(|_| np::arange(3)).collect::<Vec<_>>();
        assert_eq!(f((xs(2), Static(2))).to_vec::<i32>(), [0, 2, 8]);
        f((xs(2), Static(2)));
        assert_eq!(count.get(), 1);
        assert_eq!(f((xs(2), Static(1))).to_vec::<i32>(), [0, 2, 4]);
        assert_eq!(f((xs(3), Static(1))).to_vec::<i32>(), [0, 3, 6]);
        assert_eq!(count.get(), 3);
    }

    #[test]
    fn a_function_without_captures_is_traced_once_for_all_jits() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        fn f(x: Array) -> Array {
            COUNT.fetch_add(1, Ordering::Relaxed);
            x * 2
        }
        for _ in 0..3 {
            assert_eq!(jit(f)(np::arange(3)).to_vec::<i32>(), [0, 2, 4]);
        }
        assert_eq!(COUNT.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn captured_arrays_are_inputs_not_constants() {
        let table = np::arange(1000);
        let program = program(|x: Array| &table * x, 2.into());
        assert_eq!(program.input_types().len(), 2);
        assert_eq!(jit(|x: Array| table.sum() * x)(2.into()).item::<i32>(), 999_000);
    }

    #[test]
    fn nested_jits_are_calls() {
        let inner = jit(|x: Array| x.sin() * 2);
        let outer = |x: Array| inner(x.clone()) + inner(x);
        let program = program(outer, np::ones(3));
        let calls = program
            .equations()
            .iter()
            .filter(|e| matches!(e.op, Op::Call(_)))
            .count();
        assert_eq!(calls, 2);
        let (x, twice) = (
            np::linspace(0.0, 1.0, 3),
            jit(|x: Array| inner(x.clone()) + inner(x)),
        );
        assert_eq!(twice(x.clone()).to_vec::<f32>(), (4 * x.sin()).to_vec::<f32>());
    }

    #[test]
    fn an_inner_jit_may_capture_what_the_outer_one_traces() {
        let f = jit(|x: Array| {
            let inner = jit(|y: Array| y * &x);
            inner(3.into()) + inner(4.into())
        });
        assert_eq!(f(np::arange(3)).to_vec::<i32>(), [0, 7, 14]);
        assert_eq!(f(np::arange(3) + 1).to_vec::<i32>(), [7, 14, 21]);
    }

    #[test]
    fn weakness_goes_through() {
        let f = jit(|x: Array| x + 1);
        let y = f(2.5.into());
        assert!(y.is_weak());
        assert_eq!((y + np::ones(1).astype(DType::F64)).dtype(), DType::F64);
        assert!(!f(np::ones(1)).is_weak());
        assert!(jit(|(): ()| Array::from(2))(()).is_weak());
    }

    #[test]
    fn a_panic_in_a_trace_ends_it() {
        let f = jit(|x: Array| -> Array { panic!("on purpose: {x}") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(np::ones(2)))).is_err());
        assert!(!crate::trace::is_tracing());
        assert_eq!(np::arange(3).sum().item::<i32>(), 3);
    }
}
