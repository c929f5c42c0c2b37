//! The values of cells. evcxr runs Rust in a REPL and in notebooks. It calls the method `evcxr_display` of
//! the last expression of a cell, and reads the value's text or picture from the standard output.

use crate::array::Array;

/// Writes a content that evcxr shows as a value of this media type.
pub fn show(media_type: &str, content: &str) {
    // One call holds the lock of the standard output, so that no line of another thread comes in between.
    println!("EVCXR_BEGIN_CONTENT {media_type}\n{content}\nEVCXR_END_CONTENT");
}

impl Array {
    /// Prints the array as the value of a cell, in a notebook or in the REPL evcxr: the text of `{:?}`, which
    /// is what JAX shows there. evcxr calls this method if an array is the last expression of a cell.
    ///
    /// ```
    /// kiln::numpy::arange(3).evcxr_display();
    /// // EVCXR_BEGIN_CONTENT text/plain
    /// // Array([0, 1, 2], dtype=int32)
    /// // EVCXR_END_CONTENT
    /// ```
    #[track_caller]
    pub fn evcxr_display(&self) {
        show("text/plain", &format!("{self:?}"));
    }
}
