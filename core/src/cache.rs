//! What is kept for the next time: traces, what transformations made of programs, and what was compiled. All caches of the process together
//! take a bounded number of bytes; what was not used for longest goes first.

use crate::error::raise;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// What all caches hold together: see [`cache_info`].
///
/// ```standalone_crate
/// use kiln::{cache_info, numpy as np};
/// np::ones(3).sin();
/// let info = cache_info();
/// assert!(info.entries > 0 && info.bytes <= info.limit);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheInfo {
    /// Traces, programs that transformations made, and compiled programs.
    pub entries: usize,
    /// The bytes that they take, as estimated.
    pub bytes: usize,
    /// The bytes that they may take.
    pub limit: usize,
}

/// How much is kept of what was traced, transformed and compiled, in all threads. Literals are not a part of it: `x * 2.0` and `x * 3.0` share
/// their entries.
///
/// The environment variable `KILN_CACHE` sets the limit (`KILN_CACHE=256MB`); without it, the limit is 64 MB. When it is reached, what was not used for longest
/// is forgotten, and made again when it is needed.
///
/// # Panics
/// When `KILN_CACHE` is not a size.
///
/// ```standalone_crate
/// use kiln::{Array, cache_info, grad};
/// let slope = |c: f64| grad(move |x: Array| (x * c).sin())(1.0.into());
/// slope(2.5);
/// let before = cache_info();
/// slope(3.5); // another number, nothing new
/// assert_eq!(cache_info().entries, before.entries);
/// ```
#[track_caller]
pub fn cache_info() -> CacheInfo {
    CacheInfo {
        entries: shelves().iter().map(|shelf| shelf.len()).sum(),
        bytes: BYTES.load(Ordering::Relaxed),
        limit: limit(),
    }
}

/// Forgets what was traced, transformed and compiled, in all threads: `jax.clear_caches()`. A jitted function is traced again when
/// it is called.
///
/// ```standalone_crate
/// use kiln::{cache_info, clear_caches, numpy as np};
/// np::ones(3).sin();
/// clear_caches();
/// assert_eq!(cache_info().entries, 0);
/// ```
pub fn clear_caches() {
    shelves().iter().for_each(|shelf| shelf.forget(u64::MAX));
}

/// Refuses a `KILN_CACHE` that is not a size, at the caller's line.
#[track_caller]
pub(crate) fn check_limit() {
    limit();
}

#[track_caller]
fn limit() -> usize {
    static LIMIT: OnceLock<Result<usize, String>> = OnceLock::new();
    let found = LIMIT.get_or_init(|| match std::env::var_os("KILN_CACHE") {
        None => Ok(64 << 20),
        Some(text) => {
            let text = text.to_string_lossy();
            size(&text).ok_or_else(|| {
                format!("{text:?} is not a size: set it to bytes, or to KB, MB or GB, as in KILN_CACHE=64MB")
            })
        }
    });
    match found {
        Ok(limit) => *limit,
        Err(fact) => raise("KILN_CACHE", fact),
    }
}

