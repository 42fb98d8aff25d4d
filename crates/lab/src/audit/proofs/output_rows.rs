//! The rows that the tables of proofs must have.

use std::collections::BTreeMap;

use super::super::Table;
use super::Proofs;
use super::balances::{Account, AccountKey, Held, HeldKey};
use super::batches::{BatchKey, BatchSum, SummaryKey, covers};
use super::compare::plain;
use super::fees::{FeeKey, FeeTotal};
use super::money::{Fraction, Rounding, decimal};

/// Decimals of `effective_rate`.
const RATE_PLACES: u32 = 6;

/// A row that a table must have: the cells of its key, and for each further column the texts that are right.
pub(super) struct Row {
    pub(super) key: Vec<String>,
    pub(super) cells: Vec<(String, Vec<String>)>,
    /// Whether it may be missing.
    pub(super) optional: bool,
}

impl Row {
    fn is(&mut self, column: &str, text: impl Into<String>) {
        self.any_of(column, vec![text.into()]);
    }

    fn any_of(&mut self, column: &str, texts: Vec<String>) {
        self.cells.push((column.to_owned(), texts));
    }
}

/// The rows of `settlement_batches.csv`: per party, or over all parties where the summary knows none, if the table has it so.
pub(super) fn batch_rows(proofs: &Proofs, table: &Table) -> Vec<Row> {
    let header = table.header();
    let mut rows = Vec::new();
    let mut wholes: BTreeMap<BatchKey, BatchSum> = BTreeMap::new();
    for (key, sum) in &proofs.sums {
        if is_of_whole(proofs, key) && !has_row(table, key) {
            let whole = (key.0.clone(), key.1.clone(), String::new(), key.3);
            wholes.entry(whole).or_default().merge(sum);
        } else {
            rows.push(batch_row(proofs, header, key, sum));
        }
    }
    rows.extend(wholes.iter().map(|(key, sum)| batch_row(proofs, header, key, sum)));
    let has_lines = |figure| proofs.sums.keys().any(|key| covers(figure, key));
    for (key, figure) in proofs.figures.iter().filter(|(key, _)| !has_lines(key)) {
        let key = (key.0.clone(), key.1.clone(), key.2.clone().unwrap_or_default(), key.3);
        let mut row = batch_row(proofs, header, &key, &BatchSum::default());
        // A batch that only the summary knows: zero and unknown say the same.
        for (column, texts) in &mut row.cells {
            if column != "summary" {
                texts.push(String::new());
            }
        }
        row.optional = figure.net == 0;
        rows.push(row);
    }
    rows
}

/// Whether the batch is compared over all parties.
fn is_of_whole(proofs: &Proofs, key: &BatchKey) -> bool {
    let mut of_batch = proofs.figures.keys().filter(|figure| figure.0 == key.0).peekable();
    if of_batch.peek().is_none() { proofs.without_parties } else { of_batch.all(|figure| figure.2.is_none()) }
}

/// Whether the table has a row of this party alone.
fn has_row(table: &Table, (batch, merchant, party, currency): &BatchKey) -> bool {
    let is = |row: usize, column: &str, text: &str| plain(table, row, column) == text;
    !party.is_empty()
        && (0..table.len()).any(|row| {
            is(row, "settlement_batch_id", batch)
                && is(row, "merchant_id", merchant)
                && is(row, "sub_merchant_id", party)
                && is(row, "currency", currency.code())
        })
}

fn batch_row(proofs: &Proofs, header: &[String], key: &BatchKey, sum: &BatchSum) -> Row {
    let (batch, merchant, party, currency) = key;
    let texts = [batch, merchant, party].map(Clone::clone).into_iter();
    let mut row = Row { key: texts.chain([currency.code().to_owned()]).collect(), cells: Vec::new(), optional: false };
    let major = |minor: i128| currency.major(minor);
    let (gross, fees) = (sum.gross(), sum.fees());
    row.is("lines", sum.lines.to_string());
    row.any_of("gross", vec![major(gross), major(gross - sum.foreign)]);
    row.any_of("fees", vec![major(fees), major(fees + sum.foreign)]);
    row.is("net", major(sum.net));
    row.is("other", major(sum.other()));
    summary_cells(proofs, key, sum, &mut row);
    let mut further = BTreeMap::from([
        ("corrections".to_owned(), sum.corrections),
        ("reserve".to_owned(), sum.reserve),
        ("collateral".to_owned(), sum.collateral),
        ("unknown_types".to_owned(), sum.unknown),
    ]);
    // Where fees in other currencies are counted is left open, and so is what stands under each kind.
    for column in header.iter().filter(|_| sum.foreign == 0) {
        if let Some(kind) = column.strip_prefix("gross_") {
            let word = kind.to_ascii_uppercase();
            further.insert(column.clone(), sum.gross.get(word.as_str()).copied().unwrap_or(0));
        } else if let Some(kind) = column.strip_prefix("fee_") {
            further.insert(column.clone(), sum.fees.get(kind).copied().unwrap_or(0));
        }
    }
    for (column, amount) in further.into_iter().filter(|(column, _)| header.contains(column)) {
        let empty = (amount == 0).then(String::new);
        row.any_of(&column, std::iter::once(major(amount)).chain(empty).collect());
    }
    row
}

