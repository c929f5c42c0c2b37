//! A name that is a keyword of Rust. The name that rustc proposes exists.

use kiln::numpy as np;

fn main() {
    np::where(np::ones(3).gt(0), 1, 0);
}
