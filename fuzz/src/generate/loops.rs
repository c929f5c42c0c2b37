//! Generates loops.

use super::maker::Maker;
use kiln_program::{
    ArrayType, Binary, Builder, Compare, DType, Op, Program, Scalar, Scan, Shape, Var, Vars, While,
};
use std::sync::Arc;

impl Maker<'_> {
    /// Returns a scalar that counts.
    fn counter(&mut self) -> Var {
        let start = Scalar::from_i64(DType::I32, self.dice.below(3) as i64);
        self.number(start, &Shape::scalar())
    }

    /// Returns a body whose first carry, after its consts, counts up.
    fn counting(&mut self, body: Program, consts: usize) -> Program {
        let mut builder = Builder::new();
        let types = body.input_types();
        let inputs: Vec<Var> = types.into_iter().map(|of| builder.input(of)).collect();
        let mut results = body.inline(&mut builder, &inputs).expect("its own inputs");
        let one = literal(&mut builder, 1);
        results[0] = builder
            .push(Op::Binary(Binary::Add), &[inputs[consts], one])
            .expect("integers")[0];
        builder.finish(&results)
    }

    pub(super) fn scan(&mut self) -> Option<Vars> {
        self.style.depth.checked_sub(1)?;
        let mut length = *self.dice.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 13, 40]);
        let mut xs = vec![];
        for _ in 0..self.dice.below(3) {
            // A variable whose first axis gives the length of the loop.
            let along = self.which(|of| of.shape.first().is_some_and(|&n| n <= 40));
            if let (true, true, Some(var)) = (xs.is_empty(), self.dice.chance(70), along) {
                length = self.of(var).shape[0];
                xs.push(var);
                continue;
            }
            let mut shape = self.shape_below(self.style.class.limit() / length.max(1));
            shape.insert(0, length);
            let of = ArrayType::new(self.dtype(), shape);
            xs.push(self.like(&of));
        }
        let (consts, mut init) = (self.some(), self.some());
        let counts = self.dice.chance(35);
        if counts {
            init.insert(0, self.counter());
        }
        let carry: Vec<ArrayType> = init.iter().map(|&var| self.of(var)).collect();
        let mut outputs = carry.clone();
        for _ in 0..self.dice.below(3) {
            let of = self.result_types().remove(0);
            if of.shape.size() * length <= self.style.class.limit() {
                outputs.push(of);
            }
        }
        let inputs = consts
            .iter()
            .map(|&var| self.of(var))
            .chain(carry)
            .chain(xs.iter().map(|&x| {
                let of = self.of(x);
                ArrayType::new(of.dtype, &of.shape[1..])
            }));
        let body = self.within(inputs.collect(), &outputs)?;
        let body = match counts {
            true => self.counting(body, consts.len()),
            false => body,
        };
        let scan = Scan {
            body: Arc::new(body),
            length,
            consts: consts.len(),
            carries: init.len(),
            reverse: self.dice.chance(30),
        };
        let operands: Vec<Var> = consts.into_iter().chain(init).chain(xs).collect();
        self.push(Op::Scan(scan), &operands)
    }

    /// Adds a loop that ends when a counter reaches its end, or when a condition of its own fails.
    pub(super) fn repeat(&mut self) -> Option<Vars> {
        self.style.depth.checked_sub(1)?;
        let (consts, mut init) = (self.some(), self.some());
        init.insert(0, self.counter());
        let types: Vec<ArrayType> = consts.iter().chain(&init).map(|&var| self.of(var)).collect();
        let body = self.within(types.clone(), &types[consts.len()..])?;
        let body = self.counting(body, consts.len());
        let goes_on = self.within(types.clone(), &[ArrayType::new(DType::Bool, [])])?;
        let goes_on = match self.dice.chance(40) {
            true => Some(goes_on),
            false => None,
        };
        let mut builder = Builder::new();
        let inputs: Vec<Var> = types.into_iter().map(|of| builder.input(of)).collect();
        let end = literal(&mut builder, *self.dice.pick(&[0, 1, 2, 3, 5, 9]));
        let mut flag = builder
            .push(Op::Compare(Compare::Lt), &[inputs[consts.len()], end])
            .expect("integers")[0];
        if let Some(goes_on) = goes_on {
            let other = goes_on.inline(&mut builder, &inputs).expect("its own inputs")[0];
            flag = builder
                .push(Op::Binary(Binary::And), &[flag, other])
                .expect("bools")[0];
        }
        let w = While {
            condition: Arc::new(builder.finish(&[flag])),
            body: Arc::new(body),
            consts: consts.len(),
        };
        let operands: Vec<Var> = consts.into_iter().chain(init).collect();
        self.push(Op::While(w), &operands)
    }
}

/// Writes an int32 scalar.
fn literal(builder: &mut Builder, value: i64) -> Var {
    let (value, shape) = (Scalar::from_i64(DType::I32, value), Shape::scalar());
    builder
        .push(Op::Constant { value, shape }, &[])
        .expect("a constant")[0]
}
