//! Disputes: `acceptDispute`, `supplyDefenseDocument`, `downloadDisputeEvidence`. There is no inquiry: disputes are known from
//! `notifyDispute`, the dashboard and reports only.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::body::receipt;
use super::check;
use crate::error::{Distrust, NotAsked};
use crate::question::{Question, same};

/// Longest `disputeEvidence` (SDK comments).
const MOST_EVIDENCE: usize = 1_000_000;

/// Gives a dispute up. No idempotency is documented, so that it is sent once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptDispute {
    /// `disputeId`.
    pub dispute_id: String,
}

/// Defends a dispute. No idempotency is documented, so that it is sent once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DefenseDocument {
    /// `disputeId`.
    pub dispute_id: String,
    /// `disputeEvidence`: a document as base64, at most 1,000,000 characters.
    pub dispute_evidence: String,
}

/// Reads a document of a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadDisputeEvidence {
    /// `disputeId`.
    pub dispute_id: String,
    /// `disputeEvidenceType`.
    pub dispute_evidence_type: EvidenceType,
}

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum EvidenceType {
    /// The form to fill in.
    #[serde(rename = "DISPUTE_EVIDENCE_TEMPLATE")]
    Template,
    /// What was supplied.
    #[serde(rename = "DISPUTE_EVIDENCE_FILE")]
    File,
}

receipt! {
    /// The answer to `acceptDispute` and `supplyDefenseDocument`.
    pub struct DisputeReceipt {
        /// `disputeId`.
        dispute_id: Option<String> = text("disputeId"),
        /// `disputeResolutionTime`.
        dispute_resolution_time: Option<DateTime<FixedOffset>> = time("disputeResolutionTime"),
    }
}

receipt! {
    /// The answer to `downloadDisputeEvidence`.
    pub struct DisputeEvidence {
        /// `disputeEvidence`: base64.
        dispute_evidence: Option<String> = text("disputeEvidence"),
        /// `disputeEvidenceFormat`: `PDF` or `WORD`.
        dispute_evidence_format: Option<String> = text("disputeEvidenceFormat"),
    }
}

impl Question for AcceptDispute {
    type Body = DisputeReceipt;
    const API: &'static str = "v1/payments/acceptDispute";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("disputeId", &self.dispute_id)?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, answer: &DisputeReceipt) -> Result<(), Distrust> {
        same("disputeId", &self.dispute_id, answer.dispute_id.as_deref())
    }

    fn may_be_repeated(&self) -> bool {
        false
    }
}

impl Question for DefenseDocument {
    type Body = DisputeReceipt;
    const API: &'static str = "v1/payments/supplyDefenseDocument";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("disputeId", &self.dispute_id)?;
        check::text("disputeEvidence", &self.dispute_evidence, MOST_EVIDENCE)?;
        Ok(check::json(self, None))
    }

    fn recognise(&self, answer: &DisputeReceipt) -> Result<(), Distrust> {
        same("disputeId", &self.dispute_id, answer.dispute_id.as_deref())
    }

    fn may_be_repeated(&self) -> bool {
        false
    }
}

impl Question for DownloadDisputeEvidence {
    type Body = DisputeEvidence;
    const API: &'static str = "v1/payments/downloadDisputeEvidence";

    fn request(&self, _merchant_account_id: Option<&str>) -> Result<Vec<u8>, NotAsked> {
        check::id("disputeId", &self.dispute_id)?;
        Ok(check::json(self, None))
    }

    /// The answer carries no id.
    fn recognise(&self, _answer: &DisputeEvidence) -> Result<(), Distrust> {
        Ok(())
    }
}
