//! The elements of arrays: as a buffer, as Rust's numbers, and as text.

use super::place::{device_of, on, or_default};
use super::{Array, NoValue, Repr, Tracer};
use crate::display;
use crate::display::style::Style;
use crate::eager::run_op;
use crate::error::raise;
use crate::trace::take_values;
use kiln_backends::program::sister::quiet;
use kiln_backends::program::{DType, Op, Scalar};
use kiln_backends::{Buffer, Data, Device, Element};
use std::fmt;

impl Array {
    /// Returns the elements in memory.
    ///
    /// # Panics
    /// When the array belongs to a trace: it has no value.
    #[track_caller]
    pub(crate) fn look(&self, op: &str) -> Buffer {
        match self.try_buffer() {
            Ok(buffer) => buffer,
            Err(fact) => raise(op, fact),
        }
    }

    /// Returns the elements in the host's memory. On the CPU, the buffer is shared with this array. Elements
    /// on another device are copied once the device has computed them.
    ///
    /// # Errors
    /// When the array belongs to a trace: the error says why it has no value. When the device failed while it
    /// computed the elements.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let buffer = np::arange(3).try_buffer()?;
    /// assert_eq!(buffer.as_slice::<i32>(), [0, 1, 2]);
    /// # Ok::<(), kiln::NoValue>(())
    /// ```
    pub fn try_buffer(&self) -> Result<Buffer, NoValue> {
        let data = match &self.0 {
            Repr::Literal(number) => return Ok(Buffer::scalar(number.scalar(number.kind().dtype))),
            Repr::Concrete(array) => array.data.clone(),
            Repr::Tracer(array) => value_of(array).map_err(NoValue::Traced)?,
        };
        data.into_buffer().map_err(NoValue::Device)
    }

    /// Copies the elements into a vector, in row-major order.
    ///
    /// # Panics
    /// When the array belongs to a trace: it has no value. When `T` is not the dtype.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::arange(3).to_vec::<i32>(), [0, 1, 2]);
    /// ```
    #[track_caller]
    pub fn to_vec<T: Element>(&self) -> Vec<T> {
        let buffer = self.look("to_vec");
        let dtype = buffer.array_type().dtype;
        if dtype != T::DTYPE {
            raise(
                "to_vec",
                format!("the elements are {dtype}, not {}: use astype first", T::DTYPE),
            )
        }
        buffer.as_slice().to_vec()
    }

    /// Returns the only element, converted to `T` by the rules of [`astype`](Array::astype).
    ///
    /// # Panics
    /// When there is more than one element, or none. When the array belongs to a trace: it has no value.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// assert_eq!(np::array([1.5, 2.0]).sum().item::<f64>(), 3.5);
    /// ```
    #[track_caller]
    pub fn item<T: Element>(&self) -> T {
        let buffer = match &self.0 {
            Repr::Literal(number) => Buffer::scalar(number.scalar(T::DTYPE)),
            _ => self.look("item"),
        };
        if self.size() != 1 {
            raise(
                "item",
                format!("shape {} has {} elements, not one", self.shape(), self.size()),
            )
        }
        if buffer.array_type().dtype == T::DTYPE {
            return buffer.as_slice::<T>()[0];
        }
        Buffer::scalar(first(&buffer).cast(T::DTYPE)).as_slice::<T>()[0]
    }

    /// Waits until the device has computed the elements, and returns the array. Any thread may have requested
    /// them. On the CPU the elements are always ready. Other devices run asynchronously, and each runs the
    /// work of one thread in order.
    ///
    /// # Panics
    /// When the array belongs to a trace: it has no elements. When the device fails.
    ///
    /// ```
    /// use kiln::numpy as np;
    /// let x = np::ones(1_000_000).exp().block_until_ready();
    /// assert_eq!(x.size(), 1_000_000);
    /// ```
    #[track_caller]
    pub fn block_until_ready(self) -> Array {
        match &self.0 {
            Repr::Literal(_) => {}
            Repr::Concrete(array) => {
                if let Err(error) = array.data.wait() {
                    raise("block_until_ready", error)
                }
            }
            Repr::Tracer(array) => raise("block_until_ready", array.origin.no_value(&array.of)),
        }
        self
    }
}

