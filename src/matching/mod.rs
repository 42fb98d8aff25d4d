//! Matching: what belongs together, and what is left. The only module that knows both sides.
//!
//! [`reconcile`] takes one business date's lines, those of the days that it may look back to, and the ledger's entries of the
//! same window, and gives every one of them exactly one [`State`], with a [`Finding`] for each discrepancy and a [`Waiting`] for
//! each item in transit. It is a pure function: no order of input, thread count or hash decides anything.
//!
//! ```text
//!   agreed     payments whose rows say the same, before all else
//!   identity   which key says that two rows are the same movement       (rule 1; point of detail 2)
//!   lending    rows that meet others by their second key
//!   bounced    refunds that came back, of which the payment is known    (point of detail 1)
//!   keyless    rows without an id of their own                          (point of detail 7)
//!   ambiguity  rows that fit several movements                          (rule 8)
//!   links      originals, cancelled and captured payments, limits       (rule 6)
//!   movement   one movement: ledger ↔ transactions                      (rules 2, 3, 7, 9)
//!   booking    its entries, the sources of a refund together             (points of detail 5)
//!   settlement transactions ↔ settlement details                        (rules 4, 7)
//!   adjustment fees, reserves, corrections                              (point of detail 8)
//!   splits     ledger shares ↔ settlement lines, per payment and party  (rule 5)
//!   outcome    states, findings, waiting items                          (rule 10)
//! ```

mod adjustment;
pub mod agreed;
mod ambiguity;
mod board;
mod booking;
mod bounced;
mod context;
mod identity;
mod keyless;
mod lending;
mod links;
mod movement;
mod outcome;
mod settled;
mod settlement;
mod splits;

use std::collections::{BTreeSet, HashMap};

use crate::calendar::{BusinessDate, CutOff, SettlementCalendar};
use crate::id::{KeySet, Symbol};
use crate::ledger::{Entry, ParsedLedger};
use crate::report::ParsedReport;

pub use outcome::{
    Adjustments, Closure, Exclusion, Finding, ItemRef, ItemSide, MAX_NAMED, Reconciliation, State, Waiting, WaitsFor,
};

/// How one run matches. All windows are inclusive.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The business date of the run.
    pub today: BusinessDate,
    /// Where business days end.
    pub cut_off: CutOff,
    /// How long before the end of a day an item may belong to the next day's report, in milliseconds.
    pub cutoff_grace_ms: i64,
    /// Business days that a line may wait for its settlement.
    pub settlement_due_days: u32,
    /// Calendar days that an entry may stay pending.
    pub pending_max_days: u32,
    /// Whether the ledger books shares (`SETTLEMENT` entries).
    pub splits: bool,
    /// What fee, reserve and correction lines need.
    pub adjustments: Adjustments,
    /// The settlement calendar.
    pub calendar: SettlementCalendar,
    /// The first date whose neighbours are all there. What is older was loaded because it was open: nothing new is found about it.
    pub window_start: BusinessDate,
}

/// One report file of the day, or of an earlier day within the lookback.
#[derive(Debug)]
pub struct DayReport {
    /// The business date whose directory it came from.
    pub date: BusinessDate,
    /// Its name.
    pub name: String,
    /// What it says.
    pub parsed: ParsedReport,
}

/// The registered sub-merchants, and whether their registration was successful.
pub type Registry = HashMap<Symbol, bool>;

/// What is reconciled.
pub struct Inputs<'a> {
    /// Transaction details of the run's date and of earlier days, sorted by date and name.
    pub transactions: &'a [DayReport],
    /// Settlement details of the run's date and of earlier days, sorted by date and name.
    pub settlements: &'a [DayReport],
    /// Entries of the window: from a day before the earliest report to a day after the run's date.
    pub ledger: &'a ParsedLedger,
    /// The sub-merchants, if a registry is configured.
    pub registry: Option<&'a Registry>,
    /// The dates whose entries must be in a report: the run's, and those of earlier runs.
    pub scope: &'a BTreeSet<BusinessDate>,
    /// Those of them whose transaction details are known to be missing.
    pub missing: &'a BTreeSet<BusinessDate>,
    /// Originals that the ledger has from before the window, as keys in the spaces of payments.
    pub known_originals: &'a KeySet,
    /// The `entry_id` of an entry; asked only for entries that claim to be the same movement, to say which comes first.
    pub entry_id: &'a (dyn Fn(&Entry) -> String + Sync),
}

/// Reconciles one business date.
#[must_use]
pub fn reconcile(inputs: &Inputs<'_>, policy: &Policy) -> Reconciliation {
    let board = board::Board::new(inputs);
    let identities = identity::Identities::of(inputs);
    let links = links::Links::of(inputs);
    let context = context::Context { inputs, policy, board: &board, links: &links };
    let mut outcome = identities.evaluate(&context);
    if policy.splits {
        let shares = std::mem::take(&mut outcome.shares);
        outcome.append(splits::evaluate(&context, &shares));
    } else {
        outcome.append(splits::exclude(&context));
    }
    outcome.append(context.lines_of_unknown_type());
    board.finish(outcome)
}
