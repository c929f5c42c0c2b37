//! Ends programs that run: tokens that are cancelled, and the calls that they end.
//!
//! Each thread has a list of flags, two for each call of [`CancelToken::run`] that it is in. An engine looks
//! at the flags between the pieces of its work ([`Stop`]). If one is set, the engine unwinds the thread with
//! a payload of its own, which that call catches. No flag is ever cleared, so all threads that work for a
//! program agree as soon as they have joined.

use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::panicking;

/// Runs `f`, and ends the call early if the user presses Ctrl-C.
///
/// `kiln::interrupt_on_ctrl_c` (feature `ctrl-c`) installs the handler. Without it, Ctrl-C ends the process.
/// A [`CancelToken`] ends a call from another thread, and [`CancelToken::run`] describes the early end of a
/// call.
///
/// # Errors
/// When the call ended early.
///
/// ```
/// use kiln::{Interrupted, interruptible, numpy as np};
/// let mean = interruptible(|| np::arange(5).mean())?;
/// assert_eq!(mean.to_string(), "2.0");
/// # Ok::<(), Interrupted>(())
/// ```
pub fn interruptible<R>(f: impl FnOnce() -> R) -> Result<R, Interrupted> {
    CancelToken::new().run(f)
}

/// A token that ends calls of array functions from another thread, for a button or a deadline.
///
/// [`run`](Self::run) calls a function, and [`cancel`](Self::cancel) ends the call. All clones are one token.
/// A token that is cancelled stays cancelled: make a new token for the next call.
///
/// ```
/// use kiln::{Array, CancelToken, Interrupted, jit, lax};
/// use std::{thread, time::Duration};
///
/// let count_to = jit(|n: Array| lax::while_loop(|(i, n): &(Array, Array)| i.lt(n), |(i, n)| (i + 1, n), (0.into(), n)).0);
/// let token = CancelToken::new();
/// let button = token.clone();
/// thread::spawn(move || {
///     thread::sleep(Duration::from_millis(50));
///     button.cancel();
/// });
/// let result = token.run(|| count_to(i32::MAX.into()));
/// assert_eq!(result.unwrap_err(), Interrupted);
///
/// // The function is as it was.
/// assert_eq!(count_to(1000.into()).to_string(), "1000");
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Flag);

type Flag = Arc<AtomicBool>;

impl CancelToken {
    /// Returns a token that is not cancelled.
    ///
    /// ```
    /// assert!(!kiln::CancelToken::new().is_cancelled());
    /// ```
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Ends all calls of [`run`](Self::run) of this token, also later calls. It returns at once. Any thread
    /// may call it.
    ///
    /// ```
    /// let token = kiln::CancelToken::new();
    /// token.cancel();
    /// assert!(token.is_cancelled() && token.run(|| 1).is_err());
    /// ```
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns true if the token was cancelled.
    ///
    /// ```
    /// let token = kiln::CancelToken::new();
    /// let other = token.clone();
    /// other.cancel();
    /// assert!(token.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs `f` on this thread, and ends the call early if the token is cancelled. Ctrl-C ends it as well:
    /// see [`interruptible`].
    ///
    /// Programs of `f` end between two iterations of a loop, between two tiles of a kernel, or before they
    /// start. This takes milliseconds in most cases. A product of matrices, a sort and a decomposition run to
    /// their end first. Code of `f` that calls no array function runs until its next call of an array
    /// function. If `f` returns before, its value is returned. Threads that `f` starts do not end: let each
    /// of them call `run` of a clone.
    ///
    /// A call that ends early unwinds, as a panic does, without a message. Functions, their traces and the
    /// caches stay as they were, and so do all arrays that others hold. An argument that was moved into the
    /// call is gone, and variables that `f` changes stay as far as it came.
    /// Programs built with `panic = "abort"` cannot unwind: the process ends. A call within a destructor that
    /// runs because of a panic runs to its end, because a second unwinding would abort the process.
    ///
    /// A thread of a Rayon pool that waits for another thread may run any task of the pool. If the thread
    /// waits within `f`, as in `rayon::join`, and the token is cancelled, array functions of that task end
    /// too. Call `rayon::join` around `run`, and `run` of a clone in each task. No function of kiln waits so.
    ///
    /// # Errors
    /// When the call ended early.
    ///
    /// # Panics
    /// When `f` panics, and when a thread of a pool ended a task in `f` as described above.
    ///
    /// ```
    /// use kiln::{CancelToken, numpy as np};
    /// let token = CancelToken::new();
    /// let x = token.run(|| np::arange(3) * 2).unwrap();
    /// assert_eq!(x.to_string(), "[0 2 4]");
    /// token.cancel();
    /// assert_eq!(token.run(|| np::arange(3) * 2).unwrap_err().to_string(), "interrupted");
    /// ```
    #[track_caller]
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> Result<R, Interrupted> {
        if self.is_cancelled() {
            return Err(Interrupted);
        }
        let call = Call::begin(self);
        // Values that `f` was changing stay half changed, as after any panic: the documentation says so.
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(result) => Ok(result),
            Err(payload) if !is_unwinding(&*payload) => resume_unwind(payload),
            Err(_) if call.is_asked() => Err(Interrupted),
            // An outer call ends.
            Err(payload) if Stop::here().is_asked() => resume_unwind(payload),
            Err(_) => panic!("{TEXT}"),
        }
    }
}

