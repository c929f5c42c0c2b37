//! Chooses between functions, and between elements.

use super::carry::{Consts, listed, names, settled, types};
use crate::array::origin::Origin;
use crate::array::{Array, Repr};
use crate::bind::bind;
use crate::error::{check, raise};
use crate::numpy::arithmetic::where_;
use crate::primitive::cast;
use crate::promote::{Kind, promote};
use crate::trace::{Traced, check_alive, is_tracing, trace};
use crate::tree::{Arrays, Structure, Tree};
use kiln_backends::program::{ArrayType, DType, Few, Op};
use std::panic::Location;
use std::sync::Arc;

/// Computes `if predicate { true_fn(operand) } else { false_fn(operand) }`. The predicate can be a traced
/// scalar, whose value is known only when the program runs.
///
/// Outside of a trace, only the chosen function runs. In a trace, both functions are traced, and the program
/// runs the chosen one. A number as predicate is true if it is not 0. A result with a weak dtype takes the
/// dtype of the other function's result.
///
/// # Panics
/// When the predicate is not a scalar. In a trace, when the results differ in structure, shape or dtype.
///
/// ```
/// use kiln::{Array, jit, lax, numpy as np};
/// let f = jit(|x: Array| lax::cond(x.sum().gt(0), |x| x * 2, |x: Array| -x, x));
/// assert_eq!(f(np::array([1.0, 2.0])).to_string(), "[2. 4.]");
/// assert_eq!(f(np::array([1.0, -2.0])).to_string(), "[-1.  2.]");
/// ```
#[track_caller]
pub fn cond<T: Tree, U: Tree>(
    predicate: impl Into<Array>,
    true_fn: impl Fn(T) -> U,
    false_fn: impl Fn(T) -> U,
    operand: T,
) -> U {
    const OP: &str = "cond";
    let predicate = predicate.into();
    check(predicate.ndim() == 0, OP, || {
        format!(
            "the predicate is {}, not a scalar: reduce it with all or any, or choose between elements with select",
            predicate.array_type()
        )
    });
    check_alive(OP, std::slice::from_ref(&predicate));
    if is_known(&predicate) {
        return if predicate.item::<bool>() {
            true_fn(operand)
        } else {
            false_fn(operand)
        };
    }
    let (operands, structure) = settled(OP, operand);
    let on_true = Branch::trace(OP, "true_fn".into(), &true_fn, &operands, &structure);
    let on_false = Branch::trace(OP, "false_fn".into(), &false_fn, &operands, &structure);
    choose(OP, &branch_number(&predicate), vec![on_false, on_true], operands)
}

/// Computes `branches[index](operand)`. The index can be a traced scalar, whose value is known only when the
/// program runs. An index out of bounds chooses the nearest branch.
///
/// `branches` is an array or a `Vec` of functions of one type: closures that capture nothing, boxed closures,
/// or references `&dyn Fn(T) -> U`. The rules for traces and for weak dtypes are those of [`cond`].
///
/// # Panics
/// When there are no branches, or the index is not an integer scalar. In a trace, when the results differ in
/// structure, shape or dtype.
///
/// ```
/// use kiln::{Array, jit, lax, numpy as np};
/// let f = jit(|(i, x): (Array, Array)| lax::switch(i, [|x: Array| x.sin(), |x: Array| x.cos(), |x: Array| x * 0], x));
/// assert_eq!(f((1.into(), np::zeros(2))).to_string(), "[1. 1.]");
/// assert_eq!(f((7.into(), np::ones(2))).to_string(), "[0. 0.]"); // the last one
/// ```
#[track_caller]
pub fn switch<T: Tree, U: Tree, F: Fn(T) -> U>(
    index: impl Into<Array>,
    branches: impl IntoIterator<Item = F>,
    operand: T,
) -> U {
    const OP: &str = "switch";
    let index = index.into();
    check(index.dtype().is_integer() && index.ndim() == 0, OP, || {
        format!("the index is {}, not an integer scalar", index.array_type())
    });
    check_alive(OP, std::slice::from_ref(&index));
    let branches: Vec<F> = branches.into_iter().collect();
    let Some(last) = branches.len().checked_sub(1) else {
        raise(OP, "there are no branches")
    };
    if last == 0 {
        return branches[0](operand);
    }
    if is_known(&index) {
        // The index is clamped in its own dtype, because a `u64` may be too large for an `i64`.
        let number = match index.dtype() {
            DType::U64 => index.item::<u64>().min(last as u64) as usize,
            _ => index.item::<i64>().clamp(0, last as i64) as usize,
        };
        return branches[number](operand);
    }
    let (operands, structure) = settled(OP, operand);
    let mut traced = Vec::with_capacity(branches.len());
    for (i, f) in branches.iter().enumerate() {
        traced.push(Branch::trace(OP, format!("branch {i}"), f, &operands, &structure));
    }
    // Clamps the index in a dtype that holds both the index and the number of branches.
    let kind = index.kind();
    let index = index.settled(OP, kind);
    let index = match index.dtype().size() {
        ..4 => cast(&index, Kind::strong(DType::I32)),
        _ => index,
    };
    let index = index.clip(0, last);
    choose(OP, &cast(&index, Kind::strong(DType::I32)), traced, operands)
}

