//! Layers: linear, convolution, pooling, normalisation, attention and embedding.

use super::families::matmul;
use super::index::{gather, placed};
use super::{Result, name, refuse};
use crate::recording::Recording;
use burn_ir::{
    AttentionOpIr, BatchNormOpIr, EmbeddingOpIr, LayerNormOpIr, LinearOpIr, ModuleOperationIr as Layer,
    ScalarIr, TensorIr,
};
use kiln_program::{ArrayType, Axes, Binary, Compare, DType, Dot, Op, Reduction, Scalar, Shape, Unary, Var};

/// Records a layer.
pub(super) fn layer(op: &Layer, r: &mut Recording) -> Result<()> {
    // Each rank has its own type of options.
    macro_rules! convolved {
        ($op:expr, $before:expr) => {{
            let (op, o, before) = ($op, &$op.options, $before);
            let windows = Windows::new(&op.weight.shape[2..], &o.stride, &o.dilation, &before, &op.out);
            let operands = [&op.x, &op.weight];
            convolution(r, operands, op.bias.as_ref(), windows, o.groups, &op.out);
        }};
    }
    match op {
        Layer::Linear(op) => linear(r, op),
        Layer::Embedding(op) => embedding(r, op),
        Layer::Conv1d(op) => convolved!(op, op.options.padding.map(|(before, _)| before)),
        Layer::Conv2d(op) => convolved!(op, op.options.padding.map(|(before, _)| before)),
        Layer::Conv3d(op) => convolved!(op, op.options.padding),
        Layer::AvgPool1d(op) if op.ceil_mode => return refuse(op, "rounds its size up"),
        Layer::AvgPool2d(op) if op.ceil_mode => return refuse(op, "rounds its size up"),
        Layer::AvgPool1d(op) => {
            let windows = Windows::new(&[op.kernel_size], &[op.stride], &[1], &[op.padding], &op.out);
            average(r, &op.x, windows, op.count_include_pad, &op.out);
        }
        Layer::AvgPool2d(op) => {
            let windows = Windows::new(&op.kernel_size, &op.stride, &[1, 1], &op.padding, &op.out);
            average(r, &op.x, windows, op.count_include_pad, &op.out);
        }
        Layer::AdaptiveAvgPool1d(op) => return average_of_equal(r, op, &op.x, &op.out),
        Layer::AdaptiveAvgPool2d(op) => return average_of_equal(r, op, &op.x, &op.out),
        Layer::AdaptiveAvgPool3d(op) => return average_of_equal(r, op, &op.x, &op.out),
        Layer::MaxPool1d(op) => {
            let windows = Windows::new(
                &[op.kernel_size],
                &[op.stride],
                &[op.dilation],
                &[op.padding],
                &op.out,
            );
            greatest(r, &op.x, windows, &op.out);
        }
        Layer::MaxPool2d(op) => {
            let windows = Windows::new(&op.kernel_size, &op.stride, &op.dilation, &op.padding, &op.out);
            greatest(r, &op.x, windows, &op.out);
        }
        Layer::BatchNorm(op) => batch_norm(r, op),
        Layer::LayerNorm(op) => layer_norm(r, op),
        Layer::Attention(op) => attention(r, op),

        Layer::DeformableConv2d(op) => return unread(op),
        Layer::DeformableConv2dBackward(op) => return unread(op),
        layer => return unread(layer),
    }
    Ok(())
}

/// Records the product with a matrix, and the bias.
fn linear(r: &mut Recording, op: &LinearOpIr) {
    let (x, weight) = (r.get(&op.x), r.get(&op.weight));
    let mut y = matmul(r, x, weight, &op.out.shape);
    if let Some(bias) = &op.bias {
        let bias = r.get(bias);
        y = r.zip(Binary::Add, y, bias);
    }
    r.set(&op.out, y);
}

/// Records the rows of a matrix at indices.
fn embedding(r: &mut Recording, op: &EmbeddingOpIr) {
    let (weights, indices) = (r.get(&op.weights), r.get(&op.indices));
    let rows = gather([0].into_iter().collect(), 0);
    r.equation(rows, &[weights, indices], &op.out);
}

