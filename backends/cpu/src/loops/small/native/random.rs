//! Random words, and floats of them.

use super::element::{Elements, type_of};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use kiln_program::sister::width;
use kiln_program::{DType, Scalar};

impl Elements<'_> {
    /// The formula of `kernels::random`.
    pub(super) fn uniform(&mut self, [low, high]: [Scalar; 2], first: Value, second: Value) -> Value {
        let dtype = low.dtype();
        let unit = if dtype == DType::F32 {
            let mixed = self.b.ins().bxor(first, second);
            self.scaled(mixed, 9, dtype, 23)
        } else {
            let rest = self.scaled(second, 12, dtype, 52);
            let wide = self.b.ins().uextend(types::I64, first);
            let most = self.b.ins().fcvt_from_sint(types::F64, wide);
            let scale = self.float(dtype, 2f64.powi(-32));
            let most = self.b.ins().fmul(most, scale);
            self.b.ins().fadd(most, rest)
        };
        let [least, width] = [low, width(low, high)].map(|number| self.float(dtype, number.as_f64()));
        let x = self.mul_add(dtype, unit, width, least);
        let above = self.b.ins().fcmp(FloatCC::GreaterThan, x, least);
        self.b.ins().select(above, x, least)
    }

    /// Returns the upper bits of a word as a fraction: `(word >> shift) / 2^bits`.
    fn scaled(&mut self, word: Value, shift: i64, dtype: DType, bits: i32) -> Value {
        let upper = self.b.ins().ushr_imm_u(word, shift);
        let upper = self.b.ins().fcvt_from_sint(type_of(dtype), upper);
        let scale = self.float(dtype, 2f64.powi(-bits));
        self.b.ins().fmul(upper, scale)
    }

    /// Returns the words of Threefry-2x32.
    pub(super) fn threefry(&mut self, key: [Value; 2], counter: [Value; 2]) -> [Value; 2] {
        let parity = self.b.ins().iconst(types::I32, 0x1BD1_1BDA);
        let both = self.b.ins().bxor(key[0], key[1]);
        let keys = [key[0], key[1], self.b.ins().bxor(both, parity)];
        let mut x: [Value; 2] = std::array::from_fn(|i| self.b.ins().iadd(counter[i], keys[i]));
        for group in 0..5 {
            let rotations = if group % 2 == 0 {
                [13, 15, 26, 6]
            } else {
                [17, 29, 16, 24]
            };
            for rotation in rotations {
                x[0] = self.b.ins().iadd(x[0], x[1]);
                let turned = self.b.ins().rotl_imm_u(x[1], rotation);
                x[1] = self.b.ins().bxor(turned, x[0]);
            }
            x[0] = self.b.ins().iadd(x[0], keys[(group + 1) % 3]);
            let number = self.b.ins().iadd_imm_u(keys[(group + 2) % 3], group as i64 + 1);
            x[1] = self.b.ins().iadd(x[1], number);
        }
        x
    }
}
