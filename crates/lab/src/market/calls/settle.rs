//! `payments/settle`: the split (fact sheet, 1.4).
//!
//! Documented is the request. Ours, because no page says more: the shares of one call split all that came in, may be settled by
//! now and is not split yet; what was refunded from these funds comes off the seller's side. Reports show shares before refunds
//! (refunds have lines of their own), so that the shares' lines add up to the payment (working default 10).

use super::success;
use crate::market::accounts::Party;
use crate::market::lines::{Line, Part};
use crate::market::money::{Money, share_of};
use crate::market::records::{Lot, PayState, Payment};
use crate::market::refusal::{Refusal, illegal, refuse};
use crate::market::request::{Asked, ID};
use crate::market::state::Market;
use serde_json::{Value, json};

/// Most shares of one call.
const MOST_DETAILS: usize = 20;

/// What the two sides get.
struct Shares {
    seller: i64,
    marketplace: i64,
}

impl Market {
    pub(super) fn settle(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let request_id = asked.text("settlementRequestId", ID)?.to_owned();
        let payment_id = asked.text("paymentId", ID)?.to_owned();
        let details = asked.list("settlementDetails", MOST_DETAILS)?;
        if details.is_empty() {
            return illegal("`settlementDetails` is missing");
        }
        let mut read = Vec::new();
        for detail in &details {
            read.push((detail.word("settleTo", &["SELLER", "MARKETPLACE"])?, detail.amount("settlementAmount")?));
        }
        let Some(payment) = self.payments.get(&payment_id) else {
            return refuse("ORDER_NOT_EXIST", format!("payment `{payment_id}` is not known"));
        };
        let shares = self.check_settle(payment, &read)?;
        let settlement_id = self.new_id("1940110");
        self.split(&payment_id, &shares, &settlement_id);
        Ok(json!({"result": success(), "settlementRequestId": request_id, "settlementId": settlement_id}))
    }

    fn check_settle(&self, payment: &Payment, details: &[(&str, Money)]) -> Result<Shares, Refusal> {
        match payment.state {
            PayState::Cancelled => return refuse("ORDER_IS_CANCELED", "the payment is cancelled"),
            PayState::Processing | PayState::Fail(_) => {
                return refuse("ORDER_STATUS_INVALID", "the payment is not paid");
            }
            PayState::Success => {}
        }
        if details.iter().any(|(_, money)| money.currency != payment.money.currency) {
            return refuse("CURRENCY_NOT_SUPPORT", "a share has another currency than the payment");
        }
        let open = payment.lots.iter().filter(|lot| !lot.is_settled);
        let (ready, early): (Vec<&Lot>, Vec<&Lot>) = open.partition(|lot| lot.earliest <= self.now);
        if ready.is_empty() {
            let first = early.iter().map(|lot| lot.earliest).min();
            let message =
                first.map_or("nothing is left to split".to_owned(), |at| format!("not before {}", Self::iso(at)));
            return refuse("ORDER_STATUS_INVALID", message);
        }
        let sum = |to: &str| details.iter().filter(|detail| detail.0 == to).map(|(_, money)| money.minor).sum::<i64>();
        let shares = Shares { seller: sum("SELLER"), marketplace: sum("MARKETPLACE") };
        let due = ready.iter().map(|lot| lot.minor).sum::<i64>() - payment.unsettled_refunds;
        if shares.seller + shares.marketplace != due {
            return illegal(format!(
                "`settlementDetails` add up to {}; expected {due}, which is what is left to split",
                shares.seller + shares.marketplace
            ));
        }
        Ok(shares)
    }

    fn split(&mut self, payment_id: &str, shares: &Shares, settlement_id: &str) {
        let (now, rate) = (self.now, self.options.fee_basis_points);
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        let refunded = std::mem::take(&mut payment.unsettled_refunds);
        let (currency, seller) = (payment.money.currency, Party::Seller(payment.seller.clone()));
        let whole = payment.clone();
        let mut sellers = shares.seller + refunded;
        let mut parts = Vec::new();
        for lot in payment.lots.iter_mut().filter(|lot| !lot.is_settled && lot.earliest <= now) {
            lot.is_settled = true;
            let of_seller = sellers.min(lot.minor);
            sellers -= of_seller;
            let line = lot_line(&whole, lot);
            let both = [(seller.clone(), of_seller), (Party::Marketplace, lot.minor - of_seller)];
            for (party, minor) in both.into_iter().filter(|(_, minor)| *minor > 0) {
                let fee = -share_of(minor, rate);
                parts.push(Part { line: line.share(party, minor), fee, batch: None });
            }
        }
        self.book(seller, Money::new(-shares.marketplace, currency), "SETTLE", settlement_id);
        self.book(Party::Marketplace, Money::new(shares.marketplace, currency), "SETTLE", settlement_id);
        for part in &parts {
            self.book(part.line.party.clone(), Money::new(part.fee, currency), "FEE", &part.line.id);
        }
        self.parts.extend(parts);
    }
}

fn lot_line(payment: &Payment, lot: &Lot) -> Line {
    match &lot.capture_request_id {
        Some(request_id) => Line::about(payment, "CAPTURE", (&lot.id, request_id), lot.minor, lot.at),
        None => Line::of(payment, "PAYMENT", lot.minor, lot.at),
    }
}
