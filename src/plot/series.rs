//! Lines, scatters and histograms.

use super::axis::{Axis, Bounds, Scale};
use super::scene::{Color, Point, Scene, Shape};
use std::collections::HashSet;
use std::ops::Range;

/// What is drawn between the two axes.
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

/// The bounds of the points that have a place on both axes.
pub(super) fn bounds_of_points(x: &[f64], y: &[f64], scales: [Scale; 2]) -> Option<[Bounds; 2]> {
    let places = || {
        let both = x.iter().zip(y).map(|(&x, &y)| [scales[0].of(x), scales[1].of(y)]);
        both.filter(|[x, y]| x.is_finite() && y.is_finite())
    };
    Some([
        Bounds::of(places().map(|[x, _]| x))?,
        Bounds::of(places().map(|[_, y]| y))?,
    ])
}

impl Frame {
    /// The pixel of a point, if it has one.
    fn at(&self, x: f64, y: f64) -> Option<Point> {
        let point = [self.x.at(x), self.y.at(y)];
        point.iter().all(|part| part.is_finite()).then_some(point)
    }
}

/// Shorter lines keep all their points.
const FEW: usize = 4000;

pub(super) fn line(x: &[f64], y: &[f64], frame: &Frame, color: Color, scene: &mut Scene) {
    let points = x.iter().zip(y).map(|(&x, &y)| frame.at(x, y));
    let lines = match x.len() <= FEW {
        true => gaps(points),
        false => gaps(thin(points)),
    };
    scene.shapes.push(Shape::Lines {
        class: "line",
        lines,
        color,
        width: 1.8,
        opacity: 1.0,
    });
}

