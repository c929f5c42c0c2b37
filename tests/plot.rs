//! Plots are well-formed files that show what they were given.
#![cfg(feature = "plot")]

use kiln::plot::{Error, Plot};
use kiln::prelude::*;
use kiln::{numpy as np, random, s};
use roxmltree::Document;

const NAN: f64 = f64::NAN;

/// The SVG file of a plot, which is well-formed.
fn svg(plot: &Plot) -> String {
    let svg = plot.to_svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!(document.root_element().tag_name().name(), "svg");
    // Letters of pictures may spell anything.
    let coordinates = document.descendants().flat_map(|node| node.attributes());
    for attribute in coordinates.filter(|attribute| attribute.name() != "href") {
        let value = attribute.value();
        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
    }
    svg
}

/// The texts of a file in their order.
fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|node| node.text().unwrap_or("").to_string()).collect()
}

/// What elements of a class have for an attribute.
fn of_class(svg: &str, class: &str, attribute: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let elements = document
        .descendants()
        .filter(|node| node.attribute("class") == Some(class));
    elements
        .map(|node| node.attribute(attribute).unwrap_or("").to_string())
        .collect()
}

/// The lines of a path, each its points.
fn points(path: &str) -> Vec<Vec<[f64; 2]>> {
    let lines = path.split('M').skip(1);
    let numbers = |line: &str| -> Vec<f64> {
        let words = line
            .trim_end_matches("h0")
            .trim_end_matches('z')
            .split(['L', ' ']);
        words.map(|word| word.parse().unwrap()).collect()
    };
    lines
        .map(|line| {
            numbers(line)
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
        .line(&x, &x.sin())
        .label("sine")
        .line(&x, &x.cos())
        .label("cosine")
        .scatter(&x, &(x.sin() / 2))
        .x_label("time")
        .y_label("height")
        .size(720, 420)
}

fn hill() -> (Array, Array) {
    let x = np::linspace(-3.0, 3.0, 50);
    let z = (-(x.reshape((-1, 1)).pow(2) + x.pow(2))).exp();
    (x, z)
}

/// One plot of each kind.
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
    assert!(svg.starts_with(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"420\" viewBox=\"0 0 720 420\" font-family=\"sans-serif\""
    ));
}

#[test]
fn each_series_is_drawn_in_its_colour() {
    let svg = svg(&waves());
    let lines = of_class(&svg, "line", "stroke");
    let dots = of_class(&svg, "scatter", "stroke");
    assert_eq!((lines.len(), dots.len()), (2, 1));
    assert!(lines[0] != lines[1] && lines[1] != dots[0] && lines[0] != dots[0]);
    // The legend has the two that have labels.
    assert_eq!(of_class(&svg, "sample", "stroke"), lines);
    let path = points(&of_class(&svg, "line", "d")[0]);
    assert_eq!((path.len(), path[0].len()), (1, 200));
    assert_eq!(points(&of_class(&svg, "scatter", "d")[0]).len(), 200);
}

#[test]
fn points_stand_where_the_axes_say() {
    let svg = svg(&Plot::new().line(&np::array([0, 1, 2]), &np::array([0, 10, 20])));
    let [start, middle, end] = points(&of_class(&svg, "line", "d")[0])[0][..] else {
        panic!("three points")
    };
    // Up is a smaller number, and halfway is halfway.
    assert!(start[0] < middle[0] && middle[0] < end[0] && start[1] > middle[1] && middle[1] > end[1]);
    for i in [0, 1] {
        assert!((start[i] + end[i] - 2.0 * middle[i]).abs() < 0.25);
    }
    let document = Document::parse(&svg).unwrap();
    let number = |text: &str, attribute: &str| -> f64 {
        let mut nodes = document.descendants().filter(|node| node.has_tag_name("text"));
        let node = nodes.find(|node| node.text() == Some(text)).unwrap();
        node.attribute(attribute).unwrap().parse().unwrap()
    };
    // The number is under its point (ticks are in the middle of a pixel), or beside it.
    assert!((number("1.0", "x") - middle[0]).abs() <= 0.6);
    assert!((number("10", "y") - 4.3 - middle[1]).abs() <= 0.7);
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
            &np::arange(5).astype(dtype),
            &np::array([0, 1, 0, 1, 1]).astype(dtype),
        ))
    };
    for dtype in [
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::F64,
    ] {
        assert_eq!(of(dtype), of(DType::F32), "{dtype}");
    }
    let flags = np::array([true, false, true]);
    assert_eq!(
        points(&of_class(&svg(&Plot::new().line(&np::arange(3), &flags)), "line", "d")[0])[0].len(),
        3
    );
}