/// What the summary says, the difference, and what was paid. A figure over several parties may stand beside one of them or not.
fn summary_cells(proofs: &Proofs, key: &BatchKey, sum: &BatchSum, row: &mut Row) {
    let whole = |figure: &SummaryKey| figure.2.is_none() && figure.0 == key.0 && figure.1 == key.1 && figure.3 == key.3;
    let mut figures = proofs.figures.iter();
    let figure = figures.find(|(figure, _)| covers(figure, key) || (key.2.is_empty() && whole(figure)));
    let major = |minor: i128| key.3.major(minor);
    let Some((summary_key, figure)) = figure else {
        row.is("summary", "");
        row.is("difference", "");
        return;
    };
    let net: i128 = proofs.sums.iter().filter(|(other, _)| covers(summary_key, other)).map(|(_, sum)| sum.net).sum();
    let is_part = proofs.sums.iter().filter(|(other, _)| covers(summary_key, other)).count() > 1 && net != sum.net;
    let (mut summary, mut difference) = (vec![major(figure.net)], vec![major(figure.net - net)]);
    let mut paid = match proofs.paid.get(summary_key) {
        Some(amount) => vec![major(*amount), major(-amount)],
        None => vec![String::new(), major(0)],
    };
    if is_part {
        [&mut summary, &mut difference, &mut paid].into_iter().for_each(|texts| texts.push(String::new()));
    }
    row.any_of("summary", summary);
    row.any_of("difference", difference);
    row.any_of("payout", paid);
}

pub(super) fn account_rows(accounts: &BTreeMap<AccountKey, Account>, has_balances: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((number, currency), account) in accounts {
        let text = |minor: Option<i128>| minor.map_or_else(String::new, |minor| currency.major(minor));
        let key = ["account", &account.merchant, &account.party, number, currency.code()].map(str::to_owned).to_vec();
        let mut row = Row { key, cells: Vec::new(), optional: !has_balances };
        if account.is_doubtful {
            rows.push(Row { optional: true, ..row });
            continue;
        }
        let expected = account.expected();
        row.is("opening", text(account.opening));
        row.is("in", text(account.income));
        row.is("out", text(account.out));
        row.is("expected", text(expected));
        row.is("reported", text(account.reported));
        match (account.reported, expected) {
            (Some(reported), Some(expected)) => row.is("difference", currency.major(reported - expected)),
            // A missing balance may count as unknown or as zero.
            (None, Some(expected)) => row.any_of("difference", vec![String::new(), currency.major(-expected)]),
            _ => row.is("difference", ""),
        }
        rows.push(row);
    }
    rows
}

pub(super) fn held_rows(held: &BTreeMap<HeldKey, Held>) -> Vec<Row> {
    let mut rows = Vec::new();
    for ((kind, merchant, party, currency), held) in held {
        let key = [kind, merchant.as_str(), party, "", currency.code()].map(str::to_owned).to_vec();
        let mut row = Row { key, cells: Vec::new(), optional: *held == Held::default() };
        row.is("opening", currency.major(held.opening));
        row.is("in", currency.major(held.withheld));
        row.is("out", currency.major(held.given_back));
        row.is("expected", currency.major(held.opening + held.withheld + held.given_back));
        row.is("reported", "");
        row.is("difference", "");
        rows.push(row);
    }
    rows
}

pub(super) fn fee_row(key: &FeeKey, total: &FeeTotal) -> Row {
    let texts = [key.kind, &key.method, &key.brand, &key.party, key.currency.code(), key.model];
    let mut row = Row { key: texts.map(str::to_owned).to_vec(), cells: Vec::new(), optional: false };
    // Whether sums show a turned sign as it was read or as it was written is left open.
    let signs: &[i128] = if total.is_turned { &[1, -1] } else { &[1] };
    let both = |minor: i128| signs.iter().map(|sign| key.currency.major(sign * minor)).collect::<Vec<_>>();
    row.is("count", total.count.to_string());
    row.any_of("charged", both(total.charged));
    let (mut expected, mut difference) = (both(total.expected), both(total.charged - total.expected));
    // Of lines that were judged in part, sums may be shown or not.
    if total.judged == 0 {
        (expected, difference) = (vec![String::new()], vec![String::new()]);
    } else if total.judged < total.count {
        expected.push(String::new());
        difference.push(String::new());
    }
    row.any_of("expected", expected);
    row.any_of("difference", difference);
    // What a line without a known gross adds to the base is left open.
    if let Some(base) = total.base {
        row.is("base", key.currency.major(base));
        row.any_of("effective_rate", signs.iter().map(|sign| rate(base, sign * total.charged)).collect());
    }
    row
}

/// −charged / base with six decimals; empty for a base of zero.
fn rate(base: i128, charged: i128) -> String {
    if base == 0 {
        return String::new();
    }
    let millionths = Fraction::new(-charged, base).times(Fraction::new(10_i128.pow(RATE_PLACES), 1));
    decimal(millionths.rounded(Rounding::HalfEven), RATE_PLACES)
}
