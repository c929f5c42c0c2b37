//! Combines all prefixes by an associative function, in a logarithmic number of steps.

use crate::arguments::Number;
use crate::array::Array;
use crate::error::{axis_of, check, raise};
use crate::lax::carry::{names, settled};
use crate::primitive::{concatenate, reshape, reverse, slice};
use crate::tree::{Arrays, Structure, Tree};
use kiln_backends::program::Shape;

/// Returns `x0, f(x0, x1), f(f(x0, x1), x2), ...` along the first axis, for an associative function `f`.
///
/// `xs` is a tree of arrays whose first axes have one length. `f` takes two such trees, with any length of
/// the first axis, and combines them element by element. Each call of `f` combines all pairs of a level, so
/// the number of calls is logarithmic in the length. The left argument of `f` always holds the earlier
/// elements.
///
/// # Panics
/// When a leaf does not have the axis, the axes differ in length, or `f` returns another structure, shape or
/// dtype than it takes.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// assert_eq!(lax::associative_scan(|x: Array, y: Array| x * y, np::array([1, 2, 3, 4])).to_string(), "[ 1  2  6 24]");
/// // x[i] = a[i] x[i - 1] + b[i], all at once.
/// let step = |(a, b): (Array, Array), (c, d): (Array, Array)| (&a * &c, c * b + d);
/// assert_eq!(lax::associative_scan(step, (np::full(4, 0.5), np::ones(4))).1.to_string(), "[1.    1.5   1.75  1.875]");
/// ```
#[track_caller]
pub fn associative_scan<T: Tree>(f: impl Fn(T, T) -> T, xs: T) -> T {
    associative_scan_with(f, xs, |o| o)
}

optional_arguments! {
    /// The optional arguments of [`lax::associative_scan`](crate::lax::associative_scan_with).
    ///
    /// ```
    /// use kiln::{Array, lax, numpy as np};
    /// let sums = lax::associative_scan_with(|x: Array, y: Array| x + y, np::arange(4), |o| o.reverse(true));
    /// assert_eq!(sums.to_string(), "[6 6 5 3]");
    /// ```
    AssociativeScan {
        /// A flag: if true, the elements are combined from the last to the first:
        /// `..., f(f(x3, x2), x1), f(x3, x2), x3`.
        reverse(bool): bool = false => reverse; lax::associative_scan_with(|x: kiln::Array, y: kiln::Array| x + y, np::arange(4), |o| o.reverse(true)) => "[6 6 5 3]";
        /// The axis along which the elements are combined: the first, if this is not given. Negative axes
        /// count from the last.
        axis(impl Number): isize = 0 => axis.number(); lax::associative_scan_with(|x: kiln::Array, y: kiln::Array| x + y, np::ones((1, 3)), |o| o.axis(1)) => "[[1. 2. 3.]]";
    }
}

/// Returns [`associative_scan`] with the optional arguments of
/// [`options::AssociativeScan`](crate::options::AssociativeScan).
///
/// # Panics
/// When a leaf does not have the axis, the axes differ in length, or `f` returns another structure, shape or
/// dtype than it takes.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// let products = lax::associative_scan_with(|x: Array, y: Array| x * y, np::array([[2, 3, 4]]), |o| o.axis(1));
/// assert_eq!(products.to_string(), "[[ 2  6 24]]");
/// ```
#[track_caller]
pub fn associative_scan_with<T: Tree>(
    f: impl Fn(T, T) -> T,
    xs: T,
    options: impl FnOnce(AssociativeScan) -> AssociativeScan,
) -> T {
    let AssociativeScan { reverse, axis } = options(AssociativeScan::default());
    run("associative_scan", f, xs, axis, reverse)
}

#[track_caller]
fn run<T: Tree>(op: &'static str, f: impl Fn(T, T) -> T, xs: T, axis: isize, from_last: bool) -> T {
    let names = names("xs", &xs);
    let (arrays, structure) = settled(op, xs);
    let mut axes: Vec<usize> = vec![];
    for (x, name) in arrays.iter().zip(&names) {
        check(x.ndim() > 0, op, || {
            format!("{name} is a scalar: it has no axis to run along")
        });
        axes.push(axis_of(op, axis, x.ndim()));
        let (n, first) = (x.shape()[axes[axes.len() - 1]], arrays[0].shape()[axes[0]]);
        check(n == first, op, || {
            format!(
                "{} has length {first} along axis {axis}, {name} has length {n}",
                names[0]
            )
        });
    }
    let Some(x) = arrays.first() else {
        raise(op, "xs holds no array")
    };
    let length = x.shape()[axes[0]];
    let scan = Levels {
        op,
        f,
        axes: &axes,
        structure: &structure,
        tree: std::marker::PhantomData,
    };
    let flipped = |arrays: Arrays| -> Arrays {
        match from_last {
            true => arrays
                .iter()
                .zip(&axes)
                .map(|(x, &axis)| reverse(x, [axis].into()))
                .collect(),
            false => arrays,
        }
    };
    structure.rebuild(flipped(scan.run(flipped(arrays), length)))
}

