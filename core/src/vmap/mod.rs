//! `vmap` turns a function of one element into a function of a batch.
//!
//! The function is traced for one element, and the batching rule of every op ([`rules`]) makes the program
//! for the batch. In this program the batch is the first axis of every value that depends on a batched input.
//! All other values keep their shape and are computed once. So a loop over the batch becomes one more axis of
//! each op.

mod axes;
mod batch;
mod contract;
mod control;
mod guarded;
mod index;
mod rules;

pub use axes::BatchAxes;

use crate::array::Array;
use crate::array::new::settle_numbers;
use crate::array::origin::Origin;
use crate::cache::check_limit;
use crate::eager::run_program;
use crate::error::{plural, raise};
use crate::primitive::broadcast_along;
use crate::trace::{Traced, check_alive, input_types, is_tracing, trace};
use crate::transform::{Derived, evaluate};
use crate::tree::{Arrays, Leaves, Structure, Tree, paths};
use batch::{batch, batched_types, made, moved};
use kiln_backends::program::{ArrayType, Axes, Op, Program};
use std::panic::Location;
use std::sync::Arc;

/// The optional arguments of [`vmap_with`].
///
/// ```
/// use kiln::{Array, numpy as np, vmap_with};
/// let outer = vmap_with(|x: Array| x * np::arange(2), |o| o.out_axes(-1));
/// assert_eq!(outer(np::arange(3)).to_string(), "[[0 0 0]\n [0 1 2]]");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a function with `_with` takes the options"]
pub struct Vmap<I, O> {
    in_axes: I,
    out_axes: O,
    axis_size: Option<usize>,
}

impl Vmap<isize, isize> {
    const DEFAULT: Vmap<isize, isize> = Vmap {
        in_axes: 0,
        out_axes: 0,
        axis_size: None,
    };
}

impl<I, O> Vmap<I, O> {
    /// The mapped axis of each argument, or `None` for an argument that is the same for the whole batch: the
    /// first axis of all arguments, if this is not given. [`BatchAxes`] lists the forms.
    ///
    /// ```
    /// use kiln::{Array, numpy as np, vmap_with};
    /// let scaled = vmap_with(|(x, by): (Array, Array)| x * by, |o| o.in_axes((1, None)));
    /// assert_eq!(scaled((np::array([[1, 2]]), 3.into())).to_string(), "[[3]\n [6]]");
    /// ```
    pub fn in_axes<A>(self, in_axes: A) -> Vmap<A, O> {
        Vmap {
            in_axes,
            out_axes: self.out_axes,
            axis_size: self.axis_size,
        }
    }

    /// The position of the new axis in each result, or `None` for a result that does not depend on the batch
    /// and lacks the axis: the first axis of all results, if this is not given.
    ///
    /// ```
    /// use kiln::{Array, numpy as np, vmap_with};
    /// let columns = vmap_with(|x: Array| x + np::arange(2), |o| o.out_axes(1));
    /// assert_eq!(columns(np::array([10, 20])).to_string(), "[[10 20]\n [11 21]]");
    /// ```
    pub fn out_axes<A>(self, out_axes: A) -> Vmap<I, A> {
        Vmap {
            in_axes: self.in_axes,
            out_axes,
            axis_size: self.axis_size,
        }
    }

    /// The size of the batch. It is required if no argument is mapped.
    ///
    /// ```
    /// use kiln::{Array, vmap_with};
    /// let three = vmap_with(|x: Array| 2 * x, |o| o.in_axes(None).axis_size(3));
    /// assert_eq!(three(1.into()).to_string(), "[2 2 2]");
    /// ```
    pub fn axis_size(mut self, axis_size: usize) -> Vmap<I, O> {
        self.axis_size = Some(axis_size);
        self
    }
}

/// Returns a function that applies `f` to each element of a batch. The batch is the first axis of all
/// arguments. The results are stacked along a new first axis.
///
/// `f` is traced once, for arrays without the mapped axes. There is no loop over the batch. A value that does
/// not depend on a mapped argument is computed once. [`vmap_in_axes`] maps other axes, or some of the
/// arguments. [`vmap_with`] has all options. [`map_seq`] runs one element after the other.
///
/// Under `vmap`, a `while_loop` runs until its condition is false for all elements. If a batched condition
/// chooses between functions, all of these functions run.
///
/// # Panics
/// The returned function panics when an argument is a scalar, the first axes differ in length, or `f` reads
/// values with `item` or `to_vec`.
///
/// ```
/// use kiln::{Array, numpy as np, vmap};
/// let distances = vmap(|(x, y): (Array, Array)| (x - y).pow(2).sum().sqrt());
/// assert_eq!(distances((np::zeros((2, 2)), np::array([[3, 4], [6, 8]]))).to_string(), "[ 5. 10.]");
/// ```
#[track_caller]
pub fn vmap<T: Tree, U: Tree>(f: impl Fn(T) -> U) -> impl Fn(T) -> U + Clone {
    mapped("vmap", batch, f, Vmap::DEFAULT)
}

