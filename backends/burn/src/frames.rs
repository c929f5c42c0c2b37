//! Aligns the axes of a program's variables before the program runs on a device.
//!
//! A broadcast copies nothing: its operand has axes of length 1, and a fused kernel repeats it. A repeated
//! array would take memory. The values that the operand is computed from have these axes too, because a
//! reshape between them would cut a kernel in two. All values that elementwise ops connect, or reshapes that
//! add or remove axes of length 1, share one frame.

use crate::limits::on_host;
use kiln_program::{Binary, DType, Op, Program, Unary, Var};

/// The positions of the axes that are longer than 1, in arrays of some rank. The other axes have length 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) rank: usize,
    pub(crate) places: Vec<usize>,
}

impl Frame {
    /// Returns the frame of an array's own axes.
    fn of(shape: &[usize]) -> Frame {
        Frame {
            rank: shape.len().max(1),
            places: long(shape),
        }
    }

    /// Returns a shape whose axes at the positions of the frame have these lengths.
    pub(crate) fn shape(&self, lengths: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut shape = vec![1; self.rank];
        for (&place, length) in self.places.iter().zip(lengths) {
            shape[place] = length;
        }
        shape
    }
}

/// Returns the axes that are not of length 1.
pub(crate) fn long(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).filter(|&axis| shape[axis] != 1).collect()
}

/// A frame for each variable of a program.
pub(crate) struct Frames {
    component: Vec<usize>,
    frames: Vec<Option<Frame>>,
    /// For each component, the component that it is finally broadcast to.
    greatest: Vec<usize>,
    /// For each variable, the shape of the grid that it is computed for.
    grids: Vec<Option<Vec<usize>>>,
}

impl Frames {
    /// Returns the frames of a program. The last `leading` inputs have one axis of length 1 before their own
    /// axes. `carries` is the number of the first carry among the inputs, and the number of carries: a carry
    /// has the frame of the output with its number.
    pub(crate) fn new(program: &Program, leading: usize, carries: (usize, usize)) -> Frames {
        let shape = |var: Var| &program.type_of(var).shape[..];
        let mut component: Vec<usize> = (0..program.variables()).collect();
        let mut broadcasts = vec![];
        for equation in program.equations() {
            let together = match &equation.op {
                op if op.is_elementwise() => true,
                Op::Reshape(_) => lengths(shape(equation.inputs[0])) == lengths(shape(equation.outputs[0])),
                Op::Broadcast { axes, .. } => {
                    let (x, y) = (equation.inputs[0], equation.outputs[0]);
                    let together = lengths(shape(x)) == lengths(shape(y));
                    if !together {
                        broadcasts.push((x, y, axes));
                    }
                    together
                }
                _ => false,
            };
            if together {
                let to = root(&mut component, equation.outputs[0].index());
                for var in &equation.inputs {
                    let from = root(&mut component, var.index());
                    component[from] = to;
                }
            }
        }
        for (x, y) in program
            .inputs()
            .skip(carries.0)
            .take(carries.1)
            .zip(program.outputs())
        {
            let (from, to) = (root(&mut component, x.index()), root(&mut component, y.index()));
            component[from] = to;
        }
        for var in 0..component.len() {
            component[var] = root(&mut component, var);
        }
        let mut frames = Frames {
            frames: vec![None; component.len()],
            greatest: (0..component.len()).collect(),
            grids: vec![None; component.len()],
            component,
        };
        // A component that is no broadcast's source has the frame of its variable of the greatest rank.
        let mut source = vec![false; frames.component.len()];
        for (x, ..) in &broadcasts {
            source[frames.component[x.index()]] = true;
        }
        let defined = program.equations().iter().flat_map(|equation| &equation.outputs);
        for (i, var) in program.inputs().chain(defined.copied()).enumerate() {
            let mut frame = Frame::of(shape(var));
            if i < program.inputs().len() && i + leading >= program.inputs().len() {
                frame.rank = shape(var).len() + 1;
                frame.places.iter_mut().for_each(|place| *place += 1);
            }
            let component = frames.component[var.index()];
            let best = &mut frames.frames[component];
            if !source[component] && best.as_ref().is_none_or(|best| best.rank < frame.rank) {
                *best = Some(frame);
            }
        }
        // The greater sides of broadcasts come first, as the lesser sides are aligned with them.
        broadcasts.sort_by_key(|(_, y, _)| std::cmp::Reverse(long(shape(*y)).len()));
        for (x, y, axes) in broadcasts {
            let to = frames.of(y);
            let places = long(shape(x))
                .into_iter()
                .map(|axis| place(to, shape(y), axes[axis]));
            let frame = Frame {
                rank: to.rank,
                places: places.collect(),
            };
            let (source, target) = (frames.component[x.index()], frames.component[y.index()]);
            if frames.frames[source].is_none() {
                frames.frames[source] = Some(frame);
                frames.greatest[source] = frames.greatest[target];
            }
        }
        frames.find_grids(program);
        frames
    }

