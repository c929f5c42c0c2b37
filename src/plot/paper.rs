//! The drawing area: lines and texts in pixels.

use super::axis::Axis;
use super::color;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, register_font};
use std::sync::Once;

/// The sizes of letters.
pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 13.0;
pub(super) const TICK: f64 = 12.0;

pub(super) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// The drawing area, in units of which there are several to a pixel. Plotters rounds positions to whole
/// units.
pub(super) struct Paper<DB: DrawingBackend> {
    pub(super) area: DrawingArea<DB, Shift>,
    pub(super) units: u32,
    /// The greatest number of cells of a heat map.
    pub(super) cells: [usize; 2],
    /// The distance that texts are moved down. For letters in pixels, plotters centres the line and not the
    /// digits.
    pub(super) drop: f64,
    /// True if a line that crosses itself is filled at the crossing. Plotters draws thick lines as polygons,
    /// which have a hole there.
    pub(super) solid: bool,
}

impl<DB: DrawingBackend> Paper<DB> {
    pub(super) fn units(&self, pixels: f64) -> i32 {
        (pixels * f64::from(self.units)).round() as i32
    }

    pub(super) fn stroke(&self, color: impl Color, pixels: f64) -> ShapeStyle {
        color.stroke_width(self.units(pixels).unsigned_abs())
    }

    pub(super) fn font(&self, size: f64) -> TextStyle<'static> {
        font(size * f64::from(self.units)).color(&color::INK)
    }

    /// Writes a text at a pixel.
    pub(super) fn write(&self, text: &str, at: [f64; 2], (x, y): (HPos, VPos), size: f64) -> Drawn<DB> {
        let style = self.font(size).pos(Pos::new(x, y));
        let at = (self.units(at[0]), self.units(at[1] + self.drop));
        self.area.draw_text(text, &style, at)
    }
}

/// Returns the font. The font is part of the program, so text looks the same on every machine.
fn font(size: f64) -> FontDesc<'static> {
    static DEJAVU: Once = Once::new();
    DEJAVU.call_once(|| {
        let registered = register_font("sans-serif", FontStyle::Normal, dejavu::sans::regular());
        assert!(registered.is_ok(), "DejaVu Sans is a font");
    });
    // Plotters takes the height of a line, and writes files with the height of letters.
    FontDesc::new(FontFamily::SansSerif, 1.24 * size, FontStyle::Normal)
}

/// Returns the width of a text in pixels.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let (width, _) = font(10.0 * size).box_size(text).expect("the font is there");
    f64::from(width) / 10.0
}

/// Returns the width of the numbers beside an axis.
pub(super) fn widest(axis: &Axis) -> f64 {
    axis.labels().map(|label| width(label, TICK)).fold(0.0, f64::max)
}
