//! Machine code in memory, and calls between it and the interpreter: all of the unsafe code of native loops.
//!
//! Memory is first written and then made executable: it is never both. A host that refuses executable memory
//! returns an error, and the loop stays with the interpreter. The memory is freed with its [`Code`].

use super::super::Step;
use super::super::run::{Outside, run};
use cranelift_codegen::isa::TargetFrontendConfig;
use kiln_program::sister::{Stop, Task as Progress};
use memmap2::{Mmap, MmapMut};
use std::any::Any;
use std::mem::offset_of;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::slice::{from_raw_parts, from_raw_parts_mut};

/// The addresses of the functions that machine code calls. All but `look` return a byte.
#[derive(Clone, Copy)]
pub(super) struct Helpers {
    pub(super) config: TargetFrontendConfig,
    /// `(call, iteration)`: looks at the flags of the thread, and publishes the progress. It keeps all
    /// registers, and returns nothing: [`LEFT`] is set if the loop is to end.
    pub(super) look: usize,
    /// `(call, number)`: has the interpreter run a step, and returns 0 to go on.
    pub(super) step: usize,
    /// `(to, from, n)`: copies bytes between places that do not overlap.
    pub(super) copy: usize,
    /// `(x, y, n)`: returns 1 if the bytes are the same.
    pub(super) same: usize,
}

/// The offset of [`Call::left`].
pub(super) const LEFT: i32 = offset_of!(Call, left) as i32;

impl Helpers {
    /// Returns the helpers; `look` is the address of a function that calls [`look`] and keeps all registers.
    pub(super) fn new(config: TargetFrontendConfig, look: usize) -> Helpers {
        Helpers {
            config,
            look,
            step: step as *const () as usize,
            copy: copy as *const () as usize,
            same: same as *const () as usize,
        }
    }
}

/// Returns the address of the function that looks at the flags, `(call, iteration)`, by C's convention.
pub(super) fn look_address() -> usize {
    look as *const () as usize
}

/// A call of machine code.
struct Call<'a> {
    /// 1 if the loop is to end.
    left: u8,
    block: *mut u8,
    bytes: usize,
    steps: &'a [Step],
    stop: &'a Stop,
    progress: Progress,
    /// The payload of a panic in the interpreter.
    payload: Option<Box<dyn Any + Send>>,
}

extern "C" fn look(call: &mut Call, iteration: u64) {
    call.progress.at(iteration as usize);
    call.left = u8::from(call.stop.is_asked());
}

extern "C" fn step(call: &mut Call, number: u64) -> u8 {
    // SAFETY: `block` is the memory of `Code::run`'s argument, `bytes` long. The machine code that called
    // does not run, and keeps no reference to it.
    let memory = unsafe { from_raw_parts_mut(call.block, call.bytes) };
    let steps = &call.steps[number as usize..=number as usize];
    // Steps with slices outside of the block are loops, which have instructions.
    let mut outside = Outside {
        xs: vec![],
        ys: vec![],
        stop: call.stop,
        progress: Progress::none(),
    };
    match catch_unwind(AssertUnwindSafe(|| run(steps, memory, &mut outside))) {
        Ok(()) => 0,
        Err(payload) => {
            call.payload = Some(payload);
            1
        }
    }
}

unsafe extern "C" fn copy(to: *mut u8, from: *const u8, n: usize) -> u8 {
    // SAFETY: the caller, machine code, passes places of `n` bytes of the block or of an operand or result.
    // Places do not overlap.
    unsafe { to.copy_from_nonoverlapping(from, n) };
    0
}

unsafe extern "C" fn same(x: *const u8, y: *const u8, n: usize) -> u8 {
    // SAFETY: as for `copy`, and both places have been written: the block starts as zeros.
    u8::from(unsafe { from_raw_parts(x, n) == from_raw_parts(y, n) })
}

/// `(block, pointers to slices of operands and results, call)`, and 0 at the end of the loop.
type Entry = unsafe extern "C" fn(*mut u8, *const *mut u8, &mut Call) -> u8;

/// Machine code of one function, of type [`Entry`].
#[derive(Debug)]
pub(super) struct Code(Mmap);

impl Code {
    /// Makes bytes executable. `None` if the host refuses.
    pub(super) fn new(bytes: &[u8]) -> Option<Code> {
        let mut memory = MmapMut::map_anon(bytes.len()).ok()?;
        memory.copy_from_slice(bytes);
        memory.make_exec().ok().map(Code)
    }

    /// Returns the address of the code. It is valid as long as the memory.
    pub(super) fn address(&self) -> usize {
        self.0.as_ptr() as usize
    }

    /// Returns the bytes of its pages.
    pub(super) fn bytes(&self) -> usize {
        const PAGE: usize = 4096;
        self.0.len().next_multiple_of(PAGE)
    }

    /// Runs the function, and unwinds if the program is to end.
    ///
    /// # Safety The code must be a function of type [`Entry`] for this processor. It accesses `block.len()`
    /// bytes of the block, and slices for all iterations of the operands `xs` and the results `ys`, in this
    /// order.
    pub(super) unsafe fn run(&self, block: &mut [u8], outside: &mut Outside, steps: &[Step]) {
        let xs = outside.xs.iter().map(|x| x.as_ptr().cast_mut());
        // Machine code writes to results alone.
        let slices: Vec<*mut u8> = xs.chain(outside.ys.iter_mut().map(|y| y.as_mut_ptr())).collect();
        let mut call = Call {
            left: 0,
            block: block.as_mut_ptr(),
            bytes: block.len(),
            steps,
            stop: outside.stop,
            progress: std::mem::replace(&mut outside.progress, Progress::none()),
            payload: None,
        };
        // SAFETY: the caller says that the memory holds such a function. It stays mapped: `self` is borrowed.
        let left = unsafe {
            let function = std::mem::transmute::<*const u8, Entry>(self.0.as_ptr());
            function(call.block, slices.as_ptr(), &mut call)
        };
        if let Some(payload) = call.payload.take() {
            resume_unwind(payload);
        }
        if left != 0 {
            call.stop.check();
        }
        call.progress.finish();
    }
}
