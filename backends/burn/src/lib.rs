//! Programs on Burn: the lowering of ops onto a Burn backend.
//!
//! [`lower`](lower()) maps one [`Op`](kiln_program::Op) to calls on a generic `B: Kernels`, a Burn backend
//! with kiln's additions. [`run`](run()) interprets a program by calls of `lower`. A [`Tensor`] is one of
//! Burn's three kinds of primitive. Callers see ops with the meaning that kiln-program defines, on every
//! backend and dtype.
//!
//! One lowering serves three purposes, named by [`Route`]. On a backend that lives in the host's memory,
//! kiln's routines (`host`) replace Burn's ops that check for overflow, order NaN otherwise or are slow. On a
//! device the lowering uses Burn's ops where they exist. For differentiation (Burn's `Autodiff` over a
//! recorder) ops have the form whose derivative is JAX's.
//!
//! In the other direction, a `recorder` is a backend that writes Burn's operations down as equations
//! (`equations`). [`vjp`] differentiates an op by a recorder (`gradient`) or by a rule of kiln's (`rules`):
//! the table of [`derivative_rules`] says which. kiln-import imports Burn's models.

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn-ndarray is the second executor while it lasts")]
pub use burn_ndarray;
#[cfg(feature = "wgpu")]
pub use burn_wgpu;

#[cfg(feature = "cube")]
pub mod cube;
mod effects;
mod equations;
mod frames;
mod gradient;
mod host;
mod kernels;
mod launch;
mod limits;
mod linalg;
mod lower;
mod recorder;
mod recording;
mod rules;
mod tensor;
mod threefry;
mod value;

#[cfg(feature = "cube")]
pub use cube::launches;
pub use effects::on_effect;
#[doc(hidden)]
pub use gradient::vjp_by;
pub use gradient::{Gradient, GradientError, vjp};
pub use kernels::Kernels;
pub use launch::Launch;
pub use limits::{ON_HOST, OnHost, computes, on_host};
pub use lower::run::run;
pub use lower::{LONGEST_PRODUCT, Route, lower, lower_with};
pub use recording::Refused;
pub use rules::{DerivativeRule, RuleReason, RuleSource, derivative_rules};
pub use tensor::{Tensor, burn_dtype, reads};

/// The parts that kiln-import needs. They may change with any version.
#[doc(hidden)]
pub mod sister {
    pub use crate::equations::write;
    pub use crate::recording::Recording;
    pub use crate::tensor::{kiln_dtype, store_bool};
}
