//! From day to day: how long a discrepancy has been open, what stays open from beyond the window, what this day closed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::calendar::BusinessDate;
use crate::conservation::{OpenItem, OpenKind, RollForward, Rolling};
use crate::discrepancy::{ClearedRow, Discrepancy, Side};
use crate::failure::{Failure, Kind};
use crate::id::DiscrepancyId;
use crate::kind::{DiscrepancyKind, Stage};
use crate::matching::Policy;
use crate::memory::SortKey;
use crate::store::{Carried, CarriedInTransit};

use super::folds::OrKind;
use super::proving::{OpenProofs, Proofs};
use super::{Day, Job, listing, options};

/// The run before, and what of its rows people took up again.
pub fn taken_up_again<'a>(carried: Option<&'a Carried>, reopened: &BTreeSet<DiscrepancyId>) -> Vec<&'a Discrepancy> {
    let rows = carried.into_iter().flat_map(|before| &before.discrepancies);
    rows.filter(|row| reopened.contains(&row.discrepancy_id)).collect()
}

/// The discrepancies that the run before left open, with the file that each points to.
pub fn open_before(carried: Option<&Carried>) -> BTreeMap<DiscrepancyId, String> {
    carried
        .into_iter()
        .flat_map(|before| &before.discrepancies)
        .filter(|row| !row.kind.is_about_file())
        .map(|row| (row.discrepancy_id.clone(), row.report_file.clone()))
        .collect()
}

/// Why a row of an earlier day's proof, which no proof of this day lists, is closed; none if it stays open. A proof is run once,
/// on the date of its files; what it found stays until that date's newest revision no longer lists it, or until this day's
/// files complete what was missing.
fn closed_by(row: &Discrepancy, proofs: &Proofs, standing: &BTreeSet<DiscrepancyId>) -> Option<String> {
    let completed = match row.kind {
        DiscrepancyKind::BatchTotal => {
            let agrees = proofs.judged.get(&row.antom_id).is_some_and(|batch| batch.agrees(&row.discrepancy_id));
            agrees.then(|| "details and summary of the batch agree now".to_owned())
        }
        DiscrepancyKind::PayoutMissing | DiscrepancyKind::PayoutAmount => {
            let paid = proofs.paid.get(&row.discrepancy_id).filter(|(amount, ..)| row.ledger_amount == Some(*amount));
            paid.map(|(_, file, line)| format!("`{file}` line {line}"))
        }
        _ => None,
    };
    let restated = || format!("the run of {} no longer finds it", row.first_seen_on);
    completed.or_else(|| (!standing.contains(&row.discrepancy_id)).then(restated))
}

/// Whether a row comes from a proof of reports, and not from matching.
pub fn is_of_proof(row: &Discrepancy) -> bool {
    row.stage == Stage::Proof && row.kind != DiscrepancyKind::UnexplainedAdjustment
}

/// What the run before left open of batches and payouts, and the payouts that were missing when the days began, `since`, of which all
/// payouts are known: what one of them has got since is no other's.
pub async fn open_proofs(
    job: &Job<'_>,
    carried: Option<&Carried>,
    reopened: &BTreeSet<DiscrepancyId>,
    since: BusinessDate,
) -> anyhow::Result<OpenProofs> {
    let mut open = OpenProofs::default();
    let again = taken_up_again(carried, reopened).into_iter().filter(|row| row.kind == DiscrepancyKind::BatchTotal);
    open.reopened = again.map(|row| row.antom_id.clone()).collect();
    if since < job.today {
        for (id, batch) in job.store.payouts_missing_before(job.merchant.as_str(), since).await.or_kind()? {
            open.remembered.push_str(&format!("missing {id}\n"));
            open.payouts.entry(batch).or_default().insert(id);
        }
    }
    for row in carried.into_iter().flat_map(|before| &before.discrepancies) {
        match row.kind {
            DiscrepancyKind::PayoutMissing | DiscrepancyKind::PayoutAmount => {
                open.payouts.entry(row.antom_id.clone()).or_default().insert(row.discrepancy_id.clone());
            }
            DiscrepancyKind::BatchTotal => drop(open.batches.insert(row.antom_id.clone())),
            _ => {}
        }
    }
    Ok(open)
}

