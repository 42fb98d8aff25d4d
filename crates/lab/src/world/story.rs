//! A story: one payment with all that happens to it, as the ledger books it, as Antom reports it, and as the API tells it.
//!
//! Faults work on stories, before they are spread over files, so that every fault stays on a payment of its own.

use super::book::PaymentRecord;
use super::money::{Currency, Quote};
use chrono::NaiveDate;
use std::ops::AddAssign;

/// What a line or an entry is about. The spelling differs between the ledger and the layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of `antom.md`, 4.1")]
pub enum Movement {
    Payment,
    Authorization,
    Capture,
    Void,
    Cancel,
    Refund,
    RefundReversal,
    Dispute,
    DisputeReversal,
    RapidDisputeResolution,
    SettlementFee,
    ReserveWithheld,
    ReserveReleased,
    CollateralWithheld,
    CollateralReleased,
    /// An acquirer's correction of its totals (`antom.md`, 3.5).
    Correction,
    /// A type that no page of Antom's names.
    Unheard,
}

impl Movement {
    /// The entry type under which a ledger books it.
    #[must_use]
    pub fn entry_type(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Authorization => "AUTHORIZATION",
            Self::Capture => "CAPTURE",
            Self::Void => "VOID",
            Self::Cancel => "CANCEL",
            Self::Refund => "REFUND",
            Self::RefundReversal => "REFUND_REVERSAL",
            Self::Dispute | Self::RapidDisputeResolution => "DISPUTE",
            Self::DisputeReversal => "DISPUTE_REVERSAL",
            Self::SettlementFee => "FEE",
            Self::ReserveWithheld => "RESERVE",
            Self::ReserveReleased => "RESERVE_RELEASE",
            Self::CollateralWithheld => "COLLATERAL",
            Self::CollateralReleased => "COLLATERAL_RELEASE",
            Self::Correction => "ADJUSTMENT",
            Self::Unheard => "",
        }
    }

    /// Whether money leaves the marketplace.
    #[must_use]
    pub fn is_outgoing(self) -> bool {
        matches!(self, Self::Void | Self::Cancel | Self::Refund | Self::Dispute | Self::RapidDisputeResolution)
    }

    /// Whether it belongs to a whole batch rather than to a payment.
    #[must_use]
    pub fn is_of_batch(self) -> bool {
        matches!(
            self,
            Self::SettlementFee
                | Self::ReserveWithheld
                | Self::ReserveReleased
                | Self::CollateralWithheld
                | Self::CollateralReleased
                | Self::Correction
        )
    }
}

/// Names one line through all that is done to it until it stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

/// Whose account a line is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// Antom's id of the party.
    pub merchant_id: String,
    /// The marketplace's id of the sub-merchant; empty for the marketplace itself.
    pub reference: String,
}

/// A payment method: its code, the wallet's name, the card brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// `paymentMethodType`.
    pub code: &'static str,
    /// `pspName` or `wallet`; empty for none.
    pub wallet: &'static str,
    /// `cardBrand`; empty unless it is a card.
    pub brand: &'static str,
}

/// Something wrong in the writing of a line itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// The cell of this column holds this text.
    Cell(&'static str, &'static str),
    /// Every time of the line holds this text.
    Times(&'static str),
    /// The line ends after this many cells.
    CutAfter(usize),
    /// The cell of this column holds this text, which can be read and is not what it must be.
    Readable(&'static str, &'static str),
}

/// A line of a report, before any layout gives it columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name in this world.
    pub id: LineId,
    /// What it is about.
    pub movement: Movement,
    /// The payment's ids; both empty for lines of a whole batch.
    pub payment: PaymentIds,
    /// The movement's own id at Antom: captureId, refundId, disputeId, or the paymentId for the payment itself.
    pub own_id: String,
    /// The movement's own request id; empty where it has none (disputes, lines of a batch).
    pub own_request_id: String,
    /// `referenceTransactionId`.
    pub order_id: String,
    /// `orderDescription`.
    pub description: String,
    /// Whose line it is.
    pub party: Party,
    /// Signed, in smallest units of `currency`.
    pub amount_minor: i64,
    /// Of the transaction.
    pub currency: Currency,
    /// Seconds since 1970 UTC.
    pub at: i64,
    /// How the buyer paid.
    pub method: Method,
    /// Something wrong in its writing, if anything.
    pub spoil: Option<Spoil>,
}

/// The two ids of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentIds {
    /// Antom's.
    pub id: String,
    /// The marketplace's.
    pub request_id: String,
}

