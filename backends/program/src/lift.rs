//! Literals become operands: programs that differ only in float literals share one compiled program.
//!
//! [`lift`] takes the float literals out of a program and returns them as a list. The program that remains is
//! the key of caches. Everything derived from it, compiled code too, serves every list. A literal that
//! decides about the program stays in it: see [`lift`].

use crate::formula::{Formula, is_literal};
use crate::op::Op;
use crate::program::{Lifted, Program};
use crate::scalar::Scalar;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Returns the program without its float literals, and the list of the literals. [`put_back`] is the inverse.
/// The programs that it runs lose their literals too. A number that occurs several times is listed once, so
/// that common subexpressions remain equal.
///
/// A literal that decides about the program stays: integers and bools, shapes and bounds, floats that are 0,
/// 1, -1 or not finite, and floats that become a bool or an integer, as in a comparison of two literals. A
/// program that [`lift`] returned stays as it is.
///
/// ```
/// use kiln_program::{Binary, Builder, DType, Op, Scalar, Shape};
/// use kiln_program::sister::lift;
/// use std::sync::Arc;
/// let scaled = |c: f64| {
///     let mut b = Builder::new();
///     let literal = Op::Constant { value: Scalar::from_f64(DType::F32, c), shape: Shape::scalar() };
///     let x = b.input(kiln_program::ArrayType::new(DType::F32, []));
///     let c = b.push(literal, &[]).unwrap()[0];
///     let y = b.push(Op::Binary(Binary::Mul), &[x, c]).unwrap();
///     Arc::new(b.finish(&y))
/// };
/// let ((double, two), (half, one_half)) = (lift(&scaled(2.0)), lift(&scaled(0.5)));
/// assert_eq!(double, half);
/// assert_eq!((two[0].as_f64(), one_half[0].as_f64()), (2.0, 0.5));
/// ```
pub fn lift(program: &Arc<Program>) -> Lifted {
    let alone = || (program.clone(), Arc::default());
    if program.is_lifted() || !program.has_literals() {
        return alone();
    }
    let lifted = program.without_literals(|| {
        let mut lift = Lift::default();
        let lifted = lift.program(program);
        lifted.is_lifted().then(|| (lifted, lift.numbers.into()))
    });
    lifted.cloned().unwrap_or_else(alone)
}

/// Returns the program with the numbers of a list as literals again.
///
/// ```
/// use kiln_program::{Builder, DType, Op, Scalar, Shape};
/// use kiln_program::sister::{lift, put_back};
/// use std::sync::Arc;
/// let mut b = Builder::new();
/// let literal = Op::Constant { value: Scalar::from_f64(DType::F32, 2.0), shape: Shape::scalar() };
/// let two = b.push(literal, &[])?;
/// let doubled = Arc::new(b.finish(&two));
/// let (lifted, numbers) = lift(&doubled);
/// assert_eq!(put_back(&lifted, &numbers), doubled);
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
pub fn put_back(program: &Arc<Program>, numbers: &Arc<[Scalar]>) -> Arc<Program> {
    fn within(
        program: &Arc<Program>,
        numbers: &[Scalar],
        done: &mut FxHashMap<*const Program, Arc<Program>>,
    ) -> Arc<Program> {
        if !program.is_lifted() {
            return program.clone();
        }
        if let Some(done) = done.get(&Arc::as_ptr(program)) {
            return done.clone();
        }
        let made = Arc::new(program.with_ops(|_, op| match op {
            Op::Lifted { number, shape } => Op::Constant {
                value: number.value(numbers),
                shape: shape.clone(),
            },
            op => op.with_programs(|program| within(program, numbers, done)),
        }));
        done.insert(Arc::as_ptr(program), made.clone());
        made
    }
    let whole = within(program, numbers, &mut FxHashMap::default());
    if program.is_lifted() {
        // The lifted form is known already.
        let lifted = (program.clone(), numbers.clone());
        whole.without_literals(|| Some(lifted));
    }
    whole
}

#[derive(Default)]
struct Lift {
    numbers: Vec<Scalar>,
    places: FxHashMap<Scalar, u32>,
    /// The programs that were lifted already. Programs are shared.
    done: FxHashMap<*const Program, Arc<Program>>,
}

impl Lift {
    fn program(&mut self, program: &Arc<Program>) -> Arc<Program> {
        if !program.has_literals() {
            return program.clone();
        }
        if let Some(done) = self.done.get(&Arc::as_ptr(program)) {
            return done.clone();
        }
        let decides = deciding(program);
        let lifted = Arc::new(program.with_ops(|output, op| match op {
            Op::Constant { value, shape }
                if is_literal(*value) && output.is_none_or(|var| !decides[var.index()]) =>
            {
                let next = self.numbers.len();
                let place = *self.places.entry(*value).or_insert_with(|| {
                    self.numbers.push(*value);
                    u32::try_from(next).expect("fewer literals than variables")
                });
                let number = Formula::Listed {
                    place,
                    dtype: value.dtype(),
                };
                Op::Lifted {
                    number,
                    shape: shape.clone(),
                }
            }
            op => op.with_programs(|program| self.program(program)),
        }));
        self.done.insert(Arc::as_ptr(program), lifted.clone());
        lifted
    }
}

/// Returns, for each variable, true if it is computed from literals alone, and a bool or an integer is
/// computed from it.
fn deciding(program: &Program) -> Vec<bool> {
    let mut fixed = vec![false; program.variables()];
    for equation in program.equations() {
        let all = equation.inputs.iter().all(|var| fixed[var.index()]);
        let is_fixed = all && equation.op.programs().is_empty() && !matches!(equation.op, Op::Iota { .. });
        equation
            .outputs
            .iter()
            .for_each(|var| fixed[var.index()] = is_fixed);
    }
    let mut decides = vec![false; program.variables()];
    for equation in program.equations().iter().rev() {
        let Some(&output) = equation.outputs.first() else {
            continue;
        };
        let discrete = !program.type_of(output).dtype.is_float();
        if fixed[output.index()] && (discrete || decides[output.index()]) {
            equation.inputs.iter().for_each(|var| decides[var.index()] = true);
        }
    }
    decides
}
