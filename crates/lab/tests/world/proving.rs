//! An independent proof of Antom's files: everything that they must satisfy among themselves, and whatever does not.

use crate::contract::Contract;
use crate::reading::{Row, decimals, micros, number, table, text};
use lab::world::World;
use lab::world::expected::Expected;
use lab::world::layout::Report;
use lab::world::writer::ReportFile;
use std::collections::{BTreeMap, BTreeSet};

/// Something that does not agree: its kind, the id that it is known by, and the amounts in millionths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub kind: String,
    pub id: String,
    pub recomputed: Option<i128>,
    pub reported: Option<i128>,
}

impl Found {
    pub fn new(kind: &str, id: &str, recomputed: Option<i128>, reported: Option<i128>) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned(), recomputed, reported }
    }

    /// What a proof should find of an expected row.
    pub fn of(want: &Expected) -> Self {
        let amount = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(micros);
        let id = want.antom_id.as_ref().or(want.report_file.as_ref()).unwrap();
        Self::new(want.kind, id, amount(&want.ledger_amount), amount(&want.report_amount))
    }
}

/// The lines of one report on one date; unreadable ones are left out.
type Lines = BTreeMap<(Report, String), Vec<Row>>;

/// Proves all files of a world.
pub fn prove(world: &World) -> Vec<Found> {
    let (mut found, lines) = read(world);
    let contract = Contract::read(&world.fees_toml());
    let days: BTreeSet<&String> = lines.keys().map(|(_, day)| day).collect();
    let none = Vec::new();
    let mut opening = None;
    for day in days {
        let of = |report| lines.get(&(report, day.clone())).unwrap_or(&none);
        let (details, summary) = (of(Report::SettlementDetails), of(Report::SettlementSummary));
        let activity = distinct(of(Report::AccountActivity), &mut found);
        found.extend(details.iter().filter_map(|line| row(line, &contract)));
        totals(summary, &mut found);
        batches(details, summary, &mut found);
        payouts(details, summary, &activity, &mut found);
        let closing = balances(of(Report::DailyEndingBalance));
        if let Some(opening) = opening {
            roll(opening, &activity, &closing, &mut found);
        }
        opening = Some(closing);
    }
    found.sort();
    found
}

fn read(world: &World) -> (Vec<Found>, Lines) {
    let (mut found, mut lines) = (Vec::new(), Lines::new());
    let mut headers: BTreeMap<Report, BTreeSet<String>> = BTreeMap::new();
    for file in &world.files {
        let header = columns(file);
        let known = headers.entry(file.report).or_insert_with(|| header.clone());
        if header != *known {
            found.push(Found::new("SCHEMA_DRIFT", file.name(), None, None));
        }
        let text = text(file);
        match text.trim_end().strip_suffix("<END>") {
            Some(body) => {
                let rows = table(body).into_iter().filter(is_readable);
                lines.entry((file.report, file.day.to_string())).or_default().extend(rows);
            }
            None => found.push(Found::new("FILE_INCOMPLETE", file.name(), None, None)),
        }
    }
    (found, lines)
}

fn columns(file: &ReportFile) -> BTreeSet<String> {
    text(file).lines().next().unwrap().split(',').map(str::to_owned).collect()
}

fn is_readable(line: &Row) -> bool {
    line.get("settlementAmountValue").is_none_or(|cell| number(cell).is_some())
}

fn amount(line: &Row, column: &str) -> i128 {
    line.get(column).map_or(0, |cell| micros(cell))
}

/// Fee columns with their currency columns; the parts of an aggregate are not counted again.
fn fees(line: &Row) -> Vec<(i128, &str)> {
    let fee = |column: &str| column.ends_with("FeeAmountValue") || column == "acquirerMarkupAmountValue";
    let aggregate = line.get("feeAmountValue").is_some_and(|cell| !cell.is_empty());
    let counted = |column: &str| {
        if aggregate { column == "feeAmountValue" } else { fee(column) || column == "disputeHandlingFee" }
    };
    let amounts = line.iter().filter(|(column, cell)| counted(column) && !cell.is_empty());
    let currency = |column: &str| {
        let stem = column.strip_suffix("AmountValue").unwrap_or(column);
        line[&format!("{stem}Currency")].as_str()
    };
    amounts.map(|(column, cell)| (micros(cell), currency(column))).collect()
}

