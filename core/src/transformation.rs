//! The parts that `grad`, `vjp`, `jacobian` and `custom` share: the user's line, the leaves of arguments, and
//! the trace of a function.

use crate::argnums::Argnums;
use crate::array::Array;
use crate::array::origin::Origin;
use crate::cache::check_limit;
use crate::depend::{Mode, obstacle};
use crate::error::raise;
use crate::jit::settled;
use crate::trace::{Traced, check_alive, trace, trace_at};
use crate::transform::{call, zeros_like};
use crate::tree::{Arrays, Leaves, Structure, Tree, paths};
use kiln_backends::program::{ArrayType, Program};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A transformation of a function, and the user's line that made it.
#[derive(Clone, Copy)]
pub(crate) struct Transformation {
    pub(crate) name: &'static str,
    pub(crate) location: &'static Location<'static>,
}

/// Formats as `grad (made at src/main.rs:3:9)`. The line of the call is not known, because a closure cannot
/// be `#[track_caller]`.
impl fmt::Display for Transformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (made at {})", self.name, self.location)
    }
}

impl Transformation {
    #[track_caller]
    pub(crate) fn new(name: &'static str) -> Transformation {
        check_limit();
        Transformation {
            name,
            location: Location::caller(),
        }
    }

    /// Raises an error with the line that made the function. The current call may come from another line.
    #[track_caller]
    pub(crate) fn raise(&self, fact: String) -> ! {
        raise(self, fact)
    }

    /// Returns the results of a program that the transformation made.
    #[track_caller]
    pub(crate) fn call(&self, program: &Arc<Program>, inputs: Arrays) -> Arrays {
        call(self, program, inputs)
    }

    #[track_caller]
    pub(crate) fn leaves(&self, leaves: Leaves) -> Leaves {
        let leaves = settled(leaves);
        check_alive(self.name, &leaves.arrays);
        leaves
    }

    /// Traces a function at a point.
    #[track_caller]
    pub(crate) fn trace_at<U: Tree>(&self, arrays: &[Array], f: impl FnOnce(Arrays) -> U) -> Traced {
        trace_at(Origin::new(self.name, Some(self.location)), arrays, f)
    }

    /// Traces a function of arrays that have no values.
    #[track_caller]
    pub(crate) fn trace<U: Tree>(
        &self,
        types: impl IntoIterator<Item = (ArrayType, bool)>,
        f: impl FnOnce(Arrays) -> U,
    ) -> Traced {
        trace(Origin::new(self.name, Some(self.location)), types, f)
    }

    #[track_caller]
    pub(crate) fn check_way(&self, program: &Program, moving: &[bool], results: &[bool], mode: Mode) {
        if let Some(reason) = obstacle(program, moving, results, mode) {
            self.raise(reason)
        }
    }

    /// Returns the arguments that `A` names, and the function of these. The other arguments are held fixed.
    pub(crate) fn of_wanted<A: Argnums<T>, T, R>(
        self,
        f: impl FnOnce(T) -> R,
        x: T,
    ) -> (A::Wanted, impl FnOnce(A::Wanted) -> R) {
        let (wanted, rest) = A::split(x);
        let rest = self.leaves(Leaves::of(rest));
        let f = move |wanted| f(A::join(wanted, rest.structure.rebuild(rest.arrays)));
        (wanted, f)
    }

    /// Returns the leaves of a tree that must have this structure and these types.
    #[track_caller]
    pub(crate) fn matching(
        &self,
        what: &str,
        tree: impl Tree,
        structure: &Structure,
        types: &[ArrayType],
    ) -> Arrays {
        let names = paths(&tree);
        let leaves = self.leaves(Leaves::of(tree));
        if leaves.structure != *structure || leaves.arrays.len() != types.len() {
            self.raise(format!(
                "{what} has {} leaves, or another structure, for {} leaves",
                leaves.arrays.len(),
                types.len()
            ))
        }
        // A closure would lose the caller's line.
        let mut settled = Arrays::new();
        for ((x, of), name) in leaves.arrays.into_iter().zip(types).zip(names) {
            let found = x.array_type();
            let x = match x.is_weak() && of.dtype.is_float() && found.shape == of.shape {
                true => x.astype(of.dtype),
                false => x,
            };
            if of.dtype.is_float() && x.array_type() != *of {
                self.raise(format!("{what}{name} is {found}, it must be {of}"))
            }
            settled.push(x);
        }
        settled
    }
}

pub(crate) fn with_weakness(arrays: Vec<Array>, weak: &[bool]) -> impl Iterator<Item = Array> {
    arrays
        .into_iter()
        .zip(weak.to_vec())
        .map(|(x, weak)| x.with_weak(weak))
}

/// Returns derivatives with the types and weakness of the arrays that they belong to. A missing derivative is
/// zeros.
pub(crate) fn like<'a>(arrays: &'a [Array], found: Vec<Option<Array>>) -> impl Iterator<Item = Array> + 'a {
    arrays.iter().zip(found).map(|(x, found)| match found {
        Some(found) => found.with_weak(x.is_weak()),
        None => zeros_like(x),
    })
}
