//! A day that does not add up is refused, whatever is wrong with it: each test takes a day that is right and breaks one thing.

use super::*;
use crate::id::KeyMaker;
use crate::kind::{DiscrepancyKind, Stage};
use crate::ledger::parse_ledger;
use crate::matching::{Finding, Waiting, WaitsFor};
use crate::movement::ReportKind;
use crate::report::{ReportOptions, parse_report};

const TRANSACTIONS: &str = "merchantId,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                            referenceTransactionId,transactionType,paymentTime,transactionAmountValue,transactionCurrency\n\
                            M,,p1,,r1,,PAYMENT,,10.00,USD\nM,,p2,,r2,,PAYMENT,,2.50,USD\nM,,x1,,y1,,NOVELTY,,1.00,USD\n\
                            M,,p9,,r9,,PAYMENT,,bad,USD\n<END>\n";

const SETTLEMENT: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                          transactionRequestId,referenceTransactionId,transactionType,paymentTime,transactionAmountValue,\
                          transactionCurrency,settlementAmountValue,settlementCurrency,feeAmountValue,feeCurrency,\
                          interchangeFeeAmountValue,interchangeFeeCurrency,quoteCurrencyPair,quotePrice\n\
                          B,M,,p1,,r1,,PAYMENT,,10.00,USD,9.50,USD,-0.50,USD,,,,\n<END>\n";

const LEDGER: &str = "entry_id,entry_type,request_id,amount_minor,currency,status,occurred_at\n\
                      e1,PAYMENT,r1,1000,USD,SUCCESS,2026-03-02T09:00:00+08:00\n\
                      e2,PAYMENT,r2,250,USD,SUCCESS,2026-03-02T09:00:00+08:00\n";

fn tally(amounts: &[i64]) -> Tally {
    let mut tally = Tally::default();
    amounts.iter().for_each(|amount| tally.add(*amount));
    tally
}

fn today() -> BusinessDate {
    "2026-03-02".parse().expect("a date")
}

fn item(side: ItemSide, row: u32) -> ItemRef {
    ItemRef { side, file: 0, row }
}

/// A day: one file of each side, a ledger, and what matching is taken to have said of them.
struct Day {
    symbols: Symbols,
    transactions: Vec<DayReport>,
    settlements: Vec<DayReport>,
    ledger: ParsedLedger,
    claimed: HashSet<ItemRef>,
    said: Reconciliation,
}

impl Day {
    /// A day that is right: a payment that matched and waits for nothing more, one that waits, one of a type that nobody knows.
    fn right() -> Self {
        let (keys, symbols, options) = (KeyMaker::new(3), Symbols::new(), ReportOptions::default());
        let file = |name: &str, kind, text: &str| {
            let parsed = parse_report(text.as_bytes(), 0, kind, &options, keys, &symbols).expect("a report");
            vec![DayReport { date: today(), name: name.to_owned(), parsed }]
        };
        let transactions = file("t.csv", ReportKind::TransactionDetails, TRANSACTIONS);
        let settlements = file("s.csv", ReportKind::SettlementDetails, SETTLEMENT);
        let ledger = parse_ledger(LEDGER.as_bytes(), keys, &symbols, None).expect("a ledger");
        let said = Reconciliation {
            payments: HashMap::new(),
            transactions: vec![vec![State::Matched, State::InTransit, State::Discrepancy]],
            settlements: vec![vec![State::Matched]],
            ledger: vec![State::Matched, State::ExcludedNotSuccessful],
            findings: vec![finding(vec![item(ItemSide::Transactions, 2)])],
            waiting: vec![waiting(item(ItemSide::Transactions, 1))],
            closures: Vec::new(),
            period_crossings: 0,
        };
        Self { symbols, transactions, settlements, ledger, claimed: HashSet::new(), said }
    }

    fn prove(&self) -> Result<ControlTotals, Imbalance> {
        let counted = Counted {
            agreed: AgreedRows::default(),
            transactions: &self.transactions,
            settlements: &self.settlements,
            ledger: &self.ledger,
            symbols: &self.symbols,
            claimed_by_rejects: &self.claimed,
        };
        prove(&counted, &self.said, today())
    }

    /// What the day is refused for.
    fn refused(&self) -> String {
        self.prove().expect_err("the day does not add up").to_string()
    }

    fn with_states(transactions: [State; 3], ledger: [State; 2]) -> Self {
        let mut day = Self::right();
        day.said.transactions = vec![transactions.to_vec()];
        day.said.ledger = ledger.to_vec();
        day
    }
}

fn finding(consumed: Vec<ItemRef>) -> Finding {
    Finding {
        kind: DiscrepancyKind::UnknownType,
        also: Vec::new(),
        stage: Stage::Transactions,
        business_date: today(),
        entry_type: None,
        line: consumed.first().copied(),
        entry: None,
        ledger: None,
        report: None,
        ledger_status: None,
        report_status: None,
        occurrence: 1,
        candidates: Vec::new(),
        more_candidates: 0,
        due_on: None,
        period_crossing: false,
        only_if_open_before: false,
        consumed,
    }
}

fn waiting(item: ItemRef) -> Waiting {
    Waiting { item, business_date: today(), due_on: today(), waits_for: WaitsFor::Settlement }
}

