//! Checks that plots are well-formed files that show their data.

use kiln::plot::{Error, Plot};
use kiln::prelude::*;
use kiln::{numpy as np, random};
use roxmltree::Document;

const NAN: f64 = f64::NAN;

/// Returns the SVG file of a plot, after a check that it is well-formed.
fn svg(plot: &Plot) -> String {
    let svg = plot.to_svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!(document.root_element().tag_name().name(), "svg");
    for attribute in document.descendants().flat_map(|node| node.attributes()) {
        let value = attribute.value();
        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
    }
    svg
}

/// Returns the texts of a file in their order.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| node.text().unwrap_or("").trim().to_string())
        .collect()
}

/// The colours of the first series.
const COLORS: [&str; 3] = ["#3A86E0", "#E0701A", "#2F9E5F"];

/// Returns an attribute of the elements with this name and colour.
fn attributes(svg: &str, name: &str, color: &str, attribute: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let colored =
        |node: &roxmltree::Node| [node.attribute("stroke"), node.attribute("fill")].contains(&Some(color));
    let elements = document.descendants().filter(|node| node.has_tag_name(name));
    elements
        .filter(colored)
        .map(|node| node.attribute(attribute).unwrap().to_string())
        .collect()
}

/// Returns the points of the parts of a line, or of the outline of a histogram.
fn points(svg: &str, name: &str, color: &str) -> Vec<Vec<[f64; 2]>> {
    let numbers = |text: &str| -> Vec<f64> {
        text.split([' ', ','])
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let parts = attributes(svg, name, color, "points");
    parts
        .iter()
        .map(|part| {
            numbers(part)
                .chunks(2)
                .map(|point| [point[0], point[1]])
                .collect()
        })
        .collect()
}

fn waves() -> Plot {
    let x = np::linspace(0.0, 10.0, 200);
    Plot::new()
        .title("Waves & <more>")
        .line(&x, x.sin())
        .label("sine")
        .line(&x, x.cos())
        .label("cosine")
        .scatter(&x, x.sin() / 2)
        .x_label("time")
        .y_label("height")
        .size(720, 420)
}

fn hill() -> (Array, Array) {
    let x = np::linspace(-3.0, 3.0, 50);
    let z = (-(x.reshape((-1, 1)).pow(2) + x.pow(2))).exp();
    (x, z)
}

/// Returns one plot of each kind.
fn all_kinds() -> Vec<Plot> {
    let samples = random::normal(Key::new(0), 1000);
    let (x, z) = hill();
    vec![
        waves(),
        Plot::new().histogram(&samples, 40).density().label("samples"),
        Plot::new().heat_map(&z).label("z"),
        Plot::new().heat_map_over(&x, &x, &z),
        Plot::new()
            .surface(&x, &x, &z)
            .label("z")
            .x_label("x")
            .y_label("y")
            .title("hill"),
    ]
}

#[test]
fn what_is_written_around_the_data() {
    let svg = svg(&waves());
    let texts = texts(&svg);
    for text in [
        "Waves & <more>",
        "sine",
        "cosine",
        "time",
        "height",
        "0",
        "10",
        "−1.0",
        "0.0",
        "1.0",
    ] {
        assert!(texts.iter().any(|found| found == text), "{text} in {texts:?}");
    }
    assert!(svg.starts_with("<svg width=\"720\" height=\"420\" "));
    assert!(svg.contains("font-family=\"sans-serif\"") && !svg.contains("<?xml"));
}

#[test]
fn each_series_is_drawn_in_its_colour() {
    let svg = svg(&waves());
    for color in &COLORS[..2] {
        // The line, and its sample in the legend.
        let lengths: Vec<usize> = points(&svg, "polyline", color).iter().map(Vec::len).collect();
        assert_eq!(lengths, [200, 2]);
    }
    assert_eq!(attributes(&svg, "circle", COLORS[2], "r").len(), 200);
}

#[test]
fn points_stand_where_the_axes_say() {
    let svg = svg(&Plot::new().line([0, 1, 2], [0, 10, 20]));
    let [start, middle, end] = points(&svg, "polyline", COLORS[0])[0][..] else {
        panic!("three points")
    };
    // A point further up has a smaller number, and the middle is halfway.
    assert!(start[0] < middle[0] && middle[0] < end[0] && start[1] > middle[1] && middle[1] > end[1]);
    for i in [0, 1] {
        assert!((start[i] + end[i] - 2.0 * middle[i]).abs() <= 2.0);
    }
    let document = Document::parse(&svg).unwrap();
    let number = |text: &str, attribute: &str| -> f64 {
        let mut nodes = document.descendants().filter(|node| node.has_tag_name("text"));
        let node = nodes.find(|node| node.text().unwrap().trim() == text).unwrap();
        node.attribute(attribute).unwrap().parse().unwrap()
    };
    // The number is under its point, or beside it.
    assert!((number("1.0", "x") - middle[0]).abs() <= 2.0);
    assert!((number("10", "y") - middle[1]).abs() <= 2.0);
}

#[test]
fn the_same_data_gives_the_same_file() {
    for (one, other) in all_kinds().iter().zip(all_kinds()) {
        assert_eq!(svg(one), svg(&other));
        assert_eq!(one.to_png().unwrap(), other.to_png().unwrap());
    }
}

#[test]
fn dtypes_do_not_matter() {
    let of = |dtype| {
        svg(&Plot::new().line(
            np::arange(5).astype(dtype),
            np::array([0, 1, 0, 1, 1]).astype(dtype),
        ))
    };
    for dtype in DType::ALL.into_iter().filter(|&dtype| dtype != DType::Bool) {
        assert_eq!(of(dtype), of(DType::F32), "{dtype}");
    }
    let flags = svg(&Plot::new().line(np::arange(3), [true, false, true]));
    assert_eq!(points(&flags, "polyline", COLORS[0])[0].len(), 3);
}

#[test]
fn pngs_have_their_size_and_are_not_blank() {
    for plot in all_kinds() {
        let bytes = plot.clone().size(500, 300).to_png().unwrap();
        let image = lodepng::decode32(&bytes).unwrap();
        assert_eq!((image.width, image.height), (500, 300));
        let pixels: Vec<[u8; 4]> = image
            .buffer
            .iter()
            .map(|pixel| [pixel.r, pixel.g, pixel.b, pixel.a])
            .collect();
        assert_eq!(pixels[0], [255; 4]);
        assert!(pixels.iter().all(|pixel| pixel[3] == 255));
        let drawn = pixels.iter().filter(|pixel| pixel[..3] != [255; 3]).count();
        assert!(drawn > 2000, "{drawn} pixels");
    }
}

#[test]
fn lines_that_cross_themselves_have_no_holes_in_pngs() {
    // The line runs four times around the same circle.
    let turn = np::linspace(0.0, 4.0 * std::f64::consts::TAU, 400);
    let colored = |turns: &Array| {
        let bytes = Plot::new().line(turns.cos(), turns.sin()).to_png().unwrap();
        let image = lodepng::decode24(&bytes).unwrap();
        image
            .buffer
            .iter()
            .filter(|pixel| (pixel.r, pixel.b) == (0x3a, 0xe0))
            .count()
    };
    let (four, one) = (colored(&turn), colored(&(&turn / 4)));
    assert!(one > 500 && four >= one, "{four} pixels, not {one}");
}

/// Returns the cells of a heat map with their colours, by their columns and rows from the upper left.
fn cells(plot: &Plot) -> Vec<(usize, usize, String)> {
    let svg = svg(plot);
    let document = Document::parse(&svg).unwrap();
    let rects = document.descendants().filter(|node| node.has_tag_name("rect"));
    let number =
        |node: &roxmltree::Node, name: &str| -> i64 { node.attribute(name).unwrap().parse().unwrap() };
    // The frame is the first rectangle that is not filled. The colour bar comes after it.
    let rects = rects.take_while(|node| node.attribute("fill") != Some("none"));
    let rects: Vec<_> = rects
        .map(|node| {
            (
                number(&node, "x"),
                number(&node, "y"),
                node.attribute("fill").unwrap().to_string(),
            )
        })
        .collect();
    let mut at: [Vec<i64>; 2] = [
        rects.iter().map(|rect| rect.0).collect(),
        // Cells reach a bit beyond their ends. That is up if the rows go up.
        rects.iter().map(|rect| rect.1 / 20).collect(),
    ];
    at.iter_mut().for_each(|at| {
        at.sort();
        at.dedup();
    });
    let place = |axis: usize, here: i64| at[axis].binary_search(&here).unwrap();
    let mut cells: Vec<_> = rects
        .into_iter()
        .map(|(x, y, color)| (place(1, y / 20), place(0, x), color))
        .collect();
    cells.sort();
    cells
}

#[test]
fn a_heat_map_has_its_cells() {
    // The first row of a matrix is at the top. The first row of a function is at the bottom.
    let z = np::array([[0.0, 1.0, NAN], [2.0, 3.0, 4.0]]);
    let shades = {
        let row = np::array([[0.0, 1.0, 2.0, 3.0, 4.0]]);
        cells(&Plot::new().heat_map(row))
            .into_iter()
            .map(|cell| cell.2)
            .collect::<Vec<_>>()
    };
    assert_eq!((shades[0].as_str(), shades[4].as_str()), ("#440154", "#FEE825"));
    let shown = |plot: Plot| -> Vec<(usize, usize, usize)> {
        let shade = |color: &str| shades.iter().position(|shade| shade == color).unwrap();
        cells(&plot)
            .into_iter()
            .map(|(row, column, color)| (row, column, shade(&color)))
            .collect()
    };
    assert_eq!(
        shown(Plot::new().heat_map(&z)),
        [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3), (1, 2, 4)]
    );
    let over = |x: [i32; 2], y: [i32; 3]| shown(Plot::new().heat_map_over(x, y, &z));
    assert_eq!(
        over([0, 1], [0, 1, 2]),
        [(0, 1, 4), (1, 0, 1), (1, 1, 3), (2, 0, 0), (2, 1, 2)]
    );
    assert_eq!(
        over([1, 0], [0, 1, 2]),
        [(0, 0, 4), (1, 0, 3), (1, 1, 1), (2, 0, 2), (2, 1, 0)]
    );
    assert_eq!(
        over([0, 1], [2, 1, 0]),
        [(0, 0, 0), (0, 1, 2), (1, 0, 1), (1, 1, 3), (2, 1, 4)]
    );
}