/// The error of a call that ended early. [`CancelToken::run`] returns it.
///
/// ```
/// assert_eq!(kiln::Interrupted.to_string(), "interrupted");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

debug_by_display!(Interrupted);

impl Error for Interrupted {}

/// The payload of the unwinding: its address tells it from a user's. No panic hook sees it. The text is for
/// a thread that the unwinding ended although no call was asked there.
static TEXT: &str = "a call of CancelToken::run that was cancelled on another task of this Rayon pool ended this \
                     task: call rayon::join around `run`, not within it";

fn is_unwinding(payload: &dyn Any) -> bool {
    let text = payload.downcast_ref::<&'static str>();
    text.is_some_and(|text| std::ptr::eq(*text, TEXT))
}

/// The flags that end the program that runs: a handle that engines give to the threads that work for them.
#[derive(Clone, Debug, Default)]
pub struct Stop(Option<Arc<[Flag]>>);

thread_local! {
    static HERE: RefCell<Stop> = const { RefCell::new(Stop(None)) };
}

impl Stop {
    /// The flags of this thread. A thread that unwinds has none: its destructors run to their end, because a
    /// second unwinding would abort the process.
    #[inline]
    pub fn here() -> Stop {
        match IN_PROGRESS.load(Ordering::Relaxed) {
            0 => Stop(None),
            _ if panicking() => Stop(None),
            // The thread ends, and a destructor of another thread-local runs programs.
            _ => HERE.try_with(|here| here.borrow().clone()).unwrap_or_default(),
        }
    }

    /// Makes these the flags of this thread, and returns those before.
    fn replace_here(self) -> Stop {
        HERE.try_with(|here| here.replace(self)).unwrap_or_default()
    }

    /// Returns true if the program is to end.
    #[inline]
    pub fn is_asked(&self) -> bool {
        match &self.0 {
            None => false,
            Some(flags) => flags.iter().any(|flag| flag.load(Ordering::Relaxed)),
        }
    }

    /// Unwinds if the program is to end. Only the thread that runs the program may call it.
    #[inline]
    pub fn check(&self) {
        if self.is_asked() {
            unwind();
        }
    }

    /// Calls [`check`](Self::check) on the flags of this thread.
    #[inline]
    pub fn check_here() {
        Stop::here().check();
    }

    /// Runs `f` without flags. A thread of a pool that waits for others may run a task of the user's, and the
    /// flags of the program that waits do not end that task.
    pub fn aside<R>(f: impl FnOnce() -> R) -> R {
        let _restore = Restore(Stop(None).replace_here());
        f()
    }
}

#[cold]
fn unwind() -> ! {
    resume_unwind(Box::new(TEXT))
}

/// Puts the flags of this thread back when it is dropped.
struct Restore(Stop);

impl Drop for Restore {
    fn drop(&mut self) {
        std::mem::take(&mut self.0).replace_here();
    }
}

/// The number of calls in progress in all threads. Without any, programs do not look at their thread's flags,
/// which takes nanoseconds.
static IN_PROGRESS: AtomicUsize = AtomicUsize::new(0);

/// The flags that [`interrupt_all`] sets, one for each call in progress.
static CALLS: Mutex<Vec<Flag>> = Mutex::new(Vec::new());

fn calls() -> MutexGuard<'static, Vec<Flag>> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends all calls of [`CancelToken::run`] in progress, in all threads. Returns false if all of them have been
/// asked before, or there is none.
pub fn interrupt_all() -> bool {
    let calls = calls();
    let new = calls.iter().filter(|flag| !flag.swap(true, Ordering::Relaxed));
    new.count() > 0
}

