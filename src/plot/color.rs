//! Colours of series, and of heights.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

/// The colour of text and axes: a grey that can be read on white and on near-black.
pub(super) const INK: RGBColor = RGBColor(0x77, 0x77, 0x77);

/// The colours of series in their order, starting again after the last. Each has a contrast of at least 3
/// with white and with near-black.
const SERIES: [RGBColor; 8] = [
    RGBColor(0x3a, 0x86, 0xe0),
    RGBColor(0xe0, 0x70, 0x1a),
    RGBColor(0x2f, 0x9e, 0x5f),
    RGBColor(0xdc, 0x4b, 0x52),
    RGBColor(0x9a, 0x6b, 0xd6),
    RGBColor(0x14, 0x97, 0xa5),
    RGBColor(0xd2, 0x56, 0x9f),
    RGBColor(0x8f, 0x8a, 0x1c),
];

pub(super) fn of_series(i: usize) -> RGBColor {
    SERIES[i % SERIES.len()]
}

/// Returns the colour of a height between 0 and 1.
pub(super) fn of_height(height: f64) -> RGBColor {
    ViridisRGB.get_color(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: RGBColor) -> f64 {
        let linear = [color.0, color.1, color.2].map(|part| match f64::from(part) / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    #[test]
    fn colours_are_seen_on_white_and_on_near_black() {
        let near_black = luminance(RGBColor(0x16, 0x19, 0x23));
        for color in SERIES.into_iter().chain([INK]) {
            let own = luminance(color);
            assert!(1.05 / (own + 0.05) > 3.0, "{color:?} on white");
            assert!(
                (own + 0.05) / (near_black + 0.05) > 3.0,
                "{color:?} on near-black"
            );
        }
    }
}
