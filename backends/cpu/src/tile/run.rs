//! Runs a kernel: tiles, threads, and reductions across them.
//!
//! The points are cut into chunks whose number of points is a power of two. The chunks are cut into tiles in
//! the same way. A reduction combines the elements of a tile, then tiles, then chunks, each in the order of
//! `kernels::reduce`: together this is the order of `kernels::reduce` for all elements.

use crate::kernels::{self, Counters, Stack};
use crate::plan::space::KernelKind;
use crate::progress;
use crate::spare::Spare;
use crate::tile::instruction::{
    Apply, CHUNK, Draw, Instruction, Kernel, Leaf, REGISTER_BYTES, Source, TILE, Target,
};
use crate::{Buffer, OutOfMemory};
use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};
use kiln_program::Few;
use kiln_program::{ArrayType, DType, Scalar};
use rayon::prelude::*;
use std::cell::RefCell;

/// The fewest elements of a tile that is not the last one of its chunk.
const LEAST_TILE: usize = 2048 / 8;

/// The work, in tenths of nanoseconds, that is worth waking other threads for.
const PARALLEL: u64 = 300_000;

/// The bytes of registers that a thread keeps for the next kernel.
const KEPT_BYTES: usize = 16 << 20;

/// A cache line: a register starts at one, so that no load of a vector touches two.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u64; 8]);

/// The memory of one tile.
type Register = Vec<Line>;

/// The memory that a thread works with.
#[derive(Default)]
struct Machine {
    /// Registers of one size, which keeps them close together: with unused bytes in each they would compete
    /// for the same sets of the cache.
    registers: Vec<Register>,
    /// For each reduction of rows, the results of tiles.
    partial: Vec<Register>,
    /// For each reduction of columns, the rows so far.
    stacks: Vec<Stack>,
    /// The high and low words of the counters of random bits.
    counters: [Register; 2],
    /// The current iteration of each loop.
    trips: Vec<usize>,
}

thread_local! {
    /// A machine for each size of registers.
    static MACHINES: RefCell<[Machine; REGISTER_BYTES.len()]> = RefCell::default();
}

fn register(bytes: usize) -> Register {
    vec![Line::zeroed(); bytes / size_of::<Line>()]
}

impl Machine {
    /// Runs `f` with this thread's machine for a kernel and some more registers.
    fn with(kernel: &Kernel, spare: usize, f: impl FnOnce(&mut Machine)) {
        let class = REGISTER_BYTES
            .iter()
            .position(|&bytes| bytes == kernel.register_bytes);
        let class = class.expect("registers of a known size");
        // The machine is taken, not borrowed: a thread that waits may run a task of another kernel.
        let mut machine = MACHINES.with_borrow_mut(|machines| std::mem::take(&mut machines[class]));
        machine.prepare(kernel, spare);
        f(&mut machine);
        // A long program has many more registers than other kernels.
        machine.registers.truncate(KEPT_BYTES / kernel.register_bytes);
        MACHINES.with_borrow_mut(|machines| machines[class] = machine);
    }

    fn prepare(&mut self, kernel: &Kernel, spare: usize) {
        while self.registers.len() < kernel.registers + spare {
            self.registers.push(register(kernel.register_bytes));
        }
        while self.partial.len() < kernel.outputs.len() {
            self.partial.push(register(CHUNK / LEAST_TILE * 8));
            self.stacks.push(Stack::default());
        }
        if self.counters[0].is_empty() {
            self.counters = std::array::from_fn(|_| register(TILE * 4));
        }
        if self.trips.len() < kernel.loops {
            self.trips.resize(kernel.loops, 0);
        }
    }
}

fn bytes_of(register: &[Line]) -> &[u8] {
    cast_slice(register)
}

fn bytes_of_mut(register: &mut [Line]) -> &mut [u8] {
    cast_slice_mut(register)
}

/// One output's part of a task.
type TaskOutput<'a> = &'a mut [u8];

