//! Where everything stands: title, legend, axes, colour bar, and the data between them.

use super::axis::{Axis, Bounds, Scale, Tick};
use super::scene::{Anchor, Color, DROP, Picture, Scene, Shape};
use super::series::{self, Frame};
use super::{Data, Error, Plot, color, font, heat_map, surface};

pub(super) const TITLE: f64 = 15.0;
pub(super) const LABEL: f64 = 13.0;
pub(super) const TICK: f64 = 12.0;

/// Around everything.
const MARGIN: f64 = 10.0;
/// The length of a tick, and the room between it and its number.
const MARK: f64 = 4.0;
const GAP: f64 = 4.0;
const LINE: f64 = 20.0;

pub(super) fn scene(plot: &Plot) -> Result<Scene, Error> {
    if plot.series.is_empty() {
        return Err(Error::Empty);
    }
    let mut scene = Scene {
        width: plot.width,
        height: plot.height,
        shapes: Vec::new(),
    };
    for (i, series) in plot.series.iter().enumerate() {
        if let Data::Surface(grid) = &series.data {
            surface::draw(plot, grid, series.label.as_deref(), &mut scene).ok_or_else(|| plot.nothing(i))?;
            return Ok(scene);
        }
    }
    let scales = [Scale::new(plot.log_x), Scale::new(plot.log_y)];
    let mut bounds: Option<[Bounds; 2]> = None;
    for i in 0..plot.series.len() {
        let [x, y] = plot.bounds(i, scales).ok_or_else(|| plot.nothing(i))?;
        bounds = Some(bounds.map_or([x, y], |[xs, ys]| [xs.with(x), ys.with(y)]));
    }
    let bounds = bounds.expect("there is a series");
    two_axes(plot, scales, bounds, &mut scene);
    Ok(scene)
}

