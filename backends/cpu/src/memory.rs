//! Memory of large buffers.
//!
//! A new buffer of 200 MB is 50,000 page faults of 4 KiB, which cost more than the loop that fills it (measured for the lecture's grid: 70 % of the time
//! in the kernel). Where the system offers large pages on request, they are requested. The system still clears every page
//! (40 % of the time of the lecture's gradient), so the memory of a large buffer that nobody holds any more waits for the next one. It is
//! given back when a large buffer of another size is made: no more is ever held than the largest moment would need anyway.

use burn_flex::FlexTensor;
use kiln_program::ArrayType;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Several large pages of 2 MiB.
pub(crate) const LARGE: usize = 8 << 20;

/// What waits at most: four buffers, a gibibyte.
const BUFFERS: usize = 4;
const BYTES: usize = 1 << 30;

static KEPT: Mutex<Vec<(ArrayType, FlexTensor)>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<(ArrayType, FlexTensor)>> {
    // Nothing is left half done where the lock is held.
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps memory that nobody else holds.
pub(crate) fn keep(of: ArrayType, tensor: FlexTensor) {
    let mut kept = kept();
    let bytes: usize = kept.iter().map(|(of, _)| of.bytes()).sum();
    if kept.len() < BUFFERS && bytes + of.bytes() <= BYTES {
        kept.push((of, tensor));
    }
}

/// Memory for a large buffer of this type with anything in it, if there is some; else what waits is given back, to make room.
pub(crate) fn take(of: &ArrayType) -> Option<FlexTensor> {
    let mut kept = kept();
    let fits = |(other, _): &(ArrayType, FlexTensor)| {
        other.dtype == of.dtype && other.shape.size() == of.shape.size()
    };
    match kept.iter().position(fits) {
        Some(i) => Some(kept.swap_remove(i).1),
        None => {
            kept.clear();
            None
        }
    }
}

/// Asks for large pages under memory that nobody has written to yet. Only a hint: nothing else changes.
#[cfg(target_os = "linux")]
pub(crate) fn in_large_pages<T>(memory: &mut [T]) {
    const PAGE: usize = 4096;
    let bytes = size_of_val(memory);
    if bytes < LARGE || cfg!(miri) {
        return;
    }
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE);
    let length = (bytes - skipped) / PAGE * PAGE;
    // SAFETY: the range is page-aligned and within memory that is borrowed mutably. MADV_HUGEPAGE changes no contents and no
    // permissions; a system without it returns an error, which does not matter.
    unsafe {
        libc::madvise(start.add(skipped).cast(), length, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn in_large_pages<T>(_: &mut [T]) {}

#[cfg(test)]
mod tests {
    use crate::Buffer;
    use kiln_program::{ArrayType, DType};

    #[test]
    fn a_large_buffer_waits_for_the_next_of_its_size() {
        let of = |n: usize| ArrayType::new(DType::F32, [n]);
        let n = super::LARGE / 4;
        let written = || {
            let mut buffer = Buffer::unwritten(of(n));
            buffer.bytes_mut().expect("nobody else holds it").fill(1);
            buffer
        };
        let (buffer, another) = (written(), written());
        let handle = buffer.clone();
        drop(buffer);
        assert_eq!(super::kept().len(), 0, "somebody holds it");
        drop((handle, another));
        assert_eq!(super::kept().len(), 2);
        let again = Buffer::unwritten(of(n)).reshape(&[2, n / 2].into());
        assert!(again.bytes().iter().all(|&byte| byte == 1));
        let larger = Buffer::unwritten(of(2 * n));
        assert_eq!(super::kept().len(), 0, "room was made");
        assert!(larger.bytes().iter().all(|&byte| byte == 0));
    }
}