#[test]
fn lines_have_gaps_where_numbers_are_not_finite() {
    let y = np::array([NAN, 1.0, 2.0, f64::INFINITY, 3.0, NAN, NAN, 2.0, 1.0, 0.5]);
    let svg = svg(&Plot::new().line(np::arange(10), &y).scatter(np::arange(10), &y));
    let lengths: Vec<usize> = points(&svg, "polyline", COLORS[0]).iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 3]);
    // A point by itself is a dot.
    assert_eq!(attributes(&svg, "circle", COLORS[0], "r").len(), 1);
    assert_eq!(attributes(&svg, "circle", COLORS[1], "r").len(), 6);
}

#[test]
fn histograms_leave_out_what_is_not_finite() {
    let samples = [0.0, 1.0, 1.0, 2.0, 2.0, 2.0];
    let with: Vec<f64> = samples.into_iter().chain([NAN, f64::NEG_INFINITY]).collect();
    let of = |samples: &[f64]| svg(&Plot::new().histogram(samples, 3));
    assert_eq!(of(&samples), of(&with));
    // The outline has steps up: the heights are 1, 2 and 3.
    let outline = points(&of(&samples), "polygon", COLORS[0]).remove(0);
    let base = outline[0][1];
    let heights: Vec<f64> = [1, 3, 5].map(|i| base - outline[i][1]).to_vec();
    assert!(
        (heights[1] - 2.0 * heights[0]).abs() < 4.0 && (heights[2] - 3.0 * heights[0]).abs() < 4.0,
        "{heights:?}"
    );
}

