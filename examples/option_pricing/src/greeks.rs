//! Derivatives of the price by the model's parameters.

use super::model::{Model, Point};
use kiln::prelude::*;
use kiln::{grad, lax, numpy as np, value_and_grad};

/// The price by the conditional estimator, and its derivatives.
#[derive(Tree)]
pub(crate) struct Greeks {
    pub(crate) price: Array,
    /// By the initial price, once and twice.
    pub(crate) delta: Array,
    pub(crate) gamma: Array,
    /// By the persistence and the volatility of the log volatility.
    pub(crate) rho: Array,
    pub(crate) nu: Array,
}

impl Model {
    /// Returns the derivatives of the price by the conditional estimator. That estimator is smooth in all
    /// parameters, but the plain one's payoff is not. Simulates at least `paths` paths, one block after
    /// another, so that reverse mode keeps the residuals of one block only.
    pub(crate) fn greeks(&self, key: Key, paths: usize) -> Greeks {
        const BLOCK: usize = 1 << 17;
        let blocks = paths.div_ceil(BLOCK);
        let [price, delta, gamma, rho, nu] = match blocks {
            1 => self.greeks_of_block(key, paths),
            _ => {
                let size = paths.div_ceil(blocks);
                let body = |i: Array, sums: [Array; 5]| {
                    let block = self.greeks_of_block(key.fold_in(i), size);
                    std::array::from_fn(|which| &sums[which] + &block[which])
                };
                let init = std::array::from_fn(|_| np::zeros(()));
                lax::fori_loop(0, blocks, body, init).map(|sum: Array| sum / blocks)
            }
        };
        Greeks {
            price,
            delta,
            gamma,
            rho,
            nu,
        }
    }

    /// Returns the numbers in the order of [`Greeks`].
    fn greeks_of_block(&self, key: Key, paths: usize) -> [Array; 5] {
        let price = |point: Point| self.conditional_price(point, key.clone(), paths);
        let point = self.point();
        let (value, first) = value_and_grad(price)(point.clone());
        let delta = |s0: Array| grad(price)(Point { s0, ..point.clone() }).s0;
        let gamma = grad(delta)(point.s0.clone());
        [value, first.s0, gamma, first.rho, first.nu]
    }

    /// The price of the conditional estimator as a function of parameters.
    pub(crate) fn conditional_price(&self, point: Point, key: Key, paths: usize) -> Array {
        let (_, variance) = self.simulate(&point, key, paths);
        self.discount() * self.expected_payoff(point.s0.log(), variance).mean()
    }
}
