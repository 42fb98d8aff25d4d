//! Items in transit in words.

use std::collections::HashMap;

use crate::discrepancy::{InTransitRow, Side, payment_request_id};
use crate::failure::{Failure, Kind};
use crate::matching::{ItemRef, ItemSide, Reconciliation};
use crate::memory::SortKey;
use crate::movement::EntryType;

use super::evidence::{Described, Evidence};
use super::listing;
use super::texts::Texts;

impl Evidence<'_> {
    /// Items in transit, in the order of matching: by business date, side and place.
    pub(super) fn describe_waiting(
        &self,
        texts: &Texts<'_>,
        reconciliation: &Reconciliation,
        described: &mut Described,
    ) -> anyhow::Result<()> {
        let positions: HashMap<ItemRef, usize> =
            reconciliation.waiting.iter().enumerate().map(|(at, waiting)| (waiting.item, at)).collect();
        let mut rows: Vec<Option<InTransitRow>> = vec![None; reconciliation.waiting.len()];
        let in_reports = reconciliation.waiting.iter().map(|waiting| waiting.item);
        self.read_lines(texts, in_reports.filter(|item| item.side != ItemSide::Ledger), |item, text| {
            let at = positions[&item];
            let (waiting, line) = (
                &reconciliation.waiting[at],
                &self.files(item.side)[item.file as usize].parsed.lines[item.row as usize],
            );
            let Some(entry_type) = line.entry_type else { return Ok(()) };
            rows[at] = Some(InTransitRow {
                item_id: self.line_item_id(item, &text),
                request_id: text.request_id,
                antom_id: text.antom_id,
                entry_type,
                currency: line.currency,
                amount: line.amount.into(),
                side: Side::Report,
                business_date: waiting.business_date,
                due_on: waiting.due_on,
                waits_for: waiting.waits_for.as_str(),
                first_seen_on: self.job.today,
            });
            Ok(())
        })?;
        let booked = || reconciliation.waiting.iter().filter(|waiting| waiting.item.side == ItemSide::Ledger);
        let payments = self.payments_of(texts, &reconciliation.payments, booked().map(|waiting| waiting.item))?;
        for waiting in booked() {
            let entry = &self.ledger.parsed.entries[waiting.item.row as usize];
            let text = self.entry(waiting.item)?;
            let item_id = self.entry_item_id(&text);
            rows[positions[&waiting.item]] = Some(InTransitRow {
                item_id,
                request_id: match (entry.entry_type, payments.get(&waiting.item)) {
                    (EntryType::Settlement, Some(payment)) => payment.clone(),
                    (EntryType::Settlement, None) => {
                        payment_request_id(Some(entry.entry_type), &text.request_id, &text.original_request_id)
                            .to_owned()
                    }
                    _ => text.request_id,
                },
                antom_id: text.antom_id,
                entry_type: entry.entry_type,
                currency: entry.currency,
                amount: entry.amount.into(),
                side: Side::Ledger,
                business_date: waiting.business_date,
                due_on: waiting.due_on,
                waits_for: waiting.waits_for.as_str(),
                first_seen_on: self.job.today,
            });
        }
        if rows.iter().any(Option::is_none) {
            return Err(
                Failure::new(Kind::Integrity, "an item in transit has no text; please report this defect").into()
            );
        }
        described.in_transit = rows.into_iter().flatten().collect();
        tell_items_apart(&mut described.in_transit);
        described.in_transit.sort_by_cached_key(|row| SortKey::of(row, listing::by_date_and_side));
        Ok(())
    }
}

/// Items that nothing but their order tells apart get numbers, in the order of their places.
fn tell_items_apart(rows: &mut [InTransitRow]) {
    let mut seen = HashMap::<String, u32>::with_capacity(rows.len());
    for row in rows {
        let count = seen.entry(row.item_id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            row.item_id = format!("{}-{count}", row.item_id);
        }
    }
}
