//! `payments/refund` from its three sources (fact sheet, 1.6).

use super::success;
use crate::api::result_only;
use crate::market::accounts::Party;
use crate::market::lines::Line;
use crate::market::money::Money;
use crate::market::plans::Bank;
use crate::market::records::{Flow, PayState, Payment, RefundRecord, Source};
use crate::market::refusal::{Refusal, illegal, refuse};
use crate::market::request::{Asked, ID, URL};
use crate::market::state::{Event, Market};
use serde_json::{Value, json};

/// Most sources of one call.
const MOST_DETAILS: usize = 20;

impl Market {
    pub(super) fn refund(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let request_id = asked.text("refundRequestId", ID)?.to_owned();
        let payment_id = asked.text("paymentId", ID)?.to_owned();
        let capture_id = asked.optional("captureId", ID)?.map(str::to_owned);
        let money = asked.amount("refundAmount")?;
        asked.optional("refundReason", 256)?;
        let notify_url = asked.optional("refundNotifyUrl", URL)?.map(str::to_owned);
        let is_async = asked.flag("isAsyncRefund")?.unwrap_or_default();
        let details = read_details(asked)?;
        let Some(payment) = self.payments.get(&payment_id) else {
            return refuse("ORDER_NOT_EXIST", format!("payment `{payment_id}` is not known"));
        };
        let parts = self.check_refund(payment, capture_id.as_deref(), money, details)?;
        let plan = self.plans.banks.get(&request_id).cloned();
        if let Some(Bank::Refuses(code)) = &plan {
            return Ok(result_only(code, "F", "the bank refuses"));
        }
        let id = self.new_id("1940111");
        let refund = RefundRecord {
            id: id.clone(),
            request_id: request_id.clone(),
            payment_id,
            capture_id,
            money,
            parts,
            status: Flow::Processing,
            notify_url,
            at: self.now,
            is_reversed: false,
        };
        self.refund_ids.insert(request_id.clone(), id.clone());
        self.take_refund(&refund, -1, "REFUND");
        self.refunds.insert(id.clone(), refund);
        if plan.is_some() || is_async {
            self.after(self.options.bank, Event::RefundEnds { refund_id: id });
        } else {
            self.refunded(&id);
        }
        Ok(self.refund_as_of_now(&request_id).unwrap_or_default())
    }

    fn check_refund(
        &self,
        payment: &Payment,
        capture_id: Option<&str>,
        money: Money,
        details: Vec<(Source, Money)>,
    ) -> Result<Vec<(Source, i64)>, Refusal> {
        match payment.state {
            PayState::Cancelled => return refuse("ORDER_IS_CANCELED", "the payment is cancelled"),
            PayState::Success if !payment.lots.is_empty() => {}
            _ => return refuse("ORDER_STATUS_INVALID", "nothing was paid or captured"),
        }
        if payment.paid_at.is_some_and(|at| at + self.options.refund_window <= self.now) {
            return refuse("REFUND_WINDOW_EXCEED", "the payment is too old to be refunded");
        }
        let is_other = |other: &Money| other.currency != payment.money.currency;
        if is_other(&money) || details.iter().any(|(_, part)| is_other(part)) {
            return refuse("CURRENCY_NOT_SUPPORT", "the refund has another currency than the payment");
        }
        let lot = capture_id.map(|id| payment.lots.iter().find(|lot| lot.id == id));
        let limit = match lot {
            Some(None) => return refuse("ORDER_NOT_EXIST", "the capture does not belong to the payment"),
            Some(Some(lot)) => lot.minor - self.refunded_of(payment, capture_id),
            None => payment.taken() - self.refunded_of(payment, None),
        };
        if money.minor > limit.min(payment.taken() - self.refunded_of(payment, None)) {
            return refuse("REFUND_AMOUNT_EXCEED", format!("{limit} can be refunded still"));
        }
        let parts = if details.is_empty() {
            let source = if payment.unsettled() >= money.minor { Source::Unsettled } else { Source::Seller };
            vec![(source, money.minor)]
        } else {
            details.into_iter().map(|(source, part)| (source, part.minor)).collect()
        };
        if parts.iter().map(|(_, minor)| minor).sum::<i64>() != money.minor {
            return illegal("`refundDetails` do not add up to `refundAmount`");
        }
        self.check_sources(payment, &parts)?;
        Ok(parts)
    }

    /// Whether each source has what is to be taken from it.
    fn check_sources(&self, payment: &Payment, parts: &[(Source, i64)]) -> Result<(), Refusal> {
        let (currency, seller) = (payment.money.currency, Party::Seller(payment.seller.clone()));
        for source in [Source::Seller, Source::Marketplace, Source::Unsettled] {
            let wanted: i64 = parts.iter().filter(|part| part.0 == source).map(|(_, minor)| minor).sum();
            let has = match source {
                Source::Seller => self.free(&seller, currency),
                Source::Marketplace => self.free(&Party::Marketplace, currency),
                Source::Unsettled => payment.unsettled(),
            };
            if wanted > has.max(0) {
                return refuse("MERCHANT_BALANCE_NOT_ENOUGH", format!("{source:?} has {}", has.max(0)));
            }
        }
        Ok(())
    }

    /// What was refunded, or is being refunded: of one capture, or of all.
    fn refunded_of(&self, payment: &Payment, capture_id: Option<&str>) -> i64 {
        let refunds = payment.refunds.iter().filter_map(|id| self.refunds.get(id));
        let counts = refunds.filter(|refund| {
            let is_its = capture_id.is_none() || refund.capture_id.as_deref() == capture_id;
            is_its && !refund.is_reversed && !matches!(refund.status, Flow::Fail(_))
        });
        counts.map(|refund| refund.money.minor).sum()
    }

