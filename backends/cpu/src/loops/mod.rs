//! Loops: distributed and split before they are cut into kernels, or run in one block of memory.

pub(crate) mod distribute;
pub(crate) mod recurrence;
pub(crate) mod small;
pub(crate) mod split;
