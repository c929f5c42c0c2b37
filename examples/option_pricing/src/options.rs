//! The command line.

use super::model::{Estimator, Model};
use clap::{Parser, ValueEnum};
use kiln::Device;

/// Prices a European call by Monte Carlo.
#[derive(Parser)]
#[command(name = "option_pricing")]
pub(crate) struct Options {
    /// Simulated paths (1e7 can be written so)
    #[arg(long, default_value = "1e7", value_parser = count, allow_hyphen_values = true)]
    pub(crate) paths: u64,
    /// Steps to maturity
    #[arg(long, default_value = "20", value_parser = count, allow_hyphen_values = true)]
    pub(crate) steps: u64,
    /// Seed of the random key
    #[arg(long, default_value_t = 1, allow_hyphen_values = true)]
    pub(crate) seed: u64,
    /// Initial price
    #[arg(long, default_value_t = 10.0, value_parser = positive, allow_hyphen_values = true)]
    pub(crate) s0: f64,
    /// Initial log volatility
    #[arg(long, default_value_t = 0.0, value_parser = finite, allow_hyphen_values = true)]
    pub(crate) h0: f64,
    /// Strike price
    #[arg(long, default_value_t = 100.0, value_parser = positive, allow_hyphen_values = true)]
    pub(crate) strike: f64,
    /// Discount factor of a step
    #[arg(long, default_value_t = 0.99, value_parser = positive, allow_hyphen_values = true)]
    pub(crate) beta: f64,
    /// Drift of the log price
    #[arg(long, default_value_t = 0.0001, value_parser = finite, allow_hyphen_values = true)]
    pub(crate) mu: f64,
    /// Persistence of the log volatility
    #[arg(long, default_value_t = 0.1, value_parser = finite, allow_hyphen_values = true)]
    pub(crate) rho: f64,
    /// Volatility of the log volatility
    #[arg(long, default_value_t = 0.001, value_parser = finite, allow_hyphen_values = true)]
    pub(crate) nu: f64,
    /// Floats of 32 or 64 bits
    #[arg(long, value_enum, default_value = "f32")]
    pub(crate) dtype: Precision,
    /// Quantity to average over the paths
    #[arg(long, value_enum, default_value = "plain")]
    pub(crate) estimator: Estimator,
    /// Compute the price's derivatives too, by automatic differentiation of the conditional estimator
    #[arg(long)]
    pub(crate) greeks: bool,
    /// Device: cpu, cuda:0, wgpu:0 [default: the best device of this build]
    #[arg(long)]
    pub(crate) device: Option<Device>,
    /// Threads [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1024), allow_hyphen_values = true)]
    pub(crate) threads: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Precision {
    F32,
    F64,
}

impl Options {
    pub(crate) fn model(&self) -> Model {
        Model {
            steps: self.steps as i64,
            beta: self.beta,
            strike: self.strike,
            mu: self.mu,
            rho: self.rho,
            nu: self.nu,
            s0: self.s0,
            h0: self.h0,
        }
    }
}

/// Parses a positive count, also as `1e7` or `10_000_000`. 1e12 paths take a day.
fn count(text: &str) -> Result<u64, String> {
    let text = text.replace('_', "");
    let number = match text.parse::<u64>() {
        Ok(n) => n as f64,
        Err(_) => text.parse::<f64>().map_err(|_| "not a number".to_string())?,
    };
    let fits = (1.0..=1e12).contains(&number) && number.fract() == 0.0;
    fits.then_some(number as u64)
        .ok_or("not a whole number from 1 to 1e12".into())
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().map_err(|_| "not a number".to_string())?;
    number
        .is_finite()
        .then_some(number)
        .ok_or("not a finite number".into())
}

fn positive(text: &str) -> Result<f64, String> {
    let number = finite(text)?;
    (number > 0.0)
        .then_some(number)
        .ok_or("not a positive number".into())
}
