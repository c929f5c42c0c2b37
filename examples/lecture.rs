//! Runs QuantEcon's "An Introduction to JAX" section by section, and prints its numbers:
//! `cargo run --release --example lecture`.

use kiln::numpy::{self as np, linalg};
use kiln::prelude::*;
use kiln::{Device, grad, random, vmap, vmap_in_axes};
use std::cell::Cell;
use std::time::Instant;

fn main() {
    title("A NumPy replacement");
    numpy_replacement();
    // Numbers have 64 bits from here on, if the device has them.
    kiln::enable_x64(Device::default().has(DType::F64));
    immutable();
    title("Random numbers");
    random_numbers();
    title("JIT compilation");
    compilation();
    title("Functional programming");
    functional_programming();
    title("Gradients");
    gradients();
    title("Writing vectorized code");
    vectorized();
}

fn title(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}

fn numpy_replacement() {
    let a = np::array([1.0, 3.2, -1.5]);
    println!("{a}");
    println!("{a:?}");
    println!("sum {}, mean {}, dot {}", a.sum(), a.mean(), a.dot(&a));
    println!("{:?}", np::ones((2, 2)).matmul(np::identity(2)));

    let b = np::identity(2);
    println!("{:?}", linalg::inv(&b));
    let of = linalg::eigh(&b);
    println!(
        "eigenvalues {}, eigenvectors\n{}",
        of.eigenvalues, of.eigenvectors
    );
}

fn immutable() {
    println!("{:?}", np::ones(3));
    let a = np::linspace(0.0, 1.0, 3);
    println!("{a}, with a 1 at index 0 {}", a.at(0).set(1.0));
    let a = np::array([2, 1]);
    println!("{a:?}, sorted {:?}", a.sort());
}

fn random_numbers() {
    let key = Key::new(1);
    println!("the key {key}");
    println!("{}", random::normal(key.clone(), (3, 3)));
    println!(
        "the same key, the same numbers:\n{}",
        random::normal(key.clone(), (3, 3))
    );

    let [key, subkey] = key.split();
    println!(
        "split:\n{}\n{}",
        random::normal(key, (3, 3)),
        random::normal(subkey, 5)
    );

    let key = Key::new(42);
    for i in 0..3 {
        println!("fold_in({i}): {:?}", random::uniform(key.fold_in(i), 4));
    }
}

fn f(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

fn compilation() {
    let x = np::ones(5_000_000);
    let timed = |name: &str, f: &dyn Fn(Array) -> Array| {
        let start = Instant::now();
        let y = f(x.clone());
        println!("{name}: {y} in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    };
    timed("one operation at a time", &f);
    let compiled = jit(f);
    timed("jitted, first call", &compiled);
    timed("jitted, second call", &compiled);
}

fn functional_programming() {
    let a = Cell::new(1);
    let f = jit(|x: Array| a.get() + x);
    println!("{}", f(np::ones(2)));
    a.set(42);
    println!("{}: traced with 1", f(np::ones(2)));
    println!("{}: another shape is traced afresh", f(np::ones(3)));
}

fn gradients() {
    let f = |x: Array| x.pow(2) / 2.0;
    println!("f'(10) = {:?}", grad(f)(10.0.into()));
    let x = np::linspace(-4.0, 4.0, 5);
    println!("f' at {x}: {}", vmap(grad(f))(x.clone()));
    println!("f'' there: {}", vmap(grad(grad(f)))(x));
}

fn vectorized() {
    let f = |(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2));
    let x = np::linspace(-3.0, 3.0, 1000);

    let (x_mesh, y_mesh) = np::meshgrid(&x, &x);
    let on_a_mesh = jit(f)((x_mesh, y_mesh));

    let over_x = vmap_in_axes(f, (0, None));
    let mapped = jit(vmap_in_axes(over_x, (None, 0)))((x.clone(), x));
    println!("maximum {}, without a mesh {}", on_a_mesh.max(), mapped.max());
    println!("all close: {}", np::allclose(&mapped, &on_a_mesh));
}
