//! What matching gives: a state for every row, findings, waiting items.

use std::collections::HashMap;
use std::fmt;

use crate::calendar::BusinessDate;
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::movement::{EntryType, Status, closed_words};

/// Where a row stands: on which side, in which file of that side, at which index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemRef {
    /// The side.
    pub side: ItemSide,
    /// Index of the file among the side's files; 0 for the ledger.
    pub file: u32,
    /// Index of the line or entry.
    pub row: u32,
}

/// The sides of matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ItemSide {
    /// A line of transaction details.
    Transactions,
    /// A line of settlement details.
    Settlement,
    /// An entry of the ledger.
    Ledger,
}

/// The one place in which a row ends the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Not decided: a row in this state after a run is a defect, and conservation says so.
    Unplaced,
    /// An entry of a day that no run is responsible for (before the first run, or after this one).
    OutOfScope,
    /// Closed by an earlier run; looked at for reference only.
    Past,
    /// Matched.
    Matched,
    /// Excluded: the ledger does not book it, totals prove it.
    ExcludedByTotals,
    /// Excluded: it did not happen, and the other side does not claim that it did.
    ExcludedNotSuccessful,
    /// Excluded: no report of this program's has it yet (transfers, payouts).
    ExcludedNotReported,
    /// Excluded: a share that the ledger books, while shares are not compared.
    ExcludedSplitsOff,
    /// Waiting inside its window.
    InTransit,
    /// Part of a discrepancy.
    Discrepancy,
}

impl State {
    /// All states, so that they can be stored as one byte.
    pub(super) const ALL: [Self; 10] = [
        Self::Unplaced,
        Self::OutOfScope,
        Self::Past,
        Self::Matched,
        Self::ExcludedByTotals,
        Self::ExcludedNotSuccessful,
        Self::ExcludedNotReported,
        Self::ExcludedSplitsOff,
        Self::InTransit,
        Self::Discrepancy,
    ];

    /// The rule that excluded it.
    #[must_use]
    pub const fn exclusion(self) -> Option<Exclusion> {
        match self {
            Self::ExcludedByTotals => Some(Exclusion::ProvedByTotals),
            Self::ExcludedNotSuccessful => Some(Exclusion::NotSuccessful),
            Self::ExcludedNotReported => Some(Exclusion::NotReported),
            Self::ExcludedSplitsOff => Some(Exclusion::SplitsOff),
            _ => None,
        }
    }
}

closed_words! {
    /// The named rules that exclude a row.
    Exclusion {
        /// Fees, reserves, collateral and corrections that the ledger does not book.
        ProvedByTotals = "proved_by_totals",
        /// Failed, cancelled or undecided, and not claimed by the other side.
        NotSuccessful = "not_successful",
        /// Transfers and payouts, which details do not show.
        NotReported = "not_reported",
        /// Shares in the ledger while `[matching] splits` is off.
        SplitsOff = "splits_off",
    }
}

closed_words! {
    /// What fee, reserve, collateral and correction lines need (`[matching] adjustments`).
    Adjustments {
        /// Totals prove them; an entry is compared if the ledger books one.
        Proved = "proved",
        /// They must have an entry.
        Ledger = "ledger",
    }
}

closed_words! {
    /// What an item in transit waits for.
    WaitsFor {
        /// The line's settlement.
        Settlement = "settlement",
        /// The line's entry, near midnight.
        Entry = "entry of the next day",
        /// The entry's line, near midnight.
        Line = "report of the next day",
        /// The outcome of a pending entry.
        Outcome = "outcome",
        /// A report that is missing.
        Report = "missing report",
    }
}

/// A discrepancy names this many candidates; the rest can be found by their ids. Very many rows may fit the same very many candidates,
/// and a cell has room for some.
pub const MAX_NAMED: usize = 10;

