//! Writes a kernel: the instructions that compute tiles of the results from tiles of stored variables.

use crate::kernels::{self, Pattern, Splat};
use crate::plan::cluster::Clusters;
use crate::plan::fuse::loop_views;
use crate::plan::space::{KernelKind, Space};
use crate::plan::view::{Affine, Seen, View, Views, operand_views};
use crate::tile::instruction::{
    Apply, CHUNK, Draw, Instruction, Kernel, Leaf, Output, REGISTER_BYTES, Source, TILE, Target,
};
use crate::tile::pairs;
use crate::tile::registers;
use kiln_program::Few;
use kiln_program::{ArrayType, DType, Equation, Formula, Op, Program, Scalar, Scan, Var};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// All kernels of a program, by the numbers that `clusters` gave them.
pub(crate) fn build(program: &Program, clusters: &mut Clusters) -> Vec<Kernel> {
    let views = Rc::new(RefCell::new(std::mem::take(&mut clusters.views)));
    let mut writers: Vec<Writer> = clusters
        .spaces()
        .map(|space| Writer::new(space.clone(), views.clone()))
        .collect();
    let main = Scope {
        program,
        number: MAIN,
    };
    for (i, equation) in program.equations().iter().enumerate() {
        let root = clusters.root(i);
        for &(kernel, seen) in clusters.demands(i) {
            let writer = &mut writers[kernel as usize];
            writer.equation(&main, equation, seen);
            if root == Some(kernel) {
                writer.store(program, equation, seen);
                writer.cost += clusters.cost(equation.outputs[0]);
            }
        }
    }
    writers.into_iter().map(Writer::finish).collect()
}

/// The program whose equations are written: the whole program, or a loop's body.
struct Scope<'p> {
    program: &'p Program,
    number: u32,
}

/// The number of the whole program; each loop body opens another.
const MAIN: u32 = 0;

/// A value in a kernel under construction.
#[derive(Clone, Copy, Debug)]
struct KernelValue {
    source: Source,
    /// Bytes of an element.
    size: usize,
    /// The value's depth: 0 if it is the same for all tiles, 1 if it changes with the tile, more if it
    /// changes with the iterations of that many nested loops.
    depth: usize,
    /// True if the value is the same over the whole tile.
    splat: bool,
}

struct Writer {
    space: Space,
    /// Lengths of the space's dims, then of the loops.
    lengths: Vec<usize>,
    inputs: Vec<Var>,
    /// The number of each variable among the inputs.
    places: FxHashMap<Var, usize>,
    outputs: Vec<Output>,
    leaves: Vec<Leaf>,
    numbers: FxHashMap<Leaf, usize>,
    /// Instructions by depth.
    blocks: Vec<Vec<Instruction>>,
    /// The values of variables, by the number of the scope and the view.
    values: FxHashMap<(u32, Var, Seen), KernelValue>,
    views: Rc<RefCell<Views>>,
    loaded: FxHashMap<usize, KernelValue>,
    constants: FxHashMap<Formula, KernelValue>,
    /// Element size of each virtual register.
    sizes: Vec<usize>,
    loops: usize,
    scopes: u32,
    cost: u64,
}

impl Writer {
    fn new(space: Space, views: Rc<RefCell<Views>>) -> Writer {
        Writer {
            lengths: space.lengths(),
            space,
            inputs: vec![],
            places: FxHashMap::default(),
            outputs: vec![],
            leaves: vec![],
            numbers: FxHashMap::default(),
            blocks: vec![vec![], vec![]],
            values: FxHashMap::default(),
            views,
            loaded: FxHashMap::default(),
            constants: FxHashMap::default(),
            sizes: vec![],
            loops: 0,
            scopes: 1,
            cost: 1,
        }
    }

    fn number(&self, view: View) -> Seen {
        self.views.borrow_mut().number(view)
    }

