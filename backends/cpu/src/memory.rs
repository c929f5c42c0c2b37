//! Memory of large buffers.
//!
//! A new buffer of 200 MB is 50,000 page faults of 4 KiB, which cost more than the loop that fills it
//! (measured for the lecture's grid: 70 % of the time in the kernel). The engine asks for large pages where
//! the system has them. The system still clears every page (40 % of the time of the lecture's gradient), so
//! the memory of a large buffer that nobody holds any more waits for the next one. The engine frees it when a
//! large buffer of another size is made: it never holds more than the largest moment needs anyway.
//!
//! An allocation that fails ends a Rust process. So the engine asks for the memory of every array in a
//! way that can fail. Before a library allocates, the engine [`reserve`]s as much: [`OutOfMemory`] is an
//! error like others.

use burn_flex::FlexTensor;
use kiln_program::ArrayType;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The error that there is not enough memory for an array, or for the scratch memory of its computation.
///
/// ```
/// use kiln::{ArrayType, Buffer, DType};
/// let error = Buffer::try_zeros(ArrayType::new(DType::U8, [1 << 60])).unwrap_err();
/// let array = "out of memory: an array u8[1152921504606846976] needs 1073741824.0 GiB";
/// assert!(error.to_string().starts_with(array)); // ...: at most 15.2 GiB can be allocated
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OutOfMemory {
    of: ArrayType,
    /// Bytes beside the array's own.
    scratch: usize,
    /// The bytes that the process could still have, if the system says so.
    most: Option<usize>,
}

impl OutOfMemory {
    pub(crate) fn new(of: ArrayType, scratch: usize) -> OutOfMemory {
        let most = most();
        OutOfMemory { of, scratch, most }
    }
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |bytes: f64| match bytes / f64::from(1 << 20) {
            few if few < 1024.0 => format!("{few:.1} MiB"),
            many => format!("{:.1} GiB", many / 1024.0),
        };
        let lengths = self.of.shape.iter().map(|&n| n as f64);
        let bytes = lengths.product::<f64>() * self.of.dtype.size() as f64;
        write!(f, "out of memory: an array {} needs {}", self.of, size(bytes))?;
        if self.scratch > 0 {
            write!(f, ", and {} more while it is computed", size(self.scratch as f64))?;
        }
        // A larger number would not be the reason: the system has limits that it does not tell.
        match self.most.map(|most| most as f64) {
            Some(most) if most < bytes + self.scratch as f64 => {
                write!(f, ": at most {} can be allocated", size(most))
            }
            _ => Ok(()),
        }
    }
}

kiln_program::debug_by_display!(OutOfMemory);

impl std::error::Error for OutOfMemory {}

/// Returns true if this many bytes can be allocated now. Few bytes always can.
pub(crate) fn reserve(bytes: usize) -> bool {
    const FEW: usize = 1 << 20;
    let fits = || Vec::<u8>::new().try_reserve_exact(bytes).is_ok();
    bytes < FEW || fits() || (give_back() && fits())
}

/// Returns the bytes that the process can still have, as Linux tells them: the memory that is available, and
/// the limits of the address space and of the process's control group. Returns `None` on other systems.
///
/// An allocation as large as possible would tell it too. But while it lasts, the small allocations of other
/// threads fail, which ends the process.
fn most() -> Option<usize> {
    let number = |file: &str, name: &str| -> Option<usize> {
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        // No limit is a word, as `unlimited`.
        line.split_whitespace().next()?.parse().ok()
    };
    let kib = |file, name| Some(number(file, name)? << 10);
    let left = |limit: Option<usize>, used: Option<usize>| Some(limit?.saturating_sub(used?));
    let available = kib("/proc/meminfo", "MemAvailable:");
    let addresses = left(
        number("/proc/self/limits", "Max address space"),
        kib("/proc/self/status", "VmSize:"),
    );
    let group = left(
        number("/sys/fs/cgroup/memory.max", ""),
        number("/sys/fs/cgroup/memory.current", ""),
    );
    [available, addresses, group].into_iter().flatten().min()
}

