//! Tests the programs of vmapped functions: they repeat nothing and split nothing up without need.

use kiln::{Array, Key, jit, lax, numpy as np, program, random, vmap, vmap_in_axes};
use kiln_backends::cpu::Executable;
use kiln_backends::program::{Op, Program, simplify};
use std::cell::Cell;

fn count(program: &Program, is: impl Fn(&Op) -> bool) -> usize {
    program
        .equations()
        .iter()
        .filter(|equation| is(&equation.op))
        .count()
}

/// Returns the size of the greatest array that is computed apart, because it is not fused.
fn apart(program: &Program) -> usize {
    let stored = program.equations().iter().filter(|equation| {
        matches!(
            equation.op,
            Op::Gather { .. } | Op::Concatenate { .. } | Op::Dot(_)
        )
    });
    stored
        .flat_map(|equation| &equation.outputs)
        .map(|var| program.type_of(*var).shape.size())
        .max()
        .unwrap_or(0)
}

#[test]
fn an_operand_that_is_not_mapped_is_broadcast_within_the_kernel() {
    let f = |(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2));
    let grid = vmap_in_axes(vmap_in_axes(f, (None, 0)), (0, None));
    let (x, y) = (np::linspace(-1.0, 1.0, 300), np::linspace(0.0, 1.0, 200));
    let program = simplify(&program(grid, (x, y)));
    // One kernel for the grid, and at most one for the part that depends on one argument only.
    assert!(Executable::compile(&program).steps() <= 3, "{program}");
    // The part that depends on one argument only is computed on that argument's own axis.
    let squares = |op: &Op| matches!(op, Op::Binary(kiln_backends::program::Binary::Mul));
    let sizes: Vec<usize> = program
        .equations()
        .iter()
        .filter(|equation| squares(&equation.op))
        .map(|equation| program.type_of(equation.outputs[0]).shape.size())
        .collect();
    assert_eq!(sizes, [300, 200], "{program}");
}

#[test]
fn a_reduction_over_a_grid_holds_no_grid() {
    let kernel = |(x, xs): (Array, Array)| (-(x - xs).pow(2)).exp().sum();
    let sums = vmap_in_axes(kernel, (0, None));
    let x = np::linspace(0.0, 1.0, 1000);
    let program = program(sums, (x.clone(), x));
    assert_eq!(Executable::compile(&program).steps(), 1, "{program}");
}

#[test]
fn gathers_of_scalars_stay_one() {
    let v = np::arange(24).reshape((2, 3, 4));
    let f = |(v, i, j, k): (Array, Array, Array, Array)| v.index((i, j, k));
    let f = vmap_in_axes(f, (None, None, None, 0));
    let f = vmap_in_axes(f, (None, None, 0, None));
    let f = vmap_in_axes(f, (None, 0, None, None));
    let axes = (v.clone(), np::arange(2), np::arange(3), np::arange(4));
    let text = program(&f, axes.clone());
    assert_eq!(count(&text, |op| matches!(op, Op::Gather { .. })), 1, "{text}");
    assert_eq!(apart(&text), 24);
    // The array that is read is neither repeated nor moved.
    let gather = text
        .equations()
        .iter()
        .find(|equation| matches!(equation.op, Op::Gather { .. }))
        .unwrap();
    assert_eq!(gather.inputs[0], text.inputs().next().unwrap(), "{text}");
    assert_eq!(f(axes).to_vec::<i32>(), v.to_vec::<i32>());

    // Rows of a table are read once for each level of `vmap` that indexes them.
    let f = |(v, q, i, j): (Array, Array, Array, Array)| (v.index((i, ..)) * q.index((j, ..))).sum();
    let f = vmap_in_axes(vmap_in_axes(f, (None, None, None, 0)), (None, None, 0, None));
    let square = np::arange(12).reshape((4, 3));
    let text = program(f, (square.clone(), square, np::arange(4), np::arange(4)));
    assert_eq!(count(&text, |op| matches!(op, Op::Gather { .. })), 2, "{text}");
    assert_eq!(apart(&text), 12, "{text}");
}

#[test]
fn one_batched_array_is_gathered_by_the_same_indices() {
    let take = vmap_in_axes(|(x, i): (Array, Array)| x.index(i), (0, None));
    let text = program(take, (np::ones((1000, 5)), np::arange(3)));
    let gather = text
        .equations()
        .iter()
        .find(|equation| matches!(equation.op, Op::Gather { .. }))
        .unwrap();
    assert_eq!(text.type_of(gather.inputs[1]).shape.size(), 3, "{text}");
}

#[test]
fn a_product_with_one_batched_operand_stays_one_product() {
    let (x, y) = (np::ones((7, 5)), np::ones((3, 5)));
    let text = program(vmap_in_axes(|(x, y): (Array, Array)| y.dot(x), (0, None)), (x, y));
    let products: Vec<_> = text
        .equations()
        .iter()
        .filter(|e| matches!(e.op, Op::Dot(_)))
        .collect();
    assert_eq!(products.len(), 1, "{text}");
    let sizes: Vec<usize> = products[0]
        .inputs
        .iter()
        .map(|x| text.type_of(*x).shape.size())
        .collect();
    assert_eq!(sizes, [35, 15], "{text}");
    // The vectors are the left operand. So the result has the batch's rows, and nothing has to move them.
    assert_eq!(text.equations().len(), 1, "{text}");
}

