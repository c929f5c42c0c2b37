//! Three options in Heston's model by simulation, with derivatives by all parameters.

use crate::programs::check;
use kiln::prelude::*;
use kiln::{jacfwd, tree, value_and_grad_with};

#[derive(Clone, Tree)]
struct Heston {
    s: Array,
    v: Array,
    kappa: Array,
    theta: Array,
    xi: Array,
    rho: Array,
}

/// Returns the prices of a European, an Asian and a barrier option.
fn payoffs(p: &Heston, key: Key) -> Array {
    let (n, steps, strike, r, barrier) = (2000, 20, 100.0, 0.03, 120.0);
    let dt = 1.0 / f64::from(steps);
    let init = (
        np::full(n, p.s.log()),
        np::full(n, &p.v),
        np::zeros(n),
        np::ones(n),
        key,
    );
    let (log_s, _, avg, alive, _) = lax::fori_loop(
        0,
        steps,
        |_, (log_s, v, avg, alive, key)| {
            let [key, sub] = key.split();
            let z = random::normal(sub, (2, n));
            let zs = &p.rho * z.index(0) + (1 - p.rho.pow(2)).sqrt() * z.index(1);
            let vp = np::maximum(&v, 1e-8);
            let sd = (&vp * dt).sqrt();
            let log_s = log_s + (r - &vp / 2) * dt + &sd * zs;
            let v = v + &p.kappa * (&p.theta - vp) * dt + &p.xi * sd * z.index(0);
            let s = log_s.exp();
            (
                log_s,
                v,
                avg + &s / steps,
                alive * (2 * (barrier - s)).logistic(),
                key,
            )
        },
        init,
    );
    let pay = |x: Array| (-r).exp() * np::maximum(x - strike, 0);
    let european = pay(log_s.exp());
    np::stack([european.mean(), pay(avg).mean(), (alive * european).mean()])
}

/// Returns the prices, the price and the greeks of the European option, and the delta of each option.
fn heston() -> Vec<Array> {
    let [s, v, kappa, theta, xi, rho] = [100.0, 0.04, 1.5, 0.04, 0.3, -0.7].map(Array::from);
    let p = Heston {
        s,
        v,
        kappa,
        theta,
        xi,
        rho,
    };
    let prices = jit(|(p, key): (Heston, Key)| payoffs(&p, key));
    let european = |(p, key): (Heston, Key)| payoffs(&p, key).index(0);
    let greeks = jit(value_and_grad_with(european, |o| o.argnums(Arg::<0>)));
    let deltas = jit(jacfwd(|s: Array| {
        payoffs(&Heston { s, ..p.clone() }, Key::new(1))
    }))(100.0.into());
    let prices = prices((p.clone(), Key::new(1)));
    let (price, gradient) = greeks((p, Key::new(1)));
    vec![prices, price, np::stack(tree::leaves(&gradient)), deltas]
}

/// A logarithm of a price is up to 4.6 and is rounded in 20 steps, with ten operations each: √200 = 14
/// roundings. A payoff of 9 is what is left of a price of 100: 11 times more. The gradient by the variance,
/// the greatest element, divides by the root of the variance, 5 times more. The barrier multiplies a distance
/// by 2, so its slope has 2 times 100 times the relative error of a price.
#[test]
fn heston_is_jaxs() {
    let price = 2.0 * 14.0 * 11.0;
    check("heston", heston, || vec![price, price, 5.0 * price, 14.0 * 200.0]);
}
