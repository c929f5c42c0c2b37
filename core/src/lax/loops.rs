//! Loops without stacked results: with a counter, a condition, or both.

use super::branches::cond;
use super::carry::{Carry, Consts, names, types};
use super::scan::scan_n;
use crate::array::origin::Origin;
use crate::array::value::value_of;
use crate::array::{Array, Literal, Repr};
use crate::bind::bind;
use crate::config::default_int;
use crate::error::check;
use crate::primitive::cast;
use crate::promote::{Kind, promote};
use crate::trace::{Traced, trace};
use crate::tree::{Arrays, Tree};
use kiln_backends::program::{ArrayType, DType, Few, Op, Program, Scan, While};
use std::panic::Location;
use std::sync::Arc;

/// Computes `for i in lower..upper { carry = body(i, carry) }` and returns the last carry. The body is traced
/// once. `i` is a weak integer scalar.
///
/// If neither bound is traced, the number of iterations is part of the program. Otherwise the number is known
/// only when the loop runs, and the loop has no derivative in reverse mode.
///
/// The carry keeps its structure, shapes and dtypes. A leaf with a weak dtype, such as `np::full(m, 0)`, is
/// converted before the loop if the body returns it with a stronger dtype.
///
/// # Panics
/// When the body returns the carry with another structure, shape or dtype, or a bound is not an integer
/// scalar.
///
/// ```
/// use kiln::{lax, numpy as np};
/// assert_eq!(lax::fori_loop(0, 5, |i, x| x * 2 + i, np::array([1, 0])).to_string(), "[58 26]");
/// ```
#[track_caller]
pub fn fori_loop<T: Tree>(
    lower: impl Into<Array>,
    upper: impl Into<Array>,
    body: impl Fn(Array, T) -> T,
    init: T,
) -> T {
    const OP: &str = "fori_loop";
    let (lower, upper) = (lower.into(), upper.into());
    for bound in [&lower, &upper] {
        check(bound.dtype().is_integer() && bound.ndim() == 0, OP, || {
            format!("a bound is {}, not an integer scalar", bound.array_type())
        });
    }
    let kind = match [&lower.0, &upper.0] {
        [Repr::Literal(_), Repr::Literal(_)] => Kind {
            dtype: default_int(),
            weak: true,
        },
        _ => promote([lower.kind(), upper.kind()]),
    };
    let iterations = number(&lower)
        .zip(number(&upper))
        .map(|(lower, upper)| upper.saturating_sub(lower));
    // `settled` refuses a bound that does not fit.
    let upper = upper.settled(OP, kind);
    let first = cast(&lower.settled(OP, kind), kind);
    // The counter comes before the user's carry.
    let mut carry = Carry::named(OP, (first, init), |(_, carry)| {
        std::iter::once("the counter".into())
            .chain(names("carry", carry))
            .collect()
    });
    let traced = carry.settle(&[], |(i, x), _| {
        let next = cast(&(&i + 1), kind);
        ((next, body(i, x)), ())
    });
    let results = match iterations {
        Some(iterations) => {
            let consts = Consts::of(&traced.hidden);
            let scan = Scan {
                body: Arc::new(consts.first(&traced.program, &traced.hidden, |_, outputs| outputs)),
                length: usize::try_from(iterations).unwrap_or(0),
                consts: consts.arrays.len(),
                carries: carry.arrays.len(),
                reverse: false,
            };
            let operands: Few<&Array, 8> = consts.arrays.iter().chain(&carry.arrays).collect();
            bind(Op::Scan(scan), &operands, &carry.weak())
        }
        None => {
            let upper = cast(&upper, kind);
            let test = trace(
                Origin::new(OP, Some(Location::caller())),
                types(&carry.arrays),
                |carry| carry[0].less(&upper),
            );
            loop_while(&test, &traced.program, &traced.hidden, &carry)
        }
    };
    let (_, result): (Array, T) = carry.structure.rebuild(results);
    result
}

/// Returns the value of a bound, if it is known.
#[track_caller]
fn number(bound: &Array) -> Option<i64> {
    match &bound.0 {
        Repr::Literal(Literal::Int(number)) => Some(*number),
        Repr::Literal(_) => None,
        Repr::Concrete(_) => Some(bound.item::<i64>()),
        Repr::Tracer(tracer) => {
            let value = value_of(tracer).ok()?;
            Some(Array::concrete(value, false).item::<i64>())
        }
    }
}

