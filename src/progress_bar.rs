//! A bar on the terminal while programs run. A thread polls their progress.

use indicatif::{HumanCount, HumanDuration, ProgressBar as Bar, ProgressDrawTarget, ProgressStyle};
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
            poll(&mut shown, in_notebook, ProgressDrawTarget::stderr);
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

/// Draws the bar of the program in progress: of the one that is shown as long as that runs. In a notebook,
/// writes a line of text, which is all that notebooks can show.
fn poll(shown: &mut Option<Shown>, in_notebook: bool, target: fn() -> ProgressDrawTarget) {
    let (number, now) = current(shown.as_ref().map_or(0, |shown| shown.number));
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
        let bar = shown.bar.get_or_insert_with(|| bar(now.total, target()));
        bar.set_position(now.done);
        bar.set_message(message(now.done, now.total, elapsed));
    }
}

fn bar(total: Option<u64>, target: ProgressDrawTarget) -> Bar {
    let template = match total {
        Some(_) => "{percent:>3}% {wide_bar} {msg}",
        None => "{spinner} {msg}",
    };
    Bar::with_draw_target(total, target)
        .with_style(ProgressStyle::with_template(template).expect("a template of indicatif's"))
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
    use kiln_backends::program::sister::Task;

    /// Polls until the bar shows a task that this thread has begun, as it would be after `LONG`.
    fn polled(total: Option<u64>, done: usize, shown: &mut Option<Shown>) -> Task {
        let task = Task::begin(total);
        let number = loop {
            match current(0) {
                (number, now) if now.running && now.total == total => break number,
                // Another test's program runs.
                _ => thread::yield_now(),
            }
        };
        task.at(done);
        let since = Instant::now() - 2 * LONG;
        *shown = Some(Shown {
            number,
            since,
            bar: None,
            next_line: LONG,
        });
        poll(shown, false, ProgressDrawTarget::hidden);
        task
    }

    #[test]
    fn a_bar_shows_the_task_until_it_ends() {
        for (total, text) in [(Some(8_000), "2,000 of 8,000, "), (None, "2,000 iterations, ")] {
            let mut shown = None;
            let task = polled(total, 2_000, &mut shown);
            let bar = shown.as_ref().and_then(|shown| shown.bar.clone()).expect("a bar");
            assert_eq!((bar.position(), bar.length()), (2_000, total));
            assert!(bar.message().starts_with(text), "{}", bar.message());
            task.at(3_000);
            poll(&mut shown, false, ProgressDrawTarget::hidden);
            assert_eq!((bar.position(), bar.is_finished()), (3_000, false));
            drop(task);
            poll(&mut shown, false, ProgressDrawTarget::hidden);
            assert!(bar.is_finished());
        }
    }

    #[test]
    fn a_short_task_has_no_bar() {
        let _task = Task::begin(Some(7));
        let mut shown = None;
        poll(&mut shown, false, ProgressDrawTarget::hidden);
        assert!(shown.is_some_and(|shown| shown.bar.is_none()));
    }

    #[test]
    fn the_text_has_counts_times_and_rates() {
        let text = |done, total| message(done, total, Duration::from_secs(10));
        assert_eq!(text(2_000, Some(8_000)), "2,000 of 8,000, 10s, 30s left");
        assert_eq!(text(0, Some(8_000)), "0 of 8,000, 10s, ? left");
        assert_eq!(text(12_345, None), "12,345 iterations, 1,234 a second, 10s");
    }
}
