//! The errors of reading and writing files.

use std::fmt;
use std::path::{Path, PathBuf};

/// A position in an error: a file, and an array in it. It prints as `prices.npz, array spot`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, or `None` for bytes in memory.
    pub path: Option<PathBuf>,
    /// The name of an array in the file.
    pub array: Option<String>,
}

impl Place {
    pub(crate) fn of(path: &Path) -> Place {
        Place {
            path: Some(path.into()),
            array: None,
        }
    }

    pub(crate) fn array(&self, name: &str) -> Place {
        Place {
            path: self.path.clone(),
            array: Some(name.into()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}", path.display())?,
            None => f.write_str("the bytes")?,
        }
        match &self.array {
            Some(name) => write!(f, ", array {name}"),
            None => Ok(()),
        }
    }
}

/// The reason why a file is not read or written. It prints the position, the fact, and a hint.
///
/// ```
/// use kiln::io::{self, Error};
/// let error = io::from_npy(b"PK\x03\x04 and so on").unwrap_err();
/// assert!(matches!(error, Error::Format { .. }));
/// assert_eq!(error.to_string(), "the bytes: this is no .npy file: it is a zip archive, which loadz reads");
/// ```
#[non_exhaustive]
pub enum Error {
    /// The operating system refuses: the file does not exist or is a folder, the disk is full, or there is no
    /// memory for so large an array.
    File {
        /// The file.
        at: Place,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The file has another format: it does not begin with the bytes of the format, or is encrypted or
    /// compressed in an unsupported way.
    Format {
        /// The file.
        at: Place,
        /// The expected format.
        wanted: &'static str,
        /// The format that the file seems to have.
        found: String,
    },
    /// The file or array ends too early.
    Truncated {
        /// The file or array.
        at: Place,
        /// The least number of bytes that it needs.
        needed: u64,
        /// The number of bytes that it has.
        found: u64,
    },
    /// There are bytes after the end.
    Trailing {
        /// The file or array.
        at: Place,
        /// The number of bytes after the end.
        bytes: u64,
    },
    /// The file or array contradicts itself.
    Damaged {
        /// The file or array.
        at: Place,
        /// The contradiction.
        what: String,
    },
    /// The elements have a type for which kiln has no dtype.
    Dtype {
        /// The array.
        at: Place,
        /// The type's name.
        found: String,
    },
    /// No array, or no file, can have the shape.
    Shape {
        /// The array.
        at: Place,
        /// The lengths of its axes.
        shape: Vec<u64>,
    },
    /// An array is missing.
    MissingName {
        /// The file.
        at: Place,
        /// The array's name.
        name: String,
    },
    /// There are two arrays of the same name.
    DuplicateName {
        /// The file.
        at: Place,
        /// The arrays' name, if it is known.
        name: Option<String>,
    },
    /// An array cannot have this name.
    Name {
        /// The file.
        at: Place,
        /// The name.
        name: String,
    },
    /// The file or array exceeds one of the [`Limits`](crate::io::Limits).
    Limit {
        /// The file or array.
        at: Place,
        /// The name of the limited quantity.
        what: &'static str,
        /// The field of [`Limits`](crate::io::Limits) with the limit.
        field: &'static str,
        /// The greatest number that is read.
        limit: u64,
    },
    /// An earlier version of kiln wrote the file. This version does not read it.
    Older {
        /// The file.
        at: Place,
        /// The version of the file.
        found: u64,
        /// The earliest version that can be read.
        known: u64,
    },
    /// A later version of kiln wrote the file.
    Newer {
        /// The file.
        at: Place,
        /// The version of the file.
        found: u64,
        /// The latest version that can be read.
        known: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::File { at, source } => write!(f, "{at}: {source}"),
            Error::Format { at, wanted, found } => write!(f, "{at}: this is no {wanted}: {found}"),
            Error::Truncated { at, needed, found } => write!(
                f,
                "{at}: cut off: {needed} bytes belong there, {found} are there: write or copy it again"
            ),
            Error::Trailing { at, bytes } => {
                write!(
                    f,
                    "{at}: {bytes} bytes too many after the end: write or copy it again"
                )
            }
            Error::Damaged { at, what } => write!(f, "{at}: damaged: {what}: write or copy it again"),
            Error::Dtype { at, found } => write!(
                f,
                "{at}: the elements are {found}, which kiln has no dtype for: convert them before saving, as x.astype(\"float32\")"
            ),
            Error::Shape { at, shape } => write!(
                f,
                "{at}: no array has the shape {shape:?}: at most 64 axes, and no more elements than memory has addresses"
            ),
            Error::MissingName { at, name } => write!(f, "{at}: there is no array {name}"),
            Error::DuplicateName { at, name: Some(name) } => {
                write!(f, "{at}: two arrays have the name {name}: give each its own")
            }
            Error::DuplicateName { at, name: None } => {
                write!(f, "{at}: two arrays have the same name: give each its own")
            }
            Error::Name { at, name } => write!(f, "{at}: no array can be called {name:?}"),
            Error::Limit {
                at,
                what,
                field,
                limit,
            } => {
                write!(
                    f,
                    "{at}: more than {limit} {what}: raise Limits::{field} by io::with_limits"
                )
            }
            Error::Older { at, found, known } => write!(
                f,
                "{at}: written in version {found} of its format, this reads {known} and later: save it again"
            ),
            Error::Newer { at, found, known } => write!(
                f,
                "{at}: written in version {found} of its format, this reads up to {known}: use a newer kiln"
            ),
        }
    }
}

kiln_backends::program::debug_by_display!(Error);

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
