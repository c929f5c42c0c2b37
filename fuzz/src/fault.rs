//! Faults: results that differ, and panics.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// Two results that differ, or a panic.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The same text for faults of one kind: the place of the panic, or the results that differ.
    pub kind: String,
    /// The values that differ, or the message of the panic.
    pub facts: String,
}

thread_local! {
    /// The file and line of the last panic on this thread.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    /// The number of calls of [`caught`] that are under way.
    static CAUGHT: Cell<usize> = const { Cell::new(0) };
}

/// Returns the result of `f`, or a fault with the place and the message of its panic.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let at = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            PANIC.set(at);
            // The panic is a fault of the fuzzer itself. The checks report panics within [`caught`] and on
            // the engine's threads.
            if CAUGHT.get() == 0 && rayon::current_thread_index().is_none() {
                before(info);
            }
        }));
    });
    PANIC.set(None);
    CAUGHT.set(CAUGHT.get() + 1);
    let outcome = catch_unwind(AssertUnwindSafe(f));
    CAUGHT.set(CAUGHT.get() - 1);
    outcome.map_err(|payload| {
        let said = payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
            .unwrap_or_default();
        let at = PANIC.take().unwrap_or_else(|| "another thread".into());
        Fault {
            kind: format!("panic at {at}"),
            facts: said,
        }
    })
}
