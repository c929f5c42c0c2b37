//! Reads and writes files: whole ones, those of Python, and damaged ones.

use crate::support::memory::{LARGEST, MOST};
use kiln::io::{self, Error};
use kiln::{Array, DType, jit, numpy as np, with_x64};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// No damaged file here needs a piece of memory as large as this.
const HUGE: usize = 1 << 26;

/// Returns a folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kiln-io-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn python(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "reference/data/files", file]
        .iter()
        .collect()
}

/// Returns the array of `sample` in `tests/reference/files.py`.
fn sample(dtype: DType) -> Array {
    macro_rules! ends {
        ($type:ty) => {
            Array::new(vec![0, 1, 2, 3, <$type>::MIN, <$type>::MAX], (2, 3))
        };
    }
    macro_rules! floats {
        ($type:ident) => {
            Array::new(
                vec![
                    0.1,
                    -0.0,
                    $type::INFINITY,
                    -$type::INFINITY,
                    $type::MAX,
                    $type::MIN_POSITIVE,
                ],
                (2, 3),
            )
        };
    }
    match dtype {
        DType::Bool => Array::new(vec![true, false, false, true, true, false], (2, 3)),
        DType::I8 => ends!(i8),
        DType::I16 => ends!(i16),
        DType::I32 => ends!(i32),
        DType::I64 => ends!(i64),
        DType::U8 => ends!(u8),
        DType::U16 => ends!(u16),
        DType::U32 => ends!(u32),
        DType::U64 => ends!(u64),
        DType::F32 => floats!(f32),
        DType::F64 => floats!(f64),
    }
}

/// Returns an array of every dtype, a scalar, and arrays without elements.
fn samples() -> BTreeMap<String, Array> {
    let mut arrays: BTreeMap<String, Array> = DType::ALL
        .map(|dtype| (dtype.name().to_string(), sample(dtype)))
        .into();
    arrays.insert("scalar".into(), Array::new(vec![2.5_f64], ()));
    arrays.insert("empty".into(), Array::new(Vec::<f32>::new(), (0, 3)));
    arrays
}

/// Compares two arrays bit for bit.
fn same(found: &Array, wanted: &Array) {
    assert_eq!(found.array_type(), wanted.array_type());
    let (found, wanted) = (found.try_buffer().unwrap(), wanted.try_buffer().unwrap());
    assert_eq!(found.bytes(), wanted.bytes());
}

fn all_same(found: &BTreeMap<String, Array>, wanted: &BTreeMap<String, Array>) {
    assert!(found.keys().eq(wanted.keys()), "{:?}", found.keys());
    found.iter().for_each(|(name, array)| same(array, &wanted[name]));
}

