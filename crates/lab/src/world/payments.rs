//! Honest traffic: a payment is made, captured, cancelled, refunded or disputed, and everybody books the same.

use super::Plan;
use super::book::{PaymentRecord, TransactionRecord};
use super::calendar::{ANTOM_OFFSET_MINUTES, compact, instant, iso};
use super::fees;
use super::merchants::{Merchants, SubMerchant};
use super::money::{CURRENCIES, Currency};
use super::rng::Rng;
use super::schedule::{self, Rule};
use super::story::{Entry, Line, LineId, Method, Movement, Party, PaymentIds, Payout, Reported, Settled, Story};
use chrono::NaiveDate;

/// The methods without a card.
const WALLETS: [Method; 5] = [
    Method { code: "KAKAOPAY", wallet: "KaKaoPay", brand: "" },
    Method { code: "GCASH", wallet: "GCash", brand: "" },
    Method { code: "PIX", wallet: "", brand: "" },
    Method { code: "PAYPAY", wallet: "", brand: "" },
    Method { code: "ALIPAY_CN", wallet: "Alipay", brand: "" },
];

/// The cards.
const CARDS: [Method; 2] =
    [Method { code: "CARD", wallet: "", brand: "VISA" }, Method { code: "CARD", wallet: "", brand: "MASTERCARD" }];

/// What a payment is to be.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) day: NaiveDate,
    pub(super) seller: SubMerchant,
    pub(super) currency: Currency,
    pub(super) amount_minor: i64,
    /// Seconds since 1970 UTC.
    pub(super) at: i64,
    /// Whether the marketplace takes a commission.
    pub(super) shared: bool,
    /// `None` for never.
    pub(super) settles_on: Option<NaiveDate>,
}

/// A movement that follows a payment.
pub(super) struct Follow {
    pub(super) movement: Movement,
    /// Signed.
    pub(super) amount_minor: i64,
    /// Seconds since 1970 UTC.
    pub(super) at: i64,
}

/// Makes lines, entries and ids; the only holder of the world's chance.
pub(super) struct Maker<'w> {
    pub(super) plan: &'w Plan,
    pub(super) merchants: &'w Merchants,
    pub(super) rng: Rng,
    schedule: Vec<Rule>,
    lines: u64,
    entries: u64,
    numbers: u64,
}

impl<'w> Maker<'w> {
    pub(super) fn new(plan: &'w Plan, merchants: &'w Merchants, rng: Rng) -> Self {
        let schedule = schedule::rules(plan.layout);
        Self { plan, merchants, rng, schedule, lines: 0, entries: 0, numbers: 0 }
    }

    /// An honest payment of `day`, some time between 01:00 and 18:00, which leaves the evening for what follows.
    pub(super) fn shape(&mut self, day: NaiveDate) -> Shape {
        let currency = *self.rng.pick(&CURRENCIES);
        let sellers = &self.merchants.sellers;
        Shape {
            day,
            seller: self.rng.pick(sellers).clone(),
            currency,
            amount_minor: self.amount(currency),
            at: instant(day, self.rng.between(3_600, 18 * 3_600)),
            shared: self.rng.chance(70),
            settles_on: Some(self.plan.settlement_day(day)),
        }
    }

    /// A usual amount, large enough for a commission and two partial refunds.
    pub(super) fn amount(&mut self, currency: Currency) -> i64 {
        match currency.decimals {
            0 => self.rng.between(400, 90_000),
            2 => self.rng.between(500, 300_000),
            _ => self.rng.between(2_000, 400_000),
        }
    }

    /// A payment that is complete at once.
    pub(super) fn payment(&mut self, shape: &Shape, card: bool) -> Story {
        let method = *if card { self.rng.pick(&CARDS) } else { self.rng.pick(&WALLETS) };
        let mut story = self.open(shape, method, Movement::Payment);
        let lines = [story.first.clone()];
        self.settle_shares(&mut story, shape, &lines);
        story
    }

    /// A card payment that was authorised, and captured in as many parts as `captures` has.
    pub(super) fn captured(&mut self, shape: &Shape, captures: &[i64]) -> Story {
        let method = *self.rng.pick(&CARDS);
        let mut story = self.open(shape, method, Movement::Authorization);
        let mut lines = Vec::new();
        let mut at = shape.at;
        for amount_minor in captures {
            at += self.rng.between(60, 1_800);
            let follow = Follow { movement: Movement::Capture, amount_minor: *amount_minor, at };
            lines.push(self.follow(&mut story, &follow, shape.day));
        }
        self.settle_shares(&mut story, shape, &lines);
        story
    }

