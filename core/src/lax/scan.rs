//! Loops over the slices of arrays.

use super::carry::{Carry, Consts, names, settled};
use crate::array::Array;
use crate::bind::bind;
use crate::error::{check, check_size, raise};
use crate::numpy::shape::stack;
use crate::primitive::{concatenate, reshape, slice_axis};
use crate::tree::{Arrays, Leaves, Structure, Tree};
use kiln_backends::program::{ArrayType, Few, Op, Scan, Shape};
use std::ops::Range;
use std::sync::Arc;

/// Computes `for each x of xs { (carry, y) = f(carry, x) }`. Returns the last carry, and all `y` stacked
/// along a new first axis.
///
/// `xs` is a tree of arrays of one length `n` along their first axis. Iteration `i` takes the same tree of
/// the slices `xs[i]`. The loop is traced once. The carry keeps its structure, shapes and dtypes. A leaf that
/// starts with a weak dtype and comes out with a stronger one starts with the stronger one. Without arrays to
/// scan over use [`scan_n`]; [`scan_with`] has the optional arguments, as from the last slice to the first.
///
/// # Panics
/// When the carry comes out of `f` with another structure, shape or dtype. When `xs` holds no array, a
/// scalar, or arrays of different lengths.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// let (last, path) = lax::scan(|c: Array, x: Array| { let c = 0.5 * c + x; (c.clone(), c) }, 0.0.into(), np::ones(3));
/// assert_eq!(last.to_string(), "1.75");
/// assert_eq!(path.to_string(), "[1.   1.5  1.75]");
/// ```
#[track_caller]
pub fn scan<C: Tree, X: Tree, Y: Tree>(f: impl Fn(C, X) -> (C, Y), init: C, xs: X) -> (C, Y) {
    scan_with(f, init, xs, |o| o)
}

optional_arguments! {
    /// The optional arguments of [`lax::scan`](crate::lax::scan_with).
    ///
    /// ```
    /// use kiln::{Array, lax};
    /// let (last, ()) = lax::scan_with(|x: Array, ()| (x * 2, ()), 1.into(), (), |o| o.length(10));
    /// assert_eq!(last.to_string(), "1024");
    /// ```
    ScanOptions {
        /// If true, the iterations run from the last slice to the first. `ys[i]` still belongs to `xs[i]`.
        reverse(bool): bool = false => reverse; lax::scan_with(|c: kiln::Array, x: kiln::Array| (&c + &x, c + x), 0.into(), np::arange(4), |o| o.reverse(true)).1 => "[6 6 5 3]";
        /// The number of iterations, which is needed if `xs` holds no array.
        length(usize): Option<usize> = None => Some(length); lax::scan_with(|x: kiln::Array, ()| (&x + 1, x), 0.into(), (), |o| o.length(3)).1 => "[0 1 2]";
        /// The number of iterations that are traced as one, 1 if this is not given. A small body then costs
        /// less per iteration, and the program is longer.
        unroll(usize): usize = 1 => unroll; lax::scan_with(|c: kiln::Array, x: kiln::Array| (&c + &x, c + x), 0.into(), np::arange(5), |o| o.unroll(2)).1 => "[ 0  1  3  6 10]";
    }
}

/// Computes [`scan`] with the optional arguments of [`options::Scan`](crate::options::Scan).
///
/// # Panics
/// When the carry comes out of `f` with another structure, shape or dtype. When `xs` holds a scalar, arrays
/// of different lengths or of another length than is given, or no array and no length is given. When `unroll`
/// is 0.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// let discounted = |c: Array, x: Array| { let c = 0.5 * c + x; (c.clone(), c) };
/// let (first, _) = lax::scan_with(discounted, 0.0.into(), np::ones(3), |o| o.reverse(true));
/// assert_eq!(first.to_string(), "1.75");
/// ```
#[track_caller]
pub fn scan_with<C: Tree, X: Tree, Y: Tree>(
    f: impl Fn(C, X) -> (C, Y),
    init: C,
    xs: X,
    options: impl FnOnce(ScanOptions) -> ScanOptions,
) -> (C, Y) {
    let options = options(ScanOptions::default());
    let xs = Slices::of("scan", xs, options.length);
    check(
        options.unroll > 0,
        "scan",
        || "unroll is 0: it is a number of iterations",
    );
    match options.unroll {
        1 => run("scan", f, init, xs, options),
        _ => unrolled(f, init, xs, options),
    }
}

/// Runs a scan whose iterations are traced several at a time.
#[track_caller]
fn unrolled<C: Tree, X: Tree, Y: Tree>(
    f: impl Fn(C, X) -> (C, Y),
    init: C,
    xs: Slices,
    options: ScanOptions,
) -> (C, Y) {
    let k = options.unroll.min(xs.length.max(1));
    let whole = xs.length - xs.length % k;
    // The iterations that fill no group come last.
    let (groups, rest) = match options.reverse {
        true => (xs.length - whole..xs.length, 0..xs.length - whole),
        false => (0..whole, whole..xs.length),
    };
    let part = |range: Range<usize>| {
        xs.arrays
            .iter()
            .map(move |x| slice_axis(x, 0, range.start, range.end))
    };
    let grouped = part(groups).map(|x| {
        let shape: Shape = [whole / k, k].iter().chain(&x.shape()[1..]).copied().collect();
        reshape(&x, &shape)
    });
    let grouped = Slices::of("scan", grouped.collect::<Vec<_>>(), Some(whole / k));
    let body = |mut carry: C, x: Vec<Array>| {
        let mut results: Vec<Leaves> = vec![];
        for i in 0..k {
            let i = if options.reverse { k - 1 - i } else { i };
            let y;
            (carry, y) = f(carry, xs.structure.rebuild(x.iter().map(|x| x.index(i))));
            results.push(Leaves::of(y));
        }
        if options.reverse {
            results.reverse();
        }
        let leaves = 0..results[0].arrays.len();
        let stacked = leaves.map(|leaf| stack(results.iter().map(|result| &result.arrays[leaf])));
        (carry, stacked.collect::<Vec<_>>())
    };
    let once = || ScanOptions {
        unroll: 1,
        ..options.clone()
    };
    let (carry, ys) = run("scan", body, init, grouped, once());
    let rest = Slices {
        arrays: part(rest).collect(),
        structure: xs.structure.clone(),
        length: xs.length - whole,
    };
    let (carry, last) = run("scan", &f, carry, rest, once());
    let last = Leaves::of(last);
    let joined = ys.iter().zip(&last.arrays).map(|(y, last)| {
        let shape: Shape = [whole].iter().chain(&y.shape()[2..]).copied().collect();
        let y = reshape(y, &shape);
        match options.reverse {
            true => concatenate(&[last.clone(), y], 0),
            false => concatenate(&[y, last.clone()], 0),
        }
    });
    (carry, last.structure.rebuild(joined.collect::<Vec<_>>()))
}

