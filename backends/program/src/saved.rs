//! The saved form of a program: a table of all programs that it runs, each once.
//!
//! An equation names the programs that its op runs by their numbers in the table. A program stands after the
//! programs that it runs, so that reading needs no recursion. The last program is the one that was saved.
//! Types are not saved: a reader infers and so checks them.

use crate::limits::Limits;
use crate::op::Op;
use crate::program::{Builder, Program, Var};
use crate::shape::ArrayType;
use rustc_hash::FxHashMap;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// The version of the form. Version 1 had programs within programs.
const VERSION: u64 = 2;

/// The saved form of a program, which is read before the checks.
///
/// ```
/// use kiln_program::{ArrayType, Builder, DType, Program, SavedProgram};
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let traced = b.finish(&[x]);
/// let text = serde_json::to_string(&SavedProgram::from(&traced))?;
/// let read: SavedProgram = serde_json::from_str(&text)?;
/// assert_eq!(Program::try_from(read).unwrap(), traced);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub struct SavedProgram {
    #[serde(deserialize_with = "known")]
    version: u64,
    programs: Vec<Entry>,
}

/// A program of the table.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
struct Entry {
    inputs: Vec<ArrayType>,
    /// Ops, their operands, and the numbers of the programs that they hold.
    equations: Vec<(Op, Vec<Var>, Vec<usize>)>,
    outputs: Vec<Var>,
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        found => Err(D::Error::custom(format!(
            "a program in version {found} of its form, this reads version {VERSION}: trace and save it again"
        ))),
    }
}

/// The reason why a saved program is not read.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// The program contradicts itself, or breaks the rules of an op.
    Invalid(String),
    /// The program exceeds a limit of the reader.
    Limit {
        /// The quantity that exceeds the limit.
        what: &'static str,
        /// The field of [`Limits`] that bounds it.
        field: &'static str,
        /// The most that the reader takes.
        limit: u64,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Invalid(what) => f.write_str(what),
            ReadError::Limit { what, field, limit } => {
                write!(
                    f,
                    "more than {limit} {what}: raise Limits::{field} by io::with_limits"
                )
            }
        }
    }
}

debug_by_display!(ReadError);

impl std::error::Error for ReadError {}

impl From<&Program> for SavedProgram {
    fn from(program: &Program) -> SavedProgram {
        let all = program.distinct();
        let number: FxHashMap<&Program, usize> =
            all.iter().enumerate().map(|(i, &program)| (program, i)).collect();
        let entry = |program: &&Program| Entry {
            inputs: program.input_types(),
            equations: program
                .equations()
                .iter()
                .map(|equation| {
                    let held = equation.op.held();
                    let numbers = held.into_iter().map(|held| number[&**held]).collect();
                    (equation.op.clone(), equation.inputs.to_vec(), numbers)
                })
                .collect(),
            outputs: program.outputs().to_vec(),
        };
        SavedProgram {
            version: VERSION,
            programs: all.iter().map(entry).collect(),
        }
    }
}

impl TryFrom<SavedProgram> for Program {
    type Error = ReadError;

    fn try_from(saved: SavedProgram) -> Result<Program, ReadError> {
        let mut reader = Reader {
            limits: Limits::current(),
            size: 0,
            programs: vec![],
        };
        for entry in saved.programs {
            let read = reader.entry(entry)?;
            reader.programs.push(read);
        }
        match reader.programs.pop() {
            Some((program, _)) => Ok(Arc::unwrap_or_clone(program)),
            None => Err(ReadError::Invalid("there is no program".into())),
        }
    }
}

/// Reads a table.
struct Reader {
    limits: Limits,
    /// The sum so far of the quantity that [`Limits::size`] bounds.
    size: u64,
    /// The programs so far, and the work of each.
    programs: Vec<(Arc<Program>, u64)>,
}

