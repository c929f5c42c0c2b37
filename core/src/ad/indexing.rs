//! The cotangents of reads and writes by arrays of indices. The cotangent of a read is a write that adds, and
//! the cotangent of a write is a read.

use super::zeros;
use crate::array::Array;
use crate::primitive::{binary, cast, compare, filled, iota, number_like, reshape, select};
use crate::promote::Kind;
use crate::transform::bind_strong;
use kiln_backends::program::{
    ArrayType, Axes, Binary, Compare, DType, Op, OutOfBounds, Scalar, Shape, Update,
};

pub(super) fn gather(
    operands: &[Array],
    axes: &Axes,
    batch: usize,
    mode: OutOfBounds,
    cotangent: &Option<Array>,
) -> Vec<Option<Array>> {
    let index = Index::of(operands[0].array_type(), &operands[1..], axes, batch, mode);
    let cotangent = cotangent.as_ref().expect("the only result has one");
    let sum = index.scatter(Update::Add, &zeros(&index.of), cotangent);
    std::iter::once(Some(sum))
        .chain(operands[1..].iter().map(|_| None))
        .collect()
}

/// The indexed elements of arrays of a type.
pub(super) struct Index<'a> {
    of: ArrayType,
    indices: &'a [Array],
    axes: &'a Axes,
    batch: usize,
    mode: OutOfBounds,
}

impl<'a> Index<'a> {
    pub(super) fn of(
        of: ArrayType,
        indices: &'a [Array],
        axes: &'a Axes,
        batch: usize,
        mode: OutOfBounds,
    ) -> Index<'a> {
        Index {
            of,
            indices,
            axes,
            batch,
            mode,
        }
    }

    fn scatter(&self, kind: Update, x: &Array, updates: &Array) -> Array {
        let op = Op::Scatter {
            kind,
            axes: self.axes.clone(),
            batch: self.batch,
            mode: self.mode,
        };
        let operands: Vec<Array> = [x, updates].into_iter().chain(self.indices).cloned().collect();
        bind_strong(op, &operands).remove(0)
    }

    fn gather(&self, x: &Array) -> Array {
        let op = Op::Gather {
            axes: self.axes.clone(),
            batch: self.batch,
            mode: self.mode,
        };
        let operands: Vec<Array> = std::iter::once(x).chain(self.indices).cloned().collect();
        bind_strong(op, &operands).remove(0)
    }

    /// Reads the indexed elements, and 0 for indices out of bounds: the write has dropped these updates.
    fn gather_or_zero(&self, x: &Array) -> Array {
        let read = self.gather(x);
        match self.mode {
            OutOfBounds::Clip => read,
            // A bool read out of bounds is true.
            OutOfBounds::Fill => {
                let outside = self.gather(&filled(Scalar::from_bool(false), x.shape(), false));
                select(&outside, &number_like(&read, 0.0), &read)
            }
        }
    }

    /// Returns true if no element is written twice, as far as the shapes show.
    fn is_unique(&self) -> bool {
        self.indices[0].shape()[self.batch..].iter().product::<usize>() <= 1
    }
}

/// Returns the cotangents of a write's operands.
pub(super) fn scatter(
    kind: Update,
    index: &Index,
    operands: &[Array],
    wanted: &[bool],
    cotangent: &Option<Array>,
) -> Vec<Option<Array>> {
    let [x, updates, ..] = operands else {
        unreachable!("an array and updates")
    };
    let cotangent = cotangent.as_ref().expect("the only result has one");
    // The tidying of the program removes cotangents that are not wanted.
    let (to_x, to_updates) = match kind {
        // A gather of an array without elements has no numbers to read.
        _ if x.size() == 0 => (cotangent.clone(), zeros(&updates.array_type())),
        Update::Add => (cotangent.clone(), index.gather_or_zero(cotangent)),
        Update::Set => {
            let read = index.gather_or_zero(cotangent);
            let to_updates = if index.is_unique() {
                read
            } else {
                // The last of several writes to an element is the write whose number is stored there.
                let flat = Shape::from([updates.size()]);
                let number = reshape(&iota(DType::I32, flat, 0), updates.shape());
                let nobody = filled(Scalar::from_i64(DType::I32, -1), x.shape(), false);
                let winner = index.gather(&index.scatter(Update::Set, &nobody, &number));
                select(
                    &compare(Compare::Eq, &winner, &number),
                    &read,
                    &number_like(&read, 0.0),
                )
            };
            let to_x = index.scatter(Update::Set, cotangent, &zeros(&updates.array_type()));
            (to_x, to_updates)
        }
        Update::Mul => {
            let factor = index.scatter(Update::Mul, &number_like(x, 1.0), updates);
            let read = index.gather_or_zero(&binary(Binary::Mul, cotangent, x));
            let to_updates = match index.is_unique() {
                true => read,
                false => binary(Binary::Mul, &read, &others(index, x, updates)),
            };
            (binary(Binary::Mul, cotangent, &factor), to_updates)
        }
        // All operands that equal the result share the cotangent.
        Update::Min | Update::Max => {
            let result = index.scatter(kind, x, updates);
            let kind = Kind::strong(x.dtype());
            let x_won = cast(&compare(Compare::Eq, x, &result), kind);
            let update_won = cast(&compare(Compare::Eq, updates, &index.gather(&result)), kind);
            let winners = index.scatter(Update::Add, &x_won, &update_won);
            let share = binary(Binary::Div, cotangent, &winners);
            let to_updates = binary(Binary::Mul, &index.gather_or_zero(&share), &update_won);
            (binary(Binary::Mul, &share, &x_won), to_updates)
        }
    };
    let mut found = vec![None; operands.len()];
    found[0] = wanted[0].then_some(to_x);
    found[1] = wanted[1].then_some(to_updates);
    found
}

/// Returns, for each update of a product, the product of all other updates of the same element. The product
/// is computed from the number of zeros and the product of the rest.
fn others(index: &Index, x: &Array, updates: &Array) -> Array {
    let (zero, one) = (number_like(updates, 0.0), number_like(updates, 1.0));
    let is_zero = compare(Compare::Eq, updates, &zero);
    let rest = index.scatter(
        Update::Mul,
        &number_like(x, 1.0),
        &select(&is_zero, &one, updates),
    );
    let zeros_there = index.scatter(Update::Add, &number_like(x, 0.0), &select(&is_zero, &one, &zero));
    let (rest, zeros_there) = (index.gather(&rest), index.gather(&zeros_there));
    let without = binary(Binary::Div, &rest, &select(&is_zero, &one, updates));
    let other_zeros = binary(Binary::Sub, &zeros_there, &select(&is_zero, &one, &zero));
    select(&compare(Compare::Eq, &other_zeros, &zero), &without, &zero)
}
