//! A bar on the terminal while programs run. A thread polls their progress.

use indicatif::{HumanCount, HumanDuration, ProgressBar as Bar, ProgressStyle};
use kiln_backends::program::sister::current;
use std::env;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shows a bar on the standard error while a program runs, until the returned value is dropped.
///
/// For a loop with a fixed number of iterations or a large kernel, the bar shows the part that is done and
/// the time that is left. For a `while_loop`, it shows the iterations, their rate and the time so far. Of
/// nested loops, the bar shows the outermost. The bar appears after half a second, and disappears when the
/// program ends. In a notebook a line of text appears instead, and another each time that the program has run
/// for half as long again. Nothing appears if the standard error is neither a terminal nor a notebook's.
/// [`progress`](crate::progress()) returns the numbers, for a bar of another kind.
///
/// This function needs the feature `progress-bar`.
///
/// ```
/// use kiln::{Array, lax};
/// let _bar = kiln::progress_bar();
/// let x = lax::fori_loop(0, 1000, |_, x: Array| (x * 0.5).cos(), 1.0.into());
/// assert!(x.lt(0.901).item::<bool>());
/// ```
///
/// # Panics
/// When the system does not start a thread.
#[must_use = "the bar is gone when the value is dropped: write `let _bar = kiln::progress_bar();`"]
#[track_caller]
pub fn progress_bar() -> ProgressBar {
    let (end, ended) = channel();
    // evcxr, which runs the cells of notebooks, sets this variable for the process that runs them.
    let in_notebook = env::var_os("EVCXR_IS_RUNTIME").is_some();
    let thread = thread::Builder::new().name("progress bar".into()).spawn(move || {
        let mut shown = None;
        while ended.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
            poll(&mut shown, in_notebook);
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

/// The bar of [`progress_bar`]. It disappears when this value is dropped.
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
    /// The time from `since` after which a notebook has the next line.
    next_line: Duration,
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Draws the bar of the program in progress, or writes a line of text, which is all that notebooks can show.
fn poll(shown: &mut Option<Shown>, in_notebook: bool) {
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
            next_line: LONG,
        });
    }
    let Some(shown) = shown else { return };
    let elapsed = shown.since.elapsed();
    if in_notebook {
        if elapsed > shown.next_line {
            shown.next_line = elapsed.mul_f64(1.5);
            eprintln!("{}", message(now.done, now.total, elapsed));
        }
    } else if elapsed > LONG {
        let bar = shown.bar.get_or_insert_with(|| bar(now.total));
        bar.set_position(now.done);
        bar.set_message(message(now.done, now.total, elapsed));
    }
}

fn bar(total: Option<u64>) -> Bar {
    let (bar, template) = match total {
        Some(total) => (Bar::new(total), "{percent:>3}% {wide_bar} {msg}"),
        None => (Bar::no_length(), "{spinner} {msg}"),
    };
    bar.with_style(ProgressStyle::with_template(template).expect("a template of indicatif's"))
}

/// Returns the text beside a bar. The time that is left follows from the mean rate: iterations of a program
/// mostly take the same time.
fn message(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64();
    let (count, time) = (HumanCount(done), HumanDuration(elapsed));
    match total {
        Some(total) => {
            let left = Duration::try_from_secs_f64((total - done) as f64 / rate);
            let left = left.map_or("?".into(), |left| format!("{:#}", HumanDuration(left)));
            format!("{count} of {}, {time:#}, {left} left", HumanCount(total))
        }
        None => format!(
            "{count} iterations, {} a second, {time:#}",
            HumanCount(rate as u64)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_indicatif_s() {
        for total in [Some(10), None] {
            let bar = bar(total);
            bar.set_position(3);
            assert_eq!((bar.position(), bar.length()), (3, total));
        }
    }

    #[test]
    fn the_text_has_counts_times_and_rates() {
        let text = |done, total| message(done, total, Duration::from_secs(10));
        assert_eq!(text(2_000, Some(8_000)), "2,000 of 8,000, 10s, 30s left");
        assert_eq!(text(0, Some(8_000)), "0 of 8,000, 10s, ? left");
        assert_eq!(text(12_345, None), "12,345 iterations, 1,234 a second, 10s");
    }
}
