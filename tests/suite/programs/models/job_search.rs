//! McCall's model of job search: the lowest wage that is accepted, for a table of parameters.

use crate::programs::check;
use crate::programs::tauchen::tauchen;
use kiln::prelude::*;

/// Returns reservation wages for five compensations and four discount factors: a `while_loop` under two
/// `vmap`s.
fn job_search() -> Vec<Array> {
    let n = 30;
    let (log_w, q) = tauchen(n, 0.9, 0.2);
    let w = log_w.exp();
    let reservation = |(c, beta): (Array, Array)| {
        let accept = &w / (1 - &beta);
        let reject = |v: &Array| &c + &beta * q.matmul(v);
        let (v, ..) = lax::while_loop(
            |(_, err, i)| err.gt(1e-4) & i.lt(5000),
            |(v, _, i)| {
                let new = np::maximum(&accept, reject(&v));
                let err = (&new - v).abs().max();
                (new, err, i + 1)
            },
            (np::zeros(n), np::array(1.0), np::array(0)),
        );
        w.index(accept.ge(reject(&v)).argmax())
    };
    let over_factors = vmap_in_axes(reservation, (None, 0));
    let table = jit(vmap_in_axes(over_factors, (0, None)));
    vec![table((np::linspace(0.5, 2, 5), np::linspace(0.9, 0.98, 4)))]
}

/// Each wage is a point of the grid, the exponential of a number of at most 1.4, which is rounded four times.
#[test]
fn job_search_is_jaxs() {
    check("job_search", job_search, || vec![8.0]);
}
