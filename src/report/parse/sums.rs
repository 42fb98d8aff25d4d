//! Amounts with their currencies, and fees.

use crate::money::Currency;
use crate::records::Row;
use crate::report::schema::{AmountColumns, is_empty};
use crate::report::{Column, FeeAmount, FeeKind};

use super::block::LineReader;
use super::cells::{self, Unreadable};

/// An amount with its currency; either may be absent.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<Currency>,
}

/// What the fees of a line come to.
pub(super) struct Fees {
    /// All of them in the currency of the settlement: the aggregate if the line has one, else the parts.
    pub(super) total: i64,
    /// The aggregate.
    pub(super) aggregate: Option<(i64, Currency)>,
}

impl Sum {
    /// The amount and its currency, if both are there.
    pub(super) const fn both(self) -> Option<(i64, Currency)> {
        match (self.amount, self.currency) {
            (Some(amount), Some(currency)) => Some((amount, currency)),
            _ => None,
        }
    }
}

impl LineReader<'_, '_> {
    /// Reads an amount and its currency; the currency is `fallback` if its cell is empty.
    pub(super) fn sum(
        &mut self,
        row: Row<'_>,
        columns: AmountColumns,
        fallback: Option<Currency>,
    ) -> Result<Sum, Unreadable> {
        let code = columns.currency.map_or(&b""[..], |at| row.get(at));
        let currency = match columns.currency {
            Some(at) if !is_empty(code) => Some(self.caches.currency(at, code)?),
            _ => fallback,
        };
        let cell = row.get(columns.amount);
        if is_empty(cell) {
            return Ok(Sum { amount: None, currency });
        }
        let Some(known) = currency else {
            let at = columns.currency.unwrap_or(columns.amount);
            return Err(Unreadable::at(at, "empty; expected the currency of the amount beside it".to_owned()));
        };
        let amount = cells::amount(columns.amount, cell, known, self.context.unit)?;
        Ok(Sum { amount: Some(amount), currency })
    }

    /// As [`Self::sum`], for columns that are read for their own meaning; nothing if the layout lacks the amount.
    pub(super) fn pair(
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

    /// The amount and currency that a line cannot do without.
    pub(super) fn must_have(&self, sum: Sum, amount: Column, currency: Column) -> Result<(i64, Currency), Unreadable> {
        match (sum.amount, sum.currency) {
            (Some(amount), Some(currency)) => Ok((amount, currency)),
            (None, _) => Err(self.missing(amount, "an amount")),
            (_, None) => Err(self.missing(currency, "a currency")),
        }
    }

    /// A cell that must not be empty.
    pub(super) fn missing(&self, column: Column, expected: &str) -> Unreadable {
        let reason = format!("empty; expected {expected}");
        Unreadable { column: self.context.layout.position(column), reason }
    }

    /// Reads all fees of a line, shows the single ones that are there, and adds them up. A fee in another currency than the
    /// settlement's is checked and counted, but cannot be added.
    pub(super) fn fees(
        &mut self,
        row: Row<'_>,
        currency: Option<Currency>,
        mut show: impl FnMut(FeeAmount),
    ) -> Result<Fees, Unreadable> {
        let layout = self.context.layout;
        let mut parts = 0_i64;
        let mut foreign = false;
        for &(kind, columns) in layout.fees().iter().filter(|(_, columns)| !columns.are_empty(row)) {
            let Some((amount, own)) = self.sum(row, columns, currency)?.both() else { continue };
            show(FeeAmount { kind, amount, currency: own });
            if Some(own) == currency {
                let too_large = || Unreadable::at(columns.amount, "the fees are too large to be added up".to_owned());
                parts = parts.checked_add(amount).ok_or_else(too_large)?;
            } else {
                foreign |= amount != 0;
            }
        }
        let mut fees = Fees { total: parts, aggregate: None };
        if let Some(columns) = layout.fee_aggregate() {
            fees.aggregate = self.sum(row, columns, currency)?.both();
        }
        if let Some((amount, own)) = fees.aggregate {
            let same = Some(own) == currency;
            fees.total = if same { amount } else { 0 };
            foreign = !same && amount != 0;
        }
        self.evidence.foreign_fees += u64::from(foreign);
        Ok(fees)
    }

    /// What a correction without a settlement amount moves: its aggregate fee (page `autodebitpay/settlementsummary`, acquirer
    /// 2C2P). A fee in another currency than the settlement's cannot be what is moved.
    pub(super) fn moved_by_fee(&mut self, row: Row<'_>, settlement: Sum) -> Result<Sum, Unreadable> {
        let Some(columns) = self.context.layout.fee_aggregate() else { return Ok(settlement) };
        let fee = self.sum(row, columns, settlement.currency)?;
        let Some((amount, currency)) = fee.both() else { return Ok(settlement) };
        match settlement.currency {
            Some(settled) if settled != currency => {
                let at = columns.currency.unwrap_or(columns.amount);
                let expected =
                    format!("a correction without a settlement amount moves its fee; expected it in `{settled}`");
                Err(Unreadable::cell(at, row.get(at), expected))
            }
            _ => Ok(Sum { amount: Some(amount), currency: Some(currency) }),
        }
    }

    /// Reads one of the amounts that nothing is computed from here.
    pub(super) fn other_amount(
        &mut self,
        row: Row<'_>,
        columns: Option<AmountColumns>,
        fallback: Option<Currency>,
    ) -> Result<Option<(i64, Currency)>, Unreadable> {
        match columns.filter(|columns| !columns.are_empty(row)) {
            Some(columns) => Ok(self.sum(row, columns, fallback)?.both()),
            None => Ok(None),
        }
    }
}

/// Whether a line corrects an acquirer's totals (page `autodebitpay/settlementsummary`).
pub(super) const fn is_correction(raw_type: &[u8]) -> bool {
    raw_type.eq_ignore_ascii_case(b"DEFAULT")
}

/// A fee under the kind of the aggregate.
pub(super) const fn aggregate_fee((amount, currency): (i64, Currency)) -> FeeAmount {
    FeeAmount { kind: FeeKind::Total, amount, currency }
}
