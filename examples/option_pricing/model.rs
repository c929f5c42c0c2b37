//! The model: a stock whose log price moves with stochastic volatility,
//!
//! ```text
//! s[t+1] = s[t] + mu + exp(h[t]) z[t],    h[t+1] = rho h[t] + nu w[t]
//! ```
//!
//! and a European call on it, worth `beta^n E max(exp(s[n]) - strike, 0)`.

use kiln::prelude::*;
use kiln::{lax, numpy as np, random};

/// The numbers of the model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Model {
    pub(crate) steps: i64,
    pub(crate) beta: f64,
    pub(crate) strike: f64,
    pub(crate) mu: f64,
    pub(crate) rho: f64,
    pub(crate) nu: f64,
    pub(crate) s0: f64,
    pub(crate) h0: f64,
}

/// What is estimated from the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Estimator {
    /// The mean payoff.
    Plain,
    /// The mean of the Black-Scholes value given the path of the volatility: the same price, far less noise.
    Conditional,
}

/// An estimate of the price.
#[derive(Tree)]
pub(crate) struct Estimate {
    pub(crate) price: Array,
    pub(crate) standard_error: Array,
    /// The terminal log prices of the first paths.
    pub(crate) first_paths: Array,
}

impl Model {
    /// Prices the call from `paths` simulated paths.
    pub(crate) fn price(&self, key: Key, paths: usize, estimator: Estimator) -> Estimate {
        let Model {
            steps,
            mu,
            rho,
            nu,
            s0,
            h0,
            ..
        } = *self;
        let s = np::full(paths, s0.ln());
        let h = np::full(paths, h0);
        let variance = np::zeros(paths);
        let (s, _, variance, _) = lax::fori_loop(
            0,
            steps,
            |_, (s, h, variance, key): (Array, Array, Array, Key)| {
                let [key, subkey] = key.split();
                let z = random::normal(subkey, (2, paths));
                let volatility = h.exp();
                let s = s + mu + &volatility * z.index(0);
                let h = rho * h + nu * z.index(1);
                (s, h, variance + &volatility * &volatility, key)
            },
            (s, h, variance, key),
        );
        let value = match estimator {
            Estimator::Plain => np::maximum(s.exp() - self.strike, 0),
            Estimator::Conditional => self.expected_payoff(variance),
        };
        let discount = self.beta.powi(steps as i32);
        let mean = value.mean();
        let variance = (&value * &value).mean() - &mean * &mean;
        Estimate {
            price: discount * mean,
            standard_error: discount * (variance / paths as f64).sqrt(),
            first_paths: s.index(..5.min(paths)),
        }
    }

    /// The expected payoff where the log price is normal with this variance: the formula of Black and Scholes (1973).
    fn expected_payoff(&self, variance: Array) -> Array {
        let mean = self.s0.ln() + self.steps as f64 * self.mu;
        let deviation = variance.sqrt();
        let d2 = (mean - self.strike.ln()) / &deviation;
        let d1 = &d2 + &deviation;
        let phi = |x: Array| 0.5 * (1.0 + (x / 2f64.sqrt()).erf());
        (mean + variance / 2.0).exp() * phi(d1) - self.strike * phi(d2)
    }
}
