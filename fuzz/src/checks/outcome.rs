//! The outcome of a check.

use crate::fault::Fault;
use crate::values::same;
use kiln::Array;

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The results agree.
    Agrees,
    /// There was nothing to compare.
    Unusable,
    /// The results do not agree, or one way panicked.
    Fault(Fault),
}

pub(super) fn fault(kind: &str, facts: impl Into<String>) -> Outcome {
    Outcome::Fault(Fault {
        kind: kind.into(),
        facts: facts.into(),
    })
}

/// Returns a fault for the first result that differs.
pub(super) fn compared(kind: &str, left: (&str, &[Array]), right: (&str, &[Array])) -> Outcome {
    for (i, (x, y)) in left.1.iter().zip(right.1).enumerate() {
        if !same(x, y) {
            return fault(
                kind,
                format!(
                    "result {i}: {} {}\n          {} {}",
                    left.0,
                    shown(x),
                    right.0,
                    shown(y)
                ),
            );
        }
    }
    Outcome::Agrees
}

/// Returns an array as text, cut off if it is long.
pub fn shown(x: &Array) -> String {
    let (text, of) = (format!("{x:?}").replace('\n', ""), x.array_type());
    match text.char_indices().nth(600) {
        None => format!("{of} {text}"),
        Some((end, _)) => format!("{of} {} ...", &text[..end]),
    }
}
