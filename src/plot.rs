//! Plots of arrays: lines, scatters, histograms, heat maps and surfaces, as SVG or PNG files.
//!
//! ```
//! use kiln::numpy as np;
//! use kiln::plot::Plot;
//!
//! let x = np::linspace(0.0, 10.0, 200);
//! let file = std::env::temp_dir().join("waves.svg");
//! Plot::new()
//!     .title("Two waves")
//!     .line(&x, x.sin()).label("sin")
//!     .line(&x, x.cos()).label("cos")
//!     .x_label("x")
//!     .save(&file)?;
//! println!("{} bytes", std::fs::metadata(&file)?.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Equal data makes equal files, byte for byte. An SVG has no background. Its colours can be read on white
//! and on near-black, so one file serves light and dark pages. A PNG has a white background.
//!
//! Arrays may have any dtype. Numbers that cannot be drawn are left out: NaN, infinities, numbers of more
//! than 1e300, and on a log axis numbers that are not positive or less than 1e-300. Such a number is a gap in
//! a line, a missing dot, an uncounted sample, or a hole in a heat map or a surface. A series without a
//! number that can be drawn is an [`Error`]. Arrays whose shapes do not fit panic at the caller's line.
//!
//! Files stay small. A line with more than 4000 points keeps the points that can be seen: the first, lowest,
//! highest and last point of each run over one column of pixels. Dots that start at the same pixel are drawn
//! once. More than 5000 dots are drawn as squares, and so are lines that go back and forth through more than
//! 20,000 points. A heat map has at most 150 by 120 cells in an SVG, and at most one cell for each pixel in a
//! PNG.

mod axis;
mod color;
mod data;
mod figure;
mod file;
mod heat_map;
mod histogram;
mod paper;
mod series;
mod surface;

use axis::{Bounds, Scale};
use data::Grid;
use histogram::Histogram;
use kiln_core::Array;
use kiln_core::sister::show;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// Panics at the user's line.
macro_rules! refuse {
    ($($text:tt)*) => { kiln_core::sister::raise("plot", format!($($text)*)) };
}
use refuse;

/// A plot: series, and the texts around them.
///
/// ```
/// use kiln::numpy as np;
/// use kiln::plot::Plot;
///
/// let steps = np::arange((1, 20));
/// let error = (-0.7 * &steps).exp();
/// let svg = Plot::new()
///     .line(steps, error).label("bisection")
///     .log_y()
///     .x_label("steps")
///     .y_label("error")
///     .to_svg()?;
/// println!("{}", svg.contains("bisection")); // true
/// # Ok::<(), kiln::plot::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a plot is drawn by save, to_svg or to_png"]
pub struct Plot {
    title: Option<String>,
    x_label: Option<String>,
    y_label: Option<String>,
    log_x: bool,
    log_y: bool,
    width: u32,
    height: u32,
    series: Vec<Series>,
}

#[derive(Clone, Debug)]
struct Series {
    data: Data,
    label: Option<String>,
}

#[derive(Clone, Debug)]
enum Data {
    Line([Vec<f64>; 2]),
    Scatter([Vec<f64>; 2]),
    Histogram(Histogram),
    /// The rows of a matrix are drawn downwards, those along an axis upwards.
    HeatMap {
        grid: Grid,
        rows_down: bool,
    },
    Surface(Grid),
}

impl Data {
    fn name(&self) -> &'static str {
        match self {
            Data::Line(_) => "line",
            Data::Scatter(_) => "scatter",
            Data::Histogram(_) => "histogram",
            Data::HeatMap { .. } => "heat map",
            Data::Surface(_) => "surface",
        }
    }
}

