//! Finds the equilibrium of 1000 markets at once by Newton's method: `cargo run --release --example newton`.

use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{Device, jacobian, random};

/// Excess demand at prices `p`. The demand for a good falls with its neighbours' prices. Its supply is the
/// root of its own price.
fn excess(a: &Array, p: Array) -> Array {
    (-a.matmul(&p)).exp() + 1 - p.sqrt()
}

fn main() {
    kiln::enable_x64(Device::default().has(DType::F64));
    let n = 1000;
    let a = random::uniform(Key::new(32), (n, n));
    let a = &a / a.sum_axis(0);

    let f = |p: Array| excess(&a, p);
    // The Jacobian is one pullback under vmap. The step is one linear solve.
    let step = jit(|p: Array| &p - linalg::solve(jacobian(f)(p.clone()), f(p.clone())));

    let mut p = np::ones(n);
    for i in 1..=20 {
        let next = step(p.clone());
        let moved: f64 = linalg::norm(&next - &p).item();
        p = next;
        println!(
            "step {i}: moved by {moved:.1e}, excess demand {:.1e}",
            f(p.clone()).abs().max().item::<f64>()
        );
        if moved < 1e-10 {
            break;
        }
    }
    println!(
        "prices from {:.6} to {:.6}",
        p.min().item::<f64>(),
        p.max().item::<f64>()
    );
}
