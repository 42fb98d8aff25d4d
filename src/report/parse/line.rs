//! One line.

use crate::calendar::Instant;
use crate::id::Key;
use crate::money::Currency;
use crate::movement::{EntryType, Status};
use crate::records::Row;
use crate::report::schema::{AmountColumns, entry_type, status};
use crate::report::{Column, Line, Original, Place};

use super::block::BlockReader;
use super::cells::{self, Unreadable};
use super::fees::Sum;

/// The amounts of a line.
struct Amounts {
    amount: i64,
    currency: Currency,
    net: i64,
    settlement_currency: Option<Currency>,
    fee: i64,
}

impl BlockReader<'_, '_> {
    /// Reads a line of the right width.
    pub(super) fn read_line(&mut self, place: Place, row: Row<'_>) -> Result<Line, Unreadable> {
        let layout = self.context.layout;
        let raw_type = layout.cell(row, Column::TransactionType);
        if raw_type.is_empty() {
            return Err(self.missing(Column::TransactionType, "the type of the line"));
        }
        let entry_type = entry_type(raw_type);
        let amounts = self.amounts(row, entry_type)?;
        let at = self.times(row)?;
        self.quote(row)?;
        let raw_status = layout.cell(row, Column::Status);
        let (by_request, by_antom, original) = self.keys(row, entry_type);
        Ok(Line {
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
            batch: self.caches.symbol(layout.id(row, Column::BatchId)),
            raw_type: self.caches.symbol(raw_type),
            original: original.map(|original| self.keep(original)),
            entry_type,
            status: if raw_status.is_empty() { Some(Status::Success) } else { status(raw_status) },
            names_party: layout.has(Column::ReferenceMerchantId),
        })
    }

    /// Reads all amounts. Only lines that report no transaction (fees, reserves, corrections, and types that are not known) may
    /// lack the amount of one: what they move is the settlement amount.
    fn amounts(&mut self, row: Row<'_>, entry_type: Option<EntryType>) -> Result<Amounts, Unreadable> {
        let may_lack = entry_type.is_none_or(EntryType::is_adjustment);
        let settlement = self.pair(row, Column::SettlementAmount, Column::SettlementCurrency, None)?;
        if self.context.layout.is_settlement() && !may_lack {
            self.must_have(settlement, Column::SettlementAmount, Column::SettlementCurrency)?;
        }
        let fallback = settlement.currency.filter(|_| may_lack);
        let transaction = self.pair(row, Column::TransactionAmount, Column::TransactionCurrency, fallback)?;
        let (amount, currency) = match (transaction.amount, transaction.currency) {
            (Some(amount), Some(currency)) => (amount, currency),
            _ if may_lack && self.context.layout.has(Column::SettlementAmount) => match settlement.currency {
                Some(currency) => (settlement.amount.unwrap_or(0), currency),
                None => return Err(self.missing(Column::SettlementCurrency, "a currency")),
            },
            _ => self.must_have(transaction, Column::TransactionAmount, Column::TransactionCurrency)?,
        };
        self.note_amount(row, entry_type, amount, currency);
        let beside = settlement.currency.or(Some(currency));
        let fee = self.fees(row, beside)?;
        self.other_amounts(row, beside)?;
        if !self.context.layout.is_settlement() {
            return Ok(Amounts { amount, currency, net: 0, settlement_currency: None, fee: 0 });
        }
        let net = settlement.amount.unwrap_or(0);
        Ok(Amounts { amount, currency, net, settlement_currency: settlement.currency, fee })
    }

    fn pair(
        &mut self,
        row: Row<'_>,
        amount: Column,
        currency: Column,
        fallback: Option<Currency>,
    ) -> Result<Sum, Unreadable> {
        let layout = self.context.layout;
        match layout.position(amount) {
            Some(amount) => self.sum(row, AmountColumns { amount, currency: layout.position(currency) }, fallback),
            None => Ok(Sum::default()),
        }
    }

