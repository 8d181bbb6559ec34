//! Settings of the C library's allocator.
//!
//! glibc has an arena for each of many threads, and returns only free memory at an arena's end. So after a peak, the process would
//! keep most of its memory. No safe interface has the calls that change that.

#![expect(
    unsafe_code,
    reason = "the C library's allocator is told by functions that Rust can't look into"
)]

/// Makes the allocator take large memory from the system each time, and return it as soon as it is freed. Call this before
/// the first thread starts.
pub fn give_large_back_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes two numbers and changes a setting of the allocator.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
    }
}

/// Allocations of more bytes than this bypass the arenas. Without it, glibc raises the bound when large memory is freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Bytes of the process that are in memory; `None` if the system does not tell.
pub(in crate::services) fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size())
}

/// Returns free memory of all arenas to the system.
pub(in crate::services) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes a number and locks each arena while it looks through it.
        unsafe { libc::malloc_trim(0) };
    }
}
