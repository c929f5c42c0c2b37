//! What is to be seen, in pixels from the upper left: both kinds of file are written from it.

/// Across, and down.
pub(super) type Point = [f64; 2];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Color(pub(super) [u8; 3]);

impl Color {
    /// Text and axes: a grey that can be read on white and on near-black.
    pub(super) const INK: Color = Color([0x77, 0x77, 0x77]);
}

pub(super) struct Scene {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) shapes: Vec<Shape>,
}

pub(super) enum Shape {
    /// Each of the lists is a line through its points.
    Lines {
        class: &'static str,
        lines: Vec<Vec<Point>>,
        color: Color,
        width: f64,
        opacity: f64,
    },
    /// The inside of a line.
    Area {
        class: &'static str,
        outline: Vec<Point>,
        color: Color,
        opacity: f64,
    },
    Dots {
        at: Vec<Point>,
        color: Color,
        radius: f64,
    },
    /// Quadrilaterals with thin edges; later ones are in front.
    Facets(Vec<([Point; 4], Color)>),
    /// A picture stretched over a rectangle: where it starts, and its width and height.
    Picture {
        at: Point,
        size: [f64; 2],
        picture: Picture,
    },
    Text(Text),
}

/// Colours row after row, with holes.
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixels: Vec<Option<Color>>,
}

pub(super) struct Text {
    pub(super) text: String,
    /// Where the baseline starts, has its middle, or ends.
    pub(super) at: Point,
    pub(super) anchor: Anchor,
    pub(super) size: f64,
    /// Whether it reads upwards.
    pub(super) turned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// From the middle of a line of text down to its baseline, for letters of size 1.
pub(super) const DROP: f64 = 0.36;

impl Scene {
    pub(super) fn text(&mut self, text: &str, at: Point, anchor: Anchor, size: f64) {
        self.shapes.push(Shape::Text(Text {
            text: text.into(),
            at,
            anchor,
            size,
            turned: false,
        }));
    }

    pub(super) fn text_upwards(&mut self, text: &str, at: Point, size: f64) {
        self.shapes.push(Shape::Text(Text {
            text: text.into(),
            at,
            anchor: Anchor::Middle,
            size,
            turned: true,
        }));
    }

    /// Lines of the axes: the frame and its ticks.
    pub(super) fn rules(&mut self, lines: Vec<Vec<Point>>) {
        self.ink("axes", lines, 1.0);
    }

    /// Faint lines behind the data.
    pub(super) fn grid(&mut self, lines: Vec<Vec<Point>>) {
        self.ink("grid", lines, 0.2);
    }

    fn ink(&mut self, class: &'static str, lines: Vec<Vec<Point>>, opacity: f64) {
        if !lines.is_empty() {
            self.shapes.push(Shape::Lines {
                class,
                lines,
                color: Color::INK,
                width: 1.0,
                opacity,
            });
        }
    }
}