fn two_axes(plot: &Plot, scales: [Scale; 2], bounds: [Bounds; 2], scene: &mut Scene) {
    let [width, height] = [plot.width, plot.height].map(f64::from);
    let map = plot.series.iter().find_map(|series| match &series.data {
        Data::HeatMap { grid, rows_down } => Some((grid, *rows_down, series.label.as_deref())),
        _ => None,
    });
    let legend = Legend::new(plot, width - 100.0);

    // The heights do not depend on the widths: they come first.
    let mut top = MARGIN + 4.0;
    let title_at = top + TITLE;
    if plot.title.is_some() {
        top += TITLE + 12.0;
    }
    let legend_at = top;
    top = snap(top + LINE * legend.rows.len() as f64 + if legend.rows.is_empty() { 0.0 } else { 6.0 });
    let below = MARGIN + MARK + GAP + TICK + if plot.x_label.is_some() { LINE } else { 0.0 };
    let bottom = snap((height - below).max(top + 10.0));

    let mut y = Axis::new(scales[1], bounds[1], bottom, top);
    if map.is_some_and(|(_, rows_down, _)| rows_down) {
        (y.from, y.to) = (top, bottom);
    }
    let y_ticks = y.ticks(((bottom - top) / 40.0) as usize);
    let label_room = |shown: bool| if shown { LINE } else { 0.0 };
    let left = snap(MARGIN + label_room(plot.y_label.is_some()) + widest(&y_ticks) + GAP + MARK);

    let bar = map.and_then(|(grid, _, label)| Some((heat_map::heights(grid)?, label)));
    let bar = bar.map(|(heights, label)| {
        let axis = Axis::new(Scale::Linear, heights, bottom, top);
        (axis, axis.ticks(((bottom - top) / 40.0) as usize), label)
    });
    let beside = match &bar {
        Some((_, ticks, label)) => {
            BAR_GAP + BAR + MARK + GAP + widest(ticks) + label_room(label.is_some()) + MARGIN
        }
        None => 2.0 * MARGIN,
    };
    let right = snap((width - beside).max(left + 10.0));
    let x = Axis::new(scales[0], bounds[0], left, right);
    let x_ticks = fitting_ticks(&x);

    let middle = (left + right) / 2.0;
    if let Some(title) = &plot.title {
        scene.text(title, [middle, title_at], Anchor::Middle, TITLE);
    }
    legend.draw(legend_at, middle, scene);
    let frame = Frame { x, y };
    if map.is_none() {
        let vertical = x_ticks.iter().filter(|tick| tick.label.is_some());
        let horizontal = y_ticks.iter().filter(|tick| tick.label.is_some());
        let mut lines: Vec<_> = vertical
            .map(|tick| snap(x.pixel(tick.place)))
            .map(|x| vec![[x, top], [x, bottom]])
            .collect();
        lines.extend(
            horizontal
                .map(|tick| snap(y.pixel(tick.place)))
                .map(|y| vec![[left, y], [right, y]]),
        );
        scene.grid(lines);
    }
    draw_series(plot, &frame, bar.as_ref().map(|(axis, ..)| axis), scene);

    let mut rules = match map {
        Some(_) => vec![vec![
            [left, top],
            [left, bottom],
            [right, bottom],
            [right, top],
            [left, top],
        ]],
        None => vec![vec![[left, top], [left, bottom], [right, bottom]]],
    };
    for tick in &x_ticks {
        let at = snap(x.pixel(tick.place));
        rules.push(vec![[at, bottom], [at, bottom + mark(tick)]]);
        if let Some(label) = &tick.label {
            scene.text(
                label,
                [at, bottom + MARK + GAP + 0.75 * TICK],
                Anchor::Middle,
                TICK,
            );
        }
    }
    numbers_upwards(&y, &y_ticks, left, -1.0, &mut rules, scene);
    if let Some(label) = &plot.x_label {
        scene.text(label, [middle, height - MARGIN], Anchor::Middle, LABEL);
    }
    let halfway = (top + bottom) / 2.0;
    if let Some(label) = &plot.y_label {
        scene.text_upwards(label, [MARGIN + 0.8 * LABEL, halfway], LABEL);
    }
    if let Some((axis, ticks, label)) = &bar {
        let at = right + BAR_GAP;
        color_bar([at, top], [BAR, bottom - top], scene);
        rules.push(vec![
            [at, top],
            [at, bottom],
            [at + BAR, bottom],
            [at + BAR, top],
            [at, top],
        ]);
        numbers_upwards(axis, ticks, at + BAR, 1.0, &mut rules, scene);
        if let Some(label) = label {
            scene.text_upwards(label, [width - MARGIN - 0.2 * LABEL, halfway], LABEL);
        }
    }
    scene.rules(rules);
}

fn draw_series(plot: &Plot, frame: &Frame, heights: Option<&Axis>, scene: &mut Scene) {
    let mut colors = (0..).map(color::of_series);
    let mut next = || colors.next().expect("there is always another");
    for series in &plot.series {
        match &series.data {
            Data::Line([x, y]) => series::line(x, y, frame, next(), scene),
            Data::Scatter([x, y]) => series::scatter(x, y, frame, next(), scene),
            Data::Histogram(histogram) => histogram.draw(frame, next(), scene),
            Data::HeatMap { grid, .. } => {
                let heights = heights.expect("a heat map has a colour bar");
                // Colours go from 0 to 1, not from the bottom to the top.
                let unit = Axis {
                    from: 0.0,
                    to: 1.0,
                    ..*heights
                };
                heat_map::draw(grid, frame, &unit, scene);
            }
            Data::Surface(_) => unreachable!("a surface stands alone"),
        }
    }
}

/// To the middle of a pixel, where a line of width 1 is sharp.
fn snap(at: f64) -> f64 {
    at.floor() + 0.5
}

fn mark(tick: &Tick) -> f64 {
    if tick.label.is_some() { MARK } else { 0.6 * MARK }
}

pub(super) fn widest(ticks: &[Tick]) -> f64 {
    let labels = ticks.iter().filter_map(|tick| tick.label.as_deref());
    labels.map(|label| font::width(label, TICK)).fold(0.0, f64::max)
}

/// As many ticks as have room beside one another.
fn fitting_ticks(axis: &Axis) -> Vec<Tick> {
    let room = axis.to - axis.from;
    let mut most = (room / 55.0) as usize;
    loop {
        let ticks = axis.ticks(most);
        let needed =
            ticks.iter().filter(|tick| tick.label.is_some()).count() as f64 * (widest(&ticks) + 16.0);
        if most <= 2 || needed <= room {
            return ticks;
        }
        most -= 1;
    }
}

