//! Contractions: three ways to compute one, chosen by the shape of one matrix product `[m, k] x [k, n]`,
//! never by the batch.
//!
//! - A product with a vector (`m` or `n` is 1) becomes a multiplication and a sum, which [`products`] writes
//!   into the program. Both fuse with the equations around them.
//! - A product of few elements is a [`SmallDot`]. A call of a matrix library would cost more
//!   than all its work.
//! - [`run`] computes any other product by the matrix library.
//!
//! The first two add products in the order of `kernels::reduce`. The library adds up to 4096 products of an
//! element in its own order. Its results are added in the order of `kernels::reduce`.

use super::each_piece;
use crate::buffer::Buffer;
use crate::kernels::{Number, with_type};
use crate::memory::OutOfMemory;
use crate::single::flex;
use crate::single::index::offsets;
use crate::single::transpose::transpose;
use bytemuck::{cast_slice, cast_slice_mut};
use kiln_math::simd::{Kernel, dispatch};
use kiln_program::sister::paired;
use kiln_program::{
    ArrayType, Axes, Binary, Builder, DType, Dot, Equation, Few, Op, Program, Reduction, Shape, Var,
};
use std::borrow::Cow;

/// The most products of a small contraction.
const PRODUCTS: usize = 4096;
/// The lengths of one matrix product.
struct Matrices {
    m: usize,
    k: usize,
    n: usize,
}

impl Matrices {
    fn of(dot: &Dot, x: &ArrayType, y: &ArrayType) -> Matrices {
        let size =
            |axes: Axes, of: &ArrayType| -> usize { axes.iter().map(|&axis| of.shape[axis]).product() };
        Matrices {
            m: size(free(x, &dot.lhs_contract, &dot.lhs_batch), x),
            k: size(dot.lhs_contract.clone(), x),
            n: size(free(y, &dot.rhs_contract, &dot.rhs_batch), y),
        }
    }

    fn has_vector(&self) -> bool {
        self.m == 1 || self.n == 1
    }
}

/// Returns the axes that are neither contracted nor of the batch.
fn free(of: &ArrayType, contract: &Axes, batch: &Axes) -> Axes {
    (0..of.shape.rank())
        .filter(|axis| !contract.contains(axis) && !batch.contains(axis))
        .collect()
}

/// Returns the program with its products with vectors written as multiplications and sums.
pub(crate) fn products(program: &Program) -> Cow<'_, Program> {
    let has_vector = |equation: &Equation| match &equation.op {
        Op::Dot(dot) => {
            let [x, y] = [0, 1].map(|i| program.type_of(equation.inputs[i]));
            Matrices::of(dot, x, y).has_vector()
        }
        _ => false,
    };
    if !program.equations().iter().any(has_vector) {
        return Cow::Borrowed(program);
    }
    let written = program.rewritten(|builder, equation, operands| match &equation.op {
        Op::Dot(dot) if has_vector(equation) => {
            let to = &program.type_of(equation.outputs[0]).shape;
            Ok([product(builder, dot, [operands[0], operands[1]], to)]
                .into_iter()
                .collect())
        }
        op => builder.push(op.clone(), operands),
    });
    Cow::Owned(written.expect("equations of the program"))
}

