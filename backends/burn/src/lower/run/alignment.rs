//! Aligns values to the axes of their frames, and restores their own axes.

use crate::frames::{Frames, long};
use crate::kernels::Kernels;
use crate::value::Value;
use kiln_program::{ArrayType, Program, Var};

/// A program and the frames of its variables. Without frames, values have their own axes.
pub(super) struct Alignment<'a> {
    pub(super) program: &'a Program,
    /// The alignment of axes, on devices.
    pub(super) frames: Option<Frames>,
}

impl Alignment<'_> {
    /// Returns the type of a variable's value in memory if no axis is left to repeat.
    pub(super) fn held(&self, var: Var) -> ArrayType {
        let of = self.program.type_of(var);
        match &self.frames {
            Some(frames) => ArrayType::new(of.dtype, frames.whole(self.program, var)),
            None => of.clone(),
        }
    }

    /// Aligns a value with its own axes to its frame.
    pub(super) fn aligned<B: Kernels>(&self, var: Var, x: Value<B>) -> Value<B> {
        let Some(frames) = &self.frames else { return x };
        let shape = x.shape();
        // A slice still has the axis that it was cut along.
        let own = self.program.type_of(var).shape.rank();
        let before = shape.len().saturating_sub(own.max(1));
        let lengths = long(&self.program.type_of(var).shape)
            .into_iter()
            .map(|axis| shape[before + axis]);
        x.reshape(&frames.of(var).shape(lengths))
    }

    /// Returns the value with its own axes, of which repeated ones may have length 1.
    pub(super) fn own<B: Kernels>(&self, var: Var, x: Value<B>) -> Value<B> {
        let Some(frames) = &self.frames else { return x };
        let of = &self.program.type_of(var).shape;
        let held = x.shape();
        let mut shape = vec![1; of.rank()];
        for (axis, &place) in long(of).into_iter().zip(&frames.of(var).places) {
            shape[axis] = held[place];
        }
        x.reshape(&shape)
    }
}
