//! Two ops as one instruction.
//!
//! A sum or a product of tiles takes less time than its way to the cache and back. Two such ops become one
//! instruction, if only the second reads the result of the first. Random bits and the uniform floats that
//! read both their words also become one instruction.

use crate::kernels::{Splat, pair};
use crate::tile::instruction::{Apply, Draw, Instruction, Source, Target};
use crate::tile::registers::count;

/// Joins pairs of instructions. Each register must be written once.
pub(crate) fn join(once: &mut Vec<Instruction>, code: &mut Vec<Instruction>, values: usize) {
    let mut uses = vec![0; values];
    count(once, &mut uses);
    count(code, &mut uses);
    block(once, &uses);
    block(code, &uses);
}

fn block(code: &mut Vec<Instruction>, uses: &[usize]) {
    // The number of the instruction that writes a register, for registers that only one instruction uses.
    let mut written = vec![None; uses.len()];
    let mut gone = vec![false; code.len()];
    for i in 0..code.len() {
        if let Instruction::Loop { body, .. } = &mut code[i] {
            block(body, uses);
        }
        if let Some((first, both)) = with_operand(code, i, &written) {
            code[i] = both;
            gone[first] = true;
        } else if let Some((first, uniform)) = drawn(code, i, &written) {
            if let Instruction::Random { draw, .. } = &mut code[first] {
                *draw = uniform;
            }
            gone[i] = true;
        }
        let results: &[usize] = match &code[i] {
            Instruction::Apply {
                apply: Apply::Arithmetic { .. },
                out: Target::Register(out),
                ..
            } => std::slice::from_ref(out),
            Instruction::Random {
                draw: Draw::Words(outs),
                ..
            } => outs,
            _ => &[],
        };
        for &out in results {
            if uses[out] == 1 {
                written[out] = Some(i);
            }
        }
    }
    let mut gone = gone.into_iter();
    code.retain(|_| gone.next() == Some(false));
}

/// Returns an instruction joined with the one that writes an operand, and the number of that one.
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
        // A value that is the same everywhere is computed from first elements only.
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

/// For uniform floats that alone read the two words of random bits: the number of the instruction that draws
/// the words, and the draw of the floats that replaces it.
fn drawn(code: &[Instruction], i: usize, written: &[Option<usize>]) -> Option<(usize, Draw)> {
    let Instruction::Apply {
        apply: Apply::Uniform(low, high),
        inputs,
        out: Target::Register(out),
        ..
    } = &code[i]
    else {
        return None;
    };
    let [(Source::Register(high_word), _), (Source::Register(low_word), _)] = inputs[..] else {
        return None;
    };
    let first = written[high_word]?;
    let Instruction::Random {
        draw: Draw::Words(outs),
        ..
    } = &code[first]
    else {
        return None;
    };
    let both = written[low_word] == Some(first) && *outs == [high_word, low_word];
    let uniform = Draw::Uniform {
        low: *low,
        high: *high,
        out: *out,
    };
    both.then_some((first, uniform))
}
