//! Caches of traces, of programs that transformations made, and of compiled programs. All caches of the
//! process together take a bounded number of bytes. The entries that were not used for longest are dropped
//! first.

use crate::error::raise;
use kiln_backends::program::Few;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

/// The total contents of all caches. [`cache_info`] returns this type.
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
    /// The number of traces, of programs that transformations made, and of compiled programs.
    pub entries: usize,
    /// The estimated number of bytes of the entries.
    pub bytes: usize,
    /// The greatest number of bytes of the entries.
    pub limit: usize,
}

/// Returns the size of the caches of traced, transformed and compiled programs of all threads. Literals are
/// not part of a cached program: `x * 2.0` and `x * 3.0` share an entry.
///
/// The environment variable `KILN_CACHE` sets the limit (`KILN_CACHE=256MB`). The default is 64 MB. At the
/// limit, the caches drop the entries that were not used for longest. A dropped entry is made again when it
/// is needed.
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

/// Drops all traced, transformed and compiled programs of all threads. This is `jax.clear_caches()`. A jitted
/// function is traced again at its next call.
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

/// Panics at the caller's line if `KILN_CACHE` is not a size.
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

/// Parses a number of bytes, or of KB, MB or GB (powers of 1024).
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

/// The bytes of all live [`Charge`]s.
static BYTES: AtomicUsize = AtomicUsize::new(0);
/// Counts the uses of entries. An entry's last count is its age.
static CLOCK: AtomicU64 = AtomicU64::new(0);
static SHELVES: Mutex<Vec<Weak<dyn Shelf>>> = Mutex::new(Vec::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shelves() -> Vec<Arc<dyn Shelf>> {
    locked(&SHELVES).iter().filter_map(Weak::upgrade).collect()
}

/// A number of bytes that counts until the charge is dropped.
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

/// A cache of any value type.
trait Shelf: Send + Sync {
    fn len(&self) -> usize;

    /// Adds the time of the last use of each entry.
    fn ages(&self, into: &mut Vec<u64>);

    /// Drops the entries whose last use is not after `until`.
    fn forget(&self, until: u64);
}

/// Values by their hashes. The caller of `find` distinguishes values of the same hash.
pub(crate) struct Cache<V> {
    entries: Arc<Entries<V>>,
}

struct Entries<V> {
    map: Mutex<FxHashMap<u64, Few<Entry<V>, 1>>>,
    /// Set once the cache is listed in `SHELVES`.
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

    /// Keeps a value that takes `bytes` bytes. Beyond the limit, the entries that were not used for longest
    /// are dropped, except those that a [`Work`] in progress has used.
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
    // Removes the caches of dropped functions each time that the vector is full.
    if shelves.len() == shelves.capacity() {
        shelves.retain(|shelf| shelf.strong_count() > 0);
    }
    shelves.push(shelf);
}

/// Returns the time of a use.
fn now() -> u64 {
    CLOCK.fetch_add(1, Ordering::Relaxed) + 1
}

/// The start time of each [`Work`] in progress, in all threads.
static UNDER_WAY: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

/// The tracing, differentiation or compilation of a function in progress. The caches keep every entry that
/// was used since its start until its end. Otherwise a derivative of nested loops would derive the inner
/// loops again at each level, and a function that is larger than the limit would be compiled at every call.
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

/// Drops the entries that were not used for longest, an eighth at a time, until the rest is within the limit.
/// Entries that a [`Work`] in progress has used stay.
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
        // The entries are dropped without the lock, because values may hold caches.
        drop(gone);
    }
}
