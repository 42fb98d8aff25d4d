//! Rows of a settlement summary: the marketplace's six columns, and the general layouts with `summaryType`.

use crate::money::Currency;
use crate::records::Row;
use crate::report::{Column, Place, SummaryLine, SummaryRole};

use super::block::{LineKind, LineReader};
use super::cells::{self, Unreadable};
use super::sums::{aggregate_fee, is_correction};

/// Rows of a settlement summary.
pub(super) struct Summaries;

impl LineKind for Summaries {
    type Line = SummaryLine;
    type Beside = ();
    const LINE_BYTES: usize = 100;

    fn read(
        &self,
        reader: &mut LineReader<'_, '_>,
        (): &mut (),
        place: Place,
        row: Row<'_>,
    ) -> Result<SummaryLine, Unreadable> {
        let layout = reader.context.layout;
        let raw_type = layout.cell(row, Column::SummaryType);
        let (net, currency) = reader.net(row, raw_type)?;
        let mut fees = Vec::new();
        let aggregate = reader.fees(row, Some(currency), |fee| fees.push(fee))?.aggregate;
        fees.extend(aggregate.map(aggregate_fee));
        for other in [layout.converted(), layout.coupon()] {
            reader.other_amount(row, other, Some(currency))?;
        }
        reader.settlement_time(row)?;
        let count = reader.count(row)?;
        Ok(SummaryLine {
            place,
            batch: reader.caches.symbol(layout.id(row, Column::BatchId)),
            merchant: reader.caches.symbol(layout.id(row, Column::MerchantId)),
            party: reader.caches.symbol(layout.id(row, Column::ReferenceMerchantId)),
            raw_type: reader.caches.symbol(raw_type),
            role: role(raw_type, reader.context.layout.has(Column::SummaryType)),
            count,
            net,
            currency,
            fees,
        })
    }

    fn append(&self, (): &mut (), (): (), _: &mut [SummaryLine]) {}
}

/// What a row sums up, by its `summaryType` in any case.
fn role(raw_type: &[u8], has_types: bool) -> SummaryRole {
    match raw_type {
        // In a layout with types, a row without one is one of the rows that make the total.
        [] if has_types => SummaryRole::Type,
        [] => SummaryRole::Party,
        total if total.eq_ignore_ascii_case(b"TOTAL") => SummaryRole::Total,
        other if is_correction(other) => SummaryRole::Correction,
        _ => SummaryRole::Type,
    }
}

impl LineReader<'_, '_> {
    /// The settlement amount of a summary's row. Only a correction may lack it: it moves its fee.
    fn net(&mut self, row: Row<'_>, raw_type: &[u8]) -> Result<(i64, Currency), Unreadable> {
        let mut net = self.pair(row, Column::SettlementAmount, Column::SettlementCurrency, None)?;
        if net.amount.is_none() && is_correction(raw_type) {
            net = self.moved_by_fee(row, net)?;
        }
        let (amount, currency) = self.must_have(net, Column::SettlementAmount, Column::SettlementCurrency)?;
        self.evidence.note_point(self.context.layout.cell(row, Column::SettlementAmount), amount, currency);
        Ok((amount, currency))
    }

    /// How many transactions a row sums up, if it says so.
    fn count(&self, row: Row<'_>) -> Result<Option<u64>, Unreadable> {
        let layout = self.context.layout;
        let cell = layout.cell(row, Column::Count);
        match layout.position(Column::Count) {
            Some(at) if !cell.is_empty() => cells::count(at, cell).map(Some),
            _ => Ok(None),
        }
    }
}
