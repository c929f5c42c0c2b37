//! Ops that hold programs, and ops that only transformations distinguish: their types, their text, and the
//! program that remains when it is made shorter.

use kiln_program::sister::tidy;
use kiln_program::{
    ArrayType, Axes, Binary, Builder, Custom, CustomRule, DType, Effect, Op, Program, Reduction, Scalar,
    Scan, Shape, Unary, Var, infer, simplify,
};
use std::sync::Arc;

fn f32s(shape: &[usize]) -> ArrayType {
    ArrayType::new(DType::F32, shape)
}

fn axes(list: &[usize]) -> Axes {
    Axes::from(list)
}

/// `x -> f(x)` of an array of this type.
fn function(of: ArrayType, f: impl FnOnce(&mut Builder, Var) -> Vec<Var>) -> Arc<Program> {
    let mut b = Builder::new();
    let x = b.input(of);
    let outputs = f(&mut b, x);
    Arc::new(b.finish(&outputs))
}

fn push(b: &mut Builder, op: Op, inputs: &[Var]) -> Var {
    b.push(op, inputs).unwrap()[0]
}

fn unary(f: Unary, of: ArrayType) -> Arc<Program> {
    function(of, |b, x| vec![push(b, Op::Unary(f), &[x])])
}

fn print(text: &str) -> Op {
    Op::Effect(Effect::Print(text.into()))
}

fn pad(shape: &[usize], start: &[usize], step: &[usize]) -> Op {
    Op::Pad {
        shape: shape.into(),
        start: axes(start),
        step: axes(step),
    }
}

/// `(inputs) -> outputs` with a backward rule that returns the cotangents.
fn custom(program: Arc<Program>, backward: Arc<Program>) -> Op {
    let forward = function(f32s(&[2]), |b, x| {
        let y = push(b, Op::Unary(Unary::Sin), &[x]);
        vec![y, x]
    });
    Op::Custom(Arc::new(Custom {
        program,
        consts: 0,
        rule: CustomRule::Vjp { forward, backward },
    }))
}

/// `(residual, cotangent) -> cotangent`.
fn backward() -> Arc<Program> {
    let mut b = Builder::new();
    let (x, ct) = (b.input(f32s(&[2])), b.input(f32s(&[2])));
    let y = push(&mut b, Op::Binary(Binary::Mul), &[x, ct]);
    Arc::new(b.finish(&[y]))
}

#[test]
fn what_does_not_type_is_refused() {
    let (x, i, p) = (
        f32s(&[2]),
        ArrayType::new(DType::I32, []),
        ArrayType::new(DType::Bool, []),
    );
    let wide = function(f32s(&[2]), |_, x| vec![x, x]);
    let longer = function(f32s(&[2]), |b, x| vec![push(b, pad(&[3], &[0], &[1]), &[x])]);
    let branches = |second: Arc<Program>| Op::Cond(vec![unary(Unary::Sin, f32s(&[2])), second]);
    let cases: Vec<(Op, Vec<&ArrayType>, &str)> = vec![
        (pad(&[4], &[0], &[1]), vec![], "pad: takes 1 operands, got 0"),
        (
            pad(&[4], &[3], &[1]),
            vec![&x],
            "pad: shape (2,) does not fit into (4,) from [3] by [1]",
        ),
        (pad(&[4], &[0], &[4]), vec![&x], "pad: shape (2,) does not fit"),
        (pad(&[4], &[0], &[0]), vec![&x], "pad: shape (2,) does not fit"),
        (pad(&[4, 4], &[0], &[1]), vec![&x], "pad: shape (2,) does not fit"),
        (
            pad(&[4], &[usize::MAX], &[usize::MAX]),
            vec![&x],
            "pad: shape (2,) does not fit",
        ),
        (Op::Cond(vec![]), vec![&i, &x], "cond: needs a branch"),
        (
            branches(unary(Unary::Cos, f32s(&[2]))),
            vec![],
            "cond: needs the number of a branch",
        ),
        (
            branches(unary(Unary::Cos, f32s(&[2]))),
            vec![&p, &x],
            "cond: the number of a branch is bool[], not i32[]",
        ),
        (
            branches(unary(Unary::Cos, f32s(&[2]))),
            vec![&i],
            "cond: the program takes 1 inputs, got 0",
        ),
        (
            branches(unary(Unary::Cos, f32s(&[3]))),
            vec![&i, &x],
            "cond: input 0 of the program is f32[3], got f32[2]",
        ),
        (branches(wide.clone()), vec![&i, &x], "cond: branches give"),
        (
            Op::StopGradient,
            vec![&x, &x],
            "stop_gradient: takes 1 operands, got 2",
        ),
        (
            Op::Checkpoint(wide.clone()),
            vec![&i],
            "checkpoint: input 0 of the program is f32[2], got i32[]",
        ),
        (
            custom(longer, backward()),
            vec![&x],
            "custom: the forward rule gives",
        ),
        (
            custom(unary(Unary::Sin, f32s(&[2])), unary(Unary::Sin, f32s(&[2]))),
            vec![&x],
            "custom: the backward rule takes 1 inputs, got 2",
        ),
    ];
    for (op, operands, wanted) in cases {
        let text = infer(&op, &operands).expect_err(wanted).to_string();
        assert!(text.starts_with(wanted), "{text}, not {wanted}");
    }
    assert_eq!(infer(&print("{}"), &[&x, &i]).unwrap().len(), 0);
    let types = infer(&pad(&[0, 5], &[0, 1], &[1, 3]), &[&f32s(&[0, 2])]).unwrap();
    assert_eq!(types[0], f32s(&[0, 5]));
    // An empty array fits anywhere.
    assert!(infer(&pad(&[0], &[7], &[2]), &[&f32s(&[0])]).is_ok());
}

