//! The optimal savings problem: with wealth `w` and income `y`, choose next period's wealth `w'` to
//!
//! ```text
//! v(w, y) = max over w' of  u(R w + y - w') + beta sum over y' of v(w', y') q(y, y'),    u(c) = c^(1 - gamma) / (1 - gamma)
//! ```
//!
//! Each function takes one state, by its indices on the grids. `vmap` maps it over the grids.

use super::tauchen::tauchen;
use kiln::numpy as np;
use kiln::prelude::*;

/// The numbers of the model and its grids.
pub(crate) struct Model {
    pub(crate) beta: f64,
    interest: f64,
    gamma: i32,
    wealth: Array,
    income: Array,
    transition: Array,
}

/// Four arguments. `vmap` maps the last of them, the third, or the second.
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

    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.wealth.len(), self.income.len())
    }

    /// Returns the utility of consumption in state `(i, j)` if the next wealth has index `next`.
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
    pub(crate) fn choices(&self, v: &Array) -> Array {
        let f = |(v, i, j, next): Four| self.reward(&i, &j, &next) + self.beta * self.expected(&v, &j, &next);
        let f = vmap_in_axes(f, (None, None, None, 0));
        let f = vmap_in_axes(f, (None, None, 0, None));
        let f = vmap_in_axes(f, (None, 0, None, None));
        let (n, m) = self.sizes();
        f((v.clone(), np::arange(n), np::arange(m), np::arange(n)))
    }

    /// Returns the best policy if the next state has value `v`: the indices of next wealth,
    /// `[wealth, income]`.
    pub(crate) fn greedy(&self, v: &Array) -> Array {
        self.choices(v).argmax_axis(-1)
    }

    /// Returns the value of a policy that is followed for one period, if the next state has value `v`.
    pub(crate) fn follow(&self, policy: &Array, v: &Array) -> Array {
        let f = |(policy, v, i, j): Four| {
            let next = policy.index((&i, &j));
            self.reward(&i, &j, &next) + self.beta * self.expected(&v, &j, &next)
        };
        let f = vmap_in_axes(f, (None, None, None, 0));
        let f = vmap_in_axes(f, (None, None, 0, None));
        let (n, m) = self.sizes();
        f((policy.clone(), v.clone(), np::arange(n), np::arange(m)))
    }
}
