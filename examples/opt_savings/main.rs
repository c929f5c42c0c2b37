//! Solves the optimal savings problem of QuantEcon's "Optimal Savings II" in three ways:
//! `cargo run --release --example opt_savings`.

mod model;
mod solvers;
mod tauchen;

use kiln::{Array, DType, Device, Interrupted, interruptible};
use model::Model;
use std::time::Instant;

fn main() -> Result<(), Interrupted> {
    kiln::enable_x64(Device::default().has(DType::F64));
    kiln::interrupt_on_ctrl_c();
    let _bar = kiln::progress_bar();
    interruptible(solve)
}

fn solve() {
    let timed = |name: &str, solve: &dyn Fn() -> Array| {
        let start = Instant::now();
        let policy = solve();
        println!("{name}: {:.3} s", start.elapsed().as_secs_f64());
        policy
    };
    let model = Model::new(150, 10);
    let policy = timed("value function iteration", &|| model.value_function_iteration().0);
    let optimistic = timed("optimistic policy iteration", &|| {
        model.optimistic_policy_iteration(50)
    });
    println!("the policies are equal: {}", policy.equal(optimistic).all());
    println!(
        "next wealth for the least income, by wealth:\n{}",
        policy.index((.., 0))
    );
    // Howard's method solves one dense linear system for all states. So it runs on a smaller grid.
    let model = Model::new(30, 8);
    let (policy, _) = model.value_function_iteration();
    let howard = timed("Howard policy iteration on a smaller grid", &|| {
        model.howard_policy_iteration()
    });
    println!("the policies are equal: {}", policy.equal(howard).all());
}