    /// Writes the instructions that compute the results of an equation, seen through `seen`.
    fn equation(&mut self, scope: &Scope, equation: &Equation, seen: Seen) {
        let program = scope.program;
        let view = &*self.views.borrow().get(seen);
        if let Op::Scan(scan) = &equation.op {
            return self.tile_loop(scope, scan, equation, seen);
        }
        let result = program.type_of(equation.outputs[0]);
        let mut operands: Few<KernelValue, 3> = Few::new();
        for (input, &x) in equation.inputs.iter().enumerate() {
            for seen in operand_views(program, equation, input, view, &self.lengths) {
                let seen = seen.expect("a view that the clusters were cut for");
                operands.push(self.operand(scope, x, &seen));
            }
        }
        let dtype = || program.type_of(equation.inputs[0]).dtype;
        let value = match &equation.op {
            op if let Some(number) = op.number() => self.constant(number),
            Op::Iota { dtype, axis, .. } => self.iota(*dtype, &view.0[*axis]),
            Op::Unary(f) => self.apply(Apply::One(kernels::unary(*f, dtype())), &operands, result),
            Op::Binary(f) => {
                let splat = match (operands[0].splat, operands[1].splat) {
                    (_, true) => Splat::Right,
                    (true, false) => Splat::Left,
                    (false, false) => Splat::Neither,
                };
                let (f, dtype) = (*f, dtype());
                let run = kernels::binary(f, dtype, splat);
                let apply = match kernels::is_arithmetic(f, dtype, splat) {
                    true => Apply::Arithmetic { f, dtype, splat, run },
                    false => Apply::Two(run),
                };
                self.apply(apply, &operands, result)
            }
            Op::Compare(f) => self.apply(Apply::Two(kernels::compare(*f, dtype())), &operands, result),
            Op::Uniform { low, high } => self.apply(Apply::Uniform(*low, *high), &operands, result),
            Op::Select => self.apply(Apply::Three(kernels::select(result.dtype)), &operands, result),
            Op::MulAdd => self.apply(Apply::Three(kernels::mul_add(result.dtype)), &operands, result),
            // Both dtypes have the same bits.
            Op::Cast(to) if dtype().is_integer() && to.is_integer() && dtype().size() == to.size() => {
                operands[0]
            }
            Op::Cast(to) => self.apply(Apply::One(kernels::cast(dtype(), *to)), &operands, result),
            Op::RandomBits { shape } => {
                let drawn = &view.0[view.0.len() - shape.rank()..];
                let counter = View(drawn.into()).position(shape);
                return self.random(scope, equation, seen, &operands, counter);
            }
            // A view does all moves of elements. A reduction happens when it is stored.
            _ => operands[0],
        };
        self.values
            .insert((scope.number, equation.outputs[0], seen), value);
    }

    /// The value of a variable that was written already, or is in memory.
    fn operand(&mut self, scope: &Scope, var: Var, view: &View) -> KernelValue {
        let seen = self.number(view.clone());
        match self.values.get(&(scope.number, var, seen)) {
            Some(value) => *value,
            None => {
                assert_eq!(
                    scope.number, MAIN,
                    "a loop's variables are written before they are read"
                );
                let of = scope.program.type_of(var);
                self.memory(var, of.dtype, view.position(&of.shape))
            }
        }
    }

    /// The value at an affine position of a buffer.
    fn memory(&mut self, var: Var, dtype: DType, position: Affine) -> KernelValue {
        let input = *self.places.entry(var).or_insert_with(|| {
            self.inputs.push(var);
            self.inputs.len() - 1
        });
        let leaf = self.leaf(Some(input), dtype, &position);
        if let Some(value) = self.loaded.get(&leaf) {
            return *value;
        }
        let value = self.place(leaf);
        let value = if self.leaves[leaf].tile.is_contiguous() {
            KernelValue {
                source: Source::Leaf(leaf),
                ..value
            }
        } else {
            let out = self.register(dtype.size());
            self.blocks[value.depth].push(Instruction::Load {
                leaf,
                out,
                whole: true,
            });
            KernelValue {
                source: Source::Register(out),
                ..value
            }
        };
        // A value that changes with a loop's iterations is lost after the loop.
        if value.depth <= 1 {
            self.loaded.insert(leaf, value);
        }
        value
    }