/// The reason why a plot cannot be drawn or saved.
#[non_exhaustive]
pub enum Error {
    /// The plot has no series.
    Empty,
    /// A series has no number that can be drawn.
    NothingToDraw {
        /// The series, by its label or its number.
        series: String,
        /// The fact about all numbers of the series.
        fact: &'static str,
    },
    /// The extension is neither `.svg` nor `.png`.
    Extension(PathBuf),
    /// The file cannot be written.
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty => {
                f.write_str("plot: the plot is empty: add a line, scatter, histogram, heat_map or surface")
            }
            Error::NothingToDraw { series, fact } => write!(f, "plot: {series} has nothing to draw: {fact}"),
            Error::Extension(path) => write!(
                f,
                "plot: {} says no kind of file that can be written: end it in .svg or .png",
                path.display()
            ),
            Error::Io { path, source } => write!(f, "plot: {} cannot be written: {source}", path.display()),
        }
    }
}

kiln_backends::program::debug_by_display!(Error);

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Default for Plot {
    fn default() -> Plot {
        Plot::new()
    }
}

impl Plot {
    /// Makes an empty plot of 640 by 400 pixels.
    pub fn new() -> Plot {
        Plot {
            title: None,
            x_label: None,
            y_label: None,
            log_x: false,
            log_y: false,
            width: 640,
            height: 400,
            series: Vec::new(),
        }
    }

    /// Adds a line through the points `(x[i], y[i])` in their order, with gaps at numbers that are not
    /// finite. `x` and `y` have one axis of the same length.
    ///
    /// ```
    /// # use kiln::{numpy as np, plot::Plot};
    /// let t = np::linspace(0.0, std::f64::consts::TAU, 100);
    /// let svg = Plot::new().line(t.cos(), t.sin()).to_svg()?;
    /// # assert!(svg.starts_with("<svg"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When `x` or `y` does not have one axis, their lengths differ or are 0, or one belongs to a trace.
    #[track_caller]
    pub fn line(self, x: impl Into<Array>, y: impl Into<Array>) -> Plot {
        let points = data::points("line", &x.into(), &y.into());
        self.with(Data::Line(points))
    }

    /// Adds a dot at each of the points `(x[i], y[i])`. `x` and `y` have one axis of the same length.
    ///
    /// ```
    /// # use kiln::{Key, numpy as np, plot::Plot, random};
    /// let [one, other] = Key::new(0).split();
    /// let x = random::normal(one, 300);
    /// let y = &x + 0.5 * random::normal(other, 300);
    /// let svg = Plot::new().scatter(&x, y).label("samples").line(x.sort(), x.sort()).to_svg()?;
    /// # assert!(svg.contains("samples"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When `x` or `y` does not have one axis, their lengths differ or are 0, or one belongs to a trace.
    #[track_caller]
    pub fn scatter(self, x: impl Into<Array>, y: impl Into<Array>) -> Plot {
        let points = data::points("scatter", &x.into(), &y.into());
        self.with(Data::Scatter(points))
    }

    /// Adds a histogram: the number of samples in each of `bins` bins of equal width, from the least to the
    /// greatest sample. A bin includes its lower edge, and the last bin includes both edges, as in NumPy.
    /// Constant samples are in the middle of a range of width 1.
    ///
    /// ```
    /// # use kiln::{Key, plot::Plot, random};
    /// let samples = random::normal(Key::new(0), 10_000);
    /// let svg = Plot::new().histogram(samples, 60).to_svg()?;
    /// # assert!(svg.contains("polygon"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When `samples` does not have one axis, is empty or belongs to a trace, or there are no bins or more
    /// than 100,000.
    #[track_caller]
    pub fn histogram(self, samples: impl Into<Array>, bins: usize) -> Plot {
        self.binned("histogram", &samples.into(), bins, None)
    }

