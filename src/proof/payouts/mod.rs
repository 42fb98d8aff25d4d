//! Payouts: what a summary says that a batch pays to a party, against what leaves the party's account.
//!
//! Of each batch, party and currency with a positive sum, one `OUT` movement of exactly that amount is expected on the
//! summary's date, or up to a number of business days later. Exact amounts are paired first, in the order of dates and places: what
//! is in time, then what is overdue. What is left is named, and guessed only where nothing else is possible: one payout, one
//! candidate.

mod candidates;
mod explain;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::{BusinessDate, SettlementCalendar};
use crate::id::{Symbol, Symbols};
use crate::kind::{DiscrepancyKind, Stage};
use crate::matching::DayReport;
use crate::money::Currency;
use crate::movement::ReportKind;
use crate::report::{ActivityLine, Line, Place, SummaryLine};

use super::files::{KeyText, Seen, in_order};
use super::summary::{Group, GroupKey, groups};
use super::{BatchKey, BatchRow, DayStatement, ProofFinding};
use candidates::{Candidates, Rivals};

/// What is compared.
pub struct PayoutInputs<'a> {
    /// The date.
    pub today: BusinessDate,
    /// How many business days after the summary's date a payout may come.
    pub due_days: u32,
    /// The settlement calendar.
    pub calendar: &'a SettlementCalendar,
    /// Words of `transType` that are payouts; with none, and for lines without such a word, every `OUT` movement may be one.
    pub types: &'a [String],
    /// Since when all summaries are given: those whose payouts may still come, and those whose payouts came in the meantime.
    pub from: BusinessDate,
    /// Summaries of the date and of those days; of earlier ones what was not paid so far, or not when those days began.
    pub summaries: &'a [DayStatement<SummaryLine>],
    /// Activity of the date and of those days.
    pub activity: &'a [DayStatement<ActivityLine>],
    /// What went out of each party in the settlement details of the date and of the days on which a payout may have left that is due
    /// now: it is no payout.
    pub outgoing: &'a Outgoing,
    /// The texts of symbols.
    pub symbols: &'a Symbols,
}

/// Settlement amounts of outgoing lines (refunds, disputes and the like), by `merchantId`, `referenceMerchantId` and currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing(BTreeMap<(Symbol, Symbol, Currency), BTreeSet<i64>>);

impl Outgoing {
    /// The outgoing lines of these settlement details.
    #[must_use]
    pub fn of<'a>(reports: impl Iterator<Item = &'a DayReport>) -> Self {
        let details = reports.filter(|report| report.parsed.kind == ReportKind::SettlementDetails);
        Self::of_lines(details.flat_map(|report| &report.parsed.lines))
    }

    /// The outgoing ones of these lines of settlement details.
    #[must_use]
    pub fn of_lines<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut outgoing = Self::default();
        for line in lines.into_iter().filter(|line| line.net < 0) {
            let currency = line.settlement_currency.unwrap_or(line.currency);
            outgoing.add(line.merchant, line.party, currency, line.net);
        }
        outgoing
    }

    /// Adds further lines.
    pub fn merge(&mut self, other: Self) {
        for (of, nets) in other.0 {
            self.0.entry(of).or_default().extend(nets);
        }
    }

    /// Adds the settlement amount of one line, which is negative.
    pub fn add(&mut self, merchant: Symbol, party: Symbol, currency: Currency, net: i64) {
        self.0.entry((merchant, party, currency)).or_default().insert(net);
    }

    /// Whether a line of the party has this amount; of any party of the merchant if the summary names none.
    fn has(&self, of: GroupKey, amount: i64) -> bool {
        let BatchKey { merchant, party, currency, .. } = of.key;
        if !of.all_parties {
            return self.0.get(&(merchant, party, currency)).is_some_and(|nets| nets.contains(&amount));
        }
        let of_merchant = self.0.range((merchant, Symbol::EMPTY, currency)..);
        let of_merchant = of_merchant.take_while(|((known, ..), _)| *known == merchant);
        of_merchant.filter(|((_, _, known), _)| *known == currency).any(|(_, nets)| nets.contains(&amount))
    }
}

/// What left an account for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payout {
    /// The date of the activity.
    pub on: BusinessDate,
    /// The movement.
    pub place: Place,
    /// Its amount in the currency's smallest unit: negative.
    pub amount: i128,
    /// Whether it is the amount of the summary.
    pub exact: bool,
}

