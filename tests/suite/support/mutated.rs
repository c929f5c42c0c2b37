//! Mutates files of every format at random and reads them. The result is an error, or arrays or a program
//! that can be used.

use kiln::export::{Exported, export};
use kiln::io::{self, Limits, with_limits};
use kiln::{Array, DType, Key, Program, call, custom_vjp, grad, lax, numpy as np, random, vmap};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest time to read and use one file.
pub(crate) const LONGEST: Duration = Duration::from_secs(1);

/// The limits for programs that run here. They take much less than a second.
fn limits() -> Limits {
    Limits {
        work: 1 << 22,
        while_loops: false,
        ..Limits::default()
    }
}

/// Reads a file. Returns `None` if the file is refused.
type Read = fn(&[u8]) -> Option<Made>;

enum Made {
    Arrays,
    Program(Program),
}

/// A format, and whole files in it.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    files: Vec<Vec<u8>>,
    read: Read,
}

/// The numbers of mutated files by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) refused: u64,
    pub(crate) read: u64,
    /// The number of files that were read as programs, and run.
    pub(crate) run: u64,
}

/// Returns every format that kiln reads.
pub(crate) fn formats() -> Vec<Format> {
    let (arrays, functions) = (arrays(), functions());
    let programs = || functions.iter().map(|function| function.program());
    let named: Vec<Vec<(String, &Array)>> = arrays
        .chunks(3)
        .map(|few| {
            few.iter()
                .enumerate()
                .map(|(i, x)| (format!("a{i}"), x))
                .collect()
        })
        .collect();
    let format = |name, files: Vec<Vec<u8>>, read| Format { name, files, read };
    let cbor = |value: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = vec![];
        value(&mut bytes);
        bytes
    };
    vec![
        format(
            "npy",
            arrays.iter().map(|x| io::to_npy(x).unwrap()).collect(),
            |bytes| io::from_npy(bytes).ok().map(|_| Made::Arrays),
        ),
        format(
            "npz",
            named
                .iter()
                .map(|few| io::to_npz(few.iter().cloned()).unwrap())
                .collect(),
            |bytes| io::from_npz(bytes).ok().map(|_| Made::Arrays),
        ),
        format(
            "safetensors",
            named
                .iter()
                .map(|few| io::to_safetensors(few.iter().cloned()).unwrap())
                .collect(),
            |bytes| io::from_safetensors(bytes).ok().map(|_| Made::Arrays),
        ),
        format(
            "export",
            functions.iter().map(|f| f.to_bytes().unwrap()).collect(),
            |bytes| {
                let exported = Exported::from_bytes(bytes).ok()?;
                Some(Made::Program(exported.program().clone()))
            },
        ),
        format(
            "array in json",
            arrays.iter().map(|x| serde_json::to_vec(x).unwrap()).collect(),
            |bytes| serde_json::from_slice::<Array>(bytes).ok().map(|_| Made::Arrays),
        ),
        format(
            "array in cbor",
            arrays
                .iter()
                .map(|x| cbor(&|bytes| ciborium::into_writer(x, bytes).unwrap()))
                .collect(),
            |bytes| {
                ciborium::from_reader::<Array, _>(bytes)
                    .ok()
                    .map(|_| Made::Arrays)
            },
        ),
        format(
            "array in bincode",
            arrays.iter().map(|x| bincode::serialize(x).unwrap()).collect(),
            |bytes| bincode::deserialize::<Array>(bytes).ok().map(|_| Made::Arrays),
        ),
        format(
            "program in json",
            programs().map(|p| serde_json::to_vec(p).unwrap()).collect(),
            |bytes| serde_json::from_slice(bytes).ok().map(Made::Program),
        ),
        format(
            "program in cbor",
            programs()
                .map(|p| cbor(&|bytes| ciborium::into_writer(p, bytes).unwrap()))
                .collect(),
            |bytes| ciborium::from_reader(bytes).ok().map(Made::Program),
        ),
        format(
            "program in bincode",
            programs().map(|p| bincode::serialize(p).unwrap()).collect(),
            |bytes| bincode::deserialize(bytes).ok().map(Made::Program),
        ),
    ]
}

/// Reads `count` mutated files, for the seeds from `seed` on, and runs the programs among them. Calls `watch`
/// after each file, with its name.
///
/// # Panics
/// Panics if reading or running a file panics, or takes longer than [`LONGEST`]. The message has the format
/// and the seed.
pub(crate) fn run(format: &Format, seed: u64, count: u64, watch: impl Fn(&str)) -> Counts {
    let mut counts = Counts::default();
    for seed in seed..seed + count {
        let name = format!("{} of seed {seed}", format.name);
        let mut random = Random(seed);
        let file = random.of(&format.files).clone();
        let file = random.mutated(file);
        let one = || {
            catch_unwind(AssertUnwindSafe(|| {
                with_limits(limits(), || used(format, &file, seed))
            }))
            .unwrap_or_else(|_| panic!("a panic for {name}"))
        };
        let start = Instant::now();
        let one_counts = one();
        if start.elapsed() > LONGEST {
            // The machine may have been busy.
            let again = Instant::now();
            one();
            assert!(again.elapsed() < LONGEST, "{name} took {:?}", again.elapsed());
        }
        watch(&name);
        counts.refused += one_counts.refused;
        counts.read += one_counts.read;
        counts.run += one_counts.run;
    }
    counts
}

