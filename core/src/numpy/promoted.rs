//! Promotes the operands of an elementwise function to one dtype, then broadcasts them to one shape.

use crate::array::{Array, Repr};
use crate::eager::{Pure, staged};
use crate::error::{broadcast_shapes, check};
use crate::primitive::{broadcast, cast, compare, number_like};
use crate::promote::{Kind, inexact, numeric, promote};
use crate::tree::Arrays;
use kiln_backends::program::{Compare, DType, Shape};

/// The dtype of a function's computation, given the promoted kind of its operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// The promoted dtype.
    Any,
    /// Numbers. A bool is refused.
    Number,
    /// Numbers. A bool counts as an integer.
    Numeric,
    /// Floats. Integers are converted.
    Float,
    /// Floats. The result is not weak.
    StrongFloat,
    /// The promoted dtype. The result is weak only if all operands are.
    Truth,
    /// Floats. The result is weak only if all operands are.
    Length,
    /// Bools and integers.
    Bits,
    /// Integers. A bool counts as an integer.
    Integer,
}

impl Family {
    #[track_caller]
    pub(crate) fn kind(self, op: &str, kind: Kind) -> Kind {
        let accepted = match self {
            Family::Any | Family::Truth | Family::Numeric => true,
            Family::Float | Family::StrongFloat | Family::Length => true,
            Family::Number => kind.dtype != DType::Bool,
            Family::Bits | Family::Integer => !kind.dtype.is_float(),
        };
        check(accepted, op, || {
            let hint = match self {
                Family::Number => "use astype, or the operators &, | and ^",
                _ => "use astype",
            };
            format!("is not defined for {}: {hint}", kind.dtype)
        });
        match self {
            Family::Any | Family::Truth | Family::Number | Family::Bits => kind,
            Family::Numeric | Family::Integer => numeric(kind),
            Family::Float | Family::Length => inexact(kind),
            Family::StrongFloat => Kind {
                weak: false,
                ..inexact(kind)
            },
        }
    }
}

/// Returns the operands with plain numbers converted to the common dtype, and that dtype.
#[track_caller]
pub(crate) fn promoted<const N: usize>(op: &str, mut operands: [Array; N]) -> ([Array; N], Kind) {
    let kind = promote(operands.iter().map(Array::kind));
    settle(op, &mut operands, kind);
    (operands, kind)
}

/// Converts plain numbers to the dtype of the computation. Their weakness is kept.
#[track_caller]
pub(crate) fn settle(op: &str, operands: &mut [Array], kind: Kind) {
    for operand in operands {
        if let Repr::Literal(number) = operand.0 {
            let weak = number.kind().weak;
            *operand = operand.clone().settled(
                op,
                Kind {
                    dtype: kind.dtype,
                    weak,
                },
            );
        }
    }
}

/// Converts an operand of an elementwise function to this kind, and broadcasts it to this shape.
pub(crate) fn fit(x: &Array, kind: Kind, shape: &Shape) -> Array {
    broadcast(&cast(x, kind), shape)
}

/// Returns the common shape of operands.
#[track_caller]
pub(crate) fn common_shape(op: &str, operands: &[Array]) -> Shape {
    let mut shape = operands[0].shape().clone();
    for x in &operands[1..] {
        shape = broadcast_shapes(op, &shape, x.shape());
    }
    shape
}

/// Stages a function of two arrays. `f` takes them in one dtype and shape.
#[track_caller]
pub(crate) fn binary_function(
    op: &'static str,
    family: Family,
    x: Array,
    y: Array,
    f: impl Fn(&Array, &Array) -> Array + Send + Sync + 'static,
) -> Array {
    let mut operands = [x, y];
    let mut kind = family.kind(op, promote(operands.iter().map(Array::kind)));
    if matches!(family, Family::Truth | Family::Length) {
        kind.weak = operands.iter().all(Array::is_weak);
    }
    settle(op, &mut operands, kind);
    if operands[0].shape() != operands[1].shape() {
        broadcast_shapes(op, operands[0].shape(), operands[1].shape());
    }
    // `f` captures nothing, so its type identifies it.
    staged(
        op,
        (kind, Pure(f)),
        Arrays::from_iter(operands),
        |(kind, f), xs| {
            let shape = common_shape("binary", xs);
            (f.0)(&fit(&xs[0], *kind, &shape), &fit(&xs[1], *kind, &shape))
        },
    )
}

/// Stages a function of one array. `f` takes it in the dtype of the computation.
#[track_caller]
pub(crate) fn unary_function(
    op: &'static str,
    family: Family,
    x: Array,
    f: impl Fn(&Array) -> Array + Send + Sync + 'static,
) -> Array {
    let kind = family.kind(op, x.kind());
    let x = x.settled(op, kind);
    staged(op, (kind, Pure(f)), [x], |(kind, f), xs| {
        (f.0)(&cast(&xs[0], *kind))
    })
}

/// Returns true where elements are not 0.
pub(crate) fn truth(x: &Array) -> Array {
    match x.dtype() {
        DType::Bool => x.clone(),
        _ => compare(Compare::Ne, x, &number_like(x, 0.0)),
    }
}
