//! Register allocation: from one register for each value to as few as are live at once.

use crate::kernels::Splat;
use crate::tile::instruction::{Apply, Instruction, Source, Target};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Rewrites the instructions, in which each register is written once, to share registers. Returns the number
/// of registers. The values that `once` writes stay live. A value that is stored and has no other use is
/// written to its output directly.
pub(crate) fn allocate(
    mut once: Vec<Instruction>,
    code: Vec<Instruction>,
    values: usize,
) -> (Vec<Instruction>, Vec<Instruction>, usize) {
    let mut code = store_directly(code, values);
    let mut whole = vec![false; values];
    read_whole(&once, &mut whole);
    read_whole(&code, &mut whole);
    mark_loads(&mut code, &whole);
    let mut lives = Lives {
        first: vec![usize::MAX; values],
        last: vec![0; values],
        clock: 0,
        open: vec![],
    };
    lives.block(&once);
    let tiles = lives.clock;
    lives.block(&code);
    for value in 0..values {
        // The value is written before all tiles, and each tile needs it.
        if lives.first[value] <= tiles {
            lives.last[value] = usize::MAX;
        }
    }
    let mut assign = Assign {
        lives,
        place: vec![usize::MAX; values],
        free: vec![],
        used: 0,
        clock: 0,
        live: BinaryHeap::new(),
    };
    assign.block(&mut once);
    assign.block(&mut code);
    (once, code, assign.used)
}

fn store_directly(code: Vec<Instruction>, values: usize) -> Vec<Instruction> {
    let mut uses = vec![0usize; values];
    let mut outputs: Vec<Option<usize>> = vec![None; values];
    count(&code, &mut uses);
    let mut written = vec![false; values];
    for instruction in &code {
        match instruction {
            Instruction::Apply {
                out: Target::Register(out),
                ..
            } => written[*out] = true,
            Instruction::Store {
                input: Source::Register(value),
                output,
            } if uses[*value] == 1 && written[*value] => {
                outputs[*value] = Some(*output);
            }
            _ => {}
        }
    }
    let direct = |instruction: Instruction| match instruction {
        Instruction::Store {
            input: Source::Register(value),
            ..
        } if outputs[value].is_some() => None,
        Instruction::Apply {
            apply,
            inputs,
            size,
            out: Target::Register(value),
        } => {
            let out = outputs[value].map_or(Target::Register(value), Target::Output);
            Some(Instruction::Apply {
                apply,
                inputs,
                size,
                out,
            })
        }
        other => Some(other),
    };
    code.into_iter().filter_map(direct).collect()
}

/// Counts the uses of each register.
pub(crate) fn count(block: &[Instruction], uses: &mut [usize]) {
    for instruction in block {
        reads(instruction, &mut |value| uses[value] += 1);
        if let Instruction::Loop { body, swap, .. } = instruction {
            count(body, uses);
            swap.iter().for_each(|(_, next)| uses[*next] += 1);
        }
    }
}

/// Marks the registers of which more than the beginning is read.
fn read_whole(block: &[Instruction], whole: &mut [bool]) {
    for instruction in block {
        match instruction {
            Instruction::Apply { apply, inputs, .. } => {
                let first_only = match apply {
                    Apply::Arithmetic { splat, .. } => [*splat == Splat::Left, *splat == Splat::Right, false],
                    Apply::Pair { splat, .. } => *splat,
                    Apply::One(_) | Apply::Two(_) | Apply::Three(_) | Apply::Uniform(..) | Apply::Copy => {
                        [false; 3]
                    }
                };
                for (input, first_only) in inputs.iter().zip(first_only) {
                    if let (Source::Register(value), false) = (input.0, first_only) {
                        whole[value] = true;
                    }
                }
            }
            Instruction::Random {
                splat: true,
                first: None,
                ..
            } => {}
            instruction => reads(instruction, &mut |value| whole[value] = true),
        }
        if let Instruction::Loop { body, .. } = instruction {
            read_whole(body, whole);
        }
    }
}

fn mark_loads(block: &mut [Instruction], read: &[bool]) {
    for instruction in block {
        match instruction {
            Instruction::Load { out, whole, .. } => *whole = read[*out],
            Instruction::Loop { body, .. } => mark_loads(body, read),
            _ => {}
        }
    }
}

