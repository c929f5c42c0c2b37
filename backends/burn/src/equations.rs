//! The way back: Burn's operations as equations.
//!
//! One function for each family of [`OperationIr`]. Every result has the shape that Burn infers, which the recording checks.

use crate::recorder::{Recording, Refused};
use crate::tensor::kiln_dtype;
use burn_backend::Slice;
use burn_backend::tensor::IndexingUpdateOp;
use burn_ir::{
    BaseOperationIr as Base, BinaryOpIr, BoolOperationIr as Bool, FloatOperationIr as Float,
    IntOperationIr as Int, NumericOperationIr as Numeric, OperationIr, PadModeIr, ScalarIr, ScalarOpIr,
    TensorIr, UnaryOpIr,
};
use kiln_program::{
    ArgReduction, Axes, Binary, Compare, DType, Dot, Op, OutOfBounds, Reduction, Scalar, Shape, Unary,
    Update, Var,
};

type Result<T> = std::result::Result<T, Refused>;

/// Writes an operation down.
///
/// # Errors
/// When it has no form as equations.
pub(crate) fn write(op: &OperationIr, r: &mut Recording) -> Result<()> {
    match op {
        OperationIr::BaseFloat(op) | OperationIr::BaseInt(op) | OperationIr::BaseBool(op) => base(op, r),
        OperationIr::NumericFloat(_, op) | OperationIr::NumericInt(_, op) => numeric(op, r),
        OperationIr::Float(_, op) => float(op, r),
        OperationIr::Int(op) => {
            int(op, r);
            Ok(())
        }
        OperationIr::Bool(op) => {
            bool(op, r);
            Ok(())
        }
        OperationIr::Module(op) => refuse(op, "is not read as equations"),
        OperationIr::Activation(op) => refuse(op, "is not read as equations"),
        OperationIr::Custom(op) => refuse(&op.id, "is another crate's"),
        OperationIr::Distributed(op) => refuse(op, "spans devices"),
        OperationIr::Init(_) | OperationIr::Drop(_) => Ok(()),
    }
}

/// Refuses an operation; its name is the variant's.
fn refuse<T>(operation: &impl std::fmt::Debug, reason: &str) -> Result<T> {
    let text = format!("{operation:?}");
    let name = text
        .trim_matches('"')
        .split(['(', ' ', '{'])
        .next()
        .unwrap_or_default();
    Err(Refused {
        operation: name.into(),
        reason: reason.into(),
    })
}

