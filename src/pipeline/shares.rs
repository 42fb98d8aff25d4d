//! The payment of a share. A row about a share has its payment's request id, also where the share names the payment by Antom's id
//! alone: then another row of the payment tells.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::discrepancy::{Discrepancy, EntryEvidence, LineEvidence, payment_request_id};
use crate::id::DiscrepancyId;
use crate::kind::Stage;
use crate::matching::{Finding, ItemRef, ItemSide};

use super::evidence::Evidence;
use super::texts::Texts;

impl Evidence<'_> {
    /// The request ids of the payments of those rows for which another row tells them: `told` says which.
    ///
    /// # Errors
    /// The archive or the ledger cannot be read any more, or is not what it was.
    pub(super) fn payments_of(
        &self,
        texts: &Texts<'_>,
        told: &HashMap<ItemRef, ItemRef>,
        rows: impl Iterator<Item = ItemRef>,
    ) -> anyhow::Result<HashMap<ItemRef, String>> {
        let told: Vec<(ItemRef, ItemRef)> = rows.filter_map(|row| Some((row, *told.get(&row)?))).collect();
        let by: BTreeSet<ItemRef> = told.iter().map(|(_, by)| *by).collect();
        let mut ids = HashMap::new();
        self.read_lines(texts, by.iter().copied().filter(|item| item.side != ItemSide::Ledger), |item, text| {
            let entry_type = self.files(item.side)[item.file as usize].parsed.lines[item.row as usize].entry_type;
            let id = payment_request_id(entry_type, &text.request_id, &text.original_request_id);
            ids.insert(item, id.to_owned());
            Ok(())
        })?;
        for item in by.into_iter().filter(|item| item.side == ItemSide::Ledger) {
            let entry_type = self.ledger.parsed.entries[item.row as usize].entry_type;
            let text = self.entry(item)?;
            let id = payment_request_id(Some(entry_type), &text.request_id, &text.original_request_id);
            ids.insert(item, id.to_owned());
        }
        Ok(told.into_iter().filter_map(|(row, by)| Some((row, ids.get(&by)?.clone()))).collect())
    }
}

/// The rows that a finding about a share stands on.
pub(super) fn rows_of_share(finding: &Finding) -> impl Iterator<Item = ItemRef> + use<> {
    let rows = [finding.line, finding.entry].into_iter().flatten();
    let is_share = finding.stage == Stage::Splits;
    rows.filter(move |_| is_share)
}

/// The texts of a share's rows as if they named their payment by its request id themselves.
pub(super) fn naming(
    payment: &str,
    (line, entry): (Option<&LineEvidence>, Option<&EntryEvidence>),
) -> (Option<LineEvidence>, Option<EntryEvidence>) {
    let (mut line, mut entry) = (line.cloned(), entry.cloned());
    let originals = [
        line.as_mut().map(|known| &mut known.text.original_request_id),
        entry.as_mut().map(|known| &mut known.original_request_id),
    ];
    originals.into_iter().flatten().filter(|id| id.is_empty()).for_each(|id| payment.clone_into(id));
    (line, entry)
}

/// The row, under the id that it had while it did not name its payment if it was open under that one: a break keeps its id for life.
pub(super) fn kept_id(
    row: Discrepancy,
    unnamed: Discrepancy,
    open_before: &BTreeMap<DiscrepancyId, String>,
) -> Discrepancy {
    if open_before.contains_key(&unnamed.discrepancy_id) {
        return Discrepancy { discrepancy_id: unnamed.discrepancy_id, ..row };
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discrepancy::{Describer, DiscrepancyKind, Names, SeverityRule};

    #[test]
    fn a_break_that_is_open_under_the_id_that_it_had_keeps_it() {
        let (names, severity) = (Names::new("2188"), SeverityRule::default());
        let today = "2026-03-03".parse().expect("a date");
        let describer = Describer { names: &names, severity: &severity, today };
        let row = |path: &str| describer.about_file(DiscrepancyKind::NotSettled, path, "", path.to_owned());
        let (named, unnamed) = (row("named"), row("unnamed"));
        let open = |row: &Discrepancy| BTreeMap::from([(row.discrepancy_id.clone(), String::new())]);
        assert_eq!(kept_id(named.clone(), unnamed.clone(), &BTreeMap::new()), named);
        assert_eq!(kept_id(named.clone(), unnamed.clone(), &open(&named)), named);
        let kept = kept_id(named.clone(), unnamed.clone(), &open(&unnamed));
        assert_eq!((kept.discrepancy_id, kept.explanation), (unnamed.discrepancy_id, named.explanation));
    }
}
