//! Arithmetic, functions, reductions and sorts.

use super::families::{matmul, number};
use super::index::placed;
use super::{Result, refuse};
use crate::recording::Recording;
use crate::tensor::kiln_dtype;
use burn_ir::{
    BoolOperationIr as Bool, FloatOperationIr as Float, IntOperationIr as Int, MatmulOpIr,
    NumericOperationIr as Numeric, PadModeIr, PadOpIr, ScalarIr, ScalarOpIr, TensorIr,
};
use kiln_program::{ArgReduction, Axes, Binary, Compare, DType, Op, Reduction, Unary, Var};

/// Arithmetic, comparisons and reductions of floats and integers.
pub(super) fn numeric(op: &Numeric, r: &mut Recording) -> Result<()> {
    match op {
        Numeric::Add(op) => r.binary(Binary::Add, op),
        Numeric::Sub(op) => r.binary(Binary::Sub, op),
        Numeric::Mul(op) => r.binary(Binary::Mul, op),
        Numeric::Div(op) => r.binary(Binary::Div, op),
        Numeric::Powi(op) => r.binary(Binary::Pow, op),
        Numeric::AddScalar(op) => r.binary_scalar(Binary::Add, op),
        Numeric::SubScalar(op) => r.binary_scalar(Binary::Sub, op),
        Numeric::MulScalar(op) => r.binary_scalar(Binary::Mul, op),
        Numeric::DivScalar(op) => r.binary_scalar(Binary::Div, op),
        Numeric::ClampMin(op) => r.binary_scalar(Binary::Max, op),
        Numeric::ClampMax(op) => r.binary_scalar(Binary::Min, op),
        Numeric::Rem(op) => {
            let [x, y] = r.both(op);
            let z = remainder(r, x, y);
            r.set(&op.out, z);
        }
        Numeric::RemScalar(op) => {
            let x = r.get(&op.lhs);
            let y = r.scalar(op.rhs, x);
            let z = remainder(r, x, y);
            r.set(&op.out, z);
        }
        Numeric::PowiScalar(op) => power(r, op),
        Numeric::Clamp(op) => {
            let x = r.get(&op.tensor);
            let (low, high) = (r.scalar(op.min, x), r.scalar(op.max, x));
            let y = r.push(Op::Binary(Binary::Max), &[x, low]);
            r.equation(Op::Binary(Binary::Min), &[y, high], &op.out);
        }
        Numeric::Abs(op) => r.map(Unary::Abs, op),
        Numeric::Neg(op) => r.map(Unary::Neg, op),
        Numeric::Sign(op) => r.map(Unary::Sign, op),
        Numeric::Full(op) => {
            let dtype = kiln_dtype(op.out.dtype);
            let y = r.constant(number(op.value, dtype), &op.out.shape);
            r.set(&op.out, y);
        }
        Numeric::Sum(op) => r.reduce(Reduction::Sum, &op.input, None, &op.out),
        Numeric::SumDim(op) => r.reduce(Reduction::Sum, &op.input, Some(&[op.axis]), &op.out),
        Numeric::SumDims(op) => r.reduce(Reduction::Sum, &op.input, Some(&op.axes), &op.out),
        Numeric::Mean(op) => r.mean(&op.input, None, &op.out),
        Numeric::MeanDim(op) => r.mean(&op.input, Some(&[op.axis]), &op.out),
        Numeric::Prod(op) => r.reduce(Reduction::Prod, &op.input, None, &op.out),
        Numeric::ProdDim(op) => r.reduce(Reduction::Prod, &op.input, Some(&[op.axis]), &op.out),
        Numeric::Max(op) => r.reduce(Reduction::Max, &op.input, None, &op.out),
        Numeric::Min(op) => r.reduce(Reduction::Min, &op.input, None, &op.out),
        Numeric::MaxDim(op) => r.reduce(Reduction::Max, &op.input, Some(&[op.axis]), &op.out),
        Numeric::MinDim(op) => r.reduce(Reduction::Min, &op.input, Some(&[op.axis]), &op.out),
        Numeric::MaxAbs(op) => {
            let size = r.size(&op.input);
            r.reduce_var(Reduction::Max, size, None, &op.out);
        }
        Numeric::MaxAbsDim(op) => {
            let size = r.size(&op.input);
            r.reduce_var(Reduction::Max, size, Some(&[op.axis]), &op.out);
        }
        Numeric::ArgMax(op) => r.arg_reduce(ArgReduction::Max, &op.input, op.axis, &op.out),
        Numeric::ArgMin(op) => r.arg_reduce(ArgReduction::Min, &op.input, op.axis, &op.out),
        Numeric::MaxDimWithIndices(op) => {
            r.reduce(Reduction::Max, &op.tensor, Some(&[op.dim]), &op.out);
            r.arg_reduce(ArgReduction::Max, &op.tensor, op.dim, &op.out_indices);
        }
        Numeric::MinDimWithIndices(op) => {
            r.reduce(Reduction::Min, &op.tensor, Some(&[op.dim]), &op.out);
            r.arg_reduce(ArgReduction::Min, &op.tensor, op.dim, &op.out_indices);
        }
        Numeric::Greater(op) => r.compare(Compare::Gt, op),
        Numeric::GreaterEqual(op) => r.compare(Compare::Ge, op),
        Numeric::Lower(op) => r.compare(Compare::Lt, op),
        Numeric::LowerEqual(op) => r.compare(Compare::Le, op),
        Numeric::GreaterElem(op) => r.compare_scalar(Compare::Gt, op),
        Numeric::GreaterEqualElem(op) => r.compare_scalar(Compare::Ge, op),
        Numeric::LowerElem(op) => r.compare_scalar(Compare::Lt, op),
        Numeric::LowerEqualElem(op) => r.compare_scalar(Compare::Le, op),
        Numeric::CumSum(op) => r.cumulative(Reduction::Sum, &op.input, op.axis, &op.out),
        Numeric::CumProd(op) => r.cumulative(Reduction::Prod, &op.input, op.axis, &op.out),
        Numeric::CumMin(op) => r.cumulative(Reduction::Min, &op.input, op.axis, &op.out),
        Numeric::CumMax(op) => r.cumulative(Reduction::Max, &op.input, op.axis, &op.out),
        Numeric::Sort(op) => sort(r, &op.input, op.dim, op.descending, [Some(&op.out), None]),
        Numeric::ArgSort(op) => sort(r, &op.input, op.dim, op.descending, [None, Some(&op.out)]),
        Numeric::SortWithIndices(op) => {
            let out = [Some(&op.out), Some(&op.out_indices)];
            sort(r, &op.input, op.dim, op.descending, out);
        }
        Numeric::TopK(op) => sort(r, &op.input, op.axis, true, [Some(&op.out), None]),
        Numeric::ArgTopK(op) => sort(r, &op.input, op.axis, true, [None, Some(&op.out)]),
        Numeric::TopKWithIndices(op) => {
            let out = [Some(&op.out), Some(&op.out_indices)];
            sort(r, &op.tensor, op.dim, true, out);
        }
        Numeric::Pad(op) => return pad(op, r),
        Numeric::IntRandom(_) => return refuse(&"IntRandom", "draws random numbers"),
    }
    Ok(())
}

