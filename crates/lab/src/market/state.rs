//! The whole state of a marketplace at Antom, and how time moves it.

use super::accounts::{Accounts, Movement, Party};
use super::lines::{Line, Part};
use super::money::Money;
use super::options::{METHODS, MarketOptions, Method};
use super::outbox::{Attempt, Sent};
use super::plans::Plans;
use super::records::{DisputeRecord, Payment, RefundRecord, Seller, TransferRecord};
use crate::world::calendar::{ANTOM_OFFSET_MINUTES, after, compact, day_of, instant, iso};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// When on a day batches are made and paid out: 22:00 (+08:00).
pub(super) const SETTLEMENT_SECOND: i64 = 22 * 3_600;

/// Something that time brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A review of a seller ends.
    Reviewed { reference: String, request_id: String },
    /// A review of a bank account ends.
    Updated { reference: String, request_id: String },
    /// The buyer decides.
    BuyerDecides { payment_id: String },
    /// An unpaid order closes.
    OrderExpires { payment_id: String },
    /// A capture that was in process ends.
    CaptureEnds { payment_id: String, capture_id: String },
    /// A refund that was in process ends.
    RefundEnds { refund_id: String },
    /// A transfer ends.
    TransferEnds { transfer_id: String },
    /// A defence is due within a day.
    DefenseAlert { dispute_id: String },
    /// A defence is due.
    DefenseDue { dispute_id: String },
    /// A notification is to be sent.
    Deliver { index: usize },
    /// Batches are made.
    Settle { day: NaiveDate },
    /// The day is over.
    Close { day: NaiveDate },
}

/// A notification to send now.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) index: usize,
    pub(super) url: String,
    pub(super) body: String,
}

/// What an idempotent call was first asked and answered.
pub(super) struct Answered {
    pub(super) fingerprint: Value,
    pub(super) body: Value,
}

pub(super) struct Market {
    pub(super) options: MarketOptions,
    pub(super) now: i64,
    count: u64,
    turn: u64,
    pub(super) agenda: BTreeMap<(i64, u64), Event>,
    pub(super) plans: Plans,
    pub(super) sellers: BTreeMap<String, Seller>,
    pub(super) logins: BTreeSet<String>,
    pub(super) payments: BTreeMap<String, Payment>,
    pub(super) payment_ids: HashMap<String, String>,
    pub(super) refunds: BTreeMap<String, RefundRecord>,
    pub(super) refund_ids: HashMap<String, String>,
    pub(super) disputes: BTreeMap<String, DisputeRecord>,
    pub(super) transfers: BTreeMap<String, TransferRecord>,
    pub(super) answered: HashMap<(&'static str, String), Answered>,
    pub(super) accounts: Accounts,
    /// What transaction details report.
    pub(super) lines: Vec<Line>,
    /// What waits for a batch.
    pub(super) parts: Vec<Part>,
    pub(super) batches: Vec<super::day::Batch>,
    pub(super) sent: Vec<Sent>,
    /// Days that are over, with their reports.
    pub(super) closed: Vec<(NaiveDate, Vec<super::reports::ReportText>)>,
}

impl Market {
    pub(super) fn new(options: MarketOptions) -> Self {
        let mut market = Self {
            now: options.now,
            options,
            count: 0,
            turn: 0,
            agenda: BTreeMap::new(),
            plans: Plans::default(),
            sellers: BTreeMap::new(),
            logins: BTreeSet::new(),
            payments: BTreeMap::new(),
            payment_ids: HashMap::new(),
            refunds: BTreeMap::new(),
            refund_ids: HashMap::new(),
            disputes: BTreeMap::new(),
            transfers: BTreeMap::new(),
            answered: HashMap::new(),
            accounts: Accounts::default(),
            lines: Vec::new(),
            parts: Vec::new(),
            batches: Vec::new(),
            sent: Vec::new(),
            closed: Vec::new(),
        };
        market.begin_day(day_of(market.now));
        market
    }

    fn begin_day(&mut self, day: NaiveDate) {
        let settlement = instant(day, SETTLEMENT_SECOND).max(self.now);
        self.at(settlement, Event::Settle { day });
        // First of what is due at midnight: the rest belongs to the new day.
        self.agenda.insert((instant(after(day, 1), 0), 0), Event::Close { day });
    }

    /// Puts something on the agenda. What is due at the same time happens in the order in which it was put there.
    pub(super) fn at(&mut self, at: i64, event: Event) {
        self.turn += 1;
        self.agenda.insert((at, self.turn), event);
    }

    pub(super) fn after(&mut self, seconds: i64, event: Event) {
        self.at(self.now + seconds, event);
    }

    /// A new id of Antom's: the day, the kind, a number that no other id has.
    pub(super) fn new_id(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{}{kind}{:012}", compact(day_of(self.now)), self.count)
    }

