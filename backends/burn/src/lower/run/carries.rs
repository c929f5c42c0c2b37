//! Places the carries of a loop: on the host or on the device.

use crate::kernels::Kernels;
use crate::value::{FEW, Value};
use kiln_program::{ArrayType, Program};

/// Marks the carries that are on the host in every iteration: few integers that depend only on other such
/// values. One read of them before a loop, of a key above all, is better than a kernel for each op on them. A
/// loop that counts needs no other read at all.
pub(super) fn carries_here<B: Kernels>(
    body: &Program,
    consts: &[Value<B>],
    carry: &[Value<B>],
    types: &[&ArrayType],
) -> Vec<bool> {
    let few = |of: &ArrayType| of.shape.size() <= FEW;
    let mut stays: Vec<bool> = carry
        .iter()
        .zip(&types[consts.len()..])
        .map(|(x, of)| few(of) && (x.is_here() || !of.dtype.is_float()))
        .collect();
    loop {
        let mut here = vec![false; body.variables()];
        let inputs = consts.iter().map(Value::is_here).chain(stays.iter().copied());
        for (var, stays) in body.inputs().zip(inputs) {
            here[var.index()] = stays;
        }
        for equation in body.equations() {
            let stays = equation.op.programs().is_empty()
                && equation.inputs.iter().all(|var| here[var.index()])
                && equation.outputs.iter().all(|&var| few(body.type_of(var)));
            equation.outputs.iter().for_each(|var| here[var.index()] = stays);
        }
        let next: Vec<bool> = stays
            .iter()
            .zip(body.outputs())
            .map(|(&stays, var)| stays && here[var.index()])
            .collect();
        if next == stays {
            return stays;
        }
        stays = next;
    }
}

/// Moves the carries to the host or the device. Integers that an inner loop left on the host may stay there.
pub(super) fn place_carries<B: Kernels>(
    carry: Vec<Value<B>>,
    here: &[bool],
    types: &[ArrayType],
    device: &B::Device,
) -> Vec<Value<B>> {
    let placed = carry.into_iter().zip(here).zip(types);
    placed
        .map(|((x, &here), of)| {
            if here || x.is_here() && !of.dtype.is_float() && of.shape.size() <= FEW {
                Value::Here(x.here(of))
            } else {
                Value::There(x.whole(of, device))
            }
        })
        .collect()
}
