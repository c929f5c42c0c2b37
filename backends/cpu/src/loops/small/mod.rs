//! Small loops: few elements an iteration, in one block of memory.
//!
//! A loop over a small carry spends its time on the overhead around its arithmetic: buffers, kernels,
//! threads. Here every variable has a place in one block, which is laid out when the loop is compiled. An
//! iteration runs a list of steps from place to place, allocates nothing and asks no other thread. Values
//! that do not change between iterations are computed before the loop. Steps use the loops of tiles, and so
//! return the same bits.
//!
//! The steps are a small language. [`run`](mod@run) interprets it, and `native` compiles it to machine code.

mod layout;
#[cfg(feature = "native")]
mod native;
mod run;

use crate::buffer::Buffer;
use crate::kernels::{self, Elementwise, Pattern, ScalarFn};
use crate::memory::OutOfMemory;
use crate::single::contract::SmallDot;
use crate::single::index::Selection;
use bytemuck::cast_slice_mut;
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{
    ArrayType, DType, Effect, Few, Formula, Op, Program, Reduction, Scalar, Scan, Update, While,
};
use layout::Layout;
use run::{Outside, run};
use std::cell::Cell;
use std::ops::Range;

/// The most elements of a variable.
const ELEMENTS: usize = 1024;
/// The most words of all variables together.
const WORDS: usize = 1 << 16;

/// A range of bytes in the block. A result comes after its operands.
type Place = Range<usize>;

/// A small loop, ready to run.
#[derive(Debug)]
pub(crate) struct Small {
    words: usize,
    constants: Vec<(Formula, Place)>,
    /// The places of the operands that are not slices.
    fixed: Vec<Place>,
    steps: Vec<Step>,
    carries: Vec<(Place, ArrayType)>,
    stacked: Vec<ArrayType>,
    /// The number of iterations, unless a condition ends the loop.
    length: Option<usize>,
    #[cfg(feature = "native")]
    native: Option<native::Native>,
}

#[derive(Clone, Debug)]
enum Step {
    /// Ops on single elements, one after the other.
    Scalars(Vec<OnScalars>),
    /// An elementwise op on several elements.
    Each(Each),
    /// `out[i] = x[offset + pattern(i)]`.
    Take {
        dtype: DType,
        x: Place,
        offset: i64,
        pattern: Pattern,
        out: Place,
    },
    /// `out[offset + pattern(i)] = x[i]`.
    Put {
        dtype: DType,
        x: Place,
        offset: i64,
        pattern: Pattern,
        out: Place,
    },
    Iota {
        dtype: DType,
        pattern: Pattern,
        out: Place,
    },
    /// Reduces rows one after the other, each to an element, or all into one.
    Reduce {
        kind: Reduction,
        dtype: DType,
        rows: usize,
        each: bool,
        x: Place,
        /// Scratch memory, as long as the operand, if rows are combined.
        scratch: Place,
        out: Place,
    },
    /// Computes a row of pairs of words for each key.
    Random {
        key: Place,
        first: Place,
        out: [Place; 2],
    },
    Dot(SmallDot, [Place; 2], Place),
    /// The array, then the indices.
    Gather(Selection, Vec<Place>, Place),
    /// The array and the updates, then the indices.
    Scatter(Selection, Update, Vec<Place>, Place),
    /// An op that the block has no loop for.
    Other(Op, Vec<(Place, ArrayType)>, Vec<Place>),
    Loop(Box<Loop>),
    While {
        condition: Vec<Step>,
        flag: Place,
        body: Vec<Step>,
        next: Moves,
    },
    /// The number of the branch, and each branch with the moves of its results.
    Cond(Place, Vec<(Vec<Step>, Moves)>),
    Effect(Effect, Vec<(Place, ArrayType)>),
    Copy(Moves),
}

/// An op on single elements: the offsets of its operands and of its result.
#[derive(Clone, Debug)]
struct OnScalars {
    op: Elementwise,
    f: ScalarFn,
    operands: [usize; 3],
    out: usize,
}

/// An op on arrays of one shape.
#[derive(Clone, Debug)]
struct Each {
    op: Elementwise,
    run: kernels::Slices,
    operands: Few<Place, 3>,
    out: Place,
}

