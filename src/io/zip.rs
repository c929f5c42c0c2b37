//! Reads the structure of a zip archive, and detects damage.
//!
//! Most readers of zip archives, such as the crate `zip`, read the central directory alone: a damaged name or
//! number there selects other arrays, and bytes that no entry covers are skipped. Here all data that an
//! archive holds twice must agree, and its parts cover every byte:
//!
//! ```text
//! (local header, data, descriptor)...  directory  (zip64 end record, locator)  end record
//! ```
//!
//! The format is described in PKWARE's APPNOTE.TXT. Only the archives of `np.savez` and `np.savez_compressed`
//! are read.

use super::file::{damaged, fill, numbers, unusable};
use super::{Error, Place};
use crc32fast::Hasher;
use flate2::read::DeflateDecoder;
use std::io::{self, Read, Seek, SeekFrom, Take};

/// The length of the end record, and so of the shortest archive.
pub(super) const END: u64 = 22;
/// The lengths of the other records, without the names and extra fields after them.
const LOCAL: u64 = 30;
const ENTRY: usize = 46;
const END64: u64 = 56;
const LOCATOR: u64 = 20;

/// The highest version of the format that stored and deflated files need: 4.5, for sizes of 64 bits.
const VERSION: u64 = 45;

/// Flags: a checksum after the data, a name in UTF-8, the effort of deflate, and encryption.
const DESCRIPTOR: u64 = 1 << 3;
const UTF8: u64 = 1 << 11;
const EFFORT: u64 = 0b110;
const ENCRYPTED: u64 = 1;

const STORED: u64 = 0;
const DEFLATED: u64 = 8;

/// A file in an archive.
pub(super) struct Member {
    pub(super) name: String,
    method: u64,
    flags: u64,
    crc32: u64,
    /// The number of bytes of the file.
    pub(super) size: u64,
    /// The number of bytes of the file within the archive.
    compressed: u64,
    /// The offset of the file's local header.
    header: u64,
    /// The offset of the file's data.
    data: u64,
}

/// Little-endian numbers, one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Returns the next number, of `width` bytes. The caller has checked that they exist.
    fn next(&mut self, width: usize) -> u64 {
        let (number, rest) = self.0.split_at(width);
        self.0 = rest;
        number.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte))
    }
}

/// An archive that is being read.
struct Archive<'a, R> {
    reader: &'a mut R,
    at: &'a Place,
}

/// Returns the files of an archive of `length` bytes, in the order of its directory. `length` is at least
/// that of an end record.
pub(super) fn members<R: Read + Seek>(reader: &mut R, length: u64, at: &Place) -> Result<Vec<Member>, Error> {
    let mut archive = Archive { reader, at };
    let directory = archive.directory(length)?;
    let mut members = archive.entries(&directory)?;
    // The files in the order of their offsets.
    let mut order: Vec<&mut Member> = members.iter_mut().collect();
    order.sort_by_key(|member| member.header);
    let nexts: Vec<u64> = order.iter().skip(1).map(|member| member.header).collect();
    let mut end = 0;
    for (i, member) in order.into_iter().enumerate() {
        if member.header != end {
            return Err(damaged(
                at,
                format!("{:?} in it is not where the file before ends", member.name),
            ));
        }
        end = nexts.get(i).copied().unwrap_or(directory.start);
        archive.local(member, end)?;
    }
    if end != directory.start {
        return Err(damaged(at, "bytes that belong to no file"));
    }
    Ok(members)
}

/// The position of the directory, and its number of entries.
struct Directory {
    start: u64,
    size: u64,
    entries: u64,
}

