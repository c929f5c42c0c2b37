//! Small loops as machine code, made by Cranelift when the loop is compiled.
//!
//! The function of a loop computes what the interpreter computes from the same steps, bit for bit. `element`
//! has the ops on single elements, `steps` and `control` the instructions of each step, and `write` decides
//! which places are kept in registers. `code` holds the machine code and calls it.

mod code;
mod control;
mod element;
mod integer;
mod random;
mod steps;
mod write;

use super::Step;
use super::run::Outside;
use code::{Code, Helpers};
use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{AbiParam, Function, InstBuilder, Signature, types};
use cranelift_codegen::isa::{self, CallConv, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use kiln_math::simd::{Level, level};
use std::sync::LazyLock;
pub(super) use write::Whole;

/// The most bytes of the stack that a loop may take.
const FRAME: u32 = 16 << 10;

/// A loop as machine code.
#[derive(Debug)]
pub(super) struct Native {
    code: Code,
    /// The steps that the interpreter runs.
    steps: Vec<Step>,
}

/// The processor in use. `None` if `KILN_NATIVE` is `off`, or the processor is not of the x86-64 family:
/// others must be told that memory has become code.
static ISA: LazyLock<Option<OwnedTargetIsa>> = LazyLock::new(|| {
    let is_off = std::env::var("KILN_NATIVE").is_ok_and(|value| value == "off");
    if is_off || !cfg!(target_arch = "x86_64") {
        return None;
    }
    let mut flags = settings::builder();
    flags.set("opt_level", "speed").ok()?;
    let verifies = if cfg!(debug_assertions) { "true" } else { "false" };
    flags.set("enable_verifier", verifies).ok()?;
    let target = if cfg!(windows) {
        "x86_64-pc-windows-msvc"
    } else if cfg!(target_os = "macos") {
        "x86_64-apple-darwin"
    } else {
        "x86_64-unknown-linux-gnu"
    };
    let mut builder = isa::lookup_by_name(target).ok()?;
    if level() >= Level::Avx2 {
        for feature in [
            "sse3", "ssse3", "sse41", "sse42", "popcnt", "avx", "avx2", "fma", "bmi1", "bmi2",
        ] {
            builder.enable(&format!("has_{feature}")).ok()?;
        }
    }
    builder.finish(settings::Flags::new(flags)).ok()
});

/// A function that calls the function that looks at the flags, and keeps all registers. Around a call by C's
/// convention each iteration would keep its carry in memory.
static LOOK: LazyLock<Option<Code>> = LazyLock::new(|| {
    let isa = ISA.as_ref()?;
    let signature = signature(CallConv::PreserveAll, 2, 0);
    compiled(&**isa, signature, |mut b| {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        let arguments = b.block_params(entry).to_vec();
        let callee = b.import_signature(self::signature(isa.default_call_conv(), 2, 0));
        let address = b.ins().iconst(types::I64, code::look_address() as i64);
        b.ins().call_indirect(callee, address, &arguments);
        b.ins().return_(&[]);
        b.finalize(isa.frontend_config());
        Some(())
    })
    .map(|(code, ())| code)
});

/// Returns a signature of addresses and integers; results are bytes.
fn signature(convention: CallConv, parameters: usize, results: usize) -> Signature {
    let mut signature = Signature::new(convention);
    signature
        .params
        .extend(vec![AbiParam::new(types::I64); parameters]);
    signature.returns.extend(vec![AbiParam::new(types::I8); results]);
    signature
}

/// Compiles the function that `write` writes.
fn compiled<R>(
    isa: &dyn TargetIsa,
    signature: Signature,
    write: impl FnOnce(FunctionBuilder) -> Option<R>,
) -> Option<(Code, R)> {
    let mut context = Context::for_function(Function::with_name_signature(Default::default(), signature));
    let mut of_builder = FunctionBuilderContext::new();
    let written = write(FunctionBuilder::new(&mut context.func, &mut of_builder))?;
    let compiled = context.compile(isa, &mut ControlPlane::default()).ok()?;
    // A relocation is a call of a function that Cranelift knows by name.
    compiled.buffer.relocs().is_empty().then_some(())?;
    // Elements for which the processor has no register are in the frame.
    let frame = compiled.buffer.frame_layout();
    frame
        .is_none_or(|frame| frame.frame_to_fp_offset <= FRAME)
        .then_some(())?;
    Some((Code::new(compiled.code_buffer())?, written))
}

impl Native {
    /// Returns the machine code of a loop. `None` if the host refuses it, or the loop is too long.
    pub(super) fn new(whole: &Whole) -> Option<Native> {
        let isa = ISA.as_ref()?;
        let convention = isa.default_call_conv();
        let helpers = Helpers::new(isa.frontend_config(), LOOK.as_ref()?.address());
        let (code, steps) = compiled(&**isa, signature(convention, 3, 1), |builder| {
            write::write(builder, convention, helpers, whole)
        })?;
        Some(Native { code, steps })
    }

    /// Returns the approximate bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.code.bytes() + size_of_val(&self.steps[..])
    }

    /// Runs the loop.
    pub(super) fn run(&self, block: &mut [u8], outside: &mut Outside) {
        // SAFETY: the code was made for this processor from the steps of the loop whose block and slices
        // these are.
        unsafe { self.code.run(block, outside, &self.steps) }
    }
}