    /// Adds a [`histogram`](Plot::histogram) of the samples from `range.start` to `range.end`, both included.
    /// Other samples are left out.
    ///
    /// ```
    /// # use kiln::{Key, plot::Plot, random};
    /// let samples = random::cauchy(Key::new(0), 10_000);
    /// let svg = Plot::new().histogram_range(samples, 60, -10.0..10.0).to_svg()?;
    /// # assert!(svg.contains("polygon"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When `samples` does not have one axis, is empty or belongs to a trace, there are no bins or more than
    /// 100,000, or the range is not finite and rising.
    #[track_caller]
    pub fn histogram_range(self, samples: impl Into<Array>, bins: usize, range: Range<f64>) -> Plot {
        if !(range.start < range.end && range.start.abs() < 1e300 && range.end.abs() < 1e300) {
            refuse!(
                "histogram_range has the range {:?}..{:?}: give a finite one from low to high",
                range.start,
                range.end
            )
        }
        self.binned("histogram_range", &samples.into(), bins, Some(range))
    }

    #[track_caller]
    fn binned(self, method: &str, samples: &Array, bins: usize, range: Option<Range<f64>>) -> Plot {
        if !(1..=100_000).contains(&bins) {
            refuse!("{method} has {bins} bins: give between 1 and 100000")
        }
        let samples = data::vector(method, "samples", samples);
        self.with(Data::Histogram(Histogram::new(&samples, bins, range)))
    }

    /// Scales the last histogram to area 1, which estimates a density.
    ///
    /// ```
    /// # use kiln::{Key, numpy as np, plot::Plot, random};
    /// let x = np::linspace(-4.0, 4.0, 200);
    /// let normal = (-(&x * &x) / 2).exp() / std::f64::consts::TAU.sqrt();
    /// let svg = Plot::new()
    ///     .histogram(random::normal(Key::new(0), 10_000), 60).density().label("samples")
    ///     .line(&x, normal).label("normal")
    ///     .to_svg()?;
    /// # assert!(svg.contains("normal"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When the last series is not a histogram.
    #[track_caller]
    pub fn density(mut self) -> Plot {
        match self.series.last_mut().map(|series| &mut series.data) {
            Some(Data::Histogram(histogram)) => histogram.density = true,
            Some(other) => refuse!("density comes after a {}: put it after a histogram", other.name()),
            None => refuse!("density comes before any series: put it after a histogram"),
        }
        self
    }

    /// Adds a matrix as coloured cells, and a colour bar. The first row is on top, as in a printed matrix.
    /// The axes count columns and rows. [`label`](Plot::label) names the colour bar. If there are too many
    /// cells, neighbours are drawn as one cell with their mean.
    ///
    /// ```
    /// # use kiln::{numpy as np, plot::Plot};
    /// let svg = Plot::new().heat_map(np::identity(8)).to_svg()?;
    /// # assert!(svg.contains("<rect"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When `z` does not have two axes, is empty or belongs to a trace, or there is a heat map already.
    #[track_caller]
    pub fn heat_map(self, z: impl Into<Array>) -> Plot {
        let grid = Grid::of_matrix("heat_map", &z.into());
        self.with(Data::HeatMap {
            grid,
            rows_down: true,
        })
    }

    /// Adds a function of two variables as coloured cells. `z[i, j]` is its value at `x[i]` and `y[j]`, the
    /// middle of a cell. `x` and `y` increase or decrease, in equal steps or not. `z` has shape
    /// `(x.len(), y.len())`, as for [`surface`](Plot::surface).
    ///
    /// ```
    /// # use kiln::{numpy as np, plot::Plot};
    /// let (x, y) = (np::linspace(-3.0, 3.0, 60), np::linspace(-2.0, 2.0, 40));
    /// let z = (-(x.reshape((-1, 1)).pow(2) + y.pow(2))).exp();
    /// let svg = Plot::new().heat_map_over(x, y, z).label("density").x_label("x").y_label("y").to_svg()?;
    /// # assert!(svg.contains("density"));
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When the shapes do not fit, an array is empty or belongs to a trace, `x` or `y` is not in order or not
    /// finite, or there is a heat map already.
    #[track_caller]
    pub fn heat_map_over(self, x: impl Into<Array>, y: impl Into<Array>, z: impl Into<Array>) -> Plot {
        let grid = Grid::new("heat_map_over", &x.into(), &y.into(), &z.into());
        self.with(Data::HeatMap {
            grid,
            rows_down: false,
        })
    }

