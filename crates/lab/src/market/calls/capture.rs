//! `payments/capture` (fact sheet, 6.7 and 6.9).

use super::success;
use crate::api::result_only;
use crate::market::accounts::Party;
use crate::market::lines::Line;
use crate::market::money::Money;
use crate::market::plans::Bank;
use crate::market::records::{CaptureRecord, Flow, Lot, PayState, Payment};
use crate::market::refusal::{Refusal, refuse};
use crate::market::request::{Asked, ID};
use crate::market::state::{Event, Market};
use serde_json::{Value, json};

impl Market {
    pub(super) fn capture(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let request_id = asked.text("captureRequestId", ID)?.to_owned();
        let payment_id = asked.text("paymentId", ID)?.to_owned();
        let money = asked.amount("captureAmount")?;
        let is_last = match asked.flag("isLastCapture")? {
            Some(is_last) => is_last,
            None => match asked.optional("captureType", ID)? {
                Some(_) => asked.word("captureType", &["FINAL", "NON_FINAL"])? == "FINAL",
                None => false,
            },
        };
        let Some(payment) = self.payments.get(&payment_id) else {
            return refuse("ORDER_NOT_EXIST", format!("payment `{payment_id}` is not known"));
        };
        self.check_capture(payment, money)?;
        let plan = self.plans.banks.get(&request_id).cloned();
        if let Some(Bank::Refuses(code)) = &plan {
            return Ok(result_only(code, "F", "the bank refuses"));
        }
        let id = self.new_id("1940107");
        let capture = CaptureRecord {
            id: id.clone(),
            request_id: request_id.clone(),
            money,
            status: Flow::Processing,
            at: self.now,
        };
        if let Some(payment) = self.payments.get_mut(&payment_id) {
            payment.captures.push(capture);
            payment.is_capture_closed |= is_last || payment.captured() == payment.money.minor;
        }
        match plan {
            Some(_) => self.after(self.options.bank, Event::CaptureEnds { payment_id, capture_id: id }),
            None => self.captured(&payment_id, &id),
        }
        Ok(self.capture_as_of_now(&request_id).unwrap_or_default())
    }

    fn check_capture(&self, payment: &Payment, money: Money) -> Result<(), Refusal> {
        if !payment.is_card() || !payment.manual_capture {
            return refuse("AUTH_NOT_FOUND", format!("payment `{}` has no authorisation", payment.id));
        }
        match &payment.state {
            PayState::Cancelled => return refuse("AUTH_CANCELLED", "the authorisation is cancelled"),
            PayState::Processing | PayState::Fail(_) => {
                return refuse("ORDER_STATUS_INVALID", "the payment is not authorised");
            }
            PayState::Success => {}
        }
        if payment.auth_expires_at.is_some_and(|at| at <= self.now) {
            return refuse("AUTH_EXPIRED", "the authorisation has expired");
        }
        if money.currency != payment.money.currency {
            return refuse("CURRENCY_NOT_SUPPORT", "the capture has another currency than the authorisation");
        }
        if !self.options.multi_capture && payment.captured() > 0 {
            return refuse("MULTI_CAPTURE_NOT_SUPPORTED", "the authorisation was captured already");
        }
        if payment.captured() + money.minor > payment.money.minor {
            return refuse("CAPTURE_AMOUNT_EXCEED_AUTH_LIMIT", "the captures exceed the authorisation");
        }
        if payment.is_capture_closed {
            return refuse("ORDER_STATUS_INVALID", "the last capture was made");
        }
        Ok(())
    }

    pub(in crate::market) fn capture_ends(&mut self, payment_id: &str, capture_id: &str) {
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        let Some(capture) = payment.captures.iter_mut().find(|capture| capture.id == capture_id) else { return };
        match self.plans.banks.get(&capture.request_id) {
            Some(Bank::IsSlowAndFails(code)) => {
                capture.status = Flow::Fail(code.clone());
                payment.is_capture_closed = false;
                self.tell_capture(payment_id, capture_id);
            }
            _ => self.captured(payment_id, capture_id),
        }
    }

    fn captured(&mut self, payment_id: &str, capture_id: &str) {
        let (now, hold) = (self.now, self.options.hold);
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        let Some(capture) = payment.captures.iter_mut().find(|capture| capture.id == capture_id) else { return };
        (capture.status, capture.at) = (Flow::Success, now);
        let (id, request_id, money) = (capture.id.clone(), capture.request_id.clone(), capture.money);
        payment.lots.push(Lot {
            id: id.clone(),
            capture_request_id: Some(request_id.clone()),
            minor: money.minor,
            at: now,
            earliest: now + hold,
            is_settled: false,
        });
        let line = Line::about(payment, "CAPTURE", (&id, &request_id), money.minor, now);
        let seller = Party::Seller(payment.seller.clone());
        self.lines.push(line);
        self.book(seller, money, "CAPTURE", capture_id);
        self.tell_capture(payment_id, capture_id);
    }

    fn tell_capture(&mut self, payment_id: &str, capture_id: &str) {
        let Some(payment) = self.payments.get(payment_id) else { return };
        let Some(capture) = payment.captures.iter().find(|capture| capture.id == capture_id) else { return };
        let mut body = body(payment, capture);
        body["notifyType"] = json!("CAPTURE_RESULT");
        let url = payment.notify_url.clone();
        self.notify("CAPTURE_RESULT", url, &body);
    }

    pub(super) fn capture_as_of_now(&self, request_id: &str) -> Option<Value> {
        self.payments.values().find_map(|payment| {
            let capture = payment.captures.iter().find(|capture| capture.request_id == request_id)?;
            Some(body(payment, capture))
        })
    }
}

fn body(payment: &Payment, capture: &CaptureRecord) -> Value {
    let result = match &capture.status {
        Flow::Processing => result_only("CAPTURE_IN_PROCESS", "U", "the capture is in process")["result"].clone(),
        Flow::Success => success(),
        Flow::Fail(code) => result_only(code, "F", "the capture failed")["result"].clone(),
    };
    let mut body = json!({
        "result": result,
        "captureRequestId": capture.request_id,
        "captureId": capture.id,
        "paymentId": payment.id,
        "captureAmount": capture.money.json(),
        "acquirerReferenceNo": format!("ARN{}", capture.id),
    });
    if capture.status == Flow::Success {
        body["captureTime"] = json!(Market::iso(capture.at));
    }
    body
}