/// Returns the value of a variable of a trace at a point. It runs the equations that were traced so far.
/// Values are cached, so each equation runs once.
#[track_caller]
pub(crate) fn value_of(tracer: &Tracer) -> Result<Data, String> {
    // The stack is not borrowed while an equation runs.
    let Some((inputs, equations, mut values)) = take_values(tracer) else {
        return Err(tracer.origin.no_value(&tracer.of));
    };
    if let Some(value) = values.get(tracer.var) {
        return Ok(value);
    }
    let device = device_of(inputs.iter().map(|(_, array)| array));
    let (outer, concrete): (Vec<_>, Vec<_>) = inputs.into_iter().partition(|(_, array)| array.is_traced());
    let found = values.found.iter().flatten().next().map(Data::device);
    let mut known = vec![];
    for (var, array) in outer {
        if let (None, Repr::Tracer(tracer)) = (values.get(var), &array.0) {
            known.push((var, value_of(tracer)?));
        }
    }
    let first = known.first().map(|(_, data)| data.device());
    let device = or_default(device.or(found).or(first));
    // The values that were found before are all on one device.
    if found.is_some_and(|found| found != device) {
        for data in values.found.iter_mut().flatten() {
            *data = along(device, data.clone());
        }
    }
    for (var, data) in known {
        values.put(var, along(device, data));
    }
    for (var, array) in concrete {
        if values.get(var).is_none() {
            values.put(var, on("look", device, array));
        }
    }
    for equation in &equations {
        // An effect happens when the function runs.
        if !matches!(equation.op, Op::Effect(_)) {
            let operands = equation
                .inputs
                .iter()
                .map(|var| values.get(*var).expect("defined before"));
            let results = run_op(&quiet(&equation.op), device, operands.collect());
            for (var, value) in equation.outputs.iter().zip(results) {
                values.put(*var, value);
            }
        }
        values.evaluated += 1;
    }
    Ok(values.get(tracer.var).expect("all so far was run"))
}

/// Moves a known value to the device of the others. Only a scalar may move.
fn along(device: Device, data: Data) -> Data {
    let array = match data.array_type().shape.is_empty() {
        true => Array::free(data, false),
        false => Array::concrete(data, false),
    };
    on("look", device, array)
}

/// Returns the first element of a buffer.
fn first(buffer: &Buffer) -> Scalar {
    let dtype = buffer.array_type().dtype;
    match dtype {
        DType::Bool => Scalar::from_bool(buffer.as_slice::<bool>()[0]),
        DType::I8 => Scalar::from_i64(dtype, buffer.as_slice::<i8>()[0].into()),
        DType::I16 => Scalar::from_i64(dtype, buffer.as_slice::<i16>()[0].into()),
        DType::I32 => Scalar::from_i64(dtype, buffer.as_slice::<i32>()[0].into()),
        DType::I64 => Scalar::from_i64(dtype, buffer.as_slice::<i64>()[0]),
        DType::U8 => Scalar::from_i64(dtype, buffer.as_slice::<u8>()[0].into()),
        DType::U16 => Scalar::from_i64(dtype, buffer.as_slice::<u16>()[0].into()),
        DType::U32 => Scalar::from_i64(dtype, buffer.as_slice::<u32>()[0].into()),
        DType::U64 => Scalar::from_i64(dtype, buffer.as_slice::<u64>()[0] as i64),
        DType::F32 => Scalar::from_f32(buffer.as_slice::<f32>()[0]),
        DType::F64 => Scalar::from_f64(dtype, buffer.as_slice::<f64>()[0]),
    }
}

/// Prints the array like Python's `print`. An array that belongs to a trace shows its type.
impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written(self, f, false)
    }
}

/// Prints the array in scientific notation: a scalar like Python's `format`, and an array like NumPy's arrays
/// of large numbers.
impl fmt::LowerExp for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        written(self, f, true)
    }
}

fn written(array: &Array, f: &mut fmt::Formatter<'_>, scientific: bool) -> fmt::Result {
    if let Repr::Tracer(tracer) = &array.0 {
        return f.write_str(&shown(tracer));
    }
    let buffer = array.look("display");
    let style = Style::of(f, scientific);
    f.write_str(&display::display(
        display::elements(&buffer),
        array.shape(),
        &style,
    ))
}

/// Returns the text of an array without a value: its type, and its trace if that has ended.
fn shown(tracer: &Tracer) -> String {
    match tracer.origin.in_progress() {
        true => format!("Traced<{}>", tracer.of),
        false => format!(
            "Traced<{}>, whose trace has ended: {}",
            tracer.of,
            tracer.origin.describe()
        ),
    }
}

/// Prints the array like Python's `repr`. An array that belongs to a trace shows its type.
impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Repr::Tracer(tracer) = &self.0 {
            return f.write_str(&shown(tracer));
        }
        let buffer = self.look("debug");
        f.write_str(&display::debug(
            display::elements(&buffer),
            self.shape(),
            self.dtype().name(),
            self.is_weak(),
            &Style::of(f, false),
        ))
    }
}
