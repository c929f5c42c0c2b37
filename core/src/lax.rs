//! Structured control flow: loops that are one equation of a program.

use crate::Array;
use crate::array::{Literal, Repr};
use crate::config::default_int;
use crate::error::check;
use crate::ops::primitive::cast;
use crate::promote::{Kind, promote};
use crate::record::{Recorded, Recording, bind, check_alive, record};
use crate::tree::{Arrays, Leaves, Structure, Tree, paths};
use kiln_backends::program::{ArrayType, Builder, DType, Op, Program, Scan, Var, While};
use smallvec::SmallVec;
use std::panic::Location;
use std::sync::Arc;

pub use crate::bits::{mul_add, random_bits, uniform};

/// `for i in lower..upper { carry = body(i, carry) }`, recorded as one loop. `i` is a weak integer scalar.
///
/// With plain numbers as bounds the number of trips is part of the program (and the loop can run within the tiles of the
/// engine); with arrays it is known when the loop runs.
///
/// The carry keeps its structure, shapes and dtypes. Where it starts with a weak dtype (as `np::full(m, 0)`) and comes out with
/// a stronger one, it starts with that.
///
/// # Panics
/// When the carry comes out of the body with another structure, shape or dtype, or a bound is not an integer scalar.
///
/// ```
/// use kiln_core::{lax, numpy as np};
/// println!("{}", lax::fori_loop(0, 5, |i, x| x * 2 + i, np::array([1, 0]))); // [58 26]
/// ```
#[track_caller]
pub fn fori_loop<T: Tree>(
    lower: impl Into<Array>,
    upper: impl Into<Array>,
    body: impl Fn(Array, T) -> T,
    init: T,
) -> T {
    let (lower, upper) = (lower.into(), upper.into());
    for bound in [&lower, &upper] {
        check(
            bound.dtype().is_integer() && bound.ndim() == 0,
            "fori_loop",
            || format!("a bound is {}, not an integer scalar", bound.array_type()),
        );
    }
    let names = carry_names(&init);
    let kind = match [&lower.0, &upper.0] {
        [Repr::Literal(_), Repr::Literal(_)] => Kind {
            dtype: default_int(),
            weak: true,
        },
        _ => promote([lower.kind(), upper.kind()]),
    };
    let trips = match (&lower.0, &upper.0) {
        (Repr::Literal(Literal::Int(lower)), Repr::Literal(Literal::Int(upper))) => {
            Some(upper.saturating_sub(*lower))
        }
        _ => None,
    };
    // A bound that does not fit is refused here.
    let _ = upper.clone().settled("fori_loop", kind);
    let first = cast(&lower.settled("fori_loop", kind), kind);
    let mut carry = Carry::new("fori_loop", init, names);
    // The counter is carried before the user's carry.
    let counter = (ArrayType::new(kind.dtype, []), kind.weak);
    let recorded = carry.settle(1, |recording, types, structure| {
        record(
            recording,
            std::iter::once(counter.clone()).chain(types),
            |arguments| {
                let mut arguments = arguments.into_iter();
                let i = arguments.next().expect("the counter comes first");
                let next = cast(&(&i + 1), kind);
                (next, body(i, structure.rebuild(arguments)))
            },
        )
    });
    let n = carry.arrays.len() + 1;
    let weak: SmallVec<[bool; 8]> = std::iter::once(kind.weak)
        .chain(carry.arrays.iter().map(Array::is_weak))
        .collect();
    let results = match trips {
        Some(trips) => {
            let body = with_consts(&recorded.program, n, &recorded.hidden, 0);
            let operands: SmallVec<[&Array; 8]> = recorded
                .hidden
                .iter()
                .chain([&first])
                .chain(&carry.arrays)
                .collect();
            let length = usize::try_from(trips).unwrap_or(0);
            let consts = recorded.hidden.len();
            bind(
                Op::Scan(Scan {
                    body: Arc::new(body),
                    length,
                    consts,
                    carries: n,
                    reverse: false,
                }),
                &operands,
                &weak,
            )
        }
        None => {
            let upper = cast(&upper.settled("fori_loop", kind), kind);
            let types = std::iter::once(counter).chain(carry.types());
            let location = Location::caller();
            let test = record(Recording::new("fori_loop", Some(location)), types, |carry| {
                carry[0].less(&upper)
            });
            loop_while(
                &test,
                &recorded,
                std::iter::once(&first).chain(&carry.arrays),
                &weak,
            )
        }
    };
    carry.structure.rebuild(results.into_iter().skip(1))
}

