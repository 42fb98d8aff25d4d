//! The five reports of a day in the marketplace layout (fact sheet, 2.0 to 2.5 and 9).

use super::accounts::{Movement, Party};
use super::day::Batch;
use super::lines::{Line, Part};
use super::money::Money;
use super::state::Market;
use crate::world::calendar::{compact, day_of};
use crate::world::layout::{Layout, Report};
use crate::world::money::Currency;
use chrono::NaiveDate;

/// The last line of every report.
const END: &str = "<END>";

/// What account activity says beside the columns that are documented.
const ACTIVITY_DETAILS: [&str; 3] = ["transType", "settlementBatchId", "transactionId"];

/// One file: its path below the server's root, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportText {
    /// `v1/settlements/<platformMerchantId>/<yyyymmdd>/<name>`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// All reports of a day, in the order of their paths.
pub(super) fn of_day(market: &Market, day: NaiveDate) -> Vec<ReportText> {
    let file = |name: String, text: String| {
        let platform = &market.options.platform;
        ReportText { path: format!("v1/settlements/{platform}/{}/{name}_000.csv", compact(day)), text }
    };
    let mut files = vec![
        file(format!("transactionItems_{}", compact(day)), transactions(market, day)),
        file(format!("accountActivity_{}", compact(day)), activity(market, day)),
        file(format!("dailyEndingBalance_{}", compact(day)), balances(market, day)),
    ];
    for (place, batch) in market.batches.iter().enumerate().filter(|(_, batch)| batch.day == day) {
        let name = format!("{}_{}", batch.currency.code, batch.id);
        files.push(file(format!("settlementItems_{name}"), details(market, place, batch)));
        files.push(file(format!("settlementSummary_{name}"), summary(market, batch)));
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files
}

/// The account number: stable, 20 digits, from the party and the currency's letters.
pub(super) fn account_no(merchant_id: &str, currency: Currency) -> String {
    let letters = currency.code.bytes().fold(0, |number, letter| number * 26 + u32::from(letter - b'A'));
    let tail = merchant_id.len().saturating_sub(11);
    format!("2159{:0>11}{letters:05}", &merchant_id[tail..])
}

/// A report as text: header, rows, end.
struct Table {
    columns: Vec<&'static str>,
    text: String,
}

impl Table {
    fn new(report: Report, more: &[&'static str]) -> Self {
        let columns = [&Layout::Marketplace.columns(report)[..], more].concat();
        let text = columns.join(",") + "\n";
        Self { columns, text }
    }

    fn row(&mut self, cell: impl Fn(&str) -> String) {
        let cells: Vec<String> = self.columns.iter().map(|column| quoted(cell(column))).collect();
        self.text.push_str(&(cells.join(",") + "\n"));
    }

    fn end(self) -> String {
        self.text + END + "\n"
    }
}

/// A cell after RFC 4180: in quotes where it must be.
fn quoted(cell: String) -> String {
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

fn transactions(market: &Market, day: NaiveDate) -> String {
    let mut table = Table::new(Report::TransactionDetails, &[]);
    for line in market.lines.iter().filter(|line| day_of(line.at) == day) {
        table.row(|column| line_cell(market, line, column));
    }
    table.end()
}

fn details(market: &Market, place: usize, batch: &Batch) -> String {
    let mut table = Table::new(Report::SettlementDetails, &[]);
    for part in market.parts.iter().filter(|part| part.batch == Some(place)) {
        table.row(|column| part_cell(market, part, batch, column));
    }
    table.end()
}

fn line_cell(market: &Market, line: &Line, column: &str) -> String {
    match column {
        "acquirer" => "Alipay_SG".to_owned(),
        "transactionId" => line.id.clone(),
        "originalTransactionId" => line.original.clone(),
        "transactionRequestId" => line.request_id.clone(),
        "referenceTransactionId" => line.order_id.clone(),
        "orderDescription" => line.description.clone(),
        "paymentMethodType" => line.method.to_owned(),
        "pspName" => line.wallet.to_owned(),
        "transactionType" => line.kind.to_owned(),
        "paymentTime" => Market::iso(line.at),
        "productCode" => "CASHIER_PAYMENT".to_owned(),
        "transactionAmountValue" => line.money.major(),
        "transactionCurrency" => line.money.currency.code.to_owned(),
        _ => party_cell(market, &line.party, column),
    }
}

fn part_cell(market: &Market, part: &Part, batch: &Batch, column: &str) -> String {
    let currency = batch.currency;
    match column {
        "settlementBatchId" => batch.id.clone(),
        "settlementTime" => Market::iso(batch.at),
        "settlementAmountValue" => Money::new(part.net(), currency).major(),
        "settlementCurrency" => currency.code.to_owned(),
        "paymentMethodFeeAmountValue" if part.fee != 0 => Money::new(part.fee, currency).major(),
        "paymentMethodFeeCurrency" if part.fee != 0 => currency.code.to_owned(),
        _ => line_cell(market, &part.line, column),
    }
}

fn summary(market: &Market, batch: &Batch) -> String {
    let mut table = Table::new(Report::SettlementSummary, &[]);
    for (party, net) in &batch.parties {
        table.row(|column| match column {
            "settlementBatchId" => batch.id.clone(),
            "settlementTime" => Market::iso(batch.at),
            "settlementAmountValue" => Money::new(*net, batch.currency).major(),
            "settlementCurrency" => batch.currency.code.to_owned(),
            _ => party_cell(market, party, column),
        });
    }
    table.end()
}

fn activity(market: &Market, day: NaiveDate) -> String {
    let mut table = Table::new(Report::AccountActivity, &ACTIVITY_DETAILS);
    for movement in market.accounts.movements.iter().filter(|movement| day_of(movement.at) == day) {
        table.row(|column| activity_cell(market, movement, column));
    }
    table.end()
}

fn activity_cell(market: &Market, movement: &Movement, column: &str) -> String {
    let currency = movement.money.currency;
    match column {
        "accountNo" => account_no(&market.merchant_id(&movement.party), currency),
        "accountCurrency" => currency.code.to_owned(),
        "accountLogId" => movement.log_id.clone(),
        "transDirection" => if movement.money.minor < 0 { "OUT" } else { "IN" }.to_owned(),
        "amount" => movement.money.major(),
        "transType" => movement.what.to_owned(),
        "settlementBatchId" => movement.batch.clone(),
        "transactionId" => movement.about.clone(),
        _ => party_cell(market, &movement.party, column),
    }
}

fn balances(market: &Market, day: NaiveDate) -> String {
    let mut table = Table::new(Report::DailyEndingBalance, &[]);
    for (party, held) in market.accounts.all() {
        table.row(|column| match column {
            "accountNo" => account_no(&market.merchant_id(party), held.currency),
            "accountCurrency" => held.currency.code.to_owned(),
            "balance" => held.major(),
            "accountDate" => compact(day),
            _ => party_cell(market, party, column),
        });
    }
    table.end()
}

fn party_cell(market: &Market, party: &Party, column: &str) -> String {
    match column {
        "merchantId" => market.merchant_id(party),
        "referenceMerchantId" => party.reference().to_owned(),
        _ => String::new(),
    }
}
