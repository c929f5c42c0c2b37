//! `cargo run --release -p kiln-fuzz -- --seconds 600`

use clap::{Parser, ValueEnum};
use kiln_fuzz::checks::Check;
use kiln_fuzz::{Counts, report};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Runs random programs in ways that must agree. Prints the smallest programs that do not.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first program. The next program has the next seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The most programs to run.
    #[arg(long)]
    count: Option<u64>,
    /// The longest time to run, in seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// The checks to run. All of them if none is named.
    #[arg(long, value_enum)]
    check: Vec<Check>,
    /// The most faults of one kind to shrink and print.
    #[arg(long, default_value_t = 1)]
    show: usize,
    /// Runs ever new numbers, shapes and closures instead of checks. Fails when memory grows.
    #[arg(long)]
    soak: bool,
}

fn main() {
    let arguments = Arguments::parse();
    if arguments.soak {
        if let Err(fact) = kiln_fuzz::soak::soak(arguments.seconds.unwrap_or(600)) {
            println!("memory grows: {fact}");
            std::process::exit(1);
        }
        return;
    }
    let checks = match arguments.check.is_empty() {
        true => Check::value_variants().to_vec(),
        false => arguments.check,
    };
    let limit = match (arguments.count, arguments.seconds) {
        (None, None) => 10_000,
        (count, _) => count.unwrap_or(u64::MAX),
    };
    let time = arguments.seconds.map_or(Duration::MAX, Duration::from_secs);
    let begun = Instant::now();
    let mut counts = Counts::default();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut done = 0;
    while done < limit && begun.elapsed() < time {
        let seed = arguments.seed + done;
        for (check, case, fault) in counts.check(&checks, seed) {
            let seen = kinds
                .entry(format!("{}: {}", kiln_fuzz::name(check), fault.kind))
                .or_default();
            *seen += 1;
            if *seen <= arguments.show {
                println!(
                    "after {} programs, {}\n",
                    done + 1,
                    report(check, &case, &fault, seed)
                );
            }
        }
        done += 1;
    }
    println!(
        "{done} programs from seed {} in {:.1?}",
        arguments.seed,
        begun.elapsed()
    );
    print!("{counts}");
    for (kind, times) in &kinds {
        println!("{times:>6} times {kind}");
    }
    std::process::exit(i32::from(!kinds.is_empty()));
}
