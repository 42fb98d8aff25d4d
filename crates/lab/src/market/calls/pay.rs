//! `payments/consult` and `payments/pay`, and what buyers do (fact sheet, 1.3 and 6.7).

use super::success;
use crate::api::result_only;
use crate::market::accounts::Party;
use crate::market::lines::Line;
use crate::market::money::Money;
use crate::market::options::{METHODS, Sort};
use crate::market::plans::Buyer;
use crate::market::records::{Lot, PayState, Payment, Review};
use crate::market::refusal::{Refusal, illegal, refuse};
use crate::market::request::{Asked, ID, URL};
use crate::market::state::{Event, Market};
use serde_json::{Value, json};

const PRODUCTS: [&str; 3] = ["CASHIER_PAYMENT", "AGREEMENT_PAYMENT", "IN_STORE_PAYMENT"];

impl Market {
    /// The methods of the contract.
    pub(super) fn consult(&self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        asked.word("productCode", &PRODUCTS)?;
        let money = asked.amount("paymentAmount")?;
        let options = METHODS.iter().map(|method| {
            json!({
                "paymentMethodType": method.code,
                "paymentMethodCategory": match method.sort {
                    Sort::Card => "CARD",
                    Sort::BankTransfer => "BANK_TRANSFER",
                    _ => "WALLET",
                },
                "enabled": true,
                "preferred": false,
                "supportedCurrencies": [money.currency.code],
            })
        });
        Ok(json!({"result": success(), "paymentOptions": options.collect::<Vec<_>>()}))
    }

    pub(super) fn pay(&mut self, asked: &Asked<'_>) -> Result<Value, Refusal> {
        let payment = self.read_payment(asked)?;
        if let Some(id) = self.payment_ids.get(&payment.request_id) {
            let known = &self.payments[id];
            if known.money != payment.money || known.method != payment.method {
                let message = format!("`{}` came with another amount or method before", payment.request_id);
                return refuse("REPEAT_REQ_INCONSISTENT", message);
            }
            return Ok(pay_body(known));
        }
        let seller = self.sellers.get(&payment.seller);
        let Some(seller) = seller.filter(|seller| seller.status == Review::Successful) else {
            return refuse("CONTRACT_CHECK_FAIL", format!("sub-merchant `{}` is not registered", payment.seller));
        };
        if !seller.methods.is_empty() && !seller.methods.iter().any(|code| code == payment.method.code) {
            let message = format!("sub-merchant `{}` does not take `{}`", payment.seller, payment.method.code);
            return refuse("INVALID_CONTRACT", message);
        }
        if !seller.banks.contains_key(&payment.money.currency) {
            let message = format!("sub-merchant `{}` has no account for the currency", payment.seller);
            return refuse("CURRENCY_NOT_SUPPORT", message);
        }
        let id = self.new_id("1940106");
        let payment = Payment { id: id.clone(), ..payment };
        let body = pay_body(&payment);
        match self.plans.buyers.get(&payment.request_id).cloned().unwrap_or(Buyer::PaysAfter(self.options.buyer)) {
            Buyer::PaysAfter(seconds) | Buyer::FailsAfter(seconds, _) => {
                self.after(seconds, Event::BuyerDecides { payment_id: id.clone() });
            }
            Buyer::Waits => {}
        }
        if let Some(at) = payment.expires_at {
            self.at(at, Event::OrderExpires { payment_id: id.clone() });
        }
        self.payment_ids.insert(payment.request_id.clone(), id.clone());
        self.payments.insert(id, payment);
        Ok(body)
    }

    /// The request in types, without an id of Antom's yet.
    fn read_payment(&self, asked: &Asked<'_>) -> Result<Payment, Refusal> {
        let request_id = asked.text("paymentRequestId", ID)?.to_owned();
        asked.word("productCode", &PRODUCTS)?;
        let money = asked.amount("paymentAmount")?;
        let order = asked.object("order")?;
        let order_id = order.text("referenceOrderId", ID)?.to_owned();
        let description = order.text("orderDescription", 256)?.to_owned();
        if order.amount("orderAmount")? != money {
            return illegal("`order.orderAmount` is another amount than `paymentAmount`");
        }
        let seller = order.object("merchant")?.text("referenceMerchantId", ID)?.to_owned();
        let code = asked.object("paymentMethod")?.text("paymentMethodType", ID)?;
        let Some(method) = Self::method(code) else {
            return refuse("INVALID_CONTRACT", format!("the platform has no contract for `{code}`"));
        };
        let factor = asked.object_or_none("paymentFactor")?;
        let mode = factor.map_or(Ok("AUTOMATIC"), |factor| match factor.optional("captureMode", ID)? {
            Some(_) => factor.word("captureMode", &["AUTOMATIC", "MANUAL"]),
            None => Ok("AUTOMATIC"),
        })?;
        let manual_capture = mode == "MANUAL";
        if manual_capture && code != "CARD" {
            return illegal(format!("`paymentFactor.captureMode` is `MANUAL`, which `{code}` does not know"));
        }
        self.check_strategy(asked, money)?;
        asked.optional("paymentRedirectUrl", URL)?;
        if let Some(account) = asked.optional("merchantAccountId", 32)? {
            return refuse("ACCESS_DENIED", format!("account `{account}` does not belong to this client"));
        }
        let expires_at = asked.time("paymentExpiryTime")?;
        if expires_at.is_some_and(|at| at <= self.now) {
            return illegal("`paymentExpiryTime` has passed");
        }
        Ok(Payment {
            id: String::new(),
            request_id,
            order_id,
            description,
            seller,
            method,
            money,
            manual_capture,
            notify_url: asked.optional("paymentNotifyUrl", URL)?.map(str::to_owned),
            created_at: self.now,
            paid_at: None,
            auth_expires_at: None,
            expires_at,
            cancelled_at: None,
            state: PayState::Processing,
            captures: Vec::new(),
            is_capture_closed: false,
            lots: Vec::new(),
            refunds: Vec::new(),
            unsettled_refunds: 0,
        })
    }

