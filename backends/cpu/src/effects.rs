//! Effects: what an equation does for its own sake is done by whoever asked to be told.

use crate::Buffer;
use kiln_program::Effect;
use std::sync::OnceLock;

/// Does an effect, given the values of its operands. It may panic, on the thread that runs the program.
pub type Handler = fn(&Effect, &[Buffer]);

static HANDLER: OnceLock<Handler> = OnceLock::new();

/// Says who does the effects of programs, once for the process; before, and without, they do nothing.
pub fn on_effect(handler: Handler) {
    HANDLER.get_or_init(|| handler);
}

/// Does an effect, by whoever does them.
pub fn happen(effect: &Effect, operands: &[Buffer]) {
    if let Some(handler) = HANDLER.get() {
        handler(effect, operands);
    }
}