    /// Adds a function of two variables as a surface in a box, coloured by height. `z[i, j]` is its value at
    /// `x[i]` and `y[j]`, so `z` has shape `(x.len(), y.len())`. A surface is the only series of its plot.
    /// [`label`](Plot::label) names the third axis. At most 60 lines are drawn in each direction.
    ///
    /// ```
    /// # use kiln::{numpy as np, plot::Plot};
    /// let x = np::linspace(-3.0, 3.0, 50);
    /// let z = (-(x.reshape((-1, 1)).pow(2) + x.pow(2))).exp();
    /// let svg = Plot::new().surface(&x, &x, z).label("z").x_label("x").y_label("y").to_svg()?;
    /// println!("{}", svg.len() < 400_000); // true
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    ///
    /// # Panics
    /// When the shapes do not fit, an array belongs to a trace, `x` or `y` is not in order or not finite,
    /// there are fewer than two rows or columns, or there is another series.
    #[track_caller]
    pub fn surface(self, x: impl Into<Array>, y: impl Into<Array>, z: impl Into<Array>) -> Plot {
        let z = z.into();
        let grid = Grid::new("surface", &x.into(), &y.into(), &z);
        if grid.x.len() < 2 || grid.y.len() < 2 {
            refuse!(
                "surface has z of shape {}: give at least two rows and two columns",
                z.shape()
            )
        }
        self.with(Data::Surface(grid))
    }

    #[track_caller]
    fn with(mut self, data: Data) -> Plot {
        let is_map = |data: &Data| matches!(data, Data::HeatMap { .. });
        let is_surface = |data: &Data| matches!(data, Data::Surface(_));
        let there = |is: fn(&Data) -> bool| self.series.iter().any(|series| is(&series.data));
        if there(is_surface) || is_surface(&data) && !self.series.is_empty() {
            refuse!("a surface stands alone: make another Plot for the other series")
        }
        if is_map(&data) && there(is_map) {
            refuse!("there is a heat map already: make another Plot for this one")
        }
        self.series.push(Series { data, label: None });
        self
    }

    /// Names the last series, in the legend, beside a heat map's colour bar, or along a surface's third axis.
    ///
    /// # Panics
    /// When there is no series yet.
    #[track_caller]
    pub fn label(mut self, label: impl Into<String>) -> Plot {
        match self.series.last_mut() {
            Some(series) => series.label = Some(readable(label)),
            None => refuse!("label comes before any series: put it after the one that it names"),
        }
        self
    }

    /// Sets the title above the plot.
    pub fn title(mut self, title: impl Into<String>) -> Plot {
        self.title = Some(readable(title));
        self
    }

    /// Sets the label of the first axis.
    pub fn x_label(mut self, label: impl Into<String>) -> Plot {
        self.x_label = Some(readable(label));
        self
    }

    /// Sets the label of the second axis.
    pub fn y_label(mut self, label: impl Into<String>) -> Plot {
        self.y_label = Some(readable(label));
        self
    }

    /// Makes the first axis logarithmic. Numbers that are not positive are left out.
    pub fn log_x(mut self) -> Plot {
        self.log_x = true;
        self
    }

    /// Makes the second axis logarithmic. Numbers that are not positive are left out.
    pub fn log_y(mut self) -> Plot {
        self.log_y = true;
        self
    }

    /// Sets the width and height in pixels.
    ///
    /// # Panics
    /// When the width or the height is less than 100 or more than 10,000.
    #[track_caller]
    pub fn size(mut self, width: u32, height: u32) -> Plot {
        if ![width, height].iter().all(|side| (100..=10_000).contains(side)) {
            refuse!("the size is {width} x {height}: give sides between 100 and 10000 pixels")
        }
        (self.width, self.height) = (width, height);
        self
    }

