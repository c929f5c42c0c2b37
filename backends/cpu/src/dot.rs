//! Contractions of few elements, in the order in which they are written: what a call of a matrix library costs would be more than
//! all its work.

use crate::index::offsets;
use crate::kernels::{Number, with_type};
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_program::{ArrayType, Axes, DType, Dot};

/// The most products that are added up here.
const PRODUCTS: usize = 4096;

/// A small contraction: where the operands' elements are. `out[b, m, n]` is the sum over `k` of `x[b + m + k] * y[b + n + k]`.
#[derive(Debug)]
pub(crate) struct SmallDot {
    dtype: DType,
    batch: Vec<[usize; 2]>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    contracted: Vec<[usize; 2]>,
}

impl SmallDot {
    /// The contraction of operands of these types, if it is small.
    pub(crate) fn of(dot: &Dot, x: &ArrayType, y: &ArrayType) -> Option<SmallDot> {
        let lengths =
            |axes: &Axes, of: &ArrayType| -> usize { axes.iter().map(|&axis| of.shape[axis]).product() };
        let once = lengths(&dot.lhs_contract, x)
            .saturating_mul(lengths(&dot.lhs_batch, x))
            .max(1);
        let products = x.shape.size().saturating_mul(y.shape.size() / once);
        (x.dtype != DType::Bool && products <= PRODUCTS).then_some(())?;
        let free = |of: &ArrayType, contract: &Axes, batch: &Axes| -> Axes {
            (0..of.shape.rank())
                .filter(|axis| !contract.contains(axis) && !batch.contains(axis))
                .collect()
        };
        let pairs = |left: &Axes, right: &Axes| -> Vec<[usize; 2]> {
            let (left, right) = (offsets(x, left), offsets(y, right));
            left.into_iter().zip(right).map(|(x, y)| [x, y]).collect()
        };
        Some(SmallDot {
            dtype: x.dtype,
            batch: pairs(&dot.lhs_batch, &dot.rhs_batch),
            rows: offsets(x, &free(x, &dot.lhs_contract, &dot.lhs_batch)),
            columns: offsets(y, &free(y, &dot.rhs_contract, &dot.rhs_batch)),
            contracted: pairs(&dot.lhs_contract, &dot.rhs_contract),
        })
    }

    pub(crate) fn run(&self, x: &[u8], y: &[u8], out: &mut [u8]) {
        with_type!(self.dtype, T => self.typed::<T>(cast_slice(x), cast_slice(y), cast_slice_mut(out)));
    }

    fn typed<T: Number>(&self, x: &[T], y: &[T], out: &mut [T]) {
        let mut out = out.iter_mut();
        for &[bx, by] in &self.batch {
            for &row in &self.rows {
                for (&column, out) in self.columns.iter().zip(&mut out) {
                    let (x, y) = (|i: usize| x[bx + row + i], |j: usize| y[by + column + j]);
                    *out = self
                        .contracted
                        .iter()
                        .fold(T::ZERO, |sum, &[i, j]| sum.add(x(i).mul(y(j))));
                }
            }
        }
    }
}
