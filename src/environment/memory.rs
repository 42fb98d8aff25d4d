//! How much memory this process may still take: the least of what its control groups, its own limit and the machine have left.
//!
//! Linux tells it in files; elsewhere, and where none of them can be read, nothing is known. A container's limit (Kubernetes'
//! `resources.limits.memory`, `docker run --memory`) is that of its control group.
#![allow(clippy::disallowed_methods, reason = "the kernel's accounts are files")]

use std::fmt;
use std::fs;
use std::path::Path;

/// Whose limit is the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A control group's, as of a container.
    ControlGroup,
    /// The process's own (`ulimit -v`).
    AddressSpace,
    /// All of the machine's memory.
    Machine,
    /// What the configuration allows (`run.memory_limit`).
    Given,
    /// What was free when the program looked at it first ([`Limit::of_free`]).
    Free,
}

/// How much memory the process takes by its own will, before anybody else stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Bytes of everything that it holds.
    pub bytes: u64,
    /// Why not more.
    pub by: Bound,
}

impl Limit {
    /// What the configuration says, in bytes.
    #[must_use]
    pub const fn given(bytes: u64) -> Self {
        Self { bytes, by: Bound::Given }
    }

    /// Seven parts of eight of what is free now, beside what the process has already; none where nothing is known. The rest is for what
    /// the kernel counts to the process and the process does not see, and for others.
    #[must_use]
    pub fn of_free() -> Option<Self> {
        available(None).map(Self::of_left)
    }

    const fn of_left(memory: Memory) -> Self {
        Self { bytes: memory.held + memory.left - memory.left / 8, by: Bound::Free }
    }
}

/// What is left, what there is, and what the process has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that may still be taken.
    pub left: u64,
    /// Bytes that there are.
    pub limit: u64,
    /// Bytes that this process holds, as far as it is known.
    pub held: u64,
    /// Who says so.
    pub bound: Bound,
}

/// The accounts of one control group; each is the text of a file.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// `memory.max`, in the older hierarchy `memory.limit_in_bytes`.
    pub limit: String,
    /// `memory.current`, or `memory.usage_in_bytes`.
    pub used: String,
    /// `memory.stat`: what of it are files, which make room when it is needed.
    pub stat: String,
}

/// All accounts; each is the text of a file, empty if there is none.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// `/proc/meminfo`.
    pub machine: String,
    /// `/proc/self/limits`.
    pub limits: String,
    /// `/proc/self/status`.
    pub process: String,
    /// The control groups that the process is in, from its own to the outermost.
    pub groups: Vec<Group>,
    /// The process's own limit.
    pub own: Option<Limit>,
}

/// Reads the accounts of this process and gives the nearest limit; `own` is one that it sets itself.
#[must_use]
pub fn available(own: Option<Limit>) -> Option<Memory> {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let accounts = Accounts {
        machine: text("/proc/meminfo"),
        limits: text("/proc/self/limits"),
        process: text("/proc/self/status"),
        groups: groups(&text("/proc/self/cgroup"), Path::new("/sys/fs/cgroup")),
        own,
    };
    accounts.nearest()
}

/// Whether a container's limit or the process's own is nearer than the end of the machine's memory.
#[must_use]
pub fn is_confined() -> bool {
    available(None).is_some_and(|memory| memory.bound != Bound::Machine)
}

/// The control groups of a process that have a limit, from what `/proc/self/cgroup` says.
fn groups(own: &str, root: &Path) -> Vec<Group> {
    let mut found = Vec::new();
    for line in own.lines() {
        // hierarchy-ID:controllers:path; the unified hierarchy is 0 and names no controllers (cgroups(7)).
        let mut fields = line.splitn(3, ':');
        let (Some(number), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (root, names) = match (number, controllers) {
            ("0", "") => (root.to_owned(), ["memory.max", "memory.current"]),
            (_, names) if names.split(',').any(|name| name == "memory") => {
                (root.join("memory"), ["memory.limit_in_bytes", "memory.usage_in_bytes"])
            }
            _ => continue,
        };
        let inside = root.join(path.trim_start_matches('/'));
        // In a container, the path may be the host's, and only the root is there.
        for folder in inside.ancestors().take_while(|folder| folder.starts_with(&root)) {
            let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
            let limit = text(names[0]);
            // Most groups have none, and the kernel takes its time to add up what they use.
            if Group::bytes(&limit).is_some() {
                found.push(Group { limit, used: text(names[1]), stat: text("memory.stat") });
            }
        }
    }
    found
}

impl Accounts {
    /// The limit of which the least is left.
    #[must_use]
    pub fn nearest(&self) -> Option<Memory> {
        let groups = self.groups.iter().filter_map(Group::memory);
        let others = [self.address_space(), self.whole_machine(), self.allowed()].into_iter().flatten();
        let nearest = groups.chain(others).min_by_key(|memory| memory.left)?;
        Some(Memory { held: kilobytes(&self.process, "VmRSS:").unwrap_or_default(), ..nearest })
    }

    fn allowed(&self) -> Option<Memory> {
        let (own, held) = (self.own?, kilobytes(&self.process, "VmRSS:")?);
        Some(Memory { left: own.bytes.saturating_sub(held), limit: own.bytes, held, bound: own.by })
    }

    fn whole_machine(&self) -> Option<Memory> {
        let (limit, left) = (kilobytes(&self.machine, "MemTotal:")?, kilobytes(&self.machine, "MemAvailable:")?);
        Some(Memory { left, limit, held: 0, bound: Bound::Machine })
    }

    fn address_space(&self) -> Option<Memory> {
        // Limit, soft limit, hard limit, unit.
        let line = self.limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
        let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
        let left = limit.saturating_sub(kilobytes(&self.process, "VmSize:")?);
        Some(Memory { left, limit, held: 0, bound: Bound::AddressSpace })
    }
}

impl Group {
    /// The limit in bytes; none if the group has none of its own, which `max` says, or a number beyond any machine's memory.
    fn bytes(limit: &str) -> Option<u64> {
        const NO_LIMIT: u64 = 1 << 60;
        limit.trim().parse().ok().filter(|limit| *limit < NO_LIMIT)
    }

    fn memory(&self) -> Option<Memory> {
        let limit = Self::bytes(&self.limit)?;
        let used: u64 = self.used.trim().parse().ok()?;
        let idle = |name: &str| {
            let value = self.stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
            value.trim().parse::<u64>().ok()
        };
        // What was read of files lies in memory until somebody else needs the room; the older hierarchy counts its children apart.
        let of_files = |lists: [&str; 2]| Some(idle(lists[0])? + idle(lists[1])?);
        let older = of_files(["total_inactive_file", "total_active_file"]);
        let idle = older.or_else(|| of_files(["inactive_file", "active_file"])).unwrap_or_default();
        let left = limit.saturating_sub(used.saturating_sub(idle));
        Some(Memory { left, limit, held: 0, bound: Bound::ControlGroup })
    }
}

/// The number behind a word, in kilobytes there and in bytes here.
fn kilobytes(text: &str, word: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(word))?;
    Some(value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1_024)
}

