//! Cuts a program into kernels.
//!
//! A variable is either *stored* in a buffer, or computed on the fly inside every kernel that reads it.
//! Stored variables are inputs and outputs of the program, results of reductions, and operands and results of
//! ops that are not fused. All others start on the fly. Then [`Clusters::find`] counts how often each
//! variable would be computed, and stores those that cost more than memory. Stored variables of one shape
//! that can be computed together are the roots of one kernel.
//!
//! Levels order the kernels: a kernel reads only variables from memory that kernels of lower
//! levels have stored.

use crate::plan::fuse::{is_fusable, loop_views, own_cost};
use crate::plan::space::{KernelKind, Space};
use crate::plan::view::{Seen, View, Views, operand_views};
use kiln_program::{Equation, Few, Op, Program, Shape, Var};
use rustc_hash::{FxHashMap, FxHashSet};

/// The number of places that may compute something cheap.
const MANY: usize = 8;
/// The number of rounds that store expensive variables.
const PATIENCE: usize = 8;

/// A use of a variable: a kernel, and the view through which the kernel sees the variable.
pub(crate) type Demand = (u32, Seen);

/// The kernels of a program.
pub(crate) struct Clusters<'p> {
    program: &'p Program,
    /// For each equation, true if it can be part of a kernel.
    fusable: Vec<bool>,
    /// For each variable, the equation that defines it.
    definition: Vec<Option<usize>>,
    stored: Vec<bool>,
    /// Stored variables that share another variable's buffer: reshapes.
    alias: Vec<bool>,
    /// The cost of one element, computed from stored variables, in units of about a tenth of a nanosecond.
    cost: Vec<u64>,
    /// The level of the kernel that computes a variable together with its operands.
    level: Vec<u32>,
    /// The level of a kernel that computes the variable from memory only.
    apart: Vec<u32>,
    /// For each equation that is not fused, the level at which it runs.
    when: Vec<u32>,
    /// For each equation, the uses of its results.
    demands: Vec<Few<Demand, 2>>,
    /// The views in `demands`.
    pub(crate) views: Views,
    /// The demands of equations that have many, for a fast lookup.
    many: FxHashSet<(usize, Demand)>,
    /// `(level, space)` of each kernel.
    kernels: Vec<(u32, Space)>,
    known: FxHashMap<(u32, Space), u32>,
}

impl<'p> Clusters<'p> {
    pub(crate) fn find(program: &'p Program) -> Clusters<'p> {
        let n = program.variables();
        let mut clusters = Clusters {
            program,
            fusable: program
                .equations()
                .iter()
                .map(|equation| is_fusable(&equation.op))
                .collect(),
            definition: vec![None; n],
            stored: vec![false; n],
            alias: vec![false; n],
            cost: vec![0; n],
            level: vec![0; n],
            apart: vec![0; n],
            when: vec![0; program.equations().len()],
            demands: vec![],
            views: Views::default(),
            many: FxHashSet::default(),
            kernels: vec![],
            known: FxHashMap::default(),
        };
        for var in program.inputs().chain(program.outputs().iter().copied()) {
            clusters.stored[var.index()] = true;
        }
        for (i, equation) in program.equations().iter().enumerate() {
            for output in &equation.outputs {
                clusters.definition[output.index()] = Some(i);
            }
            let stored = &mut clusters.stored;
            let mut store = |vars: &[Var]| vars.iter().for_each(|var| stored[var.index()] = true);
            match &equation.op {
                Op::Reduce { .. } => store(&equation.outputs),
                // A loop in the tile reads its constants and slices from memory.
                Op::Scan(scan) if clusters.fusable[i] => {
                    store(&equation.inputs[..scan.consts]);
                    store(&equation.inputs[scan.consts + scan.carries..]);
                }
                _ if !clusters.fusable[i] => {
                    store(&equation.inputs);
                    store(&equation.outputs);
                }
                _ => {}
            }
        }
        // A new stored variable changes levels and costs, so the rounds repeat until no more is stored.
        for round in 0.. {
            clusters.forward();
            if !clusters.backward() {
                break;
            }
            // Mostly this takes two or three rounds. If each round only makes the next one store more, the
            // pass stores every variable that is read more than once: then all others are computed in one
            // place, whatever its level.
            if round == PATIENCE {
                clusters.store_what_is_shared();
            }
        }
        clusters
    }

    /// Stores every computed variable that several equations read, unless it costs nothing.
    fn store_what_is_shared(&mut self) {
        let mut readers = vec![0; self.program.variables()];
        for equation in self.program.equations() {
            equation.inputs.iter().for_each(|x| readers[x.index()] += 1);
        }
        for (i, equation) in self.program.equations().iter().enumerate() {
            let costs = |var: &Var| readers[var.index()] > 1 && self.cost[var.index()] > 0;
            if self.fusable[i] && equation.outputs.iter().any(costs) {
                equation
                    .outputs
                    .iter()
                    .for_each(|var| self.stored[var.index()] = true);
            }
        }
    }

    pub(crate) fn is_stored(&self, var: Var) -> bool {
        self.stored[var.index()]
    }

    /// Returns true if the equation only changes the shape of a buffer.
    pub(crate) fn is_alias(&self, equation: &Equation) -> bool {
        equation
            .outputs
            .first()
            .is_some_and(|var| self.alias[var.index()])
    }

    pub(crate) fn spaces(&self) -> impl Iterator<Item = &Space> {
        self.kernels.iter().map(|kernel| &kernel.1)
    }

    /// Returns the uses of equation `i`.
    pub(crate) fn demands(&self, i: usize) -> &[Demand] {
        &self.demands[i]
    }

    /// Returns the kernel that stores the result of equation `i`.
    pub(crate) fn root(&self, i: usize) -> Option<u32> {
        let equation = &self.program.equations()[i];
        let var = *equation.outputs.iter().find(|var| self.is_stored(**var))?;
        (self.fusable[i] && !self.alias[var.index()]).then(|| self.known[&self.key(i)])
    }

    /// Returns the order of an equation that is not fused, or of a kernel. Everything that it needs has a
    /// lesser order.
    pub(crate) fn order_of_equation(&self, i: usize) -> (u32, Option<KernelKind>) {
        (self.when[i], None)
    }

    /// See [`order_of_equation`](Self::order_of_equation).
    pub(crate) fn order_of_kernel(&self, kernel: usize) -> (u32, Option<KernelKind>) {
        let (level, space) = &self.kernels[kernel];
        (*level, Some(space.kind))
    }

    /// Estimated cost of one element of a variable.
    pub(crate) fn cost(&self, var: Var) -> u64 {
        self.cost[var.index()]
    }

    fn shape(&self, var: Var) -> &'p Shape {
        &self.program.type_of(var).shape
    }

