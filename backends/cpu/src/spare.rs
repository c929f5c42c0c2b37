//! Buffers that nobody needs any more, kept for the next trip of a loop.

use crate::Buffer;
use kiln_program::ArrayType;

/// Keeps what one trip of a loop has no more use for; outside of loops, nothing.
#[derive(Default)]
pub(crate) struct Spare {
    buffers: Vec<Buffer>,
    keeps: bool,
}

impl Spare {
    /// For the trips of a loop.
    pub(crate) fn of_loop() -> Spare {
        Spare {
            buffers: vec![],
            keeps: true,
        }
    }

    /// A buffer of this type with anything in it.
    pub(crate) fn take(&mut self, of: &ArrayType) -> Buffer {
        let fits = |spare: &Buffer| {
            let other = spare.array_type();
            other.dtype == of.dtype && other.shape.size() == of.shape.size()
        };
        match self.buffers.iter().position(fits) {
            Some(i) => self.buffers.swap_remove(i).reshape(&of.shape),
            None => Buffer::zeros(of.clone()),
        }
    }

    /// Takes back what nobody else holds.
    pub(crate) fn give(&mut self, buffers: impl IntoIterator<Item = Buffer>) {
        /// More would not be asked for.
        const MANY: usize = 64;
        if self.keeps {
            let unique = buffers.into_iter().filter(Buffer::is_unique);
            self.buffers
                .extend(unique.take(MANY.saturating_sub(self.buffers.len())));
        }
    }
}