    /// Finds the grids: arrays that are long along different axes meet in a grid. One kernel
    /// computes both arrays only at the size of the grid, so a value that only a grid needs is
    /// computed for all of the grid.
    fn find_grids(&mut self, program: &Program) {
        let full = |frames: &Frames, var: Var| frames.whole(program, var);
        // The shapes of the variables in memory, and the different shapes among the results of
        // elementwise ops.
        let mut held: Vec<Vec<usize>> = program.inputs().map(|var| full(self, var)).collect();
        let mut given: Vec<Vec<Vec<usize>>> = vec![vec![]; self.component.len()];
        for equation in program.equations() {
            let shapes = held_shapes(&equation.inputs, &held);
            let shapes: Vec<Vec<usize>> = equation
                .outputs
                .iter()
                .map(|&var| match &equation.op {
                    op if op.is_elementwise() => together(&shapes),
                    Op::Constant { .. } => vec![1; self.of(var).rank],
                    Op::Reshape(_) if self.together(equation.inputs[0], var) => shapes[0].to_vec(),
                    Op::Broadcast { axes, .. } => {
                        self.broadcast(program, equation.inputs[0], var, axes, shapes[0])
                    }
                    _ => full(self, var),
                })
                .collect();
            if equation.op.is_elementwise() {
                let given = &mut given[self.greatest[self.component[equation.outputs[0].index()]]];
                if !given.contains(&shapes[0]) {
                    given.push(shapes[0].clone());
                }
            }
            held.extend(shapes);
        }
        let grids: Vec<Option<Vec<usize>>> = given
            .iter()
            .map(|given| {
                let whole = given.iter().max_by_key(|shape| shape.iter().product::<usize>())?;
                let within = |x: &[usize], y: &[usize]| x.iter().zip(y).all(|(&x, &y)| x == 1 || x == y);
                let mut pairs = given.iter().flat_map(|x| given.iter().map(move |y| (x, y)));
                let crossed = pairs.any(|(x, y)| !within(x, y) && !within(y, x));
                (crossed && given.iter().all(|shape| within(shape, whole))).then(|| whole.clone())
            })
            .collect();
        let grid = |frames: &Frames, var: Var| grids[frames.greatest[frames.component[var.index()]]].as_ref();
        // The pass runs backwards, as a value depends on all its uses.
        let mut only = vec![true; held.len()];
        program.outputs().iter().for_each(|var| only[var.index()] = false);
        for equation in program.equations().iter().rev() {
            let Some(&y) = equation.outputs.first() else {
                // An effect takes its operand as it is.
                equation.inputs.iter().for_each(|x| only[x.index()] = false);
                continue;
            };
            // A kernel of its own would write all of the grid to memory.
            only[y.index()] &= fuses(&equation.op, program.type_of(y).dtype);
            let stays = |x: Var| match &equation.op {
                op if op.is_elementwise() => {
                    grid(self, x).is_some_and(|grid| only[y.index()] || held[y.index()] == *grid)
                }
                // A value can be as large as the grid only if it has the same places, in the same grid.
                Op::Reshape(_) | Op::Broadcast { .. } => {
                    let [x_grid, y_grid] = [x, y].map(|var| self.greatest[self.component[var.index()]]);
                    only[y.index()] && held[x.index()] == held[y.index()] && x_grid == y_grid
                }
                _ => false,
            };
            let lost: Vec<Var> = equation.inputs.iter().copied().filter(|&x| !stays(x)).collect();
            lost.into_iter().for_each(|x| only[x.index()] = false);
        }
        for equation in program.equations() {
            let moved = match &equation.op {
                op if op.is_elementwise() => true,
                Op::Reshape(_) | Op::Broadcast { .. } => self.grids[equation.inputs[0].index()].is_some(),
                _ => false,
            };
            if moved && only[equation.outputs[0].index()] {
                let var = equation.outputs[0];
                self.grids[var.index()] = grid(self, var).cloned();
            }
        }
    }

