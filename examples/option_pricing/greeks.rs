//! Derivatives of the price by the model's parameters.

use crate::model::{Model, Point};
use kiln::prelude::*;
use kiln::{grad, value_and_grad};

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
    /// The derivatives of the price of the conditional estimator, which is smooth in all parameters: the plain one's payoff is not.
    pub(crate) fn greeks(&self, key: Key, paths: usize) -> Greeks {
        let price = |point: Point| self.conditional_price(point, key.clone(), paths);
        let point = self.point();
        let (value, first) = value_and_grad(price)(point.clone());
        let delta = |s0: Array| grad(price)(Point { s0, ..point.clone() }).s0;
        Greeks {
            price: value,
            delta: first.s0,
            gamma: grad(delta)(point.s0.clone()),
            rho: first.rho,
            nu: first.nu,
        }
    }

    /// The price of the conditional estimator as a function of parameters.
    pub(crate) fn conditional_price(&self, point: Point, key: Key, paths: usize) -> Array {
        let (_, variance) = self.simulate(&point, key, paths);
        self.discount() * self.expected_payoff(point.s0.log(), variance).mean()
    }
}
