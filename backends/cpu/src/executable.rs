//! Compiled programs: kernels and single ops in the order in which they run.

use crate::loops::distribute::distribute;
use crate::loops::recurrence::Recurrence;
use crate::loops::small::Small;
use crate::loops::split::split;
use crate::plan::cluster::Clusters;
use crate::plan::fuse::is_fusable;
use crate::single::contract::{SmallDot, products};
use crate::single::pad;
use crate::slots::{self, Accesses};
use crate::spare::Spare;
use crate::tile::instruction::Kernel;
use crate::tile::kernel;
use crate::{Buffer, OutOfMemory, effects, single};
use kiln_program::Few;
use kiln_program::{ArrayType, Axes, Effect, Op, Program, Scalar, Scan, Shape, Var, simplify};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// A program compiled for the CPU.
///
/// ```
/// use kiln_cpu::{Buffer, Executable};
/// use kiln_program::{ArrayType, Binary, Builder, DType, Op};
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let y = b.push(Op::Binary(Binary::Mul), &[x, x])?[0];
/// let square = Executable::compile(&b.finish(&[y]));
/// let out = square.run(vec![Buffer::from_vec(vec![1.0f32, 2.0, 3.0], [3])]);
/// assert_eq!(out[0].as_slice::<f32>(), [1.0, 4.0, 9.0]);
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
#[derive(Debug)]
pub struct Executable {
    inputs: Vec<ArrayType>,
    slots: usize,
    steps: Vec<Step>,
    /// The slots of the results, each with a mark for its last read.
    outputs: Vec<(usize, bool)>,
}

/// A step and its slots. They obey the rule that `slots` states.
#[derive(Debug)]
struct Step {
    work: Work,
    /// Slots, each with a mark for its last read.
    inputs: Few<(usize, bool), 4>,
    outputs: Few<usize, 2>,
}

#[derive(Debug)]
enum Work {
    Kernel(Box<Kernel>),
    /// The same elements in another shape.
    Reshape(Shape),
    Pad {
        of: ArrayType,
        start: Axes,
        step: Axes,
    },
    Dot {
        dot: SmallDot,
        of: ArrayType,
    },
    /// An op that is not fused.
    Single(Op),
    Recurrence(Box<Recurrence>),
    /// A loop over few elements.
    Small(Box<Small>),
    Scan(Box<Loop>),
    While {
        condition: Arc<Executable>,
        body: Arc<Executable>,
        consts: usize,
    },
    Cond(Vec<Arc<Executable>>),
    /// A program that is not fused with the equations around it.
    Apart(Arc<Executable>),
    Effect(Effect),
}

#[derive(Debug)]
struct Loop {
    scan: Scan,
    body: Arc<Executable>,
    /// True if the loop may stop at the first iteration that leaves the carry as it is.
    settles: bool,
}

impl Executable {
    /// Compiles a program.
    pub fn compile(program: &Program) -> Executable {
        Compiler::default().compile(&simplify(program))
    }

    /// Runs the program. It takes its inputs by value: the memory of an input that nobody else
    /// holds is reused.
    ///
    /// # Panics
    /// When the inputs are not of the program's types, and when there is not enough memory.
    #[track_caller]
    pub fn run(&self, inputs: Vec<Buffer>) -> Vec<Buffer> {
        self.try_run(inputs).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`run`](Self::run), but returns an error if there is not enough memory.
    ///
    /// # Errors
    /// When there is not enough memory.
    ///
    /// # Panics
    /// When the inputs are not of the program's types.
    pub fn try_run(&self, inputs: Vec<Buffer>) -> Result<Vec<Buffer>, OutOfMemory> {
        self.run_lifted(inputs, &[])
    }

    /// Runs a program whose literals were lifted, with these numbers for them: see
    /// [`lift`](kiln_program::lift()).
    ///
    /// # Errors
    /// As [`try_run`](Self::try_run).
    ///
    /// # Panics
    /// As [`try_run`](Self::try_run), and when there are fewer numbers than were lifted.
    pub fn run_lifted(&self, inputs: Vec<Buffer>, numbers: &[Scalar]) -> Result<Vec<Buffer>, OutOfMemory> {
        self.run_with(inputs, numbers, &mut Spare::default())
    }

