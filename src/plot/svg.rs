//! A scene as an SVG file, with a transparent background and coordinates in tenths of a pixel.

use super::encode::base64;
use super::png::{self, EDGE_OPACITY, EDGE_WIDTH};
use super::scene::{Anchor, Color, Point, Scene, Shape, Text};
use std::fmt::{self, Display, Write};

/// A line of more points, or more dots, are put into the file as a picture.
const MOST: usize = 20_000;

/// The text of an SVG file.
pub(super) fn of_scene(scene: &Scene) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n"
    );
    for shape in &scene.shapes {
        let many = match shape {
            Shape::Lines { lines, .. } => lines.iter().map(Vec::len).sum::<usize>() > MOST,
            Shape::Dots { at, .. } => at.len() > MOST,
            _ => false,
        };
        // Writing to a string does not fail.
        let _ = if many {
            let class = match shape {
                Shape::Lines { class, .. } => class,
                _ => "scatter",
            };
            let bytes = png::of_shape(shape, width, height);
            image(
                &mut svg,
                class,
                [0.0; 2],
                [f64::from(width), f64::from(height)],
                &bytes,
            )
        } else {
            match shape {
                Shape::Picture { at, size, picture } => {
                    image(&mut svg, "picture", *at, *size, &png::of_picture(picture))
                }
                shape => write(&mut svg, shape),
            }
        };
    }
    svg.push_str("</svg>\n");
    svg
}

fn write(svg: &mut String, shape: &Shape) -> fmt::Result {
    match shape {
        Shape::Lines {
            class,
            lines,
            color,
            width,
            opacity,
        } => {
            write!(
                svg,
                "<path class=\"{class}\" stroke=\"{color}\" stroke-width=\"{width}\""
            )?;
            if *opacity < 1.0 {
                write!(svg, " stroke-opacity=\"{opacity}\"")?;
            }
            svg.push_str(" d=\"");
            for line in lines {
                path(svg, line)?;
                if line.len() == 1 {
                    // A line without length has round caps, so it is a dot.
                    svg.push_str("h0");
                }
            }
            svg.push_str("\"/>\n");
            Ok(())
        }
        Shape::Area {
            class,
            outline,
            color,
            opacity,
        } => {
            write!(
                svg,
                "<path class=\"{class}\" fill=\"{color}\" fill-opacity=\"{opacity}\" d=\""
            )?;
            path(svg, outline)?;
            svg.push_str("z\"/>\n");
            Ok(())
        }
        Shape::Dots { at, color, radius } => {
            let width = 2.0 * radius;
            write!(
                svg,
                "<path class=\"scatter\" stroke=\"{color}\" stroke-width=\"{width}\" d=\""
            )?;
            for point in at {
                path(svg, &[*point])?;
                svg.push_str("h0");
            }
            svg.push_str("\"/>\n");
            Ok(())
        }
        Shape::Facets(facets) => {
            writeln!(
                svg,
                "<g class=\"surface\" stroke=\"#000\" stroke-opacity=\"{EDGE_OPACITY}\" stroke-width=\"{EDGE_WIDTH}\">"
            )?;
            for (corners, color) in facets {
                write!(svg, "<path fill=\"{color}\" d=\"")?;
                path(svg, corners)?;
                svg.push_str("z\"/>\n");
            }
            svg.push_str("</g>\n");
            Ok(())
        }
        Shape::Text(text) => letters(svg, text),
        Shape::Picture { .. } => unreachable!("pictures have bytes to encode first"),
    }
}

fn letters(svg: &mut String, text: &Text) -> fmt::Result {
    let [x, y] = text.at.map(Tenths);
    write!(svg, "<text fill=\"{}\" font-size=\"{}\"", Color::INK, text.size)?;
    match text.turned {
        false => write!(svg, " x=\"{x}\" y=\"{y}\"")?,
        true => write!(svg, " transform=\"translate({x} {y})rotate(-90)\"")?,
    }
    match text.anchor {
        Anchor::Start => (),
        Anchor::Middle => svg.push_str(" text-anchor=\"middle\""),
        Anchor::End => svg.push_str(" text-anchor=\"end\""),
    }
    svg.push('>');
    for letter in text.text.chars() {
        match letter {
            '&' => svg.push_str("&amp;"),
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            // XML has no such characters.
            '\u{fffe}' | '\u{ffff}' => svg.push('\u{fffd}'),
            letter => svg.push(letter),
        }
    }
    svg.push_str("</text>\n");
    Ok(())
}

fn image(svg: &mut String, class: &str, at: Point, size: [f64; 2], png: &[u8]) -> fmt::Result {
    let ([x, y], [width, height]) = (at.map(Tenths), size.map(Tenths));
    write!(
        svg,
        "<image class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\""
    )?;
    if class == "picture" {
        svg.push_str(" style=\"image-rendering:pixelated\"");
    }
    svg.push_str(" href=\"data:image/png;base64,");
    base64(svg, png);
    svg.push_str("\"/>\n");
    Ok(())
}

/// `M` to the first point, `L` to the others. Points are counted in whole tenths, so that rounding does not add up.
fn path(svg: &mut String, points: &[Point]) -> fmt::Result {
    for (i, point) in points.iter().enumerate() {
        let [x, y] = point.map(Tenths);
        let letter = match i {
            0 => "M",
            1 => "L",
            _ => " ",
        };
        write!(svg, "{letter}{x} {y}")?;
    }
    Ok(())
}

/// A number with at most one decimal.
struct Tenths(f64);

impl Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 10.0).round() as i64 as f64 / 10.0)
    }
}

impl Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}
