//! The layout of a plot: title, legend, axes, colour bar, and the data between them.

use super::axis::{Axis, Bounds, Scale};
use super::paper::{Drawn, LABEL, Paper, TICK, TITLE, widest, width};
use super::series::{self, Corners, Screen};
use super::{Data, Error, Plot, Series, color, heat_map, surface};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

/// The margin around the plot, and between an axis and its numbers.
const MARGIN: f64 = 8.0;
const LINE: f64 = 20.0;

/// The width of the colour bar, and its distance from the map.
const BAR: f64 = 14.0;
const BAR_GAP: f64 = 16.0;

/// The length of a line in the legend, and its distance from the label.
const SAMPLE: f64 = 22.0;

pub(super) fn draw<DB: DrawingBackend>(plot: &Plot, paper: &Paper<DB>) -> Result<(), Error> {
    let drawn = match &plot.series[..] {
        [] => return Err(Error::Empty),
        [
            Series {
                data: Data::Surface(grid),
                label,
            },
        ] => surface::draw(plot, grid, label.as_deref(), paper).ok_or_else(|| plot.nothing(0))?,
        all => {
            let scales = [Scale::new(plot.log_x), Scale::new(plot.log_y)];
            let bounds = (0..all.len()).map(|i| plot.bounds(i, scales).ok_or_else(|| plot.nothing(i)));
            let bounds = bounds.collect::<Result<Vec<_>, _>>()?;
            let both = |i: usize| bounds.iter().map(|bounds| bounds[i]).reduce(Bounds::with);
            let bounds = [0, 1].map(|i| both(i).expect("there is a series"));
            two_axes(plot, scales, bounds, paper)
        }
    };
    drawn.expect("drawing into memory does not fail");
    Ok(())
}

fn two_axes<DB: DrawingBackend>(
    plot: &Plot,
    scales: [Scale; 2],
    bounds: [Bounds; 2],
    paper: &Paper<DB>,
) -> Drawn<DB> {
    let [width, height] = [plot.width, plot.height].map(f64::from);
    let map = plot.series.iter().find_map(|series| match &series.data {
        Data::HeatMap { grid, rows_down } => Some((grid, *rows_down, series.label.as_deref())),
        _ => None,
    });
    let room_for = |label: bool| if label { LINE } else { 0.0 };

    // The heights do not depend on the widths, so they are computed first.
    let legend = Legend::new(plot, width - 100.0);
    let above_legend = MARGIN + if plot.title.is_some() { TITLE + 10.0 } else { 4.0 };
    let top = above_legend + LINE * legend.rows + if legend.rows > 0.0 { 4.0 } else { 0.0 };
    let below = 10.0 + TICK + room_for(plot.x_label.is_some());
    let bottom = height - MARGIN - below;
    let ticks_upwards = ((bottom - top) / 35.0) as usize;
    let mut y = Axis::new(scales[1], bounds[1], ticks_upwards);
    y.reversed = map.is_some_and(|(_, rows_down, _)| rows_down);
    let beside = 10.0 + widest(&y) + room_for(plot.y_label.is_some());
    let left = MARGIN + beside;

    let bar = map.and_then(|(grid, _, label)| Some((heat_map::heights(grid)?, label)));
    let bar = bar.map(|(heights, label)| (Axis::new(Scale::Linear, heights, ticks_upwards), label));
    let right = width
        - match &bar {
            Some((heights, label)) => {
                BAR_GAP + BAR + 10.0 + widest(heights) + room_for(label.is_some()) + MARGIN
            }
            None => 3.0 * MARGIN,
        };
    let x = fitting(scales[0], bounds[0], right - left);

    let area = |top: f64, bottom: f64, left: f64, right: f64| {
        let [top, bottom, left, right] =
            [top, height - bottom, left, width - right].map(|pixels| paper.units(pixels));
        paper.area.margin(top, bottom, left, right)
    };
    let mut chart = ChartBuilder::on(&area(top, height - MARGIN, MARGIN, right))
        .x_label_area_size(paper.units(below))
        .y_label_area_size(paper.units(beside))
        .build_cartesian_2d(x.clone(), y.clone())?;
    draw_axes(&mut chart, plot, map.is_none(), paper)?;

    let mut canvas = Canvas {
        chart,
        scales,
        screen: Screen {
            axes: [&x, &y],
            pixels: [plot.width, plot.height],
        },
        paper,
    };
    for (series, color) in colored(plot) {
        canvas.series(&series.data, color, bar.as_ref().map(|(heights, _)| heights))?;
    }
    if let Some((heights, label)) = &bar {
        let end = width - MARGIN;
        let area = area(top, bottom, right + BAR_GAP, end);
        color_bar(heights, *label, end - right - BAR_GAP - BAR, &area, paper)?;
    }
    legend.draw([left, above_legend], paper)?;
    match &plot.title {
        Some(title) => paper.write(
            title,
            [(left + right) / 2.0, MARGIN],
            (HPos::Center, VPos::Top),
            TITLE,
        ),
        None => Ok(()),
    }
}