#[test]
fn a_day_that_is_right_has_every_row_in_its_place() {
    let totals = Day::right().prove().expect("it adds up");
    let shown: Vec<String> = totals
        .rows
        .iter()
        .map(|(key, row)| {
            let parts = [&row.total, &row.matched, &row.in_transit, &row.discrepancies, &row.excluded, &row.rejected];
            let sums = parts.map(|part| format!("{}/{}", part.count, part.sum()));
            format!("{}: {}", describe(key), sums.join(" "))
        })
        .collect();
    let expected = [
        "report `s.csv` PAYMENT USD: 1/1000 1/1000 0/0 0/0 0/0 0/0",
        "report `t.csv` NOVELTY USD: 1/100 0/0 0/0 1/100 0/0 0/0",
        "report `t.csv` PAYMENT USD: 3/1250 1/1000 1/250 0/0 0/0 1/0",
        "ledger `` PAYMENT USD: 2/1250 1/1000 0/0 0/0 1/250 0/0",
    ];
    assert_eq!(shown, expected);
    assert_eq!(totals.excluded_by, BTreeMap::from([("not_successful", 1)]));
}

#[test]
fn rows_excluded_by_one_rule_are_counted_together() {
    use State::{ExcludedByTotals, ExcludedNotSuccessful, Matched};
    let mut day = Day::with_states([ExcludedByTotals, Matched, ExcludedByTotals], [ExcludedNotSuccessful; 2]);
    (day.said.findings, day.said.waiting) = (Vec::new(), Vec::new());
    let totals = day.prove().expect("it adds up");
    assert_eq!(totals.excluded_by, BTreeMap::from([("not_successful", 2), ("proved_by_totals", 2)]));
}

#[test]
fn a_row_without_a_place_is_found() {
    use State::{Discrepancy, InTransit, Matched, OutOfScope, Past, Unplaced};
    for lost in [Unplaced, Past, OutOfScope] {
        let refused = Day::with_states([Matched, InTransit, lost], [Matched; 2]).refused();
        assert!(refused.starts_with("`t.csv` line 4 is in no place"), "{lost:?}: {refused}");
    }
    let refused = Day::with_states([Matched, InTransit, Discrepancy], [Matched, Unplaced]).refused();
    assert!(refused.starts_with("the ledger's row at line 3 is in no place"), "{refused}");
}

#[test]
fn lines_of_an_earlier_day_may_be_closed() {
    let mut day = Day::with_states([State::Matched, State::InTransit, State::Past], [State::Matched, State::Past]);
    day.transactions[0].date = today().minus_days(1);
    day.said.findings.clear();
    let totals = day.prove().expect("it adds up");
    let key = |row: &(&ControlKey, &ControlTotal)| row.0.entry_type == "NOVELTY";
    assert_eq!(totals.rows.iter().find(key), None, "what is closed is not counted again");
    day.said.transactions[0][2] = State::Unplaced;
    assert!(day.refused().contains("`t.csv` line 4"));
}

#[test]
fn what_the_parser_counted_is_what_was_matched() {
    let mut day = Day::right();
    day.transactions[0].parsed.lines[1].amount = 251;
    let refused = day.refused();
    let expected =
        "`t.csv`: the parser counted 2 lines with a sum of 1250 for PAYMENT USD, matching 2 lines with a sum of 1251";
    assert_eq!(refused, expected);
    let mut day = Day::right();
    let key = day.transactions[0].parsed.totals.keys().find(|(name, _)| name == "NOVELTY").cloned();
    day.transactions[0].parsed.totals.remove(&key.expect("a total"));
    assert!(day.refused().contains("the parser counted nothing for NOVELTY USD, matching 1 lines"));
    day.transactions[0].date = today().minus_days(1);
    day.prove().expect("an earlier day's lines were proved on their day");
}

#[test]
fn what_waits_is_listed_and_what_is_listed_waits() {
    let mut day = Day::right();
    day.said.waiting.clear();
    assert_eq!(day.refused(), "`t.csv` line 3 (PAYMENT) is placed as in transit, and nothing names it");
    let mut day = Day::right();
    day.said.waiting.push(waiting(item(ItemSide::Ledger, 1)));
    let expected = "the ledger's row at line 3 is placed as closed, yet listed as waiting, and nothing names it";
    assert_eq!(day.refused(), expected);
}

#[test]
fn what_is_a_discrepancy_belongs_to_a_finding_or_a_rejected_line() {
    let mut day = Day::right();
    day.said.findings.clear();
    assert_eq!(day.refused(), "`t.csv` line 4 (NOVELTY) is placed as a discrepancy, and nothing names it");
    day.claimed.insert(item(ItemSide::Transactions, 2));
    day.prove().expect("a rejected line has its id");
    for (side, name) in
        [(ItemSide::Settlement, "`s.csv` line 2 (PAYMENT)"), (ItemSide::Ledger, "the ledger's row at line 2")]
    {
        let mut day = Day::right();
        match side {
            ItemSide::Settlement => day.said.settlements[0][0] = State::Discrepancy,
            _ => day.said.ledger[0] = State::Discrepancy,
        }
        assert!(day.refused().starts_with(name), "{}", day.refused());
        day.said.findings.push(finding(vec![item(side, 0)]));
        day.prove().expect("a finding names it");
    }
}

#[test]
fn parts_that_do_not_make_the_whole_are_found() {
    let whole = ControlTotal {
        total: tally(&[5, -3, 7]),
        matched: tally(&[5]),
        in_transit: tally(&[-3]),
        discrepancies: tally(&[7]),
        ..ControlTotal::default()
    };
    assert_eq!(whole.adds_up(), Ok(()));
    let lost = ControlTotal { discrepancies: Tally::default(), ..whole.clone() };
    assert!(lost.adds_up().is_err_and(|what| what.contains("3 rows")));
    let doubled = ControlTotal { excluded: tally(&[0]), ..whole.clone() };
    assert!(doubled.adds_up().is_err());
    let other_amount = ControlTotal { discrepancies: tally(&[8]), ..whole };
    assert!(other_amount.adds_up().is_err());
}
