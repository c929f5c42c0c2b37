//! Saves arrays, keys and dtypes in the formats of serde.

use kiln::io::{Limits, with_limits};
use kiln::{Array, DType, Key, jit, numpy as np};
use std::cell::RefCell;

fn samples() -> Vec<Array> {
    vec![
        Array::new(vec![true, false], 2),
        Array::new(vec![i8::MIN, i8::MAX], (1, 2)),
        Array::new(vec![i16::MIN, i16::MAX], (2, 1)),
        Array::new(vec![i32::MIN, i32::MAX], 2),
        Array::new(vec![i64::MIN, i64::MAX], 2),
        Array::new(vec![u8::MAX], ()),
        Array::new(vec![u16::MAX], 1),
        Array::new(vec![u32::MAX], 1),
        Array::new(vec![u64::MAX], 1),
        Array::new(
            vec![0.1_f32, -0.0, f32::MAX, f32::MIN_POSITIVE, 1e-45, f32::INFINITY],
            (2, 3),
        ),
        Array::new(
            vec![
                0.1_f64,
                -0.0,
                f64::MAX,
                f64::MIN_POSITIVE,
                5e-324,
                f64::NEG_INFINITY,
            ],
            (3, 2),
        ),
        Array::new(Vec::<f32>::new(), (0, 3)),
    ]
}

fn same(found: &Array, wanted: &Array) {
    assert_eq!(found.array_type(), wanted.array_type());
    let (found, wanted) = (found.try_buffer().unwrap(), wanted.try_buffer().unwrap());
    assert_eq!(found.bytes(), wanted.bytes());
}

#[test]
fn arrays_there_and_back() {
    for x in samples() {
        let text = serde_json::to_string(&x).unwrap();
        same(&serde_json::from_str(&text).unwrap(), &x);
        let mut bytes = vec![];
        ciborium::into_writer(&x, &mut bytes).unwrap();
        same(&ciborium::from_reader(&bytes[..]).unwrap(), &x);
    }
}