/// Computes `while condition(carry) { carry = body(carry) }` and returns the last carry. The condition and
/// the body are traced once. The condition is a bool scalar.
///
/// The carry keeps its structure, shapes and dtypes, as in [`fori_loop`]. The loop has no derivative in
/// reverse mode, because the number of iterations is not known. [`while_loop_bounded`] has one.
///
/// # Panics
/// When the body returns the carry with another structure, shape or dtype, or the condition is not a bool
/// scalar.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// let halved = lax::while_loop(|x: &Array| x.sum().gt(1), |x| x / 2, np::array([3.0, 5.0]));
/// assert_eq!(halved.to_string(), "[0.375 0.625]");
/// ```
#[track_caller]
pub fn while_loop<T: Tree>(condition: impl Fn(&T) -> Array, body: impl Fn(T) -> T, init: T) -> T {
    const OP: &str = "while_loop";
    let mut carry = Carry::new(OP, init);
    let traced = carry.settle(&[], |x, _| (body(x), ()));
    let test = trace(
        Origin::new(OP, Some(Location::caller())),
        types(&carry.arrays),
        |arguments| condition(&carry.structure.rebuild(arguments)),
    );
    check_condition(OP, &test.program.output_types()[0]);
    let results = loop_while(&test, &traced.program, &traced.hidden, &carry);
    carry.structure.rebuild(results)
}

/// Computes [`while_loop`] with at most `max_trips` iterations. This loop has a derivative in reverse mode.
///
/// The loop is traced as a [`scan`](super::scan()). Its iterations keep the carry once the condition is
/// false, and the engine leaves the loop then. The derivative allocates memory for the residuals of all
/// iterations.
///
/// # Panics
/// When the body returns the carry with another structure, shape or dtype, or the condition is not a bool
/// scalar.
///
/// ```
/// use kiln::{Array, grad, lax};
/// let root = |a: f64| lax::while_loop_bounded(|x: &Array| (x * x - a).abs().gt(1e-6), |x| (&x + a / &x) / 2, 1.0.into(), 50);
/// assert_eq!(root(2.0).to_string(), "1.4142135");
/// let slope = grad(|a: Array| {
///     let start = (a.clone(), Array::from(1.0));
///     let improve = |(a, x): (Array, Array)| (a.clone(), (&x + a / &x) / 2);
///     lax::while_loop_bounded(|(a, x): &(Array, Array)| (x * x - a).abs().gt(1e-6), improve, start, 50).1
/// });
/// assert!((slope(4.0.into()).item::<f64>() - 0.25).abs() < 1e-5); // 1 / (2 √4)
/// ```
#[track_caller]
pub fn while_loop_bounded<T: Tree>(
    condition: impl Fn(&T) -> Array,
    body: impl Fn(T) -> T,
    init: T,
    max_trips: usize,
) -> T {
    const OP: &str = "while_loop_bounded";
    let mut carry = Carry::new(OP, init);
    let traced = carry.settle(&[], |x, _| (body(x), ()));
    let test = trace(
        Origin::new(OP, Some(Location::caller())),
        types(&carry.arrays),
        |arguments| condition(&carry.structure.rebuild(arguments)),
    );
    check_condition(OP, &test.program.output_types()[0]);

    let call = |program: &Arc<Program>, hidden: &[Array], x: &[Array], weak: &[bool]| {
        let operands: Few<&Array, 8> = x.iter().chain(hidden).collect();
        bind(Op::Call(program.clone()), &operands, weak)
    };
    let (program, test_program, weak) = (Arc::new(traced.program), Arc::new(test.program), carry.weak());
    let holds = |x: &[Array]| call(&test_program, &test.hidden, x, &[]).remove(0);
    let goes_on = |x: Vec<Array>| {
        let next = call(&program, &traced.hidden, &x, &weak).into_vec();
        (holds(&next), next)
    };
    let start = (holds(&carry.arrays), carry.arrays.to_vec());
    let step = |(going, x): (Array, Vec<Array>)| (cond(going, goes_on, |x| (false.into(), x), x), ());
    let ((_, results), ()) = scan_n(step, start, max_trips);
    carry.structure.rebuild(results)
}

#[track_caller]
fn check_condition(op: &str, of: &ArrayType) {
    check(*of == ArrayType::new(DType::Bool, []), op, || {
        format!("the condition returns {of}, not a bool scalar")
    });
}

/// Binds a loop that repeats a traced body while a traced condition holds.
#[track_caller]
fn loop_while<T: Tree>(test: &Traced, body: &Program, hidden: &[Array], carry: &Carry<T>) -> Arrays {
    let mut consts = Consts::of(hidden);
    consts.add(&test.hidden);
    let op = While {
        condition: Arc::new(consts.first(&test.program, &test.hidden, |_, outputs| outputs)),
        body: Arc::new(consts.first(body, hidden, |_, outputs| outputs)),
        consts: consts.arrays.len(),
    };
    let operands: Few<&Array, 8> = consts.arrays.iter().chain(&carry.arrays).collect();
    bind(Op::While(op), &operands, &carry.weak())
}
