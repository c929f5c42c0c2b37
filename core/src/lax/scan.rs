//! Loops over the slices of arrays.

use super::carry::{Carry, Consts, names, settled};
use crate::arguments::{Number, count_of};
use crate::array::Array;
use crate::bind::bind;
use crate::error::{check, check_size, raise};
use crate::primitive::{concatenate, reshape, slice_axis};
use crate::transform::trace_program;
use crate::tree::{Arrays, Structure, Tree};
use kiln_backends::program::{ArrayType, Few, Op, Program, Scan, Shape};
use std::ops::Range;
use std::sync::Arc;

/// Computes `(carry, y) = f(carry, x)` for each slice `x` of `xs`. Returns the last carry, and all `y`
/// stacked along a new first axis.
///
/// `xs` is a tree of arrays whose first axes have one length. Iteration `i` takes the tree of the slices
/// `xs[i]`. The function is traced once. The carry keeps its structure, shapes and dtypes. A leaf with a weak
/// dtype is converted before the loop if `f` returns it with a stronger dtype. [`scan_n`] scans over no
/// arrays. [`scan_with`] takes optional arguments, such as `reverse`.
///
/// # Panics
/// When `f` returns the carry with another structure, shape or dtype. When `xs` holds no array, a scalar, or
/// arrays whose first axes differ in length.
///
/// ```
/// use kiln::{lax, numpy as np};
/// let (last, path) = lax::scan(|c, x| { let c = 0.5 * c + x; (c.clone(), c) }, np::array(0.0), np::ones(3));
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
        /// A flag: if true, the iterations run from the last slice to the first. `ys[i]` still belongs to
        /// `xs[i]`.
        reverse(bool): bool = false => reverse; lax::scan_with(|c: kiln::Array, x: kiln::Array| (&c + &x, c + x), 0.into(), np::arange(4), |o| o.reverse(true)).1 => "[6 6 5 3]";
        /// The number of iterations, which is needed if `xs` holds no array.
        length(impl Number): Option<usize> = None => Some(count_of("scan", length)); lax::scan_with(|x: kiln::Array, ()| (&x + 1, x), 0.into(), (), |o| o.length(3)).1 => "[0 1 2]";
        /// The number of iterations that are traced as one, 1 if this is not given. A small body then costs
        /// less per iteration, and the program is longer.
        unroll(impl Number): usize = 1 => count_of("scan", unroll); lax::scan_with(|c: kiln::Array, x: kiln::Array| (&c + &x, c + x), 0.into(), np::arange(5), |o| o.unroll(2)).1 => "[ 0  1  3  6 10]";
    }
}

/// Computes [`scan`] with the optional arguments of [`options::Scan`](crate::options::Scan).
///
/// # Panics
/// When `f` returns the carry with another structure, shape or dtype. When `xs` holds a scalar, or arrays
/// whose first axes differ in length or from the option `length`. When `xs` holds no array and no length is
/// given. When `unroll` is 0.
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
    run("scan", f, init, xs, options)
}

/// Computes `(carry, y) = f(carry)`, `length` times. Returns the last carry, and all `y` stacked along a new
/// first axis. This is [`scan`] over no arrays.
///
/// # Panics
/// When `f` returns the carry with another structure, shape or dtype, or memory could not hold the stacked
/// results.
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

/// The arrays that a loop scans over, with their length along the first axis.
pub(super) struct Slices {
    pub(super) arrays: Arrays,
    pub(super) structure: Structure,
    pub(super) length: usize,
}