    pub(super) fn iso(at: i64) -> String {
        iso(at, ANTOM_OFFSET_MINUTES)
    }

    /// Lets happen what is due up to `until`, until there is a notification to send, which the caller reports with
    /// [`delivered`](Self::delivered) before it goes on. The clock follows what happens, and shows `until` at the end.
    pub(super) fn step(&mut self, until: i64) -> Option<Post> {
        while let Some((&(at, turn), _)) = self.agenda.first_key_value().filter(|((at, _), _)| *at <= until) {
            let Some(event) = self.agenda.remove(&(at, turn)) else { continue };
            self.now = self.now.max(at);
            if let Event::Deliver { index } = event {
                let sent = &self.sent[index];
                return Some(Post { index, url: sent.url.clone(), body: sent.body.clone() });
            }
            self.happen(event);
        }
        self.now = self.now.max(until);
        None
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Reviewed { reference, request_id } => self.reviewed(&reference, &request_id),
            Event::Updated { reference, request_id } => self.updated(&reference, &request_id),
            Event::BuyerDecides { payment_id } => self.buyer_decides(&payment_id),
            Event::OrderExpires { payment_id } => self.order_expires(&payment_id),
            Event::CaptureEnds { payment_id, capture_id } => self.capture_ends(&payment_id, &capture_id),
            Event::RefundEnds { refund_id } => self.refund_ends(&refund_id),
            Event::TransferEnds { transfer_id } => self.transfer_ends(&transfer_id),
            Event::DefenseAlert { dispute_id } => self.defense_alert(&dispute_id),
            Event::DefenseDue { dispute_id } => self.defense_due(&dispute_id),
            Event::Settle { day } => self.make_batches(day),
            Event::Close { day } => {
                self.close(day);
                self.begin_day(after(day, 1));
            }
            // The step hands it to the caller.
            Event::Deliver { .. } => {}
        }
    }

    /// Makes a notification, to be sent now.
    pub(super) fn notify(&mut self, kind: &str, url: Option<String>, body: &Value) {
        let url = url.or_else(|| self.options.notify_url.clone()).unwrap_or_default();
        self.sent.push(Sent::new(kind, url, body, self.now));
        self.deliver_again(self.sent.len() - 1);
    }

    fn deliver_again(&mut self, index: usize) {
        let repeats = !self.options.client_id.starts_with("SANDBOX_");
        if let Some(pause) = self.sent[index].next_pause(repeats) {
            self.after(pause, Event::Deliver { index });
        }
    }

    /// What came of sending a notification.
    pub(super) fn delivered(&mut self, index: usize, outcome: Result<(), String>) {
        let at = self.now;
        let sent = &mut self.sent[index];
        sent.is_acknowledged = outcome.is_ok();
        let outcome = outcome.err().unwrap_or_else(|| "acknowledged".to_owned());
        sent.attempts.push(Attempt { at, outcome });
        self.deliver_again(index);
    }

    pub(super) fn method(code: &str) -> Option<Method> {
        METHODS.into_iter().find(|method| method.code == code)
    }

    /// Moves money on a party's account.
    pub(super) fn book(&mut self, party: Party, money: Money, what: &'static str, about: &str) {
        self.book_payout(party, money, what, about, String::new());
    }

    pub(super) fn book_payout(&mut self, party: Party, money: Money, what: &'static str, about: &str, batch: String) {
        let (at, about) = (self.now, about.to_owned());
        let log_id = self.new_id("1940108");
        self.accounts.book(Movement { party, money, at, log_id, what, about, batch });
    }

    /// What a seller has coming in that is not settled yet or is held for a dispute.
    pub(super) fn frozen(&self, party: &Party, currency: crate::world::money::Currency) -> i64 {
        let Party::Seller(reference) = party else { return 0 };
        let of_seller = |payment: &&Payment| payment.seller == *reference && payment.money.currency == currency;
        let unsettled: i64 = self.payments.values().filter(of_seller).map(Payment::unsettled).sum();
        unsettled + self.held_for_disputes(reference, currency)
    }

    pub(super) fn held_for_disputes(&self, reference: &str, currency: crate::world::money::Currency) -> i64 {
        let held = self.disputes.values().filter(|dispute| {
            let payment = self.payments.get(&dispute.payment_id);
            let is_sellers = payment.is_some_and(|payment| payment.seller == reference);
            is_sellers && dispute.is_open() && dispute.holds_money() && dispute.money.currency == currency
        });
        held.map(|dispute| dispute.money.minor).sum()
    }

    /// Antom's id of a party, for rows.
    pub(super) fn merchant_id(&self, party: &Party) -> String {
        match party {
            Party::Marketplace => self.options.platform.clone(),
            Party::Seller(reference) => {
                self.sellers.get(reference).map(|seller| seller.merchant_id.clone()).unwrap_or_default()
            }
        }
    }
}
