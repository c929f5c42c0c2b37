//! The prices of forty goods, by Newton's method with an exact Jacobian.

use crate::programs::check;
use kiln::jacobian;
use kiln::numpy::linalg;
use kiln::prelude::*;

/// Returns a root of a function, and the number of steps of Newton's method.
fn newton(f: impl Fn(&Array) -> Array, x: Array) -> (Array, Array) {
    let (x, _, i) = lax::while_loop(
        |(_, err, i)| err.gt(1e-10) & i.lt(15),
        |(x, _, i)| {
            let new = &x - linalg::solve(jacobian(|x: Array| f(&x))(x.clone()), f(&x));
            let err = linalg::norm(x - &new);
            (new, err, i + 1)
        },
        (x, np::array(1.0), np::array(0)),
    );
    (x, i)
}

fn market() -> Vec<Array> {
    let n = 40;
    let a = random::uniform(Key::new(32), (n, n));
    let a = &a / a.sum_axis(0);
    let excess = |p: &Array| (-a.matmul(p)).exp() + 1 - p.sqrt();
    let solve = jit(|x: Array| newton(excess, x));
    let (p, i) = solve(np::ones(n));
    vec![p, i]
}

/// A residual is a product of 40 terms in another order, and the condition of the Jacobian is below 2.
#[test]
fn market_is_jaxs() {
    check("market", market, || vec![4.0 * 2.0 * 7.0, 0.0]);
}