/// Draws the axes with their labels, and lines between the numbers if `lines` is true.
fn draw_axes<DB: DrawingBackend>(
    chart: &mut Chart<'_, DB>,
    plot: &Plot,
    lines: bool,
    paper: &Paper<DB>,
) -> Drawn<DB> {
    let mut mesh = chart.configure_mesh();
    mesh.axis_style(paper.stroke(color::INK, 1.0))
        .bold_line_style(paper.stroke(color::INK.mix(0.25), 1.0))
        .light_line_style(paper.stroke(color::INK.mix(0.1), 1.0))
        .set_all_tick_mark_size(paper.units(4.0))
        .label_style(paper.font(TICK))
        .y_label_offset(paper.units(paper.drop))
        .axis_desc_style(paper.font(LABEL));
    if let Some(label) = &plot.x_label {
        mesh.x_desc(label);
    }
    if let Some(label) = &plot.y_label {
        mesh.y_desc(label);
    }
    if !lines {
        mesh.disable_mesh();
    }
    mesh.draw()
}

/// Makes an axis with as many numbers as fit next to each other.
fn fitting(scale: Scale, bounds: Bounds, room: f64) -> Axis {
    let mut most = (room / 50.0) as usize;
    loop {
        let axis = Axis::new(scale, bounds, most);
        if most <= 2 || axis.labels().count() as f64 * (widest(&axis) + 16.0) <= room {
            return axis;
        }
        most -= 1;
    }
}

/// Returns the series with their colours. A heat map has its own.
fn colored(plot: &Plot) -> impl Iterator<Item = (&Series, RGBColor)> {
    let mut used = 0;
    plot.series.iter().map(move |series| {
        let color = color::of_series(used);
        used += usize::from(!matches!(series.data, Data::HeatMap { .. }));
        (series, color)
    })
}

/// The area that plotters draws series to.
type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;

/// The area between two axes.
struct Canvas<'a, DB: DrawingBackend> {
    chart: Chart<'a, DB>,
    scales: [Scale; 2],
    screen: Screen<'a>,
    paper: &'a Paper<DB>,
}

impl<DB: DrawingBackend> Canvas<'_, DB> {
    /// Draws the data of a series. `heights` is the axis of a heat map's colours.
    fn series(&mut self, data: &Data, color: RGBColor, heights: Option<&Axis>) -> Drawn<DB> {
        match data {
            Data::Line(points) => self.line(points, color)?,
            Data::Scatter(points) => self.scatter(points, color)?,
            Data::Histogram(histogram) => {
                let outline = histogram.outline(self.scales, self.screen.axes[1]);
                let area = Polygon::new(outline, color.mix(0.6).filled());
                self.chart.draw_series([area])?;
            }
            Data::HeatMap { grid, .. } => {
                let heights = heights.expect("a heat map has a colour bar");
                let cells = heat_map::cells(grid, self.scales, heights, self.paper.cells);
                self.cells(cells)?;
                self.frame()?;
            }
            Data::Surface(_) => unreachable!("a surface stands alone"),
        }
        Ok(())
    }

    fn line(&mut self, points: &[Vec<f64>; 2], color: RGBColor) -> Drawn<DB> {
        let style = self.paper.stroke(color, 1.8);
        let radius = self.paper.units(0.9);
        let parts = match self.screen.line(series::places(points, self.scales)) {
            Ok(parts) => parts,
            Err(squares) => return self.squares(squares, color),
        };
        for part in parts {
            if let [point] = part[..] {
                self.chart
                    .draw_series([Circle::new(point, radius, color.filled())])?;
            } else if self.paper.solid {
                let corners = part.windows(part.len().min(3));
                self.chart
                    .draw_series(corners.map(|corner| PathElement::new(corner, style)))?;
            } else {
                self.chart.draw_series([PathElement::new(part, style)])?;
            }
        }
        Ok(())
    }

    fn scatter(&mut self, points: &[Vec<f64>; 2], color: RGBColor) -> Drawn<DB> {
        let places = series::places(points, self.scales).flatten();
        let dots = match self.screen.dots(places) {
            Ok(dots) => dots,
            Err(squares) => return self.squares(squares, color),
        };
        let radius = self.paper.units(if dots.len() <= 1000 { 2.5 } else { 1.5 });
        let dots = dots
            .into_iter()
            .map(|dot| Circle::new(dot, radius, color.filled()));
        self.chart.draw_series(dots).map(drop)
    }

    fn squares(&mut self, squares: Vec<Corners>, color: RGBColor) -> Drawn<DB> {
        let squares = squares
            .into_iter()
            .map(|corners| Rectangle::new(corners, color.filled()));
        self.chart.draw_series(squares).map(drop)
    }

    /// Draws cells. Each reaches a pixel under the next ones, so that neighbours have no seams.
    fn cells(&mut self, cells: Vec<(Corners, RGBColor)>) -> Drawn<DB> {
        let Screen { axes, pixels } = self.screen;
        let under = |i: usize, end: f64| {
            let pixel = (axes[i].hi - axes[i].lo) / f64::from(pixels[i]);
            (end + 1.5 * pixel).min(axes[i].hi)
        };
        let cells = cells.into_iter().map(|([from, (right, high)], color)| {
            Rectangle::new([from, (under(0, right), under(1, high))], color.filled())
        });
        self.chart.draw_series(cells).map(drop)
    }

    fn frame(&mut self) -> Drawn<DB> {
        let [x, y] = self.screen.axes;
        let corners = [(x.lo, y.lo), (x.hi, y.hi)];
        let style = self.paper.stroke(color::INK, 1.0);
        self.chart.draw_series([Rectangle::new(corners, style)]).map(drop)
    }
}

