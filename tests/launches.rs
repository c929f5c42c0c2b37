//! Which kernels a GPU is given: a process of its own, since what other threads launch is counted too.
#![cfg(feature = "wgpu")]

use kiln::prelude::*;
use kiln::{Device, Launch, lax, numpy as np, random, with_default_device};
use std::sync::{Mutex, PoisonError};

/// What a second call of a function is given to the GPU as. One test after the other, since those of all threads are counted.
fn launched<T>(arguments: impl Fn() -> T, f: impl Fn(T) -> Array) -> Vec<Launch> {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let device = Device::wgpu(0).expect("a GPU, or Vulkan in software");
    with_default_device(device, || {
        f(arguments()).block_until_ready();
        let arguments = arguments();
        device.launches(|| f(arguments)).expect("it works").1
    })
}

/// The kernels of the lecture's function, as the book's chapter shows them.
#[test]
fn the_book_shows_what_is_launched() {
    let f = jit(|x: Array| {
        let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
        a.sum()
    });
    let launches = launched(|| np::ones(10_000).block_until_ready(), f);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/book/pages/devices.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(launches.len(), 2, "{launches:?}");
    for launch in launches {
        assert!(
            page.contains(&format!("    {launch}\n")),
            "the page lacks {launch}"
        );
    }
}

/// The lecture's grid: neither a mesh nor a part of it is in memory.
#[test]
fn a_map_of_a_map_is_one_kernel() {
    let surface = |(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2));
    let grid = jit(vmap(vmap(surface, (None, Some(0))), (Some(0), None)));
    let axes = || {
        let x = np::linspace(-2, 2, 80).block_until_ready();
        (x.clone(), x)
    };
    let launches = launched(axes, grid);
    let kernels: Vec<&str> = launches.iter().map(|launch| &*launch.kernel).collect();
    assert_eq!(kernels, ["ElemwiseFuse"], "{launches:#?}");
}

/// The lecture's exercise.
#[test]
fn a_step_of_the_price_is_at_most_three_kernels() {
    const STEPS: usize = 20;
    const PATHS: usize = 1000;
    let price = jit(|key: Key| {
        let state = (np::full(PATHS, 10_f64.ln()), np::full(PATHS, 0), key);
        let update = |_, (s, h, key): (Array, Array, Key)| {
            let [key, subkey] = key.split();
            let z = random::normal(subkey, (2, PATHS));
            let s = s + 0.0001 + h.exp() * z.index(0);
            (s, 0.1 * h + 0.001 * z.index(1), key)
        };
        let (s, ..) = lax::fori_loop(0, STEPS, update, state);
        0.99_f64.powi(STEPS as i32) * np::maximum(s.exp() - 100, 0).mean()
    });
    let launches = launched(|| Key::new(1), price);
    // What follows the last step, and is queued with it, Burn's search leaves as it is: the payoffs are four kernels, their mean two, the discount one.
    assert!(launches.len() <= 3 * STEPS + 7, "{launches:#?}");
}
