//! Carries out a kernel's instructions over one tile.

use super::machine::{Machine, Register, bytes_of, bytes_of_mut};
use crate::kernels::{self, Counters};
use crate::plan::space::KernelKind;
use crate::tile::instruction::{Apply, Draw, Instruction, Kernel, Leaf, Source, Target};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{Few, Formula, Scalar};

/// One output's part of a task.
pub(super) type TaskOutput<'a> = &'a mut [u8];

/// A kernel with its inputs.
pub(super) struct Call<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) inputs: Few<&'a [u8], 4>,
    /// The numbers that are passed with the inputs.
    pub(super) numbers: &'a [Scalar],
    /// For each input whose memory became an output's: the output, and the register that each tile
    /// is copied to first.
    pub(super) reused: Few<Option<(usize, usize)>, 4>,
    pub(super) stop: Stop,
    pub(super) progress: Progress,
}

/// The iterations that a thread counts by itself, before it adds them to a number that all threads write to.
const COUNTED: usize = 64;

/// The current tile.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) outer: usize,
    pub(super) start: usize,
    pub(super) n: usize,
    /// The first point of the task's parts.
    pub(super) base: usize,
}

impl Call<'_> {
    /// Runs the instructions that all tiles share.
    pub(super) fn once(&self, machine: &mut Machine, n: usize) {
        let tile = Tile {
            outer: 0,
            start: 0,
            n,
            base: 0,
        };
        self.block(&self.kernel.once, machine, tile, &mut []);
    }

    /// Counts a tile, or an iteration of one.
    fn count(&self, machine: &mut Machine) {
        machine.counted += 1;
        if machine.counted == COUNTED {
            self.add_counted(machine);
        }
    }

    /// Adds what this thread has counted to the progress.
    pub(super) fn add_counted(&self, machine: &mut Machine) {
        self.progress.advance(std::mem::take(&mut machine.counted));
    }

    /// Runs the instructions of one tile, unless the program is to end: the thread that runs the program
    /// unwinds then, and nobody reads the results.
    pub(super) fn tile(&self, machine: &mut Machine, tile: Tile, parts: &mut [TaskOutput]) {
        if self.stop.is_asked() {
            return;
        }
        for &(output, register) in self.reused.iter().flatten() {
            let size = self.kernel.outputs[output].of.dtype.size();
            let from = (tile.start - tile.base) * size;
            bytes_of_mut(&mut machine.registers[register])[..tile.n * size]
                .copy_from_slice(&parts[output][from..from + tile.n * size]);
        }
        if !self.kernel.has_loops() {
            self.count(machine);
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
            Instruction::Fill { number, out } => self.fill(number, *out, machine, n),
            Instruction::Load { leaf, out, whole } => self.load(*leaf, *out, *whole, machine, tile),
            Instruction::Iota { leaf, out } => self.iota(*leaf, *out, machine, tile),
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
                for iteration in 0..*length {
                    if self.stop.is_asked() {
                        break;
                    }
                    machine.iterations[*step] = if *reverse {
                        length - 1 - iteration
                    } else {
                        iteration
                    };
                    self.block(body, machine, tile, parts);
                    for &(carry, next) in swap {
                        machine.registers.swap(carry, next);
                    }
                    self.count(machine);
                }
            }
            Instruction::Store { input, output } => {
                let size = self.kernel.outputs[*output].of.dtype.size();
                let from = (tile.start - tile.base) * size;
                parts[*output][from..from + n * size].copy_from_slice(self.read(*input, size, machine, tile));
            }
            Instruction::Reduce { input, output } => self.reduce(*input, *output, machine, tile),
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

    /// Fills a register with a number.
    fn fill(&self, number: &Formula, out: usize, machine: &mut Machine, n: usize) {
        let value = number.value(self.numbers);
        let size = value.dtype().size();
        kernels::fill(
            value.dtype(),
            value.to_le_bytes(),
            &mut bytes_of_mut(&mut machine.registers[out])[..n * size],
        );
    }

    /// Copies the elements of a leaf into a register.
    fn load(&self, leaf: usize, out: usize, whole: bool, machine: &mut Machine, tile: Tile) {
        let n = if whole { tile.n } else { tile.n.min(kernels::BLOCK) };
        let leaf = &self.kernel.leaves[leaf];
        let input = leaf.input.expect("a leaf to load has a buffer");
        let offset = self.offset(leaf, &machine.iterations, tile);
        let out = &mut bytes_of_mut(&mut machine.registers[out])[..n * leaf.dtype.size()];
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

    /// Writes the numbers of a leaf without a buffer into a register.
    fn iota(&self, leaf: usize, out: usize, machine: &mut Machine, tile: Tile) {
        let n = tile.n;
        let leaf = &self.kernel.leaves[leaf];
        let offset = self.offset(leaf, &machine.iterations, tile);
        let out = &mut bytes_of_mut(&mut machine.registers[out])[..n * leaf.dtype.size()];
        kernels::iota(leaf.dtype, offset, &leaf.tile, tile.start, n, out);
    }

    /// Combines the elements of a tile: rows to one partial result, columns to what their rows gave so far.
    fn reduce(&self, input: Source, output: usize, machine: &mut Machine, tile: Tile) {
        let (dtype, kind) = self.kernel.outputs[output].reduced();
        let size = dtype.size();
        if self.kernel.space.kind == KernelKind::Columns {
            let mut stack = std::mem::take(&mut machine.stacks[output]);
            stack.push(kind, dtype, self.read(input, size, machine, tile));
            machine.stacks[output] = stack;
        } else {
            let mut partial = std::mem::take(&mut machine.partial[output]);
            let place = (tile.start - tile.base) / self.kernel.tile * size;
            let out = &mut bytes_of_mut(&mut partial)[place..place + size];
            kernels::tree(kind, dtype, self.read(input, size, machine, tile), out);
            machine.partial[output] = partial;
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
        let offset = self.offset(leaf, &machine.iterations, tile) as u64;
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

    fn offset(&self, leaf: &Leaf, iterations: &[usize], tile: Tile) -> i64 {
        let iterations = leaf
            .steps
            .iter()
            .map(|&(step, stride)| stride * iterations[step] as i64);
        leaf.offset + leaf.outer.at(tile.outer) + iterations.sum::<i64>()
    }

    /// Returns the tile of a source with elements of `size` bytes.
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
                let from = (self.offset(leaf, &machine.iterations, tile) + tile.start as i64) as usize * size;
                &self.inputs[input][from..from + tile.n * size]
            }
        }
    }
}
