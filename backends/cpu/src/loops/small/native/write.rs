//! Writes the steps of a small loop as a function of Cranelift.
//!
//! A place of few elements that only written steps touch is kept in registers, a variable for each element.
//! All other places are in the block, as for the interpreter. A step without instructions of its own is left
//! to the interpreter, which the function calls with the number of the step.

use super::super::{Each, Place, Slices, Step};
use super::code::Helpers;
use super::element::{Elements, is_call, is_written, type_of};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::{FunctionBuilder, Variable};
use kiln_program::DType;
use rustc_hash::FxHashMap;

/// The most elements of a place that is kept in registers, and of an array whose ops are written out.
const FEW: usize = 16;
/// The most elements of a reduction, and products of a contraction, that are written out.
const TERMS: usize = 512;
/// Iterations between two calls of the function that looks at the flags: at most milliseconds.
const ITERATIONS: i64 = 2048;
/// The same for loops with steps of the interpreter.
const SLOW_ITERATIONS: i64 = 16;

pub(super) struct Writer<'a, 'f> {
    pub(super) e: Elements<'f>,
    pub(super) helpers: Helpers,
    /// All places in order, with the dtypes of their elements.
    places: &'a [(Place, DType)],
    kept: Vec<bool>,
    /// The variables of kept elements by their offsets.
    elements: FxHashMap<usize, Variable>,
    pub(super) block: Value,
    pub(super) call: Value,
    /// The pointers to the slices of the operands, and those to the stacked results.
    pub(super) xs: Vec<Value>,
    pub(super) ys: Vec<Value>,
    pub(super) fuel: Variable,
    pub(super) iteration: Variable,
    pub(super) iterations: i64,
    pub(super) leave: Block,
    /// The number of loops around the current step.
    pub(super) depth: usize,
    /// The steps of the interpreter.
    pub(super) cold: Vec<Step>,
    pub(super) written: usize,
}

/// The loop whose function is written.
pub(in super::super) struct Whole<'a> {
    pub(in super::super) places: &'a [(Place, DType)],
    pub(in super::super) steps: &'a [Step],
    /// The places that are filled before the function runs.
    pub(in super::super) filled: &'a [&'a Place],
    /// The places that are read after the function has run.
    pub(in super::super) read: &'a [&'a Place],
    /// The numbers of operands and results with a slice for each iteration.
    pub(in super::super) slices: usize,
    pub(in super::super) stacked: usize,
}

/// Writes the function; returns the steps that it leaves to the interpreter. `None` if it is too long.
pub(super) fn write(
    mut b: FunctionBuilder,
    convention: CallConv,
    helpers: Helpers,
    whole: &Whole,
) -> Option<Vec<Step>> {
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let [block, outside, call] = b.block_params(entry)[..] else {
        return None;
    };
    let mut pointers = (0..whole.slices + whole.stacked)
        .map(|i| {
            b.ins()
                .load(types::I64, MemFlagsData::trusted(), outside, 8 * i as i32)
        })
        .collect::<Vec<Value>>();
    let ys = pointers.split_off(whole.slices);
    let (fuel, iteration) = (b.declare_var(types::I64), b.declare_var(types::I64));
    let leave = b.create_block();
    let mut kept: Vec<bool> = whole
        .places
        .iter()
        .map(|(place, dtype)| place.len() <= FEW * dtype.size())
        .collect();
    touch(whole.places, whole.steps, &mut kept);
    let writer = Writer {
        e: Elements { b, convention },
        helpers,
        places: whole.places,
        kept,
        elements: FxHashMap::default(),
        block,
        call,
        xs: pointers,
        ys,
        fuel,
        iteration,
        iterations: if has_cold(whole.steps) {
            SLOW_ITERATIONS
        } else {
            ITERATIONS
        },
        leave,
        depth: 0,
        cold: vec![],
        written: 0,
    };
    writer.whole(whole)
}

/// Returns true if the interpreter has a step of these.
fn has_cold(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Loop(inner) => has_cold(&inner.body),
        Step::While { condition, body, .. } => has_cold(condition) || has_cold(body),
        Step::Cond(_, branches) => branches.iter().any(|(steps, _)| has_cold(steps)),
        step => !has_instructions(step),
    })
}

/// Returns true if a step is written as instructions.
pub(super) fn has_instructions(step: &Step) -> bool {
    match step {
        Step::Scalars(_) | Step::Loop(_) | Step::While { .. } | Step::Cond(..) | Step::Copy(_) => true,
        Step::Each(Each { op, out, .. }) => {
            let n = out.len() / op.result().size();
            is_written(*op) && n <= if is_call(*op) { 3 } else { FEW }
        }
        Step::Take { dtype, out, .. } | Step::Iota { dtype, out, .. } => out.len() <= FEW * dtype.size(),
        Step::Put { dtype, x, .. } => x.len() <= FEW * dtype.size(),
        Step::Reduce { dtype, x, .. } => !x.is_empty() && x.len() <= 4 * FEW * dtype.size(),
        Step::Random { out, .. } => out[0].len() <= 4 * 4,
        Step::Dot(dot, ..) => (1..=TERMS).contains(&dot.products()),
        Step::Gather(places, _, out) => places.is_few(FEW) && out.len() <= FEW * places.dtype().size(),
        Step::Scatter(places, _, operands, _) => {
            places.is_few(FEW) && operands[1].len() <= FEW * places.dtype().size()
        }
        Step::Other(..) | Step::Effect(..) => false,
    }
}

