//! Formats arrays as Python prints them: `display` is `print(x)` and `debug` is `repr(x)` of a JAX array.
//!
//! The reference, digit for digit, is numpy 2.4's `arrayprint.py`, and jax 0.10's `Array.__repr__`. The
//! numbers and switches of a text are its [`Style`]. Formatting has three steps: find the elements that are
//! shown (long axes keep their ends), turn each into a word of one common width, and lay the words out in
//! brackets. The work is proportional to the number of elements shown.

mod float;
pub(crate) mod notebook;
pub(crate) mod options;
pub(crate) mod style;

use float::{Float, float_words, scalar};
use kiln_backends::Buffer;
use kiln_backends::program::DType;
use style::Style;

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
    display(elements(buffer), &buffer.array_type().shape, &Style::plain())
}

/// Formats an array as Python's `print(x)`.
///
/// An array of rank 0 is a scalar, and shows all digits that distinguish it in its type, unless the format
/// string says how many. Every other array has at most as many digits after the point as the precision of the
/// style, and one format for all its elements: a scientific one if they are large, small or far apart.
///
/// ```text
/// println!("{}", display(Elements::F32(&[1.0, 3.2, -1.5]), &[3], &style)); // [ 1.   3.2 -1.5]
/// println!("{}", display(Elements::I32(&[1, 2, 3, 40]), &[2, 2], &style)); // [[ 1  2]
///                                                                          //  [ 3 40]]
/// println!("{}", display(Elements::F32(&[2.7]), &[], &style));             // 2.7
/// println!("{}", display(Elements::F64(&[]), &[0, 3], &style));            // []
/// ```
///
/// # Panics
///
/// If the number of elements is not the product of `shape`.
pub(crate) fn display(elements: Elements<'_>, shape: &[usize], style: &Style) -> String {
    check(elements, shape);
    if !shape.is_empty() {
        return brackets(elements, shape, style, " ", 0, style.options.linewidth);
    }
    let style = &style.of_scalar();
    let number = match elements {
        Elements::F32(values) => Some(Float::Single(values[0])),
        Elements::F64(values) => Some(Float::Double(values[0])),
        _ => elements
            .integers(&[0])
            .filter(|_| style.scientific)
            .map(|of| Float::Integer(of[0])),
    };
    match number {
        Some(number) => style.padded(&scalar(number, style)),
        None => elements.words(&[0], true, style).remove(0),
    }
}

