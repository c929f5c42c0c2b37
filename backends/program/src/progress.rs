//! Counts the work that is done, for whoever watches it from another thread.
//!
//! Each thread that runs programs has a slot, which only that thread and the threads that work for it write
//! to: a loop stores the number of its iteration there. So a loop pays one store an iteration.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Returns the progress of the program that runs: of its outermost loop, or of its large kernel.
///
/// Another thread can poll the progress, for a bar or a log line. `kiln::progress_bar` (feature
/// `progress-bar`) shows a bar in a terminal. A program of few elements without a loop does not count. If
/// several threads run programs, this is the progress of one of them. If none does, this is the progress of
/// the last loop or kernel of this thread.
///
/// ```standalone_crate
/// use kiln::{Array, lax, progress};
/// lax::fori_loop(0, 1000, |_, x: Array| (x * 0.5).cos(), 1.0.into());
/// let now = progress();
/// assert_eq!((now.running, now.done, now.total), (false, 1000, Some(1000)));
/// ```
pub fn progress() -> Progress {
    current().1
}

/// The progress of a program. [`progress`] returns it.
///
/// ```
/// let now = kiln::progress();
/// match now.total {
///     Some(total) => println!("{} of {total}", now.done),
///     None => println!("{} iterations", now.done),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// True if the loop or kernel is in progress.
    pub running: bool,
    /// The number of iterations of the loop, or of pieces of the kernel, that are done.
    pub done: u64,
    /// The number of all iterations or pieces. It is `None` for a `while_loop`, because the number is not
    /// known before the loop ends.
    pub total: Option<u64>,
}

/// Returns the progress, and the number of the loop or kernel that it is of.
pub fn current() -> (u64, Progress) {
    let here = MINE.try_with(|mine| mine.0).ok();
    let running = slots().iter().copied().find(|slot| slot.running.load(Relaxed));
    let slot = running.or(here);
    slot.map_or((0, Slot::default().read()), |slot| {
        (slot.number.load(Relaxed), slot.read())
    })
}

/// The total of a loop that ends on a condition.
const UNKNOWN: u64 = u64::MAX;

#[derive(Debug, Default)]
struct Slot {
    owned: AtomicBool,
    running: AtomicBool,
    /// The number of the loop or kernel: no two of the process have the same.
    number: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
}

impl Slot {
    fn read(&self) -> Progress {
        let total = Some(self.total.load(Relaxed)).filter(|&total| total != UNKNOWN);
        let done = self.done.load(Relaxed);
        Progress {
            running: self.running.load(Relaxed),
            // The numbers of the next loop may come between.
            done: total.map_or(done, |total| done.min(total)),
            total,
        }
    }
}

/// The slots of all threads. A thread that ends leaves its slot to another one.
static SLOTS: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

fn slots() -> MutexGuard<'static, Vec<&'static Slot>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The slot of a thread.
struct Mine(&'static Slot);

impl Mine {
    fn claim() -> Mine {
        let mut slots = slots();
        let free = slots.iter().copied().find(|slot| !slot.owned.load(Relaxed));
        let slot = free.unwrap_or_else(|| {
            let slot: &Slot = Box::leak(Box::default());
            // Numbers of two slots differ in the high bits.
            slot.number.store((slots.len() as u64) << 40, Relaxed);
            slots.push(slot);
            slot
        });
        slot.owned.store(true, Relaxed);
        Mine(slot)
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        let _slots = slots();
        self.0.owned.store(false, Relaxed);
    }
}

thread_local! {
    static MINE: Mine = Mine::claim();
}

/// A loop or kernel in progress. It counts nothing if it runs within another one of its thread.
#[derive(Debug)]
pub struct Task(Option<&'static Slot>);

impl Task {
    /// Begins a loop of this many iterations, or a kernel of this many pieces.
    pub fn begin(total: Option<u64>) -> Task {
        // A thread that ends has no slot any more.
        let slot = MINE.try_with(|mine| mine.0).ok();
        let slot = slot.filter(|slot| !slot.running.load(Relaxed));
        if let Some(slot) = slot {
            slot.number.store(slot.number.load(Relaxed) + 1, Relaxed);
            slot.done.store(0, Relaxed);
            slot.total.store(total.unwrap_or(UNKNOWN), Relaxed);
            slot.running.store(true, Relaxed);
        }
        Task(slot)
    }

    /// Returns a task that counts nothing.
    pub const fn none() -> Task {
        Task(None)
    }

    /// Says how many iterations are done. Only one thread may call it.
    #[inline]
    pub fn at(&self, done: usize) {
        if let Some(slot) = self.0 {
            slot.done.store(done as u64, Relaxed);
        }
    }

    /// Counts pieces that are done. Any thread may call it.
    #[inline]
    pub fn advance(&self, pieces: usize) {
        if let Some(slot) = self.0 {
            slot.done.fetch_add(pieces as u64, Relaxed);
        }
    }

    /// Ends a task whose iterations are all done.
    pub fn finish(self) {
        if let Some(slot) = self.0 {
            let total = slot.total.load(Relaxed);
            if total != UNKNOWN {
                slot.done.store(total, Relaxed);
            }
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(slot) = self.0 {
            slot.running.store(false, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_task_counts() {
        std::thread::spawn(|| {
            let outer = Task::begin(None);
            outer.at(3);
            let inner = Task::begin(Some(10));
            inner.at(5);
            drop(inner);
            let of = |slot: &Slot| slot.read();
            let now = MINE.with(|mine| of(mine.0));
            assert_eq!((now.running, now.done, now.total), (true, 3, None));
            outer.finish();
            let next = Task::begin(Some(10));
            next.advance(4);
            let number = MINE.with(|mine| mine.0.number.load(Relaxed));
            drop(next);
            assert_eq!(number & 0xFFFF, 2);
            let now = MINE.with(|mine| of(mine.0));
            assert_eq!((now.running, now.done, now.total), (false, 4, Some(10)));
        })
        .join()
        .expect("no panic");
    }
}
