//! The `.npz` format: a zip archive of `.npy` files, each with the name of its array.

use super::file::{damaged, duplicate, truncated, unusable, within};
use super::{Error, Place, npy, zip};
use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, ZIP64_BYTES_THR, ZipWriter};
use kiln_core::{Array, Buffer};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufWriter, Read, Seek, Write};

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
            return Err(duplicate(at, name));
        }
        // An archive has two bytes for the length of a name.
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
            // Without a time, the same arrays make the same file.
            .last_modified_time(::zip::DateTime::default())
            .large_file(length as u64 >= ZIP64_BYTES_THR);
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
    begun.map_err(|source| unusable(at, source))?;
    // The magic of a first file, or of the end of an empty archive.
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
    if length < zip::END {
        return Err(truncated(at, zip::END, length));
    }
    let members = zip::members(&mut reader, length, at)?;
    let all = members.iter().map(|member| member.size);
    within(all.fold(0, u64::saturating_add), at)?;
    let mut arrays = BTreeMap::new();
    for member in &members {
        let Some(name) = member.name.strip_suffix(SUFFIX) else {
            return Err(damaged(at, format!("{:?} in it is no .npy file", member.name)));
        };
        let here = at.array(name);
        if !member.is_possible() {
            return Err(damaged(
                &here,
                format!("{} bytes are said to be in it", member.size),
            ));
        }
        let opened = member.open(&mut reader);
        let mut content = opened.map_err(|source| unusable(&here, source))?;
        let array = npy::read(&mut content, member.size, &here)?;
        content.finish(member).map_err(|what| damaged(&here, what))?;
        if arrays.insert(name.to_string(), array).is_some() {
            return Err(duplicate(at, name));
        }
    }
    Ok(arrays)
}
