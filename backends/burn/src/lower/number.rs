//! Elementwise ops with a number for an operand. The number is an argument of the kernel; an array of it
//! would take part in each broadcast.

use super::Context;
use crate::kernels::Kernels;
use crate::tensor::{Tensor, bool_store, burn_scalar};
use crate::value::Value;
use burn_backend::tensor::{BoolTensor, FloatTensor, IntTensor};
use burn_backend::{BoolDType, Scalar as BurnScalar};
use kiln_program::{Binary, Compare, Op, Scalar};

/// A comparison of floats with a number.
type Floats<B> = fn(FloatTensor<B>, BurnScalar, BoolDType) -> BoolTensor<B>;

impl<B: Kernels> Context<'_, B> {
    /// Returns the result of the op if the op has a form with a number, and else the operands.
    pub(crate) fn with_number(&self, op: &Op, operands: Vec<Value<B>>) -> Result<Tensor<B>, Vec<Value<B>>> {
        let numbers: Vec<Option<Scalar>> = operands.iter().map(Value::as_number).collect();
        match (op, &numbers[..], <[Value<B>; 2]>::try_from(operands)) {
            (Op::Binary(f), &[None, Some(c)], Ok([Value::There(x), y])) => {
                self.binary_number(*f, x, c).map_err(|x| vec![Value::There(x), y])
            }
            (Op::Binary(f), &[Some(c), None], Ok([x, Value::There(y)])) => {
                self.number_binary(*f, c, y).map_err(|y| vec![x, Value::There(y)])
            }
            (Op::Compare(f), &[None, Some(c)], Ok([Value::There(x), y])) => self
                .compare_number(*f, x, c)
                .map_err(|x| vec![Value::There(x), y]),
            (Op::Compare(f), &[Some(c), None], Ok([x, Value::There(y)])) => {
                let mirrored = match f {
                    Compare::Lt => Compare::Gt,
                    Compare::Le => Compare::Ge,
                    Compare::Gt => Compare::Lt,
                    Compare::Ge => Compare::Le,
                    f => *f,
                };
                self.compare_number(mirrored, y, c)
                    .map_err(|y| vec![x, Value::There(y)])
            }
            (_, _, Ok(operands)) => Err(operands.into()),
            (Op::Select, &[None, Some(c), None], Err(operands)) => {
                let operands: [Value<B>; 3] =
                    operands.try_into().unwrap_or_else(|_| panic!("three operands"));
                match operands {
                    [Value::There(predicate), _, Value::There(x)] => Ok(fill(x, predicate.into_bool(), c)),
                    operands => Err(operands.into()),
                }
            }
            (_, _, Err(operands)) => Err(operands),
        }
    }

    /// Returns `f(x, c)`.
    fn binary_number(&self, f: Binary, x: Tensor<B>, c: Scalar) -> Result<Tensor<B>, Tensor<B>> {
        let bools = bool_store::<B>(self.device);
        let number = burn_scalar(c);
        Ok(match x {
            Tensor::Float(x) => Tensor::Float(match f {
                Binary::Add => B::float_add_scalar(x, number),
                Binary::Sub => B::float_sub_scalar(x, number),
                Binary::Mul => B::float_mul_scalar(x, number),
                Binary::Div => B::float_div_scalar(x, number),
                // NaN compares as false and stays.
                Binary::Max if !c.as_f64().is_nan() => replaced::<B>(x, B::float_lower_elem, number, bools),
                Binary::Min if !c.as_f64().is_nan() => replaced::<B>(x, B::float_greater_elem, number, bools),
                Binary::Pow => match half_power::<B>(&x, c.as_f64(), bools) {
                    Some(power) => power,
                    None => return Err(Tensor::Float(x)),
                },
                _ => return Err(Tensor::Float(x)),
            }),
            Tensor::Int(x) => {
                let width = c.dtype().size() as i64 * 8;
                let within = (0..width).contains(&c.as_i64());
                Tensor::Int(match f {
                    Binary::Add => B::int_add_scalar(x, number),
                    Binary::Sub => B::int_sub_scalar(x, number),
                    Binary::Mul => B::int_mul_scalar(x, number),
                    Binary::And => B::bitwise_and_scalar(x, number),
                    Binary::Or => B::bitwise_or_scalar(x, number),
                    Binary::Xor => B::bitwise_xor_scalar(x, number),
                    Binary::Shl if within => B::bitwise_left_shift_scalar(x, number),
                    Binary::Shr if within => B::bitwise_right_shift_scalar(x, number),
                    _ => return Err(Tensor::Int(x)),
                })
            }
            x => return Err(x),
        })
    }

    /// Returns `f(c, x)`.
    fn number_binary(&self, f: Binary, c: Scalar, x: Tensor<B>) -> Result<Tensor<B>, Tensor<B>> {
        let bools = bool_store::<B>(self.device);
        let number = burn_scalar(c);
        match (f, x) {
            (Binary::Add | Binary::Mul | Binary::And | Binary::Or | Binary::Xor, x) => {
                self.binary_number(f, x, c)
            }
            (Binary::Sub, Tensor::Float(x)) => {
                Ok(Tensor::Float(B::float_add_scalar(B::float_neg(x), number)))
            }
            // Of equal operands the left one is the result, which zeros of two signs show.
            (Binary::Max, Tensor::Float(x)) if !c.as_f64().is_nan() => Ok(Tensor::Float(replaced::<B>(
                x,
                B::float_lower_equal_elem,
                number,
                bools,
            ))),
            (Binary::Min, Tensor::Float(x)) if !c.as_f64().is_nan() => Ok(Tensor::Float(replaced::<B>(
                x,
                B::float_greater_equal_elem,
                number,
                bools,
            ))),
            (_, x) => Err(x),
        }
    }

    fn compare_number(&self, f: Compare, x: Tensor<B>, c: Scalar) -> Result<Tensor<B>, Tensor<B>> {
        type Ints<B> = fn(IntTensor<B>, BurnScalar, BoolDType) -> BoolTensor<B>;
        let (floats, ints): (Floats<B>, Ints<B>) = match f {
            Compare::Eq | Compare::Ne => (B::float_equal_elem, B::int_equal_elem),
            Compare::Lt => (B::float_lower_elem, B::int_lower_elem),
            Compare::Le => (B::float_lower_equal_elem, B::int_lower_equal_elem),
            Compare::Gt => (B::float_greater_elem, B::int_greater_elem),
            Compare::Ge => (B::float_greater_equal_elem, B::int_greater_equal_elem),
        };
        let (number, bools) = (burn_scalar(c), bool_store::<B>(self.device));
        let y = match x {
            Tensor::Float(x) => floats(x, number, bools),
            Tensor::Int(x) => ints(x, number, bools),
            x => return Err(x),
        };
        Ok(Tensor::Bool(if f == Compare::Ne { self.not(y) } else { y }))
    }
}

