//! Scales, bounds of data, and the numbers written beside an axis.

use plotters::coord::ranged1d::{BoldPoints, KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use std::ops::Range;

/// The scale of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear,
    Log,
}

impl Scale {
    pub(super) fn new(log: bool) -> Scale {
        if log { Scale::Log } else { Scale::Linear }
    }

    /// Returns the position of a value along the axis, or NaN if it has none. A value too large to be
    /// subtracted and divided counts as infinite.
    pub(super) fn of(self, value: f64) -> f64 {
        match self {
            Scale::Linear if value.abs() < 1e300 => value,
            Scale::Log if value > 1e-300 && value < 1e300 => value.log10(),
            _ => f64::NAN,
        }
    }
}

/// The range of positions of data on an axis. An end is exact if the axis should stop there, as under bars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) lo: f64,
    pub(super) hi: f64,
    pub(super) exact: [bool; 2],
}

impl Bounds {
    /// Returns the bounds of the positions that are numbers, if there are any.
    pub(super) fn of(places: impl Iterator<Item = f64>) -> Option<Bounds> {
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for place in places {
            // `min` and `max` skip NaN.
            lo = lo.min(place);
            hi = hi.max(place);
        }
        (lo <= hi).then_some(Bounds {
            lo,
            hi,
            exact: [false; 2],
        })
    }

    pub(super) fn exact(self) -> Bounds {
        Bounds {
            exact: [true; 2],
            ..self
        }
    }

    /// Returns the common bounds.
    pub(super) fn with(self, other: Bounds) -> Bounds {
        let exact = |end: usize, mine: f64, its: f64, outer: f64| {
            self.exact[end] && mine == outer || other.exact[end] && its == outer
        };
        let (lo, hi) = (self.lo.min(other.lo), self.hi.max(other.hi));
        Bounds {
            lo,
            hi,
            exact: [exact(0, self.lo, other.lo, lo), exact(1, self.hi, other.hi, hi)],
        }
    }

    /// Returns the ends of an axis for these positions: a little further out, and never without length.
    fn ends(self, scale: Scale) -> [f64; 2] {
        let size = self.lo.abs().max(self.hi.abs());
        let span = self.hi - self.lo;
        // Such a narrow range is a constant with rounding errors.
        if span <= 1e-10 * size || span < 1e-290 {
            let around = match scale {
                Scale::Linear if size > 1e-280 => 0.1 * size,
                _ => 0.5,
            };
            return [self.lo - around, self.hi + around];
        }
        let margin = |exact: bool| if exact { 0.0 } else { 0.04 * span };
        [self.lo - margin(self.exact[0]), self.hi + margin(self.exact[1])]
    }
}

/// An axis as plotters draws it: a range of positions, and the labels at some of them.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) lo: f64,
    pub(super) hi: f64,
    /// True if the axis is drawn from the other end.
    pub(super) reversed: bool,
    ticks: Vec<(f64, String)>,
    /// The positions between the powers of ten.
    lesser: Vec<f64>,
}

impl Axis {
    /// Makes an axis with at most about `most` ticks.
    pub(super) fn new(scale: Scale, bounds: Bounds, most: usize) -> Axis {
        let [lo, hi] = bounds.ends(scale);
        let (ticks, lesser) = match scale {
            Scale::Linear => (linear(lo, hi, most.max(2)), Vec::new()),
            Scale::Log => logarithmic(lo, hi, most.max(2)),
        };
        Axis {
            lo,
            hi,
            reversed: false,
            ticks,
            lesser,
        }
    }

    /// Returns the fraction of the axis before a position, from 0 to 1.
    pub(super) fn part(&self, place: f64) -> f64 {
        (place - self.lo) / (self.hi - self.lo)
    }

    /// Returns the position at a fraction of the axis.
    pub(super) fn place(&self, part: f64) -> f64 {
        self.lo + (self.hi - self.lo) * part
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        self.ticks.iter().map(|(_, label)| label.as_str())
    }