#[test]
fn constant_data_is_drawn() {
    let threes = np::full(4, 3);
    for plot in [
        Plot::new().line(np::arange(4), &threes),
        Plot::new().line(&threes, &threes),
        Plot::new().scatter(np::zeros(1), np::zeros(1)),
        Plot::new().line(np::arange((1, 5)), &threes).log_x().log_y(),
        Plot::new().histogram(&threes, 5),
        Plot::new().heat_map(np::zeros((1, 1))),
        Plot::new().surface(np::arange(2), np::arange(2), np::zeros((2, 2))),
    ] {
        assert!(texts(&svg(&plot)).len() >= 3);
        plot.to_png().unwrap();
    }
}

#[test]
fn extreme_numbers_are_drawn() {
    let x = Array::new(vec![-1e308, -9e299, 0.0, 5e-324, 9e299, f64::MAX], 6);
    let line = points(&svg(&Plot::new().line(&x, &x)), "polyline", COLORS[0]);
    // Numbers of more than 1e300 are left out.
    assert_eq!(line.iter().map(Vec::len).collect::<Vec<_>>(), [4]);
    svg(&Plot::new().scatter(&x, &x).log_x().log_y());
    svg(&Plot::new().histogram(&x, 10).log_y());
    svg(&Plot::new().heat_map(x.reshape((2, 3))));
    let z = Array::new(vec![-9e299, 0.0, 9e299, 5e-324, 1.0, 2.0], (2, 3));
    svg(&Plot::new().surface(np::arange(2), np::arange(3), &z));
}

