//! Finishes a kernel: its registers, the length of its tiles, and the inputs whose memory outputs take.

use super::writer::Writer;
use crate::plan::space::KernelKind;
use crate::tile::instruction::{CHUNK, Instruction, Kernel, REGISTER_BYTES, TILE};
use crate::tile::{pairs, registers};
use kiln_program::DType;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// The work, in tenths of nanoseconds, that is worth waking other threads for.
const PARALLEL: u64 = 300_000;

impl Writer {
    pub(super) fn finish(mut self) -> Kernel {
        self.find_reusable();
        // The table is large in long programs, and nothing reads it any more.
        self.values = FxHashMap::default();
        let mut code = self.blocks.pop().expect("the block of the tile");
        let mut once = self.blocks.pop().expect("the block before all tiles");
        let constants = once
            .iter()
            .filter(|instruction| matches!(instruction, Instruction::Fill { .. }));
        let constants = constants.count();
        pairs::join(&mut once, &mut code, self.sizes.len());
        let (once, code, registers) = registers::allocate(once, code, self.sizes.len());
        // A register also holds the elements of an input in a tile, if the input's memory becomes an
        // output's.
        let outputs = self.outputs.iter().map(|output| output.of.dtype.size());
        let size = self.sizes.iter().copied().chain(outputs).max().unwrap_or(1);
        // Constants are mostly read only at their first element.
        let bytes = register_bytes(registers - constants, self.space.tile.size().saturating_mul(size));
        let only_reduces = self.space.kind != KernelKind::Columns
            && registers == 0
            && self.outputs.iter().all(|output| output.reduction.is_some());
        let is_large = (self.space.size() as u64).saturating_mul(self.cost) >= PARALLEL;
        Kernel {
            space: self.space,
            inputs: self.inputs,
            outputs: self.outputs,
            leaves: self.leaves,
            once,
            code,
            registers,
            loops: self.loops,
            // A power of two, which the order of reductions needs.
            tile: if only_reduces {
                CHUNK
            } else {
                TILE.min(bytes / size)
            },
            register_bytes: bytes,
            is_large,
        }
    }

    /// Finds an input for each output whose memory can become the output's: each tile reads it only where it
    /// writes the output.
    fn find_reusable(&mut self) {
        if self.space.kind != KernelKind::Map {
            return;
        }
        let mut fits = vec![true; self.inputs.len()];
        let mut dtypes = vec![DType::Bool; self.inputs.len()];
        for leaf in &self.leaves {
            if let Some(input) = leaf.input {
                fits[input] &= leaf.offset == 0 && leaf.tile.is_contiguous() && leaf.steps.is_empty();
                dtypes[input] = leaf.dtype;
            }
        }
        let mut free: FxHashMap<DType, VecDeque<usize>> = FxHashMap::default();
        for input in (0..self.inputs.len()).filter(|&input| fits[input]) {
            free.entry(dtypes[input]).or_default().push_back(input);
        }
        for output in self
            .outputs
            .iter_mut()
            .filter(|output| output.reduction.is_none())
        {
            output.reuse = free.get_mut(&output.of.dtype).and_then(VecDeque::pop_front);
        }
    }
}

/// Returns the bytes of a register: as many as keep all registers in or near the first-level cache, within
/// bounds that make an instruction worth decoding, and no more than the whole space takes.
fn register_bytes(registers: usize, space: usize) -> usize {
    const CACHE: usize = 40 * 1024;
    let [small @ .., least, _, _] = REGISTER_BYTES;
    if let Some(bytes) = small.into_iter().find(|&bytes| space <= bytes) {
        return bytes;
    }
    let fits = |bytes: &usize| registers * bytes <= CACHE;
    let worth_it = REGISTER_BYTES.into_iter().filter(|&bytes| bytes >= least);
    worth_it.rev().find(fits).unwrap_or(least)
}
