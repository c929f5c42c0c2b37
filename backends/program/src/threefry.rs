//! Threefry-2x32 with twenty rounds: a keyed function of a 64-bit counter whose values look random.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011). JAX's default generator, and the meaning of
//! [`Op::RandomBits`](crate::Op::RandomBits).

/// The two random words of a counter, given as its high and low word, under a key.
///
/// ```
/// use kiln_program::threefry2x32;
/// assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
/// ```
// Inlined into the loops over tiles, so that it is compiled for their instruction set.
#[inline(always)]
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
    let keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD1_1BDA];
    let mut x0 = counter[0].wrapping_add(keys[0]);
    let mut x1 = counter[1].wrapping_add(keys[1]);
    for i in 0..5 {
        for rotation in ROTATIONS[i % 2] {
            x0 = x0.wrapping_add(x1);
            x1 = x1.rotate_left(rotation) ^ x0;
        }
        x0 = x0.wrapping_add(keys[(i + 1) % 3]);
        x1 = x1.wrapping_add(keys[(i + 2) % 3]).wrapping_add(i as u32 + 1);
    }
    [x0, x1]
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
