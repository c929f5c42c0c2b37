//! Switches for the whole process, or for one thread during a call.

use kiln_backends::program::DType;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::LocalKey;

static X64: AtomicBool = AtomicBool::new(false);
static DEBUG_NANS: AtomicBool = AtomicBool::new(false);

/// A thread's setting, in place of the process's.
pub(crate) type Override<T> = LocalKey<Cell<Option<T>>>;

thread_local! {
    static X64_HERE: Cell<Option<bool>> = const { Cell::new(None) };
    static DEBUG_NANS_HERE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Runs `f` with another setting on this thread.
pub(crate) fn with<T: Copy + 'static, R>(here: &'static Override<T>, setting: T, f: impl FnOnce() -> R) -> R {
    let _restore = hold(here, setting);
    f()
}

/// Restores a setting when it is dropped.
pub(crate) struct Restore<T: Copy + 'static>(&'static Override<T>, Option<T>);

impl<T: Copy> Drop for Restore<T> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// Changes a setting on this thread, as long as the result lives.
#[must_use]
fn hold<T: Copy + 'static>(here: &'static Override<T>, setting: T) -> Restore<T> {
    Restore(here, here.replace(Some(setting)))
}

/// Makes the default dtypes 64 bits wide on this thread, as long as the result lives. A closure would lose
/// the caller's line.
pub(crate) fn hold_x64() -> Restore<bool> {
    hold(&X64_HERE, true)
}

/// The switches that a trace depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switches {
    x64: bool,
    debug_nans: bool,
}

impl Switches {
    pub(crate) fn now() -> Switches {
        Switches {
            x64: x64_enabled(),
            debug_nans: debug_nans_enabled(),
        }
    }
}

/// Sets the default dtypes of the whole process: `int64` and `float64` if `enabled`, else `int32` and
/// `float32`.
///
/// This is JAX's `jax_enable_x64`. Arrays with an explicit 64-bit dtype keep it in both cases. Functions are
/// traced and compiled again. Call this function first in `main`. A part of a program, or a test, calls
/// [`with_x64`].
///
/// ```standalone_crate
/// use kiln::{DType, numpy as np};
/// kiln::enable_x64(true);
/// assert_eq!(np::ones(3).dtype(), DType::F64);
/// assert_eq!(np::array([1, 2]).dtype(), DType::I64);
/// ```
pub fn enable_x64(enabled: bool) {
    X64.store(enabled, Ordering::Relaxed);
}

/// Runs `f` with the 64-bit switch set on this thread only. The earlier setting is restored afterwards, also
/// when `f` panics.
///
/// ```
/// use kiln::{DType, numpy as np, with_x64};
/// assert_eq!(with_x64(true, || np::arange(3)).dtype(), DType::I64);
/// assert_eq!(np::arange(3).dtype(), DType::I32);
/// ```
pub fn with_x64<R>(enabled: bool, f: impl FnOnce() -> R) -> R {
    with(&X64_HERE, enabled, f)
}

/// Returns true if default dtypes take 64 bits on this thread.
///
/// ```
/// use kiln::{with_x64, x64_enabled};
/// assert!(!x64_enabled());
/// assert!(with_x64(true, x64_enabled));
/// ```
pub fn x64_enabled() -> bool {
    X64_HERE.get().unwrap_or_else(|| X64.load(Ordering::Relaxed))
}

/// Turns the search for NaNs on or off, for the whole process. The first NaN panics: the message names the op
/// that made the NaN, and the line that called the op.
///
/// Every op that can make a NaN is checked when it runs, also inside of transformations. The checks cost
/// time. Functions are traced and compiled again.
///
/// ```should_panic,standalone_crate
/// use kiln::{Array, jit, numpy as np};
/// kiln::debug_nans(true);
/// let f = jit(|x: Array| x.log() + 1);
/// f(np::array([1.0, -1.0])); // log (src/main.rs:4:26): made a NaN (debug_nans)
/// ```
pub fn debug_nans(enabled: bool) {
    DEBUG_NANS.store(enabled, Ordering::Relaxed);
}

/// Runs `f` with the switch of [`debug_nans`] set on this thread only. The earlier setting is restored
/// afterwards, also when `f` panics.
///
/// ```
/// use kiln::{numpy as np, with_debug_nans};
/// let root = || with_debug_nans(true, || np::array([-1.0]).sqrt());
/// let error = std::panic::catch_unwind(root).unwrap_err();
/// assert!(error.downcast_ref::<String>().unwrap().ends_with("): made a NaN (debug_nans)"));
/// ```
pub fn with_debug_nans<R>(enabled: bool, f: impl FnOnce() -> R) -> R {
    with(&DEBUG_NANS_HERE, enabled, f)
}

/// Returns true if ops are checked for NaNs on this thread.
///
/// ```
/// use kiln::{debug_nans_enabled, with_debug_nans};
/// assert!(!debug_nans_enabled());
/// assert!(with_debug_nans(true, debug_nans_enabled));
/// ```
pub fn debug_nans_enabled() -> bool {
    DEBUG_NANS_HERE
        .get()
        .unwrap_or_else(|| DEBUG_NANS.load(Ordering::Relaxed))
}

/// Returns the default dtype of integers: `int32`, or `int64` in 64-bit mode.
///
/// ```
/// use kiln::{DType, default_int, with_x64};
/// assert_eq!(default_int(), DType::I32);
/// assert_eq!(with_x64(true, default_int), DType::I64);
/// ```
pub fn default_int() -> DType {
    if x64_enabled() { DType::I64 } else { DType::I32 }
}

/// Returns the default dtype of floats: `float32`, or `float64` in 64-bit mode.
///
/// ```
/// use kiln::{DType, default_float, with_x64};
/// assert_eq!(default_float(), DType::F32);
/// assert_eq!(with_x64(true, default_float), DType::F64);
/// ```
pub fn default_float() -> DType {
    if x64_enabled() { DType::F64 } else { DType::F32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_override_is_restored_on_unwind() {
        let before = x64_enabled();
        let panicked = std::panic::catch_unwind(|| with_x64(!before, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(x64_enabled(), before);
    }
}
