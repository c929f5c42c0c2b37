//! Index maps: the element of a variable that a kernel reads at each point of its space.
//!
//! A kernel runs over a box of points. A [`View`] of a variable has an affine function of the point for each
//! of the variable's coordinates. [`pull`] turns a view of an op's result into a view of its operand. So
//! broadcasts, slices, transposes, reversals and most reshapes cost nothing.

use crate::plan::space::Space;
use kiln_program::{Equation, Few, Op, Program, Shape};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// `offset + sum of coefficient * point[dim]`. Terms are sorted by dim, without zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Affine {
    pub(crate) offset: i64,
    pub(crate) terms: Few<(usize, i64), 2>,
}

impl Affine {
    pub(crate) fn constant(offset: i64) -> Affine {
        Affine {
            offset,
            terms: Few::new(),
        }
    }

    /// One coordinate of the point.
    pub(crate) fn coordinate(dim: usize) -> Affine {
        Affine {
            offset: 0,
            terms: [(dim, 1)].into(),
        }
    }

    /// Returns `self + factor * other`.
    pub(crate) fn plus(&self, other: &Affine, factor: i64) -> Affine {
        let mut sum = self.clone();
        sum.offset += factor * other.offset;
        for &(dim, coefficient) in &other.terms {
            match sum.terms.binary_search_by_key(&dim, |term| term.0) {
                Ok(i) => sum.terms[i].1 += factor * coefficient,
                Err(i) => sum.terms.insert(i, (dim, factor * coefficient)),
            }
        }
        sum.terms.retain(|term| term.1 != 0);
        sum
    }

    pub(crate) fn coefficient(&self, dim: usize) -> i64 {
        self.terms
            .iter()
            .find(|term| term.0 == dim)
            .map_or(0, |term| term.1)
    }

    /// Quotient and remainder by `n`, if both are affine: the terms that are not multiples of `n` must
    /// stay within `0..n`.
    fn split(&self, n: usize, lengths: &[usize]) -> Option<(Affine, Affine)> {
        let n = n as i64;
        let mut quotient = Affine::constant(self.offset.div_euclid(n));
        let mut remainder = Affine::constant(self.offset.rem_euclid(n));
        let (mut least, mut greatest) = (remainder.offset, remainder.offset);
        for &(dim, coefficient) in &self.terms {
            if coefficient % n == 0 {
                quotient.terms.push((dim, coefficient / n));
                continue;
            }
            let reach = coefficient * (lengths[dim] as i64 - 1);
            least += reach.min(0);
            greatest += reach.max(0);
            remainder.terms.push((dim, coefficient));
        }
        (least >= 0 && greatest < n).then_some((quotient, remainder))
    }
}

/// The coordinates of a variable's element, for each point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct View(pub(crate) Few<Affine, 3>);

impl View {
    /// Axis `i` of the variable is dim `dims[i]` of the points.
    pub(crate) fn along(shape: &Shape, dims: impl IntoIterator<Item = usize>) -> View {
        // An axis of length 1 is always at 0, so that views that do the same are equal.
        let axis = |(&n, dim)| {
            if n == 1 {
                Affine::constant(0)
            } else {
                Affine::coordinate(dim)
            }
        };
        View(shape.iter().zip(dims).map(axis).collect())
    }

    /// Returns the row-major position within the variable.
    pub(crate) fn position(&self, shape: &Shape) -> Affine {
        let strides = shape.strides();
        self.0
            .iter()
            .zip(strides)
            .fold(Affine::default(), |sum, (axis, stride)| {
                sum.plus(axis, stride as i64)
            })
    }
}

/// The number of a view among [`Views`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seen(u32);

/// The views of a program, each once: a long program sees most variables through the same few views.
#[derive(Debug, Default)]
pub(crate) struct Views {
    views: Vec<Rc<View>>,
    numbers: FxHashMap<Rc<View>, Seen>,
}

impl Views {
    pub(crate) fn number(&mut self, view: View) -> Seen {
        if let Some(&known) = self.numbers.get(&view) {
            return known;
        }
        let (view, seen) = (Rc::new(view), Seen(self.views.len() as u32));
        self.views.push(view.clone());
        self.numbers.insert(view, seen);
        seen
    }

    pub(crate) fn get(&self, seen: Seen) -> Rc<View> {
        self.views[seen.0 as usize].clone()
    }
}

/// Returns the view of an operand, if the result of `op` is seen as `view`. `None` if the view is not affine,
/// or if the op does not just move elements. `from` and `to` are the shapes of operand and result, `lengths`
/// are those of the points' dims.
pub(crate) fn pull(op: &Op, view: &View, from: &Shape, to: &Shape, lengths: &[usize]) -> Option<View> {
    let axes = &view.0;
    Some(View(match op {
        op if op.is_elementwise() => axes.clone(),
        Op::Broadcast { axes: places, .. } => {
            let axis = |(&place, &n): (&usize, &usize)| {
                if n == 1 {
                    Affine::constant(0)
                } else {
                    axes[place].clone()
                }
            };
            places.iter().zip(from.iter()).map(axis).collect()
        }
        Op::Transpose(permutation) => {
            let mut moved: Few<Affine, 3> = Few::from_elem(Affine::default(), axes.len());
            for (axis, &place) in axes.iter().zip(permutation) {
                moved[place] = axis.clone();
            }
            moved
        }
        Op::Slice { start, step, .. } => {
            let axis = |(i, axis)| Affine::constant(start[i] as i64).plus(axis, step[i] as i64);
            axes.iter().enumerate().map(axis).collect()
        }
        Op::Reverse(reversed) => {
            let mut axes = axes.clone();
            for &axis in reversed {
                axes[axis] = Affine::constant(from[axis] as i64 - 1).plus(&axes[axis], -1);
            }
            axes
        }
        Op::Reshape(_) => return reshaped(view, from, to, lengths),
        _ => return None,
    }))
}

