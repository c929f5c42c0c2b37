//! Runs a compiled program step by step.

use super::{Executable, Loop, Step, Work};
use crate::buffer::Buffer;
use crate::memory::OutOfMemory;
use crate::single::pad;
use crate::spare::Spare;
use crate::threads::is_in_pool;
use crate::{effects, single};
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{Few, Scalar, Scan};

impl Executable {
    /// Runs the program. It takes its inputs by value: the memory of an input that nobody else
    /// holds is reused.
    ///
    /// # Panics
    /// When the inputs are not of the program's types, and when there is not enough memory.
    #[track_caller]
    pub fn run(&self, inputs: Vec<Buffer>) -> Vec<Buffer> {
        self.try_run(inputs).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs the program, and returns an error if there is not enough memory.
    ///
    /// # Errors
    /// When there is not enough memory.
    ///
    /// # Panics
    /// When the inputs are not of the program's types.
    pub fn try_run(&self, inputs: Vec<Buffer>) -> Result<Vec<Buffer>, OutOfMemory> {
        self.run_lifted(inputs, &[])
    }

    /// Runs a program whose literals were lifted, with these numbers for the literals: see `lift`.
    ///
    /// # Errors
    /// When there is not enough memory.
    ///
    /// # Panics
    /// When the inputs are not of the program's types, or there are fewer numbers than were lifted. The
    /// function unwinds if a [`CancelToken`](kiln_program::CancelToken) ends the program.
    pub fn run_lifted(&self, inputs: Vec<Buffer>, numbers: &[Scalar]) -> Result<Vec<Buffer>, OutOfMemory> {
        Stop::check_here();
        self.run_with(inputs, numbers, &mut Spare::default())
    }

    /// Runs a program whose literals were lifted, with spare buffers for results.
    fn run_with(
        &self,
        inputs: Vec<Buffer>,
        numbers: &[Scalar],
        spare: &mut Spare,
    ) -> Result<Vec<Buffer>, OutOfMemory> {
        assert!(
            inputs.len() == self.inputs.len()
                && inputs
                    .iter()
                    .zip(&self.inputs)
                    .all(|(x, of)| x.array_type() == of),
            "inputs {inputs:?} for a program of {:?}",
            self.inputs
        );
        let mut slots: Few<Option<Buffer>, 16> = inputs.into_iter().map(Some).collect();
        slots.resize(self.slots, None);
        for step in &self.steps {
            let operands: Few<Buffer, 4> = step
                .inputs
                .iter()
                .map(|&(slot, last)| read(&mut slots[slot], last))
                .collect();
            step.run(operands, &mut slots, numbers, spare)?;
        }
        let results = self.outputs.iter();
        Ok(results
            .map(|&(slot, last)| read(&mut slots[slot], last))
            .collect())
    }
}

impl Step {
    /// Runs the step, and fills the slots of its results.
    fn run(
        &self,
        operands: Few<Buffer, 4>,
        slots: &mut [Option<Buffer>],
        numbers: &[Scalar],
        spare: &mut Spare,
    ) -> Result<(), OutOfMemory> {
        let outputs = &self.outputs;
        let results = match &self.work {
            Work::Kernel(kernel) => {
                put(slots, outputs, kernel.run(operands, numbers, spare)?);
                return Ok(());
            }
            Work::Reshape(shape) => {
                let [buffer] = operands.into_array().expect("a reshape has one operand");
                put(slots, outputs, [buffer.reshape(shape)]);
                return Ok(());
            }
            Work::Pad { of, start, step: by } => {
                put(slots, outputs, [pad::pad(&operands[0], of, start, by)?]);
                return Ok(());
            }
            Work::Dot { dot, of } => {
                let mut out = spare.take(of)?;
                let bytes = out.bytes_mut().expect("a buffer of nobody else");
                dot.run(operands[0].bytes(), operands[1].bytes(), bytes);
                put(slots, outputs, [out]);
                return Ok(());
            }
            Work::Effect(effect) => {
                effects::happen(effect, &operands);
                return Ok(());
            }
            Work::Single(op) => {
                Stop::check_here();
                let run = || single::run(op, operands.into_vec());
                if is_in_pool() { Stop::aside(run)? } else { run()? }
            }
            Work::Recurrence(recurrence) => recurrence.run(&operands, numbers)?,
            Work::Small(small) => small.run(&operands, numbers)?,
            Work::Scan(scan) => scan.run(operands.into_vec(), numbers, spare)?,
            Work::While {
                condition,
                body,
                consts,
            } => {
                let (consts, carry) = operands.split_at(*consts);
                repeat(condition, body, consts, carry, numbers)?
            }
            Work::Cond(branches) => {
                let mut operands = operands.into_vec();
                let which = operands.remove(0).as_slice::<i32>()[0];
                let nearest = usize::try_from(which).unwrap_or(0).min(branches.len() - 1);
                branches[nearest].run_with(operands, numbers, spare)?
            }
            Work::Apart(program) => program.run_with(operands.into_vec(), numbers, spare)?,
        };
        put(slots, outputs, results);
        Ok(())
    }
}

fn read(slot: &mut Option<Buffer>, last: bool) -> Buffer {
    let buffer = if last { slot.take() } else { slot.clone() };
    buffer.expect("a buffer is there until it is read for the last time")
}

fn put(slots: &mut [Option<Buffer>], outputs: &[usize], buffers: impl IntoIterator<Item = Buffer>) {
    for (&slot, buffer) in outputs.iter().zip(buffers) {
        slots[slot] = Some(buffer);
    }
}

/// Runs a loop on a condition, and returns the last carry.
fn repeat(
    condition: &Executable,
    body: &Executable,
    consts: &[Buffer],
    carry: &[Buffer],
    numbers: &[Scalar],
) -> Result<Vec<Buffer>, OutOfMemory> {
    let mut carry = carry.to_vec();
    let with = |carry: Vec<Buffer>| consts.iter().cloned().chain(carry).collect::<Vec<_>>();
    let mut spare = Spare::of_loop();
    let (stop, progress) = (Stop::here(), Progress::begin(None));
    let mut iteration = 0;
    while condition.run_with(with(carry.clone()), numbers, &mut spare)?[0].as_slice::<bool>()[0] {
        carry = body.run_with(with(carry), numbers, &mut spare)?;
        iteration += 1;
        progress.at(iteration);
        stop.check();
    }
    Ok(carry)
}

impl Loop {
    fn run(
        &self,
        operands: Vec<Buffer>,
        numbers: &[Scalar],
        outer: &mut Spare,
    ) -> Result<Vec<Buffer>, OutOfMemory> {
        let Scan {
            length,
            consts,
            carries,
            reverse,
            ..
        } = self.scan;
        let mut operands = operands.into_iter();
        let consts: Vec<Buffer> = operands.by_ref().take(consts).collect();
        let mut carry: Vec<Buffer> = operands.by_ref().take(carries).collect();
        let xs: Vec<Buffer> = operands.collect();
        let body = &self.scan.body;
        let mut ys = body.output_types()[carries..]
            .iter()
            .map(|of| outer.take(&of.stacked(length)))
            .collect::<Result<Vec<Buffer>, _>>()?;
        let x_types = &body.input_types()[consts.len() + carries..];
        let slice_of = |iteration: usize| {
            if reverse {
                length - 1 - iteration
            } else {
                iteration
            }
        };
        let mut spare = Spare::of_loop();
        let (stop, progress) = (Stop::here(), Progress::begin(Some(length as u64)));
        let mut iteration = 0;
        while iteration < length {
            stop.check();
            progress.at(iteration);
            let slice = slice_of(iteration);
            let x = xs.iter().zip(x_types).map(|(x, of)| {
                let mut piece = spare.take(of)?;
                let n = of.bytes();
                piece
                    .bytes_mut()
                    .expect("a new buffer")
                    .copy_from_slice(&x.bytes()[slice * n..(slice + 1) * n]);
                Ok(piece)
            });
            let x: Vec<Buffer> = x.collect::<Result<_, OutOfMemory>>()?;
            let before = if self.settles { carry.clone() } else { vec![] };
            let inputs = consts
                .iter()
                .cloned()
                .chain(std::mem::take(&mut carry))
                .chain(x)
                .collect();
            let mut outputs = self.body.run_with(inputs, numbers, &mut spare)?;
            let pieces = outputs.split_off(carries);
            carry = outputs;
            // An iteration that leaves the carry as it is leaves everything after it as it is.
            let settled = self.settles
                && before
                    .iter()
                    .zip(&carry)
                    .all(|(before, after)| is_same(before, after));
            let last = if settled { length - 1 } else { iteration };
            for (y, piece) in ys.iter_mut().zip(&pieces) {
                let (bytes, n) = (
                    y.bytes_mut().expect("nobody else holds it yet"),
                    piece.bytes().len(),
                );
                for slice in (iteration..=last).map(slice_of) {
                    bytes[slice * n..(slice + 1) * n].copy_from_slice(piece.bytes());
                }
            }
            spare.give(pieces);
            iteration = last + 1;
        }
        progress.finish();
        outer.give(xs);
        carry.extend(ys);
        Ok(carry)
    }
}

/// Returns true if two buffers are known to hold the same elements, without a look at many of them.
fn is_same(x: &Buffer, y: &Buffer) -> bool {
    const FEW: usize = 64;
    let (x, y) = (x.bytes(), y.bytes());
    x.as_ptr() == y.as_ptr() || (x.len() <= FEW && x == y)
}
