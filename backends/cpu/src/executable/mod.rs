//! Compiled programs: kernels and single ops in the order in which they run.

mod compile;
mod run;

use crate::loops::recurrence::Recurrence;
use crate::loops::small::Small;
use crate::single::contract::SmallDot;
use crate::slots::Accesses;
use crate::tile::instruction::Kernel;
use kiln_program::{ArrayType, Axes, Effect, Few, Op, Scan, Shape, Var};
use rustc_hash::FxHashSet;
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
    /// Returns the approximate bytes of the executable in memory.
    pub fn bytes(&self) -> usize {
        self.bytes_beside(&mut FxHashSet::default())
    }

    /// Returns the bytes of the executable, unless it is among those that were counted. It is counted then.
    fn bytes_beside(&self, counted: &mut FxHashSet<*const Executable>) -> usize {
        if !counted.insert(self) {
            return 0;
        }
        let inputs = self.inputs.len() * size_of::<ArrayType>();
        let steps = self.steps.iter().map(|step| step.bytes_beside(counted));
        size_of::<Executable>() + inputs + steps.sum::<usize>()
    }

    /// Returns the number of loops that are machine code, outside of other loops.
    #[doc(hidden)]
    pub fn native_loops(&self) -> usize {
        let native = |step: &&Step| matches!(&step.work, Work::Small(small) if small.is_native());
        self.steps.iter().filter(native).count()
    }

    /// Returns the number of kernels and single ops of a run; a loop counts once.
    pub fn steps(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| !matches!(step.work, Work::Reshape(_)))
            .count()
    }
}

impl Step {
    fn new(work: Work, inputs: &[Var], outputs: Few<usize, 2>) -> Step {
        Step {
            work,
            inputs: inputs.iter().map(|var| (var.index(), false)).collect(),
            outputs,
        }
    }

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
