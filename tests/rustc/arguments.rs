//! Arguments that are no shapes, axes, ranges, indices, lists or types of elements.

use kiln::numpy as np;
use kiln::prelude::*;

fn main() {
    let x = np::ones(3);
    np::zeros(2.0);
    np::zeros((2, "3"));
    np::linspace(0, 1, 2.5);
    np::arange("3");
    x.sum_axis(1.0);
    x.index(0.5);
    x.index((0, "1"));
    np::array(["a", "b"]);
    vmap_in_axes(|x: Array| x, 0.0);
    x.item::<usize>();
}