    /// A card payment that was authorised and nothing else.
    pub(super) fn authorized(&mut self, shape: &Shape) -> Story {
        let method = *self.rng.pick(&CARDS);
        self.open(shape, method, Movement::Authorization)
    }

    fn open(&mut self, shape: &Shape, method: Method, movement: Movement) -> Story {
        let number = self.number();
        let day = compact(shape.day);
        let payment = PaymentIds {
            id: format!("{day}194010800{:014}", 190_188_000_000 + number),
            request_id: format!("pay{day}{number:09}"),
        };
        let first = Line {
            id: self.line_id(),
            movement,
            own_id: payment.id.clone(),
            own_request_id: payment.request_id.clone(),
            payment,
            order_id: format!("order-{number:09}"),
            description: self.description(number),
            party: shape.seller.party(),
            amount_minor: shape.amount_minor,
            currency: shape.currency,
            at: shape.at,
            method,
            spoil: None,
        };
        let entry = self.entry(&first);
        Story {
            record: Some(record(&first, shape.settles_on)),
            settles_on: shape.settles_on,
            entries: vec![entry],
            reported: vec![Reported { day: shape.day, line: first.clone() }],
            settled: Vec::new(),
            first,
        }
    }

    /// Adds a movement to a payment: its line in transaction details, its entry, and its place in the API's record.
    pub(super) fn follow(&mut self, story: &mut Story, follow: &Follow, day: NaiveDate) -> Line {
        let line = self.unbooked(story, follow);
        self.post(story, &line, day);
        line
    }

    /// Reports a line in the transaction details of `day`, books it and tells the API.
    pub(super) fn post(&mut self, story: &mut Story, line: &Line, day: NaiveDate) {
        story.reported.push(Reported { day, line: line.clone() });
        let entry = self.entry(line);
        story.entries.push(entry);
        if let Some(record) = &mut story.record {
            record.transactions.extend(transaction(line));
        }
    }

    /// The line of a movement that follows a payment, without any trace of it elsewhere.
    pub(super) fn unbooked(&mut self, story: &Story, follow: &Follow) -> Line {
        let number = self.number();
        let day = compact(story.reported.first().map_or(self.plan.first_day, |reported| reported.day));
        let internal = format!("{day}194010801{:014}", 190_188_000_000 + number);
        let payment = &story.first.payment;
        let (own_id, own_request_id) = match follow.movement {
            Movement::Cancel => (payment.id.clone(), payment.request_id.clone()),
            Movement::Capture => (internal, format!("cap{day}{number:09}")),
            Movement::Void => (internal, format!("void{day}{number:09}")),
            Movement::Refund => (internal, format!("ref{day}{number:09}")),
            _ => (internal, String::new()),
        };
        Line {
            id: self.line_id(),
            movement: follow.movement,
            own_id,
            own_request_id,
            amount_minor: follow.amount_minor,
            at: follow.at,
            spoil: None,
            ..story.first.clone()
        }
    }

    /// Settles the movements of a payment: a line per party, and the ledger's `SETTLEMENT` entry per party.
    fn settle_shares(&mut self, story: &mut Story, shape: &Shape, lines: &[Line]) {
        let Some(on) = shape.settles_on else { return };
        let (mut of_seller, mut of_marketplace) = (0, 0);
        let rate = if shape.shared && self.plan.splits { self.rng.between(10, 20) } else { 0 };
        for line in lines {
            let commission = line.amount_minor * rate / 100;
            let seller_share = line.amount_minor - commission;
            of_seller += seller_share;
            of_marketplace += commission;
            self.settle(story, Line { amount_minor: seller_share, ..line.clone() }, on);
            if commission != 0 {
                let party = self.platform();
                self.settle(story, Line { amount_minor: commission, party, ..line.clone() }, on);
            }
        }
        if !self.plan.splits {
            return;
        }
        let at = lines.iter().map(|line| line.at).max().unwrap_or(shape.at) + 1_800;
        let number = self.number();
        for (settle_to, amount_minor) in [("SELLER", of_seller), ("MARKETPLACE", of_marketplace)] {
            if amount_minor != 0 {
                let entry = self.share(&story.first, settle_to, amount_minor, (number, at));
                story.entries.push(entry);
            }
        }
    }

