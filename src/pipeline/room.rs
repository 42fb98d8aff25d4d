//! Room in memory: what can wait on the disk goes there when memory gets short, and a run that would not fit all the same ends with
//! words. The kernel ends a process without any, and so does an allocation that fails.

use std::io::{self, ErrorKind, Read};

use crate::environment::memory::{self, Bound, Limit, Memory};
use crate::failure::{Failure, Kind};

/// What must be left before more is read: buffers and blocks of all threads, and what a connection to a database takes. Of a small limit of
/// the process's own, an eighth is enough: the process itself is counted in it.
const RESERVE: u64 = 48 << 20;

/// What a filter of ids may take in any case: the ids of 2,000,000 rows.
const LEAST_FILTER: u64 = 4 << 20;

/// What a run takes at its peak beside rows that wait and a database's pages.
const PROCESS_BYTES: u64 = 96 << 20;

/// How many bytes are read between two looks at what is left: of a report, they become some 10 MiB of lines. Where there is plenty, up to
/// so many times as many, for the kernel takes its time to count.
const STEP: u64 = 16 << 20;
const MOST_STEPS: u64 = 8;

/// What matching takes for each line and entry: the row itself, its slot in the join with room to spare, its state, and its share of the
/// outcome.
pub const BYTES_PER_ROW: u64 = 192;

/// What a finding takes once it is put into words: the row with its texts, the text of its line while it is described, and some more
/// while rows are put in order.
pub const BYTES_PER_FINDING: u64 = 1_024;

/// The memory that a run may take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    limit: Option<Limit>,
}

impl Room {
    /// Within this limit, or as much as there is.
    pub const fn of(limit: Option<Limit>) -> Self {
        Self { limit }
    }

    /// Whether so many bytes more fit.
    pub fn has(self, needed: u64) -> bool {
        self.memory().is_none_or(|memory| needed <= memory.left)
    }

    /// What each kind of rows that wait may take in memory from the start: one part of twelve of what a limit leaves beside the process
    /// itself, and of a small limit one of 32.
    pub fn for_waiting_rows(self) -> Option<usize> {
        let share = |bytes: u64| (bytes.saturating_sub(PROCESS_BYTES) / 12).max(bytes / 32);
        self.limit.map(|limit| usize::try_from(share(limit.bytes)).unwrap_or(usize::MAX))
    }

    /// What a filter of ids may take: one part of eight of the limit, and one of four of what is left, but never so little that it is made
    /// in very many parts.
    pub fn for_filter(self) -> u64 {
        let left = self.memory().map_or(u64::MAX, |memory| memory.left / 4);
        self.limit.map_or(left, |limit| left.min(limit.bytes / 8)).max(LEAST_FILTER)
    }

    /// What a database's pages may take in memory, if there is a limit: one part of eight of what it leaves beside the process itself, and
    /// of a small limit one of 32. The connection that records takes as much, and perhaps one that reads.
    pub fn for_pages(self) -> Option<u64> {
        self.limit.map(|limit| (limit.bytes.saturating_sub(PROCESS_BYTES) / 8).max(limit.bytes / 32))
    }

    /// What a database's pages may take in memory while entries are imported, which nothing else of the program works for: half of what
    /// a limit leaves beside the process itself, and of a small limit one of 32.
    pub fn for_pages_of_import(self) -> Option<u64> {
        self.limit.map(|limit| (limit.bytes.saturating_sub(PROCESS_BYTES) / 2).max(limit.bytes / 32))
    }

    fn memory(self) -> Option<Memory> {
        memory::available(self.limit)
    }

    /// Whether what can wait on the disk had better do so: more than what must be left is still there.
    pub fn is_tight(self) -> bool {
        self.memory().is_some_and(|memory| memory.left < 2 * reserve(memory))
    }

    /// Watches the memory while this is read.
    pub const fn watched<R>(self, input: R) -> Watched<R> {
        Watched { input, room: self, read: 0, next_look: 0 }
    }

    /// Refuses a stage that needs more memory than there is.
    ///
    /// # Errors
    /// The stage needs more than is left.
    pub fn for_stage(self, stage: &str, needed: u64) -> Result<(), Failure> {
        self.memory().map_or(Ok(()), |memory| fits(stage, needed, memory))
    }
}

