//! Functions that move elements without computing.

use crate::arguments::{IntoNumbers, Number, axes_of, reshaped, shape_of};
use crate::array::Array;
use crate::eager::staged;
use crate::error::{axis_of, check, fits_memory, raise};
use crate::primitive::{
    broadcast, broadcast_along, cast, concatenate as join, reshape, reverse, slice_axis, transpose,
};
use crate::promote::promote;
use crate::tree::Arrays;
use kiln_backends::program::{Axes, Shape};

impl Array {
    /// Returns the same elements, in row-major order, with another shape. One dimension of the shape may be
    /// -1. It is computed from the number of elements.
    ///
    /// # Panics
    /// When the number of elements differs, or more than one dimension is -1.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(6).reshape((2, -1)).to_string(), "[[0 1 2]\n [3 4 5]]");
    /// ```
    #[track_caller]
    pub fn reshape(&self, shape: impl IntoNumbers) -> Array {
        let shape = reshaped("reshape", self.shape(), &shape.numbers());
        self.with_shape(shape)
    }

    /// Returns the same elements as one axis.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 2)).ravel().to_string(), "[1. 1. 1. 1.]");
    /// ```
    #[track_caller]
    pub fn ravel(&self) -> Array {
        self.with_shape(Shape::from([self.size()]))
    }

    /// Returns the array with a shape of as many elements. Nothing moves in memory: the result is another
    /// handle.
    #[track_caller]
    fn with_shape(&self, shape: Shape) -> Array {
        if *self.shape() == shape {
            return self.clone();
        }
        let x = self.clone().settled("reshape", self.kind());
        match x.reshaped(&shape) {
            Some(x) => x,
            None => staged("reshape", shape, [x], |shape, x| reshape(&x[0], shape)),
        }
    }

    /// Returns the array with its axes in reverse order. For a matrix this is the transpose, NumPy's `x.T`.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3)).t().shape()[..], [3, 2]);
    /// ```
    #[track_caller]
    pub fn t(&self) -> Array {
        self.permuted((0..self.ndim()).rev().collect())
    }

    /// Returns the array with its axes in another order. Axis `i` of the result is axis `axes[i]` of the
    /// array.
    ///
    /// # Panics
    /// When `axes` does not hold every axis once.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3, 4)).transpose((1, 2, 0)).shape()[..], [3, 4, 2]);
    /// ```
    #[track_caller]
    pub fn transpose(&self, axes: impl IntoNumbers) -> Array {
        let numbers = axes.numbers();
        let sorted = axes_of("transpose", &numbers, self.ndim());
        check(sorted.len() == self.ndim(), "transpose", || {
            format!(
                "{} axes for an array of shape {}: name every axis once",
                sorted.len(),
                self.shape()
            )
        });
        self.permuted(
            numbers
                .iter()
                .map(|&axis| axis_of("transpose", axis, self.ndim()))
                .collect(),
        )
    }

    #[track_caller]
    fn permuted(&self, axes: Axes) -> Array {
        if axes.windows(2).all(|pair| pair[0] < pair[1]) {
            return self.clone();
        }
        staged("transpose", axes, [self.clone()], |axes, x| {
            transpose(&x[0], axes)
        })
    }

    /// Exchanges two axes.
    ///
    /// # Panics
    /// When an axis is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3, 4)).swapaxes(0, -1).shape()[..], [4, 3, 2]);
    /// ```
    #[track_caller]
    pub fn swapaxes(&self, first: impl Number, second: impl Number) -> Array {
        let (first, second) = (
            axis_of("swapaxes", first.number(), self.ndim()),
            axis_of("swapaxes", second.number(), self.ndim()),
        );
        let mut axes: Axes = (0..self.ndim()).collect();
        axes.swap(first, second);
        self.permuted(axes)
    }