/// `while condition(carry) { carry = body(carry) }`, recorded as one loop. The condition is a bool scalar.
///
/// The carry keeps its structure, shapes and dtypes, as in [`fori_loop`].
///
/// # Panics
/// When the carry comes out of the body with another structure, shape or dtype, or the condition is no bool scalar.
///
/// ```
/// use kiln_core::{Array, lax, numpy as np};
/// let halved = lax::while_loop(|x: &Array| x.sum().gt(1), |x| x / 2, np::array([3.0, 5.0]));
/// println!("{halved}"); // [0.375 0.625]
/// ```
#[track_caller]
pub fn while_loop<T: Tree>(condition: impl Fn(&T) -> Array, body: impl Fn(T) -> T, init: T) -> T {
    let names = carry_names(&init);
    let mut carry = Carry::new("while_loop", init, names);
    let recorded = carry.settle(0, |recording, types, structure| {
        record(recording, types, |arguments| body(structure.rebuild(arguments)))
    });
    let structure = &carry.structure;
    let test = record(
        Recording::new("while_loop", Some(Location::caller())),
        carry.types(),
        |arguments| condition(&structure.rebuild(arguments)),
    );
    let of = &test.program.output_types()[0];
    check(*of == ArrayType::new(DType::Bool, []), "while_loop", || {
        format!("the condition gives {of}, not a bool scalar")
    });
    let weak: SmallVec<[bool; 8]> = carry.arrays.iter().map(Array::is_weak).collect();
    carry
        .structure
        .rebuild(loop_while(&test, &recorded, carry.arrays.iter(), &weak))
}

fn loop_while<'a>(
    test: &'a Recorded,
    body: &'a Recorded,
    carry: impl Iterator<Item = &'a Array>,
    weak: &[bool],
) -> Arrays {
    let consts: Vec<Array> = body.hidden.iter().chain(&test.hidden).cloned().collect();
    let op = While {
        condition: Arc::new(with_consts(&test.program, weak.len(), &consts, body.hidden.len())),
        body: Arc::new(with_consts(&body.program, weak.len(), &consts, 0)),
        consts: consts.len(),
    };
    let operands: SmallVec<[&Array; 8]> = body.hidden.iter().chain(&test.hidden).chain(carry).collect();
    bind(Op::While(op), &operands, weak)
}

fn carry_names(carry: &impl Tree) -> Vec<String> {
    paths(carry)
        .into_iter()
        .map(|path| {
            if path.is_empty() {
                "carry".into()
            } else {
                format!("carry{path}")
            }
        })
        .collect()
}

/// What goes round a loop.
struct Carry {
    op: &'static str,
    arrays: Arrays,
    structure: Structure,
    names: Vec<String>,
}

impl Carry {
    #[track_caller]
    fn new(op: &'static str, init: impl Tree, names: Vec<String>) -> Carry {
        let Leaves { arrays, structure } = Leaves::of(init);
        check_alive(op, &arrays);
        let settled = arrays.into_iter().map(|x| {
            let kind = x.kind();
            x.settled(op, kind)
        });
        Carry {
            op,
            arrays: settled.collect(),
            structure,
            names,
        }
    }

    fn types(&self) -> Vec<(ArrayType, bool)> {
        self.arrays
            .iter()
            .map(|x| (x.array_type(), x.is_weak()))
            .collect()
    }

    /// Records the body until the carry comes out as it went in: what is weak at first may take a stronger dtype. The body gives
    /// `before` other results before the carry.
    #[track_caller]
    fn settle(
        &mut self,
        before: usize,
        record: impl Fn(Recording, Vec<(ArrayType, bool)>, &Structure) -> Recorded,
    ) -> Recorded {
        loop {
            let recorded = record(
                Recording::new(self.op, Some(Location::caller())),
                self.types(),
                &self.structure,
            );
            if !self.promote(before, &recorded) {
                return recorded;
            }
        }
    }

