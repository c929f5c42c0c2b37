//! Makes Ctrl-C end calls of array functions instead of the process.

use ctrlc::Error;
use kiln_backends::program::sister::interrupt_all;
use std::sync::Once;

/// Makes Ctrl-C end all calls of [`interruptible`](crate::interruptible()) and
/// [`CancelToken::run`](crate::CancelToken::run) in progress, in all threads. The calls return
/// [`Interrupted`](crate::Interrupted).
///
/// Another Ctrl-C ends the process if it comes before all calls have returned. Ctrl-C also ends the process
/// while no such call is in progress. Call this function once, first in `main`. Later calls do nothing. A
/// process that ignores Ctrl-C, such as a script's job in the background, still ignores it. A process with
/// another handler keeps that handler: call [`CancelToken::cancel`](crate::CancelToken::cancel) in the
/// handler.
///
/// This function needs the feature `ctrl-c`.
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
