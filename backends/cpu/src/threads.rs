//! The threads that kernels run on.

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};
use std::error::Error;
use std::sync::OnceLock;

/// Returns the number of threads that kernels run on: one for each core, unless [`set_threads`] or the
/// environment variable `RAYON_NUM_THREADS` sets another number. Results do not depend on the number.
///
/// # Panics
/// When the system does not start the threads.
///
/// ```
/// assert!(kiln::threads() >= 1);
/// ```
#[track_caller]
pub fn threads() -> usize {
    if let Err(reason) = start_threads() {
        panic!("threads: cpu could not be started: {reason}");
    }
    rayon::current_num_threads()
}

/// Returns true if this thread is one of a pool: while it waits for others, it may run tasks of the user's.
pub(crate) fn is_in_pool() -> bool {
    rayon::current_thread_index().is_some()
}

/// The result of the start. `start_threads` or `set_threads` writes it.
static STARTED: OnceLock<Result<(), String>> = OnceLock::new();

/// Starts the threads that kernels run on, unless they are running. Without this call Rayon starts them at
/// their first use, and panics if that fails.
///
/// # Errors
/// When the system does not start the threads: mostly because there is no memory for their stacks.
pub fn start_threads() -> Result<(), String> {
    if is_in_pool() {
        return Ok(());
    }
    STARTED
        .get_or_init(|| outcome(ThreadPoolBuilder::new().build_global()))
        .clone()
}

/// Returns an error if the threads did not start. Threads that were running before are no error.
fn outcome(start: Result<(), ThreadPoolBuildError>) -> Result<(), String> {
    match start {
        // An error without a source says that the threads are running.
        Err(error) if error.source().is_some() => {
            Err(format!("its threads: {error}: set RAYON_NUM_THREADS to fewer"))
        }
        _ => Ok(()),
    }
}

/// Sets the number of threads that kernels run on. Call this function first in `main`, before a kernel runs
/// on several threads.
///
/// # Errors
/// When the threads are running already. [`threads`] starts them too. If the system does not start the
/// threads, the first function that needs them returns the error.
///
/// ```standalone_crate
/// kiln::set_threads(1).unwrap();
/// assert_eq!(kiln::threads(), 1);
/// assert_eq!(kiln::set_threads(2), Err(kiln::ThreadsAreRunning));
/// ```
pub fn set_threads(threads: usize) -> Result<(), ThreadsAreRunning> {
    let start = ThreadPoolBuilder::new().num_threads(threads).build_global();
    let running = start.as_ref().is_err_and(|error| error.source().is_none());
    STARTED.get_or_init(|| outcome(start));
    if running { Err(ThreadsAreRunning) } else { Ok(()) }
}

/// The error of [`set_threads`]: the number of threads cannot change once they are running.
///
/// ```
/// let text = kiln::ThreadsAreRunning.to_string();
/// assert_eq!(text, "the number of threads cannot be changed once they are running");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ThreadsAreRunning;

impl std::fmt::Display for ThreadsAreRunning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the number of threads cannot be changed once they are running")
    }
}

kiln_program::debug_by_display!(ThreadsAreRunning);

impl std::error::Error for ThreadsAreRunning {}
