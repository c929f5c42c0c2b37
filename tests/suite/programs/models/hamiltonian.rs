//! Hamiltonian Monte Carlo of a logistic regression: two chains under `vmap`.

use super::softplus;
use crate::programs::check;
use kiln::prelude::*;

/// Returns the posterior means, and the statistic of Gelman and Rubin.
fn hamiltonian() -> Vec<Array> {
    let (n, d, leaps, steps, chains, eps) = (100, 3, 5, 60, 2, 0.05);
    let [ka, kb, kc, kd] = Key::new(7).split();
    let x = random::normal(ka, (n, d));
    let y = random::uniform(kb, n).lt(x.matmul(np::arange(d) / 2 - 1).logistic());
    let log_posterior = |b: Array| {
        let z = x.matmul(&b);
        (&y * &z - softplus(&z)).sum() - 0.5 * b.pow(2).sum() / 10
    };
    let slope = grad(log_posterior);
    let leap = |_, (b, p): (Array, Array)| {
        let p = p + eps / 2.0 * slope(b.clone());
        let b = b + eps * &p;
        let p = p + eps / 2.0 * slope(b.clone());
        (b, p)
    };
    let step = |b: Array, key: Key| {
        let [first, second] = key.split();
        let p = random::normal(first, d);
        let kinetic = p.dot(&p);
        let (new, end) = lax::fori_loop(0, leaps, leap, (b.clone(), p));
        let ratio = log_posterior(new.clone()) - log_posterior(b.clone()) - 0.5 * (end.dot(&end) - kinetic);
        let b = np::where_(random::uniform(second, ()).log().lt(ratio), new, b);
        (b.clone(), b)
    };
    let chain = |(b, key): (Array, Key)| lax::scan(step, b, key.split_n(steps)).1;
    let b = jit(vmap(chain))((random::normal(kc, (chains, d)), kd.split_n(chains)));
    let b = b.index((.., 20..));
    let within = b.var_with(|o| o.axis(1).ddof(1)).mean_axis(0);
    let between = b.mean_axis(1).var_with(|o| o.axis(0).ddof(1));
    vec![b.mean_axis((0, 1)), (1 + between / within).sqrt().max()]
}

/// A leap adds a gradient, which is a sum of 100 terms, to a position, times 0.05: half of √100 roundings. The
/// energy is preserved, so an error grows as the root of the number of leaps, √300 = 17, and not faster. Both
/// libraries accept the same proposals. Positions are three times their mean.
#[test]
fn hamiltonian_is_jaxs() {
    check("hamiltonian", hamiltonian, || {
        vec![3.0 * 0.5 * 17.0, 3.0 * 0.5 * 17.0]
    });
}