/// A number of bytes, or of powers of 1024 of them.
fn size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].trim_start().to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// The bytes of all that is charged for.
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// Counts the uses of entries: the time by which they are old or new.
static CLOCK: AtomicU64 = AtomicU64::new(0);
static SHELVES: Mutex<Vec<Weak<dyn Shelf>>> = Mutex::new(Vec::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shelves() -> Vec<Arc<dyn Shelf>> {
    locked(&SHELVES).iter().filter_map(Weak::upgrade).collect()
}

/// Bytes that count until it is dropped.
pub(crate) struct Charge(usize);

impl Charge {
    pub(crate) fn new(bytes: usize) -> Charge {
        BYTES.fetch_add(bytes, Ordering::Relaxed);
        Charge(bytes)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        BYTES.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// A cache, as the others see it.
trait Shelf: Send + Sync {
    fn len(&self) -> usize;

    /// When each entry was used last.
    fn ages(&self, into: &mut Vec<u64>);

    /// Drops what was not used since.
    fn forget(&self, until: u64);
}

/// Values by their hashes. Those of one hash are told apart by whoever looks for one.
pub(crate) struct Cache<V> {
    entries: Arc<Entries<V>>,
}

struct Entries<V> {
    map: Mutex<FxHashMap<u64, SmallVec<[Entry<V>; 1]>>>,
    /// Whether it is one of the shelves.
    listed: OnceLock<()>,
}

struct Entry<V> {
    value: V,
    used: u64,
    _charge: Charge,
}

impl<V: Clone + Send + 'static> Cache<V> {
    pub(crate) fn new() -> Cache<V> {
        Cache {
            entries: Arc::new(Entries {
                map: Mutex::default(),
                listed: OnceLock::new(),
            }),
        }
    }

    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(&V) -> bool) -> Option<V> {
        let mut map = locked(&self.entries.map);
        let entry = map.get_mut(&hash)?.iter_mut().find(|entry| is_it(&entry.value))?;
        entry.used = now();
        Some(entry.value.clone())
    }

    /// Keeps a value that takes so many bytes; what was not used for longest may have to go, but not what was used in the [`Work`] under way.
    #[track_caller]
    pub(crate) fn insert(&self, hash: u64, value: V, bytes: usize) {
        let limit = limit();
        let entry = Entry {
            value,
            used: now(),
            _charge: Charge::new(bytes + size_of::<Entry<V>>()),
        };
        self.entries.listed.get_or_init(|| {
            let shelf: Weak<Entries<V>> = Arc::downgrade(&self.entries);
            list(shelf);
        });
        locked(&self.entries.map).entry(hash).or_default().push(entry);
        if BYTES.load(Ordering::Relaxed) > limit {
            shrink(limit);
        }
    }
}

fn list(shelf: Weak<dyn Shelf>) {
    let mut shelves = locked(&SHELVES);
    // Those of functions that are gone, each time that there is no room.
    if shelves.len() == shelves.capacity() {
        shelves.retain(|shelf| shelf.strong_count() > 0);
    }
    shelves.push(shelf);
}

/// The time of a use.
fn now() -> u64 {
    CLOCK.fetch_add(1, Ordering::Relaxed) + 1
}

/// When each work began that is under way, in all threads.
static UNDER_WAY: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// Tracing, deriving and compiling something. Nothing that was used since it began is forgotten before it ends: a derivative of nested loops would
/// derive the inner ones again at each level, and a function that is larger than the limit would be compiled at every call.
pub(crate) struct Work(u64);

impl Work {
    pub(crate) fn begin() -> Work {
        let begun = now();
        locked(&UNDER_WAY).insert(begun);
        Work(begun)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        locked(&UNDER_WAY).remove(&self.0);
    }
}

/// Forgets what was not used for longest, an eighth at a time, until the rest is within the limit. What a work under way has used stays.
fn shrink(limit: usize) {
    const PARTS: usize = 8;
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one_at_a_time = locked(&ONE_AT_A_TIME);
    let shelves = shelves();
    let mut ages = Vec::new();
    shelves.iter().for_each(|shelf| shelf.ages(&mut ages));
    let begun = locked(&UNDER_WAY).first().copied().unwrap_or(u64::MAX);
    ages.retain(|&used| used < begun);
    ages.sort_unstable();
    for part in 1..=PARTS {
        if BYTES.load(Ordering::Relaxed) <= limit {
            return;
        }
        if let Some(last) = (ages.len() * part / PARTS).checked_sub(1) {
            shelves.iter().for_each(|shelf| shelf.forget(ages[last]));
        }
    }
}

impl<V: Send> Shelf for Entries<V> {
    fn len(&self) -> usize {
        locked(&self.map).values().map(|entries| entries.len()).sum()
    }

    fn ages(&self, into: &mut Vec<u64>) {
        let map = locked(&self.map);
        into.extend(map.values().flatten().map(|entry| entry.used));
    }

    fn forget(&self, until: u64) {
        let mut gone = Vec::new();
        let mut map = locked(&self.map);
        map.retain(|_, entries| {
            for i in (0..entries.len())
                .rev()
                .filter(|&i| entries[i].used <= until)
                .collect::<Vec<_>>()
            {
                gone.push(entries.remove(i));
            }
            !entries.is_empty()
        });
        map.shrink_to_fit();
        drop(map);
        // Dropped without the lock: values may hold caches.
        drop(gone);
    }
}