/// Refuses a layer that is not read. Burn names its gradients of layers by their end.
fn unread(op: &impl std::fmt::Debug) -> Result<()> {
    match name(op).ends_with("Backward") {
        true => refuse(op, "is part of a gradient of Burn's"),
        false => refuse(op, "is not read as equations"),
    }
}

/// Windows that slide over the axes of an array after the first two.
struct Windows {
    kernel: Vec<usize>,
    stride: Vec<usize>,
    dilation: Vec<usize>,
    /// The number of elements by which the first window begins before the array.
    before: Vec<usize>,
    /// The number of windows.
    count: Vec<usize>,
}

impl Windows {
    fn new(
        kernel: &[usize],
        stride: &[usize],
        dilation: &[usize],
        before: &[usize],
        out: &TensorIr,
    ) -> Windows {
        Windows {
            kernel: kernel.to_vec(),
            stride: stride.to_vec(),
            dilation: dilation.to_vec(),
            before: before.to_vec(),
            count: out.shape[2..].to_vec(),
        }
    }

    /// Windows that divide the array, if they can.
    fn dividing(x: &TensorIr, out: &TensorIr) -> Option<Windows> {
        let (from, to) = (&x.shape[2..], &out.shape[2..]);
        let length: Vec<usize> = from.iter().zip(to).map(|(from, to)| from / to).collect();
        let even = from.iter().zip(to).all(|(from, to)| from % to == 0);
        let rank = length.len();
        even.then(|| Windows::new(&length, &length, &vec![1; rank], &vec![0; rank], out))
    }

    /// Returns the elements in each window: `[n, c, ..]` to `[kernel, count, n, c]`, with a number outside of
    /// the array.
    fn of(&self, r: &mut Recording, x: Var, outside: f64) -> Var {
        let rank = self.kernel.len();
        let ArrayType { dtype, shape } = r.builder.type_of(x).clone();
        let mut padded = shape.to_vec();
        let mut start = Axes::from_elem(0, shape.rank());
        for axis in 0..rank {
            let reach = (self.count[axis] - 1) * self.stride[axis]
                + (self.kernel[axis] - 1) * self.dilation[axis]
                + 1;
            start[2 + axis] = self.before[axis];
            padded[2 + axis] = reach.max(self.before[axis] + shape[2 + axis]);
        }
        let x = match padded == shape[..] {
            true => x,
            false => {
                let step = Axes::from_elem(1, shape.rank());
                placed(r, x, &padded, &start, &step, Scalar::from_f64(dtype, outside))
            }
        };
        // Element k of window w is at w stride + k dilation.
        let places = Shape::from([&self.kernel[..], &self.count[..]].concat());
        let mut operands = vec![x];
        for axis in 0..rank {
            let [element, window] =
                [(axis, self.dilation[axis]), (rank + axis, self.stride[axis])].map(|(axis, by)| {
                    let (dtype, shape) = (DType::I32, places.clone());
                    let i = r.push(Op::Iota { dtype, shape, axis }, &[]);
                    r.with(Binary::Mul, i, by as f64)
                });
            operands.push(r.zip(Binary::Add, window, element));
        }
        let gather = gather((2..2 + rank).collect(), 0);
        r.push(gather, &operands)
    }

    /// Reduces each window: `[n, c, count]`.
    fn reduced(&self, r: &mut Recording, x: Var, outside: f64, kind: Reduction) -> Var {
        let rank = self.kernel.len();
        let elements = self.of(r, x, outside);
        let axes = (0..rank).collect();
        let y = r.push(Op::Reduce { kind, axes }, &[elements]);
        r.push(
            Op::Transpose([rank, rank + 1].into_iter().chain(0..rank).collect()),
            &[y],
        )
    }
}

