//! Arrays in files: NumPy's `.npy` and `.npz`, and safetensors.
//!
//! ```
//! use kiln::{io, numpy as np};
//! let folder = std::env::temp_dir();
//! let (x, y) = (np::linspace(0.0, 1.0, 5), np::arange(3));
//!
//! io::save(folder.join("x.npy"), &x)?;
//! assert_eq!(io::load(folder.join("x.npy"))?.to_string(), "[0.   0.25 0.5  0.75 1.  ]");
//!
//! io::savez(folder.join("both.npz"), [("x", &x), ("y", &y)])?;
//! assert_eq!(io::loadz(folder.join("both.npz"))?["y"].to_string(), "[0 1 2]");
//!
//! io::save_safetensors(folder.join("both.safetensors"), [("x", &x), ("y", &y)])?;
//! assert_eq!(io::load_safetensors(folder.join("both.safetensors"))?["y"].to_string(), "[0 1 2]");
//! # Ok::<(), io::Error>(())
//! ```
//!
//! Every dtype is saved and read bit for bit. An array has the dtype of the file, also if the 64-bit switch
//! is off: `float64` stays `float64`. Files in big-endian or column-major order are read too. A dtype that
//! kiln does not have (`float16`, complex numbers, strings, objects, records) is refused by its name. Pickled
//! objects are never run.
//!
//! A file is written next to its final path, and moved to that path when it is complete and on the disk. So a
//! write that fails keeps the old file. The new file has the permissions of the file that it replaces. No
//! suffix is added to a path.
//!
//! A damaged or malicious file is an [`Error`]. Memory grows with the bytes that are read, and not with the
//! numbers of a header. Memory that the operating system refuses is an error too. A small file may hold much
//! data: a compressed `.npz` file holds up to a thousand times its own size, and a file with holes reads as
//! zeros. [`Limits`] bound the amount that is read. Linux may grant more memory than there is, and end the
//! process when the memory is used.
//!
//! # Files that NumPy reads and kiln refuses
//!
//! For an `.npy` or `.npz` file that kiln reads, NumPy 2.4 reads the same arrays, also after damage. NumPy
//! reads more files. kiln refuses `.npz` files with `.npy` files with
//!
//! - bytes after the last element;
//! - headers in Python that NumPy does not write: types such as `'f4'` and `'float32'`, lengths such as
//!   `0x3`, `00` and `True`, text escapes, comments, a repeated key;
//! - elements of a type without a dtype, and bools that are neither 0 nor 1.
//!
//! NumPy trusts the central directory of an `.npz` file and skips all bytes that the directory does not name.
//! kiln refuses `.npz` files with
//!
//! - a local header, an end record or a count that contradicts the directory, and a directory that ends
//!   elsewhere;
//! - bytes that belong to no entry, before, between or after them, and an archive comment;
//! - two entries of one name, and entries that are not `.npy` files;
//! - compressions other than deflate, flags and versions that NumPy does not write, and names that are
//!   neither ASCII nor marked as UTF-8.

mod error;
mod file;
mod npy;
mod npz;
pub(crate) mod safetensors;
mod zip;

pub use error::{Error, Place};
pub use kiln_core::sister::{Limits, with_limits};

pub(crate) use file::damaged;
use file::{opened, replaced};
use kiln_core::sister::raise;
use kiln_core::{Array, Buffer};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Write};
use std::path::Path;

/// Saves an array as a `.npy` file. The bytes are those of `np.save`.
///
/// # Errors
/// When the file cannot be written, or the array has more than 64 axes.
///
/// # Panics
/// When the array belongs to a trace: it has no value.
///
/// ```
/// use kiln::{io, numpy as np};
/// io::save(std::env::temp_dir().join("ones.npy"), &np::ones((2, 3)))?;
/// # Ok::<(), io::Error>(())
/// ```
#[track_caller]
pub fn save(path: impl AsRef<Path>, array: &Array) -> Result<(), Error> {
    let path = path.as_ref();
    let buffer = value("save", array);
    let header = npy::header(buffer.array_type(), &Place::of(path))?;
    replaced(path, |file| {
        file.write_all(&header)?;
        file.write_all(buffer.bytes())
    })
}

/// Loads the array of a `.npy` file, with the dtype of the file. [`loadz`] loads `.npz` files. (NumPy's
/// `np.load` opens both.)
///
/// # Errors
/// When the file cannot be read, or is not a complete `.npy` file of a dtype that kiln has.
///
/// ```
/// use kiln::{DType, io};
/// let path = std::env::temp_dir().join("doubles.npy");
/// io::save(&path, &kiln::Array::new(vec![0.5_f64; 3], 3))?;
/// assert_eq!(io::load(&path)?.dtype(), DType::F64);
///
/// let error = io::load("missing.npy").unwrap_err();
/// assert!(error.to_string().starts_with("missing.npy: ")); // and what the operating system says
/// # Ok::<(), io::Error>(())
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<Array, Error> {
    let at = Place::of(path.as_ref());
    let (mut file, length) = opened(path.as_ref())?;
    npy::read(&mut file, length, &at)
}

