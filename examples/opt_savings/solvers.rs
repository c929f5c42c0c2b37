//! Solves for the best policy in three ways.

use super::model::Model;
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{jacfwd, lax};

/// An iteration ends when no value moves by more than this.
const TOLERANCE: f64 = 1e-5;

impl Model {
    /// Applies `step` to a value, until no element moves by more than the tolerance.
    fn iterate(&self, step: impl Fn(&Array) -> Array) -> Array {
        let moves = |(last, v): &(Array, Array)| (v - last).abs().max().gt(TOLERANCE);
        let start = (np::full(self.sizes(), -1.0), np::zeros(self.sizes()));
        lax::while_loop(moves, |(_, v)| (v.clone(), step(&v)), start).1
    }

    /// Returns the best policy by value function iteration, and its value.
    pub(crate) fn value_function_iteration(&self) -> (Array, Array) {
        let solve = jit(|()| {
            let v = self.iterate(|v| self.choices(v).max_axis(-1));
            (self.greedy(&v), v)
        });
        solve(())
    }

    /// Returns the best policy by optimistic policy iteration: it follows the policy for `m` periods between
    /// improvements.
    pub(crate) fn optimistic_policy_iteration(&self, m: usize) -> Array {
        let solve = jit(|()| {
            let step = |v: &Array| {
                let policy = self.greedy(v);
                lax::fori_loop(0, m, |_, v: Array| self.follow(&policy, &v), v.clone())
            };
            self.greedy(&self.iterate(step))
        });
        solve(())
    }

    /// Returns the best policy by Howard's policy iteration. The value of a policy solves a linear system.
    /// Its matrix is the identity less the Jacobian of [`Model::follow`].
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
