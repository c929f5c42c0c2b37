//! The points of lines and scatters, without those that cannot be seen.

use super::axis::{Axis, Bounds, Scale};
use std::collections::{BTreeSet, HashSet};

/// A point by its positions on both axes.
pub(super) type Point = (f64, f64);

/// Returns the positions of points, `None` for a point without a position on one of the axes.
pub(super) fn places([x, y]: &[Vec<f64>; 2], scales: [Scale; 2]) -> impl Iterator<Item = Option<Point>> {
    let places = x
        .iter()
        .zip(y)
        .map(move |(&x, &y)| (scales[0].of(x), scales[1].of(y)));
    places.map(|place| (place.0.is_finite() && place.1.is_finite()).then_some(place))
}

/// Returns the bounds of the points that have a position.
pub(super) fn bounds(points: &[Vec<f64>; 2], scales: [Scale; 2]) -> Option<[Bounds; 2]> {
    let places = || places(points, scales).flatten();
    Some([
        Bounds::of(places().map(|(x, _)| x))?,
        Bounds::of(places().map(|(_, y)| y))?,
    ])
}

/// Shorter lines keep all their points.
const FEW: usize = 4000;

/// Splits a line at the points without a position. The axis has `pixels` pixels.
pub(super) fn parts(points: impl Iterator<Item = Option<Point>>, x: &Axis, pixels: u32) -> Vec<Vec<Point>> {
    let points: Vec<Option<Point>> = points.collect();
    let thin = points.len() > FEW;
    let parts = points.split(Option::is_none).filter(|part| !part.is_empty());
    let parts = parts.map(|part| part.iter().copied().flatten().collect());
    parts
        .map(|part: Vec<Point>| match thin {
            true => thinned(&part, |point| (x.part(point.0) * f64::from(pixels)) as i64),
            false => part,
        })
        .collect()
}

/// Keeps, of each run of points over one column of pixels, only the first, the lowest, the highest and the
/// last. The line through these covers the same pixels.
fn thinned(points: &[Point], column: impl Fn(&Point) -> i64) -> Vec<Point> {
    let runs = points.chunk_by(|one, next| column(one) == column(next));
    let kept = runs.flat_map(|run| {
        let by_height = |i: &usize, j: &usize| run[*i].1.total_cmp(&run[*j].1);
        let low = (0..run.len()).min_by(by_height).unwrap_or(0);
        let high = (0..run.len()).max_by(by_height).unwrap_or(0);
        BTreeSet::from([0, low, high, run.len() - 1])
            .into_iter()
            .map(|i| run[i])
    });
    kept.collect()
}

/// Two corners of a rectangle.
pub(super) type Corners = [Point; 2];

/// More dots than this are drawn as squares, and lines of more points.
const MANY_DOTS: usize = 5000;
const MANY_POINTS: usize = 20_000;

/// The axes, and the numbers of pixels along them.
#[derive(Clone, Copy)]
pub(super) struct Screen<'a> {
    pub(super) axes: [&'a Axis; 2],
    pub(super) pixels: [u32; 2],
}

