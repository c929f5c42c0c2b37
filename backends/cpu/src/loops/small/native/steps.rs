//! The instructions of each step that is not a loop or a branch.

use super::super::{Each, OnScalars, Place, Step};
use super::write::{Writer, has_instructions};
use crate::kernels::{Elementwise, Pattern};
use crate::single::index::Index;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use kiln_program::{DType, OutOfBounds, Reduction, Scalar, Update};

impl Writer<'_, '_> {
    /// Writes steps one after the other. `None` if the function becomes too long.
    pub(super) fn steps(&mut self, steps: &[Step]) -> Option<()> {
        steps.iter().try_for_each(|step| self.step(step))
    }

    fn step(&mut self, step: &Step) -> Option<()> {
        if !has_instructions(step) {
            self.interpreted(step);
            return Some(());
        }
        match step {
            Step::Scalars(list) => {
                self.count(list.len())?;
                for OnScalars {
                    op, operands, out, ..
                } in list
                {
                    self.elementwise(*op, operands, *out);
                }
            }
            Step::Each(Each {
                op, operands, out, ..
            }) => {
                let n = out.len() / op.result().size();
                self.count(n)?;
                for i in 0..n {
                    let mut starts = [0; 3];
                    for ((start, place), dtype) in starts.iter_mut().zip(operands).zip(op.operands()) {
                        *start = place.start + i * dtype.size();
                    }
                    self.elementwise(*op, &starts, out.start + i * op.result().size());
                }
            }
            Step::Take {
                dtype,
                x,
                offset,
                pattern,
                out,
            } => self.moved(*dtype, out.len(), |i| {
                (
                    x.start as i64 + (offset + pattern.at(i)) * size(*dtype),
                    out.start as i64 + i as i64 * size(*dtype),
                )
            })?,
            Step::Put {
                dtype,
                x,
                offset,
                pattern,
                out,
            } => self.moved(*dtype, x.len(), |i| {
                (
                    x.start as i64 + i as i64 * size(*dtype),
                    out.start as i64 + (offset + pattern.at(i)) * size(*dtype),
                )
            })?,
            Step::Iota { dtype, pattern, out } => self.iota(*dtype, pattern, out)?,
            Step::Reduce {
                kind,
                dtype,
                rows,
                each,
                x,
                out,
                ..
            } => self.reduce(*kind, *dtype, *rows, *each, x, out)?,
            Step::Random { key, first, out } => self.random(key, first, out)?,
            Step::Dot(dot, [x, y], out) => {
                let dtype = dot.dtype();
                for (i, terms) in dot.terms().into_iter().enumerate() {
                    self.count(2 * terms.len() + 1)?;
                    let products: Vec<Value> = terms
                        .iter()
                        .map(|[left, right]| {
                            let x = self.get(x.start + left * dtype.size(), dtype);
                            let y = self.get(y.start + right * dtype.size(), dtype);
                            self.e.combine(Reduction::Prod, dtype, x, y)
                        })
                        .collect();
                    let total = self.reduced(Reduction::Sum, dtype, products);
                    self.set(out.start + i * dtype.size(), dtype, total);
                }
            }
            Step::Gather(places, operands, out) => {
                let (dtype, n) = (places.dtype(), places.width());
                let outside = Scalar::outside(dtype);
                for (i, index) in places.each_index().enumerate() {
                    self.count(8 + n)?;
                    let (at, is_outside) = self.position(&index, &operands[1..], dtype);
                    for j in 0..n {
                        let from = operands[0].start + places.offset_within(j) * dtype.size();
                        let x = self.e.load(dtype, at, from);
                        let x = match is_outside {
                            Some(is_outside) => {
                                let fill = self.e.number(outside);
                                self.e.b.ins().select(is_outside, fill, x)
                            }
                            None => x,
                        };
                        self.set(out.start + (i * n + j) * dtype.size(), dtype, x);
                    }
                }
            }
            Step::Scatter(places, kind, operands, out) => {
                if operands[0] != *out {
                    self.copied(&operands[0], out.start)?;
                }
                let (dtype, n) = (places.dtype(), places.width());
                for (i, index) in places.each_index().enumerate() {
                    self.count(8 + 2 * n)?;
                    let (at, is_outside) = self.position(&index, &operands[2..], dtype);
                    for j in 0..n {
                        let update = self.get(operands[1].start + (i * n + j) * dtype.size(), dtype);
                        let to = out.start + places.offset_within(j) * dtype.size();
                        let before = self.e.load(dtype, at, to);
                        let after = self.updated(*kind, dtype, before, update);
                        let after = match is_outside {
                            Some(is_outside) => self.e.b.ins().select(is_outside, before, after),
                            None => after,
                        };
                        self.e.store(after, at, to);
                    }
                }
            }
            Step::Copy(moves) => {
                self.aside(moves)?;
                self.into(moves)?;
            }
            Step::Loop(inner) => self.looped(inner)?,
            Step::While {
                condition,
                flag,
                body,
                next,
            } => self.repeated(condition, flag, body, next)?,
            Step::Cond(which, branches) => self.branched(which, branches)?,
            Step::Other(..) | Step::Effect(..) => unreachable!("left to the interpreter"),
        }
        Some(())
    }

    /// Counts operations. `None` if there are too many.
    pub(super) fn count(&mut self, n: usize) -> Option<()> {
        const MOST: usize = 1 << 15;
        self.written += n;
        (self.written <= MOST).then_some(())
    }

    fn elementwise(&mut self, op: Elementwise, operands: &[usize; 3], out: usize) {
        let mut x = vec![];
        for (at, dtype) in operands.iter().zip(op.operands()) {
            x.push(self.get(*at, dtype));
        }
        let result = self.e.op(op, &x);
        self.set(out, op.result(), result);
    }

