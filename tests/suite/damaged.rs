//! Reads damaged files and compares kiln's verdict with NumPy's. Also reads mutated files of every format.

use kiln::Array;
use kiln::io::{self, Error};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A row of `damaged.json`. `tests/reference/README.md` describes it.
#[derive(Deserialize)]
struct Row {
    file: String,
    content: String,
    damages: String,
    pieces: String,
    others: String,
}

#[derive(Deserialize)]
struct Table {
    rows: Vec<Row>,
}

fn data(path: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "reference/data", path]
        .iter()
        .collect();
    std::fs::read(path).unwrap()
}

/// Returns files with one byte changed, and files cut off, in the order of `damages` in
/// `tests/reference/files.py`.
fn damages(file: &[u8]) -> Vec<Vec<u8>> {
    let mut damaged = vec![];
    for (at, &byte) in file.iter().enumerate() {
        let bits = (0..8).map(|bit| byte ^ (1 << bit));
        let mut seen = vec![byte];
        for new in bits.chain([0, 255, byte.wrapping_add(1), byte.wrapping_sub(1)]) {
            if !seen.contains(&new) {
                seen.push(new);
                let mut changed = file.to_vec();
                changed[at] = new;
                damaged.push(changed);
            }
        }
    }
    damaged.extend((0..file.len()).map(|end| file[..end].to_vec()));
    damaged
}

/// Returns files made of spans of one file, in the order of `pieces` in `tests/reference/files.py`.
fn pieces(file: &[u8]) -> Vec<Vec<u8>> {
    let n = file.len();
    let joined = |spans: &[(usize, usize)]| {
        let parts = spans.iter().filter(|(start, end)| start < end);
        parts
            .flat_map(|&(start, end)| file[start..end].to_vec())
            .collect::<Vec<u8>>()
    };
    let mut damaged = vec![];
    for width in [1, 2, 4, 16] {
        for at in (0..n - width).step_by(width) {
            let next = (at + 2 * width).min(n);
            damaged.push(joined(&[(0, at), (at + width, n)]));
            damaged.push(joined(&[(0, at + width), (at, n)]));
            damaged.push(joined(&[
                (0, at),
                (at + width, next),
                (at, at + width),
                (next, n),
            ]));
        }
    }
    if !file.starts_with(b"PK") {
        return damaged;
    }
    let found = |magic: &[u8]| {
        (0..n)
            .filter(|&at| file[at..].starts_with(magic))
            .collect::<Vec<usize>>()
    };
    let (mut headers, mut entries) = (found(b"PK\x03\x04"), found(b"PK\x01\x02"));
    headers.push(entries[0]);
    entries.extend(found(b"PK\x05\x06"));
    for places in [headers, entries] {
        let [a, b, c] = places[..] else {
            panic!("two entries in {file:?}")
        };
        damaged.push(joined(&[(0, b), (a, n)]));
        damaged.push(joined(&[(0, c), (b, n)]));
        damaged.push(joined(&[(0, a), (b, c), (a, b), (c, n)]));
        damaged.push(joined(&[(0, a), (b, n)]));
        damaged.push(joined(&[(0, b), (c, n)]));
        damaged.push(joined(&[(0, a), (a, b), (a, b), (c, n)]));
    }
    damaged.push(joined(&[(0, n), (0, n)]));
    damaged
}

/// Returns the checksum of the arrays in a file, as `content` in `tests/reference/files.py` does.
fn content(file: &[u8], archive: bool) -> Result<String, Error> {
    let arrays: BTreeMap<String, Array> = match archive {
        true => io::from_npz(file)?,
        false => BTreeMap::from([(String::new(), io::from_npy(file)?)]),
    };
    let mut checksum = crc32fast::Hasher::new();
    for (name, array) in &arrays {
        let shape: Vec<String> = array.shape().iter().map(|n| n.to_string()).collect();
        checksum.update(format!("{name} {} [{}] ", array.dtype(), shape.join(", ")).as_bytes());
        checksum.update(array.try_buffer().unwrap().bytes());
    }
    Ok(format!("{:08x}", checksum.finalize()))
}

/// The words of kiln's errors for files that NumPy reads. The documentation of `kiln::io` explains these
/// errors.
const STRICTER: [&str; 13] = [
    "bytes too many after the end",
    "has no byte order",
    "which kiln has no dtype for",
    "in its header and in the directory differ",
    "the directory's entry of",
    "the extra fields of",
    "its directory is cut off",
    "its directory does not end where the end record begins",
    "its end record contradicts itself",
    "the last 22 bytes are no end of an archive without a comment",
    "of the format",
    "incomplete deflate stream",
    "bytes that belong there",
];

/// NumPy reads every file that kiln reads, with the same content. If NumPy reads a file and kiln refuses it,
/// the reason is documented. A damaged archive that kiln reads has the content of the undamaged one.
#[test]
fn as_numpy_does() {
    let table: Table = serde_json::from_slice(&data("damaged.json")).unwrap();
    let mut reasons = BTreeMap::from(STRICTER.map(|words| (words, 0)));
    for row in table.rows {
        let file = data(&format!("files/{}", row.file));
        let archive = row.file.ends_with(".npz");
        assert_eq!(content(&file, archive).unwrap(), row.content, "{}", row.file);
        let mut others = row.others.split_whitespace();
        let files: Vec<Vec<u8>> = damages(&file).into_iter().chain(pieces(&file)).collect();
        let verdicts: Vec<char> = row.damages.chars().chain(row.pieces.chars()).collect();
        assert_eq!(files.len(), verdicts.len(), "{}", row.file);
        for (damaged, verdict) in files.iter().zip(verdicts) {
            let numpy = match verdict {
                '=' => Some(row.content.as_str()),
                'x' => others.next(),
                _ => None,
            };
            let shown = || format!("{}: {}", row.file, damaged.escape_ascii());
            match content(damaged, archive) {
                Ok(found) => {
                    assert_eq!(Some(&*found), numpy, "{}", shown());
                    assert!(!archive || found == row.content, "{}", shown());
                }
                Err(error) if numpy.is_some() => {
                    let error = error.to_string();
                    let known = STRICTER.iter().find(|words| error.contains(**words));
                    let known = known.unwrap_or_else(|| panic!("{error}: {}", shown()));
                    *reasons.get_mut(known).unwrap() += 1;
                }
                Err(_) => {}
            }
        }
    }
    assert!(reasons.values().all(|&count| count > 0), "{reasons:?}");
}

/// Reads two thousand mutated files of each format. The variable `KILN_FILES_COUNT` sets another number, and
/// `KILN_FILES_SEED` the first seed.
#[test]
fn mutated_files_are_errors_or_can_be_used() {
    /// No mutated file needs a piece of memory as large as this.
    const HUGE: usize = 1 << 26;
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (seed, count) = (number("KILN_FILES_SEED", 0), number("KILN_FILES_COUNT", 2000));
    for format in crate::support::mutated::formats() {
        crate::support::memory::LARGEST.set(0);
        let counts = crate::support::mutated::run(&format, seed, count, |name| {
            assert!(
                crate::support::memory::LARGEST.get() < HUGE,
                "{name} asks for {} bytes",
                crate::support::memory::LARGEST.get()
            );
        });
        println!("{}: {counts:?}", format.name);
        assert!(
            counts.refused > 0 && counts.read > 0,
            "{}: {counts:?}",
            format.name
        );
    }
}
