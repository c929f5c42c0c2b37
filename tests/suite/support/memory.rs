//! An allocator that refuses a thread pieces of memory above a limit.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

pub(crate) struct Watched;

thread_local! {
    /// The largest piece that this thread asked for.
    pub(crate) static LARGEST: Cell<usize> = const { Cell::new(0) };
    /// The largest piece that this thread gets.
    pub(crate) static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn granted(size: usize) -> bool {
    LARGEST.set(LARGEST.get().max(size));
    size <= MOST.get()
}

// SAFETY: every method calls the system's allocator, or refuses.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match granted(layout.size()) {
            true => unsafe { System.alloc(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match granted(layout.size()) {
            true => unsafe { System.alloc_zeroed(layout) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match granted(size) {
            true => unsafe { System.realloc(pointer, layout, size) },
            false => std::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static WATCHED: Watched = Watched;
