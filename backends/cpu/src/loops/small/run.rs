//! Runs the steps of a small loop.

use super::{Loop, Moves, OnScalars, Place, Slices, Step, buffer};
use crate::buffer::Buffer;
use crate::kernels::{self, Counters};
use crate::{effects, single};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::sister::{Stop, Task as Progress};
use kiln_program::{DType, Few, Reduction, threefry2x32};

/// The slices of the operands and results of the whole loop.
pub(super) struct Outside<'a> {
    pub(super) xs: Vec<&'a [u8]>,
    pub(super) ys: Vec<&'a mut [u8]>,
    pub(super) stop: &'a Stop,
    /// The progress of the outermost loop, until that loop takes it.
    pub(super) progress: Progress,
}

impl Outside<'_> {
    /// Returns the progress for a loop to write to. A loop within it counts nothing.
    fn begin(&mut self) -> Progress {
        std::mem::replace(&mut self.progress, Progress::none())
    }
}

pub(super) fn run(steps: &[Step], memory: &mut [u8], outside: &mut Outside) {
    for step in steps {
        match step {
            Step::Scalars(list) => {
                for OnScalars { f, operands, out, .. } in list {
                    let [x, y, z] = operands.map(|at| word(memory, at));
                    let result = f(x, y, z);
                    memory[*out..out + 8].copy_from_slice(&result.to_le_bytes());
                }
            }
            Step::Each(each) => {
                let (before, out) = result(memory, &each.out);
                let operand = |i: usize| &before[each.operands[i].clone()];
                match each.run {
                    kernels::Slices::One(run) => run(operand(0), out),
                    kernels::Slices::Two(run) => run(operand(0), operand(1), out),
                    kernels::Slices::Three(run) => run(operand(0), operand(1), operand(2), out),
                    kernels::Slices::Uniform([low, high]) => {
                        kernels::uniform(low, high, cast_slice(operand(0)), cast_slice(operand(1)), out)
                    }
                }
            }
            Step::Take {
                dtype,
                x,
                offset,
                pattern,
                out,
            } => {
                let (before, out) = result(memory, out);
                let n = out.len() / dtype.size();
                kernels::load(*dtype, &before[x.clone()], *offset, pattern, 0, n, out);
            }
            Step::Put {
                dtype,
                x,
                offset,
                pattern,
                out,
            } => {
                let (before, out) = result(memory, out);
                kernels::store(*dtype, &before[x.clone()], *offset, pattern, out);
            }
            Step::Iota { dtype, pattern, out } => {
                let out = &mut memory[out.clone()];
                kernels::iota(*dtype, 0, pattern, 0, out.len() / dtype.size(), out);
            }
            Step::Reduce {
                kind,
                dtype,
                rows,
                each,
                x,
                scratch,
                out,
            } => {
                let (before, after) = memory.split_at_mut(scratch.start);
                let (scratch, out) = (scratch.len(), out.start - scratch.start..out.end - scratch.start);
                let (scratch, after) = after.split_at_mut(scratch.next_multiple_of(8));
                let out = &mut after[out.start - scratch.len()..out.end - scratch.len()];
                reduce(*kind, *dtype, *rows, *each, &before[x.clone()], scratch, out);
            }
            Step::Random {
                key,
                first,
                out: [high, low],
            } => {
                let (before, after) = memory.split_at_mut(high.start);
                let (words, after) = after.split_at_mut(low.start - high.start);
                let (key, first) = (
                    cast_slice(&before[key.clone()]),
                    cast_slice(&before[first.clone()]),
                );
                random(key, first, &mut words[..high.len()], &mut after[..low.len()]);
            }
            Step::Dot(dot, [x, y], out) => {
                let (before, out) = result(memory, out);
                dot.run(&before[x.clone()], &before[y.clone()], out);
            }
            Step::Gather(places, operands, out) => {
                let (before, out) = result(memory, out);
                let indices = slices(before, &operands[1..]);
                places.gather(&before[operands[0].clone()], &indices, out);
            }
            Step::Scatter(places, kind, operands, out) => {
                let (before, out) = result(memory, out);
                let indices = slices(before, &operands[2..]);
                out.copy_from_slice(&before[operands[0].clone()]);
                places.scatter(*kind, &before[operands[1].clone()], &indices, out);
            }
            Step::Other(op, operands, results) => {
                let operands = operands
                    .iter()
                    .map(|(place, of)| buffer(memory, place, of))
                    .collect();
                let results_of = single::run(op, operands).expect("a few elements");
                for (place, result) in results.iter().zip(results_of) {
                    memory[place.clone()].copy_from_slice(result.bytes());
                }
            }
            Step::Loop(inner) => inner.run(memory, outside),
            Step::While {
                condition,
                flag,
                body,
                next,
            } => {
                let (stop, progress) = (outside.stop, outside.begin());
                for iteration in 0.. {
                    stop.check();
                    progress.at(iteration);
                    run(condition, memory, outside);
                    if memory[flag.start] == 0 {
                        break;
                    }
                    run(body, memory, outside);
                    next.happen(memory);
                }
                outside.progress = progress;
            }
            Step::Cond(which, branches) => {
                let which: i32 = bytemuck::pod_read_unaligned(&memory[which.clone()]);
                let nearest = usize::try_from(which).unwrap_or(0).min(branches.len() - 1);
                let (steps, moves) = &branches[nearest];
                run(steps, memory, outside);
                moves.happen(memory);
            }
            Step::Effect(effect, operands) => {
                let operands: Vec<Buffer> = operands
                    .iter()
                    .map(|(place, of)| buffer(memory, place, of))
                    .collect();
                effects::happen(effect, &operands);
            }
            Step::Copy(moves) => moves.happen(memory),
        }
    }
}