/// Formats an array as Python's `repr(x)` of a JAX array.
///
/// `dtype_name` follows `dtype=` in the text. `weak` is true for a weak type, as of a Python scalar.
///
/// ```text
/// println!("{}", debug(Elements::F32(&[1.0, 2.0]), &[2], "float32", false, &style));
/// // Array([1., 2.], dtype=float32)
/// println!("{}", debug(Elements::I32(&[3]), &[], "int32", true, &style));
/// // Array(3, dtype=int32, weak_type=True)
/// println!("{}", debug(Elements::F32(&[]), &[0, 3], "float32", false, &style));
/// // Array([], shape=(0, 3), dtype=float32)
/// ```
///
/// # Panics
///
/// If the number of elements is not the product of `shape`.
pub(crate) fn debug(
    elements: Elements<'_>,
    shape: &[usize],
    dtype_name: &str,
    weak: bool,
    style: &Style,
) -> String {
    const PREFIX: &str = "Array(";
    check(elements, shape);
    let dtype = format!("dtype={dtype_name}{}", if weak { ", weak_type=True" } else { "" });
    let width = style.options.linewidth;
    let body = match brackets(
        elements,
        shape,
        style,
        ", ",
        PREFIX.len(),
        width.saturating_sub(",".len()),
    ) {
        empty if elements.is_empty() => format!("{empty}, shape={}", tuple(shape)),
        body => body,
    };
    // JAX counts the last line from before its newline, without the prefix on the first line. JAX separates a
    // dtype that does not fit with spaces only: numpy would start a new line.
    let last_line = match body.rfind('\n') {
        Some(newline) => body.len() - newline + 1,
        None => body.len() + 2,
    };
    let fits = last_line + dtype.len() + 2 <= width;
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
fn brackets(
    elements: Elements<'_>,
    shape: &[usize],
    style: &Style,
    separator: &str,
    indent: usize,
    width: usize,
) -> String {
    if elements.is_empty() {
        return "[]".to_string();
    }
    let summarised = elements.len() > style.options.threshold;
    let edge = style.options.edgeitems;
    let axes: Vec<Axis> = shape
        .iter()
        .map(|&length| Axis {
            length,
            edge: (summarised && length > edge.saturating_mul(2)).then_some(edge),
        })
        .collect();
    let words = elements.words(&shown_offsets(&axes), shape.is_empty(), style);
    nest(&axes, &mut words.into_iter(), separator, indent + 1, width)
}

/// One axis of the array. If `...` replaces its middle, `edge` is the number of items at either end.
#[derive(Clone, Copy)]
struct Axis {
    length: usize,
    edge: Option<usize>,
}

impl Axis {
    /// Returns the indices that are shown, in order.
    fn shown(self) -> impl Iterator<Item = usize> {
        let (head, tail) = match self.edge {
            Some(edge) => (edge, self.length - edge),
            None => (self.length, self.length),
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
    // Every bracket that closes at the end of the line takes a column from it.
    let item = |_| nest(inner, words, separator, indent + 1, width.saturating_sub(1));
    let mut items: Vec<String> = axis.shown().map(item).collect();
    if let Some(edge) = axis.edge {
        items.insert(edge, "...".to_string());
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

    /// Returns the integers at `offsets`, if the elements are integers.
    fn integers(&self, offsets: &[usize]) -> Option<Vec<i128>> {
        fn at<T: Copy + Into<i128>>(values: &[T], offsets: &[usize]) -> Option<Vec<i128>> {
            Some(offsets.iter().map(|&offset| values[offset].into()).collect())
        }
        match self {
            Elements::Bool(_) | Elements::F32(_) | Elements::F64(_) => None,
            Elements::I8(values) => at(values, offsets),
            Elements::I16(values) => at(values, offsets),
            Elements::I32(values) => at(values, offsets),
            Elements::I64(values) => at(values, offsets),
            Elements::U8(values) => at(values, offsets),
            Elements::U16(values) => at(values, offsets),
            Elements::U32(values) => at(values, offsets),
            Elements::U64(values) => at(values, offsets),
        }
    }

    /// Returns the elements at `offsets` as words of the width of the widest, padded as the style says.
    fn words(&self, offsets: &[usize], rank_zero: bool, style: &Style) -> Vec<String> {
        let words = match self {
            // The width is that of `False`, also if every element is true.
            Elements::Bool(values) => {
                let width = if rank_zero { 0 } else { "False".len() };
                let word = |&offset: &usize| if values[offset] { "True" } else { "False" };
                offsets
                    .iter()
                    .map(|offset| format!("{:>width$}", word(offset)))
                    .collect()
            }
            Elements::F32(values) => {
                float_words(offsets.iter().map(|&offset| Float::Single(values[offset])), style)
            }
            Elements::F64(values) => {
                float_words(offsets.iter().map(|&offset| Float::Double(values[offset])), style)
            }
            _ => {
                let values = self.integers(offsets).expect("all other elements are integers");
                match style.scientific {
                    true => float_words(values.into_iter().map(Float::Integer), style),
                    false => integer_words(&values, style.options.sign),
                }
            }
        };
        words.iter().map(|word| style.padded(word)).collect()
    }
}

/// numpy's `IntegerFormat`. A blank stands for the sign if no integer is negative.
fn integer_words(values: &[i128], sign: char) -> Vec<String> {
    let sign = match sign {
        ' ' if values.iter().any(|&value| value < 0) => '-',
        sign => sign,
    };
    let word = |&value: &i128| match sign {
        '+' => format!("{value:+}"),
        ' ' => format!(" {value}"),
        _ => value.to_string(),
    };
    let words: Vec<String> = values.iter().map(word).collect();
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.iter().map(|word| format!("{word:>width$}")).collect()
}
