//! Batches: the details of each batch, party and currency against the summary, and a summary's total against its own rows.

use std::collections::{BTreeMap, BTreeSet};

use super::detail::{Detail, Place};
use super::formula::fee_sum;
use super::money::Currency;
use super::statements::SummaryLine;
use super::wanted::Wanted;

/// Batch, merchant, party, currency.
pub type BatchKey = (String, String, String, Currency);

/// The same of a summary, whose files may know no parties.
pub type SummaryKey = (String, String, Option<String>, Currency);

/// What the lines of one batch, party and currency come to, in smallest units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchSum {
    /// Number of lines.
    pub lines: u64,
    /// Net less counted fees of movements, by the contract's word.
    pub gross: BTreeMap<&'static str, i128>,
    /// Signed fees by kind; what the parts of an aggregate do not explain is `total`.
    pub fees: BTreeMap<&'static str, i128>,
    /// Fees in other currencies, converted: whether they are part of the fees or of the gross is left open.
    pub foreign: i128,
    /// Fee adjustments and corrections.
    pub corrections: i128,
    /// Reserve taken and given back.
    pub reserve: i128,
    /// Collateral taken and given back.
    pub collateral: i128,
    /// Lines of unknown types.
    pub unknown: i128,
    /// Sum of the settlement amounts.
    pub net: i128,
    /// Where the first line stands.
    pub first: Option<Place>,
}

impl BatchSum {
    fn add(&mut self, line: &Detail, sign: i128) {
        self.lines += 1;
        self.net += line.net;
        self.first.get_or_insert_with(|| line.place.clone());
        match line.entry_type {
            Some("FEE") => *self.fees.entry("settlement_fee").or_default() += line.net,
            Some("ADJUSTMENT") => self.corrections += line.net,
            Some("RESERVE" | "RESERVE_RELEASE") => self.reserve += line.net,
            Some("COLLATERAL" | "COLLATERAL_RELEASE") => self.collateral += line.net,
            Some(movement) => self.add_movement(movement, line, sign),
            None => self.unknown += line.net,
        }
    }

    fn add_movement(&mut self, movement: &'static str, line: &Detail, sign: i128) {
        let counted = fee_sum(line, sign);
        *self.gross.entry(movement).or_default() += line.net - counted.own;
        self.foreign += counted.foreign.unwrap_or(0);
        let own = |currency: Currency| currency == line.currency;
        let mut parts = 0;
        if line.aggregate.is_none_or(|aggregate| own(aggregate.currency)) {
            for fee in line.fees.iter().filter(|fee| own(fee.currency)) {
                parts += sign * fee.amount;
                *self.fees.entry(fee.kind).or_default() += sign * fee.amount;
            }
        }
        if counted.own != parts {
            *self.fees.entry("total").or_default() += counted.own - parts;
        }
    }

    /// Adds the lines of another party.
    pub fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        for (movement, amount) in &other.gross {
            *self.gross.entry(movement).or_default() += amount;
        }
        for (kind, amount) in &other.fees {
            *self.fees.entry(kind).or_default() += amount;
        }
        self.foreign += other.foreign;
        self.corrections += other.corrections;
        self.reserve += other.reserve;
        self.collateral += other.collateral;
        self.unknown += other.unknown;
        self.net += other.net;
    }

    /// All movements before fees.
    pub fn gross(&self) -> i128 {
        self.gross.values().sum()
    }

    /// All fees in settlement currency.
    pub fn fees(&self) -> i128 {
        self.fees.values().sum()
    }

    /// What is neither movement nor fee.
    pub fn other(&self) -> i128 {
        self.corrections + self.reserve + self.collateral + self.unknown
    }
}

/// Adds up the lines; `sign` tells which way a line's fees are written.
pub fn sums(lines: &[Detail], sign: impl Fn(&Detail) -> i128) -> BTreeMap<BatchKey, BatchSum> {
    let mut sums: BTreeMap<BatchKey, BatchSum> = BTreeMap::new();
    for line in lines {
        let key = (line.batch.clone(), line.merchant.clone(), line.party.clone(), line.currency);
        sums.entry(key).or_default().add(line, sign(line));
    }
    sums
}

/// What a summary says that is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// In smallest units: that of the `TOTAL` rows, of which each part may have one, or of all rows.
    pub net: i128,
    /// The first of those rows.
    pub place: Place,
}

fn summary_key(line: &SummaryLine) -> SummaryKey {
    (line.batch.clone(), line.merchant.clone(), line.party.clone(), line.currency)
}

fn is_total(line: &SummaryLine) -> bool {
    line.summary_type.as_deref() == Some("TOTAL")
}

fn grouped(lines: &[SummaryLine]) -> BTreeMap<SummaryKey, Vec<&SummaryLine>> {
    let mut groups: BTreeMap<SummaryKey, Vec<&SummaryLine>> = BTreeMap::new();
    for line in lines {
        groups.entry(summary_key(line)).or_default().push(line);
    }
    groups
}

