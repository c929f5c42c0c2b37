//! What GPUs do not do, as a table.

use kiln_program::{Builder, DType, Effect, Linalg, Op, Scan, Unary, While};
use std::fmt;
use std::sync::Arc;

/// Something that a GPU does not do by itself.
///
/// ```
/// let sorts = kiln::limits().into_iter().find(|limit| limit.what == "sort").unwrap();
/// assert_eq!(sorts.to_string(), "sort: the elements are read, sorted and sent back");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The operation, or the dtype.
    pub what: String,
    /// What is done instead.
    pub how: &'static str,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.how)
    }
}

/// What `cuda` and `wgpu` do not do by themselves: operations that the host does, with what it reads of the device for them, and dtypes that are
/// refused. Everything else stays on the device.
///
/// ```
/// for limit in kiln::limits() {
///     println!("{limit}");
/// }
/// ```
pub fn limits() -> Vec<Limit> {
    let program = Arc::new(Builder::new().finish(&[]));
    let ops = [
        Op::Sort { axis: 0 },
        Op::Linalg(Linalg::Solve),
        Op::Linalg(Linalg::Eigh),
        Op::Unary(Unary::Lgamma),
        Op::Unary(Unary::Digamma),
        Op::Cond(vec![]),
        Op::While(While {
            condition: program.clone(),
            body: program.clone(),
            consts: 0,
        }),
        Op::Scan(Scan {
            body: program,
            length: 0,
            consts: 0,
            carries: 0,
            reverse: false,
        }),
        Op::Effect(Effect::Print(String::new())),
    ];
    let done = ops.iter().filter_map(|op| {
        Some(Limit {
            what: op.name(),
            how: kiln_burn::on_host(op, DType::F32)?,
        })
    });
    let refused = [
        (
            "float64",
            "refused on wgpu, and on cuda where the device does not have it (Device::has)",
        ),
        ("int8, int16, uint8, uint16", "refused on wgpu"),
        (
            "int64, uint64",
            "refused on wgpu where the GPU does not have them (Device::has)",
        ),
    ];
    let refused = refused.map(|(what, how)| Limit {
        what: what.into(),
        how,
    });
    done.chain(refused).collect()
}
