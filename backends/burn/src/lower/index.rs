//! Gathers and scatters as selections of rows: several indexed axes, and batch axes, become one axis with
//! linear indices.

use super::axes::LONGEST;
use super::{Context, Route, index_dtype};
use crate::host::index::{Linear, scatter};
use crate::host::{update, view, with_integer, with_type};
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store, burn_scalar, int_dtype, physical};
use burn_backend::tensor::{BoolTensor, FloatTensor, IndexingUpdateOp, IntTensor};
use burn_backend::{Scalar as BurnScalar, TensorData};
use kiln_program::sister::inverse;
use kiln_program::{ArrayType, DType, OutOfBounds, Scalar, Update};

/// The axes of an indexed array as `[batch, outer, axis, inner]`, after a permutation if the indexed axes
/// are not neighbours.
struct Cut {
    permutation: Option<Vec<usize>>,
    batch: usize,
    outer: usize,
    /// The indexed axes' lengths, merged into one axis.
    lengths: Vec<usize>,
    axis: usize,
    inner: usize,
    /// The number of indices in each batch.
    count: usize,
    /// The shape of the indices, with the batch.
    places: Vec<usize>,
}

impl Cut {
    /// `outer_first` is true if axes between the batch and the indexed ones may stay at their places.
    fn new(x: &[usize], indices: &[usize], axes: &[usize], batch: usize, outer_first: bool) -> Cut {
        let neighbours = axes.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        let product = |lengths: &[usize]| lengths.iter().product::<usize>();
        let mut permutation = None;
        let (mut outer, mut inner) = (1, product(&x[axes[axes.len() - 1] + 1..]));
        if neighbours && (axes[0] == batch || outer_first) {
            outer = product(&x[batch..axes[0]]);
        } else {
            let rest = (batch..x.len()).filter(|axis| !axes.contains(axis));
            inner = rest.clone().map(|axis| x[axis]).product();
            permutation = Some((0..batch).chain(axes.iter().copied()).chain(rest).collect());
        }
        let lengths: Vec<usize> = axes.iter().map(|&axis| x[axis]).collect();
        Cut {
            permutation,
            batch: product(&x[..batch]),
            outer,
            axis: product(&lengths),
            lengths,
            inner,
            count: product(&indices[batch..]),
            places: indices.to_vec(),
        }
    }

    /// Returns the distance on the merged axis of neighbours along each indexed axis.
    fn strides(&self) -> Vec<usize> {
        (0..self.lengths.len())
            .map(|i| self.lengths[i + 1..].iter().product())
            .collect()
    }
}

