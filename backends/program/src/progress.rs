//! Counts the work that is done, for whoever watches it from another thread.
//!
//! Each thread that runs programs has a slot, which only that thread and the threads that work for it write
//! to: a loop stores the number of its iteration there. So a loop pays one store an iteration.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64, fence};
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
    current(NONE).1
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

/// Returns the progress, and the number of the loop or kernel that it is of: of the one with the number
/// `before` as long as that runs, so that a bar does not jump between the programs of several threads.
pub fn current(before: u64) -> (u64, Progress) {
    let here = MINE.try_with(|mine| mine.0).ok();
    let slots: Vec<_> = slots().iter().map(|slot| slot.read()).collect();
    let running = || slots.iter().filter(|(_, now)| now.running);
    let found = running().find(|(number, _)| *number == before);
    match found.or_else(|| running().next()) {
        Some(found) => *found,
        None => here.map_or((NONE, Slot::default().read().1), Slot::read),
    }
}

/// The number of no loop.
const NONE: u64 = 0;

/// The total of a loop that ends on a condition.
const UNKNOWN: u64 = u64::MAX;

#[derive(Debug, Default)]
struct Slot {
    owned: AtomicBool,
    running: AtomicBool,
    /// The number of the loop or kernel: no two of the process have the same. It is odd while `done` and
    /// `total` become those of the next.
    number: AtomicU64,
    done: AtomicU64,
    total: AtomicU64,
}

impl Slot {
    /// Returns the number and the progress of one loop or kernel.
    fn read(&self) -> (u64, Progress) {
        loop {
            let number = self.number.load(Acquire);
            let now = Progress {
                running: self.running.load(Relaxed),
                done: self.done.load(Relaxed),
                total: Some(self.total.load(Relaxed)).filter(|&total| total != UNKNOWN),
            };
            // Pairs with the fence of `begin`: if one of the loads read a store of the next loop, the number
            // is another one.
            fence(Acquire);
            if number.is_multiple_of(2) && self.number.load(Relaxed) == number {
                return (number, now);
            }
            std::thread::yield_now();
        }
    }

    /// Makes this the progress of another loop or kernel. Only the thread of the slot may call it.
    fn begin(&self, total: Option<u64>) {
        let number = self.number.load(Relaxed);
        self.number.store(number + 1, Relaxed);
        fence(Release);
        self.done.store(0, Relaxed);
        self.total.store(total.unwrap_or(UNKNOWN), Relaxed);
        self.running.store(true, Relaxed);
        self.number.store(number + 2, Release);
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
            slot.begin(total);
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
    use std::sync::mpsc;

    #[test]
    fn the_outermost_task_counts() {
        std::thread::spawn(|| {
            let outer = Task::begin(None);
            outer.at(3);
            let inner = Task::begin(Some(10));
            inner.at(5);
            drop(inner);
            let here = || MINE.with(|mine| mine.0.read());
            let (first, now) = here();
            assert_eq!((now.running, now.done, now.total), (true, 3, None));
            outer.finish();
            let next = Task::begin(Some(10));
            next.advance(4);
            drop(next);
            let (second, now) = here();
            assert_eq!((now.running, now.done, now.total), (false, 4, Some(10)));
            assert_eq!(second, first + 2);
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn the_task_of_before_comes_first() {
        std::thread::scope(|scope| {
            let (began, begin) = mpsc::channel();
            let task = |total| {
                let (end, ended) = mpsc::channel::<()>();
                let began = began.clone();
                let thread = scope.spawn(move || {
                    let _task = Task::begin(Some(total));
                    let number = MINE.with(|mine| mine.0.read().0);
                    began.send(number).expect("the test waits");
                    let _ = ended.recv();
                });
                (total, begin.recv().expect("a thread"), end, thread)
            };
            let tasks = [task(1_000_001), task(1_000_002)];
            for (total, number, ..) in &tasks {
                let (found, now) = current(*number);
                assert_eq!((found, now.total), (*number, Some(*total)));
            }
            // Another one is found when the task of before has ended.
            let [(_, number, end, thread), _other] = tasks;
            drop(end);
            thread.join().expect("no panic");
            let (found, now) = current(number);
            assert!(found != number && now.running);
        });
    }

    /// The counts of one task are never read with the number or the total of another.
    #[test]
    fn the_counts_are_of_one_task() {
        let slot: &Slot = Box::leak(Box::default());
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for total in 1..200_000 {
                    slot.begin(Some(total));
                    slot.done.store(total, Relaxed);
                }
                ended.store(true, Relaxed);
            });
            while !ended.load(Relaxed) {
                let (number, now) = slot.read();
                let total = number / 2;
                assert_eq!(now.total.unwrap_or_default(), total);
                assert!(now.done == 0 || now.done == total, "{number}: {now:?}");
            }
        });
    }
}
