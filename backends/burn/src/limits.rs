//! What devices do not do.

use crate::Kernels;
use crate::tensor::{bool_store, burn_dtype};
use burn_backend::DType as BurnDType;
use kiln_program::{DType, Linalg, Op, Unary};

/// Whether a device computes with a dtype, as the CPU does.
///
/// Burn's wgpu backend says that it has `float64` where the driver has it. Its elementary functions are in single precision there, so it counts
/// as not having it.
pub fn computes<B: Kernels>(dtype: DType, device: &B::Device) -> bool {
    let name = B::name(device);
    match dtype {
        DType::Bool => B::supports_dtype(device, BurnDType::from(bool_store::<B>(device))),
        DType::F64 if name.contains("wgpu") => false,
        dtype => B::supports_dtype(device, burn_dtype(dtype)),
    }
}

/// What of an op is done on the host, where everything else of a program stays on the device; an op with floats of this dtype.
pub fn on_host(op: &Op, dtype: DType) -> Option<&'static str> {
    match op {
        Op::Unary(Unary::Lgamma | Unary::Digamma) => Some("the elements are read, computed and sent back"),
        Op::Unary(Unary::Erfc) if dtype == DType::F64 => {
            Some("the elements are read, computed and sent back")
        }
        Op::Sort { .. } => Some("the elements are read, sorted and sent back"),
        Op::Linalg(Linalg::Solve | Linalg::Eigh) => {
            Some("the matrices are read, factorised by faer and the results sent back")
        }
        Op::Cond(_) => Some("the index of the branch is read"),
        Op::While(_) => Some("the condition is read in each trip, if floats decide it"),
        Op::Scan(_) => Some("keys and other few integers of the carry are read once, before the first trip"),
        Op::Effect(_) => Some("the operands are read"),
        Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::MulAdd | Op::Cast(_) => None,
        Op::Constant { .. } | Op::Iota { .. } | Op::RandomBits { .. } | Op::Uniform { .. } => None,
        Op::Reshape(_) | Op::Transpose(_) | Op::Broadcast { .. } | Op::Slice { .. } | Op::Pad { .. } => None,
        Op::Reverse(_) | Op::Concatenate { .. } | Op::Gather { .. } | Op::Scatter { .. } => None,
        Op::Reduce { .. } | Op::ArgReduce { .. } | Op::Cumulative { .. } | Op::Dot(_) => None,
        // Their programs say.
        Op::Call(_) | Op::Checkpoint(_) | Op::Custom(_) | Op::StopGradient => None,
    }
}