/// A piece of the work.
struct Task<'a> {
    /// The number of the piece.
    number: usize,
    parts: Few<TaskOutput<'a>, 2>,
}

/// A kernel with its inputs.
struct Call<'a> {
    kernel: &'a Kernel,
    inputs: Few<&'a [u8], 4>,
    /// The numbers that are passed with the inputs.
    numbers: &'a [Scalar],
    /// For each input whose memory became an output's: the output, and the register that each tile
    /// is copied to first.
    reused: Few<Option<(usize, usize)>, 4>,
}

/// The current tile.
#[derive(Clone, Copy)]
struct Tile {
    outer: usize,
    start: usize,
    n: usize,
    /// The first point of the task's parts.
    base: usize,
}

impl Kernel {
    /// Runs the kernel. Outputs may take the memory of inputs that nobody else holds, and of spare buffers.
    /// The other inputs become spare buffers.
    pub(crate) fn run(
        &self,
        mut inputs: Few<Buffer, 4>,
        numbers: &[Scalar],
        spare: &mut Spare,
    ) -> Result<Few<Buffer, 2>, OutOfMemory> {
        let mut reused: Few<Option<(usize, usize)>, 4> = Few::from_elem(None, inputs.len());
        let mut outputs: Few<Buffer, 2> = Few::new();
        for (number, output) in self.outputs.iter().enumerate() {
            let reusable = output.reuse.filter(|&input| {
                inputs[input].is_unique() && inputs[input].array_type().bytes() == output.of.bytes()
            });
            outputs.push(match (reusable, output.reduction) {
                (Some(input), _) => {
                    reused[input] = Some((number, self.registers + number));
                    let nothing = Buffer::zeros(ArrayType::new(output.of.dtype, [0]));
                    std::mem::replace(&mut inputs[input], nothing).reshape(&output.of.shape)
                }
                (None, None) => spare.take(&output.of)?,
                (None, Some(_)) => spare.take(&self.partial_type(output.of.dtype))?,
            });
        }
        let call = Call {
            kernel: self,
            inputs: inputs.iter().map(Buffer::bytes).collect(),
            numbers,
            reused,
        };
        {
            let parts: Few<TaskOutput, 2> = outputs
                .iter_mut()
                .map(|output| output.bytes_mut().expect("nobody else holds an output"))
                .collect();
            match self.space.kind {
                KernelKind::Map | KernelKind::Rows => call.rows(parts),
                KernelKind::Columns => call.columns(parts),
            }
        }
        drop(call);
        for (output, buffer) in self.outputs.iter().zip(&mut outputs) {
            if let Some(kind) = output.reduction {
                let partial = std::mem::replace(buffer, Buffer::zeros(ArrayType::new(output.of.dtype, [0])));
                *buffer = self.combine(kind, partial, &output.of)?;
            }
        }
        spare.give(inputs);
        Ok(outputs)
    }

    /// The number of chunks whose results a reduction combines to one result.
    fn chunks(&self) -> usize {
        match self.space.kind {
            KernelKind::Map | KernelKind::Rows => self.space.tile.size().div_ceil(CHUNK).max(1),
            KernelKind::Columns => self.space.outer.size().div_ceil(self.height()).max(1),
        }
    }

    /// The number of rows of columns in a chunk. Long columns are cut only if there are too few
    /// columns for all threads.
    fn height(&self) -> usize {
        let rows = self.space.outer.size();
        match self.space.tile.size() {
            many if many >= 4 * CHUNK => rows.max(1),
            _ => rows.div_ceil(16).next_power_of_two().max(256),
        }
    }

    fn partial_type(&self, dtype: DType) -> ArrayType {
        let (outer, tile, chunks) = (self.space.outer.size(), self.space.tile.size(), self.chunks());
        match self.space.kind {
            KernelKind::Map | KernelKind::Rows => ArrayType::new(dtype, [outer, chunks]),
            KernelKind::Columns => ArrayType::new(dtype, [chunks, tile]),
        }
    }

