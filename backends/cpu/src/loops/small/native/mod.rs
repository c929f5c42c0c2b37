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
use cranelift_codegen::ir::{AbiParam, Function, Signature, types};
use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use kiln_math::simd::{Level, level};
use std::sync::LazyLock;
pub(super) use write::Whole;

/// A loop as machine code.
#[derive(Debug)]
pub(super) struct Native {
    code: Code,
    /// The steps that the interpreter runs.
    steps: Vec<Step>,
}

/// The processor in use. `None` if Cranelift does not know it, or `KILN_NATIVE` is `off`.
static ISA: LazyLock<Option<OwnedTargetIsa>> = LazyLock::new(|| {
    if std::env::var("KILN_NATIVE").is_ok_and(|value| value == "off") {
        return None;
    }
    let mut flags = settings::builder();
    flags.set("opt_level", "speed").ok()?;
    let verifies = if cfg!(debug_assertions) { "true" } else { "false" };
    flags.set("enable_verifier", verifies).ok()?;
    let target = if cfg!(target_arch = "x86_64") {
        "x86_64-unknown-linux"
    } else if cfg!(target_arch = "aarch64") {
        "aarch64-unknown-linux"
    } else {
        return None;
    };
    let mut builder = isa::lookup_by_name(target).ok()?;
    if cfg!(target_arch = "x86_64") && level() >= Level::Avx2 {
        for feature in [
            "sse3", "ssse3", "sse41", "sse42", "popcnt", "avx", "avx2", "fma", "bmi1", "bmi2",
        ] {
            builder.enable(&format!("has_{feature}")).ok()?;
        }
    }
    builder.finish(settings::Flags::new(flags)).ok()
});

impl Native {
    /// Returns the machine code of a loop. `None` if the host refuses it, or the loop is too long.
    pub(super) fn new(whole: &Whole) -> Option<Native> {
        let isa = ISA.as_ref()?;
        let convention = isa.default_call_conv();
        let mut signature = Signature::new(convention);
        signature.params.extend([AbiParam::new(types::I64); 3]);
        signature.returns.push(AbiParam::new(types::I8));
        let mut context = Context::for_function(Function::with_name_signature(Default::default(), signature));
        let mut of_builder = FunctionBuilderContext::new();
        let builder = FunctionBuilder::new(&mut context.func, &mut of_builder);
        let helpers = Helpers::new(isa.frontend_config());
        let steps = write::write(builder, convention, helpers, whole)?;
        let compiled = context.compile(&**isa, &mut ControlPlane::default()).ok()?;
        // A relocation is a call of a function that Cranelift knows by name.
        let is_whole = compiled.buffer.relocs().is_empty();
        let code = is_whole.then(|| Code::new(compiled.code_buffer()))??;
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
