//! The carry of a loop. The body is traced again until the carry's types are those of the body's results.

use crate::array::Array;
use crate::array::new::settle_numbers;
use crate::array::origin::Origin;
use crate::error::check;
use crate::primitive::cast;
use crate::promote::{Kind, promote};
use crate::trace::{check_alive, trace};
use crate::tree::{Arrays, Leaves, Structure, Tree, paths};
use kiln_backends::program::{ArrayType, Builder, Few, Program, Var};
use rustc_hash::FxHashMap;
use std::panic::Location;

/// Returns the leaves of a tree, with plain numbers converted to their default dtype, and its structure.
#[track_caller]
pub(super) fn settled(op: &str, tree: impl Tree) -> (Arrays, Structure) {
    let Leaves {
        mut arrays,
        structure,
        ..
    } = Leaves::of(tree);
    check_alive(op, &arrays);
    settle_numbers(op, &mut arrays);
    (arrays, structure)
}

/// Returns the types and weakness of arrays.
pub(super) fn types(arrays: &[Array]) -> Vec<(ArrayType, bool)> {
    arrays.iter().map(|x| (x.array_type(), x.is_weak())).collect()
}

/// Returns the names of a tree's leaves in errors: `root`, `root.0`, ...
pub(super) fn names(root: &str, tree: &impl Tree) -> Vec<String> {
    paths(tree)
        .into_iter()
        .map(|path| format!("{root}{path}"))
        .collect()
}

/// Formats `(root.0: f32[2], root.1: i32[])`, for an error.
pub(super) fn listed<'a>(names: &[String], types: impl Iterator<Item = &'a ArrayType>) -> String {
    let leaves: Vec<String> = names
        .iter()
        .zip(types)
        .map(|(name, of)| format!("{name}: {of}"))
        .collect();
    format!("({})", leaves.join(", "))
}

/// The carry of a loop.
pub(super) struct Carry<T> {
    op: &'static str,
    pub(super) arrays: Arrays,
    pub(super) structure: Structure,
    /// The names of the carry's leaves in errors, and the function that makes them.
    names: Vec<String>,
    named: fn(&T) -> Vec<String>,
}

/// A traced iteration: `(carry, others, hidden) -> (carry, results)`.
pub(super) struct Body {
    pub(super) program: Program,
    pub(super) hidden: Vec<Array>,
    /// The weakness of each result after the carry.
    pub(super) weak: Few<bool, 4>,
    /// The structure of the results after the carry.
    pub(super) structure: Structure,
}

impl<T: Tree> Carry<T> {
    #[track_caller]
    pub(super) fn new(op: &'static str, init: T) -> Carry<T> {
        Carry::named(op, init, |carry| names("carry", carry))
    }

    /// Makes a carry with other names for its leaves.
    #[track_caller]
    pub(super) fn named(op: &'static str, init: T, named: fn(&T) -> Vec<String>) -> Carry<T> {
        let names = named(&init);
        let (arrays, structure) = settled(op, init);
        Carry {
            op,
            arrays,
            structure,
            names,
            named,
        }
    }

    pub(super) fn weak(&self) -> Few<bool, 8> {
        self.arrays.iter().map(Array::is_weak).collect()
    }

    /// Traces an iteration again until it returns the carry with the types that it takes. A leaf that is weak
    /// at first may take a stronger dtype. The iteration takes the carry and arrays of the types `others`,
    /// and returns the carry and other results.
    #[track_caller]
    pub(super) fn settle<Y: Tree>(
        &mut self,
        others: &[(ArrayType, bool)],
        body: impl Fn(T, Arrays) -> (T, Y),
    ) -> Body {
        loop {
            let n = self.arrays.len();
            let mut out = None;
            let traced = trace(
                Origin::new(self.op, Some(Location::caller())),
                types(&self.arrays).into_iter().chain(others.iter().cloned()),
                |mut arguments| {
                    let others = arguments.drain(n..).collect();
                    let (carry, results) = body(self.structure.rebuild(arguments), others);
                    let names = (self.named)(&carry);
                    let (mut carry, results) = (Leaves::of(carry), Leaves::of(results));
                    out = Some((carry.structure, names, results.structure));
                    carry.arrays.extend(results.arrays);
                    carry.arrays.into_vec()
                },
            );
            let (carry, names, structure) = out.expect("traced just now");
            let outputs = traced.program.output_types();
            self.check_structure(&carry, &names, &outputs);
            let weak: Vec<bool> = traced.weak.to_vec();
            if !self.promote(&outputs, &weak) {
                return Body {
                    program: traced.program,
                    hidden: traced.hidden,
                    weak: weak[n..].into(),
                    structure,
                };
            }
        }
    }