impl Reader {
    fn entry(&mut self, entry: Entry) -> Result<(Arc<Program>, u64), ReadError> {
        let mut builder = Builder::new();
        let mut work = 0_u64;
        for of in entry.inputs {
            if of.checked_bytes().is_none() {
                return invalid(format!("shape {} has too many elements", of.shape));
            }
            self.grow(&of)?;
            work = self.worked(work, of.shape.size() as u64)?;
            builder.input(of);
        }
        let known = |vars: &[Var], builder: &Builder| match vars
            .iter()
            .find(|var| var.index() >= builder.variables())
        {
            Some(var) => invalid(format!("variable {} is used before it is defined", var.index())),
            None => Ok(()),
        };
        for (mut op, inputs, numbers) in entry.equations {
            known(&inputs, &builder)?;
            let mut held = Vec::with_capacity(numbers.len());
            for number in numbers {
                match self.programs.get(number) {
                    Some(program) => held.push(program.clone()),
                    None => return invalid(format!("program {number} is used before it is defined")),
                }
            }
            let works: Vec<u64> = held.iter().map(|(_, work)| *work).collect();
            if !op.hold(held.into_iter().map(|(program, _)| program).collect()) {
                return invalid(format!("{}: holds another number of programs", op.name()));
            }
            if !self.limits.while_loops && matches!(op, Op::While(_)) {
                return beyond("while loops", "while_loops", 0);
            }
            let outputs = match builder.push(op, &inputs) {
                Ok(outputs) => outputs,
                Err(error) => return invalid(error.to_string()),
            };
            outputs
                .iter()
                .try_for_each(|&var| self.grow(builder.type_of(var)))?;
            self.take(1)?;
            let op = &builder.equations()[builder.equations().len() - 1].op;
            let types = |vars: &[Var]| vars.iter().map(|&var| builder.type_of(var)).collect::<Vec<_>>();
            work = self.worked(work, cost(op, &types(&inputs), &types(&outputs), &works))?;
        }
        known(&entry.outputs, &builder)?;
        self.take(entry.outputs.len() as u64)?;
        let program = builder.finish(&entry.outputs);
        if program.depth() > self.limits.depth {
            return beyond(
                "levels of programs within programs",
                "depth",
                self.limits.depth as u64,
            );
        }
        Ok((Arc::new(program), work))
    }

    /// Adds to the work of a program and checks the limit.
    fn worked(&self, before: u64, more: u64) -> Result<u64, ReadError> {
        let work = before.saturating_add(more);
        match work > self.limits.work {
            true => beyond("elements of declared work", "work", self.limits.work),
            false => Ok(work),
        }
    }

    /// Counts a variable.
    fn grow(&mut self, of: &ArrayType) -> Result<(), ReadError> {
        self.take(1 + of.shape.rank() as u64)
    }

    fn take(&mut self, size: u64) -> Result<(), ReadError> {
        self.size += size;
        match self.size > self.limits.size {
            true => beyond(
                "equations, variables and axes in a program",
                "size",
                self.limits.size,
            ),
            false => Ok(()),
        }
    }
}

fn beyond<T>(what: &'static str, field: &'static str, limit: u64) -> Result<T, ReadError> {
    Err(ReadError::Limit { what, field, limit })
}

fn invalid<T>(what: String) -> Result<T, ReadError> {
    Err(ReadError::Invalid(what))
}

/// Returns the work of an equation as [`Limits::work`] counts it; `held` is the work of each program that its
/// op holds.
fn cost(op: &Op, inputs: &[&ArrayType], outputs: &[&ArrayType], held: &[u64]) -> u64 {
    const EQUATION: u64 = 256;
    let size = |of: &ArrayType| of.shape.size() as u64;
    let all = inputs.iter().chain(outputs);
    let elements = all.fold(EQUATION, |sum, of| sum.saturating_add(size(of)));
    let times = match op {
        Op::Scan(scan) => scan.length.max(1) as u64,
        _ => 1,
    };
    let within = held.iter().copied().fold(0, u64::saturating_add);
    let products = match op {
        Op::Dot(dot) => {
            let lengths = dot.lhs_contract.iter().map(|&axis| inputs[0].shape[axis] as u64);
            lengths.fold(size(outputs[0]), u64::saturating_mul)
        }
        Op::Linalg(_) => size(inputs[0]).saturating_mul(inputs[0].shape.last().copied().unwrap_or(1) as u64),
        Op::Sort { .. } => elements.saturating_mul(elements.ilog2().into()),
        _ => 0,
    };
    elements
        .saturating_add(within.saturating_mul(times))
        .saturating_add(products)
}

/// Writes the table: a program that is run at many places is written once.
impl Serialize for Program {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SavedProgram::from(self).serialize(serializer)
    }
}

/// Reads the table. The rules of each op and the [`Limits`] of the thread check it. A program that is named
/// in several places is read once and shared.
impl<'de> Deserialize<'de> for Program {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Program, D::Error> {
        let saved = SavedProgram::deserialize(deserializer)?;
        Program::try_from(saved).map_err(D::Error::custom)
    }
}