/// The figure of each batch, party and currency.
pub fn figures(lines: &[SummaryLine]) -> BTreeMap<SummaryKey, Figure> {
    let figure = |group: &[&SummaryLine]| {
        let totals: Vec<&&SummaryLine> = group.iter().filter(|line| is_total(line)).collect();
        let counted = if totals.is_empty() { group.iter().collect() } else { totals };
        Figure { net: counted.iter().map(|line| line.net).sum(), place: counted[0].place.clone() }
    };
    grouped(lines).into_iter().map(|(key, group)| (key, figure(&group))).collect()
}

/// Whether a figure is about the lines of this key.
pub fn covers(figure: &SummaryKey, key: &BatchKey) -> bool {
    let party_fits = figure.2.as_ref().is_none_or(|party| *party == key.2);
    figure.0 == key.0 && figure.1 == key.1 && party_fits && figure.3 == key.3
}

/// The batches whose details and summary disagree. `names_parties`: whether any summary of the date knows parties.
pub fn batch_totals(
    sums: &BTreeMap<BatchKey, BatchSum>,
    figures: &BTreeMap<SummaryKey, Figure>,
    names_parties: bool,
) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    let mut covered = BTreeSet::new();
    for (key, figure) in figures {
        let own: Vec<_> = sums.iter().filter(|(batch, _)| covers(key, batch)).collect();
        covered.extend(own.iter().map(|(batch, _)| (*batch).clone()));
        let net = (!own.is_empty()).then(|| own.iter().map(|(_, sum)| sum.net).sum::<i128>());
        wanted.extend(disagreement(key, net, Some(figure.net), Some(&figure.place)));
    }
    let mut alone: BTreeMap<SummaryKey, (i128, Option<Place>)> = BTreeMap::new();
    for (key, sum) in sums.iter().filter(|(key, _)| !covered.contains(*key)) {
        let party = names_parties.then(|| key.2.clone());
        let entry = alone.entry((key.0.clone(), key.1.clone(), party, key.3)).or_insert((0, sum.first.clone()));
        entry.0 += sum.net;
        if is_earlier(sum.first.as_ref(), entry.1.as_ref()) {
            entry.1.clone_from(&sum.first);
        }
    }
    for (key, (net, first)) in &alone {
        wanted.extend(disagreement(key, Some(*net), None, first.as_ref()));
    }
    wanted
}

fn is_earlier(left: Option<&Place>, right: Option<&Place>) -> bool {
    let order = |place: Option<&Place>| place.map(|place| (place.file.clone(), place.line));
    order(left) < order(right)
}

fn disagreement(key: &SummaryKey, net: Option<i128>, summary: Option<i128>, place: Option<&Place>) -> Option<Wanted> {
    let is_nothing = matches!((net, summary), (Some(0), None) | (None, Some(0)));
    if net == summary || is_nothing {
        return None;
    }
    let wanted = Wanted::proof("BATCH_TOTAL", &key.0, key.2.as_deref().unwrap_or(""), key.3);
    Some(wanted.amounts(net, summary, key.3).at(place).entry_type(""))
}

/// Summaries whose `TOTAL` row is not the sum of the other rows: amount, then fees, then count.
pub fn control_totals(lines: &[SummaryLine]) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (key, group) in grouped(lines) {
        let (totals, others): (Vec<&SummaryLine>, Vec<&SummaryLine>) =
            group.iter().copied().partition(|line| is_total(line));
        if totals.is_empty() {
            continue;
        }
        let row = || Wanted {
            stage: "file",
            ..Wanted::proof("CONTROL_TOTAL", &key.0, key.2.as_deref().unwrap_or(""), key.3)
        };
        let both = |of: &dyn Fn(&SummaryLine) -> i128| -> (i128, i128) {
            (others.iter().map(|line| of(line)).sum(), totals.iter().map(|line| of(line)).sum())
        };
        let (net, stated) = both(&|line| line.net);
        if net != stated {
            wanted.push(row().amounts(Some(net), Some(stated), key.3));
            continue;
        }
        let fees: BTreeSet<_> = group.iter().flat_map(|line| &line.fees).map(|fee| (fee.kind, fee.currency)).collect();
        let mut wrong = Vec::new();
        for fee in fees {
            let own = |line: &SummaryLine| {
                line.fees.iter().filter(|own| (own.kind, own.currency) == fee).map(|own| own.amount).sum()
            };
            let (right, stated) = both(&own);
            // An empty cell of the total states nothing.
            let is_stated = totals.iter().any(|line| line.fees.iter().any(|own| own.kind == fee.0));
            if right != stated && is_stated {
                wrong.push(row().amounts(Some(right), Some(stated), fee.1).currency(Some(fee.1)));
            }
        }
        let (right, stated) = both(&|line| line.count.unwrap_or(0));
        if right != stated && group.iter().all(|line| line.count.is_some()) {
            wrong.push(row().no_amounts().currency(None));
        }
        // One row per total, about the first that is wrong; in which order is left open.
        let first = wrong.first().cloned();
        wanted.extend(first.map(|first| Wanted { or: wrong[1..].to_vec(), ..first }));
    }
    wanted
}
