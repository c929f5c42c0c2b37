//! From data to pixels along one axis, and the numbers written beside it.

/// How an axis is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    Linear,
    Log,
}

impl Scale {
    pub(super) fn new(log: bool) -> Scale {
        if log { Scale::Log } else { Scale::Linear }
    }

    /// The place of a value along the axis, before it is stretched over the pixels; NaN for one that has none. What is too large to be
    /// subtracted and divided counts as infinite.
    pub(super) fn of(self, value: f64) -> f64 {
        match self {
            Scale::Linear if value.abs() < 1e300 => value,
            Scale::Log if value > 0.0 && value < f64::INFINITY => value.log10(),
            _ => f64::NAN,
        }
    }
}

/// The places that data takes on an axis. An end is exact if the axis should stop there, as under bars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) lo: f64,
    pub(super) hi: f64,
    pub(super) exact: [bool; 2],
}

impl Bounds {
    /// The bounds of the places that are numbers, if there are any.
    pub(super) fn of(places: impl Iterator<Item = f64>) -> Option<Bounds> {
        let (mut lo, mut hi) = (f64::INFINITY, f64::NEG_INFINITY);
        for place in places {
            // NaN is passed over.
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

    /// The bounds of both.
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

    /// The ends of an axis for these places: a little further, and never without length.
    fn ends(self, scale: Scale) -> [f64; 2] {
        let size = self.lo.abs().max(self.hi.abs());
        let span = self.hi - self.lo;
        // A range so narrow is a constant with rounding errors.
        if span <= 1e-12 * size || span < 1e-290 {
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

/// An axis over the pixels `from..to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    pub(super) lo: f64,
    pub(super) hi: f64,
    pub(super) from: f64,
    pub(super) to: f64,
}

/// A mark on an axis, at a place; lesser ones have no label.
#[derive(Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) place: f64,
    pub(super) label: Option<String>,
}

impl Axis {
    pub(super) fn new(scale: Scale, bounds: Bounds, from: f64, to: f64) -> Axis {
        let [lo, hi] = bounds.ends(scale);
        Axis {
            scale,
            lo,
            hi,
            from,
            to,
        }
    }

    /// The pixel of a value; NaN for one that has no place.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.pixel(self.scale.of(value))
    }

    /// The pixel of a place.
    pub(super) fn pixel(&self, place: f64) -> f64 {
        self.from + (place - self.lo) / (self.hi - self.lo) * (self.to - self.from)
    }

    /// At most about so many labelled ticks.
    pub(super) fn ticks(&self, most: usize) -> Vec<Tick> {
        let most = most.max(2);
        match self.scale {
            Scale::Linear => linear(self.lo, self.hi, most),
            Scale::Log => logarithmic(self.lo, self.hi, most),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear(lo: f64, hi: f64, most: usize) -> Vec<Tick> {
    let raw = (hi - lo) / most as f64;
    let power = raw.log10().floor() as i32;
    let (digit, power) = [1, 2, 5]
        .into_iter()
        .find(|&digit| value(digit, power) >= raw)
        .map_or((1, power + 1), |digit| (digit, power));
    let step = value(digit, power);
    let (first, last) = (
        (lo / step - 1e-9).ceil() as i64,
        (hi / step + 1e-9).floor() as i64,
    );
    let multiples: Vec<i64> = (first..=last).map(|k| k * digit).collect();
    let labels = labels(&multiples, power);
    let ticks = multiples.into_iter().zip(labels);
    ticks
        .map(|(multiple, label)| Tick {
            place: value(multiple, power),
            label: Some(label),
        })
        .collect()
}

/// Powers of ten, or less when there are too few of them in the range.
fn logarithmic(lo: f64, hi: f64, most: usize) -> Vec<Tick> {
    let (first, last) = (lo.ceil() as i32, hi.floor() as i32);
    let decades = usize::try_from(last - first + 1).unwrap_or(0);
    let between = |digits: &[i64]| -> Vec<(i64, i32, f64)> {
        let powers = first - 1..=last;
        let all = powers.flat_map(|power| digits.iter().map(move |&digit| (digit, power)));
        let placed = all.map(|(digit, power)| (digit, power, (digit as f64).log10() + f64::from(power)));
        placed.filter(|&(.., place)| lo <= place && place <= hi).collect()
    };
    if decades >= 3 || decades == 2 && hi - lo > 1.5 {
        let every = [1, 2, 3, 5, 10, 20, 50, 100]
            .into_iter()
            .find(|every| decades.div_ceil(*every) <= most)
            .unwrap_or(200) as i32;
        let mut ticks: Vec<Tick> = (first..=last)
            .map(|power| Tick {
                place: f64::from(power),
                label: (power.rem_euclid(every) == 0).then(|| format!("10{}", superscript(power))),
            })
            .collect();
        if decades <= 10 {
            let lesser = between(&[2, 3, 4, 5, 6, 7, 8, 9]);
            ticks.extend(lesser.into_iter().map(|(.., place)| Tick { place, label: None }));
        }
        return ticks;
    }
    let few = between(&[1, 2, 5]);
    if few.len() >= 3 {
        return few
            .into_iter()
            .map(|(digit, power, place)| Tick {
                place,
                label: labels(&[digit], power).pop(),
            })
            .collect();
    }
    let [from, to] = [lo, hi].map(|place| 10_f64.powf(place));
    let ticks = linear(from, to, most).into_iter();
    ticks
        .map(|tick| Tick {
            place: tick.place.log10(),
            ..tick
        })
        .filter(|tick| tick.place.is_finite())
        .collect()
}

/// `multiple` times a power of ten, as exactly as can be.
fn value(multiple: i64, power: i32) -> f64 {
    match power {
        0.. => multiple as f64 * 10_f64.powi(power),
        _ => multiple as f64 / 10_f64.powi(-power),
    }
}

/// The numbers `multiple` times a power of ten, all with as many decimals, or all in the scientific form. They are made of the digits
/// of the multiples, so that there is nothing to round.
fn labels(multiples: &[i64], power: i32) -> Vec<String> {
    let greatest = multiples.iter().map(|multiple| multiple.abs()).max().unwrap_or(0);
    let exponent = greatest.to_string().len() as i32 - 1 + power;
    let scientific = exponent < -4 || exponent < -2 && power < -4 || exponent >= 6 && exponent - power <= 4;
    let label = |&multiple: &i64| match scientific {
        false => decimal(multiple, power),
        true if multiple == 0 => "0".into(),
        true => {
            let digits = decimal(multiple, power - exponent);
            let digits = match digits.contains('.') {
                true => digits.trim_end_matches('0').trim_end_matches('.'),
                false => &digits,
            };
            format!("{digits}×10{}", superscript(exponent))
        }
    };
    multiples.iter().map(label).collect()
}

fn decimal(multiple: i64, power: i32) -> String {
    let sign = if multiple < 0 { "−" } else { "" };
    let decimals = usize::try_from(-power).unwrap_or(0);
    let zeros = match multiple {
        0 => 0,
        _ => usize::try_from(power).unwrap_or(0),
    };
    let mut digits = format!("{:0>1$}", multiple.abs(), decimals + 1);
    if decimals > 0 {
        digits.insert(digits.len() - decimals, '.');
    }
    format!("{sign}{digits}{}", "0".repeat(zeros))
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
        let axis = Axis {
            scale,
            lo,
            hi,
            from: 0.0,
            to: 100.0,
        };
        let labels: Vec<String> = axis
            .ticks(most)
            .into_iter()
            .filter_map(|tick| tick.label)
            .collect();
        labels.join(" ")
    }

    #[test]
    fn numbers_are_short() {
        for (lo, hi, labels) in [
            (-0.04, 0.44, "0.0 0.1 0.2 0.3 0.4"),
            (-1.0, 1.0, "−1.0 −0.5 0.0 0.5 1.0"),
            (0.0, 500.0, "0 100 200 300 400 500"),
            (
                1e6 + 0.1,
                1e6 + 0.5,
                "1000000.1 1000000.2 1000000.3 1000000.4 1000000.5",
            ),
            (0.0, 2.1e7, "0 0.5×10⁷ 1×10⁷ 1.5×10⁷ 2×10⁷"),
            (-3e-7, 1e-8, "−3×10⁻⁷ −2×10⁻⁷ −1×10⁻⁷ 0"),
            (0.0, 2.5e-4, "0 0.5×10⁻⁴ 1×10⁻⁴ 1.5×10⁻⁴ 2×10⁻⁴ 2.5×10⁻⁴"),
            (0.0, 1e-3, "0.0000 0.0002 0.0004 0.0006 0.0008 0.0010"),
            (0.0, 9e299, "0 2×10²⁹⁹ 4×10²⁹⁹ 6×10²⁹⁹ 8×10²⁹⁹"),
        ] {
            assert_eq!(texts(Scale::Linear, lo, hi, 5), labels, "{lo} to {hi}");
        }
    }

    #[test]
    fn log_axes_have_powers_of_ten() {
        for (lo, hi, labels) in [
            (-3.1, 0.1, "10⁻³ 10⁻² 10⁻¹ 10⁰"),
            (-16.0, 0.0, "10⁻¹⁵ 10⁻¹⁰ 10⁻⁵ 10⁰"),
            (-0.1, 1.1, "1 2 5 10"),
            (0.32, 0.49, "2.5 3.0"),
        ] {
            assert_eq!(texts(Scale::Log, lo, hi, 5), labels, "{lo} to {hi}");
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
        ] {
            let bounds = Bounds::of(places.iter().copied()).unwrap();
            let axis = Axis::new(Scale::Linear, bounds, 0.0, 100.0);
            assert!(
                axis.lo < axis.hi && axis.pixel(places[0]).is_finite(),
                "{places:?}"
            );
            assert!(axis.ticks(5).len() >= 2, "{places:?}");
        }
        for place in [-323.0, 0.0, 308.0] {
            let bounds = Bounds::of([place].into_iter()).unwrap();
            let axis = Axis::new(Scale::Log, bounds, 0.0, 100.0);
            assert!(axis.lo < axis.hi && axis.ticks(5).len() >= 2, "{place}");
        }
        assert!(Bounds::of([f64::NAN].into_iter()).is_none());
    }
}