    fn share(&mut self, first: &Line, settle_to: &'static str, amount_minor: i64, call: (u64, i64)) -> Entry {
        let (number, at) = call;
        let mut entry = self.entry(first);
        entry.entry_type = "SETTLEMENT";
        entry.request_id = format!("set{number:09}");
        entry.antom_id = format!("{}194010802{:014}", &first.payment.id[..8], 190_188_000_000 + number);
        entry.original_request_id = first.payment.request_id.clone();
        entry.original_antom_id = first.payment.id.clone();
        entry.amount_minor = amount_minor;
        entry.occurred_at = at;
        entry.settle_to = settle_to;
        if settle_to == "MARKETPLACE" {
            entry.sub_merchant_id.clear();
        }
        entry
    }

    /// Puts a line into settlement details, with fees and the quote if there must be one.
    pub(super) fn settle(&mut self, story: &mut Story, mut line: Line, on: NaiveDate) {
        line.id = self.line_id();
        let payout = self.payout(&line);
        story.settled.push(Settled { on, slot: 0, line, payout });
    }

    /// What the contract says that a line pays out.
    pub(super) fn payout(&self, line: &Line) -> Payout {
        fees::payout(self.plan.layout, &self.schedule, line)
    }

    /// The honest entry for a line. The ledger's clock runs a few seconds after Antom's.
    pub(super) fn entry(&mut self, line: &Line) -> Entry {
        self.entries += 1;
        let is_first = matches!(line.movement, Movement::Payment | Movement::Authorization);
        let original = if is_first { PaymentIds::default() } else { line.payment.clone() };
        Entry {
            entry_id: format!("e{:09}", self.entries),
            entry_type: line.movement.entry_type(),
            request_id: line.own_request_id.clone(),
            antom_id: line.own_id.clone(),
            original_request_id: original.request_id,
            original_antom_id: original.id,
            order_id: line.order_id.clone(),
            sub_merchant_id: line.party.reference.clone(),
            amount_minor: line.amount_minor,
            currency: line.currency,
            status: "SUCCESS",
            occurred_at: line.at + self.rng.between(0, 4),
            settle_to: "",
            refund_from: "",
            settlement_batch_id: String::new(),
        }
    }

    /// The marketplace itself, as a party.
    pub(super) fn platform(&self) -> Party {
        Party { merchant_id: self.merchants.platform.clone(), reference: String::new() }
    }

    pub(super) fn line_id(&mut self) -> LineId {
        self.lines += 1;
        LineId(self.lines)
    }

    /// A number that no other id of this world contains.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn description(&mut self, number: u64) -> String {
        if !self.plan.style.hard_text || self.rng.chance(60) {
            return format!("Goods {number}");
        }
        (*self.rng.pick(&["Mug, blue", "The \"large\" one", "Two lines\nof text", "Größe ½, 日本"])).to_owned()
    }
}

fn record(first: &Line, settles_on: Option<NaiveDate>) -> PaymentRecord {
    let earliest = settles_on.map(|day| iso(instant(day, 0), ANTOM_OFFSET_MINUTES));
    PaymentRecord {
        payment_id: first.payment.id.clone(),
        payment_request_id: first.payment.request_id.clone(),
        status: "SUCCESS",
        amount_minor: first.amount_minor,
        currency: first.currency.code,
        payment_time: Some(iso(first.at, ANTOM_OFFSET_MINUTES)),
        earliest_settlement_time: earliest,
        transactions: Vec::new(),
    }
}

/// What `transactions[]` says of a line; nothing of disputes, which the API does not list.
fn transaction(line: &Line) -> Option<TransactionRecord> {
    let transaction_type = match line.movement {
        Movement::Capture | Movement::Void | Movement::Cancel | Movement::Refund => line.movement.entry_type(),
        _ => return None,
    };
    Some(TransactionRecord {
        transaction_id: line.own_id.clone(),
        transaction_request_id: line.own_request_id.clone(),
        transaction_type,
        status: "SUCCESS",
        amount_minor: line.amount_minor.abs(),
        currency: line.currency.code,
        time: Some(iso(line.at, ANTOM_OFFSET_MINUTES)),
    })
}
