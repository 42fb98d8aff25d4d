//! Who holds a lease: a process on a host, and whether it can be proved that it is gone.

use std::os::unix::fs::MetadataExt;

/// A process, as others can find it.
pub(super) struct Holder {
    /// The host's name.
    pub(super) host: String,
    /// The process's number there.
    pub(super) process_id: i64,
    /// Where numbers of processes mean the same, and when this one started; empty where the system does not tell.
    pub(super) process: String,
}

impl Holder {
    /// This process.
    pub(super) fn here() -> Self {
        let id = std::process::id();
        let process = place().zip(start_of(id.into())).map(|(place, start)| format!("{place}/{start}"));
        Self { host: host(), process_id: id.into(), process: process.unwrap_or_default() }
    }
}

/// This host's name.
pub(super) fn host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if host.trim().is_empty() { "unknown".to_owned() } else { host.trim().to_owned() }
}

/// Whether the process is proved to be gone: it ran where this one runs, and its number is free or another's now.
pub(super) fn is_gone(process: &str, process_id: i64) -> bool {
    let Some((there, start)) = process.rsplit_once('/') else { return false };
    place().is_some_and(|here| here == there) && start_of(process_id).is_none_or(|found| found != start)
}

/// What two processes share that see each other: the boot of the machine, the space of process numbers (containers have their
/// own), and the user, who may not see processes of others.
fn place() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    Some(format!("{}/{}/{user}", boot.trim(), space.display()))
}

/// When a process started, in ticks since the boot; none if it does not run. Fields 3 and 22 of `proc(5)`, `/proc/<pid>/stat`.
fn start_of(process_id: i64) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat")).ok()?;
    // The name in parentheses may hold anything, parentheses too.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18)?;
    (state != "Z" && state != "X").then(|| start.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_this_place_is_proved_to_be_gone() {
        let here = Holder::here();
        assert!(!here.process.is_empty() && !here.host.is_empty(), "{}", here.process);
        assert!(!is_gone(&here.process, here.process_id), "it runs");
        // Larger than any number of a process.
        assert!(is_gone(&here.process, 1 << 40));
        let (place, start) = here.process.rsplit_once('/').expect("both");
        assert!(is_gone(&format!("{place}/{start}1"), here.process_id), "the number is another's now");
        assert!(!is_gone(&format!("another-{place}/{start}"), 1 << 40));
        assert!(!is_gone("", 1 << 40));
    }
}
