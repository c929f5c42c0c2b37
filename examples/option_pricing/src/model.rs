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

/// The quantity that is averaged over the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Estimator {
    /// The mean payoff.
    Plain,
    /// The mean of the Black-Scholes value given the path of the volatility: the same price, with far less
    /// noise.
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

/// The parameters by which the price is differentiated.
#[derive(Clone, Tree)]
pub(crate) struct Point {
    pub(crate) s0: Array,
    pub(crate) rho: Array,
    pub(crate) nu: Array,
}

impl Model {
    /// Prices the call from `paths` simulated paths.
    pub(crate) fn price(&self, key: Key, paths: usize, estimator: Estimator) -> Estimate {
        let (s, variance) = self.simulate(&self.point(), key, paths);
        let value = match estimator {
            Estimator::Plain => np::maximum(s.exp() - self.strike, 0),
            Estimator::Conditional => self.expected_payoff(self.s0.ln().into(), variance),
        };
        let discount = self.discount();
        let mean = value.mean();
        let variance = (&value * &value).mean() - &mean * &mean;
        Estimate {
            price: discount * mean,
            standard_error: discount * (variance / paths as f64).sqrt(),
            first_paths: s.index(..5.min(paths)),
        }
    }

    pub(crate) fn point(&self) -> Point {
        Point {
            s0: self.s0.into(),
            rho: self.rho.into(),
            nu: self.nu.into(),
        }
    }

    pub(crate) fn discount(&self) -> f64 {
        self.beta.powi(self.steps as i32)
    }

    /// Returns the terminal log prices, and the sum of squared volatilities along each path. The initial
    /// price is the model's own.
    pub(crate) fn simulate(&self, Point { rho, nu, .. }: &Point, key: Key, paths: usize) -> (Array, Array) {
        let s = np::full(paths, self.s0.ln());
        let h = np::full(paths, self.h0);
        let variance = np::zeros(paths);
        let (s, _, variance, _) = lax::fori_loop(
            0,
            self.steps,
            |_, (s, h, variance, key): (Array, Array, Array, Key)| {
                let [key, subkey] = key.split();
                let z = random::normal(subkey, (2, paths));
                let volatility = h.exp();
                let s = s + self.mu + &volatility * z.index(0);
                let h = rho * h + nu * z.index(1);
                (s, h, variance + &volatility * &volatility, key)
            },
            (s, h, variance, key),
        );
        (s, variance)
    }

    /// Returns the expected payoff if the log price starts at `s` and its noise has this variance: the
    /// formula of Black and Scholes (1973).
    pub(crate) fn expected_payoff(&self, s: Array, variance: Array) -> Array {
        let mean = s + self.steps as f64 * self.mu;
        let deviation = variance.sqrt();
        let d2 = (&mean - self.strike.ln()) / &deviation;
        let d1 = &d2 + &deviation;
        let phi = |x: Array| 0.5 * (1.0 + (x / 2f64.sqrt()).erf());
        (mean + variance / 2.0).exp() * phi(d1) - self.strike * phi(d2)
    }
}
