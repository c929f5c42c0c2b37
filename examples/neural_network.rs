//! Trains a small neural network on the surface cos(x^2 + y^2) / (1 + x^2 + y^2), with Adam written out.
//! Parameters are a struct of arrays, and so is their gradient.
//! `cargo run --release --example neural_network`.

use clap::Parser;
use kiln::prelude::*;
use kiln::{Arg, numpy as np, random, tree, value_and_grad_with};

/// Trains a small neural network.
#[derive(Parser)]
struct Options {
    /// Steps of the training
    #[arg(long, default_value_t = 5000)]
    steps: i32,
}

// ANCHOR: network
#[derive(Tree, Clone)]
struct Layer {
    weights: Array,
    bias: Array,
}

impl Layer {
    fn new(key: Key, from: usize, to: usize) -> Layer {
        Layer {
            weights: random::normal(key, (from, to)) / (from as f64).sqrt(),
            bias: np::zeros(to),
        }
    }

    fn apply(&self, x: &Array) -> Array {
        x.matmul(&self.weights) + &self.bias
    }
}

type Network = Vec<Layer>;

fn predict(network: &Network, x: &Array) -> Array {
    let (last, hidden) = network.split_last().expect("a layer");
    let x = hidden.iter().fold(x.clone(), |x, layer| layer.apply(&x).tanh());
    last.apply(&x).index((.., 0))
}

fn surface(x: &Array) -> Array {
    let r = x.square().sum_axis(1);
    r.cos() / (1 + r)
}

fn main() {
    let options = Options::parse();
    let [k1, k2, k3, data] = Key::new(0).split();
    let mut network: Network = vec![
        Layer::new(k1, 2, 32),
        Layer::new(k2, 32, 32),
        Layer::new(k3, 32, 1),
    ];
    let mut means = tree::zeros_like(&network);
    let mut squares = means.clone();

    let loss = |(network, x): (Network, Array)| (predict(&network, &x) - surface(&x)).square().mean();
    let step = jit(
        |((network, m, v), t, key): ((Network, Network, Network), Array, Key)| {
            let x = random::uniform(key, (256, 2)) * 4 - 2;
            let (loss, gradient) = value_and_grad_with(loss, |o| o.argnums(Arg::<0>))((network.clone(), x));
            // Adam, with the running means of the gradient and of its square.
            let m = tree::map2(&m, &gradient, |m, g| 0.9 * m + 0.1 * g);
            let v = tree::map2(&v, &gradient, |v, g| 0.999 * v + 0.001 * g.square());
            let (a, b) = (1 - np::power(0.9, &t), 1 - np::power(0.999, &t));
            let network = tree::map3(&network, &m, &v, |p, m, v| {
                p - 0.005 * (m / &a) / ((v / &b).sqrt() + 1e-8)
            });
            ((network, m, v), loss)
        },
    );

    for t in 1..=options.steps {
        let (next, loss) = step(((network, means, squares), f64::from(t).into(), data.fold_in(t)));
        (network, means, squares) = next;
        if t == 1 || t % 1000 == 0 {
            println!("step {t:4}: loss {:.6}", loss.item::<f32>());
        }
    }
    let points = np::array([[0.0, 0.0], [1.0, 0.0], [1.0, -1.0]]);
    println!("predicted {}", predict(&network, &points));
    println!("exact     {}", surface(&points));
}
// ANCHOR_END: network
