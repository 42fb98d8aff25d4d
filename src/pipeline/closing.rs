//! What closed an item of which no row of the day says it: an entry that was booked or corrected since, a line that was restated.
//! The sides agree now; this names the row by which they do.

use std::collections::BTreeSet;

use crate::discrepancy::{Discrepancy, Side};
use crate::id::{Key, KeyMap, KeySet};
use crate::matching::{ItemRef, ItemSide};
use crate::movement::EntryType;
use crate::store::{Carried, CarriedInTransit};

use super::carry::is_of_proof;
use super::evidence::{Described, Evidence};

/// An item that was open before and is not now.
struct Gone<'a> {
    /// Under which it is looked up when it is listed as cleared.
    id: &'a str,
    keys: [Key; 2],
    /// Where what closed it stands.
    side: Side,
    /// Whether the row itself was there before, and says something else now.
    corrected: bool,
}

impl Evidence<'_> {
    /// Adds what closed the items that are no longer open to what the day's own rows closed.
    ///
    /// # Errors
    /// The ledger cannot be read any more.
    pub fn name_agreements(
        &self,
        (carried, waited): (Option<&Carried>, &[CarriedInTransit]),
        described: &mut Described,
    ) -> anyhow::Result<()> {
        let Some(before) = carried else { return Ok(()) };
        let gone = self.gone(before, waited, described);
        if gone.is_empty() {
            return Ok(());
        }
        let wanted = |side: Side| -> KeySet {
            let there = gone.iter().filter(|item| item.side == side);
            there.flat_map(|item| item.keys).filter(|key| !key.is_none()).collect()
        };
        let entries = self.least_names(self.entries_of(&wanted(Side::Ledger)))?;
        let lines = self.least_names(self.lines_of(&wanted(Side::Report)))?;
        for item in gone {
            let names = if item.side == Side::Ledger { &entries } else { &lines };
            let Some(name) = item.keys.iter().filter_map(|key| names.get(key)).min() else { continue };
            let by = if item.corrected { format!("{name}, as it stands now") } else { name.clone() };
            described.closed.insert(item.id.to_owned(), by);
        }
        Ok(())
    }

    /// The first of the names that the rows of each key have: the order of the ledger decides nothing. Very many items may share a key,
    /// and very many rows have it.
    fn least_names(&self, rows: KeyMap<Vec<ItemRef>>) -> anyhow::Result<KeyMap<String>> {
        let mut least = KeyMap::default();
        for (key, rows) in rows {
            let names = rows.iter().map(|row| Ok(self.names_of(&[*row])?.remove(0)));
            let names = names.collect::<anyhow::Result<Vec<String>>>()?;
            least.extend(names.into_iter().min().map(|name| (key, name)));
        }
        Ok(least)
    }

    fn gone<'a>(&self, before: &'a Carried, waited: &'a [CarriedInTransit], described: &Described) -> Vec<Gone<'a>> {
        let open: BTreeSet<&str> = described.discrepancies.iter().map(|row| row.discrepancy_id.as_str()).collect();
        let waiting: BTreeSet<&str> = described.in_transit.iter().map(|row| row.item_id.as_str()).collect();
        let is_gone = |row: &&Discrepancy| {
            !row.kind.is_about_file() && !is_of_proof(row) && !open.contains(row.discrepancy_id.as_str())
        };
        let listed = before.discrepancies.iter().filter(is_gone).filter_map(|row| {
            let keys = self.keys_of(row.typed?, &row.request_id, &row.antom_id)?;
            let (booked, reported) = (!row.ledger_entry_id.is_empty(), row.report_line.is_some());
            let side = if booked && !reported { Side::Report } else { Side::Ledger };
            Some(Gone { id: row.discrepancy_id.as_str(), keys, side, corrected: booked && reported })
        });
        let waited = waited.iter().filter(|item| {
            let id = item.item_id.as_str();
            !waiting.contains(id) && !described.closed.contains_key(id) && !described.became.contains(id)
        });
        let waited = waited.filter_map(|item| {
            let keys = self.keys_of(item.entry_type, &item.request_id, &item.antom_id)?;
            Some(Gone { id: &item.item_id, keys, side: Side::Ledger, corrected: item.side == Side::Ledger })
        });
        listed.chain(waited).collect()
    }

    /// The keys of an item. Rows about a share have the payment's ids, which are not the entry's.
    fn keys_of(&self, entry_type: EntryType, request_id: &str, antom_id: &str) -> Option<[Key; 2]> {
        let keys = self.job.keys;
        (entry_type != EntryType::Settlement).then(|| {
            [
                keys.key(entry_type.request_space(), request_id.as_bytes()),
                keys.key(entry_type.antom_space(), antom_id.as_bytes()),
            ]
        })
    }

    fn entries_of(&self, wanted: &KeySet) -> KeyMap<Vec<ItemRef>> {
        let mut found = KeyMap::<Vec<ItemRef>>::default();
        for (row, entry) in (0_u32..).zip(&self.ledger.parsed.entries) {
            for key in [entry.by_request, entry.by_antom].into_iter().filter(|key| wanted.contains(key)) {
                found.entry(key).or_default().push(ItemRef { side: ItemSide::Ledger, file: 0, row });
            }
        }
        found
    }

    fn lines_of(&self, wanted: &KeySet) -> KeyMap<Vec<ItemRef>> {
        let mut found = KeyMap::<Vec<ItemRef>>::default();
        let sides =
            [(ItemSide::Transactions, &self.reports.transactions), (ItemSide::Settlement, &self.reports.settlements)];
        for (side, files) in sides {
            for (file, report) in (0_u32..).zip(files) {
                for (row, line) in (0_u32..).zip(&report.parsed.lines) {
                    for key in [line.by_request, line.by_antom].into_iter().filter(|key| wanted.contains(key)) {
                        found.entry(key).or_default().push(ItemRef { side, file, row });
                    }
                }
            }
        }
        found
    }
}