#[derive(Clone, Debug)]
struct Loop {
    length: usize,
    reverse: bool,
    body: Vec<Step>,
    slices: Vec<(Slices, Place)>,
    stacked: Vec<(Place, Slices)>,
    next: Moves,
    /// True if the loop may stop at the first iteration that leaves the carry as it is.
    settles: bool,
}

/// The place of an array's slices, one for each iteration.
#[derive(Clone, Debug)]
enum Slices {
    /// In an operand or result of the whole loop.
    Outside(usize),
    /// In the block, from this offset on.
    Within(usize),
}

/// Copies that happen at once: sources that others overwrite are copied aside first.
#[derive(Clone, Debug, Default)]
struct Moves {
    aside: Vec<(Place, Place)>,
    into: Vec<(Place, Place)>,
}

impl Small {
    /// Returns a loop with a fixed number of iterations, if it is small.
    pub(crate) fn scan(scan: &Scan) -> Option<Small> {
        let body = &scan.body;
        is_small(body).then_some(())?;
        let mut layout = Layout::new();
        let types = body.input_types();
        let fixed = layout.values(&types[..scan.consts + scan.carries]);
        let xs = types.len() - fixed.len();
        let slices = (0..xs).map(Slices::Outside).collect();
        let stacked = (0..body.outputs().len() - scan.carries)
            .map(Slices::Outside)
            .collect();
        let (consts, carry) = fixed.split_at(scan.consts);
        layout.scan(scan, consts, carry, slices, stacked);
        let stacked = stacked_types(scan);
        layout.finish(
            &fixed,
            carry,
            &types[scan.consts..],
            xs,
            stacked,
            Some(scan.length),
        )
    }

    /// Returns a loop on a condition, if it is small.
    pub(crate) fn repeat(w: &While) -> Option<Small> {
        (is_small(&w.condition) && is_small(&w.body)).then_some(())?;
        let mut layout = Layout::new();
        let types = w.body.input_types();
        let fixed = layout.values(&types);
        let (consts, carry) = fixed.split_at(w.consts);
        layout.repeat(w, consts, carry);
        layout.finish(&fixed, carry, &types[w.consts..], 0, vec![], None)
    }

    /// Returns the approximate bytes of the loop in memory.
    pub(crate) fn bytes(&self) -> usize {
        fn list(steps: &[Step]) -> usize {
            let within = steps.iter().map(|step| match step {
                Step::Scalars(ops) => size_of_val(&ops[..]),
                Step::Loop(inner) => size_of::<Loop>() + list(&inner.body),
                Step::While { condition, body, .. } => list(condition) + list(body),
                Step::Cond(_, branches) => branches.iter().map(|(steps, _)| list(steps)).sum(),
                _ => 0,
            });
            size_of_val(steps) + within.sum::<usize>()
        }
        size_of::<Small>() + size_of_val(&self.constants[..]) + list(&self.steps) + self.native_bytes()
    }

    /// Runs the loop.
    pub(crate) fn run(&self, operands: &[Buffer], numbers: &[Scalar]) -> Result<Vec<Buffer>, OutOfMemory> {
        let mut block = vec![0u64; self.words];
        let memory: &mut [u8] = cast_slice_mut(&mut block);
        for (number, place) in &self.constants {
            let value = number.value(numbers);
            kernels::fill(value.dtype(), value.to_le_bytes(), &mut memory[place.clone()]);
        }
        for (place, operand) in self.fixed.iter().zip(operands) {
            memory[place.clone()].copy_from_slice(operand.bytes());
        }
        let ys = self.stacked.iter().map(|of| Buffer::try_zeros(of.clone()));
        let mut ys: Vec<Buffer> = ys.collect::<Result<_, _>>()?;
        let stop = Stop::here();
        let mut outside = Outside {
            xs: operands[self.fixed.len()..].iter().map(Buffer::bytes).collect(),
            ys: ys
                .iter_mut()
                .map(|y| y.bytes_mut().expect("a new buffer"))
                .collect(),
            stop: &stop,
            progress: Progress::begin(self.length.map(|length| length as u64)),
        };
        self.run_steps(memory, &mut outside);
        outside.progress.finish();
        let carries = self.carries.iter().map(|(place, of)| buffer(memory, place, of));
        Ok(carries.chain(ys).collect())
    }
}