/// Records an array between constants.
fn pad(op: &PadOpIr, r: &mut Recording) -> Result<()> {
    let PadModeIr::Constant(value) = op.mode else {
        return refuse(&"Pad", "reflects or repeats the edge");
    };
    let x = r.get(&op.input);
    let value = number(value, r.dtype(x));
    let start = op.padding.iter().map(|(before, _)| *before).collect();
    let y = placed(
        r,
        x,
        &op.out.shape,
        &start,
        &Axes::from_elem(1, op.padding.len()),
        value,
    );
    r.set(&op.out, y);
    Ok(())
}

/// Records the operations that only floats have.
pub(super) fn float(op: &Float, r: &mut Recording) -> Result<()> {
    match op {
        Float::Exp(op) => r.map(Unary::Exp, op),
        Float::Log(op) => r.map(Unary::Log, op),
        Float::Log1p(op) => r.map(Unary::Log1p, op),
        Float::Erf(op) => r.map(Unary::Erf, op),
        Float::Sqrt(op) => r.map(Unary::Sqrt, op),
        Float::Cos(op) => r.map(Unary::Cos, op),
        Float::Cosh(op) => r.map(Unary::Cosh, op),
        Float::Sin(op) => r.map(Unary::Sin, op),
        Float::Sinh(op) => r.map(Unary::Sinh, op),
        Float::Tan(op) => r.map(Unary::Tan, op),
        Float::Tanh(op) => r.map(Unary::Tanh, op),
        Float::ArcCos(op) => r.map(Unary::Acos, op),
        Float::ArcCosh(op) => r.map(Unary::Acosh, op),
        Float::ArcSin(op) => r.map(Unary::Asin, op),
        Float::ArcSinh(op) => r.map(Unary::Asinh, op),
        Float::ArcTan(op) => r.map(Unary::Atan, op),
        Float::ArcTanh(op) => r.map(Unary::Atanh, op),
        Float::Round(op) => r.map(Unary::Round, op),
        Float::Floor(op) => r.map(Unary::Floor, op),
        Float::Ceil(op) => r.map(Unary::Ceil, op),
        Float::Trunc(op) => r.map(Unary::Trunc, op),
        Float::ArcTan2(op) => r.binary(Binary::Atan2, op),
        Float::Powf(op) => r.binary(Binary::Pow, op),
        Float::Hypot(op) => r.binary(Binary::Hypot, op),
        Float::PowfScalar(op) => power(r, op),
        Float::IntoInt(op) => r.unary(Op::Cast(kiln_dtype(op.out.dtype)), &op.input, &op.out),
        Float::Matmul(op) => product(r, op),
        Float::Recip(op) => {
            let x = r.get(&op.input);
            let one = r.scalar(ScalarIr::Int(1), x);
            r.equation(Op::Binary(Binary::Div), &[one, x], &op.out);
        }
        Float::IsNan(op) => {
            let x = r.get(&op.input);
            r.equation(Op::Compare(Compare::Ne), &[x, x], &op.out);
        }
        Float::IsInf(op) => {
            let size = r.size(&op.input);
            let infinity = r.scalar(ScalarIr::Float(f64::INFINITY), size);
            r.equation(Op::Compare(Compare::Eq), &[size, infinity], &op.out);
        }
        Float::Cross(_) => return refuse(&"Cross", "is not read as equations"),
        Float::GridSample2d(_) => return refuse(&"GridSample2d", "is not read as equations"),
        Float::Random(_) => return refuse(&"Random", "draws random numbers"),
        Float::Quantize(_) => return refuse(&"Quantize", "gives a quantized tensor"),
        Float::Dequantize(_) => return refuse(&"Dequantize", "takes a quantized tensor"),
    }
    Ok(())
}

