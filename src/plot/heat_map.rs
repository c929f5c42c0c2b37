//! A matrix as coloured cells.

use super::axis::{Axis, Bounds, Scale};
use super::color;
use super::data::Grid;
use super::scene::{Picture, Scene, Shape};
use super::series::Frame;
use std::ops::Range;

/// The bounds of the cells, if there are any with a place and a number.
pub(super) fn bounds(grid: &Grid, scales: [Scale; 2]) -> Option<[Bounds; 2]> {
    heights(grid)?;
    let along = |centres: &[f64], scale| Some(Bounds::of(edges(centres, scale).1.into_iter())?.exact());
    Some([along(&grid.x, scales[0])?, along(&grid.y, scales[1])?])
}

/// The bounds of the numbers.
pub(super) fn heights(grid: &Grid) -> Option<Bounds> {
    Bounds::of(grid.z.iter().map(|&height| Scale::Linear.of(height))).map(Bounds::exact)
}

pub(super) fn draw(grid: &Grid, frame: &Frame, heights: &Axis, scene: &mut Scene) {
    let (columns, rows) = (pixels(&grid.x, &frame.x), pixels(&grid.y, &frame.y));
    let mut colors = Vec::with_capacity(rows.len() * columns.len());
    for row in &rows {
        for column in &columns {
            colors.push(mean(grid, column, row).map(|mean| color::of_height(heights.at(mean))));
        }
    }
    let [left, right] = [frame.x.from.min(frame.x.to), frame.x.from.max(frame.x.to)];
    let [top, bottom] = [frame.y.from.min(frame.y.to), frame.y.from.max(frame.y.to)];
    scene.shapes.push(Shape::Picture {
        at: [left, top],
        size: [right - left, bottom - top],
        picture: Picture {
            width: columns.len() as u32,
            height: rows.len() as u32,
            pixels: colors,
        },
    });
}

/// The mean of the cells that have a number.
fn mean(grid: &Grid, columns: &Range<usize>, rows: &Range<usize>) -> Option<f64> {
    let cells = columns.clone().flat_map(|i| rows.clone().map(move |j| (i, j)));
    let numbers = cells.map(|(i, j)| Scale::Linear.of(grid.z[i * grid.y.len() + j]));
    let (mut mean, mut count) = (0.0, 0.0);
    for number in numbers.filter(|number| number.is_finite()) {
        count += 1.0;
        // A running mean, as the sum may be too large.
        mean += (number - mean) / count;
    }
    (count > 0.0).then_some(mean)
}

/// How many centres have no place on the axis, and the edges of the other cells: halfway between the centres.
fn edges(centres: &[f64], scale: Scale) -> (usize, Vec<f64>) {
    let places: Vec<f64> = centres.iter().map(|&centre| scale.of(centre)).collect();
    // Centres increase: only first ones are not positive.
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

/// The cells that are seen in each column, or row, of the picture: from the left, or from above.
fn pixels(centres: &[f64], axis: &Axis) -> Vec<Range<usize>> {
    let (without, edges) = edges(centres, axis.scale);
    let edges: Vec<f64> = edges.into_iter().map(|edge| axis.pixel(edge)).collect();
    let cells = edges.len() - 1;
    let (from, to) = (edges[0], edges[cells]);
    let width = (to - from) / cells as f64;
    let even = (0..cells).all(|i| ((edges[i + 1] - edges[i]) / width - 1.0).abs() < 0.01);
    let room = (to - from).abs().round().max(1.0) as usize;
    let mut pixels: Vec<Range<usize>> = if even && cells <= room {
        // A pixel is a cell, and is stretched.
        (0..cells).map(|i| i..i + 1).collect()
    } else if even {
        let start = |pixel: usize| pixel * cells / room;
        (0..room).map(|pixel| start(pixel)..start(pixel + 1)).collect()
    } else {
        // Pixels half as wide as the screen's, each of the cell at its middle.
        let fine = 2 * room;
        let middles = (0..fine).map(|pixel| from + (to - from) * ((pixel as f64 + 0.5) / fine as f64));
        let passed = |edge: f64, middle: f64| (edge - from).abs() <= (middle - from).abs();
        middles
            .map(|middle| {
                let cell = edges
                    .partition_point(|&edge| passed(edge, middle))
                    .clamp(1, cells)
                    - 1;
                cell..cell + 1
            })
            .collect()
    };
    if to < from {
        pixels.reverse();
    }
    pixels
        .into_iter()
        .map(|cells| cells.start + without..cells.end + without)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(centres: &[f64], from: f64, to: f64) -> Vec<Range<usize>> {
        let bounds = Bounds::of(edges(centres, Scale::Linear).1.into_iter())
            .unwrap()
            .exact();
        pixels(centres, &Axis::new(Scale::Linear, bounds, from, to))
    }

    #[test]
    fn cells_are_pixels() {
        assert_eq!(seen(&[0.0, 1.0, 2.0], 0.0, 90.0), [0..1, 1..2, 2..3]);
        assert_eq!(seen(&[0.0, 1.0, 2.0], 90.0, 0.0), [2..3, 1..2, 0..1]);
        let one = seen(&[5.0], 0.0, 90.0);
        assert_eq!((one.len(), &one[0]), (1, &(0..1)));
        // More cells than pixels: their mean. As many as there are pixels, and each cell once.
        let many: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(seen(&many, 0.0, 4.0), [0..2, 2..5, 5..7, 7..10]);
        // The second cell is from 0.5 to 2, the third from 2 to 4, the first from -0.5.
        assert_eq!(
            seen(&[0.0, 1.0, 3.0], 0.0, 3.0),
            [0..1, 1..2, 1..2, 2..3, 2..3, 2..3]
        );
    }
}
