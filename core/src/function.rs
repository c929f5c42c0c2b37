//! A traced function as a value: its program, and the other data that a call needs.

use crate::array::Array;
use crate::call::input;
use crate::debug::effects::listen;
use crate::error::raise;
use crate::jit::{settled, traced};
use crate::trace::check_alive;
use crate::transform;
use crate::transformation::with_weakness;
use crate::tree::{Leaves, Structure, Tree, paths};
use kiln_backends::program::{ArrayType, Program};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// A traced function without its captured arrays. A form can be saved in any format of serde.
///
/// ```
/// use kiln_core::sister::{Form, Function};
/// use kiln_core::{Array, numpy as np};
/// let rates = np::array([0.5, 2.0]);
/// let f = Function::trace("trace", |x: Array| &rates * x, np::ones(2));
/// let text = serde_json::to_string(f.form())?;
/// let form: Form = serde_json::from_str(&text)?;
/// let again = Function::new(form, f.captured().to_vec()).unwrap();
/// assert_eq!(again.call::<Array, Array>(np::full(2, 3.0)).to_string(), "[1.5 6. ]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Form<P = Arc<Program>> {
    /// The program from the arrays of the arguments, followed by the captured arrays, to the arrays of the
    /// results.
    pub program: P,
    /// The path of each array in the argument.
    pub arguments: Vec<String>,
    /// The path of each array in the result.
    pub results: Vec<String>,
    /// The weakness of each array of the result.
    pub weak: Vec<bool>,
    /// The structure of the result.
    pub structure: Structure,
}

impl<P> Form<P> {
    /// Returns the same form with the program mapped by `f`.
    ///
    /// # Errors
    /// When `f` returns an error.
    pub fn try_map<Q, E>(self, f: impl FnOnce(P) -> Result<Q, E>) -> Result<Form<Q>, E> {
        Ok(Form {
            program: f(self.program)?,
            arguments: self.arguments,
            results: self.results,
            weak: self.weak,
            structure: self.structure,
        })
    }
}

/// A function that was traced for arguments of some shapes and dtypes, with the arrays that it captured.
///
/// ```
/// use kiln_core::sister::Function;
/// use kiln_core::{Array, grad, numpy as np};
/// let rates = np::array([0.5, 2.0]);
/// let f = Function::trace("trace", |x: Array| (&rates * x.pow(2)).sum(), np::ones(2));
/// assert_eq!(f.call::<Array, Array>(np::full(2, 3.0)).to_string(), "22.5");
/// let slopes = grad(|x: Array| f.call::<Array, Array>(x));
/// assert_eq!(slopes(np::ones(2)).to_string(), "[1. 4.]");
/// ```
#[derive(Clone, Debug)]
pub struct Function {
    form: Form,
    captured: Vec<Array>,
}

impl Function {
    /// Traces `f` for arguments of these shapes and dtypes. `op` is the function's name in errors.
    ///
    /// # Panics
    /// When `f` reads the value of a traced array, or captures an array of another trace. When the argument
    /// or the result has parts that a file cannot hold: [`Static`](crate::Static) values, or lists of values
    /// without arrays.
    #[track_caller]
    pub fn trace<T: Tree, U: Tree>(op: &'static str, f: impl Fn(T) -> U, arguments: T) -> Function {
        let location = Location::caller();
        let names = paths(&arguments);
        let leaves = settled(Leaves::of(arguments));
        check_alive(op, &leaves.arrays);
        if leaves.structure.has_values() {
            raise(
                op,
                "the argument has a Static value, which cannot be saved: capture it in the function",
            )
        }
        let traced = traced(&f, op, location, &leaves);
        let mut captured = Vec::with_capacity(traced.hidden.len());
        for array in &traced.hidden {
            match array.try_buffer() {
                // The captured arrays are free: they move to the device of the arguments.
                Ok(buffer) => captured.push(Array::free(buffer, false)),
                Err(fact) => raise(op, format!("a captured array has no value: {fact}")),
            }
        }
        if traced.structure.has_values() {
            raise(op, "the result has a Static value, which cannot be saved")
        }
        let places = traced.weak.iter().map(|_| Array::from(0)).collect();
        let Some(result) = traced.structure.try_rebuild::<U>(places) else {
            raise(
                op,
                "the result has a list of things without arrays, which cannot be saved",
            )
        };
        let form = Form {
            program: Arc::new(traced.program),
            arguments: names,
            results: paths(&result),
            weak: traced.weak.to_vec(),
            structure: traced.structure,
        };
        match Function::new(form, captured) {
            Ok(function) => function,
            Err(fact) => raise(op, fact),
        }
    }