impl<R: Read + Seek> Archive<'_, R> {
    fn wrong<T>(&self, what: impl ToString) -> Result<T, Error> {
        Err(damaged(self.at, what))
    }

    /// Returns the error of an archive that NumPy does not write.
    fn other<T>(&self, found: String) -> Result<T, Error> {
        Err(Error::Format {
            at: self.at.clone(),
            wanted: ".npz file as NumPy writes them",
            found,
        })
    }

    /// Reads the `size` bytes from `start` on. The caller has checked that they exist.
    fn bytes(&mut self, start: u64, size: u64) -> Result<Vec<u8>, Error> {
        self.seek(start)?;
        numbers(self.reader, size as usize, self.at)
    }

    fn seek(&mut self, start: u64) -> Result<(), Error> {
        let sought = self.reader.seek(SeekFrom::Start(start));
        sought.map(drop).map_err(|source| unusable(self.at, source))
    }

    fn directory(&mut self, length: u64) -> Result<Directory, Error> {
        let last = length - END;
        let record = self.bytes(last, END)?;
        if !record.starts_with(b"PK\x05\x06") {
            return self.wrong("the last 22 bytes are no end of an archive without a comment");
        }
        let mut fields = Fields(&record[4..]);
        let disks = [fields.next(2), fields.next(2)];
        let here = fields.next(2);
        let mut directory = Directory {
            entries: fields.next(2),
            size: fields.next(4),
            start: fields.next(4),
        };
        if disks != [0, 0] || here != directory.entries || fields.next(2) != 0 {
            return self.wrong("its end record contradicts itself");
        }
        let mut end = last;
        if let Some(start) = last.checked_sub(LOCATOR + END64) {
            let record = self.bytes(start, LOCATOR + END64)?;
            if record[END64 as usize..].starts_with(b"PK\x06\x07") {
                self.wide(&record, start, &mut directory)?;
                end = start;
            }
        }
        if directory.start.checked_add(directory.size) != Some(end) {
            return self.wrong("its directory does not end where the end record begins");
        }
        Ok(directory)
    }

    /// Reads the zip64 end record and its locator. The end record has the same numbers, unless they do not
    /// fit into its fields.
    fn wide(&self, record: &[u8], start: u64, directory: &mut Directory) -> Result<(), Error> {
        let mut fields = Fields(&record[4..]);
        let size = fields.next(8);
        let _made_by = fields.next(2);
        let version = fields.next(2);
        let disks = [fields.next(4), fields.next(4)];
        let here = fields.next(8);
        let wide = Directory {
            entries: fields.next(8),
            size: fields.next(8),
            start: fields.next(8),
        };
        let mut locator = Fields(&fields.0[4..]);
        let located = [locator.next(4), locator.next(8), locator.next(4)];
        let fits = |narrow: u64, wide: u64, most: u32| narrow == wide || narrow == u64::from(most);
        let agree = record.starts_with(b"PK\x06\x06")
            && size == END64 - 12
            && version <= VERSION
            && disks == [0, 0]
            && here == wide.entries
            && located == [0, start, 1]
            && fits(directory.entries, wide.entries, u16::MAX.into())
            && fits(directory.size, wide.size, u32::MAX)
            && fits(directory.start, wide.start, u32::MAX);
        if !agree {
            return self.wrong("its end records contradict each other");
        }
        *directory = wide;
        Ok(())
    }

    fn entries(&mut self, directory: &Directory) -> Result<Vec<Member>, Error> {
        let bytes = self.bytes(directory.start, directory.size)?;
        let mut rest = &bytes[..];
        let mut members = Vec::new();
        while !rest.is_empty() {
            if rest.len() < ENTRY || !rest.starts_with(b"PK\x01\x02") {
                return self.wrong("an entry of its directory has no beginning");
            }
            let (fixed, after) = rest.split_at(ENTRY);
            let mut fields = Fields(&fixed[4..]);
            let _made_by = fields.next(2);
            let version = fields.next(2);
            let (flags, method) = (fields.next(2), fields.next(2));
            let _time = fields.next(4);
            let (crc32, mut compressed, mut size) = (fields.next(4), fields.next(4), fields.next(4));
            let [name, extra, comment] = [fields.next(2), fields.next(2), fields.next(2)].map(|n| n as usize);
            let disk = fields.next(2);
            let _attributes = fields.next(6);
            let mut header = fields.next(4);
            if after.len() < name + extra + comment {
                return self.wrong("its directory is cut off");
            }
            let (name, after) = after.split_at(name);
            let (extra, after) = after.split_at(extra);
            rest = &after[comment..];
            let name = self.name(name, flags)?;
            self.readable(&name, version, flags, method)?;
            if disk != 0 || !wide_sizes(extra, [&mut size, &mut compressed, &mut header]) {
                return self.wrong(format!("the directory's entry of {name:?} contradicts itself"));
            }
            if header >= directory.start {
                return self.wrong(format!("{name:?} is said to begin after the last file"));
            }
            members.push(Member {
                name,
                method,
                flags,
                crc32,
                size,
                compressed,
                header,
                data: header,
            });
        }
        if members.len() as u64 != directory.entries {
            return self.wrong(format!(
                "its end record counts {} files, its directory {}",
                directory.entries,
                members.len()
            ));
        }
        Ok(members)
    }

    fn name(&self, bytes: &[u8], flags: u64) -> Result<String, Error> {
        match std::str::from_utf8(bytes) {
            Ok(name) if (flags & UTF8 != 0 || name.is_ascii()) && !name.contains('\0') => Ok(name.into()),
            _ => self.wrong(format!(
                "{:?} is no name of a file",
                bytes.escape_ascii().to_string()
            )),
        }
    }

    /// Returns an error if a file is stored in an unsupported way.
    fn readable(&self, name: &str, version: u64, flags: u64, method: u64) -> Result<(), Error> {
        if flags & ENCRYPTED != 0 {
            return self.other(format!("{name:?} in it is encrypted"));
        }
        if !matches!(method, STORED | DEFLATED) {
            return self.other(format!("{name:?} in it is compressed as method {method}"));
        }
        if version > VERSION || flags & !(DESCRIPTOR | UTF8 | EFFORT) != 0 {
            return self.other(format!(
                "{name:?} in it needs version {version} and flags {flags:#x} of the format"
            ));
        }
        Ok(())
    }

    /// Compares the directory's entry with the local header and the descriptor, which ends at `end`, and
    /// finds the data.
    fn local(&mut self, member: &mut Member, end: u64) -> Result<(), Error> {
        let (name, at) = (&member.name, self.at);
        let differ = |what: &str| {
            let what = format!("{what} of {name:?} in its header and in the directory differ");
            Err(damaged(at, what))
        };
        let room = end - member.header;
        if room < LOCAL {
            return differ("the length");
        }
        let mut fixed = [0; LOCAL as usize];
        self.seek(member.header)?;
        fill(self.reader, &mut fixed, 0, at)?;
        if !fixed.starts_with(b"PK\x03\x04") {
            return self.wrong(format!("{name:?} in it has no header"));
        }
        let mut fields = Fields(&fixed[4..]);
        let version = fields.next(2);
        let (flags, method) = (fields.next(2), fields.next(2));
        let _time = fields.next(4);
        let (crc32, mut compressed, mut size) = (fields.next(4), fields.next(4), fields.next(4));
        let (named, extra) = (fields.next(2), fields.next(2));
        if room < LOCAL + named + extra {
            return differ("the length");
        }
        let rest: Vec<u8> = numbers(self.reader, (named + extra) as usize, at)?;
        let (named, extra) = rest.split_at(named as usize);
        if named != name.as_bytes() {
            return differ("the name");
        }
        if version > VERSION || flags != member.flags || method != member.method {
            return differ("the way of storing");
        }
        if !wide_sizes(extra, [&mut size, &mut compressed]) {
            return self.wrong(format!("the extra fields of {name:?} are not whole"));
        }
        let said = [crc32, size, compressed];
        let known = [member.crc32, member.size, member.compressed];
        // A writer that cannot seek writes zeros here, and a descriptor after the data.
        let later = member.flags & DESCRIPTOR != 0;
        if said != known && !(later && said == [0, 0, 0]) {
            return differ("the sizes or checksums");
        }
        member.data = member.header + LOCAL + rest.len() as u64;
        let Some(left) = (end - member.data).checked_sub(member.compressed) else {
            return differ("the length");
        };
        let descriptor = match (later, left) {
            (false, 0) => return Ok(()),
            (true, 16 | 24) => left,
            _ => return differ("the length"),
        };
        let record = self.bytes(end - descriptor, descriptor)?;
        let mut fields = Fields(&record[4..]);
        let width = if descriptor == 16 { 4 } else { 8 };
        let said = [fields.next(4), fields.next(width), fields.next(width)];
        match record.starts_with(b"PK\x07\x08") && said == [member.crc32, member.compressed, member.size] {
            true => Ok(()),
            false => differ("the descriptor"),
        }
    }
}