/// A call in progress.
struct Call {
    flags: [Flag; 2],
    _restore: Restore,
}

impl Call {
    fn begin(token: &CancelToken) -> Call {
        let flags = [Flag::default(), token.0.clone()];
        calls().push(flags[0].clone());
        IN_PROGRESS.fetch_add(1, Ordering::Relaxed);
        let outer = Stop(None).replace_here();
        let all = outer.0.iter().flat_map(|flags| flags.iter()).chain(&flags);
        Stop(Some(all.cloned().collect())).replace_here();
        Call {
            flags,
            _restore: Restore(outer),
        }
    }

    fn is_asked(&self) -> bool {
        self.flags.iter().any(|flag| flag.load(Ordering::Relaxed))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        IN_PROGRESS.fetch_sub(1, Ordering::Relaxed);
        calls().retain(|flag| !Arc::ptr_eq(flag, &self.flags[0]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `interrupt_all` ends the calls of all tests.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    fn alone() -> MutexGuard<'static, ()> {
        ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[test]
    fn only_the_call_that_was_asked_ends() {
        let _alone = alone();
        let (outer, inner) = (CancelToken::new(), CancelToken::new());
        let result = outer.run(|| {
            let ended = inner.run(|| {
                inner.cancel();
                Stop::check_here();
            });
            assert_eq!(ended, Err(Interrupted));
            Stop::check_here();
            let new = CancelToken::new();
            let _: Result<(), _> = new.run(|| {
                outer.cancel();
                Stop::check_here();
            });
            unreachable!("the outer call ends");
        });
        assert_eq!(result, Err(Interrupted));
        assert!(Stop::here().0.is_none(), "the flags of the calls are gone");
    }

    #[test]
    fn all_calls_end_once() {
        let _alone = alone();
        let twice = interruptible(|| {
            assert!(interrupt_all() && !interrupt_all());
            Stop::aside(Stop::check_here);
            assert!(Stop::here().is_asked());
            Stop::check_here();
        });
        assert_eq!(twice, Err(Interrupted));
    }

    #[test]
    fn a_destructor_runs_to_its_end_while_its_thread_unwinds() {
        struct Guard<'a>(&'a AtomicBool);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                Stop::check_here();
                self.0.store(!Stop::here().is_asked(), Ordering::Relaxed);
            }
        }
        let _alone = alone();
        let (token, ran) = (CancelToken::new(), AtomicBool::new(false));
        let result = token.run(|| {
            let _guard = Guard(&ran);
            token.cancel();
            Stop::check_here();
        });
        assert_eq!((result, ran.into_inner()), (Err(Interrupted), true));
    }

    #[test]
    fn a_destructor_of_a_thread_local_has_no_flags() {
        struct Last(std::sync::mpsc::Sender<bool>);
        impl Drop for Last {
            fn drop(&mut self) {
                let inside = CancelToken::new().run(|| Stop::aside(|| Stop::here().is_asked()));
                let _ = self.0.send(inside == Ok(false) && !Stop::here().is_asked());
            }
        }
        thread_local! {
            static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
        }
        let _alone = alone();
        let (sender, receiver) = std::sync::mpsc::channel();
        // The call keeps the flags in use in all threads.
        let result = CancelToken::new().run(|| {
            std::thread::spawn(move || {
                // The thread-local that was used last is destroyed first: that of the flags.
                LAST.set(Some(Last(sender)));
                CancelToken::new().run(Stop::check_here)
            })
            .join()
        });
        assert!(matches!(result, Ok(Ok(Ok(())))));
        assert_eq!(receiver.recv(), Ok(true));
    }

    #[test]
    fn the_unwinding_of_another_call_has_a_text() {
        let _alone = alone();
        let token = CancelToken::new();
        // A task of another call that a thread of a pool runs while it waits.
        let task = || catch_unwind(|| CancelToken::new().run(|| resume_unwind(Box::new(TEXT))));
        let left = token.run(task).expect("nobody asked");
        let text = left.map(|ended: Result<(), _>| ended).unwrap_err();
        assert!(text.downcast_ref::<String>().is_some_and(|text| text == TEXT));
        // A user's text is not the payload, whatever it says.
        let same: &'static str = String::from(TEXT).leak();
        assert!(!is_unwinding(&same));
    }

    #[test]
    fn panics_go_on() {
        let _alone = alone();
        let panicked = catch_unwind(|| interruptible(|| resume_unwind(Box::new(7))));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&7));
    }
}
