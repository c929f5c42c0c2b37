//! The points of lines and scatters, as few of them as can be seen.

use super::axis::{Axis, Bounds, Scale};
use std::collections::{BTreeSet, HashSet};

/// A point by its places on both axes.
pub(super) type Place = (f64, f64);

/// The places of points; none for those that have no place on both axes.
pub(super) fn places([x, y]: &[Vec<f64>; 2], scales: [Scale; 2]) -> impl Iterator<Item = Option<Place>> {
    let places = x
        .iter()
        .zip(y)
        .map(move |(&x, &y)| (scales[0].of(x), scales[1].of(y)));
    places.map(|place| (place.0.is_finite() && place.1.is_finite()).then_some(place))
}

/// The bounds of the points that have a place.
pub(super) fn bounds(points: &[Vec<f64>; 2], scales: [Scale; 2]) -> Option<[Bounds; 2]> {
    let places = || places(points, scales).flatten();
    Some([
        Bounds::of(places().map(|(x, _)| x))?,
        Bounds::of(places().map(|(_, y)| y))?,
    ])
}

/// Shorter lines keep all their points.
const FEW: usize = 4000;

/// The parts of a line between the points that have no place, on an axis of so many pixels.
pub(super) fn parts(points: impl Iterator<Item = Option<Place>>, x: &Axis, pixels: u32) -> Vec<Vec<Place>> {
    let points: Vec<Option<Place>> = points.collect();
    let thin = points.len() > FEW;
    let parts = points.split(Option::is_none).filter(|part| !part.is_empty());
    let parts = parts.map(|part| part.iter().copied().flatten().collect());
    parts
        .map(|part: Vec<Place>| match thin {
            true => thinned(&part, |point| (x.part(point.0) * f64::from(pixels)) as i64),
            false => part,
        })
        .collect()
}

/// Of each run of points over one column of pixels only the first, the lowest, the highest and the last: the line through these covers
/// the same pixels.
fn thinned(points: &[Place], column: impl Fn(&Place) -> i64) -> Vec<Place> {
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

/// What is drawn for dots.
pub(super) enum Dots {
    Round(Vec<Place>),
    /// Rectangles that many dots beside one another cover, by two corners.
    Rows(Vec<[Place; 2]>),
}

/// More dots than that are drawn as squares, two pixels apart, and in one rectangle where they touch.
const MANY: usize = 5000;

/// Dots for points on axes of so many pixels: of those that start at the same pixel one is seen.
pub(super) fn dots(places: impl Iterator<Item = Place>, [x, y]: [&Axis; 2], pixels: [u32; 2]) -> Dots {
    let pixel = |place: Place, size: f64| {
        let [x, y] = [(x.part(place.0), pixels[0]), (y.part(place.1), pixels[1])]
            .map(|(part, pixels)| (part * f64::from(pixels) / size) as i64);
        (y, x)
    };
    let mut seen = HashSet::new();
    let dots: Vec<Place> = places.filter(|&place| seen.insert(pixel(place, 1.0))).collect();
    if dots.len() <= MANY {
        return Dots::Round(dots);
    }
    let squares: BTreeSet<(i64, i64)> = dots.into_iter().map(|place| pixel(place, 2.0)).collect();
    let squares: Vec<(i64, i64)> = squares.into_iter().collect();
    let rows = squares.chunk_by(|one, next| one.0 == next.0 && one.1 + 1 == next.1);
    let corner = |column: f64, row: f64| {
        (
            x.place(2.0 * column / f64::from(pixels[0])),
            y.place(2.0 * row / f64::from(pixels[1])),
        )
    };
    let rows = rows.map(|run| {
        let (row, first) = (run[0].0 as f64, run[0].1 as f64);
        // A bit over the next ones, for neighbours to have no seams.
        let end = first + run.len() as f64 + 0.5;
        [corner(first, row), corner(end, row + 1.5)]
    });
    Dots::Rows(rows.collect())
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
    fn many_dots_are_drawn_in_rows() {
        let axis = unit();
        let grid = |n: u32, pixels: u32| {
            let part = move |i: u32| (f64::from(i) + 0.5) / f64::from(n);
            let all = (0..n).flat_map(move |i| (0..n).map(move |j| (part(i), part(j))));
            dots(all, [&axis, &axis], [pixels; 2])
        };
        // Ten thousand points on a hundred pixels, and on ten thousand.
        assert!(matches!(grid(100, 10), Dots::Round(dots) if dots.len() == 100));
        let Dots::Rows(rows) = grid(100, 100) else {
            panic!("round dots")
        };
        assert_eq!(rows.len(), 50);
        assert_eq!(rows[49], [(0.0, 0.98), (1.01, 1.01)]);
    }
}