/// Unmarks the places that must be in the block.
fn touch(places: &[(Place, DType)], steps: &[Step], kept: &mut [bool]) {
    let unmark = |at: usize, kept: &mut [bool]| kept[number_of(places, at)] = false;
    for step in steps {
        let is_cold = !has_instructions(step);
        match step {
            Step::Loop(inner) => {
                let sources = inner.slices.iter().map(|(from, _)| from);
                for side in sources.chain(inner.stacked.iter().map(|(_, to)| to)) {
                    if let Slices::Within(base) = side {
                        unmark(*base, kept);
                    }
                }
                touch(places, &inner.body, kept);
            }
            Step::While { condition, body, .. } => {
                touch(places, condition, kept);
                touch(places, body, kept);
            }
            Step::Cond(_, branches) => branches.iter().for_each(|(steps, _)| touch(places, steps, kept)),
            // Their elements are read and written at places that are known when the loop runs.
            Step::Gather(_, operands, _) if !is_cold => unmark(operands[0].start, kept),
            Step::Scatter(_, _, _, to) if !is_cold => unmark(to.start, kept),
            step if is_cold => {
                for place in step.places() {
                    unmark(place.start, kept);
                }
            }
            _ => {}
        }
    }
}

/// Returns the number of the place with the element at an offset.
fn number_of(places: &[(Place, DType)], at: usize) -> usize {
    places.partition_point(|(place, _)| place.start <= at) - 1
}

impl Writer<'_, '_> {
    fn whole(mut self, whole: &Whole) -> Option<Vec<Step>> {
        let fuel = self.e.b.ins().iconst(types::I64, self.iterations);
        self.e.b.def_var(self.fuel, fuel);
        let zero = self.e.b.ins().iconst(types::I64, 0);
        self.e.b.def_var(self.iteration, zero);
        for place in whole.filled {
            for (at, dtype) in self.kept_elements(place) {
                let x = self.e.load(dtype, self.block, at);
                self.set(at, dtype, x);
            }
        }
        self.steps(whole.steps)?;
        for place in whole.read {
            for (at, dtype) in self.kept_elements(place) {
                let x = self.get(at, dtype);
                self.e.store(x, self.block, at);
            }
        }
        let zero = self.e.b.ins().iconst(types::I8, 0);
        self.e.b.ins().return_(&[zero]);
        self.e.b.switch_to_block(self.leave);
        let one = self.e.b.ins().iconst(types::I8, 1);
        self.e.b.ins().return_(&[one]);
        self.e.b.seal_all_blocks();
        let cold = self.cold;
        self.e.b.finalize(self.helpers.config);
        Some(cold)
    }

    /// Returns the elements of a place that are kept.
    pub(super) fn kept_elements(&self, place: &Place) -> Vec<(usize, DType)> {
        let mut elements = vec![];
        let mut at = place.start;
        while at < place.end {
            let number = number_of(self.places, at);
            let (whole, dtype) = &self.places[number];
            if !self.kept[number] {
                at = whole.end.max(at + 1);
                continue;
            }
            elements.push((at, *dtype));
            at += dtype.size();
        }
        elements
    }

    pub(super) fn is_kept(&self, at: usize) -> bool {
        self.kept[number_of(self.places, at)]
    }

    /// Returns the variable of a kept element.
    fn variable(&mut self, at: usize) -> (Variable, Type) {
        let of = type_of(self.places[number_of(self.places, at)].1);
        let b = &mut self.e.b;
        (*self.elements.entry(at).or_insert_with(|| b.declare_var(of)), of)
    }

    /// Returns the element at an offset.
    pub(super) fn get(&mut self, at: usize, dtype: DType) -> Value {
        let wanted = type_of(dtype);
        if !self.is_kept(at) {
            return self.e.load(dtype, self.block, at);
        }
        let (variable, of) = self.variable(at);
        let x = self.e.b.use_var(variable);
        if of == wanted {
            x
        } else {
            self.e.b.ins().bitcast(wanted, MemFlagsData::new(), x)
        }
    }

    pub(super) fn set(&mut self, at: usize, dtype: DType, x: Value) {
        if !self.is_kept(at) {
            self.e.store(x, self.block, at);
            return;
        }
        let (variable, of) = self.variable(at);
        let x = if of == type_of(dtype) {
            x
        } else {
            self.e.b.ins().bitcast(of, MemFlagsData::new(), x)
        };
        self.e.b.def_var(variable, x);
    }
}