/// Loads the array from the bytes of a `.npy` file.
///
/// # Errors
/// When the bytes are not a complete `.npy` file of a dtype that kiln has.
///
/// ```
/// use kiln::{io, numpy as np};
/// let bytes = io::to_npy(&np::arange(3))?;
/// assert_eq!(io::from_npy(&bytes)?.to_string(), "[0 1 2]");
/// # Ok::<(), io::Error>(())
/// ```
pub fn from_npy(bytes: &[u8]) -> Result<Array, Error> {
    npy::read(&mut &bytes[..], bytes.len() as u64, &Place::default())
}

/// Returns the bytes of the `.npy` file that [`save`] writes.
///
/// # Errors
/// When the array has more than 64 axes.
///
/// # Panics
/// When the array belongs to a trace: it has no value.
///
/// ```
/// use kiln::{io, numpy as np};
/// let bytes = io::to_npy(&np::arange(3))?;
/// assert!(bytes.starts_with(b"\x93NUMPY"));
/// assert_eq!(bytes.len(), 128 + 3 * 4); // the header, and three elements
/// # Ok::<(), io::Error>(())
/// ```
#[track_caller]
pub fn to_npy(array: &Array) -> Result<Vec<u8>, Error> {
    let buffer = value("to_npy", array);
    let mut bytes = npy::header(buffer.array_type(), &Place::default())?;
    bytes.extend_from_slice(buffer.bytes());
    Ok(bytes)
}

/// Saves arrays under their names as an `.npz` file. The file is not compressed, like that of `np.savez`.
///
/// # Errors
/// When the file cannot be written, two arrays have the same name, or one has more than 64 axes.
///
/// # Panics
/// When an array belongs to a trace: it has no value.
///
/// ```
/// use kiln::{io, numpy as np};
/// io::savez(std::env::temp_dir().join("two.npz"), [("x", &np::ones(2)), ("n", &np::arange(3))])?;
/// # Ok::<(), io::Error>(())
/// ```
#[track_caller]
pub fn savez<N: AsRef<str>, A: Borrow<Array>>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (N, A)>,
) -> Result<(), Error> {
    let path = path.as_ref();
    let named = values("savez", arrays);
    let entries = npz::entries(&named, &Place::of(path))?;
    replaced(path, |file| npz::write(&entries, file))
}

/// Loads the arrays of an `.npz` file, compressed or not, by their names. [`load`] loads `.npy` files.
/// (NumPy's `np.load` opens both.)
///
/// # Errors
/// When the file cannot be read, or is not a complete `.npz` file of arrays of dtypes that kiln has.
///
/// ```
/// use kiln::{io, numpy as np};
/// let path = std::env::temp_dir().join("names.npz");
/// io::savez(&path, [("x", &np::ones(2)), ("n", &np::arange(3))])?;
/// let arrays = io::loadz(&path)?;
/// assert!(arrays.keys().eq(["n", "x"]));
/// assert_eq!(arrays["n"].to_string(), "[0 1 2]");
/// # Ok::<(), io::Error>(())
/// ```
pub fn loadz(path: impl AsRef<Path>) -> Result<BTreeMap<String, Array>, Error> {
    let path = path.as_ref();
    let (file, length) = opened(path)?;
    npz::read(BufReader::new(file), length, &Place::of(path))
}

/// Loads the arrays from the bytes of an `.npz` file.
///
/// # Errors
/// When the bytes are not a complete `.npz` file of arrays of dtypes that kiln has.
///
/// ```
/// use kiln::{io, numpy as np};
/// let bytes = io::to_npz([("x", np::ones(2)), ("n", np::arange(3))])?;
/// assert_eq!(io::from_npz(&bytes)?["n"].to_string(), "[0 1 2]");
/// # Ok::<(), io::Error>(())
/// ```
pub fn from_npz(bytes: &[u8]) -> Result<BTreeMap<String, Array>, Error> {
    npz::read(Cursor::new(bytes), bytes.len() as u64, &Place::default())
}