/// Layout, indexing, choices and comparisons of any kind of tensor.
fn base(op: &Base, r: &mut Recording) -> Result<()> {
    match op {
        Base::Reshape(op) => {
            let y = r.reshape_to(&op.input, &op.out.shape);
            r.set(&op.out, y);
        }
        Base::SwapDims(op) => {
            let mut axes: Axes = (0..op.input.shape.num_dims()).collect();
            axes.swap(op.dim1, op.dim2);
            r.unary(Op::Transpose(axes), &op.input, &op.out);
        }
        Base::Permute(op) => r.unary(Op::Transpose(op.axes[..].into()), &op.input, &op.out),
        Base::Flip(op) => {
            let mut axes = Axes::from(&op.axes[..]);
            axes.sort_unstable();
            r.unary(Op::Reverse(axes), &op.input, &op.out);
        }
        Base::Expand(op) => {
            let x = r.get(&op.input);
            let y = r.fit(x, &op.out.shape);
            r.set(&op.out, y);
        }
        Base::Slice(op) => {
            let x = r.get(&op.tensor);
            let y = slice(r, x, &op.ranges);
            r.set(&op.out, y);
        }
        Base::SliceAssign(op) => {
            let (x, value) = (r.get(&op.tensor), r.get(&op.value));
            let y = slice_assign(r, x, value, &op.ranges);
            r.set(&op.out, y);
        }
        Base::Select(op) => {
            let (x, indices) = (r.get(&op.tensor), r.get(&op.indices));
            let axes = [op.dim].into_iter().collect();
            let taken = r.push(
                Op::Gather {
                    axes,
                    batch: 0,
                    mode: OutOfBounds::Clip,
                },
                &[x, indices],
            );
            let y = moved(r, taken, 0, op.dim);
            r.set(&op.out, y);
        }
        Base::SelectAssign(op) => {
            let (x, indices, value) = (r.get(&op.tensor), r.get(&op.indices), r.get(&op.value));
            let value = moved(r, value, op.dim, 0);
            let op_ = Op::Scatter {
                kind: update(op.update),
                axes: [op.dim].into_iter().collect(),
                batch: 0,
                mode: OutOfBounds::Clip,
            };
            let y = r.push(op_, &[x, value, indices]);
            r.set(&op.out, y);
        }
        Base::Gather(op) => {
            let (x, indices) = (r.get(&op.tensor), r.get(&op.indices));
            let (axes, batch, mut operands) = along(r, x, indices, op.dim);
            operands.insert(0, x);
            let mode = OutOfBounds::Clip;
            let y = r.push(Op::Gather { axes, batch, mode }, &operands);
            r.set(&op.out, y);
        }
        Base::Scatter(op) => {
            let (x, indices, value) = (r.get(&op.tensor), r.get(&op.indices), r.get(&op.value));
            let (axes, batch, mut operands) = along(r, x, indices, op.dim);
            operands.splice(0..0, [x, value]);
            let op_ = Op::Scatter {
                kind: update(op.update),
                axes,
                batch,
                mode: OutOfBounds::Clip,
            };
            let y = r.push(op_, &operands);
            r.set(&op.out, y);
        }
        Base::GatherNd(op) => {
            let (x, indices) = (r.get(&op.data), r.get(&op.indices));
            let mut operands = columns(r, indices);
            let axes = (0..operands.len()).collect();
            operands.insert(0, x);
            let gather = Op::Gather {
                axes,
                batch: 0,
                mode: OutOfBounds::Clip,
            };
            let y = r.push(gather, &operands);
            r.set(&op.out, y);
        }
        Base::ScatterNd(op) => {
            let (x, indices, value) = (r.get(&op.data), r.get(&op.indices), r.get(&op.values));
            let mut operands = columns(r, indices);
            let scatter = Op::Scatter {
                kind: update(op.reduction),
                axes: (0..operands.len()).collect(),
                batch: 0,
                mode: OutOfBounds::Clip,
            };
            operands.splice(0..0, [x, value]);
            let y = r.push(scatter, &operands);
            r.set(&op.out, y);
        }
        Base::MaskWhere(op) => {
            let [mask, value, x] = [&op.mask, &op.value, &op.tensor].map(|x| {
                let x = r.get(x);
                r.fit(x, &op.out.shape)
            });
            let y = r.push(Op::Select, &[mask, value, x]);
            r.set(&op.out, y);
        }
        Base::MaskFill(op) => {
            let mask = r.get(&op.mask);
            let mask = r.fit(mask, &op.out.shape);
            let x = r.get(&op.tensor);
            let value = r.scalar(op.value, x);
            let y = r.push(Op::Select, &[mask, value, x]);
            r.set(&op.out, y);
        }
        Base::Equal(op) => r.compare(Compare::Eq, op),
        Base::NotEqual(op) => r.compare(Compare::Ne, op),
        Base::EqualElem(op) => r.compare_scalar(Compare::Eq, op),
        Base::NotEqualElem(op) => r.compare_scalar(Compare::Ne, op),
        Base::RepeatDim(op) => {
            let x = r.get(&op.tensor);
            let mut shape = op.tensor.shape.to_vec();
            shape.insert(op.dim, op.times);
            let axes = (0..shape.len()).filter(|&axis| axis != op.dim).collect();
            let shape = Shape::from(shape);
            let tiled = r.push(Op::Broadcast { shape, axes }, &[x]);
            let y = r.reshape(tiled, &op.out.shape);
            r.set(&op.out, y);
        }
        Base::Cat(op) => {
            let x: Vec<Var> = op.tensors.iter().map(|x| r.get(x)).collect();
            let y = r.push(Op::Concatenate { axis: op.dim }, &x);
            r.set(&op.out, y);
        }
        Base::Cast(op) => r.unary(Op::Cast(kiln_dtype(op.out.dtype)), &op.input, &op.out),
        Base::Empty(op) | Base::Zeros(op) => r.full(0, &op.out),
        Base::Ones(op) => r.full(1, &op.out),
        Base::All(op) => r.reduce_flags(Reduction::Prod, &op.input, None, &op.out),
        Base::Any(op) => r.reduce_flags(Reduction::Sum, &op.input, None, &op.out),
        Base::AllDim(op) => r.reduce_flags(Reduction::Prod, &op.input, Some(op.axis), &op.out),
        Base::AnyDim(op) => r.reduce_flags(Reduction::Sum, &op.input, Some(op.axis), &op.out),
        Base::Unfold(op) => {
            // Window w holds elements `w * step ..` of the axis: gathered there, its elements last.
            let x = r.get(&op.input);
            let windows = op.out.shape[op.dim];
            let shape = [windows, op.size];
            let dtype = DType::I32;
            let [mut start, within] = [0, 1].map(|axis| {
                let shape = Shape::from(shape);
                r.push(Op::Iota { dtype, shape, axis }, &[])
            });
            let step = r.constant(Scalar::from_i64(dtype, op.step as i64), &shape);
            start = r.push(Op::Binary(Binary::Mul), &[start, step]);
            let indices = r.push(Op::Binary(Binary::Add), &[start, within]);
            let gather = Op::Gather {
                axes: [op.dim].into_iter().collect(),
                batch: 0,
                mode: OutOfBounds::Clip,
            };
            let taken = r.push(gather, &[x, indices]);
            let taken = moved(r, taken, 1, op.out.shape.num_dims() - 1);
            let y = moved(r, taken, 0, op.dim);
            r.set(&op.out, y);
        }
    }
    Ok(())
}

