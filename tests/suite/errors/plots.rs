//! Tests the messages of plots.

use super::{call, refused};
use kiln::numpy as np;
use kiln::plot::Plot;
use kiln::prelude::*;

#[test]
fn plots_that_do_not_fit() {
    let (p, q, r) = (Plot::new, Plot::new, Plot::new);
    let (x, y, z) = (&np::arange(3), &np::arange(4), &np::ones((3, 4)));
    let empty = &np::zeros(0);
    let order = &np::array([0.0, 2.0, 1.0]);
    let hole = &np::array([f64::INFINITY]);
    refused([
        (
            call!(p().line(x, y)),
            "plot: line has x of shape (3,) and y of shape (4,): give a y for each x",
        ),
        (
            call!(p().scatter(y, x)),
            "plot: scatter has x of shape (4,) and y of shape (3,): give a y for each x",
        ),
        (
            call!(p().line(x, z)),
            "plot: line wants y of one axis, not of shape (3, 4): take one row, or ravel it",
        ),
        (
            call!(p().line(2, x)),
            "plot: line wants x of one axis, not of shape (): take one row, or ravel it",
        ),
        (
            call!(p().scatter(empty, empty)),
            "plot: scatter has an empty x, of shape (0,): give at least one number",
        ),
        (
            call!(p().histogram(z, 3)),
            "plot: histogram wants samples of one axis, not of shape (3, 4): take one row, or ravel it",
        ),
        (
            call!(p().histogram(x, 0)),
            "plot: histogram has 0 bins: give between 1 and 100000",
        ),
        (
            call!(p().histogram_range(x, 2, 1.0..1.0)),
            "plot: histogram_range has the range 1.0..1.0: give a finite one from low to high",
        ),
        (
            call!(p().heat_map(x)),
            "plot: heat_map wants z of two axes, not of shape (3,): reshape it",
        ),
        (
            call!(p().heat_map(np::zeros((0, 2)))),
            "plot: heat_map has an empty z, of shape (0, 2): give at least one number",
        ),
        (
            call!(p().surface(y, x, z)),
            "plot: surface has z of shape (3, 4), where x of shape (4,) and y of shape (3,) ask for (4, 3): transpose z, as z[i, j] \
             is at x[i] and y[j]",
        ),
        (
            call!(p().heat_map_over(x, x, z)),
            "plot: heat_map_over has z of shape (3, 4), where x of shape (3,) and y of shape (3,) ask for (3, 3): z[i, j] is at x[i] \
             and y[j]",
        ),
        (
            call!(p().surface(order, y, z)),
            "plot: surface wants x to increase or to decrease, but x[1] is 2 and x[2] is 1: sort it, and z with it",
        ),
        (
            call!(p().heat_map_over(hole, y, np::ones((1, 4)))),
            "plot: heat_map_over has x with a number that is not finite: leave it out, and what z has there",
        ),
        (
            call!(p().surface(np::arange(1), y, np::ones((1, 4)))),
            "plot: surface has z of shape (1, 4): give at least two rows and two columns",
        ),
        (
            call!(p().line(x, x).surface(x, y, z)),
            "plot: a surface stands alone: make another Plot for the other series",
        ),
        (
            call!(q().surface(x, y, z).line(x, x)),
            "plot: a surface stands alone: make another Plot for the other series",
        ),
        (
            call!(q().heat_map(z).heat_map(z)),
            "plot: there is a heat map already: make another Plot for this one",
        ),
        (
            call!(r().label("f")),
            "plot: label comes before any series: put it after the one that it names",
        ),
        (
            call!(r().line(x, x).density()),
            "plot: density comes after a line: put it after a histogram",
        ),
        (
            call!(r().density()),
            "plot: density comes before any series: put it after a histogram",
        ),
        (
            call!(r().size(0, 400)),
            "plot: the size is 0 x 400: give sides between 100 and 10000 pixels",
        ),
        (
            call!(jit(|x: Array| drop(p().line(&x, &x)))(x.clone())),
            "plot: line has a traced x, i32[3]: return it from the function that is traced, and plot the result",
        ),
    ]);
}
