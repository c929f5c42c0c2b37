//! Ops on single elements as instructions of Cranelift.
//!
//! Cranelift's division traps, and its shifts wrap: here all follow kiln's rules. An elementary function is a
//! call of its entry in kiln-math.

use crate::kernels::{Elementwise, Function};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{AbiParam, InstBuilder, MemFlagsData, SigRef, Signature, Type, Value, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use kiln_math::entry::Entries;
use kiln_math::simd::{Level, level};
use kiln_program::{Binary, Compare, DType, Reduction, Scalar, Unary};

/// Returns the type of an element in a register.
pub(super) fn type_of(dtype: DType) -> Type {
    match dtype {
        DType::Bool | DType::U8 | DType::I8 => types::I8,
        DType::U16 | DType::I16 => types::I16,
        DType::U32 | DType::I32 => types::I32,
        DType::U64 | DType::I64 => types::I64,
        DType::F32 => types::F32,
        DType::F64 => types::F64,
    }
}

pub(super) fn is_signed(dtype: DType) -> bool {
    matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64)
}

/// Returns true if an op on single elements is a few instructions or a call.
pub(super) fn is_written(op: Elementwise) -> bool {
    !matches!(op.f, Function::Binary(Binary::Pow) if !op.dtype.is_float())
}

/// Returns true if an op is a call of an elementary function. A loop over a slice computes four of them in
/// the time of one call.
pub(super) fn is_call(op: Elementwise) -> bool {
    match op.f {
        Function::Unary(f) => {
            use Unary::{Abs, Ceil, Floor, Neg, Not, Round, Rsqrt, Sign, Sqrt, Trunc};
            op.dtype.is_float()
                && !matches!(
                    f,
                    Neg | Abs | Sign | Sqrt | Rsqrt | Floor | Ceil | Round | Trunc | Not
                )
        }
        Function::Binary(f) => {
            op.dtype.is_float() && matches!(f, Binary::Pow | Binary::Atan2 | Binary::Rem | Binary::Hypot)
        }
        _ => false,
    }
}

/// Writes ops on single elements.
pub(super) struct Elements<'f> {
    pub(super) b: FunctionBuilder<'f>,
    pub(super) convention: CallConv,
}

