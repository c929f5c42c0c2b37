//! The `.npy` format: eight bytes of magic and version, a line of Python with dtype, order and shape, and the
//! elements.
//!
//! The format is defined in NumPy's `numpy/lib/_format_impl.py`. The line is a dict with these three keys and
//! no others.

use super::file::{all_there, damaged, elements, fill, truncated, typed, within};
use super::{Error, Place};
use kiln_core::{Array, ArrayType, DType};
use std::io::Read;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Returns the bytes before the elements of an array, as NumPy writes them.
pub(super) fn header(of: &ArrayType, at: &Place) -> Result<Vec<u8>, Error> {
    let lengths: Vec<u64> = of.shape.iter().map(|&n| n as u64).collect();
    typed(of.dtype, &lengths, at)?;
    let descr = match of.dtype {
        DType::Bool => "|b1",
        DType::I8 => "|i1",
        DType::U8 => "|u1",
        DType::I16 => "<i2",
        DType::U16 => "<u2",
        DType::I32 => "<i4",
        DType::U32 => "<u4",
        DType::I64 => "<i8",
        DType::U64 => "<u8",
        DType::F32 => "<f4",
        DType::F64 => "<f8",
    };
    let mut line = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': {}, }}",
        of.shape
    );
    // NumPy leaves room so that the first length can grow to any number.
    const DIGITS: usize = 21;
    if let Some(first) = of.shape.first() {
        line.push_str(&" ".repeat(DIGITS.saturating_sub(first.to_string().len())));
    }
    // The elements start at a multiple of this number.
    const ALIGN: usize = 64;
    let before = MAGIC.len() + 2 + 2;
    line.push_str(&" ".repeat(ALIGN - (before + line.len() + 1) % ALIGN));
    line.push('\n');
    let length = u16::try_from(line.len()).expect("64 axes take less");
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend(length.to_le_bytes());
    header.extend(line.as_bytes());
    Ok(header)
}

