//! General contractions as batched matrix products.

use super::axes::LONGEST;
use super::{Context, Route};
use crate::host::axes::Lanes;
use crate::host::element::Element;
use crate::host::{view, with_type};
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store};
use burn_backend::{Scalar as BurnScalar, TensorData};
use kiln_program::sister::{Stop, paired};
use kiln_program::{ArrayType, Binary, DType, Dot, Reduction, Scalar};

/// The most products of an element that a matrix library adds up. The library works in blocks of its own,
/// with an error that grows with their number. A power of two, so that a half of a long contraction can be
/// computed elsewhere.
pub const LONGEST_PRODUCT: usize = 4096;

/// The total lengths of an operand's batch, free and contracted axes.
struct Side {
    batch: usize,
    free: usize,
    contract: usize,
}

impl Side {
    fn new(shape: &[usize], batch: &[usize], contract: &[usize]) -> Side {
        let total = |axes: &[usize]| axes.iter().map(|&axis| shape[axis]).product::<usize>();
        let free: usize = (0..shape.len())
            .filter(|i| !batch.contains(i) && !contract.contains(i))
            .map(|i| shape[i])
            .product();
        Side {
            batch: total(batch),
            free,
            contract: total(contract),
        }
    }
}

impl<B: Kernels> Context<'_, B> {
    /// Returns the sum of products over the contracted axes.
    ///
    /// Each operand is permuted, as a view, and its axes are merged. A copy is made only if axes that are
    /// not neighbours in memory must merge. A plain matrix product, transposed or not, passes both
    /// operands on unchanged.
    pub(super) fn dot(
        &self,
        dot: &Dot,
        x: Tensor<B>,
        y: Tensor<B>,
        types: &[&ArrayType],
        of: &ArrayType,
    ) -> Tensor<B> {
        let left = Side::new(&types[0].shape, &dot.lhs_batch, &dot.lhs_contract);
        let right = Side::new(&types[1].shape, &dot.rhs_batch, &dot.rhs_contract);
        if left.contract == 0 {
            return self.constant(Scalar::from_i64(of.dtype, 0), &of.shape);
        }
        // The pairs of contracted axes in the order of the left operand: this needs fewer copies.
        let (lhs, rhs) = paired(&dot.lhs_contract, &dot.rhs_contract);
        let x = arranged(x, &types[0].shape, &dot.lhs_batch, &lhs, false);
        let y = arranged(y, &types[1].shape, &dot.rhs_batch, &rhs, true);
        let batched = left.batch != 1;
        let shaped = |x: Tensor<B>, rows, columns| {
            if batched {
                x.reshape(&[left.batch, rows, columns])
            } else {
                x.reshape(&[rows, columns])
            }
        };
        let x = shaped(x, left.free, left.contract);
        let y = shaped(y, right.contract, right.free);
        let sizes = [left.batch, left.free, left.contract, right.free];
        let product = match self.route {
            Route::Device if left.contract > LONGEST => self.matmul_in_parts(x, y, sizes),
            Route::Host if left.contract > LONGEST_PRODUCT && x.dtype().is_float() => {
                self.matmul_in_blocks(x, y, sizes)
            }
            _ => self.matmul(x, y, sizes),
        };
        product.reshape(&of.shape)
    }

    /// Returns a long contraction: a batch of its parts, which are added up, and the rest. In a product of
    /// vectors one unit of a device may run all of the loop.
    fn matmul_in_parts(&self, x: Tensor<B>, y: Tensor<B>, [batch, m, k, n]: [usize; 4]) -> Tensor<B> {
        let (parts, cut) = (k / LONGEST, k - k % LONGEST);
        let (x, y) = (x.reshape(&[batch, m, k]), y.reshape(&[batch, k, n]));
        let head = x.clone().narrow(2, 0, cut).reshape(&[batch, m, parts, LONGEST]);
        let head = head.permute(&[0, 2, 1, 3]).reshape(&[batch * parts, m, LONGEST]);
        let other = y.clone().narrow(1, 0, cut).reshape(&[batch * parts, LONGEST, n]);
        let products = self.matmul(head, other, [batch * parts, m, LONGEST, n]);
        let lanes = Lanes::of(batch, parts, m * n);
        let sum = self.reduce_lanes(products, Reduction::Sum, lanes);
        if cut == k {
            return sum;
        }
        let rest = self.matmul(x.narrow(2, cut, k), y.narrow(1, cut, k), [batch, m, k - cut, n]);
        self.binary(Binary::Add, sum, rest.reshape(&[batch, m * n]))
    }

    /// Returns a long contraction on the host: products of blocks, which are added in pairs of neighbours,
    /// and so on.
    fn matmul_in_blocks(&self, x: Tensor<B>, y: Tensor<B>, [batch, m, k, n]: [usize; 4]) -> Tensor<B> {
        let (column, row) = (x.shape().len() - 1, y.shape().len() - 2);
        // Sums of neighbouring blocks, each over more blocks than the next.
        let mut sums: Vec<(usize, Tensor<B>)> = vec![];
        for from in (0..k).step_by(LONGEST_PRODUCT) {
            Stop::check_here();
            let to = k.min(from + LONGEST_PRODUCT);
            let (x, y) = (
                x.clone().narrow(column, from, to),
                y.clone().narrow(row, from, to),
            );
            let mut sum = (1, self.matmul(x, y, [batch, m, to - from, n]));
            while let Some((_, before)) = sums.pop_if(|before| before.0 == sum.0) {
                sum = (2 * sum.0, self.binary(Binary::Add, before, sum.1));
            }
            sums.push(sum);
        }
        let (_, mut total) = sums.pop().expect("at least one block");
        while let Some((_, before)) = sums.pop() {
            total = self.binary(Binary::Add, before, total);
        }
        total
    }

    /// Returns the product of matrices `[m, k]` and `[k, n]`, or of a batch of them.
    fn matmul(&self, x: Tensor<B>, y: Tensor<B>, [batch, m, k, n]: [usize; 4]) -> Tensor<B> {
        match (x, y) {
            (Tensor::Float(x), Tensor::Float(y)) => Tensor::Float(B::float_matmul(x, y)),
            (x, y) if self.route == Route::Host => {
                let dtype = x.dtype();
                let (x, y) = (x.into_data(), y.into_data());
                let data = with_type!(dtype, T => {
                    TensorData::new(products::<T>(view(&x), view(&y), [batch, m, k, n]), [batch, m, n])
                });
                Tensor::from_data(data, self.device)
            }
            (Tensor::Int(x), y) => Tensor::Int(B::int_matmul(x, y.into_int())),
            (x, y) => {
                // Bools: true if any product is true. Products are counted in floats, which cannot cancel.
                let (x, y) = (
                    self.cast(x, DType::F32).into_float(),
                    self.cast(y, DType::F32).into_float(),
                );
                let count = B::float_matmul(x, y);
                Tensor::Bool(B::float_greater_elem(
                    count,
                    BurnScalar::Float(0.0),
                    bool_store::<B>(self.device),
                ))
            }
        }
    }
}

