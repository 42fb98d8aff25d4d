//! Disputes: what buyers and schemes do, and the marketplace's answers to it (fact sheet, 1.7 and 6.7).

use super::success;
use crate::market::accounts::Party;
use crate::market::lines::Line;
use crate::market::money::Money;
use crate::market::records::{DisputeRecord, DisputeState, PayState};
use crate::market::refusal::{Refusal, refuse};
use crate::market::request::{Asked, ID};
use crate::market::state::{Event, Market};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

/// Longest document.
const LONGEST_DOCUMENT: usize = 1_000_000;

/// A dispute that a buyer opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDispute {
    /// The payment, by its `paymentRequestId`.
    pub payment_request_id: String,
    /// The disputed amount in the smallest unit, in the payment's currency.
    pub amount_minor: i64,
    /// `disputeType`.
    pub sort: DisputeSort,
    /// `disputeReasonCode`, the scheme's.
    pub reason_code: String,
    /// `disputeSource`, such as `Mastercard`.
    pub source: String,
    /// `defendable`.
    pub is_defendable: bool,
}

/// `disputeType`, or a rapid resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeSort {
    /// The buyer wants the money back.
    Chargeback,
    /// The bank wants documents; no money is held.
    RetrievalRequest,
    /// The scheme sees its rules broken.
    ComplianceRequest,
    /// Ended at once against the marketplace, by rapid dispute resolution.
    Rapid,
}

impl DisputeSort {
    fn word(self) -> &'static str {
        match self {
            Self::Chargeback | Self::Rapid => "CHARGEBACK",
            Self::RetrievalRequest => "RETRIEVAL_REQUEST",
            Self::ComplianceRequest => "COMPLIANCE_REQUEST",
        }
    }
}

impl Market {
    /// A buyer disputes a card payment. Answers its `disputeId`.
    pub(in crate::market) fn open_dispute(&mut self, new: &NewDispute) -> Result<String, String> {
        let payment = self.payment_ids.get(&new.payment_request_id).and_then(|id| self.payments.get(id));
        let Some(payment) = payment.filter(|payment| payment.is_card() && payment.state == PayState::Success) else {
            return Err(format!("`{}` is no card payment that succeeded", new.payment_request_id));
        };
        let of_payment = self.disputes.values().filter(|dispute| dispute.payment_id == payment.id);
        let counts = of_payment.filter(|dispute| dispute.is_open() || dispute.state == DisputeState::Deducted);
        let disputed: i64 = counts.map(|dispute| dispute.money.minor).sum();
        if new.amount_minor <= 0 || disputed + new.amount_minor > payment.taken() {
            return Err(format!("{} cannot be disputed of {}", new.amount_minor, payment.taken()));
        }
        let capture = payment.lots.iter().find(|lot| lot.capture_request_id.is_some());
        let dispute = DisputeRecord {
            id: String::new(),
            payment_id: payment.id.clone(),
            capture_id: capture.map(|lot| lot.id.clone()),
            money: Money::new(new.amount_minor, payment.money.currency),
            deducted: 0,
            sort: new.sort.word(),
            reason_code: new.reason_code.clone(),
            source: new.source.clone(),
            is_defendable: new.is_defendable,
            is_rapid: new.sort == DisputeSort::Rapid,
            opened_at: self.now,
            due_at: self.now + self.options.defense,
            state: DisputeState::Created,
            document: None,
        };
        let id = self.new_id("1940113");
        let (due_at, is_rapid) = (dispute.due_at, dispute.is_rapid);
        self.disputes.insert(id.clone(), DisputeRecord { id: id.clone(), ..dispute });
        if is_rapid {
            self.deduct(&id, new.amount_minor, "RAPID_DISPUTE_RESOLUTION");
            self.tell_dispute(&id, "RDR_RESOLVED", json!({}));
        } else {
            self.at((due_at - DAY).max(self.now), Event::DefenseAlert { dispute_id: id.clone() });
            self.at(due_at, Event::DefenseDue { dispute_id: id.clone() });
            self.tell_dispute(&id, "DISPUTE_CREATED", json!({"defenseDueTime": Self::iso(due_at)}));
        }
        Ok(id)
    }

