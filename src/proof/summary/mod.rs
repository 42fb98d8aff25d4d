//! Settlement summaries: what their rows say of a batch, and whether a `TOTAL` row is the sum of the other rows.
//!
//! Rows may stand in any order and in several files: parts of one summary add up. A correction row (`DEFAULT`) counts like a
//! type, in amounts and in lines (page `autodebitpay/settlementsummary`).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Symbol, Symbols};
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::report::{FeeKind, SummaryLine, SummaryRole};

use super::files::{KeyText, Seen, in_order, money, not_run, place, spot};
use super::{BatchKey, DayStatement, Places, ProofFinding, Proved};

/// What the `TOTAL` rows of some summaries come to.
#[derive(Debug)]
pub struct ControlTotals {
    /// `CONTROL_TOTAL`: at most one per batch, party and currency.
    pub findings: Vec<ProofFinding>,
    /// Where each line of the summaries ended.
    pub places: Places,
    /// What was not proved, and why.
    pub remarks: Vec<String>,
}

/// Which rows of summaries are about the same money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupKey {
    /// Whether the summary names no parties, so that its rows are about all of a customer's.
    pub(super) all_parties: bool,
    /// The batch, party and currency; without a party if the rows are about all.
    pub(super) key: BatchKey,
}

impl GroupKey {
    pub(super) fn of(seen: &Seen<'_, SummaryLine>) -> Self {
        let line = seen.line;
        let all_parties = !seen.file.parsed.names_party;
        let party = if all_parties { Symbol::EMPTY } else { line.party };
        Self {
            all_parties,
            key: BatchKey { batch: line.batch, merchant: line.merchant, party, currency: line.currency },
        }
    }
}

/// The rows of summaries that are about the same money.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    pub(super) totals: Vec<Seen<'a, SummaryLine>>,
    pub(super) others: Vec<Seen<'a, SummaryLine>>,
}

impl<'a> Group<'a> {
    /// What the rows say that is paid: the `TOTAL`, or the sum of the rows where there is none.
    pub(super) fn figure(&self) -> i128 {
        self.decisive().iter().map(|seen| i128::from(seen.line.net)).sum()
    }

    /// The rows that the figure is taken from.
    pub(super) fn decisive(&self) -> &[Seen<'a, SummaryLine>] {
        if self.totals.is_empty() { &self.others } else { &self.totals }
    }

    /// The row that a discrepancy points to.
    pub(super) fn first(&self) -> Option<Seen<'a, SummaryLine>> {
        self.decisive().first().copied()
    }
}

/// The rows by what they are about, in the order given.
pub(super) fn groups<'a>(rows: impl Iterator<Item = Seen<'a, SummaryLine>>) -> BTreeMap<GroupKey, Group<'a>> {
    let mut groups = BTreeMap::<GroupKey, Group<'a>>::new();
    for seen in rows {
        let group = groups.entry(GroupKey::of(&seen)).or_default();
        if seen.line.role == SummaryRole::Total { group.totals.push(seen) } else { group.others.push(seen) }
    }
    groups
}

