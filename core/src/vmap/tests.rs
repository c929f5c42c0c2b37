//! Compares batched ops that hold programs with a loop over the batch, for every combination of batched
//! inputs.

use super::batch::{batch, batched_types, made};
use crate::array::Array;
use crate::bind::bind;
use crate::eager::run_program;
use crate::numpy as np;
use crate::transform::{bind_strong, evaluate};
use crate::tree::Arrays;
use kiln_backends::program::{
    ArrayType, Custom, CustomRule, DType, Effect, Linalg, Op, Program, Scan, Unary, While,
};
use std::slice::from_ref;
use std::sync::Arc;

fn of(dtype: DType, shape: &[usize]) -> ArrayType {
    ArrayType::new(dtype, shape)
}

fn f32s(shape: &[usize]) -> ArrayType {
    of(DType::F32, shape)
}

/// Makes a batch of three of a type: `float32` in `[0.5, 2)`, `int32` in `-1..4`.
fn three(of: &ArrayType, seed: usize) -> Array {
    let shape: Vec<usize> = std::iter::once(3).chain(of.shape.iter().copied()).collect();
    let n: usize = shape.iter().product();
    let scattered = (0..n).map(|i| (i + seed) * 7919 % 1009);
    match of.dtype {
        DType::F32 => Array::new::<f32>(scattered.map(|k| 0.5 + k as f32 / 673.0).collect(), shape),
        DType::I32 => Array::new::<i32>(scattered.map(|k| (k % 5) as i32 - 1).collect(), shape),
        DType::Bool => Array::new::<bool>(scattered.map(|k| k % 2 == 0).collect(), shape),
        dtype => panic!("no inputs of {dtype}"),
    }
}

fn run(program: &Program, inputs: &[Array]) -> Arrays {
    run_program(
        &"run",
        &Arc::new(program.clone()),
        inputs.iter().cloned().collect(),
    )
}

/// Asserts that the program for a batch has the results of the program for each element, for all combinations
/// of inputs.
fn check(name: &str, program: &Arc<Program>) {
    let types = program.input_types();
    let inputs: Vec<Array> = types
        .iter()
        .enumerate()
        .map(|(i, of)| three(of, 100 * i))
        .collect();
    for mask in 0..1_usize << types.len() {
        let given: Vec<bool> = (0..types.len()).map(|i| mask >> i & 1 == 1).collect();
        for size in [3, 1, 0] {
            let batched = batch(program, &given, size);
            assert_eq!(batched.program.input_types(), batched_types(&types, &given, size));
            let element = |b: usize| -> Vec<Array> {
                let inputs = inputs.iter().zip(&given);
                inputs
                    .map(|(x, &given)| x.index(if given { b } else { 0 }))
                    .collect()
            };
            let together: Vec<Array> = inputs
                .iter()
                .zip(&given)
                .map(|(x, &given)| if given { x.index(..size) } else { x.index(0) })
                .collect();
            let results = run(&batched.program, &together);
            for b in 0..size {
                for (i, wanted) in run(program, &element(b)).iter().enumerate() {
                    let got = if batched.present[i] {
                        results[i].index(b)
                    } else {
                        results[i].clone()
                    };
                    let same =
                        got.array_type() == wanted.array_type() && got.equal(wanted).all().item::<bool>();
                    assert!(
                        same,
                        "{name}, {given:?} of {size}: result {i} of element {b} is {got:?}, not {wanted:?}\n{}",
                        batched.program
                    );
                }
            }
        }
    }
}

/// Traces a program of some types.
fn program<const N: usize>(types: [ArrayType; N], f: impl FnOnce(&[Array; N]) -> Vec<Array>) -> Arc<Program> {
    made(&types, |inputs| f(inputs.try_into().expect("as many as types")))
}

#[test]
fn scans() {
    // Consts, carries and slices; the second carry becomes batched in the second iteration only.
    let body = program(
        [f32s(&[2]), f32s(&[2]), f32s(&[]), f32s(&[2]), of(DType::I32, &[])],
        |[c, x, s, y, n]| vec![x * y + c, x.sum(), x - s, n + 1],
    );
    for (length, reverse) in [(4, false), (4, true), (1, false), (0, false)] {
        let types = [
            f32s(&[2]),
            f32s(&[2]),
            f32s(&[]),
            f32s(&[length, 2]),
            of(DType::I32, &[length]),
        ];
        let scan = Op::Scan(Scan {
            body: body.clone(),
            length,
            consts: 1,
            carries: 2,
            reverse,
        });
        check(
            "scan",
            &made(&types, |inputs| bind_strong(scan, inputs).into_vec()),
        );
    }
}

