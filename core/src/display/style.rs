//! The style of one text: the print options of the thread, and the flags of the format string.

use super::options::{PrintOptions, printoptions};
use std::fmt::{Alignment, Formatter};

pub(crate) struct Style {
    /// The print options. The precision and the sign of the format string replace those of the options.
    pub(super) options: PrintOptions,
    /// The precision of the format string.
    pub(super) precision: Option<usize>,
    /// True if the format string asks for scientific notation.
    pub(super) scientific: bool,
    plus: bool,
    width: usize,
    fill: char,
    align: Alignment,
    /// True if zeros fill the width, after the sign.
    zeros: bool,
}

impl Style {
    /// Returns the style of `{}`.
    pub(crate) fn plain() -> Style {
        Style {
            options: printoptions(),
            precision: None,
            scientific: false,
            plus: false,
            width: 0,
            fill: ' ',
            align: Alignment::Right,
            zeros: false,
        }
    }

    /// Returns the style that a format string asks for. Numbers are aligned to the right, as Rust's are.
    pub(crate) fn of(f: &Formatter<'_>, scientific: bool) -> Style {
        let plain = Style::plain();
        let sign = if f.sign_plus() { '+' } else { plain.options.sign };
        Style {
            options: PrintOptions {
                precision: f.precision().unwrap_or(plain.options.precision),
                sign,
                ..plain.options
            },
            precision: f.precision(),
            scientific,
            plus: f.sign_plus(),
            width: f.width().unwrap_or(0),
            fill: f.fill(),
            align: f.align().unwrap_or(Alignment::Right),
            zeros: f.sign_aware_zero_pad(),
        }
    }

    /// Returns the style of a scalar: like Python's, it does not depend on the print options.
    pub(super) fn of_scalar(&self) -> Style {
        Style {
            options: PrintOptions {
                sign: if self.plus { '+' } else { '-' },
                ..self.options
            },
            ..*self
        }
    }

    /// Pads a word to the width of the format string.
    pub(super) fn padded(&self, word: &str) -> String {
        let missing = self.width.saturating_sub(word.len());
        if missing == 0 {
            return word.into();
        }
        let digits = word.trim_start().trim_start_matches(['+', '-']);
        if self.zeros && digits.starts_with(|first: char| first.is_ascii_digit()) {
            let sign = &word.trim_start()[..word.trim_start().len() - digits.len()];
            let zeros = self.width - sign.len() - digits.len();
            return format!("{sign}{}{digits}", "0".repeat(zeros));
        }
        let left = match self.align {
            Alignment::Left => 0,
            Alignment::Center => missing / 2,
            Alignment::Right => missing,
        };
        let fill = |n: usize| self.fill.to_string().repeat(n);
        format!("{}{word}{}", fill(left), fill(missing - left))
    }
}
