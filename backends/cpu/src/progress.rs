//! The progress of a large kernel.

use std::sync::atomic::{AtomicU64, Ordering};

static DONE: AtomicU64 = AtomicU64::new(0);
static TOTAL: AtomicU64 = AtomicU64::new(0);

/// Starts a large kernel of this many pieces.
pub(crate) fn begin(pieces: usize) {
    TOTAL.store(pieces as u64, Ordering::Relaxed);
    DONE.store(0, Ordering::Relaxed);
}

/// Counts a piece that is done.
pub(crate) fn advance() {
    DONE.fetch_add(1, Ordering::Relaxed);
}

/// The progress of the large kernel that started last, in pieces of its work.
///
/// Another thread can watch it for a progress bar. If several kernels run at once, their numbers mix. A
/// kernel of few elements, which runs on one thread, does not count.
///
/// ```
/// use kiln::{Key, progress, random};
/// random::normal(Key::new(0), 5_000_000).sum();
/// let now = progress();
/// assert!(now.total > 0 && now.done == now.total);
/// ```
pub fn progress() -> Progress {
    Progress {
        done: DONE.load(Ordering::Relaxed),
        total: TOTAL.load(Ordering::Relaxed),
    }
}

/// The progress of a kernel, see [`progress`].
///
/// ```
/// let now = kiln::progress();
/// println!("{} of {} pieces", now.done, now.total);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pieces that are done.
    pub done: u64,
    /// All pieces.
    pub total: u64,
}
