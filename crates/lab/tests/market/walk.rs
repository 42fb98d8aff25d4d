//! Random walks: whatever is called in whatever order, no money is made or lost, and the reports agree with each other to the
//! cent. A failure is a seed.

use std::collections::BTreeMap;

use antom_api::Amount;
use antom_api::marketplace::{AcceptDispute, Cancel, Capture, PaymentMethod, Refund, RefundFrom, Standing, Transfer};
use lab::market::{Bank, Buyer, DisputeSort, MarketOptions, NewDispute, ReportText};
use lab::world::rng::Rng;

use super::harness::{CLIENT_ID, Lab, euros, friday, pay};
use super::lifecycle::settle;

const STEPS: u32 = 150;

/// What a walk did, to be sure that it did something of everything.
type Counts = BTreeMap<&'static str, u32>;

struct Walk {
    lab: Lab,
    rng: Rng,
    number: u32,
    /// `paymentRequestId` and `paymentId`.
    payments: Vec<(String, String)>,
    disputes: Vec<String>,
    counts: Counts,
    reports: Vec<ReportText>,
}

impl Walk {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.rng.below(u64::try_from(end).unwrap())).unwrap()
    }

    fn amount(&mut self, most: i64) -> Amount {
        euros(self.rng.between(1, most))
    }

    fn id(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}{}", self.number)
    }

    fn any_payment(&mut self) -> (String, String) {
        let at = self.below(self.payments.len());
        self.payments[at].clone()
    }

    fn count(&mut self, what: &'static str, standing: Standing) {
        if matches!(standing, Standing::Done | Standing::InProcess) {
            *self.counts.entry(what).or_default() += 1;
        }
    }

    async fn sell(&mut self) {
        let id = self.id("p");
        let (method, seller) = (["CARD", "CARD", "GCASH", "BANK_TRANSFER"][self.below(4)], ["s1", "s2"][self.below(2)]);
        let order = pay(&id, seller, method, self.rng.between(2, 5_000));
        let order = if method == "CARD" && self.below(2) == 0 { order.manual_capture() } else { order };
        match self.below(8) {
            0 => self.lab.market.plan_buyer(&id, Buyer::FailsAfter(20, "RISK_REJECT".to_owned())),
            1 => self.lab.market.plan_buyer(&id, Buyer::PaysAfter(7_000)),
            _ => {}
        }
        let receipt = self.lab.client.pay(&order).await.unwrap();
        self.count("pay", receipt.standing);
        self.payments.push((id, receipt.body.payment_id.unwrap()));
    }

    /// The marketplace's answer to a wrong sum says the right one.
    async fn split(&mut self) {
        let (id, (_, payment)) = (self.id("t"), self.any_payment());
        let probe = self.lab.client.settle(&settle(&id, &payment, 9_999_999, 1)).await.unwrap();
        let due = probe.result.message.split("expected ").nth(1).and_then(|text| text.split(',').next());
        let Some(due) = due.and_then(|due| due.parse::<i64>().ok()).filter(|due| *due > 1) else { return };
        let marketplace = self.rng.between(1, due - 1);
        let receipt = self.lab.client.settle(&settle(&id, &payment, due - marketplace, marketplace)).await.unwrap();
        assert_eq!(receipt.standing, Standing::Done, "{}", receipt.result);
        self.count("settle", receipt.standing);
    }

    async fn give_back(&mut self) {
        let (id, (_, payment), amount) = (self.id("r"), self.any_payment(), self.amount(900));
        match self.below(6) {
            0 => self.lab.market.plan_bank(&id, Bank::IsSlow),
            1 => self.lab.market.plan_bank(&id, Bank::IsSlowAndFails("PROCESS_FAIL".to_owned())),
            _ => {}
        }
        let from = [RefundFrom::Seller, RefundFrom::Marketplace, RefundFrom::UnsettledFunds][self.below(3)];
        let receipt = self.lab.client.refund(&Refund::new(&id, payment, amount, from)).await.unwrap();
        self.count("refund", receipt.standing);
        if receipt.standing == Standing::Done && self.below(5) == 0 {
            self.lab.market.bounce_refund(&id).unwrap();
            *self.counts.entry("bounce").or_default() += 1;
        }
    }

    async fn capture(&mut self) {
        let (id, (_, payment), amount) = (self.id("c"), self.any_payment(), self.amount(3_000));
        let is_last_capture = Some(self.below(3) == 0);
        let capture = Capture { capture_request_id: id, payment_id: payment, capture_amount: amount, is_last_capture };
        let receipt = self.lab.client.capture(&capture).await.unwrap();
        self.count("capture", receipt.standing);
    }

    async fn quarrel(&mut self) {
        let (payment_request_id, _) = self.any_payment();
        let sort = [DisputeSort::Chargeback, DisputeSort::Chargeback, DisputeSort::Rapid][self.below(3)];
        let new = NewDispute {
            payment_request_id,
            amount_minor: self.rng.between(1, 1_000),
            sort,
            reason_code: "4853".to_owned(),
            source: "Visa".to_owned(),
            is_defendable: true,
        };
        if let Ok(id) = self.lab.market.open_dispute(&new) {
            self.disputes.push(id);
            self.count("dispute", Standing::Done);
        }
    }

    async fn end_quarrel(&mut self) {
        if self.disputes.is_empty() {
            return;
        }
        let at = self.below(self.disputes.len());
        let id = self.disputes[at].clone();
        let market = &self.lab.market;
        let ended = match self.rng.below(5) {
            0 => market.judge_dispute(&id, Some(1)).is_ok(),
            1 => market.judge_dispute(&id, None).is_ok(),
            2 => market.withdraw_dispute(&id).is_ok(),
            3 => market.reverse_dispute(&id).is_ok(),
            _ => {
                let accept = AcceptDispute { dispute_id: id };
                self.lab.client.accept_dispute(&accept).await.unwrap().standing == Standing::Done
            }
        };
        *self.counts.entry("end of dispute").or_default() += u32::from(ended);
    }

    async fn move_money(&mut self) {
        let method = |customer: Option<&str>| PaymentMethod {
            payment_method_type: "ANTOM_ACCOUNT".to_owned(),
            customer_id: customer.map(str::to_owned),
            ..PaymentMethod::default()
        };
        let (id, amount) = (self.id("x"), self.amount(50));
        let transfer = Transfer::new(id, method(Some("s1")), amount, method(None));
        let receipt = self.lab.client.create_transfer(&transfer).await.unwrap();
        self.count("transfer", receipt.standing);
    }

    async fn step(&mut self) {
        match self.below(12) {
            0..=2 => self.sell().await,
            3 | 4 => self.split().await,
            5 => self.give_back().await,
            6 => self.capture().await,
            7 => self.quarrel().await,
            8 => self.end_quarrel().await,
            9 => {
                let (_, payment) = self.any_payment();
                let receipt = self.lab.client.cancel(&Cancel::Id(payment)).await.unwrap();
                self.count("cancel", receipt.standing);
            }
            10 => self.move_money().await,
            _ if self.below(2) == 0 => {
                let reports = self.lab.market.close_day().await.unwrap();
                self.reports.extend(reports);
            }
            _ => {}
        }
        let seconds = self.rng.between(0, 3_000);
        let day = self.lab.market.today();
        self.lab.market.advance(seconds).await.unwrap();
        assert_eq!(self.lab.market.today(), day, "the walk stays inside a day until it closes it");
    }
}

