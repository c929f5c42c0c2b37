//! Computes the gradient of a perceptron's loss for each example of a batch. kiln runs one program, Burn
//! takes one backward pass for each example.

use burn_core as burn;
use burn_core::module::Module;
use burn_core::tensor::{Device, Tensor, activation};
use burn_nn::{Linear, LinearConfig};
use kiln::prelude::*;
use kiln::{grad, random, vmap_in_axes};
use std::time::Instant;

#[derive(Module, Debug)]
struct Perceptron {
    hidden: Linear,
    output: Linear,
}

impl Perceptron {
    fn new(device: &Device) -> Perceptron {
        Perceptron {
            hidden: LinearConfig::new(8, 32).init(device),
            output: LinearConfig::new(32, 1).init(device),
        }
    }

    fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.output.forward(activation::gelu(self.hidden.forward(x)))
    }
}

fn main() {
    let device = Device::flex().autodiff();
    let perceptron = Perceptron::new(&device);
    let x = random::normal(Key::new(0), (1000, 8));
    let y = x.square().sum_axis(1);

    // The model is imported for one example and mapped over all by `vmap`.
    let example = x.index(0);
    let model = kiln::burn::import(&perceptron, |model, x: Tensor<1>| model.forward(x), example)
        .expect("every operation has a form as equations");
    let loss = |(parameters, x, y): (_, Array, Array)| (model.apply(&parameters, x) - y).square().sum();
    let gradients = jit(vmap_in_axes(grad(loss), (None, 0, 0)));
    let arguments = (model.parameters(), x.clone(), y.clone());
    gradients(arguments.clone());
    let start = Instant::now();
    let (each, ..) = gradients(arguments);
    println!("kiln: {:?}", start.elapsed());
    for (name, gradient) in &each {
        println!("  {name}: {}", gradient.shape());
    }

    let start = Instant::now();
    let mut furthest = 0f32;
    for i in 0..1000 {
        let input = Tensor::<2>::from_data(
            [x.index(i).to_vec::<f32>().try_into().unwrap_or([0f32; 8])],
            &device,
        );
        let loss = (perceptron.forward(input) - y.index(i).item::<f32>())
            .powi_scalar(2)
            .sum();
        let gradients = loss.backward();
        let weight = perceptron.hidden.weight.grad(&gradients).expect("it was tracked");
        let burn: Vec<f32> = weight.into_data().iter::<f32>().collect();
        let kiln = each["hidden.weight"].index(i).to_vec::<f32>();
        let errors = burn
            .iter()
            .zip(&kiln)
            .map(|(x, y)| (x - y).abs() / (1.0 + x.abs()));
        furthest = errors.fold(furthest, f32::max);
    }
    println!(
        "Burn, one by one: {:?}; they differ by at most {furthest:e}",
        start.elapsed()
    );
}
