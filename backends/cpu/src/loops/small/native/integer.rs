//! Integers and bools, by kiln's rules: nothing traps, and everything wraps.

use super::element::{Elements, is_signed, type_of};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use kiln_program::{Binary, DType, Unary};

impl Elements<'_> {
    pub(super) fn integer_unary(&mut self, f: Unary, dtype: DType, x: Value) -> Value {
        let zero = self.b.ins().iconst(type_of(dtype), 0);
        match f {
            Unary::Not if dtype == DType::Bool => self.b.ins().bxor_imm_u(x, 1),
            Unary::Not => self.b.ins().bnot(x),
            Unary::Neg => self.b.ins().ineg(x),
            Unary::Abs if is_signed(dtype) => {
                let (negative, opposite) = (
                    self.b.ins().icmp(IntCC::SignedLessThan, x, zero),
                    self.b.ins().ineg(x),
                );
                self.b.ins().select(negative, opposite, x)
            }
            Unary::Abs => x,
            _ => {
                let one = self.b.ins().iconst(type_of(dtype), 1);
                let positive = self.b.ins().icmp(IntCC::NotEqual, x, zero);
                let sign = self.b.ins().select(positive, one, zero);
                if !is_signed(dtype) {
                    return sign;
                }
                let (negative, minus) = (
                    self.b.ins().icmp(IntCC::SignedLessThan, x, zero),
                    self.b.ins().ineg(one),
                );
                self.b.ins().select(negative, minus, sign)
            }
        }
    }

    pub(super) fn bool_binary(&mut self, f: Binary, x: Value, y: Value) -> Value {
        match f {
            Binary::Add | Binary::Or | Binary::Max => self.b.ins().bor(x, y),
            Binary::Mul | Binary::And | Binary::Min => self.b.ins().band(x, y),
            _ => self.b.ins().bxor(x, y),
        }
    }

    pub(super) fn integer_binary(&mut self, f: Binary, dtype: DType, x: Value, y: Value) -> Value {
        let (of, signed) = (type_of(dtype), is_signed(dtype));
        match f {
            Binary::Add => self.b.ins().iadd(x, y),
            Binary::Sub => self.b.ins().isub(x, y),
            Binary::Mul => self.b.ins().imul(x, y),
            Binary::And => self.b.ins().band(x, y),
            Binary::Or => self.b.ins().bor(x, y),
            Binary::Xor => self.b.ins().bxor(x, y),
            Binary::Max if signed => self.b.ins().smax(x, y),
            Binary::Min if signed => self.b.ins().smin(x, y),
            Binary::Max => self.b.ins().umax(x, y),
            Binary::Min => self.b.ins().umin(x, y),
            Binary::Div | Binary::Rem => self.divided(f, dtype, x, y),
            Binary::Shl => {
                let (shifted, zero) = (self.b.ins().ishl(x, y), self.b.ins().iconst(of, 0));
                let fits = self
                    .b
                    .ins()
                    .icmp_imm_u(IntCC::UnsignedLessThan, y, i64::from(of.bits()));
                self.b.ins().select(fits, shifted, zero)
            }
            _ => {
                let fits = self
                    .b
                    .ins()
                    .icmp_imm_u(IntCC::UnsignedLessThan, y, i64::from(of.bits()));
                if signed {
                    let most = self.b.ins().iconst(of, i64::from(of.bits()) - 1);
                    let by = self.b.ins().select(fits, y, most);
                    return self.b.ins().sshr(x, by);
                }
                let (shifted, zero) = (self.b.ins().ushr(x, y), self.b.ins().iconst(of, 0));
                self.b.ins().select(fits, shifted, zero)
            }
        }
    }

    /// Quotients and remainders. `x / 0` is -1, and its remainder is `x`; `MIN / -1` wraps.
    fn divided(&mut self, f: Binary, dtype: DType, x: Value, y: Value) -> Value {
        let (of, signed) = (type_of(dtype), is_signed(dtype));
        let [zero, one] = [0, 1].map(|number| self.b.ins().iconst(of, number));
        let by_zero = self.b.ins().icmp(IntCC::Equal, y, zero);
        let mut safe = by_zero;
        // The divisor -1 is left out: the quotient is -x, and the remainder 0.
        let minus = signed.then(|| {
            let minus_one = self.b.ins().iconst(of, all_bits(of));
            self.b.ins().icmp(IntCC::Equal, y, minus_one)
        });
        if let Some(minus) = minus {
            safe = self.b.ins().bor(by_zero, minus);
        }
        let divisor = self.b.ins().select(safe, one, y);
        let is_quotient = f == Binary::Div;
        let result = match (is_quotient, signed) {
            (true, true) => self.b.ins().sdiv(x, divisor),
            (true, false) => self.b.ins().udiv(x, divisor),
            (false, true) => self.b.ins().srem(x, divisor),
            (false, false) => self.b.ins().urem(x, divisor),
        };
        let result = match minus {
            Some(minus) => {
                let other = if is_quotient { self.b.ins().ineg(x) } else { zero };
                self.b.ins().select(minus, other, result)
            }
            None => result,
        };
        let of_zero = if is_quotient {
            self.b.ins().iconst(of, all_bits(of))
        } else {
            x
        };
        self.b.ins().select(by_zero, of_zero, result)
    }
}

/// Returns -1 of an integer type, as Cranelift writes it.
fn all_bits(of: Type) -> i64 {
    if of.bits() == 64 { -1 } else { (1 << of.bits()) - 1 }
}