#[test]
fn log_axes_have_powers_of_ten_and_leave_out_the_rest() {
    let x = np::array([-1.0, 0.0, 1.0, 10.0, 100.0, 1000.0]);
    let svg = svg(&Plot::new().line(&x, &x).scatter(&x, &x).log_x().log_y());
    let line = points(&svg, "polyline", COLORS[0]).remove(0);
    assert_eq!(line.len(), 4);
    let steps: Vec<f64> = line.windows(2).map(|pair| pair[1][0] - pair[0][0]).collect();
    assert!(
        steps.iter().all(|step| (step - steps[0]).abs() <= 2.0),
        "{steps:?}"
    );
    let texts = texts(&svg);
    assert_eq!(texts, ["10⁰", "10¹", "10²", "10³", "10⁰", "10¹", "10²", "10³"]);
}

#[test]
fn what_is_huge_stays_small() {
    let n = 1_000_000;
    let (t, noise) = (np::arange(n), random::normal(Key::new(0), (2, n)));
    let (x, y) = (noise.index(0), noise.index(1));
    let walk = svg(&Plot::new().line(&t, x.cumsum()));
    assert!(walk.len() < 60_000, "{} bytes", walk.len());
    let tangle = svg(&Plot::new().line(&x, &y));
    assert!(tangle.len() < 600_000, "{} bytes", tangle.len());
    let cloud = svg(&Plot::new().scatter(&x, &y));
    assert!(cloud.len() < 600_000, "{} bytes", cloud.len());
    let map = svg(&Plot::new().heat_map(noise.reshape((1000, -1))));
    assert!(map.len() < 2_000_000, "{} bytes", map.len());
    let (x, z) = hill();
    let surface = svg(&Plot::new().surface(&x, &x, &z));
    assert!(surface.len() < 250_000, "{} bytes", surface.len());
    let fine = np::linspace(0.0, 1.0, 400);
    let surface = svg(&Plot::new().surface(&fine, &fine, fine.reshape((-1, 1)) * &fine));
    assert!(surface.len() < 350_000, "{} bytes", surface.len());
}