/// Frees the memory that waits for the next buffer. Returns true if there was any.
pub(crate) fn give_back() -> bool {
    let waiting = std::mem::take(&mut *kept());
    !waiting.is_empty()
}

/// Several large pages of 2 MiB; less under Miri, which takes a second for a megabyte.
pub(crate) const LARGE: usize = if cfg!(miri) { 8 << 10 } else { 8 << 20 };

/// The bytes that must be left beside a large buffer.
pub(crate) const ROOM: usize = 1 << 20;

/// The most memory that waits: four buffers, a gibibyte.
const BUFFERS: usize = 4;
const BYTES: usize = 1 << 30;

static KEPT: Mutex<Vec<(ArrayType, FlexTensor)>> = Mutex::new(Vec::new());

fn kept() -> MutexGuard<'static, Vec<(ArrayType, FlexTensor)>> {
    // No code leaves the list half changed while it holds the lock.
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

/// Memory for a large buffer of this type with any contents, if some waits. Otherwise all waiting memory is
/// freed, to make room.
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

/// Asks for large pages under memory that nobody has written to yet. The request is a hint:
/// nothing else changes.
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
    // SAFETY: the range is page-aligned and within memory that is borrowed mutably. MADV_HUGEPAGE changes no
    // contents and no permissions; a system without it returns an error, which does not matter.
    unsafe {
        libc::madvise(start.add(skipped).cast(), length, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn in_large_pages<T>(_: &mut [T]) {}

#[cfg(test)]
mod tests {
    use super::{OutOfMemory, most};
    use crate::Buffer;
    use kiln_program::{ArrayType, DType};

    #[test]
    #[cfg(all(target_os = "linux", not(miri)))]
    fn the_most_bytes_are_less_than_the_machine_has() {
        let text = std::fs::read_to_string("/proc/meminfo").expect("a file of Linux");
        let total = text.lines().next().expect("a line").split_whitespace().nth(1);
        let total: usize = total.expect("a number").parse().expect("a number");
        let most = most().expect("Linux says it");
        assert!((1..total << 10).contains(&most), "{most} of {total} KiB");
    }

    #[test]
    fn a_number_that_is_not_the_reason_is_not_shown() {
        let of = ArrayType::new(DType::F32, [1 << 20]);
        let text = |scratch: usize, most| {
            let of = of.clone();
            OutOfMemory { of, scratch, most }.to_string()
        };
        let array = "out of memory: an array f32[1048576] needs 4.0 MiB";
        assert_eq!(
            text(0, Some(3 << 20)),
            format!("{array}: at most 3.0 MiB can be allocated")
        );
        assert_eq!(text(0, Some(4 << 20)), array);
        assert_eq!(text(0, None), array);
        let more = format!("{array}, and 1.0 MiB more while it is computed");
        assert_eq!(
            text(1 << 20, Some(4 << 20)),
            format!("{more}: at most 4.0 MiB can be allocated")
        );
    }

    #[test]
    fn a_large_buffer_waits_for_the_next_of_its_size() {
        let of = |n: usize| ArrayType::new(DType::F32, [n]);
        let n = super::LARGE / 4;
        let written = || {
            let mut buffer = Buffer::unwritten(of(n)).expect("it fits");
            buffer.bytes_mut().expect("nobody else holds it").fill(1);
            buffer
        };
        let (buffer, another) = (written(), written());
        let handle = buffer.clone();
        drop(buffer);
        assert_eq!(super::kept().len(), 0, "somebody holds it");
        drop((handle, another));
        assert_eq!(super::kept().len(), 2);
        let again = Buffer::unwritten(of(n))
            .expect("it fits")
            .reshape(&[2, n / 2].into());
        assert!(again.bytes().iter().all(|&byte| byte == 1));
        let larger = Buffer::unwritten(of(2 * n)).expect("it fits");
        assert_eq!(super::kept().len(), 0, "room was made");
        assert!(larger.bytes().iter().all(|&byte| byte == 0));
    }
}