impl<B: Kernels> Context<'_, B> {
    pub(super) fn gather(
        &self,
        operands: Vec<Tensor<B>>,
        types: &[&ArrayType],
        axes: &[usize],
        batch: usize,
        mode: OutOfBounds,
    ) -> Tensor<B> {
        let cut = Cut::new(&types[0].shape, &types[1].shape, axes, batch, batch == 0);
        let rest = (batch..types[0].shape.rank()).filter(|axis| !axes.contains(axis));
        let shape: Vec<usize> = cut
            .places
            .iter()
            .copied()
            .chain(rest.map(|axis| types[0].shape[axis]))
            .collect();
        let dtype = types[0].dtype;
        let fill = Scalar::outside(dtype);
        let mut operands = operands.into_iter();
        let x = operands.next().expect("an array");
        if cut.axis == 0 {
            return self.constant(fill, &shape);
        }
        let x = match &cut.permutation {
            Some(permutation) => x.permute(permutation),
            None => x,
        };
        let rows = cut.batch * cut.axis;
        let (x, along) = match (cut.outer, cut.inner) {
            (1, inner) => (x.reshape(&[rows, inner]), 0),
            (outer, 1) => (x.reshape(&[outer, rows]), 1),
            (outer, inner) => (x.reshape(&[outer, rows, inner]), 1),
        };
        let (y, within) = if self.route == Route::Host {
            let mut places = host_places(operands, &cut, mode);
            let within = places.iter().any(|&at| at < 0).then(|| {
                let within: Vec<bool> = places.iter().map(|&at| at >= 0).collect();
                places.iter_mut().for_each(|at| *at = (*at).max(0));
                Tensor::<B>::from_data(TensorData::new(within, [cut.batch * cut.count]), self.device)
                    .into_bool()
            });
            let y = match places[..] {
                // One index: the result is a view.
                [at] => x.narrow(along, at as usize, at as usize + 1),
                _ => {
                    let count = places.len();
                    if cut.outer * cut.inner == 1 {
                        // Single elements: Flex copies rows one by one, but gathers columns of elements by
                        // all cores.
                        let at = TensorData::new(places, [count, 1]);
                        x.gather(0, B::int_from_data(at, self.device))
                    } else {
                        x.select(
                            along,
                            B::int_from_data(TensorData::new(places, [count]), self.device),
                        )
                    }
                }
            };
            (y, within)
        } else {
            let (at, within) = self.places(operands.collect(), &cut);
            (x.select(along, at), within.filter(|_| mode == OutOfBounds::Fill))
        };
        // The axis of the indices comes first.
        let y = if along == 1 {
            y.permute(&[1, 0, 2][..if cut.inner == 1 { 2 } else { 3 }])
        } else {
            y
        };
        let y = y.reshape(&shape);
        match within {
            None => y,
            Some(within) => {
                let mut aligned = cut.places.clone();
                aligned.resize(shape.len(), 1);
                let shape = physical(&shape);
                let outside = Tensor::<B>::Bool(B::bool_not(within))
                    .reshape(&aligned)
                    .expand(&shape);
                y.mask_where(outside.into_bool(), self.constant(fill, &shape))
            }
        }
    }

    /// Linear indices by Burn's ops, moved into bounds; and a mask of the indices that were in bounds,
    /// if some may not be.
    fn places(&self, indices: Vec<Tensor<B>>, cut: &Cut) -> (IntTensor<B>, Option<BoolTensor<B>>) {
        let bools = bool_store::<B>(self.device);
        let dtype = index_dtype(cut.batch * cut.axis);
        let size = cut.batch * cut.count;
        let mut at: Option<IntTensor<B>> = None;
        let mut within: Option<BoolTensor<B>> = None;
        let mut also = |holds: BoolTensor<B>| {
            within = Some(match within.take() {
                None => holds,
                Some(within) => B::bool_and(within, holds),
            });
        };
        for ((i, &length), stride) in indices.into_iter().zip(&cut.lengths).zip(cut.strides()) {
            let from = i.dtype();
            let mut i = i.reshape(&[size]).into_int();
            // The index is clamped in its own dtype. Bounds that the dtype cannot exceed are left out.
            if from.is_signed() {
                also(B::int_greater_equal_elem(i.clone(), BurnScalar::Int(0), bools));
                i = B::int_clamp_min(i, BurnScalar::Int(0));
            }
            let last = Scalar::from_i64(from, length as i64 - 1);
            let fits = last.as_i64() == length as i64 - 1;
            if fits {
                also(B::int_lower_equal_elem(i.clone(), burn_scalar(last), bools));
                i = B::int_clamp_max(i, burn_scalar(last));
            }
            let mut i = self.cast(Tensor::Int(i), dtype).into_int();
            if stride != 1 {
                i = B::int_mul_scalar(i, BurnScalar::Int(stride as i64));
            }
            at = Some(match at {
                None => i,
                Some(at) => B::int_add(at, i),
            });
        }
        let mut at = at.expect("an indexed axis");
        if cut.batch > 1 {
            let blocks = self.iota(dtype, &[cut.batch], 0).into_int();
            let blocks = Tensor::<B>::Int(B::int_mul_scalar(blocks, BurnScalar::Int(cut.axis as i64)));
            let blocks = blocks
                .reshape(&[cut.batch, 1])
                .expand(&[cut.batch, cut.count])
                .reshape(&[size]);
            at = B::int_add(at, blocks.into_int());
        }
        (at, within)
    }

    pub(super) fn scatter(
        &self,
        operands: Vec<Tensor<B>>,
        types: &[&ArrayType],
        kind: Update,
        axes: &[usize],
        batch: usize,
        mode: OutOfBounds,
    ) -> Tensor<B> {
        let host = self.route == Route::Host;
        let cut = Cut::new(&types[0].shape, &types[2].shape, axes, batch, host);
        let mut operands = operands.into_iter();
        let (x, updates) = (
            operands.next().expect("an array"),
            operands.next().expect("updates"),
        );
        if types[1].shape.size() == 0 || cut.axis == 0 {
            return x;
        }
        let x = match &cut.permutation {
            Some(permutation) => x.permute(permutation),
            None => x,
        };
        let shape = x.shape();
        let y = if host {
            // Burn's scatters let the order of repeated places depend on the backend, and check integers
            // for overflow.
            let places = host_places(operands, &cut, mode);
            let blocks = [cut.batch, cut.outer, cut.axis, cut.inner];
            let (x, updates) = (x.into_data(), updates.into_data());
            let data = with_type!(types[0].dtype, T => update::<T>(x, |values| {
                scatter(values, view(&updates), &places, blocks, kind);
            }));
            Tensor::from_data(data, self.device)
        } else {
            self.scatter_rows(x, updates, operands.collect(), &cut, kind, mode)
                .reshape(&shape)
        };
        match &cut.permutation {
            None => y,
            Some(permutation) => y.permute(&inverse(permutation)),
        }
    }

    /// Returns a scatter by Burn's ops. Updates out of bounds go to a row of their own, which is cut off at
    /// the end.
    fn scatter_rows(
        &self,
        x: Tensor<B>,
        updates: Tensor<B>,
        indices: Vec<Tensor<B>>,
        cut: &Cut,
        kind: Update,
        mode: OutOfBounds,
    ) -> Tensor<B> {
        let rows = cut.batch * cut.axis;
        let dtype = x.dtype();
        if dtype == DType::Bool {
            let number = |x: Tensor<B>| Tensor::Int(B::bool_into_int(x.into_bool(), int_dtype(DType::I32)));
            let kind = match kind {
                Update::Set => Update::Set,
                Update::Add | Update::Max => Update::Max,
                Update::Mul | Update::Min => Update::Min,
            };
            let y = self.scatter_rows(number(x), number(updates), indices, cut, kind, mode);
            return self.cast(y, DType::Bool);
        }
        let mut x = x.reshape(&[rows, cut.inner]);
        let updates = updates.reshape(&[cut.batch * cut.count, cut.inner]);
        let (mut at, within) = self.places(indices, cut);
        let within = within.filter(|_| mode == OutOfBounds::Fill);
        let spare = within.is_some();
        if let Some(within) = within {
            let beyond = burn_scalar(Scalar::from_i64(index_dtype(rows), rows as i64));
            at = B::int_mask_fill(at, B::bool_not(within), beyond);
            let row = self.constant(Scalar::from_i64(dtype, 0), &[1, cut.inner]);
            x = Tensor::concatenate(vec![x, row], 0);
        }
        let nan = match (kind, &x, &updates) {
            (Update::Min | Update::Max, Tensor::Float(x), Tensor::Float(updates)) => {
                // Burn's extrema drop NaN.
                let marked = |x: &FloatTensor<B>| {
                    let nan = self.not(self.is_number(x.clone()));
                    self.cast(Tensor::Bool(nan), dtype)
                };
                Some(self.in_parts(marked(x), &at, marked(updates), IndexingUpdateOp::Add))
            }
            _ => None,
        };
        let op = match kind {
            Update::Set => IndexingUpdateOp::Assign,
            Update::Add => IndexingUpdateOp::Add,
            Update::Mul => IndexingUpdateOp::Mul,
            Update::Min => IndexingUpdateOp::Min,
            Update::Max => IndexingUpdateOp::Max,
        };
        let y = self.in_parts(x, &at, updates, op);
        let y = match nan {
            Some(nan) => {
                let nan = B::float_not_equal_elem(
                    nan.into_float(),
                    BurnScalar::Float(0.0),
                    bool_store::<B>(self.device),
                );
                Tensor::Float(B::float_mask_fill(
                    y.into_float(),
                    nan,
                    BurnScalar::Float(f64::NAN),
                ))
            }
            None => y,
        };
        if spare { y.narrow(0, 0, rows) } else { y }
    }

    /// Updates rows in order. On a device one call has a part of the updates: one unit does all
    /// updates of a column.
    fn in_parts(
        &self,
        x: Tensor<B>,
        at: &IntTensor<B>,
        updates: Tensor<B>,
        op: IndexingUpdateOp,
    ) -> Tensor<B> {
        let count = updates.shape()[0];
        if self.route != Route::Device || count <= LONGEST {
            return x.select_assign(at.clone(), updates, op);
        }
        (0..count).step_by(LONGEST).fold(x, |x, from| {
            let to = count.min(from + LONGEST);
            let at = Tensor::<B>::Int(at.clone()).narrow(0, from, to).into_int();
            x.select_assign(at, updates.clone().narrow(0, from, to), op)
        })
    }
}

/// Linear indices in one pass over the data of the indices. A place out of bounds is negative if it
/// must not be written.
fn host_places<B: Kernels>(
    indices: impl Iterator<Item = Tensor<B>>,
    cut: &Cut,
    mode: OutOfBounds,
) -> Vec<i64> {
    let mut places = Linear::start(cut.batch, cut.count, cut.axis, mode == OutOfBounds::Clip);
    for ((i, &length), stride) in indices.zip(&cut.lengths).zip(cut.strides()) {
        let dtype = i.dtype();
        let i = i.into_data();
        with_integer!(dtype, T => places.add::<T>(view(&i), length, stride));
    }
    places.at
}