#[test]
fn pngs_have_their_size_and_are_not_blank() {
    for plot in all_kinds() {
        let bytes = plot.clone().size(500, 300).to_png().unwrap();
        let header = minipng::decode_png_header(&bytes).unwrap();
        assert_eq!((header.width(), header.height()), (500, 300));
        let mut buffer = vec![0; header.required_bytes_rgba8bpc()];
        let mut image = minipng::decode_png(&bytes, &mut buffer).unwrap();
        image.convert_to_rgba8bpc().unwrap();
        let pixels: Vec<&[u8]> = image.pixels().chunks(4).collect();
        assert_eq!(pixels[0], [255; 4]);
        assert!(pixels.iter().all(|pixel| pixel[3] == 255));
        let drawn = pixels.iter().filter(|pixel| pixel[..3] != [255; 3]).count();
        assert!(drawn > 2000, "{drawn} pixels");
    }
}

#[test]
fn a_heat_map_has_its_cells_as_pixels() {
    // The picture in the file is read back: the first row is on top of a matrix, and at the bottom of a function.
    let (low, high, hole) = ([0x44, 0x01, 0x54, 255], [0xfd, 0xe7, 0x25, 255], [0; 4]);
    let z = np::array([[0.0, 1.0, NAN], [1.0, 1.0, 0.0]]);
    assert_eq!(
        picture(&Plot::new().heat_map(&z)),
        (3, 2, vec![low, high, hole, high, high, low])
    );
    let over =
        |x: [i32; 2], y: [i32; 3]| picture(&Plot::new().heat_map_over(&np::array(x), &np::array(y), &z));
    assert_eq!(
        over([0, 1], [0, 1, 2]),
        (2, 3, vec![hole, low, high, high, low, high])
    );
    assert_eq!(
        over([1, 0], [0, 1, 2]),
        (2, 3, vec![low, hole, high, high, high, low])
    );
    assert_eq!(
        over([0, 1], [2, 1, 0]),
        (2, 3, vec![low, high, high, high, hole, low])
    );
}

/// The width, the height and the pixels of a heat map.
fn picture(plot: &Plot) -> (u32, u32, Vec<[u8; 4]>) {
    let link = of_class(&svg(plot), "picture", "href").remove(0);
    let letters = link.strip_prefix("data:image/png;base64,").unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = letters
        .chars()
        .filter_map(|letter| alphabet.find(letter))
        .fold(String::new(), |bits, six| bits + &format!("{six:06b}"));
    bits.truncate(bits.len() / 8 * 8);
    let bytes: Vec<u8> = (0..bits.len() / 8)
        .map(|i| u8::from_str_radix(&bits[8 * i..8 * i + 8], 2).unwrap())
        .collect();
    let mut buffer = vec![0; 1 << 16];
    let mut image = minipng::decode_png(&bytes, &mut buffer).unwrap();
    image.convert_to_rgba8bpc().unwrap();
    let pixels = image
        .pixels()
        .chunks(4)
        .take((image.width() * image.height()) as usize);
    (
        image.width(),
        image.height(),
        pixels.map(|pixel| pixel.try_into().unwrap()).collect(),
    )
}

#[test]
fn lines_have_gaps_where_numbers_are_not_finite() {
    let y = np::array([NAN, 1.0, 2.0, f64::INFINITY, 3.0, NAN, NAN, 2.0, 1.0, 0.5]);
    let svg = svg(&Plot::new().line(&np::arange(10), &y).scatter(&np::arange(10), &y));
    let lengths: Vec<usize> = points(&of_class(&svg, "line", "d")[0])
        .iter()
        .map(Vec::len)
        .collect();
    assert_eq!(lengths, [2, 1, 3]);
    assert_eq!(points(&of_class(&svg, "scatter", "d")[0]).len(), 6);
}

#[test]
fn histograms_leave_out_what_is_not_finite() {
    let samples = [0.0, 1.0, 1.0, 2.0, 2.0, 2.0];
    let with: Vec<f64> = samples.into_iter().chain([NAN, f64::NEG_INFINITY]).collect();
    let of = |samples: &[f64]| svg(&Plot::new().histogram(&np::array(samples), 3));
    assert_eq!(of(&samples), of(&with));
    // Steps up: the heights are 1, 2 and 3.
    let outline = points(&of_class(&of(&samples), "histogram", "d")[0]).remove(0);
    let base = outline[0][1];
    let heights: Vec<f64> = [1, 3, 5].map(|i| base - outline[i][1]).to_vec();
    assert!(
        (heights[1] - 2.0 * heights[0]).abs() < 0.4 && (heights[2] - 3.0 * heights[0]).abs() < 0.4,
        "{heights:?}"
    );
}

