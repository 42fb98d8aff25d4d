//! The end of a day: batches are made and paid out on business days, and every day has its reports.

use super::accounts::Party;
use super::lines::Part;
use super::money::Money;
use super::reports;
use super::state::Market;
use crate::world::calendar::is_business_day;
use crate::world::money::Currency;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What is paid out together: one currency on one date.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// `settlementBatchId`.
    pub(super) id: String,
    pub(super) day: NaiveDate,
    pub(super) currency: Currency,
    pub(super) at: i64,
    /// The net of each party, in order.
    pub(super) parties: Vec<(Party, i64)>,
}

impl Market {
    /// Settlement is on business days; a party that would get less than the minimum, or owes, is carried to the next batch
    /// (fact sheet, 1.4, and fact 8 of its section 0), and so is one of whose money too much is frozen for disputes.
    pub(super) fn make_batches(&mut self, day: NaiveDate) {
        if !is_business_day(day) {
            return;
        }
        let mut nets: BTreeMap<Currency, BTreeMap<Party, i64>> = BTreeMap::new();
        for part in self.parts.iter().filter(|part| part.batch.is_none()) {
            let of_currency = nets.entry(part.line.money.currency).or_default();
            *of_currency.entry(part.line.party.clone()).or_default() += part.net();
        }
        for (currency, parties) in nets {
            let minimum = self.options.minimum_payout;
            let is_ready = |(party, net): &(Party, i64)| {
                *net == 0 || (*net >= minimum.max(1) && *net <= self.free(party, currency))
            };
            let ready: Vec<(Party, i64)> = parties.into_iter().filter(is_ready).collect();
            if !ready.is_empty() {
                self.make_batch(day, currency, ready);
            }
        }
    }

    /// What an account holds and no dispute does.
    pub(super) fn free(&self, party: &Party, currency: Currency) -> i64 {
        let held = match party {
            Party::Marketplace => 0,
            Party::Seller(reference) => self.held_for_disputes(reference, currency),
        };
        self.accounts.balance(party, currency) - held
    }

    /// What a party gets by the next batch.
    pub(super) fn awaited(&self, party: &Party, currency: Currency) -> i64 {
        let of_party =
            |part: &&Part| part.batch.is_none() && part.line.party == *party && part.line.money.currency == currency;
        self.parts.iter().filter(of_party).map(Part::net).sum::<i64>().max(0)
    }

    fn make_batch(&mut self, day: NaiveDate, currency: Currency, parties: Vec<(Party, i64)>) {
        let place = self.batches.len();
        let included: BTreeSet<&Party> = parties.iter().map(|(party, _)| party).collect();
        let is_in = |part: &&mut Part| {
            part.batch.is_none() && part.line.money.currency == currency && included.contains(&part.line.party)
        };
        self.parts.iter_mut().filter(is_in).for_each(|part| part.batch = Some(place));
        let id = self.new_id("1940108");
        for (party, net) in &parties {
            self.pay_out(&id, party, Money::new(*net, currency));
        }
        self.batches.push(Batch { id, day, currency, at: self.now, parties });
    }

    fn pay_out(&mut self, batch: &str, party: &Party, net: Money) {
        if net.minor == 0 {
            return;
        }
        if !self.options.keeps_payouts {
            let out = Money::new(-net.minor, net.currency);
            self.book_payout(party.clone(), out, "PAYOUT", "", batch.to_owned());
        }
        let mut body = json!({
            "notifyType": "SETTLEMENT_RESULT",
            "result": {"resultCode": "SUCCESS", "resultStatus": "S", "resultMessage": "success"},
            "settlementBatchId": batch,
            "settleTo": if *party == Party::Marketplace { "MARKETPLACE" } else { "SELLER" },
            "settlementArrivalTime": Self::iso(self.now),
            "actualSettlementAmount": net.json(),
        });
        if let Party::Seller(reference) = party {
            body["referenceMerchantId"] = json!(reference);
        }
        self.notify("SETTLEMENT_RESULT", None, &body);
    }

    /// The day's reports, as they will lie on the server.
    pub(super) fn close(&mut self, day: NaiveDate) {
        let reports = reports::of_day(self, day);
        self.closed.push((day, reports));
    }
}
