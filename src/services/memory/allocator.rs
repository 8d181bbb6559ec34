//! What the C library's allocator keeps of memory that was freed.
//!
//! glibc has an arena for each of many threads and gives back only what is free at an arena's end, so after a peak most of
//! it would stay with the process. No safe interface has the calls that change that.

#![expect(
    unsafe_code,
    reason = "the C library's allocator is told by functions that Rust can't look into"
)]

/// Takes what is large from the system each time, which gets it back as soon as it is freed. To be called before there are
/// threads.
pub fn give_large_back_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes two numbers and changes a setting of the allocator.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
    }
}

/// Bytes that are no longer taken from an arena. Without this, glibc raises the bound to whatever was freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Bytes that the process has in memory; `None` where the system does not tell.
pub(in crate::services) fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size())
}

/// Gives the memory back to the system that is free in all arenas.
pub(in crate::services) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes a number and locks each arena while it looks through it.
        unsafe { libc::malloc_trim(0) };
    }
}