async fn walk(seed: u64) -> Walk {
    let options = MarketOptions { keeps_payouts: !seed.is_multiple_of(2), ..MarketOptions::new(CLIENT_ID, friday()) };
    let lab = Lab::with_sellers(options, &["s1", "s2"]).await;
    let (rng, counts) = (Rng::new(seed), Counts::new());
    let (payments, disputes, reports) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk { lab, rng, number: 0, payments, disputes, counts, reports };
    walk.sell().await;
    for _ in 0..STEPS {
        // Nothing happens in the last hours of a day, so that a day ends when it is closed.
        if walk.lab.market.now().rem_euclid(86_400) > 12 * 3_600
            && walk.lab.market.now().rem_euclid(86_400) < 16 * 3_600
        {
            let reports = walk.lab.market.close_day().await.unwrap();
            walk.reports.extend(reports);
        }
        walk.step().await;
    }
    for _ in 0..14 {
        let reports = walk.lab.market.close_day().await.unwrap();
        walk.reports.extend(reports);
    }
    walk
}

/// The rows of all reports whose name begins so: the day, and cells by column.
fn rows(reports: &[ReportText], name: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut rows = Vec::new();
    for report in reports {
        let (day, file) =
            report.path.strip_prefix("v1/settlements/2188120000000001/").unwrap().split_once('/').unwrap();
        if !file.starts_with(name) {
            continue;
        }
        let text = report.text.strip_suffix("<END>\n").unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for row in reader.deserialize::<BTreeMap<String, String>>() {
            rows.push((day.to_owned(), row.unwrap()));
        }
    }
    rows
}

fn cents(decimal: &str) -> i64 {
    if decimal.is_empty() { 0 } else { decimal.replace('.', "").parse().unwrap() }
}

fn add(sums: &mut BTreeMap<String, i64>, key: &str, cents: i64) {
    *sums.entry(key.to_owned()).or_default() += cents;
}

