//! Traits that only kiln implements, and arguments that no implementation takes.

use kiln::options::Args;
use kiln::prelude::*;
use kiln::{ArrayType, DType, grad_with, jacrev_with};

struct First;

impl Args for First {}

fn main() {
    let product = |(x, y): (Array, Array)| x * y;
    grad_with(product, |o| o.argnums(1));
    jacrev_with(product, |o| o.has_aux());
    np::sin(ArrayType::new(DType::F32, [2]));
}
