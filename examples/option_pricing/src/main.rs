//! Prices a European call by Monte Carlo: the exercise of QuantEcon's "An Introduction to JAX".
//!
//! `cargo run --release -p option-pricing -- --help` lists the options.

mod greeks;
mod model;
mod options;

use clap::Parser;
use greeks::Greeks;
use kiln::{DType, Device, Key, interrupt_on_ctrl_c, interruptible, jit, progress_bar, set_default_device};
use options::{Options, Precision};
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => {
            // The lines up to the first blank one: the error, and the possible values if there are few. The
            // usage is left out.
            let text = error.to_string();
            let lines: Vec<&str> = text
                .lines()
                .take_while(|line| !line.is_empty())
                .map(str::trim)
                .collect();
            eprintln!("{}", lines.join(" "));
            return ExitCode::from(2);
        }
        Err(help) => help.exit(),
    };
    if let Err(error) = choose_device(&options) {
        eprintln!("error: {error}");
        return ExitCode::from(2);
    }
    interrupt_on_ctrl_c();
    let bar = progress_bar();
    let report = interruptible(|| report(&options));
    drop(bar);
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match write!(std::io::stdout(), "{report}") {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the output closed the pipe.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn choose_device(options: &Options) -> Result<(), String> {
    let device = match options.device {
        Some(device) => device,
        None => Device::from_environment().map_err(|error| match std::env::var("KILN_DEVICE") {
            Ok(_) => format!("KILN_DEVICE: {error}"),
            Err(_) => error.to_string(),
        })?,
    };
    if options.dtype == Precision::F64 && !device.has(DType::F64) {
        return Err(format!(
            "{device} has no float64: leave out --dtype f64, or use another --device"
        ));
    }
    set_default_device(device);
    Ok(())
}

fn report(options: &Options) -> String {
    kiln::enable_x64(options.dtype == Precision::F64);
    if let Some(threads) = options.threads {
        kiln::set_threads(threads as usize).expect("nothing has run yet");
    }
    let model = options.model();
    let (paths, estimator) = (options.paths as usize, options.estimator);
    let price = jit(move |key: Key| model.price(key, paths, estimator));
    let timed = || {
        let start = Instant::now();
        let estimate = price(Key::new(options.seed));
        (estimate, start.elapsed().as_secs_f64())
    };
    let (_, first) = timed();
    let (estimate, second) = timed();
    let (value, error) = (
        estimate.price.item::<f64>(),
        estimate.standard_error.item::<f64>(),
    );
    let first_paths = estimate
        .first_paths
        .to_device(Device::cpu())
        .astype(DType::F64)
        .to_vec::<f64>();
    let greeks = options.greeks.then(|| {
        let greeks = jit(move |key: Key| model.greeks(key, paths));
        derivatives(&greeks(Key::new(options.seed)))
    });
    let memory = peak_memory_bytes();
    if !value.is_finite() {
        eprintln!(
            "warning: the price is not finite: these parameters overflow {}",
            estimate.price.dtype()
        );
    }
    if options.json {
        let mut report = serde_json::json!({
            "price": value,
            "standard_error": error,
            "first_call_seconds": first,
            "second_call_seconds": second,
            "peak_memory_bytes": memory,
            "first_paths": first_paths,
        });
        if let Some(greeks) = greeks {
            report["greeks"] = greeks
                .iter()
                .map(|(name, _, value)| (name.to_string(), *value))
                .collect();
        }
        return format!("{report}\n");
    }
    let megabytes = memory.map_or("unknown".into(), |bytes| format!("{:.0} MB", bytes as f64 / 1e6));
    let mut text = format!(
        "price           {value:.2}\nstandard error  {error:.2}\nfirst call      {first:.3} s\nsecond call     {second:.3} s\n\
         peak memory     {megabytes}\n"
    );
    for (_, title, value) in greeks.iter().flatten() {
        text += &format!("{title:<15} {value:.6}\n");
    }
    if error > 0.01 * value.abs() {
        text += "\nThe standard error is large against the price: the payoff's tail is so heavy that the plain mean needs about\n\
                 5e12 paths for 1% (about 1.3 million of standard error at 1e7 paths). --estimator conditional averages\n\
                 the Black-Scholes value given the volatility's path instead.\n";
    }
    text
}

/// The price's derivatives by their names in JSON, with the titles that they are printed under.
fn derivatives(greeks: &Greeks) -> [(&'static str, &'static str, f64); 4] {
    let Greeks {
        delta,
        gamma,
        rho,
        nu,
        ..
    } = greeks;
    [
        ("delta", "delta", delta.item()),
        ("gamma", "gamma", gamma.item()),
        ("rho", "by rho", rho.item()),
        ("nu", "by nu", nu.item()),
    ]
}

/// Returns the greatest resident size of the process, if the system tells it (Linux).
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}