/// Balances roll, batches are the sum of their lines, payouts are what summaries say.
fn agree(seed: u64, walk: &Walk) {
    let mut balances: BTreeMap<String, i64> = BTreeMap::new();
    let (activity, mut days) = (rows(&walk.reports, "accountActivity"), Vec::new());
    for (day, row) in rows(&walk.reports, "dailyEndingBalance") {
        days.push(day.clone());
        let account = &row["accountNo"];
        let of_day = activity.iter().filter(|(on, move_of)| *on == day && move_of["accountNo"] == *account);
        let moved: i64 = of_day.map(|(_, row)| cents(&row["amount"])).sum();
        let balance = balances.entry(account.clone()).or_default();
        *balance += moved;
        assert_eq!(*balance, cents(&row["balance"]), "seed {seed}: account {account} on {day}");
    }
    let (mut details, mut summaries, mut paid) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let party = |row: &BTreeMap<String, String>| format!("{} {}", row["settlementBatchId"], row["referenceMerchantId"]);
    for (_, row) in rows(&walk.reports, "settlementItems") {
        let net = cents(&row["transactionAmountValue"]) + cents(&row["paymentMethodFeeAmountValue"]);
        assert_eq!(net, cents(&row["settlementAmountValue"]), "seed {seed}: {row:?}");
        add(&mut details, &party(&row), net);
    }
    for (_, row) in rows(&walk.reports, "settlementSummary") {
        add(&mut summaries, &party(&row), cents(&row["settlementAmountValue"]));
    }
    assert_eq!(details, summaries, "seed {seed}");
    for (_, row) in activity.iter().filter(|(_, row)| row["transType"] == "PAYOUT") {
        add(&mut paid, &party(row), -cents(&row["amount"]));
    }
    summaries.retain(|_, net| *net != 0);
    if seed.is_multiple_of(2) {
        assert_eq!(paid, summaries, "seed {seed}");
    }
    assert!(summaries.values().all(|net| *net > 0), "seed {seed}: nobody is paid a debt: {summaries:?}");
}

/// The shares of a payment add up to it, and are settled in one batch.
fn shares_add_up(seed: u64, walk: &Walk) {
    let (mut sold, mut settled, mut batch) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let is_sale = |row: &BTreeMap<String, String>| matches!(row["transactionType"].as_str(), "PAYMENT" | "CAPTURE");
    for (_, row) in rows(&walk.reports, "transactionItems").iter().filter(|(_, row)| is_sale(row)) {
        add(&mut sold, &row["transactionId"], cents(&row["transactionAmountValue"]));
    }
    for (_, row) in rows(&walk.reports, "settlementItems").iter().filter(|(_, row)| is_sale(row)) {
        let (id, of) = (row["transactionId"].clone(), row["settlementBatchId"].clone());
        add(&mut settled, &id, cents(&row["transactionAmountValue"]));
        assert_eq!(batch.entry(id.clone()).or_insert(of.clone()), &of, "seed {seed}: {id}");
    }
    for (id, cents) in settled {
        assert_eq!(sold.get(&id), Some(&cents), "seed {seed}: {id}");
    }
}

/// Each type of movement comes to the same on the accounts and in transaction details; splits and transfers move money, and make
/// none.
fn types_agree(seed: u64, walk: &Walk) {
    let (mut moved, mut told) = (BTreeMap::new(), BTreeMap::new());
    for (_, row) in rows(&walk.reports, "accountActivity") {
        add(&mut moved, &row["transType"], cents(&row["amount"]));
    }
    for (_, row) in rows(&walk.reports, "transactionItems") {
        add(&mut told, &row["transactionType"], cents(&row["transactionAmountValue"]));
    }
    for kind in ["PAYMENT", "CAPTURE", "REFUND", "DISPUTE", "DISPUTE_REVERSAL", "RAPID_DISPUTE_RESOLUTION"] {
        assert_eq!(moved.get(kind), told.get(kind), "seed {seed}: {kind}");
    }
    for kind in ["SETTLE", "TRANSFER"] {
        assert_eq!(moved.get(kind).copied().unwrap_or_default(), 0, "seed {seed}: {kind}");
    }
    let held: i64 = walk.lab.market.holdings().values().sum();
    assert_eq!(moved.values().sum::<i64>(), held, "seed {seed}: what came and went is what is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_walk_makes_or_loses_money() {
    let mut counts = Counts::new();
    for seed in 1..=8 {
        let walk = walk(seed).await;
        agree(seed, &walk);
        shares_add_up(seed, &walk);
        types_agree(seed, &walk);
        for (what, count) in walk.counts {
            *counts.entry(what).or_default() += count;
        }
    }
    let all = ["bounce", "cancel", "capture", "dispute", "end of dispute", "pay", "refund", "settle", "transfer"];
    let rare: Vec<_> = all.iter().filter(|what| counts.get(**what).copied().unwrap_or_default() < 3).collect();
    assert!(rare.is_empty(), "the walks hardly did {rare:?}: {counts:?}");
}