/// Recomputes the `TOTAL` rows of summaries that have types. A figure that a `TOTAL` does not state is not judged.
#[must_use]
pub fn control_totals(summaries: &[DayStatement<SummaryLine>], symbols: &Symbols) -> ControlTotals {
    let mut result = ControlTotals { findings: Vec::new(), places: not_run(summaries), remarks: Vec::new() };
    let typed = in_order(summaries).filter(|seen| seen.line.role != SummaryRole::Party);
    let mut groups: Vec<(KeyText, GroupKey, Group<'_>)> =
        groups(typed).into_iter().map(|(of, group)| (KeyText::of(&of.key, symbols), of, group)).collect();
    groups.sort_by(|one, other| (&one.0, one.1.all_parties).cmp(&(&other.0, other.1.all_parties)));
    let unread = unread_batches(summaries);
    for (text, of, group) in groups {
        let who = text.who(of.all_parties);
        if unread.contains(text.batch.as_str()) || unread.contains("") {
            result
                .remarks
                .push(format!("the summary's own total of {who} is not proved: a row of it could not be read"));
            continue;
        }
        let Some(first) = group.totals.first() else {
            result.remarks.push(format!("the summary's own total of {who} is not proved: it has no row `TOTAL`"));
            continue;
        };
        let (stated, rows) = (Figures::of(&group.totals), Figures::of(&group.others));
        result.remarks.extend(stated.unstated(&rows).map(|fee| {
            let where_found = spot(&first.file.name, first.line.place.line);
            format!("{where_found}: the `TOTAL` of {who} states no fee `{fee}`, though its rows do")
        }));
        let differences = stated.differences(&rows, text.currency);
        let proved = if differences.is_empty() { Proved::Holds } else { Proved::Fails };
        for seen in group.totals.iter().chain(&group.others) {
            place(&mut result.places, seen.at, proved);
        }
        result.findings.extend(finding(&text, of, &group, &differences));
    }
    result
}

/// The batches of rows that could not be read; the empty text for a row whose batch could not be read either.
pub(super) fn unread_batches(summaries: &[DayStatement<SummaryLine>]) -> BTreeSet<&str> {
    let rejects = summaries.iter().flat_map(|file| &file.parsed.rejects);
    rejects.map(|reject| reject.text.batch_id.as_str()).collect()
}

/// What rows state, added up.
#[derive(Debug, Default)]
struct Figures {
    net: i128,
    /// None if a row states none.
    count: Option<u128>,
    fees: BTreeMap<(FeeKind, Currency), i128>,
}

/// A figure of a `TOTAL` that is not the sum of the other rows.
#[derive(Debug)]
struct Difference {
    /// Its name in words.
    name: String,
    /// Tells it apart from the settlement amount.
    distinction: String,
    /// None for a number of lines.
    currency: Option<Currency>,
    rows: i128,
    stated: i128,
}

impl Figures {
    fn of(rows: &[Seen<'_, SummaryLine>]) -> Self {
        let mut figures = Self {
            net: rows.iter().map(|seen| i128::from(seen.line.net)).sum(),
            count: rows.iter().map(|seen| seen.line.count.map(u128::from)).sum(),
            fees: BTreeMap::new(),
        };
        for fee in rows.iter().flat_map(|seen| &seen.line.fees) {
            *figures.fees.entry((fee.kind, fee.currency)).or_default() += i128::from(fee.amount);
        }
        figures
    }

    /// Kinds of fees that the rows charge and this total does not state in any currency.
    fn unstated(&self, rows: &Self) -> impl Iterator<Item = FeeKind> {
        let charged = rows.fees.iter().filter(|&(_, &amount)| amount != 0).map(|(&(kind, _), _)| kind);
        let mut kinds: Vec<FeeKind> =
            charged.filter(|&kind| !self.fees.keys().any(|&(stated, _)| stated == kind)).collect();
        kinds.dedup();
        kinds.into_iter()
    }

    /// What this total states otherwise than the rows: the settlement amount first, then fees, then the number of lines.
    fn differences(&self, rows: &Self, settled_in: Currency) -> Vec<Difference> {
        let mut found = Vec::new();
        if self.net != rows.net {
            let (name, distinction) = ("settlement amount".to_owned(), String::new());
            found.push(Difference { name, distinction, currency: Some(settled_in), rows: rows.net, stated: self.net });
        }
        let kinds = self.fees.keys().map(|&(kind, _)| kind);
        for kind in kinds.collect::<BTreeSet<_>>() {
            let of_kind = |figures: &Self| {
                let fees = figures.fees.iter().filter(|((known, _), _)| *known == kind);
                fees.map(|(&(_, currency), &amount)| (currency, amount)).collect::<BTreeMap<_, _>>()
            };
            let (stated, charged) = (of_kind(self), of_kind(rows));
            let currencies: BTreeSet<Currency> = stated.keys().chain(charged.keys()).copied().collect();
            for currency in currencies {
                let amount = |of: &BTreeMap<Currency, i128>| of.get(&currency).copied().unwrap_or_default();
                let (stated, rows) = (amount(&stated), amount(&charged));
                if stated != rows {
                    let distinction = format!("{settled_in} {kind}");
                    let name = format!("fee `{kind}`");
                    found.push(Difference { name, distinction, currency: Some(currency), rows, stated });
                }
            }
        }
        if let (Some(stated), Some(rows)) = (self.count, rows.count)
            && stated != rows
        {
            let signed = |count: u128| i128::try_from(count).unwrap_or(i128::MAX);
            let (name, distinction) = ("number of lines".to_owned(), format!("{settled_in} count"));
            found.push(Difference { name, distinction, currency: None, rows: signed(rows), stated: signed(stated) });
        }
        found
    }
}

impl Difference {
    fn words(&self) -> String {
        let amount = |amount| self.currency.map_or_else(|| format!("{amount}"), |currency| money(amount, currency));
        format!("{}: `TOTAL` {}, the other rows {}", self.name, amount(self.stated), amount(self.rows))
    }
}

fn finding(text: &KeyText, of: GroupKey, group: &Group<'_>, differences: &[Difference]) -> Option<ProofFinding> {
    let (first, more) = differences.split_first()?;
    let at = group.totals.first()?;
    let rows =
        if group.others.len() == 1 { "1 other row".to_owned() } else { format!("{} other rows", group.others.len()) };
    let mut explanation = format!(
        "the `TOTAL` of {} ({}) is not the sum of {rows}: {}",
        text.who(of.all_parties),
        spot(&at.file.name, at.line.place.line),
        first.words()
    );
    for difference in more {
        explanation.push_str("; also ");
        explanation.push_str(&difference.words());
    }
    let parts = group.totals.len();
    if parts > 1 {
        explanation.push_str(&format!("; {parts} rows `TOTAL` were added up"));
    }
    let amount = |amount| first.currency.map(|_| amount);
    Some(ProofFinding {
        kind: DiscrepancyKind::ControlTotal,
        stage: Stage::File,
        antom_id: text.batch.clone(),
        merchant: of.key.merchant,
        party: of.key.party,
        currency: Some(first.currency.unwrap_or(text.currency)),
        expected: amount(first.rows),
        reported: amount(first.stated),
        place: Some(at.line.place),
        explanation,
        distinction: first.distinction.clone(),
    })
}
