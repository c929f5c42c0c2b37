//! The dtypes and ops that devices lack.

use crate::kernels::Kernels;
use crate::tensor::{bool_store, burn_dtype};
use burn_backend::DType as BurnDType;
use kiln_program::{DType, Linalg, Op, Unary};

/// Returns true if a device computes with a dtype, as the CPU does.
///
/// Burn's wgpu backend says that it has `float64` if the driver has it. Its elementary functions are in
/// single precision there, so it counts as a backend without `float64`.
pub fn computes<B: Kernels>(dtype: DType, device: &B::Device) -> bool {
    let name = B::name(device);
    match dtype {
        DType::Bool => B::supports_dtype(device, BurnDType::from(bool_store::<B>(device))),
        DType::F64 if name.contains("wgpu") => false,
        dtype => B::supports_dtype(device, burn_dtype(dtype)),
    }
}

/// An op that the host does: its name, the way in which the host does it, and a function that returns true
/// for this op with floats of this dtype.
pub type OnHost = (&'static str, &'static str, fn(&Op, DType) -> bool);

const ELEMENTS: &str = "the elements are read, computed and sent back";
const MATRICES: &str = "the matrices are read, factorised by faer and the results sent back";

/// The ops that the host does. Everything else of a program stays on the device.
pub const ON_HOST: [OnHost; 10] = [
    ("sort", "the elements are read, sorted and sent back", |op, _| {
        matches!(op, Op::Sort { .. })
    }),
    ("solve", MATRICES, |op, _| matches!(op, Op::Linalg(Linalg::Solve))),
    ("eigh", MATRICES, |op, _| matches!(op, Op::Linalg(Linalg::Eigh))),
    ("lgamma", ELEMENTS, |op, _| matches!(op, Op::Unary(Unary::Lgamma))),
    ("digamma", ELEMENTS, |op, _| {
        matches!(op, Op::Unary(Unary::Digamma))
    }),
    ("erfc in float64", ELEMENTS, |op, dtype| {
        matches!(op, Op::Unary(Unary::Erfc)) && dtype == DType::F64
    }),
    ("cond", "the index of the branch is read", |op, _| {
        matches!(op, Op::Cond(_))
    }),
    (
        "while",
        "the condition is read in each iteration, if floats decide it",
        |op, _| matches!(op, Op::While(_)),
    ),
    (
        "scan",
        "keys and other few integers of the carry are read once, before the first iteration",
        |op, _| matches!(op, Op::Scan(_)),
    ),
    ("debug_print", "the operands are read", |op, _| {
        matches!(op, Op::Effect(_))
    }),
];

/// Returns the way in which the host does an op, if it does.
pub fn on_host(op: &Op, dtype: DType) -> Option<&'static str> {
    let found = ON_HOST.iter().find(|(_, _, is)| is(op, dtype));
    found.map(|(_, how, _)| *how)
}
