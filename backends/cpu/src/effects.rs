//! Effects: a handler performs them.

use crate::buffer::Buffer;
use kiln_program::Effect;
use std::sync::OnceLock;

/// Performs an effect on the values of its operands. A handler may panic, on the thread that
/// runs the program.
pub type Handler = fn(&Effect, &[Buffer]);

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Sets the handler of effects, once for the process. Before, and without a handler, effects do nothing.
pub fn on_effect(handler: Handler) {
    HANDLER.get_or_init(|| handler);
}

/// Performs an effect by the handler.
pub fn happen(effect: &Effect, operands: &[Buffer]) {
    if let Some(handler) = HANDLER.get() {
        handler(effect, operands);
    }
}
