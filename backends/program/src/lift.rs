//! Literals as operands: another number does not make another program.
//!
//! [`lift`] takes the float literals out of a program and gives them as a list. What is left is the key of caches, and what is derived from it and
//! compiled serves every list. A literal that decides about the program stays in it: see [`lift`].

use crate::op::{Binary, Op};
use crate::program::Program;
use crate::{DType, Scalar, Shape};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A number in a program: one that is known, one of the list that [`lift`] gives, or one that is computed from them before the program runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formula {
    /// A literal that stays in the program.
    Known(Scalar),
    /// The number at this place of the list.
    Listed {
        /// The place.
        place: u32,
        /// The number's dtype.
        dtype: DType,
    },
    /// Minus a number.
    Neg(Arc<Formula>),
    /// A number in another float dtype.
    Cast(DType, Arc<Formula>),
    /// The sum, difference, product or quotient of two numbers.
    Binary(Binary, Arc<(Formula, Formula)>),
}

impl Formula {
    /// The dtype of the number.
    pub fn dtype(&self) -> DType {
        match self {
            Formula::Known(number) => number.dtype(),
            Formula::Listed { dtype, .. } | Formula::Cast(dtype, _) => *dtype,
            Formula::Neg(x) => x.dtype(),
            Formula::Binary(_, operands) => operands.0.dtype(),
        }
    }

    /// The number, given the list: what folding the literals would have given, bit for bit.
    ///
    /// # Panics
    /// When the list is shorter than the one that [`lift`] gave.
    pub fn value(&self, numbers: &[Scalar]) -> Scalar {
        match self {
            Formula::Known(number) => *number,
            Formula::Listed { place, .. } => numbers[*place as usize],
            Formula::Neg(x) => negated(x.value(numbers)),
            Formula::Cast(dtype, x) => x.value(numbers).cast(*dtype),
            Formula::Binary(f, operands) => {
                let (x, y) = (operands.0.value(numbers), operands.1.value(numbers));
                arithmetic(*f, x, y).expect("one of the four operations on floats")
            }
        }
    }

    /// The op whose result is this number everywhere.
    pub(crate) fn everywhere(self, shape: Shape) -> Op {
        match self {
            Formula::Known(value) => Op::Constant { value, shape },
            number => Op::Lifted { number, shape },
        }
    }

    /// The number, if it is known.
    pub(crate) fn known(&self) -> Option<Scalar> {
        match self {
            Formula::Known(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn negated(self) -> Formula {
        match self {
            Formula::Known(number) => Formula::Known(negated(number)),
            Formula::Neg(x) => (*x).clone(),
            x => Formula::Neg(Arc::new(x)),
        }
    }

    /// The number in another dtype, where that can be said before the number is known: between floats.
    pub(crate) fn cast(self, dtype: DType) -> Option<Formula> {
        match self {
            Formula::Known(number) => Some(Formula::Known(number.cast(dtype))),
            x if dtype.is_float() && x.has_room() => Some(Formula::Cast(dtype, Arc::new(x))),
            _ => None,
        }
    }

    /// One of the four operations that every machine computes alike; `None` for the others.
    pub(crate) fn binary(f: Binary, x: Formula, y: Formula) -> Option<Formula> {
        if let (Formula::Known(x), Formula::Known(y)) = (&x, &y) {
            return arithmetic(f, *x, *y).map(Formula::Known);
        }
        let is_one_of_four = matches!(f, Binary::Add | Binary::Sub | Binary::Mul | Binary::Div);
        (is_one_of_four && x.has_room() && y.has_room()).then(|| Formula::Binary(f, Arc::new((x, y))))
    }

    /// Whether a formula of it would still be a short one: what many numbers give is left to the program.
    fn has_room(&self) -> bool {
        const MOST: usize = 8;
        self.size() < MOST
    }

    fn size(&self) -> usize {
        match self {
            Formula::Known(_) | Formula::Listed { .. } => 1,
            Formula::Neg(x) | Formula::Cast(_, x) => 1 + x.size(),
            Formula::Binary(_, operands) => 1 + operands.0.size() + operands.1.size(),
        }
    }
}

/// The program without its float literals, and these as a list; [`put_back`] is the way back. Also within the programs that it runs. A
/// number that stands in several places is listed once, so that what is computed with it is still recognized as the same.
///
/// What decides about the program stays a literal: integers and bools, shapes and bounds, floats that are 0, 1, -1 or not finite, and floats that
/// become a bool or an integer, as a comparison of two literals does. A program that [`lift`] gave stays as it is.
///
/// ```
/// use kiln::{Array, numpy as np, program};
/// use kiln_program::lift;
/// use std::sync::Arc;
/// let scaled = |c: f64| Arc::new(program(move |x: Array| (x * c).sin() + 1, np::ones(3)));
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

/// A program without its literals, and these.
pub type Lifted = (Arc<Program>, Arc<[Scalar]>);

/// The program with the numbers of a list as literals again.
///
/// ```
/// use kiln::{Array, numpy as np, program};
/// use kiln_program::{lift, put_back};
/// use std::sync::Arc;
/// let doubled = Arc::new(program(|x: Array| 2.0 * x, np::ones(3)));
/// let (lifted, numbers) = lift(&doubled);
/// assert_eq!(put_back(&lifted, &numbers), doubled);
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
        // The way back is known.
        let lifted = (program.clone(), numbers.clone());
        whole.without_literals(|| Some(lifted));
    }
    whole
}

/// Whether a literal can be lifted.
pub(crate) fn is_literal(value: Scalar) -> bool {
    let number = value.as_f64();
    value.dtype().is_float() && number.is_finite() && ![0.0, 1.0, -1.0].contains(&number)
}

#[derive(Default)]
struct Lift {
    numbers: Vec<Scalar>,
    places: FxHashMap<Scalar, u32>,
    /// What was lifted before: programs are shared.
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

/// For each variable, whether it is made of literals alone, and a bool or an integer comes of it.
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

fn negated(x: Scalar) -> Scalar {
    if x.dtype().is_float() {
        Scalar::from_f64(x.dtype(), -x.as_f64())
    } else {
        Scalar::from_i64(x.dtype(), x.as_i64().wrapping_neg())
    }
}

/// The four operations that every machine computes alike; `None` for the others.
fn arithmetic(f: Binary, x: Scalar, y: Scalar) -> Option<Scalar> {
    let dtype = x.dtype();
    match dtype {
        DType::Bool => None,
        DType::F32 | DType::F64 => {
            let (x64, y64) = (x.as_f64(), y.as_f64());
            let (x32, y32) = (x64 as f32, y64 as f32);
            // Operands of f32 are computed in f32, so that they are rounded once.
            let (wide, narrow) = match f {
                Binary::Add => (x64 + y64, x32 + y32),
                Binary::Sub => (x64 - y64, x32 - y32),
                Binary::Mul => (x64 * y64, x32 * y32),
                Binary::Div => (x64 / y64, x32 / y32),
                _ => return None,
            };
            Some(if dtype == DType::F32 {
                Scalar::from_f32(narrow)
            } else {
                Scalar::from_f64(dtype, wide)
            })
        }
        _ => {
            let (x, y) = (x.as_i64(), y.as_i64());
            let value = match f {
                Binary::Add => x.wrapping_add(y),
                Binary::Sub => x.wrapping_sub(y),
                Binary::Mul => x.wrapping_mul(y),
                _ => return None,
            };
            Some(Scalar::from_i64(dtype, value))
        }
    }
}
