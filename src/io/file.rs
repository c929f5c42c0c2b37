//! Files, and the elements in them.

use super::{Error, Place};
use kiln_core::{Array, ArrayType, Buffer, DType};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file to read, and how long it is.
pub(super) fn opened(path: &Path) -> Result<(File, u64), Error> {
    let open = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        match metadata.is_file() {
            true => Ok((file, metadata.len())),
            false => Err(io::Error::other("not a file of bytes but a folder or device")),
        }
    };
    open().map_err(|source| Error::File {
        at: Place::of(path),
        source,
    })
}

/// Writes a file beside its place, and moves it there when it is complete.
pub(super) fn replaced(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // A link stays one.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.into());
    let replace = || {
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::other("not the name of a file"))?;
        let mut beside = OsString::from(".");
        beside.push(name);
        beside.push(format!(
            ".{}-{}.part",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        let beside = target.with_file_name(beside);
        let mut file = File::create_new(&beside)?;
        let written = write(&mut file).and_then(|()| fs::rename(&beside, &target));
        if written.is_err() {
            // The first error is the one to tell of.
            let _ = fs::remove_file(&beside);
        }
        written
    };
    replace().map_err(|source| Error::File {
        at: Place::of(path),
        source,
    })
}

/// An array type of these lengths, if there are such arrays.
pub(super) fn typed(dtype: DType, lengths: &[u64], at: &Place) -> Result<ArrayType, Error> {
    /// As many as NumPy takes.
    const AXES: usize = 64;
    let usable = || {
        let lengths: Option<Vec<usize>> = lengths.iter().map(|&n| usize::try_from(n).ok()).collect();
        let of = ArrayType::new(dtype, lengths?);
        (of.shape.rank() <= AXES && of.checked_bytes().is_some()).then_some(of)
    };
    usable().ok_or_else(|| Error::Shape {
        at: at.clone(),
        shape: lengths.to_vec(),
    })
}

/// Fills bytes; `found` are there.
pub(super) fn fill(reader: &mut dyn Read, bytes: &mut [u8], found: u64, at: &Place) -> Result<(), Error> {
    reader.read_exact(bytes).map_err(|source| match source.kind() {
        ErrorKind::UnexpectedEof => truncated(at, bytes.len() as u64, found),
        // What is not the operating system's says that compressed bytes are wrong.
        _ if source.raw_os_error().is_none() => damaged(at, source),
        _ => Error::File {
            at: at.clone(),
            source,
        },
    })
}

pub(super) fn truncated(at: &Place, needed: u64, found: u64) -> Error {
    Error::Truncated {
        at: at.clone(),
        needed,
        found,
    }
}

pub(super) fn damaged(at: &Place, what: impl ToString) -> Error {
    Error::Damaged {
        at: at.clone(),
        what: what.to_string(),
    }
}

/// The elements of an array, of which the caller knows that as many bytes are there; `prepare` brings them in order.
pub(super) fn elements(
    reader: &mut dyn Read,
    of: ArrayType,
    at: &Place,
    prepare: impl FnOnce(&mut [u8]),
) -> Result<Array, Error> {
    let dtype = of.dtype;
    let mut buffer = Buffer::zeros(of);
    let bytes = buffer.bytes_mut().expect("nobody else holds a new buffer");
    let found = bytes.len() as u64;
    fill(reader, bytes, found, at)?;
    prepare(bytes);
    match dtype == DType::Bool && bytes.iter().any(|&byte| byte > 1) {
        true => Err(damaged(at, "a bool that is neither 0 nor 1")),
        false => Ok(Array::from_buffer(buffer)),
    }
}
