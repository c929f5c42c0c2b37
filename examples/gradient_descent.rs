//! Fits a line to noisy points by gradient descent: `cargo run --release --example gradient_descent`.

use kiln::prelude::*;

fn main() {
    let [key, noise] = Key::new(1234).split();
    let x = random::uniform(key, 100);
    let y = 0.5 * &x + 1.0 + 0.1 * random::normal(noise, 100);

    // ANCHOR: descent
    let loss = |p: Array| (&y - p.index(0) * &x - p.index(1)).square().mean();
    let step = jit(value_and_grad(loss));

    let mut p = np::zeros(2);
    println!("step      loss  slope  intercept");
    for i in 0..=60 {
        let (value, gradient) = step(p.clone());
        if i % 10 == 0 {
            let [slope, intercept] = [0, 1].map(|i| p.index(i).item::<f32>());
            println!(
                "{i:4}  {:.6}  {slope:.3}      {intercept:.3}",
                value.item::<f32>()
            );
        }
        p -= 0.5 * gradient;
    }
    // ANCHOR_END: descent

    // Least squares in closed form, from the means.
    let (dx, dy) = (&x - x.mean(), &y - y.mean());
    let slope = (&dx * dy).sum() / dx.square().sum();
    let intercept = y.mean() - &slope * x.mean();
    println!(
        "exact           {:.3}      {:.3}",
        slope.item::<f32>(),
        intercept.item::<f32>()
    );
}
