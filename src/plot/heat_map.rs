//! Draws a matrix as coloured cells.

use super::axis::{Axis, Bounds, Scale};
use super::color;
use super::data::Grid;
use super::series::Corners;
use plotters::style::RGBColor;
use std::ops::Range;

/// Returns the bounds of the cells, if there is one with a position and a number.
pub(super) fn bounds(grid: &Grid, scales: [Scale; 2]) -> Option<[Bounds; 2]> {
    heights(grid)?;
    let along = |centres: &[f64], scale| Some(Bounds::of(edges(centres, scale).1.into_iter())?.exact());
    Some([along(&grid.x, scales[0])?, along(&grid.y, scales[1])?])
}

/// Returns the bounds of the numbers.
pub(super) fn heights(grid: &Grid) -> Option<Bounds> {
    Bounds::of(grid.z.iter().map(|&height| Scale::Linear.of(height))).map(Bounds::exact)
}

/// Returns cells by two corners, with the colours of their means: at most `most` along x and y. Neighbours of
/// one colour are one cell.
pub(super) fn cells(
    grid: &Grid,
    scales: [Scale; 2],
    heights: &Axis,
    most: [usize; 2],
) -> Vec<(Corners, RGBColor)> {
    let [(no_x, x), (no_y, y)] = [edges(&grid.x, scales[0]), edges(&grid.y, scales[1])];
    let mut cells: Vec<(Corners, RGBColor)> = Vec::new();
    for rows in blocks(y.len() - 1, most[1]) {
        for columns in blocks(x.len() - 1, most[0]) {
            let numbers = columns.clone().flat_map(|i| {
                let row = &grid.z[(i + no_x) * grid.y.len() + no_y..];
                row[rows.clone()].iter().map(|&number| Scale::Linear.of(number))
            });
            let Some(mean) = mean(numbers) else { continue };
            let color = color::of_height(heights.part(mean));
            let [left, right] = [x[columns.start], x[columns.end]];
            let [low, high] = [y[rows.start], y[rows.end]];
            match cells.last_mut() {
                Some(([from, to], last)) if *last == color && *to == (left, high) && from.1 == low => {
                    to.0 = right;
                }
                _ => cells.push(([(left, low), (right, high)], color)),
            }
        }
    }
    cells
}

/// Splits the indices below `n` into at most `most` runs.
fn blocks(n: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let size = n.div_ceil(most);
    (0..n).step_by(size).map(move |start| start..n.min(start + size))
}

/// Returns the mean of the finite numbers.
fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut mean, mut count) = (0.0, 0.0);
    for number in numbers.filter(|number| number.is_finite()) {
        count += 1.0;
        // A running mean, because the sum may be too large.
        mean += (number - mean) / count;
    }
    (count > 0.0).then_some(mean)
}

/// Returns the number of centres that have no position on the axis, and the edges of the other cells: halfway
/// between the centres.
fn edges(centres: &[f64], scale: Scale) -> (usize, Vec<f64>) {
    let places: Vec<f64> = centres.iter().map(|&centre| scale.of(centre)).collect();
    // Centres increase, so only the first ones may not be positive.
    let without = places.iter().take_while(|place| !place.is_finite()).count();
    let places = &places[without..];
    let edges = match *places {
        [] => Vec::new(),
        [one] => vec![one - 0.5, one + 0.5],
        [first, second, ..] => {
            let [.., before, last] = *places else {
                unreachable!("there are two")
            };
            let between = places.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0);
            let (start, end) = (first - (second - first) / 2.0, last + (last - before) / 2.0);
            [start].into_iter().chain(between).chain([end]).collect()
        }
    };
    (without, edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(x: &[f64], z: &[f64], most: [usize; 2]) -> Vec<(Corners, RGBColor)> {
        let grid = Grid {
            x: x.to_vec(),
            y: vec![0.0, 1.0],
            z: z.to_vec(),
        };
        let heights = Axis::new(Scale::Linear, heights(&grid).unwrap(), 5);
        cells(&grid, [Scale::Linear; 2], &heights, most)
    }

    #[test]
    fn cells_have_edges_halfway_between_centres() {
        let (low, high) = (color::of_height(0.0), color::of_height(1.0));
        // z[i, j] at x[i] and y[j]; the last two of the lower row have one colour, and one of the upper row
        // is a hole.
        let z = [0.0, 1.0, 1.0, f64::NAN, 1.0, 0.0];
        assert_eq!(
            seen(&[0.0, 1.0, 3.0], &z, [9, 9]),
            [
                ([(-0.5, -0.5), (0.5, 0.5)], low),
                ([(0.5, -0.5), (4.0, 0.5)], high),
                ([(-0.5, 0.5), (0.5, 1.5)], high),
                ([(2.0, 0.5), (4.0, 1.5)], low),
            ]
        );
    }

    #[test]
    fn too_many_cells_become_their_means() {
        let z = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0];
        let cells = seen(&[0.0, 1.0, 2.0, 3.0], &z, [2, 1]);
        let expected = [
            ([(-0.5, -0.5), (1.5, 1.5)], 0.5),
            ([(1.5, -0.5), (3.5, 1.5)], 0.25),
        ];
        assert_eq!(
            cells,
            expected.map(|(corners, mean)| (corners, color::of_height(mean)))
        );
    }
}