    fn leaf(&mut self, input: Option<usize>, dtype: DType, position: &Affine) -> usize {
        let outer = self.space.outer.rank();
        let dims = outer + self.space.tile.rank();
        let pattern = |dims: std::ops::Range<usize>| {
            Pattern::new(dims.map(|dim| (self.lengths[dim], position.coefficient(dim))))
        };
        let steps = position
            .terms
            .iter()
            .filter(|term| term.0 >= dims)
            .map(|term| (term.0 - dims, term.1));
        let leaf = Leaf {
            input,
            dtype,
            offset: position.offset,
            outer: pattern(0..outer),
            tile: pattern(outer..dims),
            steps: steps.collect(),
        };
        *self.numbers.entry(leaf.clone()).or_insert_with(|| {
            self.leaves.push(leaf);
            self.leaves.len() - 1
        })
    }

    /// The value of a leaf with its depth and splatness. The source is the leaf itself.
    fn place(&self, leaf: usize) -> KernelValue {
        let Leaf {
            outer, tile, steps, ..
        } = &self.leaves[leaf];
        let splat = tile.is_splat();
        let depth = match steps.iter().map(|step| step.0).max() {
            // Loops are numbered as they open; the open ones are nested.
            Some(_) => self.blocks.len() - 1,
            None => usize::from(!splat || !outer.is_splat()),
        };
        KernelValue {
            source: Source::Leaf(leaf),
            size: self.leaves[leaf].dtype.size(),
            depth,
            splat,
        }
    }

    fn constant(&mut self, number: Formula) -> KernelValue {
        if let Some(known) = self.constants.get(&number) {
            return *known;
        }
        let size = number.dtype().size();
        let out = self.register(size);
        self.blocks[0].push(Instruction::Fill {
            number: number.clone(),
            out,
        });
        let known = KernelValue {
            source: Source::Register(out),
            size,
            depth: 0,
            splat: true,
        };
        self.constants.insert(number, known);
        known
    }

    fn iota(&mut self, dtype: DType, index: &Affine) -> KernelValue {
        let leaf = self.leaf(None, dtype, index);
        let value = self.place(leaf);
        let out = self.register(dtype.size());
        self.blocks[value.depth].push(Instruction::Iota { leaf, out });
        KernelValue {
            source: Source::Register(out),
            ..value
        }
    }

    fn apply(&mut self, apply: Apply, operands: &[KernelValue], of: &ArrayType) -> KernelValue {
        let depth = operands.iter().map(|value| value.depth).max().unwrap_or(0);
        let splat = operands.iter().all(|value| value.splat);
        let out = self.register(of.dtype.size());
        self.blocks[depth].push(Instruction::Apply {
            apply,
            inputs: operands.iter().map(|value| (value.source, value.size)).collect(),
            size: of.dtype.size(),
            out: Target::Register(out),
        });
        KernelValue {
            source: Source::Register(out),
            size: of.dtype.size(),
            depth,
            splat,
        }
    }

    fn random(
        &mut self,
        scope: &Scope,
        equation: &Equation,
        seen: Seen,
        words: &[KernelValue],
        counter: Affine,
    ) {
        let (key, first) = words.split_at(2);
        let zero = self
            .constants
            .get(&Formula::Known(Scalar::from_i64(DType::U32, 0)))
            .copied();
        let is_zero = |word: &KernelValue| zero.is_some_and(|zero| zero.source == word.source);
        let counter = self.leaf(None, DType::U64, &counter);
        let place = self.place(counter);
        let depth = words
            .iter()
            .chain([&place])
            .map(|value| value.depth)
            .max()
            .unwrap_or(0);
        let out = [self.register(4), self.register(4)];
        self.blocks[depth].push(Instruction::Random {
            key: [key[0].source, key[1].source],
            first: (!first.iter().all(is_zero)).then_some([first[0].source, first[1].source]),
            counter,
            splat: key.iter().all(|value| value.splat),
            draw: Draw::Words(out),
        });
        let splat = words.iter().chain([&place]).all(|value| value.splat);
        for (register, output) in out.into_iter().zip(&equation.outputs) {
            let value = KernelValue {
                source: Source::Register(register),
                size: 4,
                depth,
                splat,
            };
            self.values.insert((scope.number, *output, seen), value);
        }
    }

