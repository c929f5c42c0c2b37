//! Shows a progress bar while the engine runs.

use indicatif::{ProgressBar, ProgressStyle};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Runs `f`. On a terminal a progress bar appears after one second, and shows how far the engine has come.
pub(crate) fn with_progress_bar<T>(f: impl FnOnce() -> T) -> T {
    /// Ends the bar when it is dropped, also when `f` panics.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let start = Instant::now();
            let mut bar: Option<ProgressBar> = None;
            while !done.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(20));
                if start.elapsed() > Duration::from_secs(1) {
                    let progress = kiln::progress();
                    let bar = bar.get_or_insert_with(|| {
                        let style =
                            ProgressStyle::with_template("{wide_bar} {percent}% {eta}").expect("a template");
                        ProgressBar::new(0).with_style(style)
                    });
                    bar.set_length(progress.total);
                    bar.set_position(progress.done);
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        let _done = Done(&done);
        f()
    })
}
