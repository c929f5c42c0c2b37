//! Saves traced functions, with the arrays that they captured, in files that other programs load and call.
//! This is JAX's `jax.export`.
//!
//! ```
//! use kiln::export::{Exported, export};
//! use kiln::{Array, grad, numpy as np};
//!
//! let rates = np::array([0.01, 0.02, 0.03]);
//! let discounted = |(cash, years): (Array, Array)| (cash * (-&rates * years).exp()).sum();
//! let path = std::env::temp_dir().join("discounted.kiln");
//! export(discounted, (np::ones(3), np::ones(3))).save(&path)?;
//!
//! // Elsewhere, another day:
//! let exported = Exported::load(&path)?;
//! let shown = exported.to_string();
//! assert!(shown.starts_with("(.0: f32[3], .1: f32[3]) -> (f32[])\ncaptured: f32[3]\n{ a:f32[3] b:f32[3] c:f32[3] =>"));
//! let (cash, years) = (np::full(3, 100.0), np::array([1.0, 2.0, 3.0]));
//! let value: Array = exported.call((cash.clone(), years.clone()));
//! assert_eq!(value.to_string(), "286.47705");
//! let slopes = grad(|cash: Array| exported.call::<_, Array>((cash, years.clone())));
//! assert_eq!(slopes(cash).to_string(), "[0.99004984 0.96078944 0.9139312 ]");
//! # Ok::<(), kiln::io::Error>(())
//! ```
//!
//! A file is a safetensors file of the captured arrays. Its metadata has the program in JSON. A saved
//! function computes with the shapes and dtypes of its trace, also if the 64-bit switch changes. `vmap` adds
//! a batch. Custom derivatives and `debug_print!` are saved too.
//!
//! A reader checks a file: each equation against the rules of its op, and all parts, with the captured
//! arrays, against a saved checksum. So a damaged file is an error, and not a wrong number. The checksum
//! detects accidents. An attacker can compute another checksum. A file is a program, which may take long or
//! much memory. [`Limits`](crate::io::Limits) bound its size, its depth and the work that it declares, and
//! can refuse loops whose number of iterations is not known. Set limits with
//! [`with_limits`](crate::io::with_limits) for files that you do not trust.

use crate::io::{self, Error, Place, damaged, safetensors};
use kiln_core::sister::{Form, Function, ReadError, SavedProgram};
use kiln_core::{Array, ArrayType, Buffer, Program, Tree};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Traces a function for arguments of these shapes and dtypes, and returns it with the arrays that it
/// captures. Plain numbers among `arguments` take their default dtype.
///
/// # Panics
/// When `f` reads the value of a traced array, or captures an array of another trace. When the argument or
/// the result has parts that a file cannot hold: [`Static`](crate::Static) values, or lists of values without
/// arrays.
///
/// ```
/// use kiln::export::export;
/// use kiln::{Array, Key, numpy as np, random};
/// let draw = export(|(key, scale): (Key, Array)| random::normal(key, 3) * scale, (Key::new(0), 1.0.into()));
/// let drawn: Array = draw.call((Key::new(1), np::array(2.0)));
/// assert_eq!(drawn.to_string(), "[-0.30887437  0.16941455 -0.27196097]");
/// ```
#[track_caller]
pub fn export<T: Tree, U: Tree>(f: impl Fn(T) -> U, arguments: T) -> Exported {
    Exported {
        function: Function::trace("export", f, arguments),
    }
}

/// A traced function that can be saved, loaded, and called. It prints its signature and its program.
#[derive(Clone, Debug)]
pub struct Exported {
    function: Function,
}

/// The key of the function in the metadata of a file.
const NOTE: &str = "kiln.function";

/// The version of the metadata. The version grows when older readers would misread the metadata. Version 1,
/// which is not read any more, repeated a program for each op that ran it.
const VERSION: u64 = 2;

#[derive(Serialize, Deserialize)]
struct Saved<F> {
    version: u64,
    crc32: u32,
    function: F,
}

/// Returns the checksum of all data that a function computes with. The checksum is taken of the values, not
/// of the bytes of the file: two files of the same values have the same checksum.
fn checksum(function: &Function) -> Result<u32, serde_json::Error> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&serde_json::to_vec(function.form())?);
    for array in function.captured() {
        hasher.update(value(array).bytes());
    }
    Ok(hasher.finalize())
}

fn value(captured: &Array) -> Buffer {
    captured.try_buffer().expect("captured arrays are in memory")
}