fn doubling(limit: f32) -> While {
    // (step, x, n): x grows by step until its sum is past the limit.
    let types = [f32s(&[2]), f32s(&[2]), of(DType::I32, &[])];
    While {
        condition: program(types.clone(), |[_, x, _]| vec![x.sum().less(limit)]),
        body: program(types, |[step, x, n]| vec![x + step, n + 1]),
        consts: 1,
    }
}

#[test]
fn whiles() {
    let types = [f32s(&[2]), f32s(&[2]), of(DType::I32, &[])];
    let w = Op::While(doubling(9.0));
    check("while", &made(&types, |inputs| bind_strong(w, inputs).into_vec()));
    // A condition on a counter stays one for all: the carries beside it are batched only if they must be.
    let counting = While {
        condition: program(types.clone(), |[_, _, n]| vec![n.less(5)]),
        body: program(types.clone(), |[step, x, n]| vec![x + step, n + 1]),
        consts: 1,
    };
    let whole = made(&types, |inputs| {
        bind_strong(Op::While(counting), inputs).into_vec()
    });
    check("a while on a counter", &whole);
    assert_eq!(batch(&whole, &[true, false, false], 3).present[..], [true, false]);
    assert_eq!(batch(&whole, &[false, false, true], 3).present[..], [true, true]);
}

#[test]
fn conds() {
    let types = [f32s(&[2]), f32s(&[])];
    let branches = vec![
        program(types.clone(), |[x, y]| vec![x + y, y * 2]),
        program(types.clone(), |[x, _]| vec![x * x, x.sum() - 1]),
        program(types, |[x, _]| vec![np::ones_like(x), np::zeros(())]),
    ];
    // Numbers below the first branch and above the last are among the inputs.
    let types = [of(DType::I32, &[]), f32s(&[2]), f32s(&[])];
    let cond = made(&types, |inputs| {
        bind_strong(Op::Cond(branches), inputs).into_vec()
    });
    check("cond", &cond);
    let holds = |program: &Program| program.equations().iter().any(|e| matches!(e.op, Op::Cond(_)));
    assert!(
        holds(&batch(&cond, &[false, true, true], 3).program),
        "one branch runs"
    );
    assert!(
        !holds(&batch(&cond, &[true, false, false], 3).program),
        "all branches run"
    );
    // The only branch runs for every number, and its product is zeroed for no element.
    let only = program([f32s(&[2]), f32s(&[])], |[x, y]| vec![x.dot(x) * y]);
    let single = made(&types, |inputs| {
        bind_strong(Op::Cond(vec![only]), inputs).into_vec()
    });
    check("a cond of one branch", &single);
    // A loop in a cond.
    let nested = made(&types, |inputs| {
        let in_branch = |limit| {
            let types = [f32s(&[2]), f32s(&[])];
            program(types, |[x, y]| {
                let n = np::zeros(()).astype(DType::I32);
                let results = bind_strong(Op::While(doubling(limit)), &[x.clone(), x.clone(), n]);
                vec![&results[0] + y]
            })
        };
        let branches = vec![in_branch(5.0), in_branch(20.0)];
        let op = Op::Cond(branches);
        let once = bind_strong(op, inputs).remove(0);
        vec![once]
    });
    check("loops in a cond", &nested);
}

#[test]
fn calls() {
    let square = program([f32s(&[2]), f32s(&[])], |[x, y]| {
        vec![x * x + y, y.sin(), y.clone()]
    });
    for op in [Op::Call, Op::Checkpoint] {
        let whole = made(&square.input_types(), |inputs| {
            bind_strong(op(square.clone()), inputs).into_vec()
        });
        check("call", &whole);
        let batched = batch(&whole, &[false, true], 3);
        assert_eq!(batched.present[..], [true, true, true]);
        assert_eq!(batch(&whole, &[true, false], 3).present[..], [true, false, false]);
        assert_eq!(batched.program.equations().len(), 1, "{}", batched.program);
        let again = batch(&Arc::new((*whole).clone()), &[false, true], 3);
        assert!(
            Arc::ptr_eq(&batched.program, &again.program),
            "made once for equal programs"
        );
    }
}