    /// Moves axes to other positions. The other axes keep their order.
    ///
    /// # Panics
    /// When an axis is out of bounds or given twice, or the two lists differ in length.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((2, 3, 4)).moveaxis(0, -1).shape()[..], [3, 4, 2]);
    /// ```
    #[track_caller]
    pub fn moveaxis(&self, source: impl IntoNumbers, destination: impl IntoNumbers) -> Array {
        let (source, destination) = (source.numbers(), destination.numbers());
        let rank = self.ndim();
        axes_of("moveaxis", &source, rank);
        axes_of("moveaxis", &destination, rank);
        check(source.len() == destination.len(), "moveaxis", || {
            format!("{} axes for {} places", source.len(), destination.len())
        });
        let mut pairs: Vec<(usize, usize)> = destination
            .iter()
            .zip(&source)
            .map(|(&to, &from)| (axis_of("moveaxis", to, rank), axis_of("moveaxis", from, rank)))
            .collect();
        pairs.sort_unstable();
        let mut axes: Axes = (0..rank)
            .filter(|axis| pairs.iter().all(|(_, from)| from != axis))
            .collect();
        for (to, from) in pairs {
            axes.insert(to, from);
        }
        self.permuted(axes)
    }

    /// Removes the axes of length 1.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((1, 3, 1)).squeeze().shape()[..], [3]);
    /// ```
    #[track_caller]
    pub fn squeeze(&self) -> Array {
        self.with_shape(self.shape().iter().copied().filter(|&n| n != 1).collect())
    }

    /// Removes axes of length 1 by their numbers.
    ///
    /// # Panics
    /// When an axis is out of bounds, is given twice, or does not have length 1.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones((1, 1, 3)).squeeze_axis(0).shape()[..], [1, 3]);
    /// ```
    #[track_caller]
    pub fn squeeze_axis(&self, axes: impl IntoNumbers) -> Array {
        let axes = axes_of("squeeze", &axes.numbers(), self.ndim());
        if let Some(&axis) = axes.iter().find(|&&axis| self.shape()[axis] != 1) {
            raise(
                "squeeze",
                format!(
                    "axis {axis} of shape {} has length {}, not 1",
                    self.shape(),
                    self.shape()[axis]
                ),
            )
        }
        self.with_shape(self.shape().without(&axes))
    }

    /// Adds axes of length 1 at these positions of the result.
    ///
    /// # Panics
    /// When a position is out of bounds or given twice.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::ones(3).expand_dims((0, -1)).shape()[..], [1, 3, 1]);
    /// ```
    #[track_caller]
    pub fn expand_dims(&self, axes: impl IntoNumbers) -> Array {
        let numbers = axes.numbers();
        let rank = self.ndim() + numbers.len();
        let axes = axes_of("expand_dims", &numbers, rank);
        let mut old = self.shape().iter();
        let shape = (0..rank).map(|axis| match axes.contains(&axis) {
            true => 1,
            false => *old.next().expect("as many places as axes"),
        });
        self.with_shape(shape.collect())
    }