impl Screen<'_> {
    /// Returns the distance of a position from the ends of the axes, in pixels.
    fn pixel(&self, (x, y): Point) -> [f64; 2] {
        let parts = [self.axes[0].part(x), self.axes[1].part(y)];
        [0, 1].map(|i| parts[i] * f64::from(self.pixels[i]))
    }

    /// Returns the first of the dots that start at the same pixel, or squares if these are still many.
    pub(super) fn dots(&self, places: impl Iterator<Item = Point>) -> Result<Vec<Point>, Vec<Corners>> {
        let mut seen = HashSet::new();
        let whole = |place: Point| self.pixel(place).map(|pixels| pixels as i64);
        let dots: Vec<Point> = places.filter(|&place| seen.insert(whole(place))).collect();
        match dots.len() <= MANY_DOTS {
            true => Ok(dots),
            false => Err(self.squares(dots.into_iter().map(|dot| self.pixel(dot)))),
        }
    }

    /// Returns the parts of a line, or squares along it if it goes back and forth through very many points.
    pub(super) fn line(
        &self,
        points: impl Iterator<Item = Option<Point>>,
    ) -> Result<Vec<Vec<Point>>, Vec<Corners>> {
        let parts = parts(points, self.axes[0], self.pixels[0]);
        if parts.iter().map(Vec::len).sum::<usize>() <= MANY_POINTS {
            return Ok(parts);
        }
        let steps = parts.iter().flat_map(|part| part.windows(part.len().min(2)));
        let between = steps.flat_map(|step| {
            let [from, to] = [step[0], step[step.len() - 1]].map(|place| self.pixel(place));
            let way = [to[0] - from[0], to[1] - from[1]];
            let count = way[0].abs().max(way[1].abs()).ceil().max(1.0);
            let along = (0..=count as i64).map(move |i| i as f64 / count);
            along.map(move |part| [from[0] + way[0] * part, from[1] + way[1] * part])
        });
        Err(self.squares(between))
    }

    /// Returns squares at these pixels, two pixels apart. Adjacent squares of a row become one rectangle.
    fn squares(&self, at: impl Iterator<Item = [f64; 2]>) -> Vec<Corners> {
        let [columns, rows] = self.pixels.map(|pixels| pixels as usize / 2 + 1);
        let mut taken = vec![false; columns * rows];
        for [x, y] in at {
            let [column, row] = [x, y].map(|pixels| (pixels / 2.0) as usize);
            taken[row.min(rows - 1) * columns + column.min(columns - 1)] = true;
        }
        let corner = |column: f64, row: f64| {
            let part = |i: usize, square: f64| 2.0 * square / f64::from(self.pixels[i]);
            (
                self.axes[0].place(part(0, column)),
                self.axes[1].place(part(1, row)),
            )
        };
        let mut corners = Vec::new();
        for (row, squares) in taken.chunks(columns).enumerate() {
            let mut column = 0;
            for run in squares.chunk_by(|one, next| one == next) {
                let (from, row) = (column as f64, row as f64);
                column += run.len();
                if run[0] {
                    // A rectangle reaches slightly over the next ones, so that neighbours have no seams.
                    corners.push([corner(from, row), corner(column as f64 + 0.5, row + 1.5)]);
                }
            }
        }
        corners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> Axis {
        let bounds = Bounds {
            lo: 0.0,
            hi: 1.0,
            exact: [true; 2],
        };
        Axis::new(Scale::Linear, bounds, 5)
    }

    #[test]
    fn thinned_lines_keep_the_extremes_of_each_column() {
        let points = [
            (0.1, 5.0),
            (0.2, 1.0),
            (0.3, 7.0),
            (0.4, 6.0),
            (0.5, 2.0),
            (1.5, 3.0),
        ];
        let kept = thinned(&points, |point| point.0 as i64);
        assert_eq!(kept, [(0.1, 5.0), (0.2, 1.0), (0.3, 7.0), (0.5, 2.0), (1.5, 3.0)]);
    }

    #[test]
    fn lines_have_gaps() {
        let points = [
            None,
            Some((0.0, 0.0)),
            Some((0.1, 1.0)),
            None,
            None,
            Some((0.3, 0.0)),
        ];
        let parts = parts(points.into_iter(), &unit(), 100);
        assert_eq!(parts, [vec![(0.0, 0.0), (0.1, 1.0)], vec![(0.3, 0.0)]]);
    }

    #[test]
    fn many_dots_are_drawn_as_squares() {
        let axis = unit();
        let grid = |n: u32, pixels: u32| {
            let part = move |i: u32| (f64::from(i) + 0.5) / f64::from(n);
            let all = (0..n).flat_map(move |i| (0..n).map(move |j| (part(i), part(j))));
            let screen = Screen {
                axes: [&axis; 2],
                pixels: [pixels; 2],
            };
            screen.dots(all)
        };
        // Ten thousand points on a hundred pixels, and on ten thousand.
        assert_eq!(grid(100, 10).unwrap().len(), 100);
        let rows = grid(100, 100).unwrap_err();
        assert_eq!(rows.len(), 50);
        assert_eq!(rows[49], [(0.0, 0.98), (1.01, 1.01)]);
    }

    #[test]
    fn tangles_are_drawn_as_squares() {
        let axis = unit();
        let screen = Screen {
            axes: [&axis; 2],
            pixels: [100; 2],
        };
        // A line back and forth between two points that are 80 pixels apart.
        let points = (0..30_000).map(|i| Some((0.1 + 0.8 * f64::from(i % 2), 0.5)));
        let rows = screen.line(points).unwrap_err();
        assert_eq!(rows, [[(0.1, 0.5), (0.93, 0.53)]]);
    }
}
