//! Formats floats as words: numpy's `FloatingFormat`, and the `str` of its scalars.
//!
//! numpy's digits are those of its `dragon4`: the shortest decimal that reads back as the same float of the
//! same type, cut at the precision.

use super::style::Style;

/// A number that knows its own precision, since the shortest digits of an f32 are not those of the same f64.
#[derive(Clone, Copy)]
pub(super) enum Float {
    Single(f32),
    Double(f64),
    /// An integer in scientific notation.
    Integer(i128),
}

#[derive(Clone, Copy, PartialEq)]
enum Notation {
    Positional,
    Scientific,
}

/// The parts of a decimal numeral, such as `-12.5` or `-1.25e+01`. `integer` carries the sign.
struct Numeral {
    integer: String,
    fraction: String,
    exponent: i32,
}

/// numpy's `FloatingFormat`: one format for all the words, decided by the finite values among them.
pub(super) fn float_words(values: impl Iterator<Item = Float>, style: &Style) -> Vec<String> {
    let values: Vec<Float> = values.collect();
    let finite: Vec<Float> = values
        .iter()
        .copied()
        .filter(|value| value.wide().is_finite())
        .collect();
    let notation = notation(&finite, style);
    let plus = style.options.sign == '+';
    let most = style.options.precision;
    let numerals: Vec<Numeral> = finite
        .iter()
        .map(|value| value.unique(notation, most).signed(plus))
        .collect();
    let longest = |part: fn(&Numeral) -> usize| numerals.iter().map(part).max().unwrap_or(0);
    let left = longest(|numeral| numeral.integer.len());
    let places = longest(|numeral| numeral.fraction.len());
    let exponent_digits = longest(|numeral| exponent(numeral.exponent, 2).len() - "e+".len());

    let finite_word = |value: Float| match notation {
        Notation::Positional => {
            let Numeral {
                integer, fraction, ..
            } = value.unique(notation, most).signed(plus);
            format!("{integer:>left$}.{fraction:<places$}")
        }
        // Here all numerals have the same number of digits. The digits added are the float's own, not zeros:
        // the f32 0.1 may come out as 1.00000001e-01.
        Notation::Scientific => {
            let numeral = value.rounded(notation, places).signed(plus);
            let suffix = exponent(numeral.exponent, exponent_digits);
            format!("{:>left$}.{}{suffix}", numeral.integer, numeral.fraction)
        }
    };
    // A blank stands for the sign of positive values. numpy keeps room for it if a value is not finite.
    let blank = style.options.sign == ' ';
    let signed = finite.iter().any(|value| value.wide().is_sign_negative());
    let margin = usize::from(blank && !signed);
    let word = |value: &Float| match value.wide().is_finite() {
        true => format!("{:margin$}{}", "", finite_word(*value)),
        false if blank => format!("{:>4}", value.non_finite(plus)),
        false => value.non_finite(plus),
    };
    let words: Vec<String> = values.iter().map(word).collect();
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.iter().map(|word| format!("{word:>width$}")).collect()
}

/// Returns `Scientific` if the style asks for it, if a value is too large or too small for columns of digits,
/// or if the values lie too far apart.
fn notation(finite: &[Float], style: &Style) -> Notation {
    let sizes = || {
        finite
            .iter()
            .map(|value| value.wide().abs())
            .filter(|&size| size != 0.0)
    };
    let (least, most) = sizes().fold((f64::INFINITY, 0.0), |(least, most), size| {
        (size.min(least), size.max(most))
    });
    let suppress = style.options.suppress;
    let scientific = match finite.first() {
        _ if style.scientific => true,
        None => false,
        _ if most == 0.0 => false,
        // numpy compares, and divides, in the array's own type: 0.0001 in f32 is just below 1e-4, and
        // positional all the same.
        Some(Float::Single(_)) => {
            let (least, most) = (least as f32, most as f32);
            most >= 1e6 || !suppress && (least < 1e-4 || most / least > 1e3)
        }
        _ => most >= 1e8 || !suppress && (least < 1e-4 || most / least > 1e3),
    };
    if scientific {
        Notation::Scientific
    } else {
        Notation::Positional
    }
}

