//! A neural network as the right side of a differential equation, trained on a spiral by Adam.

use crate::programs::check;
use kiln::prelude::*;
use kiln::tree;

#[derive(Clone, Tree)]
struct Layer {
    w: Array,
    b: Array,
}

type Net = [Layer; 2];

/// Returns the losses of thirty steps.
fn neural_ode() -> Vec<Array> {
    let (n, hidden, dt) = (20, 8, 0.05);
    let [k0, k1] = Key::new(8).split();
    let net = [
        Layer {
            w: 0.5 * random::normal(k0, (2, hidden)),
            b: np::zeros(hidden),
        },
        Layer {
            w: 0.1 * random::normal(k1, (hidden, 2)),
            b: np::zeros(2),
        },
    ];
    let t = np::arange(1..n + 1) * dt;
    let data = (-0.1 * &t).exp().index((.., NewAxis)) * np::stack_axis([t.cos(), -t.sin()], 1);
    let f = |net: &Net, x: &Array| (x.matmul(&net[0].w) + &net[0].b).tanh().matmul(&net[1].w) + &net[1].b;
    let path = |net: &Net, x: Array| {
        let runge_kutta = |x: Array| {
            let k1 = f(net, &x);
            let k2 = f(net, &(&x + dt / 2.0 * &k1));
            let k3 = f(net, &(&x + dt / 2.0 * &k2));
            let k4 = f(net, &(&x + dt * &k3));
            let x = x + dt / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4);
            (x.clone(), x)
        };
        lax::scan_n(runge_kutta, x, n).1
    };
    let slope = value_and_grad(|net: Net| (path(&net, np::array([1.0, 0.0])) - &data).pow(2).mean());
    let train = jit(|net: Net| {
        let step = |(net, m, v): (Net, Net, Net), i: Array| {
            let ((value, g), t) = (slope(net.clone()), i + 1);
            let m = tree::map2(&m, &g, |m, g| 0.9 * m + 0.1 * g);
            let v = tree::map2(&v, &g, |v, g| 0.999 * v + 0.001 * g.pow(2));
            let (a, b) = (1 - np::pow(0.9, &t), 1 - np::pow(0.999, t));
            let net = tree::map3(&net, &m, &v, |p, m, v| {
                p - 0.01 * (m / &a) / ((v / &b).sqrt() + 1e-8)
            });
            ((net, m, v), value)
        };
        let (m, v) = (tree::zeros_like(&net), tree::zeros_like(&net));
        lax::scan(step, (net, m, v), np::arange(30)).1
    });
    vec![train(net)]
}

/// The loss is a mean of 40 squares of differences, after 20 steps with 40 roundings each: √800 = 28. Adam
/// divides each gradient by its size, and the least are a tenth of their terms.
#[test]
fn neural_ode_is_jaxs() {
    check("neural_ode", neural_ode, || vec![28.0 * 10.0]);
}