/// Walks through both shapes from the last axis, and cuts them into groups of equal size.
fn reshaped(view: &View, from: &Shape, to: &Shape, lengths: &[usize]) -> Option<View> {
    if from.size() == 0 {
        return Some(View(Few::from_elem(Affine::constant(0), from.rank())));
    }
    let mut axes: Few<Affine, 3> = Few::from_elem(Affine::constant(0), from.rank());
    let mut next = to.rank();
    let mut position = Affine::constant(0);
    // Elements of `to` gathered in `position`, as a multiple of the elements of `from` that were cut off.
    let mut held = 1usize;
    for axis in (0..from.rank()).rev() {
        let n = from[axis];
        if n == 1 {
            continue;
        }
        while !held.is_multiple_of(n) || held < n {
            next -= 1;
            position = position.plus(&view.0[next], held as i64);
            held *= to[next];
        }
        if held == n {
            axes[axis] = std::mem::take(&mut position);
            held = 1;
        } else {
            let (quotient, remainder) = position.split(n, lengths)?;
            axes[axis] = remainder;
            position = quotient;
            held /= n;
        }
    }
    Some(View(axes))
}

/// Returns the views of an operand, if a kernel sees the result of a fused equation as `view`. Keys and
/// counters have more than one, since their two words are read apart. `None` is a view that is not affine.
pub(crate) fn operand_views(
    program: &Program,
    equation: &Equation,
    input: usize,
    view: &View,
    lengths: &[usize],
) -> Few<Option<View>, 2> {
    match &equation.op {
        Op::RandomBits { shape } => {
            let batch = &view.0[..view.0.len() - shape.rank()];
            let with = |word: i64| {
                let word = Affine::constant(word);
                Some(View(batch.iter().cloned().chain([word]).collect()))
            };
            [with(0), with(1)].into()
        }
        // A kernel sees the carries as it sees the results. The other operands are in memory.
        Op::Scan(_) => [Some(view.clone())].into_iter().collect(),
        _ => [operand_view(program, equation, input, view, lengths)]
            .into_iter()
            .collect(),
    }
}

fn operand_view(
    program: &Program,
    equation: &Equation,
    input: usize,
    view: &View,
    lengths: &[usize],
) -> Option<View> {
    let from = &program.type_of(equation.inputs[input]).shape;
    match &equation.op {
        Op::Reduce { axes, .. } => Some(View::along(from, Space::reduction(from, axes).1)),
        op => pull(
            op,
            view,
            from,
            &program.type_of(equation.outputs[0]).shape,
            lengths,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kiln_program::Axes;

    /// Checks a pulled view: at every point of a box it must read the element that the op puts there.
    fn check(op: Op, from: &[usize], to: &[usize], expected: impl Fn(&[usize]) -> Option<usize>) {
        let (from, to) = (Shape::from(from), Shape::from(to));
        let view = View::along(&to, 0..);
        let pulled = pull(&op, &view, &from, &to, &to).map(|view| view.position(&from));
        for place in 0..to.size() {
            let point: Vec<usize> = to
                .iter()
                .zip(to.strides())
                .map(|(&n, stride)| place / stride % n)
                .collect();
            let Some(expected) = expected(&point) else {
                return assert_eq!(pulled, None);
            };
            let at = pulled.as_ref().expect("affine");
            let value = at
                .terms
                .iter()
                .fold(at.offset, |sum, &(dim, c)| sum + c * point[dim] as i64);
            assert_eq!(value as usize, expected, "{op:?} at {point:?}");
        }
    }

    #[test]
    fn moves_are_affine() {
        let axes = |list: &[usize]| Axes::from(list);
        check(Op::Transpose(axes(&[1, 0])), &[2, 3], &[3, 2], |p| {
            Some(p[1] * 3 + p[0])
        });
        check(Op::Reverse(axes(&[1])), &[2, 3], &[2, 3], |p| {
            Some(p[0] * 3 + 2 - p[1])
        });
        let slice = Op::Slice {
            start: axes(&[1, 0]),
            stop: axes(&[2, 3]),
            step: axes(&[1, 2]),
        };
        check(slice, &[2, 3], &[1, 2], |p| Some(3 + 2 * p[1]));
        let broadcast = Op::Broadcast {
            shape: Shape::from([4, 3, 2]),
            axes: axes(&[1, 2]),
        };
        check(broadcast, &[3, 1], &[4, 3, 2], |p| Some(p[1]));
    }

    #[test]
    fn reshapes_that_merge_or_drop_axes_are_affine() {
        let row = |shape: &[usize]| Op::Reshape(Shape::from(shape));
        check(row(&[2, 3, 4]), &[6, 4], &[2, 3, 4], |p| {
            Some((p[0] * 3 + p[1]) * 4 + p[2])
        });
        check(row(&[4]), &[1, 4, 1], &[4], |p| Some(p[0]));
        check(row(&[2, 6]), &[4, 3], &[2, 6], |_| None);
        check(row(&[6]), &[2, 3], &[6], |_| None);
    }
}
