//! What agrees, added up.

use std::collections::BTreeMap;

use super::mark::{Mark, Side};
use super::{Family, Fate};
use crate::ledger::Entry;
use crate::matching::State;
use crate::money::{Currency, Tally};
use crate::movement::EntryType;
use crate::report::Line;

/// The rows that agree and were not matched in full, added up: conservation counts them with all others.
#[derive(Debug, Default)]
pub struct Agreed {
    /// Lines, which are matched or in transit, by their file's number among the run's inputs.
    pub lines: BTreeMap<u32, BTreeMap<(State, Currency), Tally>>,
    /// Entries, which are all matched, by their type.
    pub entries: BTreeMap<(EntryType, Currency), Tally>,
    /// How many rows there are, with those of earlier days that are not counted again.
    pub rows: u64,
}

impl Agreed {
    /// Adds the rows of a family.
    pub fn add(&mut self, family: Family<'_>) {
        for mark in family.rows {
            self.rows += 1;
            match mark.side() {
                Side::Reported if family.fate == Fate::Waits => self.add_line(mark, State::InTransit),
                Side::Reported | Side::Settled | Side::Divided => self.add_line(mark, State::Matched),
                Side::Booked | Side::Share if mark.age() == 0 => {
                    self.entries.entry((mark.entry_type(), mark.currency)).or_default().add(mark.amount);
                }
                // The entry was matched on its own day, a later day's is counted there, and the item is the line.
                Side::Booked | Side::Share | Side::Later | Side::Waited => {}
            }
        }
    }

    fn add_line(&mut self, mark: &Mark, state: State) {
        let file = self.lines.entry(mark.tag.file()).or_default();
        file.entry((state, mark.currency)).or_default().add(mark.amount);
    }

    /// Takes a line out that is matched in full all the same; `file` is its file's number among the run's inputs.
    pub fn take_out_line(&mut self, file: u32, line: &Line, state: State) {
        take_out(self.lines.entry(file).or_default(), &(state, line.currency), line.amount);
    }

    /// Takes an entry of the day out that is matched in full all the same.
    pub fn take_out_entry(&mut self, entry: &Entry) {
        take_out(&mut self.entries, &(entry.entry_type, entry.currency), entry.amount);
    }

    /// Adds what others come to.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for (file, tallies) in other.lines {
            add(self.lines.entry(file).or_default(), tallies);
        }
        add(&mut self.entries, other.entries);
        self.rows += other.rows;
        self
    }
}

fn take_out<K: Ord>(from: &mut BTreeMap<K, Tally>, key: &K, amount: i64) {
    if let Some(tally) = from.get_mut(key) {
        tally.take_out(amount);
    }
}

fn add<K: Ord>(into: &mut BTreeMap<K, Tally>, from: BTreeMap<K, Tally>) {
    for (key, tally) in from {
        into.entry(key).or_default().merge(&tally);
    }
}
