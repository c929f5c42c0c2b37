//! Loops that run inside a tile.
//!
//! A loop with a fixed number of iterations may change large carries point by point. Such carries need no
//! memory: each tile runs all iterations. A loop of its own computes the values that the iterations share
//! beforehand (counters, keys, anything small), and stacks those that the tiles read. [`split`] splits a
//! loop into these two.

use crate::plan::fuse::{LARGE, is_fusable, is_tile_loop};
use kiln_program::sister::{Rewrite, simplify_around};
use kiln_program::{Builder, Op, Program, Scan, TypeError, Var, Vars};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::Arc;

/// Returns the program with loops split, if they allow it: a small loop over the values that the iterations
/// share, and a tile loop.
pub(crate) fn split(program: &Program) -> Cow<'_, Program> {
    let splits = |op: &Op| matches!(op, Op::Scan(scan) if !is_tile_loop(scan));
    if !program.equations().iter().any(|equation| splits(&equation.op)) {
        return Cow::Borrowed(program);
    }
    let written = program.rewritten(|builder, equation, inputs| {
        let parts = match &equation.op {
            Op::Scan(scan) if !is_tile_loop(scan) => Parts::of(scan),
            _ => None,
        };
        match parts {
            Some(parts) => parts.write(builder, inputs),
            None => builder.push(equation.op.clone(), inputs),
        }
    });
    Cow::Owned(written.expect("the parts of a loop type as the whole did"))
}

/// A loop that is split.
struct Parts<'s> {
    scan: &'s Scan,
    /// Marks the carries that stay in the tile.
    large: Vec<bool>,
    /// The loop over values that the iterations share. Its results are its carries, then the ys, then the
    /// values that the tiles read.
    shared: Scan,
    tile: Scan,
    /// The operands of the tile loop beyond its carries.
    consts: Vec<usize>,
    xs: Vec<Slices>,
}

/// The source of the tile loop's slices.
enum Slices {
    /// The whole loop's operand of this number.
    Operand(usize),
    /// A stack of the shared loop, counted after its ys.
    Shared(usize),
}