/// The first date of which all payouts are looked at: an earlier one than usual if people took a payout up again, so that what was paid
/// while their decision settled it is found.
pub fn payouts_from(job: &Job<'_>, policy: &Policy, again: &[&Discrepancy]) -> anyhow::Result<BusinessDate> {
    let days = job.config.proof()?.payout_due_days;
    let payouts =
        again.iter().filter(|row| matches!(row.kind, DiscrepancyKind::PayoutMissing | DiscrepancyKind::PayoutAmount));
    let since = payouts.map(|row| row.first_seen_on).fold(job.today, BusinessDate::min);
    Ok(options::payouts_from(days, &policy.calendar, since))
}

/// What of the rows that people took up again may have been completed before the window, where nothing looks: a remark each.
pub fn not_looked_at(job: &Job<'_>, policy: &Policy, again: &[&Discrepancy], day: &Day) -> anyhow::Result<Vec<String>> {
    let open: BTreeSet<&DiscrepancyId> = day.discrepancies.iter().map(|row| &row.discrepancy_id).collect();
    let mut remarks = Vec::new();
    for row in again.iter().filter(|row| is_completed_later(row.kind) && open.contains(&row.discrepancy_id)) {
        if payouts_from(job, policy, &[row])?.min(row.business_date) < policy.window_start {
            let (id, from) = (&row.discrepancy_id, policy.window_start);
            remarks.push(format!(
                "`{id}` was reopened: what came for it before {from} was not looked at; accept it again if it is there"
            ));
        }
    }
    Ok(remarks)
}

/// Whether what is missing may come on a later day.
const fn is_completed_later(kind: DiscrepancyKind) -> bool {
    matches!(kind, DiscrepancyKind::BatchTotal | DiscrepancyKind::PayoutMissing | DiscrepancyKind::PayoutAmount)
}

/// The proof rows that the run before left open and that the run that first listed them still lists in its newest revision.
pub async fn standing_proofs(job: &Job<'_>, carried: Option<&Carried>) -> anyhow::Result<BTreeSet<DiscrepancyId>> {
    let open = carried.into_iter().flat_map(|before| &before.discrepancies).filter(|row| is_of_proof(row));
    let ids: Vec<_> = open.map(|row| (row.first_seen_on, row.discrepancy_id.clone())).collect();
    job.store.still_listed(job.merchant.as_str(), &ids).await.or_kind()
}

/// What the run before left open, and what of its rows this run has read again.
pub struct Before<'a> {
    /// What it left.
    pub carried: Option<&'a Carried>,
    /// What of it was in transit, but for payments that agree.
    pub waited: &'a [CarriedInTransit],
    /// The names of the files that were read.
    pub loaded: &'a BTreeSet<String>,
    /// The first date whose entries were read.
    pub ledger_from: BusinessDate,
    /// The proof rows that the run that first listed them still lists.
    pub standing: BTreeSet<DiscrepancyId>,
}

impl Before<'_> {
    /// Whether the rows behind an open discrepancy were read again: only then silence means that it is closed.
    fn was_judged(&self, row: &Discrepancy) -> bool {
        let file = row.report_file.is_empty() || self.loaded.contains(&row.report_file);
        let entry = row.ledger_entry_id.is_empty() || row.business_date > self.ledger_from;
        file && entry
    }
}

/// The dates before the window on which something is open: their files are read again, so that it can be closed. So are those of
/// the run that first listed it, which had the other side: a settlement, say, of a payment of the day before.
pub fn older_dates(carried: Option<&Carried>, window_start: BusinessDate) -> BTreeSet<BusinessDate> {
    let open = carried.into_iter().flat_map(|before| &before.discrepancies);
    let judged_anew = open.filter(|row| !row.kind.is_about_file() && !is_of_proof(row));
    let dates = judged_anew.flat_map(|row| [row.business_date, row.first_seen_on]);
    dates.filter(|date| *date < window_start).collect()
}

