//! Fills a tile: with elements of a buffer seen through strides, with a running index, or with one number.

use super::{with_size, with_type};
use bytemuck::{Pod, cast_slice, cast_slice_mut};
use kiln_program::{DType, Few};

/// An affine function of the row-major position in a box: `sum of stride * coordinate`.
///
/// Neighbouring axes are merged if the function stays the same. So a contiguous pattern has one axis of
/// stride 1, and a constant pattern has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// `(length, stride)` of each axis, outermost first.
    axes: Few<(usize, i64), 4>,
}

impl Pattern {
    /// Returns the pattern of a box with these axis lengths.
    pub(crate) fn new(axes: impl IntoIterator<Item = (usize, i64)>) -> Pattern {
        let mut merged: Few<(usize, i64), 4> = Few::new();
        for (length, stride) in axes.into_iter().filter(|&(length, _)| length != 1) {
            match merged.last_mut() {
                Some((outer, wide)) if *wide == stride * length as i64 => {
                    (*outer, *wide) = (*outer * length, stride)
                }
                _ => merged.push((length, stride)),
            }
        }
        if merged.iter().all(|&(_, stride)| stride == 0) {
            merged.clear();
        }
        Pattern { axes: merged }
    }

    /// Returns true if the function is 0 everywhere.
    pub(crate) fn is_splat(&self) -> bool {
        self.axes.is_empty()
    }

    /// Returns true if the function is the position itself.
    pub(crate) fn is_contiguous(&self) -> bool {
        matches!(self.axes[..], [(_, 1)])
    }

    /// Returns the value at one position.
    pub(crate) fn at(&self, mut position: usize) -> i64 {
        let mut value = 0;
        for &(length, stride) in self.axes.iter().rev() {
            value += (position % length) as i64 * stride;
            position /= length;
        }
        value
    }

    /// Calls `run(place, length, value, stride)` for each run of positions in `start..start + n` along which
    /// the value grows by one stride; places count from `start`.
    #[inline]
    pub(super) fn runs(&self, start: usize, n: usize, mut run: impl FnMut(usize, usize, i64, i64)) {
        let Some((&(length, stride), outer)) = self.axes.split_last() else {
            return run(0, n, 0, 0);
        };
        if outer.is_empty() {
            return run(0, n, start as i64 * stride, stride);
        }
        if n == 0 {
            return;
        }
        // The coordinates along the outer axes, and the value there. They are counted on, not computed: a run
        // may be as short as an axis of length 2.
        let mut coordinates: Few<usize, 4> = Few::from_elem(0, outer.len());
        let (mut before, mut within) = (start / length, start % length);
        let mut value = 0;
        for (coordinate, &(length, stride)) in coordinates.iter_mut().zip(outer).rev() {
            *coordinate = before % length;
            value += *coordinate as i64 * stride;
            before /= length;
        }
        let mut place = 0;
        while place < n {
            let count = (length - within).min(n - place);
            run(place, count, value + within as i64 * stride, stride);
            place += count;
            within = 0;
            for (coordinate, &(length, stride)) in coordinates.iter_mut().zip(outer).rev() {
                *coordinate += 1;
                value += stride;
                if *coordinate < length {
                    break;
                }
                *coordinate = 0;
                value -= stride * length as i64;
            }
        }
    }
}

/// `out[i] = x[offset + pattern(start + i)]`.
pub(crate) fn load(
    dtype: DType,
    x: &[u8],
    offset: i64,
    pattern: &Pattern,
    start: usize,
    n: usize,
    out: &mut [u8],
) {
    with_size!(dtype, T => strided::<T>(cast_slice(x), offset, pattern, start, n, cast_slice_mut(out)));
}

fn strided<T: Pod>(x: &[T], offset: i64, pattern: &Pattern, start: usize, n: usize, out: &mut [T]) {
    // An empty array has no element to repeat.
    if n == 0 {
        return;
    }
    pattern.runs(start, n, |place, count, value, stride| {
        let from = offset + value;
        let out = &mut out[place..place + count];
        match stride {
            0 => out.fill(x[from as usize]),
            1 => out.copy_from_slice(&x[from as usize..from as usize + count]),
            _ => {
                for (i, out) in out.iter_mut().enumerate() {
                    *out = x[(from + i as i64 * stride) as usize];
                }
            }
        }
    });
}

/// `out[offset + pattern(i)] = x[i]`.
pub(crate) fn store(dtype: DType, x: &[u8], offset: i64, pattern: &Pattern, out: &mut [u8]) {
    with_size!(dtype, T => spread::<T>(cast_slice(x), offset, pattern, cast_slice_mut(out)));
}

fn spread<T: Pod>(x: &[T], offset: i64, pattern: &Pattern, out: &mut [T]) {
    if x.is_empty() {
        return;
    }
    pattern.runs(0, x.len(), |place, count, value, stride| {
        let (x, to) = (&x[place..place + count], offset + value);
        match stride {
            1 => out[to as usize..to as usize + count].copy_from_slice(x),
            _ => {
                for (i, &x) in x.iter().enumerate() {
                    out[(to + i as i64 * stride) as usize] = x;
                }
            }
        }
    });
}

/// `out[i] = offset + pattern(start + i)`, converted to the dtype.
pub(crate) fn iota(dtype: DType, offset: i64, pattern: &Pattern, start: usize, n: usize, out: &mut [u8]) {
    with_type!(dtype, T => {
        let out: &mut [T] = cast_slice_mut(out);
        pattern.runs(start, n, |place, count, value, stride| {
            for (i, out) in out[place..place + count].iter_mut().enumerate() {
                *out = (offset + value + i as i64 * stride) as T;
            }
        });
    });
}

/// The same number, given by its bytes, everywhere.
pub(crate) fn fill(dtype: DType, value: [u8; 8], out: &mut [u8]) {
    with_size!(dtype, T => cast_slice_mut::<u8, T>(out).fill(bytemuck::pod_read_unaligned(&value[..size_of::<T>()])));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_count_through_every_position() {
        let boxes: [&[(usize, i64)]; 6] = [
            &[(2, 1), (2, 2), (2, 4), (2, 8), (2, 16)],
            &[(3, -7), (4, 100), (5, 3)],
            &[(2, 0), (3, 5), (1, 9), (2, 1)],
            &[(4, 0), (5, 1)],
            &[(7, 2)],
            &[],
        ];
        for axes in boxes {
            let pattern = Pattern::new(axes.iter().copied());
            let size: usize = axes.iter().map(|axis| axis.0).product();
            // Miri is a thousand times slower.
            let step = if cfg!(miri) { 7 } else { 1 };
            let ranges = (0..size)
                .step_by(step)
                .flat_map(|start| (0..=size - start).step_by(step).map(move |n| (start, n)));
            for (start, n) in ranges {
                let mut values = vec![None; n];
                pattern.runs(start, n, |place, count, value, stride| {
                    for i in 0..count {
                        values[place + i] = Some(value + i as i64 * stride);
                    }
                });
                let expected: Vec<Option<i64>> = (start..start + n).map(|i| Some(pattern.at(i))).collect();
                assert_eq!(values, expected, "{axes:?} from {start}");
            }
        }
    }
}
