//! Solves for the best policy in three ways.

use super::model::Model;
use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{jacfwd, lax};

/// An iteration ends when no value moves by more than this.
const TOLERANCE: f64 = 1e-5;

fn distance(last: &Array, v: &Array) -> Array {
    (v - last).abs().max()
}

impl Model {
    /// The first value, and another one as the value before.
    fn start(&self) -> (Array, Array) {
        (np::full(self.sizes(), -1.0), np::zeros(self.sizes()))
    }

    /// Applies `step` at most `most` times, until no element moves by more than the tolerance.
    fn iterate(&self, step: impl Fn(&Array) -> Array, most: i64, from: (Array, Array)) -> (Array, Array) {
        let more = |(i, last, v): &(Array, Array, Array)| i.lt(most) & distance(last, v).gt(TOLERANCE);
        let (_, last, v) = lax::while_loop(
            more,
            |(i, _, v)| (i + 1, v.clone(), step(&v)),
            (0.into(), from.0, from.1),
        );
        (last, v)
    }

    /// Returns the best policy by value function iteration, and its value. `progress` is told now and then
    /// how many steps are done, and about how many there are in all: the distance shrinks by `beta` in each
    /// step.
    pub(crate) fn value_function_iteration(&self, mut progress: impl FnMut(u64, u64)) -> (Array, Array) {
        const STEPS: u64 = 25;
        let advance = jit(|state| {
            let (last, v) = self.iterate(|v| self.choices(v).max_axis(-1), STEPS as i64, state);
            (distance(&last, &v), (last, v))
        });
        let mut state = self.start();
        let mut done = 0;
        loop {
            let (distance, next) = advance(state);
            state = next;
            done += STEPS;
            let left = (TOLERANCE / distance.item::<f64>()).ln() / self.beta.ln();
            if left <= 0.0 {
                return (jit(|v: Array| self.greedy(&v))(state.1.clone()), state.1);
            }
            progress(done, done + left.ceil() as u64);
        }
    }

    /// Returns the best policy by optimistic policy iteration: it follows the policy for `m` periods between
    /// improvements.
    pub(crate) fn optimistic_policy_iteration(&self, m: usize) -> Array {
        let solve = jit(|()| {
            let step = |v: &Array| {
                let policy = self.greedy(v);
                lax::fori_loop(0, m, |_, v: Array| self.follow(&policy, &v), v.clone())
            };
            self.greedy(&self.iterate(step, i32::MAX.into(), self.start()).1)
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
