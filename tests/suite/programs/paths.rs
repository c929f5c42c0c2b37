//! The shortest path in a graph, by iteration on the cost to go.

use super::check;
use kiln::lax;
use kiln::numpy as np;
use kiln::prelude::*;

#[test]
fn the_shortest_path() {
    let edges = [
        (0, 1, 1.0),
        (0, 2, 5.0),
        (0, 3, 3.0),
        (1, 3, 9.0),
        (1, 4, 6.0),
        (2, 5, 2.0),
        (3, 5, 4.0),
        (3, 6, 8.0),
        (4, 6, 4.0),
        (5, 6, 1.0),
        (6, 6, 0.0),
    ];
    let cost_to_go = jit(|q: Array| {
        let init = (Array::from(0), np::zeros(7), Array::from(false));
        let (i, j, _) = lax::while_loop(
            |(i, _, found): &(Array, Array, Array)| !found & i.lt(500),
            |(i, j, _)| {
                let after = (&q + &j).min_axis(1);
                let found = np::allclose(&after, &j);
                (i + 1, after, found)
            },
            init,
        );
        vec![j, i]
    });
    let program = || {
        let q = edges
            .iter()
            .fold(np::full((7, 7), f64::INFINITY), |q, &(start, end, cost)| {
                q.at((start, end)).set(cost)
            });
        cost_to_go(q)
    };
    check("shortest path", program, || vec![0.0, 0.0]);
}
