//! Draws a function of two variables as a surface in a box, seen from in front and above, without
//! perspective.

use super::axis::{Axis, Bounds, Scale};
use super::data::Grid;
use super::paper::{Drawn, LABEL, Paper, TICK, TITLE, widest};
use super::{Plot, color};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The most lines of a surface in each direction, as in matplotlib.
const MOST: usize = 60;

/// The angles of yaw and pitch of the box, and the ratio of its height to its width.
const YAW: f64 = 0.6;
const PITCH: f64 = 0.5;
const RISE: f64 = 0.75;

/// Space beside a number. Unlike a plain space, it is kept at the end of a line.
const ASIDE: &str = "\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}";

/// A point of the box in plotters' order: the second coordinate points upwards.
type Corner = (f64, f64, f64);

/// Draws a surface. Returns `None`, and draws nothing, if there is no facet with four finite corners.
pub(super) fn draw<DB: DrawingBackend>(
    plot: &Plot,
    grid: &Grid,
    z_label: Option<&str>,
    paper: &Paper<DB>,
) -> Option<Drawn<DB>> {
    let axis = |values: &[f64], log: bool| {
        let scale = Scale::new(log);
        let bounds = Bounds::of(values.iter().map(|&value| scale.of(value)))?;
        Some(Axis::new(scale, bounds.exact(), 6))
    };
    let axes = [
        axis(&grid.x, plot.log_x)?,
        axis(&grid.z, false)?,
        axis(&grid.y, plot.log_y)?,
    ];
    let facets = facets(grid, [Scale::new(plot.log_x), Scale::new(plot.log_y)]);
    (!facets.is_empty()).then(|| boxed(plot, axes, facets, z_label, paper))
}

/// Returns the facets of the surface that have four finite corners.
fn facets(grid: &Grid, scales: [Scale; 2]) -> Vec<[Corner; 4]> {
    let (rows, columns) = (some_of(grid.x.len()), some_of(grid.y.len()));
    let corner = |i: usize, j: usize| {
        let height = Scale::Linear.of(grid.z[i * grid.y.len() + j]);
        (scales[0].of(grid.x[i]), height, scales[1].of(grid.y[j]))
    };
    let (corner, columns) = (&corner, &columns);
    let facets = rows.windows(2).flat_map(|rows| {
        columns.windows(2).map(move |columns| {
            let [i, j] = [rows, columns].map(|pair| [pair[0], pair[1]]);
            [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(one, other)| corner(i[one], j[other]))
        })
    });
    let whole = |facet: &[Corner; 4]| facet.iter().all(|(x, z, y)| (x + y).is_finite() && z.is_finite());
    facets.filter(whole).collect()
}

/// Returns all indices below `n`, or `MOST` of them, evenly spaced.
fn some_of(n: usize) -> Vec<usize> {
    let count = n.min(MOST);
    (0..count).map(|i| i * (n - 1) / (count - 1)).collect()
}

/// Returns the length of the box's edges in an area of the page.
fn side_within(width: f64, height: f64) -> f64 {
    let across = YAW.cos() + YAW.sin();
    let down = RISE * PITCH.cos() + across * PITCH.sin();
    let side = (width / across).min(height / down);
    side.max(1.0)
}

fn boxed<DB: DrawingBackend>(
    plot: &Plot,
    [x, z, mut y]: [Axis; 3],
    mut facets: Vec<[Corner; 4]>,
    z_label: Option<&str>,
    paper: &Paper<DB>,
) -> Drawn<DB> {
    // Plotters' third axis comes out of the page.
    y.reversed = true;
    let [width, height] = [plot.width, plot.height].map(f64::from);
    let top = if plot.title.is_some() { TITLE + 20.0 } else { 8.0 };
    let bottom = 30.0;
    let left = 20.0 + widest(&z) + if z_label.is_some() { 20.0 } else { 0.0 };
    let right = 30.0;
    let side = side_within(width - left - right, height - top - bottom);

    let [above, below, before, behind] = [top, bottom, left, right].map(|pixels| paper.units(pixels));
    let area = paper.area.margin(above, below, before, behind);
    let mut chart = ChartBuilder::on(&area).build_cartesian_3d(x.clone(), z.clone(), y.clone())?;
    chart.set_3d_pixel_range((paper.units(side), paper.units(RISE * side), paper.units(side)));
    chart.with_projection(|mut view| {
        (view.yaw, view.pitch) = (YAW, PITCH);
        view.into_matrix()
    });
    chart
        .configure_axes()
        .axis_panel_style(color::INK.mix(0.07))
        .bold_grid_style(paper.stroke(color::INK.mix(0.25), 1.0))
        .light_grid_style(TRANSPARENT)
        .tick_size(paper.units(4.0))
        .label_style(paper.font(TICK))
        // Numbers stand below their ticks. The numbers of the two lower edges must be moved apart.
        .x_formatter(&|place| x.label(place) + ASIDE)
        .y_formatter(&|place| z.label(place))
        .z_formatter(&|place| ASIDE.to_string() + &y.label(place))
        .draw()?;

    // Facets at the back are drawn first.
    let view = chart.plotting_area().as_coord_spec().clone();
    let mean = |facet: &[Corner; 4], part: fn(&Corner) -> f64| facet.iter().map(part).sum::<f64>() / 4.0;
    facets.sort_by_key(|facet| {
        let depth = view.projected_depth(&mean(facet, |at| at.0), &z.lo, &mean(facet, |at| at.2));
        std::cmp::Reverse(depth)
    });
    chart.draw_series(facets.iter().map(|facet| {
        let height = z.part(facet[0].1 / 4.0 + facet[1].1 / 4.0 + facet[2].1 / 4.0 + facet[3].1 / 4.0);
        Polygon::new(*facet, color::of_height(height).filled())
    }))?;

    let at = |corner: Corner| {
        let (x, y) = chart.plotting_area().map_coordinate(&corner);
        [x, y].map(|units| f64::from(units) / f64::from(paper.units))
    };
    let x_label = (&plot.x_label, (x.place(0.5), z.lo, y.lo), -24.0, HPos::Right);
    let y_label = (&plot.y_label, (x.hi, z.lo, y.place(0.5)), 24.0, HPos::Left);
    for (label, corner, aside, end) in [x_label, y_label] {
        if let Some(label) = label {
            let [across, down] = at(corner);
            paper.write(label, [across + aside, down + 24.0], (end, VPos::Top), LABEL)?;
        }
    }
    if let Some(label) = z_label {
        let [across, down] = at((x.lo, z.place(0.5), y.lo));
        let style = paper.font(LABEL).pos(Pos::new(HPos::Center, VPos::Bottom));
        let style = style.transform(FontTransform::Rotate270);
        let across = across - widest(&z) - 16.0;
        paper
            .area
            .draw_text(label, &style, (paper.units(across), paper.units(down)))?;
    }
    match &plot.title {
        Some(title) => paper.write(title, [width / 2.0, 8.0], (HPos::Center, VPos::Top), TITLE),
        None => Ok(()),
    }
}