    /// Broadcasts the array to a shape. Axes are matched from the last. The array is repeated along axes that
    /// it lacks and along axes of length 1.
    ///
    /// # Panics
    /// When the array does not broadcast to the shape.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(3).broadcast_to((2, 3)).to_string(), "[[0 1 2]\n [0 1 2]]");
    /// ```
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl IntoNumbers) -> Array {
        let shape = shape_of("broadcast_to", shape);
        let from = self.shape();
        let fits = from.rank() <= shape.rank()
            && from
                .iter()
                .rev()
                .zip(shape.iter().rev())
                .all(|(&n, &to)| n == to || n == 1);
        check(fits, "broadcast_to", || {
            format!("shape {from} does not broadcast to shape {shape}")
        });
        staged("broadcast_to", shape, [self.clone()], |shape, x| {
            broadcast(&x[0], shape)
        })
    }

    /// Reverses the order of the elements along all axes.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(3).flip().to_string(), "[2 1 0]");
    /// ```
    #[track_caller]
    pub fn flip(&self) -> Array {
        self.reversed((0..self.ndim()).collect())
    }

    /// Reverses the order of the elements along axes.
    ///
    /// # Panics
    /// When an axis is out of bounds or given twice.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[1, 2], [3, 4]]);
    /// assert_eq!(x.flip_axis(0).to_string(), "[[3 4]\n [1 2]]");
    /// assert_eq!(x.flip_axis(-1).to_string(), "[[2 1]\n [4 3]]");
    /// ```
    #[track_caller]
    pub fn flip_axis(&self, axes: impl IntoNumbers) -> Array {
        self.reversed(axes_of("flip", &axes.numbers(), self.ndim()))
    }

    #[track_caller]
    fn reversed(&self, axes: Axes) -> Array {
        staged("flip", axes, [self.clone()], |axes, x| {
            reverse(&x[0], axes.clone())
        })
    }

    /// Shifts the elements of the flattened array by `shift`. Elements that leave at the end return at the
    /// start. The result has the array's shape.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(5).roll(2).to_string(), "[3 4 0 1 2]");
    /// ```
    #[track_caller]
    pub fn roll(&self, shift: isize) -> Array {
        let flat = self.ravel().roll_axis(shift, 0);
        flat.with_shape(self.shape().clone())
    }

    /// Shifts the elements along axes. Each axis has its own shift, or one shift is for all axes.
    ///
    /// # Panics
    /// When an axis is out of bounds, or the number of shifts is neither 1 nor the number of axes.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::array([[1, 2], [3, 4]]);
    /// assert_eq!(x.roll_axis(1, 0).to_string(), "[[3 4]\n [1 2]]");
    /// assert_eq!(x.roll_axis((1, 1), (0, 1)).to_string(), "[[4 3]\n [2 1]]");
    /// ```
    #[track_caller]
    pub fn roll_axis(&self, shifts: impl IntoNumbers, axes: impl IntoNumbers) -> Array {
        let (mut shifts, axes) = (shifts.numbers(), axes.numbers());
        let mut places = Axes::new();
        for &axis in &axes {
            places.push(axis_of("roll", axis, self.ndim()));
        }
        if shifts.len() == 1 {
            shifts.resize(places.len(), shifts[0]);
        }
        check(shifts.len() == places.len(), "roll", || {
            format!("{} shifts for {} axes", shifts.len(), places.len())
        });
        let mut by = Axes::from_elem(0, self.ndim());
        for (&shift, &axis) in shifts.iter().zip(&places) {
            let n = self.shape()[axis] as isize;
            if n > 0 {
                by[axis] = (by[axis] + shift.rem_euclid(n) as usize) % n as usize;
            }
        }
        staged("roll", by, [self.clone()], |by, x| {
            by.iter()
                .enumerate()
                .filter(|(_, shift)| **shift > 0)
                .fold(x[0].clone(), |x, (axis, &shift)| {
                    let n = x.shape()[axis];
                    join(
                        &[
                            slice_axis(&x, axis, n - shift, n),
                            slice_axis(&x, axis, 0, n - shift),
                        ],
                        axis,
                    )
                })
        })
    }

    /// Repeats the array along each axis. `times` has a number for each axis.
    ///
    /// # Panics
    /// When a number is negative, or memory could not hold the elements.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(2).tile((2, 2)).to_string(), "[[0 1 0 1]\n [0 1 0 1]]");
    /// ```
    #[track_caller]
    pub fn tile(&self, times: impl IntoNumbers) -> Array {
        let times = shape_of("tile", times);
        let all: Shape = times.iter().chain(self.shape().iter()).copied().collect();
        check(fits_memory(&all), "tile", || {
            format!("{times} times shape {} has too many elements", self.shape())
        });
        staged("tile", times, [self.clone()], |times, x| {
            let x = &x[0];
            let rank = times.rank().max(x.ndim());
            let padded = |list: &[usize]| -> Vec<usize> {
                std::iter::repeat_n(1, rank - list.len())
                    .chain(list.iter().copied())
                    .collect()
            };
            let (times, lengths) = (padded(times), padded(x.shape()));
            // Each axis becomes two: one for the copies and one for the elements.
            let apart: Shape = times.iter().zip(&lengths).flat_map(|(&t, &n)| [t, n]).collect();
            let axes: Axes = (rank - x.ndim()..rank).map(|axis| 2 * axis + 1).collect();
            let together: Shape = times.iter().zip(&lengths).map(|(&t, &n)| t * n).collect();
            reshape(&broadcast_along(x, &apart, axes), &together)
        })
    }

    /// Repeats every element of the flattened array a number of times.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(3).repeat(2).to_string(), "[0 0 1 1 2 2]");
    /// ```
    #[track_caller]
    pub fn repeat(&self, times: usize) -> Array {
        self.ravel().repeat_axis(times, 0)
    }

    /// Repeats every slice along an axis a number of times.
    ///
    /// # Panics
    /// When the axis is out of bounds.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([[1, 2], [3, 4]]).repeat_axis(2, 1).to_string(), "[[1 1 2 2]\n [3 3 4 4]]");
    /// ```
    #[track_caller]
    pub fn repeat_axis(&self, times: usize, axis: impl Number) -> Array {
        let axis = axis_of("repeat", axis.number(), self.ndim());
        let mut apart = self.shape().to_vec();
        apart.insert(axis + 1, times);
        let apart = Shape::from(apart);
        check(fits_memory(&apart), "repeat", || {
            format!("{times} times shape {} has too many elements", self.shape())
        });
        staged("repeat", (apart, axis), [self.clone()], |(apart, axis), x| {
            let x = &x[0];
            let axes: Axes = (0..apart.rank()).filter(|&i| i != axis + 1).collect();
            let mut together = x.shape().to_vec();
            together[*axis] *= apart[axis + 1];
            reshape(&broadcast_along(x, apart, axes), &together.into())
        })
    }
}

