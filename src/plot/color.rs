//! Colours of series, and of heights.

use super::scene::Color;

/// The colours of series in their order, again from the first after the last. Each has a contrast of at least 3 with white and with
/// near-black.
const SERIES: [u32; 8] = [
    0x3a86e0, 0xe0701a, 0x2f9e5f, 0xdc4b52, 0x9a6bd6, 0x1497a5, 0xd2569f, 0x8f8a1c,
];

/// Viridis, the colour map of matplotlib, whose steps look equal: every eighth of its colours.
const VIRIDIS: [u32; 33] = [
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b, 0x375a8d,
    0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b, 0x1f9f88, 0x21a685,
    0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c, 0x96d83f, 0xabdc32, 0xc0df24,
    0xd5e21a, 0xeae51a, 0xfde725,
];

fn rgb(hex: u32) -> [u8; 3] {
    [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
}

pub(super) fn of_series(i: usize) -> Color {
    Color(rgb(SERIES[i % SERIES.len()]))
}

/// The colour of a height between 0 and 1.
pub(super) fn of_height(height: f64) -> Color {
    let steps = VIRIDIS.len() - 1;
    let along = height.clamp(0.0, 1.0) * steps as f64;
    let below = (along as usize).min(steps - 1);
    let (from, to) = (rgb(VIRIDIS[below]), rgb(VIRIDIS[below + 1]));
    let part = along - below as f64;
    Color(std::array::from_fn(|i| {
        let [from, to] = [from[i], to[i]].map(f64::from);
        (from + (to - from) * part).round() as u8
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(color: [u8; 3]) -> f64 {
        let linear = color.map(|part| match f64::from(part) / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    #[test]
    fn colours_are_seen_on_white_and_on_near_black() {
        let near_black = luminance([0x16, 0x19, 0x23]);
        for color in SERIES.map(rgb).into_iter().chain([Color::INK.0]) {
            let own = luminance(color);
            assert!(1.05 / (own + 0.05) > 3.0, "{color:?} on white");
            assert!(
                (own + 0.05) / (near_black + 0.05) > 3.0,
                "{color:?} on near-black"
            );
        }
    }

    #[test]
    fn heights_go_through_viridis() {
        assert_eq!(of_height(0.0), Color([0x44, 0x01, 0x54]));
        assert_eq!(of_height(0.5), Color([0x21, 0x90, 0x8c]));
        assert_eq!(of_height(1.0), Color([0xfd, 0xe7, 0x25]));
        assert_eq!(of_height(1.0 / 64.0), Color([0x46, 0x07, 0x5a]));
    }
}
