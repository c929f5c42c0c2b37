//! Programs that are saved and read again, whole and damaged.

use kiln_program::{
    ArrayType, Axes, Binary, Builder, DType, Dot, Limits, Op, OutOfBounds, Program, Reduction, Scalar, Scan,
    Shape, Unary, with_limits,
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
        start: Axes::from([1]),
        stop: Axes::from([4]),
        step: Axes::from([2]),
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
        axes: Axes::from([0]),
        batch: 0,
        mode: OutOfBounds::Clip,
    };
    let taken = b.push(gather, &[part, index]).unwrap()[0];
    let sines = b.push(Op::Unary(Unary::Sin), &[taken]).unwrap()[0];
    let dot = Op::Dot(Dot {
        lhs_contract: Axes::from([0]),
        rhs_contract: Axes::from([0]),
        lhs_batch: Axes::new(),
        rhs_batch: Axes::new(),
    });
    let product = b.push(dot, &[sines, sines]).unwrap()[0];
    let sum = Op::Reduce {
        kind: Reduction::Sum,
        axes: Axes::from([1]),
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

/// Replaces every number in turn by others: the reader returns an error, or a program that types.
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
    let one = |inputs: &str, equations: &str, outputs: &str| {
        format!(
            r#"{{"version":2,"programs":[{{"inputs":[{inputs}],"equations":[{equations}],"outputs":[{outputs}]}}]}}"#
        )
    };
    let cases = [
        (one("", "", "3"), "variable 3 is used before it is defined"),
        (
            one(
                "",
                r#"[{"Constant":{"value":{"dtype":"Bool","bits":5},"shape":[]}},[],[]]"#,
                "0",
            ),
            "0x5 are not the bits of a bool",
        ),
        (
            one(r#"{"dtype":"F64","shape":[4294967296,4294967296]}"#, "", "0"),
            "shape (4294967296, 4294967296) has too many elements",
        ),
        (
            one(
                &format!(r#"{{"dtype":"F64","shape":[{}1]}}"#, "1,".repeat(64)),
                "",
                "0",
            ),
            "invalid length 65, expected at most 64 axes",
        ),
        (
            one("", r#"["Call",[],[0]]"#, ""),
            "program 0 is used before it is defined",
        ),
        (
            one("", r#"["Call",[],[]]"#, ""),
            "call: holds another number of programs",
        ),
        (one("", r#"["Select",[],[]]"#, ""), "select: takes 3 operands"),
        (r#"{"version":2,"programs":[]}"#.into(), "there is no program"),
        (
            r#"{"version":1,"programs":[]}"#.into(),
            "a program in version 1 of its form, this reads version 2: trace and save it again",
        ),
        (
            r#"{"inputs":[],"equations":[],"outputs":[]}"#.into(),
            "missing field `version`",
        ),
    ];
    for (text, words) in cases {
        assert!(read(&text).starts_with(words), "{}, of {text}", read(&text));
    }
}

/// A table of programs. Each runs the one before it `times` times.
fn tower(depth: usize, times: usize) -> String {
    let mut programs = vec![
        r#"{"inputs":[{"dtype":"F32","shape":[2]}],"equations":[[{"Unary":"Sin"},[0],[]]],"outputs":[1]}"#
            .to_string(),
    ];
    for level in 0..depth {
        let calls: Vec<String> = (0..times)
            .map(|i| format!(r#"["Call",[{i}],[{level}]]"#))
            .collect();
        programs.push(format!(
            r#"{{"inputs":[{{"dtype":"F32","shape":[2]}}],"equations":[{}],"outputs":[{times}]}}"#,
            calls.join(",")
        ));
    }
    format!(r#"{{"version":2,"programs":[{}]}}"#, programs.join(","))
}

#[test]
fn depth_size_and_work_are_bounded() {
    let read = |text: &str| serde_json::from_str::<Program>(text).map_err(|error| error.to_string());
    let refused = |text: &str, words: &str| {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(words), "{error}");
    };
    assert_eq!(read(&tower(128, 1)).unwrap().depth(), 128);
    refused(
        &tower(129, 1),
        "more than 128 levels of programs within programs: raise Limits::depth",
    );
    refused(&tower(20_000, 1), "more than 128 levels of programs");
    // 2^40 sines can be read, 2^60 are more than anybody waits for.
    let shared = read(&tower(40, 2)).unwrap();
    assert_eq!(shared.distinct().len(), 41);
    refused(
        &tower(60, 2),
        "more than 1152921504606846976 elements of declared work: raise Limits::work",
    );
    let small = Limits {
        size: 100,
        ..Limits::default()
    };
    with_limits(small, || {
        read(&tower(5, 1)).unwrap();
        refused(
            &tower(50, 1),
            "more than 100 equations, variables and axes in a program: raise Limits::size",
        );
    });
    read(&tower(50, 1)).unwrap();
}

/// Every walk over nested programs takes time proportional to the distinct programs, not to the number of
/// runs.
#[test]
fn shared_programs_are_walked_once() {
    let read = || serde_json::from_str::<Program>(&tower(40, 2)).unwrap();
    let (x, y) = (read(), read());
    assert_eq!(x, y);
    assert_eq!(
        serde_json::to_string(&x).unwrap(),
        serde_json::to_string(&y).unwrap()
    );
    let text = x.to_string();
    assert_eq!(
        (text.matches("= call[").count(), text.matches("= sin").count()),
        (80, 1),
        "{text}"
    );
    assert_eq!(format!("{x:?}"), text);
    assert!(!x.has_effect());
    let mut set = std::collections::HashSet::from([x]);
    assert!(!set.insert(y));
    // Another program at the bottom makes all of them others.
    let other = tower(40, 2).replace("Sin", "Cos");
    assert_ne!(serde_json::from_str::<Program>(&other).unwrap(), read());
}