fn all_ops() -> Program {
    let mut b = Builder::new();
    let (which, x) = (b.input(ArrayType::new(DType::I32, [])), b.input(f32s(&[2])));
    let padded = push(&mut b, pad(&[5], &[1], &[2]), &[x]);
    b.push(print("padded: {}"), &[padded]).unwrap();
    let branches = Op::Cond(vec![unary(Unary::Sin, f32s(&[2])), unary(Unary::Cos, f32s(&[2]))]);
    let y = push(&mut b, branches, &[which, x]);
    let y = push(&mut b, Op::StopGradient, &[y]);
    let y = push(&mut b, Op::Checkpoint(unary(Unary::Exp, f32s(&[2]))), &[y]);
    let y = push(&mut b, custom(unary(Unary::Sin, f32s(&[2])), backward()), &[y]);
    let check = Effect::CheckNan {
        op: "sin".into(),
        at: "src/main.rs:3:5".into(),
    };
    b.push(Op::Effect(check), &[y]).unwrap();
    b.finish(&[y, padded])
}

#[test]
fn the_text_shows_what_is_inside() {
    let expected = r#"{ a:i32[] b:f32[2] =>
    c:f32[5] = pad[(5,) start=[1] step=[2]] b
    = debug_print["padded: {}"] c
    d:f32[2] = cond[
      branch=program0: { a:f32[2] =>
          b:f32[2] = sin a
        in (b,) }
      branch={ a:f32[2] =>
          b:f32[2] = cos a
        in (b,) }
    ] a b
    e:f32[2] = stop_gradient d
    f:f32[2] = checkpoint[
      program={ a:f32[2] =>
          b:f32[2] = exp a
        in (b,) }
    ] e
    g:f32[2] = custom[consts=0][
      program=program0
      forward={ a:f32[2] =>
          b:f32[2] = sin a
        in (b, a) }
      backward={ a:f32[2] b:f32[2] =>
          c:f32[2] = mul a b
        in (c,) }
    ] f
    = check_nan[sin src/main.rs:3:5] g
  in (g, c) }"#;
    let strip = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let text = all_ops().to_string();
    assert_eq!(strip(&text), strip(expected), "{text}");
}

#[test]
fn a_saved_program_is_the_same_program() {
    let program = all_ops();
    let text = serde_json::to_string(&program).unwrap();
    let again: Program = serde_json::from_str(&text).unwrap();
    assert_eq!(again, program);
    assert_eq!(again.to_string(), program.to_string());
    let changed = text.replace("padded: ", "other: ");
    assert_ne!(serde_json::from_str::<Program>(&changed).unwrap(), program);
}

fn names(program: &Program) -> Vec<String> {
    program
        .equations()
        .iter()
        .map(|equation| equation.op.name())
        .collect()
}

#[test]
fn devices_see_less_than_transformations() {
    let program = all_ops();
    let device = ["pad", "debug_print", "cond", "checkpoint", "sin", "check_nan"];
    assert_eq!(names(&simplify(&program)), device);
    assert_eq!(names(&tidy(&program)), names(&program));
    for shorter in [simplify(&program), tidy(&program)] {
        assert_eq!(shorter.input_types(), program.input_types());
        assert_eq!(shorter.output_types(), program.output_types());
    }
    // Calls are inlined too, also within branches.
    let inner = function(f32s(&[2]), |b, x| {
        let y = push(b, Op::Call(unary(Unary::Sin, f32s(&[2]))), &[x]);
        vec![push(b, Op::StopGradient, &[y])]
    });
    let mut b = Builder::new();
    let (which, x) = (b.input(ArrayType::new(DType::I32, [])), b.input(f32s(&[2])));
    let y = push(&mut b, Op::Cond(vec![inner.clone(), inner]), &[which, x]);
    let program = b.finish(&[y]);
    let first_branch = |program: &Program| match &program.equations()[0].op {
        Op::Cond(branches) => names(&branches[0]),
        op => panic!("{op:?}"),
    };
    assert_eq!(first_branch(&simplify(&program)), ["sin"]);
    assert_eq!(first_branch(&tidy(&program)), ["call", "stop_gradient"]);
}

