//! Runs rows of a table (an op, its operands, its results) on every backend and by every route.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

pub mod device;

use burn_backend::{DType as BurnDType, Element, TensorData};
use burn_flex::Flex;
use kiln_burn::sister::kiln_dtype;
use kiln_burn::{Kernels, Route, Tensor, lower_with, on_host, reads};
use kiln_program::{ArrayType, Op, infer};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One row.
pub struct Row {
    pub op: Op,
    pub inputs: Vec<TensorData>,
    pub expected: Vec<TensorData>,
    /// The allowed relative error. Functions of f32 on a device have [`device::bound`] instead.
    pub tolerance: f64,
    pub routes: &'static [Route],
    /// True if integers overflow. Burn's CPU backends check overflow; there only `Host` wraps.
    pub wraps: bool,
}

pub const ALL: &[Route] = &[Route::Host, Route::Device, Route::Gradient];
pub const HOST: &[Route] = &[Route::Host];
pub const RUNNING: &[Route] = &[Route::Host, Route::Device];

/// A row for all routes, whose results must be exact.
pub fn row(op: Op, inputs: Vec<TensorData>, expected: TensorData) -> Row {
    Row {
        op,
        inputs,
        expected: vec![expected],
        tolerance: 0.0,
        routes: ALL,
        wraps: false,
    }
}

impl Row {
    pub fn on(self, routes: &'static [Route]) -> Row {
        Row { routes, ..self }
    }

    /// A row whose integers overflow.
    pub fn wrapping(self) -> Row {
        Row {
            wraps: true,
            ..self.on(RUNNING)
        }
    }

    pub fn within(self, tolerance: f64) -> Row {
        Row { tolerance, ..self }
    }

    /// The types of all operands and results: the dtype that an op names is that of a result.
    #[cfg(feature = "wgpu")]
    fn types(&self) -> Vec<ArrayType> {
        self.inputs.iter().chain(&self.expected).map(type_of).collect()
    }
}

/// An array.
pub fn a<T: Element>(values: impl Into<Vec<T>>, shape: impl Into<Vec<usize>>) -> TensorData {
    TensorData::new(values.into(), shape.into())
}

/// A vector.
pub fn v<T: Element>(values: impl Into<Vec<T>>) -> TensorData {
    let values = values.into();
    let n = values.len();
    TensorData::new(values, vec![n])
}

/// A scalar.
pub fn s<T: Element>(value: T) -> TensorData {
    TensorData::new(vec![value], Vec::<usize>::new())
}

pub fn type_of(data: &TensorData) -> ArrayType {
    let dtype = kiln_dtype(data.dtype());
    ArrayType::new(dtype, data.shape().to_vec())
}

/// Runs every row everywhere, and fails naming every row that failed.
#[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
pub fn check(rows: Vec<Row>) {
    let mut failures = Vec::new();
    for row in &rows {
        for &route in row.routes {
            // The other routes are for other backends: on Flex they are as good as there.
            if route == Route::Host || !row.wraps {
                note(&mut failures, "flex", route, row, run_row::<Flex>);
            }
            #[cfg(feature = "ndarray")]
            if route == Route::Host {
                note(
                    &mut failures,
                    "ndarray",
                    route,
                    row,
                    run_row::<burn_ndarray::NdArray>,
                );
            }
            #[cfg(feature = "wgpu")]
            if route == Route::Device && row.types().iter().all(device::has) {
                note(&mut failures, "wgpu", route, row, run_row::<burn_wgpu::Wgpu>);
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn note(
    failures: &mut Vec<String>,
    backend: &str,
    route: Route,
    row: &Row,
    run: impl Fn(Route, &Row) -> Result<(), String>,
) {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(route, row)));
    let message = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(message)) => message,
        Err(panic) => format!("panicked: {:?}", panic.downcast_ref::<String>()),
    };
    let types: Vec<String> = row.inputs.iter().map(|x| type_of(x).to_string()).collect();
    failures.push(format!("{backend} {route:?} {:?} {types:?}: {message}", row.op));
}

