//! One line.

use crate::calendar::Instant;
use crate::id::Key;
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::records::Row;
use crate::report::schema::{entry_type, is_empty, status};
use crate::report::{Column, FeeAmount, Line, Original, Place, Quote};

use super::block::LineReader;
use super::cells::{self, Unreadable};
use super::sums::is_correction;

/// The amounts of a line.
struct Amounts {
    amount: i64,
    currency: Currency,
    net: i64,
    settlement_currency: Option<Currency>,
    fee: i64,
    aggregate: Option<(i64, Currency)>,
    converted: Option<(i64, Currency)>,
    coupon: Option<(i64, Currency)>,
}

/// What a line says of its money beside what [`Line`] keeps.
pub(super) struct Money<'a> {
    pub(super) quote: Quote<'a>,
    pub(super) aggregate: Option<(i64, Currency)>,
    pub(super) converted: Option<(i64, Currency)>,
    pub(super) coupon: Option<(i64, Currency)>,
}

impl LineReader<'_, '_> {
    /// Reads a line of details; its original stands behind the others, its single fees are shown.
    #[inline]
    pub(super) fn read_line<'r>(
        &mut self,
        place: Place,
        row: Row<'r>,
        originals: &mut Vec<Original>,
        show: impl FnMut(FeeAmount),
    ) -> Result<(Line, Money<'r>), Unreadable> {
        let layout = self.context.layout;
        let raw_type = layout.cell(row, Column::TransactionType);
        if raw_type.is_empty() {
            return Err(self.missing(Column::TransactionType, "the type of the line"));
        }
        let entry_type = entry_type(raw_type);
        let amounts = self.amounts(row, raw_type, entry_type, show)?;
        let at = self.times(row)?;
        let quote = self.quote(row)?;
        let Amounts { aggregate, converted, coupon, .. } = amounts;
        let raw_status = layout.cell(row, Column::Status);
        let (by_request, by_antom, original) = self.keys(row, entry_type);
        let line = Line {
            place,
            by_request,
            by_antom,
            amount: amounts.amount,
            net: amounts.net,
            fee: amounts.fee,
            at,
            currency: amounts.currency,
            settlement_currency: amounts.settlement_currency,
            party: self.caches.symbol(layout.id(row, Column::ReferenceMerchantId)),
            merchant: self.caches.symbol(layout.id(row, Column::MerchantId)),
            batch: self.caches.lasting(Column::BatchId, layout.id(row, Column::BatchId)),
            raw_type: self.caches.lasting(Column::TransactionType, raw_type),
            original: original.map(|original| keep(originals, original)),
            entry_type,
            status: if raw_status.is_empty() { Some(Status::Success) } else { status(raw_status) },
            names_party: layout.has(Column::ReferenceMerchantId),
        };
        Ok((line, Money { quote, aggregate, converted, coupon }))
    }

    /// Reads all amounts. Only lines that report no transaction (fees, reserves, corrections, and types that are not known) may
    /// lack the amount of one: what they move is the settlement amount.
    fn amounts(
        &mut self,
        row: Row<'_>,
        raw_type: &[u8],
        entry_type: Option<EntryType>,
        show: impl FnMut(FeeAmount),
    ) -> Result<Amounts, Unreadable> {
        let layout = self.context.layout;
        let may_lack = entry_type.is_none_or(EntryType::is_adjustment);
        let mut settlement = self.pair(row, Column::SettlementAmount, Column::SettlementCurrency, None)?;
        if layout.is_settlement() && !may_lack {
            self.must_have(settlement, Column::SettlementAmount, Column::SettlementCurrency)?;
        }
        if layout.is_settlement() && settlement.amount.is_none() && is_correction(raw_type) {
            settlement = self.moved_by_fee(row, settlement)?;
        }
        let fallback = settlement.currency.filter(|_| may_lack);
        let transaction = self.pair(row, Column::TransactionAmount, Column::TransactionCurrency, fallback)?;
        let (amount, currency) = match (transaction.amount, transaction.currency) {
            (Some(amount), Some(currency)) => (amount, currency),
            _ if may_lack && layout.has(Column::SettlementAmount) => match settlement.currency {
                Some(currency) => (settlement.amount.unwrap_or(0), currency),
                None => return Err(self.missing(Column::SettlementCurrency, "a currency")),
            },
            _ => self.must_have(transaction, Column::TransactionAmount, Column::TransactionCurrency)?,
        };
        self.note_amount(row, entry_type, amount, currency);
        let beside = settlement.currency.or(Some(currency));
        let fees = self.fees(row, beside, show)?;
        let converted = self.other_amount(row, layout.converted(), beside)?;
        let coupon = self.other_amount(row, layout.coupon(), beside)?;
        let (net, settlement_currency, fee) = match layout.is_settlement() {
            true => (settlement.amount.unwrap_or(0), settlement.currency, fees.total),
            false => (0, None, 0),
        };
        let aggregate = fees.aggregate;
        Ok(Amounts { amount, currency, net, settlement_currency, fee, aggregate, converted, coupon })
    }

    /// Remembers what the amount tells about the file's unit and signs.
    fn note_amount(&mut self, row: Row<'_>, entry_type: Option<EntryType>, amount: i64, currency: Currency) {
        let cell = self.context.layout.cell(row, Column::TransactionAmount);
        self.evidence.note_point(cell, amount, currency);
        if entry_type.is_some_and(EntryType::is_outgoing) {
            self.evidence.outgoing_positive += u64::from(amount > 0);
            self.evidence.outgoing_negative += u64::from(amount < 0);
        }
    }

    /// Reads all times; the first that is there, in the order of what they mean, is when the movement happened.
    fn times(&mut self, row: Row<'_>) -> Result<Option<Instant>, Unreadable> {
        let mut happened = None;
        for &at in self.context.layout.times() {
            let cell = row.get(at);
            if !is_empty(cell) {
                happened = happened.or(Some(self.caches.instant(at, cell)?));
            }
        }
        self.settlement_time(row)?;
        Ok(happened)
    }

    /// Checks the time of the settlement.
    pub(super) fn settlement_time(&mut self, row: Row<'_>) -> Result<(), Unreadable> {
        let layout = self.context.layout;
        let cell = layout.cell(row, Column::SettlementTime);
        match layout.position(Column::SettlementTime) {
            Some(at) if !cell.is_empty() => self.caches.settlement_time(at, cell),
            _ => Ok(()),
        }
    }

    /// Reads the exchange rate and its currencies. Whether they say enough is not judged here.
    fn quote<'r>(&mut self, row: Row<'r>) -> Result<Quote<'r>, Unreadable> {
        let layout = self.context.layout;
        let price = layout.cell(row, Column::QuotePrice);
        if let Some(at) = layout.position(Column::QuotePrice).filter(|_| !price.is_empty()) {
            cells::rate(at, price)?;
        }
        let pair = layout.cell(row, Column::QuoteCurrencyPair);
        let Some(at) = layout.position(Column::QuoteCurrencyPair).filter(|_| !pair.is_empty()) else {
            return Ok(Quote { pair: None, price });
        };
        let (Some((left, [b'/'])), Some(right)) = (pair.get(..4).map(|left| left.split_at(3)), pair.get(4..)) else {
            return Err(Unreadable::cell(at, pair, "no pair of currencies; expected one such as `USD/SGD`"));
        };
        let pair = (self.caches.currency(at, left)?, self.caches.currency(at, right)?);
        Ok(Quote { pair: Some(pair), price })
    }

    /// The keys of a line and of its original.
    fn keys(&self, row: Row<'_>, entry_type: Option<EntryType>) -> (Key, Key, Option<Original>) {
        let Some(known) = entry_type else { return (Key::NONE, Key::NONE, None) };
        let ids = self.context.layout.ids(row, entry_type);
        let keys = self.context.keys;
        let original = known.has_original().then(|| Original {
            by_request: keys.key(EntryType::Payment.request_space(), ids.original_request),
            by_antom: keys.key(EntryType::Payment.antom_space(), ids.original_antom),
        });
        let by_request = keys.key(known.request_space(), ids.request);
        let by_antom = keys.key(known.antom_space(), ids.antom);
        (by_request, by_antom, original.filter(|original| *original != Original::default()))
    }
}

/// Keeps an original and gives its index within the block.
fn keep(originals: &mut Vec<Original>, original: Original) -> u32 {
    originals.push(original);
    u32::try_from(originals.len() - 1).unwrap_or(u32::MAX)
}
