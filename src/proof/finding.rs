//! What proofs find: the same shape for lines, batches, accounts and payouts.

use crate::id::Symbol;
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::report::Place;

/// A line whose own money does not hold. Its ids are read again from the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFinding {
    /// Where the line stands.
    pub place: Place,
    /// What is wrong: the first kind in the contract's order.
    pub kind: DiscrepancyKind,
    /// What else is wrong with the same line, in the contract's order.
    pub also: Vec<DiscrepancyKind>,
    /// The recomputed amount in the smallest unit of `currency`, signed as in the report; none if it cannot be known.
    pub expected: Option<i128>,
    /// The reported amount.
    pub reported: Option<i128>,
    /// The currency of both.
    pub currency: Currency,
    /// What was found, what was expected, and why: without the place, and without the list of `also`.
    pub explanation: String,
}

/// A batch, an account, a payout or a total that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFinding {
    /// What is wrong.
    pub kind: DiscrepancyKind,
    /// `file` for a summary's own total, else `proof`.
    pub stage: Stage,
    /// The batch id, account number or log id.
    pub antom_id: String,
    /// The party: `merchantId` or `customerId`.
    pub merchant: Symbol,
    /// The party: `referenceMerchantId`.
    pub party: Symbol,
    /// The currency of both amounts.
    pub currency: Option<Currency>,
    /// The recomputed amount in the smallest unit of `currency`; none for a side that is missing.
    pub expected: Option<i128>,
    /// The reported amount.
    pub reported: Option<i128>,
    /// The line that the row points to.
    pub place: Option<Place>,
    /// What was found, what was expected, and why.
    pub explanation: String,
    /// What tells it apart from another finding of its kind about the same id, party and currency: a fee's name, a log's repetition.
    pub distinction: String,
}

/// Where a line of a summary, an activity or a balance report ended: every line has one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Hash)]
pub enum Proved {
    /// Its proof could not be run.
    #[default]
    NotRun,
    /// It is part of a proof that holds.
    Holds,
    /// It is part of a discrepancy.
    Fails,
}
