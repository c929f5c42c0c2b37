//! Tests which kernels a GPU runs. The tests have a process of their own, because launches of other threads
//! are counted too.
#![cfg(feature = "wgpu")]

use kiln::prelude::*;
use kiln::{Device, Launch, lax, numpy as np, random, with_default_device};
use std::sync::{Mutex, PoisonError};

/// Tests run one after the other, because the launches of all threads are counted.
static ONE: Mutex<()> = Mutex::new(());

/// Returns the launches of the second call of a function.
fn launched<T>(arguments: impl Fn() -> T, f: impl Fn(T) -> Array) -> Vec<Launch> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let device = Device::wgpu(0).expect("a GPU, or Vulkan in software");
    with_default_device(device, || {
        f(arguments()).block_until_ready();
        let arguments = arguments();
        device.launches(|| f(arguments)).expect("it works").1
    })
}

fn lecture(x: Array) -> Array {
    let a = 3 * &x + x.sin() + x.pow(2).cos() - (2 * &x).cos() - x.pow(2) * 0.4 * x.pow(1.5);
    a.sum()
}

/// Compares the kernels of the lecture's function with the book's chapter.
#[test]
fn the_book_shows_what_is_launched() {
    let launches = launched(|| np::ones(10_000).block_until_ready(), jit(lecture));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/pages/devices.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(launches.len(), 2, "{launches:?}");
    for launch in launches {
        assert!(
            page.contains(&format!("    {launch}\n")),
            "the page lacks {launch}"
        );
    }
}

/// In a process with this variable each operation is a kernel of its own, as the book's chapter says. The sum
/// is the same up to rounding.
#[test]
fn fusion_can_be_turned_off() {
    const OFF: &str = "BURN_FUSION_MAX_EXPLORATIONS";
    let sum = || {
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |x: Array| lecture(x).item::<f32>();
        with_default_device(Device::wgpu(0).unwrap(), || of(np::linspace(0, 1, 8)))
    };
    if std::env::var(OFF).is_ok() {
        let launches = launched(|| np::ones(1000).block_until_ready(), jit(lecture));
        println!("launches: {} {}.", launches.len(), sum());
        return;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "fusion_can_be_turned_off", "--nocapture"]);
    let output = command.env(OFF, "0").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let found = text.lines().find_map(|line| line.split_once("launches: "));
    let (launches, unfused) = found.and_then(|(_, rest)| rest.split_once(' ')).expect(&text);
    // The function has 13 operations on arrays. A power takes several kernels.
    assert!(launches.parse::<usize>().unwrap() > 13, "{text}");
    let (fused, unfused) = (sum(), unfused.trim_end_matches('.').parse::<f32>().unwrap());
    // Eight terms have 18 operations each. Each may round a number below 5 if one side contracts it and the
    // other does not. Each sum has eight additions of numbers up to 40.
    let bound = (8.0 * 18.0 * 5.0 + 2.0 * 8.0 * 40.0) * f32::EPSILON / 2.0;
    assert!((fused - unfused).abs() <= bound, "{fused} {unfused}");
}

/// The lecture's grid is one kernel. Neither a mesh nor a part of it is in memory.
#[test]
fn a_map_of_a_map_is_one_kernel() {
    let surface = |(x, y): (Array, Array)| (x.pow(2) + y.pow(2)).cos() / (1 + x.pow(2) + y.pow(2));
    let grid = jit(vmap_in_axes(vmap_in_axes(surface, (None, 0)), (0, None)));
    let axes = || {
        let x = np::linspace(-2, 2, 80).block_until_ready();
        (x.clone(), x)
    };
    let launches = launched(axes, grid);
    let kernels: Vec<&str> = launches.iter().map(|launch| &*launch.kernel).collect();
    assert_eq!(kernels, ["ElemwiseFuse"], "{launches:#?}");
}

/// Counts the kernels of the lecture's exercise.
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
    // Burn's search does not fuse the operations after the last step, which are queued with it. The payoffs
    // are four kernels, their mean two, the discount one.
    assert!(launches.len() <= 3 * STEPS + 7, "{launches:#?}");
}