/// Arithmetic, comparisons and reductions of floats and integers.
fn numeric(op: &Numeric, r: &mut Recording) -> Result<()> {
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
            let y = r.push(Op::Binary(Binary::Min), &[y, high]);
            r.set(&op.out, y);
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
        Numeric::Sort(op) => {
            let [y, _] = sorted(r, &op.input, op.dim, op.descending, DType::I32);
            r.set(&op.out, y);
        }
        Numeric::ArgSort(op) => {
            let dtype = kiln_dtype(op.out.dtype);
            let [_, order] = sorted(r, &op.input, op.dim, op.descending, dtype);
            r.set(&op.out, order);
        }
        Numeric::SortWithIndices(op) => {
            let dtype = kiln_dtype(op.out_indices.dtype);
            let [y, order] = sorted(r, &op.input, op.dim, op.descending, dtype);
            r.set(&op.out, y);
            r.set(&op.out_indices, order);
        }
        Numeric::TopK(op) => {
            let [y, _] = sorted(r, &op.input, op.axis, true, DType::I32);
            let y = head(r, y, &op.out.shape);
            r.set(&op.out, y);
        }
        Numeric::ArgTopK(op) => {
            let [_, order] = sorted(r, &op.input, op.axis, true, kiln_dtype(op.out.dtype));
            let order = head(r, order, &op.out.shape);
            r.set(&op.out, order);
        }
        Numeric::TopKWithIndices(op) => {
            let dtype = kiln_dtype(op.out_indices.dtype);
            let [y, order] = sorted(r, &op.tensor, op.dim, true, dtype).map(|x| head(r, x, &op.out.shape));
            r.set(&op.out, y);
            r.set(&op.out_indices, order);
        }
        Numeric::Pad(op) => {
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
        }
        Numeric::IntRandom(_) => return refuse(&"IntRandom", "draws random numbers"),
    }
    Ok(())
}

/// What only floats have.
fn float(op: &Float, r: &mut Recording) -> Result<()> {
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
        Float::Matmul(op) => {
            let (x, y) = (r.get(&op.lhs), r.get(&op.rhs));
            let z = matmul(r, x, y, &op.out.shape);
            r.set(&op.out, z);
        }
        Float::Recip(op) => {
            let x = r.get(&op.input);
            let one = r.scalar(ScalarIr::Int(1), x);
            let y = r.push(Op::Binary(Binary::Div), &[one, x]);
            r.set(&op.out, y);
        }
        Float::IsNan(op) => {
            let x = r.get(&op.input);
            let y = r.push(Op::Compare(Compare::Ne), &[x, x]);
            r.set(&op.out, y);
        }
        Float::IsInf(op) => {
            let size = r.size(&op.input);
            let infinity = r.scalar(ScalarIr::Float(f64::INFINITY), size);
            let y = r.push(Op::Compare(Compare::Eq), &[size, infinity]);
            r.set(&op.out, y);
        }
        Float::Cross(_) => return refuse(&"Cross", "is not read as equations"),
        Float::GridSample2d(_) => return refuse(&"GridSample2d", "is not read as equations"),
        Float::Random(_) => return refuse(&"Random", "draws random numbers"),
        Float::Quantize(_) => return refuse(&"Quantize", "gives a quantized tensor"),
        Float::Dequantize(_) => return refuse(&"Dequantize", "takes a quantized tensor"),
    }
    Ok(())
}

