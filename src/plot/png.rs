//! A scene as pixels.

use super::encode;
use super::font;
use super::scene::{Color, Picture, Point, Scene, Shape};
use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PixmapPaint,
    PremultipliedColorU8, Stroke, Transform,
};

/// The bytes of a PNG file with a white background.
pub(super) fn of_scene(scene: &Scene) -> Vec<u8> {
    let mut pixmap = canvas(scene.width, scene.height);
    pixmap.fill(tiny_skia::Color::WHITE);
    for shape in &scene.shapes {
        draw(shape, &mut pixmap, Transform::identity());
    }
    bytes(pixmap)
}

/// One shape alone, on a transparent background, with two pixels for one each way: for screens that have so many.
pub(super) fn of_shape(shape: &Shape, width: u32, height: u32) -> Vec<u8> {
    let mut pixmap = canvas(2 * width, 2 * height);
    draw(shape, &mut pixmap, Transform::from_scale(2.0, 2.0));
    bytes(pixmap)
}

/// The bytes of a PNG file of just this picture.
pub(super) fn of_picture(picture: &Picture) -> Vec<u8> {
    bytes(pixmap_of(picture))
}

fn bytes(pixmap: Pixmap) -> Vec<u8> {
    let width = pixmap.width();
    encode::png(width, &pixmap.take_demultiplied())
}

fn canvas(width: u32, height: u32) -> Pixmap {
    Pixmap::new(width, height).expect("sizes are checked when they are given")
}

fn pixmap_of(picture: &Picture) -> Pixmap {
    let mut pixmap = canvas(picture.width, picture.height);
    for (to, color) in pixmap.pixels_mut().iter_mut().zip(&picture.pixels) {
        if let Some(Color([r, g, b])) = *color {
            *to = PremultipliedColorU8::from_rgba(r, g, b, 255).expect("opaque");
        }
    }
    pixmap
}

/// A long line is stroked in parts, as the outline of the whole would not fit into memory.
const PART: usize = 4096;

fn draw(shape: &Shape, pixmap: &mut Pixmap, view: Transform) {
    match shape {
        Shape::Lines {
            lines,
            color,
            width,
            opacity,
            ..
        } => {
            let paint = paint(*color, *opacity);
            for line in lines {
                for start in (0..line.len()).step_by(PART) {
                    let part = &line[start..line.len().min(start + PART + 1)];
                    if let Some(path) = path(part, false) {
                        pixmap.stroke_path(&path, &paint, &pen(*width), view, None);
                    }
                }
            }
        }
        Shape::Area {
            outline,
            color,
            opacity,
            ..
        } => {
            if let Some(path) = path(outline, true) {
                pixmap.fill_path(&path, &paint(*color, *opacity), FillRule::Winding, view, None);
            }
        }
        Shape::Dots { at, color, radius } => {
            let paint = paint(*color, 1.0);
            for part in at.chunks(PART) {
                let mut dots = PathBuilder::new();
                for &[x, y] in part {
                    dots.push_circle(x as f32, y as f32, *radius as f32);
                }
                if let Some(path) = dots.finish() {
                    pixmap.fill_path(&path, &paint, FillRule::Winding, view, None);
                }
            }
        }
        Shape::Facets(facets) => {
            let edge = paint(Color([0; 3]), EDGE_OPACITY);
            for (corners, color) in facets {
                if let Some(path) = path(corners, true) {
                    pixmap.fill_path(&path, &paint(*color, 1.0), FillRule::Winding, view, None);
                    pixmap.stroke_path(&path, &edge, &pen(EDGE_WIDTH), view, None);
                }
            }
        }
        Shape::Picture { at, size, picture } => {
            let scale = [
                size[0] as f32 / picture.width as f32,
                size[1] as f32 / picture.height as f32,
            ];
            let place = Transform::from_row(scale[0], 0.0, 0.0, scale[1], at[0] as f32, at[1] as f32);
            let how = PixmapPaint {
                quality: FilterQuality::Nearest,
                ..PixmapPaint::default()
            };
            let place = place.post_concat(view);
            pixmap.draw_pixmap(0, 0, pixmap_of(picture).as_ref(), &how, place, None);
        }
        Shape::Text(text) => {
            if let Some(path) = font::outline(text) {
                pixmap.fill_path(&path, &paint(Color::INK, 1.0), FillRule::Winding, view, None);
            }
        }
    }
}

/// The edges of facets: thin, and darker than what they part.
pub(super) const EDGE_WIDTH: f64 = 0.5;
pub(super) const EDGE_OPACITY: f64 = 0.3;

fn paint(Color([r, g, b]): Color, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (opacity * 255.0).round() as u8);
    paint
}

fn pen(width: f64) -> Stroke {
    Stroke {
        width: width as f32,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    }
}

fn path(points: &[Point], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (i, &[x, y]) in points.iter().enumerate() {
        let (x, y) = (x as f32, y as f32);
        if i == 0 {
            path.move_to(x, y);
        } else {
            path.line_to(x, y);
        }
    }
    if let [[x, y]] = *points {
        // The round caps of a line without length are left out: this one is too short to tell.
        path.line_to(x as f32 + 0.01, y as f32);
    }
    if closed {
        path.close();
    }
    path.finish()
}
