//! `payments/cancel` and its windows (fact sheet, 1.5).

use super::success;
use crate::market::accounts::Party;
use crate::market::lines::Line;
use crate::market::money::Money;
use crate::market::options::Sort;
use crate::market::records::{PayState, Payment};
use crate::market::refusal::{Refusal, illegal, refuse};
use crate::market::request::{Asked, ID};
use crate::market::state::Market;
use crate::world::calendar::{after, day_of, instant};
use serde_json::{Value, json};

const SEVEN_DAYS: i64 = 7 * 86_400;

/// Wallets can be cancelled until a quarter past midnight of the day after.
const QUARTER: i64 = 15 * 60;

impl Market {
    pub(super) fn cancel(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let id = self.payment_of(asked)?;
        let Some(payment) = self.payments.get(&id) else { return unknown() };
        if payment.state != PayState::Cancelled {
            self.check_cancel(payment)?;
            self.cancel_payment(&id);
        }
        let Some(payment) = self.payments.get(&id) else { return unknown() };
        Ok(json!({
            "result": success(),
            "paymentId": payment.id,
            "paymentRequestId": payment.request_id,
            "cancelTime": Self::iso(payment.cancelled_at.unwrap_or(self.now)),
        }))
    }

    /// Antom's id of the payment that a request names: `paymentId` wins.
    pub(super) fn payment_of(&self, asked: &Asked<'_>) -> Result<String, Refusal> {
        let (id, request_id) = (asked.optional("paymentId", ID)?, asked.optional("paymentRequestId", ID)?);
        let found = match (id, request_id) {
            (Some(id), _) => self.payments.get(id).map(|payment| payment.id.clone()),
            (None, Some(request_id)) => self.payment_ids.get(request_id).cloned(),
            (None, None) => return illegal("one of `paymentId` and `paymentRequestId` must be given"),
        };
        found.map_or_else(unknown, Ok)
    }

    fn check_cancel(&self, payment: &Payment) -> Result<(), Refusal> {
        if !payment.refunds.is_empty() {
            return refuse("PROCESS_FAIL", "the payment has refunds");
        }
        if matches!(payment.state, PayState::Fail(_)) {
            return refuse("ORDER_STATUS_INVALID", "the payment failed");
        }
        if payment.lots.iter().any(|lot| lot.is_settled) || payment.captured() > 0 {
            return refuse("ORDER_STATUS_INVALID", "the payment is captured or settled; refund it");
        }
        let ends = match (payment.method.sort, payment.paid_at) {
            (Sort::Uncancellable, _) => return refuse("PROCESS_FAIL", "the payment method cannot be cancelled"),
            (_, None) => return Ok(()),
            (Sort::BankTransfer, Some(at)) => at,
            (Sort::Wallet, Some(at)) => instant(after(day_of(at), 1), QUARTER),
            (Sort::Card | Sort::SevenDays, Some(at)) => at + SEVEN_DAYS,
        };
        if self.now < ends {
            return Ok(());
        }
        refuse("CANCEL_WINDOW_EXCEED", format!("it could be cancelled before {}; refund it", Self::iso(ends)))
    }

    /// The marketplace pages name no `VOID`: a cancelled authorisation is reported as a cancelled payment is, but moves no money.
    fn cancel_payment(&mut self, id: &str) {
        let now = self.now;
        let Some(payment) = self.payments.get_mut(id) else { return };
        payment.state = PayState::Cancelled;
        payment.cancelled_at = Some(now);
        if payment.paid_at.is_none() {
            return;
        }
        let minor = -payment.money.minor;
        let line = Line { original: payment.id.clone(), ..Line::of(payment, "CANCEL", minor, now) };
        let (party, money) = (Party::Seller(payment.seller.clone()), Money::new(minor, payment.money.currency));
        let moves = !payment.manual_capture;
        payment.lots.clear();
        self.lines.push(line);
        if moves {
            self.book(party, money, "CANCEL", id);
        }
    }
}

pub(super) fn unknown<T>() -> Result<T, Refusal> {
    refuse("ORDER_NOT_EXIST", "the order does not exist")
}
