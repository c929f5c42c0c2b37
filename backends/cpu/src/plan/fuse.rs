//! The ops that can be part of a kernel, and their costs there.

use crate::plan::view::{View, operand_views};
use kiln_program::{Binary, Class, Few, Op, Reduction, Scan, Unary};

/// Returns true if the op can be part of a kernel.
pub(crate) fn is_fusable(op: &Op) -> bool {
    match op {
        Op::Scan(scan) => is_tile_loop(scan),
        // `simplify` has removed `StopGradient`.
        Op::StopGradient | Op::Pad { .. } => false,
        op => matches!(
            op.class(),
            Class::Source | Class::Elementwise | Class::Move | Class::Reduce | Class::Random
        ),
    }
}

/// Returns the cost of one element of the op, without its operands.
pub(crate) fn own_cost(op: &Op) -> u64 {
    match op {
        Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. } => 0,
        Op::Unary(Unary::Neg | Unary::Abs | Unary::Not | Unary::Sign | Unary::Floor | Unary::Ceil) => 1,
        Op::Unary(Unary::Round | Unary::Trunc) => 1,
        Op::Unary(Unary::Sqrt | Unary::Rsqrt) => 4,
        Op::Unary(_) => 10,
        Op::Binary(Binary::Pow | Binary::Atan2 | Binary::Rem | Binary::Hypot) => 20,
        Op::Binary(Binary::Div) => 4,
        Op::Binary(_) | Op::Compare(_) | Op::Select | Op::MulAdd | Op::Cast(_) => 1,
        Op::RandomBits { .. } => 30,
        Op::Uniform { .. } => 2,
        Op::Reduce {
            kind: Reduction::Sum | Reduction::Prod | Reduction::Max | Reduction::Min,
            ..
        } => 1,
        Op::Scan(scan) => {
            let body: u64 = scan
                .body
                .equations()
                .iter()
                .map(|equation| own_cost(&equation.op))
                .sum();
            body.saturating_mul(scan.length as u64)
        }
        _ => 0,
    }
}

/// A carry of fewer elements is not worth a kernel.
pub(crate) const LARGE: usize = 32;

/// Returns true if the loop can run inside the tiles of a kernel: its carries have one large shape and are
/// changed point by point.
pub(crate) fn is_tile_loop(scan: &Scan) -> bool {
    let types = scan.body.output_types();
    let Some(first) = types.first() else { return false };
    let alike = types.len() == scan.carries && types.iter().all(|of| of.shape == first.shape);
    let simple = |op: &Op| is_fusable(op) && !matches!(op, Op::Reduce { .. } | Op::Scan(_));
    alike
        && first.shape.size() >= LARGE
        && scan.body.equations().iter().all(|equation| simple(&equation.op))
        && loop_views(scan, &View::along(&first.shape, 0..), &first.shape).is_some()
}

/// Returns the views of each variable of a loop's body, if the carries are seen as `view`. `None` if a carry
/// also has another view, or a view is not affine.
pub(crate) fn loop_views(scan: &Scan, view: &View, lengths: &[usize]) -> Option<Vec<Few<View, 1>>> {
    let body = &scan.body;
    let mut seen: Vec<Few<View, 1>> = vec![Few::new(); body.variables()];
    let note = |views: &mut Few<View, 1>, view: &View| {
        if !views.contains(view) {
            views.push(view.clone());
        }
    };
    for output in body.outputs() {
        note(&mut seen[output.index()], view);
    }
    for equation in body.equations().iter().rev() {
        let mut results: Few<View, 1> = Few::new();
        for output in &equation.outputs {
            seen[output.index()]
                .iter()
                .for_each(|view| note(&mut results, view));
        }
        for view in &results {
            for (input, x) in equation.inputs.iter().enumerate() {
                for operand in operand_views(body, equation, input, view, lengths) {
                    note(&mut seen[x.index()], &operand?);
                }
            }
        }
        for output in &equation.outputs {
            seen[output.index()] = results.clone();
        }
    }
    let carries = scan.consts..scan.consts + scan.carries;
    let steady = carries
        .into_iter()
        .all(|carry| seen[carry].iter().all(|seen| seen == view));
    steady.then_some(seen)
}