    /// The scheme decides: against the merchant, who loses so much, or against the customer.
    pub(in crate::market) fn judge(&mut self, id: &str, deducted: Option<i64>) -> Result<(), String> {
        let dispute = self.disputes.get(id).filter(|dispute| dispute.is_open());
        let Some(dispute) = dispute.filter(|dispute| deducted.is_none_or(|minor| minor <= dispute.money.minor)) else {
            return Err(format!("there is no open dispute `{id}` of that amount"));
        };
        let currency = dispute.money.currency;
        let mut news = json!({"disputeJudgedTime": Self::iso(self.now)});
        news["disputeJudgedAmount"] = Money::new(deducted.unwrap_or_default(), currency).json();
        match deducted {
            Some(minor) => {
                self.deduct(id, minor, "DISPUTE");
                news["disputeJudgedResult"] = json!("ACCEPT_BY_MERCHANT");
            }
            None => {
                self.set(id, DisputeState::Released);
                news["disputeJudgedResult"] = json!("ACCEPT_BY_CUSTOMER");
            }
        }
        self.tell_dispute(id, "DISPUTE_JUDGED", news);
        Ok(())
    }

    /// The buyer withdraws an open dispute.
    pub(in crate::market) fn withdraw(&mut self, id: &str) -> Result<(), String> {
        if !self.disputes.get(id).is_some_and(DisputeRecord::is_open) {
            return Err(format!("there is no open dispute `{id}`"));
        }
        self.set(id, DisputeState::Released);
        self.tell_dispute(id, "DISPUTE_CANCELLED", json!({"disputeCancelledTime": Self::iso(self.now)}));
        Ok(())
    }

    /// What was deducted comes back. That it is told as a judgement for the merchant is ours.
    pub(in crate::market) fn reverse(&mut self, id: &str) -> Result<(), String> {
        let is_deducted = |dispute: &&DisputeRecord| dispute.state == DisputeState::Deducted && dispute.deducted > 0;
        let Some(dispute) = self.disputes.get(id).filter(is_deducted) else {
            return Err(format!("there is no deducted dispute `{id}`"));
        };
        let (minor, currency) = (dispute.deducted, dispute.money.currency);
        self.set(id, DisputeState::Reversed);
        self.move_dispute(id, minor, "DISPUTE_REVERSAL");
        let news = json!({
            "disputeJudgedTime": Self::iso(self.now),
            "disputeJudgedAmount": Money::new(0, currency).json(),
            "disputeJudgedResult": "ACCEPT_BY_CUSTOMER",
        });
        self.tell_dispute(id, "DISPUTE_JUDGED", news);
        Ok(())
    }

    pub(super) fn accept_dispute(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let id = asked.text("disputeId", ID)?.to_owned();
        let dispute = self.open(&id)?;
        if dispute.state == DisputeState::Defended {
            return refuse("ORDER_STATUS_INVALID", "the dispute is being defended");
        }
        self.accept(&id, "MERCHANT_ACCEPTED");
        Ok(json!({"result": success(), "disputeId": id, "disputeResolutionTime": Self::iso(self.now)}))
    }

    pub(super) fn supply_defense_document(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let id = asked.text("disputeId", ID)?.to_owned();
        let document = asked.text("disputeEvidence", LONGEST_DOCUMENT)?.to_owned();
        if STANDARD.decode(&document).is_err() {
            return super::illegal("`disputeEvidence` is not base64");
        }
        let dispute = self.open(&id)?;
        if !dispute.is_defendable {
            return refuse("PROCESS_FAIL", "the dispute cannot be defended");
        }
        if dispute.state == DisputeState::Defended {
            return refuse("ORDER_STATUS_INVALID", "documents were supplied already");
        }
        if let Some(dispute) = self.disputes.get_mut(&id) {
            (dispute.state, dispute.document) = (DisputeState::Defended, Some(document));
        }
        self.tell_dispute(&id, "DEFENSE_SUPPLIED", json!({"defenseSuppliedTime": Self::iso(self.now)}));
        Ok(json!({"result": success(), "disputeId": id, "disputeResolutionTime": Self::iso(self.now)}))
    }

