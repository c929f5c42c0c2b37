//! Deciding what runs together: kernels, the points they run over, and how they see what they read.

pub(crate) mod cluster;
pub(crate) mod fuse;
pub(crate) mod space;
pub(crate) mod view;