/// A convolution: one product of all windows with the kernel, in groups of channels.
fn convolution(
    r: &mut Recording,
    [x, weight]: [&TensorIr; 2],
    bias: Option<&TensorIr>,
    windows: Windows,
    groups: usize,
    out: &TensorIr,
) {
    let rank = windows.kernel.len();
    let (n, channels) = (x.shape[0], x.shape[1] / groups);
    let x = r.get(x);
    let elements = windows.of(r, x, 0.0);
    let (kernel, count) = (&windows.kernel[..], &windows.count[..]);
    let elements = r.reshape(elements, &[kernel, count, &[n, groups, channels]].concat());
    let weight = r.get(weight);
    let features = r.shape(weight)[0] / groups;
    let weight = r.reshape(weight, &[&[groups, features, channels], kernel].concat());
    let dot = Dot {
        lhs_contract: (0..rank).chain([2 * rank + 2]).collect(),
        rhs_contract: (3..3 + rank).chain([2]).collect(),
        lhs_batch: [2 * rank + 1].into_iter().collect(),
        rhs_batch: [0].into_iter().collect(),
    };
    // [groups, count, n, features]
    let y = r.push(Op::Dot(dot), &[elements, weight]);
    let order = [rank + 1, 0, rank + 2].into_iter().chain(1..1 + rank).collect();
    let y = r.push(Op::Transpose(order), &[y]);
    let mut y = r.reshape(y, &out.shape);
    if let Some(bias) = bias {
        let bias = r.get(bias);
        let bias = per_channel(r, bias, &out.shape);
        y = r.zip(Binary::Add, y, bias);
    }
    r.set(out, y);
}

fn average(r: &mut Recording, x: &TensorIr, windows: Windows, count_padding: bool, out: &TensorIr) {
    let x = r.get(x);
    let sum = windows.reduced(r, x, 0.0, Reduction::Sum);
    let y = if count_padding {
        r.with(Binary::Div, sum, windows.kernel.iter().product::<usize>() as f64)
    } else {
        let mut shape = r.shape(x).to_vec();
        shape[..2].fill(1);
        let ones = r.constant(Scalar::from_i64(r.dtype(x), 1), &shape);
        let count = windows.reduced(r, ones, 0.0, Reduction::Sum);
        r.zip(Binary::Div, sum, count)
    };
    r.set(out, y);
}

/// Records the means of windows that divide an array evenly.
fn average_of_equal(
    r: &mut Recording,
    op: &impl std::fmt::Debug,
    x: &TensorIr,
    out: &TensorIr,
) -> Result<()> {
    let Some(windows) = Windows::dividing(x, out) else {
        return refuse(op, "has windows of unequal lengths");
    };
    average(r, x, windows, true, out);
    Ok(())
}

fn greatest(r: &mut Recording, x: &TensorIr, windows: Windows, out: &TensorIr) {
    let x = r.get(x);
    let y = windows.reduced(r, x, f64::NEG_INFINITY, Reduction::Max);
    r.set(out, y);
}

/// Repeats a vector along axis 1 to a shape.
fn per_channel(r: &mut Recording, x: Var, shape: &[usize]) -> Var {
    let (shape, axes) = (Shape::from(shape), [1].into_iter().collect());
    r.push(Op::Broadcast { shape, axes }, &[x])
}

fn batch_norm(r: &mut Recording, op: &BatchNormOpIr) {
    let x = r.get(&op.x);
    let [gamma, beta, mean, variance] = [&op.gamma, &op.beta, &op.mean, &op.variance].map(|x| r.get(x));
    let epsilon = r.scalar(op.epsilon, variance);
    let variance = r.zip(Binary::Add, variance, epsilon);
    let deviation = r.push(Op::Unary(Unary::Sqrt), &[variance]);
    let y = [
        (Binary::Sub, mean),
        (Binary::Div, deviation),
        (Binary::Mul, gamma),
        (Binary::Add, beta),
    ]
    .into_iter()
    .fold(x, |x, (f, y)| {
        let y = per_channel(r, y, &op.x.shape);
        r.zip(f, x, y)
    });
    r.set(&op.out, y);
}

