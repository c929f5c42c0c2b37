//! Random bits on the host.

use kiln_program::threefry2x32;
use rayon::prelude::*;

/// For each key of `keys` (two words each) the words for the counters `first..first + size`: all first words, and all second words.
pub(crate) fn random_bits(keys: &[u32], first: &[u32], size: usize) -> (Vec<u32>, Vec<u32>) {
    let mut high = vec![0; first.len() * size];
    let mut low = vec![0; first.len() * size];
    if size == 0 {
        return (high, low);
    }
    const CHUNK: usize = 1 << 14;
    for (i, (high, low)) in high.chunks_mut(size).zip(low.chunks_mut(size)).enumerate() {
        let key = [keys[2 * i], keys[2 * i + 1]];
        let chunks = high
            .par_chunks_mut(CHUNK)
            .zip(low.par_chunks_mut(CHUNK))
            .enumerate();
        chunks.for_each(|(chunk, (high, low))| {
            let start = u64::from(first[i]) + (chunk * CHUNK) as u64;
            for (counter, (high, low)) in (start..).zip(high.iter_mut().zip(low)) {
                [*high, *low] = threefry2x32(key, [(counter >> 32) as u32, counter as u32]);
            }
        });
    }
    (high, low)
}