/// The ticks of an upright axis, and their numbers to its left (`side` is -1) or right (1).
fn numbers_upwards(
    axis: &Axis,
    ticks: &[Tick],
    at: f64,
    side: f64,
    rules: &mut Vec<Vec<[f64; 2]>>,
    scene: &mut Scene,
) {
    let anchor = if side < 0.0 { Anchor::End } else { Anchor::Start };
    for tick in ticks {
        let y = snap(axis.pixel(tick.place));
        rules.push(vec![[at, y], [at + side * mark(tick), y]]);
        if let Some(label) = &tick.label {
            scene.text(label, [at + side * (MARK + GAP), y + DROP * TICK], anchor, TICK);
        }
    }
}

/// The width of the colour bar, and its distance from the map.
const BAR: f64 = 14.0;
const BAR_GAP: f64 = 16.0;

fn color_bar(at: [f64; 2], size: [f64; 2], scene: &mut Scene) {
    let rows = 128;
    scene.shapes.push(Shape::Picture {
        at,
        size,
        picture: Picture {
            width: 1,
            height: rows,
            pixels: (0..rows)
                .map(|row| Some(color::of_height(1.0 - f64::from(row) / f64::from(rows - 1))))
                .collect(),
        },
    });
}

/// Samples of the series and their labels, in rows above the axes, where no data is in their way.
struct Legend<'a> {
    rows: Vec<Vec<(&'a Data, Color, &'a str)>>,
}

const SAMPLE: f64 = 22.0;
const SAMPLE_GAP: f64 = 6.0;
const ENTRY_GAP: f64 = 20.0;

fn entry_width(label: &str) -> f64 {
    SAMPLE + SAMPLE_GAP + font::width(label, TICK)
}

impl<'a> Legend<'a> {
    fn new(plot: &'a Plot, room: f64) -> Legend<'a> {
        let drawn = plot
            .series
            .iter()
            .filter(|series| !matches!(series.data, Data::HeatMap { .. }));
        let mut rows: Vec<Vec<_>> = Vec::new();
        let mut used = f64::INFINITY;
        for (i, series) in drawn.enumerate() {
            let Some(label) = &series.label else { continue };
            let width = entry_width(label) + ENTRY_GAP;
            if used + width > room {
                rows.push(Vec::new());
                used = 0.0;
            }
            used += width;
            rows.last_mut().expect("a row was begun").push((
                &series.data,
                color::of_series(i),
                label.as_str(),
            ));
        }
        Legend { rows }
    }

    fn draw(&self, top: f64, middle: f64, scene: &mut Scene) {
        for (i, row) in self.rows.iter().enumerate() {
            let widths = row.iter().map(|(.., label)| entry_width(label) + ENTRY_GAP);
            let width = widths.sum::<f64>() - ENTRY_GAP;
            let mut x = (middle - width / 2.0).max(MARGIN);
            let y = top + LINE * (i as f64 + 0.5);
            for (data, color, label) in row {
                scene.shapes.push(match data {
                    Data::Scatter(_) => Shape::Dots {
                        at: vec![[x + SAMPLE / 2.0, y]],
                        color: *color,
                        radius: 3.0,
                    },
                    Data::Histogram(_) => Shape::Area {
                        class: "sample",
                        outline: [[0.0, -5.0], [SAMPLE, -5.0], [SAMPLE, 5.0], [0.0, 5.0]]
                            .map(|[dx, dy]| [x + dx, y + dy])
                            .to_vec(),
                        color: *color,
                        opacity: 0.6,
                    },
                    _ => Shape::Lines {
                        class: "sample",
                        lines: vec![vec![[x, y], [x + SAMPLE, y]]],
                        color: *color,
                        width: 2.0,
                        opacity: 1.0,
                    },
                });
                scene.text(
                    label,
                    [x + SAMPLE + SAMPLE_GAP, y + DROP * TICK],
                    Anchor::Start,
                    TICK,
                );
                x += entry_width(label) + ENTRY_GAP;
            }
        }
    }
}
