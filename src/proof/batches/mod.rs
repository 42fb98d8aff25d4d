//! Batches: the settlement details of a batch against its summary, per party and currency, or per customer where the summary
//! names no parties.
//!
//! Judged are the batches that the day's details or summaries name, over the day's and the earlier days' lines: a summary that
//! comes a day after its details, or before them, closes the batch when the other side comes.

mod explain;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::id::{Symbol, Symbols};
use crate::kind::{DiscrepancyKind, Stage};
use crate::money::Currency;
use crate::report::{Place, SummaryLine};

use super::files::{KeyText, in_order, not_run, place};
use super::summary::{Group, GroupKey, groups, unread_batches};
use super::{BatchKey, BatchSum, BatchSums, DayStatement, Places, ProofFinding, Proved};

/// What is compared.
pub struct BatchInputs<'a> {
    /// What the date's settlement details come to.
    pub details: &'a BatchSums,
    /// What the lines of earlier days come to; batches that the date does not name are passed over.
    pub earlier_details: &'a BatchSums,
    /// The date's settlement summaries; empty if it has none.
    pub summaries: &'a [DayStatement<SummaryLine>],
    /// Those of earlier days; batches that the date does not name are passed over.
    pub earlier_summaries: &'a [DayStatement<SummaryLine>],
    /// Whether the settlement details give each party's `merchantId` (the marketplace layout) and not the customer's: then a
    /// summary that names no parties and only one customer in a batch is about all merchants.
    pub merchant_per_party: bool,
    /// Names of the date's sets of settlement details that lack a part, for the explanation.
    pub incomplete: &'a [String],
    /// How many lines of the settlement details could not be read, by batch id, for the explanation.
    pub rejected: &'a BTreeMap<String, u64>,
    /// The name of a file of the run by [`Place::file`].
    pub file_name: &'a dyn Fn(u32) -> String,
    /// The texts of symbols.
    pub symbols: &'a Symbols,
}

/// What a batch comes to: a row of `settlement_batches.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// The batch, party and currency; without a party where the summary names none.
    pub key: BatchKey,
    /// `settlementBatchId`.
    pub batch: String,
    /// `merchantId` or `customerId`.
    pub merchant: String,
    /// `referenceMerchantId`; empty for the marketplace, and where the row is about all parties.
    pub party: String,
    /// Whether the row is about all parties of the customer.
    pub all_parties: bool,
    /// What the details' lines come to, those of earlier days included.
    pub sum: BatchSum,
    /// What the summary says, in the currency's smallest unit; none without a row.
    pub summary: Option<i128>,
    /// What left the account for it: negative. Filled by [`PayoutProof::add_to`](super::PayoutProof::add_to).
    pub payout: Option<i128>,
    /// Whether details and summary agree.
    pub proved: Proved,
}

impl BatchRow {
    /// Summary less details; none without a summary.
    #[must_use]
    pub fn difference(&self) -> Option<i128> {
        self.summary.map(|summary| summary - self.sum.net)
    }
}

/// What came of the comparison.
#[derive(Debug)]
pub struct BatchProof {
    /// One per batch, party and currency, ordered by text.
    pub rows: Vec<BatchRow>,
    /// `BATCH_TOTAL`, in the order of the rows.
    pub findings: Vec<ProofFinding>,
    /// Where each line of the date's summaries ended.
    pub places: Places,
    /// What was not proved, and why.
    pub remarks: Vec<String>,
}

/// Both sides of one comparison.
#[derive(Debug, Default)]
struct Pair<'a> {
    details: BatchSum,
    /// The first of the date's own lines.
    first_today: Option<Place>,
    /// How many of the lines are those of earlier days.
    earlier: u64,
    summary: Option<Group<'a>>,
}

impl Pair<'_> {
    fn figure(&self) -> Option<i128> {
        self.summary.as_ref().map(Group::figure)
    }

    /// A side that is missing is worth nothing: with nothing on the other, nothing is wrong.
    fn holds(&self) -> bool {
        self.figure().unwrap_or_default() == self.details.net
    }
}

