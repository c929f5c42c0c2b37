//! Numbers of a program that may be known only when it runs.

use crate::dtype::DType;
use crate::functions::Binary;
use crate::scalar::Scalar;
use std::sync::Arc;

/// A number of a program: a literal, a number of the list that `lift` returns, or a number
/// that is computed from these before the program runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Formula {
    /// A literal that stays in the program.
    Known(Scalar),
    /// The number at an index of the list.
    Listed {
        /// The index.
        place: u32,
        /// The number's dtype.
        dtype: DType,
    },
    /// Minus a number.
    Neg(Arc<Formula>),
    /// A number in another float dtype.
    Cast(DType, Arc<Formula>),
    /// The sum, difference, product or quotient of two numbers.
    Binary(Binary, Arc<(Formula, Formula)>),
}

impl Formula {
    /// Returns the dtype of the number.
    pub fn dtype(&self) -> DType {
        match self {
            Formula::Known(number) => number.dtype(),
            Formula::Listed { dtype, .. } | Formula::Cast(dtype, _) => *dtype,
            Formula::Neg(x) => x.dtype(),
            Formula::Binary(_, operands) => operands.0.dtype(),
        }
    }

    /// Returns the number for a list. It equals bit for bit the number that constant folding of the literals
    /// returns.
    ///
    /// # Panics
    /// When the list is shorter than the list that `lift` returned.
    pub fn value(&self, numbers: &[Scalar]) -> Scalar {
        match self {
            Formula::Known(number) => *number,
            Formula::Listed { place, .. } => numbers[*place as usize],
            Formula::Neg(x) => negated(x.value(numbers)),
            Formula::Cast(dtype, x) => x.value(numbers).cast(*dtype),
            Formula::Binary(f, operands) => {
                let (x, y) = (operands.0.value(numbers), operands.1.value(numbers));
                arithmetic(*f, x, y).expect("one of the four operations on floats")
            }
        }
    }

    /// Returns the number, if it is known.
    pub(crate) fn known(&self) -> Option<Scalar> {
        match self {
            Formula::Known(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn negated(self) -> Formula {
        match self {
            Formula::Known(number) => Formula::Known(negated(number)),
            Formula::Neg(x) => (*x).clone(),
            x => Formula::Neg(Arc::new(x)),
        }
    }

    /// Returns the number in another dtype. `None` if the cast needs the number's value: only a cast between
    /// floats does not.
    pub(crate) fn cast(self, dtype: DType) -> Option<Formula> {
        match self {
            Formula::Known(number) => Some(Formula::Known(number.cast(dtype))),
            x if dtype.is_float() && x.has_room() => Some(Formula::Cast(dtype, Arc::new(x))),
            _ => None,
        }
    }

    /// Returns the sum, difference, product or quotient, which every machine computes alike; `None` for other
    /// functions.
    pub(crate) fn binary(f: Binary, x: Formula, y: Formula) -> Option<Formula> {
        if let (Formula::Known(x), Formula::Known(y)) = (&x, &y) {
            return arithmetic(f, *x, *y).map(Formula::Known);
        }
        let is_one_of_four = matches!(f, Binary::Add | Binary::Sub | Binary::Mul | Binary::Div);
        (is_one_of_four && x.has_room() && y.has_room()).then(|| Formula::Binary(f, Arc::new((x, y))))
    }

    /// Returns true if a formula of this one is still short. The program computes longer formulas.
    fn has_room(&self) -> bool {
        const MOST: usize = 8;
        self.size() < MOST
    }

    fn size(&self) -> usize {
        match self {
            Formula::Known(_) | Formula::Listed { .. } => 1,
            Formula::Neg(x) | Formula::Cast(_, x) => 1 + x.size(),
            Formula::Binary(_, operands) => 1 + operands.0.size() + operands.1.size(),
        }
    }
}

/// Returns true if a literal can be lifted.
pub(crate) fn is_literal(value: Scalar) -> bool {
    let number = value.as_f64();
    value.dtype().is_float() && number.is_finite() && ![0.0, 1.0, -1.0].contains(&number)
}

fn negated(x: Scalar) -> Scalar {
    if x.dtype().is_float() {
        Scalar::from_f64(x.dtype(), -x.as_f64())
    } else {
        Scalar::from_i64(x.dtype(), x.as_i64().wrapping_neg())
    }
}

/// Returns the sum, difference, product or quotient, which every machine computes alike; `None` for other
/// functions.
fn arithmetic(f: Binary, x: Scalar, y: Scalar) -> Option<Scalar> {
    let dtype = x.dtype();
    match dtype {
        DType::Bool => None,
        DType::F32 | DType::F64 => {
            let (x64, y64) = (x.as_f64(), y.as_f64());
            let (x32, y32) = (x64 as f32, y64 as f32);
            // Operands of f32 are computed in f32, so that they are rounded once.
            let (wide, narrow) = match f {
                Binary::Add => (x64 + y64, x32 + y32),
                Binary::Sub => (x64 - y64, x32 - y32),
                Binary::Mul => (x64 * y64, x32 * y32),
                Binary::Div => (x64 / y64, x32 / y32),
                _ => return None,
            };
            Some(if dtype == DType::F32 {
                Scalar::from_f32(narrow)
            } else {
                Scalar::from_f64(dtype, wide)
            })
        }
        _ => {
            let (x, y) = (x.as_i64(), y.as_i64());
            let value = match f {
                Binary::Add => x.wrapping_add(y),
                Binary::Sub => x.wrapping_sub(y),
                Binary::Mul => x.wrapping_mul(y),
                _ => return None,
            };
            Some(Scalar::from_i64(dtype, value))
        }
    }
}