    /// Makes a function from its parts.
    ///
    /// # Errors
    /// When the parts do not fit together.
    pub fn new(form: Form, captured: Vec<Array>) -> Result<Function, String> {
        let types = form.program.input_types();
        if types.len() != form.arguments.len() + captured.len() {
            return Err(format!(
                "the program takes {} arrays, there are {} arguments and {} captured ones",
                types.len(),
                form.arguments.len(),
                captured.len()
            ));
        }
        for (i, (of, array)) in types[form.arguments.len()..].iter().zip(&captured).enumerate() {
            if array.array_type() != *of {
                return Err(format!(
                    "captured array {i} is {}, the program takes {of}",
                    array.array_type()
                ));
            }
        }
        let results = form.program.outputs().len();
        if form.results.len() != results || form.weak.len() != results {
            return Err(format!(
                "the program returns {results} arrays, there are {} paths and {} marks for them",
                form.results.len(),
                form.weak.len()
            ));
        }
        if form.program.has_effect() {
            listen();
        }
        Ok(Function { form, captured })
    }

    /// Calls the function. The call is one op of the current trace, so `grad`, `vmap` and `jit` transform it.
    ///
    /// `T` and `U` are any trees with the paths of the argument and result that the function was traced with.
    /// The argument's arrays must also have the same shapes and dtypes: a program's shapes are fixed
    /// ([`vmap`](crate::vmap()) adds a batch). Plain numbers take the dtype of the program's input.
    ///
    /// # Panics
    /// When a path, shape or dtype differs. The message names the first difference.
    #[track_caller]
    pub fn call<T: Tree, U: Tree>(&self, arguments: T) -> U {
        const OP: &str = "call";
        let given = paths(&arguments);
        let leaves = Leaves::of(arguments);
        if leaves.structure.has_values() {
            raise(
                OP,
                "the argument has a Static value, which the function was traced without",
            )
        }
        differ(OP, "argument", &self.form.arguments, &given);
        check_alive(OP, &leaves.arrays);
        let types = self.form.program.input_types();
        let mut inputs = Vec::with_capacity(types.len());
        for ((x, of), path) in leaves.arrays.into_iter().zip(&types).zip(&given) {
            inputs.push(input(OP, x, of, |found| {
                format!(
                    "argument{} is {found}, the function was traced for {of}: use astype or vmap, or trace it again",
                    Shown(path)
                )
            }));
        }
        inputs.extend(self.captured.iter().cloned());
        let results = transform::call(&"call", &self.form.program, inputs.into());
        let results = with_weakness(results.into_vec(), &self.form.weak).collect();
        match self.form.structure.try_rebuild::<U>(results) {
            Some(tree) => {
                differ(OP, "result", &self.form.results, &paths(&tree));
                tree
            }
            None => raise(
                OP,
                format!(
                    "the result is ({}), and another tree is asked for",
                    self.results()
                ),
            ),
        }
    }

    /// Returns the form: all parts except the captured arrays.
    pub fn form(&self) -> &Form {
        &self.form
    }

    /// Returns the arrays that the function captured, in the order in which its program takes them after the
    /// arguments.
    pub fn captured(&self) -> &[Array] {
        &self.captured
    }

    fn results(&self) -> String {
        listed(&self.form.results, &self.form.program.output_types())
    }
}

/// Raises the first path that differs from the traced one.
#[track_caller]
fn differ(op: &str, what: &str, wanted: &[String], given: &[String]) {
    let found = wanted.iter().zip(given).find(|(wanted, given)| wanted != given);
    if let Some((wanted, given)) = found {
        raise(
            op,
            format!(
                "{what}{} stands where the function has {what}{}",
                Shown(given),
                Shown(wanted)
            ),
        )
    }
    let n = wanted.len().min(given.len());
    if let Some(missing) = wanted.get(n) {
        raise(op, format!("{what}{} is missing", Shown(missing)))
    }
    if let Some(more) = given.get(n) {
        raise(op, format!("the function has no {what}{}", Shown(more)))
    }
}

/// A path in a message, after a word.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            path => write!(f, " {path}"),
        }
    }
}

fn listed(paths: &[String], types: &[ArrayType]) -> String {
    let each = paths.iter().zip(types).map(|(path, of)| match path.as_str() {
        "" => of.to_string(),
        path => format!("{path}: {of}"),
    });
    each.collect::<Vec<String>>().join(", ")
}

/// Prints the signature, and the program.
impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = listed(&self.form.arguments, &self.form.program.input_types());
        writeln!(f, "({arguments}) -> ({})", self.results())?;
        if !self.captured.is_empty() {
            let types = self.captured.iter().map(|array| array.array_type().to_string());
            writeln!(f, "captured: {}", types.collect::<Vec<String>>().join(", "))?;
        }
        write!(f, "{}", self.form.program)
    }
}
