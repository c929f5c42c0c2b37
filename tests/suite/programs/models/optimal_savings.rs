//! Optimal savings: value function iteration, and optimistic policy iteration.

use crate::programs::check;
use crate::programs::tauchen::tauchen;
use kiln::prelude::*;

/// Returns the mean of next period's wealth under the optimal policy, the mean value, and the number of
/// iterations, of either method.
fn optimal_savings() -> Vec<Array> {
    let (beta, interest, gamma, tol) = (0.98, 1.01, 2, 1e-4);
    let w = np::linspace(0.01, 5.0, 60);
    let (log_income, q) = tauchen(8, 0.9, 0.1);
    let y = log_income.exp();
    let u = |c: &Array| c.pow(1 - gamma) / (1 - gamma);
    let values = |v: &Array| {
        let c = interest * w.index((.., NewAxis, NewAxis)) + y.index((.., NewAxis)) - &w;
        np::where_(c.gt(0), u(&c) + beta * v.matmul(q.t()).t(), -np::INF)
    };
    let greedy = |v: &Array| values(v).argmax_axis(-1);
    let policy_value = |v: Array, policy: &Array| {
        let c = interest * w.index((.., NewAxis)) + &y - w.index(policy);
        u(&c) + beta * v.matmul(q.t()).take_along_axis(policy, 0)
    };
    let improve = |v: &Array| {
        let policy = greedy(v);
        lax::fori_loop(0, 50, |_, v| policy_value(v, &policy), v.clone())
    };
    let solve = |step: &dyn Fn(&Array) -> Array, v: Array| {
        let (v, _, i) = lax::while_loop(
            |(_, err, i)| err.gt(tol) & i.lt(10000),
            |(v, _, i)| {
                let new = step(&v);
                let err = (&new - v).abs().max();
                (new, err, i + 1)
            },
            (v, np::array(1.0), np::array(0)),
        );
        [w.index(greedy(&v)).mean(), v.mean(), i]
    };
    let by_values = jit(|v| solve(&|v| values(v).max_axis(-1), v));
    let by_policies = jit(|v| solve(&improve, v));
    [by_values(np::zeros((60, 8))), by_policies(np::zeros((60, 8)))].concat()
}

/// A contraction by 0.98 multiplies the roundings of a period by 1 / (1 - 0.98) = 50. A period has 8
/// products, a power and a sum, about 20 roundings. The policy is one of the grid's points in each state, so
/// its mean has the roundings of a sum of 480 terms alone.
#[test]
fn optimal_savings_is_jaxs() {
    check("optimal_savings", optimal_savings, || {
        let value = 50.0 * 5.0;
        vec![25.0, value, 0.0, 25.0, value, 0.0]
    });
}
