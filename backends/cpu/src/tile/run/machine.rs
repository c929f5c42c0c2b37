//! The memory that a thread works with: the registers of tiles.

use crate::kernels::Stack;
use crate::tile::instruction::{CHUNK, Kernel, REGISTER_BYTES, TILE};
use bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};
use std::cell::RefCell;

/// The fewest elements of a tile that is not the last one of its chunk.
const LEAST_TILE: usize = 2048 / 8;

/// The bytes of registers that a thread keeps for the next kernel.
const KEPT_BYTES: usize = 16 << 20;

/// A cache line: a register starts at one, so that no load of a vector touches two.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line([u64; 8]);

/// The memory of one tile.
pub(super) type Register = Vec<Line>;

/// The memory that a thread works with.
#[derive(Default)]
pub(super) struct Machine {
    /// Registers of one size, which keeps them close together: with unused bytes in each they would compete
    /// for the same sets of the cache.
    pub(super) registers: Vec<Register>,
    /// For each reduction of rows, the results of tiles.
    pub(super) partial: Vec<Register>,
    /// For each reduction of columns, the rows so far.
    pub(super) stacks: Vec<Stack>,
    /// The high and low words of the counters of random bits.
    pub(super) counters: [Register; 2],
    /// The current iteration of each loop.
    pub(super) iterations: Vec<usize>,
    /// The tiles, or iterations of tiles, that are not part of the progress yet.
    pub(super) counted: usize,
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
    pub(super) fn with(kernel: &Kernel, spare: usize, f: impl FnOnce(&mut Machine)) {
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
        if self.iterations.len() < kernel.loops {
            self.iterations.resize(kernel.loops, 0);
        }
    }
}

pub(super) fn bytes_of(register: &[Line]) -> &[u8] {
    cast_slice(register)
}

pub(super) fn bytes_of_mut(register: &mut [Line]) -> &mut [u8] {
    cast_slice_mut(register)
}