    /// Returns the level and space of the kernel that stores the results of equation `i`.
    fn key(&self, i: usize) -> (u32, Space) {
        let equation = &self.program.equations()[i];
        let level = self.level[equation.outputs[0].index()];
        let space = match &equation.op {
            Op::Reduce { axes, .. } => Space::reduction(self.shape(equation.inputs[0]), axes).0,
            _ => Space::map(self.shape(equation.outputs[0])),
        };
        (level, space)
    }

    /// Returns the least level of kernels that can read a stored variable.
    fn ready(&self, var: Var) -> u32 {
        self.apart[var.index()]
    }

    /// Computes the levels and costs.
    fn forward(&mut self) {
        // An equation with an effect runs after all earlier equations with effects.
        let mut effects = 0;
        for (i, (equation, &fusable)) in self.program.equations().iter().zip(&self.fusable).enumerate() {
            let reshape_of_stored =
                matches!(equation.op, Op::Reshape(_)) && self.stored[equation.inputs[0].index()];
            if !fusable || reshape_of_stored {
                let mut ready = equation.inputs.iter().map(|&x| self.ready(x)).max().unwrap_or(0);
                if equation.op.has_effect() {
                    ready = ready.max(effects);
                    effects = ready;
                }
                self.when[i] = ready;
                for output in &equation.outputs {
                    self.stored[output.index()] = true;
                    self.alias[output.index()] = reshape_of_stored;
                    (self.apart[output.index()], self.cost[output.index()]) = (ready, 1);
                }
                continue;
            }
            let together =
                equation.op.is_elementwise() || matches!(equation.op, Op::Reduce { .. } | Op::Scan(_));
            // A loop in the tile reads its consts and slices from memory, so an earlier kernel stores them.
            let by_point = match &equation.op {
                Op::Scan(scan) => scan.consts..scan.consts + scan.carries,
                _ => 0..equation.inputs.len(),
            };
            let (mut level, mut apart, mut cost) = (0, 0, own_cost(&equation.op));
            for (input, &x) in equation.inputs.iter().enumerate() {
                apart = apart.max(self.ready(x));
                let joins =
                    together && by_point.contains(&input) && (!self.stored[x.index()] || self.is_map_root(x));
                level = level.max(if joins {
                    self.level[x.index()]
                } else {
                    self.ready(x)
                });
                cost += if self.stored[x.index()] {
                    1
                } else {
                    self.cost[x.index()]
                };
            }
            // Costs are sums over a graph with sharing, so they can double with each equation.
            let cost = cost.min(1 << 40);
            for output in &equation.outputs {
                let stored = self.stored[output.index()];
                self.level[output.index()] = level;
                self.apart[output.index()] = if stored { level + 1 } else { apart };
                self.cost[output.index()] = cost;
            }
        }
    }

    /// Returns true if a kernel that others may join computes a stored variable point by point.
    fn is_map_root(&self, var: Var) -> bool {
        let Some(i) = self.definition[var.index()] else {
            return false;
        };
        let op = &self.program.equations()[i].op;
        self.fusable[i] && !matches!(op, Op::Reduce { .. }) && !self.alias[var.index()]
    }