/// A reader of what becomes lines and entries in memory, which stops when memory gets short.
#[derive(Debug)]
pub struct Watched<R> {
    input: R,
    room: Room,
    read: u64,
    next_look: u64,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.next_look {
            let memory = self.room.memory();
            self.next_look = self.read + step(memory);
            if let Some(problem) = memory.and_then(shortage) {
                return Err(io::Error::new(ErrorKind::OutOfMemory, problem));
            }
        }
        let length = self.input.read(buffer)?;
        self.read += length as u64;
        Ok(length)
    }
}

/// How many bytes may be read before the next look: what they become is a small part of what is left.
fn step(memory: Option<Memory>) -> u64 {
    memory.map_or(STEP, |memory| (memory.left / 16).clamp(STEP, MOST_STEPS * STEP))
}

/// What must be left of a limit.
fn reserve(memory: Memory) -> u64 {
    match memory.bound {
        // A list that grows asks for addresses of twice its size before it moves, and no list is larger than all that is held.
        Bound::AddressSpace => RESERVE + memory.held,
        Bound::Given | Bound::Free => RESERVE.min(memory.limit / 8),
        Bound::ControlGroup | Bound::Machine => RESERVE,
    }
}

/// What is said if too little is left.
fn shortage(memory: Memory) -> Option<String> {
    (memory.left < reserve(memory)).then(|| format!("memory gets short: {memory}; {}", advice(memory)))
}

fn advice(memory: Memory) -> String {
    let more = match memory.bound {
        Bound::Given => "raise `run.memory_limit` (`--memory-limit`)",
        Bound::ControlGroup | Bound::AddressSpace | Bound::Machine | Bound::Free => "give the process more memory",
    };
    format!(
        "expected room for all lines and entries that must be matched in full; {more}, or shorten \
         `matching.lookback_days`; nothing was written"
    )
}

fn fits(stage: &str, needed: u64, memory: Memory) -> Result<(), Failure> {
    if needed <= memory.left {
        return Ok(());
    }
    let sentence = format!("{stage} needs {} MiB of memory more, and {memory}; {}", (needed >> 20) + 1, advice(memory));
    Err(Failure::new(Kind::Configuration, sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(bytes: u64) -> Room {
        Room::of(Some(Limit::given(bytes)))
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let memory = |left, bound| Memory { left, limit: 512 << 20, held: 80 << 20, bound };
        assert_eq!(shortage(memory(RESERVE, Bound::ControlGroup)), None);
        let told = shortage(memory(RESERVE - 1, Bound::ControlGroup)).expect("too little");
        assert!(told.starts_with("memory gets short: 47 MiB of 512 MiB are left, the limit of its"), "{told}");
        assert!(shortage(memory(127 << 20, Bound::AddressSpace)).is_some());
        let small = |left| Memory { limit: 128 << 20, ..memory(left, Bound::Given) };
        assert!(shortage(small(16 << 20)).is_none() && shortage(small((16 << 20) - 1)).is_some());
        assert!(fits("match", 5, memory(5, Bound::Machine)).is_ok());
        let refused = fits("match", 96 << 20, memory(5 << 20, Bound::Machine)).expect_err("too much");
        assert_eq!(refused.kind(), Kind::Configuration);
        let start = "match needs 97 MiB of memory more, and 5 MiB of 512 MiB are left, all that the machine has; ";
        assert!(refused.message().starts_with(start), "{refused}");
    }

    #[test]
    fn less_is_read_at_a_time_where_less_is_left() {
        let left = |left| step(Some(Memory { left, limit: 1 << 40, held: 0, bound: Bound::Machine }));
        assert_eq!([left(0), left(512 << 20), left(1 << 30), left(1 << 40)], [STEP, 2 * STEP, 4 * STEP, 8 * STEP]);
        assert_eq!(step(None), STEP);
    }

    #[test]
    fn a_limit_is_tight_before_it_is_reached() {
        assert!(own(8).is_tight());
        assert!(!own(1 << 40).is_tight() || Room::of(None).is_tight());
    }

    #[test]
    fn a_filter_takes_a_part_of_what_is_left() {
        let huge = 1 << 60;
        assert!(own(huge).for_filter() < huge / 8, "this machine has less");
        assert_eq!(own(8).for_filter(), LEAST_FILTER, "nothing is left of it");
    }

    #[test]
    fn a_watched_reader_gives_what_it_reads() {
        let mut text = String::new();
        Room::of(None).watched(&b"some text"[..]).read_to_string(&mut text).expect("there is memory for it");
        assert_eq!(text, "some text");
    }
}
