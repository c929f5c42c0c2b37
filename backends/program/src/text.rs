//! The text of a program, like JAX's jaxpr.
//!
//! ```text
//! { a:f32[3] =>
//!     b:f32[3] = sin a
//!     c:f32[3] = mul b 2.0
//!   in (c,) }
//! ```
//! A constant is written at its use. A program that is run at several places has a number, and its text is
//! written at the first of them.

use crate::op::{Custom, CustomRule, Op};
use crate::program::{Program, Var};
use rustc_hash::FxHashMap;
use std::fmt::{self, Write};
use std::sync::Arc;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f, &mut Shared::of(self), 0)
    }
}

/// The programs that are run at several places.
struct Shared<'a> {
    /// The number of places that run a program, and the program's number once it is written.
    places: FxHashMap<&'a Program, (usize, Option<usize>)>,
    written: usize,
}

impl<'a> Shared<'a> {
    fn of(program: &'a Program) -> Shared<'a> {
        let mut places = FxHashMap::default();
        for program in program.distinct() {
            for held in program.held() {
                places.entry(held).or_insert((0, None)).0 += 1;
            }
        }
        Shared { places, written: 0 }
    }
}

fn write(
    program: &Program,
    f: &mut fmt::Formatter<'_>,
    shared: &mut Shared<'_>,
    indent: usize,
) -> fmt::Result {
    let mut names: Vec<String> = vec![String::new(); program.variables()];
    let mut named = 0;
    let mut name = |var: Var, names: &mut Vec<String>| {
        names[var.index()] = letters(named);
        named += 1;
    };
    let defined = |var: Var, names: &[String]| format!("{}:{}", names[var.index()], program.type_of(var));

    f.write_str("{ ")?;
    for input in program.inputs() {
        name(input, &mut names);
        write!(f, "{} ", defined(input, &names))?;
    }
    f.write_str("=>\n")?;
    for equation in program.equations() {
        if let Op::Constant { value, shape } = &equation.op {
            let shape = if shape.rank() == 0 {
                String::new()
            } else {
                format!("{shape}")
            };
            names[equation.outputs[0].index()] = format!("{value}{shape}");
            continue;
        }
        write!(f, "{:indent$}    ", "")?;
        for &output in &equation.outputs {
            name(output, &mut names);
            write!(f, "{} ", defined(output, &names))?;
        }
        write!(f, "= {}", equation.op.name())?;
        parameters(&equation.op, f, shared, indent)?;
        for input in &equation.inputs {
            write!(f, " {}", names[input.index()])?;
        }
        f.write_char('\n')?;
    }
    let outputs: Vec<&str> = program
        .outputs()
        .iter()
        .map(|var| names[var.index()].as_str())
        .collect();
    let comma = if outputs.len() == 1 { "," } else { "" };
    write!(f, "{:indent$}  in ({}{comma}) }}", "", outputs.join(", "))
}

/// Writes the parameters of an op, and the programs that it holds.
fn parameters(op: &Op, f: &mut fmt::Formatter<'_>, shared: &mut Shared<'_>, indent: usize) -> fmt::Result {
    f.write_str(&op.parameters())?;
    match op {
        Op::Call(program) | Op::Checkpoint(program) => inner(&[("program", program)], f, shared, indent),
        Op::Cond(branches) => {
            let branches: Vec<(&str, _)> = branches.iter().map(|branch| ("branch", branch)).collect();
            inner(&branches, f, shared, indent)
        }
        Op::Custom(user) => custom(user, f, shared, indent),
        Op::Scan(scan) => inner(&[("body", &scan.body)], f, shared, indent),
        Op::While(w) => {
            let programs = [("condition", &w.condition), ("body", &w.body)];
            inner(&programs, f, shared, indent)
        }
        _ => Ok(()),
    }
}

/// Writes a function and its derivative.
fn custom(
    custom: &Custom,
    f: &mut fmt::Formatter<'_>,
    shared: &mut Shared<'_>,
    indent: usize,
) -> fmt::Result {
    match &custom.rule {
        CustomRule::Vjp { forward, backward } => inner(
            &[
                ("program", &custom.program),
                ("forward", forward),
                ("backward", backward),
            ],
            f,
            shared,
            indent,
        ),
        CustomRule::Jvp(rule) => inner(&[("program", &custom.program), ("jvp", rule)], f, shared, indent),
    }
}

fn inner(
    programs: &[(&str, &Arc<Program>)],
    f: &mut fmt::Formatter<'_>,
    shared: &mut Shared<'_>,
    indent: usize,
) -> fmt::Result {
    f.write_str("[\n")?;
    for (name, program) in programs {
        write!(f, "{:indent$}      {name}=", "")?;
        let number = match shared.places.get_mut(&***program) {
            Some((2.., number @ None)) => {
                write!(f, "program{}: ", shared.written)?;
                *number = Some(shared.written);
                shared.written += 1;
                None
            }
            Some((_, number)) => *number,
            None => None,
        };
        match number {
            Some(number) => write!(f, "program{number}")?,
            None => write(program, f, shared, indent + 6)?,
        }
        f.write_char('\n')?;
    }
    write!(f, "{:indent$}    ]", "")
}

/// a, b, ..., z, aa, ab, ...
fn letters(mut n: usize) -> String {
    let mut name = Vec::new();
    loop {
        name.push(b'a' + (n % 26) as u8);
        n /= 26;
        if n == 0 {
            break;
        }
        n -= 1;
    }
    name.iter().rev().map(|&c| char::from(c)).collect()
}