#[test]
fn a_jitted_function_stays_one_program() {
    let traces = Cell::new(0);
    let f = jit(|x: Array| {
        traces.set(traces.get() + 1);
        x.sin() * 2 + x.sum()
    });
    let mapped = vmap(&f);
    for n in 0..3 {
        let x = np::ones((4, 3)) * n;
        assert_eq!(
            mapped(x.clone()).to_vec::<f32>(),
            (x.sin() * 2 + x.sum_axis(kiln::keep(1))).to_vec::<f32>()
        );
    }
    assert_eq!(traces.get(), 1);
    let text = program(|x: Array| mapped(x.clone()) + mapped(x), np::ones((4, 3)));
    let calls: Vec<_> = text
        .equations()
        .iter()
        .filter(|e| matches!(e.op, Op::Call(_)))
        .collect();
    assert_eq!(calls.len(), 2, "{text}");
    let (Op::Call(first), Op::Call(second)) = (&calls[0].op, &calls[1].op) else {
        unreachable!("both are calls")
    };
    assert_eq!(first, second);
    let whole = jit(vmap_in_axes(vmap(&f), 1));
    whole(np::ones((2, 4, 3)));
    whole(np::zeros((2, 4, 3)));
    assert_eq!(traces.get(), 1);
}

#[test]
fn what_does_not_depend_on_the_batch_is_computed_once() {
    let f = vmap_in_axes(|(x, y): (Array, Array)| x + y.sin().exp(), (0, None));
    let text = program(f, (np::ones(5), np::ones(())));
    let elementwise = |op: &Op| matches!(op, Op::Unary(_));
    let sizes = text
        .equations()
        .iter()
        .filter(|equation| elementwise(&equation.op));
    assert!(
        sizes
            .into_iter()
            .all(|equation| text.type_of(equation.outputs[0]).shape.size() == 1),
        "{text}"
    );
    // The draws are made once, because all elements have the same key.
    let f = vmap_in_axes(|(key, x): (Key, Array)| random::normal(key, 3) * x, (None, 0));
    let text = program(f, (Key::new(0), np::ones(5)));
    let drawn = text
        .equations()
        .iter()
        .find(|e| matches!(e.op, Op::RandomBits { .. }))
        .unwrap();
    assert_eq!(text.type_of(drawn.outputs[0]).shape.size(), 3, "{text}");
}

#[test]
fn loops_carry_no_batch_that_need_not_be() {
    let step = |i: Array, (x, n): (Array, Array)| (x * i, n + 1);
    let f = vmap(|x: Array| lax::fori_loop(0, 3, step, (x, 0.into())));
    let text = program(f, np::ones(5));
    let scan = text
        .equations()
        .iter()
        .find_map(|equation| match &equation.op {
            Op::Scan(scan) => Some(scan.clone()),
            _ => None,
        })
        .unwrap();
    let ranks: Vec<usize> = scan
        .body
        .output_types()
        .iter()
        .map(|of| of.shape.rank())
        .collect();
    assert_eq!(ranks, [0, 1, 0], "{text}");
    // A condition on the counter stays one scalar.
    let f = vmap_in_axes(
        |(x, n): (Array, Array)| lax::fori_loop(0, n, |_, x: Array| x * 2, x),
        (0, None),
    );
    let text = program(f, (np::ones(5), 3.into()));
    let condition = text
        .equations()
        .iter()
        .find_map(|equation| match &equation.op {
            Op::While(w) => Some(w.condition.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(condition.equations().len(), 1, "{text}");
}

#[test]
fn a_choice_of_each_element_costs_what_its_branches_cost() {
    let (x, table) = (np::linspace(0.0, 1.0, 2000), np::linspace(1.0, 2.0, 1000));
    let compiled = |f: &dyn Fn(Array) -> Array, x: Array| simplify(&program(vmap(f), x));
    // One comparison, and the select. It costs nothing that derivatives do not mix branches.
    let root = |x: Array| lax::cond(x.gt(0.5), |x: Array| (x - 0.5).sqrt(), |x| x, x);
    let text = compiled(&root, x.clone());
    assert_eq!(count(&text, |op| matches!(op, Op::Select)), 1, "{text}");
    assert_eq!(Executable::compile(&text).steps(), 1, "{text}");
    // Arrays that all elements read are not repeated for them.
    let largest = |text: &Program| {
        let outputs = text.equations().iter().flat_map(|equation| &equation.outputs);
        outputs.map(|var| text.type_of(*var).shape.size()).max()
    };
    let weighted = |x: Array| np::interp(&x, &table, &table) * table.sin().sum();
    let text = compiled(&|x: Array| lax::cond(x.gt(0.5), weighted, |x| x, x), x);
    assert_eq!(largest(&text), Some(2000), "{text}");
    let w = np::ones((100, 100));
    let product = |x: Array| {
        lax::cond(
            x.sum().gt(0.5),
            |x: Array| w.dot(jit(|x: Array| w.dot(x))(x)),
            |x| x,
            x,
        )
    };
    let text = compiled(&product, np::ones((70, 100)));
    assert_eq!(largest(&text), Some(7000), "{text}");
}