/// Returns an operand with its axes in the order batch, free, contracted, or batch, contracted, free.
fn arranged<B: Kernels>(
    x: Tensor<B>,
    shape: &[usize],
    batch: &[usize],
    contract: &[usize],
    contracted_first: bool,
) -> Tensor<B> {
    let free = (0..shape.len()).filter(|i| !batch.contains(i) && !contract.contains(i));
    let mut order = batch.to_vec();
    if contracted_first {
        order.extend_from_slice(contract);
        order.extend(free);
    } else {
        order.extend(free);
        order.extend_from_slice(contract);
    }
    if order.is_empty() { x } else { x.permute(&order) }
}

/// Matrix products of integers, which wrap, and of bools. Rows of `y` are added up, so that
/// memory is read in order.
fn products<T: Element>(x: &[T], y: &[T], [batch, m, k, n]: [usize; 4]) -> Vec<T> {
    let mut out = vec![T::ZERO; batch * m * n];
    if n == 0 {
        return out;
    }
    for (i, row) in out.chunks_mut(n).enumerate() {
        Stop::check_here();
        let columns = &y[i / m * k * n..][..k * n];
        for (&scale, column) in x[i * k..][..k].iter().zip(columns.chunks(n)) {
            for (sum, &y) in row.iter_mut().zip(column) {
                *sum = sum.plus(scale.times(y));
            }
        }
    }
    out
}
