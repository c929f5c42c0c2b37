//! Slots: the places of a compiled program's buffers, and their lifetimes.
//!
//! The lifetime of buffers follows one rule, in programs and in the bodies of loops alike:
//!
//! - Each variable in memory has one slot. An input fills its slot before the first step. One step fills
//!   every other slot.
//! - A step reads full slots only: those of inputs and those that earlier steps have filled.
//! - The last read of a slot takes the buffer out of it, every other read copies the handle. A reader that
//!   takes a buffer is its only holder, unless the caller holds it too, and so may write into it.
//! - A result is read like an operand, after the last step.
//! - A loop lends its consts to every iteration and passes the carry on: the results of one iteration are the
//!   inputs of the next.
//! - A kernel reads an operand from memory only when an earlier kernel stores it. A value of the kernel
//!   itself reaches its reader in registers. A tile loop reads its consts and its slices from memory in every
//!   iteration, so an earlier kernel stores them; its first carry may come from registers.
//!
//! [`assign`] assigns the slots and marks the last reads. Debug builds check the rule for every
//! program that is compiled.

/// The reads and writes of a step: variables at first, then slots.
pub(crate) trait Accesses {
    /// Returns the slots that are read, each with a mark for its last read.
    fn reads(&self) -> &[(usize, bool)];
    fn fills(&self) -> &[usize];
    /// Returns the slots that are read and the slots that are filled, to be changed.
    fn accesses(&mut self) -> (&mut [(usize, bool)], &mut [usize]);
}

/// Assigns slots to the variables that are in memory, the inputs first, and marks the last reads. Replaces
/// the numbers of variables by numbers of slots. Returns the number of slots.
pub(crate) fn assign(
    inputs: usize,
    variables: usize,
    steps: &mut [impl Accesses],
    results: &mut [(usize, bool)],
) -> usize {
    let mut slots: Vec<Option<usize>> = (0..inputs).map(Some).collect();
    slots.resize(variables, None);
    let mut next = inputs;
    let mut number = |var: &mut usize| {
        *var = *slots[*var].get_or_insert_with(|| {
            next += 1;
            next - 1
        });
    };
    for step in steps.iter_mut() {
        let (reads, fills) = step.accesses();
        reads.iter_mut().for_each(|(var, _)| number(var));
        fills.iter_mut().for_each(&mut number);
    }
    results.iter_mut().for_each(|(var, _)| number(var));

    let mut read = vec![false; next];
    let mut mark = |(slot, last): &mut (usize, bool)| *last = !std::mem::replace(&mut read[*slot], true);
    results.iter_mut().rev().for_each(&mut mark);
    for step in steps.iter_mut().rev() {
        step.accesses().0.iter_mut().rev().for_each(&mut mark);
    }
    debug_assert_eq!(broken(inputs, next, steps, results), None);
    next
}

/// Returns the way in which a program breaks the rule, if it does.
fn broken(inputs: usize, slots: usize, steps: &[impl Accesses], results: &[(usize, bool)]) -> Option<String> {
    #[derive(Clone, Copy, PartialEq)]
    enum Slot {
        Empty,
        Full { read: bool },
        Taken,
    }
    let mut state = vec![Slot::Empty; slots];
    state[..inputs].fill(Slot::Full { read: false });
    let read = |state: &mut [Slot], &(slot, last): &(usize, bool)| {
        match state[slot] {
            Slot::Empty => return Some(format!("slot {slot} is read before it is filled")),
            Slot::Taken => return Some(format!("slot {slot} is read after its last read")),
            Slot::Full { .. } if last => state[slot] = Slot::Taken,
            Slot::Full { .. } => state[slot] = Slot::Full { read: true },
        }
        None
    };
    for (number, step) in steps.iter().enumerate() {
        let wrong = step.reads().iter().find_map(|access| read(&mut state, access));
        if let Some(wrong) = wrong {
            return Some(format!("step {number}: {wrong}"));
        }
        for &slot in step.fills() {
            if state[slot] != Slot::Empty {
                return Some(format!("step {number}: slot {slot} is filled again"));
            }
            state[slot] = Slot::Full { read: false };
        }
    }
    let wrong = results.iter().find_map(|access| read(&mut state, access));
    wrong.or_else(|| {
        let kept = state.iter().position(|slot| *slot == Slot::Full { read: true })?;
        Some(format!("slot {kept} has no last read"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Step(Vec<(usize, bool)>, Vec<usize>);

    impl Accesses for Step {
        fn reads(&self) -> &[(usize, bool)] {
            &self.0
        }

        fn fills(&self) -> &[usize] {
            &self.1
        }

        fn accesses(&mut self) -> (&mut [(usize, bool)], &mut [usize]) {
            (&mut self.0, &mut self.1)
        }
    }

    #[test]
    fn slots_are_numbered_in_the_order_of_their_use_and_last_reads_are_marked() {
        // The first step computes variable 7 from the input, which it reads twice. The second
        // computes 5 from both.
        let mut steps = [
            Step(vec![(0, false), (0, false)], vec![7]),
            Step(vec![(7, false), (0, false)], vec![5]),
        ];
        let mut results = [(7, false), (5, false), (7, false)];
        assert_eq!(assign(1, 9, &mut steps, &mut results), 3);
        assert_eq!(steps[0].0, [(0, false), (0, false)]);
        assert_eq!(steps[1].0, [(1, false), (0, true)]);
        assert_eq!(results, [(1, false), (2, true), (1, true)]);
    }

    #[test]
    fn each_way_to_break_the_rule_is_found() {
        let says = |steps: &[Step], results: &[(usize, bool)]| broken(1, 3, steps, results);
        let step = |reads: &[(usize, bool)], fills: &[usize]| Step(reads.to_vec(), fills.to_vec());
        assert_eq!(says(&[step(&[(0, true)], &[1])], &[(1, true)]), None);
        let early = [step(&[(1, true)], &[2]), step(&[(0, true)], &[1])];
        assert_eq!(
            says(&early, &[(2, true)]).unwrap(),
            "step 0: slot 1 is read before it is filled"
        );
        let late = [step(&[(0, true)], &[1]), step(&[(0, false)], &[2])];
        assert_eq!(
            says(&late, &[]).unwrap(),
            "step 1: slot 0 is read after its last read"
        );
        assert_eq!(
            says(&[step(&[], &[0])], &[]).unwrap(),
            "step 0: slot 0 is filled again"
        );
        assert_eq!(says(&[], &[(0, false)]).unwrap(), "slot 0 has no last read");
        assert_eq!(
            says(&[], &[(1, true)]).unwrap(),
            "slot 1 is read before it is filled"
        );
    }
}
