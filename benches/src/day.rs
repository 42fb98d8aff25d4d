//! A day like the laboratory's: the same bytes for the same number of payments, with a discrepancy in every two hundred.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::calendar::{BusinessDate, CutOff, SettlementCalendar};
use crate::id::{KeyMaker, KeySet, Symbols};
use crate::ledger::{ParsedLedger, parse_ledger};
use crate::matching::{self, Adjustments, DayReport, Inputs, Policy, Reconciliation};
use crate::movement::ReportKind;
use crate::report::{ParsedReport, ReportOptions, parse_report};

/// The business date.
const DATE: &str = "2026-11-18";

/// The texts of a day.
#[derive(Debug)]
pub struct Texts {
    /// Transaction details.
    pub transactions: String,
    /// Settlement details, in another order.
    pub settlements: String,
    /// The ledger, in yet another.
    pub ledger: String,
}

/// What the texts say.
pub struct Parsed {
    /// Transaction details.
    pub transactions: [DayReport; 1],
    /// Settlement details.
    pub settlements: [DayReport; 1],
    /// The ledger.
    pub ledger: ParsedLedger,
}

impl Texts {
    /// So many payments, each once on every side.
    #[must_use]
    pub fn of(payments: u64) -> Self {
        let mut texts = Self {
            transactions: "merchantId,acquirer,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                referenceTransactionId,orderDescription,paymentMethodType,pspName,transactionType,paymentTime,productCode,\
                transactionAmountValue,transactionCurrency\n"
                .to_owned(),
            settlements: "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                transactionRequestId,referenceTransactionId,paymentMethodType,pspName,transactionType,paymentTime,\
                settlementTime,productCode,transactionAmountValue,transactionCurrency,settlementAmountValue,\
                settlementCurrency,quoteCurrencyPair,quotePrice,paymentMethodFeeAmountValue,paymentMethodFeeCurrency\n"
                .to_owned(),
            ledger: "entry_id,entry_type,request_id,antom_id,original_request_id,original_antom_id,order_id,\
                sub_merchant_id,amount_minor,currency,status,occurred_at,settle_to,refund_from,settlement_batch_id\n"
                .to_owned(),
        };
        for number in 0..payments {
            texts.add(number, scattered(number, payments, 7_368_787), scattered(number, payments, 15_485_863));
        }
        texts.transactions.push_str("<END>\n");
        texts.settlements.push_str("<END>\n");
        texts
    }

    /// Adds a row to each side, of three payments.
    fn add(&mut self, reported: u64, settled: u64, booked: u64) {
        let row = Row::new(reported);
        let Row { number, seller, time, amount, currency, .. } = &row;
        let line = format!(
            "2159110262711{seller:03},Alipay_SG,seller1{seller:03},20261118194010800{number:014},,pay20261118{number:012},\
             order-{number:012},Goods,KAKAOPAY,KaKaoPay,PAYMENT,{time},CASHIER_PAYMENT,{amount},{currency}\n"
        );
        self.transactions.push_str(&line);
        let Row { number, seller, time, amount, currency, .. } = &Row::new(settled);
        let line = format!(
            "2026111811021040000,2159110262711{seller:03},seller1{seller:03},20261118194010800{number:014},,\
             pay20261118{number:012},order-{number:012},KAKAOPAY,KaKaoPay,PAYMENT,{time},{DATE}T20:00:00+08:00,\
             CASHIER_PAYMENT,{amount},{currency},{amount},{currency},,,,\n"
        );
        self.settlements.push_str(&line);
        let Row { number, seller, time, minor, currency, .. } = &Row::new(booked);
        // Every two hundredth was booked with another amount.
        let minor = minor + u64::from(number % 200 == 199);
        let entry = format!(
            "e{booked:012},PAYMENT,pay20261118{number:012},20261118194010800{number:014},,,order-{number:012},\
             seller1{seller:03},{minor},{currency},SUCCESS,{time},,,\n"
        );
        self.ledger.push_str(&entry);
    }
}

/// What the sides say of one payment.
struct Row {
    number: u64,
    seller: u64,
    time: String,
    amount: String,
    minor: u64,
    currency: &'static str,
}

impl Row {
    fn new(number: u64) -> Self {
        let second = 3_600 + number % 72_000;
        let minor = 10_000 + number * 7_919 % 80_000;
        let currency = ["USD", "USD", "BRL", "JPY"][(number % 4) as usize];
        let mut amount = String::new();
        let _fits = match currency {
            "JPY" => write!(amount, "{minor}"),
            _ => write!(amount, "{}.{:02}", minor / 100, minor % 100),
        };
        let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
        let time = format!("{DATE}T{hours:02}:{minutes:02}:{seconds:02}+08:00");
        Self { number, seller: number % 997, time, amount, minor, currency }
    }
}

/// The number at a place of a scattered order that visits every number once.
fn scattered(at: u64, count: u64, prime: u64) -> u64 {
    if count.is_multiple_of(prime) { at } else { at * (prime % count).max(1) % count }
}

/// Parses a report on the current threads.
#[must_use]
pub fn parsed_report(text: &str, kind: ReportKind, symbols: &Symbols) -> ParsedReport {
    let parsed = parse_report(text.as_bytes(), 0, kind, &ReportOptions::default(), KeyMaker::new(7), symbols);
    parsed.unwrap_or_else(|error| panic!("the day of the benches is right: {error}"))
}

/// Parses a ledger on the current threads.
#[must_use]
pub fn parsed_ledger(text: &str, symbols: &Symbols) -> ParsedLedger {
    let parsed = parse_ledger(text.as_bytes(), KeyMaker::new(7), symbols, None);
    parsed.unwrap_or_else(|error| panic!("the day of the benches is right: {error}"))
}

impl Parsed {
    /// Parses all three.
    #[must_use]
    pub fn of(texts: &Texts) -> Self {
        let symbols = Symbols::new();
        let report = |text: &str, kind| {
            [DayReport { date: date(), name: String::new(), parsed: parsed_report(text, kind, &symbols) }]
        };
        Self {
            transactions: report(&texts.transactions, ReportKind::TransactionDetails),
            settlements: report(&texts.settlements, ReportKind::SettlementDetails),
            ledger: parsed_ledger(&texts.ledger, &symbols),
        }
    }

    /// Matches the day.
    #[must_use]
    pub fn matched(&self) -> Reconciliation {
        let inputs = Inputs {
            transactions: &self.transactions,
            settlements: &self.settlements,
            ledger: &self.ledger,
            registry: None,
            scope: &BTreeSet::from([date()]),
            missing: &BTreeSet::new(),
            known_originals: &KeySet::default(),
            entry_id: &|entry| entry.place.line.to_string(),
        };
        let policy = Policy {
            today: date(),
            window_start: date(),
            cut_off: CutOff::parse("+08:00").unwrap_or_else(|| panic!("the offset is right")),
            cutoff_grace_ms: 0,
            settlement_due_days: 7,
            pending_max_days: 3,
            splits: false,
            adjustments: Adjustments::Proved,
            calendar: SettlementCalendar::default(),
        };
        matching::reconcile(&inputs, &policy)
    }
}

fn date() -> BusinessDate {
    DATE.parse().unwrap_or_else(|_| panic!("the date is right"))
}
