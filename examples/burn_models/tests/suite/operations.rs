//! Compares Burn's operations as equations with the same operations on Burn's own CPU backend.

use burn_core::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData, ops::PadMode, s};
use kiln::Array;
use kiln::burn::import_function;

const SHAPE: [usize; 2] = [4, 6];

fn numbers() -> Vec<f32> {
    (0..24)
        .map(|i| (((i * 37 + 11) % 23) as f32 - 11.0) / 4.0)
        .collect()
}

fn indices(x: &Tensor<2>, values: &[i64], shape: &[usize]) -> TensorData {
    assert_eq!(x.dims(), SHAPE);
    TensorData::new(values.to_vec(), shape.to_vec())
}

/// Indices along an axis. The array of indices has the rank of the array.
fn along(x: &Tensor<2>) -> Tensor<2, Int> {
    let values: Vec<i64> = (0..24).map(|i| (i * 5 + 2) % 4).collect();
    Tensor::from_data(indices(x, &values, &SHAPE), &x.device())
}

fn some(x: &Tensor<2>) -> Tensor<1, Int> {
    Tensor::from_data(indices(x, &[2, 0, 2], &[3]), &x.device())
}

type Case = (&'static str, fn(Tensor<2>) -> Tensor<2>);

fn cases() -> Vec<Case> {
    vec![
        // Layout.
        ("reshape", |x| x.reshape([6, 4])),
        ("swap_dims", |x| x.swap_dims(0, 1)),
        ("permute", |x| {
            x.reshape([2, 2, 6]).permute([2, 0, 1]).reshape([6, 4])
        }),
        ("flip", |x| x.flip([0, 1])),
        ("expand", |x| x.slice([0..1, 0..6]).expand([5, 6])),
        ("repeat_dim", |x| x.repeat_dim(1, 3)),
        ("cat", |x| Tensor::cat(vec![x.clone(), x * 2.0], 0)),
        ("unfold", |x| x.unfold::<3, _>(1, 3, 2).reshape([4, 6])),
        ("slice", |x| x.slice(s![1..3, ..;2])),
        ("slice backwards", |x| x.slice(s![..;-1, 1..5;-2])),
        ("slice from the end", |x| x.slice(s![-2.., ..-1])),
        ("slice_assign", |x| {
            let part = x.clone().slice(s![1..3, 2..5]) * 10.0;
            x.slice_assign(s![0..2, 1..4], part)
        }),
        ("slice_assign backwards", |x| {
            let part = x.clone().slice(s![0..2, ..]) * 10.0;
            x.slice_assign(s![1..3;-1, ..], part)
        }),
        ("slice_fill", |x| x.slice_fill(s![1..3, 2..5], 7.0)),
        ("pad", |x| x.pad((1, 2, 3, 0), PadMode::Constant(1.5))),
        ("tril", |x| x.tril(0)),
        // Indexing.
        ("select", |x| x.clone().select(0, some(&x))),
        ("select along the last axis", |x| x.clone().select(1, some(&x))),
        ("select_assign", |x| {
            let (i, values) = (some(&x), x.clone().slice(s![0..3, ..]));
            x.select_assign(0, i, values, IndexingUpdateOp::Add)
        }),
        ("select_assign along the last axis", |x| {
            let (i, values) = (some(&x), x.clone().slice(s![.., 0..3]));
            x.select_assign(1, i, values, IndexingUpdateOp::Add)
        }),
        ("gather", |x| x.clone().gather(0, along(&x))),
        ("gather along the last axis", |x| x.clone().gather(1, along(&x))),
        ("gather less", |x| {
            x.clone().gather(0, along(&x).slice(s![0..2, ..]))
        }),
        ("scatter", |x| {
            x.clone().scatter(0, along(&x), x, IndexingUpdateOp::Add)
        }),
        ("scatter along the last axis", |x| {
            x.clone().scatter(1, along(&x), x, IndexingUpdateOp::Add)
        }),
        ("gather_nd", |x| {
            let at = Tensor::<2, Int>::from_data(indices(&x, &[3, 1, 0, 5, 3, 1], &[3, 2]), &x.device());
            x.gather_nd::<2, 1>(at).unsqueeze()
        }),
        ("scatter_nd", |x| {
            let at = Tensor::<2, Int>::from_data(indices(&x, &[3, 0, 3], &[3, 1]), &x.device());
            let values = x.clone().slice(s![0..3, ..]);
            x.scatter_nd(at, values, IndexingUpdateOp::Add)
        }),
        // Choices.
        ("mask_where", |x| {
            x.clone().mask_where(x.clone().greater_elem(0.5), x.clone() * 3.0)
        }),
        ("mask_fill", |x| {
            x.clone().mask_fill(x.lower_equal_elem(0.5), -1.0)
        }),
        ("mask of rows", |x| {
            let rows = x.clone().slice(s![.., 0..1]).greater_elem(0.0);
            x.mask_fill(rows.expand(SHAPE), 0.0)
        }),
        ("comparisons", |x| {
            let y = x.clone().flip([1]);
            let [a, b, c] = [
                x.clone().equal(y.clone()),
                x.clone().lower(y.clone()),
                x.greater_equal(y),
            ];
            a.float() + b.float() * 2.0 + c.bool_not().float() * 4.0
        }),
        ("logic", |x| {
            let (a, b) = (x.clone().greater_elem(-1.0), x.lower_elem(1.0));
            a.clone().bool_and(b.clone()).float()
                + a.clone().bool_or(b.clone()).float() * 2.0
                + a.bool_xor(b).float() * 4.0
        }),
        ("any and all", |x| {
            let flags = x.clone().greater_elem(1.0);
            x + flags.clone().any_dim(1).float()
                + flags.clone().all_dim(0).float()
                + flags.any().float().unsqueeze()
        }),
        // Arithmetic.
        ("broadcast arithmetic", |x| {
            let (row, column) = (x.clone().slice(s![0..1, ..]), x.clone().slice(s![.., 0..1]));
            (x.clone() + row.clone()) * column / (row - 20.0) - x
        }),
        ("scalars", |x| (x + 1.5) * 2.0 / 3.0 - 0.25),
        ("remainder", |x| x.remainder_scalar(0.7)),
        ("remainder of arrays", |x| {
            x.clone().remainder(x.flip([0]) + 0.125)
        }),
        ("powi", |x| x.powi_scalar(3)),
        ("powi downwards", |x| (x + 5.0).powi_scalar(-3)),
        ("powf", |x| x.abs().powf_scalar(1.7)),
        ("powf of arrays", |x| (x.clone().abs() + 0.1).powf(x)),
        ("clamp", |x| x.clamp(-1.0, 0.75)),
        ("clamp_min", |x| x.clamp_min(0.3)),
        ("functions", |x| {
            let y = x.clone().abs() + 0.5;
            x.clone().sin()
                + x.clone().cos()
                + x.clone().tanh()
                + x.clone().exp()
                + y.clone().log()
                + y.clone().sqrt()
                + y.clone().recip()
                + y.log1p()
                + x.clone().erf()
                + x.clone().floor()
                + x.clone().ceil()
                + x.clone().sign()
                + x.neg().atan()
        }),
        ("round", |x| x.clone().round() + x.trunc()),
        ("hypot", |x| x.clone().hypot(x.flip([0]))),
        ("atan2", |x| x.clone().atan2(x.flip([0]) + 0.3)),
        // Reductions.
        ("sums", |x| {
            x.clone().sum_dim(0) + x.clone().mean_dim(1) + x.clone().sum().unsqueeze() + x.mean().unsqueeze()
        }),
        ("products", |x| {
            x.clone().prod_dim(0) + x.slice(s![.., 0..3]).prod_dim(1)
        }),
        ("extremes", |x| {
            x.clone().max_dim(0)
                + x.clone().min_dim(1)
                + x.clone().max().unsqueeze()
                + x.clone().max_abs_dim(1)
                - x.min().unsqueeze()
        }),
        ("argmax", |x| x.clone().argmax(1).float() + x.argmin(0).float()),
        ("max_dim_with_indices", |x| {
            let (greatest, at) = x.max_dim_with_indices(1);
            greatest + at.float()
        }),
        ("cumsum", |x| x.cumsum(1)),
        ("cumprod", |x| x.cumprod(0)),
        ("cummax", |x| x.clone().cummax(1) + x.cummin(0)),
        ("var", |x| x.clone().var(1) + x.var_bias(0)),
        ("matmul", |x| x.clone().matmul(x.transpose())),
        ("matmul of a batch", |x| {
            let y = x.reshape([2, 2, 6]);
            y.clone().matmul(y.swap_dims(1, 2)).reshape([4, 2])
        }),
        // Sorts. (The numbers differ from each other.)
        ("sort", |x| x.sort(1)),
        ("sort_descending", |x| x.sort_descending(0)),
        ("argsort", |x| {
            x.clone().argsort(1).float() + x.argsort_descending(0).float()
        }),
        ("topk", |x| x.topk(3, 1)),
        ("topk_with_indices", |x| {
            let (top, at) = x.topk_with_indices(2, 0);
            top + at.float()
        }),
        // Integers.
        ("integers", |x| {
            let i = (x * 4.0).int();
            let j = i.clone().flip([1]).abs() + 1;
            (i.clone() + j.clone() * 2 - i.clone() / j.clone()).float()
                + i.clone().remainder(j).float()
                + i.remainder_scalar(3).float()
        }),
        ("bits", |x| {
            let i = (x * 4.0).int();
            let j = i.clone().flip([0]);
            (i.clone().bitwise_and(j.clone()) + i.clone().bitwise_or_scalar(5) - i.clone().bitwise_xor(j))
                .float()
                + i.clone().bitwise_left_shift_scalar(2).float()
                + i.bitwise_not().bitwise_right_shift_scalar(1).float()
        }),
        ("counting", |x| {
            let column = Tensor::<1, Int>::arange(0..6, &x.device()).float();
            x + column.unsqueeze()
        }),
        ("made", |x| {
            let device = x.device();
            x + Tensor::<2>::ones(SHAPE, &device)
                + Tensor::<2>::full(SHAPE, 0.5, &device) * Tensor::<2>::eye(6, &device).slice(s![0..4, ..])
        }),
        ("is_nan", |x| {
            let y = (x.clone() - 1.0).sqrt();
            x.mask_fill(y.is_nan(), 9.0)
        }),
        ("is_inf", |x| {
            let y = x.clone() / x.clone().floor().sign();
            x.mask_fill(y.is_inf(), 9.0)
        }),
    ]
}

#[test]
fn operations() {
    let device = Device::flex();
    let mut failures = Vec::new();
    for (name, f) in cases() {
        let x = Tensor::<2>::from_data(TensorData::new(numbers(), SHAPE.to_vec()), &device);
        let burn = f(x);
        let (shape, burn) = (burn.dims(), burn.into_data().iter::<f32>().collect::<Vec<_>>());
        let example = Array::new(numbers(), SHAPE);
        let kiln = match import_function(f, example.clone()) {
            Ok(model) => model.call(example),
            Err(error) => {
                failures.push(format!("{name}: {error}"));
                continue;
            }
        };
        if kiln.shape()[..] != shape {
            failures.push(format!("{name}: shape {} instead of {shape:?}", kiln.shape()));
            continue;
        }
        // The bound holds a dozen functions of one or two ulp each.
        let near = |(x, y): (&f32, &f32)| {
            x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 3e-6 * y.abs().max(1.0)
        };
        let kiln = kiln.to_vec::<f32>();
        if !kiln.iter().zip(&burn).all(near) {
            failures.push(format!("{name}:\n  {kiln:?} instead of\n  {burn:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