    /// As [`run_lifted`](Self::run_lifted), with spare buffers for results.
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
            match &step.work {
                Work::Kernel(kernel) => {
                    for (&slot, buffer) in step.outputs.iter().zip(kernel.run(operands, numbers, spare)?) {
                        slots[slot] = Some(buffer);
                    }
                }
                Work::Reshape(shape) => {
                    let [buffer] = operands.into_array().expect("a reshape has one operand");
                    slots[step.outputs[0]] = Some(buffer.reshape(shape));
                }
                Work::Pad { of, start, step: by } => {
                    slots[step.outputs[0]] = Some(pad::pad(&operands[0], of, start, by)?);
                }
                Work::Dot { dot, of } => {
                    let mut out = spare.take(of)?;
                    let bytes = out.bytes_mut().expect("a buffer of nobody else");
                    dot.run(operands[0].bytes(), operands[1].bytes(), bytes);
                    slots[step.outputs[0]] = Some(out);
                }
                Work::Single(op) => put(&mut slots, &step.outputs, single::run(op, operands.into_vec())?),
                Work::Recurrence(recurrence) => {
                    put(&mut slots, &step.outputs, recurrence.run(&operands, numbers)?);
                }
                Work::Small(small) => put(&mut slots, &step.outputs, small.run(&operands, numbers)?),
                Work::Scan(scan) => put(
                    &mut slots,
                    &step.outputs,
                    scan.run(operands.into_vec(), numbers, spare)?,
                ),
                Work::While {
                    condition,
                    body,
                    consts,
                } => {
                    let consts = &operands[..*consts];
                    let mut carry = operands[consts.len()..].to_vec();
                    let with = |carry: Vec<Buffer>| consts.iter().cloned().chain(carry).collect::<Vec<_>>();
                    let mut spare = Spare::of_loop();
                    while condition.run_with(with(carry.clone()), numbers, &mut spare)?[0].as_slice::<bool>()
                        [0]
                    {
                        carry = body.run_with(with(carry), numbers, &mut spare)?;
                    }
                    put(&mut slots, &step.outputs, carry);
                }
                Work::Cond(branches) => {
                    let mut operands = operands.into_vec();
                    let which = operands.remove(0).as_slice::<i32>()[0];
                    let nearest = usize::try_from(which).unwrap_or(0).min(branches.len() - 1);
                    put(
                        &mut slots,
                        &step.outputs,
                        branches[nearest].run_with(operands, numbers, spare)?,
                    );
                }
                Work::Apart(program) => {
                    put(
                        &mut slots,
                        &step.outputs,
                        program.run_with(operands.into_vec(), numbers, spare)?,
                    );
                }
                Work::Effect(effect) => effects::happen(effect, &operands),
            }
        }
        let results = self.outputs.iter();
        Ok(results
            .map(|&(slot, last)| read(&mut slots[slot], last))
            .collect())
    }

    /// The approximate bytes of the executable in memory.
    pub fn bytes(&self) -> usize {
        self.bytes_beside(&mut FxHashSet::default())
    }

    /// The bytes of the executable, unless it is among those that were counted. It is counted then.
    fn bytes_beside(&self, counted: &mut FxHashSet<*const Executable>) -> usize {
        if !counted.insert(self) {
            return 0;
        }
        let inputs = self.inputs.len() * size_of::<ArrayType>();
        let steps = self.steps.iter().map(|step| step.bytes_beside(counted));
        size_of::<Executable>() + inputs + steps.sum::<usize>()
    }

    /// The number of kernels and single ops of a run; a loop counts once.
    pub fn steps(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| !matches!(step.work, Work::Reshape(_)))
            .count()
    }
}

/// Compiles a program and the programs within it. A shared program is compiled once: exponentially many
/// paths can lead to it.
#[derive(Default)]
struct Compiler {
    made: FxHashMap<Arc<Program>, Arc<Executable>>,
}

impl Compiler {
    fn within(&mut self, program: &Arc<Program>) -> Arc<Executable> {
        if let Some(made) = self.made.get(program) {
            return made.clone();
        }
        let made = Arc::new(self.compile(program));
        self.made.insert(program.clone(), made.clone());
        made
    }

    /// Compiles a program that is simple, as are the programs within it.
    fn compile(&mut self, program: &Program) -> Executable {
        let program = &*distribute(program);
        let program = &*split(program);
        let program = &*products(program);
        let mut clusters = Clusters::find(program);
        let mut steps = vec![];
        for (number, kernel) in kernel::build(program, &mut clusters).into_iter().enumerate() {
            if kernel.outputs.is_empty() {
                continue;
            }
            let outputs = kernel.outputs.iter().map(|output| output.var.index()).collect();
            let order = (clusters.order_of_kernel(number), 0);
            let inputs = kernel.inputs.clone();
            steps.push((order, Step::new(Work::Kernel(Box::new(kernel)), &inputs, outputs)));
        }
        for (place, equation) in program.equations().iter().enumerate() {
            let alias = clusters.is_alias(equation);
            if !alias && is_fusable(&equation.op) {
                continue;
            }
            let work = match &equation.op {
                Op::Reshape(shape) => Work::Reshape(shape.clone()),
                Op::Pad { start, step, .. } => Work::Pad {
                    of: program.type_of(equation.outputs[0]).clone(),
                    start: start.clone(),
                    step: step.clone(),
                },
                Op::Dot(dot) => {
                    let [x, y] = [0, 1].map(|i| program.type_of(equation.inputs[i]));
                    match SmallDot::of(dot, x, y) {
                        Some(dot) => Work::Dot {
                            dot,
                            of: program.type_of(equation.outputs[0]).clone(),
                        },
                        None => Work::Single(equation.op.clone()),
                    }
                }
                Op::Scan(scan) => self.scan(scan),
                Op::While(w) => match Small::repeat(w) {
                    Some(small) => Work::Small(Box::new(small)),
                    None => Work::While {
                        condition: self.within(&w.condition),
                        body: self.within(&w.body),
                        consts: w.consts,
                    },
                },
                Op::Cond(branches) => Work::Cond(branches.iter().map(|branch| self.within(branch)).collect()),
                Op::Checkpoint(program) => Work::Apart(self.within(program)),
                Op::Effect(effect) => Work::Effect(effect.clone()),
                op => Work::Single(op.clone()),
            };
            let outputs = equation.outputs.iter().map(|var| var.index()).collect();
            let order = (clusters.order_of_equation(place), place);
            steps.push((order, Step::new(work, &equation.inputs, outputs)));
        }
        steps.sort_by_key(|(order, _)| *order);
        let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        let mut outputs: Vec<(usize, bool)> =
            program.outputs().iter().map(|var| (var.index(), false)).collect();
        let slots = slots::assign(
            program.inputs().len(),
            program.variables(),
            &mut steps,
            &mut outputs,
        );
        Executable {
            inputs: program.input_types(),
            slots,
            steps,
            outputs,
        }
    }