fn slices<'m>(memory: &'m [u8], places: &[Place]) -> Few<&'m [u8], 4> {
    places.iter().map(|place| &memory[place.clone()]).collect()
}

/// Returns the element at an offset, with the bytes after it.
fn word(memory: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(memory[at..at + 8].try_into().expect("eight bytes"))
}

/// Copies few bytes without a call.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    match (from.len(), to.len()) {
        (4, 4) => to[..4].copy_from_slice(&from[..4]),
        (8, 8) => to[..8].copy_from_slice(&from[..8]),
        _ => to.copy_from_slice(from),
    }
}

/// Copies few bytes within the block without a call.
#[inline(always)]
fn copy_within(memory: &mut [u8], from: &Place, to: usize) {
    match from.len() {
        4 => {
            let bytes: [u8; 4] = memory[from.clone()].try_into().expect("four bytes");
            memory[to..to + 4].copy_from_slice(&bytes);
        }
        8 => {
            let bytes: [u8; 8] = memory[from.clone()].try_into().expect("eight bytes");
            memory[to..to + 8].copy_from_slice(&bytes);
        }
        _ => memory.copy_within(from.clone(), to),
    }
}

/// Returns the bytes before a result, and the result's own bytes.
fn result<'m>(memory: &'m mut [u8], out: &Place) -> (&'m [u8], &'m mut [u8]) {
    let (before, after) = memory.split_at_mut(out.start);
    (before, &mut after[..out.len()])
}

fn reduce(
    kind: Reduction,
    dtype: DType,
    rows: usize,
    each: bool,
    x: &[u8],
    scratch: &mut [u8],
    out: &mut [u8],
) {
    if x.is_empty() {
        kernels::identity(kind, dtype, out);
    } else if each {
        let n = x.len() / rows;
        for (row, out) in x.chunks_exact(n).zip(out.chunks_exact_mut(dtype.size())) {
            kernels::tree(kind, dtype, row, out);
        }
    } else {
        let (scratch, n) = (&mut scratch[..x.len()], out.len());
        scratch.copy_from_slice(x);
        kernels::fold_rows(kind, dtype, scratch, n);
        kernels::identity(kind, dtype, out);
        kernels::combine(kind, dtype, &scratch[..n], out);
    }
}