/// Records the operations that only integers have.
pub(super) fn int(op: &Int, r: &mut Recording) {
    match op {
        Int::IntoFloat(op) => r.unary(Op::Cast(kiln_dtype(op.out.dtype)), &op.input, &op.out),
        Int::BitwiseAnd(op) => r.binary(Binary::And, op),
        Int::BitwiseOr(op) => r.binary(Binary::Or, op),
        Int::BitwiseXor(op) => r.binary(Binary::Xor, op),
        Int::BitwiseLeftShift(op) => r.binary(Binary::Shl, op),
        Int::BitwiseRightShift(op) => r.binary(Binary::Shr, op),
        Int::BitwiseAndScalar(op) => r.binary_scalar(Binary::And, op),
        Int::BitwiseOrScalar(op) => r.binary_scalar(Binary::Or, op),
        Int::BitwiseXorScalar(op) => r.binary_scalar(Binary::Xor, op),
        Int::BitwiseLeftShiftScalar(op) => r.binary_scalar(Binary::Shl, op),
        Int::BitwiseRightShiftScalar(op) => r.binary_scalar(Binary::Shr, op),
        Int::BitwiseNot(op) => r.map(Unary::Not, op),
        Int::Matmul(op) => product(r, op),
    }
}

/// Records the operations that only bools have.
pub(super) fn bool(op: &Bool, r: &mut Recording) {
    match op {
        Bool::IntoFloat(op) | Bool::IntoInt(op) => {
            r.unary(Op::Cast(kiln_dtype(op.out.dtype)), &op.input, &op.out);
        }
        Bool::Not(op) => r.map(Unary::Not, op),
        Bool::And(op) => r.binary(Binary::And, op),
        Bool::Or(op) => r.binary(Binary::Or, op),
        Bool::Xor(op) => r.binary(Binary::Xor, op),
    }
}

