//! Fees and the other amounts beside the transaction's and the settlement's.

use crate::money::Currency;
use crate::records::Row;
use crate::report::schema::{AmountColumns, is_empty};

use super::block::BlockReader;
use super::cells::{self, Unreadable};

/// An amount with its currency; either may be absent.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) amount: Option<i64>,
    pub(super) currency: Option<Currency>,
}

impl BlockReader<'_, '_> {
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

    /// Reads all fees of a line and gives their sum in the currency of the settlement: the aggregate if the line has one, else
    /// the parts. A fee in another currency is checked and counted, but cannot be added.
    pub(super) fn fees(&mut self, row: Row<'_>, currency: Option<Currency>) -> Result<i64, Unreadable> {
        let layout = self.context.layout;
        let mut parts = 0_i64;
        let mut foreign = false;
        for &columns in layout.fees() {
            let fee = self.sum(row, columns, currency)?;
            let Some(amount) = fee.amount else { continue };
            if fee.currency == currency {
                let too_large = || Unreadable::at(columns.amount, "the fees are too large to be added up".to_owned());
                parts = parts.checked_add(amount).ok_or_else(too_large)?;
            } else {
                foreign |= amount != 0;
            }
        }
        let mut total = parts;
        if let Some(columns) = layout.fee_aggregate() {
            let fee = self.sum(row, columns, currency)?;
            if let Some(amount) = fee.amount {
                let same = fee.currency == currency;
                total = if same { amount } else { 0 };
                foreign = !same && amount != 0;
            }
        }
        self.result.evidence.foreign_fees += u64::from(foreign);
        Ok(total)
    }

    /// Checks the amounts that nothing is computed from.
    pub(super) fn other_amounts(&mut self, row: Row<'_>, currency: Option<Currency>) -> Result<(), Unreadable> {
        for &columns in self.context.layout.other_amounts() {
            self.sum(row, columns, currency)?;
        }
        Ok(())
    }
}
