//! The 64-bit switch: whether numbers without a stated dtype take 64 bits.

use kiln_backends::program::DType;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

static X64: AtomicBool = AtomicBool::new(false);

thread_local! {
    static OVERRIDE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Sets, for the whole process, whether default dtypes are `int64` and `float64` rather than `int32` and `float32`.
///
/// Arrays made with an explicit 64-bit dtype keep it either way.
///
/// ```
/// use kiln_core::{DType, numpy as np};
/// kiln_core::enable_x64(true);
/// assert_eq!(np::ones(3).dtype(), DType::F64);
/// # kiln_core::enable_x64(false);
/// ```
pub fn enable_x64(enabled: bool) {
    X64.store(enabled, Ordering::Relaxed);
}

/// Runs `f` with the 64-bit switch set on this thread only; the setting before is restored, also when `f` panics.
///
/// ```
/// use kiln_core::{DType, numpy as np, with_x64};
/// assert_eq!(with_x64(true, || np::arange(3)).dtype(), DType::I64);
/// assert_eq!(np::arange(3).dtype(), DType::I32);
/// ```
pub fn with_x64<R>(enabled: bool, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<bool>);
    impl Drop for Restore {
        fn drop(&mut self) {
            OVERRIDE.set(self.0);
        }
    }
    let _restore = Restore(OVERRIDE.replace(Some(enabled)));
    f()
}

/// Whether default dtypes take 64 bits on this thread.
///
/// ```
/// assert!(!kiln_core::x64_enabled());
/// ```
pub fn x64_enabled() -> bool {
    OVERRIDE.get().unwrap_or_else(|| X64.load(Ordering::Relaxed))
}

/// The dtype of an integer without a stated dtype: `int32`, or `int64` in 64-bit mode.
pub fn default_int() -> DType {
    if x64_enabled() { DType::I64 } else { DType::I32 }
}

/// The dtype of a float without a stated dtype: `float32`, or `float64` in 64-bit mode.
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