/// Joins arrays along their first axis, in their promoted dtype.
///
/// # Panics
/// When there are no arrays, an array is a scalar, or the shapes differ on another axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::concatenate([&np::arange(2), &np::ones(1)]).to_string(), "[0. 1. 1.]");
/// ```
#[track_caller]
pub fn concatenate<A: Into<Array>>(arrays: impl IntoIterator<Item = A>) -> Array {
    concatenate_axis(arrays, 0)
}

/// Joins arrays along an axis, in their promoted dtype.
///
/// # Panics
/// When there are no arrays, the axis is out of bounds, or the shapes differ on another axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::concatenate_axis([np::ones((1, 2)), np::zeros((1, 1))], 1).to_string(), "[[1. 1. 0.]]");
/// ```
#[track_caller]
pub fn concatenate_axis<A: Into<Array>>(arrays: impl IntoIterator<Item = A>, axis: impl Number) -> Array {
    joined(
        "concatenate",
        arrays.into_iter().map(Into::into).collect(),
        axis.number(),
    )
}

#[track_caller]
pub(crate) fn joined(op: &str, mut arrays: Arrays, axis: isize) -> Array {
    let Some(first) = arrays.first().cloned() else {
        raise(op, "needs at least one array")
    };
    check(first.ndim() > 0, op, || "a scalar has no axes: use stack");
    let axis = axis_of(op, axis, first.ndim());
    for x in &arrays {
        let (from, to) = (first.shape(), x.shape());
        check(from.rank() == to.rank(), op, || {
            format!("shapes {from} and {to} have different numbers of axes")
        });
        if let Some(other) = (0..from.rank()).find(|&i| i != axis && from[i] != to[i]) {
            raise(
                op,
                format!("shapes {from} and {to} differ on axis {other}, only axis {axis} may"),
            )
        }
    }
    let kind = promote(arrays.iter().map(Array::kind));
    for x in &mut arrays {
        *x = x.clone().settled(op, kind);
    }
    staged(op, (axis, kind), arrays, |&(axis, kind), arrays| {
        let arrays: Vec<Array> = arrays.iter().map(|x| cast(x, kind)).collect();
        join(&arrays, axis)
    })
}