impl Slices {
    #[track_caller]
    pub(super) fn of(op: &str, xs: impl Tree, length: Option<usize>) -> Slices {
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
pub(super) fn run<C: Tree, X: Tree, Y: Tree>(
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
    let mut weak = carry.weak();
    weak.extend(traced.weak);
    let unroll = options.unroll.min(xs.length);
    let inputs = Inputs {
        consts: consts.arrays.into(),
        carry: carry.arrays,
        xs: xs.arrays,
    };
    let mut results = match unroll {
        0 | 1 => inputs.scan(scan, &weak),
        _ => inputs.unrolled(scan, unroll, &weak),
    };
    let ys = results.drain(inputs.carry.len()..).collect::<Arrays>();
    (carry.structure.rebuild(results), traced.structure.rebuild(ys))
}

/// The operands of a scan.
struct Inputs {
    consts: Arrays,
    carry: Arrays,
    xs: Arrays,
}

impl Inputs {
    /// Returns the last carry and the stacked results.
    #[track_caller]
    fn scan(&self, scan: Scan, weak: &[bool]) -> Arrays {
        let operands: Few<&Array, 8> = self.consts.iter().chain(&self.carry).chain(&self.xs).collect();
        bind(Op::Scan(scan), &operands, weak)
    }

    /// Runs a scan whose iterations are in groups of `k`. Those that fill no group come last.
    #[track_caller]
    fn unrolled(&self, scan: Scan, k: usize, weak: &[bool]) -> Arrays {
        let whole = scan.length - scan.length % k;
        let (groups, rest) = match scan.reverse {
            true => (scan.length - whole..scan.length, 0..scan.length - whole),
            false => (0..whole, whole..scan.length),
        };
        let part = |range: Range<usize>| {
            self.xs
                .iter()
                .map(move |x| slice_axis(x, 0, range.start, range.end))
        };
        let grouped = part(groups).map(|x| {
            let shape: Shape = [whole / k, k].iter().chain(&x.shape()[1..]).copied().collect();
            reshape(&x, &shape)
        });
        let grouped = Inputs {
            consts: self.consts.clone(),
            carry: self.carry.clone(),
            xs: grouped.collect(),
        };
        let together = Scan {
            body: Arc::new(group(&scan, k)),
            length: whole / k,
            ..scan.clone()
        };
        let mut results = grouped.scan(together, weak);
        for y in &mut results[scan.carries..] {
            let shape: Shape = [whole].iter().chain(&y.shape()[2..]).copied().collect();
            *y = reshape(y, &shape);
        }
        if rest.is_empty() {
            return results;
        }
        let last = Inputs {
            consts: self.consts.clone(),
            carry: results[..scan.carries].iter().cloned().collect(),
            xs: part(rest.clone()).collect(),
        };
        let alone = Scan {
            length: rest.len(),
            ..scan.clone()
        };
        let mut found = last.scan(alone, weak);
        for (last, first) in found[scan.carries..].iter_mut().zip(&results[scan.carries..]) {
            *last = match scan.reverse {
                true => concatenate(&[last.clone(), first.clone()], 0),
                false => concatenate(&[first.clone(), last.clone()], 0),
            };
        }
        found
    }
}

/// Returns the program of `k` iterations, which takes the slices of all of them.
fn group(scan: &Scan, k: usize) -> Program {
    let mut types = scan.body.input_types();
    for of in &mut types[scan.consts + scan.carries..] {
        *of = of.stacked(k);
    }
    trace_program(&types, |inputs| {
        let (consts, rest) = inputs.split_at(scan.consts);
        let (carry, xs) = rest.split_at(scan.carries);
        let mut carry: Arrays = carry.iter().cloned().collect();
        let mut ys: Vec<Arrays> = vec![];
        let weak = vec![false; scan.body.outputs().len()];
        for i in 0..k {
            let i = if scan.reverse { k - 1 - i } else { i };
            let slices: Arrays = xs
                .iter()
                .map(|x| reshape(&slice_axis(x, 0, i, i + 1), &Shape::from(&x.shape()[1..])))
                .collect();
            let operands: Few<&Array, 8> = consts.iter().chain(&carry).chain(&slices).collect();
            let mut results = bind(Op::Call(scan.body.clone()), &operands, &weak);
            ys.push(results.drain(scan.carries..).collect());
            drop(operands);
            carry = results;
        }
        if scan.reverse {
            ys.reverse();
        }
        let stacked = (0..weak.len() - scan.carries).map(|j| {
            let rows: Vec<Array> = ys
                .iter()
                .map(|y| reshape(&y[j], &y[j].shape().stacked(1)))
                .collect();
            concatenate(&rows, 0)
        });
        carry.into_iter().chain(stacked).collect()
    })
}

#[doc(hidden)]
#[deprecated(note = "use `lax::scan_with(f, init, xs, |o| o.reverse(true))`")]
#[track_caller]
pub fn scan_reverse<C: Tree, X: Tree, Y: Tree>(f: impl Fn(C, X) -> (C, Y), init: C, xs: X) -> (C, Y) {
    scan_with(f, init, xs, |o| o.reverse(true))
}