/// What only integers have.
fn int(op: &Int, r: &mut Recording) {
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
        Int::Matmul(op) => {
            let (x, y) = (r.get(&op.lhs), r.get(&op.rhs));
            let z = matmul(r, x, y, &op.out.shape);
            r.set(&op.out, z);
        }
    }
}

/// What only bools have.
fn bool(op: &Bool, r: &mut Recording) {
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

/// Burn's form of a number in a dtype.
fn number(value: ScalarIr, dtype: DType) -> Scalar {
    match value {
        ScalarIr::Float(value) => Scalar::from_f64(dtype, value),
        ScalarIr::Int(value) => Scalar::from_i64(dtype, value),
        ScalarIr::UInt(value) => Scalar::from_i64(DType::U64, value as i64).cast(dtype),
        ScalarIr::Bool(value) => Scalar::from_bool(value).cast(dtype),
    }
}

fn update(kind: IndexingUpdateOp) -> Update {
    match kind {
        IndexingUpdateOp::Assign => Update::Set,
        IndexingUpdateOp::Add => Update::Add,
        IndexingUpdateOp::Mul => Update::Mul,
        IndexingUpdateOp::Min => Update::Min,
        IndexingUpdateOp::Max => Update::Max,
    }
}

/// Families of which every operation is one equation.
impl Recording {
    fn unary(&mut self, op: Op, x: &TensorIr, out: &TensorIr) {
        let x = self.get(x);
        let y = self.push(op, &[x]);
        self.set(out, y);
    }

    fn map(&mut self, f: Unary, op: &UnaryOpIr) {
        self.unary(Op::Unary(f), &op.input, &op.out);
    }

    /// Two operands, repeated to a common shape.
    fn both(&mut self, op: &BinaryOpIr) -> [Var; 2] {
        [&op.lhs, &op.rhs].map(|x| {
            let x = self.get(x);
            self.fit(x, &op.out.shape)
        })
    }

    fn binary(&mut self, f: Binary, op: &BinaryOpIr) {
        let [x, mut y] = self.both(op);
        if self.dtype(y) != self.dtype(x) {
            // A float to an integer power.
            y = self.push(Op::Cast(self.dtype(x)), &[y]);
        }
        let z = self.push(Op::Binary(f), &[x, y]);
        self.set(&op.out, z);
    }

    fn binary_scalar(&mut self, f: Binary, op: &ScalarOpIr) {
        let x = self.get(&op.lhs);
        let y = self.scalar(op.rhs, x);
        let z = self.push(Op::Binary(f), &[x, y]);
        self.set(&op.out, z);
    }

    fn compare(&mut self, f: Compare, op: &BinaryOpIr) {
        let operands = self.both(op);
        let z = self.push(Op::Compare(f), &operands);
        self.set(&op.out, z);
    }

    fn compare_scalar(&mut self, f: Compare, op: &ScalarOpIr) {
        let x = self.get(&op.lhs);
        let y = self.scalar(op.rhs, x);
        let z = self.push(Op::Compare(f), &[x, y]);
        self.set(&op.out, z);
    }

    /// A number everywhere, of the type of `like`.
    pub(crate) fn scalar(&mut self, value: ScalarIr, like: Var) -> Var {
        let (dtype, shape) = (self.dtype(like), self.shape(like));
        self.constant(number(value, dtype), &shape)
    }

    fn full(&mut self, value: i64, out: &TensorIr) {
        let y = self.constant(Scalar::from_i64(kiln_dtype(out.dtype), value), &out.shape);
        self.set(out, y);
    }

    fn reshape_to(&mut self, x: &TensorIr, shape: &[usize]) -> Var {
        let x = self.get(x);
        self.reshape(x, shape)
    }

    fn size(&mut self, x: &TensorIr) -> Var {
        let x = self.get(x);
        self.push(Op::Unary(Unary::Abs), &[x])
    }

    /// Over some axes or all; Burn keeps reduced axes with length 1.
    fn reduce(&mut self, kind: Reduction, x: &TensorIr, axes: Option<&[usize]>, out: &TensorIr) {
        let x = self.get(x);
        self.reduce_var(kind, x, axes, out);
    }

    fn reduce_var(&mut self, kind: Reduction, x: Var, axes: Option<&[usize]>, out: &TensorIr) {
        let shape = self.shape(x);
        let mut axes: Axes = axes.map_or_else(|| (0..shape.rank()).collect(), Axes::from);
        axes.sort_unstable();
        // The sum of one number is that number.
        axes.retain(|axis| shape[*axis] != 1);
        let y = if axes.is_empty() {
            x
        } else {
            self.push(Op::Reduce { kind, axes }, &[x])
        };
        let y = self.reshape(y, &out.shape);
        self.set(out, y);
    }

    fn mean(&mut self, x: &TensorIr, axes: Option<&[usize]>, out: &TensorIr) {
        self.reduce(Reduction::Sum, x, axes, out);
        let sum = self.get(out);
        let count = x.shape.num_elements() / out.shape.num_elements().max(1);
        let count = self.scalar(ScalarIr::Int(count as i64), sum);
        let y = self.push(Op::Binary(Binary::Div), &[sum, count]);
        self.set(out, y);
    }

    /// Whether all or any are true, or not 0.
    fn reduce_flags(&mut self, kind: Reduction, x: &TensorIr, axis: Option<usize>, out: &TensorIr) {
        let mut x = self.get(x);
        if self.dtype(x) != DType::Bool {
            let zero = self.scalar(ScalarIr::Int(0), x);
            x = self.push(Op::Compare(Compare::Ne), &[x, zero]);
        }
        self.reduce_var(kind, x, axis.as_ref().map(std::slice::from_ref), out);
    }

    fn arg_reduce(&mut self, kind: ArgReduction, x: &TensorIr, axis: usize, out: &TensorIr) {
        let x = self.get(x);
        let dtype = kiln_dtype(out.dtype);
        let y = self.push(Op::ArgReduce { kind, axis, dtype }, &[x]);
        let y = self.reshape(y, &out.shape);
        self.set(out, y);
    }

    fn cumulative(&mut self, kind: Reduction, x: &TensorIr, axis: usize, out: &TensorIr) {
        let reverse = false;
        self.unary(Op::Cumulative { kind, axis, reverse }, x, out);
    }
}

/// One axis moved to another place, the others staying in order.
fn moved(r: &mut Recording, x: Var, from: usize, to: usize) -> Var {
    if from == to {
        return x;
    }
    let mut axes: Axes = (0..r.shape(x).rank()).collect();
    let axis = axes.remove(from);
    axes.insert(to, axis);
    r.push(Op::Transpose(axes), &[x])
}

/// Start, stop and step of slices of which none runs backwards, and the axes that do; slices of the last axes may be missing.
fn ranges(slices: &[Slice], shape: &[usize]) -> (Axes, Axes, Axes, Axes) {
    let (mut start, mut stop, mut step, mut backwards) = (Axes::new(), Axes::new(), Axes::new(), Axes::new());
    for (axis, &n) in shape.iter().enumerate() {
        let slice = slices.get(axis).copied().unwrap_or(Slice::full());
        let (range, by) = slice.to_range_and_step(n);
        let by_size = by.unsigned_abs();
        let range = range.start.min(range.end)..range.end;
        // Backwards it starts at the last element.
        let first = match by < 0 && !range.is_empty() {
            true => range.start + (range.len() - 1) % by_size,
            false => range.start,
        };
        if by < 0 {
            backwards.push(axis);
        }
        start.push(first);
        stop.push(range.end);
        step.push(by_size);
    }
    (start, stop, step, backwards)
}

fn slice(r: &mut Recording, x: Var, slices: &[Slice]) -> Var {
    let (start, stop, step, backwards) = ranges(slices, &r.shape(x));
    let y = r.push(Op::Slice { start, stop, step }, &[x]);
    if backwards.is_empty() {
        y
    } else {
        r.push(Op::Reverse(backwards), &[y])
    }
}

fn slice_assign(r: &mut Recording, x: Var, value: Var, slices: &[Slice]) -> Var {
    let shape = r.shape(x);
    let (start, stop, step, backwards) = ranges(slices, &shape);
    let places: Vec<usize> = (0..shape.rank())
        .map(|i| (stop[i] - start[i]).div_ceil(step[i]))
        .collect();
    if places.contains(&0) {
        return x;
    }
    let mut value = r.fit(value, &places);
    if !backwards.is_empty() {
        value = r.push(Op::Reverse(backwards), &[value]);
    }
    match r.constant_of(x) {
        Some(number) => placed(r, value, &shape, &start, &step, number),
        None => {
            let here = flags(r, value, &shape, &start, &step);
            let spread = Op::Pad { shape, start, step };
            let value = r.push(spread, &[value]);
            r.push(Op::Select, &[here, value, x])
        }
    }
}

/// An array put into one that is the same number elsewhere.
fn placed(r: &mut Recording, x: Var, shape: &[usize], start: &Axes, step: &Axes, number: Scalar) -> Var {
    let spread = Op::Pad {
        shape: Shape::from(shape),
        start: start.clone(),
        step: step.clone(),
    };
    let y = r.push(spread, &[x]);
    if number == Scalar::from_i64(number.dtype(), 0) {
        return y;
    }
    let here = flags(r, x, shape, start, step);
    let elsewhere = r.constant(number, shape);
    r.push(Op::Select, &[here, y, elsewhere])
}

/// Where a pad puts elements.
fn flags(r: &mut Recording, x: Var, shape: &[usize], start: &Axes, step: &Axes) -> Var {
    let ones = r.shape(x);
    let here = r.constant(Scalar::from_bool(true), &ones);
    let spread = Op::Pad {
        shape: Shape::from(shape),
        start: start.clone(),
        step: step.clone(),
    };
    r.push(spread, &[here])
}

/// The first elements along each axis.
fn head(r: &mut Recording, x: Var, shape: &[usize]) -> Var {
    let (start, step) = (Axes::from_elem(0, shape.len()), Axes::from_elem(1, shape.len()));
    let stop = Axes::from(shape);
    r.push(Op::Slice { start, stop, step }, &[x])
}

/// How indices of the array's rank address elements along one axis: axes, batch and arrays of indices of a gather. Leading axes in
/// which both agree are a batch, in the others each index stands at its own place.
fn along(r: &mut Recording, x: Var, indices: Var, dim: usize) -> (Axes, usize, Vec<Var>) {
    let (shape, at) = (r.shape(x), r.shape(indices));
    let batch = (0..dim).take_while(|&axis| shape[axis] == at[axis]).count();
    let dtype = r.dtype(indices);
    let axes: Axes = (batch..shape.rank()).collect();
    let operands = axes
        .iter()
        .map(|&axis| match axis == dim {
            true => indices,
            false => r.push(
                Op::Iota {
                    dtype,
                    shape: at.clone(),
                    axis,
                },
                &[],
            ),
        })
        .collect();
    (axes, batch, operands)
}

/// The columns along the last axis.
fn columns(r: &mut Recording, x: Var) -> Vec<Var> {
    let shape = r.shape(x);
    let (&width, rest) = shape.split_last().expect("indices have a last axis");
    (0..width)
        .map(|column| {
            let mut start = Axes::from_elem(0, shape.rank());
            let mut stop = Axes::from(&shape[..]);
            start[rest.len()] = column;
            stop[rest.len()] = column + 1;
            let step = Axes::from_elem(1, shape.rank());
            let column = r.push(Op::Slice { start, stop, step }, &[x]);
            r.reshape(column, rest)
        })
        .collect()
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

/// A constant power: small whole ones as products, by squaring.
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

/// Sorted along an axis, and the order; a descending sort is an ascending one of what orders the other way.
fn sorted(r: &mut Recording, x: &TensorIr, axis: usize, descending: bool, dtype: DType) -> [Var; 2] {
    let x = r.get(x);
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
    [flip(r, sort[0]), sort[1]]
}

/// Products of the matrices in the last two axes; the others are a batch, repeated where only one side has it.
fn matmul(r: &mut Recording, x: Var, y: Var, out: &[usize]) -> Var {
    let batch = out.len() - 2;
    let whole = |r: &mut Recording, x: Var| {
        let shape = r.shape(x);
        let wanted: Vec<usize> = out[..batch]
            .iter()
            .chain(&shape[shape.rank() - 2..])
            .copied()
            .collect();
        r.fit(x, &wanted)
    };
    let (x, y) = (whole(r, x), whole(r, y));
    let axis = |i: usize| -> Axes { [i].into_iter().collect() };
    let dot = Dot {
        lhs_contract: axis(batch + 1),
        rhs_contract: axis(batch),
        lhs_batch: (0..batch).collect(),
        rhs_batch: (0..batch).collect(),
    };
    r.push(Op::Dot(dot), &[x, y])
}
