//! The instructions of loops, branches and moves.

use super::super::{Loop, Moves, Place, Slices, Step};
use super::code::LEFT;
use super::write::Writer;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::Variable;
use kiln_program::DType;

/// The most bytes that are copied without a call.
const COPIED: usize = 256;

impl Writer<'_, '_> {
    /// Writes a loop with a fixed number of iterations.
    pub(super) fn looped(&mut self, inner: &Loop) -> Option<()> {
        let [body, end] = [(); 2].map(|()| self.e.b.create_block());
        let (head, i, now) = self.begin();
        let goes_on = self
            .e
            .b
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, now, inner.length as i64);
        self.e.b.ins().brif(goes_on, body, &[], end, &[]);
        self.e.b.switch_to_block(body);
        self.begin_iteration(now);
        let slice = self.slice(inner, now);
        for (from, to) in &inner.slices {
            let base = self.base(from, false);
            self.read_slice(base, slice, to)?;
        }
        self.depth += 1;
        self.steps(&inner.body)?;
        self.depth -= 1;
        self.stack(inner, slice)?;
        self.aside(&inner.next)?;
        if inner.settles {
            self.end_if_settled(inner, i, now, end)?;
        }
        self.into(&inner.next)?;
        self.again(head, i, now);
        self.e.b.switch_to_block(end);
        Some(())
    }

    /// Begins a loop. Returns the block that it goes back to, the counter of its iterations, and the value
    /// of the counter there.
    fn begin(&mut self) -> (Block, Variable, Value) {
        let b = &mut self.e.b;
        let (head, i) = (b.create_block(), b.declare_var(types::I64));
        let zero = b.ins().iconst(types::I64, 0);
        b.def_var(i, zero);
        b.ins().jump(head, &[]);
        b.switch_to_block(head);
        (head, i, b.use_var(i))
    }

    /// Goes to the next iteration.
    fn again(&mut self, head: Block, i: Variable, now: Value) {
        let next = self.e.b.ins().iadd_imm_u(now, 1);
        self.e.b.def_var(i, next);
        self.e.b.ins().jump(head, &[]);
    }

    /// Returns the number of the slice of an iteration.
    fn slice(&mut self, inner: &Loop, iteration: Value) -> Value {
        if !inner.reverse {
            return iteration;
        }
        let last = self.e.b.ins().iconst(types::I64, inner.length as i64 - 1);
        self.e.b.ins().isub(last, iteration)
    }

    /// Returns the address of the first of an array's slices.
    fn base(&mut self, slices: &Slices, is_result: bool) -> Value {
        match slices {
            Slices::Outside(i) if is_result => self.ys[*i],
            Slices::Outside(i) => self.xs[*i],
            Slices::Within(at) => self.e.b.ins().iadd_imm_u(self.block, *at as i64),
        }
    }

    fn read_slice(&mut self, base: Value, slice: Value, to: &Place) -> Option<()> {
        let offset = self.e.b.ins().imul_imm_u(slice, to.len() as i64);
        let from = self.e.b.ins().iadd(base, offset);
        let kept = self.kept_elements(to);
        self.count(kept.len())?;
        if kept.is_empty() {
            let to_address = self.e.b.ins().iadd_imm_u(self.block, to.start as i64);
            self.copy_bytes(to_address, from, to.len());
        }
        for (at, dtype) in kept {
            let x = self.e.load(dtype, from, at - to.start);
            self.set(at, dtype, x);
        }
        Some(())
    }

    /// Writes the stacked results of an iteration.
    fn stack(&mut self, inner: &Loop, slice: Value) -> Option<()> {
        for (from, to) in &inner.stacked {
            let base = self.base(to, true);
            let offset = self.e.b.ins().imul_imm_u(slice, from.len() as i64);
            let to = self.e.b.ins().iadd(base, offset);
            let kept = self.kept_elements(from);
            self.count(kept.len())?;
            if kept.is_empty() {
                let from_address = self.e.b.ins().iadd_imm_u(self.block, from.start as i64);
                self.copy_bytes(to, from_address, from.len());
            }
            for (at, dtype) in kept {
                let x = self.get(at, dtype);
                self.e.store(x, to, at - from.start);
            }
        }
        Some(())
    }

    /// Ends a loop at the first iteration that leaves the carry as it is: the results of all later iterations
    /// are its own.
    fn end_if_settled(&mut self, inner: &Loop, i: Variable, now: Value, end: Block) -> Option<()> {
        let [settled, fill, filled, changes] = [(); 4].map(|()| self.e.b.create_block());
        let mut same: Option<Value> = None;
        for (from, to) in &inner.next.into {
            let here = self.is_same(from, to)?;
            same = Some(match same {
                Some(before) => self.e.b.ins().band(before, here),
                None => here,
            });
        }
        let same = same.unwrap_or_else(|| self.e.b.ins().iconst(types::I8, 1));
        self.e.b.ins().brif(same, settled, &[], changes, &[]);
        self.e.b.switch_to_block(settled);
        self.again(fill, i, now);
        self.e.b.switch_to_block(fill);
        let at = self.e.b.use_var(i);
        let goes_on = self
            .e
            .b
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, at, inner.length as i64);
        self.e.b.ins().brif(goes_on, filled, &[], end, &[]);
        self.e.b.switch_to_block(filled);
        let slice = self.slice(inner, at);
        self.stack(inner, slice)?;
        self.again(fill, i, at);
        self.e.b.switch_to_block(changes);
        Some(())
    }

    /// Returns true if two places have the same bits.
    fn is_same(&mut self, from: &Place, to: &Place) -> Option<Value> {
        let Some(dtype) = self.common(from, to) else {
            let [x, y] = [from, to].map(|place| self.e.b.ins().iadd_imm_u(self.block, place.start as i64));
            let n = self.e.b.ins().iconst(types::I64, from.len() as i64);
            return Some(self.helper(self.helpers.same, &[x, y, n]));
        };
        let mut same = self.e.b.ins().iconst(types::I8, 1);
        for offset in (0..from.len()).step_by(dtype.size()) {
            self.count(2)?;
            let [x, y] = [from, to].map(|place| {
                let x = self.get(place.start + offset, dtype);
                self.e.bits(x)
            });
            let here = self.e.b.ins().icmp(IntCC::Equal, x, y);
            same = self.e.b.ins().band(same, here);
        }
        Some(same)
    }

    /// Writes a loop on a condition.
    pub(super) fn repeated(
        &mut self,
        condition: &[Step],
        flag: &Place,
        body: &[Step],
        next: &Moves,
    ) -> Option<()> {
        let [inside, end] = [(); 2].map(|()| self.e.b.create_block());
        let (head, i, now) = self.begin();
        self.begin_iteration(now);
        self.depth += 1;
        self.steps(condition)?;
        let goes_on = self.get(flag.start, DType::Bool);
        self.e.b.ins().brif(goes_on, inside, &[], end, &[]);
        self.e.b.switch_to_block(inside);
        self.steps(body)?;
        self.depth -= 1;
        self.aside(next)?;
        self.into(next)?;
        self.again(head, i, now);
        self.e.b.switch_to_block(end);
        Some(())
    }

    /// Writes branches, of which one runs.
    pub(super) fn branched(&mut self, which: &Place, branches: &[(Vec<Step>, Moves)]) -> Option<()> {
        let which = self.get(which.start, DType::I32);
        let end = self.e.b.create_block();
        for (number, (steps, moves)) in branches.iter().enumerate() {
            let mut other = None;
            if number + 1 < branches.len() {
                let [here, next] = [(); 2].map(|()| self.e.b.create_block());
                let is_here = self
                    .e
                    .b
                    .ins()
                    .icmp_imm_s(IntCC::SignedLessThanOrEqual, which, number as i64);
                self.e.b.ins().brif(is_here, here, &[], next, &[]);
                self.e.b.switch_to_block(here);
                other = Some(next);
            }
            self.depth += 1;
            self.steps(steps)?;
            self.depth -= 1;
            self.aside(moves)?;
            self.into(moves)?;
            self.e.b.ins().jump(end, &[]);
            self.e.b.switch_to_block(other.unwrap_or(end));
        }
        Some(())
    }

    pub(super) fn aside(&mut self, moves: &Moves) -> Option<()> {
        moves
            .aside
            .iter()
            .try_for_each(|(from, to)| self.copied(from, to.start))
    }

    pub(super) fn into(&mut self, moves: &Moves) -> Option<()> {
        moves
            .into
            .iter()
            .try_for_each(|(from, to)| self.copied(from, to.start))
    }

    /// Copies a place to another.
    pub(super) fn copied(&mut self, from: &Place, to: usize) -> Option<()> {
        let to = to..to + from.len();
        let Some(dtype) = self.common(from, &to) else {
            let [to, address] =
                [&to, from].map(|place| self.e.b.ins().iadd_imm_u(self.block, place.start as i64));
            self.copy_bytes(to, address, from.len());
            return Some(());
        };
        self.count(from.len() / dtype.size())?;
        for offset in (0..from.len()).step_by(dtype.size()) {
            let x = self.get(from.start + offset, dtype);
            self.set(to.start + offset, dtype, x);
        }
        Some(())
    }

    /// Returns the dtype of the elements of two places, if one of them is kept.
    fn common(&self, from: &Place, to: &Place) -> Option<DType> {
        let kept = [from, to]
            .into_iter()
            .flat_map(|place| self.kept_elements(place))
            .next();
        kept.map(|(_, dtype)| dtype)
    }

    fn copy_bytes(&mut self, to: Value, from: Value, n: usize) {
        if n > COPIED {
            let n = self.e.b.ins().iconst(types::I64, n as i64);
            self.helper(self.helpers.copy, &[to, from, n]);
            return;
        }
        let mut at = 0;
        while at < n {
            let of: Type = match n - at {
                16.. => types::I8X16,
                8.. => types::I64,
                4.. => types::I32,
                2.. => types::I16,
                _ => types::I8,
            };
            let x = self
                .e
                .b
                .ins()
                .load(of, MemFlagsData::new().with_notrap(), from, at as i32);
            self.e
                .b
                .ins()
                .store(MemFlagsData::new().with_notrap(), x, to, at as i32);
            at += of.bytes() as usize;
        }
    }

    /// Counts an iteration, and looks at the flags now and then.
    fn begin_iteration(&mut self, iteration: Value) {
        if self.depth == 0 {
            self.e.b.def_var(self.iteration, iteration);
        }
        let [look, go_on] = [(); 2].map(|()| self.e.b.create_block());
        let fuel = self.e.b.use_var(self.fuel);
        let left = self.e.b.ins().iadd_imm_s(fuel, -1);
        self.e.b.def_var(self.fuel, left);
        self.e.b.ins().brif(left, go_on, &[], look, &[]);
        self.e.b.switch_to_block(look);
        self.e.b.set_cold_block(look);
        let full = self.e.b.ins().iconst(types::I64, self.iterations);
        self.e.b.def_var(self.fuel, full);
        let iteration = self.e.b.use_var(self.iteration);
        let signature = self.e.signature(CallConv::PreserveAll, &[types::I64; 2], &[]);
        let address = self.e.b.ins().iconst(types::I64, self.helpers.look as i64);
        self.e
            .b
            .ins()
            .call_indirect(signature, address, &[self.call, iteration]);
        let left = self
            .e
            .b
            .ins()
            .load(types::I8, MemFlagsData::trusted(), self.call, LEFT);
        self.leave_if(left);
        self.e.b.ins().jump(go_on, &[]);
        self.e.b.switch_to_block(go_on);
    }

    /// Leaves the function if a helper says so.
    pub(super) fn leave_if(&mut self, status: Value) {
        let go_on = self.e.b.create_block();
        self.e.b.ins().brif(status, self.leave, &[], go_on, &[]);
        self.e.b.switch_to_block(go_on);
    }

    /// Calls a function of [`Helpers`](super::code::Helpers), which returns a byte.
    pub(super) fn helper(&mut self, address: usize, x: &[Value]) -> Value {
        let signature = self
            .e
            .signature(self.e.convention, &vec![types::I64; x.len()], &[types::I8]);
        let address = self.e.b.ins().iconst(types::I64, address as i64);
        let call = self.e.b.ins().call_indirect(signature, address, x);
        self.e.b.inst_results(call)[0]
    }
}
