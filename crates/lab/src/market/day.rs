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
    /// Settlement is on business days. A seller that owes, or of whose money too much is frozen, is carried to the next batch
    /// together with the marketplace's shares of its payments, so that the shares of a payment are settled together; and so is a
    /// batch below the minimum (fact sheet, 1.4, and 3.6).
    pub(super) fn make_batches(&mut self, day: NaiveDate) {
        if !is_business_day(day) {
            return;
        }
        let waiting = self.parts.iter().filter(|part| part.batch.is_none());
        let currencies: BTreeSet<Currency> = waiting.map(|part| part.line.money.currency).collect();
        for currency in currencies {
            let places = self.ready(currency);
            let total: i64 = places.iter().map(|place| self.parts[*place].net()).sum();
            if !places.is_empty() && (total == 0 || total >= self.options.minimum_batch) {
                self.make_batch(day, currency, &places);
            }
        }
    }

    /// The places of the parts that go into the next batch of a currency.
    fn ready(&self, currency: Currency) -> Vec<usize> {
        let waiting = |part: &Part| part.batch.is_none() && part.line.money.currency == currency;
        let mut sellers: BTreeMap<&str, i64> = BTreeMap::new();
        for part in self.parts.iter().filter(|part| waiting(part)) {
            let net = sellers.entry(&part.line.seller).or_default();
            *net += if part.line.party == Party::Marketplace { 0 } else { part.net() };
        }
        let free = |seller: &str| self.free(&Party::Seller(seller.to_owned()), currency);
        sellers.retain(|seller, net| *net == 0 || (*net > 0 && *net <= free(seller)));
        let is_in = |part: &Part| waiting(part) && sellers.contains_key(part.line.seller.as_str());
        let mut places: Vec<usize> = (0..self.parts.len()).filter(|place| is_in(&self.parts[*place])).collect();
        let is_marketplaces = |place: &usize| self.parts[*place].line.party == Party::Marketplace;
        let commission: i64 =
            places.iter().filter(|place| is_marketplaces(place)).map(|at| self.parts[*at].net()).sum();
        if commission < 0 {
            // Its refunds wait until its shares are worth more.
            places.retain(|place| !is_marketplaces(place) || self.parts[*place].net() > 0);
        }
        places
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

    fn make_batch(&mut self, day: NaiveDate, currency: Currency, places: &[usize]) {
        let batch = self.batches.len();
        let mut nets: BTreeMap<Party, i64> = BTreeMap::new();
        for place in places {
            let part = &mut self.parts[*place];
            part.batch = Some(batch);
            *nets.entry(part.line.party.clone()).or_default() += part.net();
        }
        let id = self.new_id("1940108");
        for (party, net) in &nets {
            self.pay_out(&id, party, Money::new(*net, currency));
        }
        self.batches.push(Batch { id, day, currency, at: self.now, parties: nets.into_iter().collect() });
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
