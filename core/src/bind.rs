//! Applies ops to arrays: in a trace an op becomes an equation, otherwise it runs.

use crate::array::Array;
use crate::debug::nans::{nan_check, under_way};
use crate::eager::{run_structure, staged};
use crate::trace::{is_tracing, trace_op};
use crate::tree::Arrays;
use kiln_backends::program::{Few, Op};

/// Applies an op to arrays whose types fit it. In a trace, the op becomes an equation; otherwise it runs. A
/// result without an entry in `weak` is not weak.
///
/// # Panics
/// When the op does not take these operands: public functions check before.
#[track_caller]
pub(crate) fn bind(op: Op, operands: &[&Array], weak: &[bool]) -> Arrays {
    let _under_way = under_way(&|| op.name());
    if !is_tracing() {
        // The op's programs have literals, and caches must not depend on them.
        if !op.programs().is_empty() {
            return run_structure(&op, operands, weak);
        }
        let name = label(&op);
        let operands: Arrays = operands.iter().map(|&x| x.clone()).collect();
        let results: Vec<Array> = staged(
            name,
            (op, Few::<bool, 4>::from(weak)),
            operands,
            |(op, weak), operands| {
                let operands: Few<&Array, 4> = operands.iter().collect();
                bind(op.clone(), &operands, weak).into_vec()
            },
        );
        return results.into();
    }
    let check = nan_check(&op);
    trace_op(op, operands, weak, check)
}

/// Returns the name, in errors, of an op without programs that a public function binds without a program of
/// its own.
fn label(op: &Op) -> &'static str {
    match op {
        Op::Broadcast { .. } => "broadcast_to",
        _ => "op",
    }
}

/// Applies an op with one result to arrays whose types fit it: see [`bind`].
#[track_caller]
pub(crate) fn bind_one(op: Op, operands: &[&Array], weak: bool) -> Array {
    bind(op, operands, &[weak]).remove(0)
}
