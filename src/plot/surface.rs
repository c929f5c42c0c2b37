//! A function of two variables as a surface in a box, seen from in front and above, without perspective.

use super::axis::{Axis, Bounds, Scale, Tick};
use super::data::Grid;
use super::figure::{LABEL, TICK, TITLE, widest};
use super::scene::{Anchor, Color, DROP, Point, Scene, Shape};
use super::{Plot, color, font};

/// Half the width of the box along x and y, and along z.
const SIDE: f64 = 0.5;
const RISE: f64 = 0.375;

/// What a step along x, y and z is on the screen: an azimuth of -60 degrees and an elevation of 30, as matplotlib's.
const STEPS: [Point; 3] = [
    [0.866_025_403_784_438_6, 0.25],
    [0.5, -0.433_012_701_892_219_3],
    [0.0, -0.866_025_403_784_438_6],
];

/// As matplotlib, a surface is drawn by at most so many lines each way.
const MOST: usize = 60;

/// Where the box stands on the screen.
struct View {
    middle: Point,
    scale: f64,
}

impl View {
    fn at(&self, [x, y, z]: [f64; 3]) -> Point {
        std::array::from_fn(|i| {
            self.middle[i] + self.scale * (x * STEPS[0][i] + y * STEPS[1][i] + z * STEPS[2][i])
        })
    }
}

/// Nothing is drawn, and none given, when there is no facet with four finite corners.
pub(super) fn draw(plot: &Plot, grid: &Grid, z_label: Option<&str>, scene: &mut Scene) -> Option<()> {
    let bounds_along = |values: &[f64], log: bool| {
        let scale = Scale::new(log);
        Some((
            scale,
            Bounds::of(values.iter().map(|&value| scale.of(value)))?.exact(),
        ))
    };
    let axis = |values: &[f64], log: bool, half: f64| {
        let (scale, bounds) = bounds_along(values, log)?;
        Some(Axis::new(scale, bounds, -half, half))
    };
    let x = axis(&grid.x, plot.log_x, SIDE)?;
    let y = axis(&grid.y, plot.log_y, SIDE)?;
    let z = axis(&grid.z, false, RISE)?;

    let [width, height] = [plot.width, plot.height].map(f64::from);
    let top = if plot.title.is_some() { TITLE + 24.0 } else { 12.0 };
    let [x_ticks, y_ticks, z_ticks] = [(&x, 6), (&y, 6), (&z, 6)].map(|(axis, most)| axis.ticks(most));
    // Numbers stand to the left of the box, and below it.
    let left = 12.0 + widest(&z_ticks) + if z_label.is_some() { LABEL + 12.0 } else { 4.0 };
    let right = 24.0;
    let bottom = 36.0;
    let [across, down] = [0, 1].map(|i| {
        let reach = SIDE * (STEPS[0][i].abs() + STEPS[1][i].abs()) + RISE * STEPS[2][i].abs();
        2.0 * reach
    });
    let view = View {
        scale: ((width - left - right) / across)
            .min((height - top - bottom) / down)
            .max(1.0),
        middle: [(width + left - right) / 2.0, (height + top - bottom) / 2.0],
    };
    let facets = facets(grid, [&x, &y, &z], &view)?;

    if let Some(title) = &plot.title {
        scene.text(title, [view.middle[0], 12.0 + TITLE], Anchor::Middle, TITLE);
    }
    walls([(&x, &x_ticks), (&y, &y_ticks), (&z, &z_ticks)], &view, scene);
    scene.shapes.push(Shape::Facets(facets));
    let edges = [
        Edge {
            at: |along| [along, -SIDE, -RISE],
            outwards: [-0.5, 0.87],
            anchor: Anchor::End,
        },
        Edge {
            at: |along| [SIDE, along, -RISE],
            outwards: [0.87, 0.5],
            anchor: Anchor::Start,
        },
        Edge {
            at: |along| [-SIDE, -SIDE, along],
            outwards: [-1.0, 0.0],
            anchor: Anchor::End,
        },
    ];
    let mut marks = Vec::new();
    for (edge, (axis, ticks)) in edges.iter().zip([(&x, &x_ticks), (&y, &y_ticks), (&z, &z_ticks)]) {
        edge.numbers(axis, ticks, &view, &mut marks, scene);
    }
    scene.rules(marks);
    for (edge, (label, ticks)) in edges
        .iter()
        .zip([(&plot.x_label, &x_ticks), (&plot.y_label, &y_ticks)])
    {
        if let Some(label) = label {
            let [x, y] = view.at((edge.at)(0.0));
            let away = 16.0 + widest(ticks).max(20.0);
            let at = [x + edge.outwards[0] * away, y + edge.outwards[1] * away + LABEL];
            let reach = font::width(label, LABEL);
            let at = match edge.anchor {
                Anchor::End => [at[0].max(reach + 4.0), at[1]],
                _ => [at[0].min(width - reach - 4.0), at[1]],
            };
            scene.text(label, at, edge.anchor, LABEL);
        }
    }
    if let Some(label) = z_label {
        let [x, y] = view.at([-SIDE, -SIDE, 0.0]);
        scene.text_upwards(label, [x - widest(&z_ticks) - 20.0, y], LABEL);
    }
    Some(())
}

