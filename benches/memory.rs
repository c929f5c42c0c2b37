//! Measures the memory that reverse mode keeps for a loop: `cargo bench --bench memory`.
//!
//! The function is the gradient of 1024 steps over a carry of 100,000 numbers, as one loop and as 32
//! checkpointed loops of 32 steps. Each variant runs in a process of its own. The process prints by how much
//! its greatest resident size grew.

use kiln::prelude::*;
use kiln::{checkpoint, grad, lax, numpy as np};

const STEPS: i64 = 1024;
const BLOCK: i64 = 32;

fn step(_: Array, y: Array) -> Array {
    0.9 * y.sin() + 0.1 * &y
}

fn plain(x: Array) -> Array {
    lax::fori_loop(0, STEPS, step, x).sum()
}

fn in_blocks(x: Array) -> Array {
    let block = checkpoint(|y: Array| lax::fori_loop(0, BLOCK, step, y));
    lax::fori_loop(0, STEPS / BLOCK, |_, y: Array| block(y), x).sum()
}

/// Returns the greatest resident size of this process so far, in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .expect("a line");
    let kilobytes: f64 = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number");
    kilobytes / 1024.0
}

fn main() {
    let kind = std::env::args().nth(1).unwrap_or_default();
    let f: fn(Array) -> Array = match kind.as_str() {
        "plain" => plain,
        "checkpoint" => in_blocks,
        _ => {
            for kind in ["plain", "checkpoint"] {
                let me = std::env::current_exe().expect("a path");
                let status = std::process::Command::new(me).arg(kind).status().expect("runs");
                assert!(status.success(), "{kind}");
            }
            return;
        }
    };
    let x = np::linspace(0.0, 1.0, 100_000);
    let before = peak();
    let gradient = jit(grad(f))(x);
    println!(
        "{kind}: {:.0} MB, first elements {}",
        peak() - before,
        gradient.index(..3)
    );
}
