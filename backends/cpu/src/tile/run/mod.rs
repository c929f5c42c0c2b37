//! Runs a kernel: tiles, threads, and reductions across them.
//!
//! The points are cut into chunks whose number of points is a power of two. The chunks are cut into tiles in
//! the same way. A reduction combines the elements of a tile, then tiles, then chunks, each in the order of
//! `kernels::reduce`: together this is the order of `kernels::reduce` for all elements.

mod interpret;
mod machine;

use crate::buffer::Buffer;
use crate::kernels::{self, Stack};
use crate::memory::OutOfMemory;
use crate::plan::space::KernelKind;
use crate::spare::Spare;
use crate::tile::instruction::{CHUNK, Kernel};
use interpret::{Call, TaskOutput, Tile};
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{ArrayType, DType, Few, Scalar};
use machine::{Machine, bytes_of_mut};
use rayon::prelude::*;

/// A piece of the work.
struct Task<'a> {
    /// The number of the piece.
    number: usize,
    parts: Few<TaskOutput<'a>, 2>,
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
            stop: Stop::here(),
            progress: self.progress(),
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
        call.stop.check();
        call.finish();
        for (output, buffer) in self.outputs.iter().zip(&mut outputs) {
            if let Some(kind) = output.reduction {
                let partial = std::mem::replace(buffer, Buffer::zeros(ArrayType::new(output.of.dtype, [0])));
                *buffer = self.combine(kind, partial, &output.of)?;
            }
        }
        spare.give(inputs);
        Ok(outputs)
    }

    /// Begins to count the iterations of the kernel's loops in all tiles, or the tiles if it has none.
    fn progress(&self) -> Progress {
        if !self.is_large {
            return Progress::none();
        }
        let tiles = self.space.outer.size() * self.space.tile.size().div_ceil(self.tile);
        Progress::begin(Some((tiles as u64).saturating_mul(self.iterations().max(1))))
    }

    /// Returns the number of chunks whose results a reduction combines to one result.
    fn chunks(&self) -> usize {
        match self.space.kind {
            KernelKind::Map | KernelKind::Rows => self.space.tile.size().div_ceil(CHUNK).max(1),
            KernelKind::Columns => self.space.outer.size().div_ceil(self.height()).max(1),
        }
    }

    /// Returns the number of rows of columns in a chunk. Long columns are cut only if there are too few
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

    /// Returns the results of a reduction from those of its chunks, combined pairwise.
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
    /// Ends a call that has done all its work.
    fn finish(self) {
        self.progress.finish();
    }

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
                for tile in self.tiles(base, end) {
                    self.tile(machine, Tile { outer, ..tile }, parts);
                }
                self.finish_rows(machine, end.saturating_sub(base), unit - number * group, parts);
            }
        });
    }

    /// Combines the results of the tiles of a chunk to one result of each reduction. It is element `place` of
    /// the reduction's part. The chunk has `points` points.
    fn finish_rows(&self, machine: &mut Machine, points: usize, place: usize, parts: &mut [TaskOutput]) {
        for (i, output) in self.kernel.outputs.iter().enumerate() {
            if let Some(kind) = output.reduction {
                let (dtype, size) = (output.of.dtype, output.of.dtype.size());
                let place = place * size;
                let out = &mut parts[i][place..place + size];
                let tiles = points.div_ceil(self.kernel.tile);
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
            for tile in self.tiles(base, end) {
                machine.stacks.iter_mut().for_each(Stack::clear);
                for outer in chunk * height..((chunk + 1) * height).min(rows) {
                    self.tile(machine, Tile { outer, ..tile }, &mut []);
                }
                for (i, part) in parts.iter_mut().enumerate() {
                    let (dtype, kind) = kernel.outputs[i].reduced();
                    let size = dtype.size();
                    let part = &mut part[(tile.start - base) * size..(tile.start - base + tile.n) * size];
                    machine.stacks[i].finish(kind, dtype, part);
                }
            }
        });
    }

    /// Returns the tiles from `base` to `end`, at the first outer point.
    fn tiles(&self, base: usize, end: usize) -> impl Iterator<Item = Tile> + use<> {
        let (length, mut next) = (self.kernel.tile, base);
        std::iter::from_fn(move || {
            let (outer, start) = (0, next);
            let n = length.min(end.saturating_sub(start));
            next += n;
            (n > 0).then_some(Tile {
                outer,
                start,
                n,
                base,
            })
        })
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
                run(machine, task.number, &mut task.parts);
                self.add_counted(machine);
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
        if kernel.is_large {
            Stop::aside(|| work.par_iter_mut().with_max_len(4).for_each(on_this_thread));
        } else {
            work.iter_mut().for_each(on_this_thread);
        }
    }
}
