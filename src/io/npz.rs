//! The `.npz` format: a zip archive of `.npy` files, each called after its array.

use super::file::{damaged, truncated};
use super::{Error, Place, npy};
use kiln_core::{Array, Buffer};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Read, Seek, Write};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const SUFFIX: &str = ".npy";

/// A file of the archive.
pub(super) struct Entry<'a> {
    name: String,
    header: Vec<u8>,
    elements: &'a [u8],
}

pub(super) fn entries<'a>(named: &'a [(String, Buffer)], at: &Place) -> Result<Vec<Entry<'a>>, Error> {
    let mut seen = BTreeSet::new();
    let entry = |(name, buffer): &'a (String, Buffer)| {
        if !seen.insert(name) {
            return Err(Error::DuplicateName {
                at: at.clone(),
                name: Some(name.clone()),
            });
        }
        // The length of a name is two bytes there.
        if name.len() + SUFFIX.len() > usize::from(u16::MAX) {
            return Err(Error::Name {
                at: at.clone(),
                name: name.clone(),
            });
        }
        Ok(Entry {
            name: format!("{name}{SUFFIX}"),
            header: npy::header(buffer.array_type(), &at.array(name))?,
            elements: buffer.bytes(),
        })
    };
    named.iter().map(entry).collect()
}

pub(super) fn write(entries: &[Entry<'_>], file: impl Write + Seek) -> io::Result<()> {
    let mut archive = ZipWriter::new(BufWriter::new(file));
    for entry in entries {
        let length = entry.header.len() + entry.elements.len();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            // No time: the same arrays are the same file.
            .last_modified_time(zip::DateTime::default())
            .large_file(length as u64 >= zip::ZIP64_BYTES_THR);
        archive.start_file(&entry.name, options)?;
        archive.write_all(&entry.header)?;
        archive.write_all(entry.elements)?;
    }
    archive.finish()?.flush()
}

pub(super) fn read(
    mut reader: impl Read + Seek,
    length: u64,
    at: &Place,
) -> Result<BTreeMap<String, Array>, Error> {
    let mut start = Vec::new();
    let begun = reader.by_ref().take(4).read_to_end(&mut start);
    begun.map_err(|source| Error::File {
        at: at.clone(),
        source,
    })?;
    // A first file, or the end of an empty archive.
    let magics: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
    if !magics.iter().any(|magic| magic.starts_with(&start)) {
        return Err(Error::Format {
            at: at.clone(),
            wanted: ".npz file",
            found: match start.starts_with(b"\x93NUM") {
                true => "it is a .npy file, which load reads".into(),
                false => format!("it begins with {:?}", start.escape_ascii().to_string()),
            },
        });
    }
    // The shortest archive: its end alone.
    const SHORTEST: u64 = 22;
    if length < SHORTEST {
        return Err(truncated(at, SHORTEST, length));
    }
    let mut archive = ZipArchive::new(reader).map_err(|error| refused(error, at))?;
    if archive.has_duplicate_names() {
        return Err(Error::DuplicateName {
            at: at.clone(),
            name: None,
        });
    }
    let mut arrays = BTreeMap::new();
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).map_err(|error| refused(error, at))?;
        let file = entry.name().map_err(|error| refused(error, at))?.into_owned();
        let Some(name) = file.strip_suffix(SUFFIX) else {
            return Err(damaged(at, format!("{file:?} in it is no .npy file")));
        };
        let method = entry.compression();
        if !matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated) {
            return Err(other(at, format!("{file:?} in it is compressed as {method:?}")));
        }
        let at = at.array(name);
        let size = entry.size();
        // Deflate makes no more out of a byte: what a header claims beyond that is not there.
        const MOST: u64 = 1032;
        if size > entry.compressed_size().min(length).saturating_mul(MOST) {
            return Err(damaged(
                &at,
                format!(
                    "{size} bytes are said to be in {} compressed ones",
                    entry.compressed_size()
                ),
            ));
        }
        let array = npy::read(&mut entry, size, &at)?;
        // The checksum is looked at where the file ends.
        match entry.read(&mut [0]) {
            Ok(0) => arrays.insert(name.to_string(), array),
            Ok(_) => {
                return Err(damaged(
                    &at,
                    format!("more than the {size} bytes that belong there"),
                ));
            }
            Err(error) => return Err(damaged(&at, error)),
        };
    }
    Ok(arrays)
}

fn refused(error: ZipError, at: &Place) -> Error {
    match error {
        // An error of the operating system's, not one that was made of what is there.
        ZipError::Io(source) if source.raw_os_error().is_some() => Error::File {
            at: at.clone(),
            source,
        },
        ZipError::UnsupportedArchive(_) => other(at, error.to_string()),
        error => damaged(at, error),
    }
}

/// An archive of a kind that NumPy does not write.
fn other(at: &Place, found: String) -> Error {
    Error::Format {
        at: at.clone(),
        wanted: ".npz file as NumPy writes them",
        found,
    }
}
