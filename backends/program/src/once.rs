//! A memo for analyses of nested programs, so that each program is analysed once. Programs are shared, and
//! loops ask again until nothing changes: an analysis without the memo takes exponentially long in the depth.

use crate::program::Program;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::hash::Hash;
use std::thread::LocalKey;

/// The results of an analysis so far, by the program and the question. `None` outside of the analysis.
pub type Found<K, T> = RefCell<Option<FxHashMap<(*const Program, K), T>>>;

/// Returns the result of `find` for a program: the result from earlier in this analysis, if there is one. The
/// analysis is the outermost call with this `found`. The outermost program holds the programs within, so
/// their addresses stay valid.
pub fn once<K: Eq + Hash + 'static, T: Clone + 'static>(
    found: &'static LocalKey<Found<K, T>>,
    program: &Program,
    asked: K,
    find: impl FnOnce() -> T,
) -> T {
    if found.with_borrow(Option::is_none) {
        return remembering(found, find);
    }
    let key = (std::ptr::from_ref(program), asked);
    let known = found.with_borrow(|found| found.as_ref().and_then(|found| found.get(&key).cloned()));
    if let Some(known) = known {
        return known;
    }
    let new = find();
    found.with_borrow_mut(|found| found.get_or_insert_default().insert(key, new.clone()));
    new
}

/// Keeps the results while `f` runs: for an analysis that calls another one at each level. The programs must
/// live as long.
pub fn remembering<K: 'static, T: 'static, R>(
    found: &'static LocalKey<Found<K, T>>,
    f: impl FnOnce() -> R,
) -> R {
    /// Forgets everything at the end of an analysis, also when it panics.
    struct Outermost<K: 'static, T: 'static>(&'static LocalKey<Found<K, T>>);
    impl<K, T> Drop for Outermost<K, T> {
        fn drop(&mut self) {
            self.0.take();
        }
    }
    if found.with_borrow(Option::is_some) {
        return f();
    }
    found.set(Some(FxHashMap::default()));
    let _outermost = Outermost(found);
    f()
}
