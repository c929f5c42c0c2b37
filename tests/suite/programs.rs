//! Runs programs in the manner of QuantEcon's lectures, and compares them with JAX's results:
//! `reference/data/programs.json`.

mod descent;
mod likelihood;
// The model of the example, which the example runs.
#[allow(unreachable_pub, dead_code)]
#[path = "../../examples/opt_savings/model.rs"]
mod model;
mod models;
mod newton;
mod paths;
mod simulations;
#[allow(unreachable_pub)]
#[path = "../../examples/opt_savings/solvers.rs"]
mod solvers;
#[path = "../../examples/opt_savings/tauchen.rs"]
mod tauchen;
mod valuation;

use crate::support::compare::{Bound, difference};
use crate::support::device::{has, looseness};
use crate::support::{flag, list, rows, text};
use kiln::{Array, DType, Device, with_x64, x64_enabled};

/// Runs a program with every width that the table has for it, and compares its results with JAX's. Each bound
/// is relative to the greatest element and in units of eps. Integers are compared exactly.
#[track_caller]
fn check(name: &str, program: impl Fn() -> Vec<Array>, bounds: impl Fn() -> Vec<f64>) {
    let mut found = 0;
    for row in rows("programs", "rows") {
        if text(&row, "program") != name {
            continue;
        }
        found += 1;
        if flag(&row, "x64") && !has(DType::F64) {
            continue;
        }
        with_x64(flag(&row, "x64"), || {
            let (results, bounds) = (program(), bounds());
            let wanted = list(&row["outputs"]);
            assert_eq!(
                (results.len(), bounds.len()),
                (wanted.len(), wanted.len()),
                "{name}"
            );
            for ((result, wanted), bound) in results.iter().zip(wanted).zip(bounds) {
                let eps = if x64_enabled() {
                    f64::EPSILON
                } else {
                    f32::EPSILON.into()
                };
                let size = list(&wanted["data"])
                    .iter()
                    .map(crate::support::float)
                    .fold(0.0, |most: f64, x| most.max(x.abs()));
                // Weakness does not matter here, because Python's numbers are weak.
                let mut strong = wanted.clone();
                strong["weak"] = result.is_weak().into();
                let dtype = crate::support::dtype(text(wanted, "dtype"));
                let result = &result.to_device(Device::cpu()).astype(dtype);
                strong["weak"] = false.into();
                let wrong = difference(result, &strong, &Bound::Within(looseness() * bound * eps * size));
                assert_eq!(wrong, None, "{name}, {row}");
            }
        });
    }
    assert!(found > 0, "no rows for {name}");
}