/// Returns the number in place of the floats for which a comparison with it holds.
fn replaced<B: Kernels>(
    x: FloatTensor<B>,
    holds: Floats<B>,
    number: BurnScalar,
    bools: BoolDType,
) -> FloatTensor<B> {
    let gone = holds(x.clone(), number, bools);
    B::float_mask_fill(x, gone, number)
}

/// Small powers, also of halves, as products and a root.
fn half_power<B: Kernels>(x: &FloatTensor<B>, exponent: f64, bools: BoolDType) -> Option<FloatTensor<B>> {
    let halves = 2.0 * exponent.abs();
    if halves.fract() != 0.0 || !(1.0..=8.0).contains(&halves) {
        return None;
    }
    let halves = halves as usize;
    let odd = halves % 2 == 1;
    let factors = std::iter::repeat_n(x, halves / 2).cloned();
    let root = odd.then(|| B::float_sqrt(x.clone()));
    let mut y = factors.chain(root).reduce(B::float_mul)?;
    if odd {
        // C's table of powers: the power of a zero of either sign is 0, that of an infinity of
        // either sign is infinity.
        let number = BurnScalar::Float;
        let below = B::float_equal_elem(x.clone(), number(f64::NEG_INFINITY), bools);
        let zero = B::float_equal_elem(x.clone(), number(0.0), bools);
        y = B::float_mask_fill(
            B::float_mask_fill(y, below, number(f64::INFINITY)),
            zero,
            number(0.0),
        );
    }
    Some(if exponent < 0.0 { B::float_recip(y) } else { y })
}

/// Returns a number where the predicate holds, and these elements elsewhere.
fn fill<B: Kernels>(x: Tensor<B>, predicate: BoolTensor<B>, c: Scalar) -> Tensor<B> {
    let number = burn_scalar(c);
    match x {
        Tensor::Float(x) => Tensor::Float(B::float_mask_fill(x, predicate, number)),
        Tensor::Int(x) => Tensor::Int(B::int_mask_fill(x, predicate, number)),
        Tensor::Bool(x) => Tensor::Bool(B::bool_mask_fill(x, predicate, number)),
    }
}
