//! Aiyagari's economy: the capital at which households want to hold what firms use.

use crate::programs::check;
use kiln::default_int;
use kiln::numpy::linalg;
use kiln::prelude::*;

/// Returns the capital in equilibrium, by bisection, and the capital that households supply at two levels.
/// Policies come from Howard's iteration, and the distribution of households from a linear equation.
fn aiyagari() -> Vec<Array> {
    let (alpha, delta, beta, na, nz) = (0.33, 0.05, 0.96, 40, 2);
    let n = na * nz;
    let (q, z) = (np::array([[0.9, 0.1], [0.1, 0.9]]), np::array([0.1, 1.0]));
    let a = np::linspace(1e-10, 20, na);
    let values = |v: &Array, r: &Array, w: &Array| {
        let c = w * z.index((.., NewAxis)) + (1 + r) * a.index((.., NewAxis, NewAxis)) - &a;
        np::where_(c.gt(0), c.log() + beta * v.matmul(q.t()).t(), -np::INF)
    };
    let transition = |policy: &Array| {
        let chosen = policy.index((Ellipsis, NewAxis)).equal(np::arange(na));
        (chosen.index((Ellipsis, NewAxis)) * q.index((.., NewAxis))).reshape((n, n))
    };
    let policy_value = |policy: &Array, r: &Array, w: &Array| {
        let c = (1 + r) * a.index((.., NewAxis)) + w * &z - a.index(policy);
        linalg::solve(np::identity(n) - beta * transition(policy), c.log().ravel()).reshape((na, nz))
    };
    let best_policy = |r: &Array, w: &Array| {
        let start = np::zeros_dtype((na, nz), default_int());
        let value = policy_value(&start, r, w);
        let (policy, ..) = lax::while_loop(
            |(_, _, err, i)| err.gt(1e-4) & i.lt(50),
            |(_, v, _, i)| {
                let policy = values(&v, r, w).argmax_axis(-1);
                let new = policy_value(&policy, r, w);
                let err = (&new - v).abs().max();
                (policy, new, err, i + 1)
            },
            (start, value, np::array(1.0), np::array(0)),
        );
        policy
    };
    let supply = jit(|k: Array| {
        let r = alpha * k.pow(alpha - 1.0) - delta;
        let w = (1.0 - alpha) * (alpha / (&r + delta)).pow(alpha / (1.0 - alpha));
        let m = transition(&best_policy(&r, &w));
        let stationary = linalg::solve(np::identity(n) - m.t() + np::ones((n, n)), np::ones(n));
        (stationary.reshape((na, nz)).sum_axis(1) * &a).sum()
    });
    let (mut low, mut high) = (1.0, 20.0);
    while high - low > 1e-4 {
        let k = (low + high) / 2.0;
        if k > supply(k.into()).item() {
            high = k;
        } else {
            low = k;
        }
    }
    vec![
        ((low + high) / 2.0).into(),
        supply(6.0.into()),
        supply(9.0.into()),
    ]
}

/// Both libraries take the same half at each step of the bisection. The distribution solves a system of 80
/// equations. Its condition is about 80 (the ones) times 1 / (1 - 0.8), the time in which the chain of
/// incomes forgets. The products of the solution have 80 terms, so √80 roundings.
#[test]
fn aiyagari_is_jaxs() {
    let supply = 80.0 * 5.0 * 9.0;
    check("aiyagari", aiyagari, || vec![1.0, supply, supply]);
}