    /// Writes a loop whose results are seen through `whole`.
    fn tile_loop(&mut self, outside: &Scope, scan: &Scan, equation: &Equation, whole: Seen) {
        let view = &*self.views.borrow().get(whole);
        let (program, body) = (outside.program, &*scan.body);
        let scope = Scope {
            program: body,
            number: self.scopes,
        };
        let number = scope.number;
        self.scopes += 1;
        let step = self.loops;
        self.loops += 1;
        let dim = self.lengths.len();
        self.lengths.push(scan.length);
        let views = loop_views(scan, view, &self.lengths).expect("a view that the clusters were cut for");

        let inputs: Vec<Var> = body.inputs().collect();
        let fixed = scan.consts + scan.carries;
        let carry = |i: usize| inputs[scan.consts + i];
        let size = |var: Var| body.type_of(var).dtype.size();
        let init: Vec<((Source, usize), usize)> = (0..scan.carries)
            .map(|i| {
                let start = self.operand(outside, equation.inputs[scan.consts + i], view);
                ((start.source, start.size), self.register(start.size))
            })
            .collect();
        self.blocks.push(vec![]);
        let depth = self.blocks.len() - 1;
        for (i, &((_, size), register)) in init.iter().enumerate() {
            let value = KernelValue {
                source: Source::Register(register),
                size,
                depth,
                splat: false,
            };
            self.values.insert((number, carry(i), whole), value);
        }
        for (input, &var) in inputs
            .iter()
            .enumerate()
            .filter(|(i, _)| *i < scan.consts || *i >= fixed)
        {
            let operand = equation.inputs[input];
            let of = program.type_of(operand);
            for seen in &views[var.index()] {
                let whole = if input < scan.consts {
                    seen.clone()
                } else {
                    // Iteration t reads slice t.
                    View(
                        std::iter::once(Affine::coordinate(dim))
                            .chain(seen.0.iter().cloned())
                            .collect(),
                    )
                };
                let value = self.memory(operand, of.dtype, whole.position(&of.shape));
                let seen = self.number(seen.clone());
                self.values.insert((number, var, seen), value);
            }
        }
        for inner in body.equations() {
            let mut written: Few<&View, 1> = Few::new();
            for output in &inner.outputs {
                for seen in &views[output.index()] {
                    if !written.contains(&seen) {
                        let number = self.number(seen.clone());
                        self.equation(&scope, inner, number);
                        written.push(seen);
                    }
                }
            }
        }
        // Each carry's next value has a register of its own, which is swapped with the carry's.
        let mut swap: Vec<(usize, usize)> = vec![];
        let mut own = written_in(&self.blocks[depth]);
        for (i, output) in body.outputs().iter().enumerate() {
            let next = self.values[&(number, *output, whole)];
            let fresh = match next.source {
                Source::Register(register)
                    if next.depth == depth
                        && body.outputs().iter().filter(|var| *var == output).count() == 1
                        && output.index() >= inputs.len()
                        && own.remove(&register) =>
                {
                    register
                }
                source => {
                    let out = self.register(size(*output));
                    self.blocks[depth].push(Instruction::Apply {
                        apply: Apply::Copy,
                        inputs: [(source, size(*output))].into_iter().collect(),
                        size: size(*output),
                        out: Target::Register(out),
                    });
                    out
                }
            };
            swap.push((init[i].1, fresh));
        }
        let block = self.blocks.pop().expect("pushed above");
        let outer = self.blocks.len() - 1;
        let registers: Vec<usize> = init.iter().map(|(_, register)| *register).collect();
        self.blocks[outer.max(1)].push(Instruction::Loop {
            length: scan.length,
            reverse: scan.reverse,
            step,
            init,
            body: block,
            swap,
        });
        for (register, output) in registers.into_iter().zip(&equation.outputs) {
            let value = KernelValue {
                source: Source::Register(register),
                size: program.type_of(*output).dtype.size(),
                depth: outer.max(1),
                splat: false,
            };
            self.values.insert((MAIN, *output, whole), value);
        }
    }

    /// Stores the results of an equation, or reduces into the outputs.
    fn store(&mut self, program: &Program, equation: &Equation, seen: Seen) {
        for &var in &equation.outputs {
            let output = self.outputs.len();
            let input = self.values[&(MAIN, var, seen)].source;
            let reduction = match &equation.op {
                Op::Reduce { kind, .. } => Some(*kind),
                _ => None,
            };
            self.outputs.push(Output {
                var,
                of: program.type_of(var).clone(),
                reduction,
                reuse: None,
            });
            self.blocks[1].push(match reduction {
                Some(_) => Instruction::Reduce { input, output },
                None => Instruction::Store { input, output },
            });
        }
    }