/// Returns a contraction with a vector, or a batch of them, as a multiplication and a sum. The vector is
/// repeated along the axes of the matrix that it lacks.
fn product(builder: &mut Builder, dot: &Dot, operands: [Var; 2], to: &Shape) -> Var {
    let of = operands.map(|var| builder.type_of(var).clone());
    let is_right = Matrices::of(dot, &of[0], &of[1]).n != 1;
    let (matrix, vector) = (usize::from(is_right), usize::from(!is_right));
    let pairs = |left: &Axes, right: &Axes| -> Vec<[usize; 2]> {
        left.iter()
            .zip(right)
            .map(|(&left, &right)| [left, right])
            .collect()
    };
    let batch = pairs(&dot.lhs_batch, &dot.rhs_batch);
    // Contracted axes in the order of the left operand: the order of the sum.
    let mut contract = pairs(&dot.lhs_contract, &dot.rhs_contract);
    contract.sort_unstable();
    let contracted: Axes = contract.iter().map(|pair| pair[matrix]).collect();
    let batched: Axes = batch.iter().map(|pair| pair[matrix]).collect();
    let kept: Axes = batched
        .iter()
        .copied()
        .chain(free(&of[matrix], &contracted, &batched))
        .collect();
    // The matrix keeps the order of its axes, unless the sum needs another.
    let order: Axes = match contracted.is_sorted() {
        true => (0..of[matrix].shape.rank()).collect(),
        false => kept.iter().chain(&contracted).copied().collect(),
    };
    let place = |axis: usize| {
        order
            .iter()
            .position(|&other| other == axis)
            .expect("an axis of the matrix")
    };
    // The matrix's axes for the vector's axes. The vector has length 1 along the free axes.
    let mut axes: Vec<(usize, usize)> = batch
        .iter()
        .chain(&contract)
        .map(|pair| (place(pair[matrix]), pair[vector]))
        .collect();
    axes.sort_unstable();
    let own: Axes = axes.iter().map(|axis| axis.1).collect();
    let rest = free(&of[vector], &own, &Axes::new());

    let mut push = |op: Op, inputs: &[Var]| builder.push(op, inputs).expect("axes of the operands")[0];
    let x = push(Op::Transpose(order.clone()), &[operands[matrix]]);
    let y = push(
        Op::Transpose(own.iter().copied().chain(rest).collect()),
        &[operands[vector]],
    );
    let lengths: Shape = own.iter().map(|&axis| of[vector].shape[axis]).collect();
    let y = push(Op::Reshape(lengths), &[y]);
    let shape: Shape = order.iter().map(|&axis| of[matrix].shape[axis]).collect();
    let axes = axes.iter().map(|axis| axis.0).collect();
    let y = push(Op::Broadcast { shape, axes }, &[y]);
    let z = push(Op::Binary(Binary::Mul), &[x, y]);
    let mut axes: Axes = contracted.iter().map(|&axis| place(axis)).collect();
    axes.sort_unstable();
    let kind = Reduction::Sum;
    let z = push(Op::Reduce { kind, axes }, &[z]);
    let left: Axes = order
        .into_iter()
        .filter(|axis| !contracted.contains(axis))
        .collect();
    let permutation = kept
        .iter()
        .map(|axis| left.iter().position(|other| other == axis).expect("a kept axis"));
    let z = push(Op::Transpose(permutation.collect()), &[z]);
    push(Op::Reshape(to.clone()), &[z])
}

/// Returns a contraction by the matrix library.
///
/// The library's order of additions depends on the addresses of the elements. The library sees at most one
/// batch axis, the first, so that the order is that of one matrix.
pub(crate) fn run(dot: &Dot, x: Buffer, y: Buffer) -> Result<Buffer, OutOfMemory> {
    let left = Batched::new(x, &dot.lhs_batch)?;
    let right = Batched::new(y, &dot.rhs_batch)?;
    let batch: Axes = left.axis.into_iter().collect();
    // The pairs of contracted axes in the order of the left operand.
    let (lhs_contract, rhs_contract) =
        paired(&left.places(&dot.lhs_contract), &right.places(&dot.rhs_contract));
    let (x, lhs_contract) = arranged(&left, lhs_contract, false)?;
    let (y, rhs_contract) = arranged(&right, rhs_contract, true)?;
    let batched = Dot {
        lhs_contract,
        rhs_contract,
        lhs_batch: batch.clone(),
        rhs_batch: batch,
    };
    let free = |of: &Batched, contract: &Axes| -> Axes {
        let lengths = of.rest.iter().zip(&of.lengths);
        let kept = lengths.filter(|(axis, _)| !contract.contains(axis));
        kept.map(|(_, &length)| length).collect()
    };
    let lengths = [
        left.batch.clone(),
        free(&left, &dot.lhs_contract),
        free(&right, &dot.rhs_contract),
    ];
    let shape: Shape = lengths.concat().into_iter().collect();
    let product = flex::run(&Op::Dot(batched), vec![x, y])?.remove(0);
    Ok(product.reshape(&shape))
}

/// Returns an operand with its free axes before its contracted ones, or after them, and its contracted axes.
/// An operand of one free and one contracted axis stays as it is: the library reads it in either order.
fn arranged(of: &Batched, contract: Axes, contracted_first: bool) -> Result<(Buffer, Axes), OutOfMemory> {
    let batch: Axes = of.axis.into_iter().collect();
    let free = free(of.x.array_type(), &contract, &batch);
    if free.len() <= 1 && contract.len() <= 1 {
        return Ok((of.x.clone(), contract));
    }
    let (first, then) = match contracted_first {
        true => (&contract, &free),
        false => (&free, &contract),
    };
    let order: Axes = batch.iter().chain(first).chain(then).copied().collect();
    let start = batch.len() + if contracted_first { 0 } else { free.len() };
    let contract = (start..start + contract.len()).collect();
    match order.is_sorted() {
        true => Ok((of.x.clone(), contract)),
        false => Ok((transpose(&of.x, &order)?, contract)),
    }
}