/// Replaces the sizes that do not fit into fields of four bytes by those of the zip64 extra field, in this
/// order. Returns true if the extra fields are complete.
fn wide_sizes<const N: usize>(mut extra: &[u8], sizes: [&mut u64; N]) -> bool {
    let mut wide = sizes.into_iter().filter(|size| **size == u64::from(u32::MAX));
    while extra.len() >= 4 {
        let mut fields = Fields(extra);
        let (tag, length) = (fields.next(2), fields.next(2) as usize);
        if fields.0.len() < length {
            return false;
        }
        let (mut field, rest) = fields.0.split_at(length);
        if tag == 1 {
            for size in wide.by_ref() {
                if field.len() < 8 {
                    return false;
                }
                let mut fields = Fields(field);
                *size = fields.next(8);
                field = fields.0;
            }
        }
        extra = rest;
    }
    extra.is_empty()
}

impl Member {
    /// Returns true if the data can expand to the file's size. Deflate makes at most 1032 bytes of one.
    pub(super) fn is_possible(&self) -> bool {
        match self.method {
            STORED => self.size == self.compressed,
            _ => self.size <= self.compressed.saturating_mul(1032),
        }
    }

    /// Returns the file's bytes.
    pub(super) fn open<'a, R: Read + Seek>(&self, reader: &'a mut R) -> io::Result<Content<'a, R>> {
        reader.seek(SeekFrom::Start(self.data))?;
        let data = reader.take(self.compressed);
        Ok(Content {
            source: match self.method {
                STORED => Source::Stored(data),
                _ => Source::Deflated(DeflateDecoder::new(data)),
            },
            checksum: Hasher::new(),
        })
    }
}

enum Source<'a, R> {
    Stored(Take<&'a mut R>),
    Deflated(DeflateDecoder<Take<&'a mut R>>),
}

/// The bytes of a file in an archive.
pub(super) struct Content<'a, R> {
    source: Source<'a, R>,
    checksum: Hasher,
}

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.source {
            Source::Stored(data) => data.read(bytes)?,
            Source::Deflated(data) => data.read(bytes)?,
        };
        self.checksum.update(&bytes[..n]);
        Ok(n)
    }
}

impl<R: Read> Content<'_, R> {
    /// Checks a file whose bytes were all read. The error says what is wrong.
    pub(super) fn finish(mut self, of: &Member) -> Result<(), String> {
        if self.read(&mut [0]).map_err(|error| error.to_string())? != 0 {
            return Err(format!("more than the {} bytes that belong there", of.size));
        }
        let used = match &self.source {
            Source::Stored(_) => of.compressed,
            Source::Deflated(data) => data.total_in(),
        };
        if used != of.compressed {
            return Err(format!("{used} of {} compressed bytes are a file", of.compressed));
        }
        match u64::from(self.checksum.finalize()) == of.crc32 {
            true => Ok(()),
            false => Err("its bytes have another checksum".into()),
        }
    }
}