/// What came of the comparison.
#[derive(Debug)]
pub struct PayoutProof {
    /// `PAYOUT_MISSING` and `PAYOUT_AMOUNT`, ordered by the summary's date, batch, party and currency.
    pub findings: Vec<ProofFinding>,
    /// The payouts that were found, of earlier days' batches too; several if a batch has summaries of several days.
    pub payouts: BTreeMap<BatchKey, Vec<Payout>>,
    /// How many payouts of the summaries may still come within the days that are allowed.
    pub waiting: usize,
    /// What was not proved, and why.
    pub remarks: Vec<String>,
}

impl PayoutProof {
    /// Fills in the payouts of `settlement_batches.csv`.
    pub fn add_to(&self, rows: &mut [BatchRow]) {
        for row in rows {
            row.payout = self.payouts.get(&row.key).map(|found| found.iter().map(|payout| payout.amount).sum());
        }
    }
}

/// A payout that a summary lets expect.
#[derive(Debug)]
struct Expected<'a> {
    of: GroupKey,
    text: KeyText,
    /// The date of the summary.
    on: BusinessDate,
    /// The last date on which it may come.
    due: BusinessDate,
    /// What the summary says: positive.
    net: i128,
    first: Seen<'a, SummaryLine>,
    paid: Option<Seen<'a, ActivityLine>>,
}

impl Expected<'_> {
    /// Whether a movement may be this payout: on the party's account, for the batch if it names one.
    fn may_be(&self, line: &ActivityLine) -> bool {
        let key = &self.of.key;
        let same_party = line.merchant == key.merchant && (self.of.all_parties || line.party == key.party);
        let same_batch = line.batch == key.batch;
        let fits = if line.batch.is_empty() { same_party } else { same_batch && (same_party || self.of.all_parties) };
        fits && line.currency == key.currency
    }

    /// Whether a movement of this date comes in time.
    fn is_in_time(&self, date: BusinessDate) -> bool {
        (self.on..=self.due).contains(&date)
    }
}

/// Compares what summaries pay with what leaves accounts, for the summaries whose last day is today.
#[must_use]
pub fn prove_payouts(input: &PayoutInputs<'_>) -> PayoutProof {
    let mut proof = PayoutProof { findings: Vec::new(), payouts: BTreeMap::new(), waiting: 0, remarks: Vec::new() };
    // What was missing before all summaries are given is judged no more; it may be paid.
    let (mut late, mut expected): (Vec<_>, Vec<_>) = expected(input).into_iter().partition(|one| one.on < input.from);
    let days: BTreeSet<BusinessDate> = input.activity.iter().map(|file| file.date).collect();
    if !days.contains(&input.today) {
        if !expected.is_empty() {
            proof.remarks.push(format!("payouts are not proved: there is no account activity of {}", input.today));
        }
        return proof;
    }
    let mut candidates = Candidates::of(input, expected.iter().chain(&late));
    // Movements that name their batch come first: none of them may be left over for a batch that it does not name.
    for named in [true, false] {
        for payout in expected.iter_mut().filter(|payout| payout.paid.is_none()) {
            payout.paid = candidates.take_exact(payout, payout.on..=payout.due, named);
        }
    }
    // What comes late must not be taken for another batch's wrong amount. Without the activity of its own days it may have come.
    let is_known = |payout: &Expected<'_>| days.contains(&payout.due) && unknown_day(input, payout, &days).is_none();
    let overdue = |payout: &Expected<'_>| payout.paid.is_none() && payout.due < input.today && is_known(payout);
    for named in [true, false] {
        for payout in expected.iter_mut().filter(|payout| overdue(payout)) {
            payout.paid = candidates.take_exact(payout, payout.on..=input.today, named);
        }
    }
    // From here on, all are known that a movement may have paid in time.
    let all_known = input.calendar.plus_business_days(input.from, input.due_days);
    for named in [true, false] {
        for payout in late.iter_mut().filter(|payout| payout.paid.is_none()) {
            payout.paid = candidates.take_exact(payout, all_known..=input.today, named);
        }
    }
    for payout in &late {
        proof.found(payout, payout.paid, true);
    }
    let (paid, unpaid): (Vec<_>, Vec<_>) = expected.into_iter().partition(|payout| payout.paid.is_some());
    for payout in &paid {
        proof.found(payout, payout.paid, true);
    }
    proof.waiting = unpaid.iter().filter(|payout| payout.due > input.today).count();
    let rivals = Rivals::of(&unpaid);
    for payout in unpaid.iter().filter(|payout| payout.due == input.today) {
        if let Some(day) = unknown_day(input, payout, &days) {
            let who = payout.text.who(payout.of.all_parties);
            proof.remarks.push(format!("the payout of {who} is not proved: there is no account activity of {day}"));
            continue;
        }
        let left = candidates.left_for(payout);
        let only = single(&left)
            .filter(|seen| rivals.count(&unpaid, seen) == 1 && !input.outgoing.has(payout.of, seen.line.amount));
        proof.found(payout, only, false);
        proof.findings.push(finding(input, payout, only, &left));
    }
    proof
}

