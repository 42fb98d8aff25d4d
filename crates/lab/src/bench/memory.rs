//! What this process has used: the most memory at once, and processor time; where the system tells it.

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

/// Microseconds of processor time, by this program and by the system for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Processor {
    pub(super) user: u64,
    pub(super) system: u64,
}

impl Processor {
    /// What all threads of this process have used so far.
    pub(super) fn used() -> Option<Self> {
        Self::read(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    fn read(stat: &str) -> Option<Self> {
        // proc(5): the name, in parentheses, may hold anything; `utime` and `stime` are fields 14 and 15, in hundredths.
        let (_, behind) = stat.rsplit_once(')')?;
        let mut fields = behind.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
        Some(Self { user: fields.next()?? * 10_000, system: fields.next()?? * 10_000 })
    }

    pub(super) fn since(self, before: Self) -> Self {
        Self { user: self.user.saturating_sub(before.user), system: self.system.saturating_sub(before.system) }
    }
}

#[cfg(test)]
mod tests {
    use super::Processor;

    #[test]
    fn processor_time_stands_behind_the_name() {
        let stat = "7 (a) name) R 1 7 7 0 -1 4194560 90 0 0 0 123 45 6 7 20 0 1 0 99 0";
        assert_eq!(Processor::read(stat), Some(Processor { user: 1_230_000, system: 450_000 }));
        assert_eq!(Processor::read("7 (a) R 1"), None);
        assert!(Processor::used().is_some());
    }
}