fn used(format: &Format, file: &[u8], seed: u64) -> Counts {
    let mut counts = Counts::default();
    match (format.read)(file) {
        None => counts.refused = 1,
        Some(Made::Arrays) => counts.read = 1,
        Some(Made::Program(program)) => {
            counts.read = 1;
            counts.run = 1;
            try_out(&Arc::new(program), seed);
        }
    }
    counts
}

/// Prints a program and runs it. Also runs the batched program and the derivative of some programs.
fn try_out(program: &Arc<Program>, seed: u64) {
    assert!(!program.to_string().is_empty());
    let inputs: Vec<Array> = program
        .input_types()
        .iter()
        .map(|of| np::ones(of.shape.to_vec()).astype(of.dtype))
        .collect();
    call(program, inputs.clone())
        .iter()
        .for_each(|x| drop(x.try_buffer()));
    if !seed.is_multiple_of(4) {
        return;
    }
    if !inputs.is_empty() {
        let rows: Vec<Array> = inputs.iter().map(|x| np::stack([x, x])).collect();
        vmap(|rows: Vec<Array>| call(program, rows))(rows);
    }
    if let Some(at) = inputs.iter().position(|x| x.dtype().is_float()) {
        let sum = |x: Array| {
            let mut arguments = inputs.clone();
            arguments[at] = x;
            let floats = call(program, arguments)
                .into_iter()
                .filter(|y| y.dtype().is_float());
            floats.fold(Array::from(0.0), |sum, y| sum + y.sum().astype(DType::F32))
        };
        grad(sum)(inputs[at].clone());
    }
}

/// Returns arrays of a few shapes in every dtype.
fn arrays() -> Vec<Array> {
    let shapes: [&[usize]; 5] = [&[], &[3], &[2, 3], &[0, 4], &[2, 1, 3, 2]];
    let of = |dtype: DType| {
        shapes.map(|shape| {
            np::arange(shape.iter().product::<usize>())
                .reshape(shape.to_vec())
                .astype(dtype)
        })
    };
    DType::ALL.into_iter().flat_map(of).collect()
}

/// Returns functions with every kind of op.
fn functions() -> Vec<Exported> {
    let w = np::linspace(0.0, 1.0, 3);
    let (x, m) = (|| np::ones(3), || np::ones((3, 3)));
    vec![
        export(|x: Array| (&w * x).sin().sum(), x()),
        export(
            |(x, y): (Array, Array)| x.matmul(y).sort().cumsum_axis(0),
            (m(), m()),
        ),
        export(|x: Array| lax::fori_loop(0, 5, |_, x: Array| &x * 2 + &w, x), x()),
        export(
            |x: Array| lax::scan(|c: Array, x: Array| (&c + &x, c * x), 0.0.into(), x),
            x(),
        ),
        export(
            |x: Array| lax::while_loop(|x: &Array| x.sum().lt(100), |x| x * 2, x),
            x(),
        ),
        export(
            |x: Array| lax::cond(x.sum().gt(0), |x: Array| x.sin(), |x: Array| x.cos(), x),
            x(),
        ),
        export(
            |(k, x): (Key, Array)| random::normal(k, (3, 2)).sum_axis(1) + x,
            (Key::new(0), x()),
        ),
        export(
            |x: Array| np::take_axis(&w, x.astype(DType::I32), 0) + x.at(1).add(3).index(kiln::s![..; -1]),
            x(),
        ),
        export(
            |x: Array| np::linalg::solve(&x, x.sum_axis(0)) + np::linalg::eigh(&x).eigenvalues,
            m() + np::identity(3),
        ),
        export(
            |x: Array| {
                np::concatenate([&x, &w])
                    .reshape((2, 3))
                    .t()
                    .broadcast_to((2, 3, 2))
            },
            x(),
        ),
        export(
            custom_vjp(
                |x: Array| x.sin(),
                |x: Array| (x.sin(), x.cos()),
                |c: Array, g: Array| c * g,
            ),
            x(),
        ),
        export(
            |x: Array| np::where_(x.gt(0), x.clip(0, 1), random::uniform(Key::new(3), 3)).argmax(),
            x(),
        ),
    ]
}

