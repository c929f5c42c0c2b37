//! Cheap ops two at a time.
//!
//! What bounds a sum or a product of tiles is not the arithmetic but the way to the cache and back. Where the result of one is
//! used by another only, both become one instruction.

use crate::kernel::{Apply, Instruction, Source, Target};
use crate::kernels::{Splat, pair};
use crate::registers::count;

/// Joins what can be joined; each register is written once.
pub(crate) fn join(code: &mut Vec<Instruction>, values: usize) {
    let mut uses = vec![0; values];
    count(code, &mut uses);
    block(code, &uses);
}

fn block(code: &mut Vec<Instruction>, uses: &[usize]) {
    // Where the results are written that only one instruction uses.
    let mut written = vec![None; uses.len()];
    let mut gone = vec![false; code.len()];
    for i in 0..code.len() {
        if let Instruction::Loop { body, .. } = &mut code[i] {
            block(body, uses);
        }
        if let Some((first, both)) = with_operand(code, i, &written) {
            code[i] = both;
            gone[first] = true;
        } else if let Instruction::Apply {
            apply: Apply::Arithmetic { .. },
            out: Target::Register(out),
            ..
        } = code[i]
            && uses[out] == 1
        {
            written[out] = Some(i);
        }
    }
    let mut gone = gone.into_iter();
    code.retain(|_| gone.next() == Some(false));
}

/// An instruction together with the one that writes an operand, and where that one is.
fn with_operand(code: &[Instruction], i: usize, written: &[Option<usize>]) -> Option<(usize, Instruction)> {
    let Instruction::Apply {
        apply:
            Apply::Arithmetic {
                f: second,
                dtype,
                splat,
                ..
            },
        inputs,
        size,
        out,
    } = &code[i]
    else {
        return None;
    };
    [Splat::Left, Splat::Right].into_iter().find_map(|side| {
        // What is the same everywhere is computed from first elements only.
        if *splat == side {
            return None;
        }
        let (result, other) = if side == Splat::Left { (0, 1) } else { (1, 0) };
        let Source::Register(register) = inputs[result].0 else {
            return None;
        };
        let first = written[register]?;
        let Instruction::Apply {
            apply: Apply::Arithmetic { f, splat: inner, .. },
            inputs: operands,
            ..
        } = &code[first]
        else {
            return None;
        };
        let both = Instruction::Apply {
            apply: Apply::Pair {
                run: pair(*f, *second, side == Splat::Right, *dtype)?,
                splat: [
                    *inner == Splat::Left,
                    *inner == Splat::Right,
                    *splat != Splat::Neither,
                ],
            },
            inputs: [operands[0], operands[1], inputs[other]].into_iter().collect(),
            size: *size,
            out: *out,
        };
        Some((first, both))
    })
}
