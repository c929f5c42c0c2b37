//! A European call by the Crank-Nicolson scheme, and its vega through the scheme.

use crate::programs::check;
use kiln::prelude::*;

/// Returns the solution of a tridiagonal system, by Thomas's algorithm: two scans.
fn tridiagonal(bands: &[Array; 3], d: Array) -> Array {
    let forward = |(cp, dp): (Array, Array), ([a, b, c], d): ([Array; 3], Array)| {
        let w = b - &a * cp;
        let state = (c / &w, (d - a * dp) / w);
        (state.clone(), state)
    };
    let backward = |x: Array, (cp, dp): (Array, Array)| {
        let x = dp - cp * x;
        (x.clone(), x)
    };
    let (_, states) = lax::scan(forward, (np::array(0.0), np::array(0.0)), (bands.clone(), d));
    lax::scan_with(backward, np::array(0.0), states, |o| o.reverse(true)).1
}

fn price(sigma: Array) -> Array {
    let (n, steps, r, strike) = (60, 30, 0.05, 100.0);
    let dt = 1.0 / f64::from(steps);
    let x = np::linspace(-1.5, 1.5, n);
    let (dx, s) = (x.index(1) - x.index(0), strike * x.exp());
    let alpha = sigma.pow(2) / 2 / dx.pow(2);
    let beta = (r - sigma.pow(2) / 2) / (2 * dx);
    let (low, mid, up) = (&alpha - &beta, -2 * &alpha - r, alpha + beta);
    let inner = np::ones(n).at(0).set(0).at(-1).set(0);
    let a = -dt / 2.0 * &low * &inner;
    let b = 1 - dt / 2.0 * &mid * &inner;
    let c = -dt / 2.0 * &up * &inner;
    let bands = [a, b, c];
    let step = |i: Array, v: Array| {
        let d = &v + dt / 2.0 * &inner * (&low * v.roll(1) + &mid * &v + &up * v.roll(-1));
        let edge = s.index(-1) - strike * (-r * (i + 1) * dt).exp();
        tridiagonal(&bands, d.at(0).set(0).at(-1).set(edge))
    };
    let v = lax::fori_loop(0, steps, step, np::maximum(&s - strike, 0));
    np::interp(100.0, &s, v)
}

fn crank_nicolson() -> Vec<Array> {
    let (price, vega) = jit(value_and_grad(price))(0.2.into());
    vec![price, vega]
}

/// The matrix is diagonally dominant, so that a step has ten roundings of values of at most 350: 33 times the
/// price at 100. There are 30 steps, so √300 = 17 roundings in all. Vega has those of as many steps
/// backwards.
#[test]
fn crank_nicolson_is_jaxs() {
    check("crank_nicolson", crank_nicolson, || {
        vec![33.0 * 17.0, 33.0 * 17.0]
    });
}
