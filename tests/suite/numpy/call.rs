//! Calls the functions of numpy.json by JAX's names, with the arguments of a row.

use crate::support::{dtype, float, numbers, scalar};
use kiln::numpy::{self as np, linalg};
use kiln::options::{Linspace, TakeMode, Var};
use kiln::{Array, OutOfBounds, keep};
use serde_json::Value;

/// The reasons why kiln has no call for a row.
pub(crate) mod reasons {
    /// `repeat(x, [1, 2])`: kiln takes one number for all elements. Indexing with an array does the same.
    pub(crate) const REPEAT: &str = "repeat takes one number for all elements";
    /// `linspace(0, 1, -1)`: the number of elements is unsigned, so the call does not compile.
    pub(crate) const NEGATIVE_NUMBER: &str = "a negative number of elements does not compile";
}

/// The arguments of a row.
struct Args<'a>(&'a Value);

impl Args<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        Some(&self.0[key]).filter(|value| !value.is_null())
    }

    fn int(&self, key: &str) -> isize {
        self.0[key]
            .as_i64()
            .unwrap_or_else(|| panic!("{key} of {} is no integer", self.0)) as isize
    }

    /// Returns the argument named `key`, unless it is None.
    fn maybe(&self, key: &str) -> Option<isize> {
        self.get(key).map(|_| self.int(key))
    }

    fn list(&self, key: &str) -> Vec<isize> {
        numbers(&self.0[key])
    }

    fn float(&self, key: &str) -> f64 {
        self.0[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key} of {} is no float", self.0))
    }

    fn is(&self, key: &str, value: impl Into<Value>) -> bool {
        self.0[key] == value.into()
    }

    /// Converts the result to JAX's argument `dtype`. In kiln this is `astype` on the result.
    fn cast(&self, x: Array) -> Array {
        self.get("dtype")
            .map_or(x.clone(), |name| x.astype(dtype(name.as_str().unwrap())))
    }

    fn arange(&self) -> Array {
        let bounds = ["start", "stop", "step"].map(|key| self.get(key));
        let whole = bounds.iter().flatten().all(|bound| bound.is_i64());
        macro_rules! range {
            ($number:expr) => {
                match bounds {
                    [None, Some(stop), None] => np::arange($number(stop)),
                    [Some(start), Some(stop), None] => np::arange(($number(start), $number(stop))),
                    [Some(start), Some(stop), Some(step)] => {
                        np::arange(($number(start), $number(stop), $number(step)))
                    }
                    _ => panic!("no such range: {}", self.0),
                }
            };
        }
        if whole {
            range!(|x: &Value| x.as_i64().unwrap())
        } else {
            range!(|x: &Value| x.as_f64().unwrap())
        }
    }

    fn linspace(&self) -> Result<Vec<Array>, &'static str> {
        let [start, stop] = ["start", "stop"].map(|key| bound(&self.0[key]));
        let n = usize::try_from(self.int("num")).map_err(|_| reasons::NEGATIVE_NUMBER)?;
        let options = |o: Linspace| {
            let o = o.endpoint(self.is("endpoint", true)).axis(self.int("axis"));
            match self.get("dtype") {
                Some(name) => o.dtype(dtype(name.as_str().unwrap())),
                None => o,
            }
        };
        Ok(match self.is("retstep", true) {
            true => {
                let (numbers, step) = np::linspace_with(start, stop, n, |o| options(o).retstep());
                vec![numbers, step]
            }
            false => vec![np::linspace_with(start, stop, n, options)],
        })
    }

    fn meshgrid(&self, xs: &[Array]) -> Vec<Array> {
        let grids = match self.is("indexing", "xy") {
            true => np::meshgrid_with(xs.to_vec(), |o| o),
            false => np::meshgrid_with(xs.to_vec(), |o| o.indexing(kiln::options::Indexing::Ij)),
        };
        if self.is("sparse", false) {
            return grids;
        }
        // JAX's `sparse`: a reshape does the same in kiln, because arrays broadcast.
        let axis = |i: usize| {
            if self.is("indexing", "xy") && xs.len() > 1 && i < 2 {
                1 - i
            } else {
                i
            }
        };
        let lines = xs.iter().enumerate().map(|(i, x)| {
            let mut shape = vec![1; xs.len()];
            shape[axis(i)] = x.size();
            x.reshape(shape)
        });
        lines.collect()
    }

    fn take(&self, x: &Array, indices: &Array) -> Array {
        np::take_with(x, indices, |o| {
            let o = o.mode(match self.0["mode"].as_str() {
                Some("wrap") => TakeMode::Wrap,
                Some("clip") => TakeMode::Clip,
                _ => TakeMode::Fill,
            });
            let o = match self.maybe("axis") {
                Some(axis) => o.axis(axis),
                None => o,
            };
            match self.get("fill_value") {
                Some(fill) => o.fill_value(scalar(fill)),
                None => o,
            }
        })
    }

    fn take_along_axis(&self, x: &Array, indices: &Array) -> Array {
        np::take_along_axis_with(x, indices, self.int("axis"), |o| {
            let o = match self.0["mode"].as_str() {
                Some("clip") => o.mode(OutOfBounds::Clip),
                _ => o,
            };
            match self.get("fill_value") {
                Some(fill) => o.fill_value(scalar(fill)),
                None => o,
            }
        })
    }

    fn nonzero(&self, x: &Array) -> Vec<Array> {
        x.nonzero_with(|o| {
            let o = match self.maybe("size") {
                Some(size) => o.size(size),
                None => o,
            };
            match self.get("fill_value") {
                Some(fill) => o.fill_value(bound(fill)),
                None => o,
            }
        })
    }

    fn compress(&self, condition: &Array, x: &Array) -> Array {
        np::compress_with(condition, x, |o| {
            let o = match self.maybe("axis") {
                Some(axis) => o.axis(axis),
                None => o,
            };
            let o = match self.maybe("size") {
                Some(size) => o.size(size),
                None => o,
            };
            o.fill_value(scalar(&self.0["fill_value"]))
        })
    }

    /// The number of arrays is part of the type.
    fn unstack(&self, x: &Array) -> Vec<Array> {
        let axis = self.int("axis");
        let place = usize::try_from(axis.rem_euclid(x.ndim().max(1) as isize)).unwrap();
        match x.shape().get(place) {
            Some(3) => np::unstack_axis::<3>(x, axis).into(),
            Some(2) => np::unstack_axis::<2>(x, axis).into(),
            _ if axis == 0 => np::unstack::<1>(x).into(),
            _ => np::unstack_axis::<1>(x, axis).into(),
        }
    }

    fn sort(&self, x: &Array) -> Array {
        let (x, axis) = self.sorted_axis(x);
        let sorted = x.sort_axis(axis);
        // JAX's `descending` is a flip.
        if self.is("descending", true) {
            sorted.flip_axis(axis)
        } else {
            sorted
        }
    }

    fn argsort(&self, x: &Array) -> Array {
        let (x, axis) = self.sorted_axis(x);
        if self.is("descending", false) {
            return x.argsort_axis(axis);
        }
        // Equal elements keep their order. So the flipped array is sorted, and its places are counted from
        // the other end.
        let last = x.shape()[(axis + x.ndim() as isize) as usize % x.ndim()] as i32 - 1;
        last - x.flip_axis(axis).argsort_axis(axis).flip_axis(axis)
    }

    fn sorted_axis(&self, x: &Array) -> (Array, isize) {
        self.maybe("axis")
            .map_or_else(|| (x.ravel(), 0), |axis| (x.clone(), axis))
    }

    fn repeat(&self, x: &Array) -> Result<Array, &'static str> {
        let times = usize::try_from(self.0["repeats"].as_i64().ok_or(reasons::REPEAT)?).unwrap();
        Ok(self
            .maybe("axis")
            .map_or_else(|| x.repeat(times), |axis| x.repeat_axis(times, axis)))
    }

    fn allclose(&self, x: &Array, y: &Array) -> Array {
        let close = np::isclose_with(x, y, |o| o.rtol(self.float("rtol")).atol(self.float("atol")));
        // kiln has no argument for JAX's `equal_nan`.
        let nan = x.isnan() & y.isnan();
        if self.is("equal_nan", true) {
            (close | nan).all()
        } else {
            close.all()
        }
    }
}