    /// Whether the carry had to be promoted to what comes out of the body.
    #[track_caller]
    fn promote(&mut self, before: usize, recorded: &Recorded) -> bool {
        let (n, op) = (self.arrays.len(), self.op);
        let outputs = recorded.program.output_types();
        check(
            recorded.structure == self.structure && outputs.len() == before + n,
            op,
            || {
                let out = outputs.len() - before;
                format!(
                    "the carry comes out of the body with another structure: {n} arrays go in, {out} come out"
                )
            },
        );
        let mut changed = false;
        for (i, (out, &weak)) in outputs.iter().zip(&recorded.weak).skip(before).enumerate() {
            let x = &self.arrays[i];
            let of = x.array_type();
            if of == *out && (x.is_weak() == weak || !x.is_weak()) {
                continue;
            }
            let came_out = Kind {
                dtype: out.dtype,
                weak,
            };
            let promotes = of.shape == out.shape && x.is_weak() && promote([x.kind(), came_out]) == came_out;
            // What was promoted is weak no more.
            let kind = Kind::strong(out.dtype);
            check(promotes, op, || {
                format!(
                    "{} goes into the body as {of} and comes out as {out}: they must be equal",
                    self.names[i]
                )
            });
            self.arrays[i] = cast(x, kind);
            changed = true;
        }
        changed
    }
}

/// A program of arguments and then its own hidden inputs, as one that takes all constants first; its own start at
/// `from`.
pub(crate) fn with_consts(program: &Program, carries: usize, consts: &[Array], from: usize) -> Program {
    let mut builder = Builder::new();
    let consts: Vec<Var> = consts.iter().map(|x| builder.input(x.array_type())).collect();
    let types = program.input_types();
    let mut arguments: Vec<Var> = types[..carries]
        .iter()
        .map(|of| builder.input(of.clone()))
        .collect();
    arguments.extend(&consts[from..from + types.len() - carries]);
    let outputs = program
        .inline(&mut builder, &arguments)
        .expect("the program's own inputs");
    builder.finish(&outputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{jit, numpy as np};

    #[test]
    fn a_weak_carry_is_promoted() {
        let h = fori_loop(0, 3, |_, h: Array| h + np::ones(2), np::full(2, 0));
        assert_eq!(
            (h.dtype(), h.is_weak(), h.to_vec::<f32>()),
            (DType::F32, false, vec![3.0, 3.0])
        );
        let h = fori_loop(0, 3, |_, h: Array| h + 0.5, Array::from(0));
        assert_eq!(
            (h.dtype(), h.is_weak(), h.item::<f32>()),
            (DType::F32, false, 1.5)
        );
        let h = fori_loop(0, 3, |i, h: Array| h + i, np::zeros(()));
        assert_eq!((h.dtype(), h.item::<f32>()), (DType::F32, 3.0));
    }

    #[test]
    fn the_carry_may_be_a_tree_and_the_body_may_capture() {
        let weights = np::arange(3);
        let body = |i: Array, (a, b): (Array, Vec<Array>)| (a + &weights * i, vec![&b[0] + 1]);
        let (a, b) = fori_loop(1, 4, body, (np::zeros(3), vec![np::zeros(())]));
        assert_eq!(
            (a.to_vec::<f32>(), b[0].item::<f32>()),
            (vec![0.0, 6.0, 12.0], 3.0)
        );
    }

    #[test]
    fn bounds_may_be_arrays() {
        let power = jit(|(x, n): (Array, Array)| fori_loop(0, n, |_, y: Array| y * &x, np::ones_like(&x)));
        assert_eq!(power((np::arange(4), 3.into())).to_vec::<i32>(), [0, 1, 8, 27]);
        assert_eq!(power((np::arange(4), 0.into())).to_vec::<i32>(), [1, 1, 1, 1]);
        assert_eq!(
            fori_loop(3, 0, |_, x: Array| x + 1, Array::from(5)).item::<i32>(),
            5
        );
    }

    #[test]
    fn while_loops_run_until_the_condition_fails() {
        let limit = Array::from(100).astype(DType::I32);
        let f = jit(|x: Array| while_loop(|x: &Array| x.lt(&limit), |x| x * 2, x));
        assert_eq!(f(3.into()).item::<i32>(), 192);
    }
}
