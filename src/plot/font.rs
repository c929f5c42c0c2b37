//! The letters of PNG files, and the widths that the layout goes by. The font is part of the program, so text comes out the same
//! on every machine.

use super::scene::{Anchor, Text};
use std::sync::LazyLock;
use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

static FACE: LazyLock<Face<'static>> =
    LazyLock::new(|| Face::parse(dejavu::sans::regular(), 0).expect("DejaVu Sans is a font"));

/// The glyphs of a text, and where each starts, in the font's units.
fn glyphs(text: &str) -> (Vec<(GlyphId, u32)>, u32) {
    let mut end = 0;
    let glyphs = text.chars().map(|letter| {
        let glyph = FACE.glyph_index(letter).unwrap_or_default();
        let start = end;
        end += u32::from(FACE.glyph_hor_advance(glyph).unwrap_or_default());
        (glyph, start)
    });
    (glyphs.collect(), end)
}

/// The width of a text in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    f64::from(glyphs(text).1) * size / f64::from(FACE.units_per_em())
}

/// The outline of a text where it stands in the picture; none when there is nothing to see.
pub(super) fn outline(text: &Text) -> Option<Path> {
    let (glyphs, end) = glyphs(&text.text);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -0.5 * end as f32,
        Anchor::End => -(end as f32),
    };
    let mut pen = Pen {
        path: PathBuilder::new(),
        start,
    };
    for (glyph, at) in glyphs {
        pen.start = start + at as f32;
        // A space has no outline.
        let _ = FACE.outline_glyph(glyph, &mut pen);
    }
    let unit = text.size as f32 / f32::from(FACE.units_per_em());
    let [x, y] = text.at.map(|at| at as f32);
    // The font's second axis points up.
    let place = match text.turned {
        false => Transform::from_row(unit, 0.0, 0.0, -unit, x, y),
        true => Transform::from_row(0.0, -unit, -unit, 0.0, x, y),
    };
    pen.path.finish()?.transform(place)
}

struct Pen {
    path: PathBuilder,
    start: f32,
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.path.move_to(self.start + x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.path.line_to(self.start + x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.path.quad_to(self.start + x1, y1, self.start + x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let start = self.start;
        self.path.cubic_to(start + x1, y1, start + x2, y2, start + x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