/// The transaction amount in the settlement currency, the quote applied as written or turned round.
pub fn gross(line: &Row, turned: bool) -> Option<i128> {
    let amount = amount(line, "transactionAmountValue");
    if line["transactionCurrency"] == line["settlementCurrency"] {
        return Some(amount);
    }
    let (left, _) = line["quoteCurrencyPair"].split_once('/')?;
    let price = micros(&line["quotePrice"]);
    let unit = 10_i128.pow(6 - decimals(&line["settlementCurrency"]));
    let multiplies = (line["transactionCurrency"] == left) != turned;
    let (numerator, denominator) = if multiplies { (amount * price, 1_000_000) } else { (amount * 1_000_000, price) };
    Some(crate::contract::half_even(numerator, denominator * unit) * unit)
}

/// The first thing that is wrong with a line of settlement details.
fn row(line: &Row, contract: &Contract) -> Option<Found> {
    if line["transactionAmountValue"].is_empty() {
        return None;
    }
    let id = &line["transactionId"];
    let (gross, net) = (gross(line, false), amount(line, "settlementAmountValue"));
    let fees = fees(line);
    let charged: i128 = fees.iter().map(|(fee, _)| fee).sum();
    if let Some((kind, recomputed, reported)) = contract.judge(line, gross.unwrap_or(net - charged)) {
        return Some(Found::new(kind, id, recomputed, Some(reported)));
    }
    if let Some((fee, _)) = fees.iter().find(|(_, currency)| *currency != line["settlementCurrency"]) {
        return Some(Found::new("FEE_CURRENCY", id, None, Some(*fee)));
    }
    let Some(gross) = gross else { return Some(Found::new("FX_VARIANCE", id, None, Some(net - charged))) };
    let converted = line.get("convertedTransactionAmountValue").map(|cell| micros(cell)).filter(|cell| *cell != 0);
    if let Some(converted) = converted.filter(|converted| *converted != gross) {
        return Some(Found::new("FX_VARIANCE", id, Some(gross), Some(converted)));
    }
    if net == gross + charged {
        return None;
    }
    if self::gross(line, true) == Some(net - charged) {
        return Some(Found::new("FX_VARIANCE", id, Some(gross), Some(net - charged)));
    }
    Some(Found::new("NET_FORMULA", id, Some(gross + charged), Some(net)))
}

/// Batch, party and currency: in the marketplace's layout the party is `merchantId`, elsewhere `customerId`.
fn party(line: &Row) -> (String, String, String) {
    let merchant = line.get("merchantId").or_else(|| line.get("customerId")).unwrap();
    (line["settlementBatchId"].clone(), merchant.clone(), line["settlementCurrency"].clone())
}

fn is_whole(line: &&Row) -> bool {
    line.get("summaryType").is_none_or(|kind| kind == "TOTAL")
}

/// A total is the sum of its types, in net, every fee and count.
fn totals(summary: &[Row], found: &mut Vec<Found>) {
    for whole in summary.iter().filter(|line| line.get("summaryType").is_some_and(|kind| kind == "TOTAL")) {
        let types = summary.iter().filter(|line| party(line) == party(whole) && line["summaryType"] != "TOTAL");
        let types: Vec<&Row> = types.collect();
        let batch = &whole["settlementBatchId"];
        for column in whole.keys().filter(|column| column.ends_with("Value") || *column == "disputeHandlingFee") {
            let (sum, total) = (types.iter().map(|line| amount(line, column)).sum(), amount(whole, column));
            if sum != total {
                found.push(Found::new("CONTROL_TOTAL", batch, Some(sum), Some(total)));
            }
        }
        let count: i128 = types.iter().map(|line| amount(line, "count")).sum();
        if count != amount(whole, "count") {
            found.push(Found::new("CONTROL_TOTAL", batch, None, None));
        }
    }
}