/// An operand whose batch axes are merged to one axis, the first. It has no batch axis if
/// their lengths are 1.
struct Batched {
    x: Buffer,
    axis: Option<usize>,
    /// The lengths of the batch axes.
    batch: Axes,
    /// The other axes of the operand, and their lengths.
    rest: Axes,
    lengths: Axes,
}

impl Batched {
    fn new(x: Buffer, batch: &Axes) -> Result<Batched, OutOfMemory> {
        let shape = x.array_type().shape.clone();
        let rest = free(x.array_type(), batch, &Axes::new());
        let order: Axes = batch.iter().chain(&rest).copied().collect();
        let moved = match order.is_sorted() {
            true => x,
            false => transpose(&x, &order)?,
        };
        let of = |axes: &Axes| -> Axes { axes.iter().map(|&axis| shape[axis]).collect() };
        let (batch, lengths) = (of(batch), of(&rest));
        let matrices: usize = batch.iter().product();
        let axis = (matrices != 1).then_some(0);
        let merged: Shape = axis
            .map(|_| matrices)
            .into_iter()
            .chain(lengths.iter().copied())
            .collect();
        Ok(Batched {
            x: moved.reshape(&merged),
            axis,
            batch,
            rest,
            lengths,
        })
    }

    /// Returns the axes of the operand that these axes have become.
    fn places(&self, axes: &Axes) -> Axes {
        let before = usize::from(self.axis.is_some());
        let place = |axis: &usize| {
            self.rest
                .iter()
                .position(|other| other == axis)
                .expect("an axis of the operand")
        };
        axes.iter().map(|axis| before + place(axis)).collect()
    }
}

/// A contraction of few elements: the offsets of the operands' elements. `out[b, m, n]` is the sum over `k`
/// of `x[b + m + k] * y[b + n + k]`.
#[derive(Clone, Debug)]
pub(crate) struct SmallDot {
    dtype: DType,
    /// Length of each batch axis, and its strides in the operands.
    batch: Few<(usize, [usize; 2]), 2>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    contracted: Vec<[usize; 2]>,
}

impl SmallDot {
    /// Returns the contraction of operands of these types, if it is small.
    pub(crate) fn of(dot: &Dot, x: &ArrayType, y: &ArrayType) -> Option<SmallDot> {
        let Matrices { m, k, n } = Matrices::of(dot, x, y);
        // The product is 0 if one length is 0, and then another length may be large.
        let small = m.saturating_mul(k).saturating_mul(n) <= PRODUCTS && m.max(k).max(n) <= PRODUCTS;
        (small && x.dtype != DType::Bool).then_some(())?;
        let strides = [x.shape.strides(), y.shape.strides()];
        let batch: Few<(usize, [usize; 2]), 2> = dot
            .lhs_batch
            .iter()
            .zip(&dot.rhs_batch)
            .map(|(&left, &right)| (x.shape[left], [strides[0][left], strides[1][right]]))
            .collect();
        // The contracted axes in the order of the left operand.
        let (left, right) = paired(&dot.lhs_contract, &dot.rhs_contract);
        let (left, right) = (offsets(x, &left), offsets(y, &right));
        Some(SmallDot {
            dtype: x.dtype,
            batch,
            rows: offsets(x, &free(x, &dot.lhs_contract, &dot.lhs_batch)),
            columns: offsets(y, &free(y, &dot.rhs_contract, &dot.rhs_batch)),
            contracted: left.into_iter().zip(right).map(|(x, y)| [x, y]).collect(),
        })
    }

    pub(crate) fn dtype(&self) -> DType {
        self.dtype
    }

    /// Returns the number of products.
    pub(crate) fn products(&self) -> usize {
        let batches: usize = self.batch.iter().map(|(length, _)| length).product();
        batches * self.rows.len() * self.columns.len() * self.contracted.len()
    }

    /// Returns the offsets of the factors that are summed, for each element of the result.
    pub(crate) fn terms(&self) -> Vec<Vec<[usize; 2]>> {
        let batches: usize = self.batch.iter().map(|(length, _)| length).product();
        let mut all = vec![];
        for number in 0..batches {
            let [x, y] = self.start(number);
            for row in &self.rows {
                for column in &self.columns {
                    let terms = self.contracted.iter();
                    all.push(
                        terms
                            .map(|pair| [x + row + pair[0], y + column + pair[1]])
                            .collect(),
                    );
                }
            }
        }
        all
    }

