//! An interpreter: a program's equations in order, each value dropped at its last use.

use crate::{Kernels, Route, Tensor, lower_with};
use kiln_program::{ArrayType, Program, Scan, Var, While};

/// Runs a program on a backend. Scalars go in and come out as shape `[1]`, as everywhere in this crate.
///
/// ```
/// use burn_backend::{Backend, TensorData};
/// use burn_flex::Flex;
/// use kiln_burn::{Tensor, run};
/// use kiln_program::{ArrayType, Binary, Builder, DType, Op};
///
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let y = b.push(Op::Binary(Binary::Mul), &[x, x])?[0];
/// let square = b.finish(&[y]);
///
/// let device = Default::default();
/// let x = Tensor::<Flex>::from_data(TensorData::from([1.0f32, 2.0, 3.0]), &device);
/// let y = run(&square, vec![x], &device).remove(0).into_data();
/// println!("{y}");
/// assert_eq!(y.as_slice::<f32>().unwrap(), [1.0, 4.0, 9.0]);
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
///
/// # Panics
/// When the inputs are not of the program's types, and when the device fails.
pub fn run<B: Kernels>(program: &Program, inputs: Vec<Tensor<B>>, device: &B::Device) -> Vec<Tensor<B>> {
    Interpreter::new(program, Route::of::<B>(device)).run(inputs, device)
}

/// A program with what is known before it runs, for running it many times.
pub(crate) struct Interpreter<'a> {
    program: &'a Program,
    route: Route,
    /// For each equation, the variables that it is the last to read, and results that nobody reads.
    dead: Vec<Vec<Var>>,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(program: &'a Program, route: Route) -> Interpreter<'a> {
        let mut seen = vec![false; program.variables()];
        for var in program.outputs() {
            seen[var.index()] = true;
        }
        let mut dead = Vec::with_capacity(program.equations().len());
        for equation in program.equations().iter().rev() {
            let vars = equation.outputs.iter().chain(&equation.inputs);
            dead.push(
                vars.copied()
                    .filter(|var| !std::mem::replace(&mut seen[var.index()], true))
                    .collect(),
            );
        }
        dead.reverse();
        Interpreter { program, route, dead }
    }

    pub(crate) fn run<B: Kernels>(&self, inputs: Vec<Tensor<B>>, device: &B::Device) -> Vec<Tensor<B>> {
        let program = self.program;
        assert_eq!(
            inputs.len(),
            program.inputs().len(),
            "the program takes another number of inputs"
        );
        let mut values: Vec<Option<Tensor<B>>> = inputs.into_iter().map(Some).collect();
        for (var, x) in program.inputs().zip(&values) {
            let (of, x) = (program.type_of(var), x.as_ref().expect("just put there"));
            let fits = x.dtype() == of.dtype && (of.shape.is_empty() || x.shape()[..] == of.shape[..]);
            assert!(
                fits,
                "input {} is {of}, got {} of shape {:?}",
                var.index(),
                x.dtype(),
                x.shape()
            );
        }
        values.resize_with(program.variables(), || None);
        for (equation, dead) in program.equations().iter().zip(&self.dead) {
            let mut left = equation.inputs.iter().enumerate();
            let operands = left
                .by_ref()
                .map(|(i, var)| {
                    let value = &mut values[var.index()];
                    // The last use hands the value over, so that its memory can be written to.
                    let last = dead.contains(var) && !equation.inputs[i + 1..].contains(var);
                    if last { value.take() } else { value.clone() }.expect("defined before its use")
                })
                .collect();
            let types: Vec<&ArrayType> = equation.inputs.iter().map(|&var| program.type_of(var)).collect();
            let results = lower_with(self.route, &equation.op, operands, &types, device);
            for (var, result) in equation.outputs.iter().zip(results) {
                if !dead.contains(var) {
                    values[var.index()] = Some(result);
                }
            }
        }
        let outputs = program.outputs();
        let result = outputs.iter().enumerate().map(|(i, var)| {
            let value = &mut values[var.index()];
            let again = outputs[i + 1..].contains(var);
            let value = if again { value.clone() } else { value.take() }.expect("defined");
            if program.type_of(*var).shape.is_empty() {
                value.reshape(&[1])
            } else {
                value
            }
        });
        result.collect()
    }
}

/// A loop with a fixed number of trips.
pub(crate) fn scan<B: Kernels>(
    scan: &Scan,
    operands: Vec<Tensor<B>>,
    types: &[&ArrayType],
    outputs: &[ArrayType],
    route: Route,
    device: &B::Device,
) -> Vec<Tensor<B>> {
    let body = Interpreter::new(&scan.body, route);
    let mut operands = operands.into_iter();
    let consts: Vec<Tensor<B>> = operands.by_ref().take(scan.consts).collect();
    let mut carry: Vec<Tensor<B>> = operands.by_ref().take(scan.carries).collect();
    let xs: Vec<Tensor<B>> = operands.collect();
    let slices: Vec<Vec<usize>> = types[scan.consts + scan.carries..]
        .iter()
        .map(|of| of.shape[1..].to_vec())
        .collect();
    let stacked = &outputs[scan.carries..];
    let mut ys: Vec<Vec<Tensor<B>>> = stacked.iter().map(|_| Vec::with_capacity(scan.length)).collect();
    for trip in 0..scan.length {
        let at = if scan.reverse {
            scan.length - 1 - trip
        } else {
            trip
        };
        let mut inputs = consts.clone();
        inputs.append(&mut carry);
        inputs.extend(xs.iter().zip(&slices).map(|(x, shape)| {
            if shape.contains(&0) {
                let of = ArrayType::new(x.dtype(), shape.clone());
                return Tensor::empty(&of, device);
            }
            x.clone().narrow(0, at, at + 1).reshape(shape)
        }));
        carry = body.run(inputs, device);
        for (y, ys) in carry.drain(scan.carries..).zip(&mut ys) {
            ys.push(y);
        }
    }
    carry.extend(ys.into_iter().zip(stacked).map(|(mut ys, of)| {
        if of.shape.size() == 0 {
            return Tensor::empty(of, device);
        }
        if scan.reverse {
            ys.reverse();
        }
        let mut row = of.shape.to_vec();
        row[0] = 1;
        Tensor::concatenate(ys.into_iter().map(|y| y.reshape(&row)).collect(), 0)
    }));
    carry
}

/// A loop on a condition, which the host reads before each trip.
pub(crate) fn repeat<B: Kernels>(
    w: &While,
    operands: Vec<Tensor<B>>,
    route: Route,
    device: &B::Device,
) -> Vec<Tensor<B>> {
    let condition = Interpreter::new(&w.condition, route);
    let body = Interpreter::new(&w.body, route);
    let mut operands = operands.into_iter();
    let consts: Vec<Tensor<B>> = operands.by_ref().take(w.consts).collect();
    let mut carry: Vec<Tensor<B>> = operands.collect();
    let with = |carry: Vec<Tensor<B>>| consts.iter().cloned().chain(carry).collect();
    loop {
        let flag = condition.run(with(carry.clone()), device).remove(0).into_data();
        if !crate::host::view::<bool>(&flag)[0] {
            return carry;
        }
        carry = body.run(with(carry), device);
    }
}
