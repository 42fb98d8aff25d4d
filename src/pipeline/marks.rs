//! The marks of a day's rows, by partition (`matching::agreed`).

use crate::matching::agreed::{self, Agreed, Mark, Place};
use crate::memory::{Memory, MemoryError, Spilled};

use super::aside::Aside;
use super::room::Room;

/// Marks that are gathered while reports and ledger are read.
#[derive(Debug)]
pub struct Marks {
    marks: Aside<Mark>,
    /// Whether marks of a file are among them that could not be read to its end.
    is_spoilt: bool,
}

impl Spilled for Mark {
    const BYTES: usize = Self::BYTES;

    fn put(&self, to: &mut Vec<u8>) {
        Self::put(self, to);
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        Self::take(bytes)
    }
}

impl Marks {
    /// None yet.
    ///
    /// # Errors
    /// There is no room for them on the disk.
    pub fn new(memory: &Memory, room: Room) -> Result<Self, MemoryError> {
        Ok(Self { marks: Aside::new(memory, room)?, is_spoilt: false })
    }

    /// Adds marks.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn extend(&mut self, marks: impl Iterator<Item = Mark>) -> Result<(), MemoryError> {
        marks.into_iter().try_for_each(|mark| self.marks.put(mark.partition(), mark))
    }

    /// A file that was marked turned out to be unreadable: all rows of the day are matched in full.
    pub fn spoil(&mut self) {
        self.is_spoilt = true;
    }

    /// Finds the rows that agree, shows their places, and adds them up.
    ///
    /// # Errors
    /// What was written cannot be read.
    pub fn agree(self, mut show: impl FnMut(Place)) -> Result<Agreed, MemoryError> {
        let work = |mut marks: Vec<Mark>| {
            agreed::agree(&mut marks);
            (Agreed::of(&marks), marks.iter().map(Mark::place).collect::<Vec<_>>())
        };
        let mut all = Agreed::default();
        if self.is_spoilt {
            return Ok(all);
        }
        self.marks.consume(work, |(agreed, places)| {
            all = std::mem::take(&mut all).with(agreed);
            places.into_iter().for_each(&mut show);
        })?;
        Ok(all)
    }
}