    pub(crate) fn run(&self, x: &[u8], y: &[u8], out: &mut [u8]) {
        with_type!(self.dtype, T => self.typed::<T>(cast_slice(x), cast_slice(y), cast_slice_mut(out)));
    }

    fn typed<T: Number + Send + Sync>(&self, x: &[T], y: &[T], out: &mut [T]) {
        let each = self.rows.len() * self.columns.len();
        if each == 0 {
            return;
        }
        // Empty operands have no element to start at.
        if self.contracted.is_empty() {
            return out.fill(T::ZERO);
        }
        let one = |(number, out): (usize, &mut [T])| {
            let [x_start, y_start] = self.start(number);
            let (x, y) = (&x[x_start..], &y[y_start..]);
            dispatch(Matrix { dot: self, x, y, out });
        };
        let products = each * self.contracted.len().max(1);
        each_piece(out, each, products, one);
    }

    /// Returns the offset of a matrix of the batch, in both operands.
    fn start(&self, number: usize) -> [usize; 2] {
        let (mut number, mut start) = (number, [0, 0]);
        for &(length, strides) in self.batch.iter().rev() {
            let index = number % length;
            number /= length;
            start = [start[0] + index * strides[0], start[1] + index * strides[1]];
        }
        start
    }
}

/// A buffer for products. It is not on the heap if there are few of them.
type Scratch<T> = Few<T, 256>;

/// One product of matrices.
struct Matrix<'a, T> {
    dot: &'a SmallDot,
    x: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
}

impl<T: Number> Kernel for Matrix<'_, T> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        /// Fewer columns are not worth a vector.
        const FEW: usize = 4;
        let SmallDot {
            rows,
            columns,
            contracted,
            ..
        } = self.dot;
        let (k, n) = (contracted.len(), columns.len());
        if n < FEW || k == 0 {
            let mut out = self.out.iter_mut();
            for &row in rows {
                for (&column, out) in columns.iter().zip(&mut out) {
                    let product = |i: usize| {
                        let [left, right] = contracted[i];
                        self.x[row + left].mul(self.y[column + right])
                    };
                    *out = T::ZERO.add(sum(k, product));
                }
            }
            return;
        }
        let y: Scratch<T> = contracted
            .iter()
            .flat_map(|pair| columns.iter().map(|column| self.y[column + pair[1]]))
            .collect();
        let mut products: Scratch<T> = Few::from_elem(T::ZERO, k * n);
        for (&row, out) in rows.iter().zip(self.out.chunks_exact_mut(n)) {
            let factors = contracted.iter().map(|pair| self.x[row + pair[0]]);
            for ((factor, y), products) in factors.zip(y.chunks_exact(n)).zip(products.chunks_exact_mut(n)) {
                for (product, &y) in products.iter_mut().zip(y) {
                    *product = factor.mul(y);
                }
            }
            let mut left = k;
            while left > 1 {
                for i in 0..left / 2 {
                    let (before, from) = products.split_at_mut(2 * i * n);
                    let (x, y) = from.split_at_mut(n);
                    if i == 0 {
                        x.iter_mut().zip(y).for_each(|(x, y)| *x = x.add(*y));
                    } else {
                        let into = &mut before[i * n..(i + 1) * n];
                        for ((into, x), y) in into.iter_mut().zip(x).zip(y) {
                            *into = x.add(*y);
                        }
                    }
                }
                if left % 2 == 1 {
                    products.copy_within((left - 1) * n..left * n, left / 2 * n);
                }
                left = left.div_ceil(2);
            }
            for (out, &total) in out.iter_mut().zip(&products[..n]) {
                *out = T::ZERO.add(total);
            }
        }
    }
}

/// Returns the sum of `k` products, at most [`PRODUCTS`]. Block `i` of the stack is the sum of `2^i` products
/// that waits for the next.
#[inline(always)]
fn sum<T: Number>(k: usize, product: impl Fn(usize) -> T) -> T {
    let mut stack = [T::ZERO; PRODUCTS.ilog2() as usize + 1];
    for i in 0..k {
        let mut block = product(i);
        let level = i.trailing_ones() as usize;
        for before in &stack[..level] {
            block = before.add(block);
        }
        stack[level] = block;
    }
    let mut total: Option<T> = None;
    for (level, &block) in stack.iter().enumerate() {
        if k >> level & 1 == 1 {
            total = Some(total.map_or(block, |total| block.add(total)));
        }
    }
    total.unwrap_or(T::ZERO)
}