#[test]
fn every_dtype_there_and_back() {
    let (folder, arrays) = (folder("round"), samples());
    for (name, array) in &arrays {
        let path = folder.join(format!("{name}.npy"));
        io::save(&path, array).unwrap();
        same(&io::load(&path).unwrap(), array);
        assert_eq!(fs::read(&path).unwrap(), io::to_npy(array).unwrap());
    }
    let (npz, safetensors) = (folder.join("all.npz"), folder.join("all.safetensors"));
    io::savez(&npz, &arrays).unwrap();
    all_same(&io::loadz(&npz).unwrap(), &arrays);
    assert_eq!(fs::read(&npz).unwrap(), io::to_npz(&arrays).unwrap());
    io::save_safetensors(&safetensors, &arrays).unwrap();
    all_same(&io::load_safetensors(&safetensors).unwrap(), &arrays);
    assert_eq!(
        fs::read(&safetensors).unwrap(),
        io::to_safetensors(&arrays).unwrap()
    );
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn files_of_python_are_read() {
    let arrays = samples();
    all_same(&io::loadz(python("all.npz")).unwrap(), &arrays);
    all_same(&io::loadz(python("compressed.npz")).unwrap(), &arrays);
    all_same(&io::load_safetensors(python("all.safetensors")).unwrap(), &arrays);
    same(&io::load(python("big_int16.npy")).unwrap(), &sample(DType::I16));
    same(&io::load(python("big_float64.npy")).unwrap(), &sample(DType::F64));
    let cube = Array::new((0..24).collect::<Vec<i32>>(), (2, 3, 4));
    for file in ["columns.npy", "big_columns.npy", "version2.npy"] {
        same(&io::load(python(file)).unwrap(), &cube);
    }
}

#[test]
fn what_is_written_is_what_python_writes() {
    let wanted = |file| fs::read(python(file)).unwrap();
    assert_eq!(io::to_npy(&sample(DType::U16)).unwrap(), wanted("plain.npy"));
    assert_eq!(
        io::to_npy(&samples()["scalar"]).unwrap(),
        wanted("plain_scalar.npy")
    );
    assert_eq!(io::to_safetensors(samples()).unwrap(), wanted("all.safetensors"));
}

#[test]
fn what_there_is_no_dtype_for_is_refused_by_name() {
    let names = [
        ("float16", "float16"),
        ("complex128", "complex128"),
        ("strings", "strings (<U2)"),
        ("objects", "Python objects (|O)"),
        ("records", "records [('a', '<i4'), ('b', '<f8', (2,))]"),
        ("datetimes", "datetimes (<M8[s])"),
    ];
    for (file, name) in names {
        match io::load(python(&format!("refused_{file}.npy"))) {
            Err(Error::Dtype { found, .. }) => assert_eq!(found, name),
            other => panic!("{file}: {other:?}"),
        }
    }
    match io::load_safetensors(python("refused_float16.safetensors")) {
        Err(Error::Dtype { found, at }) => assert_eq!((&*found, at.array.as_deref()), ("F16", Some("x"))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_64_bit_switch_does_not_matter() {
    for x64 in [false, true] {
        let read = with_x64(x64, || {
            io::from_npy(&io::to_npy(&sample(DType::F64)).unwrap()).unwrap()
        });
        same(&read, &sample(DType::F64));
    }
}

/// Returns a `.npy` file with this header and these elements.
fn npy(header: &str, elements: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(elements);
    bytes
}

/// Returns a safetensors file with this header and these elements.
fn tensors(header: &str, elements: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(elements);
    bytes
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::File { .. } => "file",
        Error::Format { .. } => "format",
        Error::Truncated { .. } => "truncated",
        Error::Trailing { .. } => "trailing",
        Error::Damaged { .. } => "damaged",
        Error::Dtype { .. } => "dtype",
        Error::Shape { .. } => "shape",
        Error::MissingName { .. } => "missing",
        Error::DuplicateName { .. } => "duplicate",
        Error::Newer { .. } => "newer",
        other => panic!("{other}"),
    }
}

/// Reads bytes, which must be refused with the error `wanted` and the words `words`. Nothing may panic.
fn refused<T>(read: impl Fn(&[u8]) -> Result<T, Error>, bytes: &[u8], wanted: &str, words: &str) {
    let shown = bytes[..bytes.len().min(120)].escape_ascii();
    match catch_unwind(AssertUnwindSafe(|| read(bytes))) {
        Ok(Ok(_)) => panic!("{shown} was read"),
        Ok(Err(error)) => {
            assert_eq!(kind(&error), wanted, "{error}, of {shown}");
            assert!(error.to_string().contains(words), "{error}, of {shown}");
        }
        Err(_) => panic!("a panic for {shown}"),
    }
}

#[test]
fn damaged_npy_files() {
    let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
    io::from_npy(&npy(good, &[0; 8])).unwrap();
    let of = |descr: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}")
    };
    let headers = [
        (
            of("'<f4'", "(1099511627776, 1099511627776)"),
            "shape",
            "no array has the shape",
        ),
        (
            of("'<f4'", "(0, 9223372036854775807, 8)"),
            "shape",
            "no array has the shape",
        ),
        (
            of("'<f4'", "(99999999999999999999999,)"),
            "damaged",
            "whole numbers",
        ),
        (of("'<f4'", "(4611686018427387904,)"), "shape", ""),
        (of("'<f4'", "(1073741824,)"), "truncated", "4294967"),
        (of("'<f4'", &format!("({})", "1,".repeat(65))), "shape", "64 axes"),
        (of("'<f4'", "(-1,)"), "damaged", "whole numbers"),
        (of("'<f4'", "(1.5,)"), "damaged", "no"),
        (of("'<f4'", "(x,)"), "damaged", "whole numbers"),
        (of("'<f4'", "2"), "damaged", "no \"(\""),
        (of("'<f4'", "(2)"), "damaged", "no tuple"),
        (of("'<f4'", "(0,04)"), "damaged", "whole numbers"),
        (of("'<f4'", "(02,)"), "damaged", "whole numbers"),
        (of("'<f4'", "(00,)"), "damaged", "whole numbers"),
        (of("'<f4'", "(2,,)"), "damaged", "whole numbers"),
        (of("'<f4'", "(,)"), "damaged", "whole numbers"),
        (of("'<f4'", "(1,)"), "trailing", "4 bytes too many"),
        (of("'<f4'", "(3,)"), "truncated", "cut off"),
        (of("'<f3'", "(2,)"), "dtype", "<f3"),
        (of("'|f4'", "(2,)"), "damaged", "no byte order"),
        (of("'f4'", "(2,)"), "damaged", "is no type"),
        (of("''", "(2,)"), "damaged", "is no type"),
        (of("'<é4'", "(2,)"), "damaged", "is no type"),
        (of("5", "(2,)"), "damaged", "no string"),
        (of("[[[[", "(2,)"), "damaged", "without an end"),
        (of("[]", "(2,)"), "dtype", "records"),
        (
            of("('<f4', (3,))", "(2,)"),
            "dtype",
            "the elements are arrays ('<f4', (3,)), which kiln has no dtype for",
        ),
        (of("('<f4', (3,)", "(2,"), "damaged", "without an end"),
        (of("'|b1'", "(8,)"), "damaged", "neither 0 nor 1"),
        (
            good.replace("'fortran_order': False, ", ""),
            "damaged",
            "no 'fortran_order'",
        ),
        (good.replace("False", "0"), "damaged", "neither True nor False"),
        (
            good.replace("'shape'", "'shapes'"),
            "damaged",
            "the key \"shapes\"",
        ),
        (
            good.replace("'fortran_order': False", "'descr': '<f4'"),
            "damaged",
            "twice",
        ),
        (good.replace('}', ""), "damaged", ""),
        (good.replace('}', "} more"), "damaged", "after the end"),
        (good.replace('{', "("), "damaged", ""),
        (String::new(), "damaged", ""),
        ("(".repeat(60_000), "damaged", ""),
        ("{".repeat(60_000), "damaged", ""),
    ];
    for (header, wanted, words) in headers {
        refused(io::from_npy, &npy(&header, &[7; 8]), wanted, words);
    }
    let whole = npy(good, &[0; 8]);
    for end in 0..whole.len() {
        refused(io::from_npy, &whole[..end], "truncated", "cut off");
    }
    for at in 0..6 {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        refused(io::from_npy, &bytes, "format", "this is no .npy file");
    }
    let with = |at: usize, new: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    refused(io::from_npy, &with(6, &[4]), "newer", "version 4");
    for version in [[1, 1], [1, 8], [2, 1], [3, 255]] {
        let words = format!("version {}.{}", version[0], version[1]);
        refused(io::from_npy, &with(6, &version), "damaged", &words);
    }
    refused(io::from_npy, &with(8, &[16, 39]), "truncated", "cut off");
    refused(
        io::from_npy,
        &with(8, &[17, 39]),
        "damaged",
        "a header of 10001 bytes",
    );
    refused(
        io::from_npy,
        &with(6, &[2, 0, 255, 255, 255, 255]),
        "damaged",
        "a header of 4294967295 bytes",
    );
    refused(io::from_npy, &with(20, &[0xff]), "damaged", "not text");
    refused(io::from_npy, &io::to_npz(samples()).unwrap(), "format", "loadz");
    assert!(LARGEST.get() < HUGE);
}

#[test]
fn damaged_safetensors_files() {
    let read = |bytes: &[u8]| io::from_safetensors(bytes);
    let one = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    read(&tensors(&one("F32", "[2]", "[0,8]"), &[0; 8])).unwrap();
    let x = r#""x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#;
    let y = |offsets: &str| format!(r#""y":{{"dtype":"F32","shape":[1],"data_offsets":{offsets}}}"#);
    let headers = [
        (
            one("F32", "[1099511627776,1099511627776]", "[0,8]"),
            "shape",
            "no array has the shape",
        ),
        (one("F32", "[0,9223372036854775807,8]", "[0,0]"), "shape", ""),
        (
            one("U8", "[9223372036854775807]", "[0,9223372036854775807]"),
            "damaged",
            "overflow",
        ),
        (
            one("U8", "[18446744073709551615]", "[0,18446744073709551615]"),
            "shape",
            "",
        ),
        (one("F32", "[-1]", "[0,8]"), "damaged", "invalid value"),
        (one("F32", "[1.5]", "[0,8]"), "damaged", "invalid type"),
        (one("F32", "[3]", "[0,12]"), "truncated", "cut off"),
        (one("F32", "[1]", "[0,4]"), "trailing", "4 bytes too many"),
        (one("F32", "[1]", "[0,8]"), "damaged", "another number of bytes"),
        (one("F32", "[1]", "[4,8]"), "damaged", "do not start"),
        (one("F32", "[1]", "[8,4]"), "damaged", "do not start"),
        (one("F99", "[2]", "[0,8]"), "damaged", "F99"),
        (one("BF16", "[4]", "[0,8]"), "dtype", "BF16"),
        (one("BOOL", "[8]", "[0,8]"), "damaged", "neither 0 nor 1"),
        (format!("{{{x},{x}}}"), "duplicate", "two arrays have the name x"),
        (format!("{{{x},{}}}", y("[2,6]")), "damaged", "do not start"),
        (format!("{{{x},{}}}", y("[0,4]")), "damaged", "do not start"),
        (format!("{{{x},{}", y("[4,8]")), "damaged", "EOF"),
        (
            one("F32", "[2]", "[0,8]").replace("\"shape\"", "\"shapes\""),
            "damaged",
            "missing field",
        ),
        ("[]".into(), "format", "no JSON object"),
        (String::new(), "format", "no JSON object"),
        (format!("{{\"x\":{}", "[".repeat(10_000)), "damaged", ""),
    ];
    for (header, wanted, words) in headers {
        refused(read, &tensors(&header, &[7; 8]), wanted, words);
    }
    // The arrays may be in any order, with metadata.
    let header = format!(r#"{{"__metadata__":{{"a":"b"}},{},{x}}}"#, y("[4,8]"));
    let found = read(&tensors(&header, &[0, 0, 128, 63, 0, 0, 0, 64])).unwrap();
    assert_eq!((found["x"].item::<f32>(), found["y"].item::<f32>()), (1.0, 2.0));
    let whole = io::to_safetensors([("x", np::arange(3))]).unwrap();
    for end in 0..whole.len() {
        refused(read, &whole[..end], "truncated", "cut off");
    }
    refused(
        read,
        &[255; 100],
        "format",
        "a header of 18446744073709551615 bytes",
    );
    refused(read, b"\x93NUMPY\x01\x00...", "format", "");
    let mut bad = tensors(&one("F32", "[2]", "[0,8]"), &[0; 8]);
    bad[10] = 0xff;
    refused(read, &bad, "damaged", "");
    assert!(LARGEST.get() < HUGE);
}

#[test]
fn damaged_npz_files() {
    let whole = io::to_npz([("x", np::arange(3)), ("yy", np::ones(2))]).unwrap();
    let read = |bytes: &[u8]| io::from_npz(bytes);
    read(&whole).unwrap();
    refused(read, b"", "truncated", "cut off");
    refused(read, &whole[..20], "truncated", "cut off");
    for end in 22..whole.len() {
        refused(read, &whole[..end], "damaged", "damaged");
    }
    for at in 0..4 {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        refused(read, &bytes, "format", "this is no .npz file");
    }
    refused(
        read,
        &io::to_npy(&np::ones(2)).unwrap(),
        "format",
        "which load reads",
    );
    // The last element of x changes, and so the checksum no longer fits.
    let place = whole
        .windows(12)
        .position(|w| w == [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
        .unwrap();
    let mut bytes = whole.clone();
    bytes[place + 8] = 3;
    refused(read, &bytes, "damaged", "array x: damaged");
    let named = |old: &[u8], new: &[u8]| {
        let mut bytes = whole.clone();
        let mut at = 0;
        while let Some(found) = bytes[at..].windows(old.len()).position(|w| w == old) {
            bytes[at + found..at + found + new.len()].copy_from_slice(new);
            at += found + old.len();
        }
        bytes
    };
    refused(read, &named(b"x.npy", b"x.txt"), "damaged", "is no .npy file");
    let same = io::to_npz([("x", np::arange(3)), ("y", np::ones(2))]).unwrap();
    let same: Vec<u8> = {
        let mut bytes = same;
        while let Some(at) = bytes.windows(5).position(|w| w == b"y.npy") {
            bytes[at] = b'x';
        }
        bytes
    };
    refused(read, &same, "duplicate", "");
    assert!(
        io::from_npz(&io::to_npz::<&str, Array>([]).unwrap())
            .unwrap()
            .is_empty()
    );
    assert!(LARGEST.get() < HUGE);
}

/// The end record counts the files twice. An archive is refused if one of the counts or the directory is
/// wrong.
#[test]
fn directories_that_lie() {
    let read = |bytes: &[u8]| io::from_npz(bytes);
    let whole = io::to_npz([("x", np::arange(3)), ("yy", np::ones(2))]).unwrap();
    let end = whole.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    let counted = |here: u8, all: u8| {
        let mut bytes = whole.clone();
        (bytes[end + 8], bytes[end + 10]) = (here, all);
        bytes
    };
    assert_eq!(read(&counted(2, 2)).unwrap().len(), 2);
    for count in [0, 1, 3] {
        let words = format!("its end record counts {count} files, its directory 2");
        refused(read, &counted(count, count), "damaged", &words);
        refused(read, &counted(count, 2), "damaged", "");
        refused(read, &counted(2, count), "damaged", "");
    }
    let mut renamed = whole.clone();
    let entry = whole.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    renamed[entry + 46] = b'z';
    refused(read, &renamed, "damaged", "differ");
}

/// Returns an archive of one file.
fn archive(name: &str, content: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    archive.start_file(name, options).unwrap();
    archive.write_all(content).unwrap();
    archive.finish().unwrap().into_inner()
}

/// Writes bytes at a place in a file's header, and at a place in its entry of the directory.
fn patched(archive: &[u8], places: (usize, usize), new: &[u8]) -> Vec<u8> {
    let mut bytes = archive.to_vec();
    for (magic, place) in [(b"PK\x03\x04", places.0), (b"PK\x01\x02", places.1)] {
        let at = archive.windows(4).position(|w| w == magic).unwrap() + place;
        bytes[at..at + new.len()].copy_from_slice(new);
    }
    bytes
}

#[test]
fn archives_that_are_not_numpys_are_refused_as_such() {
    let read = |bytes: &[u8]| io::from_npz(bytes);
    let whole = io::to_npz([("x", np::arange(3))]).unwrap();
    // The flag of an encrypted file, and the number of bzip2.
    refused(
        read,
        &patched(&whole, (6, 8), &[1]),
        "format",
        "\"x.npy\" in it is encrypted",
    );
    refused(
        read,
        &patched(&whole, (8, 10), &[12]),
        "format",
        "\"x.npy\" in it is compressed as",
    );
}

#[test]
fn memory_is_not_taken_because_a_header_says_so() {
    // Deflate cannot make this noise smaller. So the file may claim to be a thousand times as large.
    let noise = (0_u32..25_000).flat_map(|i| i.wrapping_mul(2_654_435_761).rotate_left(i).to_le_bytes());
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (20000000,), }\n";
    let content = npy(header, &noise.collect::<Vec<u8>>());
    let small = archive("x.npy", &content, CompressionMethod::Deflated);
    let claimed = |size: usize| patched(&small, (22, 24), &(size as u32).to_le_bytes());
    let size = 10 + header.len() + 4 * 20_000_000;
    refused(
        io::from_npz,
        &claimed(size),
        "truncated",
        "cut off: 80000000 bytes belong there",
    );
    refused(
        io::from_npz,
        &claimed(1 << 31),
        "damaged",
        "array x: damaged: 2147483648 bytes are said to be in",
    );
    assert!(LARGEST.get() < HUGE);
}

#[test]
fn memory_that_is_not_there_is_an_error() {
    let zeros = np::zeros((1024, 1024));
    let bytes = io::to_npy(&zeros).unwrap();
    let columns = String::from_utf8_lossy(&bytes[10..128]).replace("False", "True ");
    let columns = npy(&columns, &bytes[128..]);
    let compressed = archive("x.npy", &bytes, CompressionMethod::Deflated);
    let tensors = io::to_safetensors([("x", &zeros)]).unwrap();
    type Read = fn(&[u8]) -> Result<(), Error>;
    let files: [(&[u8], Read); 4] = [
        (&bytes, |bytes| io::from_npy(bytes).map(drop)),
        (&columns, |bytes| io::from_npy(bytes).map(drop)),
        (&compressed, |bytes| io::from_npz(bytes).map(drop)),
        (&tensors, |bytes| io::from_safetensors(bytes).map(drop)),
    ];
    for (file, read) in files {
        MOST.set(1 << 20);
        let error = read(file);
        MOST.set(usize::MAX);
        match error {
            Err(Error::File { source, .. }) => assert_eq!(source.kind(), ErrorKind::OutOfMemory),
            other => panic!("{other:?}"),
        }
        read(file).unwrap();
    }
}

/// Flips each bit of every byte of small files. The result of reading is an array or an error.
#[test]
fn flipped_bits() {
    let arrays = [("a", np::arange(3)), ("b", np::ones(2))];
    type Read = fn(&[u8]) -> Result<(), Error>;
    let files: [(Vec<u8>, Read); 4] = [
        (io::to_npy(&np::arange(3)).unwrap(), |bytes| {
            io::from_npy(bytes).map(drop)
        }),
        (io::to_npz(arrays.clone()).unwrap(), |bytes| {
            io::from_npz(bytes).map(drop)
        }),
        (fs::read(python("compressed.npz")).unwrap(), |bytes| {
            io::from_npz(bytes).map(drop)
        }),
        (io::to_safetensors(arrays).unwrap(), |bytes| {
            io::from_safetensors(bytes).map(drop)
        }),
    ];
    for (file, read) in files {
        let mut errors = 0;
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut bytes = file.clone();
                bytes[at] ^= 1 << bit;
                match catch_unwind(|| read(&bytes)) {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => {
                        assert!(!error.to_string().is_empty());
                        errors += 1;
                    }
                    Err(_) => panic!("a panic for bit {bit} of byte {at}"),
                }
            }
        }
        assert!(
            errors > file.len(),
            "{errors} of {} flips were seen",
            8 * file.len()
        );
    }
    assert!(LARGEST.get() < HUGE);
}

#[test]
fn errors_name_the_file_and_what_is_there_stays() {
    let folder = folder("errors");
    let listed = || {
        fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect::<Vec<_>>()
    };
    let missing = io::load(folder.join("missing.npy")).unwrap_err();
    assert_eq!(kind(&missing), "file");
    assert!(missing.to_string().contains("missing.npy"), "{missing}");
    assert_eq!(kind(&io::load(&folder).unwrap_err()), "file");
    assert_eq!(kind(&io::loadz(&folder).unwrap_err()), "file");
    assert_eq!(kind(&io::save(&folder, &np::ones(2)).unwrap_err()), "file");
    assert_eq!(
        kind(&io::save(folder.join("no/such/folder.npy"), &np::ones(2)).unwrap_err()),
        "file"
    );
    assert!(listed().is_empty(), "{:?}", listed());

    let path = folder.join("kept.npz");
    io::savez(&path, [("x", &np::arange(3))]).unwrap();
    let twice = io::savez(&path, [("x", &np::ones(2)), ("x", &np::ones(3))]).unwrap_err();
    assert!(
        twice
            .to_string()
            .ends_with("kept.npz: two arrays have the name x: give each its own"),
        "{twice}"
    );
    assert_eq!(io::loadz(&path).unwrap()["x"].to_vec::<i32>(), [0, 1, 2]);
    let reserved = io::save_safetensors(&path, [("__metadata__", np::ones(2))]).unwrap_err();
    assert!(matches!(reserved, Error::Name { .. }), "{reserved}");
    // A folder is in the way. The file that was written beside it is removed.
    fs::create_dir(folder.join("way")).unwrap();
    fs::write(folder.join("way/full"), "").unwrap();
    assert!(io::save(folder.join("way"), &np::ones(2)).is_err());
    let mut names = listed();
    names.sort();
    assert_eq!(names, ["kept.npz", "way"]);
    io::save(&path, &np::ones(2)).unwrap();
    assert_eq!(kind(&io::loadz(&path).unwrap_err()), "format");
    fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[test]
fn the_permissions_of_what_was_there_stay() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("permissions");
    let path = folder.join("secret.npy");
    io::save(&path, &np::ones(2)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    io::save(&path, &np::zeros(3)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(io::load(&path).unwrap().size(), 3);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_array_that_is_being_recorded_is_not_saved() {
    let save = jit(|x: Array| {
        io::to_npy(&x).unwrap();
        x
    });
    let panic = catch_unwind(AssertUnwindSafe(|| save(np::ones(2)))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(
        message.starts_with("to_npy: an array f32[2] inside jit"),
        "{message}"
    );
}

/// Writes files for `files.py check` into the folder `KILN_FILES`.
#[test]
fn files_for_python() {
    let Some(folder) = std::env::var_os("KILN_FILES").map(PathBuf::from) else {
        return;
    };
    io::savez(folder.join("all.npz"), samples()).unwrap();
    io::save_safetensors(folder.join("all.safetensors"), samples()).unwrap();
    for dtype in DType::ALL {
        io::save(folder.join(format!("{dtype}.npy")), &sample(dtype)).unwrap();
    }
    let rates = np::ones(3);
    let f = kiln::export::export(|x: Array| x * &rates, np::ones(3));
    f.save(folder.join("function.kiln")).unwrap();
}
