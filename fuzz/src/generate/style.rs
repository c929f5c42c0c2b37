//! The style of a program: the sizes of its arrays, and if it is differentiable.

use kiln_program::Shape;

#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// True if the program is differentiable almost everywhere.
    pub(super) smooth: bool,
    pub(super) class: Class,
    /// The number of levels that programs may still be nested by.
    pub(super) depth: usize,
}

/// The size of arrays. The engine works in another way beyond each of the bounds, so sizes lie around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Few,
    Registers,
    Tiles,
    Chunks,
}

impl Class {
    /// The most elements that a variable has.
    pub(super) fn limit(self) -> usize {
        match self {
            Class::Few => 256,
            Class::Registers => 5_000,
            Class::Tiles => 20_000,
            Class::Chunks => 200_000,
        }
    }

    pub(super) fn lengths(self) -> &'static [usize] {
        match self {
            Class::Few => &[1, 1, 2, 2, 3, 3, 4, 5, 7, 8],
            Class::Registers => &[1, 2, 3, 5, 8, 16, 31, 32, 33, 63, 64, 65, 127, 128, 257],
            Class::Tiles => &[1, 2, 3, 7, 64, 511, 1023, 1024, 1025, 2048, 4097],
            Class::Chunks => &[
                1, 2, 3, 128, 1024, 16_383, 16_384, 16_385, 32_769, 65_537, 131_071,
            ],
        }
    }
}

/// Returns the number of elements, as if axes of length 0 had length 1.
pub(super) fn span(shape: &Shape) -> usize {
    shape.iter().map(|&n| n.max(1)).product()
}
