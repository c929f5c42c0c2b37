//! Runs ever new numbers, shapes and closures, and checks that memory does not grow.

use crate::checks::Check;
use crate::dice::Dice;
use crate::generate;
use kiln::{Array, cache_info, grad, jit, lax, numpy as np, vmap};
use std::time::{Duration, Instant};

/// The memory that a process may take beside its caches. The arrays of the largest programs come and go, and
/// the allocator holds their memory in pieces.
const PIECES: u64 = 48 << 20;

/// Runs for some time. Prints the resident memory every ten seconds.
///
/// # Errors
/// Returns an error if memory exceeds that of the first minute by more than the room left in the caches.
/// Returns an error if the system does not tell the memory.
pub fn soak(seconds: u64) -> Result<(), String> {
    let begun = Instant::now();
    let mut dice = Dice::new(7);
    let (mut shown, mut most, mut rounds) = (Duration::ZERO, 0, 0_u64);
    while begun.elapsed().as_secs() < seconds {
        closures(&mut dice);
        let case = generate::case(rounds);
        for check in [Check::Jit, Check::Vmap, Check::Modes] {
            // The outcome does not matter here. Other runs report faults.
            check.run(&case, rounds);
        }
        rounds += 1;
        if begun.elapsed() < shown {
            continue;
        }
        let memory = resident()?;
        println!(
            "{:>5} s {rounds:>8} rounds {:>6} MB, {:>3} MB in caches",
            shown.as_secs(),
            memory >> 20,
            cache_info().bytes >> 20
        );
        shown += Duration::from_secs(10);
        if begun.elapsed().as_secs() <= 60 {
            let caches = cache_info();
            let room = caches.limit.saturating_sub(caches.bytes);
            most = most.max(memory + PIECES + room as u64);
            continue;
        }
        if memory > most {
            return Err(format!(
                "at most {} MB may be, {} MB are",
                most >> 20,
                memory >> 20
            ));
        }
    }
    Ok(())
}

/// Runs functions of a number and a shape that are new.
fn closures(dice: &mut Dice) {
    let c = dice.unit();
    let n = dice.between(1, 2000);
    let x = np::linspace(0.0, c, n);
    let length = dice.between(1, 40) as i64;
    let f = move |x: Array| ((&x * c).sin() + x.pow(c)).sum();
    let results = [
        // One op after another, compiled, and under both transformations.
        x.pow(c) + c,
        f(x.clone()),
        jit(f)(x.clone()),
        grad(f)(x.clone()),
        vmap(move |x: Array| x * c)(x.clone()),
        jit(grad(move |x: Array| {
            lax::fori_loop(0, length, |_, y: Array| y * c, x).sum()
        }))(x.clone()),
        jit(move |x: Array| lax::cond(x.sum().gt(c), |x: Array| x * c, |x: Array| x - c, x))(x),
    ];
    for result in results {
        result.block_until_ready();
    }
}

/// Returns the bytes of this process that are in memory.
fn resident() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes << 10)
        .ok_or_else(|| "/proc/self/status has no VmRSS".into())
}
