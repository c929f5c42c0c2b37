//! Ctrl-C ends calls of array functions instead of the process.

use ctrlc::Error;
use kiln_backends::program::sister::interrupt_all;
use std::sync::Once;

/// Has Ctrl-C end the calls of [`interruptible`](crate::interruptible()) and of
/// [`CancelToken::run`](crate::CancelToken::run) in progress, in all threads. They return
/// [`Interrupted`](crate::Interrupted).
///
/// Another Ctrl-C, before all of them have returned, ends the process as usual. So does Ctrl-C while no such
/// call is in progress. Call the function once, first in `main`; later calls do nothing. A process that
/// ignores Ctrl-C, such as a script's job in the background, goes on to ignore it. A process with another
/// handler keeps that handler: call [`CancelToken::cancel`](crate::CancelToken::cancel) there.
///
/// The feature `ctrl-c` has this function.
///
/// ```no_run
/// use kiln::{Key, interruptible, random};
/// kiln::interrupt_on_ctrl_c();
/// match interruptible(|| random::normal(Key::new(0), 1_000_000_000).exp().mean()) {
///     Ok(mean) => println!("{mean}"),
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
///
/// # Panics
/// When the system does not take the handler.
#[track_caller]
pub fn interrupt_on_ctrl_c() {
    static ONCE: Once = Once::new();
    let mut set = Ok(());
    ONCE.call_once(|| {
        set = ctrlc::try_set_handler(|| {
            if !interrupt_all() {
                // The status of a process that SIGINT ended, as shells report it.
                std::process::exit(130);
            }
        });
    });
    match set {
        Ok(()) | Err(Error::MultipleHandlers) => {}
        Err(error) => panic!("interrupt_on_ctrl_c: {error}"),
    }
}