/// The lines between the points that are missing.
fn gaps(points: impl Iterator<Item = Option<Point>>) -> Vec<Vec<Point>> {
    let mut lines = vec![Vec::new()];
    for point in points {
        match (point, lines.last_mut()) {
            (Some(point), Some(line)) => line.push(point),
            (None, Some(line)) if !line.is_empty() => lines.push(Vec::new()),
            _ => (),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Of each run of points over one column of pixels only the first, the lowest, the highest and the last: the line through these covers
/// the same pixels.
fn thin(points: impl Iterator<Item = Option<Point>>) -> impl Iterator<Item = Option<Point>> {
    let mut run: Option<Run> = None;
    let ended = points.map(Some).chain([None]);
    ended.flat_map(move |point| {
        let mut out = Vec::new();
        match (point, &mut run) {
            (Some(Some(point)), Some(run)) if run.column == point[0].floor() => run.add(point),
            (point, _) => {
                out.extend(run.take().into_iter().flat_map(Run::points).map(Some));
                match point {
                    Some(Some(point)) => run = Some(Run::new(point)),
                    Some(None) => out.push(None),
                    None => (),
                }
            }
        }
        out
    })
}

/// Points over one column of pixels, each with its place in their order.
struct Run {
    column: f64,
    count: usize,
    first: Point,
    low: (usize, Point),
    high: (usize, Point),
    last: Point,
}

impl Run {
    fn new(point: Point) -> Run {
        Run {
            column: point[0].floor(),
            count: 1,
            first: point,
            low: (0, point),
            high: (0, point),
            last: point,
        }
    }

    fn add(&mut self, point: Point) {
        if point[1] < self.low.1[1] {
            self.low = (self.count, point);
        }
        if point[1] > self.high.1[1] {
            self.high = (self.count, point);
        }
        self.last = point;
        self.count += 1;
    }

    fn points(self) -> impl Iterator<Item = Point> {
        let mut points = [(0, self.first), self.low, self.high, (self.count - 1, self.last)].to_vec();
        points.sort_by_key(|&(i, _)| i);
        points.dedup_by_key(|&mut (i, _)| i);
        points.into_iter().map(|(_, point)| point)
    }
}

pub(super) fn scatter(x: &[f64], y: &[f64], frame: &Frame, color: Color, scene: &mut Scene) {
    // Of the dots that start in one half of a pixel, each way, one is seen.
    let mut seen = HashSet::new();
    let mut at: Vec<Point> = x.iter().zip(y).filter_map(|(&x, &y)| frame.at(x, y)).collect();
    at.retain(|point| seen.insert(point.map(|part| (2.0 * part) as i64)));
    let radius = if at.len() <= 1000 { 2.5 } else { 1.5 };
    scene.shapes.push(Shape::Dots { at, color, radius });
}

/// How many samples fall between each pair of neighbouring edges.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    pub(super) range: Range<f64>,
    pub(super) heights: Vec<f64>,
    pub(super) density: bool,
}

impl Histogram {
    /// Bins of one width, as NumPy's: each has its lower edge, and the last has both.
    pub(super) fn new(samples: &[f64], bins: usize, range: Option<Range<f64>>) -> Histogram {
        let range = range.or_else(|| {
            let Bounds { lo, hi, .. } = Bounds::of(samples.iter().map(|&sample| Scale::Linear.of(sample)))?;
            match lo < hi {
                true => Some(lo..hi),
                // As NumPy: around a constant.
                false => Some(lo - 0.5..hi + 0.5),
            }
        });
        let mut histogram = Histogram {
            range: range.unwrap_or(0.0..1.0),
            heights: vec![0.0; bins],
            density: false,
        };
        let Range { start, end } = histogram.range;
        for &sample in samples {
            if !(start..=end).contains(&sample) {
                continue;
            }
            let mut bin = (((sample - start) / (end - start) * bins as f64) as usize).min(bins - 1);
            // The division is rounded; the edges say where a sample belongs.
            if sample < histogram.edge(bin) {
                bin -= 1;
            } else if bin + 1 < bins && sample >= histogram.edge(bin + 1) {
                bin += 1;
            }
            histogram.heights[bin] += 1.0;
        }
        histogram
    }

    fn edge(&self, i: usize) -> f64 {
        let Range { start, end } = self.range;
        start + (end - start) * (i as f64 / self.heights.len() as f64)
    }

    /// The lower edge, the upper edge and the height of each bin.
    fn bars(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let all: f64 = self.heights.iter().sum();
        let width = (self.range.end - self.range.start) / self.heights.len() as f64;
        let unit = if self.density { 1.0 / (all * width) } else { 1.0 };
        let bars = self.heights.iter().enumerate();
        bars.map(move |(i, height)| (self.edge(i), self.edge(i + 1), height * unit))
    }

    /// The bounds of the bars that can be drawn, if any is higher than 0.
    pub(super) fn bounds(&self, scales: [Scale; 2]) -> Option<[Bounds; 2]> {
        let seen = || {
            self.bars()
                .filter(move |bar| bar.2 > 0.0 && scales[0].of(bar.0).is_finite())
        };
        let heights = Bounds::of(seen().map(|bar| scales[1].of(bar.2)))?;
        let base = match scales[1] {
            Scale::Linear => 0.0,
            // Bars have to start somewhere: a bit lower than the lowest.
            Scale::Log => heights.lo - 0.3,
        };
        let x = match scales[0] {
            Scale::Linear => Bounds::of([self.range.start, self.range.end].into_iter())?,
            Scale::Log => Bounds::of(
                seen()
                    .flat_map(|bar| [bar.0, bar.1])
                    .map(|edge| scales[0].of(edge)),
            )?,
        };
        let y = Bounds {
            lo: base,
            hi: heights.hi,
            exact: [true, false],
        };
        Some([x, y])
    }

    /// The outline of all bars in one, for neighbours to have no seams.
    pub(super) fn draw(&self, frame: &Frame, color: Color, scene: &mut Scene) {
        let base = frame.y.from;
        let mut outline = Vec::new();
        for (lower, upper, height) in self.bars() {
            let [from, to] = [lower, upper].map(|edge| frame.x.at(edge));
            if !from.is_finite() || !to.is_finite() {
                continue;
            }
            let top = match height > 0.0 {
                true => frame.y.at(height),
                false => base,
            };
            if outline.is_empty() {
                outline.push([from, base]);
            }
            outline.extend([[from, top], [to, top]]);
        }
        if let Some(&[end, _]) = outline.last() {
            outline.push([end, base]);
        }
        outline.dedup();
        scene.shapes.push(Shape::Area {
            class: "histogram",
            outline,
            color,
            opacity: 0.6,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinned_lines_keep_the_extremes_of_each_column() {
        let points = [
            [0.1, 5.0],
            [0.2, 1.0],
            [0.3, 7.0],
            [0.4, 6.0],
            [0.5, 2.0],
            [1.5, 3.0],
        ]
        .map(Some);
        let kept: Vec<_> = thin(points.into_iter().chain([None, Some([1.6, 4.0])])).collect();
        assert_eq!(
            kept,
            [
                Some([0.1, 5.0]),
                Some([0.2, 1.0]),
                Some([0.3, 7.0]),
                Some([0.5, 2.0]),
                Some([1.5, 3.0]),
                None,
                Some([1.6, 4.0])
            ]
        );
    }

    #[test]
    fn bins_are_numpys() {
        // np.histogram(samples, 10, (0, 1)): a sample on an edge belongs to the bin above, except on the last.
        let samples: Vec<f64> = (0..=10).map(|i| f64::from(i) / 10.0).collect();
        let histogram = Histogram::new(&samples, 10, Some(0.0..1.0));
        assert_eq!(
            histogram.heights,
            [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0]
        );
        let histogram = Histogram::new(
            &[f64::NAN, -1.0, 0.25, 0.75, 3.0, f64::INFINITY],
            2,
            Some(0.0..1.0),
        );
        assert_eq!(histogram.heights, [1.0, 1.0]);
        let histogram = Histogram::new(&[2.0; 5], 2, None);
        assert_eq!((histogram.range, histogram.heights), (1.5..2.5, vec![0.0, 5.0]));
    }

    #[test]
    fn densities_have_area_one() {
        let mut histogram = Histogram::new(&[0.0, 0.1, 0.5, 2.0], 4, None);
        histogram.density = true;
        let area: f64 = histogram
            .bars()
            .map(|(lower, upper, height)| (upper - lower) * height)
            .sum();
        assert!((area - 1.0).abs() < 1e-12);
    }
}
