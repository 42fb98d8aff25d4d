//! The most memory that this process has held, where the system tells it.

use std::fs;

/// Starts the peak afresh, so that making the files does not count. Returns whether the system allows that.
pub(super) fn reset_peak() -> bool {
    // proc(5): writing 5 to clear_refs resets the peak resident set size.
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// `VmHWM` in bytes.
pub(super) fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}