fn batches(details: &[Row], summary: &[Row], found: &mut Vec<Found>) {
    let sums = |lines: &mut dyn Iterator<Item = &Row>| {
        let mut sums: BTreeMap<_, i128> = BTreeMap::new();
        for line in lines {
            *sums.entry(party(line)).or_default() += amount(line, "settlementAmountValue");
        }
        sums
    };
    let (details, summary) = (sums(&mut details.iter()), sums(&mut summary.iter().filter(is_whole)));
    let parties: BTreeSet<_> = details.keys().chain(summary.keys()).collect();
    for party in parties {
        let (recomputed, reported) = (details.get(party).copied(), summary.get(party).copied());
        if recomputed != reported {
            found.push(Found::new("BATCH_TOTAL", &party.0, recomputed, reported));
        }
    }
}

/// Movements told once; whoever is told again is found.
fn distinct(activity: &[Row], found: &mut Vec<Found>) -> Vec<Row> {
    let mut told = BTreeSet::new();
    let mut once = Vec::new();
    for line in activity {
        if told.insert(&line["accountLogId"]) {
            once.push(line.clone());
        } else {
            found.push(Found::new("DUPLICATE_IN_REPORT", &line["accountLogId"], None, Some(moved(line))));
        }
    }
    once
}

/// Signed, however the file writes what leaves an account.
fn moved(line: &Row) -> i128 {
    let amount = amount(line, "amount");
    if line["transDirection"] == "OUT" { -amount.abs() } else { amount }
}

fn payouts(details: &[Row], summary: &[Row], activity: &[Row], found: &mut Vec<Found>) {
    let mut paid: Vec<&Row> = activity.iter().filter(|line| line["transDirection"] == "OUT").collect();
    let mut due: Vec<&Row> = summary.iter().filter(is_whole).collect();
    due.retain(|line| {
        let (_, merchant, currency) = party(line);
        let net = amount(line, "settlementAmountValue");
        let fits =
            |out: &&Row| out["merchantId"] == merchant && out["accountCurrency"] == currency && moved(out) == -net;
        let place = paid.iter().position(fits);
        place.map(|place| paid.remove(place));
        net > 0 && place.is_none()
    });
    for line in due {
        let (batch, merchant, currency) = party(line);
        let others = |out: &&&Row| {
            let debit = |line: &Row| {
                let (_, of, in_currency) = party(line);
                of == merchant && in_currency == currency && amount(line, "settlementAmountValue") == moved(out)
            };
            out["merchantId"] == merchant && out["accountCurrency"] == currency && !details.iter().any(debit)
        };
        let candidates: Vec<&&Row> = paid.iter().filter(others).collect();
        let due = Some(-amount(line, "settlementAmountValue"));
        found.push(match candidates[..] {
            [one] => Found::new("PAYOUT_AMOUNT", &batch, due, Some(moved(one))),
            _ => Found::new("PAYOUT_MISSING", &batch, due, None),
        });
    }
}

fn balances(lines: &[Row]) -> BTreeMap<String, i128> {
    let balances: BTreeMap<String, i128> =
        lines.iter().map(|line| (line["accountNo"].clone(), amount(line, "balance"))).collect();
    assert_eq!(balances.len(), lines.len(), "each account once");
    balances
}

fn roll(mut held: BTreeMap<String, i128>, activity: &[Row], closing: &BTreeMap<String, i128>, found: &mut Vec<Found>) {
    for line in activity {
        *held.entry(line["accountNo"].clone()).or_default() += moved(line);
    }
    for account in closing.keys() {
        held.entry(account.clone()).or_default();
    }
    for (account, expected) in held {
        let reported = closing.get(&account).copied();
        if reported.unwrap_or(0) != expected {
            found.push(Found::new("BALANCE_ROLL", &account, Some(expected), reported));
        }
    }
}
