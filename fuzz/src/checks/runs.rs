//! Runs a program compiled, equation by equation, and on several threads: all give the same bits.

use super::outcome::{Outcome, compared, fault};
use crate::generate::Case;
use crate::one_by_one;
use crate::values::{self, buffer};
use kiln::{Array, call, debug, jit};
use rayon::ThreadPool;
use std::sync::LazyLock;

pub(super) fn jitted(case: &Case) -> Outcome {
    let (plain, said) = debug::capture(|| one_by_one::run(&case.program, &case.inputs));
    let whole = |inputs: Vec<Array>| call(&case.program, inputs);
    let (fused, lines) = debug::capture(|| jit(whole)(case.inputs.clone()));
    if lines != said {
        return fault(
            "printed lines",
            format!("one by one {said:?}\n          jit {lines:?}"),
        );
    }
    let outcome = compared("jit", ("one by one", &plain), ("jit", &fused));
    if outcome != Outcome::Agrees {
        return outcome;
    }
    // The program runs once more, into the memory of its inputs.
    let (reused, _) = debug::capture(|| whole(copies(&case.inputs)));
    compared("jit in place", ("one by one", &plain), ("jit in place", &reused))
}

pub(super) fn threads(case: &Case) -> Outcome {
    static POOLS: LazyLock<[ThreadPool; 2]> = LazyLock::new(|| {
        [1, 3].map(|n| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(n)
                .build()
                .expect("a few threads")
        })
    });
    // Smaller arrays are not worth waking a thread for.
    let all = case.program.equations().iter();
    let mut sizes = case
        .program
        .inputs()
        .chain(all.flat_map(|equation| equation.outputs.iter().copied()))
        .map(|var| case.program.type_of(var).shape.size());
    if !sizes.any(|size| size >= 1 << 16) {
        return Outcome::Unusable;
    }
    let [one, three] = POOLS
        .each_ref()
        .map(|pool| pool.install(|| debug::capture(|| call(&case.program, copies(&case.inputs))).0));
    compared("threads", ("one", &one), ("three", &three))
}

/// Copies arrays into memory that nobody else holds.
fn copies(arrays: &[Array]) -> Vec<Array> {
    arrays
        .iter()
        .map(|x| values::joined(x.array_type(), &[buffer(x).bytes()]))
        .collect()
}