/// Computes the words for the counters from `first` on, a row for each key.
fn random(keys: &[u32], first: &[u32], high: &mut [u8], low: &mut [u8]) {
    // Fewer words are not worth a vector.
    const FEW: usize = 8;
    let (high, low): (&mut [u32], &mut [u32]) = (cast_slice_mut(high), cast_slice_mut(low));
    if first.is_empty() {
        return;
    }
    let n = 2 * high.len() / first.len();
    for (row, (key, first)) in keys
        .as_chunks::<2>()
        .0
        .iter()
        .zip(first.as_chunks::<2>().0)
        .enumerate()
    {
        let first = u64::from(first[0]) << 32 | u64::from(first[1]);
        let (high, low) = (
            &mut high[row * n..(row + 1) * n],
            &mut low[row * n..(row + 1) * n],
        );
        if n >= FEW && (first as u32).checked_add(n as u32).is_some() {
            let counters = Counters::Run {
                key: *key,
                hi: (first >> 32) as u32,
                first: first as u32,
                n,
            };
            kernels::random_bits(counters, high, low);
            continue;
        }
        for i in 0..n {
            let counter = first.wrapping_add(i as u64);
            [high[i], low[i]] = threefry2x32(*key, [(counter >> 32) as u32, counter as u32]);
        }
    }
}

impl Loop {
    fn run(&self, memory: &mut [u8], outside: &mut Outside) {
        let (stop, progress) = (outside.stop, outside.begin());
        for iteration in 0..self.length {
            stop.check();
            progress.at(iteration);
            let at = |iteration: usize| {
                if self.reverse {
                    self.length - 1 - iteration
                } else {
                    iteration
                }
            };
            for (from, to) in &self.slices {
                let (slice, n) = (at(iteration), to.len());
                match from {
                    Slices::Outside(i) => copy(
                        &outside.xs[*i][slice * n..(slice + 1) * n],
                        &mut memory[to.clone()],
                    ),
                    Slices::Within(base) => {
                        copy_within(memory, &(base + slice * n..base + (slice + 1) * n), to.start)
                    }
                }
            }
            run(&self.body, memory, outside);
            self.stack(memory, outside, at(iteration));
            self.next.set_aside(memory);
            if self.settles && self.next.change_nothing(memory) {
                if !self.stacked.is_empty() {
                    (iteration + 1..self.length)
                        .for_each(|iteration| self.stack(memory, outside, at(iteration)));
                }
                break;
            }
            self.next.copy(memory);
        }
        outside.progress = progress;
    }

    fn stack(&self, memory: &mut [u8], outside: &mut Outside, slice: usize) {
        for (from, to) in &self.stacked {
            let n = from.len();
            match to {
                Slices::Outside(i) => copy(
                    &memory[from.clone()],
                    &mut outside.ys[*i][slice * n..(slice + 1) * n],
                ),
                Slices::Within(base) => copy_within(memory, from, base + slice * n),
            }
        }
    }
}

impl Moves {
    fn happen(&self, memory: &mut [u8]) {
        self.set_aside(memory);
        self.copy(memory);
    }

    fn set_aside(&self, memory: &mut [u8]) {
        self.aside
            .iter()
            .for_each(|(from, to)| copy_within(memory, from, to.start));
    }

    fn copy(&self, memory: &mut [u8]) {
        self.into
            .iter()
            .for_each(|(from, to)| copy_within(memory, from, to.start));
    }

    fn change_nothing(&self, memory: &[u8]) -> bool {
        self.into
            .iter()
            .all(|(from, to)| memory[from.clone()] == memory[to.clone()])
    }
}
