//! Finds the smallest case that still fails.

mod cases;
mod dead;
mod narrow;
mod resize;
mod simpler;

use crate::checks::{Check, Outcome};
use crate::generate::Case;
use cases::{cut, fewer_results, plainer, shorter, simpler};
use std::time::{Duration, Instant};

/// The longest time that shrinking takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the smallest case found that fails in the same way.
pub fn shrunk(case: &Case, check: Check, seed: u64, kind: &str) -> Case {
    let begun = Instant::now();
    let fails = |case: &Case| match check.run(case, seed) {
        Outcome::Fault(fault) => fault.kind == kind,
        _ => false,
    };
    let mut best = case.clone();
    'smaller: loop {
        for candidate in candidates(&best) {
            if begun.elapsed() > PATIENCE {
                return best;
            }
            if fails(&candidate) {
                best = candidate;
                continue 'smaller;
            }
        }
        return best;
    }
}

/// Returns smaller cases. Those that leave out most come first.
fn candidates(case: &Case) -> impl Iterator<Item = Case> + use<> {
    let parts: [fn(&Case) -> Vec<Case>; 5] = [fewer_results, cut, simpler, shorter, plainer];
    let case = case.clone();
    parts.into_iter().flat_map(move |part| part(&case))
}
