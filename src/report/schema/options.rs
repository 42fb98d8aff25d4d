//! What can be configured about a report; the defaults are `antom.md` 9.

use std::collections::BTreeMap;

use crate::money::AmountUnit;
use crate::movement::ReportKind;

/// What `transactionId` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IdRule {
    /// New if the file has `originalTransactionRequestId` and no `originalTransactionId`, else old.
    #[default]
    Auto,
    /// The id of the movement itself: paymentId, captureId, refundId, disputeId (generations 1 and 2, marketplace pages).
    Old,
    /// The paymentId for every type (generation 3).
    New,
}

/// How transaction details sign the amounts of types that take money out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignRule {
    /// As written, unless the file shows all of them as positive: then by type.
    #[default]
    Auto,
    /// As written.
    Signed,
    /// Negative for every type that takes money out.
    ByType,
}

/// How to read one kind of report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportOptions {
    /// The unit of its amounts.
    pub amount_unit: AmountUnit,
    /// What `transactionId` means.
    pub id_rule: IdRule,
    /// How amounts are signed; settlement details are always as written.
    pub sign_rule: SignRule,
    /// Further column names: the name in the file, and the canonical name that it stands for (see
    /// [`is_known_column`](super::is_known_column)).
    pub column_aliases: BTreeMap<String, String>,
    /// The required columns by canonical name, in place of the default.
    pub required: Option<Vec<String>>,
    /// Lines of this file of which a cell was lost before it came here, by physical line: they are rejected.
    pub damaged: BTreeMap<u32, Damage>,
}

/// A cell that was lost: a number with more digits than a workbook keeps, or a formula without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Its column, from 0.
    pub column: usize,
    /// What happened, and what to do.
    pub reason: String,
}

/// How to read each kind of report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportRules {
    /// Where it differs from the defaults.
    pub by_kind: BTreeMap<ReportKind, ReportOptions>,
}

impl ReportRules {
    /// The options of a kind.
    #[must_use]
    pub fn of(&self, kind: ReportKind) -> ReportOptions {
        self.by_kind.get(&kind).cloned().unwrap_or_default()
    }
}
