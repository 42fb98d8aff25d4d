//! The calls, one file per subject. Each reads its request strictly, decides, changes the state, and answers.

mod cancel;
mod capture;
mod dispute;
mod funds;
mod inquiry;
mod onboarding;
mod pay;
mod refund;
mod settle;

pub use dispute::{DisputeSort, NewDispute};

use super::refusal::{Refusal, illegal, refuse};
use super::request::Asked;
use super::state::{Answered, Market};
use crate::api::Endpoint;
use serde_json::{Value, json};

/// `result` of a success.
fn success() -> Value {
    json!({"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"})
}

impl Market {
    /// Answers a call that the gateway let through.
    pub(in crate::market) fn answer(&mut self, endpoint: Endpoint, body: &[u8]) -> Value {
        let answered = match serde_json::from_slice::<Value>(body) {
            Ok(body) => self.call(endpoint, &body),
            Err(error) => illegal(format!("the body is not JSON: {error}")),
        };
        answered.unwrap_or_else(|refusal| refusal.body())
    }

    fn call(&mut self, endpoint: Endpoint, body: &Value) -> Result<Value, Refusal> {
        let asked = Asked::new(body)?;
        let id = match endpoint {
            Endpoint::Consult => return self.consult(&asked),
            Endpoint::Pay => return self.pay(&asked),
            Endpoint::Cancel => return self.cancel(&asked),
            Endpoint::InquiryPayment => return self.inquiry_payment(&asked),
            Endpoint::InquiryRefund => return self.inquiry_refund(&asked),
            Endpoint::InquireBalance => return self.inquire_balance(&asked),
            Endpoint::AcceptDispute => return self.accept_dispute(&asked),
            Endpoint::SupplyDefenseDocument => return self.supply_defense_document(&asked),
            Endpoint::DownloadDisputeEvidence => return self.download_dispute_evidence(&asked),
            Endpoint::Register => "registrationRequestId",
            Endpoint::UpdateSettlementInfo => "updateRequestId",
            Endpoint::Capture => "captureRequestId",
            Endpoint::Settle => "settlementRequestId",
            Endpoint::Refund => "refundRequestId",
            Endpoint::CreateTransfer | Endpoint::CreatePayout => "transferRequestId",
        };
        self.idempotent(endpoint, id, &asked, body)
    }

    /// A call that is idempotent by its request id: the same again is answered as before, another with the same id is refused
    /// (fact sheet, 6.10).
    fn idempotent(&mut self, endpoint: Endpoint, id: &str, asked: &Asked<'_>, body: &Value) -> Result<Value, Refusal> {
        let key = (id_space(endpoint), asked.text(id, super::request::ID)?.to_owned());
        if let Some(known) = self.answered.get(&key) {
            if known.fingerprint != fingerprint(endpoint, body) {
                return refuse("REPEAT_REQ_INCONSISTENT", format!("`{}` came with other content before", key.1));
            }
            let body = known.body.clone();
            return Ok(self.as_of_now(endpoint, &key.1).unwrap_or(body));
        }
        let answered = match endpoint {
            Endpoint::Register => self.register(asked),
            Endpoint::UpdateSettlementInfo => self.update_settlement_info(asked),
            Endpoint::Capture => self.capture(asked),
            Endpoint::Settle => self.settle(asked),
            Endpoint::Refund => self.refund(asked),
            _ => self.transfer(asked, endpoint == Endpoint::CreatePayout),
        };
        let kept = match &answered {
            Ok(body) => Some(body.clone()),
            Err(refusal) if refusal.leaves_the_id_free() => None,
            Err(refusal) => Some(refusal.body()),
        };
        if let Some(answer) = kept {
            self.answered.insert(key, Answered { fingerprint: fingerprint(endpoint, body), body: answer });
        }
        answered
    }

    /// Where an outcome came after the first answer, a repetition is told the outcome.
    fn as_of_now(&self, endpoint: Endpoint, id: &str) -> Option<Value> {
        match endpoint {
            Endpoint::Capture => self.capture_as_of_now(id),
            Endpoint::Refund => self.refund_as_of_now(id),
            Endpoint::CreateTransfer | Endpoint::CreatePayout => self.transfer_as_of_now(id),
            _ => None,
        }
    }
}

/// Whose ids an endpoint's are: transfers and payouts share theirs.
fn id_space(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::CreatePayout => Endpoint::CreateTransfer.path(),
        endpoint => endpoint.path(),
    }
}

/// What must be the same: all of the request, and which call it was.
fn fingerprint(endpoint: Endpoint, body: &Value) -> Value {
    json!([endpoint.path(), body])
}
