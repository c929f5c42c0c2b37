//! How far a large kernel has come.

use std::sync::atomic::{AtomicU64, Ordering};

static DONE: AtomicU64 = AtomicU64::new(0);
static TOTAL: AtomicU64 = AtomicU64::new(0);

/// A large kernel of so many pieces starts.
pub(crate) fn begin(pieces: usize) {
    TOTAL.store(pieces as u64, Ordering::Relaxed);
    DONE.store(0, Ordering::Relaxed);
}

/// One of its pieces is done.
pub(crate) fn advance() {
    DONE.fetch_add(1, Ordering::Relaxed);
}

/// How far the large kernel that was started last has come, in pieces of its work.
///
/// For a progress bar, watched from another thread. With several kernels at once the numbers are of no one in particular. A kernel of few
/// elements, which runs on one thread, does not count.
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

/// How far a kernel has come, see [`progress`].
///
/// ```
/// let now = kiln::Progress { done: 3, total: 12 };
/// assert_eq!(100 * now.done / now.total, 25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Pieces that are done.
    pub done: u64,
    /// Pieces there are.
    pub total: u64,
}
