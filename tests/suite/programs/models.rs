//! Twenty programs of economics, finance and statistics, each as its JAX version is in
//! `reference/models_table.py`.
//!
//! Bounds are in units of eps of the greatest element. The roundings on the way to a result are independent:
//! the error of n of them is about that of √n. A bound is this number, times the factor by which the program
//! enlarges an error, and rounded up to leave room of a few times. The reason is beside each bound.

mod aiyagari;
mod american_put;
mod arellano;
mod bootstrap;
mod cosine_heston;
mod crank_nicolson;
mod garch;
mod gaussian_process;
mod hamiltonian;
mod heston;
mod implied_volatility;
mod job_search;
mod kalman;
mod market;
mod neural_ode;
mod optimal_savings;
mod particle_filter;
mod portfolio;
mod restocking;
mod wealth;

use kiln::prelude::*;
use kiln::tree;

/// Returns the distribution function of the standard normal distribution.
fn cdf(x: impl Into<Array>) -> Array {
    0.5 * (1 + (x.into() / 2_f64.sqrt()).erf())
}

/// Returns log(1 + exp(x)).
fn softplus(x: &Array) -> Array {
    np::maximum(x, 0) + (-x.abs()).exp().log1p()
}

/// Returns the parameters after some steps of Adam.
fn adam<T: Tree + Clone>(loss: impl Fn(T) -> Array, rate: f64, steps: i32, p: T) -> T {
    let slope = grad(loss);
    let (m, v) = (tree::zeros_like(&p), tree::zeros_like(&p));
    let step = |i: Array, (p, m, v): (T, T, T)| {
        let (g, t) = (slope(p.clone()), i + 1);
        let m = tree::map2(&m, &g, |m, g| 0.9 * m + 0.1 * g);
        let v = tree::map2(&v, &g, |v, g| 0.999 * v + 0.001 * g * g);
        let (a, b) = (1 - np::pow(0.9, &t), 1 - np::pow(0.999, t));
        let p = tree::map3(&p, &m, &v, |p, m, v| {
            p - rate * (m / &a) / ((v / &b).sqrt() + 1e-8)
        });
        (p, m, v)
    };
    lax::fori_loop(0, steps, step, (p, m, v)).0
}