/// Joins arrays of one shape along a new first axis, in their promoted dtype.
///
/// # Panics
/// When there are no arrays, or the shapes differ.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::stack([np::zeros(2), np::ones(2)]).to_string(), "[[0. 0.]\n [1. 1.]]");
/// ```
#[track_caller]
pub fn stack<A: Into<Array>>(arrays: impl IntoIterator<Item = A>) -> Array {
    stack_axis(arrays, 0)
}

/// Joins arrays of one shape along a new axis, in their promoted dtype. `axis` is the position of the new
/// axis in the result.
///
/// # Panics
/// When there are no arrays, the axis is out of bounds, or the shapes differ.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::stack_axis([np::zeros(2), np::ones(2)], -1).to_string(), "[[0. 1.]\n [0. 1.]]");
/// ```
#[track_caller]
pub fn stack_axis<A: Into<Array>>(arrays: impl IntoIterator<Item = A>, axis: impl Number) -> Array {
    stacked(
        "stack",
        arrays.into_iter().map(Into::into).collect(),
        axis.number(),
    )
}

/// Does the work of [`stack_axis`] for the function `op`.
#[track_caller]
pub(crate) fn stacked(op: &str, mut arrays: Arrays, axis: isize) -> Array {
    let Some(first) = arrays.first() else {
        raise(op, "needs at least one array")
    };
    let shape = first.shape().clone();
    if let Some(x) = arrays.iter().find(|x| *x.shape() != shape) {
        raise(op, format!("shapes {shape} and {} differ", x.shape()))
    }
    let axis = axis_of(op, axis, shape.rank() + 1);
    let kind = promote(arrays.iter().map(Array::kind));
    for x in &mut arrays {
        *x = x.clone().settled(op, kind);
    }
    staged(op, (axis, kind), arrays, |&(axis, kind), arrays| {
        let mut shape = arrays[0].shape().to_vec();
        shape.insert(axis, 1);
        let shape = Shape::from(shape);
        let arrays: Vec<Array> = arrays.iter().map(|x| reshape(&cast(x, kind), &shape)).collect();
        join(&arrays, axis)
    })
}

impl Array {
    /// Returns the `N` parts of an array along its first axis. The pattern that takes them gives the number,
    /// as with `Key::split`. A loop over the array, `for part in &x`, takes any number of parts.
    ///
    /// # Panics
    /// When the first axis has another length, and when the array is a scalar.
    ///
    /// ```
    /// use kiln::{Array, grad, numpy as np};
    /// let line = |p: Array| {
    ///     let [slope, intercept] = p.unstack();
    ///     slope * 3 + intercept
    /// };
    /// let p = np::array([2.0, 1.0]);
    /// assert_eq!(line(p.clone()).to_string(), "7.0");
    /// assert_eq!(grad(line)(p).to_string(), "[3. 1.]");
    /// ```
    #[track_caller]
    pub fn unstack<const N: usize>(&self) -> [Array; N] {
        self.unstack_axis(0)
    }

