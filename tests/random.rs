//! Keys and draws against JAX: `reference/data/random.json` and `normal_f64.bin`.

mod support;

use kiln::random::{bits, normal, normal_dtype, uniform, uniform_between, uniform_dtype};
use kiln::{Array, DType, Key, default_float, jit};
use serde_json::Value;
use std::collections::BTreeSet;
use support::compare::{Bound, difference};
use support::{Report, dtype, flag, list, numbers, outcome, path, rows, scalar, text};

/// Samplers of the table that are not built yet. A row of another unknown name fails.
const LATER: [&str; 8] = [
    "bernoulli",
    "binomial",
    "exponential",
    "gamma",
    "gumbel",
    "permutation",
    "poisson",
    "randint",
];
const NOT_BUILT: &str = "a sampler that is not built yet";

fn key(row: &Value) -> Key {
    let words = list(&row["key"])
        .iter()
        .map(|word| word.as_u64().unwrap() as u32)
        .collect();
    Key::from_words(Array::new::<u32>(words, 2))
}

/// A seed's key. Without 64-bit mode JAX cuts the seed to 32 bits first; `Key::new` takes all 64, and its documentation says how
/// to get that key.
fn seeded(row: &Value) -> Key {
    let seed = row["args"]["seed"].as_i64().unwrap();
    Key::new(if flag(row, "x64") {
        seed as u64
    } else {
        u64::from(seed as u32)
    })
}

/// The dtype of a draw.
fn of(args: &Value) -> DType {
    match args["width"].as_u64() {
        Some(8) => DType::U8,
        Some(16) => DType::U16,
        Some(32) => DType::U32,
        Some(64) => DType::U64,
        _ => dtype(text(args, "dtype")),
    }
}

fn draw(row: &Value, key: Key) -> Array {
    let args = &row["args"];
    let (shape, of) = (numbers(&args["shape"]), of(args));
    match text(row, "fn") {
        "bits" => bits(key, shape, of),
        "uniform" => uniform_dtype(key, shape, of, scalar(&args["minval"]), scalar(&args["maxval"])),
        "normal" => normal_dtype(key, shape, of),
        name => panic!("{name} is not in this test"),
    }
}

/// Bit for bit, but f64 normals: their logarithm is not libm's, and they are within 2 ulp.
fn bound(row: &Value) -> Bound {
    match text(row, "fn") == "normal" && of(&row["args"]) == DType::F64 {
        true => Bound::Ulp(2.0),
        false => Bound::Exact,
    }
}

fn compare(row: &Value, draw: Result<Array, String>) -> Option<String> {
    match draw {
        Ok(draw) => difference(&draw, &row["outputs"][0], &bound(row)),
        Err(message) => Some(message),
    }
}

#[test]
fn keys() {
    let mut report = Report::default();
    for row in rows("random", "rows") {
        let args = &row["args"];
        let key = || match text(&row, "fn") {
            "key" => Some(seeded(&row)),
            "split" => Some(key(&row).split_n(numbers(&args["shape"]))),
            "fold_in" => Some(key(&row).fold_in(args["data"].as_u64().unwrap())),
            _ => None,
        };
        if let Some(key) = outcome(&row, key).transpose() {
            report.check(&row, compare(&row, key.map(|key| key.words().clone())));
        }
    }
    report.finish(&[]);
}

#[test]
fn a_key_taken_apart_is_the_array_of_keys() {
    let array = Key::new(7).split_n(3).to_words();
    let [a, b, c] = Key::new(7).split();
    assert_eq!([&a, &b, &c].map(|key| key.to_words()[0])[..], array);
    assert_eq!(Key::new(7).fold_in(2).to_words(), c.to_words());
}

