//! Room in memory: what can wait on the disk goes there when memory gets short, and a run that would not fit all the same ends with
//! words. The kernel ends a process without any, and so does an allocation that fails.

use std::io::{self, ErrorKind, Read};

use crate::environment::memory::{self, Bound, Memory};
use crate::failure::{Failure, Kind};

/// What must be left before more is read: buffers and blocks of all threads, and what a connection to a database takes. Of a small limit
/// that the configuration sets, an eighth is enough: the process itself is counted in it.
const RESERVE: u64 = 48 << 20;

/// How many bytes are read between two looks at what is left: of a report, they become some 10 MiB of lines.
const STEP: u64 = 16 << 20;

/// What matching takes for each line and entry: the row itself, its slot in the join with room to spare, its state, and its share of the
/// outcome.
pub const BYTES_PER_ROW: u64 = 192;

/// The memory that a run may take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Room {
    limit: Option<u64>,
}

impl Room {
    /// So many bytes, or as much as there is.
    pub const fn of(limit: Option<u64>) -> Self {
        Self { limit }
    }

    /// Whether so many bytes more fit.
    pub fn has(self, needed: u64) -> bool {
        self.memory().is_none_or(|memory| needed <= memory.left)
    }

    /// What each kind of rows that wait may take in memory from the start: one part of 32 of a limit that the configuration sets.
    pub fn for_waiting_rows(self) -> Option<usize> {
        self.limit.map(|limit| usize::try_from(limit / 32).unwrap_or(usize::MAX))
    }

    /// What a filter of ids may take: one part of eight of a limit that the configuration sets.
    pub fn for_filter(self) -> u64 {
        self.limit.map_or(u64::MAX, |limit| limit / 8)
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
            self.next_look = self.read + STEP;
            if let Some(problem) = self.room.memory().and_then(shortage) {
                return Err(io::Error::new(ErrorKind::OutOfMemory, problem));
            }
        }
        let length = self.input.read(buffer)?;
        self.read += length as u64;
        Ok(length)
    }
}

/// What must be left of a limit.
fn reserve(memory: Memory) -> u64 {
    match memory.bound {
        // A list that grows asks for addresses of twice its size before it moves, and no list is larger than all that is held.
        Bound::AddressSpace => RESERVE + memory.held,
        Bound::Given => RESERVE.min(memory.limit / 8),
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
        Bound::ControlGroup | Bound::AddressSpace | Bound::Machine => "give the process more memory",
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
    fn a_limit_is_tight_before_it_is_reached() {
        assert!(Room::of(Some(8)).is_tight());
        assert!(!Room::of(Some(1 << 40)).is_tight() || Room::of(None).is_tight());
    }

    #[test]
    fn a_watched_reader_gives_what_it_reads() {
        let mut text = String::new();
        Room::of(None).watched(&b"some text"[..]).read_to_string(&mut text).expect("there is memory for it");
        assert_eq!(text, "some text");
    }
}
