//! Ends the process only after its devices have done their work.
//!
//! A program may end with kernels that nobody waited for. The threads of a driver then compile and compute
//! while the process unloads the driver's libraries, and crash (Mesa: in LLVM; NVIDIA's Vulkan:
//! <https://github.com/gfx-rs/wgpu/issues/8365>).

use crate::started;

struct Wait;

impl Drop for Wait {
    fn drop(&mut self) {
        finish();
    }
}

thread_local! {
    static WAIT: Wait = const { Wait };
}

/// Makes this thread wait for the devices before it ends. Call this when the thread gives work to a device.
/// The thread that ends the process waits so before the first handler runs. Handlers that a driver's compiler
/// registers later than [`wait_for_devices`] would otherwise run while it compiles.
pub(crate) fn wait_at_the_end_of_the_thread() {
    // A thread that is ending has waited already, or will.
    let _ = WAIT.try_with(|_| ());
}

/// Makes the process wait for its devices before it ends. Call this for each device once the device has
/// computed something. The C library runs the handlers in reverse order of registration, and a driver
/// registers handlers (for its compiler's tables, say) when it is loaded and when it first compiles.
pub(crate) fn wait_for_devices() {
    // SAFETY: `atexit` keeps the address of a function without arguments. The function lives as long as the
    // code around it (the C library calls it before that code is unloaded). No panic leaves the function.
    // `atexit` fails when memory is short: then nothing is registered.
    unsafe { libc::atexit(finish) };
}

/// Waits in a thread of its own: the thread-local variables of this thread may be gone.
extern "C" fn finish() {
    if let Ok(thread) = std::thread::Builder::new().spawn(started::finish) {
        // A panic was printed where it was raised, and the process ends all the same.
        let _ = thread.join();
    }
}