#[test]
fn draws() {
    let mut report = Report::default();
    let mut later = BTreeSet::new();
    for row in rows("random", "rows") {
        let name = text(&row, "fn");
        if let Some(name) = LATER.iter().find(|later| **later == name) {
            later.insert(*name);
            report.leave_out(NOT_BUILT);
        } else if !["key", "split", "fold_in"].contains(&name) {
            let eager = outcome(&row, || draw(&row, key(&row)));
            let recorded = outcome(&row, || jit(|key: Key| draw(&row, key))(key(&row)));
            let same =
                eager.clone().ok().map(|x| format!("{x:?}")) == recorded.ok().map(|x| format!("{x:?}"));
            let wrong = compare(&row, eager).or_else(|| (!same).then(|| "is another inside jit".into()));
            report.check(&row, wrong);
        }
    }
    assert_eq!(
        later.into_iter().collect::<Vec<_>>(),
        LATER,
        "a sampler waits for rows that are not there"
    );
    report.finish(&[(NOT_BUILT, 10)]);
}

/// The short forms draw what the long ones draw.
#[test]
fn default_dtypes() {
    let row = |x64: bool| serde_json::json!({ "x64": x64 });
    for x64 in [false, true] {
        let pairs = outcome(&row(x64), || {
            let (key, of) = (|| Key::new(3), default_float());
            [
                (normal(key(), 5), normal_dtype(key(), 5, of)),
                (uniform(key(), 5), uniform_dtype(key(), 5, of, 0, 1)),
                (
                    uniform_between(key(), 5, -3, 7.1),
                    uniform_dtype(key(), 5, of, -3, 7.1),
                ),
            ]
        });
        for (short, long) in pairs.unwrap() {
            assert_eq!(format!("{short:?}"), format!("{long:?}"));
        }
    }
}

/// The bytes of the elements, each little-endian.
fn bytes(x: &Array) -> Vec<u8> {
    macro_rules! bytes {
        ($type:ty) => {
            x.to_vec::<$type>()
                .into_iter()
                .flat_map(<$type>::to_le_bytes)
                .collect()
        };
    }
    match x.dtype() {
        DType::U8 => bytes!(u8),
        DType::U16 => bytes!(u16),
        DType::U32 => bytes!(u32),
        DType::U64 => bytes!(u64),
        DType::F32 => bytes!(f32),
        DType::F64 => bytes!(f64),
        dtype => panic!("no draws of {dtype}"),
    }
}

fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// 10^5 and 10^6 elements at a time. The first and last three say more than the hash when it differs.
#[test]
fn large_draws() {
    assert_eq!(fnv1a64(b"foobar"), 0x8594_4171_f739_67e8);
    let mut report = Report::default();
    for row in rows("random", "hashes") {
        let wrong = match outcome(&row, || draw(&row, key(&row))) {
            Ok(draw) => {
                let (flat, n) = (draw.ravel(), draw.size());
                let ends = [("first", flat.index(..3)), ("last", flat.index(n - 3..))];
                let ends = ends
                    .iter()
                    .find_map(|(end, x)| difference(x, &row[*end], &Bound::Exact));
                let hash = format!("{:016x}", fnv1a64(&bytes(&draw)));
                ends.or_else(|| (hash != text(&row, "fnv1a64")).then(|| "has another hash".into()))
            }
            Err(message) => Some(message),
        };
        report.check(&row, wrong);
    }
    report.finish(&[]);
}

#[test]
fn normals_in_f64() {
    let mut report = Report::default();
    for row in rows("random", "files") {
        let file = std::fs::read(path(text(&row, "file"))).unwrap();
        let data = file
            .chunks_exact(8)
            .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
        let wanted = serde_json::json!({
            "dtype": "float64", "shape": row["args"]["shape"], "weak": false, "data": data.collect::<Vec<f64>>(),
        });
        let wrong = match outcome(&row, || draw(&row, key(&row))) {
            Ok(draw) => difference(&draw, &wanted, &bound(&row)),
            Err(message) => Some(message),
        };
        report.check(&row, wrong);
    }
    report.finish(&[]);
}
