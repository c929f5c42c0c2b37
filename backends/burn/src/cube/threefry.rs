//! Random bits: Threefry-2x32, both words of each counter.

use super::grid;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

pub(super) fn launch(keys: &CubeTensor, first: &CubeTensor, high: &CubeTensor, low: &CubeTensor) {
    let units = high.meta.num_elements();
    let size = high.meta.shape()[1];
    let (count, dim, address) = grid(high, units, units);
    random_bits::launch(
        &high.client,
        count,
        dim,
        address,
        keys.clone().into_buffer_arg(),
        first.clone().into_buffer_arg(),
        high.clone().into_buffer_arg(),
        low.clone().into_buffer_arg(),
        size,
        size > u32::MAX as usize,
    );
}

#[cube(launch, address_type = "dynamic")]
fn random_bits(
    keys: &[u32],
    first: &[u32],
    high: &mut [u32],
    low: &mut [u32],
    size: usize,
    #[comptime] beyond: bool,
) {
    if ABSOLUTE_POS >= high.len() {
        terminate!();
    }
    let batch = ABSOLUTE_POS / size;
    let place = ABSOLUTE_POS % size;
    // The counter `first + place` has 64 bits, also on a device without integers of that width.
    let start = first[2 * batch + 1];
    let x1 = start + u32::cast_from(place);
    let mut x0 = first[2 * batch] + u32::cast_from(x1 < start);
    if comptime!(beyond) {
        x0 += u32::cast_from(place >> 32);
    }
    let key0 = keys[2 * batch];
    let key1 = keys[2 * batch + 1];
    let key2 = key0 ^ key1 ^ 0x1BD1_1BDA;
    let (x0, x1) = four_rounds(x0 + key0, x1 + key1, 13u32, 15u32, 26u32, 6u32);
    let (x0, x1) = four_rounds(x0 + key1, x1 + key2 + 1, 17u32, 29u32, 16u32, 24u32);
    let (x0, x1) = four_rounds(x0 + key2, x1 + key0 + 2, 13u32, 15u32, 26u32, 6u32);
    let (x0, x1) = four_rounds(x0 + key0, x1 + key1 + 3, 17u32, 29u32, 16u32, 24u32);
    let (x0, x1) = four_rounds(x0 + key1, x1 + key2 + 4, 13u32, 15u32, 26u32, 6u32);
    high[ABSOLUTE_POS] = x0 + key2;
    low[ABSOLUTE_POS] = x1 + key0 + 5;
}

#[cube]
fn four_rounds(
    x0: u32,
    x1: u32,
    #[comptime] first: u32,
    #[comptime] second: u32,
    #[comptime] third: u32,
    #[comptime] fourth: u32,
) -> (u32, u32) {
    let (x0, x1) = round(x0, x1, first);
    let (x0, x1) = round(x0, x1, second);
    let (x0, x1) = round(x0, x1, third);
    round(x0, x1, fourth)
}

#[cube]
fn round(x0: u32, x1: u32, #[comptime] rotation: u32) -> (u32, u32) {
    let back = comptime!(32 - rotation);
    let x0 = x0 + x1;
    (x0, ((x1 << rotation) | (x1 >> back)) ^ x0)
}
