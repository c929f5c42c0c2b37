//! Random bits on the host.

use kiln_program::sister::Stop;
use kiln_program::threefry2x32;
use rayon::prelude::*;

/// Returns the words for `size` counters of each key of `keys`, counted from the key's counter in `first`:
/// all first words, and all second words. A key and a counter are two words each.
pub(crate) fn random_bits(keys: &[u32], first: &[u32], size: usize) -> (Vec<u32>, Vec<u32>) {
    let mut high = vec![0; keys.len() / 2 * size];
    let mut low = high.clone();
    if size == 0 {
        return (high, low);
    }
    const CHUNK: usize = 1 << 14;
    for (i, (high, low)) in high.chunks_mut(size).zip(low.chunks_mut(size)).enumerate() {
        let key = [keys[2 * i], keys[2 * i + 1]];
        let first = u64::from(first[2 * i]) << 32 | u64::from(first[2 * i + 1]);
        let chunks = high
            .par_chunks_mut(CHUNK)
            .zip(low.par_chunks_mut(CHUNK))
            .enumerate();
        let draw = |(chunk, (high, low)): (usize, (&mut [u32], &mut [u32]))| {
            let start = first.wrapping_add((chunk * CHUNK) as u64);
            for (i, (high, low)) in high.iter_mut().zip(low).enumerate() {
                let counter = start.wrapping_add(i as u64);
                [*high, *low] = threefry2x32(key, [(counter >> 32) as u32, counter as u32]);
            }
        };
        Stop::aside(|| chunks.for_each(draw));
    }
    (high, low)
}
