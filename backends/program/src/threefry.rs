//! Threefry-2x32 with twenty rounds: a keyed function of a 64-bit counter whose values look random.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). The function is JAX's
//! default generator, and the meaning of [`Op::RandomBits`](crate::Op::RandomBits).

/// Returns the two random words of a counter under a key. The counter is its high and low word.
///
/// ```
/// use kiln_program::threefry2x32;
/// assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
/// ```
#[inline(always)]
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    let keys = key_schedule(key);
    let mut x0 = [counter[0].wrapping_add(keys[0])];
    let mut x1 = [counter[1].wrapping_add(keys[1])];
    four_rounds::<0, 1>(keys, &mut x0, &mut x1);
    four_rounds::<1, 1>(keys, &mut x0, &mut x1);
    four_rounds::<2, 1>(keys, &mut x0, &mut x1);
    four_rounds::<3, 1>(keys, &mut x0, &mut x1);
    four_rounds::<4, 1>(keys, &mut x0, &mut x1);
    [x0[0], x1[0]]
}

/// Returns the words that are added between rounds. The first two are also added to the counter's words at
/// the start.
#[inline(always)]
pub fn key_schedule(key: [u32; 2]) -> [u32; 3] {
    [key[0], key[1], key[0] ^ key[1] ^ 0x1BD1_1BDA]
}

/// Applies rounds `4 * GROUP` to `4 * GROUP + 3` to `N` counters side by side, and then adds a part of the
/// key.
// The rounds are written out instead of looped over: the compiler can vectorise a loop over counters around a
// straight line.
#[inline(always)]
pub fn four_rounds<const GROUP: usize, const N: usize>(keys: [u32; 3], x0: &mut [u32; N], x1: &mut [u32; N]) {
    let rotations = if GROUP.is_multiple_of(2) {
        [13, 15, 26, 6]
    } else {
        [17, 29, 16, 24]
    };
    round(x0, x1, rotations[0]);
    round(x0, x1, rotations[1]);
    round(x0, x1, rotations[2]);
    round(x0, x1, rotations[3]);
    let number = GROUP as u32 + 1;
    let (first, second) = (keys[(GROUP + 1) % 3], keys[(GROUP + 2) % 3].wrapping_add(number));
    for i in 0..N {
        x0[i] = x0[i].wrapping_add(first);
        x1[i] = x1[i].wrapping_add(second);
    }
}

#[inline(always)]
fn round<const N: usize>(x0: &mut [u32; N], x1: &mut [u32; N], rotation: u32) {
    for i in 0..N {
        x0[i] = x0[i].wrapping_add(x1[i]);
    }
    for i in 0..N {
        x1[i] = x1[i].rotate_left(rotation) ^ x0[i];
    }
}

#[cfg(test)]
mod tests {
    use super::threefry2x32;

    /// The vectors of the authors' Random123 distribution.
    #[test]
    fn known_answers() {
        assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry2x32([!0, !0], [!0, !0]), [0x1cb9_96fc, 0xbb00_2be7]);
        let digits_of_pi = threefry2x32([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]);
        assert_eq!(digits_of_pi, [0xc492_3a9c, 0x483d_f7a0]);
    }
}
