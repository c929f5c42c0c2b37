//! Hamiltonian Monte Carlo: draws from a density that is known up to a factor (Neal 2011).

use kiln::prelude::*;

/// A Hamiltonian Monte Carlo sampler.
pub(crate) struct Sampler {
    /// The time step of a leap.
    pub(crate) step: f64,
    /// The leaps of a proposal.
    pub(crate) leaps: i32,
}

impl Sampler {
    /// Returns the draws of a chain, one a row. The chain begins at `start`, an array of one axis.
    pub(crate) fn chain(
        &self,
        log_density: impl Fn(&Array) -> Array,
        start: Array,
        key: Key,
        draws: usize,
    ) -> Array {
        let slope = |x: &Array| grad(|x: Array| log_density(&x))(x.clone());
        // A particle of position x and momentum p moves for a while: half a step of p, one of x, half of p.
        let leap = |_, (x, p): (Array, Array)| {
            let p = p + self.step / 2.0 * slope(&x);
            let x = x + self.step * &p;
            let p = p + self.step / 2.0 * slope(&x);
            (x, p)
        };
        let draw = |x: Array, key: Key| {
            let [first, second] = key.split();
            let p = random::normal(first, x.len());
            let kinetic = p.dot(&p) / 2;
            let (end, p) = lax::fori_loop(0, self.leaps, leap, (x.clone(), p));
            // The move would keep the energy. It is accepted with the probability that corrects for the rest.
            let gained = log_density(&end) - log_density(&x) + kinetic - p.dot(&p) / 2;
            let x = np::where_(random::uniform(second, ()).log().lt(gained), end, x);
            (x.clone(), x)
        };
        lax::scan(draw, start, key.split_n(draws)).1
    }
}