#[test]
fn solving_with_one_matrix_factors_it_once() {
    let types = [f32s(&[2, 2]), f32s(&[2, 3])];
    // Exactly solvable: diagonal matrices of powers of 2 do not round.
    let solve = made(&types, |inputs| {
        let a = np::where_(inputs[0].gt(9), 1, np::identity(2) * 4);
        bind_strong(Op::Linalg(Linalg::Solve), &[a, inputs[1].clone()]).into_vec()
    });
    check("solve", &solve);
    let batched = batch(&solve, &[false, true], 3);
    let equation = batched
        .program
        .equations()
        .iter()
        .find(|e| matches!(e.op, Op::Linalg(_)));
    let matrix = equation.unwrap().inputs[0];
    assert_eq!(
        batched.program.type_of(matrix).shape[..],
        [2, 2],
        "{}",
        batched.program
    );
}

/// `x * sin(y)` with a scale, a const. Its rules are twice the true ones, so that the test sees that they are
/// the user's.
fn scaled(rule: CustomRule) -> Custom {
    Custom {
        program: program([f32s(&[]), f32s(&[2]), f32s(&[])], |[c, x, y]| {
            vec![c * x * y.sin()]
        }),
        consts: 1,
        rule,
    }
}

#[test]
fn custom_rules_are_batched_with_their_function() {
    let (scalar, vector) = (f32s(&[]), f32s(&[2]));
    let inputs = [scalar.clone(), vector.clone(), scalar.clone()];
    let vjp = CustomRule::Vjp {
        // One residual depends on the const only.
        forward: program(inputs.clone(), |[c, x, y]| {
            vec![c * x * y.sin(), x.clone(), y.clone(), c * 2]
        }),
        backward: program(
            [
                scalar.clone(),
                vector.clone(),
                scalar.clone(),
                scalar.clone(),
                vector.clone(),
            ],
            |[_, x, y, twice, ct]| vec![ct * twice * y.sin(), (ct * twice * x).sum() * y.cos()],
        ),
    };
    let jvp = CustomRule::Jvp(program(
        [
            scalar.clone(),
            vector.clone(),
            scalar.clone(),
            vector.clone(),
            scalar.clone(),
        ],
        |[c, x, y, dx, dy]| {
            let tangent = 2 * c * (dx * y.sin() + x * y.cos() * dy);
            vec![c * x * y.sin(), tangent]
        },
    ));
    for rule in [vjp, jvp] {
        let custom = Arc::new(scaled(rule));
        let whole = made(&inputs, |inputs| {
            bind_strong(Op::Custom(custom.clone()), inputs).into_vec()
        });
        check("custom", &whole);
        for const_batched in [false, true] {
            let batched = batch(&whole, &[const_batched, true, false], 3);
            let op = batched.program.equations().iter().find_map(|e| match &e.op {
                Op::Custom(custom) => Some(custom.clone()),
                _ => None,
            });
            let batched = op.expect("it stays custom");
            // A rule, run for the batch and for each element.
            let at = |x: &Array, b: usize| x.index(b);
            let (c, x, y) = (three(&scalar, 0), three(&vector, 10), three(&scalar, 20));
            let (dx, dy) = (three(&vector, 30), three(&scalar, 40));
            let c_at = |b: usize| if const_batched { at(&c, b) } else { at(&c, 0) };
            let c_all = if const_batched { c.clone() } else { at(&c, 0) };
            let element = |b: usize| match &custom.rule {
                CustomRule::Vjp { forward, backward } => {
                    let forward = run(forward, &[c_at(b), at(&x, b), at(&y, b)]);
                    let given = [&[c_at(b)], &forward[1..], &[at(&dx, b)]].concat();
                    [&forward[..1], &run(backward, &given)].concat()
                }
                CustomRule::Jvp(rule) => {
                    run(rule, &[c_at(b), at(&x, b), at(&y, b), at(&dx, b), at(&dy, b)]).into_vec()
                }
            };
            let together = match &batched.rule {
                CustomRule::Vjp { forward, backward } => {
                    let forward = run(forward, &[c_all.clone(), x.clone(), y.clone()]);
                    // A residual that depends on an unbatched const only is kept once.
                    assert_eq!(forward[3].ndim(), usize::from(const_batched));
                    let given = [from_ref(&c_all), &forward[1..], from_ref(&dx)].concat();
                    [&forward[..1], &run(backward, &given)].concat()
                }
                CustomRule::Jvp(rule) => {
                    run(rule, &[c_all, x.clone(), y.clone(), dx.clone(), dy.clone()]).into_vec()
                }
            };
            for b in 0..3 {
                for (wanted, got) in element(b).iter().zip(&together) {
                    // The sum of two products in another order is the same sum.
                    assert!(
                        got.index(b).equal(wanted).all().item::<bool>(),
                        "{got:?} {wanted:?}"
                    );
                }
            }
        }
    }
}

