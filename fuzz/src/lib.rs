//! Runs random programs over every op in several ways, whose results must agree.
//!
//! [`generate`] makes a program from a seed, and [`values`] its inputs. Each of the [`checks`] runs the
//! program in two ways. One of them is often [`one_by_one`], which defines the meaning of a program.
//! [`shrink`] finds the smallest program that still fails.

pub mod checks;
pub mod dice;
pub mod every;
pub mod fault;
pub mod find;
pub mod generate;
pub mod one_by_one;
pub mod shrink;
pub mod soak;
pub mod values;

use checks::{Check, Outcome};
use clap::ValueEnum;
use fault::Fault;
use generate::Case;
use std::collections::BTreeMap;
use std::fmt;

/// The outcomes of the checks of many programs, counted.
#[derive(Default)]
pub struct Counts(BTreeMap<Check, [u64; 3]>);

impl Counts {
    /// Runs the checks on the case of a seed. Returns the faults.
    pub fn check(&mut self, checks: &[Check], seed: u64) -> Vec<(Check, Case, Fault)> {
        let case = generate::case(seed);
        let mut faults = vec![];
        for &check in checks {
            let outcome = check.run(&case, seed);
            let place = match outcome {
                Outcome::Agrees => 0,
                Outcome::Unusable => 1,
                Outcome::Fault(_) => 2,
            };
            self.0.entry(check).or_default()[place] += 1;
            if let Outcome::Fault(fault) = outcome {
                faults.push((check, case.clone(), fault));
            }
        }
        faults
    }

    /// Returns the number of times that a check compared results that agreed.
    pub fn agree(&self, check: Check) -> u64 {
        self.0.get(&check).map_or(0, |[agree, ..]| *agree)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (&check, [agree, unusable, faults]) in &self.0 {
            let name = name(check);
            writeln!(
                f,
                "{name:<12} {agree:>9} agree {unusable:>9} say nothing {faults:>6} differ"
            )?;
        }
        Ok(())
    }
}

/// Returns a check's name on the command line.
pub fn name(check: Check) -> String {
    check
        .to_possible_value()
        .expect("no check is hidden")
        .get_name()
        .to_string()
}

/// Returns a fault as text: the smallest program that shows it, and how to run it again.
pub fn report(check: Check, case: &Case, fault: &Fault, seed: u64) -> String {
    let small = shrink::shrunk(case, check, seed, &fault.kind);
    let facts = match check.run(&small, seed) {
        Outcome::Fault(fault) => fault.facts,
        _ => fault.facts.clone(),
    };
    let inputs: Vec<String> = small
        .inputs
        .iter()
        .map(|x| format!("    {}", checks::shown(x)))
        .collect();
    format!(
        "{}: {}\n          {facts}\n  {}\n  of\n{}\n  again: kiln-fuzz --seed {seed} --count 1 --check {}",
        name(check),
        fault.kind,
        small.program,
        inputs.join("\n"),
        name(check),
    )
}