#[test]
fn the_form_is_fixed() {
    let text = |x: &Array| serde_json::to_string(x).unwrap();
    assert_eq!(
        text(&np::array([[1.0, 2.5], [0.1, f64::INFINITY]])),
        r#"{"dtype":"float32","shape":[2,2],"data":[1.0,2.5,0.1,"inf"]}"#
    );
    assert_eq!(text(&2.into()), r#"{"dtype":"int32","shape":[],"data":[2]}"#);
    assert_eq!(serde_json::to_string(&DType::U8).unwrap(), r#""uint8""#);
    for dtype in DType::ALL {
        let text = serde_json::to_string(&dtype).unwrap();
        assert_eq!(text, format!("{:?}", dtype.name()));
        assert_eq!(serde_json::from_str::<DType>(&text).unwrap(), dtype);
    }
    let weak: Array = serde_json::from_str(&text(&2.into())).unwrap();
    assert!(!weak.is_weak());
    let nan: Array = serde_json::from_str(r#"{"data":["NaN",3],"shape":[2],"dtype":"float64"}"#).unwrap();
    assert_eq!(nan.to_string(), "[nan  3.]");
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (
            r#""float32","shape":[3],"data":[1.0]"#,
            "an array f32[3]: 1 elements where 3 belong",
        ),
        (
            r#""float32","shape":[1099511627776,1099511627776],"data":[]"#,
            "too many elements",
        ),
        (
            r#""float32","shape":[0,9223372036854775807,4],"data":[]"#,
            "too many elements",
        ),
        (
            r#""int8","shape":[2],"data":[1,300]"#,
            "an array i8[2]: element 1 is 300, which is no int8",
        ),
        (
            r#""uint8","shape":[1],"data":[-1]"#,
            "element 0 is -1, which is no uint8",
        ),
        (
            r#""int32","shape":[1],"data":[1.5]"#,
            "element 0 is 1.5, which is no int32",
        ),
        (
            r#""int32","shape":[1],"data":["NaN"]"#,
            "element 0 is NaN, which is no int32",
        ),
        (
            r#""bool","shape":[1],"data":[1]"#,
            "element 0 is 1, which is no bool",
        ),
        (
            r#""float32","shape":[1],"data":[true]"#,
            "element 0 is true, which is no float32",
        ),
        (
            r#""float32","shape":[1],"data":[1e300]"#,
            "element 0 is 1e300, which is no float32",
        ),
        (
            r#""float32","shape":[1],"data":["nine"]"#,
            "invalid value: string \"nine\"",
        ),
        (r#""float16","shape":[1],"data":[1]"#, "unknown variant `float16`"),
        (
            r#""float32","shape":[-1],"data":[1]"#,
            "invalid value: integer `-1`",
        ),
        (
            r#""float32","shape":[1],"data":[1],"weak":true"#,
            "unknown field `weak`",
        ),
        (r#""float32","shape":[1]"#, "missing field `data`"),
    ];
    for (rest, words) in cases {
        let error = serde_json::from_str::<Array>(&format!("{{\"dtype\":{rest}}}")).unwrap_err();
        assert!(error.to_string().contains(words), "{error}, of {rest}");
    }
    let mut bytes = vec![];
    ciborium::into_writer(&Array::new(vec![true, false], 2), &mut bytes).unwrap();
    let damaged = |end: u8| {
        let mut bytes = bytes.clone();
        *bytes.last_mut().unwrap() = end;
        ciborium::from_reader::<Array, _>(&bytes[..])
    };
    same(&damaged(1).unwrap(), &Array::new(vec![true, true], 2));
    let error = damaged(2).unwrap_err().to_string();
    assert!(error.contains("a bool is 0 or 1, not 2"), "{error}");
    for end in 0..bytes.len() {
        assert!(ciborium::from_reader::<Array, _>(&bytes[..end]).is_err());
    }
}

/// A length that a file claims is not believed, and the length that is read has a limit.
#[test]
fn claimed_lengths() {
    // The bytes hold the dtype, and a number of axes for which there are no bytes.
    let whole = bincode::serialize(&np::ones(3)).unwrap();
    for rank in [1_u64, 64, 65, 1 << 28, 1 << 40, u64::MAX] {
        let bytes = [&whole[..4], &rank.to_le_bytes()].concat();
        assert!(bincode::deserialize::<Array>(&bytes).is_err());
        assert!(bincode::deserialize_from::<_, Array>(&bytes[..]).is_err());
    }
    // The file claims more bytes of elements than there are.
    let mut bytes = whole.clone();
    let count = whole.len() - 12 - 8;
    bytes[count..count + 8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
    assert!(bincode::deserialize::<Array>(&bytes).is_err());

    let few = Limits {
        bytes: 8,
        ..Limits::default()
    };
    let words = "an array f32[3]: 12 bytes, more than 8: raise Limits::bytes by io::with_limits";
    let error = with_limits(few, || bincode::deserialize::<Array>(&whole)).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    let text = serde_json::to_string(&np::ones(3)).unwrap();
    let error = with_limits(few, || serde_json::from_str::<Array>(&text)).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    same(&bincode::deserialize(&whole).unwrap(), &np::ones(3));
}

#[test]
fn an_array_of_a_trace_says_so() {
    let said = RefCell::new(String::new());
    jit(|x: Array| {
        said.replace(serde_json::to_string(&x).unwrap_err().to_string());
        x
    })(np::ones(2));
    let said = said.into_inner();
    assert!(
        said.starts_with("an array f32[2] inside jit (made at tests/suite/saved.rs:"),
        "{said}"
    );
}

#[test]
fn keys() {
    let key = Key::new(42);
    let again: Key = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
    assert_eq!(again.to_words(), key.to_words());
    let many = Key::new(1).split_n((2, 3));
    let again: Key = serde_json::from_str(&serde_json::to_string(&many).unwrap()).unwrap();
    assert_eq!((again.to_words(), again.shape()), (many.to_words(), many.shape()));
    let error = serde_json::from_str::<Key>(r#"{"dtype":"uint32","shape":[3],"data":[1,2,3]}"#).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("words are uint32 of shape (.., 2), this is uint32 of shape (3,)"),
        "{error}"
    );
}