/// Ages what is open, carries what the window no longer reaches, and lists what was closed.
pub async fn age_and_carry(
    job: &Job<'_>,
    policy: &Policy,
    (before, reopened): (&Before<'_>, &BTreeSet<DiscrepancyId>),
    closed: &BTreeMap<String, String>,
    became: &BTreeSet<String>,
    day: &mut Day,
) -> anyhow::Result<()> {
    let judge = before;
    if let Some(before) = before.carried {
        let open: BTreeSet<DiscrepancyId> = day.discrepancies.iter().map(|row| row.discrepancy_id.clone()).collect();
        let gone =
            before.discrepancies.iter().filter(|row| !open.contains(&row.discrepancy_id) && !row.kind.is_about_file());
        let (proofs, gone): (Vec<&Discrepancy>, Vec<&Discrepancy>) = gone.partition(|row| is_of_proof(row));
        for row in proofs {
            match closed_by(row, &day.proofs, &judge.standing) {
                None => day.discrepancies.push(row.clone()),
                Some(by) => day.cleared.push(ClearedRow { cleared_by: by, ..cleared_discrepancy(job, row, closed) }),
            }
        }
        let (beyond, closed_now): (Vec<&Discrepancy>, Vec<&Discrepancy>) =
            gone.into_iter().partition(|row| !judge.was_judged(row));
        day.discrepancies.extend(beyond.into_iter().cloned());
        day.cleared.extend(closed_now.into_iter().map(|row| cleared_discrepancy(job, row, closed)));
        let waiting: BTreeSet<&str> = day.in_transit.iter().map(|row| row.item_id.as_str()).collect();
        let has_gone =
            |item: &&CarriedInTransit| !waiting.contains(item.item_id.as_str()) && !became.contains(&item.item_id);
        let by = |item: &CarriedInTransit| closed.get(&item.item_id).cloned().unwrap_or_else(|| AGREEMENT.to_owned());
        let arrived = judge.waited.iter().filter(has_gone).map(|item| cleared_item(job, item.clone(), by(item)));
        let arrived: Vec<ClearedRow> = arrived.collect();
        day.cleared.extend(arrived);
        sort_cleared(&mut day.cleared);
        let since: HashMap<&str, BusinessDate> =
            judge.waited.iter().map(|item| (item.item_id.as_str(), first_seen_of(item))).collect();
        for row in &mut day.in_transit {
            row.first_seen_on = since.get(row.item_id.as_str()).copied().unwrap_or(job.today);
        }
    }
    let ids: Vec<DiscrepancyId> = day.discrepancies.iter().map(|row| row.discrepancy_id.clone()).collect();
    let first_seen = job.store.first_seen_on(job.merchant.as_str(), job.today, &ids).await.or_kind()?;
    for row in &mut day.discrepancies {
        row.first_seen_on = first_seen.get(&row.discrepancy_id).copied().unwrap_or(job.today);
        row.age_days = policy.calendar.business_days_between(row.first_seen_on, job.today);
    }
    crate::export::sort_discrepancies(&mut day.discrepancies);
    let again = taken_up_again(judge.carried, reopened);
    day.remarks.extend(not_looked_at(job, policy, &again, day)?);
    Ok(())
}

/// Makes room for so many rows and those that the run before left: a list that grows by itself takes twice what it holds.
pub fn make_room(carried: Option<&Carried>, more: usize, day: &mut Day) {
    let carried = carried.map_or(0, |before| before.discrepancies.len());
    day.discrepancies.reserve_exact(more + carried);
}

/// When a waiting item was first listed. A run that did not note it yet had it since its movement's date, as far as one can tell.
fn first_seen_of(item: &CarriedInTransit) -> BusinessDate {
    item.first_seen_on.unwrap_or(item.business_date)
}

/// Proves that what the run before left open, with what came and went, is what this run leaves open. `rolling` has the payments that agree.
///
/// # Errors
/// An integrity failure if it is not.
pub fn roll_forward(
    rolling: Rolling<'_>,
    before: &Before<'_>,
    reopened: &BTreeSet<DiscrepancyId>,
    became: &BTreeSet<String>,
    day: &Day,
) -> anyhow::Result<RollForward> {
    let mut opening = Vec::new();
    if let Some(carried) = before.carried {
        let listed = carried.discrepancies.iter().filter(|row| !reopened.contains(&row.discrepancy_id));
        opening.extend(listed.map(OpenItem::from));
        opening.extend(before.waited.iter().map(|item| OpenItem {
            id: &item.item_id,
            kind: OpenKind::InTransit,
            currency: Some(item.currency),
            amount: item.amount,
            first_seen_on: first_seen_of(item),
        }));
    }
    let waiting = day.in_transit.iter().map(OpenItem::from);
    let closing: Vec<OpenItem<'_>> = day.discrepancies.iter().map(OpenItem::from).chain(waiting).collect();
    let cleared: HashSet<&str> = day.cleared.iter().map(|row| row.item_id.as_str()).collect();
    let became: HashSet<&str> = became.iter().map(String::as_str).collect();
    rolling.finish(&opening, &closing, (&cleared, &became)).map_err(|imbalance| {
        let defect = format!("roll-forward: {imbalance}; nothing was written; please report this defect");
        Failure::new(Kind::Integrity, defect).into()
    })
}

/// Brings what was closed into the order of `cleared.csv`.
pub fn sort_cleared(rows: &mut [ClearedRow]) {
    rows.sort_by_cached_key(|row| SortKey::of(row, listing::by_date_and_type));
}

/// What closes a row for which no row of a side can be named: a share, or an entry that is gone.
const AGREEMENT: &str = "the sides agree as they stand now";

/// The row of `cleared.csv` of a discrepancy that this day closed; `closed` says by what, for those of which something was said.
pub fn cleared_discrepancy(job: &Job<'_>, row: &Discrepancy, closed: &BTreeMap<String, String>) -> ClearedRow {
    let side = if row.report_amount.is_some() || row.report_line.is_some() { Side::Report } else { Side::Ledger };
    let names = [
        job.names.item(&["ledger", &row.entry_type, &row.ledger_entry_id]),
        job.names.item(&["report", &row.entry_type, &row.request_id, &row.antom_id]),
    ];
    ClearedRow {
        item_id: row.discrepancy_id.as_str().to_owned(),
        request_id: row.request_id.clone(),
        antom_id: row.antom_id.clone(),
        entry_type: row.entry_type.clone(),
        currency: row.currency,
        amount: row.report_amount.or(row.ledger_amount),
        side,
        business_date: row.business_date,
        due_on: None,
        cleared_by: (names.iter().find_map(|name| closed.get(name)))
            .or_else(|| closed.get(row.discrepancy_id.as_str()))
            .cloned()
            .unwrap_or_else(|| AGREEMENT.to_owned()),
        cleared_on: job.today,
        first_seen_on: Some(row.first_seen_on),
    }
}

/// The row of `cleared.csv` of an item that is in transit no longer.
pub fn cleared_item(job: &Job<'_>, item: CarriedInTransit, cleared_by: String) -> ClearedRow {
    ClearedRow {
        item_id: item.item_id,
        request_id: item.request_id,
        antom_id: item.antom_id,
        entry_type: item.entry_type.to_string(),
        currency: Some(item.currency),
        amount: Some(item.amount),
        side: item.side,
        business_date: item.business_date,
        due_on: Some(item.due_on),
        cleared_by,
        cleared_on: job.today,
        first_seen_on: item.first_seen_on,
    }
}
