//! What all worlds together came to.

use super::catalogue::{Family, Fault};
use super::draw::Drawing;
use super::seed::Outcome;
use super::{Options, threads};
use crate::print::{Sheet, thousands};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::time::Duration;

/// Discrepancies of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Kind {
    injected: u64,
    found: u64,
    wrong: u64,
}

/// Worlds with one fault.
#[derive(Debug, Clone, Copy, Default)]
struct Suffered {
    injected: u64,
    survived: u64,
}

/// The sums over all worlds.
#[derive(Debug, Default)]
pub(super) struct Totals {
    kinds: BTreeMap<String, Kind>,
    faults: BTreeMap<(Family, String), Suffered>,
    runs: u64,
}

impl Totals {
    pub(super) fn of(worlds: &[Drawing], outcomes: &BTreeMap<usize, Outcome>) -> Self {
        let mut totals = Self::default();
        for fault in Fault::all() {
            totals.faults.entry((fault.family(), fault.to_string())).or_default();
        }
        for (index, outcome) in outcomes {
            totals.runs += u64::try_from(outcome.runs).unwrap_or(0);
            for drawn in &worlds[*index].faults {
                let suffered = totals.faults.entry((drawn.fault.family(), drawn.fault.to_string())).or_default();
                suffered.injected += 1;
                suffered.survived += u64::from(outcome.problems.is_empty());
            }
            totals.rows(outcome);
        }
        totals
    }

    /// A discrepancy counts once, however many runs list it, and is found if each of them says what it must.
    fn rows(&mut self, outcome: &Outcome) {
        let mut discrepancies: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        for told in &outcome.told {
            match &told.key {
                Some(key) => *discrepancies.entry((&told.kind, key)).or_insert(true) &= told.is_right,
                None => self.kinds.entry(told.kind.clone()).or_default().wrong += 1,
            }
        }
        for ((kind, _), is_right) in discrepancies {
            let kind = self.kinds.entry(kind.to_owned()).or_default();
            kind.injected += 1;
            kind.found += u64::from(is_right);
        }
    }

    pub(super) fn write(&self, options: &Options, took: Duration, out: &mut dyn Write) -> io::Result<()> {
        let mut sheet = Sheet::new(&["kind", ">injected", ">found", ">wrongly reported"]);
        for (kind, Kind { injected, found, wrong }) in &self.kinds {
            sheet.row([kind.clone(), thousands(*injected), thousands(*found), thousands(*wrong)]);
        }
        sheet.write(out)?;
        writeln!(out)?;
        let mut sheet = Sheet::new(&["about", "what went wrong", ">injected", ">survived"]);
        for ((family, name), Suffered { injected, survived }) in &self.faults {
            sheet.row([family.word().to_owned(), name.clone(), thousands(*injected), thousands(*survived)]);
        }
        sheet.write(out)?;
        let sum = |of: fn(&Suffered) -> u64| self.faults.values().map(of).sum::<u64>();
        let kinds: BTreeSet<&String> = self.kinds.keys().collect();
        writeln!(
            out,
            "\n{} seeds of {} days: {} runs compared; {} faults of {} sorts, {} survived; {} kinds of discrepancies; {} s \
             with {} threads.",
            thousands(options.seeds),
            options.days,
            thousands(self.runs),
            thousands(sum(|one| one.injected)),
            self.faults.values().filter(|one| one.injected > 0).count(),
            thousands(sum(|one| one.survived)),
            kinds.len(),
            took.as_secs(),
            threads(options),
        )
    }
}
