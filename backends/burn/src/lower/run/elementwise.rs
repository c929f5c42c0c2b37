//! Runs elementwise ops on values that broadcast.

use crate::frames::together;
use crate::kernels::Kernels;
use crate::lower::{Context, Route, lower_with};
use crate::tensor::{Tensor, bool_store};
use crate::value::{FEW, Value};
use burn_flex::Flex;
use kiln_program::{ArrayType, Binary, Op, Var};

impl<B: Kernels> Context<'_, B> {
    /// Runs an elementwise op on operands of one rank, which broadcast. An op on few numbers of
    /// the host stays there.
    pub(super) fn elementwise(&self, op: &Op, operands: Vec<Value<B>>) -> Value<B> {
        let shape = together(&operands.iter().map(Value::shape).collect::<Vec<_>>());
        let types = |operands: &[Value<B>]| -> Vec<ArrayType> {
            operands
                .iter()
                .map(|x| ArrayType::new(x.dtype(), shape.clone()))
                .collect()
        };
        let here = operands.iter().all(Value::is_here) && shape.iter().product::<usize>() <= FEW;
        if here {
            let types = types(&operands);
            let types: Vec<&ArrayType> = types.iter().collect();
            let operands = operands.into_iter().zip(&types).map(|(x, of)| x.here(of));
            let results =
                lower_with::<Flex>(Route::Host, op, operands.collect(), &types, &Default::default());
            return Value::Here(first(results));
        }
        if *op == Op::MulAdd {
            let [x, y, z] = operands.try_into().unwrap_or_else(|_| panic!("three operands"));
            let product = self.elementwise(&Op::Binary(Binary::Mul), vec![x, y]);
            return self.elementwise(&Op::Binary(Binary::Add), vec![product, z]);
        }
        let operands = match self.with_number(op, operands) {
            Ok(result) => return Value::There(result),
            Err(operands) => operands,
        };
        let types = types(&operands);
        let types: Vec<&ArrayType> = types.iter().collect();
        let operands = operands.into_iter().map(|x| match op {
            Op::Uniform { .. } => self.there(x).expand(&shape),
            _ => self.there(x),
        });
        Value::There(first(lower_with(
            self.route,
            op,
            operands.collect(),
            &types,
            self.device,
        )))
    }

    /// Returns the value as an operand of a fused op: a number is one of the kernel's arguments.
    fn there(&self, x: Value<B>) -> Tensor<B> {
        if let Some(number) = x.as_number() {
            return self.constant(number, &x.shape());
        }
        match x {
            Value::There(x) => x,
            Value::Here(x) => Tensor::from_data(x.into_data(), self.device),
        }
    }
}

/// Expands operands on the device to the size of a grid, by a choice between an operand and itself: Burn
/// fuses a choice, but not an expansion.
pub(super) fn spread<B: Kernels>(
    grid: &[usize],
    vars: &[Var],
    operands: Vec<Value<B>>,
    device: &B::Device,
) -> Vec<Value<B>> {
    let mut done: Vec<Value<B>> = Vec::with_capacity(operands.len());
    for (i, x) in operands.into_iter().enumerate() {
        let same = vars[..i].iter().position(|var| *var == vars[i]);
        done.push(match (same, x) {
            (Some(same), _) => done[same].clone(),
            (None, Value::There(x)) if x.shape() != grid => {
                let everywhere = B::bool_ones(grid.to_vec().into(), device, bool_store::<B>(device));
                Value::There(x.clone().mask_where(everywhere, x))
            }
            (None, x) => x,
        });
    }
    done
}

/// Returns the only value of a list.
pub(super) fn first<T>(operands: Vec<T>) -> T {
    operands.into_iter().next().expect("an operand")
}
