//! Recurrences: loops whose iteration is one or two operations on a carry of few floats, as `c = c * a + b`.
//!
//! The latency of the operations bounds such a loop, if nothing is between them. So there is a compiled loop
//! for every pair of operations, and the carry stays in a register.

use crate::buffer::Buffer;
use crate::kernels::Number;
use crate::memory::OutOfMemory;
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{ArrayType, Binary, DType, Formula, Op, Scalar, Scan, Var};
use std::ops::Range;

/// A recurrence, ready to run.
#[derive(Debug)]
pub(crate) struct Recurrence {
    of: ArrayType,
    length: usize,
    reverse: bool,
    /// The carry's number among the operands.
    carry: usize,
    steps: [Step; 2],
    operands: [Operand; 2],
    /// The loop stacks the carry after each iteration, or else before it.
    stacked: Vec<bool>,
}

/// The operation on the carry `c` and another operand `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// `c + y`, and so on.
    Add,
    Sub,
    Mul,
    Div,
    Max,
    Min,
    /// `y - c`.
    SubFrom,
    /// `y / c`.
    DivInto,
    Keep,
}

#[derive(Clone, Debug)]
enum Operand {
    Number(Formula),
    /// The operand is the same in each iteration.
    Const(usize),
    Slices(usize),
}

/// The most elements of a carry.
const ELEMENTS: usize = 32;
/// The number of elements that are computed together.
const LANES: usize = 4;
/// The iterations between two looks at whether the program is to end: microseconds.
const BLOCK: usize = 1 << 14;

impl Recurrence {
    /// Returns the loop as a recurrence, if it is one.
    pub(crate) fn of(scan: &Scan) -> Option<Recurrence> {
        let body = &*scan.body;
        let carry = body.inputs().nth(scan.consts).filter(|_| scan.carries == 1)?;
        let of = body.type_of(carry).clone();
        let n = of.shape.size();
        let fits = of.dtype.is_float() && (n == 1 || (n.is_multiple_of(LANES) && n <= ELEMENTS));
        fits.then_some(())?;
        let mut numbers: Vec<(Var, Formula)> = vec![];
        let mut steps: Vec<(Step, Operand)> = vec![];
        let mut value = carry;
        for equation in body.equations() {
            if let Some(number) = equation.op.number() {
                numbers.push((equation.outputs[0], number));
                continue;
            }
            let Op::Binary(f) = equation.op else { return None };
            let [x, y] = equation.inputs[..] else { return None };
            let (other, swapped) = if x == value { (y, false) } else { (x, true) };
            if (x == value) == (y == value) {
                return None;
            }
            let step = match (f, swapped) {
                (Binary::Add, _) => Step::Add,
                (Binary::Mul, _) => Step::Mul,
                (Binary::Max, _) => Step::Max,
                (Binary::Min, _) => Step::Min,
                (Binary::Sub, false) => Step::Sub,
                (Binary::Sub, true) => Step::SubFrom,
                (Binary::Div, false) => Step::Div,
                (Binary::Div, true) => Step::DivInto,
                _ => return None,
            };
            let number = numbers.iter().find(|(var, _)| *var == other);
            let operand = match (number, other.index()) {
                (Some((_, number)), _) => Operand::Number(number.clone()),
                (None, i) if i < scan.consts => Operand::Const(i),
                (None, i) if i > scan.consts && i < body.inputs().len() => Operand::Slices(i),
                _ => return None,
            };
            steps.push((step, operand));
            value = equation.outputs[0];
        }
        if steps.len() == 1 {
            steps.push((Step::Keep, steps[0].1.clone()));
        }
        let [(first, x), (second, y)] = <[_; 2]>::try_from(steps).ok()?;
        let (next, ys) = body.outputs().split_first()?;
        let stacks = ys.iter().all(|y| *y == value || *y == carry);
        (*next == value && stacks).then(|| Recurrence {
            of,
            length: scan.length,
            reverse: scan.reverse,
            carry: scan.consts,
            steps: [first, second],
            operands: [x, y],
            stacked: ys.iter().map(|y| *y == value).collect(),
        })
    }

    /// Runs the recurrence.
    pub(crate) fn run(&self, operands: &[Buffer], numbers: &[Scalar]) -> Result<Vec<Buffer>, OutOfMemory> {
        match self.of.dtype {
            DType::F32 => self.typed::<f32>(operands, numbers),
            _ => self.typed::<f64>(operands, numbers),
        }
    }