/// Returns the bytes of the `.npz` file that [`savez`] writes.
///
/// # Errors
/// When two arrays have the same name, or one has more than 64 axes.
///
/// # Panics
/// When an array belongs to a trace: it has no value.
///
/// ```
/// use kiln::{io, numpy as np};
/// let bytes = io::to_npz([("x", np::ones(2))])?;
/// assert_eq!(io::from_npz(&bytes)?["x"].to_string(), "[1. 1.]");
/// # Ok::<(), io::Error>(())
/// ```
#[track_caller]
pub fn to_npz<N: AsRef<str>, A: Borrow<Array>>(
    arrays: impl IntoIterator<Item = (N, A)>,
) -> Result<Vec<u8>, Error> {
    let named = values("to_npz", arrays);
    let at = Place::default();
    let entries = npz::entries(&named, &at)?;
    let mut bytes = Cursor::new(Vec::new());
    npz::write(&entries, &mut bytes).map_err(|source| Error::File { at, source })?;
    Ok(bytes.into_inner())
}

/// Saves arrays under their names as a safetensors file.
///
/// # Errors
/// When the file cannot be written, two arrays have the same name, or one is called `__metadata__`.
///
/// # Panics
/// When an array belongs to a trace: it has no value.
///
/// ```
/// use kiln::{io, numpy as np};
/// let layer = std::collections::BTreeMap::from([("weights", np::ones((3, 2))), ("bias", np::zeros(2))]);
/// io::save_safetensors(std::env::temp_dir().join("layer.safetensors"), &layer)?;
/// # Ok::<(), io::Error>(())
/// ```
#[track_caller]
pub fn save_safetensors<N: AsRef<str>, A: Borrow<Array>>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (N, A)>,
) -> Result<(), Error> {
    let named = values("save_safetensors", arrays);
    save_tensors(path.as_ref(), named, None)
}

/// Loads the arrays of a safetensors file by their names.
///
/// # Errors
/// When the file cannot be read, or is not a complete safetensors file of arrays of dtypes that kiln has.
///
/// ```
/// use kiln::{io, numpy as np};
/// let path = std::env::temp_dir().join("weights.safetensors");
/// io::save_safetensors(&path, [("weights", np::ones((3, 2)))])?;
/// assert_eq!(io::load_safetensors(&path)?["weights"].shape()[..], [3, 2]);
/// # Ok::<(), io::Error>(())
/// ```
pub fn load_safetensors(path: impl AsRef<Path>) -> Result<BTreeMap<String, Array>, Error> {
    Ok(load_tensors(path.as_ref())?.arrays)
}

/// Loads the arrays from the bytes of a safetensors file.
///
/// # Errors
/// When the bytes are not a complete safetensors file of arrays of dtypes that kiln has.
///
/// ```
/// use kiln::{io, numpy as np};
/// let bytes = io::to_safetensors([("x", np::ones(2)), ("n", np::arange(3))])?;
/// assert_eq!(io::from_safetensors(&bytes)?["n"].to_string(), "[0 1 2]");
/// # Ok::<(), io::Error>(())
/// ```
pub fn from_safetensors(bytes: &[u8]) -> Result<BTreeMap<String, Array>, Error> {
    Ok(safetensors::read(&mut &bytes[..], bytes.len() as u64, &Place::default())?.arrays)
}

/// Returns the bytes of the file that [`save_safetensors`] writes.
///
/// # Errors
/// When two arrays have the same name, or one is called `__metadata__`.
///
/// # Panics
/// When an array belongs to a trace: it has no value.
///
/// ```
/// use kiln::{io, numpy as np};
/// let bytes = io::to_safetensors([("x", np::ones(2))])?;
/// assert_eq!(io::from_safetensors(&bytes)?["x"].to_string(), "[1. 1.]");
/// # Ok::<(), io::Error>(())
/// ```
#[track_caller]
pub fn to_safetensors<N: AsRef<str>, A: Borrow<Array>>(
    arrays: impl IntoIterator<Item = (N, A)>,
) -> Result<Vec<u8>, Error> {
    let named = values("to_safetensors", arrays);
    safetensors::to_bytes(named, None)
}

pub(crate) fn save_tensors(
    path: &Path,
    named: Vec<(String, Buffer)>,
    note: Option<(String, String)>,
) -> Result<(), Error> {
    let file = safetensors::Layout::new(named, note, &Place::of(path))?;
    replaced(path, |out| file.write(out))
}

pub(crate) fn load_tensors(path: &Path) -> Result<safetensors::Tensors, Error> {
    let (mut file, length) = opened(path)?;
    safetensors::read(&mut file, length, &Place::of(path))
}

/// Returns the elements of an array, to save them. Raises if the array belongs to a trace.
#[track_caller]
fn value(op: &str, array: &Array) -> Buffer {
    match array.try_buffer() {
        Ok(buffer) => buffer,
        Err(fact) => raise(op, fact),
    }
}

#[track_caller]
fn values<N: AsRef<str>, A: Borrow<Array>>(
    op: &str,
    arrays: impl IntoIterator<Item = (N, A)>,
) -> Vec<(String, Buffer)> {
    let mut named = Vec::new();
    for (name, array) in arrays {
        named.push((name.as_ref().to_string(), value(op, array.borrow())));
    }
    named
}
