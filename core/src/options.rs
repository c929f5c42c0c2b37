//! The optional arguments of functions. The module `kiln::options` has the rules.

pub use crate::argnums::{AllArguments, Argnums, Args, Grad};
pub use crate::auxiliary::{Auxiliary, HasAux, NoAux};
pub use crate::jacobian::Jacobian;
pub use crate::lax::{AssociativeScan, MapOptions as Map, ScanOptions as Scan};
pub use crate::numpy::arithmetic::Isclose;
pub use crate::numpy::creation::{Eye, Indexing, Meshgrid};
pub use crate::numpy::diagonals::{Diagonal, Triangle};
pub use crate::numpy::interpolate::{Diff, Interp, Vander};
pub use crate::numpy::linspace::{Linspace, LinspaceStep, Spacing};
pub use crate::numpy::nonzero::{Compress, Nonzero};
pub use crate::numpy::norm::Norm;
pub use crate::numpy::reduce::{Any, Argmax, Cumulative, Max, Mean, Sum, Var};
pub use crate::numpy::sort::{Searchsorted, Side, Sort};
pub use crate::numpy::take::{Take, TakeAlongAxis, TakeMode};
pub use crate::vjp::Vjp;
pub use crate::vmap::Vmap;