    fn typed<T: Number>(&self, buffers: &[Buffer], numbers: &[Scalar]) -> Result<Vec<Buffer>, OutOfMemory> {
        let n = self.of.shape.size();
        let stack = || Buffer::try_zeros(self.of.stacked(self.length));
        let mut last = Buffer::try_zeros(self.of.clone())?;
        last.bytes_mut()
            .expect("a new buffer")
            .copy_from_slice(buffers[self.carry].bytes());
        let wanted = |after: bool| self.stacked.contains(&after).then(stack).transpose();
        let (mut after, mut before) = (wanted(true)?, wanted(false)?);
        let numbers = self.operands.each_ref().map(|operand| match operand {
            Operand::Number(number) => {
                let bytes = number.value(numbers).to_le_bytes();
                vec![bytemuck::pod_read_unaligned::<T>(&bytes[..size_of::<T>()]); n]
            }
            _ => vec![],
        });
        let read = |i: usize| match &self.operands[i] {
            Operand::Number(_) => Read {
                x: &numbers[i][..],
                stride: 0,
            },
            Operand::Const(number) => Read {
                x: cast_slice(buffers[*number].bytes()),
                stride: 0,
            },
            Operand::Slices(number) => Read {
                x: cast_slice(buffers[*number].bytes()),
                stride: n,
            },
        };
        let mut iterations = Trips {
            length: self.length,
            block: 0..0,
            reverse: self.reverse,
            n,
            lane: 0,
            carry: cast_slice_mut(last.bytes_mut().expect("a new buffer")),
            operands: [read(0), read(1)],
            after: elements(&mut after),
            before: elements(&mut before),
        };
        let [first, second] = self.steps;
        let (run, lanes) = match n {
            1 => (pair::<T, 1>(first, second), 1),
            _ => (pair::<T, LANES>(first, second), LANES),
        };
        let stop = Stop::here();
        let progress = Progress::begin(Some((self.length * n.div_ceil(lanes)) as u64));
        for lane in (0..n).step_by(lanes) {
            iterations.lane = lane;
            for start in (0..self.length).step_by(BLOCK) {
                stop.check();
                iterations.block = start..self.length.min(start + BLOCK);
                run(&mut iterations);
                progress.advance(iterations.block.len());
            }
        }
        drop(progress);
        let stacked = self.stacked.iter().map(|&is_after| {
            let stack = if is_after { &after } else { &before };
            stack.clone().expect("made because it is wanted")
        });
        let stacked: Vec<Buffer> = stacked.collect();
        Ok(std::iter::once(last).chain(stacked).collect())
    }
}

fn elements<T: Number>(buffer: &mut Option<Buffer>) -> &mut [T] {
    match buffer {
        Some(buffer) => cast_slice_mut(buffer.bytes_mut().expect("a new buffer")),
        None => &mut [],
    }
}

struct Read<'a, T> {
    x: &'a [T],
    /// The distance between two iterations.
    stride: usize,
}

/// The work of a loop, for the lanes from `lane` on.
struct Trips<'a, T> {
    length: usize,
    /// The iterations to run, in their order.
    block: Range<usize>,
    reverse: bool,
    n: usize,
    lane: usize,
    carry: &'a mut [T],
    operands: [Read<'a, T>; 2],
    after: &'a mut [T],
    before: &'a mut [T],
}

trait Apply {
    fn apply<T: Number>(c: T, y: T) -> T;
}

macro_rules! steps {
    ($($name:ident: $c:ident, $y:ident => $result:expr;)*) => {
        $(
            struct $name;
            impl Apply for $name {
                #[inline(always)]
                fn apply<T: Number>($c: T, $y: T) -> T {
                    $result
                }
            }
        )*

        /// Returns the loop for a pair of steps.
        fn pair<T: Number, const L: usize>(first: Step, second: Step) -> fn(&mut Trips<T>) {
            match first {
                $(Step::$name => after::<T, $name, L>(second),)*
            }
        }

        fn after<T: Number, F: Apply, const L: usize>(second: Step) -> fn(&mut Trips<T>) {
            match second {
                $(Step::$name => run::<T, F, $name, L>,)*
            }
        }
    };
}
steps! {
    Add: c, y => c.add(y);
    Sub: c, y => c.sub(y);
    Mul: c, y => c.mul(y);
    Div: c, y => c.div(y);
    Max: c, y => c.max(y);
    Min: c, y => c.min(y);
    SubFrom: c, y => y.sub(c);
    DivInto: c, y => y.div(c);
    Keep: c, _y => c;
}

fn run<T: Number, F: Apply, G: Apply, const L: usize>(iterations: &mut Trips<T>) {
    let lanes = iterations.lane..iterations.lane + L;
    let mut c: [T; L] = iterations.carry[lanes.clone()].try_into().expect("as many lanes");
    for iteration in iterations.block.clone() {
        let iteration = if iterations.reverse {
            iterations.length - 1 - iteration
        } else {
            iteration
        };
        let at = iteration * iterations.n + iterations.lane;
        if !iterations.before.is_empty() {
            iterations.before[at..at + L].copy_from_slice(&c);
        }
        let [x, y] = iterations.operands.each_ref().map(|read| {
            let at = iteration * read.stride + iterations.lane;
            &read.x[at..at + L]
        });
        for i in 0..L {
            c[i] = G::apply(F::apply(c[i], x[i]), y[i]);
        }
        if !iterations.after.is_empty() {
            iterations.after[at..at + L].copy_from_slice(&c);
        }
    }
    iterations.carry[lanes].copy_from_slice(&c);
}