impl Step {
    /// Returns the places that the step reads and writes. Those of a loop or a branch are in its own steps.
    #[cfg(feature = "native")]
    fn places(&self) -> Vec<&Place> {
        match self {
            Step::Each(each) => each.operands.iter().chain([&each.out]).collect(),
            Step::Take { x, out, .. } | Step::Put { x, out, .. } => vec![x, out],
            Step::Iota { out, .. } => vec![out],
            Step::Reduce { x, scratch, out, .. } => vec![x, scratch, out],
            Step::Random { key, first, out } => vec![key, first, &out[0], &out[1]],
            Step::Dot(_, operands, out) => operands.iter().chain([out]).collect(),
            Step::Gather(_, operands, out) | Step::Scatter(_, _, operands, out) => {
                operands.iter().chain([out]).collect()
            }
            Step::Other(_, operands, results) => operands.iter().map(|x| &x.0).chain(results).collect(),
            Step::Effect(_, operands) => operands.iter().map(|x| &x.0).collect(),
            Step::Scalars(_) | Step::Loop(_) | Step::While { .. } | Step::Cond(..) | Step::Copy(_) => vec![],
        }
    }
}

thread_local! {
    static INTERPRETED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function in which this thread compiles loops without machine code; for tests that compare the two.
pub fn interpreted<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            INTERPRETED.set(self.0);
        }
    }
    let _restore = Restore(INTERPRETED.replace(true));
    f()
}

#[cfg(feature = "native")]
impl Small {
    /// Returns the loop with its machine code; `slices` operands have a slice for each iteration.
    fn with_native(mut self, places: &[(Place, DType)], slices: usize) -> Small {
        if INTERPRETED.get() {
            return self;
        }
        let filled: Vec<&Place> = self
            .fixed
            .iter()
            .chain(self.constants.iter().map(|x| &x.1))
            .collect();
        let read: Vec<&Place> = self.carries.iter().map(|(place, _)| place).collect();
        let stacked = self.stacked.len();
        self.native = native::Native::new(&native::Whole {
            places,
            steps: &self.steps,
            filled: &filled,
            read: &read,
            slices,
            stacked,
        });
        self
    }

    pub(crate) fn is_native(&self) -> bool {
        self.native.is_some()
    }

    fn native_bytes(&self) -> usize {
        self.native.as_ref().map_or(0, native::Native::bytes)
    }

    fn run_steps(&self, memory: &mut [u8], outside: &mut Outside) {
        match &self.native {
            Some(native) => native.run(memory, outside),
            None => run(&self.steps, memory, outside),
        }
    }
}

#[cfg(not(feature = "native"))]
impl Small {
    fn with_native(self, _places: &[(Place, DType)], _slices: usize) -> Small {
        self
    }

    pub(crate) fn is_native(&self) -> bool {
        false
    }

    fn native_bytes(&self) -> usize {
        0
    }

    fn run_steps(&self, memory: &mut [u8], outside: &mut Outside) {
        run(&self.steps, memory, outside);
    }
}

fn stacked_types(scan: &Scan) -> Vec<ArrayType> {
    scan.body
        .output_types()
        .into_iter()
        .skip(scan.carries)
        .map(|of| of.stacked(scan.length))
        .collect()
}

pub(crate) fn is_small(program: &Program) -> bool {
    program.distinct().into_iter().all(|program| {
        let results = program.equations().iter().flat_map(|equation| &equation.outputs);
        let mut all = program.inputs().chain(results.copied());
        all.all(|var| program.type_of(var).shape.size() <= ELEMENTS)
    })
}

fn buffer(memory: &[u8], place: &Place, of: &ArrayType) -> Buffer {
    let mut buffer = Buffer::zeros(of.clone());
    buffer
        .bytes_mut()
        .expect("a new buffer")
        .copy_from_slice(&memory[place.clone()]);
    buffer
}
