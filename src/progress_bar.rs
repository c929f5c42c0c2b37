//! A bar on the terminal while programs run: a thread polls their progress.

use indicatif::{ProgressBar as Bar, ProgressStyle};
use kiln_backends::program::sister::current;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shows a bar on the standard error while a program runs, until the returned value is dropped.
///
/// A loop with a fixed number of iterations and a large kernel show how much is done and how long the rest
/// takes; a `while_loop` shows its iterations, their rate and the time so far. Of loops within loops the
/// outermost counts. The bar appears after half a second, and is gone when the program ends. Nothing appears
/// if the standard error is no terminal. [`progress`](crate::progress()) has the numbers, for a bar of another
/// kind.
///
/// The feature `progress-bar` has this function.
///
/// ```
/// use kiln::{Array, lax};
/// let _bar = kiln::progress_bar();
/// let x = lax::fori_loop(0, 1000, |_, x: Array| (x * 0.5).cos(), 1.0.into());
/// assert_eq!(x.to_string(), "0.900367");
/// ```
///
/// # Panics
/// When the system does not start a thread.
#[must_use = "the bar is gone when the value is dropped: write `let _bar = kiln::progress_bar();`"]
#[track_caller]
pub fn progress_bar() -> ProgressBar {
    let (end, ended) = channel();
    let thread = thread::Builder::new().name("progress bar".into()).spawn(move || {
        let mut shown = None;
        while ended.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
            poll(&mut shown);
        }
    });
    match thread {
        Ok(thread) => ProgressBar {
            end: Some(end),
            thread: Some(thread),
        },
        Err(error) => panic!("progress_bar: its thread could not be started: {error}"),
    }
}

/// The bar of [`progress_bar`]. It is gone when this value is dropped.
///
/// ```
/// let bar: kiln::ProgressBar = kiln::progress_bar();
/// drop(bar);
/// ```
#[derive(Debug)]
pub struct ProgressBar {
    /// The thread ends when the sender is dropped.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        drop(self.end.take());
        // A panic of the thread has said what was wrong, and a bar is no reason for another one.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

const POLL: Duration = Duration::from_millis(50);

/// The time after which a program is long.
const LONG: Duration = Duration::from_millis(500);

/// The loop or kernel that was in progress at the last poll.
struct Shown {
    number: u64,
    since: Instant,
    bar: Option<Bar>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Draws the bar of the program in progress.
fn poll(shown: &mut Option<Shown>) {
    let (number, now) = current();
    if !now.running {
        *shown = None;
        return;
    }
    if shown.as_ref().is_none_or(|shown| shown.number != number) {
        *shown = Some(Shown {
            number,
            since: Instant::now(),
            bar: None,
        });
    }
    if let Some(shown) = shown
        && shown.since.elapsed() > LONG
    {
        let since = shown.since;
        let bar = shown.bar.get_or_insert_with(|| bar(now.total, since.elapsed()));
        bar.set_position(now.done);
    }
}

fn bar(total: Option<u64>, elapsed: Duration) -> Bar {
    let (bar, template) = match total {
        Some(total) => (
            Bar::new(total),
            "{percent:>3}% {wide_bar} {human_pos} of {human_len}, {elapsed}, {eta} left",
        ),
        None => (
            Bar::no_length(),
            "{spinner} {human_pos} iterations, {per_sec}, {elapsed}",
        ),
    };
    let style = ProgressStyle::with_template(template).expect("a template of indicatif's");
    bar.with_style(style).with_elapsed(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_indicatif_s() {
        for total in [Some(10), None] {
            let bar = bar(total, Duration::from_secs(3));
            bar.set_position(3);
            assert_eq!((bar.position(), bar.length()), (3, total));
        }
    }
}