/// All comparisons of the batches in question.
struct Comparison<'a> {
    pairs: BTreeMap<GroupKey, Pair<'a>>,
    /// Batches of which there is a row in a summary that names parties, and of which there is one in a summary that does not.
    named: BTreeSet<Symbol>,
    unnamed: BTreeSet<Symbol>,
    /// Whether the date's summaries name no parties.
    all_parties: bool,
    /// Whose all lines of a batch and currency are, where the details name merchants and the summary a customer.
    customers: BTreeMap<(Symbol, Currency), Symbol>,
}

/// Compares what settlement details pay with what summaries say, as far as there are summaries: a batch without any is judged
/// only if the date has a summary at all.
#[must_use]
pub fn prove_batches(input: &BatchInputs<'_>) -> BatchProof {
    let comparison = Comparison::of(input);
    let hints = explain::Hints::of(input, &comparison);
    let mut proof =
        BatchProof { rows: Vec::new(), findings: Vec::new(), places: not_run(input.summaries), remarks: Vec::new() };
    let mut ordered: Vec<(KeyText, &GroupKey, &Pair<'_>)> =
        comparison.pairs.iter().map(|(of, pair)| (KeyText::of(&of.key, input.symbols), of, pair)).collect();
    ordered.sort_by(|one, other| (&one.0, one.1.all_parties).cmp(&(&other.0, other.1.all_parties)));
    let mut proved = BTreeMap::<GroupKey, Proved>::new();
    let mut unproved = BTreeSet::new();
    let unread = unread_batches(input.summaries);
    for (text, &of, pair) in ordered {
        // A row that could not be read is not a row that is missing.
        let may_be_unread = pair.summary.is_none() && (unread.contains(text.batch.as_str()) || unread.contains(""));
        let has_summary = !input.summaries.is_empty() || comparison.has_rows(of.key.batch);
        let judged = has_summary && !may_be_unread;
        let verdict = match (judged, pair.holds()) {
            (false, _) => Proved::NotRun,
            (true, true) => Proved::Holds,
            (true, false) => Proved::Fails,
        };
        proved.insert(of, verdict);
        if verdict == Proved::NotRun {
            unproved.insert(text.batch.clone());
        }
        if verdict == Proved::Fails {
            proof.findings.push(finding(input, &comparison, &hints, (of, pair, &text)));
        }
        if comparison.is_listed(of) && !is_nothing(&text, pair) {
            proof.rows.push(row(of, pair, text, verdict));
        }
    }
    for seen in in_order(input.summaries) {
        place(&mut proof.places, seen.at, proved.get(&GroupKey::of(&seen)).copied().unwrap_or_default());
    }
    proof.remarks.extend(remark(&unproved));
    proof
}

impl<'a> Comparison<'a> {
    fn of(input: &BatchInputs<'a>) -> Self {
        let todays = in_order(input.summaries).map(|seen| seen.line.batch);
        let batches: BTreeSet<Symbol> = input.details.keys().map(|key| key.batch).chain(todays).collect();
        let rows = in_order(input.summaries).chain(in_order(input.earlier_summaries));
        let groups = groups(rows.filter(|seen| batches.contains(&seen.line.batch)));
        let with_rows = |all_parties: bool| {
            let of_layout = groups.keys().filter(move |of| of.all_parties == all_parties);
            of_layout.map(|of| of.key.batch).collect::<BTreeSet<Symbol>>()
        };
        let (named, unnamed) = (with_rows(false), with_rows(true));
        let all_parties = !input.summaries.is_empty() && input.summaries.iter().all(|file| !file.parsed.names_party);
        let customers = if input.merchant_per_party { only_customers(groups.keys()) } else { BTreeMap::new() };
        let mut comparison = Self { pairs: BTreeMap::new(), named, unnamed, all_parties, customers };
        for (key, sum) in input.details {
            comparison.add(key, sum, true);
        }
        for (key, sum) in input.earlier_details.iter().filter(|(key, _)| batches.contains(&key.batch)) {
            comparison.add(key, sum, false);
        }
        for (of, group) in groups {
            comparison.pairs.entry(of).or_default().summary = Some(group);
        }
        comparison
    }

    /// Adds lines of the details to the comparisons that they belong to.
    fn add(&mut self, key: &BatchKey, sum: &BatchSum, today: bool) {
        let without_rows = !self.has_rows(key.batch);
        let named = self.named.contains(&key.batch) || (without_rows && !self.all_parties);
        let unnamed = self.unnamed.contains(&key.batch) || (without_rows && self.all_parties);
        let customer = self.customers.get(&(key.batch, key.currency)).copied();
        let whole = BatchKey { merchant: customer.unwrap_or(key.merchant), party: Symbol::EMPTY, ..*key };
        let scopes = [(named, *key, false), (unnamed, whole, true)];
        for (_, key, all_parties) in scopes.into_iter().filter(|(applies, ..)| *applies) {
            let pair = self.pairs.entry(GroupKey { all_parties, key }).or_default();
            pair.details.merge(sum);
            if today {
                pair.first_today = [pair.first_today, sum.first].into_iter().flatten().min();
            } else {
                pair.earlier += sum.lines;
            }
        }
    }

    /// Whether any summary has a row of the batch.
    fn has_rows(&self, batch: Symbol) -> bool {
        self.named.contains(&batch) || self.unnamed.contains(&batch)
    }

    /// Whether it is a row of the output: of a batch with both kinds of summaries, the one that names parties is.
    fn is_listed(&self, of: GroupKey) -> bool {
        !of.all_parties || !self.named.contains(&of.key.batch)
    }
}

/// The customer of each batch and currency that the rows without parties name only one of.
fn only_customers<'k>(rows: impl Iterator<Item = &'k GroupKey>) -> BTreeMap<(Symbol, Currency), Symbol> {
    let mut customers = BTreeMap::<(Symbol, Currency), BTreeSet<Symbol>>::new();
    for GroupKey { key, .. } in rows.filter(|of| of.all_parties) {
        customers.entry((key.batch, key.currency)).or_default().insert(key.merchant);
    }
    let only =
        |(of, names): ((Symbol, Currency), BTreeSet<Symbol>)| Some((of, *names.first()?)).filter(|_| names.len() == 1);
    customers.into_iter().filter_map(only).collect()
}

