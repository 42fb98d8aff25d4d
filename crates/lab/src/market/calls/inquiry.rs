//! `inquiryPayment` and `inquiryRefund` over the state (fact sheet, 6.6).

use super::cancel::unknown;
use super::pay::add_times;
use super::success;
use crate::market::money::Money;
use crate::market::records::{PayState, Payment};
use crate::market::refusal::{Refusal, illegal};
use crate::market::request::{Asked, ID};
use crate::market::state::Market;
use serde_json::{Value, json};

impl Market {
    pub(super) fn inquiry_payment(&self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let id = self.payment_of(asked)?;
        let Some(payment) = self.payments.get(&id) else { return unknown() };
        let code = match &payment.state {
            PayState::Fail(code) => code.as_str(),
            PayState::Processing => "PAYMENT_IN_PROCESS",
            PayState::Cancelled => "ORDER_IS_CANCELED",
            PayState::Success => "SUCCESS",
        };
        let mut body = json!({
            "result": success(),
            "paymentStatus": payment.state.word(),
            "paymentResultCode": code,
            "paymentRequestId": payment.request_id,
            "paymentId": payment.id,
            "paymentAmount": payment.money.json(),
            "paymentCreateTime": Self::iso(payment.created_at),
            "paymentMethodType": payment.method.code,
        });
        add_times(&mut body, payment);
        let transactions = self.transactions(payment);
        if !transactions.is_empty() {
            body["transactions"] = json!(transactions);
        }
        Ok(body)
    }

    /// Captures, refunds and the cancellation of a payment.
    fn transactions(&self, payment: &Payment) -> Vec<Value> {
        let captures = payment.captures.iter().map(|capture| {
            let ids = (capture.id.as_str(), capture.request_id.as_str());
            transaction("CAPTURE", ids, capture.status.word(), capture.money, capture.at)
        });
        let refunds = payment.refunds.iter().filter_map(|id| self.refunds.get(id)).map(|refund| {
            let ids = (refund.id.as_str(), refund.request_id.as_str());
            transaction("REFUND", ids, refund.status.word(), refund.money, refund.at)
        });
        let cancel = payment.cancelled_at.map(|at| {
            let ids = (payment.id.as_str(), payment.request_id.as_str());
            transaction("CANCEL", ids, "SUCCESS", payment.money, at)
        });
        captures.chain(refunds).chain(cancel).collect()
    }

    pub(super) fn inquiry_refund(&self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let (id, request_id) = (asked.optional("refundId", ID)?, asked.optional("refundRequestId", ID)?);
        let found = match (id, request_id) {
            (Some(id), _) => self.refunds.get(id),
            (None, Some(request_id)) => self.refund_ids.get(request_id).and_then(|id| self.refunds.get(id)),
            (None, None) => return illegal("one of `refundId` and `refundRequestId` must be given"),
        };
        let Some(refund) = found else { return unknown() };
        let mut body = json!({
            "result": success(),
            "refundStatus": refund.status.word(),
            "refundId": refund.id,
            "refundRequestId": refund.request_id,
            "refundAmount": refund.money.json(),
        });
        if refund.status.word() == "SUCCESS" {
            body["refundTime"] = json!(Self::iso(refund.at));
            body["arn"] = json!(format!("ARN{}", refund.id));
        }
        Ok(body)
    }
}

fn transaction(kind: &str, ids: (&str, &str), status: &str, money: Money, at: i64) -> Value {
    json!({
        "transactionId": ids.0,
        "transactionRequestId": ids.1,
        "transactionType": kind,
        "transactionStatus": status,
        "transactionAmount": money.json(),
        "transactionTime": Market::iso(at),
    })
}