#[test]
fn constant_data_is_drawn() {
    let threes = np::full(4, 3);
    for plot in [
        Plot::new().line(&np::arange(4), &threes),
        Plot::new().line(&threes, &threes),
        Plot::new().scatter(&np::zeros(1), &np::zeros(1)),
        Plot::new().line(&np::arange((1, 5)), &threes).log_x().log_y(),
        Plot::new().histogram(&threes, 5),
        Plot::new().heat_map(&np::zeros((1, 1))),
        Plot::new().surface(&np::arange(2), &np::arange(2), &np::zeros((2, 2))),
    ] {
        assert!(texts(&svg(&plot)).len() >= 3);
        plot.to_png().unwrap();
    }
}

#[test]
fn extreme_numbers_are_drawn() {
    let x = Array::new(vec![-1e308, -9e299, 0.0, 5e-324, 9e299, f64::MAX], 6);
    let svg_of_both = svg(&Plot::new().line(&x, &x));
    let line = points(&of_class(&svg_of_both, "line", "d")[0]);
    // Numbers of more than 1e300 are left out.
    assert_eq!(line.iter().map(Vec::len).collect::<Vec<_>>(), [4]);
    svg(&Plot::new().scatter(&x, &x).log_x().log_y());
    svg(&Plot::new().histogram(&x, 10).log_y());
    svg(&Plot::new().heat_map(&x.reshape((2, 3))));
    let z = Array::new(vec![-9e299, 0.0, 9e299, 5e-324, 1.0, 2.0], (2, 3));
    svg(&Plot::new().surface(&np::arange(2), &np::arange(3), &z));
}

#[test]
fn log_axes_have_powers_of_ten_and_leave_out_the_rest() {
    let x = np::array([-1.0, 0.0, 1.0, 10.0, 100.0, 1000.0]);
    let svg = svg(&Plot::new().line(&x, &x).scatter(&x, &x).log_x().log_y());
    let line = points(&of_class(&svg, "line", "d")[0]).remove(0);
    assert_eq!(line.len(), 4);
    let steps: Vec<f64> = line.windows(2).map(|pair| pair[1][0] - pair[0][0]).collect();
    assert!(
        steps.iter().all(|step| (step - steps[0]).abs() < 0.25),
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
    let walk = svg(&Plot::new().line(&t, &x.cumsum()));
    assert!(walk.len() < 60_000, "{} bytes", walk.len());
    // Points in no order are not thinned by columns: they become a picture.
    let tangle = svg(&Plot::new().line(&x.index(s![..30_000]), &y.index(s![..30_000])));
    assert!(
        tangle.len() < 600_000 && tangle.contains("<image"),
        "{} bytes",
        tangle.len()
    );
    let cloud = svg(&Plot::new().scatter(&x, &y));
    assert!(
        cloud.len() < 400_000 && cloud.contains("<image"),
        "{} bytes",
        cloud.len()
    );
    let map = svg(&Plot::new().heat_map(&noise.reshape((1000, -1))));
    assert!(map.len() < 2_000_000, "{} bytes", map.len());
    let (x, z) = hill();
    let surface = svg(&Plot::new().surface(&x, &x, &z));
    assert!(surface.len() < 250_000, "{} bytes", surface.len());
    let fine = np::linspace(0.0, 1.0, 400);
    let surface = svg(&Plot::new().surface(&fine, &fine, &(fine.reshape((-1, 1)) * &fine)));
    assert!(surface.len() < 350_000, "{} bytes", surface.len());
}

#[test]
fn surfaces_have_holes() {
    let (x, mut z) = hill();
    assert_eq!(
        svg(&Plot::new().surface(&x, &x, &z))
            .matches("<path fill")
            .count(),
        49 * 49
    );
    z = z.at((10, 20)).set(NAN);
    assert_eq!(
        svg(&Plot::new().surface(&x, &x, &z))
            .matches("<path fill")
            .count(),
        49 * 49 - 4
    );
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
            Plot::new().heat_map(&np::full((2, 2), NAN)),
            "plot: the heat map (series 1 of 1) has nothing to draw: no number is finite",
        ),
        (
            Plot::new().surface(&x, &x, &np::full((3, 3), NAN)),
            "plot: the surface (series 1 of 1) has nothing to draw: no cell has four finite corners, positive where an axis is \
             logarithmic",
        ),
        (
            Plot::new().surface(&(-1 - &x), &x, &np::zeros((3, 3))).log_x(),
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