    /// Returns the `N` parts of an array along an axis, as [`unstack`](Array::unstack) does along the first.
    ///
    /// # Panics
    /// When the axis is out of bounds, or has another length.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let [x, y] = np::array([[1, 2], [3, 4], [5, 6]]).unstack_axis(1);
    /// assert_eq!(x.to_string(), "[1 3 5]");
    /// assert_eq!(y.to_string(), "[2 4 6]");
    /// ```
    #[track_caller]
    pub fn unstack_axis<const N: usize>(&self, axis: isize) -> [Array; N] {
        let place = axis_of("unstack", axis, self.ndim());
        let length = self.shape()[place];
        check(length == N, "unstack", || {
            format!(
                "axis {axis} of shape {} has length {length}: it does not fill a pattern of {N} arrays",
                self.shape()
            )
        });
        let parts = self.moveaxis(axis, 0);
        std::array::from_fn(|i| parts.index(i))
    }
}

/// Returns the `N` parts of an array along its first axis. The inverse of [`stack`].
///
/// # Panics
/// As [`Array::unstack`].
///
/// ```
/// use kiln::numpy as np;
/// let [x, y] = np::unstack([[1, 2], [3, 4]]);
/// assert_eq!(x.to_string(), "[1 2]");
/// assert_eq!(y.to_string(), "[3 4]");
/// ```
#[track_caller]
pub fn unstack<const N: usize>(x: impl Into<Array>) -> [Array; N] {
    x.into().unstack()
}

/// Returns the `N` parts of an array along an axis. The inverse of [`stack_axis`].
///
/// # Panics
/// As [`Array::unstack_axis`].
///
/// ```
/// use kiln::numpy as np;
/// let [x, y] = np::unstack_axis([[1, 2], [3, 4]], -1);
/// assert_eq!(x.to_string(), "[1 3]");
/// assert_eq!(y.to_string(), "[2 4]");
/// ```
#[track_caller]
pub fn unstack_axis<const N: usize>(x: impl Into<Array>, axis: isize) -> [Array; N] {
    x.into().unstack_axis(axis)
}

/// Joins arrays along the first axis. A vector is a row.
///
/// # Panics
/// When there are no arrays, or the shapes differ on another axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::vstack([np::zeros(2), np::ones(2)]).to_string(), "[[0. 0.]\n [1. 1.]]");
/// ```
#[track_caller]
pub fn vstack<A: Into<Array>>(arrays: impl IntoIterator<Item = A>) -> Array {
    let rows = arrays.into_iter().map(|x| {
        let x: Array = x.into();
        match x.ndim() {
            0 | 1 => x.reshape((1, -1)),
            _ => x,
        }
    });
    joined("vstack", rows.collect(), 0)
}

/// Joins arrays along the second axis, and vectors along their only axis.
///
/// # Panics
/// When there are no arrays, or the shapes differ on another axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::hstack([np::zeros(2), np::ones(1)]).to_string(), "[0. 0. 1.]");
/// assert_eq!(np::hstack([np::zeros((2, 1)), np::ones((2, 1))]).to_string(), "[[0. 1.]\n [0. 1.]]");
/// ```
#[track_caller]
pub fn hstack<A: Into<Array>>(arrays: impl IntoIterator<Item = A>) -> Array {
    let arrays = arrays.into_iter().map(|x| {
        let x: Array = x.into();
        if x.ndim() == 0 { x.reshape(1) } else { x }
    });
    let arrays: Arrays = arrays.collect();
    let axis = isize::from(arrays.first().is_some_and(|x| x.ndim() > 1));
    joined("hstack", arrays, axis)
}

/// Joins arrays along the second axis. A vector is a column.
///
/// # Panics
/// When there are no arrays, or the shapes differ on another axis.
///
/// ```
/// use kiln::numpy as np;
/// assert_eq!(np::column_stack([np::zeros(2), np::ones(2)]).to_string(), "[[0. 1.]\n [0. 1.]]");
/// ```
#[track_caller]
pub fn column_stack<A: Into<Array>>(arrays: impl IntoIterator<Item = A>) -> Array {
    let columns = arrays.into_iter().map(|x| {
        let x: Array = x.into();
        match x.ndim() {
            0 | 1 => x.reshape((-1, 1)),
            _ => x,
        }
    });
    joined("column_stack", columns.collect(), 1)
}
