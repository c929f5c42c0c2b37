//! The checks: each runs a program in two ways, whose results must agree.

mod derivatives;
mod outcome;
mod runs;
mod saved;
mod vmap;

pub use outcome::{Outcome, shown};

use crate::dice::Dice;
use crate::fault::caught;
use crate::generate::Case;
use clap::ValueEnum;
use derivatives::{differences, modes};
use runs::{jitted, threads};
use saved::saved;
use vmap::mapped;

/// A way in which two results must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Check {
    /// A program that is compiled as a whole gives the bits of its equations run one by one. It prints the
    /// same lines.
    Jit,
    /// `vmap` gives the bits of a loop over the rows.
    Vmap,
    /// `vjp` and `jvp` return values with the bits of the function's. The derivatives of smooth programs
    /// agree in both modes.
    Modes,
    /// The derivative is that of central differences.
    Differences,
    /// One thread gives the bits of several.
    Threads,
    /// A program that is saved and read again is the same one; programs and arrays print.
    Saved,
}

impl Check {
    /// Runs the check; a panic is a fault.
    pub fn run(self, case: &Case, seed: u64) -> Outcome {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let outcome = caught(|| match self {
            Check::Jit => jitted(case),
            Check::Vmap => mapped(case, &mut dice),
            Check::Modes => modes(case, &mut dice),
            Check::Differences => differences(case, &mut dice),
            Check::Threads => threads(case),
            Check::Saved => saved(case),
        });
        outcome.unwrap_or_else(Outcome::Fault)
    }
}