    /// Returns the label of a tick.
    pub(super) fn label(&self, place: &f64) -> String {
        let tick = self.ticks.iter().find(|(tick, _)| tick == place);
        tick.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, limit: (i32, i32)) -> i32 {
        RangedCoordf64::from(self.range()).map(place, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight().allow_light_points() {
            true => self.lesser.clone(),
            false => self.ticks.iter().map(|&(place, _)| place).collect(),
        }
    }

    fn range(&self) -> Range<f64> {
        match self.reversed {
            false => self.lo..self.hi,
            true => self.hi..self.lo,
        }
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, place: &f64) -> String {
        self.label(place)
    }
}

/// Returns plotters' round numbers. Plotters needs a range with a length of about 1.
fn round(lo: f64, hi: f64, most: usize) -> Vec<f64> {
    let unit = 10_f64.powf((hi - lo).log10().floor());
    let ticks = RangedCoordf64::from(lo / unit..hi / unit).key_points(BoldPoints(most));
    ticks.into_iter().map(|tick| tick * unit).collect()
}

fn linear(lo: f64, hi: f64, most: usize) -> Vec<(f64, String)> {
    let ticks = round(lo, hi, most);
    let labels = labels(&ticks);
    ticks.into_iter().zip(labels).collect()
}

/// Returns the powers of ten and the positions between them. If there are too few powers in the range,
/// returns other numbers.
fn logarithmic(lo: f64, hi: f64, most: usize) -> (Vec<(f64, String)>, Vec<f64>) {
    let between = |digits: &[i32]| -> Vec<f64> {
        let powers = lo.floor() as i32..=hi.floor() as i32;
        let all = powers.flat_map(|power| {
            let places = digits.iter().map(|&digit| f64::from(digit).log10());
            places.map(move |place| f64::from(power) + place)
        });
        all.filter(|place| (lo..=hi).contains(place)).collect()
    };
    let powers = between(&[1]).len();
    if powers >= 3 || powers == 2 && hi - lo > 1.5 {
        let whole = round(lo, hi, most).into_iter();
        let whole = whole.filter(|place| (place - place.round()).abs() < 1e-6);
        let ticks = whole.map(|place| (place, format!("10{}", superscript(place.round() as i32))));
        let lesser = match powers <= 10 {
            true => between(&[2, 3, 4, 5, 6, 7, 8, 9]),
            false => Vec::new(),
        };
        return (ticks.collect(), lesser);
    }
    let value = |place: f64| 10_f64.powf(place);
    let few = between(&[1, 2, 5]);
    let ticks = match few.len() >= 3 {
        true => {
            let labels = few.iter().map(|&place| labels(&[value(place)]).remove(0));
            few.iter().copied().zip(labels).collect()
        }
        false => {
            let ticks = linear(value(lo), value(hi), most).into_iter();
            ticks.map(|(value, label)| (value.log10(), label)).collect()
        }
    };
    (ticks, Vec::new())
}

/// Formats numbers in equal steps, all with as many decimals, or all in the scientific form.
fn labels(ticks: &[f64]) -> Vec<String> {
    let greatest = ticks.iter().fold(0.0, |most: f64, tick| most.max(tick.abs()));
    let step = match ticks {
        [first, second, ..] => second - first,
        _ => greatest,
    };
    // The powers of ten of the first digit and of the last. Steps may be slightly too small.
    let [first, last] = [greatest, step].map(|number| (number * 1.000_001).log10().floor() as i32);
    let decimals = |power: i32| usize::try_from(-power).unwrap_or(0);
    let scientific = first < -4 || first < -2 && last < -4 || first >= 6 && first - last <= 4;
    let label = |&tick: &f64| {
        // Avoids -0.
        let tick = if tick.abs() < 0.5 * step { 0.0 } else { tick };
        let label = match scientific {
            false => format!("{tick:.*}", decimals(last)),
            true if tick == 0.0 => "0".into(),
            true => {
                let digits = format!("{:.*}", decimals(last - first), tick / 10_f64.powi(first));
                let digits = match digits.contains('.') {
                    true => digits.trim_end_matches('0').trim_end_matches('.'),
                    false => &digits,
                };
                format!("{digits}×10{}", superscript(first))
            }
        };
        label.replace('-', "−")
    };
    ticks.iter().map(label).collect()
}

fn superscript(power: i32) -> String {
    let digits = power.to_string();
    digits
        .chars()
        .map(|digit| match digit.to_digit(10) {
            Some(digit) => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize],
            None => '⁻',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale, lo: f64, hi: f64, most: usize) -> String {
        let bounds = Bounds {
            lo,
            hi,
            exact: [true; 2],
        };
        let axis = Axis::new(scale, bounds, most);
        axis.labels().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_short() {
        for (lo, hi, labels) in [
            (-0.04, 0.44, "0.0 0.1 0.2 0.3 0.4"),
            (-1.0, 1.0, "−1.0 −0.5 0.0 0.5 1.0"),
            (0.0, 500.0, "0 100 200 300 400 500"),
            (
                1e6 + 0.05,
                1e6 + 0.55,
                "1000000.1 1000000.2 1000000.3 1000000.4 1000000.5",
            ),
            (0.0, 2.1e7, "0 0.5×10⁷ 1×10⁷ 1.5×10⁷ 2×10⁷"),
            (-3e-7, 1e-8, "−3×10⁻⁷ −2×10⁻⁷ −1×10⁻⁷ 0"),
            (0.0, 2.5e-4, "0 0.5×10⁻⁴ 1×10⁻⁴ 1.5×10⁻⁴ 2×10⁻⁴ 2.5×10⁻⁴"),
            (0.0, 1e-3, "0.0000 0.0002 0.0004 0.0006 0.0008 0.0010"),
            (0.0, 9e299, "0 2×10²⁹⁹ 4×10²⁹⁹ 6×10²⁹⁹ 8×10²⁹⁹"),
        ] {
            assert_eq!(texts(Scale::Linear, lo, hi, 6), labels, "{lo} to {hi}");
        }
    }

    #[test]
    fn log_axes_have_powers_of_ten() {
        for (lo, hi, labels) in [
            (-3.1, 0.1, "10⁻³ 10⁻² 10⁻¹ 10⁰"),
            (-16.0, 0.0, "10⁻¹⁵ 10⁻¹⁰ 10⁻⁵ 10⁰"),
            (-290.0, -280.0, "10⁻²⁹⁰ 10⁻²⁸⁸ 10⁻²⁸⁶ 10⁻²⁸⁴ 10⁻²⁸² 10⁻²⁸⁰"),
            (-0.1, 1.1, "1 2 5 10"),
            (0.2, 1.9, "2 5 10 20 50"),
            (0.32, 0.49, "2.2 2.4 2.6 2.8 3.0"),
        ] {
            assert_eq!(texts(Scale::Log, lo, hi, 6), labels, "{lo} to {hi}");
        }
    }

    #[test]
    fn an_axis_always_has_a_length() {
        for places in [
            vec![0.0],
            vec![3.0, 3.0],
            vec![-1e299],
            vec![5e-324, 0.0],
            vec![1.0, 1.0 + 1e-15],
            vec![1.0, 1.0 + 2e-10],
            vec![-1e299, 1e299],
        ] {
            let bounds = Bounds::of(places.iter().copied()).unwrap();
            let axis = Axis::new(Scale::Linear, bounds, 5);
            assert!(
                axis.lo < axis.hi && axis.part(places[0]).is_finite(),
                "{places:?}"
            );
            let count = axis.labels().count();
            assert!((2..=5).contains(&count), "{places:?} has {count} ticks");
        }
        for place in [-300.0, 0.0, 300.0] {
            let bounds = Bounds::of([place].into_iter()).unwrap();
            let axis = Axis::new(Scale::Log, bounds, 5);
            assert!(axis.lo < axis.hi && axis.labels().count() >= 2, "{place}");
        }
        assert!(Bounds::of([f64::NAN].into_iter()).is_none());
    }
}
