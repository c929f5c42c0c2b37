//! Plans the kernels: the ops that run together, the points that a kernel runs over, and the
//! views of its operands.

pub(crate) mod cluster;
pub(crate) mod fuse;
pub(crate) mod space;
pub(crate) mod view;