/// Formats as Python's `format` of a numpy scalar: with the digits that the format string asks for, or as
/// `str` does, with all digits that distinguish the number from other floats.
pub(super) fn scalar(value: Float, style: &Style) -> String {
    let plus = style.options.sign == '+';
    if !value.wide().is_finite() {
        return value.non_finite(plus);
    }
    let size = value.wide().abs();
    // Unlike in arrays, the lower bound is the f64 one for both types: the f32 0.0001 is 1e-04.
    let limit = match value {
        Float::Single(_) => 1e6,
        _ => 1e16,
    };
    let positional = size == 0.0 || (1e-4..limit).contains(&size) || style.precision.is_some();
    let notation = match positional && !style.scientific {
        true => Notation::Positional,
        false => Notation::Scientific,
    };
    let numeral = match style.precision {
        Some(places) => value.exact(notation, places),
        None => value.shortest(notation),
    };
    let Numeral {
        integer,
        mut fraction,
        exponent: power,
    } = numeral.signed(plus);
    if notation == Notation::Positional && style.precision.is_none() && fraction.is_empty() {
        fraction.push('0');
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let suffix = match notation {
        Notation::Positional => String::new(),
        Notation::Scientific => exponent(power, 2),
    };
    format!("{integer}{point}{fraction}{suffix}")
}

/// `e+08`: C's form, with a sign and at least `digits` digits.
fn exponent(value: i32, digits: usize) -> String {
    let sign = if value < 0 { '-' } else { '+' };
    format!("e{sign}{:0digits$}", value.unsigned_abs())
}

impl Float {
    /// Returns the same number as an `f64`: a float exactly, an integer rounded.
    fn wide(self) -> f64 {
        match self {
            Float::Single(value) => f64::from(value),
            Float::Double(value) => value,
            Float::Integer(value) => value as f64,
        }
    }

    fn non_finite(self, plus: bool) -> String {
        let value = self.wide();
        let word = match value {
            _ if value.is_nan() => "nan",
            _ if value < 0.0 => return "-inf".into(),
            _ => "inf",
        };
        format!("{}{word}", if plus { "+" } else { "" })
    }

    /// Returns the shortest digits that distinguish this float from its neighbours.
    fn shortest(self, notation: Notation) -> Numeral {
        let shortest = self.standard(notation);
        self.rounded(notation, shortest.fraction.len())
    }

    /// Returns the shortest digits, with at most `most` digits after the point and no trailing zeros.
    fn unique(self, notation: Notation, most: usize) -> Numeral {
        let places = self.standard(notation).fraction.len().min(most);
        let mut numeral = self.rounded(notation, places);
        numeral
            .fraction
            .truncate(numeral.fraction.trim_end_matches('0').len());
        numeral
    }

    /// Returns `places` digits after the point: the exact value, rounded half to even.
    fn exact(self, notation: Notation, places: usize) -> Numeral {
        Numeral::parse(&match (self, notation) {
            (Float::Integer(value), Notation::Scientific) => format!("{value:.places$e}"),
            (_, Notation::Positional) => format!("{:.places$}", self.wide()),
            (_, Notation::Scientific) => format!("{:.places$e}", self.wide()),
        })
    }

    /// Returns exactly `places` digits after the point: the exact value rounded half to even, unless that
    /// reads back as another float.
    ///
    /// The standard library's own shortest digits round half up (2097152.25 as an f32 is 2097152.3 there,
    /// 2097152.2 in numpy), hence the second rounding here. Below a power of two, floats lie twice as close
    /// as above. The nearest decimal may therefore be the lower neighbour's, as for 2^90 as an f32. In that
    /// case the shortest digits are returned.
    fn rounded(self, notation: Notation, places: usize) -> Numeral {
        let mut shortest = self.standard(notation);
        let exact = self.exact(notation, places);
        if shortest.fraction.len() > places || self.reads_back(&exact) {
            return exact;
        }
        let missing = places - shortest.fraction.len();
        shortest.fraction.push_str(&"0".repeat(missing));
        shortest
    }

    /// Returns the shortest digits of the standard library.
    fn standard(self, notation: Notation) -> Numeral {
        Numeral::parse(&match (self, notation) {
            (Float::Single(value), Notation::Positional) => format!("{value}"),
            (Float::Single(value), Notation::Scientific) => format!("{value:e}"),
            (Float::Double(value), Notation::Positional) => format!("{value}"),
            (Float::Double(value), Notation::Scientific) => format!("{value:e}"),
            (Float::Integer(value), Notation::Positional) => format!("{value}"),
            (Float::Integer(value), Notation::Scientific) => format!("{value:e}"),
        })
    }

    fn reads_back(self, numeral: &Numeral) -> bool {
        let text = format!("{}.{}e{}", numeral.integer, numeral.fraction, numeral.exponent);
        match self {
            Float::Single(value) => text.parse() == Ok(value),
            Float::Double(value) => text.parse() == Ok(value),
            // All digits of an integer are its shortest ones.
            Float::Integer(_) => true,
        }
    }
}

impl Numeral {
    /// Puts a plus before a numeral without a sign, if `plus` is set.
    fn signed(mut self, plus: bool) -> Self {
        if plus && !self.integer.starts_with('-') {
            self.integer.insert(0, '+');
        }
        self
    }

    /// Parses a number that the standard library wrote: `12`, `12.5`, `1.25e1`.
    fn parse(text: &str) -> Self {
        let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let exponent = exponent
            .parse()
            .expect("the exponent of a formatted float is an integer");
        Self {
            integer: integer.to_string(),
            fraction: fraction.to_string(),
            exponent,
        }
    }
}