/// Returns a function that applies `f` to each element of a batch along the given axes. An axis is `None` for
/// an argument that is the same for the whole batch. The results are stacked along a new first axis.
///
/// # Panics
/// The returned function panics when the mapped axes are out of bounds or differ in length, no argument is
/// mapped, or `f` reads values with `item` or `to_vec`.
///
/// ```
/// use kiln::{Array, numpy as np, vmap_in_axes};
/// let f = |(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2));
/// let over_y = vmap_in_axes(f, (None, 0));
/// let grid = vmap_in_axes(over_y, (0, None));
/// let (x, y) = (np::linspace(-1.0, 1.0, 3), np::linspace(0.0, 1.0, 2));
/// assert_eq!(grid((x, y)).shape().to_string(), "(3, 2)");
/// ```
#[track_caller]
pub fn vmap_in_axes<T: Tree, U: Tree, A: BatchAxes<T>>(
    f: impl Fn(T) -> U,
    in_axes: A,
) -> impl Fn(T) -> U + Clone {
    mapped("vmap", batch, f, Vmap::DEFAULT.in_axes(in_axes))
}

/// Returns [`vmap`] of a function with the optional arguments of [`options::Vmap`](Vmap): the mapped axes,
/// the position of the new axis in each result, and the size of the batch.
///
/// # Panics
/// The returned function panics when the mapped axes are out of bounds, differ in length or do not have the
/// given size, neither an argument is mapped nor a size is given, or `f` reads values. It also panics when an
/// axis of `out_axes` is out of bounds, or is `None` for a result that depends on the batch.
///
/// ```
/// use kiln::{Array, numpy as np, vmap_with};
/// let f = |x: Array| (x.sin(), x);
/// let (sines, x) = vmap_with(f, |o| o.in_axes(None).out_axes((0, None)).axis_size(3))(np::ones(2));
/// assert_eq!(sines.shape()[..], [3, 2]);
/// assert_eq!(x.shape()[..], [2]);
/// ```
#[track_caller]
pub fn vmap_with<T: Tree, U: Tree, I: BatchAxes<T>, O: BatchAxes<U>>(
    f: impl Fn(T) -> U,
    options: impl FnOnce(Vmap<isize, isize>) -> Vmap<I, O>,
) -> impl Fn(T) -> U + Clone {
    mapped("vmap", batch, f, options(Vmap::DEFAULT))
}

/// Returns the same function as [`vmap`] that runs one element of the batch after the other: a loop, which
/// takes the memory of one element at a time.
///
/// # Panics
/// The returned function panics when an argument has no axis, when the first axes differ in length, and when
/// `f` looks at a value (`item`, `to_vec`).
///
/// ```
/// use kiln::{Array, map_seq, numpy as np};
/// let norms = map_seq(|x: Array| x.pow(2).sum().sqrt());
/// assert_eq!(norms(np::array([[3.0, 4.0], [6.0, 8.0]])).to_string(), "[ 5. 10.]");
/// ```
#[track_caller]
pub fn map_seq<T: Tree, U: Tree>(f: impl Fn(T) -> U) -> impl Fn(T) -> U + Clone {
    mapped("map_seq", one_by_one, f, Vmap::DEFAULT)
}

/// Returns the same function as [`vmap_in_axes`] that runs one element of the batch after the other.
///
/// # Panics
/// The returned function panics when the mapped axes are out of bounds or differ in length, no argument is
/// mapped, or `f` reads values with `item` or `to_vec`.
///
/// ```
/// use kiln::{Array, map_seq_in_axes, numpy as np};
/// let distances = map_seq_in_axes(|(x, xs): (Array, Array)| (x - xs).abs().sum(), (0, None));
/// let xs = np::array([0, 1, 3]);
/// assert_eq!(distances((xs.clone(), xs)).to_string(), "[4 3 5]");
/// ```
#[track_caller]
pub fn map_seq_in_axes<T: Tree, U: Tree, A: BatchAxes<T>>(
    f: impl Fn(T) -> U,
    in_axes: A,
) -> impl Fn(T) -> U + Clone {
    mapped("map_seq", one_by_one, f, Vmap::DEFAULT.in_axes(in_axes))
}