    #[track_caller]
    fn check_structure(&self, out: &Structure, names: &[String], outputs: &[ArrayType]) {
        check(*out == self.structure, self.op, || {
            let before: Vec<ArrayType> = self.arrays.iter().map(Array::array_type).collect();
            let before = listed(&self.names, before.iter());
            match listed(names, outputs.iter()) {
                after if after == before => {
                    "the carry comes out of the body with other static values than it went in with".into()
                }
                after => format!(
                    "the carry goes into the body as {before} and comes out as {after}: it must keep its structure"
                ),
            }
        });
    }

    /// Returns true if the carry had to be promoted to the types of the body's results.
    #[track_caller]
    fn promote(&mut self, outputs: &[ArrayType], weak: &[bool]) -> bool {
        let mut changed = false;
        let mut differ: Vec<String> = vec![];
        for (i, x) in self.arrays.iter_mut().enumerate() {
            let (of, out) = (x.array_type(), &outputs[i]);
            if of == *out && (x.is_weak() == weak[i] || !x.is_weak()) {
                continue;
            }
            let came_out = Kind {
                dtype: out.dtype,
                weak: weak[i],
            };
            if of.shape == out.shape && x.is_weak() && promote([x.kind(), came_out]) == came_out {
                // A promoted leaf is not weak any more.
                *x = cast(x, Kind::strong(out.dtype));
                changed = true;
            } else {
                differ.push(format!(
                    "{} goes into the body as {of} and comes out as {out}",
                    self.names[i]
                ));
            }
        }
        check(differ.is_empty(), self.op, || {
            format!("{}: they must be equal", differ.join(", and "))
        });
        changed
    }
}

/// The captured arrays of the programs of one equation, each once.
#[derive(Default)]
pub(crate) struct Consts {
    pub(crate) arrays: Vec<Array>,
    numbers: FxHashMap<(u64, usize), usize>,
}

impl Consts {
    pub(crate) fn of(hidden: &[Array]) -> Consts {
        let mut consts = Consts::default();
        consts.add(hidden);
        consts
    }

    pub(crate) fn add(&mut self, hidden: &[Array]) {
        for x in hidden {
            let next = self.arrays.len();
            self.numbers.entry(x.identity()).or_insert_with(|| {
                self.arrays.push(x.clone());
                next
            });
        }
    }

    /// Converts a program to one that takes all constants of the equation first. The program takes its own
    /// inputs, then the `hidden` ones. `finish` may change the results.
    pub(crate) fn first(
        &self,
        program: &Program,
        hidden: &[Array],
        finish: impl FnOnce(&mut Builder, Vec<Var>) -> Vec<Var>,
    ) -> Program {
        let mut builder = Builder::new();
        let consts: Vec<Var> = self
            .arrays
            .iter()
            .map(|x| builder.input(x.array_type()))
            .collect();
        let types = program.input_types();
        let own = types.len() - hidden.len();
        let mut arguments: Vec<Var> = types[..own].iter().map(|of| builder.input(of.clone())).collect();
        arguments.extend(hidden.iter().map(|x| consts[self.numbers[&x.identity()]]));
        let outputs = program
            .inline(&mut builder, &arguments)
            .expect("the program's own inputs");
        let outputs = finish(&mut builder, outputs);
        builder.finish(&outputs)
    }
}