/// The registers that an instruction reads itself, without those of a loop's body.
fn reads(instruction: &Instruction, read: &mut impl FnMut(usize)) {
    let mut source = |source: &Source| {
        if let Source::Register(value) = source {
            read(*value);
        }
    };
    match instruction {
        Instruction::Apply { inputs, .. } => inputs.iter().for_each(|(input, _)| source(input)),
        Instruction::Random { key, first, .. } => key.iter().chain(first.iter().flatten()).for_each(source),
        Instruction::Loop { init, .. } => init.iter().for_each(|((from, _), _)| source(from)),
        Instruction::Store { input, .. } | Instruction::Reduce { input, .. } => source(input),
        Instruction::Fill { .. } | Instruction::Load { .. } | Instruction::Iota { .. } => {}
    }
}

/// The first and last use of each value, as a count of instructions.
struct Lives {
    first: Vec<usize>,
    last: Vec<usize>,
    clock: usize,
    /// The open loops: the start of each, and the values that its iterations read.
    open: Vec<(usize, Vec<usize>)>,
}

impl Lives {
    fn block(&mut self, block: &[Instruction]) {
        for instruction in block {
            self.clock += 1;
            let mut read = vec![];
            reads(instruction, &mut |value| read.push(value));
            for value in read {
                self.touch(value);
                for (_, values) in &mut self.open {
                    values.push(value);
                }
            }
            match instruction {
                Instruction::Apply {
                    out: Target::Register(out),
                    ..
                }
                | Instruction::Fill { out, .. }
                | Instruction::Load { out, .. }
                | Instruction::Iota { out, .. } => self.touch(*out),
                Instruction::Random { draw, .. } => {
                    draw.clone().outs().iter().for_each(|&out| self.touch(out))
                }
                Instruction::Loop { init, body, swap, .. } => {
                    init.iter().for_each(|&(_, carry)| self.touch(carry));
                    self.open.push((self.clock, vec![]));
                    self.block(body);
                    self.clock += 1;
                    let (start, values) = self.open.pop().expect("pushed above");
                    // Every iteration reads the values from before the loop.
                    for value in values {
                        if self.first[value] <= start {
                            self.touch(value);
                        }
                    }
                    for &(carry, next) in swap {
                        self.touch(carry);
                        self.touch(next);
                    }
                }
                Instruction::Apply { .. } | Instruction::Store { .. } | Instruction::Reduce { .. } => {}
            }
        }
    }

    fn touch(&mut self, value: usize) {
        self.first[value] = self.first[value].min(self.clock);
        self.last[value] = self.last[value].max(self.clock);
    }
}

struct Assign {
    lives: Lives,
    place: Vec<usize>,
    free: Vec<usize>,
    used: usize,
    clock: usize,
    /// Values that hold a register, with the time of their last read: the earliest first.
    live: BinaryHeap<Reverse<(usize, usize)>>,
}

impl Assign {
    fn block(&mut self, block: &mut [Instruction]) {
        for instruction in block {
            self.clock += 1;
            self.release();
            match instruction {
                Instruction::Apply { inputs, out, .. } => {
                    inputs.iter_mut().for_each(|(input, _)| self.source(input));
                    if let Target::Register(out) = out {
                        self.write(out);
                    }
                }
                Instruction::Random { key, first, draw, .. } => {
                    key.iter_mut()
                        .chain(first.iter_mut().flatten())
                        .for_each(|input| self.source(input));
                    draw.outs().iter_mut().for_each(|out| self.write(out));
                }
                Instruction::Fill { out, .. }
                | Instruction::Load { out, .. }
                | Instruction::Iota { out, .. } => {
                    self.write(out);
                }
                Instruction::Loop { init, body, swap, .. } => {
                    init.iter_mut().for_each(|((from, _), _)| self.source(from));
                    init.iter_mut().for_each(|(_, carry)| self.write(carry));
                    self.block(body);
                    self.clock += 1;
                    for (carry, next) in swap {
                        (*carry, *next) = (self.place[*carry], self.place[*next]);
                    }
                }
                Instruction::Store { input, .. } | Instruction::Reduce { input, .. } => self.source(input),
            }
        }
    }

    fn source(&self, source: &mut Source) {
        if let Source::Register(value) = source {
            *value = self.place[*value];
        }
    }

    fn write(&mut self, value: &mut usize) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.used += 1;
            self.used - 1
        });
        self.place[*value] = place;
        self.live.push(Reverse((self.lives.last[*value], *value)));
        *value = place;
    }

    /// Frees the registers of values that nobody reads any more. An operand of an instruction keeps its
    /// register while that instruction writes.
    fn release(&mut self) {
        while let Some(&Reverse((last, value))) = self.live.peek()
            && last < self.clock
        {
            self.live.pop();
            self.free.push(self.place[value]);
        }
    }
}
