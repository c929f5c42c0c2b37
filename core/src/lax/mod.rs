//! Structured control flow, each a single equation of a program: [`scan`], [`fori_loop`], [`while_loop`], [`cond`], [`switch`]; what is
//! made of them ([`map`], [`while_loop_bounded`]); [`associative_scan`]; and the primitives that samplers use.
//!
//! Functions are recorded once, whatever the number of trips. The carry of a loop keeps its structure, shapes and dtypes, and
//! branches give one type: anything else is refused at the caller's line.

mod associative;
mod branches;
mod carry;
mod loops;
mod scan;

pub use crate::bits::{mul_add, random_bits, uniform};
pub use associative::{associative_scan, associative_scan_reverse};
pub use branches::{cond, select, switch};
pub(crate) use carry::Consts;
pub use loops::{fori_loop, while_loop, while_loop_bounded};
pub use scan::{map, scan, scan_n, scan_reverse};
