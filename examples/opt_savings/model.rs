//! The optimal savings problem: with wealth `w` and income `y`, choose next period's wealth `w'` to
//!
//! ```text
//! v(w, y) = max over w' of  u(R w + y - w') + beta sum over y' of v(w', y') q(y, y'),    u(c) = c^(1 - gamma) / (1 - gamma)
//! ```
//!
//! Everything is written for one state, by its indices on the grids, and mapped over the grids by `vmap`.

use crate::tauchen::tauchen;
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{jacfwd, lax};

/// The numbers of the model and its grids.
pub(crate) struct Model {
    beta: f64,
    interest: f64,
    gamma: i32,
    wealth: Array,
    income: Array,
    transition: Array,
}

/// Four arguments, of which the last is mapped, the third, or the second.
type Four = (Array, Array, Array, Array);

impl Model {
    /// The model on a grid of `wealth` levels of wealth and `income` levels of income.
    pub(crate) fn new(wealth: usize, income: usize) -> Model {
        let (log_income, transition) = tauchen(income, 0.9, 0.1);
        Model {
            beta: 0.98,
            interest: 1.01,
            gamma: 2,
            wealth: np::linspace(0.01, 5.0, wealth),
            income: log_income.exp(),
            transition,
        }
    }

    fn sizes(&self) -> (usize, usize) {
        (self.wealth.len(), self.income.len())
    }

    /// What consumption in state `(i, j)` is worth, where the next wealth is number `next`.
    fn reward(&self, i: &Array, j: &Array, next: &Array) -> Array {
        let c = self.interest * self.wealth.index(i) + self.income.index(j) - self.wealth.index(next);
        let utility = c.pow(1 - self.gamma) / (1 - self.gamma);
        np::where_(c.gt(0), utility, f64::NEG_INFINITY)
    }

    /// The expected value of the next state.
    fn expected(&self, v: &Array, j: &Array, next: &Array) -> Array {
        (v.index(next) * self.transition.index(j)).sum()
    }

    /// The value of every choice in every state, `[wealth, income, next wealth]`.
    fn choices(&self, v: &Array) -> Array {
        let f = |(v, i, j, next): Four| self.reward(&i, &j, &next) + self.beta * self.expected(&v, &j, &next);
        let f = vmap(f, (None, None, None, Some(0)));
        let f = vmap(f, (None, None, Some(0), None));
        let f = vmap(f, (None, Some(0), None, None));
        let (n, m) = self.sizes();
        f((v.clone(), np::arange(n), np::arange(m), np::arange(n)))
    }

    /// The policy that is best where the next state is worth `v`: indices of next wealth, `[wealth, income]`.
    fn greedy(&self, v: &Array) -> Array {
        self.choices(v).argmax_axis(-1)
    }

    /// What a policy is worth for one period, where the next state is worth `v`.
    fn follow(&self, policy: &Array, v: &Array) -> Array {
        let f = |(policy, v, i, j): Four| {
            let next = policy.index((&i, &j));
            self.reward(&i, &j, &next) + self.beta * self.expected(&v, &j, &next)
        };
        let f = vmap(f, (None, None, None, Some(0)));
        let f = vmap(f, (None, None, Some(0), None));
        let (n, m) = self.sizes();
        f((policy.clone(), v.clone(), np::arange(n), np::arange(m)))
    }

    /// Applies `step` to the value 0 until it moves no element by more than `1e-5`.
    fn fixed_point(&self, step: impl Fn(&Array) -> Array) -> Array {
        let init = (np::full(self.sizes(), -1.0), np::zeros(self.sizes()));
        let apart = |(last, v): &(Array, Array)| (v - last).abs().max().gt(1e-5);
        lax::while_loop(apart, |(_, v)| (v.clone(), step(&v)), init).1
    }

    /// Value function iteration: the best policy, and the value that it was found with.
    pub(crate) fn value_function_iteration(&self) -> (Array, Array) {
        let solve = jit(|()| {
            let v = self.fixed_point(|v| self.choices(v).max_axis(-1));
            (self.greedy(&v), v)
        });
        solve(())
    }

    /// Optimistic policy iteration: between improvements the policy is followed for `m` periods.
    pub(crate) fn optimistic_policy_iteration(&self, m: usize) -> Array {
        let solve = jit(|()| {
            let step = |v: &Array| {
                let policy = self.greedy(v);
                lax::fori_loop(0, m, |_, v: Array| self.follow(&policy, &v), v.clone())
            };
            self.greedy(&self.fixed_point(step))
        });
        solve(())
    }

    /// Howard's policy iteration: each policy's value is the solution of a linear system, whose matrix is the Jacobian of following it.
    pub(crate) fn howard_policy_iteration(&self) -> Array {
        let (n, m) = self.sizes();
        let improve = jit(|policy: Array| {
            let flat = |v: Array| self.follow(&policy, &v.reshape((n, m))).ravel();
            let none = np::zeros(n * m);
            let matrix = np::identity(n * m) - jacfwd(flat)(none.clone());
            let v = linalg::solve(matrix, flat(none));
            let better = self.greedy(&v.reshape((n, m)));
            (better.not_equal(&policy).any(), better)
        });
        let mut policy = np::zeros((n, m)).astype(kiln::default_int());
        loop {
            let (changed, better) = improve(policy);
            policy = better;
            if !changed.item::<bool>() {
                return policy;
            }
        }
    }
}