/// Returns a bound of linspace, or a number for places without an element: a number, or a list.
fn bound(value: &Value) -> Array {
    match value {
        Value::Array(items) => np::stack(items.iter().map(bound)),
        number => scalar(number),
    }
}

/// Returns the results of a row, or the reason why kiln has no such call.
pub(crate) fn call(name: &str, inputs: &[Option<Array>], args: &Value) -> Result<Vec<Array>, &'static str> {
    let args = Args(args);
    let xs: Vec<Array> = inputs.iter().flatten().cloned().collect();
    let input = |i: usize| inputs.get(i).cloned().flatten();
    let (x, y) = (input(0).unwrap_or(0.into()), input(1).unwrap_or(0.into()));
    let all: Vec<isize> = (0..x.ndim() as isize).collect();
    let keepdims = args.is("keepdims", true);
    macro_rules! reduce {
        ($all:ident, $along:ident) => {
            match (args.get("axis"), keepdims) {
                (None, false) => x.$all(),
                (None, true) => x.$along(keep(all)),
                (Some(axis), false) => x.$along(numbers(axis)),
                (Some(axis), true) => x.$along(keep(numbers(axis))),
            }
        };
    }
    let spread = |o: Var| {
        let o = o.ddof(args.float("ddof")).keepdims(keepdims);
        match args.get("axis") {
            Some(axis) => o.axis(numbers(axis)),
            None => o,
        }
    };
    macro_rules! running {
        ($all:ident, $along:ident) => {
            args.maybe("axis")
                .map_or_else(|| x.$all(), |axis| x.$along(axis))
        };
    }
    macro_rules! nan {
        (@linalg $all:ident, $along:ident) => { nan!(@in linalg $all $along) };
        ($all:ident, $along:ident) => { nan!(@in np $all $along) };
        (@in $module:ident $all:ident $along:ident) => {
            match (args.get("axis"), keepdims) {
                (None, false) => $module::$all(x),
                (None, true) => $module::$along(x, keep(all)),
                (Some(axis), false) => $module::$along(x, numbers(axis)),
                (Some(axis), true) => $module::$along(x, keep(numbers(axis))),
            }
        };
    }
    let result = match name {
        "zeros" => args.cast(np::zeros(args.list("shape"))),
        "ones" => args.cast(np::ones(args.list("shape"))),
        "full" => args.cast(np::full(args.list("shape"), x)),
        "zeros_like" => args.cast(np::zeros_like(x)),
        "ones_like" => args.cast(np::ones_like(x)),
        "full_like" if args.get("dtype").is_none() => np::full_like(x, y),
        // With a dtype the value is converted to that dtype alone, and not to the dtype of x first.
        "full_like" => args.cast(np::full(x.shape(), y)),
        "arange" => args.cast(args.arange()),
        "linspace" => return args.linspace(),
        "identity" => args.cast(np::identity(args.int("n") as usize)),
        "eye" => {
            let n = args.int("N");
            args.cast(np::eye_with(n as usize, |o| {
                o.m(args.maybe("M").unwrap_or(n) as usize).k(args.int("k"))
            }))
        }
        "meshgrid" => return Ok(args.meshgrid(&xs)),
        "astype" => args.cast(x),
        "add" => x + y,
        "subtract" => x - y,
        "multiply" => x * y,
        "divide" => x / y,
        "floor_divide" => x.floor_divide(y),
        "remainder" => x % y,
        "power" => x.pow(y),
        "maximum" => x.maximum(y),
        "minimum" => x.minimum(y),
        "arctan2" => x.arctan2(y),
        "hypot" => x.hypot(y),
        "bitwise_and" => x & y,
        "bitwise_or" => x | y,
        "bitwise_xor" => x ^ y,
        "left_shift" => x << y,
        "right_shift" => x >> y,
        "equal" => x.equal(y),
        "not_equal" => x.not_equal(y),
        "less" => x.lt(y),
        "less_equal" => x.le(y),
        "greater" => x.gt(y),
        "greater_equal" => x.ge(y),
        "logical_and" => x.logical_and(y),
        "logical_or" => x.logical_or(y),
        "logical_xor" => x.logical_xor(y),
        "negative" => -x,
        "abs" => x.abs(),
        "sign" => x.sign(),
        "square" => x.square(),
        "floor" => x.floor(),
        "ceil" => x.ceil(),
        "trunc" => x.trunc(),
        "round" if args.is("decimals", 0) => x.round(),
        "round" => x.round_to(args.int("decimals") as i32),
        "isnan" => x.isnan(),
        "isinf" => x.isinf(),
        "isfinite" => x.isfinite(),
        "logical_not" => x.logical_not(),
        "bitwise_not" => !x,
        "exp" => x.exp(),
        "expm1" => x.expm1(),
        "exp2" => x.exp2(),
        "log" => x.log(),
        "log1p" => x.log1p(),
        "log2" => x.log2(),
        "log10" => x.log10(),
        "sqrt" => x.sqrt(),
        "cbrt" => x.cbrt(),
        "reciprocal" => x.reciprocal(),
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
        "erf_inv" => x.erf_inv(),
        // If a bound is None, the function of the other bound stands for `clip`.
        "clip" => match (input(1), input(2)) {
            (Some(least), Some(greatest)) => x.clip(least, greatest),
            (Some(least), None) => x.maximum(least),
            (None, Some(greatest)) => x.minimum(greatest),
            (None, None) => x,
        },
        "where" => np::where_(x, y, &xs[2]),
        "sum" => reduce!(sum, sum_axis),
        "prod" => reduce!(prod, prod_axis),
        "mean" => reduce!(mean, mean_axis),
        "max" => reduce!(max, max_axis),
        "min" => reduce!(min, min_axis),
        "any" => reduce!(any, any_axis),
        "all" => reduce!(all, all_axis),
        "var" if args.is("ddof", 0) => reduce!(var, var_axis),
        "std" if args.is("ddof", 0) => reduce!(std, std_axis),
        "var" => x.var_with(spread),
        "std" => x.std_with(spread),
        // The reduction is over all axes, so keepdims is a reshape.
        "argmax" if keepdims && args.get("axis").is_none() => x.argmax().reshape(vec![1_usize; x.ndim()]),
        "argmin" if keepdims && args.get("axis").is_none() => x.argmin().reshape(vec![1_usize; x.ndim()]),
        "argmax" => reduce!(argmax, argmax_axis),
        "argmin" => reduce!(argmin, argmin_axis),
        "cumsum" => running!(cumsum, cumsum_axis),
        "cumprod" => running!(cumprod, cumprod_axis),
        "reshape" => x.reshape(args.list("shape")),
        "transpose" if args.get("axes").is_none() => x.t(),
        "transpose" => x.transpose(args.list("axes")),
        "swapaxes" => x.swapaxes(args.int("axis1"), args.int("axis2")),
        "moveaxis" => x.moveaxis(args.list("source"), args.list("destination")),
        "squeeze" if args.get("axis").is_none() => x.squeeze(),
        "squeeze" => x.squeeze_axis(args.list("axis")),
        "expand_dims" => x.expand_dims(args.list("axis")),
        "broadcast_to" => x.broadcast_to(args.list("shape")),
        // If JAX's axis is None, everything is raveled.
        "concatenate" if args.get("axis").is_none() => np::concatenate(xs.iter().map(Array::ravel)),
        "concatenate" => np::concatenate_axis(xs, args.int("axis")),
        "stack" => np::stack_axis(xs, args.int("axis")),
        "flip" if args.get("axis").is_none() => x.flip(),
        "flip" => x.flip_axis(args.list("axis")),
        "roll" if args.get("axis").is_none() => x.roll(args.list("shift")[0]),
        "roll" => x.roll_axis(args.list("shift"), args.list("axis")),
        "tile" => x.tile(args.list("reps")),
        "repeat" => args.repeat(&x)?,
        "take" => args.take(&x, &y),
        "nonzero" => return Ok(args.nonzero(&x)),
        "compress" => args.compress(&x, &y),
        "unstack" => return Ok(args.unstack(&x)),
        "sort" => args.sort(&x),
        "argsort" => args.argsort(&x),
        "dot" => x.dot(y),
        "matmul" => x.matmul(y),
        "outer" => np::outer(x, y),
        "allclose" => args.allclose(&x, &y),
        "linalg.inv" => linalg::inv(x),
        "linalg.eigh" => {
            let linalg::Eigh {
                eigenvalues,
                eigenvectors,
            } = linalg::eigh(x);
            return Ok(vec![eigenvalues, eigenvectors]);
        }
        "diag" => np::diag_with(x, |o| o.k(args.int("k"))),
        "tril" => np::tril_with(x, |o| o.k(args.int("k"))),
        "triu" => np::triu_with(x, |o| o.k(args.int("k"))),
        "searchsorted" if args.is("side", "left") => np::searchsorted(x, y),
        "searchsorted" => np::searchsorted_with(x, y, |o| o.side(kiln::options::Side::Right)),
        "interp" => match (args.get("left"), args.get("right")) {
            (Some(left), Some(right)) => {
                np::interp_with(x, y, &xs[2], |o| o.left(scalar(left)).right(scalar(right)))
            }
            _ => np::interp(x, y, &xs[2]),
        },
        "polyval" => np::polyval(x, y),
        "diff" => np::diff_axis(x, args.int("axis")),
        "vander" => np::vander_with(x, |o| o.n(args.int("N") as usize)),
        "nansum" => nan!(nansum, nansum_axis),
        "nanprod" => nan!(nanprod, nanprod_axis),
        "nanmean" => nan!(nanmean, nanmean_axis),
        "nanmax" => nan!(nanmax, nanmax_axis),
        "nanmin" => nan!(nanmin, nanmin_axis),
        "vstack" => np::vstack(xs),
        "hstack" => np::hstack(xs),
        "column_stack" => np::column_stack(xs),
        "diagonal" => np::diagonal_with(x, |o| o.offset(args.int("offset"))),
        "trace" => np::trace_with(x, |o| o.offset(args.int("offset"))),
        "take_along_axis" => args.take_along_axis(&x, &y),
        "linalg.solve" => linalg::solve(x, y),
        "linalg.norm" => nan!(@linalg norm, norm_axis),
        "linalg.vector_norm" => {
            let order = float(&args.0["ord"]);
            linalg::vector_norm_with(x, |o| match args.get("axis") {
                Some(axis) => o.ord(order).axis(numbers(axis)).keepdims(keepdims),
                None => o.ord(order),
            })
        }
        name => panic!("{name} is not in this test"),
    };
    Ok(vec![result])
}
