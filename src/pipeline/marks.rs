//! The marks of a day's rows, by partition (`matching::agreed`).

use crate::matching::agreed::{self, Agreed, Family, Fate, Mark, Place};
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

    /// Finds the rows that agree, shows their places with what becomes of their families, and adds them up; `keep` gets what becomes of
    /// items in transit. `may_wait` tells of an age whether lines may wait still.
    ///
    /// # Errors
    /// What was written cannot be read, and what `keep` says.
    pub fn agree(
        self,
        may_wait: impl Fn(u8) -> bool + Sync,
        mut show: impl FnMut(Place, Fate) + Send,
        mut keep: impl FnMut(ItemFate) -> Result<(), MemoryError> + Send,
    ) -> Result<Agreed, MemoryError> {
        let work = |mut marks: Vec<Mark>| {
            let (mut sum, mut places, mut items) = (Agreed::default(), Vec::with_capacity(marks.len()), Vec::new());
            agreed::agree(&mut marks, &may_wait, |family| {
                sum.add(family);
                places.extend(family.places().map(|place| (place, family.fate)));
                items.extend(ItemFate::of(&family));
            });
            (sum, places, items)
        };
        let (mut all, mut kept) = (Agreed::default(), Ok(()));
        if self.is_spoilt {
            return Ok(all);
        }
        self.marks.consume(work, |(sum, places, items)| {
            all = std::mem::take(&mut all).with(sum);
            places.into_iter().for_each(|(place, fate)| show(place, fate));
            if kept.is_ok() {
                kept = items.into_iter().try_for_each(&mut keep);
            }
        })?;
        kept.map(|()| all)
    }
}

/// What becomes of an item in transit whose family agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemFate {
    /// The item's number.
    pub item: u32,
    /// Where its line stands: the file's number among the run's inputs, and the line's among the file's.
    pub line: (u32, u32),
    /// Where the first line stands that settles it; none if it waits still.
    pub settled: Option<(u32, u32)>,
}

impl ItemFate {
    fn of(family: &Family<'_>) -> Option<Self> {
        let line = |place: Place| match place {
            Place::Line(file, row) => Some((file, row)),
            Place::Entry(_) | Place::Item(_) => None,
        };
        Some(Self { item: family.item()?, line: line(family.line())?, settled: family.first_settled().and_then(line) })
    }
}

impl Spilled for ItemFate {
    const BYTES: usize = 20;

    fn put(&self, to: &mut Vec<u8>) {
        let settled = self.settled.unwrap_or((u32::MAX, u32::MAX));
        for number in [self.item, self.line.0, self.line.1, settled.0, settled.1] {
            to.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let mut numbers = bytes.chunks_exact(4).map(|four| four.try_into().ok().map(u32::from_le_bytes));
        let mut number = || numbers.next().flatten();
        let (item, line, settled) = (number()?, (number()?, number()?), (number()?, number()?));
        Some(Self { item, line, settled: Some(settled).filter(|place| *place != (u32::MAX, u32::MAX)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_comes_back_as_it_was() {
        for settled in [None, Some((3, 70_000)), Some((0, 0))] {
            let fate = ItemFate { item: 5, line: (1, u32::MAX), settled };
            let mut bytes = Vec::new();
            fate.put(&mut bytes);
            assert_eq!((bytes.len(), ItemFate::take(&bytes)), (ItemFate::BYTES, Some(fate)));
            assert_eq!(ItemFate::take(&bytes[4..]), None);
        }
    }
}