/// Returns the elements of `on_true` where the predicate is true, and those of `on_false` elsewhere. Both
/// have one shape and dtype. The predicate has bools, and is a scalar or has the same shape.
/// [`where_`](crate::numpy::where_) promotes and broadcasts.
///
/// # Panics
/// When the shapes or dtypes differ, or the predicate does not have bools.
///
/// ```
/// use kiln::{lax, numpy as np};
/// assert_eq!(lax::select(&np::array([true, false]), &np::array([1, 2]), &np::array([3, 4])).to_string(), "[1 4]");
/// ```
#[track_caller]
pub fn select(predicate: &Array, on_true: &Array, on_false: &Array) -> Array {
    let (x, y, p) = (
        on_true.array_type(),
        on_false.array_type(),
        predicate.array_type(),
    );
    check(x == y, "select", || {
        format!("chooses between {x} and {y}: they must be equal")
    });
    check(
        p.dtype == DType::Bool && (p.shape.rank() == 0 || p.shape == x.shape),
        "select",
        || {
            format!(
                "the predicate is {p}: it must be bool, of shape {} or ()",
                x.shape
            )
        },
    );
    where_(predicate, on_true, on_false)
}

/// Returns true if the value is known now, outside of a trace.
fn is_known(x: &Array) -> bool {
    !is_tracing() && !matches!(x.0, Repr::Tracer(_))
}

/// Returns 0 for false, 1 for true.
fn branch_number(predicate: &Array) -> Array {
    let kind = predicate.kind();
    let holds = cast(
        &predicate.clone().settled("cond", kind),
        Kind::strong(DType::Bool),
    );
    cast(&holds, Kind::strong(DType::I32))
}

/// A traced branch.
struct Branch {
    /// The name of the branch in errors.
    name: String,
    traced: Traced,
    results: Vec<String>,
}

impl Branch {
    #[track_caller]
    fn trace<T: Tree, U: Tree>(
        op: &'static str,
        name: String,
        f: &impl Fn(T) -> U,
        operands: &[Array],
        structure: &Structure,
    ) -> Branch {
        let mut results = vec![];
        let origin = Origin::new(op, Some(Location::caller()));
        let traced = trace(origin, types(operands), |arguments| {
            let out = f(structure.rebuild(arguments));
            results = names("result", &out);
            out
        });
        Branch {
            name,
            traced,
            results,
        }
    }

    fn types(&self) -> Vec<ArrayType> {
        self.traced.program.output_types()
    }

    fn kind(&self, result: usize) -> Kind {
        Kind {
            dtype: self.types()[result].dtype,
            weak: self.traced.weak[result],
        }
    }
}

/// Binds the choice between traced branches.
#[track_caller]
fn choose<U: Tree>(op: &str, which: &Array, branches: Vec<Branch>, operands: Arrays) -> U {
    let kinds = common_kinds(op, &branches);
    let mut consts = Consts::default();
    branches
        .iter()
        .for_each(|branch| consts.add(&branch.traced.hidden));
    let programs = branches.iter().map(|branch| {
        let Traced { program, hidden, .. } = &branch.traced;
        Arc::new(consts.first(program, hidden, |builder, outputs| {
            let cast = |(var, kind): (_, &Kind)| match builder.type_of(var).dtype == kind.dtype {
                true => var,
                false => builder
                    .push(Op::Cast(kind.dtype), &[var])
                    .expect("any dtype casts")[0],
            };
            outputs.into_iter().zip(&kinds).map(cast).collect()
        }))
    });
    let weak: Few<bool, 8> = kinds.iter().map(|kind| kind.weak).collect();
    let inputs: Few<&Array, 8> = [which]
        .into_iter()
        .chain(&consts.arrays)
        .chain(&operands)
        .collect();
    let results = bind(Op::Cond(programs.collect()), &inputs, &weak);
    branches[0].traced.structure.rebuild(results)
}

/// Returns the common dtype and weakness of each result of the branches.
#[track_caller]
fn common_kinds(op: &str, branches: &[Branch]) -> Vec<Kind> {
    let first = &branches[0];
    let mut differ: Vec<String> = vec![];
    let mut kinds: Vec<Kind> = (0..first.results.len()).map(|i| first.kind(i)).collect();
    for other in &branches[1..] {
        let (x, y) = (first.types(), other.types());
        check(first.traced.structure == other.traced.structure, op, || {
            let (x, y) = (listed(&first.results, x.iter()), listed(&other.results, y.iter()));
            match x == y {
                true => format!("{} and {} give different static values", first.name, other.name),
                false => format!(
                    "{} returns {x} and {} returns {y}: they must have the same structure",
                    first.name, other.name
                ),
            }
        });
        for (i, kind) in kinds.iter_mut().enumerate() {
            let common = promote([*kind, other.kind(i)]);
            let gives_way = |kind: Kind| kind.dtype == common.dtype || kind.weak;
            if x[i].shape == y[i].shape && gives_way(*kind) && gives_way(other.kind(i)) {
                *kind = common;
            } else {
                differ.push(format!(
                    "{} is {} from {} and {} from {}",
                    first.results[i], x[i], first.name, y[i], other.name
                ));
            }
        }
    }
    check(differ.is_empty(), op, || {
        format!("{}: they must be equal", differ.join(", and "))
    });
    kinds
}