/// The parts of the surface from the back to the front, with the colours of their mean heights.
fn facets(grid: &Grid, [x, y, z]: [&Axis; 3], view: &View) -> Option<Vec<([Point; 4], Color)>> {
    let mut facets = Vec::new();
    let (rows, columns) = (some_of(grid.x.len()), some_of(grid.y.len()));
    // What is behind has a smaller x and a larger y.
    for pair in rows.windows(2) {
        for sides in columns.windows(2).rev() {
            let corners = [
                [pair[0], sides[0]],
                [pair[1], sides[0]],
                [pair[1], sides[1]],
                [pair[0], sides[1]],
            ];
            let corners = corners.map(|[i, j]| {
                let height = grid.z[i * grid.y.len() + j];
                [x.at(grid.x[i]), y.at(grid.y[j]), z.at(height)]
            });
            if corners.iter().flatten().all(|place| place.is_finite()) {
                let height = corners.iter().map(|[.., z]| z).sum::<f64>() / 4.0;
                let color = color::of_height((height + RISE) / (2.0 * RISE));
                facets.push((corners.map(|corner| view.at(corner)), color));
            }
        }
    }
    (!facets.is_empty()).then_some(facets)
}

/// All of the indices below `n`, or as many as are drawn, evenly.
fn some_of(n: usize) -> Vec<usize> {
    let count = n.min(MOST);
    (0..count).map(|i| i * (n - 1) / (count - 1)).collect()
}

/// The floor and the two walls behind the surface, with lines at the ticks.
fn walls(
    [(x, x_ticks), (y, y_ticks), (z, z_ticks)]: [(&Axis, &Vec<Tick>); 3],
    view: &View,
    scene: &mut Scene,
) {
    let see = |corners: &[[f64; 3]]| corners.iter().map(|&corner| view.at(corner)).collect::<Vec<_>>();
    let (s, r) = (SIDE, RISE);
    for wall in [
        [[-s, -s, -r], [s, -s, -r], [s, s, -r], [-s, s, -r]],
        [[-s, -s, -r], [-s, s, -r], [-s, s, r], [-s, -s, r]],
        [[-s, s, -r], [s, s, -r], [s, s, r], [-s, s, r]],
    ] {
        scene.shapes.push(Shape::Area {
            class: "wall",
            outline: see(&wall),
            color: Color::INK,
            opacity: 0.07,
        });
    }
    let mut lines = Vec::new();
    let places = |axis: &Axis, ticks: &[Tick]| {
        let labelled = ticks.iter().filter(|tick| tick.label.is_some());
        labelled.map(|tick| axis.pixel(tick.place)).collect::<Vec<_>>()
    };
    lines.extend(
        places(x, x_ticks)
            .into_iter()
            .map(|x| see(&[[x, -s, -r], [x, s, -r], [x, s, r]])),
    );
    lines.extend(
        places(y, y_ticks)
            .into_iter()
            .map(|y| see(&[[s, y, -r], [-s, y, -r], [-s, y, r]])),
    );
    lines.extend(
        places(z, z_ticks)
            .into_iter()
            .map(|z| see(&[[-s, -s, z], [-s, s, z], [s, s, z]])),
    );
    scene.grid(lines);
    scene.rules(vec![see(&[[-s, -s, r], [-s, -s, -r], [s, -s, -r], [s, s, -r]])]);
}

/// An edge of the box that has numbers.
struct Edge {
    at: fn(f64) -> [f64; 3],
    /// Away from the box, on the screen.
    outwards: Point,
    anchor: Anchor,
}

impl Edge {
    fn numbers(
        &self,
        axis: &Axis,
        ticks: &[Tick],
        view: &View,
        marks: &mut Vec<Vec<Point>>,
        scene: &mut Scene,
    ) {
        for tick in ticks {
            let [x, y] = view.at((self.at)(axis.pixel(tick.place)));
            let away = |distance: f64| [x + self.outwards[0] * distance, y + self.outwards[1] * distance];
            marks.push(vec![[x, y], away(4.0)]);
            if let Some(label) = &tick.label {
                let [x, y] = away(10.0);
                scene.text(label, [x, y + DROP * TICK], self.anchor, TICK);
            }
        }
    }
}