fn run_row<B: Kernels>(route: Route, row: &Row) -> Result<(), String> {
    let device = B::Device::default();
    let types: Vec<ArrayType> = row.inputs.iter().map(type_of).collect();
    let types: Vec<&ArrayType> = types.iter().collect();
    let inputs: Vec<Tensor<B>> = row
        .inputs
        .iter()
        .map(|x| Tensor::from_data(x.clone(), &device))
        .collect();
    let before = reads();
    let outputs = lower_with(route, &row.op, inputs, &types, &device);
    if let (Route::Device, Some(first)) = (Route::of::<B>(&device), types.first()) {
        let (read, said) = (reads() > before, on_host(&row.op, first.dtype));
        // An array of one element is sorted already, and an array without elements needs no read.
        if read != said.is_some() && first.shape.size() > 1 {
            return Err(format!("read from the device: {read}, said of it: {said:?}"));
        }
    }
    let wanted = infer(&row.op, &types).map_err(|error| error.to_string())?;
    if outputs.len() != wanted.len() || outputs.len() != row.expected.len() {
        return Err(format!("{} results", outputs.len()));
    }
    for ((got, of), expected) in outputs.into_iter().zip(&wanted).zip(&row.expected) {
        let shape = if of.shape.is_empty() {
            vec![1]
        } else {
            of.shape.to_vec()
        };
        if got.dtype() != of.dtype || got.shape() != shape {
            return Err(format!("{} of shape {:?}, not {of}", got.dtype(), got.shape()));
        }
        if *of != type_of(expected) {
            return Err(format!("the row says {}, the op {of}", type_of(expected)));
        }
        let got = got.into_data();
        match functions(route, row) {
            Some(bounds) => within(&got, expected, &bounds)?,
            None => compare(&got, expected, row.tolerance)?,
        }
    }
    Ok(())
}

/// The bound for each element of an elementwise function of f32 on a device.
fn functions(route: Route, row: &Row) -> Option<Vec<f64>> {
    let elementwise = matches!(row.op, Op::Unary(_) | Op::Binary(_) | Op::MulAdd);
    if route != Route::Device || !elementwise || row.inputs[0].dtype() != BurnDType::F32 {
        return None;
    }
    let operands: Vec<Vec<f64>> = row.inputs.iter().map(|x| x.iter::<f64>().collect()).collect();
    let at = |i: usize| operands.iter().map(|x| x[i]).collect::<Vec<f64>>();
    let count = row.expected[0].num_elements();
    Some((0..count).map(|i| device::bound(&row.op, &at(i))).collect())
}

/// Checks that elements are within bounds in ulp. The row's own rounding is half an ulp.
fn within(got: &TensorData, expected: &TensorData, bounds: &[f64]) -> Result<(), String> {
    for ((got, want), &bound) in got.iter::<f32>().zip(expected.iter::<f64>()).zip(bounds) {
        let error = device::error(got, want);
        if error > bound + 0.5 {
            return Err(format!(
                "got {got:e}, expected {want:e}: {error} ulp, not {bound}"
            ));
        }
    }
    Ok(())
}

/// Equal elements; NaN equals NaN, and zeros have signs unless there is a tolerance.
pub fn compare(got: &TensorData, expected: &TensorData, tolerance: f64) -> Result<(), String> {
    let close = |x: f64, y: f64| {
        if tolerance == 0.0 || !x.is_finite() || !y.is_finite() {
            x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan()
        } else {
            (x - y).abs() <= tolerance * y.abs().max(1e-30)
        }
    };
    let equal = match expected.dtype() {
        BurnDType::F32 | BurnDType::F64 => got
            .iter::<f64>()
            .zip(expected.iter::<f64>())
            .all(|(x, y)| close(x, y)),
        _ => got.as_bytes() == expected.as_bytes(),
    };
    if equal {
        Ok(())
    } else {
        Err(format!("got {got}, expected {expected}"))
    }
}