/// Computes `(carry, y) = f(carry)`, `length` times. Returns the last carry, and all `y` stacked along a new
/// first axis. This is [`scan`] without arrays to scan over.
///
/// # Panics
/// When the carry comes out of `f` with another structure, shape or dtype, or memory could not hold the
/// stacked results.
///
/// ```
/// use kiln::{Array, lax};
/// assert_eq!(lax::scan_n(|x: Array| (&x * 2, x), 1.into(), 5).1.to_string(), "[ 1  2  4  8 16]");
/// ```
#[track_caller]
pub fn scan_n<C: Tree, Y: Tree>(f: impl Fn(C) -> (C, Y), init: C, length: usize) -> (C, Y) {
    let xs = Slices::of("scan_n", (), Some(length));
    run("scan_n", |carry, ()| f(carry), init, xs, ScanOptions::default())
}

/// Computes `f` of each slice of `xs` along the first axis, one after the other. Returns the results stacked
/// along a new first axis.
///
/// `vmap` computes all at once. `map` needs memory for one slice at a time.
///
/// # Panics
/// When `xs` holds no array, a scalar, or arrays of different lengths.
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// assert_eq!(lax::map(|row: Array| row.max(), np::array([[1, 5], [7, 3]])).to_string(), "[5 7]");
/// ```
#[track_caller]
pub fn map<X: Tree, Y: Tree>(f: impl Fn(X) -> Y, xs: X) -> Y {
    let xs = Slices::of("map", xs, None);
    run("map", |(), x| ((), f(x)), (), xs, ScanOptions::default()).1
}

/// The arrays that a loop scans over, with their length along the first axis.
struct Slices {
    arrays: Arrays,
    structure: Structure,
    length: usize,
}

impl Slices {
    #[track_caller]
    fn of(op: &str, xs: impl Tree, length: Option<usize>) -> Slices {
        let names = names("xs", &xs);
        let (arrays, structure) = settled(op, xs);
        let mut first = length.map(|n| (n, format!("the option length is {n}")));
        for (x, name) in arrays.iter().zip(&names) {
            check(x.ndim() > 0, op, || {
                format!("{name} is a scalar: it has no axis to run along")
            });
            let n = x.shape()[0];
            let (length, whose) =
                first.get_or_insert_with(|| (n, format!("{name} has length {n} along axis 0")));
            check(n == *length, op, || format!("{whose}, {name} has length {n}"));
        }
        let Some((length, _)) = first else {
            raise(
                op,
                "xs holds no array that says how many iterations there are: give the option length",
            )
        };
        Slices {
            arrays,
            structure,
            length,
        }
    }
}

#[track_caller]
fn run<C: Tree, X: Tree, Y: Tree>(
    op: &'static str,
    f: impl Fn(C, X) -> (C, Y),
    init: C,
    xs: Slices,
    options: ScanOptions,
) -> (C, Y) {
    let mut carry = Carry::new(op, init);
    let slices: Vec<(ArrayType, bool)> = xs
        .arrays
        .iter()
        .map(|x| (ArrayType::new(x.dtype(), &x.shape()[1..]), x.is_weak()))
        .collect();
    let traced = carry.settle(&slices, |carry, x| f(carry, xs.structure.rebuild(x)));
    for y in &traced.program.output_types()[carry.arrays.len()..] {
        check_size(
            op,
            &std::iter::once(xs.length)
                .chain(y.shape.iter().copied())
                .collect(),
        );
    }
    let consts = Consts::of(&traced.hidden);
    let scan = Scan {
        body: Arc::new(consts.first(&traced.program, &traced.hidden, |_, outputs| outputs)),
        length: xs.length,
        consts: consts.arrays.len(),
        carries: carry.arrays.len(),
        reverse: options.reverse,
    };
    let operands: Few<&Array, 8> = consts
        .arrays
        .iter()
        .chain(&carry.arrays)
        .chain(&xs.arrays)
        .collect();
    let mut weak = carry.weak();
    weak.extend(traced.weak);
    let mut results = bind(Op::Scan(scan), &operands, &weak);
    let ys = results.drain(carry.arrays.len()..).collect::<Arrays>();
    (carry.structure.rebuild(results), traced.structure.rebuild(ys))
}

#[doc(hidden)]
#[deprecated(note = "use `lax::scan_with(f, init, xs, |o| o.reverse(true))`")]
#[track_caller]
pub fn scan_reverse<C: Tree, X: Tree, Y: Tree>(f: impl Fn(C, X) -> (C, Y), init: C, xs: X) -> (C, Y) {
    scan_with(f, init, xs, |o| o.reverse(true))
}
