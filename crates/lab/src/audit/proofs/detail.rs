//! Lines of settlement details.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};

use super::money::{Currency, Fraction};
use super::sheet::{Row, Sheet, Unreadable};
use super::words::{FEE_LINES, FEES, FeeColumn, TOTAL_FEE, entry_type, is_movement};

/// Where a line stands: the file's name and the physical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// The physical line.
    pub line: u64,
}

/// One fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// The word of its kind.
    pub kind: &'static str,
    /// As reported, in smallest units.
    pub amount: i128,
    /// Its own currency.
    pub currency: Currency,
}

/// A line that could be read.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Where it stands.
    pub place: Place,
    /// `settlementBatchId`.
    pub batch: String,
    /// `merchantId` or `customerId`.
    pub merchant: String,
    /// `referenceMerchantId`; empty for the marketplace.
    pub party: String,
    /// `transactionId`.
    pub transaction_id: String,
    /// `transactionRequestId`.
    pub request_id: String,
    /// The +08:00 day on which it happened, where the line has a time (`antom.md`, 9.13).
    pub happened_on: Option<NaiveDate>,
    /// `transactionType` as written.
    pub raw_type: String,
    /// The contract's word for it.
    pub entry_type: Option<&'static str>,
    /// `acquirer` or `PSP`.
    pub acquirer: String,
    /// `paymentMethodType`.
    pub method: String,
    /// `cardBrand`.
    pub brand: String,
    /// `cardCountry` or `issuingCountry`.
    pub country: String,
    /// The transaction's amount; `None` where the line has none.
    pub amount: Option<(i128, Currency)>,
    /// The settlement amount.
    pub net: i128,
    /// The settlement currency.
    pub currency: Currency,
    /// `quoteCurrencyPair`.
    pub pair: Option<(Currency, Currency)>,
    /// `quotePrice`.
    pub price: Option<Fraction>,
    /// `convertedTransactionAmountValue` and its currency, if it is not zero.
    pub converted: Option<(i128, Currency)>,
    /// The aggregate of all fees, where the line has it.
    pub aggregate: Option<Fee>,
    /// The single fees whose cells are not empty.
    pub fees: Vec<Fee>,
    /// The fee kinds that the file has columns for.
    pub columns: Vec<&'static str>,
}

impl Detail {
    /// Whether the row formula holds for its type.
    pub fn is_movement(&self) -> bool {
        is_movement(self.entry_type)
    }

    /// The fee kind of a line that is a fee as a whole.
    pub fn fee_line(&self) -> Option<&'static str> {
        FEE_LINES.iter().find(|(word, _)| self.raw_type.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind)
    }

    /// The fees that the formula adds up: the aggregate, else the single ones.
    pub fn counted_fees(&self) -> &[Fee] {
        self.aggregate.as_ref().map_or(&self.fees, std::slice::from_ref)
    }

    fn read(sheet: &Sheet, row: &Row<'_>) -> Result<Self, Unreadable> {
        let raw_type = row.text("transactionType");
        let entry_type = if raw_type.is_empty() { return Err(Unreadable) } else { entry_type(raw_type) };
        let is_movement = is_movement(entry_type);
        let settlement = row.amount("settlementAmountValue", "settlementCurrency", None)?;
        let currency = row.currency("settlementCurrency")?;
        let fallback = currency.filter(|_| !is_movement);
        let amount = row.amount("transactionAmountValue", "transactionCurrency", fallback)?;
        if is_movement && (settlement.is_none() || amount.is_none()) {
            return Err(Unreadable);
        }
        let currency = currency.or(amount.map(|(_, currency)| currency)).ok_or(Unreadable)?;
        let times = ["paymentTime", "transactionCompletionTime", "transactionUpdateTime", "transactionCreationTime"];
        let times = times.map(|column| row.instant(column)).into_iter().collect::<Result<Vec<_>, _>>()?;
        row.check_time("settlementTime")?;
        row.check_time("settlementInitiatedDate")?;
        let fee = |(kind, column, currency_column): FeeColumn| {
            let fee = row.amount(column, currency_column, Some(currency))?;
            Ok(fee.map(|(amount, currency)| Fee { kind, amount, currency }))
        };
        let fees = FEES.into_iter().filter_map(|column| fee(column).transpose()).collect::<Result<_, _>>()?;
        let converted = row.amount("convertedTransactionAmountValue", "convertedCurrency", Some(currency))?;
        row.amount("nonGuaranteeCouponValue", "nonGuaranteeCouponCurrency", Some(currency))?;
        Ok(Self {
            place: Place { file: sheet.name.clone(), line: row.line },
            batch: row.text("settlementBatchId").to_owned(),
            merchant: row.either(&["merchantId", "customerId"]).to_owned(),
            party: row.text("referenceMerchantId").to_owned(),
            transaction_id: row.text("transactionId").to_owned(),
            request_id: row.text("transactionRequestId").to_owned(),
            happened_on: times.into_iter().flatten().next().map(business_day),
            raw_type: raw_type.to_owned(),
            entry_type,
            acquirer: row.either(&["acquirer", "PSP"]).to_owned(),
            method: row.text("paymentMethodType").to_owned(),
            brand: row.text("cardBrand").to_owned(),
            country: row.either(&["cardCountry", "issuingCountry"]).to_owned(),
            amount,
            net: settlement.map_or(0, |(net, _)| net),
            currency,
            pair: pair(row.text("quoteCurrencyPair"))?,
            price: price(row.text("quotePrice"))?,
            converted: converted.filter(|(amount, _)| *amount != 0),
            aggregate: fee(TOTAL_FEE)?,
            fees,
            columns: fee_columns(sheet),
        })
    }
}

/// The day of an instant in Antom's time zone.
fn business_day(at: DateTime<FixedOffset>) -> NaiveDate {
    const HOURS: i64 = 8;
    (at.naive_utc() + TimeDelta::hours(HOURS)).date()
}

fn fee_columns(sheet: &Sheet) -> Vec<&'static str> {
    let columns = FEES.iter().chain([&TOTAL_FEE]);
    columns.filter(|(_, column, _)| sheet.has(column)).map(|(kind, ..)| *kind).collect()
}

fn pair(text: &str) -> Result<Option<(Currency, Currency)>, Unreadable> {
    if text.is_empty() {
        return Ok(None);
    }
    let sides = text.split_once('/').ok_or(Unreadable)?;
    let both = Currency::parse(sides.0).zip(Currency::parse(sides.1));
    both.map(Some).ok_or(Unreadable)
}

fn price(text: &str) -> Result<Option<Fraction>, Unreadable> {
    if text.is_empty() {
        return Ok(None);
    }
    Fraction::parse(text).filter(|_| !text.starts_with('-')).map(Some).ok_or(Unreadable)
}

/// The lines of these files that can be read, file after file.
pub fn details(sheets: &[Sheet]) -> Vec<Detail> {
    let all = sheets.iter().flat_map(|sheet| sheet.rows().map(move |row| Detail::read(sheet, &row)));
    all.filter_map(Result::ok).collect()
}