#[track_caller]
fn mapped<T: Tree, U: Tree, I: BatchAxes<T>, O: BatchAxes<U>>(
    name: &'static str,
    batched: Batcher,
    f: impl Fn(T) -> U,
    options: Vmap<I, O>,
) -> impl Fn(T) -> U + Clone {
    check_limit();
    let map = Map {
        name,
        made_at: Location::caller(),
        batched,
    };
    let shared = Arc::new((f, options));
    move |arguments: T| map.call(&shared.0, &shared.1, arguments)
}

/// Applies a function to each element along the first axis of a tree, for the transformation `name`.
pub(crate) fn each<T: Tree, U: Tree>(
    name: &'static str,
    made_at: &'static Location<'static>,
    f: impl Fn(T) -> U,
    x: T,
) -> U {
    let map = Map {
        name,
        made_at,
        batched: batch,
    };
    map.call(&f, &Vmap::DEFAULT, x)
}

/// A function that makes the program for a batch. [`batch`] is one.
type Batcher = fn(&Arc<Program>, &[bool], usize) -> Derived;

/// Returns the program of the loop over the batch. All results have the new axis.
fn one_by_one(program: &Arc<Program>, given: &[bool], size: usize) -> Derived {
    let types = batched_types(&program.input_types(), given, size);
    let program = made(&types, |inputs| {
        let operands = batch::flagged(inputs.iter().cloned(), given);
        let results = control::in_turn(&Op::Call(program.clone()), &operands, size);
        results.into_iter().map(|x| x.array).collect()
    });
    let present = vec![true; program.outputs().len()].into();
    Derived { program, present }
}

/// The parameters of `vmap` and `map_seq`.
#[derive(Clone, Copy)]
struct Map {
    name: &'static str,
    made_at: &'static Location<'static>,
    batched: Batcher,
}

impl Map {
    fn call<T: Tree, U: Tree>(
        &self,
        f: &impl Fn(T) -> U,
        options: &Vmap<impl BatchAxes<T>, impl BatchAxes<U>>,
        arguments: T,
    ) -> U {
        let (leaves, in_axes) = self.flattened::<T>(&options.in_axes, arguments);
        let (in_axes, size) = self.resolved::<T>(&leaves, &in_axes, options.axis_size);
        let Leaves {
            mut arrays,
            structure,
            ..
        } = leaves;

        // The function is traced for one element; this program is batched.
        let types = arrays.iter().zip(&in_axes).map(|(x, axis)| {
            let shape = x.shape().without(axis.as_slice());
            (
                ArrayType {
                    dtype: x.dtype(),
                    shape,
                },
                x.is_weak(),
            )
        });
        let (mut out_axes, mut element_axes) = (Vec::new(), Vec::new());
        let traced = trace(Origin::new(self.name, Some(self.made_at)), types, |elements| {
            let mut leaves = Leaves::default();
            let result = f(structure.rebuild(elements));
            options.out_axes.flatten(result, &mut leaves, &mut out_axes);
            element_axes.extend((0..leaves.arrays.len()).map(|i| leaves.element_axes(i)));
            leaves.structure.rebuild::<U>(leaves.arrays)
        });
        let Traced {
            program,
            hidden,
            weak,
            structure,
        } = traced;
        let mut given: Vec<bool> = in_axes.iter().map(Option::is_some).collect();
        given.resize(given.len() + hidden.len(), false);
        let types = program.output_types();
        let batched = (self.batched)(&Arc::new(program), &given, size);
        let out_axes = out_axes.into_iter().zip(element_axes);
        let out_axes = self.placed::<U>(out_axes, &types, &batched.present, &structure);

        // The program maps first axes.
        let apply = |inputs: &[Array]| -> Vec<Array> {
            let axes = in_axes.iter().copied().chain(std::iter::repeat(None));
            let inputs: Vec<Array> = inputs
                .iter()
                .zip(axes)
                .map(|(x, axis)| axis.map_or(x.clone(), |axis| moved(x, axis, 0)))
                .collect();
            let outputs = evaluate(&batched.program, &inputs);
            let placed = outputs.iter().zip(&*batched.present).zip(&out_axes);
            placed
                .map(|((x, &batched), axis)| match *axis {
                    None => x.clone(),
                    Some(axis) if batched => moved(x, 0, axis),
                    Some(axis) => repeated(x, axis, size),
                })
                .collect()
        };
        arrays.extend(hidden);
        let results: Arrays = match is_tracing() {
            true => apply(&arrays).into(),
            false => {
                let origin = Origin::new(self.name, None);
                let whole = trace(origin, input_types(&arrays), |inputs| apply(&inputs));
                run_program(&self.described(), &Arc::new(whole.program), arrays)
            }
        };
        structure.rebuild(results.into_iter().zip(weak).map(|(x, weak)| x.with_weak(weak)))
    }

