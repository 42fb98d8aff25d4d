//! The board on which every row's state is set, from many threads, each row by the one movement that it belongs to.

use std::sync::atomic::{AtomicU8, Ordering};

use rayon::slice::ParallelSliceMut;

use super::outcome::{ItemRef, ItemSide, Outcome, Reconciliation, State};
use super::{DayReport, Inputs};

/// States of all rows; relaxed atomics, because no state is read until the threads have joined.
pub(super) struct Board {
    transactions: Vec<Vec<AtomicU8>>,
    settlements: Vec<Vec<AtomicU8>>,
    ledger: Vec<AtomicU8>,
}

fn blank(rows: usize) -> Vec<AtomicU8> {
    std::iter::repeat_with(AtomicU8::default).take(rows).collect()
}

fn states(cells: Vec<AtomicU8>) -> Vec<State> {
    cells.into_iter().map(|cell| State::ALL[usize::from(cell.into_inner())]).collect()
}

impl Board {
    /// Nothing is decided yet.
    pub fn new(inputs: &Inputs<'_>) -> Self {
        let side = |files: &[DayReport]| files.iter().map(|file| blank(file.parsed.lines.len())).collect();
        Self {
            transactions: side(inputs.transactions),
            settlements: side(inputs.settlements),
            ledger: blank(inputs.ledger.entries.len()),
        }
    }

    fn cell(&self, item: ItemRef) -> &AtomicU8 {
        let (file, row) = (item.file as usize, item.row as usize);
        match item.side {
            ItemSide::Transactions => &self.transactions[file][row],
            ItemSide::Settlement => &self.settlements[file][row],
            ItemSide::Ledger => &self.ledger[row],
        }
    }

    /// Places a row. A later stage can only make the place more serious (a matched line becomes part of a discrepancy).
    pub fn place(&self, item: ItemRef, state: State) {
        self.cell(item).fetch_max(state as u8, Ordering::Relaxed);
    }

    /// Where a row stands so far.
    pub fn state(&self, item: ItemRef) -> State {
        State::ALL[usize::from(self.cell(item).load(Ordering::Relaxed))]
    }

    /// The states, with findings and waiting items in their order.
    pub fn finish(self, outcome: Outcome) -> Reconciliation {
        let Outcome { mut findings, mut waiting, mut closures, period_crossings, shares: _, payments } = outcome;
        closures.retain(|closure| self.state(closure.item) == State::Matched);
        closures.sort_unstable();
        closures.dedup();
        waiting.retain(|item| self.state(item.item) == State::InTransit);
        findings.par_sort_by_key(|found| (found.stage, found.line, found.entry, found.kind, found.occurrence));
        waiting.par_sort_unstable_by_key(|item| (item.business_date, item.item));
        Reconciliation {
            transactions: self.transactions.into_iter().map(states).collect(),
            settlements: self.settlements.into_iter().map(states).collect(),
            ledger: states(self.ledger),
            findings,
            waiting,
            closures,
            period_crossings,
            payments,
        }
    }
}
