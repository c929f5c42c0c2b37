//! Loops over the slices of arrays.

use super::carry::{Carry, Consts, names, settled};
use crate::array::Array;
use crate::bind::bind;
use crate::error::{check, check_size};
use crate::tree::{Arrays, Structure, Tree};
use kiln_backends::program::{ArrayType, Few, Op, Scan};
use std::sync::Arc;

/// Computes `for each x of xs { (carry, y) = f(carry, x) }`. Returns the last carry, and all `y` stacked
/// along a new first axis.
///
/// `xs` is a tree of arrays of one length `n` along their first axis. Iteration `i` takes the same tree of
/// the slices `xs[i]`. The loop is traced once. The carry keeps its structure, shapes and dtypes. A leaf that
/// starts with a weak dtype and comes out with a stronger one starts with the stronger one. Without arrays to
/// scan over use [`scan_n`]; from the last slice to the first, [`scan_reverse`].
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
    let xs = Slices::of("scan", xs);
    run("scan", f, init, xs, false)
}

/// Computes the same as [`scan`] with iterations from the last slice to the first. `ys[i]` still belongs to
/// `xs[i]`.
///
/// # Panics
/// As [`scan`].
///
/// ```
/// use kiln::{Array, lax, numpy as np};
/// let sums = lax::scan_reverse(|c: Array, x: Array| (&c + &x, c + x), 0.into(), np::arange(4)).1;
/// assert_eq!(sums.to_string(), "[6 6 5 3]");
/// ```
#[track_caller]
pub fn scan_reverse<C: Tree, X: Tree, Y: Tree>(f: impl Fn(C, X) -> (C, Y), init: C, xs: X) -> (C, Y) {
    let xs = Slices::of("scan_reverse", xs);
    run("scan_reverse", f, init, xs, true)
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
    let (arrays, structure) = settled("scan_n", ());
    let xs = Slices {
        arrays,
        structure,
        length,
    };
    run("scan_n", |carry, ()| f(carry), init, xs, false)
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
    let xs = Slices::of("map", xs);
    run("map", |(), x| ((), f(x)), (), xs, false).1
}

/// The arrays that a loop scans over, with their length along the first axis.
struct Slices {
    arrays: Arrays,
    structure: Structure,
    length: usize,
}

impl Slices {
    #[track_caller]
    fn of(op: &str, xs: impl Tree) -> Slices {
        let names = names("xs", &xs);
        let (arrays, structure) = settled(op, xs);
        let mut length = None;
        for (x, name) in arrays.iter().zip(&names) {
            check(x.ndim() > 0, op, || {
                format!("{name} is a scalar: it has no axis to run along")
            });
            let n = x.shape()[0];
            let first = *length.get_or_insert(n);
            check(n == first, op, || {
                format!(
                    "{} has length {first} along axis 0, {name} has length {n}",
                    names[0]
                )
            });
        }
        check(
            length.is_some(),
            op,
            || "xs holds no array that says how many iterations there are: use scan_n",
        );
        Slices {
            arrays,
            structure,
            length: length.unwrap_or(0),
        }
    }
}

#[track_caller]
fn run<C: Tree, X: Tree, Y: Tree>(
    op: &'static str,
    f: impl Fn(C, X) -> (C, Y),
    init: C,
    xs: Slices,
    reverse: bool,
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
        reverse,
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
