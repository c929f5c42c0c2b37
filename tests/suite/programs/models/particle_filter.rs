//! The likelihood of a model of stochastic volatility by a particle filter.

use crate::programs::check;
use kiln::prelude::*;

/// Returns the log-likelihood, and the mean of the filtered volatilities.
fn particle_filter() -> Vec<Array> {
    let (n, periods, mu, phi, sigma) = (500, 50, -1.0, 0.95, 0.25);
    let [ka, kb, kc] = Key::new(11).split();
    let transition = |h: Array, e: Array| mu + phi * (h - mu) + sigma * e;
    let volatility = |h: Array, e: Array| {
        let h = transition(h, e);
        (h.clone(), h)
    };
    let (_, h) = lax::scan(volatility, np::array(mu), random::normal(ka, periods));
    let y = (h / 2).exp() * random::normal(kb, periods);
    let log_likelihood = jit(|(y, key): (Array, Key)| {
        let step = |h: Array, (y, key): (Array, Key)| {
            let [first, second] = key.split();
            let h = transition(h, random::normal(first, n));
            let log_w = -0.5 * ((2.0 * np::PI).ln() + &h + y.pow(2) * (-&h).exp());
            let most = log_w.max();
            let w = (log_w - &most).exp();
            let (u, total) = ((np::arange(n) + random::uniform(second, ())) / n, w.cumsum());
            let i = np::searchsorted(&total / total.index(-1), u);
            (h.index(i), (most + w.mean().log(), h.mean()))
        };
        let (_, (terms, means)) = lax::scan(step, np::full(n, mu), (y, key.split_n(periods)));
        vec![terms.sum(), means.mean()]
    });
    log_likelihood((y, kc))
}

/// Both libraries draw the same particles. A volatility has five roundings in a period and remembers twenty
/// periods: √100 roundings. Each term of the likelihood is the logarithm of a sum of 500 terms, which has
/// √500 = 22 roundings. The sums over periods have 50 terms of one sign.
#[test]
fn particle_filter_is_jaxs() {
    check("particle_filter", particle_filter, || vec![35.0, 20.0]);
}
