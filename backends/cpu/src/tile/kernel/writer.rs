//! A kernel under construction: its inputs, leaves, constants and instructions so far.

use crate::kernels::Pattern;
use crate::plan::space::Space;
use crate::plan::view::{Affine, Seen, View, Views};
use crate::tile::instruction::{Instruction, Leaf, Output, Source};
use kiln_program::{DType, Formula, Program, Var};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;

/// The program whose equations are written: the whole program, or a loop's body.
pub(super) struct Scope<'p> {
    pub(super) program: &'p Program,
    pub(super) number: u32,
}

/// The number of the whole program; each loop body opens another.
pub(super) const MAIN: u32 = 0;

/// A value in a kernel under construction.
#[derive(Clone, Copy, Debug)]
pub(super) struct KernelValue {
    pub(super) source: Source,
    /// Bytes of an element.
    pub(super) size: usize,
    /// The value's depth: 0 if it is the same for all tiles, 1 if it changes with the tile, more if it
    /// changes with the iterations of that many nested loops.
    pub(super) depth: usize,
    /// True if the value is the same over the whole tile.
    pub(super) splat: bool,
}

impl KernelValue {
    /// Returns the value that instructions of the block `depth` write to a register.
    pub(super) fn in_register(register: usize, size: usize, depth: usize, splat: bool) -> KernelValue {
        KernelValue {
            source: Source::Register(register),
            size,
            depth,
            splat,
        }
    }
}

/// A kernel under construction.
pub(super) struct Writer {
    pub(super) space: Space,
    /// Lengths of the space's dims, then of the loops.
    pub(super) lengths: Vec<usize>,
    pub(super) inputs: Vec<Var>,
    /// The number of each variable among the inputs.
    places: FxHashMap<Var, usize>,
    pub(super) outputs: Vec<Output>,
    pub(super) leaves: Vec<Leaf>,
    numbers: FxHashMap<Leaf, usize>,
    /// Instructions by depth.
    pub(super) blocks: Vec<Vec<Instruction>>,
    /// The values of variables, by the number of the scope and the view.
    pub(super) values: FxHashMap<(u32, Var, Seen), KernelValue>,
    pub(super) views: Rc<RefCell<Views>>,
    loaded: FxHashMap<usize, KernelValue>,
    pub(super) constants: FxHashMap<Formula, KernelValue>,
    /// Element size of each virtual register.
    pub(super) sizes: Vec<usize>,
    pub(super) loops: usize,
    pub(super) scopes: u32,
    pub(super) cost: u64,
}

impl Writer {
    pub(super) fn new(space: Space, views: Rc<RefCell<Views>>) -> Writer {
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

    pub(super) fn number(&self, view: View) -> Seen {
        self.views.borrow_mut().number(view)
    }

    /// Returns the value of a variable that was written already, or is in memory.
    pub(super) fn operand(&mut self, scope: &Scope, var: Var, view: &View) -> KernelValue {
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

    /// Returns the value at an affine position of a buffer.
    pub(super) fn memory(&mut self, var: Var, dtype: DType, position: Affine) -> KernelValue {
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

    pub(super) fn leaf(&mut self, input: Option<usize>, dtype: DType, position: &Affine) -> usize {
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

    /// Returns the value of a leaf with its depth and splatness. The source is the leaf itself.
    pub(super) fn place(&self, leaf: usize) -> KernelValue {
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

    pub(super) fn constant(&mut self, number: Formula) -> KernelValue {
        if let Some(known) = self.constants.get(&number) {
            return *known;
        }
        let size = number.dtype().size();
        let out = self.register(size);
        self.blocks[0].push(Instruction::Fill {
            number: number.clone(),
            out,
        });
        let known = KernelValue::in_register(out, size, 0, true);
        self.constants.insert(number, known);
        known
    }

    pub(super) fn iota(&mut self, dtype: DType, index: &Affine) -> KernelValue {
        let leaf = self.leaf(None, dtype, index);
        let value = self.place(leaf);
        let out = self.register(dtype.size());
        self.blocks[value.depth].push(Instruction::Iota { leaf, out });
        KernelValue {
            source: Source::Register(out),
            ..value
        }
    }

    pub(super) fn register(&mut self, size: usize) -> usize {
        self.sizes.push(size);
        self.sizes.len() - 1
    }
}
