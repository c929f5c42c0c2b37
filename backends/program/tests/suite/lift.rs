//! Programs without their literals.

use kiln_program::sister::{lift, put_back};
use kiln_program::{
    ArrayType, Binary, Builder, Compare, Custom, CustomRule, DType, Formula, Op, Program, Scalar, Scan,
    Unary, Var, simplify,
};
use std::sync::Arc;

fn of() -> ArrayType {
    ArrayType::new(DType::F32, [3])
}

fn number(b: &mut Builder, value: f64) -> Var {
    let value = Scalar::from_f64(DType::F32, value);
    let shape = of().shape;
    b.push(Op::Constant { value, shape }, &[]).unwrap()[0]
}

/// `x -> f(x, c)`.
fn with_number(f: Binary, c: f64) -> Program {
    let mut b = Builder::new();
    let x = b.input(of());
    let c = number(&mut b, c);
    let y = b.push(Op::Binary(f), &[x, c]).unwrap();
    b.finish(&y)
}

fn listed(numbers: &[Scalar]) -> Vec<f64> {
    numbers.iter().map(|x| x.as_f64()).collect()
}

#[test]
fn numbers_within_the_programs_of_every_op_are_lifted_and_put_back() {
    let inner = |c: f64| Arc::new(with_number(Binary::Mul, c));
    let program = |c: f64| {
        let mut b = Builder::new();
        let x = b.input(of());
        let which = b.input(ArrayType::new(DType::I32, []));
        let mut y = b.push(Op::Call(inner(c)), &[x]).unwrap()[0];
        y = b.push(Op::Checkpoint(inner(c + 1.0)), &[y]).unwrap()[0];
        y = b
            .push(Op::Cond(vec![inner(c), inner(c + 2.0)]), &[which, y])
            .unwrap()[0];
        let scan = Scan {
            body: inner(c + 3.0),
            length: 2,
            consts: 0,
            carries: 1,
            reverse: false,
        };
        y = b.push(Op::Scan(scan), &[y]).unwrap()[0];
        let mut rule = Builder::new();
        let [_, t] = [0, 1].map(|_| rule.input(of()));
        let c4 = number(&mut rule, c + 4.0);
        let t = rule.push(Op::Binary(Binary::Mul), &[t, c4]).unwrap()[0];
        let custom = Custom {
            program: inner(c),
            consts: 0,
            rule: CustomRule::Jvp(Arc::new(rule.finish(&[t, t]))),
        };
        y = b.push(Op::Custom(Arc::new(custom)), &[y]).unwrap()[0];
        Arc::new(b.finish(&[y]))
    };
    let (two, twenty) = (program(2.0), program(20.0));
    let ((lifted, numbers), (other, others)) = (lift(&two), lift(&twenty));
    assert_eq!(lifted, other);
    assert!(lifted.is_lifted() && !two.is_lifted());
    assert_eq!(listed(&numbers), [2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(put_back(&lifted, &numbers), two);
    assert_eq!(put_back(&lifted, &others), twenty);
    // A lifted program stays as it is.
    assert_eq!(lift(&lifted), (lifted.clone(), Arc::from([])));
}

#[test]
fn equal_numbers_are_one_and_what_folds_or_decides_stays() {
    let lifted = |numbers: &[f64]| {
        let mut b = Builder::new();
        let mut y = b.input(of());
        for &c in numbers {
            let c = number(&mut b, c);
            y = b.push(Op::Binary(Binary::Add), &[y, c]).unwrap()[0];
        }
        listed(&lift(&Arc::new(b.finish(&[y]))).1)
    };
    assert_eq!(lifted(&[2.5, 0.5, 2.5]), [2.5, 0.5]);
    let stay = [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    assert!(lifted(&stay).is_empty());
    let mut b = Builder::new();
    let [x, y] = [2.5, 3.5].map(|c| number(&mut b, c));
    let x = b.push(Op::Unary(Unary::Neg), &[x]).unwrap()[0];
    let z = b.push(Op::Compare(Compare::Lt), &[x, y]).unwrap();
    assert_eq!(
        lift(&Arc::new(b.finish(&z))).1[..],
        [],
        "a comparison of literals"
    );
}

/// `simplify` folds the literals of a program and the numbers of its lifted form to the same program.
#[test]
fn numbers_fold_before_they_are_known() {
    // (-(x * 2.5)) * (4.5 - 1) / -(0.7)
    let mut b = Builder::new();
    let x = b.input(of());
    let [c, d, one, e] = [2.5, 4.5, 1.0, 0.7].map(|c| number(&mut b, c));
    let mut push = |op: Op, inputs: &[Var]| b.push(op, inputs).unwrap()[0];
    let y = push(Op::Binary(Binary::Mul), &[x, c]);
    let y = push(Op::Unary(Unary::Neg), &[y]);
    let d = push(Op::Binary(Binary::Sub), &[d, one]);
    let y = push(Op::Binary(Binary::Mul), &[y, d]);
    let e = push(Op::Unary(Unary::Neg), &[e]);
    let y = push(Op::Binary(Binary::Div), &[y, e]);
    let program = Arc::new(b.finish(&[y]));
    let (lifted, numbers) = lift(&program);
    let short = Arc::new(simplify(&lifted));
    assert_eq!(*put_back(&short, &numbers), simplify(&program));
    let others: Arc<[Scalar]> = [1.5, -4.0, 0.1].map(|c| Scalar::from_f64(DType::F32, c)).into();
    assert_eq!(*put_back(&short, &others), simplify(&put_back(&lifted, &others)));
}

#[test]
fn a_formula_stays_short() {
    let mut b = Builder::new();
    let x = b.input(of());
    let mut sum = number(&mut b, 1.5);
    for i in 1..100 {
        let c = number(&mut b, 1.5 + f64::from(i));
        sum = b.push(Op::Binary(Binary::Add), &[sum, c]).unwrap()[0];
    }
    let y = b.push(Op::Binary(Binary::Mul), &[x, sum]).unwrap();
    let short = simplify(&lift(&Arc::new(b.finish(&y))).0);
    let depth = |number: &Formula| format!("{number:?}").matches("Binary").count();
    let formulas = short
        .equations()
        .iter()
        .filter_map(|equation| equation.op.number());
    assert!(formulas.map(|number| depth(&number)).all(|depth| depth < 20));
}

#[test]
fn shared_programs_are_lifted_and_compared_in_the_time_of_one() {
    let program = || {
        let mut program = Arc::new(with_number(Binary::Mul, 2.5));
        for _ in 0..60 {
            let mut b = Builder::new();
            let mut y = b.input(of());
            for _ in 0..2 {
                y = b.push(Op::Call(program.clone()), &[y]).unwrap()[0];
            }
            program = Arc::new(b.finish(&[y]));
        }
        program
    };
    let (lifted, numbers) = lift(&program());
    assert_eq!(lifted, lift(&program()).0);
    assert_eq!(put_back(&lifted, &numbers), program());
    assert!(lifted.bytes() < 1 << 20);
}