#[test]
fn surfaces_have_holes() {
    let (x, mut z) = hill();
    // The three sides of the box are polygons too.
    let facets = |z: &Array| svg(&Plot::new().surface(&x, &x, z)).matches("<polygon").count() - 3;
    assert_eq!(facets(&z), 49 * 49);
    z = z.at((10, 20)).set(NAN);
    assert_eq!(facets(&z), 49 * 49 - 4);
}

#[test]
fn there_is_no_size_too_small() {
    for plot in all_kinds() {
        let small = plot.x_label("x").y_label("y").title("title").size(100, 100);
        svg(&small);
        small.to_png().unwrap();
    }
}

#[test]
fn files_are_written_by_their_extension() {
    let folder = std::env::temp_dir().join(format!("kiln-plot-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    waves().save(folder.join("waves.svg")).unwrap();
    waves().save(folder.join("waves.PNG")).unwrap();
    assert_eq!(
        std::fs::read_to_string(folder.join("waves.svg")).unwrap(),
        svg(&waves())
    );
    assert_eq!(
        std::fs::read(folder.join("waves.PNG")).unwrap(),
        waves().to_png().unwrap()
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn errors_say_what_is_wrong() {
    let nan = np::full(3, NAN);
    let x = np::arange(3);
    let down = -np::ones(3);
    let cases = [
        (
            Plot::new(),
            "plot: the plot is empty: add a line, scatter, histogram, heat_map or surface",
        ),
        (
            Plot::new().line(&x, &x).line(&x, &nan),
            "plot: the line (series 2 of 2) has nothing to draw: no point is finite",
        ),
        (
            Plot::new().scatter(&nan, &x).label("samples"),
            "plot: the scatter `samples` has nothing to draw: no point is finite",
        ),
        (
            Plot::new().line(&x, &down).log_y(),
            "plot: the line (series 1 of 1) has nothing to draw: nothing is positive where an axis is logarithmic",
        ),
        (
            Plot::new().histogram(&nan, 3),
            "plot: the histogram (series 1 of 1) has nothing to draw: no sample is a number in the range",
        ),
        (
            Plot::new().histogram_range(&x, 3, 5.0..6.0),
            "plot: the histogram (series 1 of 1) has nothing to draw: no sample is a number in the range",
        ),
        (
            Plot::new().heat_map(np::full((2, 2), NAN)),
            "plot: the heat map (series 1 of 1) has nothing to draw: no number is finite",
        ),
        (
            Plot::new().surface(&x, &x, np::full((3, 3), NAN)),
            "plot: the surface (series 1 of 1) has nothing to draw: no cell has four finite corners, positive where an axis is \
             logarithmic",
        ),
        (
            Plot::new().surface(-1 - &x, &x, np::zeros((3, 3))).log_x(),
            "plot: the surface (series 1 of 1) has nothing to draw: no cell has four finite corners, positive where an axis is \
             logarithmic",
        ),
    ];
    for (plot, message) in cases {
        assert_eq!(plot.to_svg().unwrap_err().to_string(), message);
        assert_eq!(plot.to_png().unwrap_err().to_string(), message);
    }
    for file in ["plot.pdf", "plot", ".svg"] {
        let error = waves().save(file).unwrap_err();
        assert!(matches!(&error, Error::Extension(path) if path.to_str() == Some(file)));
        assert_eq!(
            error.to_string(),
            format!("plot: {file} says no kind of file that can be written: end it in .svg or .png")
        );
    }
    let error = waves().save("/there/is/no/such/folder/plot.svg").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("plot: /there/is/no/such/folder/plot.svg cannot be written: "),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
}
