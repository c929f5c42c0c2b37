//! Makes Ctrl-C end calls of array functions instead of the process.

use ctrlc::Error;
use kiln_backends::program::sister::interrupt_all;
use std::sync::OnceLock;

/// Makes Ctrl-C end all calls of [`interruptible`](crate::interruptible()) and
/// [`CancelToken::run`](crate::CancelToken::run) in progress, in all threads. The calls return
/// [`Interrupted`](crate::Interrupted).
///
/// Another Ctrl-C, before all of them have returned, ends the process as usual. So does Ctrl-C while no such
/// call is in progress. Call the function once, first in `main`; later calls change nothing.
///
/// Returns true if Ctrl-C does so from now on, and false if the process keeps what it had. A process that
/// ignores Ctrl-C, such as a script's job in the background, goes on to ignore it. A process with another
/// handler keeps that handler: call [`CancelToken::cancel`](crate::CancelToken::cancel) there.
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
/// When the system does not take the handler. Later calls panic too.
#[track_caller]
pub fn interrupt_on_ctrl_c() -> bool {
    static INSTALLED: OnceLock<Result<bool, String>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let handler = || {
            if !interrupt_all() {
                // The status of a process that SIGINT ended, as shells report it.
                std::process::exit(130);
            }
        };
        match ctrlc::try_set_handler(handler) {
            Ok(()) => Ok(true),
            Err(Error::MultipleHandlers) => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    });
    match installed {
        Ok(installed) => *installed,
        Err(error) => panic!("interrupt_on_ctrl_c: {error}"),
    }
}