    /// Takes a refund from its sources, or, with the sign turned, gives it back to them.
    fn take_refund(&mut self, refund: &RefundRecord, sign: i64, what: &'static str) {
        let Some(payment) = self.payments.get_mut(&refund.payment_id) else { return };
        let seller = Party::Seller(payment.seller.clone());
        if !payment.refunds.contains(&refund.id) {
            payment.refunds.push(refund.id.clone());
        }
        for (source, minor) in &refund.parts {
            if *source == Source::Unsettled {
                payment.unsettled_refunds = (payment.unsettled_refunds - sign * minor).max(0);
            }
        }
        for (source, minor) in &refund.parts {
            let party = if *source == Source::Marketplace { Party::Marketplace } else { seller.clone() };
            self.book(party, Money::new(sign * minor, refund.money.currency), what, &refund.id);
        }
    }

    pub(in crate::market) fn refund_ends(&mut self, refund_id: &str) {
        let Some(refund) = self.refunds.get_mut(refund_id) else { return };
        match self.plans.banks.get(&refund.request_id) {
            Some(Bank::IsSlowAndFails(code)) => {
                refund.status = Flow::Fail(code.clone());
                let refund = refund.clone();
                self.take_refund(&refund, 1, "REFUND");
                self.tell_refund(refund_id);
            }
            _ => self.refunded(refund_id),
        }
    }

    fn refunded(&mut self, refund_id: &str) {
        let now = self.now;
        let Some(refund) = self.refunds.get_mut(refund_id) else { return };
        (refund.status, refund.at) = (Flow::Success, now);
        let refund = refund.clone();
        if let Some(line) = self.refund_line(&refund, "REFUND", &refund.id, -refund.money.minor) {
            self.settle_parts(&refund, &line, -1);
            self.lines.push(line);
        }
        self.tell_refund(refund_id);
    }

    fn refund_line(&self, refund: &RefundRecord, kind: &'static str, id: &str, minor: i64) -> Option<Line> {
        let payment = self.payments.get(&refund.payment_id)?;
        Some(Line::about(payment, kind, (id, &refund.request_id), minor, self.now))
    }

    /// One part per party: what is taken from the seller and from unsettled funds is both the seller's.
    fn settle_parts(&mut self, refund: &RefundRecord, line: &Line, sign: i64) {
        let sum = |of_marketplace: bool| -> i64 {
            let parts = refund.parts.iter().filter(|part| (part.0 == Source::Marketplace) == of_marketplace);
            parts.map(|(_, minor)| minor).sum()
        };
        for (party, minor) in [(line.party.clone(), sum(false)), (Party::Marketplace, sum(true))] {
            if minor != 0 {
                self.await_settlement(line.share(party, sign * minor));
            }
        }
    }

    /// A refund that had succeeded bounces: the money comes back, and only the settlement report says so.
    pub(in crate::market) fn bounce(&mut self, request_id: &str) -> Result<(), String> {
        let id = self.refund_ids.get(request_id).cloned();
        let refund = id.and_then(|id| self.refunds.get_mut(&id));
        let Some(refund) = refund.filter(|refund| refund.status == Flow::Success && !refund.is_reversed) else {
            return Err(format!("there is no refund `{request_id}` that can bounce"));
        };
        refund.is_reversed = true;
        let refund = refund.clone();
        // By now the refund is final for the payment's own funds: it comes back to the parties.
        let parts = refund.parts.iter().map(|(source, minor)| match source {
            Source::Unsettled => (Source::Seller, *minor),
            source => (*source, *minor),
        });
        let refund = RefundRecord { parts: parts.collect(), ..refund };
        self.take_refund(&refund, 1, "REFUND_REVERSAL");
        let id = self.new_id("1940112");
        if let Some(line) = self.refund_line(&refund, "REFUND_REVERSAL", &id, refund.money.minor) {
            self.settle_parts(&refund, &line, 1);
        }
        Ok(())
    }

    fn tell_refund(&mut self, refund_id: &str) {
        let Some(refund) = self.refunds.get(refund_id) else { return };
        let mut body = body(refund);
        body["notifyType"] = json!("REFUND_RESULT");
        body["refundStatus"] = json!(refund.status.word());
        body["arn"] = json!(format!("ARN{}", refund.id));
        let url = refund.notify_url.clone();
        self.notify("REFUND_RESULT", url, &body);
    }

    pub(super) fn refund_as_of_now(&self, request_id: &str) -> Option<Value> {
        let refund = self.refunds.get(self.refund_ids.get(request_id)?)?;
        Some(body(refund))
    }
}

fn read_details(asked: &Asked<'_>) -> Result<Vec<(Source, Money)>, Refusal> {
    let read = |detail: &Asked<'_>| {
        Ok((Source::of(detail.word("refundFrom", &Source::WORDS)?), detail.amount("refundAmount")?))
    };
    asked.list("refundDetails", MOST_DETAILS)?.iter().map(read).collect()
}

fn body(refund: &RefundRecord) -> Value {
    let result = match &refund.status {
        Flow::Fail(code) => result_only(code, "F", "the refund failed")["result"].clone(),
        Flow::Processing => result_only("REFUND_IN_PROCESS", "U", "the refund is in process")["result"].clone(),
        Flow::Success => success(),
    };
    let mut body = json!({
        "result": result,
        "refundRequestId": refund.request_id,
        "refundId": refund.id,
        "paymentId": refund.payment_id,
        "refundAmount": refund.money.json(),
    });
    if refund.status == Flow::Success {
        body["refundTime"] = json!(Market::iso(refund.at));
        body["actualRefundAmount"] = refund.money.json();
    }
    body
}
