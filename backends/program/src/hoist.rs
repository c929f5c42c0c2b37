//! Loop-invariant code motion: equations that compute the same in each iteration move out of the loop.

use crate::facts::Class;
use crate::op::{Op, Scan};
use crate::program::{Equation, Program, Var};
use crate::rewrite::Rewrite;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A loop without its expensive invariant equations, and these equations.
pub(crate) struct Hoisted {
    /// The constants that the loop took, as variables of the body.
    pub(crate) consts: Vec<Var>,
    /// The equations, in terms of the body's variables.
    pub(crate) equations: Vec<Equation>,
    /// The variables of the body that become constants of the loop, after the constants that it had.
    pub(crate) results: Vec<Var>,
    pub(crate) scan: Scan,
}

/// Moves out of a loop the equations that read only its constants, if they lead to an expensive value. A
/// cheap value stays: an elementwise value costs less than one more constant to read in each iteration.
pub(crate) fn hoisted(scan: &Scan) -> Option<Hoisted> {
    let body = &*scan.body;
    let mut invariant = vec![false; body.variables()];
    invariant[..scan.consts].fill(true);
    let equations = body.equations();
    for equation in equations {
        let all = equation.inputs.iter().all(|var| invariant[var.index()]) && !equation.op.has_effect();
        equation
            .outputs
            .iter()
            .for_each(|var| invariant[var.index()] = all);
    }
    let is_invariant = |equation: &Equation| {
        !equation.outputs.is_empty() && equation.outputs.iter().all(|var| invariant[var.index()])
    };
    let dear =
        |equation: &Equation| !equation.inputs.is_empty() && is_invariant(equation) && is_dear(&equation.op);
    if scan.length < 2 || !equations.iter().any(dear) {
        return None;
    }
    // The equations that an expensive equation reads move with it.
    let mut goes = vec![false; body.variables()];
    for equation in equations.iter().rev() {
        let needed = equation.outputs.iter().any(|var| goes[var.index()]);
        if needed || dear(equation) {
            equation
                .inputs
                .iter()
                .chain(&equation.outputs)
                .for_each(|var| goes[var.index()] = true);
        }
    }
    let is_moved = |equation: &Equation| {
        !equation.op.has_effect()
            && !equation.outputs.is_empty()
            && equation.outputs.iter().all(|var| goes[var.index()])
    };
    let moved: Vec<&Equation> = equations.iter().filter(|equation| is_moved(equation)).collect();
    let results: Vec<Var> = moved
        .iter()
        .filter(|equation| dear(equation))
        .flat_map(|equation| equation.outputs.iter().copied())
        .collect();

    let inputs: Vec<Var> = body.inputs().collect();
    let (consts, rest) = inputs.split_at(scan.consts);
    let mut new = Rewrite::with_inputs(body, consts.iter().chain(&results).chain(rest).copied());
    // Both the loop and the code before it compute a cheap value that both read.
    let stay = |equation: &&Equation| !(is_moved(equation) && dear(equation));
    equations
        .iter()
        .filter(stay)
        .for_each(|equation| new.copy(equation));
    let scan = Scan {
        body: Arc::new(crate::dead::without_dead_code(new.finish(body.outputs()))),
        consts: scan.consts + results.len(),
        ..scan.clone()
    };
    Some(Hoisted {
        consts: consts.to_vec(),
        equations: moved.into_iter().cloned().collect(),
        results,
        scan,
    })
}

fn is_dear(op: &Op) -> bool {
    dear(op, &mut FxHashSet::default())
}

/// Returns true if an op is expensive. A program that was visited before counts as cheap, so each is visited
/// once.
fn dear<'a>(op: &'a Op, cheap: &mut FxHashSet<&'a Program>) -> bool {
    match op {
        Op::Scan(_) => true,
        Op::Call(program) => {
            cheap.insert(program)
                && program
                    .equations()
                    .iter()
                    .any(|equation| dear(&equation.op, cheap))
        }
        op => matches!(
            op.class(),
            Class::Concatenate | Class::Index | Class::Reduce | Class::Along | Class::Linear
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::{Binary, Reduction, Unary};
    use crate::op::Scan;
    use crate::{ArrayType, Builder, DType, Op, simplify};
    use std::sync::Arc;

    #[test]
    fn reductions_of_constants_leave_the_loop_and_cheap_values_stay() {
        // carry * sum(exp(table)) + sin(scale)
        let mut body = Builder::new();
        let table = body.input(ArrayType::new(DType::F32, [8]));
        let scale = body.input(ArrayType::new(DType::F32, []));
        let carry = body.input(ArrayType::new(DType::F32, []));
        let exp = body.push(Op::Unary(Unary::Exp), &[table]).unwrap()[0];
        let sum = Op::Reduce {
            kind: Reduction::Sum,
            axes: [0].into_iter().collect(),
        };
        let sum = body.push(sum, &[exp]).unwrap()[0];
        let sin = body.push(Op::Unary(Unary::Sin), &[scale]).unwrap()[0];
        let product = body.push(Op::Binary(Binary::Mul), &[carry, sum]).unwrap()[0];
        let next = body.push(Op::Binary(Binary::Add), &[product, sin]).unwrap()[0];
        let body = body.finish(&[next]);

        let mut b = Builder::new();
        let inputs: Vec<_> = body.input_types().into_iter().map(|of| b.input(of)).collect();
        let scan = Scan {
            body: Arc::new(body),
            length: 5,
            consts: 2,
            carries: 1,
            reverse: false,
        };
        let out = b.push(Op::Scan(scan), &inputs).unwrap()[0];
        let program = simplify(&b.finish(&[out]));
        let names: Vec<String> = program
            .equations()
            .iter()
            .map(|equation| equation.op.name())
            .collect();
        assert_eq!(names, ["exp", "reduce_sum", "scan"], "{program}");
        let Op::Scan(scan) = &program.equations()[2].op else {
            unreachable!()
        };
        let names: Vec<String> = scan
            .body
            .equations()
            .iter()
            .map(|equation| equation.op.name())
            .collect();
        assert_eq!(
            (names, scan.consts),
            (vec!["sin".into(), "mul".into(), "add".into()], 3),
            "{program}"
        );
    }
}