    pub(super) fn download_dispute_evidence(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let id = asked.text("disputeId", ID)?;
        let sort = asked.word("disputeEvidenceType", &["DISPUTE_EVIDENCE_TEMPLATE", "DISPUTE_EVIDENCE_FILE"])?;
        let Some(dispute) = self.disputes.get(id) else { return unknown(id) };
        let document = match sort {
            "DISPUTE_EVIDENCE_TEMPLATE" => STANDARD.encode(format!("Defence of dispute {id}")),
            _ => match &dispute.document {
                Some(document) => document.clone(),
                None => return refuse("ORDER_NOT_EXIST", "no document was supplied"),
            },
        };
        Ok(json!({"result": success(), "disputeEvidence": document, "disputeEvidenceFormat": "PDF"}))
    }

    fn open(&self, id: &str) -> Result<&DisputeRecord, Refusal> {
        match self.disputes.get(id) {
            None => unknown(id),
            Some(dispute) if dispute.is_open() => Ok(dispute),
            Some(_) => refuse("ORDER_STATUS_INVALID", "the dispute has ended"),
        }
    }

    pub(in crate::market) fn defense_alert(&mut self, id: &str) {
        if let Some(dispute) = self.disputes.get(id).filter(|dispute| dispute.state == DisputeState::Created) {
            let due_at = dispute.due_at;
            self.tell_dispute(id, "DEFENSE_DUE_ALERT", json!({"defenseDueTime": Self::iso(due_at)}));
        }
    }

    pub(in crate::market) fn defense_due(&mut self, id: &str) {
        if self.disputes.get(id).is_some_and(|dispute| dispute.state == DisputeState::Created) {
            self.accept(id, "TIMEOUT");
        }
    }

    fn accept(&mut self, id: &str, reason: &str) {
        let Some(dispute) = self.disputes.get(id) else { return };
        let minor = if dispute.holds_money() { dispute.money.minor } else { 0 };
        self.deduct(id, minor, "DISPUTE");
        let news = json!({"disputeAcceptReason": reason, "disputeAcceptTime": Self::iso(self.now)});
        self.tell_dispute(id, "DISPUTE_ACCEPTED", news);
    }

    fn deduct(&mut self, id: &str, minor: i64, kind: &'static str) {
        if let Some(dispute) = self.disputes.get_mut(id) {
            (dispute.state, dispute.deducted) = (DisputeState::Deducted, minor);
        }
        if minor > 0 {
            self.move_dispute(id, -minor, kind);
        }
    }

    /// Money leaves the seller's account, or comes back to it, even if the account has none left.
    fn move_dispute(&mut self, id: &str, minor: i64, kind: &'static str) {
        let Some(dispute) = self.disputes.get(id) else { return };
        let Some(payment) = self.payments.get(&dispute.payment_id) else { return };
        let line = Line::about(payment, kind, (id, ""), minor, self.now);
        let (party, money) = (Party::Seller(payment.seller.clone()), Money::new(minor, dispute.money.currency));
        self.report_and_settle(line);
        self.book(party, money, kind, id);
    }

    fn set(&mut self, id: &str, state: DisputeState) {
        if let Some(dispute) = self.disputes.get_mut(id) {
            dispute.state = state;
        }
    }

    /// `notifyDispute`, with what is new. It goes to the dashboard's address only.
    fn tell_dispute(&mut self, id: &str, kind: &str, news: Value) {
        let Some(dispute) = self.disputes.get(id) else { return };
        let Some(payment) = self.payments.get(&dispute.payment_id) else { return };
        let mut body = json!({
            "disputeNotificationType": kind,
            "result": success(),
            "disputeId": dispute.id,
            "paymentId": dispute.payment_id,
            "paymentRequestId": payment.request_id,
            "disputeTime": Self::iso(dispute.opened_at),
            "disputeAmount": dispute.money.json(),
            "disputeType": dispute.sort,
            "disputeReasonCode": dispute.reason_code,
            "disputeSource": dispute.source,
            "defendable": dispute.is_defendable,
            "arn": format!("ARN{}", dispute.payment_id),
        });
        if let Some(capture_id) = &dispute.capture_id {
            body["captureId"] = json!(capture_id);
        }
        for (name, value) in news.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.notify(kind, None, &body);
    }
}

fn unknown<T>(id: &str) -> Result<T, Refusal> {
    refuse("ORDER_NOT_EXIST", format!("dispute `{id}` is not known"))
}