/// One discrepancy, without text.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The first kind that applies.
    pub kind: DiscrepancyKind,
    /// The other kinds that apply to the same movement at the same stage, in order of precedence.
    pub also: Vec<DiscrepancyKind>,
    /// Where it was found.
    pub stage: Stage,
    /// The movement's business date.
    pub business_date: BusinessDate,
    /// The movement's type; none if it is not known.
    pub entry_type: Option<EntryType>,
    /// The line that stands for the report's side (in transaction details if there is one), for ids and place.
    pub line: Option<ItemRef>,
    /// The entry that stands for the ledger's side.
    pub entry: Option<ItemRef>,
    /// The ledger's amount or the expected one, in the smallest unit.
    pub ledger: Option<(i128, Currency)>,
    /// The report's amount.
    pub report: Option<(i128, Currency)>,
    /// The ledger's status.
    pub ledger_status: Option<Status>,
    /// The report's status.
    pub report_status: Option<Status>,
    /// Which of several like it this is (2 for the first duplicate); 1 otherwise.
    pub occurrence: u32,
    /// The candidates of an ambiguity, the first [`MAX_NAMED`] of them, or the row that came first for a duplicate.
    pub candidates: Vec<ItemRef>,
    /// How many further candidates there are.
    pub more_candidates: usize,
    /// The last day of the window that ended, for overdue items.
    pub due_on: Option<BusinessDate>,
    /// Rows on the two sides belong to different business dates.
    pub period_crossing: bool,
    /// The finding rests on what lies outside the window by now: it holds only if an earlier run listed it already.
    pub only_if_open_before: bool,
    /// The rows that are in the state [`State::Discrepancy`] because of this finding.
    pub consumed: Vec<ItemRef>,
}

/// One item in transit, without text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waiting {
    /// The row that waits.
    pub item: ItemRef,
    /// The movement's business date.
    pub business_date: BusinessDate,
    /// The last day of its window.
    pub due_on: BusinessDate,
    /// What it waits for.
    pub waits_for: WaitsFor,
}

/// A row of an earlier day, open until then, that a row of this day closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closure {
    /// What was open.
    pub item: ItemRef,
    /// What closed it.
    pub by: ItemRef,
}

/// The findings and waiting items of a part of the work.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Discrepancies.
    pub findings: Vec<Finding>,
    /// Items in transit.
    pub waiting: Vec<Waiting>,
    /// Matched pairs whose sides belong to different business dates.
    pub period_crossings: u64,
    /// What this day closed of earlier days.
    pub closures: Vec<Closure>,
    /// Settled lines of payments and captures, one per movement and party, for the splits.
    pub shares: Vec<ItemRef>,
    /// As in [`Reconciliation`].
    pub payments: HashMap<ItemRef, ItemRef>,
}

impl Outcome {
    /// Adds another part's.
    pub fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
        self.waiting.append(&mut other.waiting);
        self.period_crossings += other.period_crossings;
        self.closures.append(&mut other.closures);
        self.shares.append(&mut other.shares);
        self.payments.extend(other.payments);
    }
}

/// The result of one business date.
#[derive(Debug)]
pub struct Reconciliation {
    /// The state of every line of transaction details, by file.
    pub transactions: Vec<Vec<State>>,
    /// The state of every line of settlement details, by file.
    pub settlements: Vec<Vec<State>>,
    /// The state of every entry.
    pub ledger: Vec<State>,
    /// Discrepancies, ordered by place.
    pub findings: Vec<Finding>,
    /// Items in transit, ordered by business date and place.
    pub waiting: Vec<Waiting>,
    /// What this day closed of earlier days, ordered by place.
    pub closures: Vec<Closure>,
    /// Matched pairs whose sides belong to different business dates.
    pub period_crossings: u64,
    /// Of rows of shares that name their payment by Antom's id alone, the row that names it by its request id as well.
    pub payments: HashMap<ItemRef, ItemRef>,
}

impl Reconciliation {
    /// The state of a row.
    #[must_use]
    pub fn state(&self, item: ItemRef) -> State {
        let (file, row) = (item.file as usize, item.row as usize);
        match item.side {
            ItemSide::Transactions => self.transactions[file][row],
            ItemSide::Settlement => self.settlements[file][row],
            ItemSide::Ledger => self.ledger[row],
        }
    }

    /// Takes back findings that do not hold: their rows were closed by an earlier run, but for those that another finding is about.
    pub fn withdraw(&mut self, withdrawn: &[Finding]) {
        let past = withdrawn.iter().flat_map(|finding| &finding.consumed).map(|&item| (item, State::Past));
        let open = self.findings.iter().flat_map(|finding| &finding.consumed).map(|&item| (item, State::Discrepancy));
        let placed: Vec<(ItemRef, State)> = past.chain(open.filter(|_| !withdrawn.is_empty())).collect();
        for (item, state) in placed {
            let (file, row) = (item.file as usize, item.row as usize);
            match item.side {
                ItemSide::Transactions => self.transactions[file][row] = state,
                ItemSide::Settlement => self.settlements[file][row] = state,
                ItemSide::Ledger => self.ledger[row] = state,
            }
        }
    }
}