#[test]
fn a_choice_that_is_known_is_made() {
    for (number, expected) in [(0, "sin"), (1, "cos"), (7, "cos"), (-3, "sin")] {
        let mut b = Builder::new();
        let x = b.input(f32s(&[2]));
        let constant = Op::Constant {
            value: Scalar::from_i64(DType::I32, number),
            shape: Shape::scalar(),
        };
        let which = push(&mut b, constant, &[]);
        let branches = vec![unary(Unary::Sin, f32s(&[2])), unary(Unary::Cos, f32s(&[2]))];
        let y = push(&mut b, Op::Cond(branches), &[which, x]);
        let program = b.finish(&[y]);
        assert_eq!(names(&simplify(&program)), [expected], "branch {number}");
        assert_eq!(names(&tidy(&program)), [expected], "branch {number}");
    }
}

/// A loop of three iterations that prints its carry and stacks nothing.
fn printing_loop() -> Op {
    let body = function(f32s(&[2]), |b, x| {
        b.push(print("{}"), &[x]).unwrap();
        let unused = push(b, Op::Unary(Unary::Cos), &[x]);
        push(b, Op::Unary(Unary::Tan), &[unused]);
        vec![push(b, Op::Unary(Unary::Sin), &[x])]
    });
    Op::Scan(Scan {
        body,
        length: 3,
        consts: 0,
        carries: 1,
        reverse: false,
    })
}

#[test]
fn dead_code_keeps_what_is_done_for_its_own_sake() {
    let quiet = function(f32s(&[2]), |_, x| vec![x]);
    let loud = function(f32s(&[2]), |b, x| {
        b.push(print("here"), &[]).unwrap();
        vec![x]
    });
    let choose = |branches: Vec<Arc<Program>>| {
        let mut b = Builder::new();
        let (which, x) = (b.input(ArrayType::new(DType::I32, [])), b.input(f32s(&[2])));
        b.push(Op::Cond(branches), &[which, x]).unwrap();
        b.finish(&[x])
    };
    assert_eq!(
        names(&simplify(&choose(vec![
            quiet.clone(),
            unary(Unary::Sin, f32s(&[2]))
        ]))),
        [""; 0]
    );
    assert_eq!(
        names(&simplify(&choose(vec![quiet.clone(), loud.clone()]))),
        ["cond"]
    );

    let mut b = Builder::new();
    let x = b.input(f32s(&[2]));
    b.push(printing_loop(), &[x]).unwrap();
    b.push(Op::Call(loud.clone()), &[x]).unwrap();
    b.push(Op::Checkpoint(loud.clone()), &[x]).unwrap();
    b.push(print("once"), &[]).unwrap();
    b.push(print("once"), &[]).unwrap();
    let program = b.finish(&[x]);
    let simple = simplify(&program);
    // Equal effects stay two, and keep their order.
    assert_eq!(
        names(&simple),
        ["scan", "debug_print", "checkpoint", "debug_print", "debug_print"]
    );
    assert!(simple.has_effect());
    let Op::Scan(scan) = &simple.equations()[0].op else {
        panic!("a loop")
    };
    // The equations that the print needs stay, the rest does not.
    assert_eq!(names(&scan.body), ["debug_print", "sin"]);

    let mut b = Builder::new();
    let x = b.input(f32s(&[2]));
    b.push(printing_loop(), &[x]).unwrap();
    b.push(printing_loop(), &[x]).unwrap();
    assert_eq!(
        names(&simplify(&b.finish(&[x]))),
        ["scan", "scan"],
        "equal loops that print are two"
    );
}

/// A loop without results and effects is dropped, also when an expensive equation leaves the loop around it.
#[test]
fn what_has_no_results_is_dropped() {
    let square = f32s(&[2, 2]);
    let mut inner = Builder::new();
    let x = inner.input(square.clone());
    push(&mut inner, Op::Unary(Unary::Sin), &[x]);
    let inner = Scan {
        body: Arc::new(inner.finish(&[])),
        length: 1,
        consts: 1,
        carries: 0,
        reverse: false,
    };
    let mut body = Builder::new();
    let (table, carry) = (body.input(square.clone()), body.input(square.clone()));
    assert!(body.push(Op::Scan(inner.clone()), &[carry]).unwrap().is_empty());
    let dear = push(
        &mut body,
        Op::Cumulative {
            kind: Reduction::Sum,
            axis: 0,
            reverse: false,
        },
        &[table],
    );
    let next = push(&mut body, Op::Binary(Binary::Add), &[carry, dear]);
    let scan = Scan {
        body: Arc::new(body.finish(&[next])),
        length: 3,
        consts: 1,
        carries: 1,
        reverse: false,
    };
    let mut b = Builder::new();
    let (table, carry) = (b.input(square.clone()), b.input(square));
    let result = push(&mut b, Op::Scan(scan), &[table, carry]);
    let simple = simplify(&b.finish(&[result]));
    assert_eq!(names(&simple), ["cumsum", "scan"], "{simple}");
    let Op::Scan(scan) = &simple.equations()[1].op else {
        panic!("a loop")
    };
    assert_eq!(names(&scan.body), ["add"], "{simple}");

    let mut b = Builder::new();
    let x = b.input(f32s(&[2, 2]));
    b.push(Op::Scan(inner), &[x]).unwrap();
    assert!(simplify(&b.finish(&[x])).equations().is_empty());
}
