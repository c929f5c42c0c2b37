//! Lists the kernels that a function launches, to show fusion.

use crate::launch::Launch;
use burn_backend::{Backend, ExecutionError};
use burn_cubecl::{Cube, CubeDevice};
use burn_fusion::observer::{BlockOperations, FusionObservation, FusionObserver};
use burn_ir::OperationIr;
use cubecl::config::{TypeNameFormatLevel, type_name_format};
use cubecl::logging::{LaunchObservation, LaunchObserver};
use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

/// Runs a function on a device and returns the kernels that it launched, in order. The device has finished
/// the function when this returns.
///
/// A first run may launch more, while Burn measures which kernel is the fastest. The list has launches of
/// other threads too. It lacks operations that the device drops because nothing reads their results.
///
/// # Errors
/// When the device fails.
pub fn launches<R>(device: &CubeDevice, f: impl FnOnce() -> R) -> Result<(R, Vec<Launch>), ExecutionError> {
    // CubeCL has one place for an observer.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    Cube::sync(device)?;
    let seen = Arc::new(Seen::default());
    let observers = (
        FusionObservation::new(seen.clone()),
        LaunchObservation::new(seen.clone()),
    );
    let result = f();
    Cube::sync(device)?;
    drop(observers);
    let launches = std::mem::take(&mut *seen.0.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((result, launches))
}

#[derive(Default)]
struct Seen(Mutex<Vec<Launch>>);

thread_local! {
    /// The operations of the block that runs on this thread.
    static BLOCK: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl FusionObserver for Seen {
    fn registered(&self, _: &OperationIr) {}

    fn block_starts(&self, block: BlockOperations<'_>) {
        let names = block.iter().filter_map(name).collect();
        BLOCK.set(names);
    }

    fn block_ran(&self) {
        BLOCK.take();
    }
}

impl LaunchObserver for Seen {
    fn launched(&self, kernel: &'static str) {
        let launch = Launch {
            kernel: type_name_format(kernel, TypeNameFormatLevel::Short),
            operations: BLOCK.with_borrow(Vec::clone),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(launch);
    }
}

/// Burn's name of an operation. `None` for the drop of a tensor.
fn name(operation: &OperationIr) -> Option<String> {
    let text = format!("{operation:?}");
    let name = match operation {
        OperationIr::Drop(_) => return None,
        OperationIr::Custom(custom) => return Some(custom.id.clone()),
        OperationIr::Init(_) => "Init",
        // `NumericFloat(F32, Add(BinaryOpIr { .. }))`.
        _ => {
            let inner = &text[text.find('(').map_or(0, |at| at + 1)..];
            let inner = &inner[..inner.find(['{', '[']).unwrap_or(inner.len())];
            inner.rsplit('(').nth(1).unwrap_or(inner)
        }
    };
    Some(name.rsplit(' ').next().unwrap_or(name).to_string())
}