fn print(x: &Array) {
    bind(Op::Effect(Effect::Print("{}".into())), &[x], &[]);
}

/// Returns the ops that hold the print, from the outside in.
fn way_to_print(program: &Program) -> Vec<String> {
    for equation in program.equations() {
        if equation.op.has_effect() {
            let inside = equation
                .op
                .programs()
                .into_iter()
                .find(|inner| inner.has_effect());
            let mut way = vec![equation.op.name()];
            way.extend(inside.into_iter().flat_map(|inner| way_to_print(inner)));
            return way;
        }
    }
    vec![]
}

#[test]
fn effects_happen_for_one_element_after_the_other() {
    let scalar = f32s(&[]);
    let printing = program([scalar.clone()], |[x]| {
        print(x);
        vec![x * 2]
    });
    check("print", &printing);
    let batched = batch(&printing, &[true], 3);
    assert_eq!(way_to_print(&batched.program), ["scan", "debug_print"]);
    // Twice batched: in row-major order.
    assert_eq!(
        way_to_print(&batch(&batched.program, &[true], 2).program),
        ["scan", "scan", "debug_print"]
    );
    // The printed value does not depend on the batch, so it is printed once.
    let once = program([scalar.clone(), scalar.clone()], |[x, y]| {
        print(y);
        vec![x * 2]
    });
    assert_eq!(
        way_to_print(&batch(&once, &[true, false], 3).program),
        ["debug_print"]
    );
    // An element prints in its own branch only, and as long as its own loop runs.
    let types = [of(DType::I32, &[]), scalar.clone()];
    let branches = vec![printing.clone(), program([scalar.clone()], |[x]| vec![x.sin()])];
    let cond = made(&types, |inputs| {
        bind_strong(Op::Cond(branches), inputs).into_vec()
    });
    check("a cond that prints", &cond);
    assert_eq!(
        way_to_print(&batch(&cond, &[true, true], 3).program),
        ["scan", "cond", "debug_print"]
    );
    assert_eq!(
        way_to_print(&batch(&cond, &[false, true], 3).program),
        ["cond", "scan", "debug_print"]
    );
    let w = While {
        condition: program([scalar.clone()], |[x]| vec![x.less(5)]),
        body: printing,
        consts: 0,
    };
    let whole = made(&[scalar], |inputs| bind_strong(Op::While(w), inputs).into_vec());
    check("a while that prints", &whole);
    assert_eq!(
        way_to_print(&batch(&whole, &[true], 3).program),
        ["scan", "while", "debug_print"]
    );
}

#[test]
fn checks_look_at_the_whole_batch() {
    let types = [f32s(&[2])];
    let checked = program(types, |[x]| {
        let y = bind_strong(Op::Unary(Unary::Log), from_ref(x)).remove(0);
        let check = Effect::CheckNan {
            op: "log".into(),
            at: "here".into(),
        };
        bind(Op::Effect(check), &[&y], &[]);
        vec![y]
    });
    check("check_nan", &checked);
    assert_eq!(way_to_print(&batch(&checked, &[true], 3).program), ["check_nan"]);
}

#[test]
fn what_is_not_batched_is_the_program_itself() {
    let program = program([f32s(&[2])], |[x]| vec![x.sin(), np::ones(2)]);
    let same = batch(&program, &[false], 3);
    assert!(Arc::ptr_eq(&same.program, &program));
    assert_eq!(same.present[..], [false, false]);
    assert_eq!(batch(&program, &[true], 3).present[..], [true, false]);
    let outputs = evaluate(&batch(&program, &[true], 2).program, &[np::ones((2, 2))]);
    assert_eq!((outputs[0].ndim(), outputs[1].ndim()), (2, 1));
}