    /// Copies elements from place to place.
    fn moved(&mut self, dtype: DType, bytes: usize, ends: impl Fn(usize) -> (i64, i64)) -> Option<()> {
        let n = bytes / dtype.size();
        self.count(n)?;
        for i in 0..n {
            let (from, to) = ends(i);
            let x = self.get(from as usize, dtype);
            self.set(to as usize, dtype, x);
        }
        Some(())
    }

    fn iota(&mut self, dtype: DType, pattern: &Pattern, out: &Place) -> Option<()> {
        for i in 0..out.len() / dtype.size() {
            self.count(1)?;
            let number = self.e.number(Scalar::from_f64(dtype, pattern.at(i) as f64));
            self.set(out.start + i * dtype.size(), dtype, number);
        }
        Some(())
    }

    /// Combines elements, at least one, as `kernels::tree` does.
    fn reduced(&mut self, kind: Reduction, dtype: DType, x: Vec<Value>) -> Value {
        let total = if x.is_empty() {
            None
        } else {
            Some(self.e.tree(kind, dtype, x))
        };
        match (total, kind) {
            (Some(total), Reduction::Sum) if dtype.is_float() => {
                // The sum of negative zeros is 0.
                let zero = self.e.number(Scalar::from_f64(dtype, 0.0));
                self.e.combine(kind, dtype, zero, total)
            }
            (Some(total), _) => total,
            (None, _) => unreachable!("empty reductions are left to the interpreter"),
        }
    }

    fn reduce(
        &mut self,
        kind: Reduction,
        dtype: DType,
        rows: usize,
        each: bool,
        x: &Place,
        out: &Place,
    ) -> Option<()> {
        let n = x.len() / dtype.size();
        self.count(n)?;
        let results = out.len() / dtype.size();
        for i in 0..results {
            let element = |j: usize| if each { i * (n / rows) + j } else { j * results + i };
            let terms = if each { n / rows } else { n / results };
            let terms = (0..terms)
                .map(|j| self.get(x.start + element(j) * dtype.size(), dtype))
                .collect();
            let total = self.reduced(kind, dtype, terms);
            self.set(out.start + i * dtype.size(), dtype, total);
        }
        Some(())
    }

    fn random(&mut self, key: &Place, first: &Place, out: &[Place; 2]) -> Option<()> {
        let keys = first.len() / 8;
        let n = (out[0].len() / 4).checked_div(keys).unwrap_or(0);
        let word = DType::U32;
        for row in 0..keys {
            let [key, counter] =
                [key, first].map(|place| [0, 4].map(|i| self.get(place.start + 8 * row + i, word)));
            for i in 0..n {
                self.count(80)?;
                let counter = self.counter(counter, i as i64);
                let words = self.e.threefry(key, counter);
                for (word_of, place) in words.into_iter().zip(out) {
                    self.set(place.start + 4 * (row * n + i), word, word_of);
                }
            }
        }
        Some(())
    }

    /// Returns the words of a counter that is `i` after another.
    fn counter(&mut self, [high, low]: [Value; 2], i: i64) -> [Value; 2] {
        if i == 0 {
            return [high, low];
        }
        let b = &mut self.e.b;
        let after = b.ins().iadd_imm_u(low, i);
        let carry = b.ins().icmp(IntCC::UnsignedLessThan, after, low);
        let carry = b.ins().uextend(types::I32, carry);
        [b.ins().iadd(high, carry), after]
    }

    /// Returns the address in the block at the offset of an index, and whether the index is out of bounds, if
    /// that matters. The address is valid in any case.
    fn position(&mut self, index: &Index, indices: &[Place], dtype: DType) -> (Value, Option<Value>) {
        let mut at = self
            .e
            .b
            .ins()
            .iconst(types::I64, (index.start * dtype.size()) as i64);
        let mut outside: Option<Value> = None;
        for (&(length, stride, of), place) in index.axes.iter().zip(indices) {
            let i = self.get(place.start + index.number * of.size(), of);
            let i = self.e.wide_index(of, i);
            let (zero, last) = (
                self.e.b.ins().iconst(types::I64, 0),
                self.e.b.ins().iconst(types::I64, length as i64 - 1),
            );
            let nearest = self.e.b.ins().smax(i, zero);
            let nearest = self.e.b.ins().smin(nearest, last);
            if index.mode == OutOfBounds::Fill {
                let here = self.e.b.ins().icmp(IntCC::NotEqual, nearest, i);
                outside = Some(match outside {
                    Some(before) => self.e.b.ins().bor(before, here),
                    None => here,
                });
            }
            let offset = self.e.b.ins().imul_imm_u(nearest, (stride * dtype.size()) as i64);
            at = self.e.b.ins().iadd(at, offset);
        }
        (self.e.b.ins().iadd(self.block, at), outside)
    }

    fn updated(&mut self, kind: Update, dtype: DType, before: Value, update: Value) -> Value {
        let kind = match kind {
            Update::Set => return update,
            Update::Add => Reduction::Sum,
            Update::Mul => Reduction::Prod,
            Update::Min => Reduction::Min,
            Update::Max => Reduction::Max,
        };
        self.e.combine(kind, dtype, before, update)
    }

    /// Has the interpreter run a step.
    fn interpreted(&mut self, step: &Step) {
        let number = self.e.b.ins().iconst(types::I64, self.cold.len() as i64);
        self.cold.push(step.clone());
        let status = self.helper(self.helpers.step, &[self.call, number]);
        self.leave_if(status);
    }
}

fn size(dtype: DType) -> i64 {
    dtype.size() as i64
}
