//! Formats arrays as Python prints them: `display` is `print(x)` and `debug` is `repr(x)` of a JAX array.
//!
//! The reference, digit for digit, is numpy 2.4's `arrayprint.py` with its default options, and jax 0.10's
//! `Array.__repr__`. Formatting has three steps: find the elements that are shown (long axes keep their
//! ends), turn each into a word of one common width, and lay the words out in brackets. The work is
//! proportional to the number of elements shown.

mod float;

use float::{Float, float_words, scalar};
use kiln_backends::Buffer;
use kiln_backends::program::DType;

/// Columns of a printed line.
const LINE_WIDTH: usize = 75;
/// Arrays of more elements than this show only their corners.
const THRESHOLD: usize = 1000;
/// The number of items that a summarised axis shows at either end.
const EDGE_ITEMS: usize = 3;

/// The elements of an array, in row-major order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Elements<'a> {
    /// Truth values.
    Bool(&'a [bool]),
    /// Signed integers of 8 bits.
    I8(&'a [i8]),
    /// Signed integers of 16 bits.
    I16(&'a [i16]),
    /// Signed integers of 32 bits.
    I32(&'a [i32]),
    /// Signed integers of 64 bits.
    I64(&'a [i64]),
    /// Unsigned integers of 8 bits.
    U8(&'a [u8]),
    /// Unsigned integers of 16 bits.
    U16(&'a [u16]),
    /// Unsigned integers of 32 bits.
    U32(&'a [u32]),
    /// Unsigned integers of 64 bits.
    U64(&'a [u64]),
    /// Floats of 32 bits.
    F32(&'a [f32]),
    /// Floats of 64 bits.
    F64(&'a [f64]),
}

/// Returns the elements of a buffer.
pub(crate) fn elements(buffer: &Buffer) -> Elements<'_> {
    match buffer.array_type().dtype {
        DType::Bool => Elements::Bool(buffer.as_slice()),
        DType::I8 => Elements::I8(buffer.as_slice()),
        DType::I16 => Elements::I16(buffer.as_slice()),
        DType::I32 => Elements::I32(buffer.as_slice()),
        DType::I64 => Elements::I64(buffer.as_slice()),
        DType::U8 => Elements::U8(buffer.as_slice()),
        DType::U16 => Elements::U16(buffer.as_slice()),
        DType::U32 => Elements::U32(buffer.as_slice()),
        DType::U64 => Elements::U64(buffer.as_slice()),
        DType::F32 => Elements::F32(buffer.as_slice()),
        DType::F64 => Elements::F64(buffer.as_slice()),
    }
}

/// Formats a buffer as Python's `print(x)` formats an array.
pub(crate) fn printed(buffer: &Buffer) -> String {
    display(elements(buffer), &buffer.array_type().shape)
}

/// Formats an array as Python's `print(x)`.
///
/// An array of rank 0 is a scalar, and shows all digits that distinguish it in its type. Every other array
/// has at most 8 digits after the point, and one format for all its elements: a scientific one if they are
/// large, small or far apart.
///
/// ```text
/// println!("{}", display(Elements::F32(&[1.0, 3.2, -1.5]), &[3])); // [ 1.   3.2 -1.5]
/// println!("{}", display(Elements::I32(&[1, 2, 3, 40]), &[2, 2])); // [[ 1  2]
///                                                                  //  [ 3 40]]
/// println!("{}", display(Elements::F32(&[2.7]), &[]));             // 2.7
/// println!("{}", display(Elements::F64(&[]), &[0, 3]));            // []
/// ```
///
/// # Panics
///
/// If the number of elements is not the product of `shape`.
pub(crate) fn display(elements: Elements<'_>, shape: &[usize]) -> String {
    check(elements, shape);
    match elements {
        Elements::F32(values) if shape.is_empty() => scalar(Float::Single(values[0])),
        Elements::F64(values) if shape.is_empty() => scalar(Float::Double(values[0])),
        _ => brackets(elements, shape, " ", 0, LINE_WIDTH),
    }
}

/// Formats an array as Python's `repr(x)` of a JAX array.
///
/// `dtype_name` follows `dtype=` in the text. `weak` is true for a weak type, as of a Python scalar.
///
/// ```text
/// println!("{}", debug(Elements::F32(&[1.0, 2.0]), &[2], "float32", false));
/// // Array([1., 2.], dtype=float32)
/// println!("{}", debug(Elements::I32(&[3]), &[], "int32", true));
/// // Array(3, dtype=int32, weak_type=True)
/// println!("{}", debug(Elements::F32(&[]), &[0, 3], "float32", false));
/// // Array([], shape=(0, 3), dtype=float32)
/// ```
///
/// # Panics
///
/// If the number of elements is not the product of `shape`.
pub(crate) fn debug(elements: Elements<'_>, shape: &[usize], dtype_name: &str, weak: bool) -> String {
    const PREFIX: &str = "Array(";
    check(elements, shape);
    let dtype = format!("dtype={dtype_name}{}", if weak { ", weak_type=True" } else { "" });
    let body = match brackets(elements, shape, ", ", PREFIX.len(), LINE_WIDTH - ",".len()) {
        empty if elements.is_empty() => format!("{empty}, shape={}", tuple(shape)),
        body => body,
    };
    // JAX counts the last line from before its newline, without the prefix on the first line. JAX separates a
    // dtype that does not fit with spaces only: numpy would start a new line.
    let last_line = match body.rfind('\n') {
        Some(newline) => body.len() - newline + 1,
        None => body.len() + 2,
    };
    let fits = last_line + dtype.len() + 2 <= LINE_WIDTH;
    let gap = if fits { 1 } else { PREFIX.len() };
    format!("{PREFIX}{body},{:gap$}{dtype})", "")
}

fn check(elements: Elements<'_>, shape: &[usize]) {
    let size = shape.iter().product::<usize>();
    assert_eq!(
        elements.len(),
        size,
        "display: shape {} does not fit the elements",
        tuple(shape)
    );
}

/// Formats a shape as a Python tuple: `()`, `(3,)`, `(2, 3)`.
fn tuple(shape: &[usize]) -> String {
    match shape {
        [length] => format!("({length},)"),
        _ => format!(
            "({})",
            shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// numpy's `array2string`. A prefix takes `indent` columns on the first line; they are blank on the other
/// lines.
fn brackets(elements: Elements<'_>, shape: &[usize], separator: &str, indent: usize, width: usize) -> String {
    if elements.is_empty() {
        return "[]".to_string();
    }
    let summarised = elements.len() > THRESHOLD;
    let axes: Vec<Axis> = shape
        .iter()
        .map(|&length| Axis::new(length, summarised))
        .collect();
    let words = elements.words(&shown_offsets(&axes), shape.is_empty());
    nest(&axes, &mut words.into_iter(), separator, indent + 1, width)
}

/// One axis of the array. `cut` is true if `...` replaces its middle.
#[derive(Clone, Copy)]
struct Axis {
    length: usize,
    cut: bool,
}

impl Axis {
    fn new(length: usize, summarised: bool) -> Self {
        Self {
            length,
            cut: summarised && length > 2 * EDGE_ITEMS,
        }
    }

    /// Returns the indices that are shown, in order.
    fn shown(self) -> impl Iterator<Item = usize> {
        let (head, tail) = if self.cut {
            (EDGE_ITEMS, self.length - EDGE_ITEMS)
        } else {
            (self.length, self.length)
        };
        (0..head).chain(tail..self.length)
    }
}

/// Returns the row-major positions of the elements that are shown.
fn shown_offsets(axes: &[Axis]) -> Vec<usize> {
    axes.iter().fold(vec![0], |outer, axis| {
        outer
            .iter()
            .flat_map(|&row| axis.shown().map(move |index| row * axis.length + index))
            .collect()
    })
}

/// Puts the next words into the brackets of `axes`. `indent` is the column of the elements, one past the
/// bracket.
fn nest(
    axes: &[Axis],
    words: &mut impl Iterator<Item = String>,
    separator: &str,
    indent: usize,
    width: usize,
) -> String {
    let Some((axis, inner)) = axes.split_first() else {
        return words.next().expect("one word for every element shown");
    };
    let mut items = Vec::new();
    for (position, _) in axis.shown().enumerate() {
        if axis.cut && position == EDGE_ITEMS {
            items.push("...".to_string());
        }
        // Every bracket that closes at the end of the line takes a column from it.
        items.push(nest(inner, words, separator, indent + 1, width.saturating_sub(1)));
    }
    let body = if inner.is_empty() {
        wrap(&items, separator, indent, width.saturating_sub(1))
    } else {
        let blank_lines = "\n".repeat(inner.len());
        items.join(&format!("{}{blank_lines}{:indent$}", separator.trim_end(), ""))
    };
    format!("[{body}]")
}

/// Breaks the words of a row into lines of at most `width` columns that start at column `indent`.
fn wrap(words: &[String], separator: &str, indent: usize, width: usize) -> String {
    let mut text = String::new();
    let mut line = " ".repeat(indent);
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            line.push_str(separator);
        }
        // A word that is too long for any line is not moved: a line break would not help.
        if line.len() + word.len() > width && line.len() > indent {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(indent);
        }
        line.push_str(word);
    }
    text.push_str(&line);
    text.split_off(indent)
}

impl Elements<'_> {
    fn len(&self) -> usize {
        match self {
            Elements::Bool(values) => values.len(),
            Elements::I8(values) => values.len(),
            Elements::I16(values) => values.len(),
            Elements::I32(values) => values.len(),
            Elements::I64(values) => values.len(),
            Elements::U8(values) => values.len(),
            Elements::U16(values) => values.len(),
            Elements::U32(values) => values.len(),
            Elements::U64(values) => values.len(),
            Elements::F32(values) => values.len(),
            Elements::F64(values) => values.len(),
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the elements at `offsets` as words of the width of the widest.
    fn words(&self, offsets: &[usize], rank_zero: bool) -> Vec<String> {
        match self {
            // The width is that of `False`, also if every element is true.
            Elements::Bool(values) => {
                let width = if rank_zero { 0 } else { "False".len() };
                offsets
                    .iter()
                    .map(|&offset| if values[offset] { "True" } else { "False" })
                    .map(|word| format!("{word:>width$}"))
                    .collect()
            }
            Elements::I8(values) => integer_words(values, offsets),
            Elements::I16(values) => integer_words(values, offsets),
            Elements::I32(values) => integer_words(values, offsets),
            Elements::I64(values) => integer_words(values, offsets),
            Elements::U8(values) => integer_words(values, offsets),
            Elements::U16(values) => integer_words(values, offsets),
            Elements::U32(values) => integer_words(values, offsets),
            Elements::U64(values) => integer_words(values, offsets),
            Elements::F32(values) => float_words(offsets.iter().map(|&offset| Float::Single(values[offset]))),
            Elements::F64(values) => float_words(offsets.iter().map(|&offset| Float::Double(values[offset]))),
        }
    }
}

fn integer_words<T: ToString>(values: &[T], offsets: &[usize]) -> Vec<String> {
    let words: Vec<String> = offsets.iter().map(|&offset| values[offset].to_string()).collect();
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.iter().map(|word| format!("{word:>width$}")).collect()
}