    /// Writes an SVG or PNG file, according to the extension of the path.
    ///
    /// # Errors
    /// When the extension is neither `.svg` nor `.png`, there is nothing to draw, or the file cannot be
    /// written.
    ///
    /// ```
    /// # use kiln::{numpy as np, plot::Plot};
    /// let x = np::arange(10);
    /// Plot::new().line(&x, x.pow(2)).save(std::env::temp_dir().join("squares.png"))?;
    /// println!("{}", Plot::new().line(&x, &x).save("squares.pdf").unwrap_err());
    /// // plot: squares.pdf says no kind of file that can be written: end it in .svg or .png
    /// # Ok::<(), kiln::plot::Error>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        let bytes = match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("svg") => self.to_svg()?.into_bytes(),
            Some("png") => self.to_png()?,
            _ => return Err(Error::Extension(path.into())),
        };
        fs::write(path, bytes).map_err(|source| Error::Io {
            path: path.into(),
            source,
        })
    }

    /// Returns the text of an SVG file.
    ///
    /// # Errors
    /// When there is nothing to draw.
    pub fn to_svg(&self) -> Result<String, Error> {
        file::svg(self)
    }

    /// Returns the bytes of a PNG file.
    ///
    /// # Errors
    /// When there is nothing to draw.
    pub fn to_png(&self) -> Result<Vec<u8>, Error> {
        file::png(self)
    }

    /// Prints the plot as the value of a cell, in a notebook or in the REPL evcxr. A notebook draws the SVG,
    /// and the REPL prints a line. evcxr calls this method if a plot is the last expression of a cell.
    ///
    /// ```
    /// # use kiln::{numpy as np, plot::Plot};
    /// let x = np::arange(10);
    /// Plot::new().line(&x, x.pow(2)).evcxr_display();
    /// // EVCXR_BEGIN_CONTENT text/plain
    /// // a plot of 640 by 400 pixels: a notebook draws it, and .save("plot.svg") writes it
    /// // EVCXR_END_CONTENT
    /// // EVCXR_BEGIN_CONTENT image/svg+xml
    /// // <svg width="640" height="400" ...
    /// ```
    ///
    /// # Panics
    /// When there is nothing to draw.
    #[track_caller]
    pub fn evcxr_display(&self) {
        match self.to_svg() {
            Ok(svg) => {
                let size = format!("a plot of {} by {} pixels", self.width, self.height);
                let text = format!("{size}: a notebook draws it, and .save(\"plot.svg\") writes it");
                show("text/plain", &text);
                show("image/svg+xml", svg.trim_end());
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns the bounds of a series, or `None` if nothing of it can be drawn.
    fn bounds(&self, series: usize, scales: [Scale; 2]) -> Option<[Bounds; 2]> {
        match &self.series[series].data {
            Data::Line(points) | Data::Scatter(points) => series::bounds(points, scales),
            Data::Histogram(histogram) => histogram.bounds(scales),
            Data::HeatMap { grid, .. } => heat_map::bounds(grid, scales),
            Data::Surface(_) => None,
        }
    }

    /// Returns the error that a series has nothing to draw, with the reason.
    fn nothing(&self, i: usize) -> Error {
        let series = &self.series[i];
        let name = series.data.name();
        let on_plain_axes = self.bounds(i, [Scale::Linear; 2]).is_some();
        Error::NothingToDraw {
            series: match &series.label {
                Some(label) => format!("the {name} `{label}`"),
                None => format!("the {name} (series {} of {})", i + 1, self.series.len()),
            },
            fact: match series.data {
                Data::Surface(_) => "no cell has four finite corners, positive where an axis is logarithmic",
                _ if on_plain_axes => "nothing is positive where an axis is logarithmic",
                Data::Histogram(_) => "no sample is a number in the range",
                Data::HeatMap { .. } => "no number is finite",
                _ => "no point is finite",
            },
        }
    }
}

/// Returns a text as one line.
fn readable(text: impl Into<String>) -> String {
    text.into()
        .chars()
        .map(|letter| match letter {
            // XML does not allow these characters.
            '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}