    /// Returns the shape in memory of a broadcast of a value that is held in this shape. A value as large as
    /// a grid has all the grid's axes.
    pub(crate) fn broadcast(
        &self,
        program: &Program,
        x: Var,
        y: Var,
        axes: &[usize],
        held: &[usize],
    ) -> Vec<usize> {
        if self.grid(x).is_some_and(|grid| grid == held) {
            return held.to_vec();
        }
        let (from, to) = (&program.type_of(x).shape, &program.type_of(y).shape);
        let mut shape = vec![1; self.of(y).rank];
        for axis in long(from) {
            shape[place(self.of(y), to, axes[axis])] = held[place(self.of(x), from, axis)];
        }
        shape
    }

    /// Returns the shape of the grid, if the result of an elementwise op is computed for a grid only.
    pub(crate) fn grid(&self, var: Var) -> Option<&[usize]> {
        self.grids[var.index()].as_deref()
    }

    pub(crate) fn of(&self, var: Var) -> &Frame {
        self.frames[self.component[var.index()]]
            .as_ref()
            .expect("each component has a frame")
    }

    /// Returns the shape of a variable in memory if no axis is left to repeat.
    pub(crate) fn whole(&self, program: &Program, var: Var) -> Vec<usize> {
        let shape = &program.type_of(var).shape;
        let lengths = long(shape).into_iter().map(|axis| shape[axis]);
        self.of(var).shape(lengths)
    }

    pub(crate) fn together(&self, x: Var, y: Var) -> bool {
        self.component[x.index()] == self.component[y.index()]
    }
}

fn held_shapes<'a>(vars: &[Var], held: &'a [Vec<usize>]) -> Vec<&'a [usize]> {
    vars.iter().map(|var| &held[var.index()][..]).collect()
}

/// Returns the shape that shapes of one rank broadcast to.
pub(crate) fn together(shapes: &[impl AsRef<[usize]>]) -> Vec<usize> {
    let mut shape = shapes[0].as_ref().to_vec();
    for other in &shapes[1..] {
        for (length, &other) in shape.iter_mut().zip(other.as_ref()) {
            if *length == 1 {
                *length = other;
            }
        }
    }
    shape
}

/// Returns the axis of a frame for an axis longer than 1 of an array of this shape.
fn place(frame: &Frame, shape: &[usize], axis: usize) -> usize {
    let before = shape[..axis].iter().filter(|&&length| length != 1).count();
    frame.places[before]
}

/// Returns true if an elementwise op becomes part of a kernel with other ops.
fn fuses(op: &Op, dtype: DType) -> bool {
    let apart = match op {
        Op::Unary(f) => matches!(f, Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc),
        Op::Binary(f) => *f == Binary::Rem && dtype.is_float(),
        op => matches!(op, Op::Uniform { .. }),
    };
    !apart && on_host(op, dtype).is_none()
}

fn lengths(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&length| length != 1).collect()
}

fn root(component: &mut [usize], mut var: usize) -> usize {
    while component[var] != var {
        component[var] = component[component[var]];
        var = component[var];
    }
    var
}
