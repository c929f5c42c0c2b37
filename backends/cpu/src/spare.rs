//! Buffers that nobody needs any more, kept for the next iteration of a loop.

use crate::buffer::Buffer;
use crate::memory::OutOfMemory;
use kiln_program::ArrayType;

/// Keeps the buffers that one iteration of a loop no longer needs. Outside of loops it keeps none.
#[derive(Default)]
pub(crate) struct Spare {
    buffers: Vec<Buffer>,
    keeps: bool,
}

impl Spare {
    /// Returns a store for the iterations of a loop.
    pub(crate) fn of_loop() -> Spare {
        Spare {
            buffers: vec![],
            keeps: true,
        }
    }

    /// Returns a buffer of this type with any contents.
    pub(crate) fn take(&mut self, of: &ArrayType) -> Result<Buffer, OutOfMemory> {
        let fits = |spare: &Buffer| {
            let other = spare.array_type();
            other.dtype == of.dtype && other.shape.size() == of.shape.size()
        };
        match self.buffers.iter().position(fits) {
            Some(i) => Ok(self.buffers.swap_remove(i).reshape(&of.shape)),
            None => Buffer::unwritten(of.clone()),
        }
    }

    /// Keeps the buffers that nobody else holds, at most a few of each size: some may not come from here.
    pub(crate) fn give(&mut self, buffers: impl IntoIterator<Item = Buffer>) {
        const FEW: usize = 4;
        const MANY: usize = 64;
        if !self.keeps {
            return;
        }
        for buffer in buffers.into_iter().filter(Buffer::is_unique) {
            let bytes = buffer.array_type().bytes();
            let alike = self
                .buffers
                .iter()
                .filter(|spare| spare.array_type().bytes() == bytes);
            if alike.count() < FEW && self.buffers.len() < MANY {
                self.buffers.push(buffer);
            }
        }
    }
}