    fn register(&mut self, size: usize) -> usize {
        self.sizes.push(size);
        self.sizes.len() - 1
    }

    fn finish(mut self) -> Kernel {
        self.find_reusable();
        // The table is large in long programs, and nothing reads it any more.
        self.values = FxHashMap::default();
        let mut code = self.blocks.pop().expect("the block of the tile");
        let mut once = self.blocks.pop().expect("the block before all tiles");
        let constants = once
            .iter()
            .filter(|instruction| matches!(instruction, Instruction::Fill { .. }));
        let constants = constants.count();
        pairs::join(&mut once, &mut code, self.sizes.len());
        let (once, code, registers) = registers::allocate(once, code, self.sizes.len());
        // A register also holds the elements of an input in a tile, if the input's memory becomes an
        // output's.
        let outputs = self.outputs.iter().map(|output| output.of.dtype.size());
        let size = self.sizes.iter().copied().chain(outputs).max().unwrap_or(1);
        // Constants are mostly read only at their first element.
        let bytes = register_bytes(registers - constants, self.space.tile.size().saturating_mul(size));
        let only_reduces = self.space.kind != KernelKind::Columns
            && registers == 0
            && self.outputs.iter().all(|output| output.reduction.is_some());
        Kernel {
            space: self.space,
            inputs: self.inputs,
            outputs: self.outputs,
            leaves: self.leaves,
            once,
            code,
            registers,
            loops: self.loops,
            // A power of two, which the order of reductions needs.
            tile: if only_reduces {
                CHUNK
            } else {
                TILE.min(bytes / size)
            },
            register_bytes: bytes,
            cost: self.cost,
        }
    }

    /// Finds an input for each output whose memory can become the output's: each tile reads it only where it
    /// writes the output.
    fn find_reusable(&mut self) {
        if self.space.kind != KernelKind::Map {
            return;
        }
        let mut fits = vec![true; self.inputs.len()];
        let mut dtypes = vec![DType::Bool; self.inputs.len()];
        for leaf in &self.leaves {
            if let Some(input) = leaf.input {
                fits[input] &= leaf.offset == 0 && leaf.tile.is_contiguous() && leaf.steps.is_empty();
                dtypes[input] = leaf.dtype;
            }
        }
        let mut free: FxHashMap<DType, VecDeque<usize>> = FxHashMap::default();
        for input in (0..self.inputs.len()).filter(|&input| fits[input]) {
            free.entry(dtypes[input]).or_default().push_back(input);
        }
        for output in self
            .outputs
            .iter_mut()
            .filter(|output| output.reduction.is_none())
        {
            output.reuse = free.get_mut(&output.of.dtype).and_then(VecDeque::pop_front);
        }
    }
}

/// The registers that a block writes itself and that hold one value. If elements are only moved, several
/// variables share one register.
fn written_in(block: &[Instruction]) -> FxHashSet<usize> {
    let mut written = FxHashSet::default();
    for instruction in block {
        match instruction {
            Instruction::Apply {
                out: Target::Register(out),
                ..
            } => {
                written.insert(*out);
            }
            Instruction::Random { draw, .. } => written.extend(draw.clone().outs().iter()),
            _ => {}
        }
    }
    written
}

/// The bytes of a register: as many as keep all registers in or near the first-level cache, within bounds
/// that make an instruction worth decoding, and no more than the whole space takes.
fn register_bytes(registers: usize, space: usize) -> usize {
    const CACHE: usize = 40 * 1024;
    let [small @ .., least, _, _] = REGISTER_BYTES;
    if let Some(bytes) = small.into_iter().find(|&bytes| space <= bytes) {
        return bytes;
    }
    let fits = |bytes: &usize| registers * bytes <= CACHE;
    let worth_it = REGISTER_BYTES.into_iter().filter(|&bytes| bytes >= least);
    worth_it.rev().find(fits).unwrap_or(least)
}
