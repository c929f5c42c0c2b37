//! Running reductions in linear work: totals of blocks, running totals of these, and then each block from
//! the total before it.

use super::{elem, empty, grid};
use crate::host::axes::Lanes;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::dialect::math::IsNanOp;
use cubecl::prelude::*;
use kiln_program::Reduction;

/// The number of neighbours on a lane that one unit reduces.
const BLOCK: usize = 64;

pub(super) fn launch(x: &CubeTensor, out: &CubeTensor, lanes: Lanes, kind: Reduction, reverse: bool) {
    let Lanes { outer, length, inner } = lanes;
    let blocks = length.div_ceil(BLOCK);
    let units = outer * blocks * inner;
    let (count, dim, address) = grid(x, units, x.meta.num_elements());
    let before = if blocks == 1 {
        // Nothing reads it.
        x.clone()
    } else {
        let sums = empty(&x.device, [units].into(), x.dtype);
        totals::launch(
            &x.client,
            count.clone(),
            dim,
            address,
            x.clone().into_buffer_arg(),
            sums.clone().into_buffer_arg(),
            length,
            inner,
            kind,
            reverse,
            elem(x),
        );
        let running = empty(&x.device, [units].into(), x.dtype);
        launch(&sums, &running, Lanes::of(outer, blocks, inner), kind, false);
        running
    };
    running::launch(
        &x.client,
        count,
        dim,
        address,
        x.clone().into_buffer_arg(),
        before.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        units,
        length,
        inner,
        kind,
        reverse,
        elem(x),
    );
}

/// The part of a lane that a unit reduces: elements `start + i * step` for `i < count`, and
/// the block's number.
#[derive(CubeType)]
struct Block {
    start: usize,
    count: usize,
    number: usize,
}

#[cube]
impl Block {
    fn new(unit: usize, length: usize, inner: usize) -> Block {
        let blocks = length.div_ceil(BLOCK);
        let number = unit / inner % blocks;
        let first = number * BLOCK;
        Block {
            start: (unit / inner / blocks * length) * inner + unit % inner,
            count: min(length - first, BLOCK),
            number,
        }
    }

    /// Returns the index of the `i`th element.
    fn place(&self, i: usize, length: usize, inner: usize, #[comptime] reverse: bool) -> usize {
        let along = self.number * BLOCK + i;
        if comptime!(reverse) {
            self.start + (length - 1 - along) * inner
        } else {
            self.start + along * inner
        }
    }
}

/// Computes each block's total.
#[cube(launch, address_type = "dynamic")]
fn totals<T: Numeric>(
    x: &[T],
    out: &mut [T],
    length: usize,
    inner: usize,
    #[comptime] kind: Reduction,
    #[comptime] reverse: bool,
    #[define(T)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= out.len() {
        terminate!();
    }
    let block = Block::new(ABSOLUTE_POS, length, inner);
    let mut total = x[block.place(0, length, inner, reverse)];
    for i in 1..block.count {
        total = combine::<T>(total, x[block.place(i, length, inner, reverse)], kind);
    }
    out[ABSOLUTE_POS] = total;
}

/// Computes each block's running totals from the running totals of the blocks.
#[cube(launch, address_type = "dynamic")]
fn running<T: Numeric>(
    x: &[T],
    before: &[T],
    out: &mut [T],
    units: usize,
    length: usize,
    inner: usize,
    #[comptime] kind: Reduction,
    #[comptime] reverse: bool,
    #[define(T)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= units {
        terminate!();
    }
    let block = Block::new(ABSOLUTE_POS, length, inner);
    let first = block.place(0, length, inner, reverse);
    let mut total = x[first];
    if block.number > 0 {
        total = combine::<T>(before[ABSOLUTE_POS - inner], total, kind);
    }
    out[first] = total;
    for i in 1..block.count {
        let place = block.place(i, length, inner, reverse);
        total = combine::<T>(total, x[place], kind);
        out[place] = total;
    }
}

/// Combines the earlier element with the later. NaN wins, and of equal extremes the later.
#[cube]
fn combine<T: Numeric>(x: T, y: T, #[comptime] kind: Reduction) -> T {
    match comptime!(kind) {
        Reduction::Sum => x + y,
        Reduction::Prod => x * y,
        Reduction::Max => select(x > y || is_nan::<T>(x), x, y),
        Reduction::Min => select(x < y || is_nan::<T>(x), x, y),
    }
}

#[cube]
fn is_nan<T: Numeric>(x: T) -> bool {
    let dtype = elem_type_of::<T>();
    if comptime!(dtype.is_float()) {
        float_is_nan::<T>(x)
    } else {
        false.runtime()
    }
}

/// CubeCL has this function for its trait of floats only.
#[cube]
fn float_is_nan<T: Numeric>(x: T) -> bool {
    intrinsic!(|scope| {
        let is_nan = IsNanOp::new(scope.ctx_mut(), x.read_value(scope));
        scope.register_with_result(&is_nan).into()
    })
}