/// A generator of random numbers: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `n`, which is not 0.
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let i = self.below(all.len());
        &all[i]
    }

    fn mutated(&mut self, mut file: Vec<u8>) -> Vec<u8> {
        if let Ok(mut value) = serde_json::from_slice::<Value>(&file)
            && self.below(4) > 0
        {
            for _ in 0..1 + self.below(2) {
                self.change_json(&mut value);
            }
            return value.to_string().into_bytes();
        }
        for _ in 0..1 + self.below(3) {
            if file.is_empty() {
                return file;
            }
            self.change(&mut file);
        }
        file
    }

    /// Changes some bytes, mostly near the beginning, where headers are.
    fn change(&mut self, file: &mut Vec<u8>) {
        const WORDS: [u64; 12] = [
            0,
            1,
            0xff,
            0xffff,
            0x7fff_ffff,
            0xffff_ffff,
            u64::MAX,
            i64::MAX as u64,
            1 << 28,
            1 << 32,
            1 << 40,
            1 << 62,
        ];
        const TEXTS: [&[u8]; 20] = [
            b"[",
            b"]",
            b"{",
            b"}",
            b"(",
            b")",
            b",",
            b"'",
            b"\"",
            b":",
            b"\\",
            b"\0",
            b"\xff",
            b"\xc3",
            b"L",
            b"<f8",
            b">i4",
            b"|O",
            b"[[[[[[[[[[[[[[[[",
            b"18446744073709551616",
        ];
        let n = file.len();
        let head = if self.below(3) > 0 { n.min(400) } else { n };
        let at = self.below(head);
        match self.below(8) {
            0 | 1 => file[at] ^= 1 << self.below(8),
            2 => file[at] = self.next() as u8,
            3 => file.truncate(self.below(n)),
            4 => {
                let word = self.of(&WORDS).to_le_bytes();
                let width = (*self.of(&[1, 2, 4, 8])).min(n - at);
                file[at..at + width].copy_from_slice(&word[..width]);
            }
            5 => {
                let text = *self.of(&TEXTS);
                file.splice(at..at, text.iter().copied());
            }
            6 => {
                let end = (at + self.below(64)).min(n);
                file.drain(at..end);
            }
            _ => {
                let part = file[at..(at + self.below(64)).min(n)].to_vec();
                let to = self.below(n);
                file.splice(to..to, part);
            }
        }
    }

    /// Changes one value in a JSON text.
    fn change_json(&mut self, value: &mut Value) {
        fn count(value: &Value) -> usize {
            1 + match value {
                Value::Array(all) => all.iter().map(count).sum::<usize>(),
                Value::Object(all) => all.values().map(count).sum(),
                _ => 0,
            }
        }
        fn nth(value: &mut Value, mut n: usize) -> Option<&mut Value> {
            if n == 0 {
                return Some(value);
            }
            n -= 1;
            let inner: Vec<&mut Value> = match value {
                Value::Array(all) => all.iter_mut().collect(),
                Value::Object(all) => all.values_mut().collect(),
                _ => vec![],
            };
            for value in inner {
                let here = count(value);
                if n < here {
                    return nth(value, n);
                }
                n -= here;
            }
            None
        }
        const NUMBERS: [u64; 14] = [
            0,
            1,
            2,
            3,
            4,
            5,
            7,
            64,
            1000,
            1_000_000,
            4_294_967_295,
            1 << 40,
            1 << 62,
            u64::MAX,
        ];
        const NAMES: [&str; 36] = [
            "F32",
            "F64",
            "I32",
            "Bool",
            "U32",
            "I64",
            "I8",
            "float32",
            "float64",
            "int32",
            "bool",
            "uint32",
            "Add",
            "Sub",
            "Mul",
            "Max",
            "Sum",
            "Prod",
            "Min",
            "Sin",
            "Not",
            "Shl",
            "Div",
            "Rem",
            "Pow",
            "Neg",
            "Abs",
            "Clip",
            "Fill",
            "Set",
            "Eigh",
            "Solve",
            "Select",
            "MulAdd",
            "Call",
            "Checkpoint",
        ];
        let n = self.below(count(value));
        let Some(place) = nth(value, n) else { return };
        match place {
            Value::Number(_) => *place = (*self.of(&NUMBERS)).into(),
            Value::String(text) => *text = self.of(&NAMES).to_string(),
            Value::Bool(flag) => *flag = !*flag,
            Value::Null => *place = 1.into(),
            Value::Array(all) if all.is_empty() => all.push((*self.of(&NUMBERS)).into()),
            Value::Array(all) => {
                let (i, j) = (self.below(all.len()), self.below(all.len()));
                match self.below(4) {
                    0 => drop(all.remove(i)),
                    1 => all.push(all[i].clone()),
                    2 => all.swap(i, j),
                    _ => all[i] = all[j].clone(),
                }
            }
            Value::Object(all) => {
                let names: Vec<String> = all.keys().cloned().collect();
                if let Some(name) = names.get(self.below(names.len().max(1)))
                    && let Some(inner) = all.remove(name)
                    && self.below(2) > 0
                {
                    all.insert(self.of(&NAMES).to_string(), inner);
                }
            }
        }
    }
}