fn layer_norm(r: &mut Recording, op: &LayerNormOpIr) {
    let x = r.get(&op.input);
    let last = op.input.shape.num_dims() - 1;
    let length = op.input.shape[last] as f64;
    let mean = |r: &mut Recording, x: Var| {
        let sum = r.over(Reduction::Sum, x, last);
        r.with(Binary::Div, sum, length)
    };
    let middle = mean(r, x);
    let centred = r.zip(Binary::Sub, x, middle);
    let square = r.zip(Binary::Mul, centred, centred);
    let variance = mean(r, square);
    let epsilon = r.scalar(op.epsilon, variance);
    let variance = r.zip(Binary::Add, variance, epsilon);
    let deviation = r.push(Op::Unary(Unary::Sqrt), &[variance]);
    let y = r.zip(Binary::Div, centred, deviation);
    let gamma = r.get(&op.gamma);
    let mut y = r.zip(Binary::Mul, y, gamma);
    if let Some(beta) = &op.beta {
        let beta = r.get(beta);
        y = r.zip(Binary::Add, y, beta);
    }
    r.set(&op.out, y);
}

/// `softmax(query key^T scale) value` over `[batch, heads, length, width]`. A row that is
/// masked everywhere is 0.
fn attention(r: &mut Recording, op: &AttentionOpIr) {
    let [query, key, value] = [&op.query, &op.key, &op.value].map(|x| r.get(x));
    let (rows, columns) = (op.query.shape[2], op.key.shape[2]);
    let shape = [op.query.shape[0], op.query.shape[1], rows, columns];
    let transposed = r.push(Op::Transpose([0, 1, 3, 2].into_iter().collect()), &[key]);
    let scores = matmul(r, query, transposed, &shape);
    let default = ScalarIr::Float(1.0 / (op.query.shape[3] as f64).sqrt());
    let scale = r.scalar(op.options.scale.unwrap_or(default), scores);
    let mut scores = r.zip(Binary::Mul, scores, scale);
    if let Some(cap) = op.options.softcap {
        let cap = r.scalar(cap, scores);
        let y = r.zip(Binary::Div, scores, cap);
        let y = r.push(Op::Unary(Unary::Tanh), &[y]);
        scores = r.zip(Binary::Mul, y, cap);
    }
    let masked = r.scalar(ScalarIr::Float(f64::NEG_INFINITY), scores);
    if let Some(mask) = &op.mask {
        let mask = r.get(mask);
        let mask = r.fit(mask, &shape);
        scores = r.push(Op::Select, &[mask, masked, scores]);
    }
    if op.options.is_causal {
        // No row looks beyond itself, counted from the end.
        let square = Shape::from([rows, columns]);
        let [row, column] = [0, 1].map(|axis| {
            let (dtype, shape) = (DType::I32, square.clone());
            r.push(Op::Iota { dtype, shape, axis }, &[])
        });
        let row = r.with(Binary::Add, row, columns as f64 - rows as f64);
        let beyond = r.push(Op::Compare(Compare::Lt), &[row, column]);
        let beyond = r.fit(beyond, &shape);
        scores = r.push(Op::Select, &[beyond, masked, scores]);
    }
    if let Some(bias) = &op.attn_bias {
        let bias = r.get(bias);
        scores = r.zip(Binary::Add, scores, bias);
    }
    let (least, smallest) = match r.dtype(scores) {
        DType::F64 => (f64::MIN, f64::MIN_POSITIVE),
        _ => (f64::from(f32::MIN), f64::from(f32::MIN_POSITIVE)),
    };
    let top = r.over(Reduction::Max, scores, 3);
    let top = r.with(Binary::Max, top, least);
    let top = r.push(Op::StopGradient, &[top]);
    let scores = r.zip(Binary::Sub, scores, top);
    let e = r.push(Op::Unary(Unary::Exp), &[scores]);
    let sum = r.over(Reduction::Sum, e, 3);
    let sum = r.with(Binary::Max, sum, smallest);
    let weights = r.zip(Binary::Div, e, sum);
    let y = matmul(r, weights, value, &op.out.shape);
    r.set(&op.out, y);
}
