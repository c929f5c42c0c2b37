//! A cache that forgets what was not asked for lately.

use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Values by their keys, up to a weight: when what was put in or asked for since the last time weighs that much, what was not is dropped.
pub(crate) struct Recent<K, V> {
    young: FxHashMap<K, (V, usize)>,
    old: FxHashMap<K, (V, usize)>,
    /// What the young ones weigh.
    weight: usize,
    limit: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Holds at most twice the limit, and one value more.
    pub(crate) fn new(limit: usize) -> Recent<K, V> {
        Recent {
            young: FxHashMap::default(),
            old: FxHashMap::default(),
            weight: 0,
            limit,
        }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<&mut V> {
        if !self.young.contains_key(key) {
            let (key, (value, weight)) = self.old.remove_entry(key)?;
            self.insert(key, value, weight);
        }
        self.young.get_mut(key).map(|(value, _)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V, weight: usize) {
        if self.weight >= self.limit {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.young.insert(key, (value, weight));
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes_by_weight() {
        let mut cache = Recent::new(10);
        cache.insert(0, "asked for", 1);
        for i in 1..1000 {
            cache.insert(i, "once", 1);
            assert_eq!(cache.get(&0), Some(&mut "asked for"));
            assert_eq!(cache.get(&i), Some(&mut "once"));
            assert!(cache.young.len() + cache.old.len() <= 21);
        }
        assert_eq!(cache.get(&900), None);
        cache.insert(1000, "heavy", 10);
        cache.insert(1001, "heavy", 10);
        cache.insert(1002, "heavy", 10);
        assert_eq!((cache.young.len(), cache.old.len()), (1, 1));
    }
}
