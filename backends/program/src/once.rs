//! What is found of programs within programs, once in an analysis: programs are shared, and loops ask for the same again until nothing changes, so that
//! an analysis that follows every way takes exponentially long in their depth.

use crate::Program;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::hash::Hash;
use std::thread::LocalKey;

/// What an analysis has found so far: by the program and what was asked of it. There is nothing outside of the analysis.
pub type Found<K, T> = RefCell<Option<FxHashMap<(*const Program, K), T>>>;

/// What `find` gives of a program, or gave before in this analysis, which is the outermost call with these `found`. The programs within are
/// those that the outermost program holds.
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

/// Remembers what is found while `f` runs: for an analysis that asks another one at each level. The programs that it asks of live as long.
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
