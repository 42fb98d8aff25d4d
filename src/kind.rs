//! The contract's closed words about discrepancies: what is wrong, where it was found, how much it matters, what Antom said.

use crate::movement::closed_words;
use std::fmt;

closed_words! {
    /// What is wrong, in order of precedence within a stage: a movement has one discrepancy per stage, the first that applies.
    DiscrepancyKind {
        /// An expected report is missing.
        FileMissing = "FILE_MISSING",
        /// A report ends without `<END>` or lacks a part.
        FileIncomplete = "FILE_INCOMPLETE",
        /// A path that was seen before has other content now.
        FileRestated = "FILE_RESTATED",
        /// The header changed, or lacks a required column.
        SchemaDrift = "SCHEMA_DRIFT",
        /// Control totals disagree.
        ControlTotal = "CONTROL_TOTAL",
        /// A line could not be read.
        RejectedLine = "REJECTED_LINE",
        /// A line has a type that is not known.
        UnknownType = "UNKNOWN_TYPE",
        /// The same line a second time.
        DuplicateInReport = "DUPLICATE_IN_REPORT",
        /// The same entry a second time.
        DuplicateInLedger = "DUPLICATE_IN_LEDGER",
        /// The same movement and party in two batches.
        SettledTwice = "SETTLED_TWICE",
        /// More than one candidate fits.
        Ambiguous = "AMBIGUOUS",
        /// The sub-merchant is not registered, or not successfully.
        UnknownSubMerchant = "UNKNOWN_SUB_MERCHANT",
        /// A line without an entry.
        MissingInLedger = "MISSING_IN_LEDGER",
        /// An entry without a line.
        MissingInReport = "MISSING_IN_REPORT",
        /// Settled, though transaction details never had it.
        SettledNotReported = "SETTLED_NOT_REPORTED",
        /// Not settled within the window.
        NotSettled = "NOT_SETTLED",
        /// A reversal whose original is nowhere.
        OrphanReversal = "ORPHAN_REVERSAL",
        /// The sides disagree about the currency.
        CurrencyMismatch = "CURRENCY_MISMATCH",
        /// The sides disagree about the amount.
        AmountMismatch = "AMOUNT_MISMATCH",
        /// The sides disagree about the state.
        StatusMismatch = "STATUS_MISMATCH",
        /// The sides disagree about the sub-merchant.
        SubMerchantMismatch = "SUB_MERCHANT_MISMATCH",
        /// The sides disagree about a share.
        SplitMismatch = "SPLIT_MISMATCH",
        /// Refunds add up to more than their payment.
        RefundExceedsPayment = "REFUND_EXCEEDS_PAYMENT",
        /// Captures add up to more than their authorisation.
        CaptureExceedsAuthorization = "CAPTURE_EXCEEDS_AUTHORIZATION",
        /// More fee than the contract says.
        FeeOvercharged = "FEE_OVERCHARGED",
        /// Less fee than the contract says.
        FeeUndercharged = "FEE_UNDERCHARGED",
        /// A fee that no rule of the contract names.
        FeeWithoutRule = "FEE_WITHOUT_RULE",
        /// A fee in another currency than the settlement's.
        FeeCurrency = "FEE_CURRENCY",
        /// A conversion at another rate than the quote.
        FxVariance = "FX_VARIANCE",
        /// Net is not gross plus signed fees.
        NetFormula = "NET_FORMULA",
        /// Details and summary of a batch disagree.
        BatchTotal = "BATCH_TOTAL",
        /// Balance and activity disagree.
        BalanceRoll = "BALANCE_ROLL",
        /// A payout that the account does not show.
        PayoutMissing = "PAYOUT_MISSING",
        /// A payout with another amount.
        PayoutAmount = "PAYOUT_AMOUNT",
        /// A correction that the ledger does not explain.
        UnexplainedAdjustment = "UNEXPLAINED_ADJUSTMENT",
    }
}

impl DiscrepancyKind {
    /// Whether it is about a file, and so listed on its own date only.
    #[must_use]
    pub const fn is_about_file(self) -> bool {
        use DiscrepancyKind::{ControlTotal, FileIncomplete, FileMissing, FileRestated, SchemaDrift};
        matches!(self, FileMissing | FileIncomplete | FileRestated | SchemaDrift | ControlTotal)
    }
}

closed_words! {
    /// How much it matters.
    Severity {
        /// For information.
        Info = "info",
        /// Small.
        Low = "low",
        /// Ordinary.
        Medium = "medium",
        /// First thing in the morning.
        High = "high",
    }
}

closed_words! {
    /// Where in the day it was found.
    Stage {
        /// A file as a whole.
        File = "file",
        /// Ledger against transaction details.
        Transactions = "transactions",
        /// Transaction details against settlement details.
        Settlement = "settlement",
        /// Ledger shares against settlement details.
        Splits = "splits",
        /// Formulas and totals.
        Proof = "proof",
    }
}

closed_words! {
    /// What Antom's API says about it.
    Answer {
        /// The ledger is right.
        ConfirmsLedger = "CONFIRMS_LEDGER",
        /// The report is right.
        ConfirmsReport = "CONFIRMS_REPORT",
        /// Not decided yet at Antom.
        Pending = "PENDING",
        /// Antom does not know it.
        NotFound = "NOT_FOUND",
        /// Antom says something else than both.
        ContradictsBoth = "CONTRADICTS_BOTH",
        /// Asked, and no trustworthy answer came.
        Unavailable = "UNAVAILABLE",
        /// Not asked: the run's budget was spent.
        SkippedBudget = "SKIPPED_BUDGET",
    }
}