/// Draws the colours of heights, with numbers to the right.
fn color_bar<DB: DrawingBackend>(
    heights: &Axis,
    label: Option<&str>,
    beside: f64,
    area: &DrawingArea<DB, Shift>,
    paper: &Paper<DB>,
) -> Drawn<DB> {
    let mut chart = ChartBuilder::on(area)
        .right_y_label_area_size(paper.units(beside))
        .build_cartesian_2d(0.0..1.0, heights.clone())?;
    let mut mesh = chart.configure_mesh();
    mesh.disable_mesh()
        .disable_x_axis()
        .axis_style(paper.stroke(color::INK, 1.0))
        .set_all_tick_mark_size(paper.units(4.0))
        .label_style(paper.font(TICK))
        .y_label_offset(paper.units(paper.drop))
        .axis_desc_style(paper.font(LABEL));
    if let Some(label) = label {
        mesh.y_desc(label);
    }
    mesh.draw()?;
    let steps = 100;
    chart.draw_series((0..steps).map(|step| {
        let part = |step: i32| f64::from(step) / f64::from(steps);
        let corners = [
            (0.0, heights.place(part(step))),
            (1.0, heights.place(part(steps.min(step + 2)))),
        ];
        Rectangle::new(corners, color::of_height(part(step)).filled())
    }))?;
    let frame = [(0.0, heights.lo), (1.0, heights.hi)];
    chart.draw_series([Rectangle::new(frame, paper.stroke(color::INK, 1.0))])?;
    Ok(())
}

/// Samples of the series and their labels, in rows above the axes, away from the data. Plotters has its
/// legend among the data.
struct Legend<'a> {
    /// Each series with its colour, the distance from the left, and the row.
    entries: Vec<(&'a Series, RGBColor, [f64; 2])>,
    rows: f64,
}

impl<'a> Legend<'a> {
    fn new(plot: &'a Plot, room: f64) -> Legend<'a> {
        let mut entries = Vec::new();
        let [mut across, mut row] = [0.0, 0.0];
        for (series, color) in colored(plot) {
            let Some(label) = &series.label else { continue };
            if matches!(series.data, Data::HeatMap { .. }) {
                continue;
            }
            let needed = SAMPLE + 6.0 + width(label, TICK);
            if across > 0.0 && across + needed > room {
                [across, row] = [0.0, row + 1.0];
            }
            entries.push((series, color, [across, row]));
            across += needed + 20.0;
        }
        let rows = if entries.is_empty() { 0.0 } else { row + 1.0 };
        Legend { entries, rows }
    }

    fn draw<DB: DrawingBackend>(&self, [left, top]: [f64; 2], paper: &Paper<DB>) -> Drawn<DB> {
        for (series, color, [across, row]) in &self.entries {
            let [x, y] = [left + across, top + LINE * (row + 0.5)];
            let at = |dx: f64, dy: f64| (paper.units(x + dx), paper.units(y + dy));
            match series.data {
                Data::Scatter(_) => {
                    let radius = paper.units(3.0);
                    let dot = Circle::new(at(SAMPLE / 2.0, 0.0), radius, color.filled());
                    paper.area.draw(&dot)?;
                }
                Data::Histogram(_) => {
                    let corners = [at(0.0, -5.0), at(SAMPLE, 5.0)];
                    let bar = Rectangle::new(corners, color.mix(0.6).filled());
                    paper.area.draw(&bar)?;
                }
                _ => {
                    let line = [at(0.0, 0.0), at(SAMPLE, 0.0)];
                    paper
                        .area
                        .draw(&PathElement::new(line, paper.stroke(*color, 1.8)))?;
                }
            }
            let label = series.label.as_deref().unwrap_or_default();
            paper.write(label, [x + SAMPLE + 6.0, y], (HPos::Left, VPos::Center), TICK)?;
        }
        Ok(())
    }
}
