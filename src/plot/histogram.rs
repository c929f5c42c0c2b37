//! Counts the samples between each pair of neighbouring edges.

use super::axis::{Axis, Bounds, Scale};
use std::ops::Range;

#[derive(Clone, Debug)]
pub(super) struct Histogram {
    range: Range<f64>,
    heights: Vec<f64>,
    pub(super) density: bool,
}

impl Histogram {
    /// Counts samples in bins of one width, as NumPy does: each bin includes its lower edge, and the last
    /// both.
    pub(super) fn new(samples: &[f64], bins: usize, range: Option<Range<f64>>) -> Histogram {
        let range = range.or_else(|| {
            let Bounds { lo, hi, .. } = Bounds::of(samples.iter().map(|&sample| Scale::Linear.of(sample)))?;
            match lo < hi {
                true => Some(lo..hi),
                // NumPy's range around a constant.
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
            // The division is rounded. The edges decide the bin of a sample.
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

    /// Returns the lower edge, the upper edge and the height of each bin.
    fn bars(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let all: f64 = self.heights.iter().sum();
        let width = (self.range.end - self.range.start) / self.heights.len() as f64;
        let unit = if self.density { 1.0 / (all * width) } else { 1.0 };
        let bars = self.heights.iter().enumerate();
        bars.map(move |(i, height)| (self.edge(i), self.edge(i + 1), height * unit))
    }

    /// Returns the bounds of the bars that can be drawn, or `None` if none is higher than 0.
    pub(super) fn bounds(&self, scales: [Scale; 2]) -> Option<[Bounds; 2]> {
        let seen = || {
            self.bars()
                .filter(move |bar| bar.2 > 0.0 && scales[0].of(bar.0).is_finite())
        };
        let heights = Bounds::of(seen().map(|bar| scales[1].of(bar.2)))?;
        let base = match scales[1] {
            Scale::Linear => 0.0,
            // Bars must start somewhere: slightly lower than the lowest.
            Scale::Log => heights.lo - 0.3,
        };
        let x = match scales[0] {
            Scale::Linear => Bounds::of([self.range.start, self.range.end].into_iter())?,
            Scale::Log => {
                let edges = seen().flat_map(|bar| [bar.0, bar.1]);
                Bounds::of(edges.map(|edge| scales[0].of(edge)))?
            }
        };
        let y = Bounds {
            lo: base,
            hi: heights.hi,
            exact: [true, false],
        };
        Some([x, y])
    }

    /// Returns the outline of all bars in one, so that neighbours have no seams.
    pub(super) fn outline(&self, scales: [Scale; 2], y: &Axis) -> Vec<(f64, f64)> {
        let mut outline = Vec::new();
        for (lower, upper, height) in self.bars() {
            let [from, to] = [lower, upper].map(|edge| scales[0].of(edge));
            if !from.is_finite() || !to.is_finite() {
                continue;
            }
            let top = match height > 0.0 {
                true => scales[1].of(height),
                false => y.lo,
            };
            if outline.is_empty() {
                outline.push((from, y.lo));
            }
            outline.extend([(from, top), (to, top)]);
        }
        if let Some(&(end, _)) = outline.last() {
            outline.push((end, y.lo));
        }
        outline.dedup();
        outline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_numpys() {
        // np.histogram(samples, 10, (0, 1)): a sample on an edge belongs to the bin above, except on the
        // last.
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
