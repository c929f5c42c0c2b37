//! The end of the process comes after the work of its devices.
//!
//! A program may end with kernels that nobody waited for. The threads of a driver then compile and compute while the process takes the driver's
//! libraries apart, and crash (Mesa: in LLVM; NVIDIA's Vulkan: <https://github.com/gfx-rs/wgpu/issues/8365>).

use crate::started;

/// Has the process wait for its devices before it ends. Called for each device once it has computed something: the end goes from what was registered
/// last to what was first, and what a driver registers (its compiler's tables, say) it does when it is loaded and when it first compiles.
pub(crate) fn wait_for_devices() {
    // SAFETY: `atexit` keeps the address of a function without arguments, which lives as long as the code around it does (the C library
    // calls it before that code is unloaded). No panic leaves the function. It fails when memory is short: then nothing is registered.
    unsafe { libc::atexit(finish) };
}

/// In a thread of its own: of this one, the variables that threads have by themselves may be gone.
extern "C" fn finish() {
    if let Ok(thread) = std::thread::Builder::new().spawn(started::finish) {
        // A panic was printed where it was raised, and the process ends all the same.
        let _ = thread.join();
    }
}