impl Exported {
    /// Saves the function to a file. A write that fails keeps the old file.
    ///
    /// # Errors
    /// When the file cannot be written, or [`Exported::load`] would refuse it for the [`Limits`](io::Limits)
    /// of the thread.
    ///
    /// ```
    /// use kiln::export::{Exported, export};
    /// use kiln::{Array, numpy as np};
    /// let path = std::env::temp_dir().join("squares.kiln");
    /// export(|x: Array| &x * &x, np::ones(3)).save(&path)?;
    /// let squares = Exported::load(&path)?;
    /// assert_eq!(squares.call::<_, Array>(np::array([1.0, 2.0, 3.0])).to_string(), "[1. 4. 9.]");
    /// # Ok::<(), kiln::io::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let note = self.note(&Place::of(path.as_ref()))?;
        io::save_tensors(path.as_ref(), self.arrays(), Some(note))
    }

    /// Loads a saved function from a file.
    ///
    /// # Errors
    /// When the file cannot be read, does not hold a function, is damaged, is from another version of kiln,
    /// or exceeds the [`Limits`](io::Limits) of the thread.
    ///
    /// ```
    /// use kiln::export::Exported;
    /// let error = Exported::load("missing.kiln").unwrap_err();
    /// assert!(error.to_string().starts_with("missing.kiln: ")); // and what the operating system says
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Exported, Error> {
        Exported::read(io::load_tensors(path.as_ref())?, &Place::of(path.as_ref()))
    }

    /// Returns the bytes of the file that [`save`](Exported::save) writes.
    ///
    /// # Errors
    /// When [`Exported::load`] would refuse the file for the [`Limits`](io::Limits) of the thread.
    ///
    /// ```
    /// use kiln::export::{Exported, export};
    /// use kiln::{Array, numpy as np};
    /// let bytes = export(|x: Array| x.sin(), np::ones(2)).to_bytes()?;
    /// let sin = Exported::from_bytes(&bytes)?;
    /// assert_eq!(sin.call::<_, Array>(np::zeros(2)).to_string(), "[0. 0.]");
    /// # Ok::<(), kiln::io::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let note = self.note(&Place::default())?;
        safetensors::to_bytes(self.arrays(), Some(note))
    }

    /// Loads a saved function from the bytes of its file.
    ///
    /// # Errors
    /// When the bytes do not hold a function, are damaged, are from another version of kiln, or exceed the
    /// [`Limits`](io::Limits) of the thread.
    pub fn from_bytes(bytes: &[u8]) -> Result<Exported, Error> {
        let at = Place::default();
        Exported::read(safetensors::read(&mut &bytes[..], bytes.len() as u64, &at)?, &at)
    }

    /// Calls the function. The call is an ordinary function of arrays, so `grad`, `vmap` and `jit` transform
    /// it. A wrong argument panics at the caller's line, as for other functions of arrays.
    ///
    /// `T` and `U` are any trees whose arrays have the paths of the printed signature. Tuples, structs and
    /// lists with the same paths can replace each other. Plain numbers take the dtype of the program's input.
    ///
    /// # Panics
    /// When a path, shape or dtype differs. The message names the first difference.
    ///
    /// ```
    /// use kiln::export::export;
    /// use kiln::{Array, Tree, numpy as np, vmap};
    /// #[derive(Tree)]
    /// struct Line {
    ///     slope: Array,
    ///     intercept: Array,
    /// }
    /// let line = || Line { slope: 2.0.into(), intercept: 1.0.into() };
    /// let at = export(|(line, x): (Line, Array)| line.slope * x + line.intercept, (line(), 0.0.into()));
    /// assert_eq!(at.call::<_, Array>((line(), np::array(3.0))).to_string(), "7.0");
    /// let each = vmap(|x: Array| at.call::<_, Array>((line(), x)));
    /// assert_eq!(each(np::arange((0.0, 3.0))).to_string(), "[1. 3. 5.]");
    /// ```
    #[track_caller]
    pub fn call<T: Tree, U: Tree>(&self, arguments: T) -> U {
        self.function.call(arguments)
    }

    /// Returns the path and type of each array in the argument.
    ///
    /// ```
    /// use kiln::export::export;
    /// use kiln::{Array, numpy as np};
    /// let f = export(|(x, y): (Array, Array)| x + y, (np::ones(2), np::ones(())));
    /// let arguments: Vec<String> = f.arguments().map(|(path, of)| format!("{path}: {of}")).collect();
    /// assert_eq!(arguments, [".0: f32[2]", ".1: f32[]"]);
    /// ```
    pub fn arguments(&self) -> impl Iterator<Item = (&str, ArrayType)> {
        let names = self.function.form().arguments.iter().map(String::as_str);
        names.zip(self.program().input_types())
    }

    /// Returns the path and type of each array in the result.
    ///
    /// ```
    /// use kiln::export::export;
    /// use kiln::{Array, numpy as np};
    /// let f = export(|x: Array| vec![x.sum(), x], np::ones(2));
    /// let results: Vec<String> = f.results().map(|(path, of)| format!("{path}: {of}")).collect();
    /// assert_eq!(results, ["[0]: f32[]", "[1]: f32[2]"]);
    /// ```
    pub fn results(&self) -> impl Iterator<Item = (&str, ArrayType)> {
        let names = self.function.form().results.iter().map(String::as_str);
        names.zip(self.program().output_types())
    }

    /// Returns the program: from the arrays of the argument, followed by the captured arrays, to the arrays
    /// of the result.
    ///
    /// ```
    /// use kiln::export::export;
    /// use kiln::{Array, numpy as np};
    /// let weights = np::ones(2);
    /// let f = export(|x: Array| &weights * x, np::ones(2));
    /// assert_eq!(f.program().input_types().len(), 2); // x, and the weights
    /// ```
    pub fn program(&self) -> &Program {
        &self.function.form().program
    }

    fn arrays(&self) -> Vec<(String, Buffer)> {
        let named = |(i, array)| (captured(i), value(array));
        self.function.captured().iter().enumerate().map(named).collect()
    }

    fn note(&self, at: &Place) -> Result<(String, String), Error> {
        let saved = Saved {
            version: VERSION,
            crc32: checksum(&self.function).map_err(|error| damaged(at, error))?,
            function: self.function.form(),
        };
        let text = serde_json::to_string(&saved).map_err(|error| damaged(at, error))?;
        // A function that goes beyond a limit could not be read again, so it is not written.
        parsed(&text, at)?;
        Ok((NOTE.into(), text))
    }

    fn read(file: safetensors::Tensors, at: &Place) -> Result<Exported, Error> {
        let safetensors::Tensors { mut arrays, notes } = file;
        let text = notes.get(NOTE).ok_or_else(|| Error::Format {
            at: at.clone(),
            wanted: "exported function",
            found: format!("its metadata has no {NOTE}; load_safetensors reads its arrays"),
        })?;
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        let Version { version } = serde_json::from_str(text).map_err(|error| damaged(at, error))?;
        if version < 1 {
            return Err(damaged(
                at,
                format!("version {version} of its format, which begins with 1"),
            ));
        }
        if version < VERSION {
            return Err(Error::Older {
                at: at.clone(),
                found: version,
                known: VERSION,
            });
        }
        if version > VERSION {
            return Err(Error::Newer {
                at: at.clone(),
                found: version,
                known: VERSION,
            });
        }
        let (form, crc32) = parsed(text, at)?;
        let take = |i| {
            let name = captured(i);
            arrays
                .remove(&name)
                .ok_or_else(|| Error::MissingName { at: at.clone(), name })
        };
        let inputs = form.program.inputs().len().saturating_sub(form.arguments.len());
        let taken = (0..inputs).map(take).collect::<Result<Vec<Array>, Error>>()?;
        if let Some(name) = arrays.keys().next() {
            return Err(damaged(at, format!("the program does not take the array {name}")));
        }
        let function = Function::new(form, taken).map_err(|what| damaged(at, what))?;
        let found = checksum(&function).map_err(|error| damaged(at, error))?;
        if found != crc32 {
            return Err(damaged(
                at,
                format!("its checksum is {crc32:08x}, and what is in it has {found:08x}"),
            ));
        }
        Ok(Exported { function })
    }
}

/// Returns the form in the metadata, checked against the rules of each op and the limits of the thread, and
/// the checksum.
fn parsed(text: &str, at: &Place) -> Result<(Form, u32), Error> {
    let Saved::<Form<SavedProgram>> { crc32, function, .. } =
        serde_json::from_str(text).map_err(|error| damaged(at, error))?;
    let form = function.try_map(|program| match Program::try_from(program) {
        Ok(program) => Ok(Arc::new(program)),
        Err(ReadError::Limit { what, field, limit }) => Err(Error::Limit {
            at: at.clone(),
            what,
            field,
            limit,
        }),
        Err(error) => Err(damaged(at, error)),
    });
    Ok((form?, crc32))
}

/// Returns the name of a captured array in a file.
fn captured(i: usize) -> String {
    format!("captured.{i}")
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.function.fmt(f)
    }
}
