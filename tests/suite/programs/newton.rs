//! Newton's method for a root, a fixed point of three equations, and an equilibrium of a hundred goods.

use super::check;
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{grad, jacobian, random};

fn newton(f: impl Fn(Array) -> Array, mut x: Array, tolerance: f64) -> Vec<Array> {
    let step = jit(|x: Array| &x - linalg::solve(jacobian(&f)(x.clone()), f(x.clone())));
    for n in 1.. {
        let next = step(x.clone());
        let moved = linalg::norm(&next - &x).item::<f64>();
        x = next;
        if moved <= tolerance {
            return vec![x, n.into()];
        }
        assert!(n < 20, "no convergence");
    }
    unreachable!()
}

/// Each step divides `f` by `f'`, both eager functions, as the lecture writes it.
#[test]
fn a_root() {
    let f = |x: Array| (4 * (&x - 0.25)).sin() + &x + x.pow(20) - 1;
    let program = || {
        let (mut x, mut moved, mut n) = (Array::from(0.2), f64::INFINITY, 0);
        while moved > 1e-5 {
            let next = &x - f(x.clone()) / grad(f)(x.clone());
            moved = (&next - &x).abs().item();
            (x, n) = (next, n + 1);
        }
        vec![x, n.into()]
    };
    // At the root |x f' / terms| is about 1, so the root is as exact as the four terms.
    check("root", program, || vec![16.0, 0.0]);
}

#[test]
fn the_solow_model_of_three_sectors() {
    let program = || {
        let a = np::array([[2.0, 3.0, 3.0], [2.0, 4.0, 2.0], [1.0, 5.0, 1.0]]);
        newton(|k| 0.2 * a.matmul(k.pow(0.5)) + 0.2 * &k - &k, np::ones(3), 1e-5)
    };
    // The Jacobian's condition number at the solution is 4. The residual is a few roundings of terms as large
    // as k.
    check("solow", program, || vec![64.0, 0.0]);
}

#[test]
fn an_equilibrium_of_a_hundred_goods() {
    let program = || {
        let a = random::uniform(Key::new(32), (100, 100));
        let a = &a / a.sum_axis(0);
        newton(|p| (-a.matmul(&p)).exp() + 1 - p.sqrt(), np::ones(100), 1e-5)
    };
    // A residual is a product of 100 terms in another order, and the Jacobian's condition is below 2.
    check("equilibrium", program, || vec![200.0, 0.0]);
}
