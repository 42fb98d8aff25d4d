//! Lines of settlement summaries, account activity and daily ending balances.

use chrono::NaiveDate;

use super::detail::{Fee, Place};
use super::money::Currency;
use super::sheet::{Row, Sheet, Unreadable, day};
use super::words::{FEES, TOTAL_FEE};

/// A row of a settlement summary.
#[derive(Debug, Clone)]
pub struct SummaryLine {
    /// Where it stands.
    pub place: Place,
    /// `settlementBatchId`.
    pub batch: String,
    /// `merchantId` or `customerId`.
    pub merchant: String,
    /// `referenceMerchantId`; `None` where the file has no such column.
    pub party: Option<String>,
    /// `summaryType` in capitals; `None` where the file has no such column.
    pub summary_type: Option<String>,
    /// `count`; `None` if empty.
    pub count: Option<i128>,
    /// `settlementAmountValue`. A correction row without one moves its aggregate fee (`antom.md`, 3.5).
    pub net: i128,
    /// `settlementCurrency`.
    pub currency: Currency,
    /// The fees whose cells are not empty.
    pub fees: Vec<Fee>,
}

/// A movement of an account.
#[derive(Debug, Clone)]
pub struct ActivityLine {
    /// Where it stands.
    pub place: Place,
    /// `merchantId`.
    pub merchant: String,
    /// `referenceMerchantId`.
    pub party: String,
    /// `accountNo`.
    pub account: String,
    /// `accountCurrency`.
    pub currency: Currency,
    /// `accountLogId`.
    pub log: String,
    /// Whether `transDirection` is `OUT`.
    pub out: bool,
    /// In smallest units; out is negative, whichever way it is written.
    pub amount: i128,
    /// `transType`, where the file has it.
    pub kind: String,
    /// `settlementBatchId`, where the file has it.
    pub batch: String,
}

/// A balance at the end of a day.
#[derive(Debug, Clone)]
pub struct BalanceLine {
    /// `merchantId`.
    pub merchant: String,
    /// `referenceMerchantId`.
    pub party: String,
    /// `accountNo`.
    pub account: String,
    /// `accountCurrency`.
    pub currency: Currency,
    /// In smallest units.
    pub balance: i128,
    /// `accountDate`.
    pub on: NaiveDate,
}

fn place(sheet: &Sheet, row: &Row<'_>) -> Place {
    Place { file: sheet.name.clone(), line: row.line }
}

/// An id that a line is nothing without.
fn id(row: &Row<'_>, column: &str) -> Result<String, Unreadable> {
    let text = row.text(column);
    if text.is_empty() { Err(Unreadable) } else { Ok(text.to_owned()) }
}

fn merchant(row: &Row<'_>) -> String {
    row.either(&["merchantId", "customerId"]).to_owned()
}

impl SummaryLine {
    fn read(sheet: &Sheet, row: &Row<'_>) -> Result<Self, Unreadable> {
        let currency = row.currency("settlementCurrency")?;
        let mut fees = Vec::new();
        for (kind, column, currency_column) in [TOTAL_FEE].into_iter().chain(FEES) {
            let fee = row.amount(column, currency_column, currency)?;
            fees.extend(fee.map(|(amount, currency)| Fee { kind, amount, currency }));
        }
        row.amount("nonGuaranteeCouponValue", "nonGuaranteeCouponCurrency", currency)?;
        let aggregate = fees.iter().find(|fee| fee.kind == TOTAL_FEE.0);
        let currency = currency.or(aggregate.map(|fee| fee.currency)).ok_or(Unreadable)?;
        let summary_type = sheet.has("summaryType").then(|| row.text("summaryType").to_ascii_uppercase());
        let net = match row.amount("settlementAmountValue", "settlementCurrency", None)? {
            Some((net, _)) => net,
            None if summary_type.as_deref() == Some("DEFAULT") => aggregate.map_or(0, |fee| fee.amount),
            None => return Err(Unreadable),
        };
        let count = match row.text("count") {
            "" => None,
            text => Some(text.parse::<u64>().map(i128::from).map_err(|_| Unreadable)?),
        };
        row.check_time("settlementTime")?;
        row.check_time("settlementInitiatedDate")?;
        Ok(Self {
            place: place(sheet, row),
            batch: row.text("settlementBatchId").to_owned(),
            merchant: merchant(row),
            party: sheet.has("referenceMerchantId").then(|| row.text("referenceMerchantId").to_owned()),
            summary_type,
            count,
            net,
            currency,
            fees,
        })
    }
}

impl ActivityLine {
    fn read(sheet: &Sheet, row: &Row<'_>) -> Result<Self, Unreadable> {
        let (amount, currency) = row.amount("amount", "accountCurrency", None)?.ok_or(Unreadable)?;
        let out = match row.text("transDirection").to_ascii_uppercase().as_str() {
            "OUT" => true,
            "IN" => false,
            _ => return Err(Unreadable),
        };
        Ok(Self {
            place: place(sheet, row),
            merchant: merchant(row),
            party: row.text("referenceMerchantId").to_owned(),
            account: id(row, "accountNo")?,
            currency,
            log: id(row, "accountLogId")?,
            out,
            amount: if out { -amount.abs() } else { amount },
            kind: row.text("transType").to_owned(),
            batch: row.text("settlementBatchId").to_owned(),
        })
    }
}

impl BalanceLine {
    fn read(row: &Row<'_>) -> Result<Self, Unreadable> {
        let (balance, currency) = row.amount("balance", "accountCurrency", None)?.ok_or(Unreadable)?;
        Ok(Self {
            merchant: merchant(row),
            party: row.text("referenceMerchantId").to_owned(),
            account: id(row, "accountNo")?,
            currency,
            balance,
            on: day(row.text("accountDate")).ok_or(Unreadable)?,
        })
    }
}

fn lines<'s, L>(
    sheets: &'s [Sheet],
    read: impl Fn(&'s Sheet, &Row<'s>) -> Result<L, Unreadable> + Copy + 's,
) -> Vec<L> {
    let all = sheets.iter().flat_map(|sheet| sheet.rows().map(move |row| read(sheet, &row)));
    all.filter_map(Result::ok).collect()
}

/// The rows of these summaries that can be read.
pub fn summaries(sheets: &[Sheet]) -> Vec<SummaryLine> {
    lines(sheets, SummaryLine::read)
}

/// The movements that can be read.
pub fn activity(sheets: &[Sheet]) -> Vec<ActivityLine> {
    lines(sheets, ActivityLine::read)
}

/// The balances that can be read.
pub fn balances(sheets: &[Sheet]) -> Vec<BalanceLine> {
    lines(sheets, |_, row| BalanceLine::read(row))
}
