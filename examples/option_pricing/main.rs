//! Prices a European call by Monte Carlo: the exercise of QuantEcon's "An Introduction to JAX".
//!
//! `cargo run --release --example option_pricing -- --help` lists the options.

mod greeks;
mod model;

use clap::{Parser, ValueEnum};
use greeks::Greeks;
use indicatif::{ProgressBar, ProgressStyle};
use kiln::{Key, jit};
use model::{Estimator, Model};
use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Prices a European call by Monte Carlo.
#[derive(Parser)]
#[command(name = "option_pricing")]
struct Options {
    /// Simulated paths (1e7 can be written so)
    #[arg(long, default_value = "1e7", value_parser = count, allow_hyphen_values = true)]
    paths: u64,
    /// Steps to maturity
    #[arg(long, default_value = "20", value_parser = count, allow_hyphen_values = true)]
    steps: u64,
    /// Seed of the random key
    #[arg(long, default_value_t = 1, allow_hyphen_values = true)]
    seed: u64,
    /// Initial price
    #[arg(long, default_value_t = 10.0, value_parser = positive, allow_hyphen_values = true)]
    s0: f64,
    /// Initial log volatility
    #[arg(long, default_value_t = 0.0, value_parser = finite, allow_hyphen_values = true)]
    h0: f64,
    /// Strike price
    #[arg(long, default_value_t = 100.0, value_parser = positive, allow_hyphen_values = true)]
    strike: f64,
    /// Discount factor of a step
    #[arg(long, default_value_t = 0.99, value_parser = positive, allow_hyphen_values = true)]
    beta: f64,
    /// Drift of the log price
    #[arg(long, default_value_t = 0.0001, value_parser = finite, allow_hyphen_values = true)]
    mu: f64,
    /// Persistence of the log volatility
    #[arg(long, default_value_t = 0.1, value_parser = finite, allow_hyphen_values = true)]
    rho: f64,
    /// Volatility of the log volatility
    #[arg(long, default_value_t = 0.001, value_parser = finite, allow_hyphen_values = true)]
    nu: f64,
    /// Floats of 32 or 64 bits
    #[arg(long, value_enum, default_value = "f32")]
    dtype: Precision,
    /// What is averaged over the paths
    #[arg(long, value_enum, default_value = "plain")]
    estimator: Estimator,
    /// Also the price's derivatives, by automatic differentiation of the conditional estimator
    #[arg(long)]
    greeks: bool,
    /// Threads [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024), allow_hyphen_values = true)]
    threads: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Precision {
    F32,
    F64,
}

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => {
            // What is wrong, and the possible values where there are few, without the usage.
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
    match write!(std::io::stdout(), "{}", report(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output had enough of it.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(options: &Options) -> String {
    kiln::enable_x64(options.dtype == Precision::F64);
    if let Some(threads) = options.threads {
        kiln::set_threads(threads as usize).expect("nothing has run yet");
    }
    let model = Model {
        steps: options.steps as i64,
        beta: options.beta,
        strike: options.strike,
        mu: options.mu,
        rho: options.rho,
        nu: options.nu,
        s0: options.s0,
        h0: options.h0,
    };
    let (paths, estimator) = (options.paths as usize, options.estimator);
    let price = jit(move |key: Key| model.price(key, paths, estimator));
    let timed = || {
        with_progress_bar(|| {
            let start = Instant::now();
            let estimate = price(Key::new(options.seed));
            (estimate, start.elapsed().as_secs_f64())
        })
    };
    let (_, first) = timed();
    let (estimate, second) = timed();
    let (value, error) = (
        estimate.price.item::<f64>(),
        estimate.standard_error.item::<f64>(),
    );
    let first_paths = estimate.first_paths.astype(kiln::DType::F64).to_vec::<f64>();
    let greeks = options.greeks.then(|| {
        let greeks = jit(move |key: Key| model.greeks(key, paths));
        derivatives(&with_progress_bar(|| greeks(Key::new(options.seed))))
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

/// Runs `f`; on a terminal, a bar shows how far the engine has come once that takes a second.
fn with_progress_bar<T>(f: impl FnOnce() -> T) -> T {
    /// Ends the bar, also when `f` panics.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let start = Instant::now();
            let mut bar: Option<ProgressBar> = None;
            while !done.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(20));
                if start.elapsed() > Duration::from_secs(1) {
                    let progress = kiln::progress();
                    let bar = bar.get_or_insert_with(|| {
                        let style =
                            ProgressStyle::with_template("{wide_bar} {percent}% {eta}").expect("a template");
                        ProgressBar::new(0).with_style(style)
                    });
                    bar.set_length(progress.total);
                    bar.set_position(progress.done);
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        let _done = Done(&done);
        f()
    })
}

/// A positive count, also as `1e7` or `10_000_000`. 1e12 paths take a day.
fn count(text: &str) -> Result<u64, String> {
    let text = text.replace('_', "");
    let number = match text.parse::<u64>() {
        Ok(n) => n as f64,
        Err(_) => text.parse::<f64>().map_err(|_| "not a number".to_string())?,
    };
    if (1.0..=1e12).contains(&number) && number.fract() == 0.0 {
        Ok(number as u64)
    } else {
        Err("not a whole number from 1 to 1e12".into())
    }
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|_| "not a number".to_string())?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err("not a finite number".into())
    }
}

fn positive(text: &str) -> Result<f64, String> {
    finite(text).and_then(|number| {
        if number > 0.0 {
            Ok(number)
        } else {
            Err("not a positive number".into())
        }
    })
}

/// The most memory the process has had, where the system tells (Linux).
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
