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
    let keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD1_1BDA];
    let mut x = [counter[0].wrapping_add(keys[0]), counter[1].wrapping_add(keys[1])];
    // Written out, not looped over: what is left is a straight line, which a loop over counters can be vectorised around.
    x = rounds(x, [13, 15, 26, 6], [keys[1], keys[2].wrapping_add(1)]);
    x = rounds(x, [17, 29, 16, 24], [keys[2], keys[0].wrapping_add(2)]);
    x = rounds(x, [13, 15, 26, 6], [keys[0], keys[1].wrapping_add(3)]);
    x = rounds(x, [17, 29, 16, 24], [keys[1], keys[2].wrapping_add(4)]);
    rounds(x, [13, 15, 26, 6], [keys[2], keys[0].wrapping_add(5)])
}

/// Four rounds, after which a part of the key goes in.
#[inline(always)]
fn rounds(x: [u32; 2], rotations: [u32; 4], key: [u32; 2]) -> [u32; 2] {
    let x = round(x, rotations[0]);
    let x = round(x, rotations[1]);
    let x = round(x, rotations[2]);
    let x = round(x, rotations[3]);
    [x[0].wrapping_add(key[0]), x[1].wrapping_add(key[1])]
}

#[inline(always)]
fn round([x0, x1]: [u32; 2], rotation: u32) -> [u32; 2] {
    let x0 = x0.wrapping_add(x1);
    [x0, x1.rotate_left(rotation) ^ x0]
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