    fn must_have(&self, sum: Sum, amount: Column, currency: Column) -> Result<(i64, Currency), Unreadable> {
        match (sum.amount, sum.currency) {
            (Some(amount), Some(currency)) => Ok((amount, currency)),
            (None, _) => Err(self.missing(amount, "an amount")),
            (_, None) => Err(self.missing(currency, "a currency")),
        }
    }

    fn missing(&self, column: Column, expected: &str) -> Unreadable {
        let reason = format!("empty; expected {expected}");
        Unreadable { column: self.context.layout.position(column), reason }
    }

    /// Remembers what the amount tells about the file's unit and signs.
    fn note_amount(&mut self, row: Row<'_>, entry_type: Option<EntryType>, amount: i64, currency: Currency) {
        let evidence = &mut self.result.evidence;
        if currency.places() > 0 && amount != 0 {
            let cell = self.context.layout.cell(row, Column::TransactionAmount);
            evidence.with_places += 1;
            evidence.with_point += u64::from(cell.contains(&b'.'));
        }
        if entry_type.is_some_and(EntryType::is_outgoing) {
            evidence.outgoing_positive += u64::from(amount > 0);
            evidence.outgoing_negative += u64::from(amount < 0);
        }
    }

    /// Reads all times; the first that is there, in the order of what they mean, is when the movement happened.
    fn times(&mut self, row: Row<'_>) -> Result<Option<Instant>, Unreadable> {
        let layout = self.context.layout;
        let mut happened = None;
        for column in [Column::PaymentTime, Column::CompletionTime, Column::UpdateTime, Column::CreationTime] {
            let (Some(at), cell) = (layout.position(column), layout.cell(row, column)) else { continue };
            if !cell.is_empty() {
                happened = happened.or(Some(cells::instant(at, cell)?));
            }
        }
        if let Some(at) = layout.position(Column::SettlementTime) {
            let cell = layout.cell(row, Column::SettlementTime);
            if !cell.is_empty() {
                self.caches.settlement_time(at, cell)?;
            }
        }
        Ok(happened)
    }

    /// Checks the exchange rate and its currencies.
    fn quote(&mut self, row: Row<'_>) -> Result<(), Unreadable> {
        let layout = self.context.layout;
        let price = layout.cell(row, Column::QuotePrice);
        if let Some(at) = layout.position(Column::QuotePrice).filter(|_| !price.is_empty()) {
            cells::rate(at, price)?;
        }
        let pair = layout.cell(row, Column::QuoteCurrencyPair);
        if let Some(at) = layout.position(Column::QuoteCurrencyPair).filter(|_| !pair.is_empty()) {
            let (Some((left, [b'/'])), Some(right)) = (pair.get(..4).map(|left| left.split_at(3)), pair.get(4..))
            else {
                return Err(Unreadable::cell(at, pair, "no pair of currencies; expected one such as `USD/SGD`"));
            };
            self.caches.currency(at, left)?;
            self.caches.currency(at, right)?;
        }
        Ok(())
    }

    /// The keys of a line and of its original.
    fn keys(&self, row: Row<'_>, entry_type: Option<EntryType>) -> (Key, Key, Option<Original>) {
        let Some(known) = entry_type else { return (Key::NONE, Key::NONE, None) };
        let ids = self.context.layout.ids(row, entry_type);
        let keys = self.context.keys;
        let original = Original {
            by_request: keys.key(EntryType::Payment.request_space(), ids.original_request),
            by_antom: keys.key(EntryType::Payment.antom_space(), ids.original_antom),
        };
        let by_request = keys.key(known.request_space(), ids.request);
        let by_antom = keys.key(known.antom_space(), ids.antom);
        (by_request, by_antom, (original != Original::default()).then_some(original))
    }

    /// Keeps an original and gives its index within the block.
    fn keep(&mut self, original: Original) -> u32 {
        self.result.originals.push(original);
        u32::try_from(self.result.originals.len() - 1).unwrap_or(u32::MAX)
    }
}
