//! Reads arrays as numbers to draw. Wrong arrays panic at the user's line with `plot: fact: hint`.

use super::refuse;
use kiln_core::{Array, DType};

/// Returns the elements of an argument.
#[track_caller]
fn values(method: &str, name: &str, array: &Array) -> Vec<f64> {
    if array.is_traced() {
        refuse!(
            "{method} has a traced {name}, {}: return it from the function that is traced, and plot the result",
            array.array_type()
        )
    }
    if array.size() == 0 {
        refuse!(
            "{method} has an empty {name}, of shape {}: give at least one number",
            array.shape()
        )
    }
    macro_rules! read {
        ($($dtype:ident $type:ty),*) => {
            match array.dtype() {
                $(DType::$dtype => array.to_vec::<$type>().into_iter().map(|x| x as f64).collect(),)*
                DType::Bool => array.to_vec::<bool>().into_iter().map(f64::from).collect(),
            }
        };
    }
    read!(I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64)
}

/// Returns the elements of an argument of one axis.
#[track_caller]
pub(super) fn vector(method: &str, name: &str, array: &Array) -> Vec<f64> {
    if array.ndim() != 1 {
        refuse!(
            "{method} wants {name} of one axis, not of shape {}: take one row, or ravel it",
            array.shape()
        )
    }
    values(method, name, array)
}

/// Returns the coordinates of points.
#[track_caller]
pub(super) fn points(method: &str, x: &Array, y: &Array) -> [Vec<f64>; 2] {
    let points = [vector(method, "x", x), vector(method, "y", y)];
    if x.shape() != y.shape() {
        refuse!(
            "{method} has x of shape {} and y of shape {}: give a y for each x",
            x.shape(),
            y.shape()
        )
    }
    points
}

/// Numbers over a grid: `z[i * y.len() + j]` is at `x[i]` and `y[j]`, both of which increase.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) z: Vec<f64>,
}

impl Grid {
    /// Makes a grid. The first axis of `z` belongs to `x`, the second to `y`.
    #[track_caller]
    pub(super) fn new(method: &str, x: &Array, y: &Array, z: &Array) -> Grid {
        let mut grid = Grid {
            x: vector(method, "x", x),
            y: vector(method, "y", y),
            z: matrix(method, z),
        };
        let (rows, columns) = (x.len(), y.len());
        if z.shape()[..] != [rows, columns] {
            let hint = match z.shape()[..] == [columns, rows] {
                true => "transpose z, as z[i, j] is at x[i] and y[j]",
                false => "z[i, j] is at x[i] and y[j]",
            };
            refuse!(
                "{method} has z of shape {}, where x of shape {} and y of shape {} ask for ({rows}, {columns}): {hint}",
                z.shape(),
                x.shape(),
                y.shape()
            )
        }
        if falls(method, "x", &grid.x) {
            grid.x.reverse();
            grid.z = grid.z.chunks(columns).rev().flatten().copied().collect();
        }
        if falls(method, "y", &grid.y) {
            grid.y.reverse();
            grid.z.chunks_mut(columns).for_each(<[f64]>::reverse);
        }
        grid
    }

    /// Makes a grid of a matrix over its indices: columns along x, rows along y.
    #[track_caller]
    pub(super) fn of_matrix(method: &str, z: &Array) -> Grid {
        let elements = matrix(method, z);
        let (rows, columns) = (z.shape()[0], z.shape()[1]);
        let column = |j| (0..rows).map(move |i| i * columns + j);
        Grid {
            x: (0..columns).map(|j| j as f64).collect(),
            y: (0..rows).map(|i| i as f64).collect(),
            z: (0..columns).flat_map(column).map(|k| elements[k]).collect(),
        }
    }
}

#[track_caller]
fn matrix(method: &str, z: &Array) -> Vec<f64> {
    if z.ndim() != 2 {
        refuse!(
            "{method} wants z of two axes, not of shape {}: reshape it",
            z.shape()
        )
    }
    values(method, "z", z)
}

/// Returns true if the numbers decrease, false if they increase. Panics otherwise.
#[track_caller]
fn falls(method: &str, name: &str, numbers: &[f64]) -> bool {
    let falls = numbers.len() > 1 && numbers[1] < numbers[0];
    let pairs = numbers.windows(2).enumerate();
    for (i, pair) in pairs {
        let ordered = if falls {
            pair[1] < pair[0]
        } else {
            pair[0] < pair[1]
        };
        if !ordered {
            refuse!(
                "{method} wants {name} to increase or to decrease, but {name}[{i}] is {} and {name}[{}] is {}: sort it, \
                     and z with it",
                pair[0],
                i + 1,
                pair[1]
            )
        }
    }
    if !numbers.iter().all(|number| number.abs() < 1e300) {
        refuse!("{method} has {name} with a number that is not finite: leave it out, and what z has there")
    }
    falls
}
