//! Generates random programs: well-typed equations over every op.

mod creation;
mod custom;
mod effects;
mod elementwise;
mod equation;
mod indexing;
mod linalg;
mod loops;
mod maker;
mod moves;
mod operands;
mod programs;
mod reductions;
mod style;
mod types;

pub use equation::OpKind;

use crate::dice::Dice;
use crate::values::{self, Wild};
use kiln::Array;
use kiln_program::Program;
use maker::Maker;
use std::sync::Arc;
use style::{Class, Style};

/// A program, and arrays for its inputs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program.
    pub program: Arc<Program>,
    /// The inputs of the program.
    pub inputs: Vec<Array>,
    /// True if the program is differentiable almost everywhere. Its floats then have 64 bits and moderate
    /// size.
    pub smooth: bool,
}

/// Returns the case of a seed.
pub fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let smooth = dice.chance(40);
    let style = Style {
        smooth,
        class: match dice.below(200) {
            0..150 => Class::Few,
            150..186 => Class::Registers,
            186..198 => Class::Tiles,
            _ => Class::Chunks,
        },
        depth: 2,
    };
    let equations = 1 + dice.below(if smooth { 7 } else { 10 });
    let mut maker = Maker::new(&mut dice, style, true);
    for _ in 0..equations {
        maker.equation();
    }
    let outputs = maker.outputs();
    let program = Arc::new(maker.builder.finish(&outputs));
    let inputs = inputs(&mut dice, &program, smooth);
    Case {
        program,
        inputs,
        smooth,
    }
}

/// Returns random arrays for a program's inputs.
pub fn inputs(dice: &mut Dice, program: &Program, smooth: bool) -> Vec<Array> {
    program
        .input_types()
        .iter()
        .map(|of| {
            let wild = match smooth {
                true => Wild::Smooth,
                false if dice.chance(40) => Wild::Special,
                false => Wild::Tame,
            };
            values::array(dice, of, wild)
        })
        .collect()
}