    /// The quickest way to run a loop.
    fn scan(&mut self, scan: &Scan) -> Work {
        if let Some(recurrence) = Recurrence::of(scan) {
            return Work::Recurrence(Box::new(recurrence));
        }
        if let Some(small) = Small::scan(scan) {
            return Work::Small(Box::new(small));
        }
        Work::Scan(Box::new(Loop {
            scan: scan.clone(),
            body: self.within(&scan.body),
            settles: scan.settles(),
        }))
    }
}

/// Returns true if two buffers are known to hold the same elements, without a look at many of them.
fn is_same(x: &Buffer, y: &Buffer) -> bool {
    const FEW: usize = 64;
    let (x, y) = (x.bytes(), y.bytes());
    x.as_ptr() == y.as_ptr() || (x.len() <= FEW && x == y)
}

fn read(slot: &mut Option<Buffer>, last: bool) -> Buffer {
    let buffer = if last { slot.take() } else { slot.clone() };
    buffer.expect("a buffer is there until it is read for the last time")
}

fn put(slots: &mut [Option<Buffer>], outputs: &[usize], buffers: Vec<Buffer>) {
    for (&slot, buffer) in outputs.iter().zip(buffers) {
        slots[slot] = Some(buffer);
    }
}

impl Step {
    fn bytes_beside(&self, counted: &mut FxHashSet<*const Executable>) -> usize {
        let work = match &self.work {
            Work::Kernel(kernel) => kernel.bytes(),
            Work::Recurrence(_) => size_of::<Recurrence>(),
            Work::Small(small) => small.bytes(),
            Work::Scan(scan) => {
                let body = &scan.scan.body;
                let own = size_of_val(body.equations()) + body.variables() * size_of::<ArrayType>();
                size_of::<Loop>() + own + scan.body.bytes_beside(counted)
            }
            Work::While { condition, body, .. } => {
                condition.bytes_beside(counted) + body.bytes_beside(counted)
            }
            Work::Cond(branches) => branches.iter().map(|branch| branch.bytes_beside(counted)).sum(),
            Work::Apart(program) => program.bytes_beside(counted),
            Work::Reshape(_) | Work::Pad { .. } | Work::Dot { .. } | Work::Single(_) | Work::Effect(_) => 0,
        };
        size_of::<Step>() + work
    }

    fn new(work: Work, inputs: &[Var], outputs: Few<usize, 2>) -> Step {
        Step {
            work,
            inputs: inputs.iter().map(|var| (var.index(), false)).collect(),
            outputs,
        }
    }
}

impl Accesses for Step {
    fn reads(&self) -> &[(usize, bool)] {
        &self.inputs
    }

    fn fills(&self) -> &[usize] {
        &self.outputs
    }

    fn accesses(&mut self) -> (&mut [(usize, bool)], &mut [usize]) {
        (&mut self.inputs, &mut self.outputs)
    }
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
            .map(|of| {
                let shape: Shape = std::iter::once(length).chain(of.shape.iter().copied()).collect();
                outer.take(&ArrayType {
                    dtype: of.dtype,
                    shape,
                })
            })
            .collect::<Result<Vec<Buffer>, _>>()?;
        let x_types = &body.input_types()[consts.len() + carries..];
        let slice_of = |trip: usize| if reverse { length - 1 - trip } else { trip };
        let mut spare = Spare::of_loop();
        let mut trip = 0;
        while trip < length {
            let slice = slice_of(trip);
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
            let last = if settled { length - 1 } else { trip };
            for (y, piece) in ys.iter_mut().zip(&pieces) {
                let (bytes, n) = (
                    y.bytes_mut().expect("nobody else holds it yet"),
                    piece.bytes().len(),
                );
                for slice in (trip..=last).map(slice_of) {
                    bytes[slice * n..(slice + 1) * n].copy_from_slice(piece.bytes());
                }
            }
            spare.give(pieces);
            trip = last + 1;
        }
        outer.give(xs);
        carry.extend(ys);
        Ok(carry)
    }
}
