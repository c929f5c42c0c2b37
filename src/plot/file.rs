//! Writes SVG and PNG files, with lines as smooth as each allows.

use super::figure::draw;
use super::paper::Paper;
use super::{Error, Plot};
use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::drawing::IntoDrawingArea;

/// Returns the text of an SVG file, drawn in tenths of a pixel.
pub(super) fn svg(plot: &Plot) -> Result<String, Error> {
    let units = 10;
    let size = (plot.width * units, plot.height * units);
    let mut svg = String::new();
    draw(
        plot,
        &Paper {
            area: SVGBackend::with_string(&mut svg, size).into_drawing_area(),
            units,
            cells: [150, 120],
            drop: 0.0,
            solid: false,
        },
    )?;
    let drawn = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    let seen = format!(
        "width=\"{}\" height=\"{}\" stroke-width=\"8\" stroke-linejoin=\"round\" stroke-linecap=\"round\"",
        plot.width, plot.height
    );
    // Removes attributes with their default values. Quotes in the user's texts are escaped.
    let svg = svg
        .replacen(&drawn, &seen, 1)
        .replace(" stroke=\"none\" stroke-width=\"1\"/>", "/>")
        .replace(" stroke=\"none\"/>", "/>")
        .replace(" opacity=\"1\"", "");
    // Facets of a surface have edges of their own colour, so that neighbours have no seams.
    let mut parts = svg.split("<polygon fill=\"");
    let mut svg = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let color = part.split('"').next().unwrap_or_default();
        svg.extend(["<polygon stroke=\"", color, "\" fill=\"", part]);
    }
    Ok(svg)
}

/// Returns the bytes of a PNG file. A pixel is the mean of three by three.
pub(super) fn png(plot: &Plot) -> Result<Vec<u8>, Error> {
    let [width, height] = [plot.width, plot.height].map(|side| side as usize);
    // Large pictures would need gigabytes, and are fine without means.
    let units = if width * height <= 4_000_000 { 3 } else { 1 };
    let mut fine = vec![255; width * height * units * units * 3];
    draw(
        plot,
        &Paper {
            area: BitMapBackend::with_buffer(&mut fine, ((width * units) as u32, (height * units) as u32))
                .into_drawing_area(),
            units: units as u32,
            cells: [width, height],
            drop: 2.5,
            solid: true,
        },
    )?;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for rows in fine.chunks(width * units * 3 * units) {
        for i in 0..width * 3 {
            let start = i / 3 * units * 3 + i % 3;
            let parts = (0..units).flat_map(|row| (0..units).map(move |column| (row, column)));
            let parts = parts.map(|(row, column)| rows[row * width * units * 3 + start + column * 3]);
            pixels.push((parts.map(usize::from).sum::<usize>() / (units * units)) as u8);
        }
    }
    Ok(lodepng::encode24(&pixels, width, height).expect("the pixels are as many as the size says"))
}