impl PayoutProof {
    fn found(&mut self, expected: &Expected<'_>, paid: Option<Seen<'_, ActivityLine>>, exact: bool) {
        let Some(seen) = paid else { return };
        let (place, amount) = (seen.line.place, i128::from(seen.line.amount));
        let payout = Payout { on: seen.file.date, place, amount, exact };
        self.payouts.entry(expected.of.key).or_default().push(payout);
    }
}

/// What the summaries let expect, ordered by date and text. Parts of one date add up.
fn expected<'a>(input: &PayoutInputs<'a>) -> Vec<Expected<'a>> {
    let mut by_date = BTreeMap::<BusinessDate, Vec<Seen<'a, SummaryLine>>>::new();
    for seen in in_order(input.summaries).filter(|seen| seen.file.date <= input.today) {
        by_date.entry(seen.file.date).or_default().push(seen);
    }
    let mut expected = Vec::new();
    for (on, rows) in by_date {
        let due = input.calendar.plus_business_days(on, input.due_days);
        let groups = groups(rows.into_iter());
        let named: BTreeSet<Symbol> = groups.keys().filter(|of| !of.all_parties).map(|of| of.key.batch).collect();
        // Of a batch with both kinds of summaries, the one that names parties says who is paid.
        let groups = groups.into_iter().filter(|(of, _)| !of.all_parties || !named.contains(&of.key.batch));
        expected.extend(groups.filter_map(|(of, group)| expect(input, of, &group, on, due)));
    }
    expected.sort_by(|one, other| (one.on, &one.text).cmp(&(other.on, &other.text)));
    expected
}

fn expect<'a>(
    input: &PayoutInputs<'_>,
    of: GroupKey,
    group: &Group<'a>,
    on: BusinessDate,
    due: BusinessDate,
) -> Option<Expected<'a>> {
    let (net, first) = (group.figure(), group.first()?);
    let text = KeyText::of(&of.key, input.symbols);
    (net > 0).then_some(Expected { of, text, on, due, net, first, paid: None })
}

/// A business day within the payout's window whose activity is not there.
fn unknown_day(input: &PayoutInputs<'_>, payout: &Expected<'_>, days: &BTreeSet<BusinessDate>) -> Option<BusinessDate> {
    let mut day = payout.on;
    while day < payout.due {
        if input.calendar.is_business_day(day) && !days.contains(&day) {
            return Some(day);
        }
        day = day.plus_days(1);
    }
    None
}

/// The only one of these.
fn single<'a>(left: &[Seen<'a, ActivityLine>]) -> Option<Seen<'a, ActivityLine>> {
    if let [only] = left { Some(*only) } else { None }
}

fn finding(
    input: &PayoutInputs<'_>,
    payout: &Expected<'_>,
    only: Option<Seen<'_, ActivityLine>>,
    left: &[Seen<'_, ActivityLine>],
) -> ProofFinding {
    let kind = if only.is_some() { DiscrepancyKind::PayoutAmount } else { DiscrepancyKind::PayoutMissing };
    ProofFinding {
        kind,
        stage: Stage::Proof,
        antom_id: payout.text.batch.clone(),
        merchant: payout.of.key.merchant,
        party: payout.of.key.party,
        currency: Some(payout.of.key.currency),
        expected: Some(-payout.net),
        reported: only.map(|seen| i128::from(seen.line.amount)),
        place: Some(only.map_or(payout.first.line.place, |seen| seen.line.place)),
        explanation: explain::explain(input, payout, only, left),
        distinction: String::new(),
    }
}