impl fmt::Display for Memory {
    /// `12 MiB of 512 MiB are left, the limit of its control group (container)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.bound {
            Bound::ControlGroup => "the limit of its control group (container)",
            Bound::AddressSpace => "its own limit (`ulimit -v`)",
            Bound::Machine => "all that the machine has",
            Bound::Given => "`run.memory_limit`",
            Bound::Free => "seven eighths of what was free at the start",
        };
        write!(f, "{} MiB of {} MiB are left, {whose}", self.left >> 20, self.limit >> 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "MemTotal:       16384 kB\nMemFree:         1024 kB\nMemAvailable:    8192 kB\n";
    const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
                          Max address space         6291456              unlimited            bytes     \n";

    fn group(limit: &str, used: &str, stat: &str) -> Group {
        Group { limit: limit.to_owned(), used: used.to_owned(), stat: stat.to_owned() }
    }

    #[test]
    fn the_nearest_limit_counts() {
        let machine = Accounts { machine: MACHINE.to_owned(), ..Accounts::default() };
        assert_eq!(machine.nearest(), Some(Memory { left: 8 << 20, limit: 16 << 20, held: 0, bound: Bound::Machine }));
        let own = Accounts {
            limits: LIMITS.to_owned(),
            process: "VmSize:\t2048 kB\nVmRSS:\t7 kB\n".to_owned(),
            ..machine.clone()
        };
        let expected = Memory { left: 4 << 20, limit: 6 << 20, held: 7 << 10, bound: Bound::AddressSpace };
        assert_eq!(own.nearest(), Some(expected));
        assert_eq!(expected.to_string(), "4 MiB of 6 MiB are left, its own limit (`ulimit -v`)");
        let outer = group("10485760\n", "9437184\n", "anon 1\ninactive_file 1048576\nactive_file 1048576\n");
        let contained = Accounts { groups: vec![group("max\n", "1\n", ""), outer], ..own };
        let expected = Memory { left: 3 << 20, limit: 10 << 20, held: 7 << 10, bound: Bound::ControlGroup };
        assert_eq!(contained.nearest(), Some(expected));
        let own = |limit| Accounts { own: Some(limit), ..contained.clone() };
        let expected = Memory { left: 1_017 << 10, limit: 1 << 20, held: 7 << 10, bound: Bound::Given };
        assert_eq!(own(Limit::given(1 << 20)).nearest(), Some(expected));
        assert_eq!(own(Limit::given(9 << 20)).nearest().map(|found| found.left), Some(3 << 20));
        let free = contained.nearest().map(Limit::of_left).expect("a limit");
        assert_eq!(free, Limit { bytes: (7 << 10) + (3 << 20) * 7 / 8, by: Bound::Free });
        assert_eq!(own(free).nearest().map(|found| (found.left, found.bound)), Some(((3 << 20) * 7 / 8, Bound::Free)));
        assert_eq!(Accounts::default().nearest(), None);
    }

    #[test]
    fn limits_that_are_none_are_none() {
        let unlimited = LIMITS.replace("6291456", "unlimited");
        let accounts = Accounts { limits: unlimited, process: "VmSize:\t1 kB\n".to_owned(), ..Accounts::default() };
        assert_eq!(accounts.nearest(), None);
        assert_eq!(group("9223372036854771712\n", "1\n", "").memory(), None);
        assert_eq!(group("", "", "").memory(), None);
    }

    #[test]
    fn groups_are_read_up_to_the_outermost() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        write("memory.max", "2097152\n");
        write("pod/memory.max", "max\n");
        write("pod/own/memory.max", "1048576\n");
        write("memory/old/memory.limit_in_bytes", "3145728\n");
        let limits = |own: &str| -> Vec<String> {
            groups(own, root.path()).into_iter().map(|group| group.limit.trim().to_owned()).collect()
        };
        assert_eq!(limits("0::/pod/own\n"), ["1048576", "2097152"], "what has no limit is passed over");
        assert_eq!(limits("5:cpu,memory:/old\n3:pids:/x\n"), ["3145728"]);
        assert_eq!(limits("nothing\n"), [""; 0]);
    }

    #[test]
    fn this_process_has_memory_left() {
        let memory = available(None).expect("Linux tells it");
        assert!(memory.left > 0 && memory.left <= memory.limit, "{memory}");
    }
}