/// Returns the first elements along each axis.
fn head(r: &mut Recording, x: Var, shape: &[usize]) -> Var {
    if r.shape(x)[..] == *shape {
        return x;
    }
    let (start, step) = (Axes::from_elem(0, shape.len()), Axes::from_elem(1, shape.len()));
    let stop = Axes::from(shape);
    r.push(Op::Slice { start, stop, step }, &[x])
}

/// Records a product of matrices.
fn product(r: &mut Recording, op: &MatmulOpIr) {
    let (x, y) = (r.get(&op.lhs), r.get(&op.rhs));
    let z = matmul(r, x, y, &op.out.shape);
    r.set(&op.out, z);
}

/// Python's remainder, with the sign of the divisor, from C's.
fn remainder(r: &mut Recording, x: Var, y: Var) -> Var {
    let rem = r.push(Op::Binary(Binary::Rem), &[x, y]);
    if r.dtype(x).is_unsigned() {
        return rem;
    }
    let zero = r.scalar(ScalarIr::Int(0), x);
    let [some, below, divides_below] = [(Compare::Ne, rem), (Compare::Lt, rem), (Compare::Lt, y)]
        .map(|(f, x)| r.push(Op::Compare(f), &[x, zero]));
    let apart = r.push(Op::Binary(Binary::Xor), &[below, divides_below]);
    let moved = r.push(Op::Binary(Binary::And), &[some, apart]);
    let other = r.push(Op::Binary(Binary::Add), &[rem, y]);
    r.push(Op::Select, &[moved, other, rem])
}

/// A constant power. Small whole powers are products, by squaring.
fn power(r: &mut Recording, op: &ScalarOpIr) {
    let x = r.get(&op.lhs);
    let exponent = number(op.rhs, DType::F64).as_f64();
    let whole = exponent.trunc() == exponent && exponent.abs() <= 64.0;
    let y = if !whole {
        let exponent = r.scalar(op.rhs, x);
        r.push(Op::Binary(Binary::Pow), &[x, exponent])
    } else {
        let mut product = None;
        let mut square = x;
        let mut bits = exponent.abs() as u32;
        while bits > 0 {
            if bits & 1 == 1 {
                product = Some(match product {
                    None => square,
                    Some(y) => r.push(Op::Binary(Binary::Mul), &[y, square]),
                });
            }
            bits >>= 1;
            if bits > 0 {
                square = r.push(Op::Binary(Binary::Mul), &[square, square]);
            }
        }
        let one = r.scalar(ScalarIr::Int(1), x);
        match product {
            None => one,
            Some(y) if exponent < 0.0 => r.push(Op::Binary(Binary::Div), &[one, y]),
            Some(y) => y,
        }
    };
    r.set(&op.out, y);
}

/// Records the elements sorted along an axis, and the order. A shorter result has the first of them. A
/// descending sort is an ascending sort of keys in the reverse order.
fn sort(
    r: &mut Recording,
    x: &TensorIr,
    axis: usize,
    descending: bool,
    [elements, order]: [Option<&TensorIr>; 2],
) {
    let x = r.get(x);
    let dtype = order.map_or(DType::I32, |order| kiln_dtype(order.dtype));
    let flip = |r: &mut Recording, x: Var| {
        let f = if r.dtype(x).is_float() {
            Unary::Neg
        } else {
            Unary::Not
        };
        if descending { r.push(Op::Unary(f), &[x]) } else { x }
    };
    let key = flip(r, x);
    let shape = r.shape(x);
    let places = r.push(Op::Iota { dtype, shape, axis }, &[]);
    let sort = r
        .builder
        .push(Op::Sort { axis }, &[key, places])
        .expect("a key and places of its shape");
    for (x, out) in [flip(r, sort[0]), sort[1]].into_iter().zip([elements, order]) {
        if let Some(out) = out {
            let x = head(r, x, &out.shape);
            r.set(out, x);
        }
    }
}
