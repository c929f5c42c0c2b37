//! The functions of derivatives.json by their names in it.

use kiln::numpy::{self as np, linalg};
use kiln::options::TakeMode;
use kiln::{Array, DType, NewAxis, OutOfBounds, grad, keep, lax, step};

fn indices<const N: usize>(numbers: [i32; N]) -> Array {
    np::array(numbers)
}

/// The exponential of the symmetric part of a matrix, by its eigenvectors. The signs of the eigenvectors do
/// not matter.
fn spectral(a: &Array) -> Array {
    let linalg::Eigh {
        eigenvalues: w,
        eigenvectors: v,
    } = linalg::eigh(a);
    (&v * w.exp()).matmul(v.t())
}

/// A matrix of the table, in the dtype of `like`.
fn matrix<const N: usize, const M: usize>(rows: [[f64; M]; N], like: &Array) -> Array {
    np::array(rows).astype(like.dtype())
}

const M: [[f64; 3]; 2] = [[0.5, -1.25, 2.0], [1.75, 0.25, -0.625]];
const A: [[f64; 3]; 3] = [[2.0, -1.0, 0.5], [0.25, 3.0, -2.0], [1.0, 0.0, 4.0]];

/// Returns the result of the function of this name.
pub(crate) fn op(name: &str, xs: &[Array]) -> Array {
    let x = &xs[0];
    let y = || &xs[1];
    match name {
        // One operand.
        "abs" => x.abs(),
        "negative" => -x,
        "sign" => x.sign(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "trunc" => x.trunc(),
        "round" => x.round(),
        "square" => x.square(),
        "reciprocal" => x.reciprocal(),
        "sqrt" => x.sqrt(),
        "rsqrt" => x.rsqrt(),
        "cbrt" => x.cbrt(),
        "exp" => x.exp(),
        "exp2" => x.exp2(),
        "expm1" => x.expm1(),
        "log" => x.log(),
        "log2" => x.log2(),
        "log10" => x.log10(),
        "log1p" => x.log1p(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "tan" => x.tan(),
        "arcsin" => x.arcsin(),
        "arccos" => x.arccos(),
        "arctan" => x.arctan(),
        "sinh" => x.sinh(),
        "cosh" => x.cosh(),
        "tanh" => x.tanh(),
        "arcsinh" => x.arcsinh(),
        "arccosh" => x.arccosh(),
        "arctanh" => x.arctanh(),
        "erf" => x.erf(),
        "erfc" => x.erfc(),
        "erf_inv" => x.erf_inv(),
        "lgamma" => x.lgamma(),
        "digamma" => x.digamma(),
        "logistic" => x.logistic(),
        "pow 0" => x.pow(0),
        "pow 1" => x.pow(1),
        "pow 2" => x.pow(2),
        "pow 3" => x.pow(3),
        "pow -1" => x.pow(-1),
        "pow -2" => x.pow(-2),
        "pow -3" => x.pow(-3),
        "grad of pow -1" => grad(|x: Array| x.pow(-1).sum())(x.clone()),
        "grad of pow -2" => grad(|x: Array| x.pow(-2).sum())(x.clone()),
        "pow 0.0" => x.pow(0.0),
        "pow 0.5" => x.pow(0.5),
        "pow 1.0" => x.pow(1.0),
        "pow 1.5" => x.pow(1.5),
        "pow 2.0" => x.pow(2.0),
        "pow 2.5" => x.pow(2.5),
        "2 pow x" => Array::from(2.0).pow(x),
        "clip" => x.clip(-1, 1),
        "round_to 1" => x.round_to(1),
        "isnan" => np::where_(x.isnan(), 0, x * x),
        "astype" => x.astype(DType::F32).astype(x.dtype()) * x,
        // Two operands and three.
        "add" | "add broadcast" => x + y(),
        "subtract" => x - y(),
        "multiply" | "multiply broadcast" | "multiply scalar" => x * y(),
        "divide" | "divide broadcast" => x / y(),
        "maximum" => x.maximum(y()),
        "minimum" => x.minimum(y()),
        "maximum with 0" => x.maximum(0),
        "minimum with 0" => x.minimum(0),
        "maximum of a root" => (x.pow(2) + y().pow(2)).sqrt().maximum(1e-10),
        "minimum of a root" => (-(x.pow(2) + y().pow(2)).sqrt()).minimum(-1e-10),
        "clip of a root" => x.sqrt().clip(1, 2),
        "root of maximum" => x.maximum(0).sqrt(),
        "max of roots" => x.sqrt().max(),
        "where of a root" => np::where_(x.gt(0), x.sqrt(), 1.0),
        "pow" => x.pow(y()),
        "pow whole" => x.pow(indices([0, 0, 2, -2, 1])),
        "arctan2" => x.arctan2(y()),
        "hypot" => x.hypot(y()),
        "remainder" => x % y(),
        "floor_divide" => x.floor_divide(y()),
        "where" => np::where_(x.gt(0), x * y(), y() * y()),
        "where not taken" => np::where_(x.gt(0), x.log(), 0),
        "where made safe" => np::where_(x.gt(0), np::where_(x.gt(0), x, 1).log(), 0),
        "clip by arrays" => x.clip(y(), &xs[2]),
        "mul_add" => lax::mul_add(x, y(), &xs[2]),
        // Reductions.
        "sum" => x.sum(),
        "sum 0" => (x * x).sum_axis(0),
        "sum keep 1" => x * x.sum_axis(keep(1)),
        "sum 0 2" => (x * x).sum_axis((0, 2)),
        "mean" => x.mean(),
        "mean -1" => (x * x).mean_axis(-1),
        "var" => x.var(),
        "var_ddof 1" => x.var_with(|o| o.axis(1).ddof(1)),
        "std" => x.std(),
        "std 0" => x.std_axis(0),
        "prod" => x.prod(),
        "prod 1" => x.prod_axis(1),
        "max" => x.max(),
        "max 0" => x.max_axis(0),
        "min" => x.min(),
        "min 1" => (x * x).min_axis(1),
        "cumsum" => (x * x).cumsum(),
        "cumsum 1" => x.cumsum_axis(1),
        "cumprod" => x.cumprod(),
        "cumprod 0" => x.cumprod_axis(0),
        "norm" => linalg::norm(x),
        "norm 1" => linalg::norm_axis(x, 1),
        "vector_norm 1" => linalg::vector_norm_with(x, |o| o.ord(1.0)),
        "vector_norm 3" => linalg::vector_norm_with(x, |o| o.ord(3.0)),
        "vector_norm inf" => linalg::vector_norm_with(x, |o| o.ord(f64::INFINITY)),
        "nansum" => np::nansum(x * x),
        "nanmean 1" => np::nanmean_axis(x * x, 1),
        "nanmax" => np::nanmax(x),
        // Products.
        "dot" | "dot matrix vector" | "dot matrices" => x.dot(y()),
        "matmul" | "matmul batch" | "matmul vector batch" | "matmul broadcast" => x.matmul(y()),
        "outer" => np::outer(x, y()),
        "trace" => np::trace(x.matmul(x)),
        "diag" => np::diag(x * x),
        "diag of matrix" => np::diag(x),
        "tril" => np::tril(x).matmul(x),
        "triu" => np::triu_with(x, |o| o.k(1)),
        // Shapes.
        "reshape" => x.reshape((3, 2)),
        "transpose" => x.t().matmul(x),
        "swapaxes" => x.swapaxes(0, 2),
        "moveaxis" => x.moveaxis(0, -1),
        "expand_dims" => x.expand_dims(1),
        "squeeze" => x.index(..1).squeeze(),
        "broadcast_to" => x.broadcast_to((2, 3)),
        "flip" => x.flip(),
        "flip 1" => x.flip_axis(1),
        "roll" => x.roll(1),
        "roll 1" => x.roll_axis(-1, 1) * x,
        "tile" => x.tile((2, 2)),
        "repeat" => x.repeat(2),
        "concatenate" => np::concatenate_axis([x, &(y() * x.index((.., ..1))), x], 1),
        "stack" => np::stack_axis([x, &(x * y())], 1),
        "vstack" => np::vstack([x, y()]),
        "meshgrid" => {
            let (x, y) = np::meshgrid(x, y());
            x * y
        }
        "linspace" => np::linspace(x, y(), 4),
        "linspace axis" => np::linspace_with(x, y(), 3, |o| o.axis(1)),
        "linspace step" => np::linspace_with(x, y(), 5, |o| o.retstep()).1 * x,
        "unstack" => {
            let [first, second] = np::unstack(x);
            first * second
        }
        "unstack 1" => {
            let [.., last] = np::unstack_axis::<3>(x, 1);
            last * x.index((.., 0))
        }
        "diff" => np::diff(x).square(),
        "vander" => np::vander_with(x, |o| o.n(4)),
        "tile and sum" => x.tile(3).sum() * x,
        // Reading and writing by index.
        "index integer" => x.index(1) * x.index(0),
        "index slice" => x.index(1..3).square(),
        "index step" => x.index(step(.., -2)),
        "index new axis" => x.index((.., NewAxis, 1..)),
        "index array" => x.index(indices([2, 0, 2, -1])).square(),
        "index arrays" => x.index((indices([0, 1, 1]), indices([2, 0, 0]))),
        "index rows" => x.index(indices([1, 1, 0])) * x.index(..1),
        "index by value" => x.index(x.argmax()).square(),
        "take fill" if x.size() == 2 => np::take_axis(x, indices([0, 9]), 0),
        "take fill" => {
            let read = np::take_axis(x, indices([0, 9]), 0);
            np::where_(read.isnan(), 0, 1) * x.index(..2).square()
        }
        "take clip" => np::take_with(x, indices([0, 9]), |o| o.axis(0).mode(OutOfBounds::Clip)).square(),
        "take wrap" => np::take_with(x, indices([0, 9, -6]), |o| o.mode(TakeMode::Wrap)).square(),
        "take fill_value" => np::take_with(x, indices([0, 9, -1]), |o| o.fill_value(2)).square(),
        "take_along_axis clip" => {
            let i = np::array([[2, 7], [-9, 1]]);
            np::take_along_axis_with(x, i, 1, |o| o.mode(OutOfBounds::Clip)).square()
        }
        "take_along_axis fill_value" => {
            let i = np::array([[2, 7], [-9, 1]]);
            np::take_along_axis_with(x, i, 1, |o| o.fill_value(2)).square()
        }
        "compress" => np::compress_axis([true, false, true], x, 1).square(),
        "compress size" => np::compress_with([false, true], x, |o| o.axis(0).size(2).fill_value(3)).square(),
        "map" => lax::map(|x: Array| x.sin() * y(), x.clone()),
        "map batch_size" => lax::map_with(|x: Array| x.sin() * y(), x.clone(), |o| o.batch_size(3)),
        "take_along_axis" => np::take_along_axis(x, np::array([[2, 0], [1, 1]]), 1),
        "at set" => x.at(1..3).set(y()) * x,
        "at add" => x.at(indices([2, 0, 2, -1])).add(y()).square(),
        "at multiply" => x.at(1).multiply(y()),
        "at min" => x.at(0..2).min(y()),
        "at max" => x.at(indices([3, 1])).max(y()),
        "at dropped" => x.at(indices([0, 9])).add(y()),
        "at apply" => x.at(1..).apply(|x| x.sin()),
        "sort" => x.sort(),
        "sort 0" => (x * x).sort_axis(0),
        "argsort" => x.index(x.argsort()) * x,
        // On a line.
        "interp" => np::interp(
            x,
            [-1, 0, 1, 3],
            np::array([2.0, 1.0, 4.0, -1.0]).astype(x.dtype()),
        ),
        "interp points" => np::interp(x, y(), &xs[2]),
        "polyval" => np::polyval(x, y()),
        // Linear algebra.
        "inv" => linalg::inv(x),
        "solve" | "solve vector" => linalg::solve(x, y()),
        "eigenvalues" => linalg::eigh(x).eigenvalues,
        "eigh" => spectral(x),
        // Compositions.
        "softmax" => {
            let weights = (x - x.max()).exp();
            &weights / weights.sum()
        }
        "sin of products" => (x * y()).sin() * (-x * x).exp(),
        "logistic loss" => (-matrix(M, x).matmul(x)).exp().log1p().mean(),
        "normal density" => (-x * x / 2).exp() / (2.0 * np::PI).sqrt(),
        "quadratic form" => x.matmul(matrix(A, x)).matmul(x),
        name => panic!("{name} is not in this test"),
    }
}
