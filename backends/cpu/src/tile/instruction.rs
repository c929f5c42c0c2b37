//! Kernels: instructions over tiles, and their operands and results.

use crate::kernels::{self, Loop1, Loop2, Loop3, Pair, Pattern, Splat};
use crate::plan::space::Space;
use kiln_program::{ArrayType, Binary, DType, Few, Formula, Reduction, Scalar, Var};

/// The most elements of a tile.
pub(crate) const TILE: usize = 1024;

/// The number of points that one thread takes at a time. A reduction combines them before it combines chunks.
pub(crate) const CHUNK: usize = kernels::MOST;

/// The sizes of registers. The two smallest are for kernels of few points: a long program has
/// very many registers.
pub(crate) const REGISTER_BYTES: [usize; 5] = [128, 512, 2048, 4096, 8192];

/// An operand of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    Register(usize),
    /// A piece of a buffer that is contiguous over the tile.
    Leaf(usize),
}

/// The target that an instruction writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Register(usize),
    /// The part of an output for the tile.
    Output(usize),
}

/// The function that an instruction applies to elements.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Apply {
    One(Loop1),
    Two(Loop2),
    /// Reads only the beginning of the operand that is the same everywhere.
    Arithmetic {
        f: Binary,
        dtype: DType,
        splat: Splat,
        run: Loop2,
    },
    /// Two arithmetic functions. Reads only the beginning of the marked operands.
    Pair {
        run: Pair,
        splat: [bool; 3],
    },
    Three(Loop3),
    Uniform(Scalar, Scalar),
    Copy,
}

/// The form in which random bits leave the processor's registers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Draw {
    /// Both words.
    Words([usize; 2]),
    /// Uniform floats.
    Uniform { low: Scalar, high: Scalar, out: usize },
}

impl Draw {
    /// Returns the registers that are written.
    pub(crate) fn outs(&mut self) -> &mut [usize] {
        match self {
            Draw::Words(outs) => outs,
            Draw::Uniform { out, .. } => std::slice::from_mut(out),
        }
    }
}

/// One step of a kernel.
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    Apply {
        apply: Apply,
        /// The operands, with the sizes of their elements.
        inputs: Few<(Source, usize), 3>,
        size: usize,
        out: Target,
    },
    /// Random bits; the counter is a leaf without a buffer.
    Random {
        key: [Source; 2],
        first: Option<[Source; 2]>,
        counter: usize,
        splat: bool,
        draw: Draw,
    },
    Fill {
        number: Formula,
        out: usize,
    },
    Load {
        leaf: usize,
        out: usize,
        /// True if more than the first [`BLOCK`](kernels::BLOCK) elements are read.
        whole: bool,
    },
    Iota {
        leaf: usize,
        out: usize,
    },
    /// Runs the body `length` times; `step` counts the iterations. Carries start as copies of `init`. After
    /// each iteration the pairs of registers in `swap` are swapped.
    Loop {
        length: usize,
        reverse: bool,
        step: usize,
        init: Vec<((Source, usize), usize)>,
        body: Vec<Instruction>,
        swap: Vec<(usize, usize)>,
    },
    Store {
        input: Source,
        output: usize,
    },
    Reduce {
        input: Source,
        output: usize,
    },
}

/// An affine view of a buffer, or of the numbers themselves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leaf {
    /// The number of one of the kernel's inputs.
    pub(crate) input: Option<usize>,
    pub(crate) dtype: DType,
    pub(crate) offset: i64,
    /// The pattern over the outer dims.
    pub(crate) outer: Pattern,
    /// The pattern over the dims that a tile covers.
    pub(crate) tile: Pattern,
    /// The step of each loop's iterations, by the loop's number.
    pub(crate) steps: Few<(usize, i64), 1>,
}

/// An output of a kernel.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) var: Var,
    pub(crate) of: ArrayType,
    /// The function that combines values, for the results of reductions.
    pub(crate) reduction: Option<Reduction>,
    /// An input whose memory can become this output's. Each tile reads only the part of the input
    /// that it then writes.
    pub(crate) reuse: Option<usize>,
}

impl Output {
    /// Returns the dtype and the kind of a reduction.
    pub(crate) fn reduced(&self) -> (DType, Reduction) {
        (self.of.dtype, self.reduction.expect("the output of a reduction"))
    }
}

/// A kernel, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) space: Space,
    pub(crate) inputs: Vec<Var>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) leaves: Vec<Leaf>,
    /// The instructions that are the same for all tiles.
    pub(crate) once: Vec<Instruction>,
    pub(crate) code: Vec<Instruction>,
    /// The number of registers. `loops` is the number of loops.
    pub(crate) registers: usize,
    pub(crate) register_bytes: usize,
    pub(crate) loops: usize,
    /// The number of elements in a tile.
    pub(crate) tile: usize,
    /// True if the work is worth waking other threads for.
    pub(crate) is_large: bool,
}

impl Kernel {
    /// Returns true if a tile runs loops.
    pub(crate) fn has_loops(&self) -> bool {
        self.loops > 0
    }

    /// Returns the iterations of a tile's loops.
    pub(crate) fn iterations(&self) -> u64 {
        let lengths = self.code.iter().map(|instruction| match instruction {
            Instruction::Loop { length, .. } => *length as u64,
            _ => 0,
        });
        lengths.sum()
    }

    /// Returns the approximate bytes of the kernel in memory.
    pub(crate) fn bytes(&self) -> usize {
        fn block(code: &[Instruction]) -> usize {
            let within = code.iter().map(|instruction| match instruction {
                Instruction::Loop { body, .. } => block(body),
                _ => 0,
            });
            size_of_val(code) + within.sum::<usize>()
        }
        size_of::<Kernel>()
            + size_of_val(&self.inputs[..])
            + size_of_val(&self.outputs[..])
            + size_of_val(&self.leaves[..])
            + block(&self.once)
            + block(&self.code)
    }
}
