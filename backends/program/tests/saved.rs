//! Programs that are saved and read again, whole and damaged.

use kiln_program::{
    ArrayType, Axes, Binary, Builder, DType, Dot, Op, OutOfBounds, Program, Reduction, Scalar, Scan, Shape,
    Unary,
};
use std::panic::catch_unwind;
use std::sync::Arc;

/// A program with many kinds of ops, parameters and numbers.
fn program() -> Program {
    let mut body = Builder::new();
    let (x, step) = (
        body.input(ArrayType::new(DType::F32, [4])),
        body.input(ArrayType::new(DType::F32, [])),
    );
    let spread = Op::Broadcast {
        shape: Shape::from([4]),
        axes: Axes::new(),
    };
    let step = body.push(spread, &[step]).unwrap()[0];
    let x = body.push(Op::Binary(Binary::Add), &[x, step]).unwrap()[0];
    let body = body.finish(&[x]);

    let mut b = Builder::new();
    let (x, steps) = (
        b.input(ArrayType::new(DType::F32, [2, 2])),
        b.input(ArrayType::new(DType::F32, [5])),
    );
    for value in [
        Scalar::from_f64(DType::F64, f64::NAN),
        Scalar::from_f64(DType::F32, -0.0),
        Scalar::from_f64(DType::F64, f64::NEG_INFINITY),
        Scalar::from_i64(DType::I8, -3),
        Scalar::from_i64(DType::U64, -1),
    ] {
        b.push(
            Op::Constant {
                value,
                shape: Shape::from([2]),
            },
            &[],
        )
        .unwrap();
    }
    let flat = b.push(Op::Reshape(Shape::from([4])), &[x]).unwrap()[0];
    let scan = Op::Scan(Scan {
        body: Arc::new(body),
        length: 5,
        consts: 0,
        carries: 1,
        reverse: true,
    });
    let last = b.push(scan, &[flat, steps]).unwrap()[0];
    let slice = Op::Slice {
        start: Axes::from_slice(&[1]),
        stop: Axes::from_slice(&[4]),
        step: Axes::from_slice(&[2]),
    };
    let part = b.push(slice, &[last]).unwrap()[0];
    let index = b
        .push(
            Op::Iota {
                dtype: DType::I32,
                shape: Shape::from([3]),
                axis: 0,
            },
            &[],
        )
        .unwrap()[0];
    let gather = Op::Gather {
        axes: Axes::from_slice(&[0]),
        batch: 0,
        mode: OutOfBounds::Clip,
    };
    let taken = b.push(gather, &[part, index]).unwrap()[0];
    let sines = b.push(Op::Unary(Unary::Sin), &[taken]).unwrap()[0];
    let dot = Op::Dot(Dot {
        lhs_contract: Axes::from_slice(&[0]),
        rhs_contract: Axes::from_slice(&[0]),
        lhs_batch: Axes::new(),
        rhs_batch: Axes::new(),
    });
    let product = b.push(dot, &[sines, sines]).unwrap()[0];
    let sum = Op::Reduce {
        kind: Reduction::Sum,
        axes: Axes::from_slice(&[1]),
    };
    let sum = b.push(sum, &[x]).unwrap()[0];
    b.finish(&[product, sum, product])
}

#[test]
fn a_saved_program_is_the_same_program() {
    let program = program();
    let text = serde_json::to_string(&program).unwrap();
    let again: Program = serde_json::from_str(&text).unwrap();
    assert_eq!(again, program);
    assert_eq!(again.to_string(), program.to_string());
}

#[test]
fn a_truncated_program_is_an_error() {
    let text = serde_json::to_string(&program()).unwrap();
    for end in 0..text.len() {
        assert!(
            serde_json::from_str::<Program>(&text[..end]).is_err(),
            "cut at {end}"
        );
    }
}

/// Every number in turn is replaced by others: what comes is an error, or a program that types.
#[test]
fn a_damaged_program_is_an_error_or_another_program() {
    let text = serde_json::to_string(&program()).unwrap();
    let digits = |c: char| c.is_ascii_digit();
    let mut numbers: Vec<(usize, usize)> = vec![];
    let mut from = 0;
    while let Some(start) = text[from..].find(digits).map(|at| at + from) {
        let end = text[start..]
            .find(|c| !digits(c))
            .map_or(text.len(), |at| at + start);
        numbers.push((start, end));
        from = end;
    }
    let mut refused = 0;
    for &(start, end) in &numbers {
        for new in ["0", "1", "3", "77", "4294967295", "9223372036854775808"] {
            let damaged = format!("{}{new}{}", &text[..start], &text[end..]);
            let read = catch_unwind(|| serde_json::from_str::<Program>(&damaged));
            match read.unwrap_or_else(|_| panic!("a panic for {damaged}")) {
                Ok(program) => assert!(program.variables() > 0),
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > numbers.len(), "{refused} of {}", 6 * numbers.len());
}

#[test]
fn errors_say_what_is_wrong() {
    let read = |text: &str| serde_json::from_str::<Program>(text).unwrap_err().to_string();
    let unknown = r#"{"inputs":[],"equations":[],"outputs":[3]}"#;
    assert_eq!(read(unknown), "variable 3 is used before it is defined");
    let bits = r#"{"inputs":[],"equations":[[{"Constant":{"value":{"dtype":"Bool","bits":5},"shape":[]}},[]]],"outputs":[0]}"#;
    assert!(
        read(bits).starts_with("0x5 are not the bits of a bool"),
        "{}",
        read(bits)
    );
    let huge = r#"{"inputs":[{"dtype":"F64","shape":[4294967296,4294967296]}],"equations":[],"outputs":[0]}"#;
    assert_eq!(read(huge), "shape (4294967296, 4294967296) has too many elements");
}