/// Reads an array, all of `length` bytes.
pub(super) fn read(reader: &mut dyn Read, length: u64, at: &Place) -> Result<Array, Error> {
    let mut start = [0; 8];
    let there = length.min(8) as usize;
    fill(reader, &mut start[..there], 0, at)?;
    let magic = &start[..there.min(6)];
    if !MAGIC.starts_with(magic) {
        return Err(Error::Format {
            at: at.clone(),
            wanted: ".npy file",
            found: match magic.starts_with(b"PK") {
                true => "it is a zip archive, which loadz reads".into(),
                false => format!("it begins with {:?}", magic.escape_ascii().to_string()),
            },
        });
    }
    let (major, wide) = version(start, length, at)?;
    let mut size = [0; 4];
    let field = if wide { 4 } else { 2 };
    fill(reader, &mut size[..field], start.len(), at)?;
    let before = (start.len() + field) as u64;
    let size = u64::from(u32::from_le_bytes(size));
    // The longest header that NumPy reads.
    const LONGEST: u64 = 10_000;
    if size > LONGEST {
        return Err(damaged(at, format!("a header of {size} bytes")));
    }
    let left = length
        .checked_sub(before + size)
        .ok_or_else(|| truncated(at, before + size, length))?;
    let mut line = vec![0; size as usize];
    fill(reader, &mut line, before as usize, at)?;
    let line = std::str::from_utf8(&line).map_err(|_| damaged(at, "the header is not text"))?;
    let Header {
        descr,
        column_major,
        shape,
    } = parsed(line, major).map_err(|what| damaged(at, format!("{what} in the header {:?}", shown(line))))?;
    let (dtype, big) = dtype_of(descr, at)?;
    let of = typed(dtype, &shape, at)?;
    let needed = of.bytes() as u64;
    all_there(needed, left, length, at)?;
    within(needed, at)?;
    let lengths = of.shape.clone();
    elements(reader, of, at, |bytes| {
        let size = dtype.size();
        if big && size > 1 {
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        if column_major && lengths.rank() > 1 && !bytes.is_empty() {
            let mut columns = Vec::new();
            columns.try_reserve_exact(bytes.len())?;
            columns.extend_from_slice(bytes);
            row_major(&columns, &lengths, size, bytes);
        }
        Ok(())
    })
}

/// Returns the version of the format, and true if the field of the header's length has 4 bytes. `start` is
/// the beginning of a file of `length` bytes.
fn version(start: [u8; 8], length: u64, at: &Place) -> Result<(u8, bool), Error> {
    // Magic, version, and the least field for the header's length.
    if length < 10 {
        return Err(truncated(at, 10, length));
    }
    let [major, minor] = [start[6], start[7]];
    match major {
        1..=3 if minor != 0 => Err(damaged(at, format!("version {major}.{minor} of the format"))),
        1 => Ok((1, false)),
        2 | 3 if length < 12 => Err(truncated(at, 12, length)),
        2 | 3 => Ok((major, true)),
        0 => Err(damaged(at, "version 0 of the format")),
        newer => Err(Error::Newer {
            at: at.clone(),
            found: newer.into(),
            known: 3,
        }),
    }
}

/// Copies elements of `size` bytes from column-major order to row-major.
fn row_major(columns: &[u8], lengths: &[usize], size: usize, rows: &mut [u8]) {
    let strides = lengths.iter().scan(size, |stride, &n| {
        let here = *stride;
        *stride *= n;
        Some(here)
    });
    let strides: Vec<usize> = strides.collect();
    let mut index = vec![0; lengths.len()];
    let mut from = 0;
    for row in rows.chunks_exact_mut(size) {
        row.copy_from_slice(&columns[from..from + size]);
        // The next index in row-major order, and its offset.
        for axis in (0..lengths.len()).rev() {
            index[axis] += 1;
            from += strides[axis];
            if index[axis] < lengths[axis] {
                break;
            }
            from -= strides[axis] * lengths[axis];
            index[axis] = 0;
        }
    }
}

/// Returns as much of a header as a message shows.
fn shown(line: &str) -> &str {
    const MOST: usize = 100;
    let end = line.char_indices().nth(MOST).map_or(line.len(), |(at, _)| at);
    &line[..end]
}

/// Returns the dtype of NumPy's type string, and true if it is big-endian.
fn dtype_of(descr: &str, at: &Place) -> Result<(DType, bool), Error> {
    let refused = |name: String| {
        Err(Error::Dtype {
            at: at.clone(),
            found: name,
        })
    };
    match descr.chars().next() {
        Some('[') => return refused(format!("records {}", shown(descr))),
        Some('(') => return refused(format!("arrays {}", shown(descr))),
        _ => {}
    }
    let mut chars = descr.chars();
    let order = chars.next();
    let big = match order {
        Some('>') => true,
        Some('<' | '|' | '=') => false,
        _ => return Err(damaged(at, format!("{:?} is no type", shown(descr)))),
    };
    let kind = chars.as_str();
    let dtype = match kind {
        "b1" => DType::Bool,
        "i1" => DType::I8,
        "i2" => DType::I16,
        "i4" => DType::I32,
        "i8" => DType::I64,
        "u1" => DType::U8,
        "u2" => DType::U16,
        "u4" => DType::U32,
        "u8" => DType::U64,
        "f4" => DType::F32,
        "f8" => DType::F64,
        "f2" => return refused("float16".into()),
        "c8" => return refused("complex64".into()),
        "c16" => return refused("complex128".into()),
        _ => {
            let name = match kind.chars().next() {
                Some('O') => "Python objects",
                Some('S' | 'a') => "byte strings",
                Some('U') => "strings",
                Some('V') => "raw bytes",
                Some('M') => "datetimes",
                Some('m') => "time differences",
                Some('f' | 'i' | 'u' | 'c') => "numbers",
                _ => return Err(damaged(at, format!("{:?} is no type", shown(descr)))),
            };
            return refused(format!("{name} ({})", shown(descr)));
        }
    };
    match order {
        Some('|') if dtype.size() > 1 => Err(damaged(at, format!("{descr:?} has no byte order"))),
        _ => Ok((dtype, big)),
    }
}

struct Header<'a> {
    /// NumPy's type string, a list for records, or a tuple for elements that are arrays.
    descr: &'a str,
    column_major: bool,
    shape: Vec<u64>,
}

