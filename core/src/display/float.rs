//! Formats floats as words: numpy's `FloatingFormat`, and the `str` of its scalars.
//!
//! numpy's digits are those of its `dragon4`: the shortest decimal that reads back as the same float of the
//! same type, cut at the precision.

/// The greatest number of digits after the decimal point.
const PRECISION: usize = 8;

/// A float that knows its own precision, since the shortest digits of an f32 are not those of the same f64.
#[derive(Clone, Copy)]
pub(super) enum Float {
    Single(f32),
    Double(f64),
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
pub(super) fn float_words(values: impl Iterator<Item = Float>) -> Vec<String> {
    let values: Vec<Float> = values.collect();
    let finite: Vec<Float> = values
        .iter()
        .copied()
        .filter(|value| value.wide().is_finite())
        .collect();
    let notation = notation(&finite);
    let numerals: Vec<Numeral> = finite.iter().map(|value| value.unique(notation)).collect();
    let longest = |part: fn(&Numeral) -> usize| numerals.iter().map(part).max().unwrap_or(0);
    let left = longest(|numeral| numeral.integer.len());
    let places = longest(|numeral| numeral.fraction.len());
    let exponent_digits = longest(|numeral| exponent(numeral.exponent, 2).len() - "e+".len());

    let finite_word = |value: Float| match notation {
        Notation::Positional => {
            let Numeral {
                integer, fraction, ..
            } = value.unique(notation);
            format!("{integer:>left$}.{fraction:<places$}")
        }
        // Here all numerals have the same number of digits. The digits added are the float's own, not zeros:
        // the f32 0.1 may come out as 1.00000001e-01.
        Notation::Scientific => {
            let numeral = value.rounded(notation, places);
            let suffix = exponent(numeral.exponent, exponent_digits);
            format!("{:>left$}.{}{suffix}", numeral.integer, numeral.fraction)
        }
    };
    let words = |value: &Float| {
        if value.wide().is_finite() {
            finite_word(*value)
        } else {
            value.non_finite()
        }
    };
    let words: Vec<String> = values.iter().map(words).collect();
    let width = words.iter().map(String::len).max().unwrap_or(0);
    words.iter().map(|word| format!("{word:>width$}")).collect()
}

/// Returns `Scientific` if a value is too large or too small for columns of digits, or if the values lie too
/// far apart.
fn notation(finite: &[Float]) -> Notation {
    let sizes = || {
        finite
            .iter()
            .map(|value| value.wide().abs())
            .filter(|&size| size != 0.0)
    };
    let (least, most) = sizes().fold((f64::INFINITY, 0.0), |(least, most), size| {
        (size.min(least), size.max(most))
    });
    let scientific = match finite.first() {
        None => false,
        _ if most == 0.0 => false,
        // numpy compares, and divides, in the array's own type: 0.0001 in f32 is just below 1e-4, and
        // positional all the same.
        Some(Float::Single(_)) => {
            let (least, most) = (least as f32, most as f32);
            most >= 1e6 || least < 1e-4 || most / least > 1e3
        }
        Some(Float::Double(_)) => most >= 1e8 || least < 1e-4 || most / least > 1e3,
    };
    if scientific {
        Notation::Scientific
    } else {
        Notation::Positional
    }
}

/// Formats as the `str` of a numpy scalar: with all digits that distinguish it from other floats.
pub(super) fn scalar(value: Float) -> String {
    if !value.wide().is_finite() {
        return value.non_finite();
    }
    let size = value.wide().abs();
    // Unlike in arrays, the lower bound is the f64 one for both types: the f32 0.0001 is 1e-04.
    let limit = match value {
        Float::Single(_) => 1e6,
        Float::Double(_) => 1e16,
    };
    if size == 0.0 || (1e-4..limit).contains(&size) {
        let numeral = value.shortest(Notation::Positional);
        let fraction = if numeral.fraction.is_empty() {
            "0"
        } else {
            &numeral.fraction
        };
        format!("{}.{fraction}", numeral.integer)
    } else {
        let numeral = value.shortest(Notation::Scientific);
        let point = if numeral.fraction.is_empty() { "" } else { "." };
        format!(
            "{}{point}{}{}",
            numeral.integer,
            numeral.fraction,
            exponent(numeral.exponent, 2)
        )
    }
}

/// `e+08`: C's form, with a sign and at least `digits` digits.
fn exponent(value: i32, digits: usize) -> String {
    let sign = if value < 0 { '-' } else { '+' };
    format!("e{sign}{:0digits$}", value.unsigned_abs())
}

impl Float {
    /// Returns the same number as an `f64`, exactly.
    fn wide(self) -> f64 {
        match self {
            Float::Single(value) => f64::from(value),
            Float::Double(value) => value,
        }
    }

    fn non_finite(self) -> String {
        let value = self.wide();
        let word = match value {
            _ if value.is_nan() => "nan",
            _ if value < 0.0 => "-inf",
            _ => "inf",
        };
        word.to_string()
    }

    /// Returns the shortest digits that distinguish this float from its neighbours.
    fn shortest(self, notation: Notation) -> Numeral {
        let shortest = self.standard(notation);
        self.rounded(notation, shortest.fraction.len())
    }

    /// Returns the shortest digits, cut at the precision, without trailing zeros.
    fn unique(self, notation: Notation) -> Numeral {
        let places = self.standard(notation).fraction.len().min(PRECISION);
        let mut numeral = self.rounded(notation, places);
        numeral
            .fraction
            .truncate(numeral.fraction.trim_end_matches('0').len());
        numeral
    }

    /// Returns exactly `places` digits after the point: the exact value rounded half to even, unless that
    /// reads back as another float.
    ///
    /// The standard library's own shortest digits round half up (2097152.25 as an f32 is 2097152.3 there,
    /// 2097152.2 in numpy), hence the second rounding here. Below a power of two, floats lie twice as close
    /// as above. The nearest decimal may therefore be the lower neighbour's, as for 2^90 as an f32. In that
    /// case the shortest digits are returned.
    fn rounded(self, notation: Notation, places: usize) -> Numeral {
        let value = self.wide();
        let exact = match notation {
            Notation::Positional => format!("{value:.places$}"),
            Notation::Scientific => format!("{value:.places$e}"),
        };
        let mut shortest = self.standard(notation);
        if shortest.fraction.len() > places || self.reads_back(&exact) {
            return Numeral::parse(&exact);
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
        })
    }

    fn reads_back(self, text: &str) -> bool {
        match self {
            Float::Single(value) => text.parse() == Ok(value),
            Float::Double(value) => text.parse() == Ok(value),
        }
    }
}

impl Numeral {
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