impl Elements<'_> {
    pub(super) fn op(&mut self, op: Elementwise, x: &[Value]) -> Value {
        let dtype = op.dtype;
        match (op.f, x) {
            (Function::Unary(f), &[x]) if dtype.is_float() => self.float_unary(f, dtype, x),
            (Function::Unary(f), &[x]) => self.integer_unary(f, dtype, x),
            (Function::Cast(to), &[x]) => self.cast(dtype, to, x),
            (Function::Binary(f), &[x, y]) if dtype.is_float() => self.float_binary(f, dtype, x, y),
            (Function::Binary(f), &[x, y]) if dtype == DType::Bool => self.bool_binary(f, x, y),
            (Function::Binary(f), &[x, y]) => self.integer_binary(f, dtype, x, y),
            (Function::Compare(f), &[x, y]) => self.compare(f, dtype, x, y),
            (Function::Select, &[p, x, y]) => self.b.ins().select(p, x, y),
            (Function::MulAdd, &[x, y, z]) => self.mul_add(dtype, x, y, z),
            (Function::Uniform(bounds), &[high, low]) => self.uniform(bounds, high, low),
            _ => unreachable!("{op:?} of {} operands", x.len()),
        }
    }

    pub(super) fn number(&mut self, number: Scalar) -> Value {
        match number.dtype() {
            DType::F32 => self.b.ins().f32const(number.as_f64() as f32),
            DType::F64 => self.b.ins().f64const(number.as_f64()),
            dtype => {
                let bytes = number.to_le_bytes();
                let bits = i64::from_le_bytes(bytes);
                let width = 8 * dtype.size() as u32;
                // Cranelift takes the bits of a narrow integer without those above.
                let bits = if width == 64 {
                    bits
                } else {
                    bits & ((1 << width) - 1)
                };
                self.b.ins().iconst(type_of(dtype), bits)
            }
        }
    }

    /// Reads an element at an address and an offset in bytes.
    pub(super) fn load(&mut self, dtype: DType, at: Value, offset: usize) -> Value {
        self.b
            .ins()
            .load(type_of(dtype), MemFlagsData::trusted(), at, offset as i32)
    }

    /// Writes an element at an address and an offset in bytes.
    pub(super) fn store(&mut self, x: Value, at: Value, offset: usize) {
        self.b.ins().store(MemFlagsData::trusted(), x, at, offset as i32);
    }

    /// Returns the bits of an element as an integer.
    pub(super) fn bits(&mut self, x: Value) -> Value {
        let of = self.b.func.dfg.value_type(x);
        if of.is_int() {
            x
        } else {
            self.b.ins().bitcast(of.as_int(), MemFlagsData::new(), x)
        }
    }

    /// Returns an index as an i64. The greatest unsigned indices become the greatest signed one.
    pub(super) fn wide_index(&mut self, dtype: DType, x: Value) -> Value {
        match (dtype.size(), is_signed(dtype)) {
            (8, true) => x,
            (8, false) => {
                let most = self.b.ins().iconst(types::I64, i64::MAX);
                self.b.ins().umin(x, most)
            }
            (_, true) => self.b.ins().sextend(types::I64, x),
            (_, false) => self.b.ins().uextend(types::I64, x),
        }
    }

    pub(super) fn float(&mut self, dtype: DType, number: f64) -> Value {
        match dtype {
            DType::F32 => self.b.ins().f32const(number as f32),
            _ => self.b.ins().f64const(number),
        }
    }

    /// Calls a function of floats of one dtype.
    fn call(&mut self, dtype: DType, address: usize, x: &[Value]) -> Value {
        let signature = self.signature(self.convention, &vec![type_of(dtype); x.len()], &[type_of(dtype)]);
        let address = self.b.ins().iconst(types::I64, address as i64);
        let call = self.b.ins().call_indirect(signature, address, x);
        self.b.inst_results(call)[0]
    }

    pub(super) fn signature(
        &mut self,
        convention: CallConv,
        parameters: &[Type],
        results: &[Type],
    ) -> SigRef {
        let mut signature = Signature::new(convention);
        signature
            .params
            .extend(parameters.iter().copied().map(AbiParam::new));
        signature
            .returns
            .extend(results.iter().copied().map(AbiParam::new));
        self.b.import_signature(signature)
    }

    fn float_unary(&mut self, f: Unary, dtype: DType, x: Value) -> Value {
        // Without SSE 4.1 Cranelift rounds by a call of its own.
        let rounds = !cfg!(target_arch = "x86_64") || level() >= Level::Avx2;
        match f {
            Unary::Neg => self.b.ins().fneg(x),
            Unary::Abs => self.b.ins().fabs(x),
            Unary::Sqrt => self.b.ins().sqrt(x),
            Unary::Rsqrt => {
                let (one, root) = (self.float(dtype, 1.0), self.b.ins().sqrt(x));
                self.b.ins().fdiv(one, root)
            }
            Unary::Floor if rounds => self.b.ins().floor(x),
            Unary::Ceil if rounds => self.b.ins().ceil(x),
            Unary::Trunc if rounds => self.b.ins().trunc(x),
            Unary::Round if rounds => self.b.ins().nearest(x),
            Unary::Sign => {
                let zero = self.float(dtype, 0.0);
                let [plus, minus] = [1.0, -1.0].map(|one| self.float(dtype, one));
                let above = self.b.ins().fcmp(FloatCC::GreaterThan, x, zero);
                let below = self.b.ins().fcmp(FloatCC::LessThan, x, zero);
                let x = self.b.ins().select(above, plus, x);
                self.b.ins().select(below, minus, x)
            }
            f => {
                let address = match dtype {
                    DType::F32 => unary_entry::<f32>(f),
                    _ => unary_entry::<f64>(f),
                };
                self.call(dtype, address, &[x])
            }
        }
    }

    fn float_binary(&mut self, f: Binary, dtype: DType, x: Value, y: Value) -> Value {
        match f {
            Binary::Add => self.b.ins().fadd(x, y),
            Binary::Sub => self.b.ins().fsub(x, y),
            Binary::Mul => self.b.ins().fmul(x, y),
            Binary::Div => self.b.ins().fdiv(x, y),
            // NaN if an operand is NaN, and the positive zero is the greater.
            Binary::Max => self.b.ins().fmax(x, y),
            Binary::Min => self.b.ins().fmin(x, y),
            f => {
                let address = match dtype {
                    DType::F32 => binary_entry::<f32>(f),
                    _ => binary_entry::<f64>(f),
                };
                self.call(dtype, address, &[x, y])
            }
        }
    }

    fn compare(&mut self, f: Compare, dtype: DType, x: Value, y: Value) -> Value {
        if dtype.is_float() {
            let condition = match f {
                Compare::Eq => FloatCC::Equal,
                Compare::Ne => FloatCC::NotEqual,
                Compare::Lt => FloatCC::LessThan,
                Compare::Le => FloatCC::LessThanOrEqual,
                Compare::Gt => FloatCC::GreaterThan,
                Compare::Ge => FloatCC::GreaterThanOrEqual,
            };
            return self.b.ins().fcmp(condition, x, y);
        }
        let condition = match (f, is_signed(dtype)) {
            (Compare::Eq, _) => IntCC::Equal,
            (Compare::Ne, _) => IntCC::NotEqual,
            (Compare::Lt, true) => IntCC::SignedLessThan,
            (Compare::Le, true) => IntCC::SignedLessThanOrEqual,
            (Compare::Gt, true) => IntCC::SignedGreaterThan,
            (Compare::Ge, true) => IntCC::SignedGreaterThanOrEqual,
            (Compare::Lt, false) => IntCC::UnsignedLessThan,
            (Compare::Le, false) => IntCC::UnsignedLessThanOrEqual,
            (Compare::Gt, false) => IntCC::UnsignedGreaterThan,
            (Compare::Ge, false) => IntCC::UnsignedGreaterThanOrEqual,
        };
        self.b.ins().icmp(condition, x, y)
    }

    pub(super) fn mul_add(&mut self, dtype: DType, x: Value, y: Value, z: Value) -> Value {
        if !cfg!(target_arch = "x86_64") || level() >= Level::Avx2 {
            return self.b.ins().fma(x, y, z);
        }
        let address = match dtype {
            DType::F32 => <f32 as Entries>::mul_add() as usize,
            _ => <f64 as Entries>::mul_add() as usize,
        };
        self.call(dtype, address, &[x, y, z])
    }

    /// Converts as Rust's `as` does: floats saturate, and NaN becomes 0.
    fn cast(&mut self, from: DType, to: DType, x: Value) -> Value {
        let (wide, narrow) = (type_of(from), type_of(to));
        match (from.is_float(), to) {
            (true, DType::Bool) => {
                let zero = self.float(from, 0.0);
                self.b.ins().fcmp(FloatCC::NotEqual, x, zero)
            }
            (false, DType::Bool) => self.b.ins().icmp_imm_u(IntCC::NotEqual, x, 0),
            (true, DType::F32 | DType::F64) => match (from, to) {
                (DType::F32, DType::F64) => self.b.ins().fpromote(types::F64, x),
                (DType::F64, DType::F32) => self.b.ins().fdemote(types::F32, x),
                _ => x,
            },
            (true, to) => self.truncated(to, x),
            (false, DType::F32 | DType::F64) => {
                let signed = is_signed(from);
                let x = match (wide.bits() < 32, signed) {
                    (true, true) => self.b.ins().sextend(types::I32, x),
                    (true, false) => self.b.ins().uextend(types::I32, x),
                    _ => x,
                };
                match signed {
                    true => self.b.ins().fcvt_from_sint(narrow, x),
                    false => self.b.ins().fcvt_from_uint(narrow, x),
                }
            }
            (false, _) if narrow.bits() < wide.bits() => self.b.ins().ireduce(narrow, x),
            (false, _) if narrow.bits() == wide.bits() => x,
            (false, _) if is_signed(from) => self.b.ins().sextend(narrow, x),
            (false, _) => self.b.ins().uextend(narrow, x),
        }
    }

    fn truncated(&mut self, to: DType, x: Value) -> Value {
        let of = type_of(to);
        let wide = if of.bits() < 32 { types::I32 } else { of };
        if !is_signed(to) {
            let x = self.b.ins().fcvt_to_uint_sat(wide, x);
            if of == wide {
                return x;
            }
            let most = self.b.ins().iconst(wide, (1 << of.bits()) - 1);
            let x = self.b.ins().umin(x, most);
            return self.b.ins().ireduce(of, x);
        }
        let x = self.b.ins().fcvt_to_sint_sat(wide, x);
        if of == wide {
            return x;
        }
        let half = 1i64 << (of.bits() - 1);
        let most = self.b.ins().iconst(wide, half - 1);
        let least = self.b.ins().iconst(wide, -half & 0xffff_ffff);
        let x = self.b.ins().smin(x, most);
        let x = self.b.ins().smax(x, least);
        self.b.ins().ireduce(of, x)
    }

    /// Combines two elements as a reduction does.
    pub(super) fn combine(&mut self, kind: Reduction, dtype: DType, x: Value, y: Value) -> Value {
        let f = match kind {
            Reduction::Sum => Binary::Add,
            Reduction::Prod => Binary::Mul,
            Reduction::Max => Binary::Max,
            Reduction::Min => Binary::Min,
        };
        let f = Function::Binary(f);
        self.op(Elementwise { f, dtype }, &[x, y])
    }

    /// Combines elements in the order of `kernels::reduce`.
    pub(super) fn tree(&mut self, kind: Reduction, dtype: DType, mut x: Vec<Value>) -> Value {
        while x.len() > 1 {
            x = x
                .chunks(2)
                .map(|pair| match pair {
                    &[x, y] => self.combine(kind, dtype, x, y),
                    pair => pair[0],
                })
                .collect();
        }
        x[0]
    }
}

macro_rules! entries {
    (
        unary { $($(#[$unary_doc:meta])* $unary_name:ident = $unary_file:ident::$unary:ident;)* }
        binary { $($(#[$binary_doc:meta])* $binary_name:ident = $binary_file:ident::$binary:ident;)* }
    ) => {
        /// Returns the address of a function's entry.
        fn unary_entry<T: Entries>(f: Unary) -> usize {
            match f {
                $(Unary::$unary => T::$unary_name() as usize,)*
                Unary::Not => unreachable!("the type rule refuses `not` of floats"),
            }
        }

        fn binary_entry<T: Entries>(f: Binary) -> usize {
            match f {
                $(Binary::$binary => T::$binary_name() as usize,)*
                f => unreachable!("{f:?} is one instruction"),
            }
        }
    };
}
kiln_math::float_functions!(entries);
