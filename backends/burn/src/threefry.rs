//! Threefry-2x32 with twenty rounds: a keyed function of a 64-bit counter whose values look random.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). JAX's default generator.

use rayon::prelude::*;

/// The two random words of a counter under a key.
///
/// ```
/// use kiln_burn::threefry::threefry2x32;
/// let words = threefry2x32([0, 0], [0, 0]);
/// println!("{words:x?}");
/// assert_eq!(words, [0x6b20_0159, 0x99ba_4efe]);
/// ```
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
    let schedule = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD1_1BDA];
    let mut x = counter[0].wrapping_add(schedule[0]);
    let mut y = counter[1].wrapping_add(schedule[1]);
    for group in 0..5 {
        for rotation in ROTATIONS[group % 2] {
            x = x.wrapping_add(y);
            y = y.rotate_left(rotation) ^ x;
        }
        x = x.wrapping_add(schedule[(group + 1) % 3]);
        y = y
            .wrapping_add(schedule[(group + 2) % 3])
            .wrapping_add(group as u32 + 1);
    }
    [x, y]
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        let rows = [
            (
                [0x1319_8a2e, 0x0370_7344],
                [0x243f_6a88, 0x85a3_08d3],
                [0xc492_3a9c, 0x483d_f7a0],
            ),
            ([0, 0], [0, 0], [0x6b20_0159, 0x99ba_4efe]),
            ([!0, !0], [!0, !0], [0x1cb9_96fc, 0xbb00_2be7]),
        ];
        for (key, counter, words) in rows {
            assert_eq!(
                threefry2x32(key, counter),
                words,
                "key {key:x?}, counter {counter:x?}"
            );
        }
    }

    #[test]
    fn counters_carry_into_the_high_word() {
        let (high, low) = random_bits(&[1, 2], &[u32::MAX], 2);
        assert_eq!([high[0], low[0]], threefry2x32([1, 2], [0, u32::MAX]));
        assert_eq!([high[1], low[1]], threefry2x32([1, 2], [1, 0]));
    }
}