    /// Finds the uses of each variable, and stores variables that would be computed too often. Returns
    /// true if it stored any.
    fn backward(&mut self) -> bool {
        let equations = self.program.equations();
        self.demands.clear();
        self.demands.resize(equations.len(), Few::new());
        self.many.clear();
        self.kernels.clear();
        self.known.clear();
        let mut changed = false;
        for (i, equation) in equations.iter().enumerate().rev() {
            let outputs = &equation.outputs;
            if !self.fusable[i] || self.alias[outputs[0].index()] {
                continue;
            }
            if !outputs.iter().any(|var| self.is_stored(*var)) && self.is_dear(i) {
                outputs.iter().for_each(|var| self.stored[var.index()] = true);
                changed = true;
            }
            if outputs.iter().any(|var| self.is_stored(*var)) {
                // All other kernels read the result from memory.
                let kernel = self.kernel(self.key(i));
                let shape = self.shape(outputs[0]);
                let view = match &equation.op {
                    Op::Reduce { .. } => View::default(),
                    _ => View::along(shape, 0..),
                };
                self.demands[i] = [(kernel, self.views.number(view))].into_iter().collect();
                // One evaluation computes all results.
                for var in outputs {
                    changed |= !self.stored[var.index()];
                    self.stored[var.index()] = true;
                }
            }
            for (kernel, seen) in self.demands[i].clone() {
                let (lengths, view) = (self.kernels[kernel as usize].1.lengths(), self.views.get(seen));
                if let Op::Scan(scan) = &equation.op
                    && loop_views(scan, &view, &lengths).is_none()
                {
                    outputs.iter().for_each(|var| self.stored[var.index()] = true);
                    changed = true;
                    continue;
                }
                for (input, &x) in equation.inputs.iter().enumerate() {
                    for view in operand_views(self.program, equation, input, &view, &lengths) {
                        changed |= self.need(x, kernel, view);
                    }
                }
            }
        }
        changed
    }

    /// Notes that a kernel needs a variable seen through `view`. Stores the variable if there is
    /// no such view.
    fn need(&mut self, var: Var, kernel: u32, view: Option<View>) -> bool {
        if self.is_stored(var) {
            // The kernel reads the variable from memory, unless the kernel itself computes it.
            return false;
        }
        let Some(view) = view else {
            self.stored[var.index()] = true;
            return true;
        };
        let i = self.definition[var.index()].expect("inputs are stored");
        let demand = (kernel, self.views.number(view));
        let demands = &mut self.demands[i];
        let is_new = match demands.len() {
            0..MANY => !demands.contains(&demand),
            n => {
                if n == MANY {
                    self.many.extend(demands.iter().map(|demand| (i, *demand)));
                }
                self.many.insert((i, demand))
            }
        };
        if is_new {
            demands.push(demand);
        }
        false
    }

    /// Returns true if equation `i` would be evaluated so often that storing its result is cheaper.
    ///
    /// However cheap it is, at most `MANY` places compute it.
    fn is_dear(&self, i: usize) -> bool {
        // The cost of a cast or a sign of something stored.
        const CHEAP: u64 = 2;
        let demands = &self.demands[i];
        let output = self.program.equations()[i].outputs[0];
        let cost = self.cost[output.index()];
        if cost == 0 || demands.is_empty() {
            return false;
        }
        let evaluations: usize = demands
            .iter()
            .map(|(kernel, _)| self.kernels[*kernel as usize].1.size())
            .sum();
        let size = self.shape(output).size();
        demands.len() > MANY
            || (cost > CHEAP && evaluations > size + size / 4)
            || self.is_repeated(i, evaluations)
    }

    /// Returns true if a large kernel evaluates equation `i` again for each of its rows, and the equation
    /// computes something or reads far from element to element. A value that changes from row to row alone is
    /// evaluated once a row.
    fn is_repeated(&self, i: usize, evaluations: usize) -> bool {
        const LARGE: usize = 1 << 16;
        const OFTEN: usize = 8;
        let equation = &self.program.equations()[i];
        let output = equation.outputs[0];
        let shape = self.shape(output);
        if evaluations < LARGE || evaluations / OFTEN < shape.size() {
            return false;
        }
        let along = |view: &View, shape: &Shape, dim: usize| view.position(shape).coefficient(dim);
        self.demands[i].iter().any(|(kernel, seen)| {
            let space = &self.kernels[*kernel as usize].1;
            let (lengths, view) = (space.lengths(), self.views.get(*seen));
            let within = (space.outer.rank()..lengths.len()).any(|dim| along(&view, shape, dim) != 0);
            if !within || self.cost[output.index()] > 1 {
                return within;
            }
            let reads_far = |view: Option<View>| {
                let from = self.shape(equation.inputs[0]);
                view.is_some_and(|view| along(&view, from, lengths.len() - 1).abs() > 1)
            };
            matches!(equation.op, Op::Transpose(_))
                && operand_views(self.program, equation, 0, &view, &lengths)
                    .into_iter()
                    .any(reads_far)
        })
    }

    fn kernel(&mut self, key: (u32, Space)) -> u32 {
        let next = self.kernels.len() as u32;
        let kernel = *self.known.entry(key.clone()).or_insert(next);
        if kernel == next {
            self.kernels.push(key);
        }
        kernel
    }
}