    /// Returns the arguments' leaves, and the axis that is written for each.
    fn flattened<T: Tree>(&self, axes: &impl BatchAxes<T>, tree: T) -> (Leaves, Vec<Option<isize>>) {
        let (mut leaves, mut in_axes) = (Leaves::default(), Vec::new());
        axes.flatten(tree, &mut leaves, &mut in_axes);
        settle_numbers(self.name, &mut leaves.arrays);
        check_alive(self.name, &leaves.arrays);
        (leaves, in_axes)
    }

    /// Returns the mapped axes counted from the first, and their length.
    fn resolved<T: Tree>(
        &self,
        leaves: &Leaves,
        in_axes: &[Option<isize>],
        given: Option<usize>,
    ) -> (Vec<Option<usize>>, usize) {
        let name = |i: usize| {
            format!(
                "argument{}",
                path::<T>(&leaves.structure, leaves.arrays.clone(), i)
            )
        };
        let mut axes = Vec::with_capacity(in_axes.len());
        // The first leaf of each size.
        let mut sizes: Vec<(usize, usize)> = Vec::new();
        for (i, (x, &axis)) in leaves.arrays.iter().zip(in_axes).enumerate() {
            let axis = axis.map(|axis| {
                self.axis(axis, x.ndim() - leaves.element_axes(i), || {
                    format!("{}, {}", name(i), x.array_type())
                })
            });
            if let Some(axis) = axis {
                let size = x.shape()[axis];
                if sizes.iter().all(|(other, _)| *other != size) {
                    sizes.push((size, i));
                }
            }
            axes.push(axis);
        }
        let describe = |&(size, i): &(usize, usize)| {
            let axis = axes[i].expect("a mapped axis");
            let of = leaves.arrays[i].array_type();
            format!("axis {axis} of {}, {of}, has size {size}", name(i))
        };
        let other = |given: usize| sizes.iter().find(move |(size, _)| *size != given);
        if let Some((given, other)) = given.and_then(|given| Some((given, other(given)?))) {
            self.raise(format!("the size is to be {given}, but {}", describe(other)))
        }
        match (&sizes[..], given) {
            ([], None) => self.raise("no argument has a mapped axis: give one in in_axes, or a size".into()),
            ([], Some(size)) | (&[(size, _)], _) => (axes, size),
            (sizes, _) => {
                let sizes: Vec<String> = sizes.iter().map(describe).collect();
                self.raise(format!(
                    "got inconsistent sizes for the mapped axes: {}",
                    sizes.join("; ")
                ))
            }
        }
    }

    /// Returns the positions of the new axes in the results, counted from the first.
    fn placed<U: Tree>(
        &self,
        out_axes: impl Iterator<Item = (Option<isize>, usize)>,
        types: &[ArrayType],
        batched: &[bool],
        structure: &Structure,
    ) -> Vec<Option<usize>> {
        let name = |i: usize| {
            let arrays = types.iter().map(|_| Array::from(0)).collect();
            format!(
                "result{}, {} for one element",
                path::<U>(structure, arrays, i),
                types[i]
            )
        };
        let axes = out_axes.enumerate();
        axes.map(|(i, (axis, element_axes))| match axis {
            None if batched[i] => self.raise(format!(
                "{}, differs within the batch: its out_axes cannot be None",
                name(i)
            )),
            None => None,
            Some(axis) => Some(self.axis(axis, types[i].shape.rank() + 1 - element_axes, || {
                format!("{}, for the batch", name(i))
            })),
        })
        .collect()
    }

    fn axis(&self, axis: isize, rank: usize, of: impl Fn() -> String) -> usize {
        let index = if axis < 0 { axis + rank as isize } else { axis };
        if index < 0 || index >= rank as isize {
            let axes = plural(rank, "axis", "axes");
            self.raise(format!(
                "axis {axis} is out of bounds for {}, which has {rank} {axes}",
                of()
            ))
        }
        index as usize
    }

    /// Raises an error with the line that made the function. The line of its call is not known here.
    fn raise(&self, fact: String) -> ! {
        raise(self.described(), fact)
    }

    fn described(&self) -> String {
        format!("{} (made at {})", self.name, self.made_at)
    }
}

/// Returns the path of a leaf of a tree.
fn path<T: Tree>(structure: &Structure, arrays: Arrays, i: usize) -> String {
    paths(&structure.rebuild::<T>(arrays)).swap_remove(i)
}

/// Repeats an array along a new axis.
fn repeated(x: &Array, axis: usize, size: usize) -> Array {
    let mut shape = x.shape().to_vec();
    shape.insert(axis, size);
    let axes: Axes = (0..shape.len()).filter(|&other| other != axis).collect();
    broadcast_along(x, &shape.into(), axes)
}

#[cfg(test)]
mod tests;
