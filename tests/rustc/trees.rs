//! Arguments and results that are no trees of arrays.

use kiln::prelude::*;
use kiln::{grad, lax, numpy as np};

struct Params {
    a: Array,
    b: Array,
}

fn main() {
    // A struct without `#[derive(Tree)]`.
    let f = grad(|p: Params| (p.a * p.b).sum());

    // A reference as the argument.
    let f = jit(|x: &Array| x.sin());
    f(&np::ones(3));

    // A plain number as an argument, as a result, and in a carry.
    jit(|x: f64| np::zeros(3) + x);
    jit(|x: Array| x.sum().item::<f32>());
    lax::fori_loop(0, 3, |_, (x, n)| (x, n), (np::ones(3), 0));
}