fn parsed(line: &str, version: u8) -> Result<Header<'_>, String> {
    // Python allows no other space before an expression.
    let mut rest = Rest(line.trim_start_matches([' ', '\t']));
    if !rest.0.starts_with('{') {
        return Err("no \"{\" at the beginning".into());
    }
    let (mut descr, mut column_major, mut shape) = (None, None, None);
    rest.must("{")?;
    while !rest.eat("}") {
        let key = rest.string()?;
        rest.must(":")?;
        let again = match key {
            "descr" => descr.replace(rest.descr()?).is_some(),
            "fortran_order" => column_major.replace(rest.bool()?).is_some(),
            "shape" => shape.replace(rest.shape(version)?).is_some(),
            _ => return Err(format!("the key {key:?}")),
        };
        if again {
            return Err(format!("{key:?} twice"));
        }
        if !rest.eat(",") {
            rest.must("}")?;
            break;
        }
    }
    // Python counts the space at the beginning of a line, unless NumPy tokenizes the header first, as it does
    // for the versions of Python 2.
    let last = rest.0.trim_start_matches([' ', '\t', '\x0c']);
    let space: &[char] = if version < 3 { &SPACE } else { &['\r', '\n'] };
    if !last.trim_start_matches(space).is_empty() {
        return Err("text after the end".into());
    }
    Ok(Header {
        descr: descr.ok_or("no 'descr'")?,
        column_major: column_major.ok_or("no 'fortran_order'")?,
        shape: shape.ok_or("no 'shape'")?,
    })
}

/// The characters that are space to Python within brackets.
const SPACE: [char; 5] = [' ', '\t', '\x0c', '\r', '\n'];

/// The rest of the line.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn eat(&mut self, token: &str) -> bool {
        self.0 = self.0.trim_start_matches(SPACE);
        match self.0.strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn must(&mut self, token: &str) -> Result<(), String> {
        match self.eat(token) {
            true => Ok(()),
            false => Err(format!("no {token:?} where it belongs")),
        }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = ["'", "\""].into_iter().find(|quote| self.eat(quote));
        let ended = quote.and_then(|quote| self.0.split_once(quote));
        let (text, rest) = ended.ok_or("no string where it belongs")?;
        self.0 = rest;
        Ok(text)
    }

    /// Returns a type string. A list or tuple is returned as its text: its contents are not checked.
    fn descr(&mut self) -> Result<&'a str, String> {
        self.0 = self.0.trim_start_matches(SPACE);
        if !self.0.starts_with(['[', '(']) {
            return self.string();
        }
        let whole = self.0;
        let mut depth = 0_usize;
        for (at, c) in whole.char_indices() {
            match c {
                '[' | '(' => depth += 1,
                ']' | ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.0 = &whole[at + 1..];
                return Ok(&whole[..=at]);
            }
        }
        Err("a list without an end".into())
    }

    fn bool(&mut self) -> Result<bool, String> {
        match (self.eat("True"), self.eat("False")) {
            (true, _) => Ok(true),
            (_, true) => Ok(false),
            _ => Err("neither True nor False".into()),
        }
    }

    /// Reads a tuple of whole numbers in Python: a single number has a comma after it, and no number but 0
    /// begins with 0.
    fn shape(&mut self, version: u8) -> Result<Vec<u64>, String> {
        let mut lengths = Vec::new();
        self.must("(")?;
        while !self.eat(")") {
            let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
            let (digits, rest) = self.0.split_at(end);
            let length = digits
                .parse()
                .ok()
                .filter(|_| digits == "0" || !digits.starts_with('0'));
            lengths.push(length.ok_or("a shape that is not of whole numbers")?);
            self.0 = rest;
            // Python 2 wrote long integers with this suffix.
            if version < 3 {
                self.eat("L");
            }
            if !self.eat(",") {
                self.must(")")?;
                if lengths.len() == 1 {
                    return Err("a shape that is no tuple".into());
                }
                break;
            }
        }
        Ok(lengths)
    }
}
