//! A table of operations and dtypes that GPUs lack.

use std::fmt;

/// An operation or a dtype that a GPU lacks.
///
/// ```
/// let sorts = kiln::limits().into_iter().find(|limit| limit.what == "sort").unwrap();
/// assert_eq!(sorts.to_string(), "sort: the elements are read, sorted and sent back");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// The operation, or the dtype.
    pub what: String,
    /// The way in which kiln replaces it.
    pub how: &'static str,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.how)
    }
}

/// Returns the operations and dtypes that `cuda` and `wgpu` lack. The host does these operations, and reads
/// the arrays of the device for them. These dtypes are refused. Everything else stays on the device.
///
/// ```
/// for limit in kiln::limits() {
///     println!("{limit}");
/// }
/// ```
pub fn limits() -> Vec<Limit> {
    let done = kiln_burn::ON_HOST.iter().map(|&(what, how, _)| Limit {
        what: what.into(),
        how,
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
