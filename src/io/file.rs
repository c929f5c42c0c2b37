//! Reads and writes files, and the elements in them.

use super::{Error, Place};
use bytemuck::Pod;
use kiln_core::sister::Limits;
use kiln_core::{Array, ArrayType, Buffer, DType};
use kiln_program::with_integer;
use std::cmp::Ordering;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{self, AtomicU64};

/// Opens a file to read, and returns its length.
pub(super) fn opened(path: &Path) -> Result<(File, u64), Error> {
    let open = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        match metadata.is_file() {
            true => Ok((file, metadata.len())),
            false => Err(io::Error::other("not a file of bytes but a folder or device")),
        }
    };
    open().map_err(|source| unusable(&Place::of(path), source))
}

/// A file that is not complete yet. The file is removed on drop, also when writing panics, unless it was
/// moved to its final path.
struct PartialFile<'a>(&'a Path);

impl Drop for PartialFile<'_> {
    fn drop(&mut self) {
        // An error or a panic is on its way already.
        let _ = fs::remove_file(self.0);
    }
}

/// Writes a file next to its final path, and moves it there when it is complete and on the disk.
pub(super) fn replaced(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // A link stays a link.
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
            NEXT.fetch_add(1, atomic::Ordering::Relaxed)
        ));
        let beside = target.with_file_name(beside);
        let mut file = File::create_new(&beside)?;
        let part = PartialFile(&beside);
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&beside, &target)?;
        std::mem::forget(part);
        Ok(())
    };
    replace().map_err(|source| unusable(&Place::of(path), source))
}

/// Returns an array type of these lengths, if an array can have it.
pub(super) fn typed(dtype: DType, lengths: &[u64], at: &Place) -> Result<ArrayType, Error> {
    /// NumPy's limit.
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

/// Returns an error if arrays of so many bytes go beyond the limits of the thread.
pub(super) fn within(bytes: u64, at: &Place) -> Result<(), Error> {
    let limit = Limits::current().bytes;
    match bytes > limit {
        true => Err(Error::Limit {
            at: at.clone(),
            what: "bytes of arrays",
            field: "bytes",
            limit,
        }),
        false => Ok(()),
    }
}

/// Fills bytes that come after `before` others.
pub(super) fn fill(reader: &mut dyn Read, bytes: &mut [u8], before: usize, at: &Place) -> Result<(), Error> {
    let mut filled = 0;
    while filled < bytes.len() {
        match reader.read(&mut bytes[filled..]) {
            Ok(0) => {
                return Err(truncated(
                    at,
                    (before + bytes.len()) as u64,
                    (before + filled) as u64,
                ));
            }
            Ok(n) => filled += n,
            Err(source) if source.kind() == ErrorKind::Interrupted => {}
            // An error that is not the operating system's means that compressed bytes are wrong.
            Err(source) if source.raw_os_error().is_none() => return Err(damaged(at, source)),
            Err(source) => return Err(unusable(at, source)),
        }
    }
    Ok(())
}

/// Reads `n` numbers. Memory grows with the bytes that are read: a length in a header is only a claim.
pub(super) fn numbers<T: Pod>(reader: &mut dyn Read, n: usize, at: &Place) -> Result<Vec<T>, Error> {
    /// As many numbers as stay in a core's cache between being zeroed and being written.
    const STEP: usize = 1 << 15;
    let mut numbers: Vec<T> = Vec::new();
    while numbers.len() < n {
        let (start, left) = (numbers.len(), n - numbers.len());
        let end = start + left.min(STEP);
        if numbers.capacity() < end {
            let twice = left.min(start.max(STEP));
            let reserved = numbers.try_reserve_exact(twice);
            reserved.map_err(|error| unusable(at, error.into()))?;
        }
        numbers.resize(end, T::zeroed());
        let bytes = bytemuck::cast_slice_mut(&mut numbers[start..]);
        fill(reader, bytes, start * size_of::<T>(), at).map_err(|error| match error {
            Error::Truncated { found, .. } => truncated(at, (n * size_of::<T>()) as u64, found),
            error => error,
        })?;
    }
    Ok(numbers)
}

/// Returns the error of a file that the system does not read or write.
pub(super) fn unusable(at: &Place, source: io::Error) -> Error {
    Error::File {
        at: at.clone(),
        source,
    }
}

/// Returns the error of a second array with a name.
pub(super) fn duplicate(at: &Place, name: &str) -> Error {
    Error::DuplicateName {
        at: at.clone(),
        name: Some(name.into()),
    }
}

/// Checks that `left` bytes of all `length` are as many as belong there.
pub(super) fn all_there(needed: u64, left: u64, length: u64, at: &Place) -> Result<(), Error> {
    match needed.cmp(&left) {
        Ordering::Greater => Err(truncated(at, (length - left).saturating_add(needed), length)),
        Ordering::Equal => Ok(()),
        Ordering::Less => Err(Error::Trailing {
            at: at.clone(),
            bytes: left - needed,
        }),
    }
}

pub(super) fn truncated(at: &Place, needed: u64, found: u64) -> Error {
    Error::Truncated {
        at: at.clone(),
        needed,
        found,
    }
}

pub(crate) fn damaged(at: &Place, what: impl ToString) -> Error {
    Error::Damaged {
        at: at.clone(),
        what: what.to_string(),
    }
}

/// Reads the elements of an array. `prepare` reorders their bytes.
pub(super) fn elements(
    reader: &mut dyn Read,
    of: ArrayType,
    at: &Place,
    prepare: impl FnOnce(&mut [u8]) -> io::Result<()>,
) -> Result<Array, Error> {
    fn read<T: Pod>(
        reader: &mut dyn Read,
        of: &ArrayType,
        at: &Place,
        prepare: impl FnOnce(&mut [u8]) -> io::Result<()>,
    ) -> Result<Vec<T>, Error> {
        let mut elements = numbers::<T>(reader, of.shape.size(), at)?;
        let prepared = prepare(bytemuck::cast_slice_mut(&mut elements));
        prepared.map_err(|source| unusable(at, source))?;
        Ok(elements)
    }
    macro_rules! plain {
        ($type:ty) => {
            Buffer::from_vec(read::<$type>(reader, &of, at, prepare)?, of.shape)
        };
    }
    Ok(Array::from_buffer(match of.dtype {
        DType::Bool => {
            let bytes = read::<u8>(reader, &of, at, prepare)?;
            if bytes.iter().any(|&byte| byte > 1) {
                return Err(damaged(at, "a bool that is neither 0 nor 1"));
            }
            let elements: Vec<bool> = bytes.into_iter().map(|byte| byte == 1).collect();
            Buffer::from_vec(elements, of.shape)
        }
        DType::F32 => plain!(f32),
        DType::F64 => plain!(f64),
        dtype => with_integer!(dtype, T => plain!(T)),
    }))
}

#[cfg(test)]
mod tests {
    use super::replaced;
    use std::fs;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_panic_leaves_what_was_there_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("kiln-replaced-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("kept");
        fs::write(&path, "before").unwrap();
        let write = || replaced(&path, |_| panic!("while it is written"));
        assert!(catch_unwind(AssertUnwindSafe(write)).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"before");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
