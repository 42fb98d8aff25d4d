//! What Antom keeps about sellers, payments, refunds, disputes and transfers.

use super::accounts::Party;
use super::money::Money;
use super::options::{Method, Sort};
use crate::world::money::Currency;
use serde_json::Value;
use std::collections::BTreeMap;

/// How a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Review {
    Processing,
    Successful,
    Failed,
}

impl Review {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Successful => "SUCCESSFUL",
            Self::Failed => "FAILED",
        }
    }
}

/// A sub-merchant, or one that wants to be.
#[derive(Debug, Clone)]
pub(super) struct Seller {
    pub(super) reference: String,
    pub(super) merchant_id: String,
    pub(super) registration_request_id: String,
    pub(super) status: Review,
    pub(super) reason: Option<&'static str>,
    pub(super) registered_at: i64,
    /// Methods it asked for; empty means all of the platform's.
    pub(super) methods: Vec<String>,
    /// The bank account of each settlement currency.
    pub(super) banks: BTreeMap<Currency, Value>,
    /// Changes of bank accounts in review, by `updateRequestId`.
    pub(super) updates: BTreeMap<String, (Currency, Value)>,
}

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PayState {
    /// The buyer has not paid yet.
    Processing,
    /// Paid, or authorised.
    Success,
    /// Failed, with a result code.
    Fail(String),
    Cancelled,
}

impl PayState {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Fail(_) => "FAIL",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Money that came in and can be split: a payment, or a capture of one.
#[derive(Debug, Clone)]
pub(super) struct Lot {
    /// `paymentId` or `captureId`.
    pub(super) id: String,
    /// The capture's request id; none for the payment itself.
    pub(super) capture_request_id: Option<String>,
    pub(super) minor: i64,
    pub(super) at: i64,
    /// `earliestSettlementTime`.
    pub(super) earliest: i64,
    pub(super) is_settled: bool,
}

/// A capture, whatever came of it.
#[derive(Debug, Clone)]
pub(super) struct CaptureRecord {
    pub(super) id: String,
    pub(super) request_id: String,
    pub(super) money: Money,
    pub(super) status: Flow,
    pub(super) at: i64,
}

/// How a capture, refund or transfer stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flow {
    Processing,
    Success,
    Fail(String),
}

impl Flow {
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Fail(_) => "FAIL",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) request_id: String,
    pub(super) order_id: String,
    pub(super) description: String,
    pub(super) seller: String,
    pub(super) method: Method,
    pub(super) money: Money,
    pub(super) manual_capture: bool,
    pub(super) notify_url: Option<String>,
    pub(super) created_at: i64,
    pub(super) paid_at: Option<i64>,
    pub(super) auth_expires_at: Option<i64>,
    pub(super) expires_at: Option<i64>,
    pub(super) cancelled_at: Option<i64>,
    pub(super) state: PayState,
    pub(super) captures: Vec<CaptureRecord>,
    /// Nothing more can be captured.
    pub(super) is_capture_closed: bool,
    pub(super) lots: Vec<Lot>,
    /// Refunds of it, failed ones included.
    pub(super) refunds: Vec<String>,
    /// What refunds took from funds that are not settled yet.
    pub(super) unsettled_refunds: i64,
}

impl Payment {
    pub(super) fn is_card(&self) -> bool {
        self.method.sort == Sort::Card
    }

    /// What came in.
    pub(super) fn taken(&self) -> i64 {
        self.lots.iter().map(|lot| lot.minor).sum()
    }

    /// What came in and is not split yet, refunds from it taken off.
    pub(super) fn unsettled(&self) -> i64 {
        let lots = self.lots.iter().filter(|lot| !lot.is_settled);
        lots.map(|lot| lot.minor).sum::<i64>() - self.unsettled_refunds
    }

    /// What is captured or being captured.
    pub(super) fn captured(&self) -> i64 {
        let counts = self.captures.iter().filter(|capture| !matches!(capture.status, Flow::Fail(_)));
        counts.map(|capture| capture.money.minor).sum()
    }
}

/// Where refunded money is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Seller,
    Marketplace,
    Unsettled,
}

impl Source {
    pub(super) const WORDS: [&'static str; 3] = ["SELLER", "MARKETPLACE", "UNSETTLED_FUNDS"];

    pub(super) fn of(word: &str) -> Self {
        match word {
            "SELLER" => Self::Seller,
            "MARKETPLACE" => Self::Marketplace,
            _ => Self::Unsettled,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct RefundRecord {
    pub(super) id: String,
    pub(super) request_id: String,
    pub(super) payment_id: String,
    pub(super) capture_id: Option<String>,
    pub(super) money: Money,
    pub(super) parts: Vec<(Source, i64)>,
    pub(super) status: Flow,
    pub(super) notify_url: Option<String>,
    pub(super) at: i64,
    /// It bounced after it had succeeded.
    pub(super) is_reversed: bool,
}

/// How a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DisputeState {
    /// Open, nothing supplied.
    Created,
    /// Open, documents supplied.
    Defended,
    /// Lost or given up: deducted.
    Deducted,
    /// Won, or withdrawn.
    Released,
    /// Deducted, then given back.
    Reversed,
}

#[derive(Debug, Clone)]
pub(super) struct DisputeRecord {
    pub(super) id: String,
    pub(super) payment_id: String,
    pub(super) capture_id: Option<String>,
    pub(super) money: Money,
    /// What was deducted in the end.
    pub(super) deducted: i64,
    pub(super) sort: &'static str,
    pub(super) reason_code: String,
    pub(super) source: String,
    pub(super) is_defendable: bool,
    pub(super) is_rapid: bool,
    pub(super) opened_at: i64,
    pub(super) due_at: i64,
    pub(super) state: DisputeState,
    /// The document that was supplied, base64.
    pub(super) document: Option<String>,
}

impl DisputeRecord {
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, DisputeState::Created | DisputeState::Defended)
    }

    /// A retrieval request asks for documents and holds no money.
    pub(super) fn holds_money(&self) -> bool {
        self.sort != "RETRIEVAL_REQUEST"
    }
}

#[derive(Debug, Clone)]
pub(super) struct TransferRecord {
    pub(super) id: String,
    pub(super) request_id: String,
    pub(super) from: Party,
    /// None for a bank account.
    pub(super) to: Option<Party>,
    pub(super) money: Money,
    pub(super) status: Flow,
    pub(super) notify_url: Option<String>,
    /// `transferFromDetail` and `transferToDetail` as they were asked for.
    pub(super) details: (Value, Value),
}