impl<'s> Parts<'s> {
    fn of(scan: &'s Scan) -> Option<Parts<'s>> {
        let body = &*scan.body;
        // Effects of the iterations must happen in order.
        if body.has_effect() {
            return None;
        }
        let fixed = scan.consts + scan.carries;
        let inputs: Vec<Var> = body.inputs().collect();
        let shape_of = |var: &Var| &body.type_of(*var).shape;
        let largest = inputs[scan.consts..fixed]
            .iter()
            .map(shape_of)
            .max_by_key(|shape| shape.size())?;
        let size = largest.size();
        if size < LARGE {
            return None;
        }
        let large: Vec<bool> = inputs[scan.consts..fixed]
            .iter()
            .map(|var| shape_of(var) == largest)
            .collect();

        // A variable that depends on a large carry, or is large itself, belongs to the tile.
        let mut in_tile = vec![false; body.variables()];
        for (carry, &large) in large.iter().enumerate() {
            in_tile[scan.consts + carry] = large;
        }
        for equation in body.equations() {
            let depends = equation.inputs.iter().any(|x| in_tile[x.index()]);
            let is_large = equation.outputs.iter().any(|y| shape_of(y).size() >= size);
            let here = depends || (is_large && is_fusable(&equation.op));
            equation.outputs.iter().for_each(|y| in_tile[y.index()] = here);
        }
        let (carried, ys) = body.outputs().split_at(scan.carries);
        let shared_stays_shared = carried
            .iter()
            .zip(&large)
            .all(|(y, &large)| large || !in_tile[y.index()]);
        if !shared_stays_shared || ys.iter().any(|y| in_tile[y.index()]) {
            return None;
        }

        // The tile's body: its equations. Values from outside are constants, slices, or equations that
        // compute a constant.
        let mut tile = Builder::new();
        let mut consts = vec![];
        let mut xs = vec![];
        let mut exports: Vec<Var> = vec![];
        let large_outputs: Vec<Var> = carried
            .iter()
            .zip(&large)
            .filter(|(_, large)| **large)
            .map(|(var, _)| *var)
            .collect();
        let tile_equations = || {
            body.equations()
                .iter()
                .filter(|equation| in_tile[equation.outputs[0].index()])
        };
        let mut read: Vec<Var> = tile_equations()
            .flat_map(|equation| equation.inputs.iter().copied())
            .chain(large_outputs.iter().copied())
            .filter(|var| !in_tile[var.index()])
            .collect();
        read.sort();
        read.dedup();
        let constant: FxHashMap<Var, &Op> = body
            .equations()
            .iter()
            .filter(|equation| equation.op.number().is_some())
            .map(|equation| (equation.outputs[0], &equation.op))
            .collect();
        let mut map: FxHashMap<Var, Var> = FxHashMap::default();
        let (mut const_vars, mut x_vars) = (vec![], vec![]);
        for var in read.into_iter().filter(|var| !constant.contains_key(var)) {
            let is_input = var.index() < inputs.len();
            if is_input && var.index() < scan.consts {
                consts.push(var.index());
                const_vars.push(var);
            } else if is_input && var.index() >= fixed {
                xs.push(Slices::Operand(var.index()));
                x_vars.push(var);
            } else {
                // The variable is stacked over all iterations, so it must be small in comparison with the
                // carries.
                if shape_of(&var).size() * 4 > size {
                    return None;
                }
                xs.push(Slices::Shared(exports.len()));
                exports.push(var);
                x_vars.push(var);
            }
        }
        let carry_vars = inputs[scan.consts..fixed]
            .iter()
            .zip(&large)
            .filter(|(_, large)| **large)
            .map(|(var, _)| *var);
        let carry_vars: Vec<Var> = carry_vars.collect();
        for &var in const_vars.iter().chain(&carry_vars).chain(&x_vars) {
            map.insert(var, tile.input(body.type_of(var).clone()));
        }
        let mut number = |var: Var, tile: &mut Builder| {
            *map.entry(var).or_insert_with(|| {
                let op = constant[&var].clone();
                tile.push(op, &[]).expect("a number")[0]
            })
        };
        let mut results: FxHashMap<Var, Var> = FxHashMap::default();
        for equation in tile_equations() {
            let operands: Vars = equation
                .inputs
                .iter()
                .map(|var| {
                    results
                        .get(var)
                        .copied()
                        .unwrap_or_else(|| number(*var, &mut tile))
                })
                .collect();
            let outputs = tile
                .push(equation.op.clone(), &operands)
                .expect("an equation kept as it was");
            results.extend(equation.outputs.iter().copied().zip(outputs));
        }
        let outputs: Vec<Var> = large_outputs
            .iter()
            .map(|var| {
                results
                    .get(var)
                    .copied()
                    .unwrap_or_else(|| number(*var, &mut tile))
            })
            .collect();
        let tile = Scan {
            body: Arc::new(tile.finish(&outputs)),
            length: scan.length,
            consts: consts.len(),
            carries: carry_vars.len(),
            reverse: scan.reverse,
        };
        if !is_tile_loop(&tile) {
            return None;
        }

        // The shared body: all other equations. Large carries are not among its inputs.
        let outside = |var: &&Var| !in_tile[var.index()];
        let mut shared = Rewrite::with_inputs(body, inputs.iter().filter(outside).copied());
        let equations = body.equations().iter();
        equations
            .filter(|equation| !in_tile[equation.outputs[0].index()])
            .for_each(|equation| shared.copy(equation));
        let small = carried
            .iter()
            .zip(&large)
            .filter(|(_, large)| !**large)
            .map(|(var, _)| var);
        let outputs: Vec<Var> = small.chain(ys).chain(&exports).copied().collect();
        let shared = Scan {
            body: Arc::new(simplify_around(&shared.finish(&outputs))),
            length: scan.length,
            consts: scan.consts,
            carries: large.iter().filter(|large| !**large).count(),
            reverse: scan.reverse,
        };
        Some(Parts {
            scan,
            large,
            shared,
            tile,
            consts,
            xs,
        })
    }

    fn write(self, builder: &mut Builder, inputs: &[Var]) -> Result<Vars, TypeError> {
        let Parts {
            scan,
            large,
            shared,
            tile,
            consts,
            xs,
        } = self;
        let fixed = scan.consts + scan.carries;
        let of_size = |wanted: bool| {
            let large = &large;
            (0..scan.carries)
                .filter(move |&i| large[i] == wanted)
                .map(move |i| inputs[scan.consts + i])
        };
        let shared_carries = shared.carries;
        let ys = scan.body.outputs().len() - scan.carries;
        let operands: Vec<Var> = inputs[..scan.consts]
            .iter()
            .copied()
            .chain(of_size(false))
            .chain(inputs[fixed..].iter().copied())
            .collect();
        let from_shared = if shared.body.outputs().is_empty() {
            Vars::new()
        } else {
            builder.push(Op::Scan(shared), &operands)?
        };
        let slices = xs.iter().map(|slices| match slices {
            Slices::Operand(i) => inputs[*i],
            Slices::Shared(i) => from_shared[shared_carries + ys + i],
        });
        let operands: Vec<Var> = consts
            .iter()
            .map(|&i| inputs[i])
            .chain(of_size(true))
            .chain(slices)
            .collect();
        let from_tile = builder.push(Op::Scan(tile), &operands)?;

        let (mut small, mut big) = (from_shared[..shared_carries].iter(), from_tile.iter());
        let carries = large
            .iter()
            .map(|&large| if large { big.next() } else { small.next() });
        let carries: Vars = carries.map(|var| *var.expect("one result a carry")).collect();
        Ok(carries
            .into_iter()
            .chain(from_shared[shared_carries..shared_carries + ys].iter().copied())
            .collect())
    }
}