/// A line in the transaction details of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The day of the report.
    pub day: NaiveDate,
    /// The line.
    pub line: Line,
}

/// A line in settlement details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The settlement date.
    pub on: NaiveDate,
    /// Which batch of that date and currency: 0 is the ordinary one.
    pub slot: u8,
    /// The line.
    pub line: Line,
    /// What reaches the party.
    pub payout: Payout,
}

impl Settled {
    /// Whether the line can be read, so that sums over the file count it.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        matches!(self.line.spoil, None | Some(Spoil::Readable(..)))
    }
}

/// The settlement side of a line: net = gross + the signed fees, in one currency (`antom.md`, 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// The settlement currency.
    pub currency: Currency,
    /// The transaction amount in the settlement currency, signed.
    pub gross_minor: i64,
    /// The quote, where the currencies differ.
    pub quote: Option<Quote>,
    /// Signed: charged is negative, returned positive.
    pub fees: Fees,
    /// What moves outside the formula, signed: batch fees and reserves (`antom.md`, 3.4). Zero for everything else.
    pub direct_minor: i64,
    /// What the net has too much against the formula, signed. Zero for an honest line.
    pub slip_minor: i64,
    /// What `convertedTransactionAmountValue` has too much, signed. Zero for an honest line.
    pub converted_slip_minor: i64,
}

impl Payout {
    /// An honest payout without fees: `gross_minor` in its own currency.
    #[must_use]
    pub fn plain(gross_minor: i64, currency: Currency) -> Self {
        let fees = Fees::default();
        Self { currency, gross_minor, quote: None, fees, direct_minor: 0, slip_minor: 0, converted_slip_minor: 0 }
    }

    /// What is paid out, signed.
    #[must_use]
    pub fn net_minor(&self) -> i64 {
        self.gross_minor + self.fees.sum() + self.direct_minor + self.slip_minor
    }
}

/// The fees of one line, signed, in smallest units of the settlement currency (`antom.md`, 3.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of Antom's fee columns")]
pub struct Fees {
    pub payment_method: i64,
    pub interchange: i64,
    pub scheme: i64,
    pub acquirer_markup: i64,
    pub processing: i64,
    pub tax: i64,
    pub dispute_handling: i64,
}

impl Fees {
    /// All of them.
    #[must_use]
    pub fn sum(&self) -> i64 {
        let of_method = self.payment_method + self.interchange + self.scheme + self.acquirer_markup;
        of_method + self.processing + self.tax + self.dispute_handling
    }
}

impl AddAssign for Fees {
    fn add_assign(&mut self, other: Self) {
        self.payment_method += other.payment_method;
        self.interchange += other.interchange;
        self.scheme += other.scheme;
        self.acquirer_markup += other.acquirer_markup;
        self.processing += other.processing;
        self.tax += other.tax;
        self.dispute_handling += other.dispute_handling;
    }
}

/// An entry of the marketplace's ledger, in the columns of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the contract's column names")]
pub struct Entry {
    pub entry_id: String,
    pub entry_type: &'static str,
    pub request_id: String,
    pub antom_id: String,
    pub original_request_id: String,
    pub original_antom_id: String,
    pub order_id: String,
    pub sub_merchant_id: String,
    /// Signed from the marketplace's side, in smallest units.
    pub amount_minor: i64,
    pub currency: Currency,
    pub status: &'static str,
    /// Seconds since 1970 UTC.
    pub occurred_at: i64,
    pub settle_to: &'static str,
    pub refund_from: &'static str,
    pub settlement_batch_id: String,
}

/// One payment with all that happens to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The line of the payment (or its authorisation): the pattern for the lines of its later movements.
    pub first: Line,
    /// When the payment and what follows settle; `None` for never.
    pub settles_on: Option<NaiveDate>,
    /// The ledger's side.
    pub entries: Vec<Entry>,
    /// Transaction details.
    pub reported: Vec<Reported>,
    /// Settlement details.
    pub settled: Vec<Settled>,
    /// The API's side; `None` when Antom has never heard of the payment.
    pub record: Option<PaymentRecord>,
}

impl Story {
    /// The index of the first entry of this type.
    #[must_use]
    pub fn entry(&self, entry_type: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.entry_type == entry_type)
    }

    /// The first line in transaction details about this movement.
    #[must_use]
    pub fn line(&self, movement: Movement) -> Option<&Line> {
        self.reported.iter().map(|reported| &reported.line).find(|line| line.movement == movement)
    }
}
