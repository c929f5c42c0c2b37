//! What is wrong: results that differ, and panics.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

/// Something that must not be.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The same for faults of one kind: the line that panicked, or what differs.
    pub kind: String,
    /// What was seen.
    pub facts: String,
}

thread_local! {
    /// Where the last panic of this thread that is under a check was, and what it said.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    /// How many calls of [`caught`] are under way.
    static CAUGHT: Cell<usize> = const { Cell::new(0) };
}

/// The result of `f`, or where and with what it panicked.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let at = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            PANIC.set(at);
            // A fault of the fuzzer's own; what panics on a thread of the engine is reported by the check.
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