/// Whether there is nothing to show: a batch of a day without transactions has a number of zeros, no lines and no money
/// (page `settlementsummary`, third sample).
fn is_nothing(text: &KeyText, pair: &Pair<'_>) -> bool {
    let zeros = text.batch.bytes().all(|digit| digit == b'0');
    zeros && pair.details.lines == 0 && pair.figure().unwrap_or_default() == 0
}

fn row(of: GroupKey, pair: &Pair<'_>, text: KeyText, proved: Proved) -> BatchRow {
    BatchRow {
        key: of.key,
        batch: text.batch,
        merchant: text.merchant,
        party: text.party,
        all_parties: of.all_parties,
        sum: pair.details.clone(),
        summary: pair.figure(),
        payout: None,
        proved,
    }
}

fn finding(
    input: &BatchInputs<'_>,
    comparison: &Comparison<'_>,
    hints: &explain::Hints<'_>,
    (of, pair, text): (GroupKey, &Pair<'_>, &KeyText),
) -> ProofFinding {
    let summary_line = pair.summary.as_ref().and_then(Group::first).map(|seen| seen.line.place);
    let second_view = of.all_parties && comparison.named.contains(&of.key.batch);
    ProofFinding {
        kind: DiscrepancyKind::BatchTotal,
        stage: Stage::Proof,
        antom_id: text.batch.clone(),
        merchant: of.key.merchant,
        party: of.key.party,
        currency: Some(of.key.currency),
        expected: (pair.details.lines > 0).then_some(pair.details.net),
        reported: pair.figure(),
        place: summary_line.or(pair.first_today).or(pair.details.first),
        explanation: explain::explain(input, comparison, hints, (of, pair, text)),
        distinction: if second_view { "all parties".to_owned() } else { String::new() },
    }
}

fn remark(unproved: &BTreeSet<String>) -> Option<String> {
    let first = unproved.first()?;
    let count = unproved.len();
    let named =
        if count == 1 { format!("batch `{first}` is") } else { format!("{count} batches, the first `{first}`, are") };
    Some(format!("{named} not proved against a settlement summary: the date has none"))
}
