//! The identity of a trace, which the arrays of the trace keep.

use kiln_backends::program::ArrayType;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

/// The identity of a trace. The arrays of the trace keep it, also after the trace has ended.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) id: u64,
    /// The name of the transformation that traces, such as `jit`.
    pub(crate) name: &'static str,
    /// The user's line that made the transformation. `None` for kiln's own traces.
    location: Option<&'static Location<'static>>,
    /// True if the array has a shape and a dtype only, and belongs to no trace.
    pub(crate) is_shape: bool,
}

impl Origin {
    pub(crate) fn new(name: &'static str, location: Option<&'static Location<'static>>) -> Origin {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Origin {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name,
            location,
            is_shape: false,
        }
    }

    /// Makes the origin of an array that has a shape and a dtype only.
    pub(crate) fn shape() -> Origin {
        Origin {
            is_shape: true,
            ..Origin::new("shape", None)
        }
    }

    /// Formats as `jit (made at src/main.rs:3:9)`.
    pub(crate) fn describe(&self) -> String {
        match self.location {
            Some(at) => format!(
                "{} (made at {}:{}:{})",
                self.name,
                at.file(),
                at.line(),
                at.column()
            ),
            None => self.name.into(),
        }
    }

    /// Returns the reason why an array of this trace, which has ended, has no value.
    pub(crate) fn ended(&self, of: &ArrayType) -> String {
        if self.is_shape {
            return format!(
                "an array {of} that has a shape and a dtype only: eval_shape and program take it"
            );
        }
        let trace = self.describe();
        format!("an array {of} of {trace} is used outside of it: only what the function returns has a value")
    }
}
