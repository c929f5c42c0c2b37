//! Stable sorts by an integer key with JAX's order.

use super::element::Element;
use kiln_program::sister::Stop;
use rayon::prelude::*;

/// Returns the order of each sorted lane of `length` neighbours: the former index of each element, counted
/// within the lane.
///
/// The pair of key and index is unique, so that any sort of the pairs is stable.
pub(crate) fn order<T: Element>(keys: &[T], length: usize) -> Vec<u32> {
    let mut out = Vec::with_capacity(keys.len());
    for lane in keys.chunks(length.max(1)) {
        Stop::check_here();
        if size_of::<T>() <= 4 {
            let pair = |(i, x): (usize, &T)| (narrow(x.key()) << 32) | i as u64;
            let mut pairs: Vec<u64> = lane.iter().enumerate().map(pair).collect();
            sort(&mut pairs);
            out.extend(pairs.iter().map(|&pair| pair as u32));
        } else {
            let mut pairs: Vec<(u64, u32)> = lane
                .iter()
                .enumerate()
                .map(|(i, x)| (x.key(), i as u32))
                .collect();
            sort(&mut pairs);
            out.extend(pairs.iter().map(|pair| pair.1));
        }
    }
    out
}

/// Sorts keys. Several threads pay from some length on.
fn sort<K: Ord + Send>(keys: &mut [K]) {
    if keys.len() < 1 << 14 {
        keys.sort_unstable()
    } else {
        Stop::aside(|| keys.par_sort_unstable())
    }
}

/// Returns the low half of a key of a narrow type, in the same order: signed integers have their bias at bit
/// 63.
fn narrow(key: u64) -> u64 {
    let (high, low) = (key >> 32, key & 0xFFFF_FFFF);
    match high {
        // Floats, bools and unsigned integers.
        0 => low,
        // Signed: non-negative numbers stand at 2^63 and above, negative ones just below.
        0x8000_0000 => low | 0x8000_0000,
        _ => low & 0x7FFF_FFFF,
    }
}

/// Returns an array's lanes in the order that [`order`] returned.
pub(crate) fn permuted<T: Element>(x: &[T], length: usize, order: &[u32]) -> Vec<T> {
    let lanes = x.chunks(length.max(1)).zip(order.chunks(length.max(1)));
    lanes
        .flat_map(|(lane, order)| order.iter().map(|&i| lane[i as usize]))
        .collect()
}

/// Sorts one array along lanes of `length` neighbours: without indices this is several times faster.
pub(crate) fn sorted<T: Element + Keyed>(x: &mut [T], length: usize) {
    for lane in x.chunks_mut(length.max(1)) {
        Stop::check_here();
        // NaNs go last and zeros keep their signs, both in their former order.
        let count = |such: fn(&T) -> bool| lane.iter().filter(|&x| such(x)).count();
        let mut nans = Vec::with_capacity(count(|x| x.is_nan()));
        let mut zeros = Vec::with_capacity(count(|x| *x == T::ZERO));
        let mut keys: Vec<T::Key> = Vec::with_capacity(lane.len());
        for &x in lane.iter() {
            if x.is_nan() {
                nans.push(x);
            } else {
                if x == T::ZERO {
                    zeros.push(x);
                }
                keys.push(x.narrow_key());
            }
        }
        sort(&mut keys);
        let first_zero = keys.partition_point(|&key| key < T::ZERO.narrow_key());
        for (x, &key) in lane.iter_mut().zip(&keys) {
            *x = T::from_key(key);
        }
        lane[first_zero..first_zero + zeros.len()].copy_from_slice(&zeros);
        let end = lane.len() - nans.len();
        lane[end..].copy_from_slice(&nans);
    }
}

/// A number with an integer key of the same width, from which the number can be computed.
pub(crate) trait Keyed: Sized {
    type Key: Copy + Ord + Send;
    fn narrow_key(self) -> Self::Key;
    fn from_key(key: Self::Key) -> Self;
}

macro_rules! own_key {
    ($($T:ty)*) => { $(
        impl Keyed for $T {
            type Key = $T;
            fn narrow_key(self) -> $T { self }
            fn from_key(key: $T) -> $T { key }
        }
    )* };
}

own_key! { bool i8 i16 i32 i64 u8 u16 u32 u64 }

macro_rules! float_key {
    ($($T:ty, $key:ty, $bits:ty;)*) => { $(
        impl Keyed for $T {
            type Key = $key;
            // Negative floats descend by their magnitude bits, so these are flipped. The map is its own
            // inverse.
            fn narrow_key(self) -> $key {
                let bits = (self + 0.0).to_bits() as $key;
                bits ^ (((bits >> (<$key>::BITS - 1)) as $bits) >> 1) as $key
            }
            fn from_key(key: $key) -> $T {
                <$T>::from_bits((key ^ (((key >> (<$key>::BITS - 1)) as $bits) >> 1) as $key) as $bits)
            }
        }
    )* };
}

float_key! { f32, i32, u32; f64, i64, u64; }

#[cfg(test)]
mod tests {
    use super::*;
    use kiln_program::CancelToken;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
    use std::time::Duration;

    /// Tasks of a pool that belong to nobody's call. Each starts the next.
    #[derive(Default)]
    struct Foreign {
        end: AtomicBool,
        runs: AtomicUsize,
        with_flags: AtomicUsize,
    }

    fn run(foreign: Arc<Foreign>) {
        foreign.runs.fetch_add(1, Relaxed);
        if !foreign.end.load(Relaxed) {
            let next = foreign.clone();
            rayon::spawn(|| run(next));
        }
        // While this task takes its time, another thread may steal the next.
        std::thread::sleep(Duration::from_micros(20));
        // Flags have no other sign until they are set.
        let is_free = format!("{:?}", Stop::here()) == "Stop(None)";
        foreign.with_flags.fetch_add(usize::from(!is_free), Relaxed);
    }

    /// A thread that waits for the others runs tasks that the flags of its call do not concern.
    #[test]
    fn tasks_that_run_while_a_sort_waits_are_not_ended() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build();
        let foreign = Arc::new(Foreign::default());
        pool.expect("a pool of its own").install(|| {
            for _ in 0..2 {
                let foreign = foreign.clone();
                rayon::spawn(|| run(foreign));
            }
            let keys: Vec<u32> = (0..1 << 15).map(|i: u32| i.wrapping_mul(2_654_435_761)).collect();
            let sorted = CancelToken::new().run(|| {
                (0..50).all(|_| {
                    let mut keys = keys.clone();
                    sort(&mut keys);
                    keys.is_sorted()
                })
            });
            foreign.end.store(true, Relaxed);
            assert_eq!(sorted, Ok(true));
        });
        assert!(foreign.runs.load(Relaxed) > 0);
        assert_eq!(foreign.with_flags.load(Relaxed), 0);
    }
}