    /// Nothing is converted here: what is paid in a currency is settled in it.
    fn check_strategy(&self, asked: &Asked<'_>, money: Money) -> Result<(), Refusal> {
        let Some(strategy) = asked.object_or_none("settlementStrategy")? else { return Ok(()) };
        let currency = strategy.currency("settlementCurrency")?;
        if currency == money.currency {
            return Ok(());
        }
        refuse("CURRENCY_NOT_SUPPORT", format!("`{}` is not settled in `{}`", money.currency.code, currency.code))
    }

    /// The buyer pays or is refused, if the order is still open.
    pub(in crate::market) fn buyer_decides(&mut self, payment_id: &str) {
        let Some(payment) = self.payments.get(payment_id) else { return };
        match self.plans.buyers.get(&payment.request_id).cloned() {
            Some(Buyer::FailsAfter(_, code)) => self.fail(payment_id, &code),
            _ => self.paid(payment_id),
        }
    }

    pub(in crate::market) fn order_expires(&mut self, payment_id: &str) {
        self.fail(payment_id, "ORDER_IS_CLOSED");
    }

    fn fail(&mut self, payment_id: &str, code: &str) {
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        if payment.state == PayState::Processing {
            payment.state = PayState::Fail(code.to_owned());
            self.tell_payment(payment_id);
        }
    }

    fn paid(&mut self, payment_id: &str) {
        let (now, hold, authorization) = (self.now, self.options.hold, self.options.authorization);
        let Some(payment) = self.payments.get_mut(payment_id) else { return };
        if payment.state != PayState::Processing {
            return;
        }
        payment.state = PayState::Success;
        payment.paid_at = Some(now);
        let (minor, money) = (payment.money.minor, payment.money);
        if payment.manual_capture {
            payment.auth_expires_at = Some(now + authorization);
            let line = Line::of(payment, "AUTHORIZATION", minor, now);
            self.lines.push(line);
        } else {
            let lot = Lot {
                id: payment.id.clone(),
                capture_request_id: None,
                minor,
                at: now,
                earliest: now + hold,
                is_settled: false,
            };
            payment.lots.push(lot);
            let (seller, line) = (payment.seller.clone(), Line::of(payment, "PAYMENT", minor, now));
            self.lines.push(line);
            self.book(Party::Seller(seller), money, "PAYMENT", payment_id);
        }
        self.tell_payment(payment_id);
    }

    fn tell_payment(&mut self, payment_id: &str) {
        let Some(payment) = self.payments.get(payment_id) else { return };
        let result = match &payment.state {
            PayState::Fail(code) => result_only(code, "F", "the payment failed")["result"].clone(),
            _ => success(),
        };
        let mut body = json!({
            "notifyType": "PAYMENT_RESULT",
            "result": result,
            "paymentRequestId": payment.request_id,
            "paymentId": payment.id,
            "paymentAmount": payment.money.json(),
            "paymentCreateTime": Self::iso(payment.created_at),
            "paymentMethodType": payment.method.code,
        });
        add_times(&mut body, payment);
        let url = payment.notify_url.clone();
        self.notify("PAYMENT_RESULT", url, &body);
    }
}

/// The times that a payment has once it succeeded.
pub(super) fn add_times(body: &mut Value, payment: &Payment) {
    if payment.state == PayState::Success {
        let earliest = payment.lots.iter().filter(|lot| !lot.is_settled).map(|lot| lot.earliest).min();
        let earliest = earliest.or_else(|| payment.lots.iter().map(|lot| lot.earliest).min());
        let times = [
            ("paymentTime", payment.paid_at),
            ("authExpiryTime", payment.auth_expires_at),
            ("earliestSettlementTime", earliest),
        ];
        for (name, at) in times {
            if let Some(at) = at {
                body[name] = json!(Market::iso(at));
            }
        }
    }
}

/// The answer to `pay`, as the payment stands: a repetition is told the outcome.
fn pay_body(payment: &Payment) -> Value {
    let result = match &payment.state {
        PayState::Processing => result_only("PAYMENT_IN_PROCESS", "U", "the payment is in process")["result"].clone(),
        PayState::Success => success(),
        PayState::Fail(code) => result_only(code, "F", "the payment failed")["result"].clone(),
        PayState::Cancelled => result_only("ORDER_IS_CANCELED", "F", "the payment is cancelled")["result"].clone(),
    };
    let mut body = json!({
        "result": result,
        "paymentRequestId": payment.request_id,
        "paymentId": payment.id,
        "paymentAmount": payment.money.json(),
        "paymentCreateTime": Market::iso(payment.created_at),
        "normalUrl": format!("https://cashier.invalid/{}", payment.id),
    });
    add_times(&mut body, payment);
    body
}