struct Levels<'a, T, F: Fn(T, T) -> T> {
    op: &'static str,
    f: F,
    axes: &'a [usize],
    structure: &'a Structure,
    tree: std::marker::PhantomData<T>,
}

impl<T: Tree, F: Fn(T, T) -> T> Levels<'_, T, F> {
    /// Combines pairs of neighbours. The scan of these pairs has every second result. Each other result needs
    /// one more combination.
    #[track_caller]
    fn run(&self, xs: Arrays, n: usize) -> Arrays {
        if n < 2 {
            return xs;
        }
        let pairs = self.combine(self.every_second(&xs, 0, n - 1), self.every_second(&xs, 1, n));
        let odd = self.run(pairs, n / 2);
        if n == 2 {
            return self.interleave(&self.every_second(&xs, 0, 1), &odd, 1);
        }
        let before: Arrays = match n.is_multiple_of(2) {
            true => self.part(&odd, 0, n / 2 - 1, 1),
            false => odd.clone(),
        };
        let rest = self.combine(before, self.every_second(&xs, 2, n));
        let first = self.part(&xs, 0, 1, 1);
        let even: Arrays = first
            .iter()
            .zip(&rest)
            .zip(self.axes)
            .map(|((first, rest), &axis)| concatenate(&[first.clone(), rest.clone()], axis))
            .collect();
        self.interleave(&even, &odd, n.div_ceil(2))
    }

    #[track_caller]
    fn combine(&self, x: Arrays, y: Arrays) -> Arrays {
        let types: Vec<_> = x.iter().map(|x| (x.array_type(), x.is_weak())).collect();
        let out = (self.f)(self.structure.rebuild(x), self.structure.rebuild(y));
        let names = names("result", &out);
        let (out, structure) = settled(self.op, out);
        check(
            structure == *self.structure,
            self.op,
            || "the function returns another structure than it got",
        );
        for ((out, (of, _)), name) in out.iter().zip(&types).zip(names) {
            check(out.array_type() == *of, self.op, || {
                format!(
                    "{name} of the function is {}, what it got is {of}: they must be equal",
                    out.array_type()
                )
            });
        }
        // The results keep the weakness of the arguments.
        out.into_iter()
            .zip(types)
            .map(|(out, (_, weak))| out.with_weak(weak))
            .collect()
    }

    fn every_second(&self, xs: &Arrays, start: usize, stop: usize) -> Arrays {
        self.part(xs, start, stop, 2)
    }

    fn part(&self, xs: &Arrays, start: usize, stop: usize, step: usize) -> Arrays {
        let part = |(x, &axis): (&Array, &usize)| {
            let (mut starts, mut stops, mut steps) =
                (vec![0; x.ndim()], x.shape().to_vec(), vec![1; x.ndim()]);
            (starts[axis], stops[axis], steps[axis]) = (start, stop, step);
            slice(x, &starts, &stops, &steps)
        };
        xs.iter().zip(self.axes).map(part).collect()
    }

    /// Returns `even[0], odd[0], even[1], ...`. `even` has `n` elements. `odd` has as many, or one fewer.
    fn interleave(&self, even: &Arrays, odd: &Arrays, n: usize) -> Arrays {
        let mut out = Arrays::new();
        for ((even, odd), &axis) in even.iter().zip(odd).zip(self.axes) {
            let pairs = odd.shape()[axis];
            let beside = |x: &Array| {
                let mut shape = x.shape().to_vec();
                shape[axis] = pairs;
                shape.insert(axis + 1, 1);
                let whole = crate::primitive::slice_axis(x, axis, 0, pairs);
                reshape(&whole, &Shape::from(shape))
            };
            let both = concatenate(&[beside(even), beside(odd)], axis + 1);
            let mut shape = odd.shape().to_vec();
            shape[axis] *= 2;
            let both = reshape(&both, &Shape::from(shape));
            out.push(match n > pairs {
                true => {
                    let last = crate::primitive::slice_axis(even, axis, pairs, n);
                    concatenate(&[both, last], axis)
                }
                false => both,
            });
        }
        out
    }
}