    /// The results of a reduction from those of its chunks, combined pairwise.
    fn combine(
        &self,
        kind: kiln_program::Reduction,
        mut partial: Buffer,
        of: &ArrayType,
    ) -> Result<Buffer, OutOfMemory> {
        let chunks = self.chunks();
        if chunks == 1 {
            return Ok(partial.reshape(&of.shape));
        }
        let (dtype, size) = (of.dtype, of.dtype.size());
        let mut result = Buffer::try_zeros(of.clone())?;
        let out = result.bytes_mut().expect("nobody else holds a new buffer");
        let bytes = partial.bytes_mut().expect("nobody else holds partial results");
        if self.space.kind == KernelKind::Columns {
            kernels::fold_rows(kind, dtype, bytes, out.len());
            out.copy_from_slice(&bytes[..out.len()]);
        } else {
            for (row, out) in bytes
                .chunks_exact_mut(chunks * size)
                .zip(out.chunks_exact_mut(size))
            {
                kernels::fold(kind, dtype, row);
                out.copy_from_slice(&row[..size]);
            }
        }
        Ok(result)
    }
}

impl Call<'_> {
    /// Runs chunk by chunk of the tile dims, for each outer point. Parts are the outputs themselves, or one
    /// element a chunk for reductions.
    fn rows(&self, outputs: Few<TaskOutput, 2>) {
        let kernel = self.kernel;
        let length = kernel.space.tile.size();
        let chunks = kernel.chunks();
        let units = kernel.space.outer.size() * chunks;
        // Short rows are grouped.
        let group = if kernel.space.kind == KernelKind::Map {
            1
        } else {
            (CHUNK / length.clamp(1, CHUNK)).max(1)
        };
        let part = |output: usize| {
            let of = &kernel.outputs[output];
            of.of.dtype.size() * if of.reduction.is_some() { group } else { CHUNK }
        };
        self.each(units.div_ceil(group), outputs, part, |machine, number, parts| {
            self.once(machine, length.min(kernel.tile));
            for unit in number * group..((number + 1) * group).min(units) {
                let (outer, chunk) = (unit / chunks, unit % chunks);
                let (base, end) = (chunk * CHUNK, ((chunk + 1) * CHUNK).min(length));
                let mut start = base;
                while start < end {
                    let n = kernel.tile.min(end - start);
                    self.tile(
                        machine,
                        Tile {
                            outer,
                            start,
                            n,
                            base,
                        },
                        parts,
                    );
                    start += n;
                }
                for (i, output) in kernel.outputs.iter().enumerate() {
                    if let Some(kind) = output.reduction {
                        let (dtype, size) = (output.of.dtype, output.of.dtype.size());
                        let place = (unit - number * group) * size;
                        let out = &mut parts[i][place..place + size];
                        let tiles = end.saturating_sub(base).div_ceil(kernel.tile);
                        if tiles == 0 {
                            kernels::identity(kind, dtype, out);
                        } else {
                            let tiles = &mut bytes_of_mut(&mut machine.partial[i])[..tiles * size];
                            kernels::fold(kind, dtype, tiles);
                            out.copy_from_slice(&tiles[..size]);
                        }
                    }
                }
            }
        });
    }

    /// Runs down the outer points for each tile. Parts are pieces of rows of partial results.
    fn columns(&self, outputs: Few<TaskOutput, 2>) {
        let kernel = self.kernel;
        let (rows, length) = (kernel.space.outer.size(), kernel.space.tile.size());
        if length == 0 {
            return;
        }
        let chunks = kernel.chunks();
        // A piece must lie within one row of partial results: it is a whole row, or a part of the only one.
        let piece = if chunks == 1 { CHUNK.min(length) } else { length };
        let pieces = length.div_ceil(piece);
        let height = kernel.height();
        let part = |output: usize| kernel.outputs[output].of.dtype.size() * piece;
        self.each(chunks * pieces, outputs, part, |machine, number, parts| {
            // Without rows there is nothing to load.
            if rows > 0 {
                self.once(machine, length.min(kernel.tile));
            }
            let (chunk, base) = (number / pieces, number % pieces * piece);
            let end = (base + piece).min(length);
            let mut start = base;
            while start < end {
                let n = kernel.tile.min(end - start);
                machine.stacks.iter_mut().for_each(Stack::clear);
                for outer in chunk * height..((chunk + 1) * height).min(rows) {
                    self.tile(
                        machine,
                        Tile {
                            outer,
                            start,
                            n,
                            base,
                        },
                        &mut [],
                    );
                }
                for (i, part) in parts.iter_mut().enumerate() {
                    let (dtype, kind) = kernel.outputs[i].reduced();
                    let size = dtype.size();
                    let part = &mut part[(start - base) * size..(start - base + n) * size];
                    machine.stacks[i].finish(kind, dtype, part);
                }
                start += n;
            }
        });
    }

    /// Runs `tasks` pieces of work, on all threads if there is enough of it. `part` returns the bytes of each
    /// output that belong to one piece.
    fn each(
        &self,
        tasks: usize,
        outputs: Few<TaskOutput, 2>,
        part: impl Fn(usize) -> usize,
        run: impl Fn(&mut Machine, usize, &mut [TaskOutput]) + Sync,
    ) {
        let kernel = self.kernel;
        let spare = if self.reused.iter().any(Option::is_some) {
            kernel.outputs.len()
        } else {
            0
        };
        let on_this_thread = |task: &mut Task| {
            Machine::with(kernel, spare, |machine| {
                run(machine, task.number, &mut task.parts)
            });
        };
        if tasks == 1 {
            return on_this_thread(&mut Task {
                number: 0,
                parts: outputs,
            });
        }
        let mut work: Vec<Task> = (0..tasks)
            .map(|number| Task {
                number,
                parts: Few::with_capacity(outputs.len()),
            })
            .collect();
        for (i, output) in outputs.into_iter().enumerate() {
            for (task, part) in work.iter_mut().zip(output.chunks_mut(part(i))) {
                task.parts.push(part);
            }
        }
        if (kernel.space.size() as u64).saturating_mul(kernel.cost) < PARALLEL {
            work.iter_mut().for_each(on_this_thread);
        } else {
            progress::begin(tasks);
            work.par_iter_mut().with_max_len(4).for_each(|task| {
                on_this_thread(task);
                progress::advance();
            });
        }
    }

    /// Runs the instructions that all tiles share.
    fn once(&self, machine: &mut Machine, n: usize) {
        let tile = Tile {
            outer: 0,
            start: 0,
            n,
            base: 0,
        };
        self.block(&self.kernel.once, machine, tile, &mut []);
    }

    fn tile(&self, machine: &mut Machine, tile: Tile, parts: &mut [TaskOutput]) {
        for &(output, register) in self.reused.iter().flatten() {
            let size = self.kernel.outputs[output].of.dtype.size();
            let from = (tile.start - tile.base) * size;
            bytes_of_mut(&mut machine.registers[register])[..tile.n * size]
                .copy_from_slice(&parts[output][from..from + tile.n * size]);
        }
        self.block(&self.kernel.code, machine, tile, parts);
    }

    fn block(&self, block: &[Instruction], machine: &mut Machine, tile: Tile, parts: &mut [TaskOutput]) {
        for instruction in block {
            self.instruction(instruction, machine, tile, parts);
        }
    }

    fn instruction(
        &self,
        instruction: &Instruction,
        machine: &mut Machine,
        tile: Tile,
        parts: &mut [TaskOutput],
    ) {
        let n = tile.n;
        match instruction {
            Instruction::Apply {
                apply,
                inputs,
                size,
                out,
            } => match out {
                Target::Register(register) => {
                    let mut out = std::mem::take(&mut machine.registers[*register]);
                    let bytes = &mut bytes_of_mut(&mut out)[..n * size];
                    self.apply(*apply, inputs, machine, tile, bytes);
                    machine.registers[*register] = out;
                }
                Target::Output(output) => {
                    let from = (tile.start - tile.base) * size;
                    let out = &mut parts[*output][from..from + n * size];
                    self.apply(*apply, inputs, machine, tile, out);
                }
            },
            Instruction::Random {
                key,
                first,
                counter,
                splat,
                draw,
            } => self.random(*key, *first, *counter, *splat, *draw, machine, tile),
            Instruction::Fill { number, out } => {
                let value = number.value(self.numbers);
                let size = value.dtype().size();
                kernels::fill(
                    value.dtype(),
                    value.to_le_bytes(),
                    &mut bytes_of_mut(&mut machine.registers[*out])[..n * size],
                );
            }
            Instruction::Load { leaf, out, whole } => {
                let n = if *whole { n } else { n.min(kernels::BLOCK) };
                let leaf = &self.kernel.leaves[*leaf];
                let input = leaf.input.expect("a leaf to load has a buffer");
                let offset = self.offset(leaf, &machine.trips, tile);
                let out = &mut bytes_of_mut(&mut machine.registers[*out])[..n * leaf.dtype.size()];
                kernels::load(
                    leaf.dtype,
                    self.inputs[input],
                    offset,
                    &leaf.tile,
                    tile.start,
                    n,
                    out,
                );
            }
            Instruction::Iota { leaf, out } => {
                let leaf = &self.kernel.leaves[*leaf];
                let offset = self.offset(leaf, &machine.trips, tile);
                let out = &mut bytes_of_mut(&mut machine.registers[*out])[..n * leaf.dtype.size()];
                kernels::iota(leaf.dtype, offset, &leaf.tile, tile.start, n, out);
            }
            Instruction::Loop {
                length,
                reverse,
                step,
                init,
                body,
                swap,
            } => {
                for &((from, size), carry) in init {
                    let mut out = std::mem::take(&mut machine.registers[carry]);
                    let bytes = self.read(from, size, machine, tile);
                    bytes_of_mut(&mut out)[..bytes.len()].copy_from_slice(bytes);
                    machine.registers[carry] = out;
                }
                for trip in 0..*length {
                    machine.trips[*step] = if *reverse { length - 1 - trip } else { trip };
                    self.block(body, machine, tile, parts);
                    for &(carry, next) in swap {
                        machine.registers.swap(carry, next);
                    }
                }
            }
            Instruction::Store { input, output } => {
                let size = self.kernel.outputs[*output].of.dtype.size();
                let from = (tile.start - tile.base) * size;
                parts[*output][from..from + n * size].copy_from_slice(self.read(*input, size, machine, tile));
            }
            Instruction::Reduce { input, output } => {
                let (dtype, kind) = self.kernel.outputs[*output].reduced();
                let size = dtype.size();
                if self.kernel.space.kind == KernelKind::Columns {
                    let mut stack = std::mem::take(&mut machine.stacks[*output]);
                    stack.push(kind, dtype, self.read(*input, size, machine, tile));
                    machine.stacks[*output] = stack;
                } else {
                    let mut partial = std::mem::take(&mut machine.partial[*output]);
                    let place = (tile.start - tile.base) / self.kernel.tile * size;
                    let out = &mut bytes_of_mut(&mut partial)[place..place + size];
                    kernels::tree(kind, dtype, self.read(*input, size, machine, tile), out);
                    machine.partial[*output] = partial;
                }
            }
        }
    }

    fn offset(&self, leaf: &Leaf, trips: &[usize], tile: Tile) -> i64 {
        let trips = leaf
            .steps
            .iter()
            .map(|&(step, stride)| stride * trips[step] as i64);
        leaf.offset + leaf.outer.at(tile.outer) + trips.sum::<i64>()
    }

    /// The tile of a source with elements of `size` bytes.
    #[inline(always)]
    fn read<'m>(&'m self, source: Source, size: usize, machine: &'m Machine, tile: Tile) -> &'m [u8] {
        match source {
            Source::Register(register) => &bytes_of(&machine.registers[register])[..tile.n * size],
            Source::Leaf(number) => {
                let leaf = &self.kernel.leaves[number];
                let input = leaf.input.expect("a leaf to read has a buffer");
                if let Some((_, register)) = self.reused[input] {
                    return &bytes_of(&machine.registers[register])[..tile.n * size];
                }
                let from = (self.offset(leaf, &machine.trips, tile) + tile.start as i64) as usize * size;
                &self.inputs[input][from..from + tile.n * size]
            }
        }
    }

    fn apply(&self, apply: Apply, inputs: &[(Source, usize)], machine: &Machine, tile: Tile, out: &mut [u8]) {
        let read = |i: usize| self.read(inputs[i].0, inputs[i].1, machine, tile);
        match apply {
            Apply::One(run) => run(read(0), out),
            Apply::Two(run) | Apply::Arithmetic { run, .. } => run(read(0), read(1), out),
            Apply::Pair { run, splat } => run([read(0), read(1), read(2)], splat, out),
            Apply::Three(run) => run(read(0), read(1), read(2), out),
            Apply::Uniform(low, high) => {
                kernels::uniform(low, high, cast_slice(read(0)), cast_slice(read(1)), out)
            }
            Apply::Copy => out.copy_from_slice(read(0)),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn random(
        &self,
        key: [Source; 2],
        first: Option<[Source; 2]>,
        counter: usize,
        splat: bool,
        mut draw: Draw,
        machine: &mut Machine,
        tile: Tile,
    ) {
        let n = tile.n;
        if n == 0 {
            return;
        }
        let mut outs: Few<Register, 2> = Few::new();
        outs.extend(
            draw.outs()
                .iter()
                .map(|&out| std::mem::take(&mut machine.registers[out])),
        );
        let mut words = std::mem::take(&mut machine.counters);
        let leaf = &self.kernel.leaves[counter];
        let offset = self.offset(leaf, &machine.trips, tile) as u64;
        let [k0, k1] = key.map(|source| cast_slice::<u8, u32>(self.read(source, 4, machine, tile)));
        let counters = match kernels::run_of_counters(offset, &leaf.tile, tile.start, n) {
            Some((hi, first_of_run)) if splat && first.is_none() => Counters::Run {
                key: [k0[0], k1[0]],
                hi,
                first: first_of_run,
                n,
            },
            _ => {
                let [hi, lo] = words
                    .each_mut()
                    .map(|words| &mut cast_slice_mut::<_, u32>(words)[..n]);
                kernels::counters(offset, &leaf.tile, tile.start, hi, lo);
                if let Some(first) = first {
                    let [first_hi, first_lo] =
                        first.map(|source| cast_slice::<u8, u32>(self.read(source, 4, machine, tile)));
                    let joined = |hi, lo| u64::from(hi) << 32 | u64::from(lo);
                    for i in 0..n {
                        let counter = joined(hi[i], lo[i]).wrapping_add(joined(first_hi[i], first_lo[i]));
                        (hi[i], lo[i]) = ((counter >> 32) as u32, counter as u32);
                    }
                }
                // A key that is the same everywhere may have one element only.
                let n = if splat { 1 } else { n };
                Counters::Each {
                    k0: &k0[..n],
                    k1: &k1[..n],
                    hi,
                    lo,
                }
            }
        };
        match (draw, &mut outs[..]) {
            (Draw::Uniform { low, high, .. }, [out]) => {
                let bytes = &mut bytes_of_mut(out)[..n * low.dtype().size()];
                kernels::random_uniform(counters, low, high, bytes);
            }
            (Draw::Words(_), [out0, out1]) => {
                let words = |out| &mut cast_slice_mut::<_, u32>(bytes_of_mut(out))[..n];
                kernels::random_bits(counters, words(out0), words(out1));
            }
            _ => unreachable!("a register for each result"),
        }
        for (&mut register, out) in draw.outs().iter_mut().zip(outs) {
            machine.registers[register] = out;
        }
        machine.counters = words;
    }
}
